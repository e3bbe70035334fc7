"""Cohen et al., "Gradient descent on neural networks typically occurs at the edge of stability" (2021)."""

from typing import Any

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of("Cohen, Kaur, Li, Kolter and Talwalkar, Gradient descent at the edge of stability, 2021")

WIDTH = 60


def _network() -> Any:
    """Return the toy task: 20 points of a Chebyshev polynomial, one hidden layer."""
    t = np.linspace(-1, 1, 20)
    return ss.MLP(t[:, None], 8 * t**4 - 8 * t**2 + 1, hidden=[WIDTH])


def _start(network: Any) -> Any:
    random = np.random.default_rng(0)
    spread = np.sqrt(2 / (1 + WIDTH))
    W1 = random.standard_normal((1, WIDTH)) * 1.9 * spread
    W2 = random.standard_normal((WIDTH, 1)) * spread
    return network.ravel([(W1, np.zeros(WIDTH)), (W2, np.zeros(1))])


@figure(
    "cohen-edge-of-stability",
    "figure 1 and the Chebyshev task of its code, with width 60 for 100",
    "full-batch training sharpens the loss up to 2/lr and then stays at that edge, where it no longer falls "
    "at every step but still falls",
)
def edge_of_stability(numbers: Numbers) -> Drawing:
    """One hidden tanh layer on 20 points, rate 0.4, 10000 updates, exact Hessians."""
    network, lr = _network(), 0.4
    run = ss.minimize(network, ss.SGD(lr=lr), x0=_start(network), steps=10_000)
    looked = np.unique(np.concatenate([np.arange(0, 2000, 200), np.arange(2000, 10_001, 250)]))
    sharpness = np.array([network.sharpness(run.history.x[k]) for k in looked])
    share = sharpness * lr / 2
    late = share[looked >= 6000]
    # The run is chaotic at the edge: bands, not digits.
    numbers.computed("sharpness lr/2 at the start", share[0], between=(0.3, 0.75))
    numbers.computed(f"over the last 40 %, mean of {len(late)}", late.mean(), between=(0.96, 1.04))
    numbers.computed("over the last 40 %, farthest from 1", np.abs(late - 1).max(), between=(0.0, 0.12))
    loss = run.history.fun
    numbers.computed("loss at the start", loss[0], between=(0.15, 0.6))
    numbers.computed("loss at the end", run.fun, between=(1e-4, 4e-3))
    numbers.computed("share of updates that go uphill", (np.diff(loss) > 0).mean(), between=(0.2, 0.5))

    def draw(kit: Kit) -> None:
        axes = kit.panels(2, 1, width=4.6, height=1.8, sharex=True)
        axes[0].semilogy(loss, color=kit.COLORS[0], linewidth=0.6)
        axes[0].set(ylabel="loss", title=f"lr = {lr:g}: the loss falls, but not at every update")
        axes[1].plot(looked, sharpness, color=kit.COLORS[1])
        axes[1].axhline(2 / lr, color="#333333", linewidth=0.9, linestyle="--")
        kit.annotate(axes[1], 9900, 2 / lr * 1.04, "2/lr", ha="right", va="bottom")
        axes[1].set(xlim=(0, 10_000), ylim=(0, 7), xlabel="update", ylabel="sharpness")
        axes[1].set_title("its curvature grows to 2/lr and stays there")
        for ax in axes:
            ax.title.set_fontsize(9)

    return Drawing(draw)


@figure(
    "cohen-two-weights",
    "the two-parameter model of its followers",
    "a rate too large for a sharp minimum moves along the valley until the bend is below 2/lr",
)
def two_weights(numbers: Numbers) -> Drawing:
    """(uv - 1)^2/2 from (3, .1) at four rates, and gradient flow."""
    problem = ss.ScalarFactorization()
    finals = {0.1: 9.166383, 0.2: 8.744779, 0.24: 6.796218, 0.3: 2.707415}
    runs = {}
    for lr, expected in finals.items():
        runs[lr] = ss.minimize(problem, ss.SGD(lr=lr), steps=3000)
        end = float(problem.sharpness(runs[lr].x))
        numbers.computed(f"final sharpness at rate {lr}", end, expected, 1e-3)
        numbers.theorem(f"below 2/lr = {2 / lr:.4g}", end * lr / 2, between=(0.0, 1.0))
    conserved = np.sqrt((9 - 0.01) ** 2 + 4)
    numbers.theorem("gradient flow keeps u^2 - v^2, so it ends at", conserved, 9.209783, 5.1e-7)
    flow = ss.gradient_flow(problem, [0.0, 30.0]).x[-1]
    numbers.theorem("the same by integration", float(problem.sharpness(flow)), conserved, 1e-5)

    places = (2, 0, 3, 1)

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.7)
        kit.contours(problem, axes[0], window=[(0.8, 3.3), (-0.6, 2.1)])
        axes[0].collections[-1].set_alpha(0.8)
        u = np.linspace(0.47, 3.3, 200)
        axes[0].plot(u, 1 / u, color="#333333", linewidth=0.9, label="uv = 1: minimizers")
        for lr, color in zip((0.2, 0.3), kit.COLORS, strict=False):
            path = runs[lr].history.x[:80].T
            axes[0].plot(*path, "o-", color=color, markersize=2, linewidth=0.8, label=f"lr = {lr:g}")
        axes[0].plot(3, 0.1, "o", color="#333333", markersize=4.5)
        axes[0].set(xlabel="$u$", ylabel="$v$", xlim=(0.8, 3.3), ylim=(-0.6, 2.1))
        axes[0].set_title("along the valley $uv = 1$", fontsize=9)
        axes[0].legend(loc="upper right")
        axes[1].set(xlim=(0, 60), ylim=(0, 12), xlabel="update", ylabel="sharpness")
        lines = {f"lr = {lr:g}": problem.sharpness(run.history.x[:61]) for lr, run in runs.items()}
        order = [kit.COLORS[place] for place in places]
        kit.curves(axes[1], lines, scale="linear", colors=order, marker="o", markersize=1.8, linewidth=0.9)
        for lr, color in zip(runs, order, strict=True):
            axes[1].axhline(2 / lr, color=color, linewidth=0.6, linestyle="--")
        axes[1].set_title("sharpness; dashed: 2/lr", fontsize=9)

    shown = {f"lr = {lr:g}": run for lr, run in runs.items()}
    return Drawing(draw, shown, [(0.8, 3.3), (-0.6, 2.1)], places)
