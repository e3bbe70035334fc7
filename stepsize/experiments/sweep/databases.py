"""SQLite files as a store needs them: opened without touching others' data, each failure in a sentence."""

import errno
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stepsize.core.storage import as_path, refusal

__all__ = ["FAILURES", "Database", "Layout"]

# Seconds to wait for another process that writes.
PATIENCE = 60.0
_AGAIN = "what it holds stays, and the same call goes on from there"
# What SQLite raises, and what Python raises about the letters and lengths in a damaged file.
FAILURES = (sqlite3.Error, UnicodeError, MemoryError, OverflowError)
# Where SQLite stops because it may not write; what is there may still be read.
_NO_WRITING = (
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
)


@dataclass(frozen=True)
class Layout:
    """The tables of one kind of file.

    Attributes
    ----------
    mark : int
        SQLite's ``application_id`` of such files.
    versions : tuple of dict
        The columns of each table, version by version; the last is the present one.
    script : tuple of str
        The statements that make the tables.
    additions : tuple of str
        The statements that make the first version the present one.
    writer : str
        Who writes such files, for messages.
    """

    mark: int
    versions: tuple[dict[str, tuple[str, ...]], ...]
    script: tuple[str, ...]
    additions: tuple[str, ...]
    writer: str


class Database:
    """An SQLite file with the tables of a layout; it is made if there is none.

    A file that may only be read is opened for that; `obstacle` says why then, and nothing is written.

    Attributes
    ----------
    connection : sqlite3.Connection
        Text comes as bytes: a damaged file may hold any.
    obstacle : OSError or None
        What stands against writing, as a sentence.

    Raises
    ------
    ValueError
        If the file is no database, another one, or damaged.
    OSError
        If it cannot be opened, made or read.
    """

    def __init__(self, name: str, path: Any, layout: Layout) -> None:
        self.name, self.path, self.layout = name, as_path(name, path), layout
        self.obstacle: OSError | None = None
        try:
            if self.path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if self.path.exists() and not self.path.is_file():
                raise ValueError(f"{name}: got {str(path)!r}, which is no file, expected a file")
        except OSError as error:
            raise refusal(name, self.path, error) from None
        there = self.path.is_file() and self.path.stat().st_size > 0
        barred = self._barred() if there else None
        try:
            # SQLite may find out only when it writes.
            self.connection = self._opened_to_read(barred) if barred else self._opened("rwc")
        except FAILURES as error:
            told = self.sentence(error)
            if not there or not isinstance(told, OSError) or not _is(error, *_NO_WRITING):
                raise told from None
            self.connection = self._opened_to_read(told)

    def _opened_to_read(self, obstacle: OSError) -> sqlite3.Connection:
        self.obstacle = obstacle
        try:
            try:
                return self._opened("ro")
            except sqlite3.OperationalError:  # without files beside it, which SQLite would like to make
                return self._opened("ro&immutable=1")
        except FAILURES as error:
            raise obstacle if _is(error, *_NO_WRITING) else self.sentence(error) from None

    def _opened(self, mode: str) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, timeout=PATIENCE, uri=True)
        try:
            connection.text_factory = bytes
            connection.execute("PRAGMA synchronous=NORMAL")
            version = self._look(connection)
            if mode == "rwc":
                self._prepare(connection)
            elif version < len(self.layout.versions):
                raise ValueError(
                    f"{self._got}, which an earlier version wrote and which can only be read, expected "
                    f"a file that {self.layout.writer} of this version wrote"
                )
        except BaseException:
            connection.close()
            raise
        return connection

    @property
    def _got(self) -> str:
        return f"{self.name}: got {str(self.path)!r}"

    @property
    def _folder(self) -> Path:
        return self.path.absolute().parent

    def _look(self, connection: sqlite3.Connection) -> int:
        """Return the version of the file's layout, 0 for an empty file; refuse what is another's."""
        wanted = f"expected a file that {self.layout.writer} wrote"
        query = "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'"
        there = [(_text(kind), _text(name)) for kind, name in connection.execute(query)]
        ours = self.layout.versions[-1]
        for kind, name in there:
            if kind == "trigger" or (name in ours and kind != "table"):
                raise ValueError(f"{self._got}, a database with the {kind} {name!r}, {wanted}")
        found = {
            table: tuple(_text(row[1]) for row in connection.execute(f"PRAGMA table_info({table})"))
            for table in ours
        }
        if found in self.layout.versions:
            return self.layout.versions.index(found) + 1
        (mark,), (version,) = (
            connection.execute(f"PRAGMA {word}").fetchone() for word in ("application_id", "user_version")
        )
        if mark == self.layout.mark and version > len(self.layout.versions):
            raise ValueError(f"{self._got}, which a later version of stepsize wrote, {wanted}")
        if there:
            names = ", ".join(sorted(name for _, name in there)[:5])
            raise ValueError(f"{self._got}, a database with other tables ({names}), {wanted}")
        return 0

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make the tables that are missing, and show that the file can be written."""
        self._write_ahead(connection)
        connection.execute("BEGIN IMMEDIATE")
        version = self._look(connection)  # another process may have been faster
        if version < len(self.layout.versions):
            for statement in self.layout.additions if version else self.layout.script:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id={self.layout.mark}")
            connection.execute(f"PRAGMA user_version={len(self.layout.versions)}")
        connection.commit()

    def _write_ahead(self, connection: sqlite3.Connection) -> None:
        """Have readers and a writer not wait for each other; SQLite does not wait to change to that."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if not _is(error, sqlite3.SQLITE_BUSY) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def sentence(self, error: Exception) -> Exception:
        """Return what SQLite says, in one sentence that says what can be done."""
        if _is(error, sqlite3.SQLITE_NOTADB):
            wanted = f"expected a file that {self.layout.writer} wrote"
            return ValueError(f"{self._got}, which is no database or damaged, {wanted}")
        if _is(error, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return TimeoutError(
                f"{self._got}, in which another process has been writing for {PATIENCE:.0f} s"
            )
        full = f"{self._got}, for which there is no room on the disk; {_AGAIN}"
        if _is(error, sqlite3.SQLITE_FULL):
            return _full(full)
        if _is(error, *_NO_WRITING):
            told = f"{self._got}, which the disk does not take or give ({_line(error)}); {_AGAIN}"
            return self._barred() or (_full(full) if _room(self._folder) < 2**16 else OSError(told))
        wanted = "expected a whole one; under another name it is made anew"
        return ValueError(f"{self._got}, which is damaged ({_line(error)}), {wanted}")

    def _barred(self) -> OSError | None:
        """Return why the file cannot be written, as the system tells it, or None if it can."""
        folder = self._folder
        try:
            if self.path.exists():
                os.close(os.open(self.path, os.O_RDWR))
            if not folder.is_dir():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            if not os.access(folder, os.W_OK):
                number = errno.EROFS if _only_read(folder) else errno.EACCES
                raise OSError(number, os.strerror(number))
            if len(os.fsencode(self.path.name)) > 255 - len("-journal"):
                raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        except OSError as error:
            return refusal(self.name, self.path, error)
        return None


def _is(error: Exception, *codes: int) -> bool:
    """Whether SQLite's error is one of those, in its coarse or its fine counting."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and (code & 0xFF) in codes


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _full(text: str) -> OSError:
    error = OSError(text)
    error.errno = errno.ENOSPC
    return error


def _only_read(folder: Path) -> bool:
    flag = getattr(os, "ST_RDONLY", 0)
    return bool(flag and os.statvfs(folder).f_flag & flag)


def _room(folder: Path) -> float:
    try:
        there = os.statvfs(folder)
    except (AttributeError, OSError):
        return float("inf")
    return float(there.f_bavail * there.f_frsize)
