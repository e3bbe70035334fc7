"""A table of one's own in a CSV file as a learning problem."""

import csv
import io
import math
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from problems import LeastSquares, LogisticRegression
from stepsize.base.checks import describe, did_you_mean

__all__ = ["problem_from_csv"]

MODELS = ("linear", "logistic")
# The largest file, in bytes: in memory, as text and as words, it takes about twenty times as many.
LARGEST = 50_000_000

_DELIMITERS = (",", ";", "\t", "|")
_MISSING = {"", "na", "n/a", "nan", "null", "?"}
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?", re.ASCII)


@dataclass(frozen=True, eq=False)
class CsvProblem:
    """A problem and what its file says about it.

    Attributes
    ----------
    problem : LeastSquares or LogisticRegression
        The loss.
    file : str
        Its file.
    target : str
        The column that is to be predicted.
    columns : tuple of str
        The columns that it is predicted from, in the order of the weights.
    classes : tuple of str, or None
        What classes 0 and 1 are called in the file, for logistic regression.
    """

    problem: Any
    file: str
    target: str
    columns: tuple[str, ...]
    classes: tuple[str, str] | None

    @property
    def note(self) -> str:
        """One line on what was read."""
        n = self.problem.n_examples
        named = ", ".join(self.columns if len(self.columns) <= 8 else [*self.columns[:7], "..."])
        count = f"{len(self.columns)} column{'s' * (len(self.columns) != 1)}"
        line = f"{self.file}: {n} rows, {self.target} from {count} ({named}) and an intercept"
        if self.classes is not None:
            line += f"; class 1 is {self.classes[1]}, class 0 is {self.classes[0]}"
        return line + ("; standardized" if self.problem.standardize else "")

    def to_dict(self) -> dict[str, Any]:
        """Return what was read as standard JSON values, without the data."""
        return {
            "class": type(self.problem).__name__,
            "file": self.file,
            "target": self.target,
            "columns": list(self.columns),
            "classes": None if self.classes is None else list(self.classes),
            "standardize": self.problem.standardize,
            "rows": self.problem.n_examples,
        }


def problem_from_csv(
    path: str | os.PathLike[str],
    *,
    target: str,
    model: str = "linear",
    standardize: bool = False,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
) -> LeastSquares | LogisticRegression:
    r"""Return linear or logistic regression on the columns of a CSV file.

    The first line names the columns. Commas, semicolons, tabs or bars may separate them; the text is UTF-8,
    UTF-16 with its mark, or Latin-1. Numbers may have commas between thousands (``1,234``), or a comma for a
    point where the file shows that this is meant. Nothing is guessed about holes: a missing value, a text or
    a row of another length is refused with its line.

    Parameters
    ----------
    path : str or path
        The file, of at most 50 MB.
    target : str
        The column that is to be predicted. For logistic regression it has two values: the larger number, or
        the later word in the alphabet, is class 1.
    model : {"linear", "logistic"}
        `LeastSquares` or `LogisticRegression`, each with its defaults and an intercept, which is the last
        parameter.
    standardize : bool
        Whether every column is brought to mean 0 and deviation 1.
    columns : sequence of str, optional
        The columns to predict from; all but the target by default.
    drop : sequence of str
        Columns to leave out.

    Raises
    ------
    OSError, TypeError, ValueError
        In one sentence that names the file, and where it can the column and the line.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "flats.csv"
    ...     _ = file.write_text("rooms,price\n1,3\n2,5\n3,7\n")
    ...     flats = problem_from_csv(file, target="price")
    >>> flats.n_examples, [round(w, 9) for w in flats.minimizers[0]]
    (3, [2.0, 1.0])
    """
    problem: LeastSquares | LogisticRegression = read_csv(
        path, target, model, standardize, columns, drop
    ).problem
    return problem


