"""Results on disk: one SQLite file, a transaction a batch, every run under the hash of what it was."""

import hashlib
import json
import os
import struct
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from stepsize import __version__
from stepsize.analysis.verdicts import VERDICTS
from stepsize.core.record import Record
from stepsize.core.validation import describe_value
from stepsize.experiments.sweep.batch import SUMMARY_DTYPE, Batch, RunSummary
from stepsize.experiments.sweep.code_fingerprint import code_of
from stepsize.experiments.sweep.databases import FAILURES, Database, Layout

__all__ = ["Store"]

Array = np.ndarray[Any, Any]

_NAMES = SUMMARY_DTYPE.names or ()
_COLUMNS = ", ".join(_NAMES)
_DESIGNS, _RUNS = ("id", "config"), ("key", "design", "config", *_NAMES, "errors")
_LAYOUT = Layout(
    mark=int.from_bytes(b"step"),
    versions=(
        {"designs": _DESIGNS, "runs": _RUNS},
        {"designs": _DESIGNS, "runs": (*_RUNS, "digest")},
    ),
    script=(
        "CREATE TABLE designs (id INTEGER PRIMARY KEY, config TEXT UNIQUE NOT NULL)",
        "CREATE TABLE runs (key BLOB NOT NULL, design INTEGER NOT NULL REFERENCES designs, "
        "config TEXT NOT NULL, "
        f"{_COLUMNS}, errors BLOB, digest BLOB, UNIQUE (design, key))",
    ),
    # Rows of version 1 have no digest, and are not taken for results: nobody can tell if they are whole.
    additions=("ALTER TABLE runs ADD COLUMN digest BLOB",),
    writer="a sweep",
)
_PACKED = struct.Struct("<" + "".join("d" if SUMMARY_DTYPE[name].kind == "f" else "q" for name in _NAMES))

# Longer arrays stand in a configuration by their hash.
_LONG = 256


