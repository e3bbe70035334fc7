"""Which runs a sweep has, in which order, and what they share: written down run by run."""

import numpy as np
import pytest
from scipy.stats import uniform

import stepsize as ss
from stepsize.experiments.sweep.design import SweepDesign, seeds_for, spawned, starts_for
from tests.noisy import NoisyBowl

BUDGET = {"steps": 7, "tol": 1e-3}


def design(problem, optimizer, x0=None, seeds=None, samples=None, rng=0, **values):
    return SweepDesign.of(problem, optimizer, x0, seeds, samples, rng, values, **BUDGET)


def test_a_grid_is_gone_through_with_the_last_parameter_first():
    made = design(ss.Parabola(), ss.Momentum, [[1.0], [2.0]], lr=[0.1, 0.2], momentum=[0.0, 0.5, 0.9])
    assert made.index.tolist() == [
        [0, 0, 0, start, lr, momentum] for start in range(2) for lr in range(2) for momentum in range(3)
    ]
    (batch,) = made.batches
    assert batch.rows.tolist() == list(range(12))
    assert batch.values["lr"].tolist() == [0.1] * 3 + [0.2] * 3 + [0.1] * 3 + [0.2] * 3
    assert batch.values["momentum"].tolist() == [0.0, 0.5, 0.9] * 4
    assert batch.x0.tolist() == [[1.0]] * 6 + [[2.0]] * 6
    assert (batch.steps, batch.tol, batch.history, batch.atol, batch.pays) == (7, 1e-3, 0, None, False)
    assert (made.seeds, made.values["lr"].tolist()) == ((None,), [0.1, 0.2])
    assert [start.tolist() for start in made.starts] == [[[1.0], [2.0]]]


def test_problems_come_before_rules_and_rules_before_seeds():
    made = design(
        [NoisyBowl(), NoisyBowl()], [ss.SGD, ss.Momentum(momentum=0.5)], seeds=[3, 5], lr=[0.1, 0.2]
    )
    assert made.index[:, :3].tolist() == [
        [p, o, s] for p in range(2) for o in range(2) for s in range(2) for _ in range(2)
    ]
    assert [b.rows.tolist() for b in made.batches] == [[2 * k, 2 * k + 1] for k in range(8)]
    assert [b.problem.rng for b in made.batches] == [3, 5] * 4
    assert [type(b.optimizer).__name__ for b in made.batches] == ["SGD", "SGD", "Momentum", "Momentum"] * 2


def test_a_parameter_that_a_rule_has_not_is_absent_there():
    made = design(ss.Parabola(), [ss.SGD, ss.Momentum], lr=[0.1, 0.2], momentum=[0.5, 0.9])
    assert made.index.tolist() == [
        *([0, 0, 0, 0, lr, -1] for lr in range(2)),
        *([0, 1, 0, 0, lr, momentum] for lr in range(2) for momentum in range(2)),
    ]


def test_words_and_searches_are_batches_of_their_own():
    """A word is part of the rule; a rate with a state cannot be shared, and one value is no column."""
    rates = [0.1, ss.Armijo(), ss.Exponential(0.5, 0.1)]
    made = design(ss.Parabola(), ss.Adagrad, lr=rates[:1] + rates[2:], eps_inside=[True, False], eps=[1e-6])
    assert [b.optimizer.eps_inside for b in made.batches] == [True, False]
    assert [b.rows.tolist() for b in made.batches] == [[0, 1], [2, 3]]
    assert made.index[:, 4:].tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]]
    assert all(list(b.values) == ["lr"] and b.optimizer.eps == 1e-6 for b in made.batches)
    made = design(ss.Parabola(), ss.SGD, lr=rates)
    assert [b.values["lr"] for b in made.batches] == [(0.1, rates[2]), (rates[1],)]
    assert made.index[:, 4].tolist() == [0, 2, 1]


