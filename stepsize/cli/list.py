"""`stepsize list`: everything there is, with parameters, one line and the file of each."""

import argparse
import dataclasses
import textwrap
from typing import Any

from stepsize.cli.arguments import Commands, add_command, add_json
from stepsize.cli.output import echo, print_json

# Rules that reproduce one library, defects included; its own call is the name to find them by.
UNLISTED = tuple(f"optim.dialects.{n}variants" for n in ("", "adafactor_", "muon_", "optax_"))

# Words with hyphens stay whole: to look for where they may be parted takes longer than all else.
_INDENT = " " * 6
_LINES = textwrap.TextWrapper(
    96 + len(_INDENT), initial_indent=_INDENT, subsequent_indent=_INDENT, break_on_hyphens=False
)

HELP = "list problems, optimizers, schedules, feedback step sizes and line searches: parameters, file"


def add(commands: Commands) -> None:
    """Describe the command to the parser."""
    parser = add_command(commands, "list", HELP)
    parser.add_argument(
        "what",
        nargs="?",
        choices=("problems", "optimizers", "schedules", "feedback", "searches"),
        help="only these",
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the registry."""
    chosen = {kind: rows for kind, rows in catalogue().items() if args.what in (None, kind)}
    if args.json:
        print_json(chosen)
        return 0
    for index, (kind, rows) in enumerate(chosen.items()):
        if index:
            echo()
        echo(f"{kind} ({len(rows)})")
        for row in rows:
            echo(f"  {row['name']}({row['parameters']})")
            echo(_LINES.fill(f"{row['summary']} [{row['file']}]"))
    return 0


def catalogue() -> dict[str, list[dict[str, str]]]:
    """Return name, parameters with defaults, summary and file of every registered class, by kind."""
    import optim
    import problems
    import schedules
    from stepsize.core.record import registered, summary
    from stepsize.parsing import load_public

    load_public()
    kinds: dict[str, Any] = {
        "problems": problems.Problem,
        "optimizers": optim.Optimizer,
        "schedules": schedules.Schedule,
        "feedback": schedules.Feedback,
        "searches": schedules.LineSearch,
    }
    return {
        kind: [
            {
                "name": cls.__name__,
                "parameters": parameters(cls),
                "summary": summary(cls),
                "file": cls.__module__.replace(".", "/") + ".py",
            }
            for cls in registered(base)
            if cls.__module__ not in UNLISTED
        ]
        for kind, base in kinds.items()
    }


def parameters(cls: Any) -> str:
    """Return the parameters of a class as they stand in its signature: ``lr=0.001, beta1=0.9``."""
    words = []
    for field in dataclasses.fields(cls):
        if field.default is dataclasses.MISSING:
            words.append(field.name)
        else:
            default = list(field.default) if isinstance(field.default, tuple) else field.default
            words.append(f"{field.name}={default!r}")
    return ", ".join(words)
