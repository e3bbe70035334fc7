"""Zhang et al., "Dive into Deep Learning" (d2l): 12.6 momentum, 12.7-12.10 adaptive methods."""

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of
from stepsize.gallery.linear import edge, radius

figure = figures_of("Zhang, Lipton, Li and Smola, Dive into Deep Learning")

VALLEY = ss.Quadratic([0.2, 4.0])
WINDOW = [(-5.5, 1.5), (-2.6, 2.6)]


@figure(
    "d2l-12.6-momentum",
    "section 12.6.1, figures 12.6.1-4",
    "on a narrow valley one rate is slow or explodes; momentum carries the larger one",
)
def momentum(numbers: Numbers) -> Drawing:
    """0.1 x1^2 + 2 x2^2 from (-5, -2), 20 updates."""
    cases = {
        "SGD, lr = 0.4": (ss.SGD(lr=0.4), (-0.943467, -0.000073)),
        "SGD, lr = 0.6": (ss.SGD(lr=0.6), (-0.387814, -1673.365109)),
        "momentum 0.5, lr = 0.6": (ss.Momentum(lr=0.6, momentum=0.5), (0.007188, 0.002553)),
        "momentum 0.25, lr = 0.6": (ss.Momentum(lr=0.6, momentum=0.25), (-0.126340, -0.186632)),
    }
    runs = {}
    for label, (optimizer, printed) in cases.items():
        runs[label] = ss.minimize(VALLEY, optimizer, x0=[-5.0, -2.0], steps=20)
        numbers.printed(f"x after 20 updates, {label}", runs[label].x, printed)
    half = [radius(ss.Momentum(lr=0.6, momentum=0.5), lam) for lam in (0.2, 4.0)]
    numbers.theorem("momentum 0.5: both axes shrink by sqrt(0.5) an update", half, [np.sqrt(0.5)] * 2)
    quarter = [radius(ss.Momentum(lr=0.6, momentum=0.25), lam) for lam in (0.2, 4.0)]
    numbers.computed("momentum 0.25: factor an update along each axis", quarter, [0.828106, 0.858945])
    limits = [edge(ss.Momentum(momentum=beta)) for beta in (0.0, 0.25, 0.5)]
    numbers.theorem(
        "largest stable lr * lam at momentum 0, .25, .5: 2 + 2 beta", limits, [2.0, 2.5, 3.0], 1e-6
    )

    def draw(kit: Kit) -> None:
        axes = kit.panels(2, 2, height=2.5, sharex=True, sharey=True)
        titles = ("steady but slow", "explodes along $x_2$", "a damped spiral", "barely")
        colors = ("#0072B2", "#D55E00", "#009E73", "#0072B2")
        for ax, (label, run), title, color in zip(axes.flat, runs.items(), titles, colors, strict=True):
            kit.trajectories(ax, VALLEY, {label: run}, WINDOW, [color])
            ax.set_title(f"{label}: {title}", fontsize=9)
            ax.label_outer()

    return Drawing(draw, runs, WINDOW)


@figure(
    "d2l-12.6-scalar",
    "section 12.6.4, figure 12.6.6",
    "along each eigenvector the error is multiplied by 1 - lr lambda: slow, fast, at once, oscillating",
    "the book says in one sentence that lr lambda > 1 diverges and in the next that 2 is the limit: it is 2",
)
def scalar(numbers: Numbers) -> Drawing:
    """Error on lambda x^2 / 2 from 1, rate 0.1."""
    lams = (0.1, 1.0, 10.0, 19.0)
    runs = {lam: ss.minimize(ss.Parabola(curvature=lam, start=1.0), ss.SGD(lr=0.1), steps=19) for lam in lams}
    numbers.theorem(
        "error after 19 updates, lambda .1, 1, 10, 19",
        [runs[lam].x[0] for lam in lams],
        [0.99**19, 0.9**19, 0.0, -(0.9**19)],
    )
    numbers.printed("the same as the figure's curves end", runs[0.1].x[0], 0.826169)
    between = [
        ss.minimize(ss.Parabola(curvature=c, start=1.0), ss.SGD(lr=0.1), steps=400) for c in (15.0, 19.9)
    ]
    numbers.theorem(
        "lr lambda = 1.5 and 1.99 converge: factor an update, over 400",
        [abs(run.x[0]) ** (1 / 400) for run in between],
        [0.5, 0.99],
    )

    def draw(kit: Kit) -> None:
        ax = kit.panels(height=2.4)
        ax.set_ylim(-1.05, 1.05)
        kit.curves(
            ax,
            {rf"$\lambda = {lam:g}$": run.history.x[:, 0] for lam, run in runs.items()},
            scale="linear",
            marker="o",
            markersize=2.5,
        )
        ax.set(
            xlabel="update", ylabel="error", title=r"$(1 - \mathrm{lr}\,\lambda)^t$, lr = 0.1", xlim=(0, 19)
        )
        ax.axhline(0, color="#333333", linewidth=0.6)

    return Drawing(draw)


