"""Each limit of `settled_at` from both sides, in any units and beside other runs."""

from types import SimpleNamespace

import numpy as np
import pytest

import stepsize as ss
from optim import settled_at
from stepsize.core.rounding import summed_by, value_floor
from stepsize.core.settling import rounding_of, tolerance, tolerance_of

EPS = float(np.finfo(float).eps)


def settled(*error, nothing=0.0):
    """Return when an error has settled to 1; in other units, and among other runs, it has too."""
    error = np.array(error, float)
    found = [settled_at(error * unit, unit, nothing * unit) for unit in (1.0, 2.0**-20, 2.0**20)]
    n = len(error)
    others = [error, np.full(n, 1e9), np.full(n, 0.5), error[::-1]]
    # Two more that are looked at twice: one rises on its way, the other stays far above until the end.
    others += [np.append(np.linspace(2, 9, n - 1), 0.9), np.append(np.full(n - 1, 1e6), 0.9)]
    among = settled_at(np.stack(others, axis=1), 1.0, nothing)[0]
    found.append(None if np.isnan(among) else among)
    assert found == [found[0]] * 4
    return found[0]


@pytest.mark.parametrize(
    ("error", "row"),
    [
        # A stay as long as what came before needs no second look.
        ((200, 0.9), 1),
        ((200, 200, 0.9), None),
        ((200, 200, 0.9, 0.9), 2),
        # More than tenfold out of a plateau, or not.
        ((10, 10, 10, 0.9), 3),
        ((10.5, 10.5, 10.5, 0.9), None),
        # The usual fall is counted from the last error above a hundredfold.
        ((1e30, 100, 80, 60, 0.9), 4),
        ((1e30, 100.5, 80, 60, 0.9), None),
        ((1e30, 80, 60, 0.9), 3),
        # Three halves of the usual fall, which is fourfold, is eightfold.
        ((512, 128, 32, 8, 1), 4),
        ((512, 128, 32, 8, 0.9), None),
        ((512, 128, 32, 8, 0.9, 0.9, 0.9), None),
        ((512, 128, 32, 8, 0.9, 0.9, 0.9, 0.9), 4),
        # Whether it rose on its way is asked from there to the stay, and not in it.
        ((512, 128, 32, 8, 8.5, 0.9, 0.9), 5),
        ((20, 30, 9, 0.9, 0.9), 3),
        ((512, 128, 32, 8, 0.5, 0.9), None),
        # The start alone was above tenfold.
        ((90, 9, 8.9, 0.1), None),
        # Dips are asked for in the later half of what came before.
        ((9, 2, 2, 8, 7, 6, 0.9, 0.9, 0.9), None),
        ((9, 2, 2, 8, 7, 6, 0.9, 0.9, 0.9, 0.9), 6),
        ((9, 2, 8, 7, 6, 5, 0.9), 6),
        ((1.5, 1.5, 9, 0.9, 0.9), None),
        # What is no number interrupts nothing.
        ((5, 5, 5, 5, 5, 5, 0.2, 0.2, 0.2, 2, 2, np.nan, 0.9, 0.9, 0.9, 0.9, 0.9), None),
        ((5, 5, 5, 5, 5, 5, 0.2, 0.2, 0.2, 2, 2, np.nan, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9), 12),
    ],
)
def test_when_an_error_has_settled(error, row):
    assert settled(*error) == row


def test_a_hasty_fall_to_nothing_is_none():
    assert settled(512, 128, 32, 8, 0.9, nothing=0.9) == 4
    assert settled(512, 128, 32, 8, 0.9, nothing=0.8) is None


def test_a_batch_keeps_its_shape():
    error = np.array([4.0, 1.0, 0.5]).reshape(3, 1, 1) * np.array([[1.0, 2.0, 8.0], [1.0, 16.0, 4.0]])
    found = settled_at(error, 2)
    np.testing.assert_array_equal(found, [[1, 1, np.nan], [1, np.nan, 2]])


# --- tolerances


