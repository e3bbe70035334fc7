"""The loop by hand: what it evaluates, where it stops and what it writes down, on runs reckoned on paper."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest

from optim import L2, SGD, GaussNewton, Momentum, Newton, PolyakRuppert, minimize
from optim.minimize import _message
from optim.run import BUDGET, CONVERGED, DIVERGED, STOPPED
from optim.start import checked_problem
from optim.steppers import Stepper
from problems import AdditiveNoise, Parabola, Problem, Rosenbrock
from schedules import Armijo, BoldDriver, Constant
from tests.optim.engines.rules import COMPILED

ENGINES = ["array", "auto", COMPILED]


class Slope(Problem, abstract=True):
    """The sum of the coordinates in a box: every gradient is 1."""

    x0 = (0.5, 0.5)
    minimum = -3.0
    feasible = (np.array([-1.0, -2.0]), np.array([1.0, 1.0]))

    def fun(self, x):
        return x.sum(axis=-1)

    def grad(self, x):
        return np.ones_like(x)


class TestTheTolerance:
    """x^2/2 from 8 at rate 1/2: the values are 32, 8, 2, 0.5, 0.125, the gradients 8, 4, 2, 1, 0.5."""

    bowl = Parabola(curvature=1.0, start=8.0)

    @pytest.mark.parametrize("engine", ENGINES)
    @pytest.mark.parametrize(("tol", "updates"), [(32.0, 0), (8.0, 1), (7.9, 2), (2.0, 2), (0.125, 4)])
    def test_an_error_equal_to_it_meets_it(self, engine, tol, updates):
        run = minimize(self.bowl, SGD(lr=0.5), steps=9, tol=tol, engine=engine)
        assert (run.nit, run.status, run.success) == (updates, 1, True)
        assert run.nfev == run.njev == updates + 1
        assert run.history.fun.tolist() == [32.0 / 4**k for k in range(updates + 1)]

    @pytest.mark.parametrize("engine", ENGINES)
    @pytest.mark.parametrize(("steps", "tol"), [(1, 8.0), (2, 2.0), (3, 0.5)])
    def test_the_last_update_of_the_budget_may_meet_it(self, engine, steps, tol):
        met = minimize(self.bowl, SGD(lr=0.5), steps=steps, tol=tol, engine=engine)
        assert (met.nit, met.status, met.success) == (steps, 1, True)
        missed = minimize(self.bowl, SGD(lr=0.5), steps=steps, tol=0.99 * tol, engine=engine)
        assert (missed.nit, missed.status, missed.success) == (steps, 0, False)

    @pytest.mark.parametrize("engine", ENGINES)
    def test_zero_is_a_tolerance(self, engine):
        run = minimize(self.bowl, SGD(lr=1.0), steps=5, tol=0.0, engine=engine)
        assert (run.nit, run.fun, run.success) == (1, 0.0, True)

    def test_the_gradient_norm_stands_in_for_an_unknown_minimum(self):
        unknown = Problem.of(self.bowl.fun, self.bowl.grad, x0=[8.0])
        run = minimize(unknown, SGD(lr=0.5), steps=9, tol=1.0)
        assert run.nit == 3

    @pytest.mark.parametrize("engine", ENGINES)
    def test_a_batch_waits_for_its_last_run(self, engine):
        """Of two starts 8 and 2 the nearer is there at once; a run that diverges is not waited for."""
        run = minimize(self.bowl, SGD(lr=0.5), [[8.0], [2.0]], steps=9, tol=2.0, engine=engine)
        assert (run.nit, run.success) == (2, True)
        rates = np.array([[0.5], [1e200]])
        run = minimize(self.bowl, SGD(lr=rates), [[8.0], [8.0]], steps=9, tol=2.0, engine=engine)
        assert (run.nit, run.success, run.diverged.tolist()) == (2, True, [False, True])

    @pytest.mark.parametrize("engine", ENGINES)
    def test_a_batch_of_which_all_runs_are_lost_has_not_met_it(self, engine):
        run = minimize(self.bowl, SGD(lr=1e200), [[8.0], [4.0]], steps=9, tol=2.0, engine=engine)
        assert (run.status, run.success, run.diverged.tolist()) == (2, False, [True, True])
        assert (run.nit, run.nfev, run.njev) == (0, 2, 2)

    def test_the_whole_problem_decides_where_the_updates_see_estimates(self):
        """Every update sees values of 0, and the gradients of the bowl."""
        for budget in (2, 9):
            run = minimize(Flattered(), SGD(lr=0.5), steps=budget, tol=2.0)
            assert (run.nit, run.success) == (2, True)
        assert run.history.fun.tolist() == [0.0, 0.0, 0.0]
        assert run.loss.tolist() == [32.0, 8.0, 2.0]


class Flattered(Problem, abstract=True):
    """x^2/2, which looks like 0 to every update."""

    x0 = (8.0,)
    minimum = 0.0
    varies = True

    def fun(self, x):
        return 0.5 * (x * x).sum(axis=-1)

    def grad(self, x):
        return 1.0 * x

    def at(self, n):
        return Problem.of(lambda x: 0.0 * x[0], self.grad, x0=self.x0)


class TestDivergence:
    @pytest.mark.parametrize("engine", ENGINES)
    def test_the_update_that_left_the_finite_numbers_is_counted_and_not_kept(self, engine):
        """x is multiplied by 1 - 1e100 each time: x^2 is finite twice, at 1 and at 1e200."""
        run = minimize(Parabola(curvature=1.0, start=1.0), SGD(lr=1e100), steps=9, engine=engine)
        assert (run.nit, run.status, run.success) == (1, 2, False)
        assert run.diverged is True
        assert (run.nfev, run.njev) == (3, 3)
        np.testing.assert_allclose(run.history.x[:, 0], [1.0, -1e100], rtol=1e-15)
        assert run.state.n == 1

    def test_a_gradient_whose_square_alone_overflows_is_not_lost(self):
        falling = Problem.of(lambda x: x[0], lambda x: np.where(x > 0, 1.0, 1e200), x0=[1.0])
        for engine in ("auto", "array"):
            run = minimize(falling, SGD(lr=0.75), steps=3, engine=engine)
            assert (run.nit, run.diverged) == (3, False)
            assert run.history.grad_norm.tolist() == [1.0, 1.0, 1e200, 1e200]

    @pytest.mark.parametrize("lost", [np.nan, np.inf])
    def test_a_single_run_ends_where_the_gradient_is_lost_though_the_value_is_not(self, lost):
        falling = Problem.of(lambda x: x[0], lambda x: np.where(x > 0, 1.0, lost), x0=[1.0])
        run = minimize(falling, SGD(lr=0.75), steps=9)
        assert (run.nit, run.diverged, run.history.x.tolist()) == (1, True, [[1.0], [0.25]])
        searched = minimize(falling, SGD(lr=Armijo(alpha0=0.75)), steps=9).history
        assert (searched.x.tolist(), searched.lr.tolist()) == ([[1.0], [0.25]], [0.75])
        assert searched.status.tolist() == ["converged"], "of the updates that were kept"
        assert searched.n_trials.tolist() == [1]

    @pytest.mark.parametrize("engine", ENGINES)
    def test_a_batch_ends_with_its_last_run(self, engine):
        """The value of the first is lost at its first update, that of the second at its second."""
        rates = np.array([[1e200], [1e100]])
        run = minimize(Parabola(curvature=1.0), SGD(lr=rates), [[1.0], [1.0]], steps=9, engine=engine)
        assert (run.nit, run.status, run.diverged.tolist()) == (1, 2, [True, True])
        assert (run.nfev, run.njev) == (3, 3)
        rates = np.array([[1e200], [0.5]])
        run = minimize(Parabola(curvature=1.0), SGD(lr=rates), [[1.0], [1.0]], steps=3, engine=engine)
        assert (run.nit, run.status, run.diverged.tolist(), run.success) == (3, 0, [True, False], False)
        assert run.history.x[:, 1, 0].tolist() == [1.0, 0.5, 0.25, 0.125]


class TestWhatItSays:
    @pytest.mark.parametrize(
        ("status", "tol", "minimum", "says"),
        [
            (BUDGET, None, None, "reached the limit of 7 steps"),
            (BUDGET, 0.5, 3.0, "reached the limit of 7 steps, gap still above 0.5"),
            (BUDGET, 0.0, None, "reached the limit of 7 steps, gradient norm still above 0"),
            (CONVERGED, 0.5, 0.0, "gap at most 0.5 after 7 updates"),
            (CONVERGED, 0.0, None, "gradient norm at most 0 after 7 updates"),
            (DIVERGED, None, None, "diverged: update 8 is not finite (inf or nan)"),
            (STOPPED, None, None, "stopped by the callback after 7 updates"),
        ],
    )
    def test_how_the_run_ended_and_how_many_runs_were_lost(self, status, tol, minimum, says):
        exact, other = SimpleNamespace(), SimpleNamespace(gradient_source="guesses")
        for diverged in (False, True, np.array([False, False])):
            assert _message(status, 7, tol, minimum, exact, diverged) == says
        lost = np.array([[True, False, True]])
        assert _message(status, 7, tol, minimum, exact, lost) == f"{says}; 2 of 3 runs diverged"
        assert _message(status, 7, tol, minimum, other, False) == f"{says}; gradients by guesses"


class TestTheEngine:
    @pytest.mark.parametrize("engine", ["auto", "floats"])
    def test_a_single_run_is_left_to_it(self, engine, monkeypatch):
        whole = minimize(Rosenbrock(), SGD(lr=1e-3), steps=600, engine="array")
        monkeypatch.setattr(Stepper, "advance", None)
        run = minimize(Rosenbrock(), SGD(lr=1e-3), steps=600, engine=engine)
        assert np.array_equal(run.history.x, whole.history.x)
        with pytest.raises(TypeError):
            minimize(Rosenbrock(), SGD(lr=1e-3), steps=1, engine="array")

    @pytest.mark.parametrize("engine", ["auto", "traced"])
    def test_a_batch_is_left_to_it(self, engine, monkeypatch):
        monkeypatch.setattr(Stepper, "advance", None)
        run = minimize(Rosenbrock(), SGD(lr=1e-3), np.ones((3, 2)), steps=5, engine=engine)
        assert (run.x == 1.0).all()

    def test_no_engine_runs_past_a_callback(self):
        seen = []
        minimize(Rosenbrock(), SGD(lr=1e-3), steps=3, callback=lambda info: seen.append(info.n))
        assert seen == [1, 2, 3]


class TestTheBox:
    @pytest.mark.parametrize(
        ("lr", "evaluations"), [(0.75, 1 + 4), (Armijo(alpha0=0.75), 1 + 4 + 2)], ids=["fixed", "searched"]
    )
    def test_each_point_is_brought_back_and_evaluated_where_it_is(self, lr, evaluations):
        """The sum falls by 3/4 a coordinate and an update, until its coordinates end at -1 and at -2.

        The search looks once an update; where it ended is evaluated anew only after the two updates that had
        to be brought back.
        """
        run = minimize(Slope(), SGD(lr=lr), steps=4)
        assert run.history.x.tolist() == [
            [0.5, 0.5],
            [-0.25, -0.25],
            [-1.0, -1.0],
            [-1.0, -1.75],
            [-1.0, -2.0],
        ]
        assert run.history.fun.tolist() == [1.0, -0.5, -2.0, -2.75, -3.0]
        assert run.nfev == run.njev == evaluations
        assert run.error[-1] == 0.0

    def test_a_tolerance_may_be_met_at_its_edge(self):
        assert minimize(Slope(), SGD(lr=0.75), steps=9, tol=0.0).nit == 4

    def test_no_other_engine_takes_it(self):
        with pytest.raises(ValueError, match="engine: got the str 'floats', expected array"):
            minimize(Slope(), SGD(lr=0.75), steps=4, engine="floats")


class TestTheCallback:
    def test_it_sees_each_update_and_may_spoil_its_copies(self):
        seen = []

        def note(info):
            seen.append((info.n, info.x.tolist(), float(info.fun), info.grad.tolist(), info.lr))
            info.x[:] = info.grad[:] = np.nan

        run = minimize(Parabola(curvature=1.0, start=8.0), SGD(lr=0.5), steps=3, callback=note)
        assert seen == [(1, [4.0], 8.0, [4.0], 0.5), (2, [2.0], 2.0, [2.0], 0.5), (3, [1.0], 0.5, [1.0], 0.5)]
        assert run.history.x[:, 0].tolist() == [8.0, 4.0, 2.0, 1.0]
        rest = minimize(run.problem, run.optimizer, run.last_x, 1, state=run.state, callback=note)
        assert seen[-1] == (4, [0.5], 0.125, [0.5], 0.5)
        assert (rest.nit, rest.state.n) == (1, 4)

    def test_where_it_stops_the_run_is_kept(self):
        def stop(info):
            if info.n == 2:
                raise StopIteration

        run = minimize(Parabola(curvature=1.0, start=8.0), SGD(lr=0.5), steps=9, callback=stop)
        assert (run.nit, run.status, run.state.n) == (2, 3, 2)
        assert run.history.x[:, 0].tolist() == [8.0, 4.0, 2.0]
        assert run.jac.tolist() == [2.0]
        assert run.nfev == 3


class TestTheBudget:
    def test_it_is_a_thousand_updates_unless_told(self):
        assert minimize(Parabola(), SGD(lr=0.0)).nit == 1000

    @pytest.mark.parametrize("engine", ENGINES)
    @pytest.mark.parametrize("starts", [[8.0], [[8.0], [8.0]]], ids=["single", "batch"])
    def test_a_function_for_a_rate_is_asked_for_the_updates_that_are_made_and_no_further(
        self, engine, starts
    ):
        """A line that reaches 0 with the last update, and would be below 0 after it; a list that ends."""
        rates, decays = [0.5, 0.375, 0.25, 0.125, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]
        rule = L2(Momentum(lambda n: 0.5 - 0.125 * n, momentum=Constant(0.0)), lambda n: decays[n])
        run = minimize(Parabola(curvature=1.0), rule, starts, steps=5, engine=engine)
        assert run.history.lr.tolist() == rates
        np.testing.assert_array_equal(run.x, np.full_like(starts, 8 * 0.5 * 0.625 * 0.75 * 0.875))

    def test_estimates_whose_minimum_is_unknown_run_unthinned(self):
        noisy = AdditiveNoise(Problem.of(lambda x: x @ x, lambda x: 2 * x, x0=[1.0]), sigma_g=0.1)
        assert minimize(noisy, SGD(lr=0.1), steps=3, every=1).nit == 3


class TestSearches:
    def test_the_columns_have_one_entry_an_update_that_is_kept(self):
        """x^2/2: a step of 1 ends at the minimum, where nothing is left to look for."""
        run = minimize(Parabola(curvature=1.0, start=2.0), SGD(lr=Armijo(alpha0=1.0)), steps=3)
        assert run.history.status[:1].tolist() == ["converged"]
        assert run.history.n_trials[:1].tolist() == [1]
        assert len(run.history.status) == len(run.history.n_trials) == 3


class TestNoUpdates:
    @pytest.mark.parametrize("every", [1, 3])
    @pytest.mark.parametrize("rule", [SGD(lr=0.5), PolyakRuppert(SGD(lr=0.5)), SGD(lr=Armijo())], ids=repr)
    def test_the_start_is_all_there_is(self, rule, every):
        run = minimize(Rosenbrock(), rule, [0.0, 0.0], steps=0, every=every)
        h = run.history
        assert (run.nit, run.nfev, run.njev, run.success, run.status) == (0, 1, 1, True, 0)
        assert (h.x.tolist(), h.fun.tolist(), h.grad_norm.tolist()) == ([[0.0, 0.0]], [1.0], [2.0])
        assert h.lr.shape == h.overshoot.shape == (0,)
        assert h.n.tolist() == [0]
        assert (run.x.tolist(), run.fun, run.best_step, run.best_fun) == ([0.0, 0.0], 1.0, 0, 1.0)
        assert run.overshoot_share == 0.0


class Bare:
    """x^2/2 from somebody who only has two functions."""

    def fun(self, x):
        return 0.5 * (x * x).sum(axis=-1)

    def grad(self, x):
        return 1.0 * x


class Telling(Bare):
    x0 = (2.0, 4.0)
    minimum = -1.0
    minimizers = ((0.0, 0.0),)
    L = 1.0
    mu = 1.0
    domain = (-5.0, 5.0)
    feasible = (-4.0, 4.0)
    gradient_source = "a neighbour"
    formula = "half a square"

    def hess(self, x):
        return np.eye(2)

    def residuals(self, x):
        return x

    def jacobian(self, x):
        return np.eye(2)


class TestSomebodyElsesProblem:
    def test_what_it_does_not_tell_is_unknown(self):
        problem = checked_problem(Bare())
        facts = ("x0", "minimum", "minimizers", "L", "mu", "domain", "feasible", "dim")
        assert [getattr(problem, name) for name in facts] == [None] * 8
        assert (problem.varies, problem.gradient_source, problem.formula) == (False, "exact", "Bare")
        with pytest.raises(ValueError, match="x0: got None, expected a start"):
            minimize(Bare(), SGD(lr=0.5))
        run = minimize(Bare(), SGD(lr=0.5), [2.0], steps=1)
        assert (run.measure, run.message) == ("gradient norm", "reached the limit of 1 step")

    def test_what_it_tells_is_used(self):
        problem = checked_problem(Telling())
        for name, value in vars(Telling).items():
            if not (name.startswith("__") or callable(value)):
                assert getattr(problem, name) == value, name
        assert problem.dim == 2
        for rule in (Newton(lr=1.0), GaussNewton(lr=1.0)):
            run = minimize(Telling(), rule, steps=1)
            np.testing.assert_allclose(run.history.x, [[2.0, 4.0], [0.0, 0.0]], atol=1e-15)
            assert run.error.tolist() == [11.0, 1.0]
            assert run.message == "reached the limit of 1 step; gradients by a neighbour"
        assert minimize(Telling(), SGD(lr=3.0), steps=1).x.tolist() == [-4.0, -4.0], "in its box"
        assert minimize(Telling(), Newton(lr=Armijo(alpha0=0.5)), steps=2).x.tolist() == [0.5, 1.0]
        half = Problem.of(Telling().fun, Telling().grad, x0=[2.0])
        with pytest.raises(TypeError, match="expected one with hess, which Newton needs"):
            minimize(half, Newton(lr=1.0), steps=1)
        with pytest.raises(TypeError, match="got Bare, expected one with hess"):
            minimize(Bare(), Newton(lr=1.0), [2.0], steps=1)

    @pytest.mark.parametrize(
        ("fun", "grad", "error", "sentence"),
        [
            (lambda x: x[:, 0], lambda x: x[0], ValueError, r"grad: .* expected the shape \(3, 2\) of x"),
            (lambda x: x[:1, 0], lambda x: x, ValueError, r"fun: .* one value a run, of shape \(3,\)"),
            (lambda x: 1 / x[:, 0], lambda x: x, ValueError, r"x0: .* expected a start with a finite value"),
            (lambda x: x[:, 0], lambda x: x + 0j, TypeError, "grad: .* expected floats"),
        ],
    )
    def test_what_it_gives_first_is_looked_at(self, fun, grad, error, sentence):
        problem = SimpleNamespace(fun=fun, grad=grad, batched=True)
        with pytest.raises(error, match=sentence):
            minimize(problem, SGD(lr=0.5), [[1.0, 2.0], [0.0, 1.0], [2.0, 1.0]])

    def test_a_batch_of_batches_has_one_value_a_run(self):
        flat = SimpleNamespace(fun=lambda x: x[:3, 0], grad=lambda x: x, batched=True)
        with pytest.raises(ValueError, match=r"of shape \(3,\) .* one value a run, of shape \(2, 3\)$"):
            minimize(flat, SGD(lr=0.5), np.ones((2, 3, 1)))

    def test_work_that_it_shares_between_value_and_gradient_is_shared(self):
        class Sharing(Bare):
            asked = 0

            def value_and_grad(self, x):
                self.asked += 1
                return self.fun(x), self.grad(x)

        problem = Sharing()
        run = minimize(problem, SGD(lr=0.5), [2.0], steps=3)
        assert (run.x.tolist(), problem.asked, run.nfev) == ([0.25], 4, 4)

    def test_a_problem_of_ours_is_taken_as_it_is(self):
        problem = Parabola()
        assert minimize(problem, SGD(lr=0.5), steps=3).problem is problem
        assert checked_problem(problem) is problem

    def test_one_that_varies_and_says_no_more_is_seen_as_it_is_at_each_update(self):
        """(x - n)^2/2 at update n: half way from 2 to 0, then from 1 to 1, then from 1 to 2."""

        class TimeVarying(Bare):
            varies = True

            def at(self, n):
                return Problem.of(lambda x: 0.5 * ((x - n) @ (x - n)), lambda x: x - n, x0=[0.0])

        run = minimize(TimeVarying(), SGD(lr=0.5), [2.0], steps=3)
        assert run.history.x.ravel().tolist() == [2.0, 1.0, 1.0, 1.5]

    def test_a_run_of_it_can_be_pickled(self):
        run = pickle.loads(pickle.dumps(minimize(Telling(), SGD(lr=0.5), steps=1)))
        assert (run.problem.formula, run.problem.dim, run.error.tolist()) == ("half a square", 2, [11.0, 3.5])

    def test_the_minimum_which_may_be_dear_is_asked_for_only_where_a_tolerance_is(self):
        class Dear(Bare):
            varies = False
            x0 = (2.0,)
            formula = "dear"
            asked = 0

            @property
            def minimum(self):
                self.asked += 1
                return 0.0

            def value_and_grad(self, x):
                return self.fun(x), self.grad(x)

        problem = Dear()
        minimize(problem, SGD(lr=0.5), steps=3)
        assert problem.asked == 0
        assert minimize(problem, SGD(lr=0.5), steps=3, tol=0.5).message == "gap at most 0.5 after 1 update"
        assert problem.asked == 1

    def test_half_a_problem_is_none(self):
        class Half:
            def fun(self, x):
                return 0.0

        with pytest.raises(TypeError, match=r"expected .* fun and grad, such as Problem\.of\(fun, grad, x0="):
            minimize(Half(), SGD(lr=0.5), [1.0])


class TestUndoing:
    """x^2/2 from 1: a bold driver halves its rate after a failure, doubles it after a success."""

    bold = BoldDriver(6.0, up=2.0, down=0.5)
    # Failures at -5 and -2 lead back to 1, and one at 1 to -1/2.
    plain = SGD(lr=bold), [1.0, -5.0, -2.0, -0.5, 1.0, 0.25], [6.0, 3.0, 1.5, 3.0, 1.5]
    # v is 1 for each update from 1; from -1/2 it is 1/2 - 1/2 = 0, so that nothing moves, then -1/2, twice.
    heavy = (
        Momentum(lr=bold, momentum=0.5),
        [1.0, -5.0, -2.0, -0.5, -0.5, 1.0, 0.25],
        [6.0, 3.0, 1.5, 3.0, 3.0, 1.5],
    )

    @pytest.mark.parametrize(("rule", "points", "rates"), [plain, heavy], ids=["plain", "heavy"])
    def test_an_update_that_failed_starts_again_with_all_that_the_rule_knew(self, rule, points, rates):
        bowl = Parabola(curvature=1.0, start=1.0)
        whole = minimize(bowl, rule, steps=len(rates))
        assert whole.history.x[:, 0].tolist() == points
        assert whole.history.lr.tolist() == rates
        assert whole.nfev == whole.njev == len(points)
        for cut in range(1, len(rates)):
            first = minimize(bowl, rule, steps=cut)
            rest = minimize(bowl, rule, first.last_x, len(rates) - cut, state=first.state)
            assert rest.history.x[:, 0].tolist() == points[cut:], cut


@pytest.mark.parametrize("steps", [15, 16, 17, 31, 40, 100])
def test_a_batch_ends_where_its_last_row_leaves_the_finite_numbers_wherever_a_chunk_ends(steps):
    """f = x^2 from 1 at rate r multiplies x by 1 - 2 r: a rate for every end of a run from 1 to 40."""
    for until in range(1, 41):
        rate = 0.5 * (1 + 10.0 ** (153.7 / until))
        run = minimize(Parabola(), SGD(lr=np.array([[rate], [1.5 * rate]])), np.ones((2, 1)), steps)
        with np.errstate(over="ignore", invalid="ignore"):
            x = np.cumprod(np.append(1.0, np.full(steps, 1 - 2 * rate)))
            lasting = int(np.isfinite(4 * x * x).sum()) - 1
        assert run.nit == min(lasting, steps)
        assert run.history.lr.shape == (run.nit, 2, 1)
