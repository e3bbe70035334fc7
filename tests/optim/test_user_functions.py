"""A user's own functions in the forms people write them: taken where the meaning is plain, else one sentence.

Every form is held against the run of the plainest one, or against a closed form.
"""

import functools
import math
import warnings
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.optimize._numdiff import approx_derivative

import stepsize as ss
from optim.testing import check_gradient
from schedules import StrongWolfe

pd = pytest.importorskip("pandas", reason="pandas is an optional extra")
of = ss.Problem.of


class Tensor:
    """What a tensor of another library looks like from here: it must be detached before NumPy may read it."""

    def __init__(self, value, attached=True):
        self.value, self.attached = np.asarray(value, dtype=np.float32), attached

    def detach(self):
        return Tensor(self.value, attached=False)

    def cpu(self):
        return self

    def __array__(self, dtype=None, copy=None):
        if self.attached:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        return np.array(self.value, dtype)

    def __float__(self):
        return float(self.value)


class ArrayLike:
    """An array of a library without detach."""

    def __init__(self, value):
        self.value = value

    def __array__(self, dtype=None, copy=None):
        return np.array(self.value, dtype)


def halved(fun, grad, x0=(4.0, 8.0)):
    """Return the run of rate 0.25 on x1^2 + x2^2, which halves x three times."""
    return ss.minimize(of(fun, grad, x0=x0), ss.SGD(lr=0.25), steps=3)


def constant(answer):
    """Return the function that gives this whatever it gets."""
    return lambda *_: answer


def bowl(x):
    return x[0] ** 2 + x[1] ** 2


def slope(x):
    return 2 * x


VALUES = {
    "a float": float,
    "a NumPy number": np.float64,
    "a float32": np.float32,
    "an int": int,
    "a NumPy int": np.int32,
    "a fraction": Fraction,
    "no dimension": np.array,
    "an array of one": lambda f: np.array([f]),
    "a matrix of one": lambda f: np.array([[f]]),
    "a list of one": lambda f: [f],
    "a Series of one": lambda f: pd.Series([f]),
    "a tensor": Tensor,
    "an array of another library": ArrayLike,
    "an object array of a number": lambda f: np.array([float(f)], dtype=object),
}
GRADIENTS = {
    "a list": list,
    "a tuple": tuple,
    "ints": lambda g: g.astype(int),
    "a list of ints": lambda g: [int(v) for v in g],
    "a column": lambda g: g[:, None],
    "a row": lambda g: g[None, :],
    "a nested list": lambda g: [g.tolist()],
    "a list of columns": lambda g: [[v] for v in g],
    "a list of arrays of one": lambda g: [np.array([v]) for v in g],
    "float32": lambda g: g.astype(np.float32),
    "float16": lambda g: g.astype(np.float16),
    "long doubles": lambda g: g.astype(np.longdouble),
    "a matrix": lambda g: np.ascontiguousarray(g).view(),
    "a view backwards": lambda g: g[::-1].copy()[::-1],
    "a read-only array": lambda g: np.broadcast_to(g, g.shape),
    "a Series": pd.Series,
    "a DataFrame": lambda g: pd.DataFrame({"g": g}),
    "a tensor": Tensor,
    "a list of tensors": lambda g: [Tensor(v) for v in g],
    "an array of another library": ArrayLike,
    "fractions": lambda g: [Fraction(float(v)) for v in g],
}


