"""Goh, "Why momentum really works", Distill (2017): eigenvalues decide, and momentum bends the rules."""

from typing import Any

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of
from stepsize.gallery.linear import edge, matrix, radius
from stepsize.gallery.rates import first_below

figure = figures_of("Goh, Why momentum really works, Distill 2017")

LAMS = np.array([0.01, 0.1, 1.0])


@figure(
    "goh-step-size",
    "sections 'Choosing a step-size' and 'Optimal parameters'",
    "at the best rate the largest and the smallest eigenvalue shrink equally fast; momentum takes the square "
    "root of the condition number",
)
def step_size(numbers: Numbers) -> Drawing:
    """Three eigenvalues .01, .1, 1 with equal parts of the loss at the start."""
    bowl = ss.Quadratic(LAMS, start=1 / np.sqrt(LAMS))
    best = 2 / (LAMS[0] + LAMS[-1])
    numbers.printed("best rate of gradient descent, 2/(lam_1 + lam_n)", best, 1.980198, 5.1e-7)
    descent = ss.SGD(lr=best)
    contraction = [radius(descent, lam) for lam in (LAMS[0], LAMS[-1])]
    numbers.theorem("factor of the smallest and of the largest: 99/101", contraction, [99 / 101] * 2)
    low, high = np.sqrt(LAMS[[0, -1]])
    lr, beta = (2 / (low + high)) ** 2, ((high - low) / (high + low)) ** 2
    numbers.theorem("best rate and momentum", [lr, beta], [3.305785, 0.669421], 5.1e-7)
    ball = ss.Momentum(lr=lr, momentum=beta)
    slowest = max(radius(ball, lam) for lam in LAMS)
    numbers.theorem("factor with momentum: 9/11", slowest, 9 / 11, 1e-6)
    runs = {
        "gradient descent": ss.minimize(bowl, descent, steps=400),
        "momentum": ss.minimize(bowl, ball, steps=400),
    }
    counts = [first_below(run.history.fun / run.history.fun[0], 1e-6) for run in runs.values()]
    numbers.computed("updates until the loss is 1e-6 of the start's", counts, [336, 55], 0)

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.3)
        colors = ("#0072B2", "#56B4E9", "#E69F00")
        for ax, (label, run) in zip(axes, runs.items(), strict=True):
            parts = LAMS * run.history.x**2 / 2
            share = parts / parts[0].sum()
            names = [rf"$\lambda$ = {lam:g}" for lam in LAMS]
            ax.stackplot(np.arange(151), share[:151].T, colors=colors, linewidth=0, labels=names)
            ax.set(xlim=(0, 100 if label == "gradient descent" else 30), xlabel="update", title=label)
            ax.set_ylim(0, share.sum(axis=-1).max())
        axes[0].set_ylabel("share of the first loss")
        axes[0].legend(loc="upper right", reverse=True)

    return Drawing(draw)


def _largest(rate: Any, beta: Any) -> Any:
    """Return the convergence factor of momentum on a grid of lr * lambda and beta."""
    rate, beta = np.broadcast_arrays(rate, beta)
    flat = ss.Momentum(lr=rate.ravel()[:, None], momentum=beta.ravel()[:, None])
    return radius(flat, np.ones(rate.size)).reshape(rate.shape)


