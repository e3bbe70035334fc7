"""Newton's method, its diagonal and Gauss and Newton's, against theorems, printed numbers and NumPy."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.optimize

from optim import (
    DampedNewton,
    DiagonalNewton,
    GaussNewton,
    Newton,
    State,
    minimize,
)
from problems import (
    AdditiveNoise,
    BreastCancer,
    LeastSquares,
    MiniBatch,
    Parabola,
    Problem,
    Quadratic,
    Rosenbrock,
)
from schedules import Armijo
from tests.instances import PROBLEMS, name_of
from tests.optim.rules.by_hand import bowl, updates_until


def test_newton_with_halving_needs_21_updates_on_rosenbrock():
    """Nocedal and Wright 2006, section 6.1: 21 iterations to |g| <= 1e-5, and the last errors |x - x*|."""
    run = minimize(Rosenbrock(), Newton(lr=Armijo(c1=1e-4, rho=0.5)), steps=25)
    assert updates_until(run, 1e-5) == 21
    errors = np.linalg.norm(run.history.x - 1.0, axis=1)[18:22]
    np.testing.assert_allclose(errors, [9.180e-3, 1.173e-3, 2.727e-6, 1.351e-10], rtol=2e-3)
    from_here = minimize(Rosenbrock(), Newton(lr=Armijo(c1=1e-4, rho=0.5)), x0=[1.2, 1.2], steps=10)
    assert updates_until(from_here, 1e-5) == 7


def test_bare_newton_on_rosenbrock_climbs_before_it_arrives():
    """The values of textbook row 17, computed with another program."""
    run = minimize(Rosenbrock(), Newton(repair=None), steps=6)
    np.testing.assert_allclose(run.history.fun[1:5], [4.73188, 1411.85, 0.0559655, 0.313189], rtol=5e-6)
    assert run.history.fun[5] == pytest.approx(1.85e-11, rel=5e-3)
    assert run.fun < 1e-18


@pytest.mark.parametrize("repair", ["cholesky", "absolute", None])
def test_newton_solves_a_convex_quadratic_in_one_step_whatever_the_repair(repair):
    run = minimize(bowl(), Newton(repair=repair), steps=1)
    assert np.abs(run.x).max() < 1e-14


def beck():
    """Beck 2014, example 5.4: the sum of sqrt(1 + x_i^2), on which a Newton step takes x to -x^3."""
    return Problem.of(
        lambda x: np.sqrt(1 + x * x).sum(),
        lambda x: x / np.sqrt(1 + x * x),
        hess=lambda x: np.diag((1 + x * x) ** -1.5),
        x0=[10.0, 10.0],
    )


def test_bare_newton_cubes_becks_example():
    run = minimize(beck(), Newton(repair=None), steps=3)
    np.testing.assert_allclose(run.history.x[:, 0], [10, -1e3, 1e9, -1e27], rtol=1e-6)
    assert run.history.fun[1] == pytest.approx(2000.0009997, abs=1e-6)
    cycle = minimize(beck(), Newton(repair=None), x0=[1.0, 1.0], steps=4)
    np.testing.assert_allclose(cycle.history.x[:, 0], [1, -1, 1, -1, 1], rtol=1e-12)


def test_newton_with_backtracking_solves_becks_example_in_17():
    """Beck 2014, section 5.3: damped Newton, backtracking with alpha = beta = 0.5, |g| <= 1e-8."""
    run = minimize(beck(), Newton(lr=Armijo(c1=0.5 - 1e-12, rho=0.5)), steps=25)
    assert updates_until(run, 1e-8) == 17


@pytest.mark.parametrize(("rate", "end", "sign"), [(1.0, 26.8341, -1), (0.5, 7.2699, 1)])
def test_d2l_newton_finds_a_maximum_unless_it_is_damped(rate, end, sign):
    """Dive into Deep Learning, section 12.3.3: ten steps on x cos(0.15 pi x) from 10, printed to 4 places."""
    c = 0.15 * np.pi

    def curvature(x):
        return -2 * c * np.sin(c * x) - x * c * c * np.cos(c * x)

    wave = Problem.of(
        lambda x: x[0] * np.cos(c * x[0]),
        lambda x: np.cos(c * x) - c * x * np.sin(c * x),
        hess=lambda x: curvature(x)[None],
        x0=[10.0],
    )
    run = minimize(wave, Newton(lr=rate, repair=None), steps=10)
    assert run.x[0] == pytest.approx(end, abs=1e-4)
    assert np.sign(curvature(run.x)[0]) == sign


def test_repaired_directions_descend_where_the_bare_one_climbs():
    saddle = Quadratic([1.0, -2.0], start=(1.0, 0.1))
    g = saddle.grad(np.array(saddle.x0))
    moves = {r: minimize(saddle, Newton(repair=r), steps=1) for r in ("cholesky", "absolute", None)}
    slopes = {r: float(g @ (run.x - saddle.x0)) for r, run in moves.items()}
    assert slopes["cholesky"] < 0
    np.testing.assert_allclose(moves["absolute"].x, [0.0, 0.2], atol=1e-15)  # the saddle repels: y doubles
    np.testing.assert_allclose(moves[None].x, [0.0, 0.0], atol=1e-15)  # it is found


def test_the_shift_is_nocedal_and_wrights():
    """Algorithm 3.3 by hand: H = diag(1, -2), beta = 1e-3 sqrt(5), tau = beta + 2 suffices at once."""
    tau = 2 + 1e-3 * np.sqrt(5)
    run = minimize(Quadratic([1.0, -2.0], start=(1.0, 0.1)), Newton(), steps=1)
    np.testing.assert_allclose(run.x, [1 - 1 / (1 + tau), 0.1 + 0.2 / (tau - 2)], rtol=1e-12)


def test_a_positive_definite_hessian_is_not_shifted_however_ill_conditioned():
    run = minimize(Quadratic([1.0, 1e-9]), Newton(), steps=1)
    np.testing.assert_allclose(run.x, 0, atol=1e-15)


def test_damping_leads_from_newton_to_the_gradient():
    problem, x = bowl(), np.array(bowl().x0)
    g = problem.grad(x)
    for damping in (0.5, 1e9):
        run = minimize(problem, Newton(damping=damping), steps=1)
        np.testing.assert_allclose((problem.H + damping * np.eye(8)) @ (x - run.x), g, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose((x - run.x) * 1e9, g, rtol=1e-6)


def test_damped_newton_decreases_as_its_theorem_says():
    """Boyd and Vandenberghe 9.6.4: at least delta - log(1 + delta) a step, on a self-concordant function."""
    A = np.random.default_rng(2).normal(size=(20, 3))

    def slack(x):
        return 1 - A @ x

    center = Problem.of(
        lambda x: -np.log(slack(x)).sum() if (slack(x) > 0).all() else np.inf,
        lambda x: A.T @ (1 / slack(x)),
        hess=lambda x: (A.T / slack(x) ** 2) @ A,
        x0=[0.0, 0.0, 0.0],
    )
    near_the_wall = 0.999 * np.array([1.0, 1.0, 1.0]) / (A @ np.ones(3)).max()
    run = minimize(center, DampedNewton(), x0=near_the_wall, steps=30)
    for n, x in enumerate(run.history.x[:-1]):
        delta = np.sqrt(center.grad(x) @ np.linalg.solve(center.hess(x), center.grad(x)))
        assert run.history.fun[n] - run.history.fun[n + 1] >= delta - np.log1p(delta) - 1e-12
    assert run.history.grad_norm[-1] < 1e-10


def solved(opt, **known):
    """Return the direction of a rule that is told H, or J and r."""
    g = np.asarray(known.pop("g"), float)
    known = {name: np.asarray(value, float) for name, value in known.items()}
    with np.errstate(all="ignore"):
        return opt.direction(g, g, (), SimpleNamespace(damping=0.0, eps=1e-8, t=1, **known))[0]


class TestDirection:
    def test_the_bare_method_solves_a_singular_system_by_least_squares(self):
        d = solved(Newton(repair=None), hess=[[1, 1], [1, 1]], g=[2, 2])
        np.testing.assert_allclose(d, [1, 1], rtol=1e-14)

    def test_the_bare_method_keeps_what_least_squares_would_drop(self):
        assert solved(Newton(repair=None), hess=[[1, 0], [0, 1e-20]], g=[1, 1e-20]).tolist() == [1, 1]

    @pytest.mark.parametrize("repair", ["cholesky", "absolute"])
    def test_where_there_is_no_curvature_the_step_is_the_gradient(self, repair):
        assert solved(Newton(repair=repair), hess=np.zeros((2, 2)), g=[3, -4]).tolist() == [3, -4]

    def test_the_shift_is_doubled_from_a_thousandth_of_the_norm(self):
        """Eigenvalues 1 and -1: the norm is sqrt 2, and 0.001 sqrt 2 is above 1 after ten doublings."""
        tau = 1.024 * math.sqrt(2)
        d = solved(Newton(), hess=[[0, 1], [1, 0]], g=[1, 0])
        np.testing.assert_allclose(d, [tau / (tau**2 - 1), -1 / (tau**2 - 1)], rtol=1e-12)

    def test_absolute_values_below_one_are_not_lifted(self):
        assert solved(Newton(repair="absolute"), hess=[[-0.5, 0], [0, 0.25]], g=[1, 1]).tolist() == [2, 4]

    def test_an_eigenvalue_of_zero_becomes_the_round_off_of_the_largest(self):
        """Two dimensions, largest 1e4: 2 * 2^-52 * 1e4."""
        d = solved(Newton(repair="absolute"), hess=[[1e4, 0], [0, 0]], g=[0, 1])
        np.testing.assert_allclose(d, [0, 2.0**51 / 1e4], rtol=1e-14)

    @pytest.mark.parametrize(
        ("opt", "known"),
        [
            (Newton(), {"hess": [[math.inf, 0], [0, 1]]}),
            (GaussNewton(), {"jacobian": [[1, 0], [0, math.nan], [1, 1]], "residuals": [1, 1, 1]}),
            (GaussNewton(), {"jacobian": [[1, 0], [0, 1], [1, 1]], "residuals": [1, math.inf, 1]}),
        ],
    )
    def test_what_is_not_finite_gives_no_direction(self, opt, known):
        d = solved(opt, g=[1, 1], **known)
        assert d.shape == (2,)
        assert np.isnan(d).all()


def jacobi(A, b, x, sweeps):
    """Jacobi's iteration, coordinate by coordinate."""
    points = [x]
    for _ in range(sweeps):
        x = [(b[i] - sum(A[i][j] * x[j] for j in range(len(b)) if j != i)) / A[i][i] for i in range(len(b))]
        points.append(x)
    return np.array(points)


