"""`stepsize linesearch`: how far searches go, what they pay for it, and what they tried on a line."""

import argparse
import sys
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

from stepsize.cli.arguments import (
    Commands,
    add_command,
    add_output,
    add_problem,
    read_optimizer,
    read_problem,
    read_record,
)
from stepsize.cli.output import echo, new_folder, picture_options, print_json, save_picture
from stepsize.cli.words import whole_number
from stepsize.core.display import counted
from stepsize.core.limits.memory import refuse_beyond_memory
from stepsize.core.progress import Progress

if TYPE_CHECKING:
    from optim import Optimizer, Run

HELP = "run line searches on a full or mini-batch loss, and draw what they tried on a line"
EPILOG = """\
examples:
  stepsize linesearch rosenbrock --search "StrongWolfe(c2=0.4)" --search "Armijo(growth=2)"
      two searches on a full loss
  stepsize linesearch breast-cancer --search "GOLSI()" --optimizer SGD --batch 50 --sampling dynamic
      a gradient-only search where every trial has a mini-batch of its own
  stepsize linesearch breast-cancer --search ProbabilisticLineSearch --batch 50 --sampling dynamic --update 30
      the posterior of a probabilistic search in update 30
  stepsize linesearch "log(1 + exp(-x)) + 0.1*x**2" --x0 -4 --search Armijo
      a formula of your own

The picture: the loss against evaluations, the steps, one line as each search saw it, and what
mini-batches do to a line. `stepsize list searches` shows all searches."""


