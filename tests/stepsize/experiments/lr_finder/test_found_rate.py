"""The sentences of the finder: each condition on its two sides, on records whose numbers are made up."""

import numpy as np
import pytest

import stepsize as ss
from stepsize.experiments.lr_finder import range_test
from stepsize.experiments.lr_finder.found_rate import FoundRate, _one_of, _percent, _tenths

BOWL = ss.Quadratic([1.0, 10.0])
RATES = np.array([0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.4])


def found(**facts):
    """Best 0.1, good from 0.05 to 0.15, edge 0.2 in the long run and 0.21 in the budget, never solved."""
    plain = {
        "problem": BOWL,
        "optimizer": ss.SGD(),
        "steps": 50,
        "best": 0.1,
        "low": 0.05,
        "high": 0.15,
        "edge": 0.2,
        "error": 1e-3,
        "progress": 5.0,
        "jitter": 0.0,
        "share": 1.0,
        "as_fast": 0.9,
        "edge_steps": 2000,
        "budget_edge": 0.21,
        "first_above": 0.2,
        "ends_below": 0.0,
        "bests": np.array([0.1]),
        "edges": np.array([0.2]),
        "rates": RATES,
        "errors": np.ones((7, 1)),
        "settled": np.full((7, 1), np.inf),
        "x0": np.array([[-5.0, -2.0]]),
    }
    return FoundRate(**plain | facts)


def test_the_plain_words():
    assert found().lines() == [
        "SGD on (x1^2 + 10 x2^2)/2, 50 updates",
        "best  0.1   at least 90 % as fast from 0.05 to 0.15",
        "edge  0.2   from there on the loss ends above its start after 2000 updates",
        "      after 50 updates from 0.21 on",
        "theory, for the largest curvature L: edge 2/L = 0.2, fastest 2/(L+mu) = 0.181818",
    ]
    assert str(found()) == "\n".join(found().lines())
    assert repr(found()) == "FoundRate(best=0.1, low=0.05, high=0.15, edge=0.2, steps=50)"


def line(facts, start):
    """Return the only line that starts so, or none."""
    told = [text for text in found(**facts).lines() if text.strip().startswith(start)]
    assert len(told) <= 1
    return told[0].strip() if told else None


@pytest.mark.parametrize(
    ("facts", "end"),
    [
        ({}, "at least 90 % as fast from 0.05 to 0.15"),
        ({"high": 0.4}, "at least 90 % as fast from 0.05 to 0.4 (the largest tried)"),
        ({"high": 0.39}, "at least 90 % as fast from 0.05 to 0.39"),
        (
            {"as_fast": 0.8, "jitter": np.log(3.0)},
            "from rate to rate the gap jumps by a factor of 3: equally good from 0.05 to 0.15",
        ),
        ({"as_fast": 0.9, "jitter": np.log(3.0)}, "at least 90 % as fast from 0.05 to 0.15"),
        ({"share": 0.994}, "from 0.05 to 0.15, but for 1 % of the rates between"),
        ({"share": 0.995}, "at least 90 % as fast from 0.05 to 0.15"),
        ({"share": 0.8}, "from 0.05 to 0.15, but for 20 % of the rates between"),
        (
            {"bests": np.linspace(0.1, 0.2, 11)},
            "to 0.15; most of 11 starts or seeds say 0.11 to 0.19",
        ),
        ({"bests": np.array([0.1, 0.3])}, "to 0.15; most of 2 starts or seeds say 0.1 to 0.3"),
    ],
)
def test_the_best_in_words(facts, end):
    told = line(facts, "best")
    assert told.startswith("best  0.1   ")
    assert told.endswith(end)


@pytest.mark.parametrize(
    ("facts", "start", "said"),
    [
        ({"high": 0.0509}, "a spike", True),
        ({"high": 1.02 * 0.05}, "a spike", False),
        ({"high": 0.4}, "every rate", "every rate from 0.05 on is as good, as far as was looked"),
        ({"low": 0.01}, "every rate", "every rate up to 0.15 is as good, as far as was looked"),
        ({"low": 0.011}, "every rate", False),
        ({"high": 0.2}, "every rate", False),
        ({"low": 0.01, "high": 0.2}, "every rate", "every rate up to 0.2 is as good, as far as was looked"),
        ({"progress": 0.1}, "50 updates", "at the best rate the gap falls by 9.5 %"),
        ({"progress": 0.1053}, "50 updates", "at the best rate the gap falls by 10 %"),
        ({"progress": -np.log(0.9)}, "50 updates", False),
        ({"best": 0.2, "high": 0.2}, "beyond the edge", "it pays for 50 updates, not for more"),
        ({"best": 0.15}, "beyond the edge", False),
    ],
)
def test_the_warnings(facts, start, said):
    told = line(facts, start)
    assert (told is not None) is bool(said)
    if isinstance(said, str):
        assert told.endswith(said)


