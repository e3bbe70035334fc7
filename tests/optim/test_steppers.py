"""What stands between a rule and its loop, by hand: the record of each update, and the ways to make one."""

import dataclasses
import math
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

import optim.optimizer
from optim import (
    L2,
    SGD,
    Adam,
    ClipByNorm,
    Evaluation,
    GaussNewton,
    Hyper,
    Momentum,
    Newton,
    Optimizer,
    State,
    minimize,
)
from optim.hyperparameters import ANY, Hypers, Range, hyper, rate_kind
from optim.steppers import LineSearchLog, Stepper, stepper_for
from problems import BreastCancer, MiniBatch, Parabola, Quadratic
from schedules import Armijo, BoldDriver, Constant, Linear, Schedule
from schedules.linesearch.base import LineSearchResult, Trial
from tests.noisy import NoisyBowl


class Noted(Schedule, abstract=True):
    """size / (n + 1), and which indices were asked for."""

    size: Any = 1.0
    asked: Any = None
    formula = "size / (n + 1)"

    def value(self, n):
        self.asked.extend(np.ravel(n).astype(int).tolist())
        return self.size / (n + 1)


def noted(size=1.0):
    """A schedule, and the list of what it is asked."""
    schedule, asked = Noted(size), []
    object.__setattr__(schedule, "asked", asked)
    return schedule, asked


class Fresh(Optimizer, abstract=True):
    """A rule with a hyperparameter declared by name, another by its type, and a field that is none."""

    lr: Hyper = 0.5
    pull: "Hyper" = 2.0
    label: str = "none"
    slots: ClassVar = ("first",)

    def start(self, x, h):
        return (np.full_like(x, h.lr * h.t),)

    def direction(self, x, g, slots, h):
        return h.pull * g, slots


class Asking(Fresh, abstract=True):
    """A rule that wants the value as well."""

    requires: ClassVar = ("f",)


class Comparing(Fresh, abstract=True):
    compares_gradients: ClassVar = True


class Lonely(Fresh, abstract=True):
    batched: ClassVar = False


def reciprocal(n):
    return 1.0 / (n + 1)