COUPLED = np.array([[4.0, 1.0, 0.5, 0.0], [1.0, 3.0, 0.3, 0.7], [0.5, 0.3, 2.0, 0.4], [0.0, 0.7, 0.4, 1.5]])


def test_diagonal_newton_is_jacobis_iteration():
    """And contracts by the spectral radius of I - H/D."""
    center = np.array([1.0, -2.0, 0.5, 3.0])
    run = minimize(Quadratic(COUPLED, minimizer=tuple(center)), DiagonalNewton(), steps=40)
    expected = jacobi(COUPLED.tolist(), COUPLED @ center, [1.0] * 4, 40)
    np.testing.assert_allclose(run.history.x, expected, rtol=0, atol=1e-13)
    radius = np.abs(np.linalg.eigvals(np.eye(4) - COUPLED / np.diag(COUPLED)[:, None])).max()
    errors = np.linalg.norm(minimize(Quadratic(COUPLED), DiagonalNewton(), steps=200).history.x, axis=1)
    assert errors[200] / errors[199] == pytest.approx(radius, rel=1e-9)


def test_diagonal_newton_diverges_where_2d_minus_h_is_indefinite_and_a_search_mends_it():
    """Off the diagonal 0.9: spectral radius 2.7."""
    H = np.full((4, 4), 0.9) + 0.1 * np.eye(4)
    problem = Quadratic(H)
    run = minimize(problem, DiagonalNewton(), steps=30)
    growth = np.linalg.norm(run.history.x[21:], axis=1) / np.linalg.norm(run.history.x[20:-1], axis=1)
    np.testing.assert_allclose(growth, 2.7, rtol=1e-9)
    searched = minimize(problem, DiagonalNewton(lr=Armijo()), x0=[1.0, -2.0, 0.5, 3.0], steps=200)
    assert (np.diff(searched.history.fun) <= 0).all()
    assert searched.fun < 1e-6 * searched.history.fun[0]


