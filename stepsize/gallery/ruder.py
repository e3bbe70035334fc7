"""Ruder's overview (2016) with Radford's animations, and Jiang's gradient_descent_viz (2019)."""

import math
from typing import Any

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of
from stepsize.gallery.rates import first_below

ruder = figures_of("Ruder, An overview of gradient descent optimization algorithms, 2016")
jiang = figures_of("Jiang, gradient_descent_viz, 2019")


@jiang(
    "viz-two-wells",
    "surface 'local minimum'",
    "a ball with momentum and a large enough rate rolls through the poor well into the good one",
)
def two_wells(numbers: Numbers) -> Drawing:
    """Two wells from (1.5, 1.5), until both partial derivatives are below .01."""
    problem = ss.TwoWells()
    cases = {
        "SGD, lr = 0.001": (ss.SGD(lr=0.001), (0.9048, 0.0), -1.0927, 587),
        "SGD, lr = 0.01": (ss.SGD(lr=0.01), (0.9048, 0.0), -1.0927, 58),
        "momentum, lr = 0.001": (ss.Momentum(lr=0.001, momentum=0.9), (0.9051, 0.0), -1.0927, 153),
        "momentum, lr = 0.01": (ss.Momentum(lr=0.01, momentum=0.9), (-0.9676, 0.0), -5.0323, 158),
    }
    runs = {}
    for label, (optimizer, x, f, steps) in cases.items():
        run = ss.minimize(problem, optimizer, steps=1000, callback=_both_below(0.01))
        numbers.computed(f"{label}: updates", run.nit, steps, 0)
        numbers.computed(f"{label}: where it ends", run.x, x, 4e-3 * np.array([0.05, 1.0]))
        numbers.computed(f"{label}: how deep", run.fun, f, 2e-4)
        runs[label] = run

    shown = {label: runs[label] for label in ("SGD, lr = 0.01", "momentum, lr = 0.01")}

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=3.0)
        window = [(-1.7, 1.8), (-1.0, 1.7)]
        levels = np.concatenate([-np.arange(4.5, 0.0, -0.5), np.arange(0.5, 9.0)])
        kit.trajectories(axes[0], problem, shown, window, levels=levels)
        kit.annotate(axes[0], 1.0, -0.55, "SGD stays", kit.COLORS[0], ha="center")
        kit.annotate(axes[0], -0.9, -0.6, "momentum\nrolls on", kit.COLORS[1], ha="center")
        a = np.linspace(-1.8, 1.8, 300)
        axes[1].plot(a, problem.fun(np.stack([a, 0 * a], axis=-1)), color="#8d99a3")
        kit.annotate(axes[1], -1.72, 3.3, "$f(x_1, 0)$", "#5f6b75", va="bottom")
        axes[0].set_title("two wells, from above")
        for run, color in zip(shown.values(), kit.COLORS, strict=False):
            x = run.history.x[:, 0]
            axes[1].plot(x, run.history.fun, "o-", color=color, markersize=2, linewidth=0.8)
        axes[1].set(xlabel="$x_1$", ylabel="$f$", title="the same from the side")

    return Drawing(draw, shown, [(-1.7, 1.8), (-1.0, 1.7)])


def _both_below(bound: float) -> Any:
    def stop(info: Any) -> None:
        if (np.abs(info.grad) < bound).all():
            raise StopIteration

    return stop


