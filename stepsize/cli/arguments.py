"""The problem of the command line, a name, an expression, a formula or a file; its optimizers and numbers."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from stepsize.cli.output import add_picture_options
from stepsize.cli.words import read_number, whole_number
from stepsize.core.display import cut

__all__ = [
    "OF_FILES",
    "Chosen",
    "Commands",
    "add_command",
    "add_json",
    "add_output",
    "add_problem",
    "read_number",
    "read_optimizer",
    "read_problem",
    "read_record",
    "refuse_without_problem",
]

WORDS = (
    "a name such as rosenbrock, an expression such as 'Quadratic([1, 50])', a formula such as "
    "'x**2 + 3*y**2', or a CSV file with --target"
)
# The options that say what to do with a file.
OF_FILES = ("model", "standardize", "columns", "drop", "held_out", "held_out_rng")
_TABLES = (".csv", ".tsv", ".txt", ".dat")


class Commands(Protocol):
    """What takes the commands: the sub-parsers of argparse."""

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser:
        """Return the parser of a new command."""
        ...


def add_command(
    commands: Commands, name: str, text: str, epilog: str | None = None
) -> argparse.ArgumentParser:
    """Add a command with its help, and its examples as they are laid out; return its parser."""
    layout = argparse.RawDescriptionHelpFormatter
    return commands.add_parser(name, help=text, description=text, epilog=epilog, formatter_class=layout)


def add_output(parser: argparse.ArgumentParser, without: str | None = None) -> None:
    """Add what a command writes: --size, --dpi, --out, --json, and --no-picture, which leaves `without`."""
    add_picture_options(parser)
    parser.add_argument("--out", metavar="FOLDER", help="where pictures go (default: a new folder)")
    if without is not None:
        parser.add_argument("--no-picture", action="store_true", help=f"only the {without}")
    add_json(parser)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add --json."""
    parser.add_argument("--json", action="store_true", help="print everything as JSON instead")


def add_problem(parser: argparse.ArgumentParser, optional: bool = False) -> None:
    """Describe the problem, its start and what a CSV file needs to the parser."""
    parser.add_argument("problem", nargs="?" if optional else None, help=WORDS)
    parser.add_argument(
        "--x0", metavar="A,B,...", help="the start, for a formula in the order x, y, z (default: its own)"
    )
    parser.add_argument("--target", metavar="COLUMN", help="with a CSV file: what is to be predicted")
    parser.add_argument("--model", metavar="MODEL", help="linear (default) or logistic regression")
    parser.add_argument(
        "--standardize", action="store_true", help="bring every column to mean 0 and deviation 1"
    )
    parser.add_argument("--columns", metavar="A,B,...", help="the columns to predict from (default: all)")
    parser.add_argument("--drop", metavar="A,B,...", help="columns to leave out")
    parser.add_argument(
        "--held-out",
        metavar="SHARE",
        help="with a CSV file: the share of its rows to test on, such as 0.2, or their numbers, 0,3,7",
    )
    parser.add_argument(
        "--held-out-rng", type=whole_number, metavar="SEED", help="seed of the draw of that share (default 0)"
    )


@dataclass(frozen=True)
class Chosen:
    """The problem of the command line.

    Attributes
    ----------
    problem : Problem
        Where.
    start : list of float, or None
        What --x0 says.
    note : str or None
        A line on what was read from a file, or on the gradient of a formula.
    data : dict or None
        What was read from a file, for JSON: the file instead of its numbers.
    """

    problem: Any
    start: list[float] | None
    note: str | None = None
    data: dict[str, Any] | None = None


