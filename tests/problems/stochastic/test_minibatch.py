"""Mini-batches and noise: which examples an update sees, and how sure their average is."""

import numpy as np
import pytest

from problems import (
    Batch,
    BreastCancer,
    LogisticRegression,
    MiniBatch,
    Quadratic,
    two_gaussians,
)
from problems.stochastic.estimate import generator


@pytest.fixture(scope="module")
def sum_of_100():
    return LogisticRegression(*two_gaussians(100, 2, rng=3), l2=0.1)


WAYS = [
    {"shuffle": "epoch"},
    {"shuffle": "slices"},
    {"shuffle": "once"},
    {"shuffle": "never"},
    {"shuffle": "update"},
    {"replacement": True},
]


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("sampling", ["static", "dynamic"])
def test_what_an_update_sees_follows_from_the_seed_and_the_index_alone(sum_of_100, way, sampling):
    """Asked in another order, by another copy, it is the same batch; another seed gives another one."""
    first = MiniBatch(sum_of_100, 7, sampling, rng=5, **way)
    second = MiniBatch(sum_of_100, 7, sampling, rng=5, **way)
    forwards = [first.indices(n, k) for n in range(40) for k in range(3)]
    backwards = [second.indices(n, k) for n in reversed(range(40)) for k in reversed(range(3))][::-1]
    assert all(map(np.array_equal, forwards, backwards))
    if way != {"shuffle": "never"}:
        other = MiniBatch(sum_of_100, 7, sampling, rng=6, **way)
        assert any(not np.array_equal(first.indices(n), other.indices(n)) for n in range(5))


X = np.array([0.3, -0.7, 0.2])


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_the_problem_seen_is_the_mean_over_the_indices(sum_of_100, way):
    """Against per-example losses written out by hand."""
    X_, y = sum_of_100.X, np.where(sum_of_100.y > 0, 1.0, -1.0)
    losses = np.log1p(np.exp(-y * (X_ @ X[:2] + X[2])))
    batches = MiniBatch(sum_of_100, 7, "dynamic", rng=1, **way)
    for n, k in [(0, 0), (3, 0), (14, 0), (3, 1), (3, 9)]:
        expected = losses[batches.indices(n, k)].mean() + 0.05 * (X[:2] @ X[:2])
        assert batches.sample(n, k).fun(X) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("way", ["epoch", "once", "never"])
