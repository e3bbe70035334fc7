"""`stepsize schedule`: what a schedule's rate is at each update, in a table, a sparkline and a picture."""

import argparse
import math
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stepsize.cli.arguments import Commands, add_command, add_output, read_record
from stepsize.cli.output import (
    ascii_only,
    echo,
    new_folder,
    picture_options,
    print_json,
    save_picture,
)
from stepsize.cli.words import read_number, whole_number
from stepsize.core.limits.memory import refuse_beyond_memory

if TYPE_CHECKING:
    from schedules import Schedule

HELP = "show what a schedule does, update by update; several expressions overlay"
EPILOG = """\
examples:
  stepsize schedule "Cosine(0.1, steps=100).warmup(10)" --steps 120
      a table, a sparkline and a picture
  stepsize schedule "InverseTime(0.1, d=0.05)" "TimeBased(0.1, d=0.05)"
      two formulas that go by one name
  stepsize schedule "StepDecay(0.1, 0.5, 10) * UntunedLinear(0.9)"
      any product, sum and sequence: *, +, .then(..., at=N), .warmup(W), .cooldown(D, at=N), .floor(v),
      .cap(v), .delay(k), .skip(k), .repeat(P), .per_epoch(K)
  stepsize schedule --all
      every schedule there is, on one sheet
  stepsize schedule step-decay
      one of them: a bare name stands for the class with its defaults, or with those of the sheet

n counts updates from 0. The rate of update n is the one that takes x_n to x_(n+1)."""

_BARS = "▁▂▃▄▅▆▇█"
_ASCII_BARS = "_.,-=+*#"


