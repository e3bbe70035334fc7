"""Kingma and Ba, "Adam: a method for stochastic optimization" (2015): the size of a step."""

from typing import Any

import numpy as np

import stepsize as ss
from optim import State
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of("Kingma and Ba, Adam: a method for stochastic optimization, 2015")


def _steps(stream: Any) -> tuple[Any, Any]:
    """Return Adam's steps at rate 1 on a stream of gradients, with bias correction and without."""
    adam = ss.Adam(lr=1.0, eps=1e-300)
    x = np.zeros(1)
    state = adam.init(x)
    with_, without = [], []
    for g in stream:
        x_next, state = adam.step(x, np.array([float(g)]), state)
        m, v = (slot[0] for slot in state.slots)  # the averages before their correction
        with_.append(float((x - x_next)[0]))
        without.append(float(m / np.sqrt(v)) if v > 0 else 0.0)
        x = x_next
    return np.array(with_), np.array(without)


@figure(
    "kingma-step-sizes",
    "sections 2.1 and 3",
    "Adam's first steps have the length of the rate whatever the gradient; without correction they "
    "are far larger",
)
def step_sizes(numbers: Numbers) -> Drawing:
    """Four streams of gradients: constant, alternating, silent but for one, and tiny."""
    for g in (1.0, -3e5, 2e-7):
        numbers.theorem(
            f"first step over the rate for a gradient of {g:g}: its sign", _steps([g])[0][0], np.sign(g)
        )
    constant, raw = _steps(np.ones(100))
    numbers.theorem(
        "constant gradient: smallest and largest step", [constant.min(), constant.max()], [1, 1], 1e-9
    )
    closed = (1 - 0.9) / np.sqrt(1 - 0.999)
    numbers.theorem("without correction: first step (1-b1)/sqrt(1-b2)", raw[0], closed)
    numbers.computed("without correction: largest step", raw.max(), 6.568520)
    numbers.computed("at update", int(raw.argmax()) + 1, 12, 0)
    # After a long silence the averages are zero again and the correction has faded.
    quiet = State(20000, (np.zeros(1), np.zeros(1)))
    x, _ = ss.Adam(lr=1.0, eps=0.0).step(np.zeros(1), np.ones(1), quiet)
    numbers.theorem("one gradient after 20000 updates of silence", -x[0], 3.162278, 5.1e-7)
    alternating = _steps((-1.0) ** np.arange(4000))[0]
    numbers.theorem("alternating gradient: size of the step in the end", abs(alternating[-1]), 1 / 19, 1e-9)
    pulse = np.zeros(60)
    pulse[[0, 30]] = 1.0

    def draw(kit: Kit) -> None:
        streams = {
            "constant gradient": np.ones(60),
            "alternating sign": (-1.0) ** np.arange(60),
            "two pulses, silence between": pulse,
            "a million times smaller": np.full(60, 1e-6),
        }
        axes = kit.panels(2, 2, height=1.8, sharex=True)
        t = np.arange(1, 61)
        for ax, (title, stream) in zip(axes.flat, streams.items(), strict=True):
            corrected, plain = _steps(stream)
            ax.plot(t, np.abs(plain), color=kit.COLORS[1], linewidth=1.2)
            ax.plot(t, np.abs(corrected), color=kit.COLORS[0], linewidth=1.5)
            ax.axhline(1, color="#333333", linewidth=0.5, linestyle=":")
            ax.set(xlim=(1, 60), ylim=(0, 7.2), title=title)
            ax.title.set_fontsize(9)
            ax.label_outer()
        axes[0, 0].text(34, 5.9, "without correction", color=kit.COLORS[1], fontsize=8)
        axes[0, 0].text(34, 1.3, "corrected", color=kit.COLORS[0], fontsize=8)
        for ax in axes[:, 0]:
            ax.set_ylabel("|step| / rate")
        for ax in axes[1]:
            ax.set_xlabel("update")

    return Drawing(draw)


@figure(
    "kingma-sparse-features",
    "section 6.1, figure 1 (right), in miniature",
    "on sparse features the rules that keep a rate for each coordinate win",
)
def sparse_features(numbers: Numbers) -> Drawing:
    """Logistic regression, 2000 examples of 500 features that are mostly zero, batches of 32, 5 epochs."""
    random = np.random.default_rng(0)
    share = np.minimum(0.5, 3 / (np.arange(500) + 3))
    X = (random.random((2000, 500)) < share).astype(float)
    weights = random.standard_normal(500)
    y = (random.random(2000) < 1 / (1 + np.exp(-2 * (X - share) @ weights))).astype(float)
    problem = ss.MiniBatch(ss.LogisticRegression(X, y, l2=0.0), size=32, rng=0)
    rules = {
        "SGD": ss.SGD(lr=1.0),
        "Nesterov": ss.Nesterov(lr=0.3, momentum=0.9),
        "Adagrad": ss.Adagrad(lr=0.3),
        "Adam": ss.Adam(lr=0.05),
    }
    steps = 5 * problem.updates_per_epoch
    runs = {label: ss.minimize(problem, rule, steps=steps) for label, rule in rules.items()}
    losses = {
        label: problem.problem.fun(run.history.x[:: problem.updates_per_epoch]) for label, run in runs.items()
    }
    end = {label: float(curve[-1]) for label, curve in losses.items()}
    numbers.computed("Adagrad over SGD, loss at the end", end["Adagrad"] / end["SGD"], between=(0.0, 0.8))
    numbers.computed("Adam over SGD, loss at the end", end["Adam"] / end["SGD"], between=(0.0, 0.8))
    numbers.computed("Nesterov over SGD, loss at the end", end["Nesterov"] / end["SGD"], between=(0.0, 0.8))

    def draw(kit: Kit) -> None:
        ax = kit.panels(height=2.4)
        ax.set(xlim=(0, 5), xlabel="epoch", ylabel="training loss", ylim=(0.12, 0.9))
        kit.curves(ax, losses, marker="o", markersize=3, clip_on=False)
        ax.set_yticks([0.2, 0.4, 0.8], ["0.2", "0.4", "0.8"])
        ax.minorticks_off()

    return Drawing(draw)
