"""What a rule is instead, and the report that says so."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from optim import L2, SGD, DecoupledDecay, dialects
from optim.testing import STREAMS, Report, check_optimizer, compare_optimizer
from optim.testing.identification import _with_numbers_of
from optim.testing.invariants import Traits
from tests.optim.testing.rules import (
    WrittenAdam,
    WrittenAverage,
    WrittenInPlace,
    WrittenMomentum,
    WrittenRMSprop,
)


@pytest.fixture
def nothing_known(monkeypatch):
    """Leave out the search for what a rule is instead, which takes most of the time."""
    monkeypatch.setattr("optim.testing.check.identify", lambda *_: iter(()))


@pytest.fixture
def no_libraries(monkeypatch):
    """Search the mistakes alone."""
    monkeypatch.setattr("optim.testing.identification.table", list)


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
            "x + momentum (x - x before), whatever the rate), with the numbers of HeavyBall(lr=0.1)",
        )

    def test_the_first_two_of_many_libraries_are_named(self):
        report = compare_optimizer(lambda x, g, s, lr: (x - lr * g, s), WrittenMomentum())
        assert report.instead[0] == (
            "torch.SGD (weight_decay is L2) = keras.SGD (weight_decay is decoupled), "
            "with the numbers of SGD(lr=0.1)"
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
        assert report.instead[-1].endswith("with the numbers of HeavyBall(lr=0.1, momentum=0.8)")

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

    def test_a_wrapper_is_named_as_it_is(self):
        rule = DecoupledDecay(SGD(lr=0.25), weight_decay=0.5)
        sentence = compare_optimizer(lambda x, g, s, lr: (x - lr * g, s), rule).sentence
        assert sentence.startswith(
            "differs from DecoupledDecay(SGD(lr=0.25), weight_decay=0.5) first at step 1 "
        )
        assert "x[0] = 0.825, expected 0.7," in sentence, "1 - 0.25 0.7, and 0.125 less by the decay"

    def test_what_passes_for_equal(self):
        """By default a part in 10^9 of the move: a rate that is off by less is round-off."""

        def off_by(part):
            return lambda x, g, s, lr: (x - lr * (1 + part) * g, s)

        assert check_optimizer(off_by(5e-10), SGD(lr=0.25)).ok
        with pytest.raises(AssertionError, match=r"^differs from SGD"):
            check_optimizer(off_by(2e-9), SGD(lr=0.25))
        assert check_optimizer(off_by(2e-9), SGD(lr=0.25), tolerance=3e-9).ok

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
        assert report.sentence == "equals SGD(lr=0.25) on 10 streams"
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
        monkeypatch.setattr("optim.testing.check.identify", lambda *_: 1 / 0)
        half_more = compare_optimizer(lambda x, g, s: (x - 0.15 * g, s), SGD(lr=0.1), tolerance=1.0)
        assert (half_more.ok, half_more.instead, half_more.otherwise) == (True, (), ())

    def test_without_a_reference_there_is_nothing_to_differ_from(self):
        right = compare_optimizer(lambda x, g, s: (x - 0.1 * g, s))
        wrong = compare_optimizer(lambda x, g, s: (x - 0.1 * (g - 1), s))
        steady = (*(s.name for s in STREAMS if s.steady), "three coordinates")
        assert right == Report(
            True, 0.0, "<lambda> keeps what every rule must keep", (), right.traits, (), (), steady, True
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
        assert str(report) == ("equals SGD(lr=0.1) on 10 streams\nit writes to the arrays that it was given")
