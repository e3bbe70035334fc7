"""Published numbers of the landscapes, and runs on them that their sources show."""

import inspect
import math

import numpy as np
import pytest
import scipy.optimize

import stepsize as ss

# SciPy called it `seed` before 1.15.
_PARAMETERS = inspect.signature(scipy.optimize.differential_evolution).parameters
SEED = {"rng" if "rng" in _PARAMETERS else "seed": 1}


@pytest.mark.parametrize("dim", [2, 3, 7])
def test_rosenbrock_is_scipys(dim):
    problem = ss.Rosenbrock(dim)
    for point in np.random.default_rng(dim).uniform(-2, 2, (20, dim)):
        assert problem.fun(point) == pytest.approx(scipy.optimize.rosen(point), rel=1e-13)
        np.testing.assert_allclose(
            problem.grad(point), scipy.optimize.rosen_der(point), rtol=1e-11, atol=1e-11
        )
        np.testing.assert_allclose(problem.hess(point), scipy.optimize.rosen_hess(point), rtol=1e-12)


def test_residuals_give_value_and_gradient():
    problem, x = ss.Rosenbrock(4), np.random.default_rng(0).normal(size=(5, 4))
    r, J = problem.residuals(x), problem.jacobian(x)
    np.testing.assert_allclose((r * r).sum(axis=-1), problem.fun(x), rtol=1e-13)
    np.testing.assert_allclose(
        2 * (np.swapaxes(J, -1, -2) @ r[..., None])[..., 0], problem.grad(x), rtol=1e-11
    )


# (problem, point, value, digits): poor minima, hills and saddles, as the literature prints them.
STATIONARY = [
    (ss.Himmelblau(), (-0.270845, -0.923039), 181.617, 5e-4),  # the hill between the minima
    (ss.SixHumpCamel(), (1.6071, 0.5687), 2.1043, 5e-5),
    (ss.SixHumpCamel(), (1.7036, -0.7961), -0.2155, 5e-5),
    (ss.ThreeHumpCamel(), (-1.7476, 0.8738), 0.2986, 5e-5),
    (ss.GoldsteinPrice(), (-0.6, -0.4), 30.0, 1e-9),
    (ss.GoldsteinPrice(), (1.8, 0.2), 84.0, 1e-9),
    (ss.GoldsteinPrice(), (1.2, 0.8), 840.0, 1e-9),
    (ss.StyblinskiTang(1), (2.746803,), -25.029449, 5e-6),
    (ss.CosineWave(), (-1.8257,), -1.1907, 5e-5),
    (ss.CosineWave(), (7.2694,), -6.9781, 5e-5),
    (ss.Griewank(), (3.1400, 4.4384), 0.0074, 5e-5),
    (ss.TwoWells(), (-0.9676, 0.0), -5.0323, 5e-5),
]


@pytest.mark.parametrize(("problem", "point", "value", "digits"), STATIONARY)
def test_other_stationary_points(problem, point, value, digits):
    x = np.array(point)
    assert problem.fun(x) == pytest.approx(value, abs=digits)
    # A rounded point of so many digits has a slope of at most curvature times the rounding.
    size = np.abs(np.linalg.eigvalsh(problem.hess(x))).max()
    assert np.linalg.norm(problem.grad(x)) <= 2e-4 * size


@pytest.mark.parametrize("cls", [ss.Rastrigin, ss.Ackley, ss.Griewank, ss.Levy, ss.StyblinskiTang])
def test_scipy_finds_nothing_lower(cls):
    """A global search from the outside agrees on the minimum."""
    problem = cls(2)
    low, high = (np.broadcast_to(bound, 2) for bound in problem.domain)
    found = scipy.optimize.differential_evolution(
        lambda x: float(problem.fun(x)), list(zip(low, high, strict=True)), tol=1e-10, popsize=20, **SEED
    )
    assert found.fun == pytest.approx(problem.minimum, abs=1e-2)
    assert found.fun >= problem.minimum - 1e-9


def test_beale_at_its_customary_start():
    """The value and gradient at (1, 1), and the curvatures at the minimizer (3, .5)."""
    problem = ss.Beale()
    assert problem.fun(np.ones(2)) == 14.203125
    assert problem.grad(np.ones(2)).tolist() == [0.0, 27.75]
    eigenvalues = np.linalg.eigvalsh(problem.hess(np.array([3.0, 0.5])))
    assert eigenvalues == pytest.approx([0.301464, 48.979786], abs=5e-7)


def test_brown_is_badly_scaled():
    """Curvatures at the minimizer, 2 + 2 (2e-6)^2 and 2 + 2e12, less what the cross term takes."""
    H = ss.BrownBadlyScaled().hess(np.array(ss.BrownBadlyScaled().minimizers[0]))
    assert np.linalg.cond(H) == pytest.approx(1e12, rel=1e-3)


