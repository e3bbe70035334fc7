"""Stores of sweeps, damaged in every way: ``python -m tests.robustness.damaged_stores 300``."""

import sqlite3
import sys
import tempfile
import warnings
from contextlib import closing
from pathlib import Path

import numpy as np

import stepsize as ss
from tests.robustness.damage import Tally, damaged

BOWL = ss.Quadratic([1.0, 10.0])
GRID = {"lr": np.geomspace(1e-3, 1, 15), "momentum": [0.0, 0.5, 0.9], "history": 3}


def swept(file):
    """Return the sweep of all tests here, from the file or made anew."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rows that do not match
        return ss.sweep(BOWL, ss.Momentum, 60, store=file, **GRID)


def bits(result):
    """Return all numbers of a sweep, as bytes."""
    return result.outcome.tobytes(), result.errors.tobytes()


def whole_store(folder: Path) -> bytes:
    """Return the bytes of a store that holds the sweep."""
    file = folder / "whole.db"
    swept(file)
    return file.read_bytes()


def fuzz(count: int, seed: int, folder: Path) -> Tally:
    """Damage stores, sweep with them, and count what becomes of it.

    A sweep with a damaged store is refused in a sentence, or gives the numbers that it gives without one.
    """
    rng, tally = np.random.default_rng(seed), Tally()
    truth, data = bits(swept(None)), whole_store(folder)
    for i in range(count):
        way = WAYS[rng.integers(len(WAYS))]
        file = folder / f"damaged-{i}.db"
        way(data, rng, file)
        for turn in ("at first", "then"):  # what was mended in the first must serve the second
            what = f"seed {seed}, {i}, {way.__name__}, {turn}"
            tally.judge(what, file.name, lambda: bits(swept(file)), truth.__eq__, (ValueError, OSError))  # noqa: B023
        for rest in folder.glob(f"{file.name}*"):
            rest.unlink()
    return tally


def bytes_of_the_file(data, rng, file):
    """Flip, cut, move or overwrite bytes."""
    file.write_bytes(damaged(data, rng))


def bytes_of_rows(data, rng, file):
    """Overwrite a few bytes in the half of the file where the rows are."""
    held = bytearray(data)
    for place in rng.integers(len(held) // 3, len(held), size=rng.integers(1, 30)):
        held[place] = rng.integers(256)
    file.write_bytes(bytes(held))


def pages(data, rng, file):
    """Swap two pages, or put one in the place of another."""
    size, held = 4096, bytearray(data)
    one, other = (int(n) * size for n in rng.integers(len(held) // size, size=2))
    held[one : one + size], first = held[other : other + size], held[one : one + size]
    if rng.integers(2):
        held[other : other + size] = first
    file.write_bytes(bytes(held))


def cells(data, rng, file):
    """Write other values into rows, as a program would that knows nothing of the digest."""
    file.write_bytes(data)
    values = (None, 0.5, 7, "text", b"bytes", b"\xff\xfe", -1.0, 1e300, 2**62)
    with closing(sqlite3.connect(file)) as connection, connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
        for _ in range(rng.integers(1, 9)):
            column, value = columns[rng.integers(len(columns))], values[rng.integers(len(values))]
            row = int(rng.integers(1, 46))
            try:
                connection.execute(f"UPDATE runs SET {column} = ? WHERE rowid = ?", (value, row))
            except sqlite3.IntegrityError:
                continue


def cells_of_other_rows(data, rng, file):
    """Exchange what two rows hold."""
    file.write_bytes(data)
    with closing(sqlite3.connect(file)) as connection, connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
        taken = ", ".join(c for c in columns if c not in ("key", "design") and rng.integers(2)) or "final"
        one, other = (int(n) for n in rng.integers(1, 46, size=2))
        connection.execute(
            f"UPDATE runs SET ({taken}) = (SELECT {taken} FROM runs WHERE rowid = ?) WHERE rowid = ?",
            (one, other),
        )


WAYS = (*(bytes_of_the_file,) * 3, *(bytes_of_rows,) * 3, pages, cells, cells_of_other_rows)


def main() -> int:
    count, seed = ([int(word) for word in sys.argv[1:]] + [300, 0][len(sys.argv) - 1 :])[:2]
    with tempfile.TemporaryDirectory() as folder:
        tally = fuzz(count, seed, Path(folder))
    print(f"sweeps with damaged stores: {tally}")
    for mistake in tally.mistakes[:20]:
        print(" ", mistake)
    return bool(tally.mistakes)


if __name__ == "__main__":
    raise SystemExit(main())