class TestHypers:
    def test_fields_that_are_hyperparameters(self):
        class Declared(Optimizer, abstract=True):
            lr: Hyper = 0.5
            pull: "Hyper" = 2.0
            label: str = "none"

        assert Declared.own_hypers() == ("lr", "pull")
        assert Declared.own_hypers() == ("lr", "pull")

    def test_the_slots_start_from_the_first_rate(self):
        """h.t = 1 there, and a schedule stands at n = 0."""
        assert Fresh(lr=lambda n: 4.0 - n).init(np.ones(2)).slots[0].tolist() == [4.0, 4.0]

    def test_schedules_are_asked_for_one_update_and_then_for_512(self):
        schedule, asked = noted()
        hypers = Hypers(SGD(lr=schedule), np.ones(2))
        assert hypers.resolve(0).lr == hypers.resolve(0).lr == 1.0
        assert [h.lr for h in hypers.iterate(0, 1)] == [1.0]
        assert asked == [0]
        assert [hypers.resolve(n).lr for n in (1, 2, 512)] == [1 / 2, 1 / 3, 1 / 513]
        assert asked == list(range(513))
        assert hypers.resolve(513).lr == 1 / 514
        assert asked == list(range(513 + 512))
        assert hypers.resolve(7).lr == 1 / 8, "back again"
        assert hypers.resolve(7).t == 8

    @pytest.mark.parametrize(("width", "ahead"), [(2**10, 2**8), (2**19, 1)])
    def test_a_table_is_kept_small_where_values_are_wide(self, width, ahead):
        schedule, asked = noted(np.full((1, width), 3.0))
        hypers = Hypers(SGD(lr=schedule), np.ones((1, width)))
        assert hypers.resolve(0).lr.shape == (1, width)
        assert hypers.resolve(1).lr[0, -1] == 1.5
        assert asked == list(range(1 + ahead))

    @pytest.mark.parametrize("rate", [0.5, reciprocal, Linear(lr=1.0, end=0.25, steps=600)])
    @pytest.mark.parametrize("wrapped", [False, True])
    def test_over_a_stretch_is_the_same_as_one_by_one(self, rate, wrapped):
        rule = L2(Momentum(lr=rate), reciprocal) if wrapped else Momentum(lr=rate)
        one, many = (Hypers(rule, np.ones(2)) for _ in range(2))

        def seen(h):
            inner = h.inner if wrapped else h
            return h.t, inner.t, inner.lr, inner.momentum, h.weight_decay if wrapped else 0.0

        for first, stop in ((0, 3), (3, 600), (600, 1030), (5, 9)):
            assert [seen(h) for h in many.iterate(first, stop)] == [
                seen(one.resolve(n)) for n in range(first, stop)
            ]

    def test_columns_name_what_changes_by_its_path(self):
        rule = L2(Momentum(lr=reciprocal, momentum=0.5), Linear(lr=1.0, end=0.0, steps=4))
        columns = Hypers(rule, np.ones(2)).columns(1, 4)
        assert {path: list(column) for path, column in columns.items()} == {
            ("t",): [2, 3, 4],
            ("weight_decay",): [0.75, 0.5, 0.25],
            ("inner", "t"): [2, 3, 4],
            ("inner", "lr"): [1 / 2, 1 / 3, 1 / 4],
        }

    @pytest.mark.parametrize("shape", [(2,), (3, 2), (4, 3, 2)])
    def test_schedules_of_arrays_have_one_value_a_coordinate(self, shape):
        sizes = np.arange(1.0, 1 + math.prod(shape)).reshape(shape)
        rule = SGD(lr=noted(sizes)[0])
        ((name, first),) = rule.arrays()
        assert name == "lr"
        np.testing.assert_array_equal(first, sizes)
        hypers = Hypers(rule, np.ones(shape))
        for n in range(4):
            np.testing.assert_allclose(hypers.resolve(n).lr, sizes / (n + 1), rtol=1e-15)

    @pytest.mark.parametrize("rate", [np.array([0.1, 0.2]), noted(np.array([0.1, 0.2]))[0]])
    def test_single_precision_is_kept_beside_arrays(self, rate):
        x = np.ones(2, np.float32)
        opt = SGD(lr=rate)
        assert Hypers(opt, x).resolve(0).lr.dtype == np.float32
        assert opt.step(x, x, opt.init(x))[0].dtype == np.float32

    def test_what_a_schedule_may_not_give(self):
        rule = SGD(lr=lambda n: 3.0 - n)
        with pytest.raises(ValueError, match=r"^lr: got -1\.0 from the function for n = 4, expected"):
            Hypers(rule, np.ones(2)).resolve(4)
        with pytest.raises(ValueError, match=r"^lr: got -0\.25 from the schedule for n = 3, expected"):
            Hypers(SGD(lr=noted(-1.0)[0]), np.ones(2)).resolve(3)
        with pytest.raises(TypeError, match="for n = 4, expected a number"):
            Hypers(SGD(lr=lambda n: f"rate {n}"), np.ones(2)).resolve(4)

    def test_nor_over_several_updates(self):
        with pytest.raises(ValueError, match=r"^lr: got -1\.0 from the function for n = 4, expected"):
            list(Hypers(SGD(lr=lambda n: 3.0 - n), np.ones(2)).iterate(0, 6))
        with pytest.raises(ValueError, match=r"^lr: got -1\.0 from the function for n = 4, expected"):
            Hypers(SGD(lr=lambda n: 3.0 - n), np.ones(2)).columns(0, 6)
        with pytest.raises(ValueError, match=r"^lr: got -0\.25 from the schedule for n = 3, expected"):
            Hypers(SGD(lr=noted(-1.0)[0]), np.ones(2)).columns(3, 6)

    def test_limits_name_the_culprit(self):
        with pytest.raises(ValueError, match=r"lr: got -0\.5, expected a finite number of at least 0"):
            SGD(lr=np.array([0.25, -0.5]))
        with pytest.raises(ValueError, match=r"max_norm: got 0\.0, expected a finite number above 0$"):
            ClipByNorm(SGD(), 0.0)
        assert ANY.has(np.array([-math.inf, 0.0, math.inf])).all()
        assert not ANY.has(np.array([math.nan])).any()

    def test_ranges_are_those_of_the_class_that_declares_them(self):
        class Own(Optimizer, abstract=True):
            lr: Hyper = 0.1
            beta: Hyper = 1.5
            limit: Hyper = -1.0
            share: Hyper = hyper(0.5, above=0, below=1)

        assert (Own().beta, Own().limit) == (1.5, -1.0)
        assert Own.ranges() == {"lr": Range(minimum=0.0), "share": Range(above=0, below=1)}
        with pytest.raises(
            ValueError, match=r"^share: got 0\.0, expected a finite number above 0 and below 1$"
        ):
            Own(share=0.0)
        with pytest.raises(ValueError, match=r"^lr: got -0\.5, expected a finite number of at least 0$"):
            Own(lr=-0.5)
        with pytest.raises(ValueError, match=r"^share: got 1\.0 from the schedule for n = 2, expected"):
            list(Hypers(Own(share=Linear(0.5, 2, end=1.0)), np.ones(2)).iterate(0, 4))
        assert hyper(minimum=1).default is dataclasses.MISSING

    def test_an_array_without_axes_is_a_number(self):
        for number in (0.25, 1):
            assert type(SGD(lr=np.array(number)).lr) is float
            assert SGD(lr=np.array(number)).lr == number
        with pytest.raises(TypeError, match="expected a number, an array or a schedule"):
            SGD(lr=np.array([1, 2]))

    def test_what_a_rate_answers_to(self):
        rates = (0.1, Constant(0.1), abs, BoldDriver(), Armijo())
        assert [rate_kind(r) for r in rates] == ["schedule", "schedule", "schedule", "feedback", "search"]


