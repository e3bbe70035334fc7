"""A learning-rate finder that starts anew for every rate: it measures the problem and not the ramp."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim import SGD, Momentum, Nesterov, Optimizer
from optim.loop import checked_problem
from schedules import Constant, Schedule
from stepsize import ramps
from stepsize.base.checks import as_count, describe, refuse_unless
from stepsize.batches import Batch, cut, descend
from stepsize.designs import seeds_for, starts_for
from stepsize.diagnosis import courses_of
from stepsize.races import optimizer_label
from stepsize.theory import stability_limit

__all__ = ["FoundRate", "find_lr"]

Array = np.ndarray[Any, Any]

# The scan goes no further than these, with so many rates a decade; so many where the best may be.
_LOWEST, _HIGHEST = 1e-11, 1e11
_COARSE, _FINE = 4, 64
# The edge is looked for with at least so many updates, and to this relative width.
_EDGE_STEPS, _EDGE_WIDTH = 2000, 2e-5
_AS_FAST = 0.9
_MEMORY = 2**28


@dataclass(frozen=True, eq=False)
class FoundRate:
    """What `find_lr` returns: numbers first; ``draw.found_rate(result)`` is the picture.

    Attributes
    ----------
    problem, optimizer, steps
        What was looked at. Where the optimizer has a schedule, the rates are factors on it.
    best : float
        The rate with the lowest error at the end of the budget; of several that reach the smallest error that
        floating point can tell, the one that settles first.
    low, high : float
        Between them descent is at least 90 % as fast as at the best: nine tenths of its logarithmic decrease
        or, where many rates reach the bottom, at most 1/0.9 of its updates.
    edge : float
        From this rate on the loss ends above its start; inf if it never does.
    error : float
        The error at the best rate: the largest of the last tenth of the budget, so that a lucky last point
        does not count; the median over starts and seeds.
    bests, edges : ndarray of shape (S,)
        The same for each start or seed alone.
    confidence : (float, float)
        The first and last tenth of `bests`; twice the same number for a single start.
    rates : ndarray of shape (R,)
        Every rate tried within the budget, ascending.
    errors : ndarray of shape (R, S)
        Its error for each start or seed, inf after divergence.
    x0 : ndarray of shape (S, d)
        The starts.
    """

    problem: Any
    optimizer: Optimizer
    steps: int
    best: float
    low: float
    high: float
    edge: float
    error: float
    bests: Array
    edges: Array
    rates: Array
    errors: Array
    x0: Array

    @property
    def confidence(self) -> tuple[float, float]:
        """The first and last tenth of the best rates of the starts or seeds."""
        low, high = np.quantile(self.bests, [0.1, 0.9], method="nearest")
        return float(low), float(high)

    @property
    def known(self) -> dict[str, float]:
        """What theory knows for a quadratic with the problem's curvatures; empty for other rules."""
        L, mu = self.problem.L, self.problem.mu
        if not L or type(self.optimizer) not in (SGD, Momentum, Nesterov):
            return {}
        if not isinstance(getattr(self.optimizer, "momentum", 0.0), float):
            return {}
        plain = type(self.optimizer) is SGD
        told = {"edge 2/L" if plain else "edge": stability_limit(self.optimizer.replace(lr=1.0), L)}
        return told | ({"fastest 2/(L+mu)": 2 / (L + mu)} if plain and mu else {})

    def classical(self, counts: Sequence[int] = (50, 100, 300, 1000)) -> dict[str, list[float]]:
        """Return what the popular finders say of the same problem; nan where they say nothing.

        `counts` are the lengths of their ramps, for each of which a list has a number.
        The names are torch-lr-finder and fastai's four rules (its default is "valley"), each with its
        defaults.
        """
        x0 = self.x0[0]
        finders = {"torch-lr-finder": lambda count: ramps.torch_lr_finder(*self._who, count=count, x0=x0)} | {
            f"fastai {rule}": lambda count, rule=rule: ramps.fastai_finder(
                *self._who, count=count, rule=rule, x0=x0
            )
            for rule in ramps.SUGGESTIONS
        }
        return {name: [_or_nan(finder, count) for count in counts] for name, finder in finders.items()}

    @property
    def _who(self) -> tuple[Any, Optimizer]:
        return self.problem, self.optimizer

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return the numbers in words, a line each."""
        told = [f"{optimizer_label(self.optimizer)} on {self.problem.formula}, {self.steps} updates"]
        best = f"best  {self.best:.4g}   at least 90 % as fast from {self.low:.4g} to {self.high:.4g}"
        if len(self.bests) > 1:
            first, last = self.confidence
            best += f"; most of {len(self.bests)} starts or seeds say {first:.4g} to {last:.4g}"
        told.append(best)
        if self.high < 1.02 * self.low:
            told.append("      a spike: a rate one per cent off is slower, so do not rely on it")
        if np.isfinite(self.edge):
            told.append(f"edge  {self.edge:.6g}   from there on the loss ends above its start")
        else:
            told.append(f"edge  none: the loss ends below its start up to a rate of {self.rates[-1]:g}")
        if self.known:
            words = ", ".join(f"{name} = {rate:.6g}" for name, rate in self.known.items())
            told.append(f"theory, for the sharpest bend anywhere: {words}")
        return told


def find_lr(
    problem: Any,
    optimizer: Any,
    steps: int = 100,
    *,
    x0: Any = None,
    seeds: int | Sequence[int] | None = None,
    rng: Any = 0,
) -> FoundRate:
    r"""Find the best constant rate for a budget, and the rate from which on the loss grows.

    Every rate starts anew from the same point, all of them as one batch: a scan over twenty decades, a finer
    one below the edge and around the best, and closer and closer looks at the best. (The popular finders let
    the rate climb within one run; its weights move on the way, and the answer falls with the length of the
    ramp.)

    The edge is found by bisection with at least 2000 updates. On a quadratic it is too high by about
    :math:`\log(E / E_L) / 4n`, where :math:`E_L` is that part of the start's gap :math:`E` that lies in the
    sharpest direction: below 0.1 % if that is no less than a thousandth.

    Parameters
    ----------
    problem : Problem
        Where.
    optimizer : optimizer class or Optimizer
        Who. A constant rate is replaced; a schedule is kept, and the rates found are factors on it.
    steps : int
        The budget, at least 1: the best rate depends on it.
    x0 : array of shape (d,) or (S, d), optional
        The start, or S of them.
    seeds : int or sequence of int, optional
        For a problem with mini-batches or noise: how many seeds, or the seeds.
    rng : int, SeedSequence or Generator
        Source of the seeds.

    Returns
    -------
    FoundRate

    Raises
    ------
    ValueError
        If the loss falls at no rate.
    TypeError
        If the rate answers to the run, so that there is none to find.

    References
    ----------
    For the ramps: Smith, "Cyclical learning rates for training neural networks", WACV 2017.

    Examples
    --------
    Gradient descent, whose edge is 2/L = 0.2 and whose best rate is 2/(L+mu) = 0.1818:

    >>> from optim import SGD
    >>> from problems import Quadratic
    >>> found = find_lr(Quadratic([1.0, 10.0], start=[1.0, 1.0]), SGD, steps=300)
    >>> round(found.edge, 4), round(found.best, 3)
    (0.2, 0.181)
    """
    rule: Any = optimizer() if isinstance(optimizer, type) else optimizer
    if not isinstance(rule, Optimizer):
        raise TypeError(f"optimizer: got {describe(optimizer)}, expected one such as Adam or Adam(beta1=0.8)")
    if getattr(rule.lr, "kind", "schedule") != "schedule" or "lr" not in rule.hypers():
        raise TypeError(
            f"optimizer: got {rule!r}, whose rate answers to the run, expected one with a rate to find"
        )
    as_count("steps", steps, 1)
    problem = checked_problem(problem)
    starts = starts_for(problem, x0)
    looks = [
        _Look(problem if seed is None else problem.replace(rng=seed), rule, starts)
        for seed in seeds_for(seeds, (problem,), rng)
    ]
    tried = _Tried(looks, steps)
    tried.scan()
    if not (tried.rises < 0).any():
        raise ValueError(
            f"steps: got {steps} updates, by which the loss falls at no rate from {tried.rates[0]:g} to "
            f"{tried.rates[-1]:g}, expected more updates, or a start that is no minimum"
        )
    alone = [_Look(look.problem, rule, start[None]) for look in looks for start in starts]
    edges = np.array([_edge(look, tried.rates, tried.rises[:, i], steps) for i, look in enumerate(alone)])
    edge = float(edges.min())
    for middle in (min(edge, tried.rates[-1]) / 10, tried.rates[tried.order()[0]]):
        tried.add(np.geomspace(middle / 10, min(10 * middle, edge), 2 * _FINE + 1))
    for _ in range(4):
        tried.add(np.concatenate([np.geomspace(*tried.around(i), 35)[1:-1] for i in tried.leaders(4)]))
    place = int(tried.order()[0])
    low, high = tried.interval(place)
    bests = tried.rates[[int(tried.order(i)[0]) for i in range(len(alone))]]
    return FoundRate(
        problem=problem,
        optimizer=rule,
        steps=steps,
        best=float(tried.rates[place]),
        low=low,
        high=high,
        edge=edge,
        error=float(np.median(tried.errors[place])),
        bests=bests,
        edges=edges,
        rates=tried.rates,
        errors=tried.errors,
        x0=starts,
    )


@dataclass(frozen=True, eq=False)
class _Look:
    """Some starts on one problem, from which any rate can be tried."""

    problem: Any
    rule: Optimizer
    starts: Array

    def at(self, rates: Array, steps: int) -> tuple[Array, Array, Array]:
        """Return arrays (R, S): error at the end, when it settled at the floor, how the loss rose.

        The rise is the largest loss of the last tenth, less that of the start, over what the start had to
        lose.
        """
        if isinstance(self.rule.lr, Schedule):
            values: Any = tuple(self.rule.lr * Constant(float(rate)) for rate in rates for _ in self.starts)
        else:
            values = np.repeat(rates, len(self.starts))
        x0 = np.tile(self.starts, (len(rates), 1))
        whole = Batch(self.problem, self.rule, {"lr": values}, x0, np.arange(len(x0)), steps, 0.0)
        found = [_ends(run, self.floor) for piece in cut(whole, _MEMORY) for run in descend(piece)]
        shape = len(rates), len(self.starts)
        errors, settled, rises = (np.concatenate(c).reshape(shape) for c in zip(*found, strict=True))
        return errors, settled, rises

    @property
    def floor(self) -> float:
        """Gaps below it are rounding."""
        minimum = self.problem.minimum
        return 0.0 if minimum is None else 4 * np.finfo(float).eps * abs(float(minimum))


def _ends(run: Any, floor: float) -> tuple[Array, Array, Array]:
    courses = courses_of(run)
    late = slice(-max(len(courses.error) // 10, 1), None)
    with np.errstate(all="ignore"):
        error = np.where(courses.diverged, np.inf, courses.error[late].max(axis=0))
        rise = np.where(courses.diverged, np.inf, courses.fun[late].max(axis=0) - courses.fun[0])
    above = courses.error > floor
    last = len(above) - above[::-1].argmax(axis=0)
    settled = np.where(above.any(axis=0) & ~courses.diverged, last, 0)
    return np.maximum(error, floor), np.where(courses.diverged, np.inf, settled), rise


class _Tried:
    """Every rate tried within the budget, ascending."""

    def __init__(self, looks: list[_Look], steps: int) -> None:
        self._looks, self._steps = looks, steps
        self.rates = np.zeros(0)
        self.errors, self.settled, self.rises = np.zeros((3, 0, sum(len(look.starts) for look in looks)))

    def add(self, rates: Array) -> None:
        """Try more rates."""
        fresh = np.setdiff1d(rates, self.rates)
        found = [look.at(fresh, self._steps) for look in self._looks]
        order = np.argsort(np.concatenate([self.rates, fresh]))
        self.rates = np.concatenate([self.rates, fresh])[order]
        for name, columns in zip(("errors", "settled", "rises"), zip(*found, strict=True), strict=True):
            setattr(self, name, np.concatenate([getattr(self, name), np.concatenate(columns, axis=1)])[order])

    def scan(self) -> None:
        """Try a few rates each decade, up to one that climbs, and down to where less is worse."""
        low, high = 1e-3, 10.0
        self._decades(low, high)
        while (self.rises[-1] <= 0).any() and high < _HIGHEST:
            self._decades(high, 100 * high)
            high *= 100
        while low > _LOWEST and ((self.rises[0] > 0).any() or self.order()[0] < 2 * _COARSE):
            self._decades(low / 100, low)
            low /= 100

    def _decades(self, low: float, high: float) -> None:
        self.add(np.geomspace(low, high, round(_COARSE * np.log10(high / low)) + 1))

    def order(self, only: int | None = None) -> Array:
        """Return the rates' places, the best first: by the median error, then by the median settling."""
        which = slice(None) if only is None else slice(only, only + 1)
        return np.lexsort(
            (np.median(self.settled[:, which], axis=1), np.median(self.errors[:, which], axis=1))
        )

    def around(self, place: int) -> tuple[float, float]:
        """Return the neighbours of a rate."""
        return float(self.rates[max(place - 1, 0)]), float(self.rates[min(place + 1, len(self.rates) - 1)])

    def leaders(self, count: int) -> list[int]:
        """Return the best places of which no neighbour is better."""
        order = self.order()
        rank = np.empty(len(order), int)
        rank[order] = np.arange(len(order))
        padded = np.concatenate([[len(rank)], rank, [len(rank)]])
        peaks = (rank < padded[:-2]) & (rank < padded[2:])
        return [int(place) for place in order if peaks[place]][:count]

    def interval(self, place: int) -> tuple[float, float]:
        """Return the ends of the rates around a place that are nearly as fast."""
        error, settled = np.median(self.errors, axis=1), np.median(self.settled, axis=1)
        floor = max(look.floor for look in self._looks)
        with np.errstate(all="ignore"):
            if error[place] <= floor:
                good = (error <= floor) & (_AS_FAST * settled <= settled[place])
            else:
                start = np.median(self.errors[0])
                good = np.log(start / error) >= _AS_FAST * np.log(start / error[place])
        good[place] = True
        bad = np.flatnonzero(~good)
        left = bad[bad < place]
        right = bad[bad > place]
        first = int(left[-1]) + 1 if len(left) else 0
        last = int(right[0]) - 1 if len(right) else len(good) - 1
        return float(self.rates[first]), float(self.rates[last])


def _edge(look: _Look, rates: Array, rises: Array, steps: int) -> float:
    """Return the rate from which on the loss ends above its start, by bisection in many places at once."""
    if not (rises > 0).any():
        return float("inf")
    first = int((rises > 0).argmax())
    refuse_unless(first > 0, "x0", look.starts[0], "a start from which a tiny rate does not climb")
    low, high = rates[max(first - 2, 0)], rates[min(first + 1, len(rates) - 1)]
    while high / low - 1 > _EDGE_WIDTH:
        among = np.geomspace(low, high, 34)
        grows = look.at(among, max(steps, _EDGE_STEPS))[2] > 0
        grows[0], grows[-1] = False, True
        place = int(grows.argmax())
        low, high = among[place - 1], among[place]
    return float(np.sqrt(low * high))


def _or_nan(finder: Any, count: int) -> float:
    try:
        return float(finder(count))
    except ValueError:
        return float("nan")
