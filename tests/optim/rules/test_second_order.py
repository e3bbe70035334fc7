"""Directions that know or learn the curvature, against theorems, printed numbers and SciPy."""

import numpy as np
import pytest
import scipy.optimize
from scipy.sparse.linalg import cg

from optim import (
    BFGS,
    LBFGS,
    SGD,
    ConjugateGradient,
    DampedNewton,
    DiagonalNewton,
    GaussNewton,
    Momentum,
    Newton,
    State,
    minimize,
)
from optim.rules.quasi_newton import _teaches
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
from schedules import GOLSI, Armijo, ExactQuadratic, StrongWolfe
from tests.instances import OPTIMIZERS, PROBLEMS, name_of

CURVED = [opt for opt in OPTIMIZERS if opt.requires]
BETAS = ("PR+", "FR", "HS", "DY", "HZ")


def bowl(n=8, seed=0):
    """A quadratic with eigenvalues from 1 to 10 in a random orthogonal frame."""
    Q = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]
    H = (Q * np.geomspace(1.0, 10.0, n)) @ Q.T
    return Quadratic((H + H.T) / 2, start=tuple(np.random.default_rng(seed + 1).normal(size=n)))


def updates_until(run, norm):
    return int(np.argmax(run.history.grad_norm <= norm))


# Newton


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


# The diagonal alone


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


# Least squares


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


# Learned from gradients


def test_bfgs_needs_34_updates_on_rosenbrock():
    """Nocedal and Wright 2006, section 6.1: 34, and 30 to 40 depending on the details of the search."""
    run = minimize(Rosenbrock(), BFGS(lr=StrongWolfe(c1=1e-4, c2=0.9)), steps=60)
    assert 30 <= updates_until(run, 1e-5) <= 40


def test_bfgs_with_exact_searches_is_conjugate_gradients_and_ends_with_the_inverse():
    """Nocedal and Wright, theorem 6.4; the iterates against SciPy's linear cg."""
    problem = Quadratic(bowl().H, minimizer=(1.0,) * 8, start=bowl().x0)
    run = minimize(problem, BFGS(lr=ExactQuadratic(), rescale=False), steps=9)
    iterates, b = [], problem.H @ np.ones(8)
    cg(problem.H, b, x0=np.array(problem.x0), rtol=0, maxiter=8, callback=lambda x: iterates.append(x.copy()))
    np.testing.assert_allclose(run.history.x[1:9], iterates, rtol=0, atol=1e-12)
    assert run.history.grad_norm[8] < 1e-11
    np.testing.assert_allclose(run.state.slots[0], np.linalg.inv(problem.H), rtol=0, atol=1e-11)


@pytest.mark.parametrize("beta", BETAS)
def test_conjugate_gradients_end_after_d_exact_steps(beta):
    problem = bowl()
    run = minimize(problem, ConjugateGradient(lr=ExactQuadratic(), beta=beta, nu=np.inf), steps=8)
    assert run.history.grad_norm[7] > 1e-3
    assert run.history.grad_norm[8] < 2e-11


@pytest.mark.parametrize("beta", BETAS)
def test_conjugate_gradients_solve_rosenbrock_under_a_wolfe_search(beta):
    run = minimize(
        Rosenbrock(), ConjugateGradient(lr=StrongWolfe(c2=0.1, first="decrease"), beta=beta), steps=300
    )
    assert run.fun < 1e-10


def test_the_betas_by_hand():
    """One step from p = (-1, 0), g_old = (1, 0) to g = (0.5, 1): y = (-0.5, 1), p'y = 0.5, |y|^2 = 1.25."""
    expected = {"FR": 1.25, "PR+": 0.75, "HS": 1.5, "DY": 2.5, "HZ": 2 * (0.75 + 2.5 * 0.5 * 2)}
    g = np.array([0.5, 1.0])
    for name, beta in expected.items():
        opt = ConjugateGradient(lr=1.0, beta=name, nu=np.inf, descent=0.0)
        x, state = opt.step(np.zeros(2), np.array([1.0, 0.0]), opt.init(np.zeros(2)))
        end, _ = opt.step(x, g, state)
        p = end - x
        descends = (-g + beta * np.array([-1.0, 0.0])) @ g < 0
        np.testing.assert_allclose(p, -g + beta * np.array([-1.0, 0.0]) if descends else -g, err_msg=name)
        assert descends


