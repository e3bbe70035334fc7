"""Beck, "Introduction to Nonlinear Optimization" (2014): the printed runs of chapters 4 and 5."""

from typing import Any

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of("Beck, Introduction to Nonlinear Optimization, 2014")


def _until_flat(eps: float) -> Any:
    """Return a callback that ends the run once the gradient norm is at most eps, as the book's loops do."""

    def stop(info: Any) -> None:
        if not np.linalg.norm(info.grad) > eps:
            raise StopIteration

    return stop


def _line(run: ss.Run, k: int) -> list[float]:
    """Return what the book's programs print after update k: gradient norm and value."""
    return [float(run.history.grad_norm[k]), float(run.history.fun[k])]


@figure(
    "beck-4-listings",
    "examples 4.7 to 4.13, the MATLAB listings",
    "the same bowl with an exact, a small and an absurd step, and Rosenbrock's valley with backtracking",
)
def listings(numbers: Numbers) -> Drawing:
    """Every run of chapter 4, with the counts and the lines that it prints."""
    bowl = ss.Quadratic([2.0, 4.0])
    halt = _until_flat(1e-5)
    backtracking = ss.SGD(lr=ss.Armijo(c1=0.25, rho=0.5, alpha0=2.0))
    exact = ss.minimize(bowl, ss.SGD(lr=ss.ExactQuadratic()), x0=[2.0, 1.0], steps=100, callback=halt)
    numbers.recalled("exact search: updates", exact.nit, 13, 0)
    lines = [(1.885618, 0.666667), (0.628539, 0.074074), (0.209513, 0.008230)]
    numbers.recalled("its first three lines", [_line(exact, k) for k in (1, 2, 3)], lines)
    ratio = exact.history.fun[1:] / exact.history.fun[:-1]
    numbers.theorem("its ratio of values: 1/9", [ratio.min(), ratio.max()], [1 / 9, 1 / 9], 1e-9)
    small = ss.minimize(bowl, ss.SGD(lr=0.1), x0=[2.0, 1.0], steps=100, callback=halt)
    numbers.recalled("constant step 0.1: updates", small.nit, 58, 0)
    lines = [(4.0, 3.28), (2.937210, 1.8976)]
    numbers.recalled("its first two lines", [_line(small, k) for k in (1, 2)], lines)
    absurd = ss.minimize(bowl, ss.SGD(lr=100.0), x0=[2.0, 1.0], steps=5)
    numbers.recalled("constant step 100: its first line", _line(absurd, 1), [1783.488716, 476806.0])
    numbers.theorem(
        "its second value over the first: larger, it diverges",
        _line(absurd, 2)[1] / 476806.0,
        between=(1e4, 1e6),
    )
    thin = ss.Quadratic([2.0, 0.02])
    narrow = ss.minimize(thin, backtracking, x0=[0.01, 1.0], steps=300, callback=halt)
    numbers.recalled("x^2 + .01 y^2 with backtracking: updates", narrow.nit, 201, 0)
    banana = ss.minimize(ss.Rosenbrock(), backtracking, x0=[2.0, 5.0], steps=7000, callback=halt)
    numbers.recalled("Rosenbrock with backtracking: updates", banana.nit, 6890, 0)
    lines = [(118.254478, 3.221022), (0.723051, 1.496586)]
    numbers.recalled("its first two lines", [_line(banana, k) for k in (1, 2)], lines)
    numbers.recalled("its last two gradient norms", banana.history.grad_norm[-2:], [0.000019, 0.000009])

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.6)
        ax = axes[0]
        kit.contours(banana.problem, ax, window=[(0.4, 2.4), (0.2, 5.4)])
        ax.plot(*banana.history.x.T, color=kit.COLORS[3], linewidth=1.0)
        ax.plot(2, 5, "o", color="#333333", markersize=4.5)
        ax.set_title("Rosenbrock from (2, 5)")
        axes[1].set(xscale="log", xlim=(1, 8000), ylim=(5e-6, 300), xlabel="update", ylabel="gradient norm")
        runs = {"exact": exact, "0.1": small, "narrow": narrow, "Rosenbrock": banana}
        lines = {k: (np.arange(1, r.nit + 1), r.history.grad_norm[1:]) for k, r in runs.items()}
        kit.curves(axes[1], lines, labels="none")
        words = (
            (4.2, 1e-3, "exact", 0),
            (90, 0.12, "step 0.1", 1),
            (900, 1e-3, "narrow", 2),
            (6000, 12.0, "Rosenbrock", 3),
        )
        for x, y, text, i in words:
            axes[1].text(x, y, text, color=kit.COLORS[i], fontsize=8, ha="right")
        axes[1].axhline(1e-5, color="#333333", linewidth=0.6, linestyle=":")
        axes[1].text(300, 1.4e-5, "here they stop", fontsize=7, va="bottom")

    return Drawing(draw, {"exact search": exact, "step 0.1": small}, [(-0.5, 2.2), (-0.8, 1.1)])


@figure(
    "beck-5-newton",
    "examples 5.5 and 5.6",
    "pure Newton turns x into -x^3: inside one it is cubically fast, outside it explodes; damping mends it",
)
def newton(numbers: Numbers) -> Drawing:
    """Sum of sqrt(1 + x^2): pure Newton from (10, 10) and from (1, 1), damped with backtracking (.5, .5)."""
    bowl = ss.RootBowl(2)
    pure = ss.minimize(bowl, ss.Newton(repair=None), x0=[10.0, 10.0], steps=3)
    numbers.theorem("pure Newton from (10, 10): f after 1 update", pure.history.fun[1], 2 * np.sqrt(1 + 1e6))
    numbers.recalled(
        "after 2 and 3, over 2e9 and 2e27", pure.history.fun[2:4] / [2e9, 2e27], [1.0, 1.0], 5e-4
    )
    expected = [[-(10.0**3)] * 2, [10.0**9] * 2]
    numbers.theorem("x -> -x^3, relative", pure.history.x[1:3] / expected, np.ones((2, 2)), 1e-6)
    cycle = ss.minimize(bowl, ss.Newton(repair=None), x0=[1.0, 1.0], steps=8)
    numbers.theorem(
        "from (1, 1): cycles between -1 and 1", cycle.history.x[:, 0], [(-1.0) ** k for k in range(9)], 1e-9
    )
    damped = ss.minimize(
        bowl, ss.Newton(lr=ss.Armijo(c1=0.5, rho=0.5)), x0=[10.0, 10.0], steps=50, callback=_until_flat(1e-8)
    )
    numbers.recalled("damped: updates until the gradient is below 1e-8", damped.nit, 17, 0)

    def draw(kit: Kit) -> None:
        ax = kit.panels(height=2.4)
        ax.set(xlim=(0, 17), ylim=(1e-9, 1e10), xlabel="update", ylabel="$|x|$")
        lines = {
            "pure, from 10": np.abs(pure.history.x[:3, 0]),
            "pure, from 1": np.abs(cycle.history.x[:, 0]),
            "damped, from 10": np.abs(damped.history.x[:, 0]),
        }
        kit.curves(ax, lines, colors=("#D55E00", "#E69F00", "#009E73"), marker="o", markersize=2.5)

    return Drawing(draw)