class TestStep:
    def test_no_parameters_are_refused(self):
        with pytest.raises(ValueError, match="expected a vector of parameters"):
            SGD().init(np.zeros(0))

    def test_huge_vectors_go_in_blocks_to_the_same_bits(self, monkeypatch):
        opt, x = Adam(lr=0.1), np.linspace(1.0, 2.0, 6)
        plain = blocks = (x, opt.init(x))
        for k in range(3):
            plain = opt.step(plain[0], np.cos(k + x), plain[1])
        monkeypatch.setattr(optim.optimizer, "HUGE", 6)
        for k in range(3):
            blocks = opt.step(blocks[0], np.cos(k + x), blocks[1])
        assert plain[0].tolist() == blocks[0].tolist()
        assert [s.tolist() for s in plain[1].slots] == [s.tolist() for s in blocks[1].slots]
        assert blocks[1].n == 3

    def test_the_memory_of_a_rate_is_handed_on(self):
        _, state = SGD().step(np.ones(2), np.ones(2), State(4, (), {"kept": 7}))
        assert (state.n, state.carry) == (5, {"kept": 7})

    @pytest.mark.parametrize(
        ("opt", "sentence"),
        [
            (Newton(), "^Newton needs hess, which a gradient alone cannot give"),
            (GaussNewton(), "^GaussNewton needs residuals and jacobian, which a gradient"),
            (SGD(lr=Armijo()), r"^SGD takes its rate from Armijo\(.*\), which a gradient"),
        ],
    )
    def test_what_a_gradient_cannot_give(self, opt, sentence):
        with pytest.raises(TypeError, match=sentence):
            opt.step(np.ones(2), np.ones(2), State(0))


class Watched(NoisyBowl, abstract=True):
    """A noisy bowl that notes which updates ask to see it."""

    def at(self, n):
        self.__dict__.setdefault("asked", []).append(n)
        return super().at(n)


def stepper(opt, problem, x=(1.0, 1.0), state=None):
    x = np.array(x)
    return stepper_for(opt, problem, x, state or State(0))


