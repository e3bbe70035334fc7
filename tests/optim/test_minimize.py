"""The loop and its record: what is kept, when it stops, and what it says."""

import functools
from fractions import Fraction

import numpy as np
import pytest
import scipy.optimize

import optim.engines
import stepsize as ss
from optim import State
from optim.engines.compiled.single import CompiledRun
from tests.optim.engines.rules import needs_compiler


class TestHistory:
    def test_rows_are_points_and_updates(self):
        run = ss.minimize(ss.Rosenbrock(), ss.Momentum(lr=1e-3), steps=7)
        h = run.history
        assert h.x.shape == (8, 2)
        assert h.fun.shape == h.grad_norm.shape == (8,)
        assert h.lr.shape == h.overshoot.shape == (7,)
        assert np.array_equal(h.x[0], [-1.2, 1.0])
        assert np.array_equal(h.fun, ss.Rosenbrock().fun(h.x))
        np.testing.assert_allclose(
            h.grad_norm, np.linalg.norm(ss.Rosenbrock().grad(h.x), axis=-1), rtol=1e-14
        )
        assert run.nit == 7
        assert run.nfev == run.njev == 8

    def test_long_runs_are_put_together_from_chunks_without_a_seam(self):
        run = ss.minimize(ss.Quadratic(), ss.SGD(lr=0.09), steps=1300)
        x, lam = np.array([-5.0, -2.0]), np.array([1.0, 20.0])
        np.testing.assert_allclose(run.history.x[1025], x * (1 - 0.09 * lam) ** 1025, rtol=1e-10, atol=1e-300)
        moved = np.diff(run.history.x, axis=0)
        slope = (moved * ss.Quadratic().grad(run.history.x[1:])).sum(axis=1)
        assert np.array_equal(run.history.overshoot, slope > 0)

    def test_it_keeps_copies(self):
        start = np.array([-1.2, 1.0])
        seen = []
        run = ss.minimize(
            ss.Rosenbrock(), ss.SGD(lr=1e-3), x0=start, steps=3, callback=lambda i: seen.append(i.x)
        )
        start[:] = 99.0
        for x in seen:
            x[:] = 99.0
        run.x[:] = 99.0
        assert np.isfinite(run.history.x).all()
        assert np.abs(run.history.x).max() < 2

    def test_the_rate_recorded_is_the_rate_used(self):
        schedule = ss.StepDecay(1e-3, 0.5, 2)
        run = ss.minimize(ss.Rosenbrock(), ss.SGD(lr=schedule), steps=5)
        assert run.history.lr.tolist() == schedule(np.arange(5)).tolist()
        moves = -np.diff(run.history.x, axis=0) / ss.Rosenbrock().grad(run.history.x[:-1])
        np.testing.assert_allclose(moves, np.array(run.history.lr)[:, None] * np.ones(2), rtol=1e-10)

    def test_best_and_last_are_kept_apart(self):
        run = ss.minimize(ss.Rosenbrock(), ss.Adam(lr=0.2), steps=3000)
        assert run.best_step == int(run.history.fun.argmin())
        assert run.best_fun == run.history.fun.min() < run.fun
        assert np.array_equal(run.best_x, run.history.x[run.best_step])

    def test_nothing_is_evaluated_twice(self):
        calls = {"fun": 0, "grad": 0}

        def fun(x):
            calls["fun"] += 1
            return float(x @ x)

        def grad(x):
            calls["grad"] += 1
            return 2 * x

        run = ss.minimize(ss.Problem.of(fun, grad, x0=[1.0, 2.0]), ss.SGD(lr=0.1), steps=10)
        assert calls == {"fun": 11, "grad": 11} == {"fun": run.nfev, "grad": run.njev}