def test_conjugate_gradients_restart():
    """After d updates, when gradients in a row are not orthogonal, and uphill: then p is -g."""
    x, g = np.zeros(3), np.array([1.0, 0.0, 0.0])
    for opt, second in [
        (ConjugateGradient(lr=1.0, restart=1, nu=np.inf), np.array([0.0, 2.0, 0.0])),
        (ConjugateGradient(lr=1.0), np.array([1.0, 2.0, 0.0])),
        (ConjugateGradient(lr=1.0, beta="FR", nu=np.inf), np.array([-3.0, 1.0, 0.0])),
    ]:
        there, state = opt.step(x, g, opt.init(x))
        end, _ = opt.step(there, second, state)
        np.testing.assert_array_equal(end - there, -second)
    kept = ConjugateGradient(lr=1.0, beta="FR")
    there, state = kept.step(x, g, kept.init(x))
    end, _ = kept.step(there, np.array([0.0, 2.0, 0.0]), state)
    np.testing.assert_array_equal(end - there, [-4.0, -2.0, 0.0])


@pytest.mark.parametrize("memory", [3, 6, 20])
def test_lbfgs_applies_scipys_inverse_hessian(memory):
    """scipy.optimize.LbfgsInvHessProduct on the same pairs, which have no scaling."""
    problem = Rosenbrock(6)
    run = minimize(problem, LBFGS(lr=StrongWolfe(), memory=memory, rescale=False), steps=9)
    state = State(10, (*run.state.slots[:2], run.last_x, problem.grad(run.last_x)))
    S, Y = (pairs[-9:] for pairs in state.slots[:2])
    S, Y = S[np.abs(S).any(axis=1)], Y[np.abs(S).any(axis=1)]
    x = run.last_x
    plain = LBFGS(lr=1.0, memory=memory, rescale=False)
    g = problem.grad(x)
    step = x - plain.step(x, g, state)[0]  # s = 0: nothing new is learned
    np.testing.assert_allclose(step, scipy.optimize.LbfgsInvHessProduct(S, Y) @ g, rtol=1e-10)
    assert len(S) == min(memory, 8)


def test_bfgs_is_scipys_update_and_lbfgs_with_room_is_bfgs():
    """scipy.optimize.BFGS, SciPy's update strategy, fed the same pairs; no scaling anywhere."""
    problem = Rosenbrock(4)
    run = minimize(problem, BFGS(lr=StrongWolfe(), rescale=False), steps=12)
    theirs = scipy.optimize.BFGS(init_scale=1.0)
    theirs.initialize(4, "inv_hess")
    gradients = problem.grad(run.history.x)
    for s, y in zip(np.diff(run.history.x[:-1], axis=0), np.diff(gradients[:-1], axis=0), strict=True):
        theirs.update(s, y)
    np.testing.assert_allclose(run.state.slots[0], theirs.get_matrix(), rtol=1e-8)
    limited = minimize(problem, LBFGS(lr=StrongWolfe(), memory=12, rescale=False), steps=12)
    np.testing.assert_allclose(limited.history.x, run.history.x, rtol=0, atol=1e-9)


def test_scaling_multiplies_the_identity_once():
    """Nocedal and Wright, eq. 6.20: on a sphere of curvature 4 the first pair gives the exact H = I/4."""
    run = minimize(Quadratic([4.0, 4.0, 4.0]), BFGS(lr=0.1), steps=2)
    np.testing.assert_allclose(run.state.slots[0], np.eye(3) / 4, rtol=1e-12)
    np.testing.assert_allclose(run.history.x[2], 0.9 * run.history.x[1], rtol=1e-12)


@pytest.mark.parametrize("opt", [BFGS(lr=0.5), LBFGS(lr=0.5)], ids=name_of)
def test_negative_curvature_is_not_learned(opt):
    """On a saddle the pairs along the negative axis are skipped, so the direction still descends."""
    problem = Quadratic([1.0, -1.0], start=(0.0, 1.0))
    run = minimize(problem, opt, steps=3)
    np.testing.assert_allclose(run.history.x[:, 1], [1.0, 1.5, 2.25, 3.375])


@pytest.mark.parametrize("opt", [BFGS(lr=StrongWolfe()), LBFGS(lr=StrongWolfe())], ids=name_of)
def test_quasi_newton_finds_the_minimum_that_scipys_newton_found(opt):
    problem = BreastCancer()
    assert minimize(problem, opt, steps=250, tol=1e-12).success


# What the loop supplies


@pytest.mark.parametrize("opt", [o for o in CURVED if o.batched], ids=name_of)
def test_a_batch_equals_single_runs(opt):
    starts = np.random.default_rng(1).normal(size=(5, 2))
    batch = minimize(Rosenbrock(), opt, x0=starts, steps=6)
    for row, start in enumerate(starts):
        alone = minimize(Rosenbrock(), opt, x0=start, steps=6)
        assert np.array_equal(batch.history.x[:, row], alone.history.x)


@pytest.mark.parametrize("opt", CURVED, ids=name_of)
def test_the_dtype_is_kept(opt):
    assert minimize(Rosenbrock(), opt, x0=np.array([-1.2, 1.0], np.float32), steps=2).x.dtype == np.float32


@pytest.mark.parametrize("opt", CURVED, ids=name_of)
def test_what_is_not_finite_ends_the_run_as_diverged(opt):
    run = minimize(Rosenbrock(), opt.replace(lr=1e200), steps=20)
    assert run.status == 2