def test_without_any_values_there_is_one_run_a_start():
    made = design(ss.Parabola(), ss.SGD(lr=0.1))
    assert (made.index.tolist(), made.batches[0].values) == ([[0, 0, 0, 0]], {})
    assert made.batches[0].optimizer == ss.SGD(lr=0.1)
    drawn = design(ss.Parabola(), ss.SGD(lr=0.1), samples=3)
    assert drawn.index.tolist() == [[0, 0, 0, 0]]


# --- what is drawn


def test_draws_are_those_of_their_own_streams():
    """A stream a parameter, by its place: of a distribution SciPy's draws, of a list places in it."""
    made = design(
        ss.Parabola(), ss.Momentum, samples=50, rng=9, lr=uniform(1.0, 2.0), momentum=[0.1, 0.2, 0.3]
    )
    streams = [np.random.default_rng(np.random.SeedSequence(9, spawn_key=(0, k))) for k in range(2)]
    assert made.values["lr"].tolist() == uniform(1.0, 2.0).rvs(size=50, random_state=streams[0]).tolist()
    among = np.array([0.1, 0.2, 0.3])[streams[1].integers(3, size=50)]
    assert made.values["momentum"].tolist() == among.tolist()
    assert made.index[:, 4:].tolist() == [[k, k] for k in range(50)]
    assert made.batches[0].values["lr"].tolist() == made.values["lr"].tolist()


def test_streams_are_children_of_their_source():
    parent = np.random.SeedSequence(4, spawn_key=(2,))
    for source, key in ((parent, (4, (2, 1, 7))), (4, (4, (1, 7)))):
        child = spawned(source, 1, 7)
        assert (child.entropy, child.spawn_key) == key
    first = int(np.random.default_rng(5).integers(2**63))
    assert spawned(np.random.default_rng(5), 3).entropy == first
    with pytest.raises((TypeError, ValueError), match="rng: got"):
        spawned(-1, 0)


def test_seeds_are_numbers_of_63_bits_from_a_stream_beside_the_draws():
    noisy = (NoisyBowl(),)
    seeds = seeds_for(3, noisy, 8)
    whole = [np.random.SeedSequence(8, spawn_key=(1, k)).generate_state(1, np.uint64)[0] for k in range(3)]
    assert seeds == tuple(int(number) >> 1 for number in whole)
    assert all(type(seed) is int for seed in seeds)
    assert seeds_for(None, noisy, 8) == (None,)
    assert seeds_for([5, 7], noisy, 8) == (5, 7)
    assert seeds_for(range(2), noisy, 8) == (0, 1)
    for bad in ("ab", 0, [1, 1], []):
        with pytest.raises((TypeError, ValueError), match="seeds: got"):
            seeds_for(bad, noisy, 8)
    with pytest.raises(ValueError, match="which has no randomness"):
        seeds_for(1, (noisy[0], ss.Parabola()), 8)


def test_noise_that_is_not_shared_is_refused():
    class Apart(NoisyBowl, abstract=True):
        shared = False

    with pytest.raises(ValueError, match="problem: got noise with shared=False"):
        seeds_for(None, (Apart(),), 0)


# --- what is given


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (0.5, [0.5]),
        ([1, 2], [1.0, 2.0]),
        ((0.5,), [0.5]),
        (np.array([1, 2]), [1.0, 2.0]),
        (np.array([1, 2], np.uint8), [1.0, 2.0]),
        ([np.float32(0.5), np.int64(2)], [0.5, 2.0]),
        (range(1, 3), [1.0, 2.0]),
    ],
)
def test_numbers_are_an_array_of_floats(given, kept):
    values = design(ss.Parabola(), ss.SGD, lr=given).values["lr"]
    assert (values.dtype, values.tolist()) == (float, kept)


def test_what_is_no_number_remains_what_it_is():
    rate = ss.Exponential(0.1, 0.5)
    assert design(ss.Parabola(), ss.SGD, lr=rate).values["lr"] == [rate]
    assert design(ss.Parabola(), ss.SGD, lr=[0.1, rate]).values["lr"] == [0.1, rate]
    assert design(ss.Parabola(), ss.Adagrad, eps_inside=[True, False]).values["eps_inside"] == [True, False]
    assert design(ss.Parabola(), ss.Adagrad, eps_inside=np.array([True])).values["eps_inside"] == [True]


