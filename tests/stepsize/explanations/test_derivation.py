"""Every way in which a rule may write its lines is told: which lines, whose they are, and what came out."""

import sys
from typing import Any

import numpy as np
import pytest

import stepsize as ss
from optim import Hyper, Optimizer
from stepsize.explanations.derivation import plain_names
from stepsize.explanations.line_tracer import trace_rule


@pytest.fixture
def odd(monkeypatch):
    """A rule that is written in every way: sums in place, several names at once, branches, own methods."""
    monkeypatch.setattr("stepsize.core.record._REGISTRY", {})

    class Odd(Optimizer):
        slots = ("m", "v")
        lr: float = 0.5
        share: Hyper = 0.25

        def twice(self, g):
            return g * 2

        def _scaled(self, g, h):
            """Return a part of it."""
            return g * h.share

        def both(self, g):
            return [g + 1, g + 2]

        def direction(self, x, g, slots, h):
            m, v = slots
            m = m + g
            m += x
            a, b = m - v, m * v
            v: Any = a if h.t == 1 else b
            late = a
            if h.t > 1:  # noqa: SIM108 - a branch of its own kind
                late = late - 1
            else:
                late = late + 1
            one, two = self.both(g)
            late = late * one / two
            double = self.twice(g)
            other = double + self._scaled(g, h)
            for k in range(2):
                other = other + k
            assert late is not None
            return other / 4, (m, v)

    return Odd


def told(run, t):
    (step,) = ss.explain(run, t).steps
    return [(line.name, np.asarray(line.value).tolist()) for line in step.lines], step


def test_every_line_is_told_with_its_value(odd):
    """On x^2 from 1: g = 2; by hand."""
    run = ss.minimize(ss.Parabola(start=1.0), odd(), steps=2)
    lines, step = told(run, 1)
    assert lines == [
        ("m", [2.0]),  # m + g
        ("m", [3.0]),  # m + x
        ("a", [3.0]),
        ("b", [0.0]),
        ("v", [3.0]),
        ("late", [3.0]),
        ("late", [4.0]),
        ("one", [3.0]),
        ("late", [3.0]),
        ("double", [4.0]),
        ("scaled", [0.5]),
        ("other", [4.5]),
        ("other", [4.5]),
        ("other", [5.5]),
        ("d", [1.375]),
        ("x", [0.3125]),
    ]
    assert {line.inside for line in step.lines} == {"Odd"}
    text = ss.explain(run, 1).text()
    for line in (
        "m <- m + g",
        "m <- m + x",
        "a <- m - v",
        "b <- m * v",
        "v <- a",
        "late <- a",
        "late <- late + 1",
        "one <- g + 1",
    ):
        assert f"  {line}\n" in text
    for line in (
        "double <- g * 2",
        "scaled <- g * share",
        "other <- double + self._scaled(g, h)",
        "d <- other / 4",
    ):
        assert f"  {line}\n" in text
    assert "(m, v)" not in text
    assert "slots" not in text


def test_the_branch_of_another_update_is_another_line(odd):
    """x = 5/16, g = 5/8, m = 3 + 5/8 + 5/16, v = 3."""
    run = ss.minimize(ss.Parabola(start=1.0), odd(), steps=2)
    lines, step = told(run, 2)
    assert lines[:7] == [
        ("m", [3.625]), ("m", [3.9375]), ("a", [0.9375]), ("b", [11.8125]), ("v", [11.8125]),
        ("late", [0.9375]), ("late", [-0.0625]),
    ]  # fmt: skip
    assert step.given["m"].tolist() == step.given["v"].tolist() == [3.0]
    assert {"x", "g", "lr", "share", "m", "v"} == set(step.given)
    assert step.given["g"].tolist() == [0.625]
    for line in step.lines:
        assert np.array_equal(line.recomputed(), line.value), line.name


def test_what_was_given_is_as_it_was_before_the_update(odd):
    """`m += x` writes into an array of the rule's own."""
    run = ss.minimize(ss.Parabola(start=1.0), odd(), steps=1)
    (step,) = ss.explain(run).steps
    assert (step.given["x"].tolist(), step.given["m"].tolist(), step.given["v"].tolist()) == (
        [1.0],
        [0.0],
        [0.0],
    )
    first, second = (line for line in step.lines if line.name == "m")
    assert (first.names["m"].tolist(), second.names["m"].tolist()) == ([0.0], [2.0])


