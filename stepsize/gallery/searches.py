"""Line searches on mini-batches: two ways to sample a line, a search that is unsure, what the others do."""

from typing import Any, Literal

import numpy as np

import stepsize as ss
from schedules import Line
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

chae = figures_of(
    "Chae and Wilke, Empirical study towards understanding line search approximations for training neural "
    "networks, 2019"
)
mahsereci = figures_of("Mahsereci and Hennig, Probabilistic line searches for stochastic optimization, 2015")

Array = np.ndarray[Any, Any]


# Mini-batches along a line


def _search_log(history: ss.History) -> tuple[Array, Array]:
    """Return how often each search of a run looked, and how it ended."""
    assert history.n_trials is not None
    assert history.status is not None
    return history.n_trials, history.status


def _cancer() -> Any:
    """Return logistic regression on 398 training examples, as many as the papers take."""
    return ss.BreastCancer(l2=1e-3, held_out=0.3, rng=3)


def _weights(seed: int) -> Array:
    return np.asarray(np.random.default_rng(seed).normal(size=_cancer().dim))


@chae(
    "chae-static-dynamic",
    "the losses along one direction; their statistics in Kafka and Wilke, 2019",
    "a fresh mini-batch at every trial fills the line with minima that are none, a third of all points; "
    "changes of sign of the slope stay few, and gather at the true minimum as batches grow",
)
def sampling(numbers: Numbers) -> Drawing:
    """Ten lines from random weights down the full gradient, 101 points up to twice the exact step."""
    from stepsize.analysis.line_scan import local_minima, scan, sign_changes

    whole = _cancer()
    fractions = np.linspace(0, 2, 101)
    lines = []
    for seed in range(10):
        x = _weights(seed)
        d = whole.grad(x)
        lines.append((seed, x, d, ss.ExactSearch(first=1.0)(Line(whole, x, d), None).alpha))

    def scans(size: int, kind: Literal["static", "dynamic"]) -> list[tuple[Array, Array]]:
        """Return the indices of local minima and of changes of sign, for each of the lines."""
        marks = []
        for seed, x, d, exact in lines:
            batches = ss.MiniBatch(whole, size, sampling=kind, replacement=True, rng=seed)
            f, slopes = scan(batches, x, d, exact * fractions)
            marks.append((local_minima(f), sign_changes(slopes)))
        return marks

    number, spread = {}, {}
    for size in (10, 100):
        dynamic, static = scans(size, "dynamic"), scans(size, "static")
        share = np.mean([len(low) / 99 for low, _ in dynamic])
        numbers.theorem(f"batches of {size}, dynamic: local minima, of interior points", share, 1 / 3, 0.03)
        where = fractions[np.concatenate([low for low, _ in dynamic])]
        numbers.theorem("their deviation, in exact steps: uniform", where.std(), 1 / np.sqrt(3), 0.025)
        share = np.mean([len(low) / 99 for low, _ in static])
        numbers.computed(f"batches of {size}, static: the same share", share, between=(0.0, 0.011))
        number[size] = np.mean([len(change) for _, change in dynamic])
        spread[size] = fractions[np.concatenate([change for _, change in dynamic])].std()
    numbers.computed("batches of 10, dynamic: changes of sign a line", number[10], between=(12, 16))
    numbers.computed("batches of 100", number[100], between=(6, 9))
    numbers.computed("batches of 10: their deviation, in exact steps", spread[10], between=(0.39, 0.46))
    numbers.computed("batches of 100", spread[100], between=(0.21, 0.28))
    changes = [len(change) for _, change in static]
    numbers.computed("batches of 100, static: changes of sign, on each line", changes, [1.0] * 10, 0)
    gap = max(abs(int(low[0]) - int(change[0])) for low, change in static)
    numbers.computed("points between the change and the minimum, at most", gap, between=(0, 1))

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=3.3)
        for ax, size in zip(axes, (10, 100), strict=True):
            kit.sampling(ss.MiniBatch(whole, size, replacement=True, rng=0), _weights(0), ax=ax)
            ax.set_title(f"Batches of {size}")
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), handlelength=1.5)
        axes[1].set_ylabel("")

    return Drawing(draw)


