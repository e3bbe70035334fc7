"""LeCun, Bottou, Orr and Müller, "Efficient BackProp" (1998): the regimes of a learning rate."""

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of("LeCun, Bottou, Orr and Müller, Efficient BackProp, 1998")

SHARES = (0.5, 1.0, 1.5, 2.5)


@figure(
    "lecun-four-regimes",
    "section 5, figure 6",
    "below 1/lambda a rate creeps, at 1/lambda it arrives, up to 2/lambda it crosses over, beyond "
    "it diverges",
)
def four_regimes(numbers: Numbers) -> Drawing:
    """One parabola, rates of 0.5, 1, 1.5 and 2.5 times 1/lambda."""
    lam = 4.0
    parabola = ss.Parabola(curvature=lam, start=1.0)
    runs = {share: ss.minimize(parabola, ss.SGD(lr=share / lam), steps=8) for share in SHARES}
    factors = [runs[share].history.x[1, 0] for share in SHARES]
    numbers.theorem("error factor an update at .5, 1, 1.5, 2.5 over lambda", factors, [0.5, 0.0, -0.5, -1.5])
    inside, outside = (
        ss.minimize(parabola, ss.SGD(lr=share * 2 / lam), steps=2000) for share in (0.999, 1.001)
    )
    numbers.theorem("error after 2000 updates just inside 2/lambda", abs(inside.x[0]), between=(0.0, 0.02))
    numbers.theorem("error after 2000 updates just outside", abs(outside.x[0]), between=(50.0, np.inf))

    colors = ("#0072B2", "#009E73", "#E69F00", "#D55E00")

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 4, height=1.9, sharey=True)
        words = ("creeps", "arrives", "crosses over", "diverges")
        for ax, (share, run), word, color in zip(axes, runs.items(), words, colors, strict=True):
            kit.landscape(parabola, ax, window=(-1.6, 1.6))
            kit.path(run, ax, color=color, window=[(-1.6, 1.6)])
            ax.set_title(rf"lr = {share:g}/$\lambda$: {word}", fontsize=8.5)
            ax.set(ylim=(-0.2, 5), yticks=[], ylabel="$f$" if share == 0.5 else "")

    return Drawing(
        draw, {rf"lr = {share:g}/$\lambda$": run for share, run in runs.items()}, [(-2.4, 2.4)], colors
    )
