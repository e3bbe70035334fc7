"""Shewchuk, "An introduction to the conjugate gradient method without the agonizing pain" (1994)."""

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of("Shewchuk, An introduction to the conjugate gradient method, 1994")


@figure(
    "shewchuk-conjugate-gradients",
    "figures 8 and 30",
    "steepest descent zig-zags forever, conjugate gradients arrive after as many steps as dimensions",
)
def conjugate_gradients(numbers: Numbers) -> Drawing:
    """Sample problem, A = [[3, 2], [2, 6]], b = (2, -8), from (-2, -2)."""
    problem = ss.ShewchukQuadratic()
    numbers.recalled("solution", problem.minimizers[0], [2.0, -2.0], 1e-12)
    numbers.recalled("eigenvalues", problem.eigenvalues, [2.0, 7.0], 1e-12)
    steepest = ss.minimize(problem, ss.SGD(lr=ss.ExactQuadratic()), steps=20)
    numbers.computed("first residual", -problem.grad(np.array([-2.0, -2.0])), [12.0, 8.0], 1e-12)
    numbers.computed("first step", float(steepest.history.lr[0]), 13 / 75, 1e-12)
    numbers.computed("first point", steepest.history.x[1], [0.08, -46 / 75], 1e-12)
    energy = np.sqrt(2 * steepest.error[:11])
    factors = energy[1:] / energy[:-1]
    numbers.theorem(
        "factor on the energy norm, smallest and largest",
        [factors.min(), factors.max()],
        [0.498888] * 2,
        5.1e-7,
    )
    numbers.theorem("below the bound (7 - 2)/(7 + 2)", factors.max(), between=(0.0, 5 / 9))
    conjugate = ss.minimize(problem, ss.ConjugateGradient(lr=ss.ExactQuadratic(), nu=np.inf), steps=2)
    numbers.theorem("conjugate gradients after two steps", conjugate.x, [2.0, -2.0], 1e-12)

    def draw(kit: Kit) -> None:
        ax = kit.panels(height=3.0)
        kit.trajectories(ax, problem, {"sd": steepest, "cg": conjugate}, [(-3.0, 4.0), (-4.2, 1.2)])
        kit.annotate(ax, 0.0, -0.25, "steepest descent", kit.COLORS[0])
        kit.annotate(ax, 0.9, -2.05, "conjugate\ngradients", kit.COLORS[1], ha="right")

    return Drawing(
        draw,
        {"steepest descent": steepest, "conjugate gradients": conjugate},
        [(-3.0, 4.0), (-4.2, 1.2)],
    )