class TestTheEnd:
    def test_the_whole_budget_is_used_unless_a_tolerance_is_given(self):
        run = ss.minimize(ss.Parabola(), ss.SGD(lr=0.5), steps=9)
        assert (run.nit, run.status, run.success) == (9, 0, True)
        assert run.message == "reached the limit of 9 steps"

    def test_a_tolerance_on_the_gap(self):
        run = ss.minimize(ss.Parabola(), ss.SGD(lr=0.25), steps=100, tol=1e-4)
        assert run.error[-1] <= 1e-4 < run.error[-2]
        assert (run.status, run.success) == (1, True)
        assert run.message == f"gap at most 0.0001 after {run.nit} updates"

    def test_a_tolerance_on_the_gradient_where_the_minimum_is_unknown(self):
        problem = ss.Problem.of(lambda x: float(x @ x), lambda x: 2 * x, x0=[1.0])
        run = ss.minimize(problem, ss.SGD(lr=0.25), steps=100, tol=1e-4)
        assert run.measure == "gradient norm"
        assert run.history.grad_norm[-1] <= 1e-4 < run.history.grad_norm[-2]
        assert run.message.startswith("gradient norm at most 0.0001")

    def test_a_tolerance_that_is_not_met_is_no_success(self):
        run = ss.minimize(ss.Parabola(), ss.SGD(lr=0.001), steps=5, tol=1e-4)
        assert not run.success
        assert run.message == "reached the limit of 5 steps, gap still above 0.0001"

    def test_a_tolerance_met_at_the_start_makes_no_update(self):
        assert ss.minimize(ss.Parabola(), ss.SGD(), x0=[0.0], tol=1e-4).nit == 0

    @pytest.mark.parametrize("optimizer", [ss.SGD(lr=10.0), ss.Momentum(lr=10.0), ss.Nesterov(lr=10.0)])
    def test_divergence_ends_with_finite_history(self, optimizer):
        run = ss.minimize(ss.Rosenbrock(), optimizer, steps=5000)
        assert run.diverged
        assert not run.success
        assert run.status == 2
        assert run.nit < 50
        assert run.message == f"diverged: update {run.nit + 1} is not finite (inf or nan)"
        for rows in (run.history.x, run.history.fun, run.history.grad_norm):
            assert np.isfinite(rows).all()
        assert ss.diagnose(run).verdict == "diverged"

    def test_rows_that_diverge_do_not_disturb_the_others(self):
        rates = np.array([1e-3, 0.5, 1e-4, 3.0])
        batch = ss.minimize(ss.Rosenbrock(), ss.SGD(lr=rates[:, None]), steps=300)
        assert batch.diverged.tolist() == [False, True, False, True]
        assert "2 of 4 runs diverged" in batch.message
        for row in (0, 2):
            alone = ss.minimize(ss.Rosenbrock(), ss.SGD(lr=float(rates[row])), steps=300)
            assert np.array_equal(batch.history.x[:, row], alone.history.x)
        assert not np.isfinite(batch.fun[1])
        settled = batch.settled(atol=4.0)
        assert np.isnan(settled[1])
        assert settled[0] == ss.minimize(ss.Rosenbrock(), ss.SGD(lr=1e-3), steps=300).settled(atol=4.0)

    def test_the_callback_can_stop(self):
        def stop(info):
            if info.n == 3:
                raise StopIteration

        run = ss.minimize(ss.Parabola(), ss.SGD(lr=0.1), steps=10, callback=stop)
        assert (run.nit, run.status, run.message) == (3, 3, "stopped by the callback after 3 updates")

    def test_finite_differences_are_named(self):
        problem = ss.Problem.of(lambda x: float(x @ x), x0=[1.0, -2.0])
        run = ss.minimize(problem, ss.SGD(lr=0.1), steps=3)
        assert run.message.endswith("gradients by finite differences")
        exact = ss.Quadratic([2.0, 2.0])
        np.testing.assert_allclose(
            run.x, ss.minimize(exact, ss.SGD(lr=0.1), x0=[1.0, -2.0], steps=3).x, rtol=1e-6
        )

    def test_any_object_with_fun_and_grad_will_do(self):
        class Bowl:
            def fun(self, x):
                return (x * x).sum(axis=-1)

            def grad(self, x):
                return 2 * x

        run = ss.minimize(Bowl(), ss.SGD(lr=0.25), x0=[4.0], steps=2)
        assert run.x.tolist() == [1.0]
        assert ss.race(Bowl(), [ss.SGD(lr=0.25)], x0=[4.0], steps=2).table()