def add(commands: Commands) -> None:
    """Describe the command to the parser."""
    parser = add_command(commands, "schedule", HELP, EPILOG)
    parser.add_argument(
        "expression", nargs="*", metavar="EXPR", help="such as 'Cosine(0.1, steps=100).warmup(10)'"
    )
    parser.add_argument(
        "--steps",
        type=whole_number,
        default=None,
        metavar="N",
        help="updates to show (default: past the end)",
    )
    parser.add_argument("--all", action="store_true", help="every schedule there is, on one sheet")
    add_output(parser, without="table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Tabulate, print, draw."""
    if args.steps is not None and args.steps < 1:
        raise ValueError(f"--steps: got {args.steps}, expected a whole number of at least 1")
    if args.all and args.expression:
        raise ValueError(f"--all: got it with {args.expression[0]!r}, expected it alone or expressions alone")
    if not (args.all or args.expression):
        raise ValueError(
            'got no expression, expected one, such as stepsize schedule "Cosine(0.1, steps=100)"'
        )
    picture_options(args)
    chosen = _everything() if args.all else [_read(text) for text in args.expression]
    longest = max(_shown(one, args.steps) for one in chosen)
    # Each as a table, and as the line of a picture.
    refuse_beyond_memory("--steps", f"{longest} updates to show", 80 * longest, "fewer, such as --steps 1000")
    picture = _draw(args, chosen)
    if args.json:
        print_json(
            {"schedules": [_facts(s, args.steps) for s in chosen], "picture": picture and str(picture)}
        )
        return 0
    if args.all:
        for one in chosen:
            bars = sparkline(one.table(_shown(one, args.steps)), 30)
            echo(
                f"{type(one).__name__:22s} {bars}  {textwrap.shorten(one.describe(), 90, placeholder=' ...')}"
            )
    else:
        _tell(chosen, args.steps)
    if picture:
        echo(f"picture: {picture}")
    other = '"EXPR * EXPR", "EXPR.then(EXPR, at=N)"' if args.all else "stepsize schedule --all"
    echo(f"next: {other}   or   stepsize race rosenbrock --optimizer Adam --lr EXPR")
    return 0


def sparkline(values: Any, width: int = 60) -> str:
    """Return values as a line of bars from 0 (or the lowest, if below) up; each is the mean of its share.

    Examples
    --------
    >>> len(sparkline(np.linspace(0, 1, 200), 20))
    20
    """
    bars = _ASCII_BARS if ascii_only() else _BARS
    shares = np.array_split(np.asarray(values, dtype=float), min(width, len(values)))
    heights = np.array([share.mean() for share in shares])
    low, high = min(float(heights.min()), 0.0), float(heights.max())
    if not math.isfinite(high - low) or high == low:
        return bars[0] * len(heights)
    return "".join(bars[min(int((h - low) / (high - low) * len(bars)), len(bars) - 1)] for h in heights)


def _read(text: str) -> Any:
    from schedules import PerRun, Schedule, as_schedule

    number = read_number(text)
    if number is None and text.strip().lower() in ("nan", "inf", "-inf"):
        number = float(text)  # which no schedule takes
    if number is None:
        value: Any = read_record(text, Schedule, "schedule")
    else:
        try:
            value = as_schedule(number)
        except ValueError as error:
            raise ValueError(f"schedule: {error}") from None
    if isinstance(value, PerRun):
        raise ValueError(f"schedule: got {text!r}, expected one schedule; rows are for batches")
    return value


def _everything() -> "list[Schedule]":
    """Return an instance of every schedule that stands for itself."""
    from schedules import FromFunction, PerRun, Phases, Recursion, Schedule
    from stepsize.core.record import registered
    from stepsize.parsing import example_of

    not_for_updates = (Phases, FromFunction, Recursion, PerRun)
    return [
        example_of(cls)
        for cls in registered(Schedule)
        if cls.__module__.startswith("schedules.") and cls not in not_for_updates
    ]


def _shown(schedule: "Schedule", steps: int | None) -> int:
    """Return how many updates to show of a schedule: a quarter more than it takes to its end."""
    return steps or (max(40, math.ceil(1.25 * schedule.horizon)) if schedule.horizon else 100)


def _facts(schedule: "Schedule", steps: int | None) -> dict[str, Any]:
    T = _shown(schedule, steps)
    return {
        "schedule": schedule.to_dict(),
        "formula": _formula(schedule),
        "latex": _formula(schedule, latex=True),
        "values": schedule.table(T).tolist(),
        "total": schedule.total(T),
        "total_sq": schedule.total_sq(T),
        "horizon": schedule.horizon,
        "robbins_monro": schedule.robbins_monro,
    }


def _formula(schedule: "Schedule", latex: bool = False) -> str | None:
    """Return the schedule in one line of mathematics, or None where it is nested too deep for that."""
    try:
        return str(schedule.describe(latex=latex))
    except ValueError as error:
        if not str(error).startswith("describe: "):
            raise
        return None


def _tell(chosen: "list[Schedule]", steps: int | None) -> None:
    T = max(_shown(s, steps) for s in chosen)
    names = [chr(ord("A") + i) if i < 26 else f"#{i + 1}" for i in range(len(chosen))]
    for name, schedule in zip(names, chosen, strict=True):
        echo(f"{name}  {schedule!r}")
        echo(f"   {sparkline(schedule.table(T))}  n = 0 ... {T - 1}")
        echo(f"   rate = {_formula(schedule) or 'a formula that no line can hold'}")
        echo(f"   {_remarks(schedule, T)}")
    echo()
    echo(f"{'n':>7s}" + "".join(f"{name:>13s}" for name in names))
    for n in _rows(chosen, T):
        echo(f"{n:7d}" + "".join(f"{schedule(n):13.6g}" for schedule in chosen))
    echo()


def _remarks(schedule: "Schedule", T: int) -> str:
    words = [f"sum over these {schedule.total(T):.5g}, of squares {schedule.total_sq(T):.5g}"]
    end = schedule.horizon
    if end:
        words.append(f"holds {schedule(end):.5g} from n = {end} on")
    verdict = {
        True: "sums to infinity, its squares do not (Robbins-Monro)",
        False: "does not meet Robbins and Monro's conditions",
        None: "",
    }[schedule.robbins_monro]
    return "; ".join(words + [verdict] * bool(verdict))


def _rows(chosen: "list[Schedule]", T: int) -> list[int]:
    """Return the updates that tell the story: evenly spread, the ends, and where schedules settle."""
    rows = {0, 1, 2, T - 1, *(round(T * i / 10) for i in range(1, 10))}
    for schedule in chosen:
        if schedule.horizon is not None:
            rows |= {schedule.horizon - 1, schedule.horizon, schedule.horizon + 1}
    return sorted(n for n in rows if 0 <= n < T)


def _draw(args: argparse.Namespace, chosen: "list[Schedule]") -> Path | None:
    if args.no_picture:
        return None
    from stepsize import draw

    sheet = draw.schedules(chosen, args.steps, overlay=not args.all)
    target = new_folder(args.out) / ("schedules.png" if args.all else "schedule.png")
    return save_picture(sheet, target, picture_options(args))
