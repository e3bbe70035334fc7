"""A nan at an ordinary point is the function's fault, and is told from a run that overflowed."""

import numpy as np
import pytest

import stepsize as ss
from optim import Run
from optim.failure import failure_at
from optim.optimizer import Evaluation
from tests.optim.engines.rules import COMPILED


def at_call(k, function, value=np.nan):
    """Return the function with its k-th call answered by `value`."""
    calls = 0

    def broken(x):
        nonlocal calls
        calls += 1
        return function(x) * value if calls == k else function(x)

    return broken


def square(x):
    return float(x @ x)


def slope(x):
    return 2 * x


RULES = [ss.SGD(lr=0.1), ss.Adam(lr=0.1), ss.Lookahead(ss.Momentum(lr=0.1))]


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("call", [2, 5])
@pytest.mark.parametrize("which", ["fun", "grad", "fun and grad"])
def test_the_function_and_the_update_are_named(rule, call, which):
    fun = at_call(call, square) if "fun" in which else square
    grad = at_call(call, slope) if "grad" in which else slope
    run = ss.minimize(ss.Problem.of(fun, grad, x0=[1.0, 1.0]), rule, steps=50)
    assert (run.failure, run.status, run.nit) == (which, ss.DIVERGED, call - 2)
    assert run.message.startswith(f"failed: {which} returned nan at update {call - 1}, where x ")
    assert ("check_gradient" in run.message) == (which == "grad")
    assert np.isfinite(run.history.x).all()
    assert np.isfinite(run.history.fun).all()


@pytest.mark.parametrize("lr", [1.1, 10.0, 1e5])
@pytest.mark.parametrize("engine", ["auto", "array", COMPILED])
def test_growth_is_no_failure(lr, engine):
    run = ss.minimize(ss.Parabola(), ss.SGD(lr=lr), steps=10_000, engine=engine)
    assert run.failure is None
    assert run.message == f"diverged: update {run.nit + 1} is not finite (inf or nan)"
    assert run.nfev == run.njev == run.nit + 2


@pytest.mark.parametrize("lr", [0.1, 1.0, 100.0])
def test_a_difference_of_two_infinities_far_out_is_no_failure(lr):
    problem = ss.Problem.of(lambda x: (x**6 - x**4).sum(), lambda x: 6 * x**5 - 4 * x**3, x0=[3.0])
    run = ss.minimize(problem, ss.SGD(lr=lr), steps=100)
    assert run.diverged
    assert run.failure is None


@pytest.mark.parametrize("unit", [1e-30, 1.0, 1e40])
def test_the_unit_of_x_decides_nothing(unit):
    problem = ss.Problem.of(
        at_call(4, lambda x: square(x / unit)), lambda x: 2 * x / unit**2, x0=[unit, unit]
    )
    assert ss.minimize(problem, ss.SGD(lr=0.1 * unit**2), steps=9).failure == "fun"


def test_the_logarithm_of_a_negative_number_is_the_functions():
    run = ss.minimize(
        ss.Problem.of(lambda x: float(np.log(x[0])), lambda x: 1 / x, x0=[1.0]), ss.SGD(lr=2.0), steps=9
    )
    assert (run.failure, run.nit) == ("fun", 0)


def test_in_a_batch_the_first_run_that_failed_is_named():
    rates = np.array([[1e-3], [3.0], [0.1]])
    problem = ss.Problem.of(lambda x: float(np.log(x[0]) + x[0]), lambda x: 1 / x + 1, x0=[1.0])
    run = ss.minimize(problem, ss.SGD(lr=rates), steps=3)
    assert run.failure == "fun"
    assert "1 of 3 runs diverged, run 1 because fun returned nan at update 1" in run.message


def test_a_batch_that_grows_is_no_failure():
    run = ss.minimize(ss.Parabola(), ss.SGD(lr=np.array([[2.0], [0.1], [3.0]])), steps=2000)
    assert run.failure is None
    assert run.message == "reached the limit of 2000 steps; 2 of 3 runs diverged"


