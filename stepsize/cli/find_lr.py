"""`stepsize find-lr`: the best rate for a budget, the edge beyond which the loss grows, what ramps say."""

import argparse
from typing import Any

from stepsize.cli.arguments import (
    Commands,
    add_command,
    add_output,
    add_problem,
    read_optimizer,
    read_problem,
)
from stepsize.cli.output import echo, new_folder, picture_options, print_json, save_picture
from stepsize.cli.words import whole_number
from stepsize.core.display import finite_or_none
from stepsize.core.progress import Progress

HELP = "find the best rate for a budget and the rate beyond which the loss grows"
EPILOG = """\
examples:
  stepsize find-lr breast-cancer --optimizer Adam
      every rate starts anew; beside it the popular finders, whose rate climbs within one run
  stepsize find-lr "Quadratic([1, 100])" --optimizer SGD --steps 300
      where theory knows the answer: the edge is 2/L, the best 2/(L+mu)
  stepsize find-lr rosenbrock --optimizer "Momentum(momentum=0.5)" --json
  stepsize find-lr "x**2 + 3*y**2" --x0 -5,-2 --steps 50
      a formula of your own"""


def add(commands: Commands) -> None:
    """Describe the command to the parser."""
    parser = add_command(commands, "find-lr", HELP, EPILOG)
    add_problem(parser)
    parser.add_argument(
        "--optimizer", default="SGD", metavar="EXPR", help="such as Adam or 'Momentum(momentum=0.5)'"
    )
    parser.add_argument(
        "--steps", type=whole_number, default=100, metavar="N", help="the budget (default 100)"
    )
    parser.add_argument(
        "--seeds", type=whole_number, metavar="N", help="for mini-batches and noise: how many seeds"
    )
    parser.add_argument(
        "--rng", type=whole_number, default=0, metavar="SEED", help="source of the seeds (default 0)"
    )
    add_output(parser, without="numbers")
    parser.set_defaults(run=run)


COUNTS = (50, 100, 300, 1000)
# The length of the ramps that are disturbed.
DISTURBED = 300


def run(args: argparse.Namespace) -> int:
    """Find, print, draw."""
    from stepsize.experiments.lr_finder.find_lr import find_lr

    picture_options(args)
    chosen, optimizer = read_problem(args), read_optimizer(args.optimizer, "--optimizer")
    progress = Progress(0)
    found = find_lr(
        chosen.problem,
        optimizer,
        args.steps,
        x0=chosen.start,
        seeds=args.seeds,
        rng=args.rng,
        on_progress=progress.advance,
    )
    progress.advance("the popular finders run their ramps")
    said, moved = found.classical(COUNTS), found.disturbed(DISTURBED)
    picture = None if args.no_picture else _draw(args, found)
    progress.close()
    if args.json:
        numbers = {name: getattr(found, name) for name in _NUMBERS}
        print_json(
            {name: v if isinstance(v, int) else finite_or_none(v) for name, v in numbers.items()}
            | {"confidence": [finite_or_none(value) for value in found.confidence], "theory": found.known}
            | {
                "ramps": {"lengths": list(COUNTS)}
                | {n: [finite_or_none(v) for v in rates] for n, rates in said.items()}
            }
            | {
                "disturbed": {"length": DISTURBED}
                | {
                    name: {
                        kind: [finite_or_none(v) for v in getattr(one, kind)] for kind in ("noise", "outlier")
                    }
                    for name, one in moved.items()
                }
            }
            | {"picture": None if picture is None else str(picture)}
        )
        return 0
    for line in [*found.lines(), *([chosen.note] if chosen.note else [])]:
        echo(line)
    echo()
    heads = f"{f'{DISTURBED}, losses off by 5 %':>27}{f'{DISTURBED}, one loss tenfold':>27}"
    echo(f"{'popular finders, ramps of':<26}" + "".join(f"{count:>9}" for count in COUNTS) + heads)
    for name, rates in said.items():
        spans = (f"{low:.2g} to {high:.2g}" for low, high in moved[name][1:])
        echo(f"{name:<26}" + "".join(f"{r:>9.2g}" for r in rates) + "".join(f"{span:>27}" for span in spans))
    echo("why: the weights move while the rate climbs, so the answer moves with the length of the ramp;")
    echo("     and a rule that reads one point of a curve reads its noise")
    if picture is not None:
        echo(f"picture: {picture}")
    return 0


_NUMBERS = (
    *("best", "low", "high", "as_fast", "share", "jitter", "error", "steps"),
    *("edge", "edge_steps", "budget_edge", "first_above", "ends_below"),
)


def _draw(args: argparse.Namespace, found: Any) -> Any:
    from stepsize import draw

    name = f"find-lr-{type(found.problem).__name__.lower()}.png"
    picture: Any = draw.found_rate(found, counts=COUNTS).figure
    return save_picture(picture, new_folder(args.out) / name, picture_options(args))
