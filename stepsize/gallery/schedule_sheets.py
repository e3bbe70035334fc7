"""Schedules as their sources print them: d2l 12.11, Smith's cycles, warm restarts, Murphy's curves."""

from typing import Any

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

d2l = figures_of("Zhang, Lipton, Li and Smola, Dive into Deep Learning")
smith = figures_of("Smith, Cyclical learning rates for training neural networks, 2017")
sgdr = figures_of("Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts, 2017")
murphy = figures_of("Murphy, Probabilistic Machine Learning: An Introduction, 2022")


def _sheet(kit: Kit, schedules: dict[str, Any], updates: int, columns: int = 3, **options: Any) -> None:
    """Draw small multiples of rate against update."""
    rows = -(-len(schedules) // columns)
    axes = kit.panels(rows, columns, height=1.75, squeeze=False, **options)
    n = np.arange(updates)
    for ax, (title, schedule) in zip(axes.flat, schedules.items(), strict=True):
        props = {"marker": "o", "markersize": 2.0} if updates <= 60 else {}
        ax.plot(n, schedule(n), color="#0072B2", linewidth=1.2, **props)
        ax.set(title=title, xlim=(0, updates - 1), ylim=(0, None))
        ax.title.set_fontsize(9)
        ax.grid(axis="y")
    for ax in axes[-1]:
        ax.set_xlabel("update")
    for ax in axes[:, 0]:
        ax.set_ylabel("rate")


@d2l(
    "d2l-12.11-schedules",
    "section 12.11, figures 12.11.1-5",
    "six ways to lower a rate, on one sheet",
    "the book's factor scheduler decays before it is read, so its first rate is 1.8 and not the base of 2",
)
def schedules(numbers: Numbers) -> Drawing:
    """Square root, factor, multistep, cosine, and two warm-ups, 30 updates."""
    warm = ss.Linear(0.0, steps=5, end=0.3)
    sheet = {
        "square root": ss.Power(0.1, 0.5),
        "factor": ss.StepDecay(1.8, 0.9, 1).floor(0.01),
        "multistep": ss.MultiStep(0.5, 0.5, at=[15, 30]),
        "cosine": ss.Cosine(0.3, steps=20, end=0.01),
        "warm-up, then constant": warm,
        "warm-up, then cosine": warm.then(ss.Cosine(0.3, steps=15, end=0.01), at=5),
    }
    expected: dict[str, tuple[list[int], list[float]]] = {
        "square root": ([0, 3, 29], [0.1, 0.05, 0.1 / np.sqrt(30)]),
        "factor": ([0, 9, 49, 50], [1.8, 1.8 * 0.9**9, 1.8 * 0.9**49, 0.01]),
        "multistep": ([0, 14, 15, 29, 30], [0.5, 0.5, 0.25, 0.25, 0.125]),
        "cosine": ([0, 10, 20, 29], [0.3, 0.155, 0.01, 0.01]),
        "warm-up, then cosine": ([0, 1, 4, 5, 20], [0.0, 0.06, 0.24, 0.3, 0.01]),
    }
    for label, (n, values) in expected.items():
        numbers.theorem(f"{label} at n = {', '.join(map(str, n))}", sheet[label](np.array(n)), values)
    return Drawing(lambda kit: _sheet(kit, sheet, 30))


@smith(
    "smith-cycles",
    "sections 3.1-3.2, figures 2-3",
    "a rate that goes up and down in triangles, of equal or shrinking height",
)
def cycles(numbers: Numbers) -> Drawing:
    """Triangular, triangular2 and exp_range between .001 and .006, half a cycle of 2000."""
    plain = ss.Cyclic(0.006, up=2000, low=0.001)
    halved = plain.replace(shrink=0.5)
    fading = plain.replace(gamma=0.99994)
    turns = np.arange(0, 5000, 1000)
    numbers.printed(
        "triangular at 0, 1000, ..., 4000", plain(turns), [0.001, 0.0035, 0.006, 0.0035, 0.001], 1e-12
    )
    peaks = np.array([2000, 6000, 10000])
    numbers.printed("triangular2 at its peaks", halved(peaks), [0.006, 0.0035, 0.00225], 1e-12)
    numbers.computed("exp_range at its peaks", fading(peaks[:2]), [0.005434586, 0.004488344], 5.1e-10)
    sheet = {"triangular": plain, "triangular2": halved, "exp_range": fading}
    return Drawing(lambda kit: _sheet(kit, sheet, 12001, sharey=True))


@sgdr(
    "sgdr-restarts",
    "section 3, figure 1",
    "a cosine that starts over, in cycles that double",
)
def restarts(numbers: Numbers) -> Drawing:
    """Warm restarts: the updates at which the rate jumps back, and values on the way."""
    short, long = ss.Restarts(0.05, steps=1, mult=2), ss.Restarts(0.05, steps=10, mult=2)

    def jumps(schedule: ss.Schedule, updates: int) -> list[int]:
        values = schedule(np.arange(updates))
        return [int(n) for n in np.flatnonzero(values == 0.05) if n > 0]

    numbers.recalled("restarts, first cycle 1", jumps(short, 128), [1, 3, 7, 15, 31, 63, 127], 0)
    numbers.recalled("restarts, first cycle 10", jumps(long, 151), [10, 30, 70, 150], 0)
    values = [0.05, 0.025, 0.05, 0.025, 0.05]
    numbers.theorem("rate at 0, 5, 10, 20, 30", long(np.array([0, 5, 10, 20, 30])), values)
    sheet = {
        "$T_0 = 10$, doubling": long,
        "$T_0 = 50$, equal": ss.Restarts(0.05, steps=50),
        "one cosine": ss.Cosine(0.05, steps=150),
    }
    return Drawing(lambda kit: _sheet(kit, sheet, 151, sharey=True))


@murphy(
    "murphy-8-schedules",
    "section 8.4.3, figure 8.19",
    "three shapes of decay: in steps, exponential, polynomial",
)
def three_shapes(numbers: Numbers) -> Drawing:
    """Piecewise constant, exponential and polynomial decay over 100 updates."""
    # The figure's own loop drops after 25, 50 and 75.
    steps = ss.MultiStep(1.0, 0.9, at=[26, 51, 76])
    smooth, root = ss.Exponential(1.0, d=0.999), ss.Power(1.0, 0.5)
    n = [0, 25, 26, 51, 76]
    label = f"piecewise at {', '.join(map(str, n))}"
    numbers.printed(label, steps(np.array(n)), [1.0, 1.0, 0.9, 0.81, 0.729], 1e-12)
    numbers.printed("exponential at 0, 1, 3", smooth(np.array([0, 1, 3])), np.exp([0, -0.999, -2.997]), 1e-12)
    numbers.printed("polynomial at 0, 3, 99", root(np.array([0, 3, 99])), [1.0, 0.5, 0.1], 1e-12)
    sheet = {"piecewise": steps, "exponential": smooth, "polynomial": root}
    return Drawing(lambda kit: _sheet(kit, sheet, 100, sharey=True))