def test_a_nan_in_the_first_gradient_is_refused():
    problem = ss.Problem.of(square, lambda x: x * np.nan, x0=[1.0, 1.0])
    with pytest.raises(ValueError, match=r"^grad: got nan at x0 = \[1.0, 1.0\], where fun is 2.0"):
        ss.minimize(problem, ss.SGD(lr=0.1))


def test_it_is_kept_on_disk(tmp_path):
    problem = ss.Problem.of(at_call(3, square), slope, x0=[1.0, 1.0])
    run = ss.minimize(problem, ss.SGD(lr=0.1), steps=9)
    run.save(tmp_path / "run.npz")
    again = Run.load(tmp_path / "run.npz", problem=problem)
    assert (again.failure, again.message) == ("fun", run.message)


@pytest.mark.parametrize("runs", [1, 3])
def test_a_start_where_the_value_is_not_finite_is_named(runs):
    """In a batch it is the first of them that is, in a sentence of one line however many there are."""
    starts = np.array([[2.0], [-1.5], [-3.0]])
    line = ss.Problem.of("log(x)", x0=[1.0])
    with pytest.raises(ValueError, match=r"^x0: got \[-1.5\], where fun is nan, expected a start [^\n]*$"):
        ss.minimize(line, ss.SGD(lr=0.1), starts[1] if runs == 1 else np.repeat(starts, 7, axis=0), steps=1)


def test_a_start_where_the_gradient_is_nan_is_named_in_a_batch():
    broken = ss.Problem.of(lambda x: x[..., 0], lambda x: np.where(x > 3.0, np.nan, 1.0), x0=[1.0])
    with pytest.raises(ValueError, match=r"^grad: got nan at x0 = \[4.0\], where fun is 4.0, expected"):
        ss.minimize(broken, ss.SGD(lr=0.1), [[2.0], [4.0], [5.0]], steps=1)


@pytest.mark.parametrize("engine", ["auto", "array"])
def test_a_start_where_the_gradient_is_inf_is_named(engine):
    """Where the root begins, the value is 0 and its slope inf: no update leads anywhere from there."""
    root = ss.Problem.of("sqrt(x) + y**2", x0=[0.0, 1.0])
    words = r"^grad: got inf at x0 = \[0.0, 1.0\], where fun is 1.0, expected finite numbers$"
    for rate in (0.1, [[0.1], [0.2]]):
        with pytest.raises(ValueError, match=words):
            ss.minimize(root, ss.SGD(lr=rate), steps=5, engine=engine)
    with pytest.raises(ValueError, match=words):
        ss.sweep(root, ss.SGD, 20, x0=[[2.0, 0.0], [0.0, 1.0]], lr=[0.1])


@pytest.mark.parametrize(
    ("x", "g", "overflowed"),
    [(0.9999e30, 1.0, False), (1.0001e30, 1.0, True), (1.0, 0.9999e150, False), (1.0, 1.0001e150, True)],
)
def test_from_1e30_starts_away_and_slopes_of_1e150_on_a_nan_is_an_overflow(x, g, overflowed):
    one = np.ones(1)
    before, after = Evaluation(1.0, g * one), Evaluation(np.nan, one)
    found = failure_at(3, one, before, x * one, after)
    assert (found is None) is overflowed


# From 1e30 times the start on, and from values and slopes of 1e150, nobody can tell a fault from an overflow.
@pytest.mark.parametrize(("size", "known"), [(0.9995, "fun"), (1.0, None), (1.0005, None)])
@pytest.mark.parametrize(("far", "value", "steep"), [(1e30, 1.0, 1.0), (1.0, 1e150, 1.0), (1.0, 1.0, 1e150)])
def test_where_an_ordinary_point_ends(far, value, steep, size, known):
    one = np.ones(1)
    value, steep, far = (number if number == 1.0 else size * number for number in (value, steep, far))
    before = Evaluation(value, steep * one)
    found = failure_at(1, one, before, far * one, Evaluation(np.nan, one))
    assert (found and found.name) == known
