"""A CSV file: its encoding, its delimiter, its lines, and sentences that name them."""

import csv
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np

from stepsize.core.display import cut
from stepsize.core.validation import describe_value, did_you_mean

__all__ = ["NUMBER", "CsvFile"]

# The largest file, in bytes: in memory, as text and as words, it takes about twenty times as many.
LARGEST = 50_000_000

# Characters of a name that a message quotes.
_SHOWN = 100

_DELIMITERS = (",", ";", "\t", "|")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)


class CsvFile:
    """A file that is read, and that every sentence names."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self.path = Path(path)
        except TypeError:
            raise TypeError(f"path: got {describe_value(path)}, expected the name of a CSV file") from None
        self.name = " ".join((self.path.name or str(path)).split())
        self.comma_separated = False
        self.lines: list[int] = []

    def refuse(self, what: str, expected: str) -> NoReturn:
        """Raise a sentence on something in the file."""
        raise self.refusal(what, expected)

    def refusal(self, what: str, expected: str) -> ValueError:
        """Return the error to raise."""
        name, found = cut(self.name, _SHOWN), cut(what, 3 * _SHOWN)
        return ValueError(f"{name}: got {found}, expected {expected}")

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Return the names of the columns, and the rows; `lines` has the line on which each begins."""
        found = self._rows(self._text())
        number, header = next(found, (1, []))
        if not header:
            self.refuse("an empty file", "a line with the names of the columns, and rows of numbers")
        if len(header) < 2:
            self.refuse(
                f"the one column {header[0]!r}",
                "at least two, separated by commas, semicolons, tabs or bars",
            )
        if all(not name or NUMBER.fullmatch(name) for name in header):
            self.refuse(f"only numbers on line {number}", "the names of the columns there")
        rows = []
        for line, row in found:
            if len(row) != len(header):
                self.refuse(
                    f"{len(row)} value{'s' * (len(row) != 1)} on line {line}", f"{len(header)}, one a column"
                )
            rows.append(row)
            self.lines.append(line)
        if len(rows) < 2:
            self.refuse(f"{len(rows)} row{'s' * (len(rows) != 1)} of data", "at least 2")
        return header, rows

    def place(self, header: list[str], name: str) -> int:
        """Return where a column stands."""
        if header.count(name) > 1:
            first, second = [i + 1 for i, other in enumerate(header) if other == name][:2]
            self.refuse(f"the column {name!r} twice, as columns {first} and {second}", "every name once")
        if name not in header:
            columns = ", ".join(header if len(header) <= 12 else [*header[:11], "..."])
            known = f"one of {cut(columns, 3 * _SHOWN)}{did_you_mean(name, header)}"
            raise self.refusal(f"the unknown column {cut(name, _SHOWN)!r}", known)
        return header.index(name)

    def _text(self) -> str:
        try:
            data = self._bytes()
        except OSError as error:
            self.refuse(f"a file that cannot be read ({error.strerror})", "a CSV file")
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return self._decoded(data, "utf-16")
        if _BINARY.search(data):
            self.refuse("a binary file", "text with commas, such as a spreadsheet saves as CSV")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("latin-1")

    def _bytes(self) -> bytes:
        if self.path.is_dir():
            self.refuse("a folder", "a CSV file")
        if not self.path.exists():
            place = " ".join(str(self.path).split())
            raise ValueError(f"{cut(place, 3 * _SHOWN)}: got no such file, expected a CSV file")
        if not self.path.is_file():
            self.refuse("a device or pipe", "a CSV file")
        size = self.path.stat().st_size
        if size > LARGEST:
            self.refuse(f"{size / 1e6:.0f} MB", f"a file of at most {LARGEST / 1e6:.0f} MB")
        return self.path.read_bytes()

    def _decoded(self, data: bytes, encoding: str) -> str:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            self.refuse(f"a text that is not {encoding}, which its first bytes announce", "another")

    def _rows(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows that are not blank, each with the line on which it begins."""
        head = next((line for line in text.splitlines() if line.strip()), "")
        try:
            widths = [len(next(csv.reader([head], delimiter=d), [])) for d in _DELIMITERS]
        except csv.Error as error:
            self.refuse(f"a first line that cannot be read ({error})", "the names of the columns there")
        delimiter = _DELIMITERS[int(np.argmax(widths))]
        self.comma_separated = delimiter == ","
        lines = io.StringIO(text, newline="")
        reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
        line = 1
        while True:
            try:
                row = [cell.strip() for cell in next(reader)]
            except StopIteration:
                return
            except csv.Error as error:
                self.refuse(f"line {line}, which cannot be read ({error})", "comma-separated values")
            if any(row):
                yield line, row
            line = reader.line_num + 1