@figure(
    "d2l-12.7-adaptive",
    "sections 12.7-12.10, figures 12.7.1 to 12.8.2",
    "six adaptive rules on one valley: Adagrad stalls, RMSprop arrives, Adadelta hardly leaves, "
    "Adam swings over",
    "the book's TensorFlow code for Adam and Yogi adds eps to the parameter by operator "
    "precedence, which turns a "
    "zero gradient into nan; the formula, and the other tabs, are right",
)
def adaptive(numbers: Numbers) -> Drawing:
    """0.1 x1^2 + 2 x2^2 from (-5, -2), 20 updates."""
    cases = {
        "Adagrad, lr = 0.4": (ss.Adagrad(lr=0.4, eps=1e-6, eps_inside=True), (-2.382563, -0.158591)),
        "Adagrad, lr = 2": (ss.Adagrad(lr=2.0, eps=1e-6, eps_inside=True), (-0.002295, -0.0)),
        "RMSprop, lr = 0.4": (ss.RMSprop(lr=0.4, rho=0.9, eps=1e-6), (-0.010599, 0.0)),
        "Adadelta": (ss.Adadelta(lr=1.0, rho=0.9, eps=1e-5), (-4.782488, -1.787589)),
        "Adam, lr = 0.4": (ss.Adam(lr=0.4, eps=1e-6), (0.996029, -0.212750)),
        "Yogi, lr = 0.4": (ss.Yogi(lr=0.4, eps=1e-3, debias=True), (0.982844, -0.207404)),
    }
    runs = {}
    for index, (label, (optimizer, expected)) in enumerate(cases.items()):
        runs[label] = ss.minimize(VALLEY, optimizer, x0=[-5.0, -2.0], steps=20)
        add = numbers.printed if index < 3 else numbers.computed
        add(f"x after 20 updates, {label}", runs[label].x, expected, 5.1e-7)
    first = runs["Adadelta"].history.x[1] - runs["Adadelta"].history.x[0]
    closed = [np.sqrt(1e-5) * g / np.sqrt(0.1 * g * g + 1e-5) for g in (1.0, 8.0)]
    numbers.theorem("Adadelta's first step: sqrt(eps / (1 - rho)) up to eps", first, closed)
    still = ss.Adam(lr=0.4, eps=1e-6)
    x, _ = still.step(np.array([1.0]), np.array([0.0]), still.init(np.array([1.0])))
    numbers.theorem("Adam by the formula leaves a point without gradient where it is", x[0], 1.0)
    zero = np.zeros(1)
    with np.errstate(invalid="ignore"):
        wrong = x - (0.4 * zero / np.sqrt(zero) + 1e-6)
    numbers.theorem("by the TensorFlow tab's precedence it is nan (1 = it is)", np.isnan(wrong[0]), 1.0)

    def draw(kit: Kit) -> None:
        axes = kit.panels(2, 3, height=2.05, sharex=True, sharey=True)
        colors = ("#0072B2", "#009E73", "#009E73", "#0072B2", "#D55E00", "#D55E00")
        for ax, (label, run), color in zip(axes.flat, runs.items(), colors, strict=True):
            kit.trajectories(ax, VALLEY, {label: run}, WINDOW, [color])
            ax.set_title(label, fontsize=9)
            ax.label_outer()

    return Drawing(draw, runs, WINDOW)