# A search that knows how sure it is

# By the authors' code of 2015: t, mean, its slope, var f, cov(f, f'), var f', probability.
_MOMENTS = [
    (0.5, -0.3374270235, -0.4006594417, 0.0113597304, 0.0000028538, 0.0995254046, 0.5824664441),
    (1.0, -0.3994347957, 0.1549833707, 0.0091883000, 0.0016225238, 0.0352743581, 0.9945271245),
    (1.5, -0.3219431103, 0.1549833707, 0.0612960799, 0.1442597028, 0.5352743581, 0.5549132860),
    (2.0, -0.2444514250, 0.1549833707, 0.3810410389, 0.5368968819, 1.0352743581, 0.3046386274),
]


@mahsereci(
    "mahsereci-posterior",
    "section 3, the posterior and the probability of the Wolfe conditions",
    "from noisy values and slopes a search knows the line as far as the noise lets it, and stops where the "
    "conditions probably hold",
)
def posterior(numbers: Numbers) -> Drawing:
    """Two noisy trials on a line: the posterior after them, beside one of a real search."""
    from scipy.interpolate import CubicHermiteSpline

    from schedules.linesearch.bivariate_normal import upper_rectangle
    from schedules.linesearch.integrated_wiener import SplinePosterior
    from schedules.linesearch.probabilistic import Belief

    data = [0.0, 1.0], [0.0, -0.4], [-1.0, 0.2]
    belief = SplinePosterior(*data, 0.01, 0.04)
    for t, *expected in _MOMENTS:
        m, V, _ = belief.posterior(t)
        found = [*m, V[0, 0], V[0, 1], V[1, 1], belief.probability(t)]
        numbers.computed(f"t = {t}: m, m', var f, cov, var f', P(Wolfe)", found, expected, 1e-8)
    low = belief.low_point(0.0, 1.0) or np.nan
    best = min(belief.mean(0.0), belief.mean(1.0))
    found = [low, belief.expected_improvement(low, best), belief.probability(low)]
    expected = [0.8618083526, 0.0435628922, 0.9127791134]
    numbers.computed("low point of the mean, expected improvement and P(Wolfe) there", found, expected, 1e-8)
    beyond = belief.expected_improvement(2.0, best)
    numbers.computed("expected improvement at t = 2", beyond, 0.1764908033, 1e-8)
    exact, spline = SplinePosterior(*data, 0.0, 0.0), CubicHermiteSpline(*data)
    away = max(abs(exact.mean(t) - float(spline(t))) for t in np.linspace(0, 1, 21))
    numbers.theorem("without noise: mean less the Hermite spline, at most", away, 0.0, 1e-9)
    tail = upper_rectangle(2.5, -1.0, np.inf, 0.43)
    numbers.printed("P(X > 2.5, Y > -1), correlation 0.43", tail, 0.0062, 5.1e-5)

    batches = ss.MiniBatch(_cancer(), 100, sampling="dynamic", rng=0)
    run = ss.minimize(batches, ss.SGD(lr=ss.ProbabilisticLineSearch()), _weights(0), steps=40)
    trials, _ = _search_log(run.history)
    drawn = 1 + int(np.argmax(trials[1:]))  # the first search is still far from its scale
    numbers.computed("trials on the line that is drawn", trials[drawn], between=(3, 7))

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=3.2)
        ax = axes[0]
        search = run.optimizer.lr
        shown = Belief(belief, unit=1.0, phi0=0.0, scale=1.0, search=search)
        kit.show_belief(ax, shown, np.linspace(0.0, 2.0, 201), search.threshold)
        for t, y, dy in zip(*data, strict=True):
            ends = np.array([-0.12, 0.12])
            ax.plot(t + ends, y + dy * ends, color=kit.COLORS[1], linewidth=1.0, zorder=5)
            ax.errorbar(t, y, 0.2, fmt="o", color=kit.COLORS[1], markersize=4, linewidth=1.0, zorder=5)
        ax.set(xlim=(-0.15, 2.0), ylim=(-1.9, 1.2), xlabel="step $t$", ylabel="$f$")
        ax.set_title("Two noisy trials")
        ax.legend(loc="upper left", handlelength=1.5)
        kit.line(run, drawn, axes[1]).set_title(f"Update {drawn} of a run")
        axes[1].get_legend().remove()
        right, top = axes[1].get_xlim()[1], axes[1].get_ylim()[1]
        kit.annotate(axes[1], 0.92 * right, top, "whole problem", "#6b7780", ha="right", va="top")

    return Drawing(draw)


