"""Pictures of one run, whatever its extent."""

import math

import numpy as np
import pytest

import stepsize as ss
from stepsize.draw.window import window_around
from tests.stepsize.draw.helpers import inside, own


@pytest.mark.parametrize(
    ("problem", "x0", "lr", "steps"),
    [
        pytest.param(ss.Quadratic(), None, 0.0, 5, id="does not move"),
        pytest.param(ss.Quadratic(), [0.0, 0.0], 0.1, 5, id="starts at the minimizer"),
        pytest.param(ss.Quadratic(), [3.0, 0.0], 0.01, 50, id="on a line"),
        pytest.param(ss.Quadratic(), [3.0, 0.0], 0.01, 0, id="no update"),
        pytest.param(ss.Parabola(), [0.0], 0.1, 5, id="one dimension, at the minimizer"),
        pytest.param(ss.Parabola(), [1e12], 1e-9, 5, id="one dimension, far out"),
        pytest.param(ss.Parabola(), np.float32([3.0]), 0.1, 50, id="float32"),
        pytest.param(ss.Parabola(), [3.0], 1e200, 50, id="lost at once"),
        pytest.param(own(lambda x: 0.0 * x[0] + 7.0, [1.0, 2.0]), None, 0.1, 5, id="flat"),
        pytest.param(own(lambda x: 0.0 * x[0] - 7.0, [1.0]), None, 0.1, 5, id="flat, one dimension"),
        pytest.param(
            own(lambda x: math.exp(x[0]), [1.0], lambda x: np.exp(x)), None, 0.1, 50, id="no minimizer"
        ),
        pytest.param(ss.BreastCancer(), None, 0.1, 20, id="many dimensions"),
        pytest.param(ss.Quadratic([1.0, 2.0, 3.0]), [1.0, 0.0, 0.0], 0.0, 4, id="many, does not move"),
        pytest.param(ss.Quadratic([1.0, 2.0, 3.0]), [1.0, 1.0, 1.0], 9.0, 900, id="many, diverges"),
        pytest.param(ss.Quadratic([1.0, 2.0, 3.0]), [1.0, 1.0, 1.0], 0.1, 0, id="many, no update"),
        pytest.param(ss.Quadratic([1.0, 2.0, 3.0]), [1.0, 1.0, 1.0], 1e200, 9, id="many, lost at once"),
    ],
)
def test_runs_without_an_extent_are_drawn(problem, x0, lr, steps):
    result = ss.race(problem, [ss.SGD(lr=lr)], steps=steps, x0=x0)
    ss.draw.race(result).canvas.draw()
    run = result.runs[0]
    run.plot().canvas.draw()
    if problem.dim <= 2:
        window = np.array(window_around([run]))
        assert (window[:, 1] > window[:, 0]).all()
        assert inside(window, run.history.x[:1]) == 1


@pytest.mark.parametrize("x0", [[3.0], [1.0, 2.0], [1.0, 2.0, 3.0]])
def test_a_run_of_an_object_that_names_no_start_is_drawn(x0):
    class Bowl:
        def fun(self, x):
            return (x * x).sum(axis=-1)

        def grad(self, x):
            return 2 * x

    run = ss.minimize(Bowl(), ss.SGD(lr=0.1), x0, steps=5)
    assert len(run.plot().axes) == 2
    if len(x0) < 3:
        assert ss.draw.path(run).lines


def test_a_batch_is_refused_in_a_sentence():
    batch = ss.minimize(ss.Quadratic(), ss.SGD(lr=np.array([[0.01], [0.05]])), np.ones((2, 2)), steps=3)
    with pytest.raises(ValueError, match=r"run: got a batch of shape \(2,\), expected a single run"):
        batch.animate()
    with pytest.raises(ValueError, match=r"run: got a batch of shape \(2,\)"):
        batch.plot()


def test_pictures_of_a_run_that_goes_on_count_from_its_very_first_update():
    rule = ss.SGD(lr=ss.Exponential(0.09, d=0.1))
    first = ss.minimize(ss.Quadratic(), rule, steps=30)
    run = ss.minimize(ss.Quadratic(), rule, x0=first.last_x, state=first.state, steps=40)
    assert (first.updates_before, run.updates_before, run.nit) == (0, 30, 40)
    error, rate = ss.draw.gap(run).lines[0], ss.draw.rates(run).lines[0]
    assert (error.get_xdata()[0], error.get_xdata()[-1]) == (30, 70)
    assert (rate.get_xdata()[0], rate.get_xdata()[-1]) == (30, 69)
    told = ss.draw.run(run).get_suptitle().replace("\n", " ")
    assert "continued after 30 updates and judged from there" in told
    assert "continued" not in ss.draw.run(first).get_suptitle()
