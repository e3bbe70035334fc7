"""Files of arrays with a header, written whole or not at all, and read without pickle."""

import io
import json
import os
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

__all__ = ["join_arrays", "read_npz", "split_arrays", "write_npz", "write_whole"]


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file under another name and give it its own when it is complete."""
    target = Path(path)
    if not target.absolute().parent.is_dir():
        raise FileNotFoundError(f"path: got {str(path)!r}, expected a file in a folder that there is")
    partial = target.with_name(target.name + ".partial")
    partial.write_bytes(data)
    partial.replace(target)


def write_npz(path: str | os.PathLike[str], header: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Write arrays and a header of JSON values as ``.npz``."""
    buffer = io.BytesIO()
    np.savez(buffer, header=np.frombuffer(json.dumps(header).encode(), np.uint8), **arrays)
    write_whole(path, buffer.getvalue())


def read_npz(path: str | os.PathLike[str], writer: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and arrays of a file that `write_npz` wrote.

    Raises
    ------
    ValueError
        If the file is not one that the writer wrote.
    FileNotFoundError
        If there is none.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"path: got {str(path)!r}, where nothing is, expected a file of {writer}")
    try:
        # Opened here, because NumPy leaves what is no archive open.
        with Path(path).open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            header = json.loads(file["header"].tobytes())
            if header.get("writer", "State.save") != writer:
                raise KeyError(writer)
            return header, {name: file[name] for name in file.files if name != "header"}
    except (KeyError, ValueError, TypeError, EOFError, AttributeError, IndexError, BadZipFile) as error:
        raise ValueError(f"path: got {str(path)!r}, expected a file written by {writer}") from error


def split_arrays(value: Any, arrays: dict[str, Any]) -> Any:
    """Return the value with every array replaced by a reference, the arrays put aside."""
    if isinstance(value, np.ndarray):
        name = f"carry{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, dict):
        return {"dict": {key: split_arrays(item, arrays) for key, item in value.items()}}
    if isinstance(value, tuple | list):
        return {"list": [split_arrays(item, arrays) for item in value]}
    return value.item() if isinstance(value, np.generic) else value


def join_arrays(value: Any, arrays: dict[str, Any]) -> Any:
    """Undo `split_arrays`."""
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]]
    if "dict" in value:
        return {key: join_arrays(item, arrays) for key, item in value["dict"].items()}
    return tuple(join_arrays(item, arrays) for item in value["list"])
