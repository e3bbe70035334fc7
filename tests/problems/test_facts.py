"""Facts that theory, pictures and tables use, each against something that does not state it."""

from decimal import Decimal

import numpy as np
import pytest

import problems as ps
from stepsize.core.record import registered
from tests.instances import name_of
from tests.problems.test_conformance import INSTANCES

EPS = np.finfo(float).eps
STOCK = [p for p in INSTANCES if not isinstance(p, ps.FiniteSum | ps.MiniBatch)]


@pytest.mark.parametrize("problem", [p for p in INSTANCES if not p.varies], ids=name_of)
def test_components_says_whether_a_list_of_floats_is_taken(problem):
    point = [float(v) for v in problem.x0]
    try:
        taken = type(problem.grad(point)) is list
    except (TypeError, AttributeError, ValueError, IndexError):
        taken = False
    assert problem.components == taken


@pytest.mark.parametrize("problem", [p for p in STOCK if p.checkpoint], ids=name_of)
def test_the_tolerance_of_a_cited_value_is_at_most_one_of_its_last_digits(problem):
    _, value, *tolerance = problem.checkpoint
    if tolerance:
        last = Decimal(repr(float(value))).as_tuple().exponent
        assert 0 < tolerance[0] <= problem.dim * 10.0**last * (1 + 4 * EPS)


@pytest.mark.parametrize("problem", [p for p in STOCK if p.checkpoint and p.minimizers], ids=name_of)
def test_a_cited_minimizer_is_one_to_the_digits_printed(problem):
    point, value, *tolerance = problem.checkpoint
    if not tolerance or abs(value - problem.minimum) > tolerance[0]:
        return
    units = [10.0 ** Decimal(repr(v)).as_tuple().exponent for v in point]
    away = np.abs(np.array(problem.minimizers) - point) / units
    assert away.max(axis=1).min() <= 1


ISOLATED = [p for p in STOCK if p.minimizers and p.has_hess and p.isolated and p.feasible is None]


@pytest.mark.parametrize("problem", ISOLATED, ids=name_of)
def test_newtons_next_step_from_a_minimizer_is_rounding(problem):
    """So many digits of it are right; where the curvature vanishes or jumps, the slope itself must be 0."""
    for point in np.array(problem.minimizers, dtype=float):
        g, H = problem.grad(point), problem.hess(point)
        lowest = np.linalg.eigvalsh(H)[0]
        if lowest <= 1e-9 * np.abs(H).max() or not problem.smooth:
            assert (g == 0).all()
            continue
        terms = np.abs(H) @ (np.abs(point) + np.abs(point).max() + 1e-300)  # what the slope is summed from
        step = np.linalg.solve(H, g)
        assert np.abs(step).max() <= 32 * EPS * np.abs(np.linalg.solve(H, np.eye(len(H)))).dot(terms).max()


def test_minimizers_that_fill_curves_are_said_to():
    """a b = c is a hyperbola, u^2 - v^2 = w another in each coordinate, and X w = y with few rows a plane."""
    softmax = {"SoftmaxRegression", "Iris", "Digits"}  # all intercepts may move together
    curved = softmax | {"ScalarFactorization", "DiagonalLinearNetwork", "WilsonConstruction"}
    assert {type(p).__name__ for p in INSTANCES if not p.isolated} == curved
    wide = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 1.0]])
    tall = np.vstack([wide, [1.0, 0.0, 2.0]])
    for data, isolated in ((wide, False), (tall, True)):
        assert ps.LeastSquares(data, data[:, 0], intercept=False).isolated == isolated
        assert ps.LeastSquares(1e3 * data, data[:, 0], intercept=False).isolated == isolated
        assert ps.LeastSquares(1e-3 * data, data[:, 0], intercept=False).isolated == isolated
        assert ps.LeastSquares(data, data[:, 0], intercept=False, l2=0.1).isolated
        labels = np.arange(len(data)) % 2
        assert ps.LogisticRegression(data, labels, l2=0.0, intercept=False).isolated == isolated
        assert ps.LogisticRegression(data, labels, l2=0.1, intercept=False).isolated


WITH_HESSIAN = [p for p in INSTANCES if p.has_hess and p.dim < 200]


@pytest.mark.parametrize("problem", WITH_HESSIAN, ids=name_of)
def test_hessians_of_any_batch_are_those_of_single_points(problem):
    d = problem.dim
    x = np.array(problem.x0) + np.random.default_rng(2).normal(size=(3, 2, 1, d))
    H = np.broadcast_to(problem.hess(x), (3, 2, 1, d, d))
    for index in np.ndindex(3, 2, 1):
        np.testing.assert_allclose(H[index], problem.hess(x[index]), rtol=1e-10, atol=1e-12)


