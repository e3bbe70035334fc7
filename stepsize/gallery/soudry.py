"""Soudry et al., "The implicit bias of gradient descent on separable data" (2018)."""

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of(
    "Soudry, Hoffer, Nacson, Gunasekar and Srebro, The implicit bias of gradient descent, 2018"
)


@figure(
    "soudry-margin",
    "figure 1, theorem 3",
    "on separable data the weights grow forever, and their direction turns to the widest margin, "
    "logarithmically",
    "the figure's other points and start are unpublished; from ours the angles are a third larger, "
    "the slopes the same",
)
def margin(numbers: Numbers) -> Drawing:
    """Four support vectors, logistic loss, rate 1/sigma_max, 30000 updates."""
    X = np.array([[0.5, 1.5], [1.5, 0.5], [-0.5, -1.5], [-1.5, -0.5]])
    y = np.array([1.0, 1.0, -1.0, -1.0])
    problem = ss.LogisticRegression(X, y, l2=0.0, intercept=False)
    sigma = np.linalg.svd(X, compute_uv=False)[0]
    # The paper's loss is the sum over the examples; ours is their mean.
    rule = ss.SGD(lr=len(y) / sigma)
    # Symmetric data keep a symmetric start on the limit direction: an uneven one shows the turning.
    run = ss.minimize(problem, rule, x0=_START, steps=30_000)
    w = run.history.x
    counts = np.array([100, 1000, 10_000])
    size = np.linalg.norm(w, axis=1)
    widest = np.full(2, np.sqrt(0.5))
    angle = np.arctan2(np.abs(w[:, 0] - w[:, 1]), np.abs(w[:, 0] + w[:, 1]))
    numbers.computed("angle to the widest margin at 1e2, 1e3, 1e4", angle[counts], _ANGLES, 5e-6)
    numbers.theorem(
        "the angle still shrinks: ratio over the last decade",
        angle[30_000] / angle[3_000],
        between=(0.4, 0.5),
    )
    growth = (size[30_000] - size[3_000]) / np.log(10)
    numbers.theorem("growth of the norm an e-fold: towards 1/margin", growth, np.sqrt(0.5), 6e-3)
    numbers.theorem("the margin, sqrt(2)", (X * y[:, None] @ widest).min(), np.sqrt(2))

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 3, height=2.2)
        ax = axes[0]
        ax.plot(*X[:2].T, "o", color=kit.COLORS[0], markersize=5)
        ax.plot(*X[2:].T, "s", color=kit.COLORS[1], markersize=5)
        line = np.array([-2.0, 2.0])
        ax.plot(line, -line, color="#333333", linewidth=1)
        for offset in (2.0, -2.0):
            ax.plot(line, offset - line, ":", color="#8d99a3", linewidth=1)
        early = w[100] / size[100]
        ax.plot(line, -line * early[0] / early[1], color=kit.COLORS[2], linewidth=1)
        ax.set(xlim=(-2, 2), ylim=(-2, 2), xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
        kit.annotate(ax, -1.9, 1.15, "100\nupdates", kit.COLORS[2], va="top")
        k = np.unique(np.geomspace(1, 30_000, 400).astype(int))
        axes[1].loglog(k, angle[k], color=kit.COLORS[0])
        axes[1].set(xlim=(1, 3e4), xlabel="update", ylabel="angle", title="direction")
        axes[2].semilogx(k, size[k], color=kit.COLORS[0])
        axes[2].plot(k, size[-1] + np.log(k / 3e4) * np.sqrt(0.5), ":", color="#333333", linewidth=1)
        axes[2].set(xlim=(1, 3e4), xlabel="update", ylabel="$|w|$", title="norm", ylim=(0, None))

    return Drawing(draw)


_START = (1.0, -1.0)
_ANGLES = [0.112674, 0.046957, 0.020746]