def test_the_three_diagonals_agree():
    x = np.array([-1.2, 1.0, 0.7])
    rosenbrock = Rosenbrock(3)
    exact = np.diag(rosenbrock.hess(x))
    curvatures = {}
    for name in ("exact", "differences", "hutchinson"):
        run = minimize(rosenbrock, DiagonalNewton(diagonal=name, samples=4000), x0=x, steps=1)
        curvatures[name] = rosenbrock.grad(x) / (x - run.x)
    np.testing.assert_allclose(curvatures["exact"], exact, rtol=1e-12)
    np.testing.assert_allclose(curvatures["differences"], exact, rtol=1e-6)
    off_diagonal = rosenbrock.hess(x) - np.diag(exact)
    deviation = np.sqrt((off_diagonal**2).sum(axis=1) / 4000)
    assert (np.abs(curvatures["hutchinson"] - exact) < 5 * deviation + 1e-3).all()


def test_hutchinson_is_exact_where_the_hessian_is_diagonal_and_counts_its_gradients():
    run = minimize(Quadratic([1.0, 20.0]), DiagonalNewton(diagonal="hutchinson", samples=1), steps=1)
    np.testing.assert_allclose(run.x, 0, atol=1e-8)
    assert (run.nfev, run.njev) == (2, 4)
    run = minimize(Quadratic([1.0, 20.0]), DiagonalNewton(diagonal="differences"), steps=1)
    assert (run.nfev, run.njev) == (2, 6)