RESIDUAL = [p for p in INSTANCES if hasattr(p, "residuals")]


@pytest.mark.parametrize("problem", RESIDUAL, ids=name_of)
def test_a_sum_of_squares_is_one_in_any_batch(problem):
    """f is a constant times the sum of the squares; the constant is found at one point and holds at all."""
    x = np.array(problem.x0) + np.random.default_rng(2).normal(size=(3, 2, problem.dim))
    r, J = problem.residuals(x), problem.jacobian(x)
    squares = (r * r).sum(axis=-1)
    constant = problem.fun(x[0, 0]) / squares[0, 0]
    np.testing.assert_allclose(problem.fun(x), constant * squares, rtol=1e-12)
    slopes = 2 * constant * (np.swapaxes(J, -1, -2) @ r[..., None])[..., 0]
    np.testing.assert_allclose(problem.grad(x), slopes, rtol=1e-10, atol=1e-10)


TURNED = ps.Rotated(ps.Quadratic([1.0, 2.0, 5.0], minimizer=[1.0, 2.0, 3.0]), rng=4)
TRANSFORMED = [
    ps.Shifted(ps.Rosenbrock(), by=(0.5, -2.0)),
    ps.Rotated(ps.Rosenbrock(), 0.4),
    ps.Rotated(ps.McCormick(), 2.0),
    ps.Rotated(ps.Himmelblau(), 0.3),
    TURNED,
    ps.Scaled(ps.McCormick(), 3.0, (2.0, 0.5)),
    ps.Stretched(ps.McCormick(), 9.0),
    ps.Shifted(ps.Rotated(ps.Scaled(ps.McCormick(), 2.0, (0.5, 4.0)), 1.0), by=(3.0, 4.0)),
]


