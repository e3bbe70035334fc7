"""Zhang, Lipton, Li and Smola, "Dive into Deep Learning" (d2l): 12.3 gradient descent, 12.4 with noise."""

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of("Zhang, Lipton, Li and Smola, Dive into Deep Learning")


@figure(
    "d2l-12.3-three-rates",
    "section 12.3.1, figures 12.3.1-3",
    "one parabola, three rates: right, too small, too large",
)
def three_rates(numbers: Numbers) -> Drawing:
    """F = x^2 from 10, ten updates."""
    runs = {lr: ss.minimize(ss.Parabola(), ss.SGD(lr=lr), x0=[10.0], steps=10) for lr in (0.2, 0.05, 1.1)}
    for lr, printed in ((0.2, 0.060466), (0.05, 3.486784), (1.1, 61.917364)):
        numbers.printed(f"x after 10 updates, lr {lr}", runs[lr].x[0], printed)
    for lr, run in runs.items():
        numbers.theorem(f"the same by 10 (1 - 2 lr)^10, lr {lr}", run.x[0], 10 * (1 - 2 * lr) ** 10)

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 3)
        titles = ("right: lr = 0.2", "too small: lr = 0.05", "too large: lr = 1.1")
        for ax, (lr, run), title, color in zip(axes, runs.items(), titles, _VERDICTS, strict=True):
            reach = 65.0 if lr == 1.1 else 11.0
            kit.landscape(run.problem, ax, window=(-reach, reach))
            kit.path(run, ax, color=color)
            ax.set_title(title)
            ax.set_ylabel("$f(x) = x^2$" if lr == 0.2 else "")
            ax.set_ylim(top=1.3 * reach * reach)
            kit.annotate(
                ax, 0, 1.25 * reach * reach, f"$x_{{10}} = {run.x[0]:.6f}$", color, ha="center", va="top"
            )

    return Drawing(draw, {f"lr = {lr}": run for lr, run in runs.items()}, [(-12.0, 12.0)], [2, 0, 1])


_VERDICTS = ("#009E73", "#0072B2", "#D55E00")


@figure(
    "d2l-12.3-two-dimensions",
    "section 12.3.2, figure 12.3.5",
    "on a bowl the path leaves along the steeper axis first and crosses every contour at a right angle",
)
def two_dimensions(numbers: Numbers) -> Drawing:
    """x1^2 + 2 x2^2 from (-5, -2), rate 0.1, 20 updates."""
    run = ss.minimize(ss.Quadratic([2.0, 4.0]), ss.SGD(lr=0.1), x0=[-5.0, -2.0], steps=20)
    numbers.printed("x after 20 updates", run.x, [-0.057646, -0.000073])
    numbers.theorem("the same by (-5 * 0.8^20, -2 * 0.6^20)", run.x, [-5 * 0.8**20, -2 * 0.6**20])

    def draw(kit: Kit) -> None:
        window = [(-5.5, 1.0), (-3.0, 1.0)]
        ax = kit.panels(height=2.6)
        kit.trajectories(ax, run.problem, {"": run}, window, [kit.COLORS[1]])
        ax.set_title("$f = x_1^2 + 2x_2^2$,  lr = 0.1")

    return Drawing(draw, {"lr = 0.1": run}, [(-5.5, 1.0), (-3.0, 1.0)], [1])


@figure(
    "d2l-12.3-local-minimum",
    "section 12.3.1, figure 12.3.4",
    "a large rate jumps over the good minimum beside the start and circles a poor one",
)
def local_minimum(numbers: Numbers) -> Drawing:
    """F = x cos(0.15 pi x) from 10, rate 2, ten updates."""
    wave = ss.CosineWave()
    run = ss.minimize(wave, ss.SGD(lr=2.0), steps=10)
    numbers.printed("x after 10 updates", run.x[0], -1.528166)
    numbers.computed("x after 1, 2, 3 updates", run.history.x[1:4, 0], [0.5752, -1.2066, -2.2796], 5e-5)
    poor = ss.minimize(wave, ss.SGD(lr=0.1), x0=run.x, steps=400)
    good = ss.minimize(wave, ss.SGD(lr=0.1), x0=[7.0], steps=400)
    for label, found, x, f in (("poor", poor, -1.8257, -1.1907), ("good", good, 7.2694, -6.9781)):
        numbers.computed(f"{label} minimum: x, f", [found.x[0], found.fun], [x, f], 5e-5)

    def draw(kit: Kit) -> None:
        ax = kit.panels(height=2.6)
        kit.landscape(wave, ax, window=(-10.0, 11.0))
        kit.path(run, ax, color=kit.COLORS[1])
        kit.annotate(ax, 9.3, 0.6, "start", ha="right", va="bottom")
        kit.annotate(ax, -3.0, -3.2, "circles the\npoor minimum", kit.COLORS[1], ha="center", va="top")
        kit.annotate(ax, 5.0, -6.6, "the good one\nis nearer", ha="right", va="center")
        ax.plot(7.2694, -6.9781, "*", color="#333333", markersize=8, markeredgewidth=0)
        ax.set(title=r"$f = x\,\cos(0.15\pi x)$,  lr = 2")

    return Drawing(draw, {"lr = 2": run}, [(-10.0, 11.0)], [1])


