"""Lessard, Recht and Packard, "Analysis and design of optimization algorithms" (2016): a ball that cycles."""

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of
from stepsize.gallery.linear import matrix

figure = figures_of("Lessard, Recht and Packard, Analysis and design of optimization algorithms, 2016")

CYCLE = np.array([792.0, -2208.0, 2592.0]) / 1225


@figure(
    "lessard-cycle",
    "equation 4.11, figure 5, appendix B",
    "the heavy ball that is best on quadratics can circle forever on a convex function that is none",
)
def cycle(numbers: Numbers) -> Drawing:
    """Slope 25, 1, 25 in three pieces; rate 1/9 and momentum 4/9 from 3.3."""
    problem = ss.LessardQuadratic()
    ball = ss.Momentum(lr=1 / 9, momentum=4 / 9)
    run = ss.minimize(problem, ball, x0=[3.3], steps=300)
    end = run.history.x[-3:, 0]
    turn = int(np.argmin(np.abs(end - CYCLE[0])))
    numbers.printed("limit cycle", np.roll(end, -turn), CYCLE, 1e-9)
    numbers.printed("the same in decimals", np.roll(end, -turn), [0.646531, -1.802449, 2.115918], 5.1e-7)
    # All three points lie where the slope's slope is 25: the cycle's own map is the cube of one matrix.
    three = np.linalg.matrix_power(matrix(ball, 25.0), 3)
    moduli = np.abs(np.linalg.eigvals(three)) ** (1 / 3)
    numbers.printed("attracting: moduli of the eigenvalues an update, 2/3", moduli, [2 / 3, 2 / 3], 1e-9)
    starts = np.linspace(-6, 6, 4801)
    many = ss.minimize(problem, ball, x0=starts[:, None], steps=300)
    cycling = np.abs(many.x[:, 0]) > 1e-3
    numbers.computed("share of the starts on [-6, 6] that cycle", cycling.mean(), 0.117, 6e-4)
    around = cycling & (np.abs(starts - 3.3) < 0.3)
    numbers.computed(
        "the interval around 3.3 that does", [starts[around].min(), starts[around].max()], [3.06, 3.46], 6e-3
    )
    # Once on the piece around 0 a step of 1/25 leaves nothing; Nesterov's rule looks ahead from there.
    for label, rule, path in (
        ("gradient descent", ss.SGD(lr=1 / 25), [0.96, 0.0]),
        ("Nesterov", ss.Nesterov(lr=1 / 25, momentum=2 / 3), [-0.6, -0.64, 0.0]),
    ):
        x = ss.minimize(problem, rule, x0=[3.3], steps=len(path)).history.x[1:, 0]
        numbers.theorem(f"{label} from 3.3 arrives: x", x, path)

    def draw(kit: Kit) -> None:
        picture = kit.figure(6.8, 2.9)
        grid = picture.add_gridspec(2, 2, width_ratios=[1.2, 1], height_ratios=[5, 1])
        ax = picture.add_subplot(grid[:, 0])
        kit.landscape(problem, ax, window=(-3.6, 3.6))
        first = run.history
        ax.plot(first.x[:4, 0], first.fun[:4], "-", color=kit.COLORS[4], linewidth=0.8)
        corners = np.append(CYCLE, CYCLE[0])
        ax.plot(
            corners, problem.fun(corners[:, None]), "o-", color=kit.COLORS[1], linewidth=1.3, markersize=4
        )
        ax.plot(3.3, first.fun[0], "o", color="#333333", markersize=4.5)
        ax.axvspan(1, 2, color="#f2f2f2", zorder=0)
        ax.set_ylim(-8, 175)
        kit.annotate(ax, 1.5, 170, "soft\npiece", ha="center", va="top")
        kit.annotate(ax, -2.3, 128, "the way in", kit.COLORS[4], ha="left", va="bottom")
        kit.annotate(ax, 0.0, 46, "the cycle", kit.COLORS[1], ha="center", va="bottom")
        ax.set_title("forever round three points", fontsize=9)
        ax = picture.add_subplot(grid[0, 1])
        ax.plot(np.arange(25), first.x[:25, 0], "o-", color=kit.COLORS[1], linewidth=0.9, markersize=2.5)
        descent = ss.minimize(problem, ss.SGD(lr=1 / 25), x0=[3.3], steps=24).history.x[:, 0]
        ax.plot(descent, color=kit.COLORS[0])
        ax.set(xlim=(-0.5, 24), ylim=(-4.6, 3.8), xlabel="update", ylabel="$x$")
        ax.plot(0, 3.3, "o", color="#333333", markersize=4.5)
        kit.annotate(ax, 1.8, -4.1, "gradient descent", kit.COLORS[0])
        kit.annotate(ax, 13.0, -4.1, "the heavy ball", kit.COLORS[1])
        strip = picture.add_subplot(grid[1, 1])
        strip.fill_between(starts, 0, 1, where=cycling, color=kit.COLORS[1], linewidth=0, step="mid")
        strip.plot(3.3, 0.5, "o", color="#333333", markersize=4.5)
        strip.set(xlim=(-6, 6), ylim=(0, 1), yticks=[], xlabel="starts that cycle (dot: 3.3)")
        strip.spines["left"].set_visible(False)

    return Drawing(draw, {"heavy ball": run}, [(-3.6, 3.6)])