@pytest.mark.parametrize("form", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize(
    "wrap", [of, lambda f, g, x0: SimpleNamespace(fun=f, grad=g, x0=x0)], ids=["of", "object"]
)
def test_a_value_in_every_plain_form(form, wrap):
    run = ss.minimize(wrap(lambda x: form(bowl(x)), slope, x0=(4.0, 8.0)), ss.SGD(lr=0.25), steps=3)
    assert run.history.fun.tolist() == [80.0, 20.0, 5.0, 1.25 if form not in (int, np.int32) else 1.0]
    assert run.x.tolist() == [0.5, 1.0]


@pytest.mark.parametrize("form", GRADIENTS.values(), ids=GRADIENTS)
@pytest.mark.parametrize(
    "wrap", [of, lambda f, g, x0: SimpleNamespace(fun=f, grad=g, x0=x0)], ids=["of", "object"]
)
def test_a_gradient_in_every_plain_form(form, wrap):
    run = ss.minimize(wrap(bowl, lambda x: form(2 * x), x0=(4.0, 8.0)), ss.SGD(lr=0.25), steps=3)
    assert run.history.x.tolist() == [[4.0, 8.0], [2.0, 4.0], [1.0, 2.0], [0.5, 1.0]]
    assert run.history.x.dtype == np.float64


def test_a_matrix_of_the_old_kind():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        assert halved(lambda x: np.matrix(x) * np.matrix(x).T, lambda x: 2 * np.matrix(x)).x.tolist() == [
            0.5,
            1.0,
        ]


STARTS = {
    "a list": [4.0, 8.0],
    "a tuple of ints": (4, 8),
    "an array of ints": np.array([4, 8]),
    "unsigned": np.array([4, 8], dtype=np.uint8),
    "a Series": pd.Series([4.0, 8.0]),
    "a Series of ints": pd.Series([4, 8]),
    "a tensor": Tensor([4.0, 8.0]),
    "fractions": [Fraction(4), Fraction(8)],
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_a_start_in_every_plain_form(start):
    assert halved(bowl, slope, start).x.tolist() == [0.5, 1.0]
    run = ss.minimize(of(bowl, slope, x0=(0.0, 0.0)), ss.SGD(lr=0.25), x0=start, steps=3)
    assert run.x.tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    "start",
    [8.0, 8, [8.0], [8], (8.0,), np.float64(8), np.int64(8), np.array(8.0), np.array([8]), Fraction(8)],
)
@pytest.mark.parametrize(
    ("fun", "grad"),
    [
        (lambda x: x**2, lambda x: 2 * x),
        (lambda x: x[0] ** 2, lambda x: [2 * x[0]]),
        (lambda x: x[0] ** 2, lambda x: 2 * x[0]),
        (lambda x: math.pow(x, 2), lambda x: math.fsum([x, x])),
        (lambda x: float(x) ** 2, lambda x: float(x) * 2),
        (lambda x: x**2 if x > 0 else -x, lambda x: 2 * x),
    ],
)
def test_a_function_of_one_number(fun, grad, start):
    run = halved(fun, grad, start)
    assert run.history.x.tolist() == [[8.0], [4.0], [2.0], [1.0]]
    assert run.history.fun.tolist() == [64.0, 16.0, 4.0, 1.0]
    assert ss.minimize(ss.Parabola(), ss.SGD(lr=0.25), start, steps=3).x.shape == (1,)


class TestFunctionsOfSeveralNumbers:
    @pytest.mark.parametrize(
        ("fun", "grad"),
        [
            (lambda a, b: a * a + b * b, lambda a, b: (2 * a, 2 * b)),
            (lambda a, b: a * a + b * b, lambda a, b: np.array([2 * a, 2 * b])),
            (lambda a, b: a * a + b * b, slope),
            (bowl, lambda a, b: [2 * a, 2 * b]),
            (lambda a, b, c=1.0: c * (a * a + b * b), lambda a, b, *, c=2: [c * a, c * b]),
            (functools.partial(lambda k, a, b: k * (a * a + b * b), 1), slope),
        ],
    )
    def test_they_are_taken(self, fun, grad):
        assert halved(fun, grad).x.tolist() == [0.5, 1.0]

    def test_with_a_hessian_and_differences(self):
        problem = of(lambda a, b: a * a + b * b, x0=(4.0, 8.0), hess=constant([[2, 0], [0, 2]]))
        np.testing.assert_allclose(ss.minimize(problem, ss.Newton(lr=1.0), steps=1).x, 0.0, atol=1e-6)

    def test_all_their_engines_and_batches(self):
        problem = of(lambda a, b: a * a + b * b, lambda a, b: (2 * a, 2 * b), x0=(4.0, 8.0))
        batch = ss.minimize(problem, ss.SGD(lr=np.array([[0.25], [0.5]])), steps=3)
        assert batch.x.tolist() == [[0.5, 1.0], [0.0, 0.0]]

    @pytest.mark.parametrize(
        ("fun", "got"),
        [
            (lambda a, b, c: a + b + c, "(a, b, c)"),
            (lambda: 1.0, "()"),
            (lambda x, *, scale: x * scale, "(x, *, scale)"),
        ],
    )
    def test_of_another_count_they_are_refused(self, fun, got):
        with pytest.raises(TypeError) as caught:
            of(fun, slope, x0=(1.0, 2.0))
        assert str(caught.value) == (
            f"fun: got a function of {got}, expected fun(x) with x of shape (2,), or fun of 2 numbers"
        )
        with pytest.raises(TypeError, match=r"^grad: got a function of .*, expected grad\(x\) with x of"):
            of(bowl, fun, x0=(1.0, 2.0))

    @pytest.mark.parametrize(
        "fun", [np.sum, np.linalg.norm, lambda *x: x[0].sum(), lambda x, k=2: (x**k).sum()]
    )
    def test_functions_of_the_vector_with_more_to_say_are_no_such(self, fun):
        assert float(of(fun, x0=(3.0, 4.0)).fun(np.array([3.0, 4.0]))) in (5.0, 7.0, 25.0)


NO_VALUES = {
    "None": (None, "fun: got None, expected a number; is its return missing?"),
    "a text": ("2.0", "fun: got the str '2.0', expected a number"),
    "a truth value": (True, "fun: got True, expected a number"),
    "a complex number": (1 + 2j, "fun: got the complex (1+2j), expected a number"),
    "two numbers": (np.array([1.0, 2.0]), "fun: got an array of float64 of shape (2,), expected a number"),
    "value and gradient": ((1.0, np.ones(2)), "fun: got the tuple (1.0, array([1., 1.])), expected a number"),
    "nothing in it": ([], "fun: got an array of float64 of shape (0,), expected a number"),
    "a dictionary": ({"f": 1.0}, "fun: got the dict {'f': 1.0}, expected a number"),
    "a function": (math.sin, "fun: got the function sin, expected a"),
    "an object": (np.array([None]), "fun: got an array of object of shape (1,), expected a number"),
}
NO_GRADIENTS = {
    "None": (None, "grad: got None, expected numbers of the shape (2,) of x; is its return missing?"),
    "one number": (1.0, "grad: got 1.0, expected the shape (2,) of x"),
    "one number as an array": (np.array(1.0), "grad: got 1.0, expected the shape (2,) of x"),
    "too long": ([1, 2, 3], "grad: got an array of float64 of shape (3,), expected the shape (2,) of x"),
    "too short": ([1.0], "grad: got an array of float64 of shape (1,), expected the shape (2,) of x"),
    "a square": (np.eye(2), "grad: got an array of float64 of shape (2, 2), expected the shape (2,) of x"),
    "complex": (np.ones(2) * 1j, "grad: got an array of complex128 of shape (2,), expected numbers of the"),
    "texts": (["1", "2"], "grad: got the list ['1', '2'], expected numbers of the shape (2,) of x"),
    "truth values": (np.array([True, False]), "grad: got an array of bool of shape (2,), expected numbers"),
    "with a gap": ([1.0, None], "grad: got the list [1.0, None], expected numbers"),
    "ragged": ([1.0, [2.0, 3.0]], "grad: got the list [1.0, [2.0, 3.0]], expected numbers"),
    "a dictionary": ({0: 1.0}, "grad: got the dict {0: 1.0}, expected numbers"),
}


def refusal(call):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(("answer", "sentence"), NO_VALUES.values(), ids=NO_VALUES)
@pytest.mark.parametrize(
    "rule", [ss.SGD(lr=0.1), ss.SGD(lr=StrongWolfe()), ss.SGD(lr=[[0.1], [0.2]])], ids=str
)
def test_what_is_no_value_is_refused(rule, answer, sentence):
    assert refusal(lambda: ss.minimize(of(constant(answer), slope, x0=(1.0, 2.0)), rule)).startswith(sentence)


@pytest.mark.parametrize(("answer", "sentence"), NO_GRADIENTS.values(), ids=NO_GRADIENTS)
@pytest.mark.parametrize(
    "rule", [ss.SGD(lr=0.1), ss.SGD(lr=StrongWolfe()), ss.SGD(lr=[[0.1], [0.2]])], ids=str
)
def test_what_is_no_gradient_is_refused(rule, answer, sentence):
    assert refusal(lambda: ss.minimize(of(bowl, constant(answer), x0=(1.0, 2.0)), rule)).startswith(sentence)


@pytest.mark.parametrize(("answer", "sentence"), [*NO_VALUES.values()], ids=NO_VALUES)
def test_later_in_the_run_as_well(answer, sentence):
    calls = []

    def fun(x):
        calls.append(x)
        return answer if len(calls) == 4 else bowl(x)

    assert refusal(lambda: ss.minimize(of(fun, slope, x0=(1.0, 2.0)), ss.SGD())).startswith(sentence)
    assert len(calls) == 4


@pytest.mark.parametrize(
    ("hess", "sentence"),
    [
        (constant(None), "hess: got None, expected numbers of the shape (2, 2)"),
        (constant([1.0, 2.0]), "hess: got an array of float64 of shape (2,), expected the shape (2, 2)"),
        (constant([["a", 1], [1, 1]]), "hess: got the list [['a', 1], [1, 1]], expected numbers"),
    ],
)
def test_what_is_no_hessian_is_refused(hess, sentence):
    problem = of(bowl, slope, x0=(1.0, 2.0), hess=hess)
    assert refusal(lambda: ss.minimize(problem, ss.Newton())).startswith(sentence)


@pytest.mark.parametrize("error", [TypeError, ValueError, KeyError, ZeroDivisionError, RuntimeError])
@pytest.mark.parametrize("x0", [[1.0], [1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]]], ids=str)
@pytest.mark.parametrize("which", ["fun", "grad"])
def test_the_users_own_error_goes_through_as_it_is(error, x0, which):
    mine = error("of mine")

    def broken(x):
        raise mine

    given = {"fun": lambda x: (x**2).sum(), "grad": slope, which: broken}
    for problem in (of(**given, x0=np.ravel(x0)[: np.shape(x0)[-1]]), SimpleNamespace(**given)):
        with pytest.raises(error) as caught:
            ss.minimize(problem, ss.SGD(), x0=x0)
        assert caught.value is mine
        assert caught.traceback[-1].name == "broken" or error is TypeError
        assert mine.__cause__ is None


