"""`stepsize grade`: the exercises of the course, with points and what was written."""

import argparse
import dataclasses

from stepsize.cli.arguments import Commands, add_command, add_json
from stepsize.cli.output import echo, print_json
from stepsize.cli.words import number

HELP = "grade exercises of the course: points, and the sentence that says what was written"
EPILOG = """\
examples:
  stepsize grade exercise.py
      the file names its exercise in a line such as: # stepsize exercise: 05-momentum
  stepsize grade handed-in/*.py --json > grades.json
      all of a class
  stepsize grade mine.py --exercise 07-adaptive

Each function runs in a process of its own, for at most --seconds. The command returns 0 if every
file has all its points, and 1 otherwise."""


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
    """Grade each file, and print it as soon as it is known."""
    from stepsize.grading.grade import grade

    rows = []
    for file in args.files:
        found = grade(file, args.exercise, seconds=args.seconds)
        rows.append({"file": file, "points": found.points, "most": found.most, **dataclasses.asdict(found)})
        if not args.json:
            echo(f"{file}\n{found}" if len(args.files) > 1 else str(found))
    if args.json:
        print_json(rows)
    return 0 if all(row["points"] == row["most"] for row in rows) else 1
