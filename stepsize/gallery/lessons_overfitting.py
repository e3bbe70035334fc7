"""A lesson of our own: training against validation, under a fixed rate and under rates that fall."""

from typing import Any

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of("stepsize, lessons")

STEPS = 1000
RATES = {
    "fixed 0.5": ss.Constant(0.5),
    "0.5/(1 + 0.02 n)": ss.InverseTime(0.5, d=0.02),
    "0.5 exp(-0.01 n)": ss.Exponential(0.5, d=0.01),
}


@figure(
    "lesson-overfitting",
    "training against validation",
    "a fixed rate learns wrong labels by heart, a rate that falls fast stops before it does: decay is "
    "stopping early, at a place fixed by the sum of the rates",
    "that a decay protects from overfitting holds as far as it stops the run: at the same sum of rates the "
    "validation losses are the same, and without wrong labels the fixed rate hardly overfits at all",
)
def overfitting(numbers: Numbers) -> Drawing:
    """200 digits, every fifth label wrong, 600 held out; a network with 32 hidden units, full batches."""
    network = digits_with_wrong_labels(share=0.2)
    runs = {label: ss.minimize(network, ss.SGD(lr=rate), steps=STEPS) for label, rate in RATES.items()}
    sums = {label: np.append(0.0, np.cumsum(run.history.lr)) for label, run in runs.items()}
    fixed, slow, fast = runs.values()
    lowest = fixed.held_out.min()
    numbers.computed("lowest validation loss under the fixed rate", lowest, 0.615, 0.002)
    numbers.computed(
        "the fixed rate overfits: last validation loss over the lowest",
        network.held_out_fun(fixed.x) / lowest,
        between=(1.5, 2.0),
    )
    numbers.computed("its training loss goes on falling: the last", float(fixed.fun), between=(0.0, 0.05))
    numbers.computed(
        "the fast decay does not: last validation loss over the lowest of the fixed rate",
        network.held_out_fun(fast.x) / lowest,
        between=(1.0, 1.01),
    )
    numbers.computed(
        "the slow decay begins to: last validation loss over its lowest",
        slow.held_out[-1] / slow.held_out.min(),
        between=(1.01, 1.05),
    )
    numbers.theorem(
        "sum of the rates of the fast decay, 0.5 (1 - e^-10)/(1 - e^-0.01)",
        sums["0.5 exp(-0.01 n)"][-1],
        0.5 * (1 - np.exp(-10.0)) / (1 - np.exp(-0.01)),
        1e-9,
    )
    best = [float(s[run.held_out.argmin()]) for s, run in zip(sums.values(), runs.values(), strict=True)][:2]
    numbers.computed(
        "sum of rates at the lowest validation loss: fixed, slow", best, [56.0, 56.3], [1.0, 1.0]
    )
    at_fifty = [
        float(np.interp(50.0, s, run.held_out)) for s, run in zip(sums.values(), runs.values(), strict=True)
    ]
    numbers.computed("at a sum of rates of 50 all three are at one loss: spread", np.ptp(at_fifty), 0.0, 1e-3)
    right = ss.minimize(digits_with_wrong_labels(share=0.0), ss.SGD(lr=0.5), steps=STEPS)
    numbers.computed(
        "with right labels the fixed rate hardly overfits: last validation loss over the lowest",
        right.held_out[-1] / right.held_out.min(),
        between=(1.0, 1.02),
    )

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.6, sharey=True)
        # On the right they lie on one another: the later, the thinner.
        for (label, run), color, width in zip(runs.items(), kit.COLORS, (3.6, 2.4, 1.2), strict=False):
            axes[0].plot(run.loss, color=color, linewidth=1.0, linestyle="--")
            axes[0].plot(run.held_out, color=color, linewidth=1.6)
            axes[1].plot(sums[label], run.held_out, color=color, linewidth=width, label=label)
            axes[1].plot(sums[label][-1], run.held_out[-1], "o", color=color, markersize=4)
        axes[0].plot([], [], color="#808080", linewidth=1.6, label="validation")
        axes[0].plot([], [], color="#808080", linewidth=1.0, linestyle="--", label="training")
        axes[0].set(xlim=(0, STEPS), ylim=(0, 2.5), xlabel="update", ylabel="loss")
        axes[1].set(xscale="log", xlim=(1, 700), xlabel="sum of the rates so far")
        axes[1].set_title("validation; a dot where a run ends", fontsize=9)
        for ax in axes:
            ax.legend(loc="upper right")

    return Drawing(draw)


def digits_with_wrong_labels(share: float, hidden: int = 32) -> Any:
    """Return a network on 800 digits, 600 of them held out; a share of the other 200 is labelled wrong."""
    X, y = ss.Digits(intercept=False).train
    random = np.random.default_rng(0)
    rows = random.permutation(len(y))[:800]
    labels = y[rows].copy()
    wrong = round(share * 200)
    labels[:wrong] = (labels[:wrong] + random.integers(1, 10, wrong)) % 10
    kept = list(range(200, 800))
    return ss.MLP(X[rows], labels, hidden=(hidden,), loss_name="cross-entropy", held_out=kept)