def test_powell_is_singular():
    """Two of the four curvatures vanish at the minimizer; the others are those of two squares."""
    eigenvalues = np.linalg.eigvalsh(ss.PowellSingular().hess(np.zeros(4)))
    assert eigenvalues == pytest.approx([0.0, 0.0, 20.0, 202.0], abs=1e-12)


def test_wood_has_a_saddle_that_delays():
    """Near (-1, 1, -1, 1), f = 7.8770 (Colville): one curvature there is slightly negative."""
    problem = ss.Wood()
    root = scipy.optimize.root(problem.grad, [-1.0, 1.0, -1.0, 1.0], jac=problem.hess, tol=1e-14)
    assert problem.fun(root.x) == pytest.approx(7.87697, abs=1e-5)
    assert (np.linalg.eigvalsh(problem.hess(root.x)) < 0).sum() == 1


def test_himmelblau_from_the_four_corners_finds_four_minima():
    corners = np.array([[4.0, 4.0], [-4.0, 4.0], [-4.0, -4.0], [4.0, -4.0]])
    end = ss.minimize(ss.Himmelblau(), ss.SGD(lr=0.01), x0=corners, steps=500).x
    np.testing.assert_allclose(end, ss.Himmelblau().minimizers, atol=1e-9)


# Textbooks.


def test_boyd_exponential():
    """Boyd and Vandenberghe 9.3.2: p* = 2 sqrt 2 exp(-.1) = 2.5592667, Hessian diag(p*, 4.5 p*)."""
    problem = ss.BoydExponential()
    x = np.array(problem.minimizers[0])
    assert problem.minimum == pytest.approx(2.5592667, abs=5e-8)
    assert x[0] == pytest.approx(-math.log(2) / 2, abs=1e-15)
    H = problem.hess(x)
    assert H[0, 0] == pytest.approx(problem.minimum)
    assert H[1, 1] == pytest.approx(4.5 * problem.minimum)
    assert np.linalg.cond(H) == pytest.approx(4.5)


def test_shewchuk():
    """Solution (2, -2), eigenvalues 2 and 7; first residual (12, 8), exact step 13/75 to (.08, -46/75)."""
    problem = ss.ShewchukQuadratic()
    assert problem.eigenvalues == pytest.approx([2.0, 7.0])
    r = -problem.grad(np.array(problem.x0))
    assert r.tolist() == [12.0, 8.0]
    step = r @ r / (r @ problem.H @ r)
    assert step == pytest.approx(13 / 75, rel=1e-15)
    assert np.array(problem.x0) + step * r == pytest.approx([0.08, -46 / 75])
    assert problem.minimum == -10.0


def test_strang_and_boyd_zigzag_by_exact_steps():
    """x_k = (g q^k, (-q)^k), q = (g - 1)/(g + 1), from (g, 1); and Strang's factor .960788 on f."""
    bowl = ss.Quadratic([1.0, 10.0], start=[10.0, 1.0])
    x, expected = np.array(bowl.x0), [(8.181818, -0.818182), (6.694215, 0.669421), (5.477085, -0.547708)]
    for point in expected:
        g = bowl.grad(x)
        x = x - g @ g / (g @ bowl.H @ g) * g
        assert x == pytest.approx(point, abs=5.1e-7)
    strang = ss.StrangQuadratic()
    x = np.array(strang.x0)
    g = strang.grad(x)
    after = strang.fun(x - g @ g / (g @ strang.H @ g) * g)
    assert after / strang.fun(x) == pytest.approx(0.960788, abs=5e-7)


def test_goodfellows_canyon():
    """Curvature 5 along (1, 1) and 1 along (1, -1); the best fixed step is 1/3, the factor 2/3."""
    problem = ss.Canyon()
    for direction, curvature in (([1.0, 1.0], 5.0), ([1.0, -1.0], 1.0)):
        np.testing.assert_allclose(problem.H @ direction, curvature * np.array(direction))
    best = ss.best_parameters(ss.SGD, problem.L, problem.mu)
    assert best.lr == pytest.approx(1 / 3)
    assert ss.predict(problem, best).rate == pytest.approx(2 / 3)


def test_the_heavy_ball_cycles_on_lessards_piecewise_quadratic():
    """Lessard, Recht and Packard 2016: rate 1/9, momentum 4/9, from 3.3: 792/1225, -2208/1225, 2592/1225."""
    problem = ss.LessardQuadratic()
    run = ss.minimize(problem, ss.Momentum(lr=1 / 9, momentum=4 / 9), steps=300)
    assert sorted(run.history.x[-3:, 0]) == pytest.approx([-2208 / 1225, 792 / 1225, 2592 / 1225], abs=1e-9)
    for optimizer in (ss.SGD(lr=1 / 25), ss.Nesterov(lr=1 / 25, momentum=2 / 3)):
        assert abs(ss.minimize(problem, optimizer, steps=600).x[0]) < 1e-9


