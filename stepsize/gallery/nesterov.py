"""Nesterov's lower bound, and Drori and Teboulle's exact worst case."""

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

nesterov = figures_of("Nesterov, Introductory Lectures on Convex Optimization, 2004")
drori = figures_of(
    "Drori and Teboulle, Performance of first-order methods for smooth convex minimization, 2014"
)


@nesterov(
    "nesterov-lower-bound",
    "section 2.1.2, theorem 2.1.7",
    "information travels one coordinate an update, so no first-order method can be faster than 1/k^2",
)
def lower_bound(numbers: Numbers) -> Drawing:
    """20 updates from 0 on the worst quadratic in 41 dimensions."""
    k, L = 20, 4.0
    problem = ss.NesterovQuadratic(2 * k + 1, L)
    best = np.array(problem.minimizers[0])
    numbers.theorem("gradient at x_i = 1 - i/(n + 1), largest part", np.abs(problem.grad(best)).max(), 0.0)
    numbers.theorem("value there: L/8 (-1 + 1/(n + 1))", float(problem.fun(best)), L / 8 * (-1 + 1 / 42))
    runs = {
        "gradient descent": ss.minimize(problem, ss.SGD(lr=1 / L), steps=k),
        "Nesterov": ss.minimize(problem, ss.Nesterov1983(lr=1 / L), steps=k),
        "conjugate gradients": ss.minimize(
            problem, ss.ConjugateGradient(lr=ss.ExactQuadratic(), nu=np.inf, beta="FR"), steps=k
        ),
    }
    for label, run in runs.items():
        beyond = max(np.abs(run.history.x[j, j:]).max() for j in range(k + 1))
        numbers.theorem(f"{label}: coordinates beyond the k-th after k updates", beyond, 0.0, 0.0)
    bound = 3 * L * float(best @ best) / (32 * (k + 1) ** 2)
    numbers.theorem("the bound 3 L |x*|^2/(32 (k + 1)^2)", bound, 0.011483, 5.1e-7)
    for (label, run), gap in zip(runs.items(), (0.075939, 0.035085, 0.011905), strict=True):
        numbers.computed(f"gap after 20 updates, {label}", run.error[-1], gap, 5.1e-7)
        numbers.theorem(f"above the bound, {label}", run.error[-1] / bound, between=(1.0, np.inf))

    def draw(kit: Kit) -> None:
        import matplotlib.colors

        axes = kit.panels(1, 2, height=2.6, width_ratios=[1, 1.1])
        x = runs["conjugate gradients"].history.x
        shades = matplotlib.colors.LinearSegmentedColormap.from_list("", ["#ffffff", "#0072B2"])
        axes[0].pcolormesh(
            np.arange(k + 1), np.arange(1, 42), x.T, cmap=shades, vmin=0, vmax=1, rasterized=True
        )
        axes[0].set(xlabel="update", ylabel="coordinate", title="what has been heard of")
        kit.annotate(axes[0], 9, 28, "still exactly 0", ha="center")
        axes[1].set(xlim=(0, k), ylim=(8e-3, 1), xlabel="update", ylabel="$f - f^*$")
        kit.curves(axes[1], {label: run.error for label, run in runs.items()}, colors=_COLORS)
        axes[1].plot(k, bound, "v", color="#333333", markersize=6, clip_on=False)
        kit.annotate(axes[1], k - 0.8, bound * 0.99, "no method below", ha="right", va="center")

    return Drawing(draw)


_COLORS = ("#0072B2", "#D55E00", "#009E73")


@drori(
    "drori-huber",
    "theorem 3.1; PEPit's documentation",
    "the worst function for gradient descent is a kinked parabola: the gap after N steps is "
    "exactly L/(4N + 2)",
    "PEPit's text on the triple momentum method has the exponent 2(n + 1), its own number .238925 needs 2n",
)
def huber(numbers: Numbers) -> Drawing:
    """Huber with kink 1/(2N + 1) from 1, step 1/L."""
    for L, N in ((3.0, 4), (1.0, 10), (2.0, 50)):
        run = ss.minimize(ss.Huber(kink=1 / (2 * N + 1), curvature=L, start=1.0), ss.SGD(lr=1 / L), steps=N)
        numbers.theorem(f"gap after N = {N} steps, L = {L:g}: L/(4N + 2)", run.error[-1], L / (4 * N + 2))
        if N == 4:
            numbers.printed("the same as printed, L = 3, N = 4", run.error[-1], 0.166667)
    shrink = 1 - np.sqrt(0.1)  # mu = 0.1, L = 1, n = 4; the bound is kappa/2 times a power of this
    numbers.printed("triple momentum with exponent 2n", 5 * shrink**8, 0.238925)
    numbers.theorem("with exponent 2(n + 1) it is another number", 5 * shrink**10, between=(0.0, 0.2))
    counts = np.arange(1, 41)
    gaps = [
        ss.minimize(ss.Huber(kink=1 / (2 * N + 1), start=1.0), ss.SGD(lr=1.0), steps=int(N)).error[-1]
        for N in counts
    ]
    easy = [
        ss.minimize(ss.Huber(kink=1 / 9, start=1.0), ss.SGD(lr=1.0), steps=int(N)).error[-1] for N in counts
    ]

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.3)
        worst = ss.Huber(kink=1 / 9, start=1.0)
        run = ss.minimize(worst, ss.SGD(lr=1.0), steps=4)
        kit.landscape(worst, axes[0], window=(-1.1, 1.1))
        kit.path(run, axes[0], color=kit.COLORS[0])
        axes[0].set_title("N = 4: still on the straight part", fontsize=9)
        axes[1].set(xlim=(1, 40), ylim=(5e-4, 0.3), xlabel="steps N", ylabel="gap")
        lines = {"worst for each N": (counts, gaps), "that of N = 4": (counts, easy)}
        axes[1].plot(counts, 1 / (4 * counts + 2), ":", color="#333333", linewidth=1, zorder=5)
        kit.curves(axes[1], lines)
        axes[1].set_title("dotted: L/(4N + 2)", fontsize=9)

    return Drawing(draw)
