"""`stepsize dialects`: the same rule as every library writes it, with the numbers that distinguish them."""

import argparse
import textwrap
from typing import Any

from stepsize.cli.arguments import Commands, add_command, add_output
from stepsize.cli.output import echo, new_folder, picture_options, print_json, save_picture

HELP = "show how PyTorch, Keras, Optax, TensorFlow 1, a textbook and the papers differ on one rule"
EPILOG = """\
examples:
  stepsize dialects
      the rules that there are entries for
  stepsize dialects adam
      what each source does differently, its first steps and where it ends, computed now
  stepsize dialects "rmsprop with momentum" --json"""


def add(commands: Commands) -> None:
    """Describe the command to the parser."""
    parser = add_command(commands, "dialects", HELP, EPILOG)
    parser.add_argument("rule", nargs="?", help="such as adam, or 'rmsprop with momentum'; without: a list")
    add_output(parser, without="table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare, print, draw."""
    return _list(args) if args.rule is None else _one(args)


def _list(args: argparse.Namespace) -> int:
    from optim.dialects import LIBRARIES, families, family

    rules = {name: [entry.call for entry, _ in family(name)] for name in families()}
    if args.json:
        libraries = {lib.name: {"title": lib.title, "evidence": lib.evidence} for lib in LIBRARIES}
        print_json({"rules": rules, "libraries": libraries})
        return 0
    for name, calls in rules.items():
        echo(textwrap.fill(f"{name:22s} {', '.join(calls)}", 100, subsequent_indent=" " * 23))
    echo()
    for library in LIBRARIES:
        echo(f"{library.name:6s} {library.title}: {library.evidence}")
    echo()
    echo("next: stepsize dialects adam")
    return 0


def _one(args: argparse.Namespace) -> int:
    from stepsize.analysis.dialect_comparison import compare

    picture_options(args)
    comparison = compare(args.rule)
    pictures = []
    if not args.no_picture:
        from stepsize.draw.dialects import trajectory_distance

        name = f"dialects-{comparison.family.replace(' ', '-')}.png"
        target = new_folder(args.out) / name
        picture = trajectory_distance(comparison)
        pictures.append(save_picture(picture, target, picture_options(args)))
    if args.json:
        print_json(comparison.to_dict() | {"pictures": [str(p) for p in pictures]})
        return 0
    echo(f"{comparison.family}: first steps at rate 1; end of {comparison.title}")
    for line in _table(comparison):
        echo(line)
    echo()
    width = max(len(source.call) for source in comparison.sources)
    for source in comparison.sources:
        echo(f"{source.call:{width}s}  {source.use.says}")
    for call, defect in {s.entry.call: s.entry.defect for s in comparison.sources if s.entry.defect}.items():
        echo(textwrap.fill(f"known defect of {call}: {defect}", 100, subsequent_indent="    "))
    echo()
    if pictures:
        echo(f"picture: {pictures[0]}")
    echo("next: the rule itself, such as optim.dialects." + comparison.sources[0].call)
    return 0


def _table(comparison: Any) -> list[str]:
    """Return the numbers, a line a source; the last column is the distance from the first source."""
    head = ("source", "g = 1", "g = 1e-6", "end point", "f", "distance")
    rows: list[tuple[str, ...]] = [head]
    for source in comparison.sources:
        end = "(" + ", ".join(f"{v:.6f}" for v in source.end) + ")"
        distance = "0" if source.distance[-1] == 0 else f"{source.distance[-1]:.1e}"
        steps = [f"{step:.6g}" for step in source.first]
        rows.append((source.call, *steps, end, f"{source.run.fun:.6f}", distance))
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(word.rjust(w) for word, w in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
