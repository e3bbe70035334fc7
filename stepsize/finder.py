"""A learning-rate finder that starts anew for every rate: it measures the problem and not the ramp."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from optim import SGD, Momentum, Nesterov, Optimizer
from optim.loop import checked_problem
from stepsize import ramps
from stepsize.base.checks import as_count, as_number, describe, refuse_unless
from stepsize.designs import seeds_for, starts_for
from stepsize.races import optimizer_label
from stepsize.rate_search import FINE, Look, Tried, edge_for
from stepsize.theory import stability_limit

__all__ = ["Disturbed", "FoundRate", "find_lr"]

Array = np.ndarray[Any, Any]


class Disturbed(NamedTuple):
    """What a popular finder says: undisturbed, and the first and last tenth under noise and an outlier."""

    clean: float
    noise: tuple[float, float]
    outlier: tuple[float, float]


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

        Parameters
        ----------
        counts : sequence of int
            The lengths of their ramps, for each of which a list has a number.

        Returns
        -------
        dict
            For torch-lr-finder and fastai's four rules (its default is "valley"), each with its defaults.
        """
        curves = [self._curves(count) for count in counts]
        return {name: [_read(*curve[name]) for curve in curves] for name in (curves[0] if curves else ())}

    def disturbed(
        self, count: int = 300, draws: int = 50, *, noise: float = 0.05, outlier: float = 10.0, rng: Any = 0
    ) -> dict[str, "Disturbed"]:
        """Return how far noise, and a single outlier, move what the popular finders say.

        Parameters
        ----------
        count : int
            The length of their ramps.
        draws : int
            How often to disturb the losses that they see.
        noise : float
            Every loss is multiplied by exp(noise z), z normal.
        outlier : float
            Instead, one loss somewhere is multiplied by this.
        rng : int, SeedSequence or Generator
            Source of randomness.
        """
        refuse_unless(as_number("noise", noise) >= 0, "noise", noise, "a number of at least 0")
        refuse_unless(as_number("outlier", outlier) > 0, "outlier", outlier, "a positive number")
        as_count("draws", draws, 1)
        random = np.random.default_rng(rng)
        told = {}
        for name, (rates, losses, reading) in self._curves(count).items():
            shaken = [losses * np.exp(noise * random.standard_normal(len(losses))) for _ in range(draws)]
            spoilt = [losses * np.where(_one_of(len(losses), random), outlier, 1.0) for _ in range(draws)]
            told[name] = Disturbed(
                _read(rates, losses, reading),
                _tenths([_read(rates, curve, reading) for curve in shaken]),
                _tenths([_read(rates, curve, reading) for curve in spoilt]),
            )
        return told

    def _curves(self, count: int) -> dict[str, Any]:
        return ramps.popular(self.problem, self.optimizer, count, x0=self.x0[0])

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        from stepsize.notebook import found_rate_html

        return found_rate_html(self)

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
        Look(problem if seed is None else problem.replace(rng=seed), rule, starts)
        for seed in seeds_for(seeds, (problem,), rng)
    ]
    tried = Tried(looks, steps)
    tried.scan()
    if not (tried.rises < 0).any():
        raise ValueError(
            f"steps: got {steps} updates, by which the loss falls at no rate from {tried.rates[0]:g} to "
            f"{tried.rates[-1]:g}, expected more updates, or a start that is no minimum"
        )
    alone = [Look(look.problem, rule, start[None]) for look in looks for start in starts]
    edges = np.array([edge_for(look, tried.rates, tried.rises[:, i], steps) for i, look in enumerate(alone)])
    edge = float(edges.min())
    for middle in (min(edge, tried.rates[-1]) / 10, tried.rates[tried.order()[0]]):
        tried.add(np.geomspace(middle / 10, min(10 * middle, edge), 2 * FINE + 1))
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


def _read(rates: Array, losses: Array, reading: Any) -> float:
    try:
        return float(reading(rates, losses))
    except ValueError:
        return float("nan")


def _one_of(count: int, random: np.random.Generator) -> Array:
    return np.asarray(np.arange(count) == random.integers(count))


def _tenths(answers: list[float]) -> tuple[float, float]:
    fine = [answer for answer in answers if np.isfinite(answer)] or [float("nan")]
    low, high = np.quantile(fine, [0.1, 0.9], method="nearest")
    return float(low), float(high)
