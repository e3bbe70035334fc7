"""The classic mistakes, each against what it makes of numbers worked out by hand."""

import numpy as np
import pytest

from optim import L2, SGD, AdamW, DecoupledDecay, HeavyBall, Momentum
from optim.hyperparameters import Hypers
from optim.testing import STREAMS, Stream
from optim.testing.adapters import OptimizerUnderTest, trajectory
from optim.testing.gradient_streams import relative_difference
from optim.testing.mistakes.classic import (
    _EDITS,
    _like,
    _rate_into_the_buffer,
    _wrong_numbers,
    mistaken,
    mistakes_of,
)
from schedules import Constant
from tests.optim.testing.rules import (
    WrittenAdam,
    WrittenAdamW,
    WrittenAnchor,
    WrittenAverage,
    WrittenMomentum,
    WrittenPeg,
    WrittenRMSprop,
)

G = np.array([2.0, -1.0])
M, V = np.array([1.0, 0.5]), np.array([4.0, 2.0])
# What Adam with betas 1/2 and 3/4 makes of them at t = 3, and what it divides them by.
M3, V3, C1, C2, EPS = np.array([1.5, -0.25]), np.array([4.0, 1.75]), 7 / 8, 37 / 64, 0.1
ROOT3 = np.sqrt(V3 / C2)

# Words of a mistake: for each edit the direction and the slots.
IN_ADAM = {
    "without bias correction": [(M3 / (np.sqrt(V3) + EPS), M3, V3)],
    "without bias correction of the mean": [(M3 / (ROOT3 + EPS), M3, V3)],
    "without bias correction of the mean square": [(M3 / C1 / (np.sqrt(V3) + EPS), M3, V3)],
    "with t one too small, counted from 0": [(M3 / (3 / 4) / (np.sqrt(V3 / (7 / 16)) + EPS), M3, V3)],
    "with t one too large, counted from 2": [(M3 / (15 / 16) / (np.sqrt(V3 / (175 / 256)) + EPS), M3, V3)],
    "with the sign of eps flipped": [(M3 / C1 / (ROOT3 - EPS), M3, V3)],
    "with eps inside the root": [(M3 / C1 / np.sqrt(V3 / C2 + EPS), M3, V3)],
    "without the square root": [(M3 / C1 / (V3 / C2 + EPS), M3, V3)],
    "with the gradient not squared": [
        (M3 / C1 / (np.sqrt(np.array([3.5, 1.25]) / C2) + EPS), M3, [3.5, 1.25]),
        (M3 / C1 / (np.sqrt(np.array([3.5, 1.75]) / C2) + EPS), M3, [3.5, 1.75]),
    ],
    "with the velocity divided by the momentum in place of multiplied": [
        (np.array([3.0, 0.5]) / C1 / (ROOT3 + EPS), [3.0, 0.5], V3)
    ],
    "without the factors 1 - beta": [
        (np.array([2.5, -0.75]) / C1 / (np.sqrt(np.array([7.0, 2.5]) / C2) + EPS), [2.5, -0.75], [7.0, 2.5])
    ],
    "going uphill: the sign of the step is flipped": [(-M3 / C1 / (ROOT3 + EPS), M3, V3)],
}
# RMSprop with rho 3/4, from the same average of squares: 4 and 1.75.
IN_RMSPROP = {
    "with the sign of eps flipped": [(G / np.sqrt(V3 - EPS), V3)],
    "with eps outside the root": [(G / (np.sqrt(V3) + EPS), V3)],
    "without the square root": [(G / (V3 + EPS), V3)],
    "with the gradient not squared": [
        (G / np.sqrt([3.6, 1.35]), [3.5, 1.25]),
        (G / np.sqrt([3.6, 1.85]), [3.5, 1.75]),
    ],
    "without the factors 1 - beta": [(G / np.sqrt([7.1, 2.6]), [7.0, 2.5])],
    "going uphill: the sign of the step is flipped": [(-G / np.sqrt(V3 + EPS), V3)],
}
# Momentum 1/2.
IN_MOMENTUM = {
    "with the velocity divided by the momentum in place of multiplied": [([4.0, 0.0], [4.0, 0.0])],
    "with the gradient damped by 1 - momentum": [(M3, M3)],
    "going uphill: the sign of the step is flipped": [([-2.5, 0.75], [2.5, -0.75])],
}
SETS = [
    (WrittenAdam(beta1=0.5, beta2=0.75, eps=EPS), (M, V), IN_ADAM),
    (WrittenRMSprop(rho=0.75, eps=EPS), (V,), IN_RMSPROP),
    (WrittenMomentum(momentum=0.5), (M,), IN_MOMENTUM),
]


