"""Boyd and Vandenberghe, "Convex Optimization" (2004), section 9.3: gradient descent with line searches."""

from typing import Any

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of
from stepsize.gallery.rates import factor

figure = figures_of("Boyd and Vandenberghe, Convex Optimization, 2004")


@figure(
    "boyd-9.2-zigzag",
    "section 9.3.2, figure 9.2",
    "with exact searches each step is at a right angle to the last: the worst start zig-zags forever",
)
def zigzag(numbers: Numbers) -> Drawing:
    """(x1^2 + 10 x2^2)/2 from (10, 1), exact line search."""
    gamma, q = 10.0, 9 / 11
    bowl = ss.Quadratic([1.0, gamma], start=[gamma, 1.0])
    run = ss.minimize(bowl, ss.SGD(lr=ss.ExactQuadratic()), steps=30)
    k = np.arange(31)
    closed = np.column_stack([gamma * q**k, (-q) ** k])
    numbers.theorem(
        "largest deviation from (gamma q^k, (-q)^k), k to 30", np.abs(run.history.x - closed).max(), 0.0
    )
    first = [[8.181818, -0.818182], [6.694215, 0.669421], [5.477085, -0.547708]]
    numbers.theorem("first three points", run.history.x[1:4], first, 5.1e-7)
    ratio = run.history.fun[1:] / run.history.fun[:-1]
    numbers.theorem("f ratio, smallest and largest: (9/11)^2", [ratio.min(), ratio.max()], [q * q] * 2, 1e-11)
    numbers.printed("worst case of two exact steps, L = 1, mu = 0.1", ratio[:2].prod(), 0.448125, 5.1e-7)
    needed = np.log(1e-6) / np.log(ratio[0]) / np.log(1e6)
    numbers.printed("updates per e-fold over (L/mu)/4", needed / (gamma / 4), 1.0, 0.02)

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.3, width_ratios=[1.7, 1])
        window = [(-3.0, 11.0), (-2.6, 2.6)]
        kit.trajectories(axes[0], bowl, {"": run}, window)
        axes[0].set_title("exact line search, $\\gamma = 10$")
        axes[1].set_xlim(0, 30)
        kit.curves(axes[1], {"": run.history.fun}, labels="none", marker="o", markersize=2)
        axes[1].set(xlabel="update", ylabel="$f - f^*$", title=r"$(9/11)^{2k}$")

    return Drawing(draw, {"exact search": run}, [(-3.0, 11.0), (-2.6, 2.6)])


@figure(
    "boyd-9.3-exponentials",
    "section 9.3.2, figures 9.3-9.5",
    "on a function that is no quadratic both searches converge linearly, the exact one about twice as fast",
    "the book's factor 0.2 for the exact search belongs to its unpublished start; other starts "
    "give 0 to 0.40",
)
def exponentials(numbers: Numbers) -> Drawing:
    """Three exponentials: backtracking (0.1, 0.7) and exact search, from six starts."""
    problem = ss.BoydExponential()
    best = np.array(problem.minimizers[0])
    numbers.theorem("minimum 2 sqrt(2) exp(-0.1)", problem.minimum, 2.5592667, 5.1e-8)
    numbers.theorem("gradient at (-ln(2)/2, 0)", problem.grad(best), [0.0, 0.0])
    eigenvalues = np.linalg.eigvalsh(problem.hess(best))
    numbers.theorem("Hessian there: p*, 4.5 p*", eigenvalues, [problem.minimum, 4.5 * problem.minimum])
    starts = [(-1.0, 1.0), (1.0, 1.0), (-2.0, 0.5), (0.5, -1.0), (-1.0, -0.7), (0.0, 1.0)]
    searches = {"backtracking": ss.Armijo(c1=0.1, rho=0.7), "exact": ss.ExactSearch()}
    factors: dict[str, list[float]] = {}
    runs: dict[str, Any] = {}
    for label, search in searches.items():
        found = [ss.minimize(problem, ss.SGD(lr=search), x0=x0, steps=40) for x0 in starts]
        runs[label] = found[0]
        factors[label] = [factor(run.error, floor=1e-12) for run in found]
    for x0, value in zip(starts, factors["backtracking"], strict=True):
        numbers.printed(
            f"backtracking: factor an update (the book: .4) from {x0}", value, between=(0.25, 0.5)
        )
    worst = (3.5 / 5.5) ** 2
    for x0, value in zip(starts, factors["exact"], strict=True):
        numbers.theorem(
            f"exact: factor an update, below ((k-1)/(k+1))^2, from {x0}", value, between=(0.0, worst)
        )
    spread = max(factors["exact"]) - min(factors["exact"])
    numbers.computed("exact: spread of the factor over the starts", spread, between=(0.1, worst))

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.5, width_ratios=[1.2, 1])
        window = [(-1.9, 0.9), (-0.65, 1.15)]
        kit.trajectories(axes[0], problem, runs, window)
        axes[0].set_title("$e^{x_1+3x_2-.1} + e^{x_1-3x_2-.1} + e^{-x_1-.1}$", fontsize=9)
        axes[1].set(xlim=(0, 25), ylim=(1e-15, 30), xlabel="update", ylabel="$f - f^*$")
        kit.curves(axes[1], {label: run.error[:26] for label, run in runs.items()}, marker="o", markersize=2)

    return Drawing(draw, runs, [(-1.9, 0.9), (-0.65, 1.15)])


