"""`stepsize grade`: the exercises of the course, with points and what was written."""

import argparse
import dataclasses
from typing import Any

from stepsize.cli.arguments import Commands, add_command, add_json
from stepsize.cli.output import echo, print_json
from stepsize.cli.words import number
from stepsize.core.validation import require

HELP = "grade exercises of the course: points, and the sentence that says what was written"
EPILOG = """\
examples:
  stepsize grade exercise.py
      the file names its exercise in a line such as: # stepsize exercise: 05-momentum
  stepsize grade handed-in/*.py --json > grades.json
      all of a class
  stepsize grade mine.py --exercise 07-adaptive

Each function runs in a process of its own, for at most --seconds. Of many files, one that is missing or
names no exercise is told, and the others are graded. The command returns 0 if every file has all its
points, and 1 otherwise."""


def add(commands: Commands) -> None:
    """Describe the command to the parser."""
    parser = add_command(commands, "grade", HELP, EPILOG)
    parser.add_argument("files", nargs="+", metavar="FILE", help="what was handed in")
    parser.add_argument("--exercise", metavar="NAME", help="which exercise it is, such as 05-momentum or 05")
    parser.add_argument(
        "--seconds", type=number, default=20.0, metavar="S", help="what a function may take (default 20)"
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Grade each file, and print it as soon as it is known; of many, one that cannot be graded stops none."""
    from stepsize.grading.exercises import find_exercise

    if args.exercise is not None:
        find_exercise(args.exercise)
    require(args.seconds > 0, "seconds", args.seconds, "a number above 0")
    rows = []
    for file in args.files:
        row, told = _graded(file, args)
        rows.append(row)
        if not args.json:
            echo(f"{file}\n{told}" if len(args.files) > 1 else told)
    if args.json:
        print_json(rows)
    return 0 if all(row["points"] == row["most"] > 0 for row in rows) else 1


def _graded(file: str, args: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Return what a file earned, for a table and for a reader."""
    from stepsize.grading.grade import grade

    try:
        found = grade(file, args.exercise, seconds=args.seconds)
    except (ValueError, OSError) as error:
        if len(args.files) == 1:
            raise
        told = str(error)
        nothing = {"points": 0, "most": 0, "exercise": args.exercise, "marks": [], "fault": told}
        return {"file": file, **nothing}, f"not graded: {told}"
    row = {"file": file, "points": found.points, "most": found.most, **dataclasses.asdict(found)}
    return row, str(found)
