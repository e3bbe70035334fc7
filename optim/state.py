"""What an optimizer carries from one update to the next, and how it is kept on disk."""

import io
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["State"]


@dataclass(frozen=True, eq=False)
class State:
    """The state of an optimizer between two updates.

    Attributes
    ----------
    n : int
        Updates made so far, which is the index of the next one.
    slots : tuple of ndarray
        The optimizer's arrays, in the order of its `slots`.
    carry : dict or None
        What a rate that answers to the run remembers: JSON values and arrays.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from optim import Adam
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "state.npz"
    >>> state = Adam().init(np.array([1.0, 2.0]))
    >>> state.save(file)
    >>> State.load(file).n
    0
    """

    n: int
    slots: tuple[np.ndarray[Any, Any], ...] = ()
    carry: Any = None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to an ``.npz`` file, whole or not at all; `load` gives the same bits back."""
        import json
        from pathlib import Path

        arrays: dict[str, Any] = {f"slot{i}": np.asarray(s) for i, s in enumerate(self.slots)}
        carry = _split_arrays(self.carry, arrays)
        header = {"n": self.n, "slots": len(self.slots), "carry": carry}
        buffer = io.BytesIO()
        np.savez(buffer, header=np.frombuffer(json.dumps(header).encode(), np.uint8), **arrays)
        target = Path(path)
        partial = target.with_name(target.name + ".partial")
        partial.write_bytes(buffer.getvalue())
        partial.replace(target)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "State":
        """Return the state that `save` wrote.

        Raises
        ------
        ValueError
            If the file is not one that `save` wrote.
        """
        import json

        try:
            with np.load(path, allow_pickle=False) as file:
                header = json.loads(file["header"].tobytes())
                arrays = {name: file[name] for name in file.files if name != "header"}
        except (KeyError, ValueError, EOFError) as error:
            raise ValueError(f"path: got {str(path)!r}, expected a file written by State.save") from error
        slots = tuple(arrays[f"slot{i}"] for i in range(header["slots"]))
        return cls(header["n"], slots, _join_arrays(header["carry"], arrays))


def _split_arrays(value: Any, arrays: dict[str, Any]) -> Any:
    """Return the value with every array replaced by a reference, the arrays put aside."""
    if isinstance(value, np.ndarray):
        name = f"carry{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, dict):
        return {"dict": {key: _split_arrays(item, arrays) for key, item in value.items()}}
    if isinstance(value, tuple | list):
        return {"list": [_split_arrays(item, arrays) for item in value]}
    return value.item() if isinstance(value, np.generic) else value


def _join_arrays(value: Any, arrays: dict[str, Any]) -> Any:
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]]
    if "dict" in value:
        return {key: _join_arrays(item, arrays) for key, item in value["dict"].items()}
    return tuple(_join_arrays(item, arrays) for item in value["list"])
