"""A table of one's own in a CSV file as a learning problem."""

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from problems import LeastSquares, LogisticRegression
from stepsize.core.display import counted
from stepsize.core.validation import describe_value, did_you_mean
from stepsize.data.csv_file import NUMBER, CsvFile

__all__ = ["problem_from_csv"]

Array = np.ndarray[Any, Any]
# The cells of a column.
Column = list[str]

MODELS = ("linear", "logistic")

_MISSING = {"", "na", "n/a", "nan", "null", "?"}
_SIGN = re.compile("[$€£¥%]")
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
    def rows_held_out(self) -> int:
        """How many rows are not trained on."""
        return 0 if self.problem.test is None else len(self.problem.test[1])

    @property
    def note(self) -> str:
        """One line on what was read."""
        n, apart = self.problem.n_examples, self.rows_held_out
        named = ", ".join(self.columns if len(self.columns) <= 8 else [*self.columns[:7], "..."])
        count = f"{len(self.columns)} column{'s' * (len(self.columns) != 1)}"
        rows = counted(n, "row") + (f" to train on and {apart} held out" if apart else "")
        line = f"{self.file}: {rows}, {self.target} from {count} ({named}) and an intercept"
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
            "held_out": self.rows_held_out,
        }


def problem_from_csv(
    path: str | os.PathLike[str],
    *,
    target: str,
    model: str = "linear",
    standardize: bool = False,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    held_out: float | Sequence[int] = 0.0,
    rng: int = 0,
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
    held_out : float or sequence of int
        Share of the rows, from 0 to 0.9, that is held out of the training for `held_out_fun`, or the numbers
        of the rows, 0 for the first beneath the names. For logistic regression a share is drawn from each
        class alike.
    rng : int
        Seed of the draw.

    Raises
    ------
    OSError, TypeError, ValueError
        In one sentence that names the file, and where it can the column and the line.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "flats.csv"
    ...     _ = file.write_text("rooms,price\n1,3\n2,5\n3,7\n")
    ...     flats = problem_from_csv(file, target="price")
    >>> flats.n_examples, [round(w, 9) for w in flats.minimizers[0]]
    (3, [2.0, 1.0])
    """
    problem: LeastSquares | LogisticRegression = read_csv(
        path, target, model, standardize, columns, drop, held_out, rng
    ).problem
    return problem


def read_csv(
    path: str | os.PathLike[str],
    target: str,
    model: str = "linear",
    standardize: bool = False,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    held_out: float | Sequence[int] = 0.0,
    rng: int = 0,
) -> CsvProblem:
    """Return the problem that `problem_from_csv` describes, with what its file says about it."""
    if model not in MODELS:
        hint = did_you_mean(str(model), [*MODELS])
        raise ValueError(f"model: got {model!r}, expected linear or logistic{hint}")
    for name, words in (("columns", columns or ()), ("drop", drop)):
        if isinstance(words, str) or not all(isinstance(word, str) for word in words):
            raise TypeError(f"{name}: got {describe_value(words)}, expected a list of names of columns")
    file = CsvFile(path)
    header, rows = file.table()
    chosen = _chosen(file, header, target, columns, drop)
    places = [file.place(header, name) for name in (*chosen, target)]
    *cells, aims = ([row[place] for row in rows] for place in places)
    named = dict(zip(chosen, cells, strict=True))
    comma = _meaning_of_commas(file, named | {target: aims})
    text = "; a column of text can be left out (--drop)"
    X = np.column_stack(_numbers(file, named, comma, text))
    if standardize:
        for name, column in zip(chosen, X.T, strict=True):
            if np.ptp(column) == 0:
                file.refuse(
                    f"{column[0]:g} in every row of column {name!r}",
                    f"a column that varies, to standardize it; it can be left out (--drop {name})",
                )
    if model == "linear":
        (y,) = _numbers(file, {target: aims}, comma, "; for two classes there is the model logistic")
        if np.ptp(y) == 0:
            file.refuse(f"{y[0]:g} in every row of the target {target!r}", "a target that varies")
        classes: tuple[str, str] | None = None
        kind: Any = LeastSquares
    else:
        classes, y = _classes(file, target, aims, comma)
        kind = LogisticRegression
    problem: Any = kind(X, y, standardize=standardize, held_out=held_out, rng=rng)
    problem.train  # noqa: B018  # so that rows which cannot be held out are refused here
    return CsvProblem(problem, file.name, target, chosen, classes)


def _chosen(
    file: CsvFile, header: list[str], target: str, columns: Sequence[str] | None, drop: Sequence[str]
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


def _meaning_of_commas(file: CsvFile, columns: dict[str, Column]) -> str:
    """Return what a comma within a number stands for: nothing (between thousands), or a point."""
    unclear = None
    for name, column in columns.items():
        for row, cell in enumerate(column):
            if "," not in cell:
                continue
            if not _THOUSANDS.fullmatch(cell):
                if _DECIMAL_COMMA.fullmatch(cell):
                    return "."
            elif "." in cell or cell.count(",") > 1:
                return ""
            elif unclear is None:
                unclear = (name, row, cell)
    if unclear is None or file.comma_separated:
        return ""
    cells = (cell for column in columns.values() for cell in column)
    if not any("." in cell and NUMBER.fullmatch(cell) for cell in cells):
        name, row, cell = unclear
        two = f"{cell.replace(',', '')} or {cell.replace(',', '.')}"
        file.refuse(
            f"{cell!r} in column {name!r} on line {file.lines[row]}, which may be {two}",
            "numbers with a point or without commas",
        )
    return ""


def _number(cell: str, comma: str) -> float | None:
    """Return a cell's number, nan if it is missing, None if it is a text."""
    if cell.isascii() and "_" not in cell:
        try:
            return float(cell)
        except ValueError:
            pass
    if cell.lower() in _MISSING:
        return math.nan
    pattern = _DECIMAL_COMMA if comma == "." else _THOUSANDS
    return float(cell.replace(",", comma)) if pattern.fullmatch(cell) else None


def _is_amount(cell: str, comma: str) -> bool:
    """Whether a text is a number but for a sign of currency or percent, as in $1,200 or 5 %."""
    bare = _SIGN.sub("", cell).strip()
    return bare != cell and _number(bare, comma) is not None


def _numbers(file: CsvFile, columns: dict[str, Column], comma: str, hint: str) -> list[Array]:
    """Return columns of numbers, or refuse the first line on which one has none."""
    found, bad = [], []
    for place, (name, column) in enumerate(columns.items()):
        plain = _all_plain(column)
        if plain is not None:
            found.append(plain)
            continue
        numbers = [_number(cell, comma) for cell in column]
        first = next((i for i, v in enumerate(numbers) if v is None or not math.isfinite(v)), None)
        if first is None:
            found.append(np.array(numbers, float))
        else:
            bad.append((first, place, name, numbers[first]))
    if not bad:
        return found
    row, _, name, value = min(bad)
    cell = columns[name][row]
    if value is not None and math.isnan(value):
        _refuse_missing(file, name, columns[name], row)
    signs = "; leave out the signs of currency and percent" if _is_amount(cell, comma) else hint
    expected = f"a number{signs}" if value is None else "a finite number"
    raise file.refusal(f"{cell[:40]!r} in column {name!r} on line {file.lines[row]}", expected)


def _all_plain(column: Column) -> Array | None:
    """Return a column of numbers without commas and gaps, which is read much faster, or None."""
    every = "".join(column)
    if not every.isascii() or "_" in every:
        return None
    try:
        numbers = np.array([*map(float, column)])
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _refuse_missing(file: CsvFile, name: str, column: Column, row: int) -> NoReturn:
    cell = column[row]
    more = sum(other.lower() in _MISSING for other in column) - 1
    others = f" (and {more} more there)" if more else ""
    file.refuse(
        f"no value in column {name!r} on line {file.lines[row]}{f', {cell!r}' if cell else ''}{others}",
        "a number; fill it in, or remove the row or the column",
    )


def _classes(file: CsvFile, target: str, column: Column, comma: str) -> tuple[tuple[str, str], Array]:
    """Return the names of classes 0 and 1, and the class of each row."""
    for row, cell in enumerate(column):
        if cell.lower() in _MISSING:
            _refuse_missing(file, target, column, row)
    numbers = {word: _number(word, comma) for word in set(column)}
    if all(value is not None for value in numbers.values()):
        order = sorted(set(numbers.values()), key=float)  # type: ignore[arg-type]  # none is None here
        labels = [f"{value:g}" for value in order]
        ranks = {word: order.index(value) for word, value in numbers.items() if len(order) == 2}
    else:
        labels = sorted(numbers)
        ranks = {word: i for i, word in enumerate(labels)}
    if len(labels) == 1:
        file.refuse(f"{labels[0]!r} in every row of the target {target!r}", "two classes")
    if len(labels) > 2:
        shown = ", ".join(labels if len(labels) <= 5 else [*labels[:4], "..."])
        file.refuse(
            f"{len(labels)} classes in the target {target!r} ({shown})",
            "two; for a number there is the model linear",
        )
    return (labels[0], labels[1]), np.array([ranks[word] for word in column], float)
