"""Files of arrays with a header (``.npz``): written whole with a checksum, read without pickle or trust.

Such a file may come from anywhere and may be damaged anywhere. So nothing of it is unpacked before its size
is known to be there, nothing in it is executed, and what is asked of it is asked by name, kind and shape:
whatever is otherwise is a ValueError of one sentence that names the file and what is wrong with it.
"""

import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Iterable
from typing import Any

import numpy as np

from stepsize.core.storage import as_path, refusal, write_whole
from stepsize.core.validation import describe_value

__all__ = ["Archive", "join_arrays", "read_npz", "split_arrays", "write_npz"]

Array = np.ndarray[Any, Any]

# Kinds of arrays that are numbers or text; objects would have to be pickled.
_KINDS = "biufcU"
_NPY = re.compile(
    rb"\{'descr': '([<>|=][biufcU]\d{1,9})', "
    rb"'fortran_order': (True|False), 'shape': \(([\d, ]{0,700})\), \}\s*"
)
_LAST_LETTER = 0x10FFFF


class Archive:
    """What a file holds, asked for by name and kind.

    Parameters
    ----------
    path : str
        The file, for messages.
    writer : str
        Who is expected to have written it.
    header : dict
        Its JSON values.
    arrays : dict of str to ndarray
        Its arrays.
    """

    def __init__(self, path: str, writer: str, header: dict[str, Any], arrays: dict[str, Array]) -> None:
        self.path, self.writer, self.header, self.arrays = path, writer, header, arrays
        self._asked: set[str] = set()

    def fault(self, what: str) -> ValueError:
        """Return the error that says what is wrong with the file."""
        return _fault(self.path, self.writer, what)

    def value(self, name: str, kind: Any, where: dict[str, Any] | None = None, **default: Any) -> Any:
        """Return a value of the header, of that type (or one of those); `default` where it may be missing."""
        told = self.header if where is None else where
        if name not in told and "default" in default:
            return default["default"]
        if name not in told:
            raise self.fault(f"its header has no {name}")
        value = told[name]
        kinds = kind if isinstance(kind, tuple) else (kind,)
        # True is an int for Python, and no count for anybody.
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise self.fault(f"its {name} is {describe_value(value)}")
        return value

    def count(self, name: str, where: dict[str, Any] | None = None, minimum: int = 0) -> int:
        """Return a whole number of the header, of at least so much."""
        value: int = self.value(name, int, where)
        if not minimum <= value < 2**63:
            raise self.fault(f"its {name} is {describe_value(value)}")
        return value

    def array(self, name: str, kinds: str = _KINDS, shape: tuple[int, ...] | None = None) -> Array:
        """Return an array of one of those kinds (`dtype.kind`), of that shape if one is given."""
        found = self.optional(name, kinds, shape)
        if found is None:
            raise self.fault(f"it has no column {name}")
        return found

    def optional(self, name: str, kinds: str = _KINDS, shape: tuple[int, ...] | None = None) -> Array | None:
        """Return an array as `array` does, or None if there is none of that name."""
        found = self.arrays.get(name)
        if found is None:
            return None
        if found.dtype.kind not in kinds or (shape is not None and found.shape != shape):
            wanted = "" if shape is None else f", not of shape {shape}"
            raise self.fault(f"its column {name} is {describe_value(found)}{wanted}")
        self._asked.add(name)
        return found

    def finish(self) -> None:
        """Refuse arrays that nobody has asked for."""
        unknown = sorted(self.arrays.keys() - self._asked)
        if unknown:
            raise self.fault(f"it has a column {unknown[0]!r}, which is none of {self.writer}")


