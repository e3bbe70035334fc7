"""The windows of a tally are those of rows, and what it says of them is never less than what rows would."""

import numpy as np
import pytest

from optim.engines.compiled.judging.tables import Stretches
from stepsize.analysis.lockstep.tally import _Windows, stretch_ends
from stepsize.analysis.traces import last_windows
from stepsize.analysis.windows import QUARTERS, RowWindows, halves
from tests.stepsize.analysis.traces_by_hand import traces

MINIMUM = -3.0


def stretches_of(fun, steep, overshoot, step):
    """Return what a loop keeps of stretches, from rows (T + 1, B) of losses and squares, and of updates."""
    ends = stretch_ends(len(overshoot))
    parts = [slice(low, high) for low, high in zip([0, *ends], ends, strict=False)]
    rises = np.cumsum(np.concatenate([np.zeros_like(fun[:1]), fun[1:] > fun[:-1]]), axis=0)
    crossed = np.cumsum(np.concatenate([np.zeros_like(fun[:1]), overshoot]), axis=0)
    last = np.array(ends) - 1
    return Stretches(
        top=np.array([fun[part].max(axis=0) for part in parts]),
        low=np.array([fun[part].min(axis=0) for part in parts]),
        steep=np.array([steep[part].max(axis=0) for part in parts]),
        rises=rises[last],
        crossed=crossed[last],
        step=step[last - 1],
    )


def both(steps, seed, some):
    """Return the windows of a tally of some runs, and those of the rows of each."""
    rng = np.random.default_rng(seed)
    fun = rng.normal(size=(steps + 1, 3))
    steep, step = rng.random((steps + 1, 3)) + 0.1, rng.random((steps, 3)) + 0.1
    overshoot = rng.random((steps, 3)) < 0.5
    told = _Windows(steps, stretches_of(fun, steep, overshoot, step), np.array(some))
    told.minimum, told.last_error = MINIMUM, fun[-1, some] - MINIMUM
    courses = [
        traces(
            fun[:, k],
            error=fun[:, k] - MINIMUM,
            grad_norm=np.sqrt(steep[:, k]),
            overshoot=overshoot[:, k],
            step_norm=np.sqrt(step[:, k]),
        )
        for k in some
    ]
    return told, [(course, RowWindows(course, np.array([0]))) for course in courses]


@pytest.mark.parametrize("steps", [*range(16, 33), 100, 301])
@pytest.mark.parametrize("some", [[2, 0], [1]])
def test_the_windows_of_a_tally_are_those_of_its_rows(steps, some):
    told, rows = both(steps, 10 * steps + len(some), some)
    for i, (course, w) in enumerate(rows):
        loss, before, _ = w.loss
        crossed = [part.mean() for part in last_windows(course.overshoot, w.size, 2)]
        pairs = {
            "steps": (told.steps, w.steps),
            "size": (told.size, w.size),
            "tops": ([top[i] for top in told.tops], [top[0] for top in w.tops]),
            "lows": ([low[i] for low in told.lows], [loss.min(), before.min()]),
            "lowest": (told.lowest[i], w.lowest[0]),
            "fall": (told.fall[i], w.fall[0]),
            "swing": (told.swing[i], w.swing[0]),
            "error_tops": ([top[i] for top in told.error_tops], [top[0] for top in w.error_tops]),
            "norm_tops": ([top[i] for top in told.norm_tops], [top[0] for top in w.norm_tops]),
            "least_error": (told.least_error[i], w.least_error[0]),
            "last_step": (told.last_step[i], course.step_norm[-1, 0]),
            "last_value": (told.last_value[i], course.fun[-1, 0]),
            "points": ([point[i] for point in told.points], [point[0] for point in w.points]),
            "halves": ([half[i] for half in told.halves], [half[0] for half in halves(loss)]),
            "quarters": ([q[i] for q in told.quarters], [q[0] for q in w.tops_from_end(QUARTERS)]),
            "blocks": (told.tops_of_blocks[:, i], w.tops_of_blocks()[:, 0]),
            "crossed": ([s[i] for s in told.crossed], crossed),
        }
        for name, (of_tally, of_rows) in pairs.items():
            np.testing.assert_allclose(of_tally, of_rows, rtol=1e-14, atol=1e-14, err_msg=name)
        for count, part in zip((rise[i] for rise in told.rises), (loss, before), strict=True):
            within = int((part[1:] > part[:-1]).sum())
            assert within <= count <= within + 1, "one too many where a window begins with a rise"


@pytest.mark.parametrize(
    ("row", "square", "unfit"),
    [(90, 1e-320, True), (90, np.inf, True), (60, np.inf, True), (60, 1e-320, True), (40, np.inf, False)],
)
def test_squares_of_the_last_two_windows_must_hold_their_digits(row, square, unfit):
    """Of 100 updates these are the rows 51 to 100."""
    steep = np.full((101, 1), 1e-320 if square < 1 else 1.0)
    steep[row] = square
    if square < 1:  # the largest of a window counts
        steep[52 if row > 75 else 80] = 1.0
    flat, none = np.zeros((101, 1)), np.zeros((100, 1), bool)
    told = _Windows(100, stretches_of(flat, steep, none, np.ones((100, 1))), np.array([0]))
    assert told.unfit.tolist() == [unfit]


@pytest.mark.parametrize(("square", "unfit"), [(1.0, False), (1e-320, True), (np.inf, True)])
def test_and_so_must_that_of_the_last_step(square, unfit):
    step = np.ones((100, 1))
    step[-1] = square
    flat, none = np.zeros((101, 1)), np.zeros((100, 1), bool)
    told = _Windows(100, stretches_of(flat, np.ones((101, 1)), none, step), np.array([0]))
    assert told.unfit.tolist() == [unfit]