BAD_CALLS = [
    (lambda: of(bowl, slope), "x0: got None, expected a vector of finite floats"),
    (lambda: of(bowl, slope, x0=["1", "2"]), "x0: got the list ['1', '2'], expected a vector of floats"),
    (lambda: of(bowl, slope, x0="12"), "x0: got the str '12', expected a vector of floats"),
    (lambda: of(bowl, slope, x0=[1.0, None]), "x0: got the list [1.0, None], expected a vector of floats"),
    (lambda: of(bowl, slope, x0=[True, False]), "x0: got the list [True, False], expected a vector"),
    (lambda: of(bowl, slope, x0=[1j, 1.0]), "x0: got the list [1j, 1.0], expected a vector of floats"),
    (lambda: of(bowl, slope, x0=[np.inf, 1.0]), "x0: got the tuple (inf, 1.0), expected a vector of finite"),
    (lambda: of(bowl, slope, x0=[[1.0, 2.0]]), "x0: got"),
    (lambda: of(bowl, slope, x0=[]), "x0: got"),
    (lambda: of(bowl, [1.0, 2.0]), "grad: got the tuple (1.0, 2.0), expected a function of x"),
    (
        lambda: of(bowl, jac=slope, x0=[1.0]),
        "Problem.of: got 'jac', expected only fun, grad, x0, hess, minimum",
    ),
    (lambda: of(bowl, x0=[1.0], minimum="0"), "minimum: got the str '0', expected a finite number"),
    (lambda: of(bowl, x0=[1.0, 2.0], minimizers=[1.0, 2.0, 3.0]), "minimizers: got"),
    (lambda: of(bowl, x0=[1.0, 2.0], domain=3.0), "domain: got 3.0, expected (low, high)"),
    (lambda: of(bowl, x0=[1.0, 2.0], domain=(3.0, -3.0)), "domain: got"),
    (lambda: of(bowl, x0=[1.0, 2.0], domain=([-1, -1, -1], 1)), "domain: got"),
    (lambda: of(bowl, x0=[1.0, 2.0]).fun(np.ones(3)), "x: got an array of float64 of shape (3,), expected 2"),
    (lambda: of(bowl, x0=[1.0, 2.0]).fun("ab"), "x: got the str 'ab', expected an array of floats"),
    (lambda: ss.SGD(lr="0.1"), "lr: got the str '0.1', expected a number, an array or a schedule"),
    (lambda: ss.SGD(lr=None), "lr: got None, expected a number, an array or a schedule"),
    (lambda: ss.SGD(lr=1j), "lr: got the complex 1j, expected a number, an array or a schedule"),
    (lambda: ss.SGD(lr=["0.1", "0.2"]), "lr: got the list ['0.1', '0.2'], expected a number, an array or"),
    (lambda: ss.SGD(lr=[0.1, None]), "lr: got the list [0.1, None], expected a number, an array or"),
    (lambda: ss.SGD(lr=[0.1, [0.2]]), "lr: got the list [0.1, [0.2]], expected a number, an array or"),
    (lambda: ss.SGD(lr={"lr": 0.1}), "lr: got the dict {'lr': 0.1}, expected a number, an array or"),
    (lambda: ss.SGD(lr=-0.1), "lr: got -0.1, expected a finite number of at least 0"),
    (lambda: ss.SGD(lr=[0.1, np.nan]), "lr: got nan, expected a finite number of at least 0"),
    (lambda: ss.Adam(beta1="0.9"), "beta1: got the str '0.9', expected a number, an array or a schedule"),
    (lambda: ss.minimize(ss.Quadratic(), ss.SGD(), x0=["1", "2"]), "x0: got the list ['1', '2'], expected"),
    (lambda: ss.minimize(ss.Quadratic(), ss.SGD(), x0=[True, True]), "x0: got the list [True, True]"),
    (lambda: ss.minimize(ss.Quadratic(), ss.SGD(), x0={1.0, 2.0}), "x0: got the set {1.0, 2.0}, expected"),
    (
        lambda: ss.minimize(ss.Quadratic(), ss.SGD(lr=[0.1, 0.2, 0.3])),
        "lr: got an array of float64 of shape (3,)",
    ),
    (
        lambda: ss.SGD().step("ab", 1.0, ss.SGD().init(1.0)),
        "x: got the str 'ab', expected an array of floats",
    ),
    (lambda: ss.SGD().step(1.0, None, ss.SGD().init(1.0)), "grad: got None, expected numbers"),
    (
        lambda: ss.SGD().step(np.ones(2), 1.0, ss.SGD().init(np.ones(2))),
        "grad: got 1.0, expected the shape (2,)",
    ),
    (lambda: ss.SGD().step(np.ones(2), np.ones(2), None), "state: got None, expected a state"),
    (lambda: check_gradient(SimpleNamespace(fun=bowl, grad=slope)), "x: got None, expected points"),
]