def a_run(error, loss=None, dtype=float, **problem):
    """A run of which only the error is known."""
    error = np.asarray(error, float)
    return SimpleNamespace(
        error=error,
        loss=error if loss is None else np.asarray(loss, float),
        history=SimpleNamespace(x=np.zeros(1, dtype)),
        problem=SimpleNamespace(**{"minimum": 0.0} | problem),
    )


def test_a_tolerance_is_a_hundred_millionth_of_the_start():
    assert tolerance_of(a_run([-4.0, 1.0, 1e-30])) == 4e-8
    assert tolerance_of(a_run([4.0, 1.0, 1e-30]), 0) == 16 * EPS * 1e-30
    assert tolerance_of(a_run([4.0, 1.0, 1.0]), 1e-3, atol=0.25) == 0.25
    assert np.ndim(tolerance_of(a_run([4.0, 1.0]), atol=0)) == 0
    assert tolerance_of(a_run([1e300, 1.0]), 1e300) == np.inf


def test_each_run_of_a_batch_has_its_tolerance():
    batch = a_run([[4.0, 8.0], [1e-30, 1e-30]])
    assert tolerance_of(batch).tolist() == [4e-8, 8e-8]
    assert tolerance_of(batch, atol=0.25).tolist() == [0.25, 0.25]


@pytest.mark.parametrize("bad", [-1.0, float("nan"), "small"])
def test_a_bad_absolute_tolerance_is_refused_by_its_name(bad):
    with pytest.raises((ValueError, TypeError), match=r"^atol: got"):
        tolerance_of(a_run([4.0, 1.0]), atol=bad)
    with pytest.raises((ValueError, TypeError), match=r"^tol: got"):
        tolerance_of(a_run([4.0, 1.0]), bad)


def test_what_rounding_hides_is_that_of_the_last_value():
    assert rounding_of(a_run([9.0, 9.0, 9.0], loss=[5.0, 4.0, -2.0])) == 16 * EPS * 2.0
    assert rounding_of(a_run([9.0, 9.0], loss=[5.0, 4.0], minimum=7.0)) == 16 * EPS * 7.0
    single = a_run([9.0, 9.0], loss=[5.0, 4.0], dtype=np.float32)
    assert rounding_of(single) == 16 * 2.0**-23 * 4.0


@pytest.mark.parametrize(
    ("facts", "hidden"),
    [
        ({}, 16 * EPS * 9.0),
        ({"gradient_source": "exact"}, 16 * EPS * 9.0),
        ({"gradient_source": "differences"}, 16 * EPS**0.5 * 9.0),
    ],
)
def test_without_a_minimum_it_is_that_of_the_gradient_at_the_start(facts, hidden):
    assert rounding_of(a_run([9.0, 4.0, 1.0], minimum=None, **facts)) == hidden


def test_differences_are_told_by_the_problem():
    own = ss.Problem.of(lambda x: (x * x).sum(), x0=[2.0])
    run = ss.minimize(own, ss.SGD(lr=0.1), steps=2)
    assert rounding_of(run) == pytest.approx(16 * EPS**0.5 * 4.0, rel=1e-6)


def test_values_are_rounded_at_their_own_size_each_run_by_itself():
    bare = SimpleNamespace(minimum=None)
    assert summed_by(bare) == 0.0
    assert summed_by(SimpleNamespace(minimum=-0.25, summed=None)) == 0.25
    assert value_floor(bare, np.array([0.5, np.inf]), 0.5) == 16 * 0.5 * 0.5
    rows = np.array([[1.0, -8.0], [2.0, 4.0]])
    assert value_floor(bare, rows, 0.5).tolist() == [16.0, 64.0]


def test_unless_told_otherwise_nothing_is_zero_and_a_tolerance_a_hundred_millionth():
    error = np.array([512, 128, 32, 8, 0.9]) * 2.0**-20
    assert settled_at(error, 2.0**-20) is None
    assert settled_at(error, 2.0**-20, error[-1]) == 4
    assert tolerance(-4.0, 0.0) == 4e-8
