"""Zhang, Lipton, Li and Smola, "Dive into Deep Learning" (d2l): 12.5-12.10 on the airfoil data."""

from typing import Any

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of("Zhang, Lipton, Li and Smola, Dive into Deep Learning")

SEEDS = 5

# rule, batch size, epochs, the smallest and the largest loss that builds of the book printed
CASES: dict[str, tuple[Any, int, float, tuple[float, float]]] = {
    "SGD, one at a time, .005": (ss.SGD(lr=0.005), 1, 2, (0.242, 0.249)),
    "SGD, batches of 100, .4": (ss.SGD(lr=0.4), 100, 2, (0.242, 0.250)),
    "SGD, batches of 10, .05": (ss.SGD(lr=0.05), 10, 2, (0.242, 0.253)),
    "momentum .5, .02": (ss.Momentum(lr=0.02, momentum=0.5), 10, 2, (0.242, 0.250)),
    "momentum .9, .01": (ss.Momentum(lr=0.01, momentum=0.9), 10, 2, (0.244, 0.259)),
    "momentum .9, .005": (ss.Momentum(lr=0.005, momentum=0.9), 10, 2, (0.242, 0.251)),
    "Adagrad, .1": (ss.Adagrad(lr=0.1, eps=1e-6, eps_inside=True), 10, 2, (0.242, 0.246)),
    "RMSprop, .01": (ss.RMSprop(lr=0.01, rho=0.9, eps=1e-6), 10, 2, (0.242, 0.249)),
    "Adadelta": (ss.Adadelta(rho=0.9, eps=1e-5), 10, 2, (0.242, 0.248)),
    "Adam, .01": (ss.Adam(lr=0.01, eps=1e-6), 10, 2, (0.242, 0.251)),
    "Yogi, .01": (ss.Yogi(lr=0.01, eps=1e-3, debias=True), 10, 2, (0.242, 0.246)),
}


@figure(
    "d2l-12.5-airfoil",
    "sections 12.5 to 12.10, the training curves",
    "real data: every rule of the chapter reaches the floor in two epochs, and full batches at "
    "rate 1 diverge",
    "the book's full-batch run at rate 1 is said to stall; 1 exceeds 2/L = .953, and it has begun to diverge",
)
def airfoil(numbers: Numbers) -> Drawing:
    """Linear regression on 1500 standardised rows, evaluated over all of them."""
    problem = ss.Airfoil()
    eigenvalues = np.linalg.eigvalsh(problem.hess(np.zeros(problem.dim)))
    numbers.computed("least-squares floor", problem.minimum, 0.241688, 5.1e-7)
    expected = [0.1737, 0.6665, 0.9181, 1.0, 1.1262, 2.0985]
    numbers.computed("eigenvalues of the Hessian", eigenvalues, expected, 6e-5)
    numbers.computed("largest stable rate 2/L", 2 / eigenvalues[-1], 0.9531, 5.1e-5)
    curves_: dict[str, Any] = {}
    for label, (rule, size, epochs, printed) in CASES.items():
        ends, every, stride = [], [], max(200 // size, 1)
        for seed in range(SEEDS):
            random = np.random.default_rng(seed)
            start = np.append(random.normal(0.0, 0.01, problem.dim - 1), 0.0)
            batches = ss.MiniBatch(problem, size=size, rng=seed)
            steps = round(epochs * 1500 / size)
            run = ss.minimize(batches, rule, x0=start, steps=steps)
            every.append(problem.fun(run.history.x[::stride]))
            ends.append(float(problem.fun(run.last_x)))
        numbers.printed(f"median loss after 2 epochs, {label}", np.median(ends), between=_widened(printed))
        curves_[label] = (np.arange(len(every[0])) * stride * size / 1500, np.median(every, axis=0))
    start = np.append(np.random.default_rng(0).normal(0.0, 0.01, problem.dim - 1), 0.0)
    whole = ss.minimize(problem, ss.SGD(lr=1.0), x0=start, steps=100)
    numbers.printed("full batch, rate 1: loss after 10 epochs", whole.history.fun[10], between=(0.243, 0.264))
    growth = whole.error[100] / whole.error[99]
    numbers.theorem(
        "full batch: factor on the gap an update, (L - 1)^2", growth, (eigenvalues[-1] - 1) ** 2, 1e-6
    )
    numbers.computed("the same", growth, 1.2067, 5.1e-5)
    best = int(whole.history.fun.argmin())
    numbers.computed("full batch: best update, before it grows", best, between=(3, 9))
    numbers.computed("full batch: loss at update 100", whole.history.fun[100], between=(1e3, 1e7))

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.8, width_ratios=[1.2, 1])
        shown = (
            "SGD, batches of 10, .05",
            "momentum .9, .005",
            "Adagrad, .1",
            "RMSprop, .01",
            "Adadelta",
            "Adam, .01",
        )
        axes[0].set(xlim=(0, 2), ylim=(0.235, 0.35), xlabel="epoch", ylabel="loss")
        drawn = []
        for label, color in zip(shown, kit.COLORS, strict=False):
            drawn.append(
                (
                    axes[0].plot(*curves_[label], color=color, linewidth=1.1)[0],
                    label.replace(", batches of 10", ""),
                )
            )
        axes[0].axhline(problem.minimum, color="#333333", linewidth=0.7, linestyle=":")
        axes[0].grid(axis="y")
        kit.label_line_ends(axes[0], drawn)
        half = ss.minimize(problem, ss.SGD(lr=0.9), x0=start, steps=100)
        axes[1].set(xlim=(0, 60), ylim=(1e-7, 100), xlabel="update", ylabel="loss over the floor")
        kit.curves(
            axes[1], {"lr = 1": whole.error[:61], "lr = 0.9": half.error[:61]}, colors=("#D55E00", "#0072B2")
        )
        axes[1].set_title("full batch: 2/L = 0.953", fontsize=9)

    return Drawing(draw)


def _widened(printed: tuple[float, float]) -> tuple[float, float]:
    """Return the printed range with the half unit that rounding to three decimals hides."""
    return printed[0] - 5e-4, printed[1] + 5e-4
