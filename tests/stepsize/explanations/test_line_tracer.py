"""Rules written in any style are explained: what is told holds, and what cannot be seen is left out."""

import numpy as np
import pytest

import stepsize as ss
from optim import Optimizer


@pytest.fixture(autouse=True)
def apart(monkeypatch):
    """Keep the classes of this file out of the registry."""
    monkeypatch.setattr("stepsize.core.record._REGISTRY", {})


def lines_of(rule):
    """Return what is told of update 2, as names and values; every line, computed, gives its value."""
    run = ss.minimize(ss.Parabola(), rule, steps=3)
    (step,) = ss.explain(run, 2).steps
    np.testing.assert_array_equal(step.x_next, run.history.x[2])
    for line in step.lines:
        np.testing.assert_array_equal(line.recomputed(), line.value)
    return [(line.name, float(np.squeeze(line.value))) for line in step.lines]


def test_a_method_is_called_before_the_first_statement_that_is_told():
    class Checked(Optimizer):
        lr: float = 0.25

        def direction(self, x, g, slots, h):
            """Return the gradient."""
            assert self.fits(g)
            self.nothing()
            return g, slots

        def fits(self, g):
            """Return whether the gradient fits."""
            return self.is_true()

        def is_true(self):
            return True

        def nothing(self):
            pass

    # x^2 from 10 at rate 1/4: x halves.
    assert lines_of(Checked()) == [("d", 10.0), ("x", 2.5)]


def test_an_exception_in_a_method_is_nobodys_result():
    class Tried(Optimizer):
        lr: float = 0.125

        def direction(self, x, g, slots, h):
            """Return twice the gradient, by a detour."""
            try:
                d = self.refused(g)
            except ValueError:
                d = 2 * g
            return d, slots

        def refused(self, g):
            raise ValueError

    # Each update halves x.
    assert lines_of(Tried()) == [("d", 20.0), ("x", 2.5)]


def test_statements_that_share_a_line_are_left_out():
    class Short(Optimizer):
        lr: float = 0.1

        # fmt: off
        def direction(self, x, g, slots, h):
            """Return the gradient times 2.25."""
            d = g * 2
            for _ in range(2): d = d * 1.5  # noqa: E701
            if h.t == 1: d = 0 * d  # noqa: E701
            e = d + 0; d = e / 2  # noqa: E702
            f = d
            return f, slots
        # fmt: on

    told = lines_of(Short())
    # The first update stays at 10, where the gradient is 20: the one-line `if` holds at t = 1.
    assert told == [("d", 40.0), ("f", 45.0), ("d", 45.0), ("x", 5.5)]


def test_a_function_inside_of_a_rule_is_not_taken_for_its_statements():
    class Nested(Optimizer):
        lr: float = 0.1

        # fmt: off
        def direction(self, x, g, slots, h):
            """Return half of the gradient."""
            def half(v): return v / 2
            d = half(g)
            return d, slots
        # fmt: on

    assert lines_of(Nested()) == [("d", 9.0), ("x", 8.1)]


def test_what_a_rule_fills_itself_is_told_as_it_was():
    class Filling(Optimizer):
        slots = ("m",)
        lr: float = 0.25

        def direction(self, x, g, slots, h):
            """Return a sum of gradients, in an array that is filled twice."""
            (m,) = slots
            m = m + g
            pair = [m, (m, m)]
            m *= 0.5
            d = pair[0] + 0
            return d, (m,)

    run = ss.minimize(ss.Parabola(), Filling(), steps=3)
    (step,) = ss.explain(run, 2).steps
    # From 10 the sum is 20, halved 10: x = 7.5. There the gradient is 15, the sum 25, halved 12.5.
    assert [(line.name, float(line.value[0])) for line in step.lines if line.name in "md"] == [
        ("m", 25.0),
        ("m", 12.5),
        ("d", 12.5),
    ]
    assert step.x_next.tolist() == [7.5 - 0.25 * 12.5]


def test_a_return_inside_of_a_block_is_told():
    class Quiet(Optimizer):
        lr: float = 0.125

        def direction(self, x, g, slots, h):
            """Return twice the gradient, without a warning."""
            with np.errstate(all="ignore"):
                d = 2 * g
                return d, slots

    class Finally(Optimizer):
        lr: float = 0.125

        def direction(self, x, g, slots, h):
            """Return twice the gradient, and clean up."""
            try:
                return 2 * g, slots
            finally:
                g = 0 * g

    # Each update halves x: it is 5 at the second, and the gradient 10.
    assert lines_of(Quiet()) == [("d", 20.0), ("x", 2.5)]
    assert lines_of(Finally())[0] == ("d", 20.0)
    assert lines_of(Finally())[-1] == ("x", 2.5)


def test_a_match_and_a_name_inside_of_an_expression_are_left_out():
    class Cases(Optimizer):
        lr: float = 0.125

        def direction(self, x, g, slots, h):
            """Return t times the gradient."""
            m = g
            match h.t:
                case 1:
                    m = m * 1
                case t:
                    m = m * t
            d = (y := 2 * m) - y / 2
            return d, slots

    # From 10 the first update leads to 7.5, where the gradient is 15.
    assert lines_of(Cases()) == [("m", 15.0), ("x", 7.5 - 0.125 * 30)]


def test_what_binds_less_than_arithmetic_keeps_its_parentheses():
    class Logical(Optimizer):
        lr: float = 0.125

        def direction(self, x, g, slots, h):
            """Return the gradient, by truths that count as numbers."""
            d = g * (1 < h.t < 3) + (not h.t)
            d = d * (h.t and 3)
            return d, slots

    text = ss.explain(ss.minimize(ss.Parabola(), Logical(), steps=3), 2).text()
    assert "  d <- g * (1 < h.t < 3) + (not h.t)\n" in text
    assert "  d <- d * (h.t and 3)\n" in text
