"""Lessons of our own: what articles on the learning rate promise and rarely draw."""

from typing import Any

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of("stepsize, lessons")


@figure(
    "lesson-four-fates",
    "too small, right, too large, stuck",
    "one landscape, four fates of gradient descent: still on the way, there, thrown about, in the "
    "wrong valley",
)
def four_fates(numbers: Numbers) -> Drawing:
    """X cos(0.15 pi x): three rates from 10, and a start beyond the ridge."""
    wave = ss.CosineWave()
    cases = {
        "too small": (0.01, 10.0, "still crawling"),
        "right": (0.25, 10.0, "settled"),
        "too large": (1.3, 10.0, "bouncing"),
        "stuck": (0.25, 1.4, "stuck above the minimum"),
    }
    runs = {}
    for label, (lr, start, family) in cases.items():
        runs[label] = ss.minimize(wave, ss.SGD(lr=lr), x0=[start], steps=60)
        found = ss.diagnose(runs[label], tol=1e-6).verdict
        numbers.computed(
            f"{label}: the diagnosis says '{family}' (1 = it does)", found.startswith(family), 1, 0
        )
    numbers.computed("right: x", runs["right"].x[0], 7.2694, 5e-5)
    numbers.computed("stuck: x", runs["stuck"].x[0], -1.8257, 5e-5)

    def draw(kit: Kit) -> None:
        axes = kit.panels(2, 4, height=1.65, height_ratios=[1.15, 1], sharey="row")
        for column, ((label, run), color) in enumerate(zip(runs.items(), _FATES, strict=True)):
            window = (-4.5, 11.0)
            kit.landscape(wave, axes[0, column], window=window)
            kit.path(run, axes[0, column], color=color, window=[window])
            lr = cases[label][0]
            axes[0, column].set_title(f"{label}: lr = {lr:g}", fontsize=9, color=color)
            axes[0, column].set_ylim(-8, 4)
            axes[1, column].plot(run.history.fun - wave.minimum, color=color, linewidth=1.3)
            axes[1, column].set(xlim=(0, 60), ylim=(1e-9, 40), yscale="log", xlabel="update")
            axes[1, column].grid(axis="y")
            for row in (0, 1):
                axes[row, column].set_ylabel("")
        axes[0, 0].set_ylabel("$f(x)$")
        axes[1, 0].set_ylabel("gap")

    return Drawing(draw, runs, [(-4.5, 11.0)], _FATES)


_FATES = ("#0072B2", "#009E73", "#AA4499", "#E69F00")


@figure(
    "lesson-momentum-ball",
    "momentum as a ball over bumps",
    "too light a ball stays in the first dip, the right one rolls on and comes to rest, too heavy "
    "a one rolls forever",
)
def momentum_ball(numbers: Numbers) -> Drawing:
    """Three momenta at one rate in a bowl with bumps."""
    bumpy = ss.Problem.of(
        lambda x: float(0.05 * x[0] ** 2 + 0.3 * (1 - np.cos(3 * x[0]))),
        lambda x: 0.1 * x + 0.9 * np.sin(3 * x),
        x0=[-6.9],
        minimum=0.0,
        minimizers=((0.0,),),
        name="x^2/20 + 0.3 (1 - cos 3x)",
    )
    cases = {"too light": 0.5, "right": 0.95, "too heavy": 0.997}
    runs = {
        label: ss.minimize(bumpy, ss.Momentum(lr=0.02, momentum=m), steps=400) for label, m in cases.items()
    }
    light, right, heavy = runs.values()
    numbers.computed("too light: where it rests", light.x[0], -6.038047, 1e-5)
    numbers.computed("right: where it rests", right.x[0], 0.0, 1e-3)
    reach = np.ptp(heavy.history.x[200:, 0])
    numbers.computed(
        "too heavy: it still swings over several dips after 200 updates", reach, between=(4.0, 20.0)
    )

    def draw(kit: Kit) -> None:
        axes = kit.panels(2, 3, height=1.7, sharey="row", height_ratios=[1.15, 1])
        for column, ((label, run), color) in enumerate(zip(runs.items(), _BALLS, strict=True)):
            top, below = axes[:, column]
            kit.landscape(bumpy, top, window=(-8.0, 8.0))
            x = run.history.x[:140, 0]
            top.plot(x, run.history.fun[:140], color=color, linewidth=0.5)
            top.scatter(x, run.history.fun[:140], s=6, color=color, alpha=0.6, linewidths=0, zorder=4)
            top.plot(x[0], run.history.fun[0], "o", color="#333333", markersize=4.5)
            top.set_title(rf"{label}: $\beta = {cases[label]:g}$", fontsize=9, color=color)
            below.plot(run.history.x[:, 0], color=color, linewidth=1.1)
            below.axhline(0, color="#333333", linewidth=0.5)
            below.set(xlim=(0, 400), ylim=(-8, 8), xlabel="update")
            for ax in (top, below):
                ax.set_ylabel("")
        axes[0, 0].set_ylabel("$f(x)$")
        axes[1, 0].set_ylabel("$x$")

    return Drawing(draw, runs, [(-8.0, 8.0)], _BALLS)