@figure(
    "d2l-12.3-newton",
    "section 12.3.3, figures 12.3.6-8",
    "Newton's method is perfect where the function bends upwards and climbs where it does not",
)
def newton(numbers: Numbers) -> Drawing:
    """cosh(x/2) and x cos(0.15 pi x) from 10, ten Newton updates, damped and not."""
    bowl = ss.HyperbolicCosine(0.5)
    wave = ss.CosineWave()
    cases = (
        ("cosh(x/2), full step", ss.minimize(bowl, ss.Newton(), steps=10), 0.0),
        ("wave, full step", ss.minimize(wave, ss.Newton(repair=None), steps=10), 26.8341),
        ("wave, half step", ss.minimize(wave, ss.Newton(lr=0.5, repair=None), steps=10), 7.2699),
    )
    for label, run, printed in cases:
        numbers.printed(f"x after 10 updates, {label}", run.x[0], printed, 5.1e-5)
    climbed, settled = (float(wave.hess(run.x)[0, 0]) for _, run, _ in cases[1:])
    numbers.computed("curvature where the full step went: a maximum", climbed, -6.01, 5e-3)
    numbers.theorem("curvature where the half step went: a minimum", settled, between=(0.0, np.inf))

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 3)
        windows = ((-11.0, 11.0), (-5.0, 30.0), (5.0, 11.0))
        titles = ("cosh(x/2): converges", "wave: climbs to a maximum", "wave, half steps: settles")
        for ax, (_, run, _), window, title, color in zip(
            axes, cases, windows, titles, (_VERDICTS[0], _VERDICTS[2], _VERDICTS[0]), strict=True
        ):
            kit.landscape(run.problem, ax, window=window)
            kit.path(run, ax, color=color)
            ax.set_title(title, fontsize=9)
        for ax in axes[1:]:
            ax.set_ylabel("")

    return Drawing(draw)


@figure(
    "d2l-12.4-stochastic",
    "section 12.4.2, figures 12.4.1-3",
    "under noise a constant rate hovers, a rate that falls too fast freezes, and a slow decay settles",
    "the book's loop counts before it uses the schedule, so the first rate used is that of t = 2",
)
def stochastic(numbers: Numbers) -> Drawing:
    """x1^2 + 2 x2^2 from (-5, -2), every gradient with noise N(0, I); the end points as distributions."""
    bowl = ss.Quadratic([2.0, 4.0])
    noisy = ss.AdditiveNoise(bowl, sigma_g=1.0, shared=False)
    cases = {
        "constant": (ss.Constant(0.1), 50, ((-7.1e-5, 0.0), (0.166667, 0.125))),
        "exponential": (
            ss.FromFunction(_exponential),
            1000,
            ((-0.825737, -0.045026), (0.074686, 0.039946)),
        ),
        "polynomial": (ss.FromFunction(_polynomial), 50, ((-0.012437, -5e-6), (0.105341, 0.075027))),
    }
    paths = {}
    for label, (schedule, steps, (mean, sd)) in cases.items():
        quiet = ss.minimize(bowl, ss.SGD(lr=schedule), steps=steps)
        numbers.theorem(f"mean of the end, {label}", quiet.x, mean, 6e-7)
        variance = np.zeros(2)
        for lr in quiet.history.lr.ravel():
            variance = (1 - lr * bowl.eigenvalues) ** 2 * variance + lr * lr
        numbers.theorem(f"deviation of the end, {label}", np.sqrt(variance), sd, 6e-7)
        many = np.tile(bowl.x0, (_REPEATS, 1))
        run = ss.minimize(noisy, ss.SGD(lr=schedule), x0=many, steps=steps)
        # 3.5 standard errors of a mean and of a deviation
        error = np.sqrt(variance / _REPEATS)
        share = (
            (run.x.mean(axis=0) - quiet.x) / error,
            (run.x.std(axis=0) / np.sqrt(variance) - 1) * np.sqrt(2 * _REPEATS),
        )
        for what, z in zip(("mean", "deviation"), share, strict=True):
            for i in range(2):
                numbers.theorem(
                    f"{what} of {_REPEATS} noisy runs, in standard errors, {label} [{i + 1}]",
                    z[i],
                    between=(-3.5, 3.5),
                )
        paths[label] = run.history.x[:, :60]

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 3, height=2.1, sharey=True)
        titles = ("constant: hovers", "exponential: freezes", "polynomial: settles")
        for ax, (label, path), title, color in zip(axes, paths.items(), titles, _THREE, strict=True):
            kit.contours(bowl, ax, window=[(-5.5, 1.5), (-3.2, 1.4)])
            ax.plot(path[:, 0, 0], path[:, 0, 1], color=color, linewidth=0.9)
            ax.plot(
                *path[-1].T, "o", color=color, markersize=3.5, markeredgecolor="white", markeredgewidth=0.4
            )
            ax.plot(-5, -2, "o", color="#333333", markersize=4)
            ax.set_title(title)
            kit.equal(ax)
            if label != "constant":
                ax.set_ylabel("")

    return Drawing(draw)


_REPEATS = 400
_THREE = ("#D55E00", "#0072B2", "#009E73")


def _exponential(n: int) -> float:
    return float(0.1 * np.exp(-0.1 * (n + 2)))


def _polynomial(n: int) -> float:
    return float(0.1 * (1 + 0.1 * (n + 2)) ** -0.5)
