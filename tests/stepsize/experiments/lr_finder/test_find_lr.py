"""The finder is right where the answer is known, and as good as a dense grid where it is not."""

import numpy as np
import pytest

import stepsize as ss
from stepsize.analysis.diagnosis import traces_of
from tests.noisy import NoisyBowl


def bowl(condition, L=1.0):
    """A quadratic of that condition number, started with equal error in every eigen-direction."""
    return ss.Quadratic(np.geomspace(L / condition, L, 3), start=[1.0, 1.0, 1.0])


@pytest.mark.parametrize("condition", [2, 10, 100, 1000, 1e4])
@pytest.mark.parametrize(
    ("rule", "limit"),
    [(ss.SGD(), 2.0), (ss.Momentum(momentum=0.5), 3.0), (ss.Momentum(momentum=0.9), 3.8)],
    ids=repr,
)
def test_the_edge_is_that_of_theory_within_a_tenth_of_a_per_cent(condition, rule, limit):
    """2/L for gradient descent, (2 + 2 beta)/L for the heavy ball."""
    found = ss.find_lr(bowl(condition, L=3.0), rule, steps=50)
    assert found.edge == pytest.approx(limit / 3.0, rel=1e-3)
    assert found.known["edge 2/L" if rule == ss.SGD() else "edge"] == pytest.approx(limit / 3.0, rel=1e-12)


def test_the_edge_of_nesterov_is_where_a_root_of_its_polynomial_leaves_the_unit_circle():
    beta, L = 0.9, 4.0
    limit = (2 + 2 * beta) / (1 + 2 * beta) / L

    def largest_root(lr):
        return abs(np.roots([1, -(1 + beta) * (1 - lr * L), beta * (1 - lr * L)])).max()

    assert largest_root(0.999 * limit) < 1 < largest_root(1.001 * limit)
    assert ss.find_lr(bowl(10, L), ss.Nesterov(momentum=beta), 50).edge == pytest.approx(limit, rel=1e-3)


@pytest.mark.parametrize("condition", [10, 100])
@pytest.mark.parametrize("steps", [100, 300, 1000])
def test_the_best_rate_of_gradient_descent_is_that_of_theory(condition, steps):
    """The slowest mode decides; a finite budget moves the best rate by log(condition)/(2 steps) at most."""
    found = ss.find_lr(bowl(condition), ss.SGD, steps)
    assert found.best == pytest.approx(2 / (1 + 1 / condition), rel=0.05)
    assert found.low < found.best < found.high <= found.edge


