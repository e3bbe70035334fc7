"""Where squares leave the range: the bounds themselves, rows among others, and stacks of rows."""

import math

import numpy as np
import pytest

from stepsize.core.norms import (
    all_finite,
    least_square,
    lengths_fit,
    norm,
    norms,
    power_of_two,
    ratio_of_dots,
    squares_fit,
)

pytestmark = pytest.mark.filterwarnings("ignore:(overflow|underflow|invalid):RuntimeWarning")
LEAST = {np.float64: 2.0**-918, np.float32: 2.0**-80}


@pytest.mark.parametrize("kind", LEAST)
def test_the_least_square_is_the_least_number_over_the_square_of_its_rounding(kind):
    """2^-1022 over 2^-104, and 2^-126 over 2^-46."""
    least = least_square(np.dtype(kind))
    assert least == LEAST[kind]
    bounds = np.array([0.0, least, np.nextafter(kind(least), kind(1)), 1.0, np.finfo(kind).max, np.inf], kind)
    assert squares_fit(bounds, kind).tolist() == [False, False, True, True, True, False]
    assert bool(squares_fit(np.nan, kind)) is False


@pytest.mark.parametrize("kind", LEAST)
def test_lengths_fit_where_their_squares_do_alone_and_all_together(kind):
    root = math.sqrt(LEAST[kind])
    above = float(np.nextafter(kind(root), kind(1)))
    for length, fits in [
        (0.0, False),
        (root, False),
        (above, True),
        (3.0, True),
        (np.inf, False),
        (np.nan, False),
    ]:
        assert lengths_fit(np.array(length, kind)) is fits
        assert lengths_fit(np.array([length], kind)) is fits
        assert lengths_fit(np.array([1.0, length, 2.0], kind)) is fits
    assert lengths_fit(np.array([[1.0], [above]], kind)) is True


@pytest.mark.parametrize(
    ("entry", "power"),
    [
        (1.0, 1.0),
        (1.5, 1.0),
        (2.0, 2.0),
        (-7.9, 4.0),
        (8.0, 8.0),
        (0.3, 0.25),
        (5e-324, 5e-324),
        (1e308, 2.0**1023),
    ],
)
def test_a_power_of_two_is_the_next_below(entry, power):
    assert power_of_two(np.array([entry, 0.0])).tolist() == [power]
    assert power_of_two(np.array([0.0, 0.0]), np.array([entry, 0.0])).tolist() == [power]
    assert power_of_two(np.array([[entry, 0.0], [0.0, 0.0]])).tolist() == [[power], [1.0]]


def test_a_power_of_two_is_1_where_there_is_nothing_or_no_number():
    rows = np.array([[0.0, 0.0], [np.inf, 3.0], [np.nan, 3.0], [3.0, 6.0]])
    assert power_of_two(rows).tolist() == [[1.0], [1.0], [1.0], [4.0]]
    assert power_of_two(np.float32([3.0])).dtype == np.float32
    assert power_of_two(np.array([3.0, 1.0]), np.array([40.0, 1.0])).tolist() == [32.0]


SCALES = np.array([1.0, 2.0**-600, 2.0**600, 2.0**-1000, 0.0])


@pytest.mark.parametrize("width", [1, 2, 5, 9])
@pytest.mark.parametrize("keepdims", [False, True])
def test_each_row_has_its_length_whatever_stands_beside_it(width, keepdims):
    plain = np.random.default_rng(width).normal(size=(1, width))
    rows = SCALES[:, None] * plain
    lengths = norm(rows, keepdims)
    assert lengths.shape == ((5, 1) if keepdims else (5,))
    np.testing.assert_allclose(lengths.ravel(), SCALES * math.hypot(*plain[0]), rtol=1e-15)
    for row, length in zip(rows, lengths, strict=True):
        assert np.array_equal(norm(row, keepdims), length)
    deep = norm(rows.reshape(5, 1, width), keepdims)
    assert np.array_equal(deep.ravel(), lengths.ravel())


def test_the_length_of_single_precision_is_its_own():
    for scale in (1.0, 2.0**-60, 2.0**70, 2.0**-120):
        row = np.array([3.0, 4.0], np.float32) * np.float32(scale)
        assert norm(row).dtype == np.float32
        assert norm(row) == np.float32(5.0) * np.float32(scale)