@ruder(
    "ruder-saddle",
    "figure 5b, saddle point; also d2l 12.1",
    "near a saddle gradient descent and momentum wait the longer the closer they start; adaptive "
    "rules do not",
)
def saddle(numbers: Numbers) -> Drawing:
    """x^2 - y^2 from (1, y0), rate .01: updates until |y| > 1."""
    starts = (1e-2, 1e-4, 1e-8)
    rules = {
        "SGD": ss.SGD(lr=0.01),
        "momentum": ss.Momentum(lr=0.01, momentum=0.9),
        "Nesterov": ss.Nesterov(lr=0.01, momentum=0.9),
        "Adagrad": ss.Adagrad(lr=0.01, eps=1e-16),
        "RMSprop": ss.RMSprop(lr=0.01, rho=0.9, eps=0.0),
        "Adam": ss.Adam(lr=0.01, eps=1e-16),
    }
    expected = {
        "SGD": [233, 466, 931],
        "momentum": [49, 95, 185],
        "Nesterov": [47, 90, 175],
        "Adagrad": [1262, 1263, 1263],
        "RMSprop": [72, 72, 72],
        "Adam": [76, 77, 77],
    }
    for label, rule in rules.items():
        numbers.computed(
            f"{label}: escape from y0 = 1e-2, 1e-4, 1e-8", _escape(rule, starts), expected[label], 0
        )
    closed = [math.ceil(math.log(1 / y0) / math.log(1.02)) for y0 in starts]
    numbers.theorem("SGD: the same by ceil(ln(1/y0)/ln 1.02)", _escape(rules["SGD"], starts), closed, 0)
    slope = 1 - np.tanh(4.0) ** 2
    numbers.printed("slope of tanh at 4, where it vanishes (the book's .0013)", slope, 0.001341, 5.1e-7)
    many = np.geomspace(1e-8, 1e-1, 15)
    times = {label: _escape(rule, many) for label, rule in rules.items()}
    runs = {label: ss.minimize(ss.Saddle(), rule, x0=[1.0, 1e-2], steps=250) for label, rule in rules.items()}

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.7, width_ratios=[1, 1.2])
        window = [(-1.15, 1.15), (-0.3, 1.2)]
        colors = dict(zip(rules, kit.COLORS, strict=False))
        kit.trajectories(axes[0], ss.Saddle(), runs, window, [colors[k] for k in runs])
        axes[0].plot(0, 0, "x", color="#333333", markersize=5, zorder=5)
        axes[0].set_title("from $(1, 0.01)$; x: the saddle", fontsize=9)
        ax = axes[1]
        ax.set(xscale="log", yscale="log", xlim=(1e-1, 1e-8), ylim=(15, 2500))
        drawn = [(ax.plot(many, times[k][::1], "o-", markersize=2, color=colors[k])[0], k) for k in rules]
        # Names stand at the right, where y0 is smallest: the first of the arrays.
        for line, _ in drawn:
            line.set_data(many[::-1], np.asarray(line.get_ydata())[::-1])
        kit.label_line_ends(ax, drawn)
        ax.set(xlabel="$x_2$ at the start", ylabel="updates until $|x_2| > 1$")
        ax.set_title("rate 0.01, the same colours", fontsize=9)
        ax.grid(axis="y")

    return Drawing(draw, runs, [(-1.15, 1.15), (-0.3, 1.2)])


def _escape(rule: Any, starts: Any) -> list[int]:
    """Return after how many updates |y| > 1 from each start; of Nesterov's rule, before it looks ahead."""
    x0 = np.array([[1.0, y0] for y0 in starts])
    run = ss.minimize(ss.Saddle(), rule, x0=x0, steps=1300)
    y = run.history.x[..., 1]
    if isinstance(rule, ss.Nesterov):
        # x is the point ahead, where the gradient -2 y is taken; theta follows it by the plain step.
        lr: Any = rule.lr
        y = np.concatenate([y[:1], y[:-1] * (1 + 2 * lr)])
    return [first_below(-np.abs(column), -1.0) for column in y.T]


@ruder(
    "ruder-beale",
    "figure 5a, loss surface contours",
    "the race of the best-known animation: plateau, walls and a narrow valley",
    "the animation's start and rates are unpublished; these are ours",
)
def beale(numbers: Numbers) -> Drawing:
    """Six rules on Beale's function from (1, 1.5)."""
    problem = ss.Beale()
    numbers.computed("f(1, 1)", float(problem.fun(np.array([1.0, 1.0]))), 14.203125, 1e-12)
    numbers.computed("gradient there", problem.grad(np.array([1.0, 1.0])), [0.0, 27.75], 1e-12)
    best = np.array([3.0, 0.5])
    numbers.computed("f and gradient at (3, 0.5)", [problem.fun(best), *problem.grad(best)], [0.0] * 3, 1e-12)
    numbers.computed("eigenvalues there", np.linalg.eigvalsh(problem.hess(best)), [0.301464, 48.979786])
    rules = {
        "SGD": ss.SGD(lr=0.01),
        "momentum": ss.Momentum(lr=0.003, momentum=0.9),
        "Nesterov": ss.Nesterov(lr=0.003, momentum=0.9),
        "Adagrad": ss.Adagrad(lr=0.5),
        "Adadelta": ss.Adadelta(lr=8.0),
        "RMSprop": ss.RMSprop(lr=0.02),
    }
    runs = {label: ss.minimize(problem, rule, x0=[1.0, 1.5], steps=400) for label, rule in rules.items()}

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.9)
        window = [(0.2, 3.4), (-1.7, 1.7)]
        kit.trajectories(axes[0], problem, runs, window)
        axes[1].set(xlim=(0, 400), ylim=(3e-7, 100), xlabel="update", ylabel="$f$")
        kit.curves(axes[1], {label: run.history.fun for label, run in runs.items()})
        axes[1].set_title("the same colours on the left", fontsize=9)

    return Drawing(draw, runs, [(0.2, 3.4), (-1.7, 1.7)])