def add(commands: Commands) -> None:
    """Describe the command to the parser."""
    parser = add_command(commands, "linesearch", HELP, EPILOG)
    add_problem(parser)
    parser.add_argument(
        "--search",
        action="append",
        metavar="EXPR",
        help="such as 'Armijo(c1=0.1)'; may be given several times (default StrongWolfe)",
    )
    parser.add_argument(
        "--optimizer",
        default="SGD",
        metavar="EXPR",
        help="the direction, such as BFGS or 'Momentum(momentum=0.5)'",
    )
    parser.add_argument(
        "--batch", type=whole_number, metavar="B", help="examples a mini-batch (default: the full loss)"
    )
    parser.add_argument(
        "--sampling",
        choices=("static", "dynamic"),
        help="one mini-batch for a whole line, or a fresh one for every trial (default: as the search wants)",
    )
    parser.add_argument("--steps", type=whole_number, default=200, metavar="N", help="updates (default 200)")
    parser.add_argument(
        "--update", type=whole_number, metavar="N", help="whose line is drawn (default: with most trials)"
    )
    parser.add_argument(
        "--rng", type=whole_number, default=0, metavar="SEED", help="of the mini-batches (default 0)"
    )
    add_output(parser, without="table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Search, print, draw."""
    from optim import minimize
    from optim.recorder import history_bytes

    picture_options(args)
    chosen = read_problem(args)
    whole = chosen.problem
    optimizers = _optimizers(args)
    problems = [_sampled(whole, optimizer.lr, args) for optimizer in optimizers]
    needed = len(optimizers) * history_bytes(args.steps, 1, 1, whole.dim, answers=False)
    size = f"{args.steps} for {counted(len(optimizers), 'run')} of {counted(whole.dim, 'parameter')}"
    refuse_beyond_memory("--steps", size, needed, "fewer")
    progress = Progress(len(optimizers) * args.steps)
    runs = []
    for i, (problem, optimizer) in enumerate(zip(problems, optimizers, strict=True)):
        words = repr(optimizer.lr)
        watched = partial(_count, progress, i * args.steps, words) if progress.wanted else None
        with warnings.catch_warnings(record=True) as notes:
            warnings.simplefilter("always")
            runs.append(minimize(problem, optimizer, chosen.start, args.steps, callback=watched))
        progress.reach((i + 1) * args.steps, words)
        for note in notes:
            print(f"stepsize: {note.message}", file=sys.stderr)
    if args.update is not None and not 0 <= args.update < min(run.nit for run in runs):
        raise ValueError(
            f"--update: got {args.update}, expected one of the updates from 0 to {runs[0].nit - 1}"
        )
    rows = [_row(run) for run in runs]
    progress.reach(len(optimizers) * args.steps, "drawing")
    picture = _draw(args, runs) if not args.no_picture and args.steps else None
    progress.close()
    if args.json:
        told = {"problem": whole.formula, "runs": rows, "picture": picture and str(picture)}
        print_json(told)
        return 0
    echo(f"{problems[0].formula}   {counted(args.steps, 'update')}")
    if chosen.note:
        echo(chosen.note)
    for line in _table(rows):
        echo(line)
    if picture:
        echo(f"picture: {picture}")
    echo(f"next: {_advice(args)}")
    return 0


def _optimizers(args: argparse.Namespace) -> "list[Optimizer]":
    """Return the optimizer once for every search."""
    from schedules import LineSearch

    optimizer = read_optimizer(args.optimizer, "--optimizer")
    searches = [read_record(text, LineSearch, "--search") for text in args.search or ["StrongWolfe"]]
    return [optimizer.replace(lr=search) for search in searches]


def _sampled(whole: Any, search: Any, args: argparse.Namespace) -> Any:
    """Return the problem as the updates are to see it."""
    from problems import MiniBatch

    if args.batch is None:
        if args.sampling:
            raise ValueError(
                f"--sampling: got {args.sampling!r} without --batch, expected its number of examples"
            )
        return whole
    wanted: Any = args.sampling or ("dynamic" if "dynamic" in search.suits else "static")
    try:
        return MiniBatch(whole, args.batch, sampling=wanted, rng=args.rng)
    except (TypeError, ValueError) as error:
        raise ValueError(f"--batch: {str(error).removeprefix('problem: ')}") from None


def _row(run: "Run") -> dict[str, Any]:
    """Return what a run of a search cost and came to."""
    import numpy as np

    status, n_trials = run.history.status, run.history.n_trials
    assert status is not None  # a run of a search has both
    assert n_trials is not None
    words, counts = np.unique(status, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return {
        "search": repr(run.optimizer.lr),
        "updates": run.nit,
        "values": run.nfev,
        "gradients": run.njev,
        "n_trials": round(float(n_trials.mean()), 3) if run.nit else 0.0,
        "step": float(np.median(run.history.lr)) if run.nit else 0.0,
        "loss": float(run.problem.fun(run.last_x)),
        "status": {str(words[i]): int(counts[i]) for i in order},
        "end": run.message,
    }


def _count(progress: Progress, before: int, words: str, info: Any) -> None:
    progress.reach(before + info.n, words)


def _table(rows: list[dict[str, Any]]) -> list[str]:
    head = ("search", "trials an update", "median step", "loss at the end", "how the searches ended")
    cells: list[tuple[str, ...]] = [head]
    for row in rows:
        total = max(sum(row["status"].values()), 1)
        ends = ", ".join(f"{100 * count / total:.0f} % {word}" for word, count in row["status"].items())
        cells.append(
            (row["search"], f"{row['n_trials']:.2f}", f"{row['step']:.3g}", f"{row['loss']:.4g}", ends)
        )
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    return [
        "  ".join(
            c.ljust(w) if i in (0, 4) else c.rjust(w)
            for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def _draw(args: argparse.Namespace, runs: "list[Run]") -> Any:
    from stepsize import draw

    folder = new_folder(args.out)
    picture = draw.searches(runs, args.update)
    return save_picture(picture, folder / "linesearch.png", picture_options(args))


def _advice(args: argparse.Namespace) -> str:
    if args.batch is None:
        return "a mini-batch loss, such as stepsize linesearch breast-cancer --search GOLSI --batch 50"
    if args.sampling == "dynamic":
        return "the same with --sampling static"
    return "the line of another update: --update N; all searches: stepsize list searches"