SOLVED = np.array([np.inf, 40.0, 9.1, 0.4, np.inf, 7.0, np.inf])[:, None]
NEVER = np.full((7, 1), np.inf)


@pytest.mark.parametrize(
    ("settled", "best", "ends", "said"),
    [
        (SOLVED, 0.1, (0.02, 0.1), "in 1 update; within the 50 from 0.02 to 0.1"),
        (SOLVED, 0.05, (0.02, 0.1), "in 10 updates; within the 50 from 0.02 to 0.1"),
        (SOLVED, 0.2, (0.2, 0.2), "in 7 updates; within the 50 from 0.2 to 0.2"),
        (np.full((7, 1), 2.0), 0.1, (0.01, 0.4), "in 2 updates; within the 50 from 0.01 to 0.4"),
        (np.zeros((7, 1)), 0.1, (0.01, 0.4), "in 1 update; within the 50 from 0.01 to 0.4"),
        (SOLVED, 0.15, None, None),
        # Of three starts the median counts.
        (np.hstack([SOLVED, SOLVED, NEVER]), 0.1, (0.02, 0.1), "in 1 update; within"),
        (np.hstack([SOLVED, NEVER, NEVER]), 0.15, None, None),
    ],
)
def test_what_is_solved_is_said_with_the_rates_that_do_it(settled, best, ends, said):
    facts = {"settled": settled, "best": best, "edge": np.inf, "budget_edge": np.inf}
    assert found(**facts).solved == ends
    told = line(facts, "solved, but for rounding,")
    assert (told is None) if said is None else (said in told)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            {"budget_edge": np.inf},
            [
                "edge  0.2   from there on the loss ends above its start after 2000 updates",
                "      after 50 updates at no rate tried",
            ],
        ),
        ({"edge_steps": 50}, ["edge  0.2   from there on the loss ends above its start after 50 updates"]),
        (
            {"edge": np.inf},
            [
                "edge  0.21   from there on the loss ends above its start after 50 updates",
                "      after 2000 updates at no rate tried",
            ],
        ),
        (
            {"edge": np.inf, "ends_below": 0.3},
            [
                "edge  none: after 2000 updates a rate of 0.2 ends above the start's loss, but 30 % of "
                "the larger rates end below it"
            ],
        ),
        (
            {"edge": np.inf, "budget_edge": np.inf},
            ["edge  none: the loss ends below its start up to a rate of 0.4"],
        ),
    ],
)
def test_the_edge_in_words(facts, said):
    assert found(**facts).lines()[2:-1] == said


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "0 %"),
        (1e-6, "1 %"),
        (0.014, "1 %"),
        (0.016, "2 %"),
        (0.75, "75 %"),
        (0.9999, "99 %"),
        (1.0, "100 %"),
    ],
)
def test_a_share_is_not_rounded_to_none_or_all(share, said):
    assert _percent(share) == said


def test_theory_is_told_of_three_rules_with_numbers():
    assert found().known == {"edge 2/L": pytest.approx(0.2), "fastest 2/(L+mu)": pytest.approx(2 / 11)}
    assert found(optimizer=ss.SGD(lr=ss.Exponential(0.1, 0.1))).known["edge 2/L"] == pytest.approx(0.2)
    assert found(optimizer=ss.Momentum(momentum=0.5)).known == {"edge": pytest.approx(0.3)}
    assert found(optimizer=ss.Nesterov(momentum=0.5)).known == {"edge": pytest.approx(0.15)}
    assert found(optimizer=ss.Adam()).known == {}
    assert found(problem=ss.Rosenbrock()).known == {}
    assert found(problem=ss.Quadratic([0.0, 10.0])).known == {"edge 2/L": pytest.approx(0.2)}
    assert "theory" not in str(found(optimizer=ss.Adam()))


def test_the_confidence_is_a_tenth_on_either_side():
    assert found(bests=np.arange(11.0)).confidence == (1.0, 9.0)
    assert found().confidence == (0.1, 0.1)


def test_tenths_leave_out_what_was_not_found():
    assert _tenths([float("nan"), *range(11), np.inf]) == (1.0, 9.0)
    assert _tenths([*range(10)]) == (1.0, 8.0), "answers that were given: 0.9 and 8.1 were not"
    assert np.isnan(_tenths([float("nan")])).all()


def test_an_outlier_is_one_point_anywhere():
    drawn = np.array([_one_of(5, np.random.default_rng(k)) for k in range(60)])
    assert (drawn.sum(axis=1) == 1).all()
    assert drawn.any(axis=0).all()