@pytest.mark.parametrize("width", [1, 3, 7, 8, 20])
@pytest.mark.parametrize("rows", [(1, 2), (4, 1, 3), (100, 60), (1000, 30)])
def test_stacks_of_rows_have_the_lengths_that_they_have_apart(width, rows):
    rng = np.random.default_rng(width)
    stacks = [rng.normal(size=(count, width)) for count in rows]
    stacks[0][0] *= 2.0**600
    together = norms(*stacks)
    assert len(together) == len(stacks)
    for found, stack in zip(together, stacks, strict=True):
        assert np.array_equal(found, norm(stack))
        assert found.shape == (len(stack),)


def test_a_row_is_finite_where_its_norm_is_even_if_its_square_is_not():
    rows = np.array(
        [[1.0, 2.0], [1e200, 1e200], [1.7e308, 1.7e308], [np.inf, 0.0], [0.0, np.nan], [0.0, 0.0]]
    )
    assert all_finite(rows).tolist() == [True, True, False, False, False, True]
    assert all_finite(rows[0])
    assert all_finite(rows[:1]).tolist() == [True]
    assert not all_finite(rows[3])


EXPONENTS = [(0,) * 4, (600,) * 4, (-600,) * 4, (600, -600, 300, -300), (1000, 10, 10, 1000)]
EXPONENTS += [(-1000, 900, -50, -50), (700, 0, 0, 700), (0, -700, -700, 0), (510, 510, 0, 1000)]


@pytest.mark.parametrize("exponents", EXPONENTS)
def test_a_ratio_of_products_scales_with_each_of_its_vectors(exponents):
    vectors = [np.array(v) for v in ([1.0, 2.0], [3.0, -1.0], [2.0, 2.0], [0.5, 1.5])]
    scaled = [np.ldexp(v, e) for v, e in zip(vectors, exponents, strict=True)]
    whole = exponents[0] + exponents[1] - exponents[2] - exponents[3]
    assert ratio_of_dots(*scaled) == math.ldexp(0.25, whole)


def test_a_ratio_over_nothing_is_none():
    a, b = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert math.isnan(ratio_of_dots(a, a, a, b))
    assert math.isnan(ratio_of_dots(a, a, 1e300 * a, b))
    assert ratio_of_dots(a, b, a, a) == 0.0
    assert type(ratio_of_dots(a, a, a, a)) is float
    two, one, four = (np.float32([v]) for v in (2, 1, 4))
    assert ratio_of_dots(two, one, four, one) == 0.5


def test_rows_of_single_precision_whose_squares_lose_digits_keep_theirs():
    rows = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32) * np.float32(3e-20)
    rows[0] = [3.0, 4.0, 0.0]
    for keepdims in (False, True):
        lengths = norm(rows, keepdims).ravel()
        expected = [math.hypot(*row) for row in rows.astype(float)]
        np.testing.assert_allclose(lengths, expected, rtol=3e-7)


@pytest.mark.parametrize("width", [7, 8, 9, 30])
def test_stacks_that_are_laid_out_otherwise_have_the_bits_that_they_have_apart(width):
    """Columns of a table, which NumPy adds up in another order from eight on."""
    rng = np.random.default_rng(width)
    for rows in ((4, 3), (1, 20), (5,)):
        stacks = [rng.normal(size=(width, count)).T for count in rows] + [rng.normal(size=(2, width))]
        for found, stack in zip(norms(*stacks), stacks, strict=True):
            assert np.array_equal(found, norm(stack))


def test_a_ratio_keeps_the_power_of_each_of_its_four_vectors():
    """Each product vanishes, 2^-1200 above and 2^-1140 below; the ratio is 2^-60."""
    a, b, c, d = (np.array([2.0**power]) for power in (-600, -600, -640, -500))
    assert ratio_of_dots(a, b, c, d) == 2.0**-60
    assert ratio_of_dots(b, a, d, c) == 2.0**-60
    assert ratio_of_dots(c, d, a, b) == 2.0**60
