"""The room that rows are written into, and how many columns and rows there are."""

import numpy as np
import pytest

import stepsize as ss
from optim.engines.lockstep import Lockstep
from stepsize.analysis.lockstep.rows import Room, Rows, make_rows
from stepsize.analysis.lockstep.traces import traces_in_lockstep


def test_a_room_gives_the_same_memory_again_where_it_fits():
    room = Room()
    first = room.array("fun", (4, 3), float)
    assert (first.shape, first.dtype) == ((4, 3), float)
    for shape in ((4, 3), (6, 2), (2, 2)):
        again = room.array("fun", shape, float)
        assert again.shape == shape
        assert np.shares_memory(first, again)
    larger = room.array("fun", (13, 1), float)
    assert larger.shape == (13, 1)
    assert not np.shares_memory(first, larger)
    assert np.shares_memory(larger, room.array("fun", (4, 3), float))


def test_every_name_and_every_type_has_its_own():
    room = Room()
    arrays = [room.array(name, (2, 2), float) for name in ("a", "b")]
    assert not np.shares_memory(*arrays)
    assert np.shares_memory(arrays[0], room.array("a", (2, 2), float))
    narrow = room.array("a", (2, 2), np.float32)
    assert narrow.dtype == np.float32
    assert not np.shares_memory(arrays[0], narrow)


def rows_of(runs, steps, dtype=float, room=None):
    start = np.ones((runs, 2), dtype)
    made = Lockstep(ss.Quadratic([1.0, 2.0]), ss.SGD(lr=0.5), start, steps)
    return Rows(made, steps, Room() if room is None else room)


@pytest.mark.parametrize(("runs", "stride"), [(1, 32), (31, 32), (32, 32), (33, 64)])
def test_columns_come_in_groups_of_32(runs, stride):
    rows = rows_of(runs, 5)
    assert (rows.fun.shape, rows.grad_norm.shape) == ((6, stride), (6, stride))
    assert (rows.overshoot.shape, rows.overshoot.dtype) == ((5, stride), bool)
    assert (rows.rate.shape, rows.rate.tolist()) == ((5, runs), [[1.0] * runs] * 5)
    assert (rows.x.shape, rows.nit.tolist(), rows.diverged.tolist()) == (
        (runs, 2),
        [5] * runs,
        [False] * runs,
    )


@pytest.mark.parametrize(("steps", "late"), [(0, 0), (1, 1), (63, 1), (64, 2), (100, 3)])
def test_of_steps_the_last_eighth_of_a_window_is_kept(steps, late):
    rows = rows_of(3, steps)
    assert rows.step_norm.shape == (late, 3)
    assert rows.late == steps - late


def test_values_are_kept_in_double_precision_and_norms_in_their_own():
    rows = rows_of(2, 3, np.float32)
    assert (rows.fun.dtype, rows.grad_norm.dtype) == (float, np.float32)


def test_tables_of_a_room_are_three():
    """Of one batch after another each is written over itself alone."""
    room = Room()
    first, second = (rows_of(3, 8, room=room) for _ in range(2))
    tables = ("fun", "grad_norm", "overshoot")
    for a in tables:
        for b in tables:
            assert np.shares_memory(getattr(first, a), getattr(second, b)) == (a == b)


def test_rates_are_written_where_they_belong():
    rows = rows_of(3, 4)
    rows.put_rates(1, slice(None), np.array([[0.5], [0.25]]))
    assert rows.rate.tolist() == [[1.0] * 3, [0.5] * 3, [0.25] * 3, [1.0] * 3]
    rows.put_rates(3, np.array([0, 2]), np.array([[7.0, 8.0]]))
    assert rows.rate[3].tolist() == [7.0, 1.0, 8.0]
    assert rows.rate[1].tolist() == [0.5] * 3


def test_the_rows_of_halving():
    """At rate 1/2 the curvatures 1 and 2 halve the one coordinate and end the other, 19 times."""
    runs, rows = make_rows(ss.Quadratic([1.0, 2.0]), ss.SGD(lr=0.5), [[4.0, 0.0], [0.0, 2.0]], 19, Room())
    k = np.arange(20)
    assert rows.fun[:, 0].tolist() == (8.0 / 4.0**k).tolist()
    assert rows.grad_norm[:, 0].tolist() == (4.0 / 2.0**k).tolist()
    assert rows.fun[:, 1].tolist() == [4.0] + [0.0] * 19
    assert rows.step_norm.tolist() == [[4.0 / 2.0**19, 0.0]]
    assert rows.x.tolist() == [[4.0 / 2.0**19, 0.0], [0.0, 0.0]]
    assert not rows.overshoot[:, :2].any()
    assert (runs.n, rows.failures) == (19, {})


@pytest.mark.parametrize(
    ("settings", "tolerance"), [({}, 4e-8), ({"tol": 1e-3}, 4e-3), ({"atol": 0.5}, 0.5), ({"tol": 0.0}, 0.0)]
)
def test_what_counts_as_settled_is_a_share_of_the_start(settings, tolerance):
    """Of losses of 4 and 1, each of its own, unless an absolute error is told."""
    found = traces_in_lockstep(ss.Quadratic([2.0]), ss.SGD(lr=0.5), np.array([[2.0], [1.0]]), 9, **settings)
    both = [tolerance, tolerance if "atol" in settings else tolerance / 4]
    np.testing.assert_allclose(found.tolerance, both, rtol=1e-12)
    assert found.failures == ("", "")


def test_the_error_is_the_gap_where_the_minimum_is_known_and_else_the_slope():
    """x^2 - 7 from 2 and 1; and a saddle, where rounding hides 16 eps of the first slope."""
    start = np.array([[2.0], [1.0]])
    known = traces_in_lockstep(
        ss.Quadratic([2.0], minimizer=[0.0], minimum_value=-7.0), ss.SGD(lr=0.25), start, 9
    )
    np.testing.assert_allclose(known.error[:, 0], 4.0 / 4.0 ** np.arange(10), atol=1e-14)
    assert (known.minimum, known.known) == (-7.0, True)
    saddle = traces_in_lockstep(ss.Quadratic([-2.0]), ss.SGD(lr=0.25), start, 9)
    np.testing.assert_allclose(saddle.error, 2.0 * start.T * 1.5 ** np.arange(10)[:, None], rtol=1e-12)
    np.testing.assert_allclose(saddle.nothing, 16 * np.finfo(float).eps * np.array([4.0, 2.0]), rtol=1e-12)
    assert (np.isnan(saddle.minimum), saddle.known) == (True, False)


def test_runs_that_overflow_do_so_in_silence():
    lost = traces_in_lockstep(ss.Quadratic([2.0]), ss.SGD(lr=1e90), np.array([[2.0], [1e150]]), 9)
    assert lost.diverged.all()