def read_csv(
    path: str | os.PathLike[str],
    target: str,
    model: str = "linear",
    standardize: bool = False,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
) -> CsvProblem:
    """Return the problem that `problem_from_csv` describes, with what its file says about it."""
    if model not in MODELS:
        hint = did_you_mean(str(model), [*MODELS])
        raise ValueError(f"model: got {model!r}, expected linear or logistic{hint}")
    for name, words in (("columns", columns or ()), ("drop", drop)):
        if isinstance(words, str) or not all(isinstance(word, str) for word in words):
            raise TypeError(f"{name}: got {describe(words)}, expected a list of names of columns")
    file = _File(path)
    header, rows = file.table()
    chosen = _chosen(file, header, target, columns, drop)
    places = [file.place(header, name) for name in (*chosen, target)]
    *cells, aims = ([(line, row[place]) for line, row in rows] for place in places)
    comma = _meaning_of_commas(file, [*chosen, target], [*cells, aims])
    X = np.column_stack(
        [_numbers(file, name, column, comma) for name, column in zip(chosen, cells, strict=True)]
    )
    if standardize:
        for name, column in zip(chosen, X.T, strict=True):
            if np.ptp(column) == 0:
                file.refuse(
                    f"{column[0]:g} in every row of column {name!r}",
                    f"a column that varies, to standardize it; it can be left out (--drop {name})",
                )
    if model == "linear":
        y = _numbers(file, target, aims, comma, "; for two classes there is the model logistic")
        if np.ptp(y) == 0:
            file.refuse(f"{y[0]:g} in every row of the target {target!r}", "a target that varies")
        return CsvProblem(LeastSquares(X, y, standardize=standardize), file.name, target, chosen, None)
    classes, y = _classes(file, target, aims, comma)
    return CsvProblem(LogisticRegression(X, y, standardize=standardize), file.name, target, chosen, classes)


class _File:
    """A file that is read, and that every sentence names."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self.path = Path(path)
        except TypeError:
            raise TypeError(f"path: got {describe(path)}, expected the name of a CSV file") from None
        self.name = self.path.name or str(path)
        self.comma_separated = False

    def refuse(self, what: str, expected: str) -> NoReturn:
        """Raise a sentence on something in the file."""
        raise ValueError(f"{self.name}: got {what}, expected {expected}")

    def table(self) -> tuple[list[str], list[tuple[int, list[str]]]]:
        """Return the names of the columns, and the rows with the lines on which they begin."""
        text = self._text()
        lines = self._rows(text)
        number, header = next(lines, (1, []))
        if not header:
            self.refuse("an empty file", "a line with the names of the columns, and rows of numbers")
        if len(header) < 2:
            self.refuse(
                f"the one column {header[0]!r}",
                "at least two, separated by commas, semicolons, tabs or bars",
            )
        if all(not name or _NUMBER.fullmatch(name) for name in header):
            self.refuse(f"only numbers on line {number}", "the names of the columns there")
        rows = []
        for line, row in lines:
            if len(row) != len(header):
                self.refuse(
                    f"{len(row)} value{'s' * (len(row) != 1)} on line {line}", f"{len(header)}, one a column"
                )
            rows.append((line, row))
        if len(rows) < 2:
            self.refuse(f"{len(rows)} row{'s' * (len(rows) != 1)} of data", "at least 2")
        return header, rows

    def place(self, header: list[str], name: str) -> int:
        """Return where a column stands."""
        if header.count(name) > 1:
            first, second = [i + 1 for i, other in enumerate(header) if other == name][:2]
            self.refuse(f"the column {name!r} twice, as columns {first} and {second}", "every name once")
        if name not in header:
            shown = ", ".join(header if len(header) <= 12 else [*header[:11], "..."])
            raise ValueError(
                f"{self.name}: got the unknown column {name!r}, expected one of {shown}"
                + did_you_mean(name, header)
            )
        return header.index(name)

    def _text(self) -> str:
        if self.path.is_dir():
            self.refuse("a folder", "a CSV file")
        if not self.path.exists():
            raise ValueError(f"{self.path}: got no such file, expected a CSV file")
        if not self.path.is_file():
            self.refuse("a device or pipe", "a CSV file")
        size = self.path.stat().st_size
        if size > LARGEST:
            self.refuse(f"{size / 1e6:.0f} MB", f"a file of at most {LARGEST / 1e6:.0f} MB")
        data = self.path.read_bytes()
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return self._decoded(data, "utf-16")
        if _BINARY.search(data):
            self.refuse("a binary file", "text with commas, such as a spreadsheet saves as CSV")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("latin-1")

    def _decoded(self, data: bytes, encoding: str) -> str:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            self.refuse(f"a text that is not {encoding}, which its first bytes announce", "another")

    def _rows(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows that are not blank, each with the line on which it begins."""
        head = next((line for line in text.splitlines() if line.strip()), "")
        widths = [len(next(csv.reader([head], delimiter=d), [])) for d in _DELIMITERS]
        delimiter = _DELIMITERS[int(np.argmax(widths))]
        self.comma_separated = delimiter == ","
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
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