def test_nesterovs_worst_function():
    """After k steps coordinates beyond k are exactly 0; gap of gradient descent .075939 at k = 20, L = 4."""
    problem = ss.NesterovQuadratic(41)
    run = ss.minimize(problem, ss.SGD(lr=1 / 4), steps=20)
    for k, x in enumerate(run.history.x):
        assert (x[k:] == 0).all()
        assert k == 0 or x[k - 1] != 0
    assert run.error[-1] == pytest.approx(0.075939, abs=5e-7)
    R2 = np.square(problem.minimizers[0]).sum()
    bound = 3 * 4 * R2 / (32 * 21**2)
    assert bound == pytest.approx(0.011483, abs=5e-7)
    assert run.error[-1] >= bound
    assert problem.minimum == pytest.approx(4 / 8 * (-1 + 1 / 42))


def test_huber_is_the_worst_case_of_gradient_descent():
    """Drori and Teboulle 2014: with the kink at 1/(2N + 1), N steps of 1/L leave L/(4N + 2): .166667."""
    problem = ss.Huber(kink=1 / 9, curvature=3.0, start=1.0)
    run = ss.minimize(problem, ss.SGD(lr=1 / 3), steps=4)
    assert run.fun == pytest.approx(3 / 18, rel=1e-12)


def test_newton_on_becks_bowl_jumps_to_minus_the_cube():
    """Beck, chapter 5: from (10, 10) to -1000; from (1, 1) forever to (-1, -1) and back."""
    problem = ss.RootBowl()
    step = np.linalg.solve(problem.hess(np.full(2, 10.0)), problem.grad(np.full(2, 10.0)))
    assert np.full(2, 10.0) - step == pytest.approx([-1000.0, -1000.0])
    assert problem.fun(np.full(2, -1000.0)) == pytest.approx(2000.0009997, abs=5e-7)


def test_d2l_newton_finds_the_bottom_of_the_hyperbolic_cosine():
    problem, x = ss.HyperbolicCosine(0.5), np.array([10.0])
    for _ in range(10):
        x = x - np.linalg.solve(problem.hess(x), problem.grad(x))
    assert abs(x[0]) < 5e-5


def test_d2l_parabola_rates():
    """Dive into Deep Learning 12.3.1: x10 = .060466, 3.486784, 61.917364 for rates .2, .05, 1.1."""
    rates = np.array([0.2, 0.05, 1.1])
    end = ss.minimize(ss.Parabola(), ss.SGD(lr=rates[:, None]), x0=[[10.0]] * 3, steps=10).x
    assert end.ravel() == pytest.approx([0.060466, 3.486784, 61.917364], abs=5.1e-7)


def test_d2l_local_minimum():
    """Dive into Deep Learning 12.3.1: x cos(.15 pi x), from 10, rate 2: -1.528166 after 10 steps."""
    run = ss.minimize(ss.CosineWave(), ss.SGD(lr=2.0), steps=10)
    assert run.x[0] == pytest.approx(-1.528166, abs=5.1e-7)
    assert run.history.x[1:5, 0] == pytest.approx([0.5752, -1.2066, -2.2796, run.history.x[4, 0]], abs=5e-5)


def test_only_the_ball_escapes_the_shallow_well():
    """From (1.5, 1.5): descent ends at (.9048, 0), momentum .9 with rate .01 at (-.9676, 0) in 158 steps."""
    problem = ss.TwoWells()

    def steps_until_flat(optimizer):
        run = ss.minimize(problem, optimizer, steps=800)
        flat = (np.abs(problem.grad(run.history.x)) < 0.01).all(axis=1)
        step = int(np.argmax(flat))  # where both slopes are below 0.01 for the first time
        return step, run.history.x[step]

    for optimizer, steps, well in (
        (ss.SGD(lr=0.001), 587, 0.9048),
        (ss.SGD(lr=0.01), 58, None),
        (ss.Momentum(lr=0.001, momentum=0.9), 153, None),
        (ss.Momentum(lr=0.01, momentum=0.9), 158, -0.9676),
    ):
        k, x = steps_until_flat(optimizer)
        assert k == steps
        assert x == pytest.approx([well, 0.0], abs=2e-4) if well else x[0] > 0.9


@pytest.mark.parametrize(
    ("optimizer", "counts"),
    [
        (ss.SGD(lr=0.01), [233, 466, 931]),
        (ss.Momentum(lr=0.01, momentum=0.9), [49, 95, 185]),
    ],
)
def test_escape_from_the_saddle(optimizer, counts):
    """Steps from (1, y0) until |y| > 1: gradient descent ceil(ln(1/y0)/ln 1.02)."""
    for y0, count in zip((1e-2, 1e-4, 1e-8), counts, strict=True):
        run = ss.minimize(ss.Saddle(), optimizer, x0=[1.0, y0], steps=count + 5)
        assert int(np.argmax(np.abs(run.history.x[:, 1]) > 1)) == count
        if isinstance(optimizer, ss.SGD):
            assert count == math.ceil(math.log(1 / y0) / math.log(1.02))