BAD = [
    (lambda: ss.SGD(lr=-1), ValueError, "lr: got -1.0, expected a finite number of at least 0"),
    (lambda: ss.SGD(lr=float("nan")), ValueError, "lr: got nan"),
    (
        lambda: ss.SGD(lr="fast"),
        TypeError,
        "lr: got the str 'fast', expected a number, an array or a schedule",
    ),
    (lambda: ss.SGD(lr=True), TypeError, "lr: got True"),
    (lambda: ss.SGD(lr=ss.Adam()), TypeError, "lr: got the optimizer Adam()"),
    (lambda: ss.SGD(lr=ss.StepDecay), TypeError, "lr: got the class StepDecay"),
    (lambda: ss.SGD(lr=np.array([1, 2])), TypeError, "lr: got an array of int64"),
    (lambda: ss.Adam(beta1=1.0), ValueError, "beta1: got 1.0, expected a finite number from 0 to below 1"),
    (
        lambda: ss.minimize(ss.Quadratic(), ss.SGD(lr=lambda n: 0.1 - n)),
        ValueError,
        "lr: got -0.9 from the function for n = 1",
    ),
    (
        lambda: ss.minimize(ss.Quadratic(), ss.SGD(lr=lambda n: [n])),
        TypeError,
        "lr: the function gave",
    ),
    (
        lambda: ss.minimize(ss.Quadratic(), ss.SGD(lr=[0.1, 0.2, 0.3])),
        ValueError,
        "lr: got an array of float64",
    ),
    (
        lambda: ss.minimize(ss.Quadratic(), ss.SGD(lr=[0.1, 0.2]), x0=np.ones((3, 2))),
        ValueError,
        r"lr\[:, None\]",
    ),
    (
        lambda: ss.SGD().init(np.array([1, 2])),
        TypeError,
        "x: got an array of int64",
    ),
    (
        lambda: ss.minimize(ss.Quadratic(), ss.SGD(), x0=np.array([1.0, None])),
        TypeError,
        "x0: got an array of object",
    ),
    (
        lambda: ss.minimize(ss.Quadratic(), ss.SGD(), x0=[1.0, np.nan]),
        ValueError,
        "x0: .* expected finite numbers",
    ),
    (
        lambda: ss.minimize(ss.Quadratic(), ss.SGD(), x0=[1.0]),
        ValueError,
        "x0: got shape .1,., expected 2 numbers",
    ),
    (
        lambda: ss.minimize(ss.Quadratic(), ss.SGD(), x0=3.0),
        ValueError,
        "x0: got shape .1,., expected 2 numbers",
    ),
    (lambda: ss.minimize(ss.Quadratic(), ss.SGD(), steps=1.5), TypeError, "steps: got 1.5"),
    (lambda: ss.minimize(ss.Quadratic(), ss.SGD(), steps=-1), ValueError, "steps: got -1"),
    (lambda: ss.minimize(ss.Quadratic(), ss.SGD(), tol=-1), ValueError, "tol: got -1"),
    (lambda: ss.minimize(ss.Quadratic, ss.SGD()), TypeError, "problem: .*such as Quadratic"),
    (lambda: ss.minimize(ss.Quadratic(), ss.SGD), TypeError, "optimizer: got .* expected an optimizer"),
    (lambda: ss.minimize(ss.Quadratic(), ss.SGD(), state=3), TypeError, "state: got 3"),
    (
        lambda: ss.minimize(ss.Problem.of(np.sum, lambda x: x[:1], x0=[1.0, 2.0]), ss.SGD()),
        ValueError,
        "grad: got an array of float64 of shape .1,., expected the shape .2,. of x",
    ),
    (
        lambda: ss.minimize(ss.Problem.of(np.sum, lambda x: x.astype(complex), x0=[1.0, 2.0]), ss.SGD()),
        TypeError,
        "grad: got an array of complex128",
    ),
    (
        lambda: ss.minimize(ss.Problem.of(lambda x: x, lambda x: x, x0=[1.0, 2.0]), ss.SGD()),
        ValueError,
        "fun: got .* expected a number",
    ),
    (
        lambda: ss.SGD().step(np.ones(2), np.ones(3), ss.SGD().init(np.ones(2))),
        ValueError,
        "grad: got an array",
    ),
    (lambda: ss.SGD().init([1, "a"]), TypeError, "x: got"),
    (lambda: ss.Problem.of(3, x0=[1.0]), TypeError, "fun: got 3, expected a function of x"),
    (lambda: ss.race(ss.Quadratic(), []), ValueError, "optimizers: got none"),
    (lambda: ss.Quadratic([[1.0, 2.0], [3.0, 4.0]]), ValueError, "hessian: .* expected a symmetric matrix"),
    (lambda: ss.LogisticRegression([[1.0], [2.0]], [0, 2]), ValueError, "y: got the classes"),
    (lambda: ss.LogisticRegression([[1.0], [np.nan]], [0, 1]), ValueError, "X: .* expected finite values"),
    (lambda: ss.LogisticRegression([[1.0], [2.0]], [0, 1, 1]), ValueError, "y: .* expected 2 labels"),
    (lambda: ss.StepDecay(0.1, 0.5, 0), ValueError, "every: got 0"),
    (lambda: ss.Linear(0.1, steps=-5), ValueError, "steps: got -5"),
    (lambda: ss.TimeBased(0.1, d=-1), ValueError, "d: got -1"),
]