def write_npz(path: str | os.PathLike[str], header: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Write arrays and a header of JSON values as ``.npz``, with a checksum of the whole.

    Raises
    ------
    TypeError
        If an array holds objects, or the header something that JSON has not.
    OSError
        If it cannot be written.
    """
    target = as_path("path", path)
    try:
        # The names stand in the header too: a damaged list of an archive's parts may be a shorter one.
        told = json.dumps(header | {"columns": sorted(arrays)}).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"path: got {str(target)!r} for values that no file can hold: {error}") from None
    members: dict[str, bytes] = {}
    for name, value in {"header": np.frombuffer(told, np.uint8), **arrays}.items():
        array = np.asarray(value)
        if array.dtype.kind not in _KINDS:
            raise TypeError(f"{name}: got {describe_value(array)}, expected numbers, which a file can hold")
        packed = io.BytesIO()
        np.lib.format.write_array(packed, array, version=(1, 0), allow_pickle=False)
        members[name] = packed.getvalue()
    packed = io.BytesIO()
    np.lib.format.write_array(packed, np.frombuffer(_digest(members), np.uint8), version=(1, 0))
    members["digest"] = packed.getvalue()
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as file:
        for name, data in members.items():
            file.writestr(
                zipfile.ZipInfo(f"{name}.npy"), data
            )  # always the same hour: equal runs, equal files
    write_whole(target, whole.getvalue())


def read_npz(path: str | os.PathLike[str], writer: str) -> Archive:
    """Return header and arrays of a file that `write_npz` wrote.

    Raises
    ------
    ValueError
        If the file is not one that the writer wrote, or is damaged.
    OSError
        If there is none (FileNotFoundError) or it cannot be read.
    """
    target = as_path("path", path)
    told = str(target)
    try:
        if not target.exists():
            raise FileNotFoundError(f"path: got {told!r}, where nothing is, expected a file of {writer}")
        if not target.is_file():  # a pipe would be waited for
            raise _fault(told, writer, "it is no file")
        raw = target.open("rb")
    except OSError as error:
        raise refusal("path", target, error, "read") from None
    with raw:
        members = _members(raw, told, writer)
    if "header" not in members:
        raise _fault(told, writer, "it has no header")
    digest = members.pop("digest", None)  # which files of earlier versions have not
    arrays = {name: _array(data, name, told, writer) for name, data in members.items()}
    header = _header(arrays.pop("header"), told, writer)
    if header.get("writer", "State.save") != writer:
        raise _fault(told, writer, f"it is one of {describe_value(header.get('writer', 'State.save'))}")
    columns = header.pop("columns", None)  # nor a list of their columns
    if columns is not None and (digest is None or columns != sorted(arrays)):
        raise _fault(
            told, writer, f"it has the columns {', '.join(sorted(arrays)) or 'none'}, not all of its own"
        )
    if digest is not None and _array(digest, "digest", told, writer).tobytes() != _digest(members):
        raise _fault(told, writer, "its content is not what was written (the checksum differs)")
    return Archive(told, writer, header, arrays)


def _fault(path: str, writer: str, what: str) -> ValueError:
    return ValueError(f"path: got {path!r}, expected a file written by {writer}; {what}")


def _digest(members: dict[str, bytes]) -> bytes:
    """Return a hash of the parts of a file, whatever their order."""
    digest = hashlib.sha256()
    for name in sorted(members):
        digest.update(f"{len(name)} {name} {len(members[name])} ".encode())
        digest.update(members[name])
    return digest.digest()


def _members(raw: Any, path: str, writer: str) -> dict[str, bytes]:
    """Return the parts of an archive, once their sizes are known to be in the file and in the memory."""
    try:
        size = os.fstat(raw.fileno()).st_size
        with zipfile.ZipFile(raw) as file:
            parts = file.infolist()
            names = [part.filename.removesuffix(".npy") for part in parts]
            if len(set(names)) < len(names):
                raise _fault(path, writer, "it has a column twice")
            if any(part.compress_type != zipfile.ZIP_STORED or part.flag_bits & 1 for part in parts):
                # What is stored as it is cannot be larger than the file: no part is a bomb.
                raise _fault(path, writer, "it is compressed or locked, which such a file is not")
            total = sum(part.file_size for part in parts)
            if total > size or any(part.file_size != part.compress_size for part in parts):
                raise _fault(path, writer, f"it is damaged: it claims {total} bytes and has {size}")
            if total > _memory():
                raise _fault(path, writer, f"it takes {total} bytes, more than the memory there is")
            return {name: file.read(part) for name, part in zip(names, parts, strict=True)}
    except ValueError as error:
        if str(error).startswith("path: got "):
            raise
        raise _fault(path, writer, f"it is no archive, or damaged ({_short(error)})") from None
    # `zipfile` raises a dozen kinds of errors for damaged archives; whatever it is, the file is to blame.
    except Exception as error:
        raise _fault(path, writer, f"it is no archive, or damaged ({_short(error)})") from None


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 80 else f"{text[:77]}..."


def _memory() -> float:
    """Return the bytes of memory of this machine, inf where nobody says."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return float("inf")


def _array(data: bytes, name: str, path: str, writer: str) -> Array:
    """Return the array of a ``.npy``, whose size is that of its shape, or raise ValueError."""
    start = 10 + int.from_bytes(data[8:10], "little")
    told = _NPY.fullmatch(data[10:start])
    if data[:8] != b"\x93NUMPY\x01\x00" or told is None:
        raise _fault(path, writer, f"its column {name} is no array of numbers")
    try:
        dtype = np.dtype(told[1].decode())
        shape = tuple(int(side) for side in told[3].replace(b" ", b"").split(b",") if side)
        array = np.frombuffer(data, dtype, offset=start).copy()
        if array.dtype.kind == "U" and array.size and array.view(f"{dtype.str[0]}u4").max() > _LAST_LETTER:
            raise ValueError("letters that there are not")
        return array.reshape(shape, order="F" if told[2] == b"True" else "C")
    except (ValueError, TypeError, OverflowError, MemoryError) as error:
        raise _fault(path, writer, f"its column {name} is damaged ({_short(error)})") from None


def _header(array: Array, path: str, writer: str) -> dict[str, Any]:
    try:
        header = json.loads(array.tobytes().decode(), object_pairs_hook=_once)
    except RecursionError:
        raise _fault(path, writer, "its header is nested too deeply") from None
    except ValueError as error:
        raise _fault(path, writer, f"its header is no JSON ({_short(error)})") from None
    if not isinstance(header, dict):
        raise _fault(path, writer, f"its header is {describe_value(header)}")
    return header


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise ValueError(f"{name!r} stands there twice")
        made[name] = value
    return made


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


def join_arrays(value: Any, archive: Archive) -> Any:
    """Undo `split_arrays`."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    kind, *others = value if isinstance(value, dict) else [None]
    inside = value.get(kind) if isinstance(value, dict) else None
    if kind == "array" and not others and isinstance(inside, str):
        return archive.array(inside)
    if kind == "dict" and not others and isinstance(inside, dict):
        return {key: join_arrays(item, archive) for key, item in inside.items()}
    if kind == "list" and not others and isinstance(inside, list):
        return tuple(join_arrays(item, archive) for item in inside)
    raise archive.fault(f"its carry has {describe_value(value)}")
