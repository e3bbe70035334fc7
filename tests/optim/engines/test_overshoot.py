"""Lengths and bounds as the compiled loop takes them, of vectors of every size."""

from itertools import product

import numpy as np
import pytest

from optim import SGD
from optim.engines.compiled.judging import overshoot
from optim.engines.compiled.loop import Loop
from optim.engines.compiled.runs import CompiledBlock
from problems import Quadratic
from stepsize.core.norms import least_square, norm, squares_fit
from tests.optim.engines.rules import needs_compiler

pytestmark = needs_compiler

RNG = np.random.default_rng(0)
EDGES = (
    0.0,
    -0.0,
    5e-324,
    1e-310,
    2.3e-308,
    1e-200,
    1e-146,
    1e-138,
    1e-30,
    1.0,
    3.0,
    1e30,
    1e154,
    1.4e154,
    1e200,
)
# Any two of them as a vector, and vectors with all digits from the least number to the largest.
VECTORS = np.array(
    [
        *product((*EDGES, -1.0, -1e160, 1e308, np.inf, np.nan), repeat=2),
        *(RNG.uniform(-1, 1, (4000, 2)) * 10.0 ** RNG.uniform(-300, 307, (4000, 1))),
        *(RNG.uniform(-1, 1, (400, 2)) * 10.0 ** RNG.uniform(-165, -135, (400, 1))),
        *(RNG.uniform(-1, 1, (400, 2)) * 10.0 ** RNG.uniform(150, 160, (400, 1))),
    ]
)
FINITE = VECTORS[np.isfinite(VECTORS).all(axis=1)]


def computed(vectors, *lines):
    """Return what lines of text make of points, a row each; a flag as 1 or 0."""
    block = CompiledBlock(Quadratic(), SGD(lr=0.1), vectors.T, np.zeros_like(vectors.T), ())
    block.branches.meet(block.hypers, 0)
    found = np.empty((len(lines), block.stride))

    def finish(loop, point):
        text = loop.text
        for row, line in enumerate(lines):
            name, is_flag = line(text, point.x)
            if is_flag:
                name = text.choose(name, text.constant(1.0), text.constant(0.0))
            text.store(name, loop.in_rows("found", row))

    def text():
        branches = block.branches
        loop = Loop(
            branches.same().holds, block.gradient, 2, 0, block.lanes, branches.dtype, {"found": "ptr"}
        )
        return loop.written(finish=finish)

    block.call(0, 0, False, text, {"found": "ptr"}, (found,))
    return found[:, : block.runs]


def test_a_length_is_that_of_numpy_and_says_whether_it_holds():
    length, fits = computed(
        VECTORS,
        lambda text, x: (overshoot.length_of(text, x)[0], False),
        lambda text, x: (overshoot.length_of(text, x)[1], True),
    )
    with np.errstate(all="ignore"):
        squares = (VECTORS * VECTORS).sum(axis=1)
        holds = squares_fit(squares, float) | (VECTORS == 0).all(axis=1)
        assert np.array_equal(length, np.sqrt(squares), equal_nan=True)
        assert np.array_equal(length[holds], norm(VECTORS[holds]))
    assert np.array_equal(fits, holds)
    assert 0.1 < holds.mean() < 0.9


def test_a_square_at_the_limit_does_not_hold():
    least = np.sqrt(least_square(np.dtype(float)))
    sides = np.array([least, np.nextafter(least, 1), np.nextafter(least, 0)])
    vectors = np.stack([sides, np.zeros(3)], axis=1)
    (fits,) = computed(vectors, lambda text, x: (overshoot.length_of(text, x)[1], True))
    assert fits.tolist() == [False, True, False]


def test_a_scaled_length_is_that_of_numpy_for_every_finite_vector():
    (length,) = computed(FINITE, lambda text, x: (overshoot.scaled_length_of(text, x), False))
    with np.errstate(all="ignore"):
        assert np.array_equal(length, norm(FINITE))


@pytest.mark.parametrize("exponent", [-1060, -600, -520, -1, 0, 1, 500, 521, 1000, 1021])
def test_three_and_four_make_five_of_every_size(exponent):
    unit = 2.0**exponent
    (length,) = computed(
        np.array([[3.0, 4.0], [-4.0, 3.0]]) * unit,
        lambda text, x: (overshoot.scaled_length_of(text, x), False),
    )
    assert length.tolist() == [5.0 * unit] * 2


def test_sums_of_sizes():
    (total,) = computed(VECTORS, lambda text, x: (overshoot.sum_of_sizes(text, x), False))
    with np.errstate(all="ignore"):
        assert np.array_equal(total, np.abs(VECTORS).sum(axis=1), equal_nan=True)


def test_the_bound_of_a_slope_is_above_what_rounding_makes_of_it_and_little():
    """It is 8 eps of the two sums' product and a little, never 0; where that overflows it is inf, or nan."""
    (bound,) = computed(np.abs(FINITE), lambda text, x: (overshoot.slope_bound(text, x[0], x[1]), False))
    info = np.finfo(float)
    with np.errstate(all="ignore"):
        a, b = np.abs(FINITE).T.astype(np.longdouble)
        exact = 8 * np.longdouble(info.eps) * a * b
        large = (exact > 1e-280) & (np.minimum(a, b) > 1e-300)
        assert (bound[large] >= exact[large]).all()
        within = large & (exact < 1e290) & (np.maximum(a, b) < 1e307)
        assert (bound[within] <= 1.03 * exact[within]).all()
        beyond = np.asarray(a * b, float) == np.inf
    assert not (bound < info.tiny / info.eps).any()
    assert np.isinf(bound[beyond]).all()


def test_flags_of_one_and_not_of_the_other():
    def line(text, x):
        zero = text.constant(0.0)
        return overshoot.and_not(text, text.test("ogt", x[0], zero), text.test("ogt", x[1], zero)), True

    (flags,) = computed(FINITE, line)
    assert np.array_equal(flags, (FINITE[:, 0] > 0) & ~(FINITE[:, 1] > 0))
