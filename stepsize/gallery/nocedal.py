"""Nocedal and Wright, "Numerical Optimization" (2nd edition): three methods on Rosenbrock's valley."""

from collections.abc import Callable
from typing import Any

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

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
def rosenbrock(numbers: Numbers) -> Drawing:
    """Rosenbrock from (-1.2, 1) until the gradient is below 1e-5."""
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

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.7)
        kit.contours(problem, axes[0], window=[(-1.6, 1.5), (-0.6, 1.7)])
        for run_, color, width in zip(runs.values(), kit.COLORS, (0.8, 1.2, 1.2), strict=False):
            axes[0].plot(
                *run_.history.x.T, color=color, linewidth=width, marker="o", markersize=2 if width > 1 else 0
            )
        axes[0].plot(-1.2, 1, "o", color="#333333", markersize=4.5)
        ax = axes[1]
        for run_, color in zip(runs.values(), kit.COLORS, strict=False):
            ax.plot(np.arange(1, run_.nit + 1), run_.error[1:], color=color)
        ax.set(xscale="log", yscale="log", xlim=(1, 15000), ylim=(1e-20, 30), xlabel="update", ylabel="$f$")
        ax.grid(axis="y")
        kit.annotate(ax, 500, 3e-7, "steepest descent", kit.COLORS[0], ha="center")
        kit.annotate(ax, 42, 1e-12, "BFGS", kit.COLORS[1], ha="left")
        kit.annotate(ax, 15, 1e-16, "Newton", kit.COLORS[2], ha="right")

    return Drawing(draw)


# Wolfe's conditions: the line of the figure, and the two constants
_FLAT = (0.5, 1.5, 3.0)  # a valley, a hump, a deeper valley; at 0 the value is 0 and the slope -1
_C1, _C2 = 0.13, 0.2


@figure(
    "nocedal-3-wolfe-intervals",
    "section 3.1, figures 3.3-3.5",
    "enough decrease for the length of the step, and a slope that has flattened: each condition alone leaves "
    "bad steps, both together leave an interval around each good valley",
)
def wolfe(numbers: Numbers) -> Drawing:
    """Quartic line with two valleys, c1 = 0.13, c2 = 0.2: where the strong Wolfe conditions hold."""
    slope = np.polynomial.Polynomial.fromroots(_FLAT) / np.prod(_FLAT)
    phi = slope.integ()

    def surplus(a: Any) -> Any:
        return phi(a) + _C1 * a

    def steepness(a: Any) -> Any:
        return abs(slope(a)) - _C2

    decrease, curvature = _intervals(surplus, 5.0), _intervals(steepness, 5.0)
    both = [
        (max(a, c), min(b, d)) for a, b in decrease for c, d in curvature if max(a, c) < min(b, d)
    ]  # fmt: skip
    numbers.theorem("value and slope at 0", [phi(0), slope(0)], [0.0, -1.0])
    for number, (low, high) in enumerate(decrease, 1):
        ends = [end for end in (low, high) if end > 0]
        found = [surplus(end) for end in ends]
        numbers.theorem(f"sufficient decrease {number}: surplus at its ends", found, [0.0] * len(ends), 1e-9)
    for number, (low, high) in enumerate(curvature, 1):
        found = [abs(slope(low)), abs(slope(high))]
        numbers.theorem(f"curvature {number}: slope at its ends over that at 0", found, [_C2, _C2], 1e-9)
    roots = _positive_roots(phi - np.polynomial.Polynomial([0.0, -_C1]))
    ends = [end for pair in decrease for end in pair][1:]
    numbers.theorem("ends of sufficient decrease: roots of a polynomial", ends, roots, 1e-9)
    roots = sorted(_positive_roots(slope - _C2) + _positive_roots(slope + _C2))
    numbers.theorem("ends of curvature: roots of two", [e for pair in curvature for e in pair], roots, 1e-9)
    numbers.theorem(
        "intervals of one, the other, both", [len(decrease), len(curvature), len(both)], [2, 3, 2]
    )

    line = ss.Problem.of(lambda x: phi(x[..., 0]), lambda x: slope(x), x0=[0.0], name="two valleys")
    search = ss.StrongWolfe(c1=_C1, c2=_C2, first=3.7)
    firsts = np.geomspace(1e-3, 1e3, 61)
    steps = [
        ss.minimize(line, ss.SGD(lr=search.replace(first=float(first))), steps=1).last_x[0]
        for first in firsts
    ]
    inside = [any(low <= step <= high for low, high in both) for step in steps]
    numbers.theorem("steps in one of the two, of 61 first trials from 0.001 to 1000", sum(inside), 61)
    run = ss.minimize(line, ss.SGD(lr=search), steps=1)
    numbers.theorem("the step drawn", run.last_x[0], between=both[0])

    def draw(kit: Kit) -> None:
        ax = kit.panels(1, 1, width=6.0, height=3.5)
        kit.line(run, 0, ax, reach=3.9)
        ax.set_title("Three trials of a search, and the steps it may take")
        across = ax.get_xaxis_transform()
        strips = {"sufficient decrease": (decrease, kit.COLORS[5]), "curvature": (curvature, kit.COLORS[0])}
        for height, (label, (pairs, color)) in zip((0.09, 0.03), strips.items(), strict=True):
            for low, high in pairs:
                ax.plot(
                    [low, high],
                    [height] * 2,
                    color=color,
                    linewidth=4,
                    solid_capstyle="butt",
                    transform=across,
                )
            ax.annotate(
                label,
                (1.0, height),
                xycoords="axes fraction",
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                annotation_clip=False,
                color=color,
                fontsize=8,
            )
        for end in (end for pair in both for end in pair):
            ax.axvline(end, color=kit.COLORS[2], linewidth=0.6, zorder=1)

    return Drawing(draw)


def _intervals(excess: Callable[[Any], Any], top: float) -> list[tuple[float, float]]:
    """Return where in (0, top) a function is at most 0: each interval with its ends, by Brent's method."""
    from scipy.optimize import brentq

    grid = np.linspace(1e-6, top, 1001)
    good = excess(grid) <= 0
    borders = np.flatnonzero(good[:-1] != good[1:])
    roots: list[Any] = [brentq(excess, grid[i], grid[i + 1], xtol=1e-14) for i in borders]
    ends = [float(root) for root in roots]
    ends = ([0.0] if good[0] else []) + ends + ([top] if good[-1] else [])
    return list(zip(ends[::2], ends[1::2], strict=True))


def _positive_roots(polynomial: Any) -> list[float]:
    return sorted(float(r.real) for r in polynomial.roots() if abs(r.imag) < 1e-9 and r.real > 1e-9)
