"""Problems of one's own functions: what is asked of them, in any batch, and what is refused."""

import math

import numpy as np
import pytest

from problems import Formula, Problem, Rosenbrock
from problems.problem import symmetric

A = np.array([[2.0, 1.0], [1.0, 4.0]])
WHOLE = {"fun": lambda x: x @ A @ x / 2, "grad": lambda x: A @ x, "hess": lambda x: A + 0 * x}
APART = {
    "fun": lambda a, b: a * a + a * b + 2 * b * b,
    "grad": lambda a, b: [2 * a + b, a + 4 * b],
    "hess": lambda a, b: [[2 + 0 * a, 1], [1, 4 + 0 * b]],
}


@pytest.mark.parametrize("functions", [WHOLE, APART], ids=["of a point", "of numbers"])
@pytest.mark.parametrize("shape", [(2,), (3, 2), (2, 3, 2)])
def test_any_batch_is_asked_row_by_row(functions, shape):
    problem = Problem.of(**functions, x0=[1.0, 2.0])
    x = np.random.default_rng(0).normal(size=shape)
    values = np.einsum("...i,ij,...j->...", x, A, x) / 2
    np.testing.assert_allclose(problem.fun(x), values, rtol=1e-13)
    np.testing.assert_allclose(problem.grad(x), x @ A, rtol=1e-13)
    np.testing.assert_allclose(problem.hess(x), np.broadcast_to(A, (*shape, 2)), rtol=1e-13)
    value, slope = problem.value_and_grad(x)
    np.testing.assert_allclose(value, values, rtol=1e-13)
    np.testing.assert_allclose(slope, x @ A, rtol=1e-13)
    assert problem.grad(x.astype(np.float32)).dtype == np.float32
    assert problem.has_hess


LISTS = {
    "fun": lambda x: float(x @ A @ x) / 2,
    "grad": lambda x: (A @ x).tolist(),
    "hess": lambda x: (A + 0 * x).tolist(),
}


