"""Strang, "Linear Algebra and Learning from Data" (2019), VI.4: the zig-zag and what momentum makes of it."""

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of
from stepsize.gallery.linear import radius
from stepsize.gallery.rates import factor

figure = figures_of("Strang, Linear Algebra and Learning from Data, 2019")


@figure(
    "strang-momentum",
    "section VI.4, figure VI.9",
    "momentum turns the condition number into its square root: 0.96 an update becomes 0.67",
)
def momentum(numbers: Numbers) -> Drawing:
    """(x^2 + b y^2)/2 from (b, 1), b = 1/100."""
    valley = ss.StrangQuadratic()
    b = 0.01
    exact = ss.minimize(valley, ss.SGD(lr=ss.ExactQuadratic()), steps=60)
    lr, beta = (2 / (1 + np.sqrt(b))) ** 2, ((1 - np.sqrt(b)) / (1 + np.sqrt(b))) ** 2
    ball = ss.Momentum(lr=lr, momentum=beta)
    heavy = ss.minimize(valley, ball, steps=60)
    steepest = factor(exact.history.fun)
    numbers.recalled("factor on f, exact search (0.96)", steepest, 0.960788, 5.1e-7)
    numbers.theorem("the same by ((1 - b)/(1 + b))^2", steepest, ((1 - b) / (1 + b)) ** 2)
    # Both directions sit on a double eigenvalue, which rounding splits by the root of the unit round-off.
    slowest = max(radius(ball, lam) for lam in (b, 1.0)) ** 2
    numbers.recalled("factor on f, best momentum (0.67)", slowest, 0.669421, 1e-6)
    numbers.theorem("the same by ((1 - sqrt b)/(1 + sqrt b))^2", slowest, (0.9 / 1.1) ** 2, 1e-6)

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.5, width_ratios=[1, 1.1])
        window = [(-0.012, 0.014), (-0.1, 1.1)]
        kit.trajectories(axes[0], valley, {"": exact}, window, same_scale=False)
        axes[0].set_title("the zig-zag (x stretched)", fontsize=9)
        axes[0].set_xticks([-0.01, 0, 0.01])
        axes[1].set(xlim=(0, 60), ylim=(1e-12, 1), yscale="log", xlabel="update", ylabel="$f$")
        axes[1].grid(axis="y")
        drawn = []
        for run, label, color in ((exact, "exact search", "#0072B2"), (heavy, "momentum", "#D55E00")):
            drawn.append((axes[1].plot(run.history.fun, color=color)[0], label))
        k = np.arange(61)
        axes[1].plot(k, valley.fun(np.array([b, 1.0])) * steepest**k, ":", color="#333333", linewidth=1)
        axes[1].plot(k, 3e-2 * slowest**k, ":", color="#333333", linewidth=1)
        kit.label_line_ends(axes[1], drawn)
        axes[1].set_title("dotted: predicted 0.96 and 0.67", fontsize=9)

    return Drawing(draw)
