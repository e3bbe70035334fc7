"""The line that is looked at is that of the first update, unless another is asked for."""

import numpy as np
import pytest

import stepsize as ss
from problems import MiniBatch
from schedules import Armijo
from stepsize.analysis.line_scan import line_of, local_minima, scan, sign_changes

SEARCHED = ss.minimize(ss.Parabola(start=3.0), ss.SGD(lr=Armijo(alpha0=4.0, rho=0.4)), steps=2)


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


@pytest.mark.parametrize(
    ("values", "minima"),
    [
        ([3.0, 1.0, 2.0, 0.0, 4.0], [1, 3]),
        ([0.0, 1.0, 2.0], []),  # an end has one neighbour
        ([2.0, 1.0, 0.0], []),
        ([1.0, 0.0, 0.0, 1.0], []),  # neither is lower than the other
        ([1.0, 1.0, 2.0], []),
        ([2.0, 1.0, 1.0], []),
        ([0.0, -2.0, -1.0], [1]),
    ],
)
def test_a_local_minimum_is_lower_than_both_neighbours(values, minima):
    assert local_minima(values).tolist() == minima


@pytest.mark.parametrize(
    ("slopes", "changes"),
    [
        ([-1.0, -0.5, 0.0, 1.0, -1.0, 2.0], [1, 4]),
        ([0.0, 1.0], []),
        ([-1.0, -2.0], []),
        ([1.0, -1.0], []),
        ([-0.5, 0.5], [0]),
    ],
)
def test_a_slope_changes_its_sign_from_negative(slopes, changes):
    assert sign_changes(slopes).tolist() == changes


def test_values_and_slopes_along_a_line_of_whole_numbers():
    """x^2 from 3 along 2: (3 - 2 a)^2, whose slope is -4 (3 - 2 a)."""
    values, slopes = scan(ss.Parabola(), [3], [2], [0, 1, 2])
    assert (values.tolist(), slopes.tolist()) == ([9.0, 1.0, 1.0], [-12.0, -4.0, 4.0])


def test_every_line_of_a_run_ends_where_its_search_did():
    """With a rule that remembers and a search that grows its first trial: each is what it was in the run."""
    rule = ss.Momentum(lr=Armijo(alpha0=0.1, growth=3.0), momentum=0.5)
    run = ss.minimize(ss.Rosenbrock(), rule, [0.5, -0.5], 5)
    for n in range(5):
        line, found = line_of(run, n)
        assert found.alpha == run.history.lr[n]
        assert line.n == n
        np.testing.assert_array_equal(line.x, run.history.x[n])
        np.testing.assert_allclose(line.x - found.alpha * line.d, run.history.x[n + 1], rtol=1e-14)


def test_a_line_of_mini_batches_is_that_of_its_own_update():
    """Each sees its own examples, and so do the points of the search."""
    noisy = MiniBatch(ss.BreastCancer(), 8, sampling="static")
    start = np.full(noisy.dim, 0.1)
    run = ss.minimize(noisy, ss.SGD(lr=Armijo(alpha0=1.0)), start, 3)
    for n in range(3):
        line, found = line_of(run, n)
        assert found.alpha == run.history.lr[n]
        np.testing.assert_array_equal(line.x, run.history.x[n])
        np.testing.assert_allclose(line.x - found.alpha * line.d, run.history.x[n + 1], rtol=1e-12)


def test_a_line_that_overflows_is_looked_at_in_silence():
    run = ss.minimize(ss.Parabola(start=3.0), ss.SGD(lr=Armijo(alpha0=1e200)), steps=1)
    assert line_of(run)[0].trials[1].alpha == 1e200


@pytest.mark.parametrize(
    ("run", "n", "error", "sentence"),
    [
        (None, 0, TypeError, "run: got None, expected a run, as minimize returns it"),
        (
            ss.minimize(ss.Parabola(), ss.SGD(lr=0.1), steps=2),
            0,
            TypeError,
            "run: got one with lr = 0.1, expected",
        ),
        (SEARCHED, 2, ValueError, "n: got 2, expected the index of one of the 2 updates"),
        (SEARCHED, -1, ValueError, "n: got -1, expected a whole number"),
        (
            ss.minimize(SEARCHED.problem, SEARCHED.optimizer, SEARCHED.last_x, 1, state=SEARCHED.state),
            0,
            ValueError,
            "run: got one that went on from a state, expected one from its start",
        ),
    ],
)
def test_a_run_without_such_a_line_is_refused(run, n, error, sentence):
    with pytest.raises(error, match=sentence):
        line_of(run, n)