@figure(
    "boyd-9.6-scaling",
    "section 9.3.2, figures 9.6-9.8",
    "in a hundred dimensions the condition number decides, and a change of scale moves it",
    "the book's instance is unpublished: its counts (80 to 200, above 1000 at gamma = 10) hold in "
    "order of size",
)
def scaling(numbers: Numbers) -> Drawing:
    """C'x - sum log(b - Ax), 100 unknowns, 500 inequalities, coordinates scaled by gamma^(i/n)."""
    gammas = np.array([0.2, 0.4, 0.7, 1.0, 1.6, 3.0, 10.0])
    plain = _barrier(1.0)
    best = ss.minimize(plain, ss.Newton(lr=ss.Armijo(c1=0.1, rho=0.5)), steps=14)
    low = float(best.history.fun.min())
    numbers.computed("gradient norm at Newton's solution", best.history.grad_norm[-1], between=(0.0, 1e-8))
    H = plain.hess(best.x)
    counts, kappas, gaps, largest = [], [], {}, []
    # The book's searches begin at 1; the first ten trials of each never pass, so they are left out.
    search = ss.Armijo(c1=0.3, rho=0.7, alpha0=0.7**10)
    for gamma in gammas:
        run = ss.minimize(_barrier(gamma), ss.SGD(lr=search), steps=5000, callback=_until(low + 1e-5))
        largest.append(run.history.lr.max())
        counts.append(run.nit)
        gaps[float(gamma)] = run.history.fun - low
        T = _scales(gamma)
        eigenvalues = np.linalg.eigvalsh(T[:, None] * H * T)
        kappas.append(eigenvalues[-1] / eigenvalues[0])
    numbers.computed("largest step taken, below the first trial", max(largest), between=(0.0, 0.7**10.5))
    at_one, at_ten = counts[3], counts[-1]
    long = ss.minimize(plain, ss.SGD(lr=ss.Armijo(c1=0.1, rho=0.5)), steps=2000, callback=_until(low + 1e-5))
    falls = long.history.fun - low
    numbers.computed("backtracking (.1, .5): updates (the book: 175)", long.nit, 137, 2)
    start, end = factor(falls[:21]), factor(falls, skip=20)
    numbers.computed(
        "its factor in the first 20 updates (the book: .8), and then (.94)",
        [start, end],
        [0.835, 0.898],
        2e-3,
    )
    numbers.printed("updates at gamma = 10 (the book: above 1000)", at_ten, between=(1000, 4000))
    numbers.printed("updates at gamma = 1 (the book: 80 to 200)", at_one, between=(80, 200))
    numbers.computed("updates at gamma 1 and 10, frozen for this instance", [at_one, at_ten], _COUNTS, 2)
    numbers.computed("condition number at gamma 1 and 10", [kappas[3], kappas[-1]], _KAPPAS, 1e-3)
    share = factor(gaps[1.0], floor=1e-6)
    numbers.printed("factor an update at gamma = 1 (the book: .92 overall)", share, between=(0.85, 0.95))

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.4)
        axes[0].loglog(gammas, counts, "o-", color="#0072B2", markersize=3)
        axes[0].set(xlabel=r"scaling $\gamma$", ylabel="updates to $10^{-5}$", title="a change of scale")
        axes[0].set_xticks([0.2, 1, 3, 10], ["0.2", "1", "3", "10"])
        axes[0].set_yticks([200, 500, 1000, 2000], ["200", "500", "1000", "2000"])
        axes[0].minorticks_off()
        axes[0].grid(axis="y")
        axes[1].set(
            xlim=(0, 500), xlabel="update", ylabel="$f - p^*$", ylim=(1e-5, 3e2), title="the same function"
        )
        chosen = {rf"$\gamma = {g:g}$": gaps[g][:501] for g in (1.0, 3.0, 10.0)}
        kit.curves(axes[1], chosen)
        kit.log_ticks(axes[1].yaxis)

    return Drawing(draw)


_COUNTS = (157.0, 1742.0)
_KAPPAS = (51.656963, 561.876)


def _until(target: float) -> Any:
    def stop(info: Any) -> None:
        if info.fun <= target:
            raise StopIteration

    return stop


def _scales(gamma: float) -> Any:
    return gamma ** (np.arange(100) / 100)


def _barrier(gamma: float) -> Any:
    """Return the barrier in coordinates x = T y, T = diag(gamma^(i/n)), i = 0 ... n-1, from y = 0."""
    random = np.random.default_rng(0)
    A = random.standard_normal((500, 100)) * _scales(gamma)
    b = 0.1 + random.random(500)
    c = random.standard_normal(100) * _scales(gamma)

    def fun(y: Any) -> float:
        slack = b - A @ y
        return float(c @ y - np.log(slack).sum()) if (slack > 0).all() else float("inf")

    def grad(y: Any) -> Any:
        return c + A.T @ (1 / (b - A @ y))

    def hess(y: Any) -> Any:
        return (A.T / (b - A @ y) ** 2) @ A

    return ss.Problem.of(fun, grad, hess=hess, x0=np.zeros(100))
