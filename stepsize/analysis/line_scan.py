"""A scan along a line: values and slopes at many points, and the minima among them."""

import warnings
from typing import Any

import numpy as np

from optim import Run, minimize
from optim.steppers import stepper_for
from schedules import Line, LineSearch, LineSearchResult
from stepsize.core.validation import as_count, describe_value, require_a

__all__ = ["line_of", "local_minima", "scan", "sign_changes"]

Array = np.ndarray[Any, Any]


def scan(problem: Any, x: Any, d: Any, alphas: Any, *, n: int = 0) -> tuple[Array, Array]:
    r"""Return values and slopes along the line x - alpha d, as a search in update n would see them.

    Parameters
    ----------
    problem : Problem
        With ``sampling="dynamic"`` every point sees a mini-batch of its own, with "static" all see one.
    x, d : sequence of float
        Point, and direction that is subtracted.
    alphas : sequence of float
        The steps to look at.
    n : int
        Index of the update.

    Returns
    -------
    values, slopes : ndarray
        Of the shape of alphas.

    Examples
    --------
    >>> from problems import Parabola
    >>> values, slopes = scan(Parabola(), [1.0], [2.0], [0.0, 0.25, 0.5, 0.75])
    >>> values.tolist(), slopes.tolist()
    ([1.0, 0.25, 0.0, 0.25], [-4.0, -2.0, -0.0, 2.0])
    """
    line = Line(problem, np.asarray(x, dtype=float), np.asarray(d, dtype=float), n=n)
    trials = [line.both(float(alpha)) for alpha in alphas]
    return np.array([t.f for t in trials]), np.array([t.slope for t in trials])


def line_of(run: Run, n: int = 0) -> tuple[Line, LineSearchResult]:
    """Return the line of one update of a run with all the trials on it, and what the search answered.

    The updates before it are made again.

    Raises
    ------
    TypeError, ValueError
        If the run took its rates from no line search, or made fewer updates.

    Examples
    --------
    >>> from optim import SGD
    >>> from problems import Parabola
    >>> from schedules import Armijo
    >>> run = minimize(Parabola(start=3.0), SGD(lr=Armijo(alpha0=4.0)), steps=2)
    >>> line, found = line_of(run, 0)
    >>> [trial.alpha for trial in line.trials], found.alpha
    ([0.0, 4.0, 2.0, 1.0, 0.5], 0.5)
    """
    require_a(Run, "run", run, "a run, as minimize returns it")
    optimizer, search = run.optimizer, run.optimizer.lr
    if not isinstance(search, LineSearch):
        raise TypeError(f"run: got one with lr = {describe_value(search)}, expected one with a line search")
    if not as_count("n", n) < run.nit:
        raise ValueError(f"n: got {n}, expected the index of one of the {run.nit} updates")
    if run.state.n != run.nit:
        raise ValueError("run: got one that went on from a state, expected one from its start")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what there was to say was said when the run was made
        before = minimize(run.problem, optimizer, run.history.x[0], n)
        x = before.last_x
        stepper = stepper_for(optimizer, run.problem, x, before.state)
    with np.errstate(all="ignore"):
        e = stepper.evaluate(n, x)
        d, _ = optimizer.direction(x, e.g, before.state.slots, stepper.resolve(n, x, e))
        line = Line(run.problem, x, d, e, n)
        return line, stepper.search(line, stepper.carry["search"])


def local_minima(values: Any) -> Array:
    """Return the indices of points lower than both their neighbours.

    Examples
    --------
    >>> local_minima([3.0, 1.0, 2.0, 0.0, 4.0]).tolist()
    [1, 3]
    """
    v = np.asarray(values)
    return np.flatnonzero((v[1:-1] < v[:-2]) & (v[1:-1] < v[2:])) + 1


def sign_changes(slopes: Any) -> Array:
    """Return the indices of points with a negative slope whose right neighbour has none.

    Examples
    --------
    >>> sign_changes([-1.0, -0.5, 0.0, 1.0, -1.0, 2.0]).tolist()
    [1, 4]
    """
    s = np.asarray(slopes)
    return np.flatnonzero((s[:-1] < 0) & (s[1:] >= 0))