def test_newton_on_mini_batches_takes_gradient_and_hessian_of_one_batch():
    batches = MiniBatch(BreastCancer(l2=0.1), 50)
    run = minimize(batches, Newton(), steps=2)
    for n in range(2):
        x = run.history.x[n]
        seen = batches.at(n)
        step = np.linalg.solve(seen.hess(x), seen.grad(x))
        np.testing.assert_allclose(run.history.x[n + 1], x - step, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("sampling", ["static", "dynamic"])
def test_pairs_are_formed_on_one_mini_batch_at_both_ends(sampling):
    batches = MiniBatch(BreastCancer(l2=0.1), 50, sampling)
    run = minimize(batches, LBFGS(lr=0.1), steps=3)
    S, Y, *_ = run.state.slots
    for n in (1, 2):
        seen, (old, new) = batches.at(n), run.history.x[n - 1 : n + 1]
        np.testing.assert_array_equal(S[n - 3], new - old)
        np.testing.assert_array_equal(Y[n - 3], seen.grad(new) - seen.grad(old))
    assert (run.nfev, run.njev) == (4, 6)  # one more gradient an update, from the second on


def noisy_bowl(**kwargs):
    return AdditiveNoise(bowl(4), sigma_f=0.1, sigma_g=0.5, **kwargs)


@pytest.mark.parametrize("opt", [BFGS, LBFGS], ids=lambda c: c.__name__)
def test_under_a_dynamic_search_the_earlier_gradient_is_asked_of_the_draw_that_was_accepted(opt):
    """Additive noise of one draw cancels in y, so that y = H s exactly; of two draws it would not."""
    problem = noisy_bowl()
    run = minimize(problem, opt(lr=GOLSI()), steps=12)
    if opt is LBFGS:
        S, Y, *_ = run.state.slots
        assert np.abs(S[-5:]).any(axis=1).all()
        scale = np.abs(S[-5:]).max(axis=1, keepdims=True)
        np.testing.assert_allclose(Y[-5:] / scale, S[-5:] @ problem.problem.H / scale, rtol=0, atol=1e-3)
    else:
        s = run.history.x[-2] - run.history.x[-3]  # the last pair: H y = s, with y = (Hessian) s
        np.testing.assert_allclose(run.state.slots[0] @ (problem.problem.H @ s), s, rtol=1e-9)


@pytest.mark.parametrize("opt", [BFGS(lr=GOLSI()), LBFGS(lr=GOLSI()), Momentum(lr=GOLSI())], ids=name_of)
def test_stop_and_resume_under_dynamic_sampling_changes_no_bit(opt, tmp_path):
    whole = minimize(noisy_bowl(), opt, steps=20)
    first = minimize(noisy_bowl(), opt, steps=9)
    first.state.save(tmp_path / "state.npz")
    rest = minimize(noisy_bowl(), opt, first.last_x, 11, state=State.load(tmp_path / "state.npz"))
    assert np.array_equal(np.concatenate([first.history.x, rest.history.x[1:]]), whole.history.x)


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


@pytest.mark.parametrize("step", [1e-4, 1.0, 1e4])
@pytest.mark.parametrize("change", [1e-4, 1.0, 1e4])
def test_a_pair_teaches_by_the_angle_between_step_and_change_alone(step, change):
    """Its cosine has to be above 1e-10, whatever the units of x and of f."""
    for cosine, teaches in ((1e-9, True), (1e-11, False), (-1e-9, False)):
        assert _teaches(np.array([step, 0.0]), np.array([cosine * change, change])) == teaches


def test_bad_input_is_told_in_one_sentence():
    for make, message in [
        (lambda: Newton(repair="hope"), "repair: got the str 'hope', expected one of 'cholesky'"),
        (lambda: DiagonalNewton(diagonal="guess"), "diagonal: got the str 'guess'"),
        (lambda: DiagonalNewton(samples=0), "samples: got 0, expected a whole number of at least 1"),
        (lambda: ConjugateGradient(restart=0), "restart: got 0, expected a whole number of at least 1"),
        (lambda: ConjugateGradient(nu=0.0), r"nu: got 0\.0, expected a positive number"),
        (lambda: LBFGS(memory=0), "memory: got 0, expected a whole number of at least 1"),
        (lambda: ConjugateGradient(beta="XX"), "beta: got the str 'XX', expected one of 'PR"),
        (lambda: ConjugateGradient(descent=1.0), "descent: got 1.0"),
    ]:
        with pytest.raises(ValueError, match=message):
            make()


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


def test_first_order_rules_pay_nothing_for_all_this():
    """On mini-batches too: one evaluation an update."""
    run = minimize(MiniBatch(BreastCancer(), 50), SGD(lr=0.1), steps=10)
    assert (run.nfev, run.njev) == (11, 11)
