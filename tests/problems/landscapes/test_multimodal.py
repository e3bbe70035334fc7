"""Functions of many minima: stationary points, and which of them a run finds."""

import inspect

import numpy as np
import pytest
import scipy.optimize

import stepsize as ss

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

# SciPy called it `seed` before 1.15.
_PARAMETERS = inspect.signature(scipy.optimize.differential_evolution).parameters
SEED = {"rng" if "rng" in _PARAMETERS else "seed": 1}


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


def test_cosine_wave_has_its_two_minima_where_the_book_draws_them():
    """d2l 12.3.1: the path circles the poor minimum -1.1907 at -1.8257; the good one is -6.9781 at 7.2694."""
    wave = ss.CosineWave()
    assert wave.minimizers[0][0] == pytest.approx(7.2694, abs=5e-5)
    assert wave.minimum == pytest.approx(-6.9781, abs=5e-5)
    poor = scipy.optimize.minimize_scalar(lambda v: float(wave.fun(np.array([v]))), bracket=(-3, -2, -1)).x
    assert poor == pytest.approx(-1.8257, abs=5e-5)
    assert wave.fun(np.array([poor])) == pytest.approx(-1.1907, abs=5e-5)
