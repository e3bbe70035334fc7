"""The line that is looked at is that of the first update, unless another is asked for."""

import numpy as np

import stepsize as ss
from problems import MiniBatch
from schedules import Armijo
from stepsize.analysis.line_scan import line_of, scan


def test_a_scan_sees_what_the_first_update_sees():
    noisy = MiniBatch(ss.BreastCancer(), 8, sampling="static")
    x, d, alphas = np.zeros(noisy.dim), np.ones(noisy.dim), [0.0, 0.5, 1.0]
    first, second = (scan(noisy, x, d, alphas, n=n) for n in (0, 1))
    assert np.array_equal(scan(noisy, x, d, alphas), first)
    assert not np.array_equal(first, second)


def test_the_line_of_a_run_is_that_of_its_first_update():
    """Which begins at the start of the run, and the next where that has led."""
    run = ss.minimize(ss.Parabola(start=3.0), ss.SGD(lr=Armijo(alpha0=4.0, rho=0.4)), steps=2)
    assert [line_of(run, *n)[0].x.item() for n in ((), (0,), (1,))] == [3.0, 3.0, run.history.x[1].item()]
    assert run.history.x[1] != 3.0
