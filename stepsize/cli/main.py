"""The command `stepsize`."""

import argparse
import importlib
import os
import pkgutil
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from stepsize import __version__, cli
from stepsize.cli.output import complain, echo, refusal_or_defect
from stepsize.cli.words import read_number
from stepsize.core.display import cut
from stepsize.core.validation import did_you_mean

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
    """A parser whose errors are one sentence.

    Attributes
    ----------
    commands : dict of str to parser
        Those of the commands that were added to it.
    """

    commands: "dict[str, _Parser]"

    def words(self) -> list[str]:
        """Return the options, as they are typed in full."""
        return [word for word in self._option_string_actions if word.startswith("--")]

    def refuse(self, left: list[str]) -> NoReturn:
        """Refuse what none of the arguments takes, with the option that is nearest to the first."""
        word = left[0].strip().partition("=")[0]
        hint = did_you_mean(word, self.words()) if word.startswith("-") else ""
        if hint:
            self.error(f"option: got {word!r}{hint}")
        self.error(f"unrecognized arguments: {' '.join(map(str.strip, left))}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse what is none of the choices, with the one that is nearest."""
        if action.choices is None or value in action.choices:
            return
        words = [str(choice) for choice in action.choices]
        name = action.metavar or (action.option_strings or [action.dest])[-1]
        hint = did_you_mean(str(value), words) or f", expected one of {', '.join(words)}"
        raise argparse.ArgumentError(None, f"{name}: got {cut(str(value), 80)!r}{hint}")

    def error(self, message: str) -> NoReturn:
        complain(f"{cut(message.removeprefix('argument '), 300)}; see {self.prog} --help")
        raise SystemExit(2)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns
    -------
    int
        0; 1 where figures of the gallery miss their numbers; 2 after one sentence on a bad argument, a file
        that cannot be read or written, or too little memory; 70 after one sentence on a defect of this
        program; 130 after an interrupt.
    """
    command: Any = None
    args = argparse.Namespace()
    try:
        given = sys.argv[1:] if argv is None else list(argv)
        parser = build_parser(given)
        args, left = parser.parse_known_args(_spared(given))
        command = parser.commands.get(args.command or "", parser)
        if left:
            command.refuse(left)
        if args.command is None:
            echo(WORTH_TRYING)
            return 0
        return int(args.run(args))
    except BrokenPipeError:  # the reader of our output, such as `head`, has gone
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
        return 0
    except KeyboardInterrupt:
        print(file=sys.stderr)  # a line for the ^C of the terminal
        complain("interrupted")
        return 130
    except Exception as error:
        return refusal_or_defect(error, () if command is None else _options_in_use(command, args))


def _options_in_use(command: _Parser, args: argparse.Namespace) -> list[str]:
    """Return the options of a command that have a value, so that sentences on that are about them."""
    return [word for word in command.words() if getattr(args, word[2:].replace("-", "_"), None) is not None]


def build_parser(given: Sequence[str] = ()) -> _Parser:
    """Return the parser with every command found in `stepsize.cli`, or with the one that is given first."""
    parser = _Parser(
        prog="stepsize", description=WORTH_TRYING, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"stepsize {__version__}")
    words = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for command in load_commands(given):
        command.add(words)
    parser.commands = dict(words.choices)
    return parser


def load_commands(given: Sequence[str] = ()) -> list[Any]:
    """Return every module in `stepsize.cli` that is a command, `race` first; or the one that is given first.

    `stepsize.__main__` calls this while it minds interrupts: to be loaded takes a command most of its time.
    """
    names = sorted((m.name for m in pkgutil.iter_modules(cli.__path__)), key=lambda n: (n != "race", n))
    for some in ([n for n in names if n.replace("_", "-") == "".join(given[:1])], names):
        modules = [importlib.import_module(f"stepsize.cli.{name}") for name in some]
        commands = [module for module in modules if hasattr(module, "add")]
        if commands:
            break
    return commands


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