@pytest.mark.parametrize(
    ("values", "error", "sentence"),
    [
        ({"lr": np.ones((1, 2))}, ValueError, "lr: got .*, expected values in one row"),
        ({"lr": np.array(0.5)}, (TypeError, ValueError), "lr: got"),
        ({"lr": np.array([])}, ValueError, "lr: got .*, expected at least one value"),
        ({"lr": ()}, ValueError, "lr: got .*, expected at least one value"),
        ({"lr": [[0.1]]}, TypeError, "lr: got .*, expected numbers, schedules or words, one a run"),
        ({"lr": [(0.1,)]}, TypeError, "lr: got .*, expected numbers, schedules or words, one a run"),
        ({"lr": [0.1, "fast"]}, TypeError, "lr: got the str 'fast'"),
        ({"lr": uniform()}, TypeError, "lr: got the distribution .*, expected values, or samples=N"),
        (
            {"rate": [0.1]},
            ValueError,
            "rate: got a parameter that SGD or Adam does not have",
        ),
        ({"beta_1": [0.1]}, ValueError, r"one of beta1, beta2, .*, did you mean beta1\?"),
    ],
)
def test_what_makes_no_values_is_refused(values, error, sentence):
    with pytest.raises(error, match=sentence):
        design(ss.Parabola(), [ss.SGD, ss.Adam], **values)


def test_what_a_rule_refuses_is_refused_before_any_run():
    with pytest.raises(ValueError, match="momentum: got -1"):
        design(ss.Parabola(), ss.Momentum, lr=[0.1], momentum=[0.5, -1.0])
    with pytest.raises(ValueError, match="momentum: got -1"):
        design(ss.Parabola(), [ss.SGD, ss.Momentum], lr=[0.1], momentum=[-1.0])


@pytest.mark.parametrize("nothing", [[], ()])
def test_somebody_runs_somewhere(nothing):
    with pytest.raises(ValueError, match=r"problem: got .*, expected at least one"):
        design(nothing, ss.SGD)
    with pytest.raises(ValueError, match=r"optimizer: got .*, expected at least one"):
        design(ss.Parabola(), nothing)


@pytest.mark.parametrize("rule", [0.1, "SGD", ss.Parabola, [ss.SGD, None]])
def test_a_rule_is_a_rule(rule):
    with pytest.raises(TypeError, match=r"optimizer: got .*, expected a class such as Adam"):
        design(ss.Parabola(), rule)


def test_starts_are_rows():
    bowl = ss.Quadratic([1.0, 2.0], start=[3.0, 4.0])
    assert starts_for(bowl, None).tolist() == [[3.0, 4.0]]
    assert starts_for(bowl, [1, 2]).tolist() == [[1.0, 2.0]]
    assert starts_for(bowl, [[1, 2], [5, 6]]).tolist() == [[1.0, 2.0], [5.0, 6.0]]

    class Anywhere:
        """No start, no dimension."""

    assert starts_for(Anywhere(), [1.0, 2.0, 3.0]).shape == (1, 3)
    with pytest.raises(ValueError, match="x0: got None, expected a starting point"):
        starts_for(Anywhere(), None)


@pytest.mark.parametrize(
    ("x0", "sentence"),
    [
        ([1.0], "x0: got .*, expected 2 numbers for this problem, or rows of them"),
        ([[1.0, 2.0, 3.0]], "x0: got .*, expected 2 numbers for this problem, or rows of them"),
        ([1.0, np.inf], "x0: got .*, expected finite numbers"),
        (np.ones((1, 1, 2)), "x0: got .*, expected a start, or an array"),
        ([], "x0: got .*, expected a start, or an array"),
    ],
)
def test_other_starts_are_refused(x0, sentence):
    with pytest.raises(ValueError, match=sentence):
        starts_for(ss.Quadratic([1.0, 2.0]), x0)
