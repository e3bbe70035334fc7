"""What is tested and on what: subjects, properties, traits and streams by hand."""

import math
from functools import partial

import numpy as np
import pytest

from optim import SGD, HeavyBall
from optim.testing import STREAMS, Stream, check_optimizer, compare_optimizer
from optim.testing.adapters import as_subject
from optim.testing.gradient_streams import relative_difference
from optim.testing.invariants import Traits, other_traits


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
        assert report.broken == ("it leaves 0 without a gradient: x is nan after 1 update",)

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
            f"it leaves 0 without a gradient: x is {-float(len(count) - 10)!r} after 1 update",
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
