"""What a run keeps and says about itself, as a record, as a table and on disk, reckoned by hand."""

import csv
import inspect
from dataclasses import replace

import numpy as np
import pytest

import stepsize  # noqa: F401  (it says where tables and the registry are)
from optim import SGD, Adam, Hyper, Momentum, Optimizer, PolyakRuppert, Run, minimize, settled_at
from optim.recorder import history_bytes
from problems import AdditiveNoise, LeastSquares, Parabola, Problem, Quadratic
from schedules import Armijo
from stepsize.draw.animation import film
from tests.optim.engines.rules import COMPILED

BOWL = Parabola(curvature=1.0, start=8.0)


def there_and_back(**options):
    """x^2/2 from 8 at rates 1/2, 1/2, 3, 1/2: at 8, 4, 2, -4, -2, its values are 32, 8, 2, 8, 2."""
    return minimize(BOWL, SGD(lr=lambda n: 3.0 if n == 2 else 0.5), steps=4, **options)


class Opposite(Optimizer, abstract=True):
    """Descent that answers -x."""

    lr: Hyper = 0.5

    def direction(self, x, g, slots, h):
        return g, slots

    def output(self, x, slots):
        return -x


class Turning(Opposite, abstract=True):
    """The same, written so that from update 520 on only arrays understand it."""

    def direction(self, x, g, slots, h):
        return g if h.t < 520 else np.sort(g), slots