@mahsereci(
    "mahsereci-robustness",
    "section 4, the loss against the first learning rate",
    "a probabilistic search ends at the same loss whatever its first step, over six decades; a constant rate "
    "must be tuned",
    "the paper's networks are replaced by logistic regression; the search takes the tuning away, it does not "
    "beat the best constant rate",
)
def robustness(numbers: Numbers) -> Drawing:
    """Breast-cancer data, l2 = 1e-3, batches of 100: the loss after 600 evaluations, mean of the last 50."""
    whole, x0, evaluations, last = _cancer(), _weights(0), 600, 50
    units = np.geomspace(1e-4, 1e2, 7)
    losses, trials, accepted, steps = [], [], [], []
    for unit in units:
        batches = ss.MiniBatch(whole, 100, sampling="dynamic", rng=0)
        search = ss.ProbabilisticLineSearch(alpha0=float(unit))
        history = ss.minimize(batches, ss.SGD(lr=search), x0, steps=evaluations // 4 * 3).history
        n_trials, status = _search_log(history)
        n = int(np.searchsorted(1 + np.cumsum(n_trials), evaluations, side="right"))
        losses.append(whole.fun(history.x[n - last : n]).mean())
        trials.append(n_trials[:n].mean())
        accepted.append((status[:n] == "converged").mean())
        steps.append(history.lr[:n])
    numbers.computed("search: largest loss over the first steps 1e-4 ... 100", max(losses), between=(0, 0.07))
    numbers.computed("largest over smallest", max(losses) / min(losses), between=(1.0, 1.3))
    for word, pick in (("fewest", min), ("most", max)):
        numbers.computed(f"evaluations an update, {word}", pick(trials), between=(1.3, 1.6))
    numbers.computed("share of searches that are accepted, smallest", min(accepted), between=(0.95, 1.0))

    rates = np.geomspace(1e-4, 1e2, 13)
    fixed = ss.MiniBatch(whole, 100, rng=0)
    many = ss.minimize(fixed, ss.SGD(lr=rates[:, None]), np.tile(x0, (len(rates), 1)), steps=evaluations)
    constant = whole.fun(many.history.x[-last:]).mean(axis=0)
    numbers.computed("SGD at the rate 1e-4: hardly moved", constant[0], between=(1.0, whole.fun(x0)))
    numbers.computed("SGD at the rate 100: explodes", constant[-1], between=(whole.fun(x0), 100.0))
    numbers.computed(
        "best constant rate: its loss over the search's best",
        constant.min() / min(losses),
        between=(0.8, 1.0),
    )

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.6)
        ax = axes[0]
        ax.loglog(rates, constant, "o-", color=kit.COLORS[1], markersize=3)
        ax.loglog(units, losses, "o-", color=kit.COLORS[0], markersize=3)
        ax.set(xlabel=r"rate, or first step $\alpha_0$", ylabel="loss", ylim=(0.03, 4))
        kit.annotate(ax, 4e-3, 0.4, "SGD", kit.COLORS[1])
        kit.annotate(ax, 2e-4, 0.037, "probabilistic search", kit.COLORS[0])
        ax.set_title(f"After {evaluations} evaluations")
        for path in steps:
            axes[1].semilogy(path[:60], color=kit.COLORS[0], linewidth=0.9, alpha=0.7)
        axes[1].set(
            xlim=(0, 59), xlabel="update", ylabel=r"step $\alpha$", title="Steps of the seven searches"
        )
        for axis in (ax.xaxis, ax.yaxis, axes[1].yaxis):
            kit.log_ticks(axis)

    return Drawing(draw)
