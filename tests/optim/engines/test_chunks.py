"""Where a chunk of updates ends, told by an engine whose runs are written down."""

from types import SimpleNamespace

import numpy as np
import pytest

from optim.engines.chunks import Chunk, next_chunk
from optim.optimizer import Evaluation
from tests.optim.engines.rules import INF, NAN


class Told:
    """An engine that makes the run that it was told, a value and a gradient an update, and keeps count."""

    length = 4

    def __init__(self, f, g=None):
        self.f = np.array(f, dtype=float)
        self.g = np.ones((*self.f.shape, 1)) if g is None else np.array(g, dtype=float)[..., None]
        self.asked = []

    def chunk(self, n, x, e, slots, count):
        assert (x, e, slots) == BEFORE
        self.asked.append(count)
        here = slice(n, n + count + 1)
        f, g = self.f[here], self.g[here]
        return Chunk(g + 100, f, g, np.full(count, 0.5), g + 200, (g[-1] + 300,))


# Where a chunk begins.
BEFORE = np.zeros(1), Evaluation(0.0, np.zeros(1)), ("slots",)


def leapt(engine, n=0, stop=100, tol=None, minimum=None):
    with np.errstate(all="ignore"):  # as in the loop
        return next_chunk(engine, n, *BEFORE, stop, tol, minimum)


def test_a_chunk_is_as_long_as_its_engine_likes_and_no_longer_than_the_run():
    engine = Told(np.arange(12.0))
    assert leapt(engine).f.tolist() == [0, 1, 2, 3, 4]
    assert leapt(engine, n=6, stop=9).f.tolist() == [6, 7, 8, 9]
    assert engine.asked == [4, 3]


def test_the_last_evaluation_of_a_chunk_is_at_its_last_point():
    chunk = leapt(Told([9, 8, 7, 6, 5], g=[1, 2, 3, 4, 50]))
    assert chunk.last.f == 5
    assert chunk.last.g.tolist() == [50]
    assert not chunk.diverged


# Values (or gradients), and how many updates remain before the first that is not finite.
LOST = [
    ({"f": [5, INF, 3, 2, 1]}, 0),
    ({"f": [5, 4, 3, NAN, 1]}, 2),
    ({"f": [5, 4, 3, 2, -INF]}, 3),
    ({"f": [5, 4, 3, 2, 1], "g": [1, 1, NAN, 1, 1]}, 1),
    ({"f": [5, 4, 3, 2, 1], "g": [1, 1, 1, 1e155, -INF]}, 3),  # the square of 1e155 alone overflows
    # A batch goes on as long as one of its runs is finite; the gradients of the others do not matter.
    ({"f": [[5, 5], [NAN, 4], [3, NAN], [NAN, INF], [1, 1]]}, 2),
]


@pytest.mark.parametrize(("told", "left"), LOST)
def test_a_chunk_ends_before_the_first_point_that_is_not_finite(told, left):
    engine = Told(**told)
    chunk = leapt(engine)
    assert chunk.diverged
    assert np.array_equal(chunk.f, told["f"][: left + 1], equal_nan=True)
    assert len(chunk.lr) == left
    assert engine.asked == [4, left]
    assert chunk.x.tolist() == (chunk.g + 100).tolist()
    assert chunk.output.tolist() == (chunk.g + 200).tolist()
    assert chunk.slots[0].tolist() == (chunk.g[-1] + 300).tolist()


def test_a_batch_with_one_finite_run_goes_on():
    engine = Told([[5, NAN]] * 5, g=[[1, NAN]] * 5)
    assert not leapt(engine).diverged
    assert engine.asked == [4]


# What is told, the tolerance and the minimum, and how many updates are made to meet it.
MET = [
    ({"f": [9, 8, 7.5, 7, 6]}, 0.5, 7.0, 2),  # a gap of exactly the tolerance is met
    ({"f": [7, 8, 7, 9, 9]}, 0.0, 7.0, 2),  # the start has been looked at before: it does not count
    ({"f": [9, 7, 9, 9, 9]}, 0.0, 7.0, 1),
    ({"f": [9, 9, 9, 9, 7]}, 0.0, 7.0, 4),
    ({"f": [9, 9, 9, 9, 9]}, 0.0, 7.0, 4),  # never
    ({"f": [9, 9, 9, 9, 9], "g": [4, 3, 2, 1, 0]}, 2.0, None, 2),  # the norm, not its square
    ({"f": [9, 9, 9, 9, 9], "g": [-4, -3, -2, -1, 0]}, 2.0, None, 2),
    # The last run of a batch decides; runs that have diverged are not waited for.
    ({"f": [[9, 9], [7, 9], [8, 7], [7, 7], [7, 7]]}, 0.0, 7.0, 3),
    ({"f": [[9, 9], [INF, 9], [NAN, 8], [INF, 7], [7, 7]]}, 0.0, 7.0, 3),
    ({"f": [[9, 9], [9, 9], [9, 9], [9, 9], [7, 7]]}, 0.0, 7.0, 4),
]


@pytest.mark.parametrize(("told", "tol", "minimum", "made"), MET)
def test_a_chunk_ends_where_the_tolerance_is_met(told, tol, minimum, made):
    chunk = leapt(Told(**told), tol=tol, minimum=minimum)
    assert len(chunk.lr) == made
    assert np.array_equal(chunk.f, told["f"][: made + 1], equal_nan=True)
    assert not chunk.diverged


@pytest.mark.parametrize(
    ("f", "diverged", "made"),
    [
        ([9, 7, INF, 9, 9], False, 1),  # met first
        ([9, INF, 7, 9, 9], True, 0),  # lost first
    ],
)
def test_whichever_comes_first_ends_the_run(f, diverged, made):
    chunk = leapt(Told(f), tol=0.0, minimum=7.0)
    assert (chunk.diverged, len(chunk.lr)) == (diverged, made)


def test_a_flat_point_of_infinite_height_is_no_solution():
    """Value and gradient norm disagree at the same point: the run is lost there."""
    chunk = leapt(Told([9, 9, INF, 9, 9], g=[1, 1, 0, 1, 1]), tol=0.0)
    assert (chunk.diverged, len(chunk.lr)) == (True, 1)


def test_a_batch_whose_runs_are_all_lost_has_met_no_tolerance():
    chunk = leapt(Told([[9, 9], [9, 9], [NAN, INF], [9, 9], [9, 9]]), tol=100.0, minimum=-200.0)
    assert (chunk.diverged, len(chunk.lr)) == (True, 1)


def test_a_batch_whose_gradients_are_all_lost_has_diverged_there():
    """A run goes on while its value and the norm of its gradient are finite, alone or in a batch."""
    chunk = leapt(Told([[9, 9]] * 5, g=[[1, 1], [1, 1], [NAN, INF], [0, 0], [0, 0]]), tol=0.0)
    assert (chunk.diverged, len(chunk.lr)) == (True, 1)


def test_an_engine_that_gives_up_is_not_asked_again():
    engine = SimpleNamespace(length=4, chunk=lambda *_: None)
    assert leapt(engine) is None
