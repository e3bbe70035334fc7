"""An optimizer as SciPy's method keeps SciPy's conventions; its own methods are the witnesses."""

import numpy as np
import pytest
import scipy.optimize as so

import stepsize as ss

ROSEN = {"fun": so.rosen, "x0": [-1.2, 1.0], "jac": so.rosen_der}


def bowl(x):
    return float(x @ x)


def slope(x):
    return 2 * x


@pytest.mark.parametrize(
    "method", ["BFGS", "CG", ss.SGD(lr=1e-4), ss.Adam(), ss.BFGS(lr=ss.StrongWolfe())], ids=str
)
@pytest.mark.parametrize("tol", [None, 1e-12])
def test_a_budget_that_is_used_up_is_no_success(method, tol):
    result = so.minimize(**ROSEN, method=method, tol=tol, options={"maxiter": 3})
    assert (result.success, result.status, result.nit) == (False, 1, 3)


@pytest.mark.parametrize("method", ["BFGS", "CG", ss.SGD(lr=0.25)], ids=str)
@pytest.mark.parametrize("given", [{"tol": 1e-3}, {"options": {"gtol": 1e-3}}], ids=str)
def test_a_tolerance_that_is_met_is_a_success(method, given):
    result = so.minimize(bowl, [3.0, 4.0], jac=slope, method=method, **given)
    assert (result.success, result.status) == (True, 0)
    assert np.linalg.norm(result.jac) <= 1e-3


@pytest.mark.parametrize("method", ["BFGS", ss.SGD(lr=1e-3)], ids=str)
def test_a_callback_that_stops_is_status_99(method):
    def stop(intermediate_result):
        raise StopIteration

    result = so.minimize(**ROSEN, method=method, callback=stop)
    assert (result.success, result.status, result.nit) == (False, 99, 1)
    assert result.message.startswith("`callback` raised `StopIteration`")


def test_divergence_and_a_nan_of_the_gradient_are_no_success():
    result = so.minimize(bowl, [3.0], jac=slope, method=ss.SGD(lr=3.0))
    assert (result.success, result.status) == (False, 3)
    assert result.message.startswith("diverged")
    calls = []

    def jac(x):
        calls.append(1)
        return x * (np.nan if len(calls) == 4 else 1.0)

    result = so.minimize(bowl, [3.0], jac=jac, method=ss.SGD(lr=0.1))
    assert (result.success, result.status) == (False, 3)
    assert result.message.startswith("failed: jac returned nan at update 3")


def test_the_class_stands_for_an_instance_of_all_defaults():
    result = so.minimize(**ROSEN, method=ss.Adam, options={"maxiter": 7})
    assert np.array_equal(result.x, ss.minimize(ss.Rosenbrock(), ss.Adam(), steps=7).x)
    with pytest.raises(TypeError, match="Lookahead: got no 'inner', expected"):
        so.minimize(**ROSEN, method=ss.Lookahead)
    assert type(ss.Adam(lr=0.1)) is ss.Adam


@pytest.mark.parametrize("start", [0, 0.0, [0], np.array(0.0), np.array([0])])
@pytest.mark.parametrize(
    "fun", [lambda x: (x - 3) ** 2, lambda x: (x[0] - 3) ** 2, lambda x: [float(x[0] - 3) ** 2]]
)
def test_functions_of_one_number(fun, start):
    result = so.minimize(fun, start, method=ss.SGD(lr=0.1))
    np.testing.assert_allclose(result.x, so.minimize(lambda x: (x[0] - 3) ** 2, start).x, atol=1e-6)


BAD = [
    (
        {"jac": lambda x: np.outer(x, x)},
        "jac: got an array of float64 of shape (2, 2), expected the",
    ),
    ({"jac": lambda x: x[:1]}, "jac: got an array of float64 of shape (1,), expected the shape (2,) of x"),
    (
        {"jac": lambda x: None if x[0] else x},
        "jac: got None, expected numbers of the shape (2,) of x",
    ),
    ({"fun": lambda x: None if x[0] else x}, "fun: got None, expected a number; is its return missing?"),
    ({"fun": lambda x: x}, "fun: got an array of float64 of shape (2,), expected a number"),
    ({"fun": lambda x: f"{x}"}, "fun: got the str"),
    ({"fun": 3}, "fun: got 3, expected a function"),
    ({"bounds": [(0, 1), (0, 1)]}, "bounds: got"),
    ({"constraints": {"type": "eq", "fun": sum}}, "constraints: got"),
    ({"options": {"eps": 1.0}}, "options: got 'eps', expected only 'maxiter', 'tol', 'gtol' and 'disp'"),
    ({"options": {"maxiter": 2.5}}, "steps: got 2.5, expected a whole number"),
    ({"tol": -1.0}, "tol: got -1.0, expected a number of at least 0"),
]


@pytest.mark.parametrize(("given", "sentence"), BAD, ids=[s for _, s in BAD])
def test_bad_input_is_named(given, sentence):
    with pytest.raises((TypeError, ValueError)) as caught:
        so.minimize(**({"fun": bowl, "x0": [1.0, 2.0], "jac": slope, "method": ss.SGD()} | given))
    assert str(caught.value).startswith(sentence)


def test_buffers_and_writing_change_nothing():
    buffer = np.zeros(2)

    def jac(x):
        np.copyto(buffer, so.rosen_der(x))
        x[:] = np.nan
        return buffer

    for method in (ss.BFGS(lr=ss.StrongWolfe()), ss.Momentum(lr=1e-3)):
        one = so.minimize(so.rosen, [-1.2, 1.0], jac=jac, method=method, options={"maxiter": 20})
        other = so.minimize(**ROSEN, method=method, options={"maxiter": 20})
        assert np.array_equal(one.x, other.x)
        assert np.array_equal(one.run.history.grad_norm, other.run.history.grad_norm)


def test_the_users_error_goes_through():
    mine = KeyError("of mine")

    def fun(x):
        raise mine

    with pytest.raises(KeyError) as caught:
        so.minimize(fun, [1.0], method=ss.SGD())
    assert caught.value is mine


@pytest.mark.parametrize(("said", "shown"), [({}, False), ({"disp": False}, False), ({"disp": True}, True)])
def test_disp(said, shown, capsys):
    so.minimize(bowl, [4.0], jac=slope, method=ss.SGD(lr=0.25), options={"maxiter": 2, **said})
    said = capsys.readouterr().out
    assert said == shown * (
        "reached the limit of 2 steps\n         Current function value: 1.000000\n         Iterations: 2\n"
        "         Function evaluations: 3\n         Gradient evaluations: 3\n"
    )


def test_no_parameters_are_at_their_minimum():
    result = so.minimize(lambda x: 7.0 + x.sum(), np.zeros(0), jac=slope, method=ss.SGD())
    assert (result.fun, result.nit, result.success, result.x.shape) == (7.0, 0, True, (0,))


def test_callbacks_that_do_not_tell_their_signature_and_lists():
    seen = []
    so.minimize(bowl, [4.0], jac=slope, method=ss.SGD(lr=0.25), callback=seen.append, options={"maxiter": 3})
    assert [x.tolist() for x in seen] == [[2.0], [1.0], [0.5]]
