"""CSV files of a user's: good tables with something wrong in them, and what is no table at all."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tools.fuzzing.words import mutated

__all__ = ["cases"]

_NAMES = (
    "price",
    "rooms",
    "size",
    "a",
    "b",
    "x",
    "",
    " ",
    "price ",
    "1",
    "é",
    "class",
    "a" * 300,
    '"',
    "price",
)
_CELLS = (
    *(
        "1",
        "2.5",
        "-3",
        "1e3",
        "0",
        "1,234",
        "1.234,5",
        "$5",
        "5 %",
        "nan",
        "NA",
        "",
        "?",
        "inf",
        "-inf",
        "1e999",
    ),
    *(
        "1_0",
        "\u0661",
        "0x10",
        "True",
        "cat",
        "dog",
        '"',
        "1;2",
        "1\t2",
        "9" * 400,
        "1e-320",
        "é",
        "\x00",
        "1.7e308",
    ),
)
_COMMON = ("1", "2", "3.5", "-4", "5e-1", "6.25", "70")


def cases(seed: int, count: int, folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield files, with the arguments beside each, and what makes a problem of it and three updates."""
    source = random.Random(seed)
    file = folder / "table.csv"
    for i in range(count):
        data = (
            _bytes(source)
            if i % 10 == 0
            else _table(source).encode(source.choice(["utf-8"] * 6 + ["utf-16", "latin-1"]), "replace")
        )
        arguments: dict[str, Any] = {
            "target": source.choice(["price"] * 12 + ["rooms", "class", "", "nothing", "p" * 1000]),
            "model": source.choice(["linear"] * 12 + ["logistic"] * 8 + ["lin"]),
            "standardize": source.random() < 0.4,
        }
        if source.random() < 0.15:
            arguments["columns"] = [source.choice(_NAMES) for _ in range(source.randrange(4))]
        if source.random() < 0.15:
            arguments["drop"] = [source.choice(_NAMES) for _ in range(source.randrange(3))]
        yield f"{arguments} {data!r}", lambda data=data, arguments=arguments: _read(file, data, arguments)


def _read(file: Path, data: bytes, arguments: dict[str, Any]) -> None:
    from optim import SGD, minimize
    from stepsize.data.csv_problem import problem_from_csv

    file.write_bytes(data)
    problem = problem_from_csv(file, **arguments)
    minimize(problem, SGD(lr=1e-3), steps=3)


def _table(source: random.Random) -> str:
    """Return a table whose cells are mostly numbers."""
    width, height = source.choice([2, 2, 3, 3, 4, 6, 1, 40]), source.choice([2, 3, 5, 10, 10, 30, 0, 1])
    names = ["price", *(source.choice(_NAMES) for _ in range(width - 1))]
    if source.random() < 0.85:
        names = ["price", *(f"c{i}" for i in range(width - 1))]
    odd = source.choice([0.0, 0.0, 0.0, 0.02, 0.3])
    rows = [[_cell(source, odd) for _ in range(width)] for _ in range(height)]
    if source.random() < 0.1 and rows:
        rows[-1] = rows[-1][: source.randrange(width)]
    mark = source.choice([",", ",", ",", ";", "\t", "|"])
    end = source.choice(["\n", "\n", "\r\n", "\r"])
    text = end.join(mark.join(row) for row in [names, *rows])
    if source.random() < 0.3:
        text = mutated(text, source)
    return text


def _cell(source: random.Random, odd: float) -> str:
    if source.random() < odd:
        return source.choice(_CELLS)
    return source.choice(_COMMON) if source.random() < 0.5 else f"{source.uniform(-9, 9):.3g}"


def _bytes(source: random.Random) -> bytes:
    """Return what is no table: noise, an archive, an endless line, quotation marks that do not end."""
    n = source.choice([0, 1, 10, 1000, 200_000])
    return source.choice(
        [
            source.randbytes(min(n, 2000)),
            b"\xff\xfe" + source.randbytes(min(n, 999)),
            b"PK\x03\x04" + source.randbytes(100),
            b"price,a\n" + b'"' * n,
            b"price,a\n" + b"1," * n,
            b"," * n,
            b"\n" * n,
            b"price,a\n1,2\n" * (n // 10),
            b"\xef\xbb\xbfprice,a\n1,2\n3,4\n5,9\n",
            b"price,a\n1,2\n3,4\n\x00\n",
            b"price,a\n" + b"9" * n + b",1\n2,3\n",
        ]
    )
