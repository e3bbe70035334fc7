"""Lessons of our own, continued: the price of adaptive rules, drift, and a map without a loss."""

from types import SimpleNamespace
from typing import Any

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of
from stepsize.gallery.rates import first_below

figure = figures_of("stepsize, lessons")
kohonen_figure = figures_of("Kohonen, Self-Organizing Maps, 1995")

SEVEN = {
    "SGD": ss.SGD(),
    "momentum": ss.Momentum(),
    "Nesterov": ss.Nesterov(),
    "Adagrad": ss.Adagrad(),
    "RMSprop": ss.RMSprop(),
    "Adadelta": ss.Adadelta(),
    "Adam": ss.Adam(),
}


@figure(
    "lesson-price-of-adaptivity",
    "what a rule keeps and what a step costs",
    "every rule beyond plain descent carries arrays as large as the parameters, and pays for them "
    "at each step",
)
def price(numbers: Numbers) -> Drawing:
    """Arrays of state, and the array operations of an update: counted, so that no machine has a say."""
    arrays = {label: len(rule.init(np.ones(1)).slots) for label, rule in SEVEN.items()}
    expected = {"SGD": 0, "momentum": 1, "Nesterov": 1, "Adagrad": 1, "RMSprop": 1, "Adadelta": 2, "Adam": 2}
    for label, count in arrays.items():
        numbers.theorem(f"arrays of state: {label}", count, expected[label])
    operations = {label: _operations_of_a_step(rule) for label, rule in SEVEN.items()}
    numbers.theorem("array operations of an update: SGD, x - lr g", operations["SGD"], 2)
    # Momentum has a fifth, the product with 1 - dampening.
    counts = [operations[label] for label in SEVEN if label != "SGD"]
    numbers.computed("the same of the others, in the order of the picture", counts, _OPERATIONS, 0)

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.3, sharey=True)
        rows = np.arange(len(SEVEN))[::-1]
        axes[0].barh(rows, list(arrays.values()), color=kit.COLORS[0], height=0.55)
        axes[0].set_yticks(rows, list(SEVEN))
        axes[0].set(xlabel="arrays of state, each as large as x", xticks=[0, 1, 2])
        counts = list(operations.values())
        axes[1].barh(rows, counts, color=kit.COLORS[1], height=0.55)
        for row, value in zip(rows, counts, strict=True):
            axes[1].text(value, row, f" {value}", va="center", fontsize=8)
        axes[1].set(xlabel="array operations of an update", xlim=(0, max(counts) * 1.12))
        for ax in axes:
            ax.tick_params(axis="y", length=0)

    return Drawing(draw)


class _Counted(np.ndarray[Any, Any]):
    """An array that counts the operations on arrays."""

    made: int

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        _Counted.made += 1
        plain = [value.view(np.ndarray) if isinstance(value, _Counted) else value for value in inputs]
        return np.asarray(getattr(ufunc, method)(*plain, **options)).view(_Counted)


def _operations_of_a_step(rule: Any) -> int:
    """Return how many operations on arrays an update makes, x - lr d included."""
    x = np.ones(3).view(_Counted)
    h = SimpleNamespace(**dict(rule.fields()), t=3)
    slots = tuple(np.ones(3).view(_Counted) for _ in rule.slots)
    _Counted.made = 0
    d, _ = rule.direction(x, x, slots, h)
    _ = x - h.lr * d
    return _Counted.made


_OPERATIONS = [5, 6, 7, 9, 16, 14]


