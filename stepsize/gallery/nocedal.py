"""Nocedal and Wright, "Numerical Optimization" (2nd edition): three methods on Rosenbrock's valley."""

from typing import Any

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import GalleryFigure, Numbers, figures_of

figure = figures_of("Nocedal and Wright, Numerical Optimization, 2nd edition, 2006")


def _flat(info: Any) -> None:
    if np.linalg.norm(info.grad) < 1e-5:
        raise StopIteration


@figure(
    "nocedal-6-rosenbrock",
    "section 6.1, the table of three methods; exercise 3.1",
    "linear, superlinear, quadratic: a flat line, a bend, a cliff",
    "the table's steepest descent ends at an error whose gradient cannot be below the stated 1e-5, and its "
    "Newton column ends in digits with another exponent than recomputation gives; counts of steepest descent "
    "depend on the search and on rounding",
)
def rosenbrock() -> GalleryFigure:
    """Rosenbrock from (-1.2, 1) until the gradient is below 1e-5."""
    numbers = Numbers()
    problem = ss.Rosenbrock()
    halving = ss.Armijo(c1=1e-4, rho=0.5)

    def run(optimizer: Any, x0: Any = (-1.2, 1.0), steps: int = 12000) -> Any:
        return ss.minimize(problem, optimizer, x0=list(x0), steps=steps, callback=_flat)

    newton = run(ss.Newton(lr=halving))
    numbers.printed("Newton: updates", newton.nit, 21, 0)
    distance = np.linalg.norm(newton.history.x - 1.0, axis=1)
    numbers.computed(
        "Newton: last errors, relative",
        distance[-4:] / [9.180e-3, 1.173e-3, 2.727e-6, 1.351e-10],
        [1.0] * 4,
        1e-3,
    )
    numbers.computed("Newton from (1.2, 1.2): updates", run(ss.Newton(lr=halving), (1.2, 1.2)).nit, 7, 0)
    pure = ss.minimize(problem, ss.Newton(repair=None), x0=[-1.2, 1.0], steps=6)
    numbers.computed(
        "pure Newton: values", pure.history.fun[1:5], [4.73188, 1411.85, 0.0559655, 0.313189], 5e-3
    )
    numbers.computed("then", pure.history.fun[5:7], [1.85e-11, 3.4e-20], [1e-13, 2e-20])
    bfgs = run(ss.BFGS(lr=ss.StrongWolfe()))
    numbers.printed("BFGS: updates (the book: 34)", bfgs.nit, between=(25, 45))
    steepest = run(ss.SGD(lr=halving))
    numbers.printed("steepest descent: updates (the book: 5264)", steepest.nit, between=(1000, 12000))
    # The book's last error of that column and what it implies at the least for the gradient.
    H = problem.hess(np.ones(2))
    low, high = np.linalg.eigvalsh(H)
    numbers.computed(
        "gradient norm that an error of 1.823e-4 has at least", 1.823e-4 * low, between=(7.2e-5, 7.4e-5)
    )
    numbers.computed("condition number at the minimum", high / low, 2508.01, 5e-3)
    milder = run(ss.Newton(lr=ss.Armijo(c1=0.1, rho=0.5)))
    last = np.linalg.norm(milder.history.x - 1.0, axis=1)[-4:]
    numbers.computed(
        "Newton with c1 = 0.1: last errors, relative",
        last / [3.428e-2, 1.442e-2, 1.821e-4, 1.174e-6],
        [1.0] * 4,
        1e-3,
    )
    runs = {"steepest descent": steepest, "BFGS": bfgs, "Newton": newton}

    def draw() -> Any:
        from stepsize import draw
        from stepsize.draw.layout.panels import annotate, panels

        picture, axes = panels(1, 2, height=2.7)
        draw.contours(problem, axes[0], window=[(-1.6, 1.5), (-0.6, 1.7)])
        for run_, color, width in zip(runs.values(), draw.COLORS, (0.8, 1.2, 1.2), strict=False):
            axes[0].plot(
                *run_.history.x.T, color=color, linewidth=width, marker="o", markersize=2 if width > 1 else 0
            )
        axes[0].plot(-1.2, 1, "o", color="#333333", markersize=4.5)
        ax = axes[1]
        for run_, color in zip(runs.values(), draw.COLORS, strict=False):
            ax.plot(np.arange(1, run_.nit + 1), run_.error[1:], color=color)
        ax.set(xscale="log", yscale="log", xlim=(1, 15000), ylim=(1e-20, 30), xlabel="update", ylabel="$f$")
        ax.grid(axis="y")
        annotate(ax, 500, 3e-7, "steepest descent", draw.COLORS[0], ha="center")
        annotate(ax, 42, 1e-12, "BFGS", draw.COLORS[1], ha="left")
        annotate(ax, 15, 1e-16, "Newton", draw.COLORS[2], ha="right")
        return picture

    return GalleryFigure(numbers, draw)
