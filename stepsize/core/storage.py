"""Files that are written whole or not at all, under names that nobody else takes."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from stepsize.core.validation import describe_value

__all__ = ["IfExists", "as_path", "refusal", "write_whole"]

IfExists = Literal["replace", "refuse", "number"]

# What a file system says that knows no hard links.
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK, errno.EXDEV)


def write_whole(
    path: str | os.PathLike[str], data: bytes, *, if_exists: IfExists = "replace", name: str = "path"
) -> Path:
    """Write a file whole or not at all, and return its path.

    The bytes go to a temporary file of its own in the target's folder, to the disk, and only then under the
    target's name, so that a reader sees the old file or the new one, a full disk or an interrupt leaves the
    old one as it was, and nothing else stays behind. (After a ``kill -9`` the temporary file may:
    ``.stepsize-*.tmp``.) What is no file, such as a pipe or ``/dev/stdout``, is written to directly.

    Parameters
    ----------
    path : path
        The target; the file behind a symbolic link.
    data : bytes
        All of it.
    if_exists : {"replace", "refuse", "number"}
        What happens where there is a file of that name: it is replaced; FileExistsError is raised; or the
        next name that is free is taken, with -2, -3, ... before its ending. Of several processes that write
        under one name at once, each gets a name of its own, or all but one are refused.
    name : str
        What to call the path in a message.

    Raises
    ------
    OSError
        In one sentence, if it cannot be written; nothing has changed then.
    ValueError
        If no file can have that name.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> [write_whole(folder / "a.txt", b"one", if_exists="number").name for _ in range(3)]
    ['a.txt', 'a-2.txt', 'a-3.txt']
    """
    told = as_path(name, path)
    try:
        if told.exists() and not told.is_file():
            return _write_through(told, data)
        if if_exists == "replace":
            _replace(Path(os.path.realpath(told)), data)
            return told
        return _write_new(told, data, if_exists == "number")
    except OSError as error:
        raise refusal(name, told, error) from None


def as_path(name: str, path: Any) -> Path:
    """Return a path, or raise TypeError or ValueError where no file can have that name."""
    if not isinstance(path, str | os.PathLike) or isinstance(os.fspath(path), bytes):
        raise TypeError(f"{name}: got {describe_value(path)}, expected the path of a file")
    text = os.fspath(path)
    if not text or "\0" in text:
        raise ValueError(f"{name}: got {text!r}, expected the name of a file")
    return Path(text)


def refusal(name: str, path: Path, error: OSError, use: str = "write to") -> OSError:
    """Return an error of the system's as one sentence, of the same kind and number."""
    if error.errno is None:  # a sentence already
        return error
    told, folder = f"{name}: got {str(path)!r}", path.absolute().parent
    if isinstance(error, FileExistsError):
        text = f"{told}, which exists, expected the name of a new file"
    elif isinstance(error, FileNotFoundError | NotADirectoryError) and not folder.is_dir():
        text = f"{told}, expected a file in a folder that there is"
    elif isinstance(error, IsADirectoryError):
        text = f"{told}, which is a folder, expected the name of a file"
    elif error.errno in (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)):
        text = f"{told}, for which there is no room on the disk; nothing was changed"
    elif error.errno == errno.EROFS:
        text = f"{told}, which is on a medium that can only be read, expected one that can be written"
    elif isinstance(error, PermissionError):
        text = f"{told}, for which the rights are missing, expected one that you may {use}"
    else:
        text = f"{told}, which the system refuses: {error.strerror}"
    kind = type(error) if type(error).__module__ == "builtins" else OSError
    sentence = kind(text)
    sentence.errno = error.errno
    return sentence


def _replace(target: Path, data: bytes) -> None:
    """Put a file in the place of the one that there may be, with the rights of that."""
    mode = None
    if target.exists():
        mode = stat.S_IMODE(target.stat().st_mode)
        if not os.access(target, os.W_OK):  # a rename would not ask
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    draft = _draft_of(target)
    try:
        _fill(draft, data, mode)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _remember(target.parent)


def _write_new(target: Path, data: bytes, number: bool) -> Path:
    """Put a file under the target's name, or the next one that is free; what is there is never touched."""
    draft, attempt = _draft_of(target), 1
    try:
        _fill(draft, data, None)
        while True:
            name = target if attempt == 1 else target.with_name(f"{target.stem}-{attempt}{target.suffix}")
            try:
                _claim(draft, name)
                break
            except FileExistsError:
                if not number:
                    raise
                attempt += 1
    finally:
        draft.unlink(missing_ok=True)
    _remember(target.parent)
    return name


def _claim(draft: Path, target: Path) -> None:
    """Give a file a name that no file has, or raise FileExistsError: in one step, whoever else tries."""
    try:
        os.link(draft, target)
    except OSError as error:
        if error.errno not in _NO_LINKS or isinstance(error, FileExistsError):
            raise
        # Without links an empty file takes the name first, and the whole one its place.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            draft.replace(target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise


def _draft_of(target: Path) -> Path:
    """Return a name that nobody else has, short enough whatever the target's length."""
    return target.with_name(f".stepsize-{os.getpid()}-{os.urandom(8).hex()}.tmp")


def _fill(draft: Path, data: bytes, mode: int | None) -> None:
    """Write the bytes to a new file, through to the disk."""
    with open(os.open(draft, _NEW, 0o666), "wb") as file:  # noqa: PTH123  (pathlib cannot ask for O_EXCL)
        if mode is not None:
            with suppress(OSError):  # a file system without rights
                draft.chmod(mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)


def _remember(folder: Path) -> None:
    """Have the disk remember the folder's names too, where a system can be asked for that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_through(target: Path, data: bytes) -> Path:
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    with target.open("wb", buffering=0) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
    return target