@pytest.mark.parametrize(("call", "sentence"), BAD_CALLS, ids=[s for _, s in BAD_CALLS])
def test_bad_input_is_named(call, sentence):
    said = refusal(call)
    assert said.startswith(sentence)
    assert "\n" not in said


class TestBatches:
    """Whatever a function makes of several points at once, a batch gives what its rows give."""

    ROWS = np.array([[1.0, 1.0], [1.0, 1.0]])
    FUNCTIONS = (
        lambda x: x[0] ** 2 + 3 * x[1] ** 2,
        lambda x: (x * x * [1, 3]).sum(),
        lambda x: (x * x * [1, 3]).sum(axis=-1),
        lambda x: float(x @ np.diag([1, 3]) @ x),
        lambda x: x.T @ np.diag([1, 3]) @ x,
    )
    GRADIENTS = (
        lambda x: np.array([2 * x[0], 6 * x[1]]),
        lambda x: [2 * x[0], 6 * x[1]],
        lambda x: x * [2, 6],
        lambda x: np.array([[2.0, 0.0], [0.0, 6.0]]) @ x,
        lambda x: np.multiply(x, [2, 6], out=TestBatches.BUFFER) if x.ndim == 1 else x * [2, 6],
    )
    BUFFER = np.zeros(2)

    @pytest.mark.parametrize("fun", FUNCTIONS)
    @pytest.mark.parametrize("grad", GRADIENTS)
    @pytest.mark.parametrize("kind", ["of", "object"])
    @pytest.mark.parametrize("rates", [[[0.1], [0.05]], [[0.1], [0.05], [0.02]], [[0.1]]], ids=str)
    def test_they_equal_the_single_runs(self, fun, grad, kind, rates):
        problem = of(fun, grad, x0=(1.0, 1.0)) if kind == "of" else SimpleNamespace(fun=fun, grad=grad)
        run = ss.minimize(problem, ss.SGD(lr=rates), x0=[1.0, 1.0], steps=4)
        for i, (rate,) in enumerate(rates):
            exact = [(1 - 2 * rate) ** np.arange(5), (1 - 6 * rate) ** np.arange(5)]
            np.testing.assert_allclose(run.history.x[:, i], np.transpose(exact), rtol=1e-12)
            np.testing.assert_allclose(run.history.fun[:, i], exact[0] ** 2 + 3 * exact[1] ** 2, rtol=1e-12)

    @pytest.mark.parametrize("batched", [True, False])
    def test_an_object_that_says_so_is_asked_once_for_all(self, batched):
        shapes = []

        def fun(x):
            shapes.append(x.shape)
            return (x * x).sum(axis=-1)

        ss.minimize(
            SimpleNamespace(fun=fun, grad=lambda x: 2 * x, batched=batched),
            ss.SGD(lr=np.full((50, 1), 0.1)),
            [1.0, 2.0],
            steps=3,
        )
        if batched:
            assert all(len(shape) == 2 and shape[0] >= 50 for shape in shapes)
            assert sum(rows for rows, _ in shapes) >= 4 * 50
            assert len(shapes) <= 8
        else:
            assert set(shapes) == {(2,)}
            assert len(shapes) >= 4 * 50

    def test_grids_of_points(self):
        problem = of(self.FUNCTIONS[0], self.GRADIENTS[0], x0=(1.0, 2.0), hess=constant(np.diag([2.0, 6.0])))
        x = np.random.default_rng(0).normal(size=(4, 2, 2))
        np.testing.assert_allclose(problem.fun(x), x[..., 0] ** 2 + 3 * x[..., 1] ** 2, rtol=1e-14)
        np.testing.assert_allclose(problem.grad(x), x * [2, 6], rtol=1e-14)
        assert problem.hess(x).shape == (4, 2, 2, 2)

    def test_sweeps_races_and_pictures(self):
        plt = pytest.importorskip("matplotlib.pyplot")
        problem = of(self.FUNCTIONS[0], self.GRADIENTS[1], x0=(1.0, 2.0), minimum=0, domain=(-3, 3))
        race = ss.race(problem, [ss.SGD(lr=0.1), ss.Adam(lr=0.1)], steps=20)
        assert [run.nit for run in race.runs] == [20, 20]
        ss.draw.race(race)
        plt.close("all")
        found = ss.find_lr(problem, ss.SGD, steps=50)
        assert found.edge == pytest.approx(2 / 6, rel=1e-4)


