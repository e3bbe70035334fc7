"""Several optimizers, or one at several rates, on the same problem from the same start."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim import Optimizer, Run, minimize
from optim.recorder import history_bytes
from stepsize.analysis.diagnosis import Diagnosis, diagnose
from stepsize.analysis.prediction import Prediction, observed_rate, predict
from stepsize.core.display import counted, finite_or_none
from stepsize.core.hooks import call_hook
from stepsize.core.limits.memory import refuse_beyond_memory
from stepsize.core.protocols import SupportsGradient
from stepsize.core.validation import as_count, describe_value
from stepsize.experiments.labels import optimizer_label, rate_label, sparkline, start_label, thinned
from stepsize.experiments.rate_labels import common_error, rate_words

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Race", "race"]

Array = np.ndarray[Any, Any]

# Lines that `print` shows of a table.
_MOST_LINES = 30


@dataclass(frozen=True, eq=False)
class Race:
    """What `race` returns: the runs, each with its diagnosis, and the table of them.

    Attributes
    ----------
    problem : Problem
        Where they ran.
    runs : tuple of Run
        In the order given.
    diagnoses : tuple of Diagnosis
        One a run.
    predictions : tuple of Prediction or None
        What theory said of each before it ran; None where it is silent.
    steps : int
        The budget.
    tol : float
        What counts as settled, as a share of the error at the start.
    atol : float or None
        Instead, an absolute error, if one was asked for.
    """

    problem: Any
    runs: tuple[Run, ...]
    diagnoses: tuple[Diagnosis, ...]
    predictions: tuple[Prediction | None, ...]
    steps: int
    tol: float
    atol: float | None = None

    @property
    def tolerance(self) -> float:
        """The error that counts as solved, in the units of the loss (or of the gradient)."""
        lasting = [found.tolerance for found in self.diagnoses if not found.verdict.startswith("diverg")]
        if lasting:
            return min(lasting)
        # What rounding hides grows without bound along a run that diverges: it says nothing of the others.
        # All begin at the same point.
        return self.atol if self.atol is not None else self.tol * abs(float(self.runs[0].error[0]))

    @property
    def title(self) -> str:
        """The problem, the start, the budget, and what theory says of rates."""
        start = np.array(self.runs[0].history.x[0])
        where = start_label(start, getattr(self.problem, "variables", ()))
        limit = f"   2/L = {2 / self.problem.L:.3g}" if self.problem.L else ""
        what = self.runs[0].measure
        bound = f"{self.tol:.0e} of the start's" if self.atol is None else f"{self.atol:.0e}"
        return (
            f"{self.problem.formula}{where}   {counted(self.steps, 'update')}{limit}   "
            f"settled = {what} <= {bound} to the end"
        )

    @property
    def rate_words(self) -> tuple[str | None, ...]:
        """Where one rule runs at several rates, what each is beside the best: too small, right, too large."""
        return rate_words(self.runs, self.diagnoses, self.tolerance)

    @property
    def rate_goal(self) -> str | None:
        """Where such words say "5 times as long": down to which error, which all came down to for good."""
        goal = common_error(self.runs, self.diagnoses, self.tolerance)
        return None if goal is None else f"to a {self.runs[0].measure} of {goal:.2g}"

    @property
    def rate_heading(self) -> str:
        """The heading of the column of `rate_words`, with the error to which the updates are counted."""
        return "beside the others" + (f", {self.rate_goal}" if self.rate_goal else "")

    @property
    def theory_note(self) -> str | None:
        """Of what the columns predicted and observed are the factors; None where theory is silent."""
        if not any(self.predictions):
            return None
        return "predicted, observed: factor of the distance to the minimum, a step; the gap has its square"

    def table(self, ascii_only: bool = False) -> str:
        """Return the table as text, a row a run.

        Optimizer, rate, settled, overshoot (the share of the updates until then, or of all where the run has
        not settled), final error, its course, verdict; where one rule runs at several rates, what each is
        beside the best, and down to which error their updates are counted; where theory has a word on one
        of the runs, the factor of the distance to the minimum, a step, predicted and observed; and where the
        problem holds examples out, the last training loss, the last loss over those held out, and where that
        was lowest.
        """
        what = self.runs[0].measure
        head = ("settled", "overshoot", f"final {what}", f"{what} over time")
        held_out = ("training", "held out", "lowest") if self.runs[0].has_held_out else ()
        head = (*head[:3], *held_out, head[3])
        theory = any(self.predictions)
        words = self.rate_words
        last = (self.rate_heading,) if any(words) else ()
        rows: list[tuple[str, ...]] = [
            ("optimizer", "lr", *(("predicted", "observed") if theory else ()), *head, *last, "verdict")
        ]
        for run, found, told, word in zip(self.runs, self.diagnoses, self.predictions, words, strict=True):
            rows.append(
                (
                    optimizer_label(run.optimizer),
                    rate_label(run.optimizer, self.problem),
                    *((told.factors(run) if told else ("-", "-")) if theory else ()),
                    "-" if found.settled is None else str(found.settled),
                    f"{100 * found.overshoot:.0f} %",
                    "-" if found.verdict.startswith("diverg") else f"{found.error:.1e}",
                    *(held_out_words(run) if held_out else ()),
                    sparkline(run.error, self.steps, self.tolerance, ascii_only),
                    *((word or "-",) if last else ()),
                    found.verdict,
                )
            )
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        right = set(range(2, len(rows[0]) - 2 - len(last)))
        lines = (
            "  ".join(
                c.rjust(w) if i in right else c.ljust(w)
                for i, (c, w) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        )
        return "\n".join(line.rstrip() for line in lines)

    def summary(self) -> str:
        """Return one line: who settled first, how many settled, crossed, bounced, diverged."""
        settled = [
            (found.settled, run)
            for run, found in zip(self.runs, self.diagnoses, strict=True)
            if found.settled is not None
        ]
        counts: dict[str, int] = {}
        for found in self.diagnoses:
            word = found.verdict.partition(",")[0]
            counts[word] = counts.get(word, 0) + 1
        words = ", ".join(f"{number} {word}" for word, number in counts.items())
        if not settled:
            return f"{counted(len(self.runs), 'run')}: {words}"
        at, first = min(settled, key=lambda pair: pair[0])
        return (
            f"{counted(len(self.runs), 'run')}: {words}; first {optimizer_label(first.optimizer)} with "
            f"lr {rate_label(first.optimizer, self.problem)} at update {at}"
        )

    def animate(self, path: str | os.PathLike[str] | None = None, **options: Any) -> Any:
        """Film the runs side by side on one landscape; everything else is as in `Run.animate`."""
        return call_hook("animate", self, path, **options)

    def explore(self) -> Any:
        """Return a live page with the runs in it; everything else is as in `Run.explore`."""
        return call_hook("explore", self)

    def __repr__(self) -> str:
        return f"Race({self.problem.formula}: {self.summary()})"

    def __str__(self) -> str:
        lines = self.table().split("\n")
        if len(lines) > _MOST_LINES:
            left = f"... and {len(lines) - _MOST_LINES} more; race.table() has them all"
            lines = [*lines[:_MOST_LINES], left]
        note = [self.theory_note] if self.theory_note else []
        return "\n".join([self.title, *lines, *note, self.summary()])

    def _repr_html_(self) -> str:
        return str(call_hook("race_html", self))

    def to_dict(self) -> dict[str, Any]:
        """Return the race as standard JSON values; what is not finite is None."""
        return {
            "problem": _described(self.problem),
            "formula": self.problem.formula,
            "L": finite_or_none(self.problem.L),
            "mu": finite_or_none(self.problem.mu),
            "minimum": finite_or_none(self.problem.minimum),
            "x0": self.runs[0].history.x[0].tolist(),
            "steps": self.steps,
            "tol": None if self.atol is not None else self.tol,
            "tolerance": self.tolerance,
            "measure": self.runs[0].measure,
            "beside_the_others_to": common_error(self.runs, self.diagnoses, self.tolerance),
            "runs": [
                {
                    "optimizer": _described(run.optimizer),
                    "theory": told and told.sentence,
                    "predicted": told and finite_or_none(told.rate),
                    "observed": told and finite_or_none(observed_rate(run)),
                    "name": optimizer_label(run.optimizer),
                    "lr": rate_label(run.optimizer, self.problem),
                    "verdict": found.verdict,
                    "reason": found.reason,
                    "beside_the_others": word,
                    "settled": found.settled,
                    "overshoot": found.overshoot,
                    "uphill": found.uphill,
                    "error": finite_or_none(found.error),
                    "best_error": finite_or_none(found.best_error),
                    **({"held_out": held_out_numbers(run)} if run.has_held_out else {}),
                    "updates": run.nit,
                    "x": [finite_or_none(v) for v in run.x.tolist()],
                    "error_over_time": [finite_or_none(v) for v in thinned(run.error, 61).tolist()],
                }
                for run, found, told, word in zip(
                    self.runs, self.diagnoses, self.predictions, self.rate_words, strict=True
                )
            ],
        }


def race(
    problem: SupportsGradient,
    optimizers: Iterable[Optimizer],
    steps: int = 1000,
    *,
    x0: "ArrayLike | None" = None,
    tol: float = 1e-8,
    atol: float | None = None,
    on_run: Callable[[Run], object] | None = None,
) -> Race:
    """Run several optimizers on one problem, from one start, for one budget.

    Parameters
    ----------
    problem : Problem
        Where.
    optimizers : iterable of Optimizer
        Who; the same rule at several rates is several entries.
    steps : int
        Updates for each.
    x0 : sequence of float, optional
        The start; the problem's own by default.
    tol : float
        A run has settled when its error is at most this share of the error at the start, to the end.
    atol : float, optional
        Instead, when its error is at most this, in the units of the loss.
    on_run : callable, optional
        Called with each run when it is done, for a display of progress.

    Returns
    -------
    Race

    Raises
    ------
    ValueError
        If there is nobody to race.

    Examples
    --------
    >>> from optim import SGD
    >>> from problems import Parabola
    >>> result = race(Parabola(), [SGD(lr=0.05), SGD(lr=0.2), SGD(lr=1.1)], steps=40, tol=1e-6)
    >>> [found.verdict for found in result.diagnoses]
    ['still crawling', 'settled', 'diverged']
    """
    runs: list[Run] = []
    told: list[Prediction | None] = []
    if isinstance(optimizers, str | np.ndarray) or not isinstance(optimizers, Iterable):
        raise TypeError(
            f"optimizers: got {describe_value(optimizers)}, expected a list such as [SGD(lr=0.1), "
            "Adam(lr=0.1)]"
        )
    optimizers = [*optimizers]
    for optimizer in optimizers:
        if not isinstance(optimizer, Optimizer):
            plain = ", without quotation marks" if isinstance(optimizer, str) else ""
            raise TypeError(
                f"optimizers: got {describe_value(optimizer)} among them, expected optimizers such as "
                f"SGD(lr=0.1){plain}"
            )
    _refuse_too_long(problem, optimizers, x0, steps)
    for optimizer in optimizers:
        told.append(theory_of(problem, optimizer, x0))
        runs.append(minimize(problem, optimizer, x0, steps))
        if on_run is not None:
            on_run(runs[-1])
    if not runs:
        raise ValueError("optimizers: got none, expected at least one")
    found = tuple(diagnose(run, tol, atol=atol) for run in runs)
    return Race(runs[0].problem, tuple(runs), found, tuple(told), steps, tol, atol)


def _refuse_too_long(problem: Any, optimizers: list[Optimizer], x0: Any, steps: int) -> None:
    """Refuse runs whose histories would not fit into the memory that there is, before the first is made."""
    as_count("steps", steps)
    start: Any = getattr(problem, "x0", None) if x0 is None else x0
    # A start of another kind is refused by the run.
    dim = max(len(start), 1) if isinstance(start, list | tuple) else getattr(start, "size", 1)
    each = [float(history_bytes(steps, 1, 1, dim, rule.has_separate_output)) for rule in optimizers]
    told = f"{steps} for {counted(len(optimizers), 'run')} of {counted(dim, 'parameter')}"
    refuse_beyond_memory("steps", told, sum(each), "fewer", ("fewer runs at once", max(each, default=0.0)))


def held_out_numbers(run: Run) -> dict[str, Any]:
    """Return the last training loss, the last loss over what was held out, the lowest, and where that was."""
    lowest = int(np.where(np.isnan(run.held_out), np.inf, run.held_out).argmin())
    return {
        "training": finite_or_none(float(run.fun)),
        "last": finite_or_none(float(run.held_out[-1])),
        "lowest": finite_or_none(float(run.held_out[lowest])),
        "lowest_at": int(run.history.n[lowest]),
    }


def held_out_words(run: Run) -> tuple[str, str, str]:
    """Return the same as words of a table."""
    numbers = held_out_numbers(run)
    training, last, lowest = (
        "-" if numbers[name] is None else f"{numbers[name]:.4g}" for name in ("training", "last", "lowest")
    )
    return training, last, f"{lowest} at {numbers['lowest_at']}"


def theory_of(problem: Any, optimizer: Optimizer, x0: Any = None) -> Prediction | None:
    """Return what theory says of a run before it is made, or None where it is silent."""
    try:
        with np.errstate(all="ignore"):
            return predict(problem, optimizer, x0)
    except (TypeError, ValueError, AttributeError):
        return None


def _described(record: Any) -> Any:
    """Return the JSON of a record, or its text where it wraps a function."""
    try:
        return record.to_dict()
    except (TypeError, AttributeError):
        return repr(record)
