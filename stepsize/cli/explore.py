"""`stepsize explore`: a live page, offline, in one file."""

import argparse
import webbrowser
from pathlib import Path
from typing import Any

from stepsize.cli.arguments import (
    OF_FILES,
    add_problem,
    read_optimizer,
    read_problem,
    refuse_without_problem,
)
from stepsize.cli.output import echo
from stepsize.cli.words import whole_number

HELP = "write a live page: every number has a slider, every run can be stepped ahead and back"
EPILOG = """\
examples:
  stepsize explore --open
      a bowl and three rules; every problem, rule and schedule is in the page to choose from
  stepsize explore rosenbrock --optimizer "Adam(lr=0.03)" --optimizer "SGD(lr=0.001)" --open
  stepsize explore "x**2 + 3*y**2" --x0 -5,-2 --optimizer "Momentum(lr=0.1)" --out bowl.html
      a formula of your own

The page is one file that loads nothing: it opens by a double click, without network."""


def add(commands: Any) -> None:
    """Describe the command to the parser."""
    parser = commands.add_parser(
        "explore",
        help=HELP,
        description=HELP,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_problem(parser, optional=True)
    parser.add_argument(
        "--optimizer",
        action="append",
        metavar="EXPR",
        help="such as 'Adam(lr=0.02)'; up to six (default: SGD, Momentum and Adam)",
    )
    parser.add_argument(
        "--steps", type=whole_number, default=300, metavar="N", help="updates, at most 1000 (default 300)"
    )
    parser.add_argument(
        "--out", metavar="FILE", help="a new file (default: explorer.html, or explorer-2.html)"
    )
    parser.add_argument("--open", action="store_true", help="show it in the browser")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the page, and say where it is."""
    from stepsize.explorer import explore

    target = Path("explorer.html" if args.out is None else args.out)
    if args.out is not None and target.exists():
        raise ValueError(f"--out: got {args.out!r}, which exists, expected the name of a new file")
    if not target.absolute().parent.is_dir():
        raise ValueError(f"--out: got {args.out!r}, expected a file in a folder that there is")
    problem, start = None, None
    if args.problem is not None:
        chosen = read_problem(args)
        problem, start = chosen.problem, chosen.start
    else:
        refuse_without_problem(args, ("x0", "target", *OF_FILES))
    optimizers = [read_optimizer(text, "--optimizer") for text in args.optimizer or []]
    page = explore(problem, optimizers, x0=start, steps=args.steps)
    target = page.save(target, if_exists="number" if args.out is None else "refuse")
    echo(f"written: {target}")
    if args.open:
        webbrowser.open(target.absolute().as_uri())
    else:
        echo(f"next: open {target} in a browser, or stepsize explore --open")
    return 0