def read_problem(args: argparse.Namespace) -> Chosen:
    """Return the problem that the arguments describe, or raise a sentence."""
    from problems import Formula
    from stepsize.parsing import parse_problem

    start = None if args.x0 is None else read_numbers("--x0", args.x0)
    if args.target is not None:
        return _of_file(args, start)
    for word in OF_FILES:
        if _is_given(args, word):
            raise ValueError(
                f"--{word.replace('_', '-')}: got it without --target, expected a CSV file and the column to "
                "predict, such as data.csv --target price"
            )
    if Path(args.problem).suffix.lower() in _TABLES:
        raise ValueError(f"--target: got none with {args.problem!r}, expected the column to predict")
    try:
        problem = parse_problem(args.problem)
    except ValueError as error:
        raise ValueError(str(error) if str(error).startswith("formula:") else f"problem: {error}") from None
    if not isinstance(problem, Formula):
        return Chosen(problem, start)
    slopes = ", ".join(problem.gradient_formulas)
    return Chosen(_started(problem, start), start, f"gradient ({slopes})" if len(slopes) <= 100 else None)


def refuse_without_problem(args: argparse.Namespace, words: Sequence[str]) -> None:
    """Refuse options that say something of a problem where there is none."""
    for word in words:
        if _is_given(args, word):
            option = f"--{word.replace('_', '-')}"
            raise ValueError(
                f"{option}: got it without a problem, expected one: stepsize {args.command} PROBLEM "
                f"{option} ..."
            )


def _is_given(args: argparse.Namespace, word: str) -> bool:
    value = getattr(args, word)
    return value is not None and value is not False


def _started(problem: Any, start: list[float] | None) -> Any:
    """Return a formula that starts where the command line says, or refuse it without a start."""
    if start is not None:
        try:
            return problem.replace(start=start)
        except ValueError as error:
            raise ValueError(f"--{error}") from None
    if problem.start is None and problem.x0 is None:
        names = ",".join(name.upper() for name in problem.variables)
        raise ValueError(
            f"--x0: got none, and {problem.formula} is not finite at the customary starts, expected "
            f"--x0 {names}"
        )
    return problem


def _of_file(args: argparse.Namespace, start: list[float] | None) -> Chosen:
    from stepsize.data.csv_problem import read_csv

    def listed(text: str | None) -> list[str] | None:
        return None if text is None else [word.strip() for word in text.split(",")]

    columns, drop = listed(args.columns), listed(args.drop) or ()
    model = args.model or "linear"
    held_out, seed = _held_out(args), args.held_out_rng or 0
    found = read_csv(args.problem, args.target, model, args.standardize, columns, drop, held_out, seed)
    return Chosen(found.problem, start, found.note, found.to_dict())


def _held_out(args: argparse.Namespace) -> Any:
    """Return the share of the rows of a file that is held out, or their numbers."""
    text = args.held_out
    if text is None:
        if args.held_out_rng is not None:
            raise ValueError(
                f"--held-out-rng: got {args.held_out_rng} without --held-out, expected a share such as "
                "--held-out 0.2"
            )
        return 0.0
    numbers = [read_number(word) for word in text.split(",")]
    if len(numbers) == 1 and numbers[0] is not None:
        return numbers[0]
    if any(number is None or not number.is_integer() for number in numbers):
        raise ValueError(
            f"--held-out: got {cut(text, 80)!r}, expected a share of the rows such as 0.2, or their numbers "
            "with commas between them, such as 0,3,7"
        )
    return [int(number or 0) for number in numbers]


def read_optimizer(text: str, option: str = "optimizer") -> Any:
    """Return the optimizer that an argument describes, or raise a sentence that names the argument."""
    from optim import Optimizer

    return read_record(text, Optimizer, option)


def read_record(text: str, kind: Any, option: str, examples: bool = True) -> Any:
    """Return the record of a kind that an argument describes: a bare name in any dress, or an expression."""
    from stepsize.parsing import named, parse

    try:
        found = named(text, kind, examples)
        return parse(text, kind) if found is None else found
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from None


def read_numbers(option: str, text: str) -> list[float]:
    """Return numbers with commas between them, or raise a sentence."""
    numbers = [read_number(word) for word in text.split(",")]
    if None in numbers:
        raise ValueError(
            f"{option}: got {cut(text, 80)!r}, expected numbers with commas between them, such as "
            f"{option} -1.2,1"
        )
    return [number for number in numbers if number is not None]