def test_hyperparameters_that_no_line_uses_are_not_given():
    (step,) = ss.explain(ss.minimize(ss.Parabola(), ss.SGD(lr=0.25), steps=1)).steps
    assert list(step.given) == ["x", "g", "lr"]
    (step,) = ss.explain(ss.minimize(ss.Parabola(), ss.SGD(lr=lambda n: 0.5 / 2**n), steps=3), 3).steps
    assert step.given["lr"] == 0.125
    nested = ss.minimize(ss.Parabola(), ss.ClipByNorm(ss.L2(ss.Momentum(lr=0.25), 0.5), 9.0), steps=1)
    (step,) = ss.explain(nested).steps
    assert {"max_norm", "weight_decay", "momentum", "lr", "m"} <= set(step.given)
    assert (step.given["max_norm"], step.given["weight_decay"], step.given["momentum"]) == (9.0, 0.5, 0.9)
    assert (step.lines[0].inside, step.lines[-1].inside) == ("ClipByNorm", "Momentum")


def test_slots_are_called_as_the_rules_themselves_call_them():
    assert plain_names(ss.Adam()) == ["m", "v"]
    assert plain_names(ss.ClipByNorm(ss.Adam(), 1.0)) == ["m", "v"]


def test_a_step_knows_its_losses_its_slope_and_whether_it_moved():
    """x^2 from 10 with lr = 3/4: to -5, where the slope is -10 and the step was -15."""
    (step,) = ss.explain(ss.minimize(ss.Parabola(), ss.SGD(lr=0.75), steps=1)).steps
    assert (step.t, step.f, step.f_next, step.slope, step.overshoot, step.moved) == (
        1,
        100.0,
        25.0,
        150.0,
        True,
        True,
    )
    assert step.x_next.tolist() == [-5.0]
    assert "Step(" in repr(step)
    assert "Assignment(" in repr(step.lines[0])


def test_methods_of_rules_are_watched_and_nothing_else():
    rule = ss.Momentum(lr=0.25)
    state = rule.init(np.ones(2))

    def work():
        sorted([3, 1, 2], key=lambda v: -v)
        return rule.step(np.ones(2), np.ones(2), state)

    before = sys.gettrace()
    (x, _), calls = trace_rule(work)
    assert sys.gettrace() is before
    assert x.tolist() == [0.75, 0.75]
    assert {type(call.owner) for call in calls} == {ss.Momentum}
    names = {call.name for call in calls} | {
        inner.name for call in calls for d in call.done for inner in d.calls
    }
    assert "update" in names or "direction" in names
    assert not names & {"hypers", "own_hypers", "fields", "replace", "key", "check", "normalise", "<lambda>"}


def test_who_watches_already_goes_on_watching():
    def hook(frame, event, argument):
        return None

    before = sys.gettrace()
    sys.settrace(hook)
    try:
        trace_rule(lambda: None)
        found = sys.gettrace()
    finally:
        sys.settrace(before)
    assert found is hook


def test_an_error_of_a_rule_ends_the_watching(odd):
    def fail():
        raise ZeroDivisionError("its own")

    before = sys.gettrace()
    with pytest.raises(ZeroDivisionError, match="its own"):
        trace_rule(fail)
    assert sys.gettrace() is before


def test_a_rule_without_source_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setattr("stepsize.core.record._REGISTRY", {})
    names = {"Optimizer": Optimizer, "__name__": "typed"}
    text = """class Typed(Optimizer):
    lr: float = 0.5

    def direction(self, x, g, slots, h):
        return g, slots
"""
    exec(text, names)
    run = ss.minimize(ss.Parabola(), names["Typed"](), steps=1)
    with pytest.raises(
        ValueError, match="run: got a run of Typed, whose source is not at hand, expected a rule"
    ):
        ss.explain(run)


def test_a_run_from_another_start_is_made_again_from_there():
    (first, second) = ss.explain(ss.minimize(ss.Parabola(), ss.SGD(lr=0.25), x0=[4.0], steps=2), [1, 2]).steps
    assert (first.given["x"].tolist(), second.given["x"].tolist(), second.x_next.tolist()) == (
        [4.0],
        [2.0],
        [1.0],
    )