_BALLS = ("#E69F00", "#009E73", "#D55E00")


@figure(
    "lesson-warm-up",
    "warm-up against a large first gradient",
    "far out the first gradient is huge: the rate that is right at the bottom explodes, unless it "
    "is reached gently",
)
def warm_up(numbers: Numbers) -> Drawing:
    """Cosh x from 5: rate 0.5 at once, rate 0.5 after a warm-up, and a rate that is safe from the start."""
    well = ss.HyperbolicCosine(1.0)
    rates = {
        "0.5 at once": ss.Constant(0.5),
        "0.5 after a warm-up": ss.Constant(0.5).warmup(20),
        "0.02, safe": ss.Constant(0.02),
    }
    runs = {label: ss.minimize(well, ss.SGD(lr=lr), x0=[5.0], steps=60) for label, lr in rates.items()}
    numbers.theorem("first gradient: sinh 5", float(well.grad(np.array([5.0]))[0]), np.sinh(5.0))
    numbers.computed("at once: diverges (1 = it does)", runs["0.5 at once"].diverged, 1, 0)
    settled = [runs[label].settled(1e-6) or 999 for label in ("0.5 after a warm-up", "0.02, safe")]
    numbers.computed("after a warm-up: settled at 1e-6 by update", settled[0], between=(10, 35))
    numbers.computed("safe: not in 60 updates", settled[1], 999, 0)

    colors = ("#D55E00", "#009E73", "#0072B2")

    def draw(kit: Kit) -> None:
        axes = kit.panels(2, 1, width=4.6, height=1.6, sharex=True, height_ratios=[1.5, 1])
        axes[0].set(xlim=(0, 60), ylim=(1e-9, 1e6), ylabel="gap")
        kit.curves(axes[0], {label: run.error for label, run in runs.items()}, colors=colors)
        n = np.arange(60)
        for lr, color in zip(rates.values(), colors, strict=True):
            axes[1].plot(n, lr(n), color=color)
        axes[1].set(xlabel="update", ylabel="rate", ylim=(0, 0.55))

    return Drawing(draw, runs, [(-5.5, 5.5)], colors)


@figure(
    "lesson-batch-size",
    "rate times batch size",
    "with the same number of examples, k times the batch wants k times the rate, until the rate meets 2/L",
)
def batch_size(numbers: Numbers) -> Drawing:
    """x^2/2 with noise of variance 1/B: the exact expected loss after 4096 examples, over rate and batch."""
    rates = np.geomspace(1e-3, 1.9, 160)
    sizes = 2 ** np.arange(13)
    loss = np.array([_after(4096, rates, int(size)) for size in sizes])
    best = rates[loss.argmin(axis=1)]
    numbers.theorem(
        "floor at rate a and batch B: a/(2B (2 - a))",
        _after(400_000, np.array([0.1]), 4)[0],
        0.1 / (8 * 1.9),
        1e-12,
    )
    pairs = [_after(400_000, np.array([0.002 * k]), k)[0] for k in (1, 4, 16)]
    numbers.theorem(
        "k times both: the same floor, within 2 %", np.array(pairs) / pairs[0], [1.0, 1.0, 1.0], 0.02
    )
    numbers.computed("best rate at B = 8 over that at B = 1", best[3] / best[0], between=(5.0, 9.0))
    numbers.computed("best rate at B = 64 over that at B = 8", best[6] / best[3], between=(4.0, 9.0))
    numbers.computed("best rate at B = 4096 is 1, one Newton step", best[12], 1.0, 0.05)
    problem = ss.AdditiveNoise(ss.Parabola(curvature=1.0, start=1.0), sigma_g=0.25, shared=False)
    run = ss.minimize(problem, ss.SGD(lr=0.05), x0=np.ones((400, 1)), steps=256)
    z = ((run.x**2 / 2).mean() / _after(4096, np.array([0.05]), 16)[0] - 1) / np.sqrt(2 / 400)
    numbers.theorem("400 runs at B = 16, rate .05, in standard errors", z, between=(-3.5, 3.5))

    def draw(kit: Kit) -> None:
        import matplotlib.colors

        ax = kit.panels(width=4.8, height=2.9)
        shades = matplotlib.colors.LinearSegmentedColormap.from_list("", ["#08457e", "#6fa8dc", "#f4f8fc"])
        norm = matplotlib.colors.LogNorm(loss.min(), 0.5)
        shown = ax.pcolormesh(
            sizes, rates, loss.T, cmap=shades, norm=norm, shading="nearest", rasterized=True
        )
        ax.plot(sizes, best, "o-", color="#D55E00", markersize=3.5, linewidth=1)
        ax.plot(sizes, best[0] * sizes, ":", color="white", linewidth=1.2)
        ax.set(
            xscale="log", yscale="log", xlim=(0.7, 5800), ylim=(1e-3, 1.9), xlabel="batch size", ylabel="rate"
        )
        kit.annotate(ax, 60, 0.035, "best", "#D55E00")
        kit.annotate(ax, 300, 0.012, "too small:\nnot there yet", ha="left")
        kit.annotate(ax, 1.2, 0.4, "too large: noise", ha="left")
        kit.picture.colorbar(shown, ax=ax, label="expected loss after 4096 examples")

    return Drawing(draw)


