"""What the learning-rate finder found: numbers, what theory and the popular finders say, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from optim import SGD, Momentum, Nesterov, Optimizer
from stepsize.analysis.quadratic_theory import stability_limit
from stepsize.core.display import counted
from stepsize.core.hooks import call_hook
from stepsize.core.validation import as_count, as_number, require
from stepsize.experiments.labels import optimizer_label
from stepsize.experiments.lr_finder import range_test

__all__ = ["Robustness", "FoundRate"]

Array = np.ndarray[Any, Any]


class Robustness(NamedTuple):
    """What a popular finder says: undisturbed, and the first and last tenth under noise and an outlier."""

    clean: float
    noise: tuple[float, float]
    outlier: tuple[float, float]


@dataclass(frozen=True, eq=False, repr=False)
class FoundRate:
    """What `find_lr` returns: numbers first; ``draw.found_rate(result)`` is the picture.

    Attributes
    ----------
    problem, optimizer, steps
        What was looked at. Where the optimizer has a schedule, the rates are factors on it.
    best : float
        A rate that is as good as any, after `steps` updates: the fastest or, where the errors jump from rate
        to rate, one in the middle of many good ones (see `band_of`).
    low, high : float
        Between them descent is at least `as_fast` times as fast as at the best: by the logarithm of the error
        after `steps` updates or, where the floor of rounding is reached, by the updates until then. Both were
        run.
    edge : float
        From this rate on the loss ends above its start, after `edge_steps` updates, at every rate; inf where
        there is no such rate.
    error : float
        The error at the best rate: the largest of the last tenth of the budget, so that a lucky last point
        does not count, and at least the floor of rounding; the median over starts and seeds.
    progress : float
        By how much the logarithm of the error falls at the best rate in the budget, or would fall if it went
        on as until it settled.
    jitter : float
        By how much the logarithm of the error jumps from rate to rate or update to update around the best; 0
        where it has one valley there.
    share : float
        The share of the rates from `low` to `high` that are good; 1 where the jitter is 0.
    as_fast : float
        0.9, or less where rates that differ by less than the jitter are slower than that.
    edge_steps : int
        How many updates are behind `edge`, `edges`, `first_above` and `ends_below`: at least 2000, unless the
        budget alone shows that there is no edge.
    budget_edge : float
        The edge after `steps` updates.
    first_above : float
        The lowest rate at which the loss was found to end above its start; inf if there is none.
    ends_below : float
        The share of the rates sampled above it, over four decades, at which the loss ends below its start: 0
        where there is an edge.
    bests, edges : ndarray of shape (S,)
        The same for each start or seed alone.
    confidence : (float, float)
        The first and last tenth of `bests`; twice the same number for a single start.
    rates : ndarray of shape (R,)
        Every rate tried within the budget, ascending.
    errors : ndarray of shape (R, S)
        Its error for each start or seed, inf after divergence.
    settled : ndarray of shape (R, S)
        After how many updates it was at the floor of rounding to stay, with a fraction by interpolation; inf
        where it was not.
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
    progress: float
    jitter: float
    share: float
    as_fast: float
    edge_steps: int
    budget_edge: float
    first_above: float
    ends_below: float
    bests: Array
    edges: Array
    rates: Array
    errors: Array
    settled: Array
    x0: Array

    @property
    def confidence(self) -> tuple[float, float]:
        """The first and last tenth of the best rates of the starts or seeds."""
        low, high = np.quantile(self.bests, [0.1, 0.9], method="nearest")
        return float(low), float(high)

    @property
    def solved(self) -> tuple[float, float] | None:
        """The lowest and the highest rate around the best that reach the floor of rounding, if they do."""
        settled = np.isfinite(np.median(self.settled, axis=1))
        best = int(np.searchsorted(self.rates, self.best))
        if not settled[best]:
            return None
        unsettled = np.flatnonzero(~settled)
        first = np.append(-1, unsettled[unsettled < best])[-1] + 1
        last = np.append(unsettled[unsettled > best], len(settled))[0] - 1
        return float(self.rates[first]), float(self.rates[last])

    @property
    def known(self) -> dict[str, float]:
        """What theory knows for a quadratic with the problem's curvatures; empty for other rules."""
        L, mu = self.problem.L, self.problem.mu
        if not L or type(self.optimizer) not in (SGD, Momentum, Nesterov):
            return {}
        if not isinstance(getattr(self.optimizer, "momentum", 0.0), float):
            return {}
        plain = type(self.optimizer) is SGD
        theory = {"edge 2/L" if plain else "edge": stability_limit(self.optimizer.replace(lr=1.0), L)}
        return theory | ({"fastest 2/(L+mu)": 2 / (L + mu)} if plain and mu else {})

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
    ) -> dict[str, "Robustness"]:
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
        require(as_number("noise", noise) >= 0, "noise", noise, "a number of at least 0")
        require(as_number("outlier", outlier) > 0, "outlier", outlier, "a positive number")
        as_count("draws", draws, 1)
        random = np.random.default_rng(rng)
        robustness = {}
        for name, (rates, losses, reading) in self._curves(count).items():
            noisy = [losses * np.exp(noise * random.standard_normal(len(losses))) for _ in range(draws)]
            with_outlier = [
                losses * np.where(_one_of(len(losses), random), outlier, 1.0) for _ in range(draws)
            ]
            robustness[name] = Robustness(
                _read(rates, losses, reading),
                _tenths([_read(rates, curve, reading) for curve in noisy]),
                _tenths([_read(rates, curve, reading) for curve in with_outlier]),
            )
        return robustness

    def _curves(self, count: int) -> dict[str, Any]:
        return range_test.library_finders(self.problem, self.optimizer, count, x0=self.x0[0])

    def __repr__(self) -> str:
        band = f"low={self.low:.4g}, high={self.high:.4g}"
        return f"FoundRate(best={self.best:.4g}, {band}, edge={self.edge:.4g}, steps={self.steps})"

    def _repr_html_(self) -> str:
        return str(call_hook("found_rate_html", self))

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return the numbers in words, a line each."""
        lines = [
            f"{optimizer_label(self.optimizer)} on {self.problem.formula}, {counted(self.steps, 'update')}"
        ]
        lines += [self._best_in_words(), *self._warnings(), *self._edge_in_words()]
        if self.known:
            words = ", ".join(f"{name} = {rate:.6g}" for name, rate in self.known.items())
            lines.append(f"theory, for the largest curvature L: {words}")
        return lines

    @property
    def _measure(self) -> str:
        """What the error is."""
        return "gradient norm" if self.problem.minimum is None else "gap"

    def _best_in_words(self) -> str:
        top = " (the largest tried)" if self.high >= self.rates[-1] else ""
        said = f"best  {self.best:.4g}   at least {self.as_fast:.0%} as fast".replace("%", " %")
        if self.as_fast < 0.9:
            said = (
                f"best  {self.best:.4g}   from rate to rate the {self._measure} jumps by a factor of "
                f"{np.exp(self.jitter):.2g}: equally good"
            )
        said += f" from {self.low:.4g} to {self.high:.4g}{top}"
        if self.share < 0.995:
            said += f", but for {1 - self.share:.0%} of the rates between".replace("%", " %")
        if len(self.bests) > 1:
            first, last = self.confidence
            said += f"; most of {len(self.bests)} starts or seeds say {first:.4g} to {last:.4g}"
        return said

    def _warnings(self) -> list[str]:
        """Return what a reader of the best rate must know, a line each."""
        lines = []
        if self.solved is not None:
            best = int(np.searchsorted(self.rates, self.best))
            count = max(int(np.ceil(np.median(self.settled[best]))), 1)
            low, high = self.solved
            lines.append(
                f"      solved, but for rounding, in {count} update{'s' * (count > 1)}; within the "
                f"{self.steps} from {low:.4g} to {high:.4g}"
            )
        if self.high < 1.02 * self.low:
            lines.append("      a spike: a rate one per cent off is slower, so do not rely on it")
        if self.high >= self.rates[-1] or self.low <= self.rates[0]:
            side = f"from {self.low:.4g} on" if self.high >= self.rates[-1] else f"up to {self.high:.4g}"
            lines.append(f"      every rate {side} is as good, as far as was looked")
        if self.progress < _TELLING:
            fall = -np.expm1(-self.progress)
            lines.append(
                f"      {self.steps} updates are too few to tell: at the best rate the {self._measure} falls "
                f"by {100 * fall:.2g} %"
            )
        if self.best >= self.edge:
            lines.append(
                f"      beyond the edge of a longer run: it pays for {counted(self.steps, 'update')}, "
                "not for more"
            )
        return lines

    def _edge_in_words(self) -> list[str]:
        if np.isfinite(self.edge):
            after = f"after {counted(self.edge_steps, 'update')}"
            lines = [f"edge  {self.edge:.4g}   from there on the loss ends above its start {after}"]
            if self.edge_steps > self.steps:
                lines.append(f"      after {counted(self.steps, 'update')} {_from(self.budget_edge)}")
            return lines
        if not self.ends_below and np.isfinite(self.budget_edge):
            return [
                f"edge  {self.budget_edge:.4g}   from there on the loss ends above its start after "
                f"{counted(self.steps, 'update')}",
                f"      after {counted(self.edge_steps, 'update')} at no rate tried",
            ]
        if self.ends_below:
            return [
                f"edge  none: after {counted(self.edge_steps, 'update')} a rate of {self.first_above:.4g} "
                f"ends above the start's loss, but {_percent(self.ends_below)} of the larger rates end "
                "below it"
            ]
        return [f"edge  none: the loss ends below its start up to a rate of {self.rates[-1]:g}"]


# A fall of the error by less than a tenth tells little.
_TELLING = -np.log(0.9)


def _percent(share: float) -> str:
    """Return a share in words that round it neither to none nor to all."""
    percent = min(max(round(100 * share), 1), 99) if 0 < share < 1 else 100 * share
    return f"{percent:.0f} %"


def _from(edge: float) -> str:
    return f"from {edge:.4g} on" if np.isfinite(edge) else "at no rate tried"


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