class Store:
    """An SQLite file with the results of sweeps.

    The canonical configuration of a run is the JSON of its problem (the seed within), its optimizer, its
    start, the budget and the tolerance, and the code of classes from outside (`code_fingerprint`), so
    that an edited class does not get the results of what it was; its SHA-256 is the key. A batch is written
    in one transaction, so that whatever happens the file holds whole batches, each run once. Several
    processes may write to one file.

    Every row carries a digest of its content. One that does not match was damaged: it counts as not there, so
    that the run is made again and written in its place; `damaged` counts them.

    Parameters
    ----------
    path : path
        The file; it is made if there is none.

    Attributes
    ----------
    obstacle : OSError or None
        Why nothing can be written, where the file can only be read.
    damaged : int
        How many rows `find` met that do not match their digest.

    Raises
    ------
    ValueError
        If the file is something else, or damaged beyond single rows.
    OSError
        If it cannot be opened or made.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._database = Database("store", path, _LAYOUT)
        self.path, self.obstacle, self.damaged = self._database.path, self._database.obstacle, 0

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self._database.connection.close()

    def __len__(self) -> int:
        return int(self._database.connection.execute("SELECT count(*) FROM runs").fetchone()[0])

    def find(self, batch: Batch) -> tuple[Array, RunSummary]:
        """Return which runs of a batch the file has (a flag a run), and what it knows of those."""
        found: dict[bytes, tuple[tuple[Any, ...], bytes]] = {}
        configs = list(configurations(batch))
        wanted = {key for _, _, key in configs}
        try:
            for row in self._rows({design for design, _, _ in configs}):
                key, config, *values, errors, digest = row
                if key not in wanted or digest is None:
                    continue
                numbers = _from_sql(values)
                if numbers is not None and digest == _digest(key, config, numbers, errors):
                    found[key] = numbers, errors
                else:
                    self.damaged += 1
        except FAILURES as error:
            raise self._database.sentence(error) from None
        has = np.array([key in found for _, _, key in configs])
        rows = [found[key] for _, _, key in configs if key in found]
        kept = np.array([numbers for numbers, _ in rows], SUMMARY_DTYPE)
        errors = np.array([np.frombuffer(column) for _, column in rows]).reshape(len(rows), batch.history)
        return has, RunSummary(batch.rows[has], kept, errors)

    def _rows(self, designs: set[str]) -> Iterator[tuple[Any, ...]]:
        query = (
            f"SELECT key, config, {_COLUMNS}, errors, digest FROM runs WHERE design = "
            "(SELECT id FROM designs WHERE config = ?)"
        )
        for design in designs:
            yield from self._database.connection.execute(query, (design,))

    def keep(self, batch: Batch, outcome: RunSummary) -> None:
        """Write what came out of a batch, in one transaction.

        Raises
        ------
        OSError
            If the disk is full or does not take it; what the file holds stays.
        """
        if self.obstacle is not None:
            raise self.obstacle
        marks = ", ".join("?" * (len(_NAMES) + 5))
        try:
            with self._database.connection as transaction:
                ids = {}
                configs = list(configurations(batch))
                for design in dict.fromkeys(design for design, _, _ in configs):
                    transaction.execute("INSERT OR IGNORE INTO designs (config) VALUES (?)", (design,))
                    query = "SELECT id FROM designs WHERE config = ?"
                    ids[design] = transaction.execute(query, (design,)).fetchone()[0]
                transaction.executemany(
                    f"INSERT OR REPLACE INTO runs VALUES ({marks})",
                    (
                        (key, ids[design], point, *row, errors, _digest(key, point.encode(), row, errors))
                        for (design, point, key), row, errors in zip(
                            configs,
                            outcome.kept.tolist(),
                            map(np.ndarray.tobytes, outcome.errors),
                            strict=True,
                        )
                    ),
                )
        except FAILURES as error:
            raise self._database.sentence(error) from None


def configurations(batch: Batch) -> Iterator[tuple[str, str, bytes]]:
    """Yield for each run what it shares with others, what is its own, as JSON, and the hash of the two."""
    shared = {
        "problem": _described(batch.problem, "problem"),
        "optimizer": _described(batch.optimizer, "optimizer"),
        "steps": batch.steps,
        "tol": batch.tol,
        "atol": batch.atol,
        "verdicts": VERDICTS,
        "history": batch.history,
        "dtype": batch.x0.dtype.name,
        "version": __version__,
    }
    words = {
        name: [json.dumps(v) for v in values.tolist()]
        if isinstance(values, np.ndarray)
        else [json.dumps(_described(v, name), sort_keys=True) for v in values]
        for name, values in batch.values.items()
    }
    designs: dict[bytes, tuple[str, Any]] = {}
    for i, x0 in enumerate(batch.x0):
        start = x0.tobytes()
        if start not in designs:
            text = json.dumps(shared | {"x0": _short(x0.tolist())}, sort_keys=True, allow_nan=False)
            designs[start] = text, hashlib.sha256(text.encode())
        design, seed = designs[start]
        point = "{" + ", ".join(f'"{name}": {column[i]}' for name, column in words.items()) + "}"
        digest = seed.copy()
        digest.update(point.encode())
        yield design, point, digest.digest()[:16]


def _described(value: Any, name: str) -> Any:
    """Return the JSON of a record or number, long arrays by their hash."""
    if isinstance(value, Record):
        try:
            told = _short(value.to_dict())
        except TypeError as error:
            raise TypeError(f"store: got a {name} that no file can name: {error}") from None
        code = code_of(value)
        return told if code is None else {**told, "code": code}
    if callable(value):
        raise TypeError(f"store: got the function {value!r} for {name}, which no file can name")
    if value is not None and not isinstance(value, bool | int | float | str | tuple | list):
        raise TypeError(f"store: got {describe_value(value)} for {name}, which no file can name")
    return value


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _short(item) for name, item in value.items()}
    if isinstance(value, list):
        text = json.dumps(value)
        if len(value) > _LONG or len(text) > 20 * _LONG:
            return {"sha256": hashlib.sha256(text.encode()).hexdigest()}
        return [_short(item) for item in value]
    return value


def _from_sql(row: Sequence[Any]) -> tuple[Any, ...] | None:
    """Return the numbers of a row, or None where something else stands in it."""
    # SQLite has no nan and keeps it as NULL.
    numbers = tuple(np.nan if value is None else value for value in row)
    return numbers if all(isinstance(value, int | float) for value in numbers) else None


def _digest(key: Any, config: Any, numbers: tuple[Any, ...], errors: Any) -> bytes | None:
    """Return a hash of all that a row says, or None if it says what no row can."""
    if not all(isinstance(part, bytes) for part in (key, config, errors)):
        return None
    try:
        # To add zero makes -0.0 the 0.0 that SQLite gives back.
        packed = _PACKED.pack(*(value + 0 if value == value else np.nan for value in numbers))
    except struct.error:
        return None
    digest = hashlib.blake2b(digest_size=16)
    for part in (key, config, packed, errors):
        digest.update(b"%d " % len(part))
        digest.update(part)
    return digest.digest()