@pytest.mark.parametrize("functions", [WHOLE, LISTS], ids=["arrays", "lists"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_what_a_function_gives_has_the_precision_of_the_point(functions, kind):
    """Whatever it gives: numbers and lists of Python have none of their own."""
    problem, x = Problem.of(**functions, x0=[1.0, 2.0]), np.array([1.0, 2.0], kind)
    value, slope = problem.value_and_grad(x)
    bend = problem.hess(x)
    assert (value, slope.tolist(), bend.tolist()) == (11.0, [4.0, 9.0], A.tolist())
    assert {v.dtype for v in (value, slope, bend, problem.fun(x), problem.grad(x))} == {np.dtype(kind)}


@pytest.mark.parametrize("grad", [None, lambda x: x / 2])
def test_at_whole_numbers_value_and_gradient_are_those_of_floats(grad):
    problem = Problem.of(lambda x: x @ x / 4, grad, x0=[1.0, 2.0])
    value, slope = problem.value_and_grad(np.array([1, 2]))
    assert value == 1.25
    np.testing.assert_allclose(slope, [0.5, 1.0], rtol=1e-6)


def test_a_long_start_stays_an_array_and_a_list_a_list():
    """So that a thousand numbers are not printed."""
    start = np.linspace(-1.0, 1.0, 1000, dtype=np.float32)
    problem = Problem.of(np.sum, np.ones_like, start)
    assert problem.start.dtype == np.float32
    assert np.array_equal(problem.start, start)
    assert len(repr(problem)) < 100
    assert Problem.of(np.sum, np.ones_like, [1, 2]).start == (1.0, 2.0)


@pytest.mark.parametrize("shape", [(2,), (3, 2)])
def test_without_a_gradient_finite_differences_stand_in(shape):
    problem = Problem.of(WHOLE["fun"], x0=[1.0, 2.0])
    x = np.random.default_rng(0).normal(size=shape)
    np.testing.assert_allclose(problem.grad(x), x @ A, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(problem.value_and_grad(x)[1], x @ A, rtol=1e-5, atol=1e-6)
    assert problem.gradient_source == "finite differences"
    assert Problem.of(**WHOLE, x0=[1.0, 2.0]).gradient_source == "exact"
    assert not problem.has_hess
    with pytest.raises(TypeError, match="has no Hessian in closed form"):
        problem.hess(x)
    single = problem.grad(x.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, x @ A, rtol=1e-4, atol=1e-4)


def test_a_function_gets_a_copy_that_it_may_write_to():
    def spoil(x):
        x *= 2
        return x.sum()

    problem, x = Problem.of(spoil, lambda x: spoil(x) + 0 * x, x0=[1.0, 2.0]), np.ones(2)
    assert problem.value_and_grad(x)[0] == 4.0
    assert problem.fun(x) == 4.0
    assert x.tolist() == [1.0, 1.0]


def test_the_complex_step_goes_through():
    problem = Problem.of(WHOLE["fun"], x0=[1.0, 2.0])
    x, v = np.array([1.0, 2.0]), np.array([0.0, 1.0])
    assert problem.fun(x + 1e-100j * v).imag / 1e-100 == pytest.approx((A @ x)[1], rel=1e-14)
    boxed = Problem.of(lambda x: [x @ A @ x / 2], x0=[1.0, 2.0])
    assert boxed.fun(x + 1e-100j * v).imag / 1e-100 == pytest.approx((A @ x)[1], rel=1e-14)


def test_starts_and_minimizers_in_every_plain_form_are_taken():
    def fun(x):
        return (x**2).sum()

    assert Problem.of(fun, x0=3).x0 == (3.0,)
    assert Problem.of(fun, x0=np.array([3])).x0 == Problem.of(fun, x0=np.array(3)).x0 == (3.0,)
    assert Problem.of(fun, x0=np.array([3.0, 4.0])).x0 == (3.0, 4.0)
    assert Problem.of(fun, x0=[1, 2], minimizers=[0, 0]).minimizers == ((0.0, 0.0),)
    assert Problem.of(fun, x0=[1, 2], minimizers=[[0, 0], [1, 1]]).minimizers == ((0.0, 0.0), (1.0, 1.0))
    assert Problem.of(fun, x0=1.0, minimizers=[0, 2]).minimizers == ((0.0,), (2.0,))
    assert Problem.of(fun, x0=1.0, minimizers=0).minimizers == ((0.0,),)
    named = Problem.of(fun, x0=1.0, name="my bowl", domain=(-1, 2))
    assert (named.formula, Problem.of(fun, x0=1.0).formula) == ("my bowl", "fun")


def square(x):
    return (x**2).sum()


def of_three(a, b, c):
    return a + b + c


REFUSED = [
    ((3, None, [1.0]), {}, "fun: got 3, expected a function of x"),
    ((None, None, [1.0]), {}, "fun: got None, expected a function of x"),
    ((square, 3, [1.0]), {}, "grad: got 3, expected a function of x"),
    ((square, None, [1.0]), {"hess": 3}, "hess: got 3, expected a function of x"),
    ((square, None, None), {}, "x0: got None, expected a vector of finite floats"),
    ((square, None, []), {}, "x0: got .*, expected a vector of finite floats"),
    ((square, None, [[1.0]]), {}, "x0: got .*, expected a vector of finite floats"),
    ((square, None, [np.nan]), {}, "x0: got .*, expected a vector of finite floats"),
    ((square, None, [np.inf, 1.0]), {}, "x0: got .*, expected a vector of finite floats"),
    ((square, None, "here"), {}, "x0: got the str 'here', expected a vector of floats"),
    ((square, None, [1.0, 2.0]), {"minimizers": [1.0, 2.0, 3.0]}, "minimizers: got .*, expected points of 2"),
    ((square, None, [1.0, 2.0]), {"minimizers": [[1.0]]}, "minimizers: got .*, expected points of 2 numbers"),
    ((square, None, [1.0]), {"minimizers": [[0.0, 2.0]]}, "minimizers: got .*, expected points of 1 numbers"),
    ((of_three, None, [1.0, 2.0]), {}, r"fun: got a function of \(a, b, c\), expected fun\(x\)"),
    ((square, of_three, [1.0, 2.0]), {}, r"grad: got a function of \(a, b, c\), expected grad\(x\)"),
    ((square, None, [1.0]), {"minimizers": "low"}, "minimizers: got the str 'low', expected points of 1"),
    ((square, None, [1.0]), {"domain": 3}, r"domain: got 3, expected \(low, high\), two numbers or"),
    ((square, None, [1.0]), {"domain": (1.0, 1.0)}, r"domain: got .* two sequences of 1 numbers, low below"),
    ((square, None, [1.0]), {"domain": (0.0, 1.0, 2.0)}, r"domain: got .*, expected \(low, high\)"),
    ((square, None, [1.0, 2.0]), {"domain": ([0.0] * 3, 1.0)}, r"domain: got .* two sequences of 2 numbers"),
    ((square, None, [1.0] * 3), {"domain": ([0.0] * 2, 1.0)}, r"domain: got .* two sequences of 3 numbers"),
    ((square, None, [1.0, 2.0]), {"domain": ([0.0, 2.0], 1.0)}, r"domain: got .*, low below high"),
    ((square, None, [1.0]), {"name": 3}, "name: got 3, expected a text"),
    ((square, None, [1.0]), {"colour": 3, "size": 1}, "got 'colour', 'size', expected only fun, grad, x0"),
]


@pytest.mark.parametrize(("given", "facts", "sentence"), REFUSED)
def test_what_makes_no_problem_is_refused_in_a_sentence(given, facts, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        Problem.of(*given, **facts)


@pytest.mark.parametrize("x", [np.ones(3), np.ones((2, 1)), np.float64(1.0)])
def test_points_of_another_length_are_refused(x):
    with pytest.raises(ValueError, match=r"x: got .*, expected 2 numbers, or a batch of so many each"):
        Problem.of(square, x0=[1.0, 2.0]).fun(x)


def test_a_text_is_a_formula_with_its_start_and_nothing_else():
    assert Problem.of("x**2 + 3*y**2", x0=[1.0, 2.0]) == Formula("x**2 + 3*y**2", [1.0, 2.0])
    assert Problem.of("x**2") == Formula("x**2")
    for name in ("grad", "hess"):
        with pytest.raises(TypeError, match=f"{name}: got .* with a formula, expected x0 alone"):
            Problem.of("x**2", **{name: square})
    with pytest.raises(TypeError, match=r"minimum: got 0\.0 with a formula, expected x0 alone"):
        Problem.of("x**2", minimum=0.0)


def test_an_unknown_fact_is_refused_with_all_that_are_known():
    known = "fun, grad, x0, hess, minimum, minimizers, L, mu, domain, name"
    with pytest.raises(TypeError, match=rf"^Problem\.of: got 'a', 'b', expected only {known}$"):
        Problem.of(square, x0=[1.0], a=1, b=2)


@pytest.mark.parametrize("d", range(1, 12))
def test_a_symmetric_matrix_is_filled_from_its_upper_triangle(d):
    upper = np.arange(1.0, d * (d + 1) // 2 + 1)
    H = symmetric(*upper)
    assert H.shape == (d, d)
    assert np.array_equal(H, H.T)
    assert np.array_equal(H[np.triu_indices(d)], upper)
    several = symmetric(*(v * np.ones((2, 3)) for v in upper))
    assert np.array_equal(several, np.broadcast_to(H, (2, 3, d, d)))


def test_points_of_the_domain_follow_from_their_seed_and_fill_it():
    problem = Rosenbrock(3)
    points = problem.sample_domain(2000, 5)
    assert np.array_equal(points, problem.sample_domain(2000, 5))
    assert not np.array_equal(points, problem.sample_domain(2000, 6))
    assert points.shape == (2000, 3)
    assert np.abs(points).max() <= 2.0
    np.testing.assert_allclose(points.std(axis=0), 4 / np.sqrt(12), rtol=0.05)


def test_what_does_not_vary_is_itself_at_every_update():
    problem = Rosenbrock()
    assert problem.at(3) is problem.sample(3) is problem.sample(3, 2) is problem
    assert (Problem.isolated, Problem.smooth, Problem.source, Problem.varies) == (True, True, "", False)


def test_a_problem_that_says_nothing_of_it_stays_where_it_is():
    class Bowl(Problem):
        source = "ours"
        x0 = (1.0,)

        def fun(self, x):
            return x[..., 0] ** 2

        def grad(self, x):
            return 2 * x

    assert Bowl().drifts is False
    assert Bowl().varies is False


def test_functions_of_one_number_get_a_number():
    """The functions of the standard library take no array of one."""
    value, slope = Problem.of(math.cosh, math.sinh, x0=[3.0]).plain_functions
    assert value(np.array([3.0])) == math.cosh(3.0)
    assert slope(np.array([3.0])) == math.sinh(3.0)
