"""Bottou, Curtis and Nocedal, "Optimization methods for large-scale machine learning" (2018); averaging."""

from itertools import pairwise
from typing import Any

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of("Bottou, Curtis and Nocedal, Optimization methods for large-scale machine learning, 2018")

REPEATS = 400


@figure(
    "bottou-noise-floor",
    "theorems 4.6 and 4.7, figures 3.1 and 4.1",
    "a constant rate stops at a floor set by the noise; halving it at the floor halves the floor "
    "and doubles the time",
)
def noise_floor(numbers: Numbers) -> Drawing:
    """x^2/2 with noise of deviation 1 on the gradient: exact second moments, and runs that confirm them."""
    rate = 0.1
    floor = _floor(rate)
    numbers.theorem("stationary variance a s^2/(lam (2 - a lam))", floor, 0.052632, 5.1e-7)
    numbers.theorem(
        "the same by theory's noise floor", ss.noise_floor(ss.SGD(lr=rate), 1.0, 1.0).radius ** 2, floor
    )
    moments = _second_moments(np.full(400, rate), 1.0)
    numbers.theorem("the same by the recursion of the second moment", moments[-1], floor)
    for a in (0.05, 0.2):
        gap, ball = _floor(a) / 2, a / 2  # a L M / (2 c mu) with L = M = c = mu = 1
        numbers.theorem(
            f"loss at the floor over the paper's bound, a = {a}: 1/(2 - a)", gap / ball, 1 / (2 - a)
        )
    noisy = ss.AdditiveNoise(ss.Parabola(curvature=1.0, start=1.0), sigma_g=1.0, shared=False)
    many = np.ones((REPEATS, 1))
    run = ss.minimize(noisy, ss.SGD(lr=rate), x0=many, steps=200)
    z = ((run.x**2).mean() / moments[200] - 1) / np.sqrt(2 / REPEATS)
    numbers.theorem(f"second moment of {REPEATS} runs, in standard errors", z, between=(-3.5, 3.5))

    lengths, trace = _halving()
    numbers.computed("updates of each phase when the rate is halved at the floor", lengths, _PHASES, 0)
    falling = 2 / (20 + np.arange(20001))
    slow = _second_moments(falling, 1.0)
    numbers.theorem(
        "rate 2/(20 + k): (20 + k) E x^2 at k = 20000, towards 4/3", 20020 * slow[20000], 4 / 3, 4 / 3 * 0.02
    )
    centers = np.linspace(-1, 1, 21)
    numbers.theorem(
        "region of confusion of w_i in [-1, 1]: where the signs differ",
        _confusion(centers),
        [-1.0, 1.0],
        1e-3,
    )

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.4)
        ax = axes[0]
        k = np.arange(201)
        ax.plot(k, run.history.x[:, :40, 0] ** 2 / 2, color="#56B4E9", linewidth=0.3, alpha=0.35)
        ax.semilogy(k, moments[:201] / 2, color="#0072B2")
        ax.axhline(floor / 2, color="#333333", linewidth=0.8, linestyle=":")
        ax.set(xlim=(0, 200), ylim=(1e-4, 1), xlabel="update", ylabel="loss", title="constant rate 0.1")
        kit.annotate(ax, 198, floor / 2 * 1.25, "floor  $a/(2(2-a))$", ha="right", va="bottom")
        ax = axes[1]
        ax.semilogy(np.arange(len(trace)), trace / 2, color="#D55E00")
        ends = np.concatenate([[0], np.cumsum(lengths)])
        for start, end in pairwise(ends):
            ax.axvline(end, color="#c3ccd4", linewidth=0.7)
            ax.text((start + end) / 2, 2.0, str(int(end - start)), ha="center", fontsize=7, color="#333333")
        ax.set(xlim=(0, ends[-1]), ylim=(5e-3, 3), xlabel="update", ylabel="expected loss")
        ax.set_title("halved at each floor", fontsize=9)

    return Drawing(draw)


_PHASES = [8, 6, 11, 22, 43]


def _floor(rate: float) -> float:
    return rate / (2 - rate)


def _second_moments(rates: Any, first: float) -> Any:
    """Return E x_k^2 on x^2/2 with unit noise: (1 - a)^2 E + a^2, from update to update."""
    values = [first]
    for a in rates:
        values.append((1 - a) ** 2 * values[-1] + a * a)
    return np.array(values)


def _halving() -> tuple[list[int], Any]:
    """Return the phases of theorem 4.7's scheme: from x = 2, halve when E f is within twice its floor."""
    rate, value = 0.2, 4.0
    lengths, trace = [], [value]
    for _ in range(5):
        count = 0
        while value > 2 * _floor(rate):
            value = (1 - rate) ** 2 * value + rate * rate
            trace.append(value)
            count += 1
        lengths.append(count)
        rate /= 2
    return lengths, np.array(trace)


def _confusion(centers: Any) -> Any:
    """Return the ends of the region where some examples pull to the left and some to the right."""
    w = np.linspace(-2, 2, 40001)
    slopes = w[:, None] - centers
    mixed = w[(slopes.min(axis=1) < 0) & (slopes.max(axis=1) > 0)]
    return [mixed[0], mixed[-1]]


averaging = figures_of("Polyak and Juditsky, Acceleration of stochastic approximation by averaging, 1992")


@averaging(
    "polyak-averaging",
    "theorem 1",
    "the average of the iterates of a constant rate is as good as statistics allows",
)
def polyak_averaging(numbers: Numbers) -> Drawing:
    """Averaged stochastic gradient descent on x^2/2, 2000 updates of rate 0.2 from 0."""
    a, T = 0.2, 2000
    # x_t is a sum of noises; in the average, the one of update j has the weight 1 - (1 - a)^(T - j).
    weights = 1 - (1 - a) ** np.arange(1, T + 1)
    share = float((weights * weights).sum() / T)
    numbers.computed("variance of the average times lam^2 T / s^2", share, 0.996889)
    noisy = ss.AdditiveNoise(ss.Parabola(curvature=1.0, start=1e-12), sigma_g=1.0, shared=False)
    run = ss.minimize(noisy, ss.SGD(lr=a), x0=np.zeros((REPEATS, 1)), steps=T)
    means = np.cumsum(run.history.x[1:, :, 0], axis=0) / np.arange(1, T + 1)[:, None]
    z = ((means[-1] ** 2).mean() / (share / T) - 1) / np.sqrt(2 / REPEATS)
    numbers.theorem(f"the same from {REPEATS} runs, in standard errors", z, between=(-3.5, 3.5))

    def draw(kit: Kit) -> None:
        ax = kit.panels(height=2.4)
        t = np.arange(1, T + 1)
        ax.set(xlim=(1, T), ylim=(2e-4, 0.3), xscale="log", xlabel="update", ylabel="mean square error")
        lines = {
            "last iterate": (t, (run.history.x[1:, :, 0] ** 2).mean(axis=1)),
            "average": (t, (means**2).mean(axis=1)),
            "$1/t$, the bound": (t, 1 / t),
        }
        kit.curves(ax, lines, colors=("#0072B2", "#009E73", "#8d99a3"))

    return Drawing(draw)