def error_at_the_end(problem, rule, rates, steps):
    """The largest error of the last tenth, found with none of the finder's code."""
    run = ss.minimize(problem, rule.replace(lr=np.array(rates)[:, None]), steps=steps)
    return np.where(run.diverged, np.inf, run.error[-max((steps + 1) // 10, 1) :].max(axis=0))


ELSEWHERE = [
    (ss.Quadratic([1.0, 20.0]), ss.SGD(), 20),
    (ss.Quadratic([1.0, 20.0]), ss.Nesterov(), 60),
    (ss.Quadratic([1.0, 20.0]), ss.Adagrad(), 60),
    (ss.Rosenbrock(), ss.SGD(), 100),
    (ss.Rosenbrock(), ss.Momentum(momentum=0.5), 100),
    (bowl(1000), ss.SGD(), 100),
]


@pytest.mark.parametrize(("problem", "rule", "steps"), ELSEWHERE, ids=repr)
def test_elsewhere_it_equals_the_best_of_a_dense_grid(problem, rule, steps):
    found = ss.find_lr(problem, rule, steps)
    rates = np.geomspace(found.best / 30, min(found.edge, 30 * found.best), 250)
    errors = error_at_the_end(problem, rule, rates, steps)
    assert found.error <= errors.min() * (1 + 1e-6)
    np.testing.assert_allclose(
        found.error, error_at_the_end(problem, rule, [found.best], steps)[0], rtol=1e-9
    )


def test_ties_at_zero_are_resolved_by_the_fastest_and_reported_as_an_interval():
    """3000 updates underflow for most rates; at the best few are needed, and near it few more."""
    found = ss.find_lr(bowl(1.5), ss.SGD, steps=3000)
    assert found.error == 0.0
    ties = found.rates[np.median(found.errors, axis=1) == 0.0]
    assert ties.max() / ties.min() > 3, "many rates reach zero"
    best = 2 / (1 + 1 / 1.5)
    assert found.best == pytest.approx(best, rel=0.01)
    assert found.low < best < found.high
    assert found.high / found.low < 1.2, "the interval is of the fast, not of the tied"


def test_rates_in_the_interval_are_nearly_as_fast_and_rates_outside_are_not():
    found = ss.find_lr(bowl(10), ss.SGD, steps=200)
    inside, outside = (
        error_at_the_end(found.problem, ss.SGD(), rates, 200)
        for rates in ([found.low, found.high], [0.97 * found.low, 1.03 * found.high])
    )
    fast = np.log(1.5 / found.error)
    assert (np.log(1.5 / inside) > 0.85 * fast).all()
    assert (np.log(1.5 / outside) < 0.92 * fast).all()


def test_a_floor_of_rounding_is_no_difference():
    """With a minimum of 1000 gaps below 1e-12 are rounding: the quickest to get there is best."""
    high = ss.Quadratic([1.0, 10.0], minimum_value=1000.0, start=[1.0, 1.0])
    found = ss.find_lr(high, ss.SGD, steps=600)
    assert found.best == pytest.approx(2 / 11, rel=0.03)


def test_confidence_over_starts_and_seeds():
    starts = np.random.default_rng(0).normal(size=(5, 2))
    found = ss.find_lr(ss.Rosenbrock(), ss.SGD, 50, x0=starts)
    assert found.errors.shape[1] == len(found.bests) == len(found.edges) == 5
    low, high = found.confidence
    assert found.bests.min() <= low <= high <= found.bests.max()
    assert found.ends_below > 0, "some start has no edge"
    assert found.edge == np.inf
    both = ss.find_lr(bowl(10), ss.SGD, 50, x0=[[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]])
    np.testing.assert_allclose(both.edges, [2.0, 20.0], rtol=1e-3)
    assert both.edge == both.edges.min(), "the edge that no start crosses"
    noisy = ss.find_lr(NoisyBowl(), ss.SGD, 20, seeds=2)
    assert len(set(noisy.bests.tolist())) > 1, "noise moves the answer"
    assert "most of 2 starts or seeds say" in str(noisy)


def test_a_schedule_is_kept_and_the_rates_are_factors_on_it():
    falling = ss.Exponential(1.0, 0.05)
    found = ss.find_lr(bowl(10), ss.SGD(lr=falling), 50)
    run = ss.minimize(found.problem, ss.SGD(lr=falling * found.best), steps=50)
    assert found.error == pytest.approx(run.error[-5:].max(), rel=1e-9)
    assert found.best > ss.find_lr(bowl(10), ss.SGD, 50).best, "it falls, so it may start higher"


def test_it_starts_anew_where_the_ramps_do_not():
    """The popular finders' answers fall with the length of the ramp, far below the best rate."""
    found = ss.find_lr(ss.Quadratic([1.0, 10.0], start=[1.0, 1.0]), ss.SGD, 300)
    said = found.classical((100, 1000))
    assert said["torch-lr-finder"][0] / said["torch-lr-finder"][1] > 10
    assert all(found.best / rate > 4 for name in ("torch-lr-finder", "fastai valley") for rate in said[name])
    assert ss.find_lr(found.problem, ss.SGD, 1000).best == pytest.approx(found.best, rel=0.01)


def test_nothing_is_touched():
    problem, rule = ss.Quadratic(), ss.Momentum(lr=0.3)
    first = ss.find_lr(problem, rule, 20)
    assert rule == ss.Momentum(lr=0.3)
    assert problem == ss.Quadratic()
    assert ss.find_lr(problem, rule, 20).best == first.best


def falls_away():
    """log(1 + exp(-x)), whose lower bound 0 is not stated."""
    return ss.Problem.of(
        lambda x: np.logaddexp(0.0, -x).sum(), lambda x: -1 / (1 + np.exp(np.minimum(x, 700.0))), x0=[0.0]
    )


def test_a_rule_that_never_climbs_has_no_edge():
    found = ss.find_lr(falls_away(), ss.SGD, 1)
    assert found.edge == found.budget_edge == found.first_above == np.inf
    assert found.ends_below == 0
    assert "edge  none: the loss ends below its start up to a rate of" in str(found)
    assert f"every rate from {found.low:.4g} on is as good" in str(found)


SLOPES = {
    "-x": (lambda x: -x.sum(), lambda x: -np.ones_like(x), [1.0]),
    "-x^2": (lambda x: -(x * x).sum(), lambda x: -2 * x, [1.0]),
    "x^3": (lambda x: (x**3).sum(), lambda x: 3 * x * x, [1.0]),
    "saddle": (lambda x: x[0] ** 2 - x[1] ** 2, lambda x: np.array([2 * x[0], -2 * x[1]]), [3.0, 0.1]),
}


@pytest.mark.parametrize("name", SLOPES)
@pytest.mark.parametrize("steps", [1, 20, 300])
@pytest.mark.parametrize("rule", [ss.SGD, ss.Adam])
@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_a_loss_without_lower_bound_has_no_best_rate(name, steps, rule):
    fun, grad, start = SLOPES[name]
    with pytest.raises(ValueError, match=r"problem: got .*, whose loss falls without end .no lower bound"):
        ss.find_lr(ss.Problem.of(fun, grad, x0=start), rule, steps)


@pytest.mark.parametrize("steps", [1, 20])
@pytest.mark.parametrize("rule", [ss.SGD, ss.Adam])
def test_a_bound_that_nobody_states_is_no_fall_without_end(steps, rule):
    for kind in (ss.Rosenbrock, ss.Beale, ss.Booth):
        known = kind()
        unknown = ss.Problem.of(known.fun, known.grad, x0=known.x0)
        assert 0 < ss.find_lr(unknown, rule, steps).best < np.inf


def test_a_budget_that_is_too_short_is_said():
    short = ss.find_lr(ss.Quadratic([1e-9, 1.0], start=[1e5, 1e-3]), ss.SGD, 2)
    assert "2 updates are too few to tell: at the best rate the gap falls by" in str(short)
    assert "too few" not in str(ss.find_lr(bowl(10), ss.SGD, 50))


def test_it_prints_as_one_short_line():
    found = ss.find_lr(bowl(10), ss.SGD, 20)
    assert len(repr(found)) < 120
    assert repr(found).startswith(f"FoundRate(best={found.best:.4g}, low=")
    assert str(found) == "\n".join(found.lines())
    assert str(found).splitlines()[0].endswith("20 updates")


def ends(problem, rule, rates, steps):
    """The loss at the end less that at the start."""
    with np.errstate(all="ignore"):
        run = ss.minimize(problem, rule.replace(lr=np.asarray(rates)[:, None]), steps=steps)
        return np.where(run.diverged, np.inf, run.loss[-1] - run.loss[0])


EDGES = [
    (ss.Beale(), ss.Adam(), 300),
    (ss.Beale(), ss.SGD(), 100),
    (ss.Quadratic([1.0, 20.0]), ss.Adam(), 60),
    (ss.Parabola(), ss.SGD(), 20),
    (ss.Rosenbrock(), ss.SGD(), 200),
    (ss.Himmelblau(), ss.Momentum(), 80),
]


@pytest.mark.parametrize(("problem", "rule", "steps"), EDGES, ids=repr)
def test_an_edge_is_one_at_every_rate_beyond_or_there_is_none(problem, rule, steps):
    found = ss.find_lr(problem, rule, steps)
    if np.isfinite(found.edge):
        beyond = np.geomspace(1.001 * found.edge, 1e4 * found.edge, 201)
        assert (ends(problem, rule, beyond, found.edge_steps) > 0).mean() > 0.98
        assert ends(problem, rule, [0.999 * found.edge], found.edge_steps)[0] <= 0
    elif found.ends_below:
        beyond = np.geomspace(found.first_above, 1e4 * found.first_above, 199)
        share = (ends(problem, rule, beyond, found.edge_steps) <= 0).mean()
        assert found.ends_below == pytest.approx(share, abs=0.12)
        assert ends(problem, rule, [found.first_above], found.edge_steps)[0] > 0
        assert "edge  none" in str(found)


def test_adam_on_beale_has_no_edge():
    """Of 200 rates above the first that ends above its start, many end below it."""
    found = ss.find_lr(ss.Beale(), ss.Adam(), 300)
    assert found.edge == np.inf
    assert 0.05 < found.ends_below < 1
    assert "of the larger rates end below it" in str(found)


NOISY = [
    (ss.BreastCancer(), ss.Adam(), 100),
    (ss.BreastCancer(), ss.RMSprop(), 100),
    (ss.Iris(), ss.Adam(), 60),
    (ss.Iris(), ss.RMSprop(), 60),
]


@pytest.mark.parametrize(
    ("problem", "rule", "steps"), NOISY, ids=lambda p: p.formula if hasattr(p, "formula") else repr(p)
)
def test_on_adaptive_rules_the_band_has_every_rate_as_good_as_the_best(problem, rule, steps):
    """Within the jitter of its last tenth, by mean and maximum; and the best is no lucky dip."""
    found = ss.find_lr(problem, rule, steps)
    rates = np.geomspace(found.best / 12, 12 * found.best, 160)
    run = ss.minimize(problem, rule.replace(lr=np.append(rates, found.best)[:, None]), steps=steps)
    late = np.where(run.diverged, np.inf, run.error[-max((steps + 1) // 10, 1) :])
    jitter = np.exp(np.log(late[:, -1]).std())
    good = (late.mean(axis=0) <= jitter * late[:, -1].mean()) & (
        late.max(axis=0) <= jitter * late[:, -1].max()
    )
    among = rates[good[:-1]]
    assert len(among) > 3
    assert found.low <= among.min()
    assert among.max() <= found.high
    around = np.abs(np.log(rates / found.best)) < np.log(1.3)
    for measure in (np.mean, np.median, np.max):
        near = measure(late, axis=0)
        assert near[-1] <= 1.25 * np.median(near[:-1][around])
        assert near[-1] <= 1.6 * near[:-1].min()


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: ss.find_lr(ss.Quadratic(start=[0.0, 0.0]), ss.SGD), ValueError, "the loss falls at no rate"),
        (lambda: ss.find_lr(ss.Quadratic(), ss.SGD, 0), ValueError, "steps: got 0"),
        (lambda: ss.find_lr(ss.Quadratic(), 0.1), TypeError, "optimizer: got 0.1, expected one such as"),
        (lambda: ss.find_lr(ss.Quadratic(), ss.SGD, seeds=2), ValueError, "seeds: got 2"),
    ],
)
def test_bad_input_is_one_sentence(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


def test_courses_of_a_row_alone_and_in_a_batch_are_cut_alike():
    rates = np.array([[0.1], [5.0], [1e3]])
    batch = traces_of(ss.minimize(bowl(10), ss.SGD(lr=rates), steps=600))
    for row, lr in enumerate(rates.ravel()):
        alone = traces_of(ss.minimize(bowl(10), ss.SGD(lr=float(lr)), steps=600))
        assert batch.nit[row] == alone.nit[0]
        assert batch.diverged[row] == alone.diverged[0]


@pytest.mark.parametrize("rate", [lambda n: TABLE[n], ss.FromFunction(lambda n: TABLE[n])])
def test_a_table_of_the_budget_s_length_is_kept_and_asked_for_no_more(rate):
    found = ss.find_lr(ss.Quadratic([1.0, 20.0]), ss.SGD(lr=rate), steps=30)
    reference = ss.find_lr(ss.Quadratic([1.0, 20.0]), ss.SGD(lr=ss.Constant(0.5)), steps=30)
    assert found.best == reference.best
    assert found.edge_steps == 30
    assert found.edge == reference.budget_edge
    momentum = ss.find_lr(ss.Quadratic([1.0, 20.0]), ss.Momentum(momentum=rate), steps=30)
    assert momentum.edge_steps == 30


TABLE = [0.5] * 30