def _chosen(
    file: _File, header: list[str], target: str, columns: Sequence[str] | None, drop: Sequence[str]
) -> tuple[str, ...]:
    """Return the columns to predict from."""
    file.place(header, target)
    for name in drop:
        file.place(header, name)
        if name == target:
            file.refuse(f"the target {name!r} among the columns to drop", "other columns there")
    if columns is not None:
        for name in columns:
            file.place(header, name)
            if name == target:
                file.refuse(f"the target {name!r} among the columns to predict from", "other columns there")
        header = list(dict.fromkeys(columns))
    for place, name in enumerate(header, 1):
        if not name:
            file.refuse(
                f"no name for column {place}", "a name for every column, or a choice of them with --columns"
            )
        file.place(header, name)
    chosen = tuple(name for name in header if name != target and name not in drop)
    if not chosen:
        file.refuse(f"no column beside the target {target!r}", "at least one to predict from")
    return chosen


def _meaning_of_commas(file: _File, names: list[str], columns: list[list[tuple[int, str]]]) -> str:
    """Return what a comma within a number stands for: nothing (between thousands), or a point."""
    unclear = None
    for name, column in zip(names, columns, strict=True):
        for line, cell in column:
            if "," not in cell:
                continue
            if not _THOUSANDS.fullmatch(cell):
                if _DECIMAL_COMMA.fullmatch(cell):
                    return "."
            elif "." in cell or cell.count(",") > 1:
                return ""
            elif unclear is None:
                unclear = (name, line, cell)
    points = any("." in cell and _NUMBER.fullmatch(cell) for column in columns for _, cell in column)
    if unclear is not None and not points and not file.comma_separated:
        name, line, cell = unclear
        two = f"{cell.replace(',', '')} or {cell.replace(',', '.')}"
        file.refuse(
            f"{cell!r} in column {name!r} on line {line}, which may be {two}",
            "numbers with a point or without commas",
        )
    return ""


def _number(cell: str, comma: str) -> float | None:
    """Return a cell's number, nan if it is missing, None if it is a text."""
    if cell.lower() in _MISSING:
        return math.nan
    if _NUMBER.fullmatch(cell):
        return float(cell)
    pattern = _DECIMAL_COMMA if comma == "." else _THOUSANDS
    return float(cell.replace(",", comma)) if pattern.fullmatch(cell) else None


def _numbers(
    file: _File, name: str, column: list[tuple[int, str]], comma: str, hint: str = ""
) -> np.ndarray[Any, Any]:
    """Return a column of numbers, or refuse it at the first line where there is none."""
    values = np.empty(len(column))
    for i, (line, cell) in enumerate(column):
        value = _number(cell, comma)
        if value is None:
            out = hint or f"; a column of text can be left out (--drop {name})"
            file.refuse(f"{cell[:40]!r} in column {name!r} on line {line}", f"a number{out}")
        if math.isnan(value):
            _refuse_missing(file, name, column, line, cell)
        if math.isinf(value):
            file.refuse(f"{cell[:40]!r} in column {name!r} on line {line}", "a finite number")
        values[i] = value
    return values


def _refuse_missing(file: _File, name: str, column: list[tuple[int, str]], line: int, cell: str) -> NoReturn:
    more = sum(other.lower() in _MISSING for _, other in column) - 1
    others = f" (and {more} more there)" if more else ""
    file.refuse(
        f"no value in column {name!r} on line {line}{f', {cell!r}' if cell else ''}{others}",
        "a number; fill it in, or remove the row or the column",
    )


def _classes(
    file: _File, target: str, column: list[tuple[int, str]], comma: str
) -> tuple[tuple[str, str], np.ndarray[Any, Any]]:
    """Return the names of classes 0 and 1, and the class of each row."""
    for line, cell in column:
        if cell.lower() in _MISSING:
            _refuse_missing(file, target, column, line, cell)
    words = [cell for _, cell in column]
    numbers = {word: _number(word, comma) for word in set(words)}
    if all(value is not None for value in numbers.values()):
        order = sorted(set(numbers.values()), key=float)  # type: ignore[arg-type]  # none is None here
        labels = [f"{value:g}" for value in order]
        y = np.array([order.index(numbers[word]) for word in words], float)
    else:
        labels = sorted(numbers)
        y = np.array([labels.index(word) for word in words], float)
    if len(labels) == 1:
        file.refuse(f"{labels[0]!r} in every row of the target {target!r}", "two classes")
    if len(labels) > 2:
        shown = ", ".join(labels if len(labels) <= 5 else [*labels[:4], "..."])
        file.refuse(
            f"{len(labels)} classes in the target {target!r} ({shown})",
            "two; for a number there is the model linear",
        )
    return (labels[0], labels[1]), y
