"""The finder is right where the answer is known, and as good as a dense grid where it is not."""

import numpy as np
import pytest

import stepsize as ss
from stepsize.diagnosis import courses_of
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
    assert found.edge == found.edges.min(), "the edge that no start crosses"
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


def test_a_rule_that_never_climbs_has_no_edge():
    flat = ss.Problem.of(lambda x: -x.sum(), lambda x: -np.ones_like(x), x0=[0.0])
    found = ss.find_lr(flat, ss.SGD, 1)
    assert found.edge == np.inf
    assert "edge  none" in str(found)


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
    batch = courses_of(ss.minimize(bowl(10), ss.SGD(lr=rates), steps=600))
    for row, lr in enumerate(rates.ravel()):
        alone = courses_of(ss.minimize(bowl(10), ss.SGD(lr=float(lr)), steps=600))
        assert batch.nit[row] == alone.nit[0]
        assert batch.diverged[row] == alone.diverged[0]