class TestMistakes:
    @pytest.fixture(autouse=True)
    def edited_anew(self):
        """Forget the texts that other tests have edited."""
        mistaken.cache_clear()

    @pytest.mark.parametrize("words", [words for words, _ in _EDITS])
    @pytest.mark.parametrize(("rule", "slots", "wrong"), SETS, ids=["Adam", "RMSprop", "Momentum"])
    def test_the_wrong_step_is_the_one_made_by_hand(self, rule, slots, wrong, words):
        h = Hypers(rule, G).resolve(2)
        changed = [mistaken(type(rule), edit) for edit in dict(_EDITS)[words]]
        for direction, (d, *after) in zip(filter(None, changed), wrong.get(words, ()), strict=True):
            got, kept = direction(rule, 0 * G, G, slots, h)
            np.testing.assert_allclose(got, d, rtol=1e-14)
            np.testing.assert_allclose(kept, after, rtol=1e-14)

    def test_the_rate_in_the_buffer(self):
        """At rate 1/10 a tenth of the gradient enters Adam's mean, and nothing else changes."""
        rule = WrittenAdam(beta1=0.5, beta2=0.75, eps=EPS)
        d, (m, v) = mistaken(WrittenAdam, _rate_into_the_buffer)(
            rule, 0 * G, G, (M, V), Hypers(rule, G).resolve(2)
        )
        np.testing.assert_allclose(m, [0.6, 0.2], rtol=1e-14)
        np.testing.assert_allclose(v, V3, rtol=1e-14)
        np.testing.assert_allclose(d, np.array([0.6, 0.2]) / C1 / (ROOT3 + EPS), rtol=1e-14)
        assert mistaken(WrittenRMSprop, _rate_into_the_buffer) is None, "it has no mean"

    def test_all_that_can_be_mistaken_is_tried(self):
        def words(rule):
            return [words for words, _ in mistakes_of(rule)]

        def edits(wrong):
            return [words for words, edits in wrong.items() for _ in edits]

        inside, started = "with the rate inside the buffer", "with its averages started at the first gradient"
        numbers = [words for words, _ in _wrong_numbers(WrittenAdam())]
        assert sorted(words(WrittenAdam())) == sorted([*numbers, *edits(IN_ADAM), inside, started])
        assert sorted(words(WrittenMomentum())) == sorted([*edits(IN_MOMENTUM), inside, started])
        numbers = [words for words, _ in _wrong_numbers(WrittenRMSprop())]
        assert sorted(words(WrittenRMSprop())) == sorted([*numbers, *edits(IN_RMSPROP), started])
        assert words(HeavyBall(lr=0.1)) == [], "its rate is inside already"
        assert words(L2(SGD(lr=0.1), 0.5))[0] == "with decoupled decay in place of L2"

    def test_wrong_numbers(self):
        rule = WrittenAdam(beta1=0.6, beta2=0.7, eps=1e-7)
        assert list(_wrong_numbers(rule)) == [
            ("with beta1 and beta2 swapped", rule.replace(beta1=0.7, beta2=0.6)),
            ("with 1 - beta1 in place of beta1", rule.replace(beta1=0.4)),
            ("with 1 - beta2 in place of beta2", rule.replace(beta2=1 - 0.7)),
            ("without eps", rule.replace(eps=0.0)),
            ("with eps = 1e-10", rule.replace(eps=1e-10)),
            ("with eps = 1e-08", rule.replace(eps=1e-8)),
            ("with eps = 1e-06", rule.replace(eps=1e-6)),
            ("with eps = 0.001", rule.replace(eps=1e-3)),
        ]
        rule = WrittenRMSprop(rho=0.75, eps=0.0)
        assert list(_wrong_numbers(rule)) == [("with 1 - rho in place of rho", rule.replace(rho=0.25))]
        assert list(_wrong_numbers(WrittenRMSprop(rho=0.0, eps=0.0))) == [], "1 is no rho"
        scheduled = WrittenRMSprop(rho=Constant(0.75), eps=Constant(0.1))
        assert list(_wrong_numbers(scheduled)) == [], "only numbers can be taken for others"
        assert list(_wrong_numbers(WrittenMomentum())) == []

    def test_another_decay(self):
        rule = AdamW(lr=0.1, weight_decay=0.3)
        changed = {words: r for words, r in _wrong_numbers(rule) if r.decay != rule.decay}
        assert changed == {
            "with an L2 penalty in the weight decay": rule.replace(decay="l2"),
            "with no rate in the weight decay": rule.replace(decay="paper"),
        }
        changed = {words: r for words, r in _wrong_numbers(rule.replace(decay="l2")) if r.decay != "l2"}
        assert changed["with decay times the rate in the weight decay"] == rule
        assert list(_wrong_numbers(DecoupledDecay(SGD(lr=0.1), 0.3))) == [
            ("with an L2 penalty in place of decoupled decay", L2(SGD(lr=0.1), 0.3))
        ]
        assert list(_wrong_numbers(L2(SGD(lr=0.1), 0.3))) == [
            ("with decoupled decay in place of L2", DecoupledDecay(SGD(lr=0.1), 0.3))
        ]

    @pytest.mark.parametrize("stream", STREAMS, ids=lambda s: s.name)
    def test_runs_of_momentum(self, stream):
        """With the rate inside its velocity it is Polyak's; started at g, the first velocity is 1.9 g."""
        runs = dict(mistakes_of(WrittenMomentum()))
        expected = trajectory(HeavyBall(lr=0.1), stream)
        assert relative_difference(runs["with the rate inside the buffer"](stream), expected).max() < 1e-12

        def started(x, g, m, lr):
            m = 0.9 * (g if m is None else m) + g
            return x - lr * m, m

        expected = OptimizerUnderTest(started, True, "", 0.1).run(stream)
        found = runs["with its averages started at the first gradient"](stream)
        assert relative_difference(found, expected).max() < 1e-12

    def test_a_run_of_adam_started_at_the_first_gradient(self):
        """The mean starts at g and the mean square at its square: after one gradient they are still there."""
        run = dict(mistakes_of(WrittenAdam()))["with its averages started at the first gradient"]
        points = run(Stream("", (1.0, 1.0), ((0.5, -2.0),), (1.0,)))
        expected = 1 - 0.1 * np.array([0.5 / 0.1 / (0.5 / 0.001**0.5), -2 / 0.1 / (2 / 0.001**0.5)])
        np.testing.assert_allclose(points, [[1.0, 1.0], expected], rtol=1e-6)

    def test_a_run_of_a_rule_that_looks_at_x_and_starts_from_it(self):
        """From 4 the peg is 2; uphill the rope pushes: 4 + (1 + 1) / 10, then 4.2 + 2 (3 + 1.1) / 10."""
        run = dict(mistakes_of(WrittenAnchor()))["going uphill: the sign of the step is flipped"]
        points = run(Stream("", (4.0,), ((1.0,), (3.0,)), (1.0, 2.0)))
        np.testing.assert_allclose(points, [[4.0], [4.2], [5.02]], rtol=1e-14)

    def test_squares_start_at_the_square(self):
        found = {slot: _like(slot, G).tolist() for slot in ("m", "v", "s", "top", "inner/m", "inner/inner/v")}
        assert [slot for slot, start in found.items() if start == [4, 1]] == [
            "v",
            "s",
            "top",
            "inner/inner/v",
        ]
        assert found["m"] == found["inner/m"] == [2, -1]

    def test_a_run_with_wrong_numbers_is_the_run_of_the_other_rule(self):
        runs = dict(mistakes_of(WrittenAdam()))
        for stream in STREAMS:
            for words, rule in (
                ("with beta1 and beta2 swapped", WrittenAdam(beta1=0.999, beta2=0.9)),
                ("without eps", WrittenAdam(eps=0.0)),
            ):
                assert np.array_equal(runs[words](stream), trajectory(rule, stream), equal_nan=True)

    def test_a_mistake_in_the_rule_inside(self):
        """Uphill from 1 with velocities 2 and 3.8 and a decay of 1/20: 1 + 0.2 - 0.05, and so on."""
        uphill = "going uphill: the sign of the step is flipped"
        stream = Stream("", (1.0,), ((2.0,), (2.0,)), (1.0, 1.0))
        points = dict(mistakes_of(DecoupledDecay(WrittenMomentum(), 0.5)))[uphill](stream)
        np.testing.assert_allclose(points, [[1.0], [1.15], [1.15 + 0.38 - 0.0575]], rtol=1e-14)
        # As a penalty the decay is in the gradients: 2.5, then 2 + 1.25 / 2 = 2.625.
        points = dict(mistakes_of(L2(WrittenMomentum(), 0.5)))[uphill](stream)
        np.testing.assert_allclose(points, [[1.0], [1.25], [1.25 + 0.1 * (0.9 * 2.5 + 2.625)]], rtol=1e-14)

    def test_a_mistake_in_the_rule_that_it_calls(self):
        """Without correction the first mean is g/10, the root of the first mean square |g| / 1000^(1/2)."""
        run = dict(mistakes_of(WrittenAdamW(eps=0.0)))["without bias correction"]
        points = run(Stream("", (1.0,), ((2.0,),), (1.0,)))
        np.testing.assert_allclose(points, [[1.0], [1 - 0.1 * (0.1 * 1000**0.5 + 0.1)]], rtol=1e-12)

    @pytest.mark.parametrize("rule", [WrittenMomentum(), L2(WrittenMomentum(), 0.5)], ids=repr)
    def test_slots_of_a_rule_inside_start_at_the_gradient_too(self, rule):
        run = dict(mistakes_of(rule))["with its averages started at the first gradient"]
        points = run(Stream("", (0.0,), ((2.0,),), (1.0,)))
        np.testing.assert_allclose(points, [[0.0], [-0.1 * 1.9 * 2.0]], rtol=1e-14)

    def test_the_rate_is_inside_for_the_rule_s_own_text_alone(self):
        assert "with the rate inside the buffer" in dict(mistakes_of(WrittenMomentum()))
        assert "with the rate inside the buffer" not in dict(mistakes_of(L2(WrittenMomentum(), 0.5)))

    def test_a_run_with_the_rate_inside_of_a_rule_that_looks_at_x_and_starts_from_it(self):
        """From 4 the mean is 2; then 1 + 0.1 + 4 = 5.1, and from -1.1 it is 2.55 + 0.6 - 1.1."""
        run = dict(mistakes_of(WrittenPeg()))["with the rate inside the buffer"]
        points = run(Stream("", (4.0,), ((1.0,), (3.0,)), (1.0, 2.0)))
        np.testing.assert_allclose(points, [[4.0], [-1.1], [-1.1 - 2.05]], rtol=1e-14)

    def test_what_is_no_number_is_no_warning(self):
        silent = Stream("", (1.0,), ((0.0,),), (1.0,))
        for words in ("with the rate inside the buffer", "with the sign of eps flipped"):
            points = dict(mistakes_of(WrittenAdam(eps=0.0)))[words](silent)
            assert np.isnan(points[1, 0])

    def test_numbers_one_a_coordinate(self):
        run = dict(mistakes_of(WrittenMomentum(momentum=np.array([0.5, 0.25]))))
        points = run["going uphill: the sign of the step is flipped"](
            Stream("", (0.0, 0.0), ((1.0, 1.0), (0.0, 0.0)), (1.0, 1.0))
        )
        assert points.dtype == float
        np.testing.assert_allclose(points, [[0.0, 0.0], [0.1, 0.1], [0.15, 0.125]], rtol=1e-14)

    def test_a_class_is_as_it_was_after_a_mistake_that_cannot_be_computed(self):
        before = WrittenAverage.direction
        run = dict(mistakes_of(WrittenAverage()))["with t one too small, counted from 0"]
        with pytest.raises(ZeroDivisionError):
            run(Stream("", (1.0,), ((2.0,),), (1.0,)))
        assert WrittenAverage.direction is before

    def test_an_average_for_a_velocity(self):
        damped = "with the gradient damped by 1 - momentum"
        assert dict(_wrong_numbers(Momentum(0.1, 0.75)))[damped] == Momentum(0.1, 0.75, dampening=0.75)
        assert damped not in dict(_wrong_numbers(Momentum(0.1, 0.75, dampening=0.75)))
