"""Damage as it happens to files, and the count of what became of it."""

import time
from dataclasses import dataclass, field

import numpy as np


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the bytes with one kind of damage, drawn by the generator."""
    kind = KINDS[rng.integers(len(KINDS))]
    return kind(bytearray(data), rng)


def _flip(data, rng):
    for place in rng.integers(len(data), size=rng.integers(1, 9)):
        data[place] ^= 1 << rng.integers(8)
    return bytes(data)


def _set(data, rng):
    for place in rng.integers(len(data), size=rng.integers(1, 5)):
        data[place] = rng.integers(256)
    return bytes(data)


def _span(data, rng, longest=600):
    start = int(rng.integers(len(data)))
    return start, start + int(rng.integers(1, longest))


def _cut(data, rng):
    return bytes(data[: rng.integers(len(data))])


def _zero(data, rng):
    start, end = _span(data, rng)
    data[start:end] = bytes(len(data[start:end]))
    return bytes(data)


def _noise(data, rng):
    start, end = _span(data, rng)
    data[start:end] = rng.bytes(len(data[start:end]))
    return bytes(data)


def _drop(data, rng):
    start, end = _span(data, rng)
    return bytes(data[:start] + data[end:])


def _insert(data, rng):
    start, _ = _span(data, rng)
    return bytes(data[:start] + rng.bytes(int(rng.integers(1, 200))) + data[start:])


def _repeat(data, rng):
    start, end = _span(data, rng)
    return bytes(data[:end] + data[start:end] + data[end:])


def _move(data, rng):
    start, end = _span(data, rng)
    piece, rest = data[start:end], data[:start] + data[end:]
    place = int(rng.integers(len(rest) + 1))
    return bytes(rest[:place] + piece + rest[place:])


KINDS = (_flip, _flip, _set, _cut, _zero, _noise, _drop, _insert, _repeat, _move)


@dataclass
class Tally:
    """How many damaged files were tried, refused in a sentence, and read all the same, with what was written.

    `mistakes` says of each other end what happened: another error, a sentence that names no file, numbers
    that nobody wrote, or more time than a file may take.
    """

    seconds: float = 5.0
    tried: int = 0
    refused: int = 0
    right: int = 0
    slowest: float = 0.0
    mistakes: list = field(default_factory=list)

    def judge(self, what: str, name: str, read, is_right, kinds=(ValueError,)) -> None:
        """Read a file by a call, and enter what became of it."""
        self.tried += 1
        begin = time.perf_counter()
        try:
            found = read()
        except kinds as error:
            told = str(error)
            if name in told and "\n" not in told and len(told) < 1000:
                self.refused += 1
            else:
                self.mistakes.append(f"{what}: no sentence that names the file: {told!r}")
        except Exception as error:
            self.mistakes.append(f"{what}: {type(error).__name__}: {error}")
        else:
            if is_right(found):
                self.right += 1
            else:
                self.mistakes.append(f"{what}: other content was loaded")
        took = time.perf_counter() - begin
        self.slowest = max(self.slowest, took)
        if took > self.seconds:
            self.mistakes.append(f"{what}: took {took:.1f} s")

    def __str__(self) -> str:
        return (
            f"{self.tried} tried: {self.refused} refused in a sentence, {self.right} read as written, "
            f"{len(self.mistakes)} mistakes, slowest {self.slowest:.2f} s"
        )