class TestWays:
    def test_an_evaluation_knows_its_draw(self):
        made = stepper(SGD(), NoisyBowl())
        e = made.evaluate(3, np.array([1.0, 2.0]))
        assert e.drawn == (3, 0)
        assert (e.f, e.g.tolist()) == (
            NoisyBowl().at(3).fun(np.array([1.0, 2.0])),
            NoisyBowl().at(3).grad(np.array([1.0, 2.0])).tolist(),
        )
        assert (made.n_f, made.n_g) == (1, 1)

    def test_each_update_sees_the_problem_once(self):
        problem = Watched()
        minimize(problem, Comparing(lr=0.01), steps=3)
        assert [n for n in problem.asked if n is None] == []
        made = stepper(SGD(), problem, state=State(1))
        problem.asked.clear()
        x = np.ones(2)
        for n in (1, 1, 2, 2, 1):
            assert made.problem_at(n).grad(x).tolist() == NoisyBowl().at(n).grad(x).tolist()
        assert problem.asked == [1, 2, 1]

    def test_a_run_goes_on_from_its_first_update(self):
        whole = minimize(NoisyBowl(), Comparing(lr=0.01), steps=3)
        first = minimize(NoisyBowl(), Comparing(lr=0.01), steps=1)
        rest = minimize(NoisyBowl(), Comparing(lr=0.01), first.last_x, 2, state=first.state)
        assert rest.last_x.tolist() == whole.last_x.tolist()

    def test_a_rule_that_compares_finds_the_gradient_where_the_problem_varies(self):
        x = np.array([1.0, -2.0])
        varying = stepper(Comparing(), NoisyBowl())
        h = varying.resolve(3, x, Evaluation(0.0, x))
        assert h.grad(x).tolist() == NoisyBowl().at(3).grad(x).tolist()
        assert varying.n_g == 1
        assert type(varying.n_g) is int
        fixed = stepper(Comparing(), Quadratic([1.0, 2.0]))
        assert fixed.resolve(3, x, fixed.evaluate(3, x)).grad is None
        plain = stepper(SGD(), NoisyBowl())
        assert plain.resolve(3, x, plain.evaluate(3, x)).grad is None

    def test_an_evaluation_of_unknown_draw_is_the_first_of_its_update(self):
        problem = MiniBatch(BreastCancer(), 20, sampling="dynamic", rng=3)
        x = np.full_like(problem.x0, 0.1)
        h = stepper(Comparing(), problem, problem.x0).resolve(3, x, Evaluation(0.0, x))
        assert h.grad(x).tolist() == problem.sample(3, 0).grad(x).tolist()

    def test_an_evaluation_along_a_line_is_drawn_again(self):
        """The gradient that is asked for once more is of the very mini-batch, and is counted."""
        problem = MiniBatch(BreastCancer(), 20, sampling="dynamic", rng=3)
        x = np.full_like(problem.x0, 0.1)
        made = stepper(Comparing(), problem, problem.x0)
        h = made.resolve(4, x, Evaluation(0.0, x, drawn=(3, 2)))
        assert h.grad(x).tolist() == problem.sample(3, 2).grad(x).tolist()
        assert h.grad(x).tolist() != problem.sample(3, 0).grad(x).tolist()
        assert made.n_g == 2

    def test_what_a_rule_needs(self):
        made = stepper(Asking(), Quadratic([1.0, 2.0]))
        assert made.resolve(0, np.ones(2), made.evaluate(0, np.ones(2))).f == 1.5
        bare = SimpleNamespace(varies=False, formula="bare", x0=(1.0,))
        with pytest.raises(TypeError, match="problem: got bare, expected one with hess, which Newton needs"):
            stepper(Newton(), bare)

    def test_a_rule_for_one_run_refuses_a_batch(self):
        assert type(stepper(Lonely(), Parabola(), [1.0])) is Stepper
        with pytest.raises(TypeError, match="but Lonely does not support batched runs"):
            stepper(Lonely(), Parabola(), [[1.0], [2.0]])

    def test_no_updates_leave_columns_of_the_right_kind(self):
        columns = LineSearchLog().columns(0)
        assert [columns[name].dtype.kind for name in ("status", "n_trials")] == ["U", "i"]


class Halving:
    """A rate of somebody else's that answers to the run, with a memory that is a list and no undoing."""

    kind = "feedback"

    def init(self, x):
        return [1.0]

    def update(self, info, carry):
        return carry[0], [carry[0] / 2]


class TestFeedback:
    @pytest.mark.parametrize("wrapped", [False, True])
    def test_the_rate_reaches_the_rule_through_its_wrappers(self, wrapped):
        """x is halved by a rate of 1/2, a quarter is left of it by another, ..."""
        rule = L2(L2(SGD(lr=Halving()), 0.0), 0.0) if wrapped else SGD(lr=Halving())
        run = minimize(Parabola(curvature=0.5), rule, [8.0], steps=3)
        assert run.history.lr.tolist() == [1.0, 0.5, 0.25]
        assert run.last_x.tolist() == [8.0 * (1 - 0.5) * (1 - 0.25) * (1 - 0.125)]
        assert run.state.carry == [0.125]

    def test_a_rule_may_need_more_than_the_gradient(self):
        run = minimize(Quadratic([1.0, 4.0]), Newton(lr=Halving()), [1.0, 1.0], steps=1)
        np.testing.assert_allclose(run.last_x, 0.0, atol=1e-15)


