"""What a compiled loop is asked for: the stretches, where it looks, and what it must know of a problem."""

from types import SimpleNamespace

import numpy as np
import pytest

import stepsize as ss
from optim.engines.compiled.judging.tables import GO_ON, HEIGHT, LOOK, Facts, Stretches
from optim.failure import FAR
from stepsize.analysis.lockstep.rows import Room
from stepsize.analysis.lockstep.tally import _count, marks_of, stretch_ends


def test_stretches_end_where_windows_do_and_whatever_is_asked_of_them():
    """Of 64 updates the windows begin at rows 17, 33 and 49, which is a row of its own, as row 57 is."""
    assert stretch_ends(16) == [5, 9, 10, 11, 12, 13, 14, 15, 16, 17]
    assert stretch_ends(64) == [17, 33, 37, 41, 45, 49, 50, 53, 57, 58, 61, 65]


def test_the_loop_looks_every_eight_updates_and_where_a_stretch_ends():
    """A row is made by the update before it: the stretch before row 5 ends with the fourth."""
    marks = marks_of(stretch_ends(64), 64)
    assert (marks.dtype, len(marks)) == (np.int64, 64)
    assert (GO_ON, LOOK) == (-1, -2)
    right = np.full(64, GO_ON)
    right[[7, 15, 23, 31, 39, 47, 55, 63]] = LOOK
    for stretch, last_row in enumerate([16, 32, 36, 40, 44, 48, 49, 52, 56, 57, 60, 64]):
        right[last_row - 1] = stretch
    assert marks.tolist() == right.tolist()


@pytest.mark.parametrize(
    ("start", "minimum", "far", "summed"),
    [
        ([[0.5], [-0.25]], 0.0, FAR, 0.0),
        ([[0.5], [-8.0]], 0.0, 8.0 * FAR, 0.0),
        ([[1.5], [0.0]], -3.0, 1.5 * FAR, 3.0),
    ],
)
def test_the_loop_is_told_of_the_problem(start, minimum, far, summed):
    asked, found = [], ("tally", "stretches", "rates")
    block = SimpleNamespace(stride=5, count=lambda *arguments: asked.extend(arguments) or found)
    problem = ss.Quadratic([2.0], minimizer=[0.0], minimum_value=minimum)
    fun = np.array([[1.0, 2.0], [3.0, 4.0]])
    kinds = []
    runs = SimpleNamespace(
        start=np.array(start), problem=problem, fun=fun, compiled=lambda kind: kinds.append(kind) or block
    )
    room, limits = Room(), np.array([0.1, 0.2])
    assert _count(runs, 64, limits, room) == (block, *found)
    assert [kind.__name__ for kind in kinds] == ["TallyBlock"]
    first, told, marks, facts, table, stretches = asked
    assert first.tolist() == [1.0, 2.0]
    assert told is limits
    assert marks.tolist() == marks_of(stretch_ends(64), 64).tolist()
    assert facts == Facts(far, minimum, 16 * float(np.finfo(float).eps), summed)
    assert (table.shape, table.dtype) == ((HEIGHT, 5), float)
    assert (stretches.shape, stretches.dtype) == ((12, len(Stretches._fields), 5), float)
    assert not np.shares_memory(table, stretches)
    assert np.shares_memory(table, room.array("tally", (HEIGHT, 5), float))
    assert np.shares_memory(stretches, room.array("stretches", (12 * len(Stretches._fields), 5), float))