@pytest.mark.parametrize("problem", TRANSFORMED, ids=lambda p: p.formula)
def test_the_domain_of_a_transform_is_the_smallest_box_around_the_mapped_corners(problem):
    inner = problem.problem
    low, high = (np.broadcast_to(bound, inner.dim) for bound in inner.domain)
    corners = np.array(np.meshgrid(*zip(low, high, strict=True))).reshape(inner.dim, -1).T
    mapped = np.linalg.solve(problem.matrix, corners.T).T + problem.offset
    np.testing.assert_allclose(problem.domain[0], mapped.min(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(problem.domain[1], mapped.max(axis=0), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("problem", TRANSFORMED, ids=lambda p: p.formula)
def test_a_transform_maps_its_points_and_multiplies_its_values(problem):
    inner = problem.problem
    y = np.random.default_rng(1).normal(size=(4, inner.dim))
    x = problem.outwards(y)
    np.testing.assert_allclose(problem.inwards(x), y, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(problem.fun(x), problem.factor * inner.fun(y), rtol=1e-9)
    mapped = [problem.x0, *problem.minimizers]
    for point, original in zip(mapped, [inner.x0, *inner.minimizers], strict=True):
        np.testing.assert_allclose(problem.inwards(np.array(point)), original, rtol=1e-12, atol=1e-12)
    assert problem.minimum == pytest.approx(problem.factor * inner.minimum, rel=1e-15)


@pytest.mark.parametrize("problem", TRANSFORMED, ids=lambda p: p.formula)
def test_a_matrix_with_its_transposed_inverse_is_the_unit_matrix(problem):
    np.testing.assert_allclose(problem.matrix @ problem._inverse, np.eye(problem.dim), atol=1e-14)


def test_a_transform_hands_on_what_a_value_is_summed_from():
    bowl = ps.Quadratic([1.0, 2.0], minimum_value=-7.0)
    assert ps.Scaled(bowl, 3.0).summed == 21.0
    assert ps.Scaled(ps.Rosenbrock(), 3.0).summed is None
    flat = ps.Quadratic([1.0, 0.0])
    assert not ps.Shifted(flat, 1.0).isolated
    assert ps.Shifted(bowl, 1.0).isolated


def test_functions_of_ones_own_keep_the_facts_that_they_are_given():
    moved = ps.Rotated(
        ps.Problem.of(
            lambda x: ((x - [1, 2]) ** 2).sum(),
            lambda x: 2 * (x - [1, 2]),
            x0=[3, 4],
            minimum=0,
            minimizers=[1, 2],
            L=2,
            mu=2,
            domain=([0, 1], [4, 6]),
        ),
        np.pi / 2,
    )
    np.testing.assert_allclose(moved.minimizers, [(-2.0, 1.0)], atol=1e-14)
    np.testing.assert_allclose(moved.x0, (-4.0, 3.0), atol=1e-14)
    np.testing.assert_allclose(moved.domain, [(-6.0, 0.0), (-1.0, 4.0)], atol=1e-14)
    assert (moved.L, moved.mu, moved.minimum, moved.dim) == (2.0, 2.0, 0.0, 2)


# Where runs start and pictures look. Published paths, tables and pictures hang on them: Moré, Garbow and
# Hillstrom 1981 print the starts of Beale, Brown, helix, Powell, Rosenbrock and Wood; Jamil and Yang 2013 the
# domains of Ackley to Zakharov; Goh, Lessard, Shewchuk and Strang their starts; the others are the project's.
STARTS = {
    "AbsoluteValue": ((1.0,), (-1.5, 1.5)),
    "Ackley": ((2.5, 1.5), (-32.768, 32.768)),
    "Beale": ((1.0, 1.0), (-4.5, 4.5)),
    "Booth": ((-5.0, -5.0), (-10.0, 10.0)),
    "BoydExponential": ((-1.0, 1.0), ((-2.0, -1.0), (1.0, 1.0))),
    "Branin": ((2.0, 12.0), ((-5.0, 0.0), (10.0, 15.0))),
    "BrownBadlyScaled": ((1.0, 1.0), ((0.0, 0.0), (1.2e6, 1.2))),
    "Canyon": ((-5.0, -2.0), ((-6.0, -6.0), (6.0, 6.0))),
    "CosineWave": ((10.0,), (-10.0, 10.0)),
    "DixonPrice": ((-1.0, -1.0), (-10.0, 10.0)),
    "GohBanana": ((-1.21, 0.853), ((-2.0, -2 / 3), (2.0, 5 / 3))),
    "GoldsteinPrice": ((-1.5, 1.5), (-2.0, 2.0)),
    "Griewank": ((8.0, 8.0), (-600.0, 600.0)),
    "HelicalValley": ((-1.0, 0.0, 0.0), (-2.0, 2.0)),
    "Himmelblau": ((0.0, 0.0), (-5.0, 5.0)),
    "Huber": ((3.0,), (-3.3, 3.3)),
    "HyperbolicCosine": ((10.0,), (-10.0, 10.0)),
    "LessardQuadratic": ((3.3,), (-4.0, 4.0)),
    "Levy": ((-4.0, 5.0), (-10.0, 10.0)),
    "Matyas": ((-8.0, 4.0), (-10.0, 10.0)),
    "McCormick": ((3.0, 3.0), ((-1.5, -3.0), (4.0, 4.0))),
    "MonkeySaddle": ((1.0, 0.01), (-1.5, 1.5)),
    "NesterovQuadratic": ((0.0,) * 41, (-1.0, 2.0)),
    "OnlineCounterexample": ((1.0,), (-1.0, 1.0)),
    "Parabola": ((10.0,), (-11.0, 11.0)),
    "PowellSingular": ((3.0, -1.0, 0.0, 1.0), (-4.0, 5.0)),
    "Prototype": ((0.0,), (-1.0, 2.0)),
    "PrototypeNorm": ((0.0, 0.0), ((-1.0, -1.0), (2.0, 2.0))),
    "Quadratic": ((-5.0, -2.0), ((-6.0, -6.0), (6.0, 6.0))),
    "Quartic": ((1.0,), (-1.5, 1.5)),
    "Rastrigin": ((-2.0, 3.5), (-5.12, 5.12)),
    "RootBowl": ((10.0, 10.0), (-10.0, 10.0)),
    "Rosenbrock": ((-1.2, 1.0), (-2.0, 2.0)),
    "Saddle": ((1.0, 0.01), ((-1.2, -1.2), (1.2, 1.2))),
    "ScalarFactorization": ((3.0, 0.1), (-0.5, 3.5)),
    "ShewchukQuadratic": ((-2.0, -2.0), ((-2.8, -6.8), (6.8, 2.8))),
    "SixHumpCamel": ((-1.5, 1.0), ((-3.0, -2.0), (3.0, 2.0))),
    "StrangQuadratic": ((0.01, 1.0), ((-1.2, -1.2), (1.2, 1.2))),
    "StyblinskiTang": ((4.0, 3.0), (-5.0, 5.0)),
    "ThreeHumpCamel": ((-4.0, 3.0), (-5.0, 5.0)),
    "TwoWells": ((1.5, 1.5), (-2.0, 2.0)),
    "Wood": ((-3.0, -1.0, -3.0, -1.0), (-10.0, 10.0)),
    "Zakharov": ((3.0, 3.0), (-5.0, 10.0)),
}
# Losses of data start at zero or are drawn by their seed; wrappers start where their problem does.
OF_DATA = (ps.FiniteSum, ps.MiniBatch, ps.FunctionProblem, ps.Formula)


def test_the_table_of_starts_has_every_function():
    kinds = [cls for cls in registered(ps.Problem) if cls.__module__.startswith("problems.")]
    alone = {cls.__name__ for cls in kinds if not issubclass(cls, OF_DATA) and not hasattr(cls, "problem")}
    wrappers = {cls.__name__ for cls in kinds if "problem" in getattr(cls, "__annotations__", {})}
    assert alone - wrappers - {"Drifting", "Jumping"} == set(STARTS)


@pytest.mark.parametrize("name", STARTS)
def test_it_starts_and_is_drawn_where_the_table_says(name):
    (start, domain), problem = STARTS[name], getattr(ps, name)()
    np.testing.assert_allclose(problem.x0, start, rtol=1e-15)
    for bound, stated in zip(problem.domain, domain, strict=True):
        assert np.shape(bound) == np.shape(stated)
        np.testing.assert_allclose(bound, stated, rtol=1e-15)


@pytest.mark.parametrize(
    ("problem", "start"),
    [
        (ps.Ackley(3), (2.5, 1.5, 2.5)),
        (ps.Griewank(1), (8.0,)),
        (ps.Levy(3), (-4.0, 5.0, -4.0)),
        (ps.Rastrigin(3), (-2.0, 3.5, -2.0)),
        (ps.Rosenbrock(3), (-1.2, 1.0, -1.2)),
        (ps.StyblinskiTang(3), (4.0, 3.0, 4.0)),
        (ps.Quadratic([1.0, 2.0, 3.0]), (1.0, 1.0, 1.0)),
        (ps.Quadratic([1.0]), (1.0,)),
        (ps.DiagonalLinearNetwork(features=4), (np.sqrt(0.02),) * 4 + (0.0,) * 4),
    ],
    ids=repr,
)
def test_a_start_of_other_lengths_goes_on_in_the_same_way(problem, start):
    np.testing.assert_allclose(problem.x0, start, rtol=1e-15)


def test_a_picture_reaches_beyond_the_start_of_a_bowl_or_around_it():
    """A fifth beyond for quadratics, a tenth for the parabola and Huber; 1 where start and center agree."""
    low, high = ps.Quadratic([1.0, 2.0], minimizer=[1.0, 2.0], start=[3.0, 2.0]).domain
    assert (low.tolist(), high.tolist()) == ([1 - 2.4, 2 - 2.4], [1 + 2.4, 2 + 2.4])
    at_rest = ps.Quadratic([1.0, 2.0], minimizer=[1.0, 2.0], start=[1.0, 2.0]).domain
    assert np.array_equal(at_rest, [[0.0, 1.0], [2.0, 3.0]])
    assert ps.Parabola(minimizer=1.0, start=1.0).domain == (0.0, 2.0)
    assert ps.Parabola(minimizer=1.0, start=-3.0).domain == pytest.approx((-3.4, 5.4))
    assert ps.Huber(kink=4.0).domain == pytest.approx((-4.4, 4.4))
    assert ps.Huber(start=-6.0).domain == pytest.approx((-6.6, 6.6))


# Points where the curvature jumps or the slope does.
KINKS = {
    "AbsoluteValue": (ps.AbsoluteValue(), (0.0,)),
    "Ackley": (ps.Ackley(1), (0.0,)),
    "Huber": (ps.Huber(kink=0.5), (0.5,)),
    "LessardQuadratic": (ps.LessardQuadratic(), (1.0,)),
}


@pytest.mark.parametrize("name", KINKS)
def test_what_has_a_kink_says_so(name):
    problem, point = KINKS[name]
    x, h = np.array(point), 1e-7
    right = (problem.grad(x + h) - problem.grad(x)) / h
    left = (problem.grad(x) - problem.grad(x - h)) / h
    jump = problem.grad(x + h) - problem.grad(x - h)
    assert np.abs(right - left).max() > 0.5 or np.abs(jump).max() > 0.5
    assert not problem.smooth


def test_all_other_landscapes_are_smooth():
    landscapes = [p for p in STOCK if type(p).__module__.startswith("problems.landscapes")]
    assert {type(p).__name__ for p in landscapes if not p.smooth} == set(KINKS)