def test_the_step_of_a_search_has_the_direction_of_the_rule():
    """Also where it found none: the third update stays where it was."""
    run = ss.minimize(ss.Rosenbrock(), ss.Momentum(lr=ss.Armijo()), steps=3)
    for step in ss.explain(run, [1, 2, 3]).steps:
        d = next(line for line in step.lines if line.name == "d")
        last = step.lines[-1]
        assert last.names["d"] is d.value
        assert np.array_equal(last.recomputed(), last.value)
        assert np.array_equal(last.value, step.x_next)
        assert step.given["lr"] == run.history.lr[step.t - 1]
    assert run.history.lr[-1] == 0
    assert not step.moved
    text = ss.explain(ss.minimize(ss.Parabola(), ss.SGD(lr=ss.Armijo()), steps=1)).text()
    assert "  x <- x - lr * d\n    = 10 - " in text


def test_a_direction_that_no_line_tells_is_found_from_the_step(monkeypatch):
    """Two statements on one line are not told apart, and left out."""
    monkeypatch.setattr("stepsize.core.record._REGISTRY", {})

    class Short(Optimizer):
        lr: Hyper = 0.5

        def direction(self, x, g, slots, h):
            d = 2 * g; return d, slots  # fmt: skip  # noqa: E702

    (step,) = ss.explain(ss.minimize(ss.Quadratic(), Short(lr=ss.Armijo()), steps=1)).steps
    assert [line.name for line in step.lines] == ["x"]
    np.testing.assert_allclose(step.lines[0].names["d"], 2 * step.given["g"], rtol=1e-12)


def test_a_comprehension_is_computed_again_with_the_names_around_it(monkeypatch):
    monkeypatch.setattr("stepsize.core.record._REGISTRY", {})

    class Listed(Optimizer):
        lr: Hyper = 0.5
        share: Hyper = 2.0

        def direction(self, x, g, slots, h):
            return np.array([h.share * g[i] for i in range(len(g)) if h.share > 1]), slots

    (step,) = ss.explain(ss.minimize(ss.Quadratic(), Listed(lr=0.01), steps=1)).steps
    assert [line.name for line in step.lines] == ["d", "x"]
    np.testing.assert_array_equal(step.lines[0].recomputed(), 2 * step.given["g"])


def test_the_way_back_into_a_box_is_a_line_that_can_be_computed_again():
    game = ss.OnlineCounterexample(large=5.0, period=3)
    last = ss.explain(ss.minimize(game, ss.SGD(lr=1.0), steps=1)).steps[0].lines[-1]
    assert (last.names["x"].tolist(), last.recomputed().tolist()) == ([-4.0], [-1.0])
    assert "  x <- clip(x)\n    = -1\n" in ss.explain(ss.minimize(game, ss.SGD(lr=1.0), steps=1)).text()
    inside = ss.explain(ss.minimize(game, ss.SGD(lr=0.125), steps=1)).steps[0].lines[-1]
    assert (inside.inside, inside.value.tolist()) == ("SGD", [0.375])


@pytest.mark.parametrize(("text", "start", "lr"), [("x^4", 10.0, 1.0), ("x^2", 1e150, 20.0)])
def test_an_update_beyond_all_numbers_is_told_without_a_warning(text, start, lr):
    run = ss.minimize(ss.Formula(text, [start]), ss.SGD(lr=lr), steps=20)
    assert run.diverged
    for step in ss.explain(run, range(1, run.nit + 1)).steps:
        assert [line.name for line in step.lines] == ["d", "x"]


def test_any_object_with_a_function_and_a_gradient_is_explained():
    class Bare:
        x0 = (3.0,)

        def fun(self, x):
            return (x * x).sum(axis=-1)

        def grad(self, x):
            return 2 * x

    (step,) = ss.explain(ss.minimize(Bare(), ss.SGD(lr=0.25), steps=1)).steps
    assert step.x_next.tolist() == [1.5]


def test_a_gradient_whose_square_is_no_number_is_told_without_a_warning():
    (step,) = ss.explain(ss.minimize(ss.Formula("1e200*x", [1.0]), ss.Adam(lr=0.25), steps=1)).steps
    assert next(line.value for line in step.lines if line.name == "v").tolist() == [np.inf]
    assert not step.moved
