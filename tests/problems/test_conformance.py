"""What every registered problem promises."""

import numpy as np
import pytest

from optim import Momentum, minimize
from problems import FiniteSum, FunctionProblem, Problem
from stepsize.core.record import registered
from tests.instances import PROBLEMS, name_of

# The demo instance and the default one, where there is a default.
INSTANCES = [p for p in PROBLEMS if not isinstance(p, FunctionProblem)]
for cls in registered(Problem):
    if cls.demo and cls not in (FunctionProblem,):
        try:
            INSTANCES.append(cls())
        except TypeError:
            continue  # it cannot be made without data
INSTANCES += [p.batch([0, 2, 2, 1]) for p in PROBLEMS if isinstance(p, FiniteSum)]


def points(problem, count=8):
    """Random points around the start and, where there is one, in the domain."""
    count = count if problem.dim < 100 else 2
    rng = np.random.default_rng(3)
    near = np.array(problem.x0) + rng.normal(size=(count, problem.dim))
    return near if problem.domain is None else np.concatenate([near, problem.sample_domain(count, 4)])


def directions(problem):
    """The coordinate axes, or for many parameters a few random directions; one a row."""
    if problem.dim < 100:
        return np.eye(problem.dim)
    V = np.random.default_rng(5).normal(size=(4, problem.dim))
    return V / np.linalg.norm(V, axis=1, keepdims=True)


def differences(function, x, V, step=1e-6):
    """Central differences along each direction, on the last axis."""
    return np.stack([(function(x + step * v) - function(x - step * v)) / (2 * step) for v in V], axis=-1)


@pytest.mark.parametrize("problem", INSTANCES, ids=name_of)
def test_gradient_against_central_differences(problem):
    x, V = points(problem), directions(problem)
    g = problem.grad(x)
    scale = 1 + np.abs(g).max(axis=-1, keepdims=True) + np.abs(problem.fun(x))[:, None]
    assert (np.abs(differences(problem.fun, x, V) - g @ V.T) / scale).max() < 1e-7


ANALYTIC = [p for p in INSTANCES if p.components and p.smooth]


@pytest.mark.parametrize("problem", ANALYTIC, ids=name_of)
def test_gradient_against_the_complex_step(problem):
    """f(x + ih v) = f(x) + ih f'(x) v + O(h^2): no difference is taken, so all digits are right."""
    x = points(problem)
    slopes = [problem.fun(x + 1e-100j * v).imag / 1e-100 for v in np.eye(problem.dim)]
    g = problem.grad(x)
    scale = 1 + np.abs(g).max(axis=-1, keepdims=True) + np.abs(problem.fun(x))[:, None]
    assert (np.abs(np.stack(slopes, axis=-1) - g) / scale).max() < 1e-13


@pytest.mark.parametrize("problem", ANALYTIC, ids=name_of)
def test_hessian_against_the_complex_step(problem):
    x = points(problem)
    columns = [problem.grad(x + 1e-100j * v).imag / 1e-100 for v in np.eye(problem.dim)]
    H = problem.hess(x)
    scale = 1 + np.abs(H).max(axis=(-1, -2), keepdims=True)
    assert (np.abs(np.stack(columns, axis=-1) - H) / scale).max() < 1e-12


# Hessians of many hundreds of parameters are tested by a few products, in test_problems_learning.py.
WITH_HESSIAN = [p for p in INSTANCES if p.has_hess and p.dim < 400]


@pytest.mark.parametrize("problem", WITH_HESSIAN, ids=name_of)
def test_hessian_against_the_gradient(problem):
    x, V = points(problem), directions(problem)
    H, g = problem.hess(x), problem.grad(x)
    assert H.shape == (*x.shape, problem.dim)
    assert np.allclose(H, np.swapaxes(H, -1, -2))
    scale = 1 + np.abs(H).max(axis=(-1, -2), keepdims=True) + np.abs(g).max(axis=-1)[:, None, None]
    assert (np.abs(differences(problem.grad, x, V) - H @ V.T) / scale).max() < 1e-7


@pytest.mark.parametrize("problem", INSTANCES, ids=name_of)
def test_a_batch_equals_single_points(problem):
    x = points(problem)
    values, gradients = problem.value_and_grad(x)
    assert values.shape == x.shape[:-1]
    assert gradients.shape == x.shape
    for row, point in enumerate(x):
        np.testing.assert_allclose(values[row], problem.fun(point), rtol=1e-12)
        np.testing.assert_allclose(gradients[row], problem.grad(point), rtol=1e-10, atol=1e-12)
    stacked = x[:4].reshape(2, 2, -1)
    assert problem.fun(stacked).shape == (2, 2)
    assert problem.grad(stacked).shape == stacked.shape