class Told:
    """A search of somebody else's: it takes steps of 1/2, and notes what it is told."""

    kind = "search"
    end = Trial(0.5, f=7.0, g=np.array([3.0, 4.0]), var_f=0.125, var_g=np.array([5.0, 6.0]), number=3)

    def __init__(self):
        self.told, self.warned = [], []

    def suited_to(self, suggestions):
        return self

    def warn_of_sampling(self, problem):
        self.warned.append(problem)

    def evaluate(self, problem, x):
        return SimpleNamespace(f=float(problem.n), g=2 * x, var_f=0.25, var_g=3 * x)

    def search(self, problem, n, x, e, d, carry):
        self.told.append((problem, n, x.tolist(), e, d.tolist(), carry))
        return LineSearchResult(0.5, self.end, {"looked": n}, "converged", 3, 2)


class TestSearching:
    def test_what_a_search_is_told_and_what_becomes_of_its_answer(self):
        search, problem, x = Told(), NoisyBowl(), np.array([1.0, 2.0])
        made = stepper(SGD(lr=search), problem, state=State(4))
        assert search.warned == [problem]
        first = made.evaluate(4, x)
        assert (first.f, first.g.tolist(), first.var_f, first.var_g.tolist(), first.drawn) == (
            4.0,
            [2.0, 4.0],
            0.25,
            [3.0, 6.0],
            (4, 0),
        )
        x, _, e, rate = made.advance(4, x, first, ())
        assert (x.tolist(), rate) == ([0.0, 0.0], 0.5)
        assert e == (7.0, Told.end.g, 0.125, Told.end.var_g, (4, 3))
        assert made.evaluate(5, x) == e, "handed over"
        made.advance(5, x, e, ())
        assert search.told == [
            (problem, 4, [1.0, 2.0], first, [2.0, 4.0], None),
            (problem, 5, [0.0, 0.0], e, [3.0, 4.0], {"looked": 4}),
        ]
        assert (made.n_f, made.n_g) == (1 + 3 + 3, 1 + 2 + 2)
        columns = made.search_log.columns(2)
        assert (columns["status"].tolist(), columns["n_trials"].tolist()) == (["converged"] * 2, [3, 3])
        assert made.search_log.columns(1)["n_trials"].tolist() == [3]

    def test_a_searched_rule_may_need_more_than_the_gradient(self):
        """Newton's direction from (1, 1) is (1, 1), whatever the curvatures."""
        made, x = stepper(Newton(lr=Armijo(alpha0=1.0)), Quadratic([1.0, 4.0])), np.ones(2)
        x, *_ = made.advance(0, x, made.evaluate(0, x), ())
        np.testing.assert_allclose(x, 0.0, atol=1e-15)

    def test_what_the_search_handed_over_is_not_asked_again(self):
        x = np.array([1.0, 2.0])
        at = {"x": x, "f": 1.5, "g": x, "var_f": 0.25, "var_g": 3 * x, "drawn": (4, 2)}
        made = stepper(
            SGD(lr=Armijo()), Quadratic([1.0, 1.0]), state=State(5, (), {"search": None, "at": at})
        )
        assert made.evaluate(5, x) == (1.5, x, 0.25, at["var_g"], (4, 2))
        assert (made.n_f, made.n_g) == (0, 0)
        fresh = made.evaluate(5, 2 * x)
        assert (fresh.f, fresh.g.tolist(), fresh.drawn) == (10.0, [2.0, 4.0], (5, 0))
        assert (made.n_f, made.n_g) == (1, 1)

    def test_the_end_of_a_search_is_where_the_next_begins(self):
        """x^2/2 from 2 by Armijo's step of 1."""
        made = stepper(SGD(lr=Armijo(alpha0=1.0)), Parabola(curvature=1.0), [2.0])
        x = np.array([2.0])
        x, _, e, rate = made.advance(0, x, made.evaluate(0, x), ())
        assert (x.tolist(), rate, e.f, e.g.tolist()) == ([0.0], 1.0, 0.0, [0.0])
        at = made.carry["at"]
        assert (at["x"].tolist(), at["f"], at["g"].tolist()) == ([0.0], 0.0, [0.0])
        assert made.search_log.columns(1)["n_trials"].tolist() == [1]

    def test_a_rule_without_a_line_is_named(self):
        with pytest.raises(TypeError, match="because an update of Sideways is not x - lr"):
            stepper(Sideways(lr=Armijo()), Parabola(), [1.0])


class Sideways(Fresh, abstract=True):
    def update(self, x, g, slots, h):
        return x, slots
