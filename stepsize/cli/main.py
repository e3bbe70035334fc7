"""The command `stepsize`."""

import argparse
import importlib
import os
import pkgutil
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

from stepsize import __version__, cli
from stepsize.cli.arguments import read_number
from stepsize.cli.output import echo

__all__ = ["main"]

WORTH_TRYING = """\
stepsize: gradient descent that can be read, seen and checked. Five commands worth trying:

  stepsize race
      the seven optimizers on three problems: which rates settle, crawl, bounce, explode
  stepsize race parabola --optimizer SGD --lr 0.05 --lr 0.2 --lr 1.1
      too small, right, too large, in one picture
  stepsize gallery d2l-12.3-three-rates goh-momentum-map
      textbook figures with their numbers; `stepsize gallery` lists all, --check compares every number
  stepsize explain "Adam(lr=0.1)" quadratic --steps 3
      one update after another as a worked exercise; --blank makes it the worksheet
  stepsize dialects adam
      what PyTorch, Keras, Optax and the papers each call Adam

`stepsize list` names every problem, optimizer, schedule and search;
`stepsize COMMAND --help` explains each."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        print(f"stepsize: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 2 after one sentence on a bad argument."""
    parser = build_parser()
    args = parser.parse_args(_spared(sys.argv[1:] if argv is None else list(argv)))
    if args.command is None:
        echo(WORTH_TRYING)
        return 0
    try:
        return int(args.run(args))
    except BrokenPipeError:  # the reader of our output, such as `head`, has gone
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
        return 0
    except (ValueError, TypeError, OSError) as error:
        print(f"stepsize: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstepsize: interrupted", file=sys.stderr)
        return 130


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with every command found in `stepsize.cli`."""
    parser = _Parser(
        prog="stepsize", description=WORTH_TRYING, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"stepsize {__version__}")
    words = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for module in sorted(pkgutil.iter_modules(cli.__path__), key=lambda m: (m.name != "race", m.name)):
        command = importlib.import_module(f"stepsize.cli.{module.name}")
        if hasattr(command, "add"):
            command.add(words)
    return parser


def _spared(words: list[str]) -> list[str]:
    """Return words so that argparse does not take a start or a formula with a minus for an option."""
    spared: list[str] = []
    for word in words:
        if spared and spared[-1] == "--x0" and word[:1] == "-":
            spared[-1] = f"--x0={word}"
        elif re.fullmatch(r"-[^-].*", word, re.DOTALL) and word != "-h" and read_number(word) is None:
            spared.append(f" {word}")
        else:
            spared.append(word)
    return spared