@pytest.mark.parametrize("size", [1, 7, 20, 100])
def test_an_epoch_shows_every_example_exactly_once(sum_of_100, way, size):
    batches = MiniBatch(sum_of_100, size, shuffle=way)
    per_epoch = batches.updates_per_epoch
    assert per_epoch == -(-100 // size)
    epochs = np.array(
        [
            np.concatenate([batches.indices(n) for n in range(e * per_epoch, (e + 1) * per_epoch)])
            for e in range(4)
        ]
    )
    assert (np.sort(epochs, axis=1) == np.arange(100)).all()
    orders = {tuple(order) for order in epochs.tolist()}
    assert len(orders) == (4 if way == "epoch" else 1)
    assert (tuple(range(100)) in orders) == (way == "never")


def test_slices_copy_nothing_and_show_no_example_twice_an_epoch(sum_of_100):
    batches = MiniBatch(sum_of_100, 7, shuffle="slices")
    assert batches.updates_per_epoch == 14
    for e in range(5):
        seen = np.concatenate([batches.indices(n) for n in range(14 * e, 14 * e + 14)])
        assert len(set(seen.tolist())) == 98
    A, B = batches.at(0).train[0], batches.at(20).train[0]
    assert A.base is not None
    assert np.shares_memory(A, batches._in_order.train[0])
    assert np.shares_memory(B, batches._in_order.train[0])


def test_every_example_sits_out_some_epoch_of_slices(sum_of_100):
    """Two of 100 do, at a fresh place of the ring; over 400 epochs one is spared with probability 3e-4."""
    batches = MiniBatch(sum_of_100, 7, shuffle="slices")
    missing = set()
    for e in range(400):
        seen = {i for n in range(14 * e, 14 * e + 14) for i in batches.indices(n).tolist()}
        missing |= set(range(100)) - seen
    assert len(missing) >= 99


def test_static_stays_along_the_line_and_dynamic_does_not(sum_of_100):
    static, dynamic = MiniBatch(sum_of_100, 10), MiniBatch(sum_of_100, 10, "dynamic")
    assert np.array_equal(static.indices(4, 3), static.indices(4, 0))
    assert len({tuple(dynamic.indices(4, k).tolist()) for k in range(20)}) == 20
    assert np.array_equal(dynamic.indices(4, 0), static.indices(4, 0))


def test_full_sampling_is_the_problem_itself(sum_of_100):
    full = MiniBatch(sum_of_100, 10, "full")
    assert not full.varies
    assert full.sample(3, 2) is sum_of_100
    assert full.updates_per_epoch == 1
    assert not full.sample(0).stats(X).var_g.any()


def test_batches_with_replacement_repeat_and_those_without_never_do(sum_of_100):
    """50 of 100 with replacement: all distinct has probability 3e-7."""
    drawn = [MiniBatch(sum_of_100, 50, replacement=True).indices(n) for n in range(5)]
    assert all(len(set(b.tolist())) < 50 for b in drawn)
    apart = [MiniBatch(sum_of_100, 50, shuffle="update").indices(n) for n in range(5)]
    assert all(len(set(b.tolist())) == 50 for b in apart)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_each_example_is_equally_likely_along_a_line(sum_of_100, way):
    """Each is in a batch of 10 with probability 1/10: a binomial count, of mean 400 and deviation 19."""
    batches = MiniBatch(sum_of_100, 10, "dynamic", **way)
    counts = np.bincount(np.concatenate([batches.indices(0, k) for k in range(1, 4001)]), minlength=100)
    assert np.abs(counts - 400).max() < 5 * 19


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_the_mean_over_many_batches_is_the_whole_gradient(sum_of_100, way):
    batches = MiniBatch(sum_of_100, 10, "dynamic", **way)
    gradients = np.array([batches.at(n).grad(X) for n in range(2000)])
    error = gradients.mean(axis=0) - sum_of_100.grad(X)
    assert (np.abs(error) < 5 * gradients.std(axis=0) / np.sqrt(2000) + 1e-12).all()


def per_example_gradients(problem, x):
    X_, y = problem.X, np.where(problem.y > 0, 1.0, -1.0)
    A = np.column_stack([X_, np.ones(len(X_))])
    return (-y / (1 + np.exp(y * (A @ x))))[:, None] * A


def test_the_variances_are_those_of_the_example_gradients(sum_of_100):
    """Formed here, as `stats` does not: the sample variance over m. The penalty adds nothing."""
    batches = MiniBatch(sum_of_100, 10)
    _, g, var_f, var_g = batches.at(0).stats(X)
    chosen = per_example_gradients(sum_of_100, X)[batches.indices(0)]
    np.testing.assert_allclose(g, chosen.mean(axis=0) + np.array([0.1, 0.1, 0.0]) * X, rtol=1e-13)
    np.testing.assert_allclose(var_g, chosen.var(axis=0, ddof=1) / 10, rtol=1e-12)
    one_by_one = [sum_of_100.batch([i]).fun(X) for i in batches.indices(0)]
    np.testing.assert_allclose(var_f, np.var(one_by_one, ddof=1) / 10, rtol=1e-12)


def ratio_of_variances(batches, draws=4000):
    """Mean estimated variance over observed variance of the estimates."""
    stats = [batches.sample(0, k).stats(X) for k in range(1, draws + 1)]
    f, g, var_f, var_g = (np.array(column) for column in zip(*stats, strict=True))
    return np.append(var_g.mean(axis=0) / g.var(axis=0), var_f.mean() / f.var())


def test_the_variance_estimator_is_unbiased_with_replacement(sum_of_100):
    """Linesearch notes, check P6: the ratio is 1 within 5 % (Mahsereci and Hennig 2017, section 3.4)."""
    ratio = ratio_of_variances(MiniBatch(sum_of_100, 50, "dynamic", replacement=True))
    assert np.abs(ratio - 1).max() < 0.05


def test_the_variance_estimator_without_replacement_needs_the_correction(sum_of_100):
    """Check P6: at m = N/2 it is twice too large, 1/(1 - m/N), and right with the correction."""
    ratio = ratio_of_variances(MiniBatch(sum_of_100, 50, "dynamic", shuffle="update"))
    assert np.abs(ratio / 2 - 1).max() < 0.05
    corrected = ratio_of_variances(MiniBatch(sum_of_100, 50, "dynamic", shuffle="update", fpc=True))
    assert np.abs(corrected - 1).max() < 0.05


def test_one_example_knows_nothing_of_its_variance(sum_of_100):
    with pytest.raises(ValueError, match="got 1 example, expected at least 2"):
        MiniBatch(sum_of_100, 1).at(0).stats(X)


def test_the_facts_and_the_loss_are_those_of_the_whole():
    problem = BreastCancer()
    batches = MiniBatch(problem, 50)
    assert (batches.minimum, batches.L, batches.dim) == (problem.minimum, problem.L, 31)
    x = np.ones(31)
    assert batches.fun(x) == problem.fun(x)
    assert isinstance(batches.at(0), Batch)
    assert batches.formula.endswith("static mini-batches of 50")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 101}, "size: got 101, expected at most the 100 examples"),
        ({"size": 0}, "size: got 0, expected a whole number of at least 1"),
        (
            {"size": 5, "sampling": "wild"},
            "sampling: got the str 'wild', expected one of 'static', 'dynamic', 'full'",
        ),
        ({"size": 5, "shuffle": "always"}, "shuffle: got the str 'always', expected"),
        ({"size": 5, "replacement": True, "shuffle": "epoch"}, "for batches with replacement"),
        ({"size": 5, "rng": -1}, "rng: got -1"),
    ],
)
def test_bad_input_is_told_in_one_sentence(sum_of_100, arguments, message):
    with pytest.raises(ValueError, match=message):
        MiniBatch(sum_of_100, **arguments)