class TestDiagonal:
    def test_signs_follow_from_the_seed(self):
        def end(rng):
            return minimize(Rosenbrock(), DiagonalNewton(lr=0.1, diagonal="hutchinson", rng=rng), steps=5).x

        assert np.array_equal(end(3), end(3))
        assert not np.array_equal(end(3), end(4))

    @pytest.mark.parametrize("diagonal", ["exact", "differences", "hutchinson"])
    def test_a_batch_equals_single_runs(self, diagonal):
        opt = DiagonalNewton(lr=0.1, diagonal=diagonal)
        starts = np.array([[-1.2, 1.0], [100.0, 2.0], [0.5, -30.0]])
        batch = minimize(Rosenbrock(), opt, x0=starts, steps=5)
        for row, start in enumerate(starts):
            alone = minimize(Rosenbrock(), opt, x0=start, steps=5)
            assert np.array_equal(batch.history.x[:, row], alone.history.x)

    @pytest.mark.parametrize("diagonal", ["differences", "hutchinson"])
    def test_differences_are_as_wide_as_x_is_large(self, diagonal):
        """At 1e9 a distance of 6e-6 would vanish in x's own round-off."""
        opt = DiagonalNewton(diagonal=diagonal)
        x = minimize(Quadratic([1.0, 4.0], start=[1e9, 2e9]), opt, steps=1).x
        assert np.abs(x).max() < 10.0