def watched(losses=2.0):
    """Return a found rate whose finders' one rule notes the losses that it sees, and those notes."""
    seen = []

    class Watched(FoundRate):
        def _curves(self, count):
            curve = np.full(count, losses)
            return {"rule": (np.arange(count), curve, lambda rates, losses: seen.append(losses) or rates[1])}

    plain = found()
    return Watched(**{name: getattr(plain, name) for name in FoundRate.__dataclass_fields__}), seen


def test_a_disturbance_has_the_size_that_was_asked_for():
    """The losses that a rule sees are exp(noise z) of the clean ones, or the outlier times one of them."""
    one, seen = watched()
    told = one.disturbed(1000, draws=40)
    assert told["rule"] == (1.0, (1.0, 1.0), (1.0, 1.0))
    clean, noisy, with_outlier = seen[0], np.array(seen[1:41]), np.array(seen[41:])
    assert (clean == 2.0).all()
    assert noisy.shape == with_outlier.shape == (40, 1000)
    logs = np.log(noisy / 2.0)
    assert logs.std() == pytest.approx(0.05, rel=0.03)
    assert abs(logs.mean()) < 1e-3
    np.testing.assert_allclose(logs[0], 0.05 * np.random.default_rng(0).standard_normal(1000), atol=1e-12)
    assert ((with_outlier == 20.0).sum(axis=1) == 1).all()
    assert ((with_outlier == 2.0).sum(axis=1) == 999).all()
    plain = found()
    with pytest.raises(ValueError, match=r"outlier: got 0.0, expected a positive number"):
        plain.disturbed(outlier=0.0)
    with pytest.raises(ValueError, match="draws: got 0"):
        plain.disturbed(draws=0)


def test_fifty_disturbances_of_ramps_of_300_that_are_the_same_every_time():
    one, seen = watched()
    one.disturbed()
    assert [len(curve) for curve in seen] == [300] * 101
    for rng, same in ((0, True), (1, False)):
        other, again = watched()
        other.disturbed(rng=rng)
        assert np.array_equal(seen, again) is same


def test_the_least_of_a_disturbance_is_none():
    one, seen = watched()
    one.disturbed(5, draws=1, noise=0.0, outlier=0.5)
    assert len(seen) == 3
    assert seen[1].tolist() == [2.0] * 5
    assert sorted(seen[2].tolist()) == [1.0, *[2.0] * 4]


def test_a_notebook_shows_the_rate_itself():
    assert "0.1" in found()._repr_html_()
    assert "from 0.05 to 0.15" in found()._repr_html_()


def test_the_classical_finders_are_asked_for_each_length_from_the_same_start():
    plain = found(x0=np.array([[1.0, 1.0], [7.0, 7.0]]))
    told = plain.classical([60, 200])
    assert list(told) == [
        "torch-lr-finder",
        "fastai minimum",
        "fastai steep",
        "fastai valley",
        "fastai slide",
    ]
    for k, count in enumerate((60, 200)):
        one = range_test.torch_lr_finder(BOWL, ss.SGD(), count=count, x0=[1.0, 1.0])
        assert told["torch-lr-finder"][k] == one
        for rule in ("minimum", "steep", "valley", "slide"):
            one = range_test.fastai_finder(BOWL, ss.SGD(), count=count, rule=rule, x0=[1.0, 1.0])
            assert told[f"fastai {rule}"][k] == one
    assert plain.classical([]) == {}
    assert np.isnan(plain.classical([8])["torch-lr-finder"]).all(), "too short to read anything off it"


def test_a_tenth_of_the_starts_is_left_out_at_either_end():
    assert found(bests=np.arange(10_001.0)).confidence == (1000.0, 9000.0)


@pytest.mark.parametrize(
    "rule", [ss.Adam(), ss.Momentum(momentum=ss.Linear(0.5, 10, 0.9)), ss.Nesterov(momentum=ss.Constant(0.9))]
)
def test_theory_knows_nothing_of_other_rules_or_of_a_momentum_that_changes(rule):
    assert found(optimizer=rule).known == {}


def test_the_popular_finders_are_asked_at_four_lengths():
    classical = found().classical()
    assert {len(answers) for answers in classical.values()} == {4}
    for k, count in enumerate((50, 100, 300, 1000)):
        assert {name: answers[k] for name, answers in classical.items()} == pytest.approx(
            {name: answer for name, (answer,) in found().classical([count]).items()}, nan_ok=True
        )


def test_the_factors_are_those_of_the_error_by_its_name():
    """Where no minimum is stated, the error is the norm of the gradient."""
    unknown = ss.Problem.of(lambda x: (x * x).sum(-1), lambda x: 2 * x, x0=[1.0, 1.0])
    assert unknown.minimum is None
    told = str(found(problem=unknown, as_fast=0.8, jitter=np.log(3.0), progress=0.1))
    assert "from rate to rate the gradient norm jumps by a factor of 3" in told
    assert "at the best rate the gradient norm falls by 9.5 %" in told
