"""A book that nobody wrote, with one figure."""

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of("Nobody, A book that nobody wrote, 2026")


@figure(
    "added-halving", "section 1, figure 1", "at half of the best rate the error is halved at every update"
)
def halving(numbers: Numbers) -> Drawing:
    """(x^2)/2 from 1 at rate 0.5, ten updates."""
    run = ss.minimize(ss.Parabola(curvature=1.0, start=1.0), ss.SGD(lr=0.5), steps=10)
    numbers.theorem("x after n updates: 2^-n", run.history.x[:, 0], 0.5 ** np.arange(11))

    def draw(kit: Kit) -> None:
        ax = kit.panels(height=2.4)
        ax.set(xlim=(0, 10), ylim=(1e-4, 2), xlabel="update")
        kit.curves(ax, {"error": abs(run.history.x[:, 0])})

    return Drawing(draw, {"SGD": run}, [(-1.5, 1.5)])
