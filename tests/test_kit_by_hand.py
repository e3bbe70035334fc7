"""The parts of the conformance kit, each against numbers worked out by hand."""

import math
import re
import warnings
from dataclasses import replace
from fractions import Fraction
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from optim import L2, SGD, AdamW, DecoupledDecay, HeavyBall, Optimizer, dialects
from optim.optimizer import Hyper, Hypers
from optim.testing import STREAMS, Report, Stream, check_gradient, check_optimizer, compare_optimizer
from optim.testing import gradients as gradients_module
from optim.testing import vectors as vectors_module
from optim.testing.check import _with_numbers_of
from optim.testing.mistakes import _EDITS, _like, _rate_into_the_buffer, _wrong_numbers, mistaken, mistakes_of
from optim.testing.properties import Traits, other_traits
from optim.testing.streams import relative_difference
from optim.testing.subject import Subject, as_subject, trajectory
from optim.vectors import __main__ as command
from schedules import Constant
from stepsize.base.arithmetic import sqrt

# The kit makes mistakes in the text of a rule. These are not the rules of `optim`, but say the same.
with pytest.MonkeyPatch.context() as patch:
    patch.setattr("stepsize.base.record._REGISTRY", {})

    class WrittenAdam(Optimizer):
        slots = ("m", "v")
        lr: Hyper = 0.1
        beta1: Hyper = 0.9
        beta2: Hyper = 0.999
        eps: Hyper = 1e-8

        def direction(self, x, g, slots, h):
            m, v = slots
            m = h.beta1 * m + (1 - h.beta1) * g
            v = h.beta2 * v + (1 - h.beta2) * (g * g)
            m_hat = m / (1 - h.beta1**h.t)
            v_hat = v / (1 - h.beta2**h.t)
            return m_hat / (sqrt(v_hat) + h.eps), (m, v)

    class WrittenRMSprop(Optimizer):
        slots = ("s",)
        lr: Hyper = 0.1
        rho: Hyper = 0.9
        eps: Hyper = 1e-8

        def direction(self, x, g, slots, h):
            (s,) = slots
            s = h.rho * s + (1 - h.rho) * (g * g)
            return g / sqrt(s + h.eps), (s,)

    class WrittenMomentum(Optimizer):
        slots = ("m",)
        lr: Hyper = 0.1
        momentum: Hyper = 0.9

        def direction(self, x, g, slots, h):
            (m,) = slots
            m = h.momentum * m + g
            return m, (m,)

    class WrittenAverage(Optimizer):
        """Momentum as an average, whose correction is a plain number."""

        slots = ("m",)
        lr: Hyper = 0.1
        beta1: Hyper = 0.9

        def direction(self, x, g, slots, h):
            (m,) = slots
            m = h.beta1 * m + (1 - h.beta1) * g
            scale = 1 / (1 - h.beta1**h.t)
            return scale * m, (m,)

    class WrittenInPlace(Optimizer):
        """Descent that is not pure."""

        lr: Hyper = 0.1

        def update(self, x, g, slots, h):
            x -= h.lr * g
            return x, slots

    class WrittenAnchor(Optimizer):
        """Descent on a rope, whose peg is half the start; `way` is no hyperparameter."""

        slots = ("peg",)
        lr: Hyper = 0.1
        pull: Hyper = 0.5
        way: int = 1

        def start(self, x, h):
            return (h.pull * x,)

        def direction(self, x, g, slots, h):
            (peg,) = slots
            return self.way * g + h.pull * (x - peg), (peg,)


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
        h = Hypers(rule, G).at(2)
        changed = [mistaken(type(rule), edit) for edit in dict(_EDITS)[words]]
        for direction, (d, *after) in zip(filter(None, changed), wrong.get(words, ()), strict=True):
            got, kept = direction(rule, 0 * G, G, slots, h)
            np.testing.assert_allclose(got, d, rtol=1e-14)
            np.testing.assert_allclose(kept, after, rtol=1e-14)

    def test_the_rate_in_the_buffer(self):
        """At rate 1/10 a tenth of the gradient enters Adam's mean, and nothing else changes."""
        rule = WrittenAdam(beta1=0.5, beta2=0.75, eps=EPS)
        d, (m, v) = mistaken(WrittenAdam, _rate_into_the_buffer)(
            rule, 0 * G, G, (M, V), Hypers(rule, G).at(2)
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

        expected = Subject(started, True, "", 0.1).run(stream)
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
        found = {slot: _like(slot, G).tolist() for slot in ("m", "v", "s", "top")}
        assert found == {"m": [2, -1], "v": [4, 1], "s": [4, 1], "top": [4, 1]}

    def test_a_run_with_wrong_numbers_is_the_run_of_the_other_rule(self):
        runs = dict(mistakes_of(WrittenAdam()))
        for stream in STREAMS:
            for words, rule in (
                ("with beta1 and beta2 swapped", WrittenAdam(beta1=0.999, beta2=0.9)),
                ("without eps", WrittenAdam(eps=0.0)),
            ):
                assert np.array_equal(runs[words](stream), trajectory(rule, stream), equal_nan=True)


@pytest.fixture
def nothing_known(monkeypatch):
    """Leave out the search for what a rule is instead, which takes most of the time."""
    monkeypatch.setattr("optim.testing.check._what_instead", lambda *_: iter(()))


@pytest.fixture
def no_libraries(monkeypatch):
    """Search the mistakes alone."""
    monkeypatch.setattr("optim.testing.check.table", list)


class TestWhatItIsInstead:
    """Students' functions against the rules above."""

    def test_a_mistake_in_the_text(self, no_libraries):
        def step(x, g, v, lr):
            v = (0 * g if v is None else v) / 0.9 + g
            return x - lr * v, v

        report = compare_optimizer(step, WrittenMomentum())
        words = "with the velocity divided by the momentum in place of multiplied"
        assert report.instead == (f"WrittenMomentum() {words}",)
        assert str(report).split("\n")[1] == f"it equals WrittenMomentum() {words}, to every digit"

    def test_a_mistake_that_cannot_be_computed_is_passed_over(self, no_libraries):
        """With t counted from 0, the first correction divides 1 by 0."""

        def step(x, g, m, lr):
            m = 0.9 * (0 * g if m is None else m) + 0.1 * g
            return x - lr * m, m

        report = compare_optimizer(step, WrittenAverage())
        assert report.instead == (
            "WrittenAverage() without bias correction",
            "WrittenAverage() without bias correction of the mean",
        )

    def test_libraries_that_do_so(self):
        def step(x, g, v, lr):
            v = 0.9 * (0 * g if v is None else v) + lr * g
            return x - v, v

        report = compare_optimizer(step, WrittenMomentum())
        assert report.instead == (
            "WrittenMomentum() with the rate inside the buffer",
            "keras.SGD (rate inside the velocity: the old one coasts on) = paper.HeavyBall (Polyak 1964: "
            "x + momentum (x - x before), whatever the rate), here HeavyBall(lr=0.1)",
        )

    def test_the_first_two_of_many_libraries_are_named(self):
        report = compare_optimizer(lambda x, g, s, lr: (x - lr * g, s), WrittenMomentum())
        assert report.instead[0] == (
            "torch.SGD (weight_decay is L2) = keras.SGD (weight_decay is decoupled), here SGD(lr=0.1)"
        )

    def test_numbers_are_lent_but_for_the_rate(self):
        """Rprop's rate is the first step; what is called lr in our class is a factor of 1."""
        torch, keras = dialects.torch, dialects.keras
        assert list(_with_numbers_of(SGD(lr=0.1), torch.Rprop, torch.Rprop.uses[0], 0.1)) == [
            torch.Rprop(0.1)
        ]
        adam = keras.Adam(0.1)
        assert list(
            _with_numbers_of(WrittenAdam(eps=0.5, beta1=0.7), keras.Adam, keras.Adam.uses[0], 0.1)
        ) == [
            adam,
            adam.replace(eps=0.5, beta1=0.7),
        ]
        decayed = list(_with_numbers_of(L2(SGD(lr=0.1), 0.3), torch.SGD, torch.SGD.uses[0], 0.1))
        assert decayed == [torch.SGD(0.1), torch.SGD(0.1, weight_decay=0.3)]

    def test_libraries_are_tried_with_the_references_numbers_too(self):
        def step(x, g, v, lr):
            v = 0.8 * (0 * g if v is None else v) + lr * g
            return x - v, v

        report = compare_optimizer(step, WrittenMomentum(momentum=0.8))
        assert report.instead[-1].endswith("here HeavyBall(lr=0.1, momentum=0.8)")

    def test_where_it_first_differs(self, nothing_known):
        """A rate that is not heard: in the third coordinate the fifth gradient is 10 - 3 * 0.4."""
        report = compare_optimizer(lambda x, g, s, _: (x - 0.1 * g, s), SGD(lr=0.1))
        number = r"(-?[\d.]+)"
        found = re.fullmatch(
            r'differs from SGD\(lr=0.1\) first at step 5 of the stream "three coordinates, the rate drops '
            rf'tenfold": gradient 8.8, rate 0.1 times the base, x\[2\] = {number}, expected {number}, '
            r"a relative difference of (\S+)",
            report.sentence,
        )
        after_four = 3 - 0.1 * (40 + 3 * (0.7 - 1.3 + 0.2 + 2.1))
        x, expected, difference = map(float, found.groups())
        assert x == pytest.approx(after_four - 0.88, rel=1e-12)
        assert expected == pytest.approx(after_four - 0.088, rel=1e-12)
        # The first coordinate is farther off: 0.036 where it has moved 0.17 at most.
        assert difference == pytest.approx(0.036 / 0.17, abs=0.005)
        assert report.difference > difference, "the largest comes later"

    def test_a_rule_that_leaves_the_numbers(self, nothing_known):
        report = compare_optimizer(lambda x, _, s: (x * np.nan, s), SGD(lr=0.1))
        assert report.difference == math.inf
        assert report.sentence == (
            'differs from SGD(lr=0.1) first at step 1 of the stream "wandering": gradient 0.7, x[0] = nan, '
            "expected 0.93, a relative difference of inf"
        )

    def test_a_coordinate_that_leaves_the_numbers_is_the_one_that_is_shown(self, nothing_known):
        def step(x, g, n, lr):
            n = (n or 0) + 1
            return x - lr * g + ((0.0, np.nan, 1.0) if n == 4 and len(x) == 3 else 0.0), n

        sentence = compare_optimizer(step, SGD(lr=0.1)).sentence
        assert 'at step 4 of the stream "three coordinates' in sentence
        assert "gradient -0.021, rate 1 times the base, x[1] = nan, expected -1.998" in sentence


@pytest.mark.usefixtures("nothing_known")
class TestReport:
    def test_what_is_equal_says_so(self):
        report = check_optimizer(lambda x, g, s, lr: (x - lr * g, s), SGD(lr=0.25))
        assert report.sentence == "equals SGD(lr=0.25) on 12 streams"
        assert report.streams == tuple(s.name for s in STREAMS)
        assert (report.ok, report.instead, report.otherwise, report.broken) == (True, (), (), ())
        assert report.difference <= 1e-15
        assert str(report) == report.sentence

    def test_its_text(self):
        """Three of what the rule equals, or that it equals nothing known, where its numbers differ at all."""
        traits = Traits(1.0, 1.0, 1.0, 0.0, 0.0)
        report = Report(
            False, 0.5, "It differs", ("a", "b", "c", "d"), traits, ("it coasts",), ("it writes",), ()
        )
        unknown = "it equals no known dialect and no classic mistake in this rule"
        assert str(report).split("\n") == [
            "It differs",
            "it equals a and b and c, to every digit",
            "it coasts",
            "it writes",
        ]
        report = replace(report, instead=())
        assert str(report).split("\n") == ["It differs", unknown, "it coasts", "it writes"]
        assert str(replace(report, difference=0.0)).split("\n") == ["It differs", "it coasts", "it writes"]
        assert str(replace(report, ok=True)).split("\n") == ["It differs", "it coasts", "it writes"]

    def test_one_that_fixes_its_rate_is_tried_where_the_rate_is_steady(self):
        report = check_optimizer(lambda x, g, s: (x - 0.25 * g, s), SGD(lr=0.25))
        assert report.sentence == "equals SGD(lr=0.25) on 9 streams"
        left_out = {s.name for s in STREAMS} - set(report.streams)
        assert left_out == {
            "three coordinates, the rate drops tenfold",
            "rate zero",
            "rate grows tenfold",
        }

    def test_the_rate_is_the_references_or_the_one_that_is_given(self):
        rates = []

        def step(x, g, state, lr):
            rates.append(lr)
            return x - lr * g, state

        assert check_optimizer(step, SGD(lr=0.25)).ok
        assert max(rates) == 0.25
        rates.clear()
        assert check_optimizer(step, SGD(lr=0.25), lr=0.5).sentence == "equals SGD(lr=0.5) on 12 streams"
        assert max(rates) == 0.5
        rates.clear()
        assert check_optimizer(step).ok
        assert max(rates) == 0.1
        rates.clear()
        assert check_optimizer(step, lr=1).sentence == "step keeps what every rule must keep"
        assert max(rates) == 1.0
        assert check_optimizer(step, dialects.torch.SGD).sentence == "equals SGD(lr=0.1) on 12 streams"

    def test_the_tolerance(self):
        """A rate off by one part in a million moves every x by one part in a million of its way."""

        def step(x, g, state, lr):
            return x - lr * (1 + 1e-6) * g, state

        report = compare_optimizer(step, SGD(lr=0.1))
        assert report.difference == pytest.approx(1e-6, rel=1e-6)
        assert not report.ok
        assert compare_optimizer(step, SGD(lr=0.1), tolerance=1.1e-6).ok
        assert not compare_optimizer(step, SGD(lr=0.1), tolerance=0.9e-6).ok
        just = check_optimizer(step, SGD(lr=0.1), tolerance=report.difference)
        assert just.sentence == "equals SGD(lr=0.1) on 12 streams", "a difference as large as it still passes"

    def test_what_else_is_other_is_told(self):
        report = compare_optimizer(lambda x, g, s: (x - 0.15 * g, s), SGD(lr=0.1))
        assert report.otherwise == (
            "its first step for a gradient of 1 is 1.5 times the rate, expected 1",
            "its first step for a gradient of 1e-6 is 1.5e-06 times the rate, expected 1e-06",
        )
        assert report.traits == pytest.approx((1.5, 1.5e-6, 1024, 0, 0), rel=1e-9)

    def test_nothing_is_searched_where_the_rule_is_right(self, monkeypatch):
        monkeypatch.setattr("optim.testing.check._what_instead", lambda *_: 1 / 0)
        half_more = compare_optimizer(lambda x, g, s: (x - 0.15 * g, s), SGD(lr=0.1), tolerance=1.0)
        assert (half_more.ok, half_more.instead, half_more.otherwise) == (True, (), ())

    def test_without_a_reference_there_is_nothing_to_differ_from(self):
        right = compare_optimizer(lambda x, g, s: (x - 0.1 * g, s))
        wrong = compare_optimizer(lambda x, g, s: (x - 0.1 * (g - 1), s))
        steady = tuple(s.name for s in STREAMS if s.steady)
        assert right == Report(
            True, 0.0, "<lambda> keeps what every rule must keep", (), right.traits, (), (), steady
        )
        assert right.traits == pytest.approx((1, 1e-6, 1024, 0, 0), rel=1e-9)
        assert not wrong.ok
        assert str(wrong).split("\n")[0] == "<lambda> breaks what every rule must keep"

    def test_a_property_that_the_reference_lacks_too_is_excused_whatever_its_number(self):
        """RMSprop without eps makes nan of 0; the other one goes to 0.1."""
        assert compare_optimizer(WrittenInPlace(), SGD(lr=0.1)).broken
        assert compare_optimizer(WrittenInPlace(), WrittenInPlace()).ok
        without_eps = WrittenRMSprop(eps=0.0)
        report = compare_optimizer(lambda x, g, s: (x - 0.1 * (g - 1), s), without_eps)
        assert report.broken == (
            "it is not symmetric: mirrored gradients from a mirrored start do not give mirrored points",
        )

    def test_right_numbers_with_a_broken_property_do_not_pass(self):
        def step(x, g, state):
            x -= 0.1 * g
            return x, state

        report = compare_optimizer(step, SGD(lr=0.1))
        assert report.difference <= 1e-15
        assert not report.ok
        assert report.instead == ()
        assert report.broken == ("it writes to the arrays that it was given",)
        assert str(report) == ("equals SGD(lr=0.1) on 9 streams\nit writes to the arrays that it was given")


class TestSubject:
    def test_what_a_function_is_called_with(self):
        calls = []

        def step(x, g, state, lr):
            calls.append((x.tolist(), g.tolist(), state, lr))
            return x - g, len(calls)

        stream = Stream("", (5.0, 1.0), ((1.0, 0.0), (2.0, 3.0)), (1.0, 0.5))
        subject = as_subject(step, 0.2)
        assert subject.run(stream).tolist() == [[5.0, 1.0], [4.0, 1.0], [2.0, -2.0]]
        assert calls == [([5.0, 1.0], [1.0, 0.0], None, 0.2), ([4.0, 1.0], [2.0, 3.0], 1, 0.1)]
        assert (subject.name, subject.takes_rate) == ("step", True)

    def test_a_function_without_a_rate(self):
        subject = as_subject(partial(lambda x, g, state, scale: (x - scale * g, state), scale=2.0), 0.2)
        assert (subject.name, subject.takes_rate) == ("the function", True), "partial leaves the name open"
        subject = as_subject(lambda x, g, state: (x - 2 * g, state), 0.2)
        assert (subject.name, subject.takes_rate) == ("<lambda>", False)
        assert subject.run(Stream("", (5.0,), ((1.0,),), (0.5,))).tolist() == [[5.0], [3.0]]

    def test_what_comes_back_is_copied_and_made_float(self):
        buffer = np.zeros(1, dtype=int)

        def step(x, g, state):
            buffer[:] += 1
            return buffer, None

        points = as_subject(step, 1.0).run(Stream("", (0.0,), ((1.0,),) * 3, (1.0,) * 3))
        assert points.tolist() == [[0.0], [1.0], [2.0], [3.0]]
        moved, _ = as_subject(step, 1.0).step(np.zeros(1), np.ones(1), None, 1.0)
        assert moved.dtype == float
        assert moved is not buffer

    def test_a_class_is_no_function(self):
        class Step:
            def __init__(self, x, g, state):
                raise NotImplementedError

        with pytest.raises(TypeError, match=r"step: got .*, expected a function \(x, g, state\)"):
            as_subject(Step, 0.1)

    def test_x_is_lent(self):
        def step(x, g, state):
            x += 1.0
            return x, None

        assert as_subject(step, 1.0).run(Stream("", (0.0,), ((1.0,),) * 2, (1.0,) * 2)).tolist() == [
            [0],
            [1],
            [2],
        ]

    def test_overflow_and_division_by_zero_are_part_of_the_lesson(self):
        points = as_subject(lambda x, g, s: (x - g / (g - g) * 1e300 * 1e300, s), 1.0).run(STREAMS[0])
        assert not np.isfinite(points[1:]).any()

    def test_an_optimizer_of_ours(self):
        subject = as_subject(SGD(lr=0.5), 0.2)
        assert (subject.name, subject.takes_rate) == ("SGD(lr=0.5)", True)
        assert subject.run(Stream("", (5.0,), ((1.0,), (1.0,)), (1.0, 0.5))).tolist() == [[5.0], [4.8], [4.7]]

    @pytest.mark.parametrize(
        "rule", [3, SGD, Stream, lambda x, g: x - g, lambda a, b, c, d, e: a + b + c + d + e]
    )
    def test_what_is_none(self, rule):
        with pytest.raises(TypeError, match="step: got"):
            as_subject(rule, 0.1)


class TestProperties:
    def test_a_trait_is_another_from_one_percent_on(self):
        ours = Traits(1.0, 2.0, 3.0, math.nan, 0.0)
        assert list(other_traits(ours, Traits(1.0 / 1.009, 2.0 / 1.009, 3.0, math.nan, 0.9e-12))) == []
        assert list(other_traits(ours, Traits(1.0, 2.0 / 1.011, 3.0, math.nan, 1.1e-12))) == [
            "its first step for a gradient of 1e-6 is 2 times the rate, expected 1.978",
            "an update without a gradient takes 0 of x away, expected 1.1e-12",
        ]

    def test_ten_updates_without_a_gradient_are_watched(self):
        def leaving(after):
            return lambda x, g, n: (
                x - g + (1.0 if (n or 0) + 1 == after and not g.any() else 0.0),
                (n or 0) + 1,
            )

        assert compare_optimizer(leaving(10)).broken == (
            "it leaves 0 without a gradient: x is 1.0 after 10 updates",
        )

    def test_nan_twice_is_the_same(self):
        """What becomes nan does so again, resumes as nan, turned and mirrored; and it does not stay at 0."""
        report = compare_optimizer(lambda x, _, s: (x * np.nan, s))
        assert report.broken == ("it leaves 0 without a gradient: x is nan after 1 updates",)

    def test_writing_to_the_gradient(self):
        def step(x, g, state):
            x = x - g
            g *= 2
            return x, state

        assert compare_optimizer(step).broken == ("it writes to the arrays that it was given",)

    def test_going_on_from_a_copy_of_the_state_alone(self):
        """A state that holds the points themselves resumes from them, and x alone would not do."""

        def step(x, g, state):
            last = 0 * x if state is None else state[-1]
            move = 0.9 * last - 0.1 * g
            return x + move, [*(state or []), move]

        assert compare_optimizer(step).broken == (), "whatever a reference may lack"
        assert check_optimizer(step, like=HeavyBall(lr=0.1)).ok

    def test_all_at_once(self):
        count = []

        def step(x, g, state):
            count.append(1)
            return x - np.arange(len(x)) - len(count) + 0 * g, state

        assert compare_optimizer(step).broken == (
            "it does not give the same points twice: it keeps something from one run to the next",
            "it treats coordinates by their place: reversing their order does not reverse the points",
            "it is not symmetric: mirrored gradients from a mirrored start do not give mirrored points",
            f"it leaves 0 without a gradient: x is {-float(len(count) - 10)!r} after 1 updates",
        )


class TestStreams:
    @pytest.mark.parametrize(
        ("a", "b", "expected"),
        [
            ([[1], [2], [3]], [[1], [2], [3]], [0, 0, 0]),
            # b moves by 2, then comes back: the farthest counts.
            ([[1], [3.1], [1.2]], [[1], [3], [1]], [0, 0.05, 0.1]),
            ([[1], [-3.1]], [[1], [-3]], [0, 0.025]),
            # It does not move at all: x itself counts, at 1e-12.
            ([[4], [4 + 2**-38]], [[4], [4]], [0, 2**-38 / 4e-12]),
            ([[-4], [-4 + 2**-38]], [[-4], [-4]], [0, 2**-38 / 4e-12]),
            ([[0], [1]], [[0], [0]], [0, math.inf]),
            # The coordinate that is farther off.
            ([[0, 0], [1.1, 10.5]], [[0, 0], [1, 10]], [0, 0.1]),
            ([[0], [math.nan]], [[0], [math.nan]], [0, 0]),
            ([[0], [math.nan]], [[0], [1]], [0, math.inf]),
            ([[0], [1]], [[0], [math.nan]], [0, math.inf]),
            ([[0], [math.inf]], [[0], [math.inf]], [0, 0]),
            ([[0], [-math.inf]], [[0], [math.inf]], [0, math.inf]),
        ],
    )
    def test_relative_difference(self, a, b, expected):
        found = relative_difference(np.array(a, dtype=float), np.array(b, dtype=float))
        np.testing.assert_allclose(found, expected, rtol=1e-12)

    def test_what_they_are(self):
        for s in STREAMS:
            assert len(s.gradients) == len(s.rates) == 10
            assert {len(g) for g in s.gradients} == {len(s.x0)}
        assert [s.edge for s in STREAMS] == [False] * 2 + [True] * 10, (
            "the classic rules alone see the extremes"
        )
        kept = {s.name: (s.x0, s.gradients, s.rates) for s in STREAMS}
        assert kept["constant"] == ((0.0,), ((0.5,),) * 10, (1.0,) * 10)
        assert kept["rate zero"][2] == (0.0,) * 10


def problem(fun, grad, x0=(2.0, 5.0)):
    return SimpleNamespace(fun=fun, grad=grad, x0=x0)


def real(fun):
    """Return a function that refuses complex numbers, so that differences have to serve."""
    return lambda x: float(fun(x)) if np.isrealobj(x) else fun(x.tolist().real)


class TestGradients:
    """f = x^3 + y, whose gradient at (2, 5) is (12, 1), and its like."""

    def found(self, error=(0.0, 0.0), sign=1.0, twist=lambda fun: fun):
        def grad(x):
            return sign * np.array([3 * x[0] * x[0], 1.0]) + error

        return check_gradient(problem(twist(lambda x: sign * (x[0] * x[0] * x[0] + x[1])), grad), (2.0, 5.0))

    def test_a_right_gradient_by_a_complex_step(self):
        report = self.found()
        assert report.method == "complex step"
        assert report.error < 1e-15
        assert math.isnan(report.order)

    def test_a_right_gradient_by_differences(self):
        """The error of a central difference of x^3 is h^2 exactly, and two steps together take it away."""
        report = self.found(twist=real)
        assert report.method == "central differences"
        assert report.error < 1e-10
        assert report.order == pytest.approx(2, abs=1e-4)

    @pytest.mark.parametrize("sign", [1.0, -1.0])
    @pytest.mark.parametrize(("twist", "allowed"), [(lambda fun: fun, 1e-10), (real, 1e-6)])
    def test_the_error_allowed_is_relative_to_the_largest_component(self, twist, allowed, sign):
        """The gradient's largest component is 12, in either direction."""
        report = self.found((0.0, 12 * 0.98 * allowed), sign, twist)
        assert report.error == pytest.approx(0.98 * allowed, rel=0.01)
        with pytest.raises(AssertionError, match=r"grad: coordinate 1 at x = \[2.0, 5.0\] is "):
            self.found((0.0, -12 * 1.02 * allowed), sign, twist)

    def test_where_the_gradient_vanishes(self):
        """There the error is told apart from 0 at 1e-8."""
        flat = problem(lambda x: 0.0 * x[0], lambda x: 0.0 * x + (0.0, 5e-19))
        assert check_gradient(flat, (2.0, 5.0)).error == pytest.approx(5e-11, rel=1e-6)

    def test_every_point_has_a_size_of_its_own(self):
        """Wrong by 1e-6 where the gradient is 1; at the other point it is a million."""
        steep = problem(
            lambda x: x[0] * x[0] / 2 + 0 * x[1] + 0 * x[2],
            lambda x: np.array([x[0], 0.0, 1e-6 if x[0] == 1 else 0.0]),
        )
        points = np.array([[[1e6, 0.0, 0.0]], [[1.0, 0.0, 0.0]]])
        with pytest.raises(AssertionError) as caught:
            check_gradient(steep, points)
        assert str(caught.value) == (
            "grad: coordinate 2 at x = [1.0, 0.0, 0.0] is 1e-06, expected 0.0 by a complex step"
        )
        assert check_gradient(steep, points[:1]).error == 0

    @pytest.mark.parametrize("wrong", [math.nan, math.inf])
    def test_what_is_no_number_is_the_worst(self, wrong):
        with pytest.raises(
            AssertionError, match=r"coordinate 1 at x = .* is (nan|inf), expected 1.0 by a complex step"
        ):
            self.found((0.0, wrong))
        with pytest.raises(AssertionError, match=r"coordinate 1 at .* by central differences"):
            self.found((0.0, wrong), twist=real)

    def test_gradients_of_any_numbers(self):
        report = check_gradient(
            problem(lambda x: x[0] / 2 + 0 * x[1], lambda _: [Fraction(1, 2), 0]), (2.0, 5.0)
        )
        assert report.error < 1e-15

    def test_the_points(self):
        """The start and what the generator draws; the same for the same seed, 0 unless another is given."""
        at = []

        def grad(x):
            at.append(x.copy())
            return 2 * x

        bowl = problem(lambda x: (x * x).sum(), grad, (1.0, 2.0, 3.0))
        for rng, seed in ((0, 0), (7, 7), (np.random.default_rng(7), 7)):
            at.clear()
            check_gradient(bowl, rng=rng)
            drawn = np.random.default_rng(seed).normal(size=(5, 3))
            assert np.array_equal(np.array(at) - bowl.x0, (bowl.x0 + drawn) - bowl.x0)
        by_default, at[:] = at[:], []
        check_gradient(bowl)
        seed_zero, at[:] = at[:], []
        check_gradient(bowl, rng=0)
        assert np.array_equal(seed_zero, at)
        assert not np.array_equal(by_default, at)
        at.clear()
        check_gradient(bowl, np.arange(12.0).reshape(2, 2, 3))
        assert np.array_equal(at, np.arange(12.0).reshape(4, 3))

    @pytest.mark.parametrize(
        "fun",
        [
            lambda x: math.exp(x[0]) + x[1],
            lambda x: float(str(x[0])) + x[1],
            lambda x: np.hypot(x[0], 1.0) + x[1].real.item().hex() * 0 if x.dtype == complex else x[0] + x[1],
            lambda x: x.astype(float)[0] + x[1],
            lambda x: abs(x[0]) + abs(x[1]),
            # Their imaginary parts say nothing of the slope.
            lambda x: (x * x.conj()).sum(),
            lambda x: x[0] * x[0].real + x[1],
            # Their values are others for complex numbers, by a half and by a millionth.
            lambda x: x[0] * x[0] + x[1] + 0.5 * np.iscomplexobj(x),
            lambda x: x[0] * x[0] + x[1] + 1e-6 * np.iscomplexobj(x),
        ],
    )
    def test_functions_that_no_complex_step_serves(self, fun):
        h = 1e-6
        slopes = [
            (fun(np.array([2.0, 5.0]) + h * e) - fun(np.array([2.0, 5.0]) - h * e)) / (2 * h)
            for e in np.eye(2)
        ]
        report = check_gradient(problem(fun, lambda x: 0 * x + slopes), (2.0, 5.0))
        assert report.method == "central differences"

    def test_warnings_of_other_things_are_left_alone(self):
        def fun(x):
            warnings.warn("something else", RuntimeWarning, stacklevel=2)
            return x[0] * x[0] + x[1]

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            report = check_gradient(problem(fun, lambda x: np.array([2 * x[0], 1.0])), (2.0, 5.0))
        assert report.method == "complex step"

    def test_one_point_that_needs_differences_is_enough(self):
        def fun(x):
            return x[0] * x[0] if x[0].real > 0 else abs(x[0]) * abs(x[0])

        report = check_gradient(problem(fun, lambda x: np.array([2 * x[0]])), [[1.0], [-1.0]])
        assert report.method == "central differences"

    @pytest.mark.parametrize("slope", [3.0, -3.0])
    def test_when_a_rough_difference_confirms(self, slope):
        """In one dimension: |s - g| <= (|s| + |g|) / 1000, so that g may be off by two in a thousand."""

        def confirms(factor):
            agrees = gradients_module._agrees
            return agrees(lambda x: slope * x[0], np.array([2.0]), np.array([factor * slope]))

        assert [confirms(f) for f in (0.9975, 0.9985, 1.0, 1.0015, 1.0025)] == [
            False,
            True,
            True,
            True,
            False,
        ]

    def test_a_rough_difference_of_nothing(self):
        """Without a slope, 1e-11 passes for round-off and nothing larger."""
        agrees = gradients_module._agrees
        assert agrees(lambda x: 0.0 * x[0], np.array([2.0]), np.array([0.99e-11]))
        assert not agrees(lambda x: 0.0 * x[0], np.array([2.0]), np.array([-1.02e-11]))

    def test_the_rough_difference_is_near_and_always_in_one_direction(self):
        at = []

        def fun(x):
            at.append(x.copy())
            return (x * x * x).sum()

        x, gradient = np.array([1.0, 2.0]), np.array([3.0, 12.0])
        assert gradients_module._agrees(fun, x, gradient)
        assert gradients_module._agrees(fun, x, gradient)
        assert np.linalg.norm(np.array(at) - x, axis=1) == pytest.approx(1e-5)
        assert np.array_equal(at[:2], at[2:])

    def test_the_order_is_fitted(self):
        """The error at 0 is h^4 for x^5 and nothing for x^2; nothing is looked at beyond a tenth."""

        def order(fun):
            return check_gradient(problem(real(fun), lambda x: 0 * x), (0.0,)).order

        assert order(lambda x: x[0] ** 5) == pytest.approx(4, abs=1e-3)
        assert order(lambda x: x[0] * x[0]) == math.inf
        assert order(lambda x: x[0] ** 5 if abs(x[0]) < 0.11 else 7.0 * x[0]) == pytest.approx(4, abs=1e-3)
        assert math.isfinite(order(lambda x: x[0] ** 3 if abs(x[0]) > 0.05 else 0.0)), (
            "no error at three of four"
        )
        assert order(lambda x: 1e-6 * x[0] ** 3) == pytest.approx(2, abs=1e-3), "1e-8 at most: still an error"


class TestVectors:
    def test_the_command_writes_every_file(self, tmp_path, monkeypatch):
        monkeypatch.setattr(command, "files", {"optim.vectors": tmp_path}.__getitem__)
        monkeypatch.setattr(command, "documents", lambda: iter([("a.json", "é"), ("b.json", "{}\n")]))
        command.main()
        assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
            "a.json": "é".encode(),
            "b.json": b"{}\n",
        }

    def test_every_library_has_a_file(self, monkeypatch):
        monkeypatch.setattr(vectors_module, "document", lambda library: library.title)
        assert list(vectors_module.documents()) == [
            ("torch.json", "PyTorch 2.13"),
            ("keras.json", "Keras 3.15"),
            ("optax.json", "Optax 0.2.8"),
            ("tf1.json", "TensorFlow 1"),
            ("d2l.json", "Dive into Deep Learning"),
            ("paper.json", "the papers"),
        ]

    def test_nan_is_no_json(self):
        for document in ({"vectors": [[math.nan]]}, {"title": math.nan, "vectors": []}):
            with pytest.raises(ValueError, match="JSON"):
                vectors_module._text(document)

    def test_single_precision_rounds_after_every_operation(self):
        """0.1 in single precision, from 0.5 against gradients of 0.7 and -1.3."""
        stream = Stream("", (0.5,), ((0.7,), (-1.3,)), (1.0, 2.0))
        first, second = vectors_module._points(SGD(lr=0.1), stream, "float32")
        one = np.float32(0.5) - np.float32(0.1) * np.float32(0.7)
        assert first == [float(one)]
        assert second == [float(one - np.float32(0.2) * np.float32(-1.3))]
        assert vectors_module._points(SGD(lr=0.1), stream, "float64") == [
            [0.5 - 0.1 * 0.7],
            [0.43 + 0.2 * 1.3],
        ]
