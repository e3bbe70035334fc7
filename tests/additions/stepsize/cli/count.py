"""`stepsize count`: how many classes there are of each kind."""

import argparse
from typing import Any

from stepsize.cli.output import echo

HELP = "count the problems, optimizers and schedules"


def add(commands: Any) -> None:
    """Describe the command to the parser."""
    commands.add_parser("count", help=HELP, description=HELP).set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print a line a kind."""
    from stepsize.cli.list import catalogue

    for kind, rows in catalogue().items():
        echo(f"{kind} {len(rows)}")
    return 0
