"""What an optimizer carries from one update to the next, and how it is kept on disk."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from stepsize.base.display import brief

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

    __repr__ = brief

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to an ``.npz`` file, whole or not at all; `load` gives the same bits back."""
        from stepsize.base.files import split_arrays, write_npz

        arrays: dict[str, Any] = {f"slot{i}": np.asarray(s) for i, s in enumerate(self.slots)}
        carry = split_arrays(self.carry, arrays)
        write_npz(path, {"n": self.n, "slots": len(self.slots), "carry": carry}, arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "State":
        """Return the state that `save` wrote.

        Raises
        ------
        ValueError
            If the file is not one that `save` wrote.
        """
        from stepsize.base.files import join_arrays, read_npz

        header, arrays = read_npz(path, "State.save")
        slots = tuple(arrays[f"slot{i}"] for i in range(header["slots"]))
        return cls(header["n"], slots, join_arrays(header["carry"], arrays))
