"""`stepsize race`: convergence against overshoot, in a table and a picture."""

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any

from stepsize.cli.arguments import (
    OF_FILES,
    Commands,
    add_command,
    add_output,
    add_problem,
    read_optimizer,
    read_problem,
    read_record,
    refuse_without_problem,
)
from stepsize.cli.output import (
    ascii_only,
    echo,
    new_folder,
    picture_options,
    print_json,
    save_picture,
)
from stepsize.cli.words import read_number, whole_number
from stepsize.core.progress import Progress

if TYPE_CHECKING:
    from optim import Optimizer
    from stepsize.experiments.race import Race

HELP = "race optimizers and rates on a problem; without a problem: the seven optimizers on three"
EPILOG = """\
examples:
  stepsize race
      the seven optimizers on a bowl, Rosenbrock's valley and the breast-cancer data
  stepsize race parabola --optimizer SGD --lr 0.05 --lr 0.2 --lr 1.1
      one rule at three rates: too small, right, too large; --animate films them
  stepsize race rosenbrock --optimizer "Adam(lr=0.02)" \\
      --optimizer "SGD(lr=StepDecay(0.002, 0.5, 500))" --steps 2000 --x0 -1.2,1
  stepsize race "x**2 + 3*y**2" --x0 -5,-2 --optimizer SGD --lr 0.1 --lr 0.3 --lr 0.34
      a formula of your own, with its exact gradient: + - * / ** and functions such as exp, log, sin, sqrt,
      abs, max; variables are x, y, z, x1, x2, ..., ordered by the alphabet
  stepsize race data.csv --target price --standardize --optimizer SGD --lr 0.1
      a table of your own: the first line names the columns; --model logistic for two classes, --held-out 0.2
      for the loss over a fifth of its rows, which are not trained on

A run has settled at the first update from which its gap to the minimum stays below the tolerance, a share of
the gap at the start.
An update overshoots when it passes the minimum along the step; that is not bad in itself. The column counts
the updates until a run has settled, or all of one that has not."""


