"""Results on disk: one SQLite file, a transaction a batch, every run under the hash of what it was."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from stepsize import __version__
from stepsize.analysis.verdicts import VERDICTS
from stepsize.core.record import Record
from stepsize.core.validation import describe_value
from stepsize.experiments.sweep.batch import SUMMARY_DTYPE, Batch, RunSummary
from stepsize.experiments.sweep.code_fingerprint import code_of

__all__ = ["Store"]

Array = np.ndarray[Any, Any]

_COLUMNS = ", ".join(SUMMARY_DTYPE.names or ())
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS designs (id INTEGER PRIMARY KEY, config TEXT UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS runs (
    key BLOB NOT NULL, design INTEGER NOT NULL REFERENCES designs, config TEXT NOT NULL,
    {_COLUMNS}, errors BLOB, UNIQUE (design, key)
);
"""

# Longer arrays stand in a configuration by their hash.
_LONG = 256


class Store:
    """An SQLite file with the results of sweeps.

    The canonical configuration of a run is the JSON of its problem (the seed within), its optimizer, its
    start, the budget and the tolerance, and the code of classes from outside (`code_fingerprint`), so
    that an edited class does not get the results of what it was; its SHA-256 is the key. A batch is written
    in one transaction, so that whatever happens the file holds whole batches, each run once. Several
    processes may write to one file.

    Parameters
    ----------
    path : path
        The file; it is made if there is none.

    Raises
    ------
    ValueError
        If the file is something else.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not isinstance(path, str | os.PathLike):
            raise TypeError(f"store: got {describe_value(path)}, expected the path of a file")
        self.path = Path(path)
        try:
            self._connection = sqlite3.connect(self.path, timeout=60.0)
        except sqlite3.OperationalError:
            raise ValueError(f"store: got {str(path)!r}, expected a file in a folder that there is") from None
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.executescript(_SCHEMA)
        except BaseException as error:
            self._connection.close()
            if not isinstance(error, sqlite3.DatabaseError):
                raise
            raise ValueError(f"store: got {str(path)!r}, expected a file that a sweep wrote") from None

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def __len__(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM runs").fetchone()[0])

    def find(self, batch: Batch) -> tuple[Array, RunSummary]:
        """Return which runs of a batch the file has (a flag a run), and what it knows of those."""
        found: dict[bytes, tuple[Any, ...]] = {}
        configs = list(configurations(batch))
        for design in {design for design, _, _ in configs}:
            query = (
                f"SELECT key, {_COLUMNS}, errors FROM runs WHERE design = "
                "(SELECT id FROM designs WHERE config = ?)"
            )
            found.update((row[0], row[1:]) for row in self._connection.execute(query, (design,)))
        has = np.array([key in found for _, _, key in configs])
        rows = [found[key] for _, _, key in configs if key in found]
        kept = np.array([_from_sql(row[:-1]) for row in rows], SUMMARY_DTYPE)
        errors = np.array([np.frombuffer(row[-1]) for row in rows]).reshape(len(rows), batch.history)
        return has, RunSummary(batch.rows[has], kept, errors)

    def keep(self, batch: Batch, outcome: RunSummary) -> None:
        """Write what came out of a batch, in one transaction."""
        marks = ", ".join("?" * (len(SUMMARY_DTYPE.names or ()) + 4))
        with self._connection as transaction:
            ids = {}
            configs = list(configurations(batch))
            for design in dict.fromkeys(design for design, _, _ in configs):
                transaction.execute("INSERT OR IGNORE INTO designs (config) VALUES (?)", (design,))
                query = "SELECT id FROM designs WHERE config = ?"
                ids[design] = transaction.execute(query, (design,)).fetchone()[0]
            transaction.executemany(
                f"INSERT OR IGNORE INTO runs VALUES ({marks})",
                (
                    (key, ids[design], point, *row, errors.tobytes())
                    for (design, point, key), row, errors in zip(
                        configs, outcome.kept.tolist(), outcome.errors, strict=True
                    )
                ),
            )


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


def _from_sql(row: tuple[Any, ...]) -> tuple[Any, ...]:
    # SQLite has no nan and keeps it as NULL.
    return tuple(np.nan if value is None else value for value in row)