@figure(
    "goh-momentum-map",
    "section 'The dynamics of momentum'",
    "the map of momentum: monotone, rippling, alternating, divergent; the limit is 2 + 2 beta, not 2",
    "the article gives the rate of the oscillating regime as 2 sqrt(beta); it is sqrt(beta)",
)
def momentum_map(numbers: Numbers) -> Drawing:
    """Largest eigenvalue of one momentum update over lr * lambda and beta."""
    random = np.random.default_rng(0)
    beta, rate = random.random(2000), random.uniform(0, 4, 2000)
    size = _largest(rate, beta)
    formulas = [
        ss.contraction(ss.Momentum(lr=r, momentum=b), 1.0)
        for r, b in zip(rate[:200], beta[:200], strict=True)
    ]
    numbers.theorem(
        "the rule's own matrix against the formulas of theory", np.abs(formulas - size[:200]).max(), 0.0, 1e-7
    )
    wrong = np.sum((size < 1) != (rate < 2 + 2 * beta))
    numbers.theorem("settings of 2000 where stable and lr lambda < 2 + 2 beta disagree", wrong, 0)
    pairs = np.linalg.eigvals(matrix(ss.Momentum(lr=rate[:, None], momentum=beta[:, None]), np.ones(2000)))
    complex_pair = np.abs(pairs.imag).max(axis=1) > 1e-9
    root = np.sqrt(beta)
    inside = ((1 - root) ** 2 < rate) & (rate < (1 + root) ** 2)
    numbers.theorem(
        "where complex and between (1 -+ sqrt beta)^2 disagree", np.sum(complex_pair != inside), 0
    )
    ratio = size[inside] / root[inside]
    numbers.theorem(
        "there the factor is sqrt(beta): smallest and largest ratio", [ratio.min(), ratio.max()], [1, 1], 1e-9
    )
    off = np.mean(2 * root[inside] / size[inside])
    numbers.theorem("the article's 2 sqrt(beta) is off by", off, 2.0, 1e-9)
    for share in (0.1, 0.5, 0.9):
        critical = (1 - np.sqrt(share)) ** 2
        here = float(_largest(share, critical))
        numbers.theorem(
            f"critical damping at lr lambda = {share}: 1 - sqrt(lr lambda)", here, 1 - np.sqrt(share), 1e-6
        )
        others = _largest(np.full(999, share), np.linspace(0.001, 0.999, 999))
        numbers.theorem("no momentum does better: margin", others.min() - here, between=(-1e-6, np.inf))
    for beta_ in (0.5, 0.9):
        numbers.theorem(
            f"Nesterov's limit at beta = {beta_}: (2 + 2 beta)/(1 + 2 beta)",
            edge(ss.Nesterov(momentum=beta_)),
            (2 + 2 * beta_) / (1 + 2 * beta_),
            1e-6,
        )
    R = matrix(ss.Momentum(lr=0.5, momentum=0.8), 1.0)
    sigma = np.linalg.eigvals(R)
    power = np.linalg.matrix_power(R, 7)
    eye = np.eye(2)
    right = (sigma[0] ** 7 * (R - sigma[1] * eye) - sigma[1] ** 7 * (R - sigma[0] * eye)) / (
        sigma[0] - sigma[1]
    )
    printed = (sigma[0] ** 7 * (R - sigma[0] * eye) - sigma[1] ** 7 * (R - sigma[1] * eye)) / (
        sigma[0] - sigma[1]
    )
    numbers.theorem("R^7 by the right pairing: deviation", np.abs(right - power).max(), 0.0)
    numbers.computed(
        "R^7 by the article's pairing: deviation", np.abs(printed - power).max(), between=(1e-3, 10.0)
    )

    def draw(kit: Kit) -> None:
        import matplotlib.colors

        picture = kit.figure(6.8, 3.6)
        grid = picture.add_gridspec(3, 2, width_ratios=[1.75, 1])
        ax = picture.add_subplot(grid[:, 0])
        rate, beta = np.meshgrid(np.linspace(0.005, 4, 400), np.linspace(0.0025, 0.9975, 200))
        size = np.where(_largest(rate, beta) < 1, _largest(rate, beta), np.nan)
        shades = matplotlib.colors.LinearSegmentedColormap.from_list("", ["#08457e", "#6fa8dc", "#f4f8fc"])
        shown = ax.pcolormesh(rate, beta, size, cmap=shades, vmin=0, vmax=1, rasterized=True)
        line = np.linspace(0, 1, 300)
        ax.plot((1 - np.sqrt(line)) ** 2, line, color="white", linewidth=1)
        ax.plot((1 + np.sqrt(line)) ** 2, line, color="white", linewidth=1)
        ax.plot(2 + 2 * line, line, color="#D55E00", linewidth=1.5)
        ax.set(xlim=(0, 4), ylim=(0, 1), xlabel=r"$\eta\lambda$", ylabel=r"momentum $\beta$")
        kit.annotate(ax, 0.05, 0.03, "monotone", fontsize=8)
        kit.annotate(ax, 1.1, 0.6, "ripples: factor $\\sqrt{\\beta}$", ha="center")
        kit.annotate(ax, 1.75, 0.03, "alternating", ha="center")
        kit.annotate(ax, 3.2, 0.2, "divergent", "#D55E00", ha="center")
        kit.annotate(
            ax, 3.25, 0.55, r"$\eta\lambda = 2 + 2\beta$", "#D55E00", ha="left", rotation=56, va="center"
        )
        picture.colorbar(shown, ax=ax, label="error factor an update", shrink=0.9, pad=0.02)
        regimes = (
            ("monotone", 0.04, 0.5, "#0072B2"),
            ("ripples", 0.35, 0.88, "#009E73"),
            ("alternating", 2.7, 0.4, "#E69F00"),
        )
        for row, (label, share, momentum, color) in enumerate(regimes):
            run = ss.minimize(
                ss.Parabola(curvature=1.0, start=1.0), ss.Momentum(lr=share, momentum=momentum), steps=60
            )
            side = picture.add_subplot(grid[row, 1])
            side.plot(run.history.x[:, 0], color=color, linewidth=1.2)
            side.axhline(0, color="#333333", linewidth=0.5)
            side.set(xlim=(0, 60), ylim=(-1.1, 1.1), yticks=[-1, 0, 1], ylabel="error")
            side.set_title(rf"{label}: $\eta\lambda = {share:g}$, $\beta = {momentum:g}$", fontsize=8)
            side.tick_params(labelbottom=row == 2)
            ax.plot(share, momentum, "o", color=color, markersize=5, markeredgecolor="white", zorder=9)
        picture.axes[-1].set_xlabel("update")

    return Drawing(draw)
