"""Textbooks' functions, against the numbers printed there."""

import math

import numpy as np
import pytest

import stepsize as ss


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
