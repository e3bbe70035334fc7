"""`explore`: a page for a problem and some optimizers, to be saved, sent, opened or shown in a notebook."""

import html
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from optim import Optimizer, Run
from stepsize.core.storage import IfExists, write_whole
from stepsize.core.validation import as_count, as_floats, describe_value, require_a
from stepsize.explorer.assembly import page
from stepsize.explorer.catalogue import catalogue, require_runnable
from stepsize.explorer.opening import (
    Asked,
    asked_powers,
    asked_schedules,
    customary,
    explored,
    new_rules,
    opening,
    refuse_too_many,
    without_noise,
)

__all__ = ["Explorer", "explore"]

MOST_UPDATES = 1000
_HEIGHT = 760


@dataclass(frozen=True, repr=False)
class Explorer:
    """A page on which an experiment can be changed, stepped and looked into, and which is offline.

    Attributes
    ----------
    asked : Asked
        What it opens with.
    everything : bool
        Whether it has every problem of the registry, or only its own.
    """

    asked: Asked
    everything: bool = True

    def html(self) -> str:
        """Return the page: one HTML document that loads nothing."""
        asked = self.asked
        own_rules = new_rules(asked.optimizers)
        known = catalogue([asked.problem], own_rules, all_problems=self.everything)
        known = replace(known, timetables=(*asked_schedules(asked, known), *known.timetables))
        if not self.everything:
            known = without_noise(known, asked)
        small = not self.everything
        return page(known, opening(asked, known), asked_powers(asked, known), small=small)

    def save(self, path: str | os.PathLike[str], *, if_exists: IfExists = "replace") -> Path:
        """Write the page to a file, whole or not at all, and return its path.

        Parameters
        ----------
        path : path
            The file, such as ``"bowl.html"``.
        if_exists : {"replace", "refuse", "number"}
            What happens where there is a file of that name: it is replaced; FileExistsError is raised; or the
            next free name is taken, with -2, -3, ... before its ending.
        """
        return write_whole(path, self.html().encode(), if_exists=if_exists)

    def _repr_html_(self) -> str:
        inside = html.escape(self.html(), quote=True)
        return (
            f'<iframe srcdoc="{inside}" sandbox="allow-scripts allow-downloads" title="stepsize explorer" '
            f'width="100%" height="{_HEIGHT}" style="border:0;width:100%;height:{_HEIGHT}px"></iframe>'
        )

    def __repr__(self) -> str:
        rules = ", ".join(map(repr, self.asked.optimizers))
        return f"Explorer({self.asked.problem!r}, [{rules}], {self.asked.steps} updates)"


def explore(
    problem: Any = None,
    optimizers: Any = (),
    *,
    x0: Any = None,
    steps: int = 300,
    everything: bool = True,
) -> Explorer:
    """Return a live page for a problem of one or two dimensions.

    Every hyperparameter has a slider and an exact box, every run can be stepped ahead and back, and its
    verdict is that of `diagnose`. The numbers have the bits of Python's wherever only ``+ - * /``, square
    roots and powers are involved, and agree to one rounding elsewhere.

    Parameters
    ----------
    problem : Problem or str, optional
        Where; or a formula such as ``"x**2 + 3*y**2"``. By default a bowl, with all others to choose from.
    optimizers : Optimizer, or sequence of them
        At most six; by default SGD, Momentum and Adam at customary rates.
    x0 : sequence of float, optional
        The start; by default the problem's.
    steps : int
        Updates, at most 1000.
    everything : bool
        Whether the page has every other problem, too, and noise with three seeds. Without them, and with its
        script compressed, it is a third as large; the foot of the page says what it lacks.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if the problem or an optimizer cannot run in a page.

    Examples
    --------
    >>> from optim import SGD
    >>> page = explore("x**2 + 3*y**2", SGD(lr=0.3), x0=[-5, -2])
    >>> page
    Explorer(Formula('x**2 + 3*y**2'), [SGD(lr=0.3)], 300 updates)
    >>> "default-src 'none'" in page.html()
    True
    """
    if as_count("steps", steps, 1) > MOST_UPDATES:
        raise ValueError(f"steps: got {steps}, expected at most {MOST_UPDATES} in a page")
    require_a(bool, "everything", everything, "True or False")
    problem, noise = explored(_problem(problem))
    start = _start(problem, x0)
    chosen: tuple[Any, ...] = (optimizers,) if isinstance(optimizers, Optimizer | str) else tuple(optimizers)
    refuse_too_many(chosen)
    new_rules(chosen)  # refuses rates that a page cannot drive
    require_runnable(problem, chosen)
    return Explorer(Asked(problem, chosen or customary(problem, start), start, steps, noise), everything)


def explore_run(found: Any) -> Explorer:
    """Return the page of a run, or of the runs of a race, as they were made."""
    runs = (found,) if isinstance(found, Run) else found.runs
    first = runs[0]
    if first.history.x.ndim != 2:
        raise ValueError(f"run: got a batch of shape {first.history.x.shape[1:-1]}, expected a single run")
    steps = max((getattr(found, "steps", 0), *(run.nit for run in runs), 1))
    return explore(
        first.problem,
        [run.optimizer for run in runs],
        x0=first.history.x[0],
        steps=min(steps, MOST_UPDATES),
        everything=False,
    )


def _problem(problem: Any) -> Any:
    from problems import Problem, Quadratic

    if problem is None:
        return Quadratic()
    if isinstance(problem, str):
        return Problem.of(problem)
    if isinstance(problem, type) or not callable(getattr(problem, "fun", None)):
        raise TypeError(
            f"problem: got {describe_value(problem)}, expected a problem such as Rosenbrock(), or a formula"
        )
    return problem


def _start(problem: Any, x0: Any) -> list[float]:
    known = getattr(problem, "x0", None)
    if x0 is None:
        if known is None:
            raise ValueError("x0: got None, expected a start, because the problem does not name one")
        return [float(v) for v in known]
    start = np.atleast_1d(as_floats("x0", x0, "numbers")).tolist()
    if known is not None and len(start) != len(known):
        raise ValueError(f"x0: got {len(start)} numbers, expected {len(known)} for this problem")
    with np.errstate(all="ignore"):
        value = problem.fun(np.array(start, float))
    if not np.isfinite(value):
        raise ValueError(
            f"x0: got {start}, where fun is {float(value)}, expected a start with a finite value"
        )
    return [float(v) for v in start]