class TestTheHistory:
    @pytest.mark.parametrize("engine", ["array", "auto", COMPILED])
    @pytest.mark.parametrize("every", [1, 2, 3, 512])
    def test_a_long_run_is_put_together_without_a_seam(self, engine, every):
        """x is multiplied by r = -0.99 each time, the mean of k such points is r (1 - r^k) / (1 - r) / k."""
        run = minimize(BOWL, PolyakRuppert(SGD(lr=1.99)), steps=1101, engine=engine, every=every)
        h, r, k = run.history, -0.99, np.arange(1, 1102)
        kept = [*range(0, 1101, every), 1101]
        assert h.n.tolist() == kept
        means = np.append(8.0, 8 / k * r * (1 - r**k) / (1 - r))
        np.testing.assert_allclose(h.x[:, 0], 8 * r ** np.array(kept), rtol=1e-10)
        np.testing.assert_allclose(h.output[:, 0], means[kept], rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(h.output_fun, 0.5 * means**2, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(h.fun, 32 * np.append(1, r ** (2 * k)), rtol=1e-10)
        np.testing.assert_allclose(h.grad_norm, 8 * np.append(1, np.abs(r**k)), rtol=1e-10)
        assert h.lr.tolist() == [1.99] * 1101
        assert h.overshoot.tolist() == [True] * 1101

    @pytest.mark.parametrize("rule", [SGD(lr=2.2), PolyakRuppert(SGD(lr=2.2))], ids=repr)
    @pytest.mark.parametrize("every", [1, 7])
    def test_a_run_that_is_lost_is_lost_at_the_same_update_in_any_engine(self, rule, every):
        """x is multiplied by -1.2 each time; 8 * 1.2^1935 = 1.3e154 is the last whose square is finite."""
        arrays, auto = (minimize(BOWL, rule, steps=3000, every=every, engine=e) for e in ("array", "auto"))
        assert (arrays.nit, arrays.nfev) == (auto.nit, auto.nfev) == (1935, 1937)
        for name in ("x", "fun", "grad_norm", "lr", "overshoot", "n", "output", "output_fun"):
            one, other = (getattr(run.history, name) for run in (arrays, auto))
            assert (one is other is None) or np.array_equal(one, other), name

    @pytest.mark.parametrize("every", [1, 7])
    @pytest.mark.parametrize("starts", [[8.0], [[8.0], [4.0]]], ids=["single", "batch"])
    def test_where_an_engine_gives_up_the_loop_goes_on(self, starts, every):
        h = minimize(BOWL, Turning(lr=1.99), starts, steps=540, every=every).history
        k = np.array([*range(0, 540, every), 540]).reshape(-1, *(1,) * np.ndim(starts))
        assert h.n.tolist() == k.ravel().tolist()
        np.testing.assert_allclose(h.x, (-0.99) ** k * starts, rtol=1e-10)
        np.testing.assert_allclose(h.output, -h.x, rtol=0)
        assert len(h.fun) == len(h.output_fun) == 541
        assert np.array_equal(h.fun, h.output_fun)

    @pytest.mark.parametrize(
        ("start", "lr", "over"), [(8.0, 1.0, False), (0.5, 1.5, True), (0.5, 0.5, False)]
    )
    def test_to_overshoot_is_to_pass_the_lowest_point(self, start, lr, over):
        """At the lowest point itself, or short of it, nothing is passed; how far past does not matter."""
        assert minimize(BOWL, SGD(lr=lr), [start], steps=1).history.overshoot.tolist() == [over]

    @pytest.mark.parametrize("every", [1, 2])
    @pytest.mark.parametrize("engine", ["array", "auto", COMPILED])
    def test_the_answer_may_follow_from_the_point(self, every, engine):
        h = minimize(BOWL, Opposite(), steps=2, every=every, engine=engine).history
        assert h.x[:, 0].tolist() == ([8.0, 4.0, 2.0] if every == 1 else [8.0, 2.0])
        assert h.output.tolist() == (-h.x).tolist()
        assert h.output_fun.tolist() == [32.0, 8.0, 2.0]

    @pytest.mark.parametrize("every", [1, 2])
    def test_what_estimates_saw_is_judged_when_somebody_asks_and_at_the_stored_points_alone(self, every):
        """Of each value that is not known, the last one before it stands."""
        assert there_and_back(every=every).history.output_fun is None
        asked = []

        class Noted(Problem, abstract=True):
            x0, minimum = (8.0,), 0.0

            def fun(self, x):
                asked.extend(np.atleast_2d(x)[:, 0].tolist())
                return 0.5 * (x * x).sum(axis=-1)

            def grad(self, x):
                return 1.0 * x

        rules = (SGD(lr=0.5), PolyakRuppert(SGD(lr=0.5)))
        for rule in rules if every > 1 else rules[:1]:
            run = minimize(AdditiveNoise(Noted(), sigma_g=0.1), rule, steps=5, every=every)
            assert run.history.output_fun is None
            asked.clear()
            points = run.history.x if run.history.output is None else run.history.output
            values = 0.5 * points[:, 0] ** 2
            assert np.array_equal(run.loss, values if every == 1 else values[[0, 0, 1, 1, 2, 3]])
            assert asked == points[:, 0].tolist()
            assert np.array_equal(run.error, run.loss)

    @pytest.mark.parametrize("every", [1, 2])
    @pytest.mark.parametrize("engine", ["array", "auto"])
    def test_numbers_are_kept_in_double_precision_beside_points_in_single(self, every, engine):
        start, lr = np.array([[8.0], [4.0]], np.float32), np.array([[0.5], [0.25]])
        run = minimize(BOWL, Opposite(lr=lr), start, steps=3, every=every, engine=engine)
        h = run.history
        assert h.x.dtype == h.output.dtype == run.x.dtype == np.float32
        assert h.fun.dtype == h.output_fun.dtype == h.lr.dtype == float
        whole = Problem.of(lambda x: int(x[0]), lambda x: 1.0 * x, x0=[8.0])
        run = minimize(whole, Opposite(), steps=3, every=every, engine=engine)
        assert run.history.fun.dtype == run.history.output_fun.dtype == float


class TestTheBest:
    @pytest.mark.parametrize(("every", "best"), [(1, 2), (2, 2), (3, 4), (9, 4)])
    def test_it_is_the_first_lowest_of_the_points_that_are_kept(self, every, best):
        run = there_and_back(every=every)
        assert run.history.fun.tolist() == [32.0, 8.0, 2.0, 8.0, 2.0]
        assert run.best_step == best
        assert type(run.best_step) is int
        assert (run.best_fun, run.best_x.tolist()) == (2.0, [2.0 if best == 2 else -2.0])

    @pytest.mark.parametrize("every", [1, 2])
    def test_each_run_of_a_batch_has_its_own(self, every):
        """Rate 1/2 halves x, rate 3 multiplies it by -2, and of rate 1e200 only the start is finite."""
        rates = np.array([[0.5], [3.0], [1e200]])
        run = minimize(BOWL, SGD(lr=rates), [[8.0]] * 3, steps=4, every=every)
        assert run.best_step.tolist() == [4, 0, 0]
        assert run.best_x.tolist() == [[0.5], [8.0], [8.0]]
        assert run.best_fun.tolist() == [0.125, 32.0, 32.0]
        assert np.isnan(run.fun[2]) or np.isinf(run.fun[2])

    def test_what_is_read_may_be_written_to(self):
        run = there_and_back()
        for x in (run.x, run.last_x, run.best_x):
            x[:] = 99.0
        assert run.history.x[:, 0].tolist() == [8.0, 4.0, 2.0, -4.0, -2.0]


class TestWhatIsCounted:
    def test_overshoot_is_a_share_of_the_updates(self):
        """Only the rate of 3 passes the minimum along the step."""
        run = there_and_back()
        assert run.history.overshoot.tolist() == [False, False, True, False]
        assert run.overshoot_share == 0.25
        assert type(run.overshoot_share) is float

    def test_a_batch_has_a_share_a_run(self):
        run = minimize(BOWL, SGD(lr=[[0.5], [1.5]]), [[8.0], [8.0]], steps=3)
        assert run.overshoot_share.tolist() == [0.0, 1.0]

    def test_settled_at_the_usual_tolerance(self):
        """1 / 4^k is at most 1e-8 from k = 14 on, because 4^14 = 2.7e8 is above 1e8, and 4^13 is not."""
        assert minimize(BOWL, SGD(lr=0.5), steps=30).settled() == 14

    def test_settled_at_an_absolute_error(self):
        """32 / 4^k is at most 1e-8 from k = 16 on, because 4^16 = 4.29e9 is above 3.2e9, and 4^15 is not."""
        assert minimize(BOWL, SGD(lr=0.5), steps=30).settled(atol=1e-8) == 16

    def test_settled_is_a_whole_number_or_none(self):
        assert type(settled_at(np.array([1.0, 0.5]), 0.5)) is int
        assert settled_at(np.array([0.5, 1.0]), 0.5) is None
        assert settled_at(np.array([0.5, 0.5]), 0.5) == 0

    def test_an_error_is_the_gap_or_the_gradient_norm(self):
        lifted = Quadratic([1.0], minimum_value=5.0, start=[8.0])
        assert minimize(lifted, SGD(lr=0.5), steps=2).error.tolist() == [32.0, 8.0, 2.0]
        unknown = Problem.of(BOWL.fun, BOWL.grad, x0=[8.0])
        run = minimize(unknown, SGD(lr=0.5), steps=2)
        assert (run.measure, run.error.tolist()) == ("gradient norm", [8.0, 4.0, 2.0])

    @pytest.mark.parametrize("updates", [3, 40])
    def test_estimates_are_judged_by_the_whole(self, updates):
        """Every update sees the saddle's gradient with noise in it."""
        saddle = Quadratic([1.0, -0.1])
        run = minimize(AdditiveNoise(saddle, sigma_g=0.5), SGD(lr=0.1), steps=updates)
        x = run.history.x
        np.testing.assert_allclose(run.error, np.hypot(x[:, 0], 0.1 * x[:, 1]), rtol=1e-12)
        np.testing.assert_allclose(run.loss, 0.5 * x[:, 0] ** 2 - 0.05 * x[:, 1] ** 2, rtol=1e-12)
        assert not np.allclose(run.history.grad_norm, run.error)

    def test_estimates_of_a_batch_too_and_of_runs_that_are_lost(self):
        """Of rate 1e200 the values overflow from the first update on."""
        rates = np.array([[0.1], [1e200]])
        noisy = AdditiveNoise(Quadratic([1.0, -0.1]), sigma_g=0.5)
        run = minimize(noisy, SGD(lr=rates), [[1.0, 2.0]] * 2, steps=3)
        x = run.history.x[:, 0]
        np.testing.assert_allclose(run.error[:, 0], np.hypot(x[:, 0], 0.1 * x[:, 1]), rtol=1e-12)
        np.testing.assert_allclose(run.loss[:, 0], 0.5 * x[:, 0] ** 2 - 0.05 * x[:, 1] ** 2, rtol=1e-12)
        assert np.isfinite(run.loss[:, 1]).tolist() == [True, False, False, False]

    def test_what_was_held_out_is_asked_at_every_point(self):
        """Two examples x = y = 1 are held out: of slope w and intercept b, the loss is (w + b - 1)^2 / 2."""
        X, y = np.array([[1.0], [1.0], [1.0], [1.0]]), np.array([2.0, 2.0, 1.0, 1.0])
        problem = LeastSquares(X, y, held_out=[2, 3])
        run = minimize(problem, SGD(lr=0.1), steps=40)
        made = run.history.x.sum(axis=1)
        np.testing.assert_allclose(run.held_out, 0.5 * (made - 1) ** 2, rtol=1e-12, atol=1e-15)
        assert run.has_held_out
        assert not there_and_back().has_held_out
        with pytest.raises(ValueError, match="held_out: got none from Parabola"):
            _ = there_and_back().held_out

    def test_the_table_of_a_run_has_what_was_held_out(self, tmp_path):
        X, y = np.array([[1.0], [1.0], [1.0], [1.0]]), np.array([2.0, 2.0, 1.0, 1.0])
        run = minimize(LeastSquares(X, y, held_out=[2, 3]), SGD(lr=0.1), steps=6)
        run.to_csv(tmp_path / "run.csv")
        rows = [line.split(",") for line in (tmp_path / "run.csv").read_text().splitlines()]
        assert rows[0][:6] == ["update", "x1", "x2", "fun", "held_out", "error"]
        assert [float(row[4]) for row in rows[1:]] == run.held_out.tolist()
        there_and_back().to_csv(tmp_path / "other.csv")
        assert "held_out" not in (tmp_path / "other.csv").read_text()

    def test_the_answer_is_what_is_judged(self):
        """The points are 8, 4, 2; the mean of those after the start is 4, then 3."""
        run = minimize(BOWL, PolyakRuppert(SGD(lr=0.5)), steps=2)
        assert (run.x.tolist(), run.fun, run.last_x.tolist()) == ([3.0], 4.5, [2.0])
        assert run.loss.tolist() == [32.0, 8.0, 4.5]
        assert run.history.fun.tolist() == [32.0, 8.0, 2.0]

    def test_it_says_who_ran_on_what_and_how_it_ended(self):
        run = minimize(BOWL, SGD(lr=0.5), steps=2)
        assert repr(run) == f"Run({run.optimizer!r} on {BOWL.formula}: nit=2, fun=2.0, {run.message})"
        batch = minimize(BOWL, SGD(lr=[[0.5], [1.5]]), steps=2)
        assert "nit=2, 2 runs," in repr(batch)
        assert repr(run.history) == "History of 2 updates, x of shape (3, 1)"


def table(run, tmp_path):
    """Return the columns of a run's CSV as lists of words."""
    run.to_csv(tmp_path / "run.csv")
    with (tmp_path / "run.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    return {name: [row[i] for row in rows] for i, name in enumerate(head)}


class TestTables:
    def test_rate_and_overshoot_stand_beside_the_point_they_led_to(self, tmp_path):
        told = table(there_and_back(), tmp_path)
        assert (tmp_path / "run.csv").read_bytes().count(b"\r\n") == 6, "lines end as RFC 4180 has it"
        assert list(told) == ["update", "x1", "fun", "error", "grad_norm", "lr", "overshoot"]
        assert told["update"] == ["0", "1", "2", "3", "4"]
        assert told["x1"] == ["8.0", "4.0", "2.0", "-4.0", "-2.0"]
        assert told["fun"] == told["error"] == ["32.0", "8.0", "2.0", "8.0", "2.0"]
        assert told["grad_norm"] == ["8.0", "4.0", "2.0", "4.0", "2.0"]
        assert told["lr"] == ["nan", "0.5", "0.5", "3.0", "0.5"]
        assert told["overshoot"] == ["False", "False", "False", "True", "False"]

    def test_of_a_thinned_run_the_points_that_are_kept(self, tmp_path):
        told = table(there_and_back(every=3), tmp_path)
        assert told["update"] == ["0", "3", "4"]
        assert told["x1"] == ["8.0", "-4.0", "-2.0"]
        assert told["fun"] == told["error"] == ["32.0", "8.0", "2.0"]
        assert told["lr"] == ["nan", "3.0", "0.5"]
        assert told["overshoot"] == ["False", "True", "False"]

    @pytest.mark.parametrize("lr", [np.array([[0.5], [1.5], [1.0]]), 0.5])
    def test_the_runs_of_a_batch_in_their_turn(self, lr, tmp_path):
        starts = np.array([[8.0, 2.0], [4.0, 1.0], [2.0, 0.0]])
        told = table(minimize(Quadratic([1.0, 1.0]), SGD(lr=lr), starts, steps=1), tmp_path)
        assert told["update"] == ["0", "1"] * 3
        assert told["run"] == ["0", "0", "1", "1", "2", "2"]
        left = 1 - np.broadcast_to(lr, (3, 1))
        assert [float(x) for x in told["x1"]] == np.stack([starts, left * starts], 1)[..., 0].ravel().tolist()
        assert [float(x) for x in told["x2"]] == np.stack([starts, left * starts], 1)[..., 1].ravel().tolist()
        rates = np.broadcast_to(lr, (3, 1))
        assert told["lr"] == [str(v) for r in rates.ravel().tolist() for v in ("nan", r)]
        assert told["overshoot"] == [str(v) for r in rates.ravel() for v in (False, bool(r > 1))]

    def test_runs_in_two_axes_count_on(self, tmp_path):
        starts = np.arange(6.0).reshape(2, 3, 1)
        told = table(minimize(BOWL, SGD(lr=0.5), starts, steps=1), tmp_path)
        assert told["run"] == [str(r) for r in range(6) for _ in range(2)]
        assert [float(x) for x in told["x1"]] == [v for r in range(6) for v in (r, r / 2)]
        assert told["lr"] == ["nan", "0.5"] * 6

    @pytest.mark.parametrize("each", [False, True])
    def test_a_rate_a_coordinate_is_a_column_a_coordinate(self, each, tmp_path):
        """Of a batch, the same rates for every run, or other ones for each."""
        rates = np.array([[0.5, 0.25], [0.125, 1.0]]) if each else np.array([[0.5, 0.25]])
        run = minimize(Quadratic([1.0, 1.0]), SGD(lr=rates), np.ones((2, 2)), steps=1)
        told = table(run, tmp_path)
        assert list(told) == [
            "update",
            "run",
            "x1",
            "x2",
            "fun",
            "error",
            "grad_norm",
            "lr1",
            "lr2",
            "overshoot",
        ]
        first, second = np.broadcast_to(rates, (2, 2)).tolist()
        assert told["lr1"] == ["nan", str(first[0]), "nan", str(second[0])]
        assert told["lr2"] == ["nan", str(first[1]), "nan", str(second[1])]

    def test_the_answer_stands_where_the_point_would(self, tmp_path):
        told = table(minimize(BOWL, PolyakRuppert(SGD(lr=0.5)), steps=2), tmp_path)
        assert told["x1"] == ["8.0", "4.0", "3.0"]
        assert told["fun"] == ["32.0", "8.0", "4.5"]
        assert told["grad_norm"] == ["8.0", "4.0", "2.0"]


class TestFiles:
    def saved(self, run, tmp_path, **given):
        run.save(tmp_path / "run.npz")
        return Run.load(tmp_path / "run.npz", **given)

    def test_everything_comes_back(self, tmp_path):
        run = minimize(BOWL, Momentum(lr=Armijo()), steps=3)
        back = self.saved(run, tmp_path)
        assert back.history.status.tolist() == run.history.status.tolist()
        assert back.history.n_trials.tolist() == run.history.n_trials.tolist()
        assert back.jac.tolist() == run.jac.tolist()
        assert back.state.n == 3
        assert [s.tolist() for s in back.state.slots] == [s.tolist() for s in run.state.slots]
        assert back.state.carry["at"]["x"].tolist() == run.last_x.tolist()
        assert (type(back.diverged), back.diverged) == (bool, False)

    def test_of_a_batch_each_runs_end(self, tmp_path):
        run = minimize(BOWL, SGD(lr=[[0.5], [1e200]]), steps=3)
        assert self.saved(run, tmp_path).diverged.tolist() == [False, True]

    def test_what_is_given_goes_before_what_is_written(self, tmp_path):
        run = minimize(BOWL, SGD(lr=0.5), steps=3)
        other, rule = Parabola(curvature=2.0), Adam()
        back = self.saved(run, tmp_path, problem=other, optimizer=rule)
        assert back.problem is other
        assert back.optimizer is rule
        assert self.saved(run, tmp_path, problem=other).optimizer == run.optimizer
        assert self.saved(run, tmp_path, optimizer=rule).problem == run.problem

    def test_a_rate_that_is_a_function_of_ones_own_is_asked_for(self, tmp_path):
        run = there_and_back()
        with pytest.raises(ValueError, match=r"the optimizer itself, because .* describe SGD\(lr=<"):
            self.saved(run, tmp_path)
        assert self.saved(run, tmp_path, optimizer=run.optimizer).best_step == 2


def test_a_run_of_no_updates_did_not_overshoot():
    assert minimize(Quadratic(), SGD(lr=0.1), steps=0).overshoot_share == 0.0


def test_without_a_tolerance_a_run_has_settled_at_a_hundred_millionth_of_its_first_error():
    """x halves at each update, and the error is a quarter of the last: 4^-13 > 1e-8 > 4^-14."""
    run = minimize(Parabola(curvature=1.0, start=1.0), SGD(lr=0.5), steps=30)
    assert run.settled() == run.settled(1e-8) == 14
    near = minimize(Parabola(curvature=1.0, start=1.0), SGD(lr=1 - (1.0005e-8) ** 0.5), steps=9)
    assert near.error[1] == pytest.approx(1.0005e-8 * near.error[0])
    assert near.settled() == 2


def test_what_ended_a_run_is_a_number_that_is_kept_on_disk(tmp_path):
    """0 at the budget, 1 converged, 2 diverged, 3 stopped by a callback."""

    def stop(info):
        raise StopIteration

    bowl = Parabola(curvature=1.0, start=1.0)
    runs = [
        minimize(bowl, SGD(lr=0.5), steps=2),
        minimize(bowl, SGD(lr=0.5), steps=99, tol=1e-3),
        minimize(bowl, SGD(lr=1e200), steps=99),
        minimize(bowl, SGD(lr=0.5), steps=99, callback=stop),
    ]
    assert [run.status for run in runs] == [0, 1, 2, 3]
    for k, run in enumerate(runs):
        run.save(tmp_path / f"{k}.npz")
        assert Run.load(tmp_path / f"{k}.npz", problem=bowl).status == k


def test_a_problem_that_holds_nothing_out_has_no_validation_curve():
    run = minimize(Quadratic(), SGD(lr=0.1), steps=2)
    assert run.has_held_out is False
    with pytest.raises(ValueError, match="held_out: got none"):
        run.held_out  # noqa: B018
    whole = LeastSquares([[1.0], [2.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match="held_out: got none"):
        minimize(whole, SGD(lr=0.1), steps=2).held_out  # noqa: B018


def test_settled_at_takes_a_list():
    assert settled_at([1.0, 0.1, 0.1], 0.5) == 1


def test_a_hyperparameter_without_any_number_is_refused():
    with pytest.raises(
        ValueError, match=r"lr: got an array of float64 of shape \(0, 1\), expected at least one"
    ):
        SGD(lr=np.zeros((0, 1)))


def test_every_may_be_any_whole_number():
    """A number of one byte overflows at 128 updates, were it computed with."""
    plain, small = (minimize(Parabola(), SGD(lr=0.1), steps=300, every=n) for n in (3, np.int8(3)))
    assert plain.history.x.tobytes() == small.history.x.tobytes()


def halt(info):
    raise StopIteration


ENDS = [
    (0, 0.5, {}),
    (1, 0.5, {"tol": 4.0}),
    (2, 1e200, {}),
    (3, 0.5, {"callback": halt}),
]


@pytest.mark.parametrize(("status", "rate", "options"), ENDS)
def test_how_a_run_ended_has_the_number_of_the_documentation(status, rate, options, tmp_path):
    run = minimize(BOWL, SGD(lr=rate), steps=5, **options)
    assert run.status == status
    run.save(tmp_path / "run.npz")
    assert Run.load(tmp_path / "run.npz").status == status


def test_a_status_beyond_is_refused(tmp_path):
    replace(there_and_back(), status=4).save(tmp_path / "run.npz")
    with pytest.raises(ValueError, match="its status is 4"):
        Run.load(tmp_path / "run.npz")


def test_a_run_without_an_update_overshot_in_none():
    assert minimize(BOWL, SGD(lr=0.5), steps=0).overshoot_share == 0.0


def test_small_is_a_hundred_millionth_of_the_start():
    """Each update of f = x^2/2 leaves the same share of the error: 1.0005e-8 of it after ten."""
    share = 1.0005e-8 ** (1 / 20)
    run = minimize(BOWL, SGD(lr=1 - share), steps=20)
    assert run.error[10] / run.error[0] == pytest.approx(1.0005e-8)
    assert run.settled() == 11


def test_a_film_is_by_default_what_its_maker_says():
    ours, its = (inspect.signature(function).parameters for function in (Run.animate, film))
    assert [p.default for p in ours.values()][1:] == [p.default for p in its.values()][1:]
    assert {name: p.default for name, p in ours.items() if p.default} == {
        "self": inspect.Parameter.empty,
        "dpi": 100,
        "frames": 120,
        "seconds": 10.0,
    }


class Withheld:
    """A problem that could hold examples out and holds out none."""

    has_held_out = False

    def fun(self, x):
        return float(x @ x)

    def grad(self, x):
        return 2 * x

    def held_out_fun(self, x):
        raise AssertionError("nobody may ask")


def test_a_curve_of_no_examples_held_out_is_refused():
    with pytest.raises(ValueError, match="held_out: got none from "):
        _ = minimize(Withheld(), SGD(lr=0.1), [1.0], steps=2).held_out


@pytest.mark.parametrize(
    ("steps", "every", "runs", "dim", "answers", "numbers"),
    [
        (10, 1, 1, 1, False, 10),
        (10, 1, 1, 1, True, 20),
        (10, 1, 3, 2, False, 20),
        (10, 4, 1, 2, False, 4),
        (10, 4, 2, 2, True, 8),
        (3, 4, 1, 2, True, 0),
    ],
)
def test_what_a_history_takes_is_twice_what_is_kept(steps, every, runs, dim, answers, numbers):
    """The numbers of points of a run; of every update four more and a byte."""
    assert history_bytes(steps, every, runs, dim, answers) == 2 * runs * (8 * numbers + (4 * 8 + 1) * steps)