def _after(examples: int, rates: Any, size: int) -> Any:
    """Return E x^2/2 after that many examples in batches of `size`, from x = 1, with unit noise each."""
    shrink = (1 - rates) ** 2
    steps = examples // size
    floor = rates / (size * (2 - rates))
    return (shrink**steps * (1 - floor) + floor) / 2


@figure(
    "lesson-decay-settles",
    "a decay lets a noisy run settle",
    "a constant rate hovers at its floor; steps go down floor by floor; 1/t arrives as fast as "
    "statistics allows",
)
def decay_settles(numbers: Numbers) -> Drawing:
    """x^2/2 under unit noise: three schedules, 2000 updates, 200 runs each."""
    noisy = ss.AdditiveNoise(ss.Parabola(curvature=1.0, start=3.0), sigma_g=1.0, shared=False)
    schedules = {
        "constant 0.2": ss.Constant(0.2),
        "halved every 300": ss.StepDecay(0.2, 0.5, 300),
        "1/t": ss.InverseTime(0.2, d=0.2),
    }
    moments, samples = {}, {}
    for label, lr in schedules.items():
        column = [9.0]
        for a in lr(np.arange(2000)):
            column.append((1 - a) ** 2 * column[-1] + a * a)
        moments[label] = np.array(column)
        run = ss.minimize(noisy, ss.SGD(lr=lr), x0=np.full((200, 1), 3.0), steps=2000)
        z = ((run.x**2).mean() / column[-1] - 1) / np.sqrt(2 / 200)
        numbers.theorem(f"{label}: second moment of 200 runs, in standard errors", z, between=(-3.5, 3.5))
        samples[label] = run.history.x[:, 0, 0]
    ends = [moments[label][-1] for label in schedules]
    numbers.theorem("constant: the floor a/(2 - a)", ends[0], 0.2 / 1.8, 1e-12)
    numbers.theorem("halved: near the floor of its last rate", ends[1] / ((0.2 / 64) / 2), between=(0.9, 2.1))
    numbers.theorem("1/t from E x^2 = 9: (16 * 9 + N)/(N + 4)^2", ends[2], (144 + 2000) / 2004**2, 1e-12)

    def draw(kit: Kit) -> None:
        axes = kit.panels(3, 1, width=4.8, height=1.35, sharex=True)
        colors = ("#D55E00", "#0072B2", "#009E73")
        axes[0].set(xlim=(0, 2000), ylim=(2e-4, 10), ylabel="mean square")
        kit.curves(axes[0], moments, colors=colors)
        for (_, sample), color in zip(samples.items(), colors, strict=True):
            axes[1].plot(sample, color=color, linewidth=0.6)
        axes[1].set(ylim=(-1.6, 1.6), ylabel="one run")
        n = np.arange(2000)
        for lr, color in zip(schedules.values(), colors, strict=True):
            axes[2].semilogy(n, lr(n), color=color)
        axes[2].set(xlabel="update", ylabel="rate")

    return Drawing(draw)