def test_gauss_newton_solves_a_linear_problem_in_one_step():
    """Against NumPy's lstsq; damped, against the normal equations."""
    A, b = np.random.default_rng(0).normal(size=(9, 3)), np.random.default_rng(1).normal(size=9)
    problem = LeastSquares(A, b, intercept=False)
    run = minimize(problem, GaussNewton(), x0=[1.0, 2.0, 3.0], steps=1)
    np.testing.assert_allclose(run.x, np.linalg.lstsq(A, b)[0], rtol=1e-12)
    damped = minimize(problem, GaussNewton(damping=0.3), x0=[1.0, 2.0, 3.0], steps=1)
    x0 = np.array([1.0, 2.0, 3.0])
    step = np.linalg.solve(A.T @ A / 9 + 0.3 * np.eye(3), A.T @ (A @ x0 - b) / 9)
    np.testing.assert_allclose(damped.x, x0 - step, rtol=1e-12)


@pytest.mark.parametrize("problem", [p for p in PROBLEMS if hasattr(p, "residuals")], ids=name_of)
def test_residuals_make_the_function_and_their_jacobian_its_gradient(problem):
    """f is one constant times r'r, the gradient twice that times J'r, and J the derivative of r."""
    x = np.random.default_rng(3).normal(size=(6, problem.dim))
    r, J = problem.residuals(x), problem.jacobian(x)
    constant = problem.fun(x) / (r * r).sum(axis=-1)
    np.testing.assert_allclose(constant, constant[0], rtol=1e-12)
    twice = 2 * constant[0] * (np.swapaxes(J, -1, -2) @ r[..., None])[..., 0]
    np.testing.assert_allclose(problem.grad(x), twice, rtol=1e-9, atol=1e-9)
    for i, h in enumerate(1e-6 * np.eye(problem.dim)):
        difference = (problem.residuals(x + h) - problem.residuals(x - h)) / 2e-6
        np.testing.assert_allclose(J[..., i], difference, rtol=1e-6, atol=1e-6)


def test_newton_on_mini_batches_takes_gradient_and_hessian_of_one_batch():
    batches = MiniBatch(BreastCancer(l2=0.1), 50)
    run = minimize(batches, Newton(), steps=2)
    for n in range(2):
        x = run.history.x[n]
        seen = batches.at(n)
        step = np.linalg.solve(seen.hess(x), seen.grad(x))
        np.testing.assert_allclose(run.history.x[n + 1], x - step, rtol=1e-9, atol=1e-12)


def test_what_a_problem_lacks_is_named():
    line = Problem.of(lambda x: x[0], np.ones_like, x0=[1.0])
    with pytest.raises(TypeError, match="expected one with hess, which Newton needs"):
        minimize(line, Newton())
    with pytest.raises(TypeError, match="expected one with jacobian, which GaussNewton needs"):
        minimize(Parabola(), GaussNewton())
    with pytest.raises(
        TypeError, match="Newton needs hess, which a gradient alone cannot give; use minimize"
    ):
        Newton().step(np.ones(1), np.ones(1), State(0))
    noisy = AdditiveNoise(line)
    with pytest.raises(TypeError, match="expected one with hess"):
        minimize(noisy, Newton())


def test_newton_serves_as_scipys_method_with_its_hessian():
    rosen = scipy.optimize.rosen
    found = scipy.optimize.minimize(
        rosen,
        [-1.2, 1.0],
        jac=scipy.optimize.rosen_der,
        hess=scipy.optimize.rosen_hess,
        method=Newton(lr=Armijo()),
        options={"maxiter": 30},
    )
    np.testing.assert_allclose(found.x, 1.0, rtol=1e-12)
    with pytest.raises(TypeError, match="expected one with hess"):
        scipy.optimize.minimize(rosen, [-1.2, 1.0], jac=scipy.optimize.rosen_der, method=Newton())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Newton(repair="hope"), "repair: got the str 'hope', expected one of 'cholesky'"),
        (lambda: DiagonalNewton(diagonal="guess"), "diagonal: got the str 'guess'"),
        (lambda: DiagonalNewton(samples=0), "samples: got 0, expected a whole number of at least 1"),
    ],
)
def test_bad_parameters_get_one_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()