def add(commands: Commands) -> None:
    """Describe the command to the parser."""
    parser = add_command(commands, "race", HELP, EPILOG)
    add_problem(parser, optional=True)
    parser.add_argument(
        "--optimizer",
        action="append",
        metavar="EXPR",
        help="such as 'Adam(lr=0.02)'; may be given several times",
    )
    parser.add_argument(
        "--lr",
        action="append",
        metavar="RATE",
        help="a number or schedule for every optimizer; several times",
    )
    parser.add_argument(
        "--steps", type=whole_number, default=None, metavar="N", help="updates for each run (default 1000)"
    )
    parser.add_argument(
        "--tol",
        default=None,
        metavar="SHARE",
        help="settled means: the error is at most this share of the start's, to the end (default 1e-8)",
    )
    parser.add_argument("--atol", default=None, metavar="ERROR", help="or, instead, at most this error")
    parser.add_argument("--animate", action="store_true", help="also write a film of the runs, as GIF")
    parser.add_argument(
        "--all", action="store_true", help="without a problem: print the table of every problem"
    )
    add_output(parser, without="table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Race, print, draw."""
    picture_options(args)
    if args.animate and args.no_picture:
        raise ValueError("--animate: got it with --no-picture, expected one or the other")
    if args.problem is None:
        return _showcase(args)
    return _single(args)


def _showcase(args: argparse.Namespace) -> int:
    from optim import Optimizer
    from stepsize.experiments.default_races import DEFAULT_RACES
    from stepsize.experiments.race import race
    from stepsize.parsing import parse, parse_problem

    words = ("optimizer", "lr", "steps", "x0", "tol", "atol", "target", *OF_FILES)
    refuse_without_problem(args, words)
    built = [
        (show, parse_problem(show.problem), [parse(text, Optimizer) for text in show.optimizers])
        for show in DEFAULT_RACES
    ]
    drawings = len(built) * (1 + args.animate)
    progress = Progress(sum(len(optimizers) for _, _, optimizers in built) + drawings)
    results = []
    for show, problem, optimizers in built:
        result = race(
            problem,
            optimizers,
            show.steps,
            tol=show.tol,
            on_run=partial(_advance, progress, show.name),
        )
        results.append((show, result))
    pictures = _draw(args, [(show.name, result) for show, result in results], progress)
    progress.close()
    if args.json:
        print_json(
            {
                "races": [{"name": s.name, "why": s.why} | r.to_dict() for s, r in results],
                "pictures": [str(p) for p in pictures],
            }
        )
        return 0
    for index, (show, result) in enumerate(results):
        if index == 0 or args.all:
            echo(f"{show.name} {result.title}")
            echo(result.table(ascii_only()))
            if result.theory_note:
                echo(result.theory_note)
            echo(f"why: {show.why}")
            echo()
    if not args.all:
        for show, result in results:
            echo(f"{show.name:13s} {result.summary()}")
        echo()
    if pictures:
        echo(f"pictures: {', '.join(str(p) for p in pictures)}")
    others = "" if args.all else "stepsize race --all   (every table)   or   "
    echo(f"next: {others}stepsize race parabola --optimizer SGD --lr 0.05 --lr 0.2 --lr 1.1")
    return 0


def _single(args: argparse.Namespace) -> int:
    from optim.start import validate_problem_and_start
    from stepsize.experiments.race import race

    chosen = read_problem(args)
    problem = chosen.problem
    optimizers = _optimizers(args)
    steps = 1000 if args.steps is None else args.steps
    if steps < 1:
        raise ValueError(f"--steps: got {steps}, expected at least 1 update to race")
    tol = 1e-8 if args.tol is None else _tolerance("tol", args.tol)
    atol = None if args.atol is None else _tolerance("atol", args.atol)
    progress = Progress(len(optimizers) + 1 + args.animate)
    validate_problem_and_start(problem, optimizers[0], chosen.start)
    if not args.json:
        _warn(problem, optimizers)
    result = race(
        problem,
        optimizers,
        steps,
        x0=chosen.start,
        tol=tol,
        atol=atol,
        on_run=lambda _: progress.advance(),
    )
    pictures = _draw(args, [(type(problem).__name__.lower(), result)], progress)
    progress.close()
    if args.json:
        described = {"problem": chosen.data} if chosen.data else {}
        print_json(result.to_dict() | described | {"pictures": [str(p) for p in pictures]})
        return 0
    echo(result.title)
    if chosen.note:
        echo(chosen.note)
    echo(result.table(ascii_only()))
    if result.theory_note:
        echo(result.theory_note)
    echo(f"why: {_reason(result)}")
    if pictures:
        echo(f"picture: {', '.join(str(p) for p in pictures)}")
    unscaled = chosen.data is not None and not chosen.data["standardize"]
    settled = any(found.settled is not None for found in result.diagnoses)
    echo(f"next: {_advice(result)}" + ("; or --standardize" if unscaled and not settled else ""))
    return 0


def _warn(problem: Any, optimizers: "list[Optimizer]") -> None:
    """Say before it runs which rates theory knows to be too large."""
    from stepsize.experiments.race import theory_of

    for optimizer in optimizers:
        told = theory_of(problem, optimizer)
        if told is not None and told.rate >= 1:
            echo(f"theory: {optimizer!r}: {told.sentence}")


def _advance(progress: Progress, name: str, _: object) -> None:
    progress.advance(name)


def _draw(args: argparse.Namespace, results: "list[tuple[str, Race]]", progress: Progress) -> list[Any]:
    if args.no_picture:
        return []
    from stepsize import draw

    sized, folder = picture_options(args), new_folder(args.out)
    pictures = []
    for name, result in results:
        picture = draw.race(result, size=sized["size"])
        pictures.append(save_picture(picture, folder / f"{name}.png", sized))
        progress.advance(f"drawing {name}")
        if args.animate:
            from stepsize.draw.animation import filmed

            film = result.animate(**filmed(sized))
            pictures.append(film.save(folder / f"{name}-film.gif", if_exists="number"))
            progress.advance(f"filming {name}")
    return pictures


def _optimizers(args: argparse.Namespace) -> "list[Optimizer]":
    """Return the optimizers of the command line, each at every rate that --lr gives."""
    chosen = [read_optimizer(text, "--optimizer") for text in args.optimizer or ["SGD"]]
    if not args.lr:
        return chosen
    rates = [_rate(text) for text in args.lr]
    return [optimizer.replace(lr=lr) for optimizer in chosen for lr in rates]


def _rate(text: str) -> Any:
    """Return the number, schedule, feedback rate or line search that an argument describes."""
    from schedules import Feedback, LineSearch, Schedule
    from stepsize.core.record import Record

    number = read_number(text)
    if number is not None:
        return number
    if text.strip().lstrip("+-").lower() in ("nan", "inf", "infinity"):
        raise ValueError(f"--lr: got {text}, expected a number such as 0.1, or a schedule")
    try:
        rate = read_record(text, Record, "--lr", examples=False)
    except ValueError as error:
        words = str(error).replace("expected a record", "expected a number such as 0.1, or a schedule")
        raise ValueError(words) from None
    if not isinstance(rate, Schedule | Feedback | LineSearch):
        raise ValueError(f"--lr: got {text!r}, expected a number, schedule, feedback rate or line search")
    return rate


def _tolerance(option: str, text: str) -> float:
    text = text.strip()
    tol = read_number(text)
    if tol is None or tol <= 0:
        raise ValueError(f"--{option}: got {text!r}, expected a number above 0, such as 1e-6")
    return tol


def _reason(result: "Race") -> str:
    """Return why the last run that did not settle did not, or why the first did."""
    pairs = list(zip(result.runs, result.diagnoses, strict=True))
    failed = [pair for pair in pairs if pair[1].settled is None]
    run, found = failed[-1] if failed else pairs[0]
    return f"{run.optimizer!r}: {found.reason}"


def _advice(result: "Race") -> str:
    """Return what to try after this race."""
    verdicts = [found.verdict for found in result.diagnoses]
    L, mu = result.problem.L, result.problem.mu
    if all(v.startswith("diverg") for v in verdicts):
        return (
            f"a smaller rate; for SGD anything below 2/L = {2 / L:.3g} converges"
            if L
            else "a rate ten times smaller"
        )
    if all(not run.history.lr.any() for run in result.runs):
        return "a rate above 0"
    if all(v == "still crawling" for v in verdicts) and all(f.overshoot > 0.5 for f in result.diagnoses):
        return "more updates, or a smaller rate: most updates overshot"
    if all(v == "still crawling" for v in verdicts):
        best = f"; SGD is fastest at 2/(L+mu) = {2 / (L + mu):.3g}" if L and mu else ""
        return f"a larger rate, or more updates{best}"
    if any(v == "failed" for v in verdicts):
        return "check_gradient, which compares a gradient with differences of its function"
    if any(v == "frozen" for v in verdicts):
        return "a schedule that decays more slowly"
    if any(v == "bouncing" for v in verdicts):
        return 'a rate that decays, such as --lr "Exponential(RATE, 0.01)", lets a bouncing run settle'
    return "the other problems and optimizers: stepsize list"