class TestFacts:
    @pytest.mark.parametrize(
        ("x0", "given", "kept"),
        [
            ([1.0, 2.0], [0.0, 1.0], ((0.0, 1.0),)),
            ([1.0, 2.0], [[0, 1], [2, 3]], ((0.0, 1.0), (2.0, 3.0))),
            ([1.0], 0.5, ((0.5,),)),
            ([1.0], [0.5, -0.5], ((0.5,), (-0.5,))),
            ([1.0], [[0.5]], ((0.5,),)),
        ],
    )
    def test_minimizers_in_plain_forms(self, x0, given, kept):
        assert of(lambda x: x @ x, x0=x0, minimizers=given).minimizers == kept

    def test_a_gradient_is_checked(self):
        problem = of(lambda a, b: a * a + b**4, lambda a, b: (2 * a, 4 * b**3), x0=(1.0, 2.0))
        assert check_gradient(problem).error < 1e-10
        with pytest.raises(AssertionError, match=r"^grad: coordinate 1 "):
            check_gradient(of(lambda a, b: a * a + b**4, lambda a, b: (2 * a, 3 * b**3), x0=(1.0, 2.0)))

    def test_finite_differences_in_single_precision(self):
        problem = of(bowl, x0=(3.0, 4.0))
        run = ss.minimize(problem, ss.SGD(lr=0.25), np.array([4.0, 8.0], np.float32), steps=3)
        assert run.history.x.dtype == np.float32
        np.testing.assert_allclose(run.x, [0.5, 1.0], rtol=1e-5)