def test_what_is_no_finite_sum_is_refused():
    with pytest.raises(TypeError, match="expected a finite sum"):
        MiniBatch(Quadratic(), 5)


def test_any_source_of_randomness_gives_a_seed(sum_of_100):
    generator = MiniBatch(sum_of_100, 5, rng=np.random.default_rng(1))
    assert generator == MiniBatch(sum_of_100, 5, rng=np.random.default_rng(1))
    assert type(generator.rng) is int
    assert generator != MiniBatch(sum_of_100, 5, rng=np.random.SeedSequence(1))


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_batch_knows_its_rows_and_the_whole_they_are_from(sum_of_100, way):
    batches = MiniBatch(sum_of_100, 7, "dynamic", rng=1, fpc=True, **way)
    for n, k in [(0, 0), (14, 0), (3, 2)]:
        part, rows = batches.sample(n, k), batches.indices(n, k)
        again = Batch(part.problem, part.indices, part.population)
        assert np.array_equal(again.train[0], part.train[0])
        assert np.array_equal(part.train[1], sum_of_100.train[1][rows])
        assert (part.population, part.problem.n_examples >= 100) == (100, True)


def test_batches_by_themselves_and_epochs_are_drawn_from_streams_that_never_meet(sum_of_100):
    """Of key (1, n, k) and (0, epoch): the k-th of update 0 is no part of epoch k."""
    alone = MiniBatch(sum_of_100, 7, "dynamic", shuffle="update", rng=2)
    for n, k in [(0, 0), (0, 5), (3, 0), (3, 1)]:
        expected = generator(2, 1, n, k).choice(100, 7, replace=False, shuffle=False)
        assert np.array_equal(alone.indices(n, k), expected)
    epochs = MiniBatch(sum_of_100, 7, rng=2)
    for epoch in (0, 3):
        order = generator(2, 0, epoch).permutation(100)
        assert np.array_equal(np.concatenate([epochs.indices(15 * epoch + j) for j in range(15)]), order)


def test_slices_are_of_their_size_and_start_anywhere(sum_of_100):
    batches = MiniBatch(sum_of_100, 7, "dynamic", shuffle="slices")
    order = generator(0, 2).permutation(100).tolist()
    ring = order + order[:6]
    starts = {}
    for kind, keys in (("epoch", [(n, 0) for n in range(400)]), ("line", [(3, k) for k in range(1, 400)])):
        seen = [batches.indices(n, k).tolist() for n, k in keys]
        at = [ring.index(rows[0]) for rows in seen]
        assert all(rows == ring[i : i + 7] for rows, i in zip(seen, at, strict=True))
        starts[kind] = set(at)
        assert [batches.sample(n, k).n_examples for n, k in keys[:50]] == [7] * 50
    assert min(map(len, starts.values())) > 90


@pytest.mark.parametrize(("size", "replacement", "updates"), [(3, False, 4), (5, False, 2), (7, True, 2)])
def test_an_epoch_ends_with_what_is_left_however_little(size, replacement, updates):
    batches = MiniBatch(LogisticRegression(*two_gaussians(10)), size=size, replacement=replacement)
    assert batches.updates_per_epoch == updates


def test_an_update_uses_the_first_batch_of_its_line(sum_of_100):
    batches = MiniBatch(sum_of_100, size=10, sampling="dynamic")
    assert np.array_equal(batches.indices(3), batches.indices(3, 0))
    assert not np.array_equal(batches.indices(3), batches.indices(3, 1))


def test_the_order_of_an_epoch_cannot_be_written_to(sum_of_100):
    """One array serves all batches of an epoch."""
    with pytest.raises(ValueError, match="read-only"):
        MiniBatch(sum_of_100, size=10).indices(0)[0] = 7


def test_a_seed_gives_the_same_slices_in_every_version():
    """As version 0.1 drew them: whoever wrote down a seed finds the same run."""
    batches = MiniBatch(LogisticRegression(*two_gaussians(10)), size=3, shuffle="slices", rng=4)
    assert [batches.indices(n).tolist() for n in range(6)] == [
        [4, 9, 2],
        [6, 8, 0],
        [7, 1, 5],
        [6, 8, 0],
        [3, 7, 1],
        [4, 9, 2],
    ]