@pytest.mark.parametrize("problem", INSTANCES, ids=name_of)
def test_value_and_grad_are_fun_and_grad(problem):
    x = points(problem)
    value, gradient = problem.value_and_grad(x)
    np.testing.assert_allclose(value, problem.fun(x), rtol=1e-14)
    np.testing.assert_allclose(gradient, problem.grad(x), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("problem", [p for p in INSTANCES if p.minimizers], ids=name_of)
def test_minimizers_are_stationary_and_have_the_minimum(problem):
    for point in np.array(problem.minimizers, dtype=float):
        size = 1 + abs(problem.minimum)
        assert abs(problem.fun(point) - problem.minimum) <= 1e-12 * size
        g = problem.grad(point)
        if problem.feasible is not None:  # at the edge the gradient may push outwards
            g = point - np.clip(point - g, *problem.feasible)
        assert np.linalg.norm(g) <= 1e-7 * max(1.0, problem.L or 1.0)


@pytest.mark.parametrize("problem", [p for p in INSTANCES if p.minimum is not None and p.domain], ids=name_of)
def test_nothing_lies_below_the_minimum(problem):
    count = 10_000 if problem.dim < 10 else 500
    assert (problem.fun(problem.sample_domain(count, 0)) >= problem.minimum - 1e-12).all()


@pytest.mark.parametrize("problem", [p for p in INSTANCES if p.checkpoint], ids=name_of)
def test_the_cited_checkpoint(problem):
    point, value, *printed = problem.checkpoint
    assert len(point) == problem.dim
    rtol, atol = (0, printed[0]) if printed else (1e-12, 1e-12)
    np.testing.assert_allclose(problem.fun(np.array(point)), value, rtol=rtol, atol=atol)


@pytest.mark.parametrize("problem", [p for p in WITH_HESSIAN if p.L is not None], ids=name_of)
def test_curvature_lies_between_mu_and_L(problem):
    eigenvalues = np.linalg.eigvalsh(problem.hess(points(problem)))
    assert np.abs(eigenvalues).max() <= problem.L * (1 + 1e-12)
    if problem.mu is not None:
        assert eigenvalues.min() >= problem.mu - 1e-9


@pytest.mark.parametrize("problem", [p for p in INSTANCES if p.components], ids=name_of)
def test_the_same_text_serves_floats(problem):
    for point in points(problem):
        as_list = problem.grad(point.tolist())
        assert type(as_list) is list
        np.testing.assert_allclose(as_list, problem.grad(point), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("problem", INSTANCES, ids=name_of)
def test_the_start_is_ordinary_and_the_source_is_named(problem):
    assert len(problem.x0) == problem.dim
    assert np.isfinite(problem.fun(np.array(problem.x0)))
    assert problem.source
    assert problem.formula


@pytest.mark.parametrize("problem", [p for p in PROBLEMS if isinstance(p, FiniteSum)], ids=name_of)
def test_the_mean_over_batches_is_the_whole(problem):
    n = problem.n_examples
    x = points(problem)
    single = [problem.batch([i]) for i in range(min(n, 6))]
    some = problem.batch(slice(0, 6))
    np.testing.assert_allclose(np.mean([b.fun(x) for b in single], axis=0), some.fun(x), rtol=1e-12)
    np.testing.assert_allclose(
        np.mean([b.grad(x) for b in single], axis=0), some.grad(x), rtol=1e-9, atol=1e-12
    )
    whole = problem.batch(slice(None))
    assert np.array_equal(whole.fun(x), problem.fun(x))
    assert np.array_equal(whole.grad(x), problem.grad(x))
    with pytest.raises(ValueError, match="indices: got"):
        problem.batch([0, n])
    with pytest.raises(ValueError, match="indices: got"):
        problem.batch(slice(0, 0))
    with pytest.raises(TypeError, match="indices: got"):
        problem.batch([0.5])


@pytest.mark.parametrize("problem", [p for p in PROBLEMS if isinstance(p, FiniteSum)], ids=name_of)
def test_the_variances_over_examples_are_those_of_the_single_examples(problem):
    x = points(problem)
    some = problem.batch(slice(0, 6))
    f, g, var_f, var_g = some.moments(x)
    one_by_one = [some.batch([i]).value_and_grad(x) for i in range(some.n_examples)]
    losses, gradients = (np.array(column) for column in zip(*one_by_one, strict=True))
    np.testing.assert_allclose(f, some.fun(x), rtol=1e-12)
    np.testing.assert_allclose(g, some.grad(x), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(var_f, losses.var(axis=0), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(var_g, gradients.var(axis=0), rtol=1e-8, atol=1e-12)


VARYING = [p for p in PROBLEMS if p.varies]


@pytest.mark.parametrize("problem", VARYING, ids=name_of)
def test_what_an_update_sees_follows_from_its_number_alone(problem):
    """So a run that is stopped and resumed sees the same, and twins see the same."""
    x, twin = points(problem), type(problem).from_json(problem.to_json())
    for n in (0, 3, 200):
        assert np.array_equal(problem.at(n).grad(x), twin.at(n).grad(x))
        assert np.array_equal(problem.at(n).fun(x), twin.at(n).fun(x))
    changing = [problem.at(n).grad(x) for n in range(60)]
    assert any(not np.array_equal(changing[0], g) for g in changing[1:])


@pytest.mark.parametrize("problem", VARYING, ids=name_of)
def test_a_run_on_a_problem_that_varies_resumes_bit_for_bit(problem):
    opt = Momentum(lr=0.01)
    whole = minimize(problem, opt, steps=30)
    first = minimize(problem, opt, steps=11)
    rest = minimize(problem, opt, x0=first.last_x, steps=19, state=first.state)
    assert np.array_equal(rest.history.x, whole.history.x[11:])
    assert np.array_equal(rest.history.fun, whole.history.fun[11:])