class TestPlainNumbers:
    """Steps on plain numbers and on arrays of no dimension."""

    RULES = (ss.SGD(lr=0.1), ss.Momentum(), ss.Adam(lr=0.1), ss.BFGS(lr=0.1), ss.Lookahead(ss.SGD(lr=0.1)))

    @pytest.mark.parametrize("rule", RULES, ids=str)
    @pytest.mark.parametrize("form", [float, np.float64, lambda v: np.array(float(v)), int])
    def test_they_equal_a_vector_of_one(self, rule, form):
        x, v = form(5), np.array([5.0])
        state, other = rule.init(x), rule.init(v)
        for _ in range(4):
            x, state = rule.step(x, 2 * x, state)
            v, other = rule.step(v, 2 * v, other)
            assert np.ndim(x) == 0
            assert float(x) == v[0]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ss.SGD(lr=lambda: 0.1), r"^lr: got a function of \(\), expected a function of \(n\)"),
        (
            lambda: ss.Adam(beta1=lambda n, m: 0.9 * n * m),
            r"^beta1: got a function of \(n, m\), expected .* of \(n\)",
        ),
        (lambda: ss.FromFunction(lambda: 0.1), r"^function: got a function of \(\), expected .* of \(n\)"),
        (lambda: ss.FromFunction(0.1), r"^function: got 0\.1, expected a function of \(n\)"),
        (
            lambda: ss.Recursion(1.0, lambda n: 0.1 * n),
            r"^function: got a function of \(n\), expected a function of \(n, previous\)",
        ),
    ],
)
def test_a_rate_is_a_function_of_one_index(make, sentence):
    with pytest.raises(TypeError, match=sentence):
        make()