def test_two_weights_in_a_row_move_to_where_the_rate_allows():
    """(uv - 1)^2/2 from (3, .1): final sharpness 9.166383, 8.744779, 6.796218, 2.707415, below 2/lr."""
    problem = ss.ScalarFactorization()
    for lr, sharpness in ((0.1, 9.166383), (0.2, 8.744779), (0.24, 6.796218), (0.3, 2.707415)):
        run = ss.minimize(problem, ss.SGD(lr=lr), steps=2000)
        assert problem.sharpness(run.x) == pytest.approx(sharpness, abs=1e-3)
        assert problem.sharpness(run.x) < 2 / lr


# Prototypes.


def piece(name):
    return ss.Prototype(name)


def test_prototypes_have_the_sources_numbers():
    """Kinks and floors at the normal scale, from the definitions of optimBench."""
    assert piece("abs").minimizers == ((0.5,),)
    assert piece("abs").minimum == 199.5
    assert piece("quad_bowl").minimum == 199.75
    assert piece("quad_bowl").hess(np.array([0.3])).item() == 2.0
    assert piece("relu").minimum == pytest.approx(199.585786, abs=5e-7)
    assert piece("gauss_bowl").minimum == pytest.approx(199.748746, abs=5e-7)
    assert piece("exponential").minimum == pytest.approx(199.855235, abs=5e-7)
    for name, slope in (("cliff", 10.0), ("ridge", -10.0)):
        x = np.array([[0.876640 - 1e-4], [0.876640 + 1e-4]])
        assert piece(name).grad(x).ravel().tolist() == [-1.0, slope]
        assert piece(name).fun(np.array([0.876640])) == pytest.approx(199.123360, abs=1e-5)
    assert piece("relu").grad(np.array([[0.414213], [0.414215]])).ravel().tolist() == [-1.0, 0.0]


CHAINS = [
    "quad_convex-line",
    "line-quad_bowl-line",
    "gauss_nonconvex-gauss_convex-gauss_bowl-gauss_convex-gauss_nonconvex",
    "laplace_nonconvex-laplace_convex-laplace_bowl-laplace_convex-laplace_nonconvex",
    "quad_convex-cliff-gauss_nonconvex",
    "gauss_nonconvex-relu-bend-exponential",
]


@pytest.mark.parametrize("pieces", CHAINS)
@pytest.mark.parametrize("scale", ["normal", "steep", "saddle", "flat"])
def test_pieces_join_in_value_and_slope(pieces, scale):
    problem = ss.Prototype(pieces, scale)
    count = pieces.count("-") + 1
    joints = np.arange(1, count) / count
    around = problem.curve(joints[:, None] + np.array([-1e-12, 1e-12]))
    size = 1 + np.abs(around.h) + np.abs(around.g)
    assert (np.abs(np.diff(around.f)) <= 1e-11 * size.max() + 1e-12 * np.abs(around.f).max()).all()
    assert (np.abs(np.diff(around.g)) <= 1e-11 * size.max()).all()
    start = problem.curve(np.array(0.0))
    assert start.f == pytest.approx({"flat": 2.0}.get(scale, 200.0))
    assert start.g == pytest.approx({"normal": -1.0, "steep": -10.0, "saddle": 1.0, "flat": -0.1}[scale])


def test_reference_runs_on_prototypes():
    """After 100 steps of the best of 34 rates: line 100, quad_bowl 199.75, abs 199.500734."""
    rates = np.geomspace(1e-10, 1, 34)[:, None]
    for name, value in (("line", 100.0), ("quad_bowl", 199.75), ("abs", 199.500734)):
        run = ss.minimize(ss.Prototype(name), ss.SGD(lr=rates), x0=[[0.0]] * 34, steps=100)
        assert run.history.fun[-1].min() == pytest.approx(value, abs=1e-6)


def test_norms_of_prototypes():
    both = [ss.Prototype("quad_bowl"), ss.Prototype("line", "flat")]
    x = np.array([0.25, 0.5])
    parts = np.array([199.8125, 1.95])
    for norm, order in (("L1", 1), ("L2", 2), ("Linf", np.inf)):
        problem = ss.PrototypeNorm(both, norm)
        assert problem.fun(x) == pytest.approx(np.linalg.norm(parts, order), rel=1e-14)
    with pytest.raises(ValueError, match="did you mean quad_bowl"):
        ss.Prototype("quad_bowel")
