"""The table that a sweep leaves: its columns, its best row, and the means to make any run again."""

import csv
import io
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optim import Optimizer, Run, minimize
from stepsize.analysis.diagnosis import VERDICTS
from stepsize.core.display import counted
from stepsize.core.hooks import call_hook
from stepsize.core.storage import write_whole
from stepsize.core.validation import as_count, did_you_mean, require, require_a
from stepsize.experiments.labels import optimizer_label
from stepsize.experiments.sweep.design import SweepDesign

__all__ = ["STOPS", "Sweep", "SweepInterrupted"]

Array = np.ndarray[Any, Any]

STOPS = ("budget", "tolerance", "diverged", "callback")
NOT_RUN = "not run"
_NUMBERS = ("final", "best", "settled", "overshoot", "uphill", "updates")


@dataclass(frozen=True, eq=False)
class Sweep:
    """What `sweep` returns: a table with a row a run, and the means to make any of them again.

    Attributes
    ----------
    design : Design
        The problems, optimizers, seeds, starts and values.
    outcome : structured ndarray of shape (runs,)
        The numbers that were kept, a row a run; see `table` for their names.
    done : ndarray of bool, shape (runs,)
        Which runs were made; all of them, unless the sweep was interrupted.
    errors : ndarray of shape (runs, history)
        The thinned errors, where they were asked for.
    at : ndarray of int, shape (history,)
        After how many updates.
    computed : int
        How many runs this call made itself; the others came from the store.
    steps : int
        The budget.
    tol, atol : float, None or float
        What counts as settled: a share of the error at the start, or an absolute error.
    """

    design: SweepDesign
    outcome: Array
    done: Array
    errors: Array = field(repr=False)
    at: Array
    computed: int
    steps: int
    tol: float
    atol: float | None = None

    def __len__(self) -> int:
        return len(self.outcome)

    def __getitem__(self, name: str) -> Array:
        """Return a column of the table by its name."""
        require_a(str, "column", name, "the name of a column; sweep.run(i) is a run")
        return np.asarray(self._column(name))

    def _column(self, name: str) -> Any:
        p, o, s, start = self.design.index[:, :4].T
        if name in _NUMBERS:
            return self.outcome[name]
        if name == "verdict":
            return np.array([*VERDICTS, NOT_RUN])[self.outcome["verdict"]]
        if name == "stop":
            return np.array([*STOPS, NOT_RUN])[self.outcome["status"]]
        if name in self.design.values:
            return self._values(name)
        if name == "problem":
            return np.array([_formula(problem) for problem in self.design.problems])[p]
        if name == "optimizer":
            return np.array(optimizer_labels(self.design))[o]
        if name == "seed" and self.design.seeds != (None,):
            return np.array(self.design.seeds)[s]
        if name == "start":
            return start
        owner, _, fact = name.partition(".")
        if owner == "problem" and all(hasattr(q, fact) for q in self.design.problems):
            return np.array([getattr(q, fact) for q in self.design.problems])[p]
        raise ValueError(
            f"column: got {name!r}, expected one of {', '.join(self.names)}, or problem.NAME for a fact of "
            f"the problems{did_you_mean(name, self.names)}"
        )

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        several = {
            "problem": len(self.design.problems) > 1,
            "optimizer": True,
            "seed": self.design.seeds != (None,),
            "start": any(len(starts) > 1 for starts in self.design.starts),
        }
        identifiers = [name for name, wanted in several.items() if wanted]
        return [*identifiers, *self.design.values, *_NUMBERS, "stop", "verdict"]

    @property
    def table(self) -> Array:
        """The table as one structured array.

        Its columns are what was varied (problem, optimizer, seed and start where there are several, then the
        parameters: numbers, or text for schedules and words; nan or "" where an optimizer has no such
        parameter) and what came out: `final` and `best` (the error at the end and at the best point: the gap
        to the minimum, or the gradient norm without one; inf after divergence), `settled` (nan if it did
        not), `overshoot` and `uphill` (shares of the updates, until it settled), `updates`, `stop` and
        `verdict`.
        """
        columns = {name: self[name] for name in self.names}
        table = np.empty(len(self), [(name, column.dtype) for name, column in columns.items()])
        for name, column in columns.items():
            table[name] = column
        return table

    @property
    def complete(self) -> bool:
        """Whether every run was made; False after an interrupt."""
        return bool(self.done.all())

    def optimizer(self, i: int) -> Optimizer:
        """Return the optimizer of the i-th run, as it would be alone."""
        require(as_count("i", i) < len(self), "i", i, f"a run from 0 to {len(self) - 1}")
        o = self.design.index[i, 1]
        places = zip(self.design.values, self.design.index[i, 4:], strict=True)
        chosen = {name: self.design.values[name][k] for name, k in places if k >= 0}
        made: Optimizer = self.design.optimizers[o].replace(**chosen)
        return made

    def run(self, i: int) -> Run:
        """Make the i-th run again, alone, with its whole history."""
        optimizer = self.optimizer(i)
        p, _, s, start = self.design.index[i, :4]
        problem, seed = self.design.problems[p], self.design.seeds[s]
        sampled = problem if seed is None else problem.replace(rng=seed)
        return minimize(sampled, optimizer, self.design.starts[p][start], self.steps)

    def best(self) -> int:
        """Return the row with the lowest final error, of several the one that settled first.

        Raises
        ------
        ValueError
            If every run diverged.
        """
        final = np.where(self.done, self["final"], np.inf)
        require(bool(np.isfinite(final).any()), "sweep", len(self), "at least one run that did not diverge")
        settled = np.where(np.isnan(self["settled"]), np.inf, self["settled"])
        return int(np.lexsort((settled, final))[0])

    def to_pandas(self) -> Any:
        """Return the table as a pandas DataFrame.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        return call_hook("frame", {name: self[name] for name in self.names})

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the table as CSV, whole or not at all; numbers read back to the same bits."""
        file = io.StringIO(newline="")
        writer = csv.writer(file)
        writer.writerow(self.names)
        writer.writerows(zip(*(self[name].tolist() for name in self.names), strict=True))
        write_whole(path, file.getvalue().encode())

    def summary(self) -> str:
        """Return one line: how many runs, how they ended, and the best."""
        # "settled, ringing" counts as settled, as in the line under a race: commas stand between verdicts.
        plain = [str(verdict).partition(",")[0] for verdict in self["verdict"]]
        verdicts, counts = np.unique(plain, return_counts=True)
        words = ", ".join(f"{n} {v}" for n, v in sorted(zip(counts, verdicts, strict=True), reverse=True))
        runs = counted(len(self), "run")
        if not np.isfinite(self["final"]).any():
            return f"{runs}: {words}"
        best = self.best()
        lowest = f"lowest at the end {self['final'][best]:.1e}, {self.optimizer(best)!r}"
        return f"{runs}: {words}; {lowest}"

    def __repr__(self) -> str:
        return f"Sweep({self.summary()})"

    def _repr_html_(self) -> str:
        verdicts, counts = np.unique(self["verdict"], return_counts=True)
        rows = [
            ("runs", f"{len(self)} of {counted(self.steps, 'update')}, {self.computed} made by this call")
        ]
        rows += [(str(verdict), str(count)) for verdict, count in zip(verdicts, counts, strict=True)]
        if np.isfinite(self["final"]).any():
            best = self.best()
            rows.append(("lowest at the end", f"{self['final'][best]:.3g}: {self.optimizer(best)!r}"))
        drawn = call_hook("curves_svg", self.errors.T, "error") if len(self.at) > 1 else ""
        return str(call_hook("table_html", rows) + drawn)

    def _values(self, name: str) -> Array:
        column = 4 + list(self.design.values).index(name)
        places, values = self.design.index[:, column], self.design.values[name]
        if isinstance(values, np.ndarray):
            return np.where(places >= 0, values[places], np.nan)
        return np.array([*(_word(value) for value in values), ""])[places]


class SweepInterrupted(KeyboardInterrupt):
    """What `sweep` raises when it is interrupted from the keyboard, with what was done until then.

    Attributes
    ----------
    sweep : Sweep
        The table, with "not run" in the rows that were not made.
    """

    def __init__(self, sweep: Sweep) -> None:
        super().__init__(f"interrupted after {int(sweep.done.sum())} of {len(sweep)} runs")
        self.sweep = sweep


def optimizer_labels(design: SweepDesign) -> list[str]:
    """Return a name an optimizer: the class, with the parameters that tell it from others of that class."""
    bare = [type(rule).__name__ for rule in design.optimizers]
    full = [optimizer_label(rule) for rule in design.optimizers]
    return [full[i] if bare.count(name) > 1 else name for i, name in enumerate(bare)]


def _formula(problem: Any) -> str:
    return str(getattr(problem, "formula", type(problem).__name__))


def _word(value: Any) -> str:
    return value if isinstance(value, str) else getattr(value, "__name__", repr(value))
