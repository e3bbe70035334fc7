"""Wilson et al., "The marginal value of adaptive gradient methods" (2017): what adaptive rules miss."""

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of(
    "Wilson, Roelofs, Stern, Srebro and Recht, The marginal value of adaptive gradient methods, 2017"
)


@figure(
    "wilson-generalisation",
    "section 3.3",
    "on these data gradient descent labels every new example right and adaptive rules call all of "
    "them positive",
)
def generalisation(numbers: Numbers) -> Drawing:
    """One feature that is the label, two that are one, and five columns of its own for every example."""
    problem = ss.WilsonConstruction(139, 61)
    X, y = problem.train
    positive, negative = problem.positive, problem.negative
    scale = positive * 15 + 3 * negative + 8 * positive * negative + 5
    alpha = np.where(y > 0, 4 * negative + 5, -(4 * positive + 1)) / scale
    small = ss.WilsonConstruction(14, 6)
    descent = ss.minimize(small, ss.SGD(lr=1 / small.L), x0=np.zeros(small.dim), steps=3000)
    p, q = small.positive, small.negative
    D = 15 * p + 3 * q + 8 * p * q + 5
    closed = small.train[0].T @ (np.where(small.train[1] > 0, 4 * q + 5, -(4 * p + 1)) / D)
    numbers.theorem(
        "gradient descent ends at X' alpha: largest deviation", np.abs(descent.x - closed).max(), 0.0, 1e-10
    )
    least = X.T @ alpha
    numbers.theorem(
        "X' alpha fits the 200 examples: largest residual", np.abs(X @ least - y).max(), 0.0, 1e-10
    )
    numbers.theorem("its error on new examples", float(problem.new_example_error(least)), 0.0)
    signs = X @ np.sign(X.T @ y)
    numbers.theorem(
        "X sign(X'y) over 4 y, smallest and largest", [(signs / y).min(), (signs / y).max()], [4.0, 4.0]
    )
    rules = {"Adagrad": ss.Adagrad(lr=0.05, eps=1e-300), "Adam": ss.Adam(lr=0.02, eps=1e-300)}
    ends = {"SGD": descent.x}
    for label, rule in rules.items():
        run = ss.minimize(small, rule, x0=np.zeros(small.dim), steps=500)
        moved = np.abs(run.x[run.x != 0])
        numbers.theorem(
            f"{label}: all weights that moved are equal in size, spread", np.ptp(moved) / moved[0], 0.0, 1e-9
        )
        numbers.theorem(
            f"{label}: calls every new example positive, error",
            float(small.new_example_error(run.x)),
            q / (p + q),
        )
        numbers.theorem(f"{label}: loss in training", run.fun, 0.0, 1e-4)
        ends[label] = run.x
    wrong = float(problem.new_example_error(np.sign(X.T @ y)))
    numbers.computed("the script's draw of 139 and 61: error of adaptive rules", wrong, 0.305, 1e-12)

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.4, width_ratios=[1, 2.2])
        errors = [float(small.new_example_error(x)) for x in ends.values()]
        colors = (kit.COLORS[2], kit.COLORS[1], kit.COLORS[3])
        axes[0].bar(range(3), errors, color=colors, width=0.6)
        for i, error in enumerate(errors):
            axes[0].text(i, error + 0.008, f"{100 * error:.0f} %", ha="center", fontsize=8)
        axes[0].set_xticks(range(3), list(ends), fontsize=8)
        axes[0].set(ylabel="error on new examples", ylim=(0, 0.38))
        kinds = _kinds(small)
        for i, ((label, x), color) in enumerate(zip(ends.items(), colors, strict=True)):
            sizes = [float(np.abs(x[place])) for place in kinds.values()]
            axes[1].bar(np.arange(len(kinds)) + 0.27 * (i - 1), sizes, color=color, width=0.25, label=label)
        axes[1].set_xticks(range(len(kinds)), list(kinds), fontsize=8)
        axes[1].set(ylabel="size of the weight")
        axes[1].set_title("adaptive: every weight that moves has one size", fontsize=9)
        axes[1].legend(loc="upper right")

    return Drawing(draw)


def _kinds(problem: ss.WilsonConstruction) -> dict[str, int]:
    """Return one weight of each kind: its name and its place."""
    y = problem.train[1]
    own = {label: 3 + 5 * int(np.flatnonzero(y == sign)[0]) for label, sign in (("+", 1.0), ("-", -1.0))}
    return {"the label": 0, "always 1": 1, "own, of a +1": own["+"], "own, of a -1": own["-"]}
