"""Goodfellow, Bengio and Courville, "Deep Learning" (2016); the flow that descent steps along."""

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of
from stepsize.gallery.linear import radius

figure = figures_of("Goodfellow, Bengio and Courville, Deep Learning, 2016")
flow_of = figures_of("Gradient flow, folklore; Hairer and Lubich, 2014")


@figure(
    "goodfellow-4.6-canyon",
    "figure 4.6, equation 4.10",
    "in a canyon five times as steep across as along, gradient descent spends its steps on the walls",
    "the figure's start and rate are unpublished; these are ours",
)
def canyon(numbers: Numbers) -> Drawing:
    """H = [[3, 2], [2, 3]], rate 0.36 and the best one."""
    problem = ss.Canyon()
    numbers.theorem("eigenvalues", problem.eigenvalues, [1.0, 5.0])
    best = 2 / sum(problem.eigenvalues)
    numbers.theorem("best constant rate", best, 1 / 3)
    numbers.theorem("its factor", [radius(ss.SGD(lr=best), lam) for lam in (1.0, 5.0)], [2 / 3, 2 / 3])
    random = np.random.default_rng(0).standard_normal((1000, 2))
    g = problem.grad(random)
    steps = (g * g).sum(axis=1) / (g * problem.grad(g)).sum(axis=1)
    numbers.theorem("exact steps g.g/(g.Hg), smallest", steps.min(), between=(0.2, 0.2001))
    numbers.theorem("exact steps, largest", steps.max(), between=(0.99, 1.0))
    runs = {
        "lr = 0.36": ss.minimize(problem, ss.SGD(lr=0.36), x0=[4.0, -2.6], steps=40),
        "lr = 1/3": ss.minimize(problem, ss.SGD(lr=best), x0=[4.0, -2.6], steps=40),
    }

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.7)
        window = [(-3.0, 4.6), (-3.4, 3.0)]
        kit.trajectories(axes[0], problem, {"": runs["lr = 0.36"]}, window, [kit.COLORS[0]])
        axes[0].set_title("lr = 0.36")
        axes[1].set(xlim=(0, 40), ylim=(1e-14, 100), xlabel="update", ylabel="$f$")
        kit.curves(axes[1], {label: run.error for label, run in runs.items()})
        k = np.arange(41)
        axes[1].plot(k, runs["lr = 1/3"].error[0] * (4 / 9) ** k, ":", color="#333333", linewidth=1)
        axes[1].set_title("dotted: predicted 4/9 a step", fontsize=9)

    return Drawing(draw, runs, [(-3.0, 4.6), (-3.4, 3.0)])


@flow_of(
    "gradient-flow",
    "x' = -grad f(x), explicit Euler",
    "gradient descent is a staircase beside a smooth curve, and half the rate halves the distance to it",
)
def gradient_flow(numbers: Numbers) -> Drawing:
    """Eigenvalues 1 and 10, up to time 1, with rates that halve."""
    bowl = ss.Quadratic([1.0, 10.0], start=[1.0, 1.0])
    exact = np.exp(-bowl.eigenvalues)
    flow = ss.gradient_flow(bowl, [0.0, 1.0]).x[-1]
    numbers.theorem("the flow at time 1, by integration: exp(-lambda)", flow, exact, 1e-8)
    counts = (100, 200, 400)
    runs = {n: ss.minimize(bowl, ss.SGD(lr=1 / n), steps=n) for n in counts}
    errors = [np.linalg.norm(runs[n].x - exact) for n in counts]
    ratios = [errors[i] / errors[i + 1] for i in range(2)]
    numbers.theorem(
        "error ratio when the rate is halved: 2 for a first-order scheme", ratios, [2.008, 2.004], 5.1e-3
    )
    coarse = ss.minimize(bowl, ss.SGD(lr=0.08), steps=25)

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.4, width_ratios=[1, 1.2])
        kit.contours(bowl, axes[0], window=[(-0.1, 1.15), (-0.3, 1.15)])
        t = np.linspace(0, 4, 400)
        smooth = np.exp(-np.outer(t, bowl.eigenvalues))
        axes[0].plot(*smooth.T, color="#333333", linewidth=1.0, linestyle="--")
        kit.path(coarse, axes[0], color=kit.COLORS[0])
        axes[1].plot(t, smooth[:, 1], "--", color="#333333", linewidth=1.0)
        for lr, color in ((0.08, kit.COLORS[0]), (0.04, kit.COLORS[1])):
            n = round(1 / lr)
            path = ss.minimize(bowl, ss.SGD(lr=lr), steps=n).history.x[:, 1]
            axes[1].plot(
                np.arange(n + 1) * lr, path, "o-", color=color, drawstyle="steps-post", markersize=2.5
            )
            kit.annotate(axes[1], 0.34, 0.15 if lr == 0.08 else 0.3, f"lr = {lr:g}", color)
        kit.annotate(axes[1], 0.34, 0.45, "flow $e^{-10t}$")
        axes[1].set(xlim=(0, 0.7), ylim=(-0.02, 1.02), xlabel="time, rate times update", ylabel="$x_2$")

    return Drawing(draw)