@pytest.mark.parametrize(("call", "error", "sentence"), BAD, ids=lambda v: v if isinstance(v, str) else "")
def test_bad_input_gets_one_sentence(call, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        call()
    assert "\n" not in str(caught.value)


class TestState:
    def test_a_file_that_is_no_state_is_refused(self, tmp_path):
        np.savez(tmp_path / "other.npz", a=np.ones(2))
        with pytest.raises(
            ValueError, match=r"path: got .*other.npz.*, expected a file written by State.save"
        ):
            State.load(tmp_path / "other.npz")

    def test_nothing_half_written_is_left_behind(self, tmp_path):
        ss.Adam().init(np.ones(2)).save(tmp_path / "s.npz")
        assert [p.name for p in tmp_path.iterdir()] == ["s.npz"]

    def test_a_state_of_another_rule_is_refused(self):
        state = ss.Adam().init(np.ones(2))
        with pytest.raises(ValueError, match="state: got that of Adam, expected that of SGD"):
            ss.minimize(ss.Quadratic(), ss.SGD(), state=state)

    def test_what_a_rate_remembers_travels_too(self, tmp_path):
        carry = {"best": 1.5, "x": np.array([1.0, 2.0]), "nested": [{"k": 1}, None, "word"]}
        State(3, (), carry).save(tmp_path / "s.npz")
        back = State.load(tmp_path / "s.npz").carry
        assert back["best"] == 1.5
        assert np.array_equal(back["x"], carry["x"])
        assert back["nested"] == ({"k": 1}, None, "word")


class TestSciPyMethod:
    """An optimizer is a `method=` of scipy.optimize.minimize."""

    def run(self, **options):
        x0, jac = [-1.2, 1.0], scipy.optimize.rosen_der
        return scipy.optimize.minimize(
            scipy.optimize.rosen, x0, **({"jac": jac, "method": ss.Adam(lr=0.01)} | options)
        )

    def test_it_makes_the_same_updates(self):
        result = self.run(options={"maxiter": 50})
        ours = ss.minimize(ss.Rosenbrock(), ss.Adam(lr=0.01), steps=50)
        np.testing.assert_allclose(result.x, ours.x, rtol=1e-12)
        assert result.nit == 50
        assert result.nfev == result.njev == 51
        assert (result.success, result.status) == (False, 1)
        assert isinstance(result, scipy.optimize.OptimizeResult)

    def test_the_tolerance_arrives(self):
        result = self.run(method=ss.Momentum(lr=1e-3), tol=1e-3, options={"maxiter": 20_000})
        assert result.success
        assert np.linalg.norm(result.jac) <= 1e-3

    def test_fun_that_returns_both(self):
        def both(x):
            return scipy.optimize.rosen(x), scipy.optimize.rosen_der(x)

        one = scipy.optimize.minimize(
            both, [-1.2, 1.0], jac=True, method=ss.SGD(lr=1e-3), options={"maxiter": 9}
        )
        assert np.array_equal(one.x, self.run(method=ss.SGD(lr=1e-3), options={"maxiter": 9}).x)

    def test_no_jac_means_finite_differences(self):
        result = self.run(jac=None, options={"maxiter": 5})
        assert result.message.endswith("gradients by finite differences")
        assert result.nfev == 6 + 6 * 3
        np.testing.assert_allclose(result.x, self.run(options={"maxiter": 5}).x, rtol=1e-5)

    def test_args_are_passed_on(self):
        result = scipy.optimize.minimize(
            lambda x, a: a * x @ x, [1.0], args=(3.0,), jac=lambda x, a: 2 * a * x, method=ss.SGD(lr=0.1),
            options={"maxiter": 1},
        )  # fmt: skip
        assert result.x[0] == pytest.approx(1 - 0.1 * 6)

    def test_both_signatures_of_callbacks(self):
        old, new = [], []
        self.run(callback=lambda xk: old.append(xk), options={"maxiter": 4})
        self.run(callback=lambda intermediate_result: new.append(intermediate_result), options={"maxiter": 4})
        assert len(old) == len(new) == 4
        assert np.array_equal(old[-1], new[-1].x)
        assert new[-1].fun == scipy.optimize.rosen(new[-1].x)

    def test_a_callback_can_stop(self):
        def stop(intermediate_result):
            raise StopIteration

        assert self.run(callback=stop).nit == 1

    @pytest.mark.parametrize(("answer", "updates"), [(True, 1), (False, 4), (None, 4), (1, 4), ("yes", 4)])
    def test_a_callback_that_answers_true_stops_and_no_other_answer_does(self, answer, updates):
        def callback(xk):
            return answer

        assert self.run(callback=callback, options={"maxiter": 4}).nit == updates

    def test_without_maxiter_there_are_a_thousand_updates(self):
        result = scipy.optimize.minimize(lambda x: x @ x, [1.0], jac=lambda x: 2 * x, method=ss.SGD(lr=0.0))
        assert result.nit == 1000

    @pytest.mark.parametrize("start", [8.0, [8.0], [[8.0]], 8])
    def test_a_start_of_any_shape_is_one_vector(self, start):
        """x^2/2 from 8 is halved three times; the functions get a vector of floats of their own."""
        seen = []

        def fun(x):
            seen.append((x.shape, x.dtype))
            return 0.5 * x @ x

        def jac(x):
            slope = x.copy()
            x[:] = np.nan
            return slope.tolist()

        result = ss.SGD(lr=0.5)(fun, start, jac=jac, maxiter=3)
        assert result.x.tolist() == result.jac.tolist() == [1.0]
        assert (result.fun, result.nit, result.nfev, result.njev, result.status) == (0.5, 3, 4, 4, 1)
        assert set(seen) == {((1,), np.dtype(float))}
        assert np.array_equal(result.run.history.x[:, 0], [8.0, 4.0, 2.0, 1.0])
        assert result.message == result.run.message == "reached the limit of 3 steps"

    def test_the_function_may_write_to_what_it_is_given(self):
        def fun(x):
            value = 0.5 * x @ x
            x[:] = np.nan
            return value

        def hess(x):
            x[:] = np.nan
            return [[1.0]]

        result = ss.Newton(lr=0.5)(fun, [8.0], jac=lambda x: x, hess=hess, maxiter=3)
        assert result.x.tolist() == [1.0]

    def test_the_tolerance_is_one_on_the_gradient(self):
        """x^2/2 + 7 from 8: the slopes are 8, 4, 2, 1."""
        result = ss.SGD(lr=0.5)(lambda x: 0.5 * x @ x + 7, [8.0], jac=lambda x: x, tol=1.0)
        assert (result.nit, result.status, result.success) == (3, 0, True)

    def test_a_hessian_serves_a_rule_that_needs_it(self):
        """a x^2/2 at a = 3: Newton is there at once."""
        given = {"args": (3.0,), "jac": lambda x, a: a * x, "method": ss.Newton(lr=1.0)}
        result = scipy.optimize.minimize(
            lambda x, a: 0.5 * a * x @ x,
            [8.0],
            hess=lambda x, a: [[a + 0 * x[0]]],
            options={"maxiter": 1},
            **given,
        )
        assert result.x.tolist() == [0.0]
        with pytest.raises(TypeError, match="expected one with hess, which Newton needs"):
            ss.Newton()(lambda x: x @ x, [8.0], jac=lambda x: 2 * x, hess="2-point")

    def test_derivatives_may_be_numbers_of_any_kind_and_a_column(self):
        """Of (x1^2 + x2^2)/2 in fractions: half a Newton step halves, and so does one of SGD."""
        given = {
            "jac": lambda x: [[Fraction(v)] for v in x],
            "hess": lambda x: [[Fraction(1 + i == 1 + k) for k in range(len(x))] for i in range(len(x))],
        }
        for rule in (ss.SGD(lr=0.5), ss.Newton(lr=0.5)):
            result = rule(lambda x: 0.5 * x @ x, [8, 4], maxiter=2, **given)
            assert result.x.tolist() == [2.0, 1.0]

    def test_the_run_is_named_after_the_function(self):
        run = ss.SGD(lr=1e-3)(scipy.optimize.rosen, [1.0, 2.0], jac=scipy.optimize.rosen_der, maxiter=1).run
        assert " on rosen: nit=1" in repr(run)
        nameless = functools.partial(lambda a, x: a * x @ x, 2.0)
        assert " on fun: nit=1" in repr(ss.SGD()(nameless, [1.0], maxiter=1).run)

    def test_finite_differences_are_counted_as_values(self):
        result = ss.SGD(lr=0.5)(lambda x: 0.5 * x @ x, [8.0, 4.0], maxiter=2)
        assert (result.nfev, result.njev) == (3 * (1 + 3), 0)
        np.testing.assert_allclose(result.x, [2.0, 1.0], rtol=1e-6)

    def test_what_is_empty_is_not_refused(self):
        result = ss.SGD(lr=0.5)(lambda x: x @ x, [8.0], jac=lambda x: 2 * x, bounds=[], constraints=[])
        assert result.fun == 0.0

    @pytest.mark.parametrize(
        ("options", "error", "sentence"),
        [
            (
                {"options": {"maxfev": 1, "ftol": 0}},
                TypeError,
                "options: got 'ftol', 'maxfev', expected only",
            ),
            ({"bounds": [(0, 1), (0, 1)]}, ValueError, "bounds: got .* expected none: Adam has no bounds"),
            ({"constraints": [{"type": "eq", "fun": sum}]}, ValueError, "constraints: got .* expected none"),
            (
                {"options": {"xtol": 1}},
                TypeError,
                "options: got 'xtol', expected only 'maxiter', 'tol', 'gtol'",
            ),
        ],
    )
    def test_what_descent_does_not_have_is_refused(self, options, error, sentence):
        with pytest.raises(error, match=sentence):
            self.run(**options)


class TestFloat32:
    def test_a_run_in_single_precision_stays_there(self):
        start = np.array([-1.2, 1.0], dtype=np.float32)
        run = ss.minimize(ss.Rosenbrock(), ss.Adam(lr=np.float64(0.01)), x0=start, steps=20)
        assert run.history.x.dtype == np.float32
        double = ss.minimize(ss.Rosenbrock(), ss.Adam(lr=0.01), steps=20)
        np.testing.assert_allclose(run.x, double.x, rtol=1e-5)


@needs_compiler
def test_short_runs_are_compiled_the_second_time(compiled_where_it_can_be, monkeypatch):
    compiled = []
    plain = CompiledRun._made
    monkeypatch.setattr(CompiledRun, "_made", lambda *given: compiled.append(given) or plain(*given))
    ss.minimize(ss.Rosenbrock(), ss.Adam(lr=0.01), steps=5)
    assert bool(compiled) == (optim.engines.PAYS == 0)
    assert compiled or not compiled_where_it_can_be


@pytest.mark.parametrize("engine", ["auto", "array", "floats"])
@pytest.mark.parametrize(("lr", "end"), [(0.1, "reached"), (10.0, "diverged")])
def test_every_question_to_a_function_is_counted(engine, lr, end):
    asked = []

    def fun(x):
        asked.append("fun")
        return float(x @ x)

    def grad(x):
        asked.append("grad")
        return 2 * x

    problem = ss.Problem.of(fun, grad, x0=[1.0, 2.0])
    asked.clear()
    run = ss.minimize(problem, ss.SGD(lr=lr), steps=400, engine=engine)
    assert run.message.startswith(end)
    assert (run.nfev, run.njev) == (asked.count("fun"), asked.count("grad"))