class TestClassesThatLackAMethod:
    def test_each_is_told_which(self):
        class Aimless(ss.Optimizer, abstract=True):
            lr: ss.Hyper = 0.1

        class Mute(ss.Schedule, abstract=True):
            def values(self, n):
                return n

        class Flat(ss.Problem, abstract=True):
            x0 = (1.0, 2.0)

            def fun(self, x):
                return (x * x).sum(axis=-1)

        bowl = ss.Quadratic([1.0, 20.0])
        for run, sentence in (
            (
                lambda: ss.minimize(bowl, Aimless(), steps=3),
                r"^Aimless: .* define direction\(self, x, g, slots",
            ),
            (lambda: ss.minimize(bowl, ss.SGD(lr=Mute()), steps=3), r"^Mute: .* define value\(self, n\)"),
            (
                lambda: ss.minimize(Flat(), ss.SGD(), steps=3),
                r"^Flat: .* expected it to define grad\(self, x\)",
            ),
        ):
            with pytest.raises(NotImplementedError, match=sentence):
                run()

    def test_a_schedule_without_a_formula_is_printed_by_its_name(self):
        class Fading(ss.Schedule, abstract=True):
            a: float = 0.1

            def value(self, n):
                return self.a / (1 + n)

        race = ss.race(ss.Quadratic([1.0, 20.0]), [ss.SGD(lr=0.5 * Fading(a=0.05))], steps=20)
        assert "0.5 Fading(n)" in str(race)
        assert Fading().describe() == "Fading(n)"


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e3, 1e9, 1e12, 1e20])
def test_differences_are_those_of_scipy(size):
    """Up to 1 with the bits of `approx_fprime`; above 0 everywhere with those of `approx_derivative`."""

    def value(x):
        return float(np.sin(x[0] / size) + (x * x).sum() / size + x[0] * x[-1] / size**2)

    problem = ss.Problem.of(value, x0=np.ones(5))
    points = np.random.default_rng(0).normal(size=(20, 5)) * size
    points[0] = 0.0
    for x in points:
        small, positive = np.clip(x, -1.0, 1.0), np.abs(x)
        assert np.array_equal(problem.grad(small), approx_fprime(small, value))
        assert np.array_equal(problem.grad(positive), approx_derivative(value, positive, method="2-point"))


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e4, 1e8, 1e16, 1e100])
@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize(
    ("value", "slope"),
    [
        (lambda x: x[0] ** 2, lambda x: 2 * x),
        (lambda x: 3 * x[0], lambda x: 3 + 0 * x),
        (lambda x: x[0] ** 3 / 3, lambda x: x * x),
    ],
)
def test_differences_have_seven_digits_however_far_from_0(value, slope, size, side):
    x = np.array([side * 1.2345 * size])
    absolute = 2e-8 if size < 1 else 0.0  # there the step is
    assert of(value, x0=x).grad(x) == pytest.approx(slope(x), rel=1e-7, abs=absolute)


@pytest.mark.parametrize("x", [np.inf, -np.inf, np.nan, 1.7e308, -1.7e308])
@pytest.mark.parametrize("value", [lambda x: x[0], constant(np.inf), constant(np.nan), lambda x: -x[0] * 0.5])
def test_differences_of_what_is_not_finite_raise_nothing(value, x):
    problem = of(value, x0=[1.0])
    g = problem.grad(np.array([x]))
    assert np.isfinite(g[0]) == (np.isfinite(x) and np.isfinite(value([x])))


@pytest.mark.parametrize("start", [1.0, 1e3, 1e6, 1e9])
@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize(("times", "verdict"), [(2.2, "diverged"), (4.0, "diverged"), (0.5, "settled")])
def test_verdicts_of_differences_do_not_depend_on_the_scale(start, unit, times, verdict):
    """On f = x^2 in other units, at a rate of so many times 1/L."""
    if times < 2 and start * unit < 1e-3:
        return  # it ends half an absolute step below the minimum, which is far in these units
    problem = of(lambda x: (x[0] / unit) ** 2, x0=[start * unit], minimum=0)
    run = ss.minimize(problem, ss.SGD(lr=times * unit * unit / 2), steps=2500)
    assert ss.diagnose(run).verdict == verdict