@figure(
    "lesson-drift",
    "adaptive rules when the data move",
    "a rule whose rate only dies is left behind by a moving minimum; one that forgets keeps up",
)
def drift(numbers: Numbers) -> Drawing:
    """Four rules on a bowl that drifts, and on one that jumps every 1000 updates."""
    bowl = ss.Quadratic([1.0], minimizer=[0.0], start=[0.0])
    speed, steps = 0.01, 4000
    drifting = ss.Drifting(bowl, velocity=speed)
    jumping = ss.Jumping(bowl, by=3.0, every=1000)
    rules = {
        "SGD": ss.SGD(lr=0.05),
        "Adagrad": ss.Adagrad(lr=0.1),
        "RMSprop": ss.RMSprop(lr=0.02),
        "Adam": ss.Adam(lr=0.02),
    }
    n = np.arange(steps + 1)
    lags = {
        label: speed * n - ss.minimize(drifting, rule, x0=[0.0], steps=steps).history.x[:, 0]
        for label, rule in rules.items()
    }
    jumps = {
        label: ss.minimize(jumping, rule, x0=[0.0], steps=steps).history.x[:, 0]
        for label, rule in rules.items()
    }
    numbers.theorem("SGD trails the drift by v/(lr lambda)", lags["SGD"][-1], speed / 0.05, 1e-9)
    numbers.computed(
        "Adagrad: distance behind at the end over the middle",
        lags["Adagrad"][-1] / lags["Adagrad"][2000],
        between=(1.5, 5.0),
    )
    for label in ("RMSprop", "Adam"):
        numbers.computed(f"{label}: largest distance behind", np.abs(lags[label]).max(), between=(0.0, 0.5))
    after = {label: first_below(np.abs(x[3001:] - 9.0), 0.3) for label, x in jumps.items()}
    numbers.computed(
        "third jump: updates until RMSprop is within a tenth of it", after["RMSprop"], between=(50, 250)
    )
    numbers.computed("third jump: by Adagrad, which does not come as near", after["Adagrad"], 1000, 0)

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.5)
        axes[0].set(
            xlim=(0, steps), ylim=(1e-4, 50), xlabel="update", ylabel="distance behind", title="drift"
        )
        kit.curves(axes[0], {label: np.abs(lag) for label, lag in lags.items()}, linewidth=1.1)
        where = 3.0 * (n // 1000)
        axes[1].plot(n, where, color="#333333", linewidth=0.8, linestyle="--", drawstyle="steps-post")
        for (_, x), color in zip(jumps.items(), kit.COLORS, strict=False):
            axes[1].plot(x, color=color, linewidth=1.2)
        axes[1].set(xlim=(0, steps), xlabel="update", ylabel="$x$", title="jumps (dashed: the minimum)")

    return Drawing(draw)


@kohonen_figure(
    "kohonen-map",
    "chapter 3, the basic algorithm",
    "a net unfolds over a square as its rate falls in a straight line: there is no loss, and yet a "
    "learning rate",
    "read as a recursion, 'the new rate is the old one minus c n', the same words give a parabola "
    "that is gone "
    "after the square root of the time",
)
def kohonen_map(numbers: Numbers) -> Drawing:
    """10 by 10 units, 10000 points of the unit square, rate 0.5 falling linearly to 0.02."""
    rate = ss.Linear(0.5, steps=10_000, end=0.02)
    reach = ss.Geometric(4.0, steps=10_000, end=0.5)
    numbers.theorem(
        "rate at the start, half way, at the end", rate(np.array([0, 5000, 10_000])), [0.5, 0.26, 0.02]
    )
    slope = (0.5 - 0.02) / 10_000
    recursion = ss.KohonenRecursion(0.5, c=slope)
    vanished = int(np.flatnonzero(recursion(np.arange(1000)) == 0)[0])
    numbers.theorem(
        "as a recursion it is gone after about sqrt(2 lr/c)", vanished / np.sqrt(2 * 0.5 / slope), 1.0, 0.01
    )
    stages = _unfold(rate, reach, (0, 200, 2000, 10_000))
    points = np.random.default_rng(1).random((2000, 2))
    errors = [_distance(points, W) for W in stages.values()]
    # A hundred cells of a regular grid: mean distance to the middle, 0.3826 times the side of a cell.
    numbers.computed(
        "mean distance to the nearest unit, start and end",
        [errors[0], errors[-1]],
        [0.35, 0.042],
        [0.05, 0.006],
    )
    numbers.theorem(
        "it cannot fall below that of a hundred hexagons, about .0377", errors[-1], between=(0.0377, 0.05)
    )
    twisted = [_stretch(W) for W in stages.values()]
    numbers.computed(
        "longest edge of the net at the end over the regular 1/10", twisted[-1] / 0.1, between=(0.9, 2.0)
    )

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 4, height=2.1)
        for ax, (n, W) in zip(axes, stages.items(), strict=True):
            ax.plot(W[..., 0], W[..., 1], color=kit.COLORS[0], linewidth=0.7)
            ax.plot(W[..., 0].T, W[..., 1].T, color=kit.COLORS[0], linewidth=0.7)
            ax.plot(W[..., 0].ravel(), W[..., 1].ravel(), "o", color=kit.COLORS[1], markersize=1.8)
            ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[], yticks=[])
            ax.set_title(f"n = {n}\nrate {rate(n):.2f}", fontsize=8)
            for side in ("top", "right"):
                ax.spines[side].set_visible(True)

    return Drawing(draw)


def _unfold(rate: Any, reach: Any, times: tuple[int, ...]) -> dict[int, Any]:
    """Return the net after some of the updates: W_j += rate h_j (x - W_j), h a bell around the winner."""
    random = np.random.default_rng(0)
    W = 0.5 + 0.02 * random.standard_normal((10, 10, 2))
    i, j = np.mgrid[:10, :10]
    n = np.arange(max(times))
    rates, widths, points = rate(n), reach(n), random.random((len(n), 2))
    snapshots = {0: W.copy()}
    for k in range(len(n)):
        away = points[k] - W
        winner = int((away * away).sum(axis=-1).argmin())
        steps = (i - winner // 10) ** 2 + (j - winner % 10) ** 2
        bell = np.exp(-steps / (2 * widths[k] * widths[k]))
        W = W + rates[k] * bell[..., None] * away
        if k + 1 in times:
            snapshots[k + 1] = W.copy()
    return snapshots


def _distance(points: Any, W: Any) -> float:
    """Return the mean distance of points to the nearest unit."""
    gaps = np.linalg.norm(points[:, None] - W.reshape(-1, 2), axis=-1)
    return float(gaps.min(axis=1).mean())


def _stretch(W: Any) -> float:
    """Return the longest edge of the net."""
    edges = [np.linalg.norm(np.diff(W, axis=axis), axis=-1).max() for axis in (0, 1)]
    return float(max(edges))
