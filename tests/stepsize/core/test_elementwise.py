"""Functions of floats and arrays."""

import itertools
import math

import numpy as np
import pytest

from stepsize.core import elementwise
from stepsize.core.elementwise import (
    dot,
    is_symbol,
    join,
    maximum,
    minimum,
    parts,
    pick,
    power,
    sign,
    where,
)


def test_a_power_has_the_same_bits_alone_as_among_others():
    bases, exponents = np.linspace(0.01, 2.0, 200), np.repeat([2.0, 3.0, -0.5, 0.5, -3.0], 40)
    among = power(bases, exponents)
    assert [power(b, e) for b, e in zip(bases, exponents, strict=True)] == among.tolist()
    for exponent in (2.0, 3, -0.5):
        assert [power(b, exponent) for b in bases] == power(bases, exponent).tolist()
    assert np.array_equal(power(bases[:, None], exponents[::40])[::41, :].diagonal(), among[::41])


FUNCTIONS = ["sqrt", "exp", "log", "sin", "cos", "sinh", "cosh", "tanh", "arctan", "sign"]
EXACT = {
    # Values that are known in closed form, at points that tell the functions apart.
    "sqrt": (2.25, 1.5),
    "exp": (math.log(3), 3.0),
    "log": (math.e**2, 2.0),
    "sin": (math.pi / 6, 0.5),
    "cos": (math.pi / 3, 0.5),
    "sinh": (math.log(2), 0.75),
    "cosh": (math.log(2), 1.25),
    "tanh": (math.log(2), 0.6),
    "arctan": (math.sqrt(3), math.pi / 3),
    "sign": (-0.25, -1.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_gives_floats_for_floats_and_arrays_for_arrays(name):
    function, (point, value) = getattr(elementwise, name), EXACT[name]
    assert type(function(point)) is float
    assert function(point) == pytest.approx(value, rel=1e-14)
    several = function(np.array([[point, 0.5]], np.float32))
    assert several.shape == (1, 2)
    assert several.dtype == np.float32
    assert several[0, 0] == pytest.approx(value, rel=1e-6)
    assert isinstance(function(np.float64(point)), np.float64)


def test_the_sign_of_a_float_is_numpys_to_the_bit():
    """Of both zeros it is 0, and not -0."""
    for value in (3.0, 0.0, -0.0, -2.0, math.inf, -math.inf, 5e-324):
        assert math.copysign(1.0, sign(value)) == math.copysign(1.0, float(np.sign(value)))
        assert sign(value) == np.sign(value)
    assert math.isnan(sign(math.nan))
    assert sign(1) == 1


@pytest.mark.parametrize(("function", "array"), [(maximum, np.maximum), (minimum, np.minimum)])
def test_the_larger_and_the_smaller_of_two_floats_are_numpys(function, array):
    values = [-math.inf, -1.0, -0.0, 0.0, 2.0, math.inf, math.nan]
    for a, b in itertools.product(values, values):
        found = function(a, b)
        assert type(found) is float
        assert found == array(a, b) or (math.isnan(found) and math.isnan(array(a, b)))
    assert function(1.0, np.array([0.0, 3.0])).tolist() == array(1.0, [0.0, 3.0]).tolist()
    assert function(np.array([0.0, 3.0]), 1.0).tolist() == array(1.0, [0.0, 3.0]).tolist()
    assert function(1, 2.0) == array(1, 2.0)


def test_where_takes_one_of_two_or_some_of_each():
    assert where(True, 1.0, "b") == 1.0
    assert where(False, 1.0, "b") == "b"
    assert where(np.array([True, False]), 1.0, 2.0).tolist() == [1.0, 2.0]
    assert where(np.bool_(False), 1.0, 2.0) == 2.0


class Symbol:
    """What records what is done to it has NumPy's protocol, and is no number."""

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return (ufunc.__name__, *(v for v in inputs if v is not self))


def test_a_symbol_is_no_number_and_speaks_numpys_protocol():
    assert is_symbol(Symbol())
    assert not any(map(is_symbol, (1, 1.0, True, np.ones(2), np.float64(1), "a", None, [1.0])))
    assert power(Symbol(), 3.0) == ("power", 3.0)
    assert power(np.float64(2.0), Symbol()) == ("power", 2.0)
    assert power(Symbol(), np.float64(3.0)) == ("power", 3.0)


def test_coordinates_are_taken_apart_and_joined():
    point = [1.0, 2.0]
    assert parts(point) is point
    assert [type(v) for v in parts(np.array(point))] == [np.float64, np.float64]
    x = np.arange(24.0).reshape(2, 3, 4)
    assert [v.shape for v in parts(x)] == [(2, 3)] * 4
    assert np.array_equal(join(*parts(x)), x)
    assert parts(x)[3].tolist() == [[3.0, 7.0, 11.0], [15.0, 19.0, 23.0]]
    assert join(1.0, 2.0) == [1.0, 2.0]
    assert join(1, 2.0) == [1, 2.0]
    assert type(join(1, 2.0)) is list


def test_joined_arrays_keep_their_precision_and_are_broadcast():
    small = join(np.float32(1), np.float32(2))
    assert (small.dtype, small.shape) == (np.float32, (2,))
    double = join(np.float64(1), np.float64(2))
    assert (double.dtype, double.tolist()) == (np.float64, [1.0, 2.0])
    assert join(np.float32(1), 2.0).dtype == np.float32
    mixed = join(np.float32(1), np.float64(2))
    assert mixed.dtype == np.float64
    wide = join(np.ones((3, 1), np.float32), np.zeros(2, np.float32))
    assert (wide.dtype, wide.shape) == (np.float32, (3, 2, 2))
    assert wide[2, 1].tolist() == [1.0, 0.0]
    assert join(1.0, np.array([2.0, 3.0])).tolist() == [[1.0, 2.0], [1.0, 3.0]]
    one = Symbol()
    symbols = join(one, 2.0)
    assert (symbols.dtype, symbols.shape) == (object, (2,))
    assert symbols[0] is one
    assert symbols[1] == 2.0


@pytest.mark.parametrize("d", [0, 1, 2, 3, 7, 8, 9, 40])
@pytest.mark.parametrize("batch", [(), (5,), (2, 3)])
def test_inner_products_have_the_bits_of_sums(d, batch):
    rng = np.random.default_rng(d)
    a, b = rng.normal(size=(*batch, d)), rng.normal(size=d)
    assert np.array_equal(dot(a, b), (a * b).sum(axis=-1))
    assert np.array_equal(dot(a, 2 * a), (2 * a * a).sum(axis=-1))


def test_values_are_picked_by_whole_indices():
    assert pick((0.1, 0.2, 0.4), 1) == 0.2
    assert pick((0.1, 0.2, 0.4), np.array([[2], [0]])).tolist() == [[0.4], [0.1]]


def test_a_power_is_broadcast_like_any_product():
    bases, exponents = np.array([[2.0], [3.0]]), np.array([0.0, 1.0, 2.0, -1.0])
    assert power(bases, exponents).tolist() == [[1.0, 2.0, 4.0, 0.5], [1.0, 3.0, 9.0, 1 / 3]]
    assert power(2.0, np.array([3.0, 4.0])).tolist() == [8.0, 16.0]
    assert power(np.array([2.0, 3.0]), np.float64(2.0)).tolist() == [4.0, 9.0]
    assert power([2.0, 3.0], [3.0, 2.0]).tolist() == power([2, 3], (3, 2)).tolist() == [8.0, 9.0]
    assert np.shape(power(2.0, np.float64(3.0))) == ()
    assert isinstance(power(2.0, np.float64(3.0)), np.float64)
    assert power(np.array([], float), np.array([], float)).shape == (0,)


class Hidden(np.lib.mixins.NDArrayOperatorsMixin):
    """A number that a rule does not see, which NumPy's functions compute with."""

    def __init__(self, value):
        self.value = value

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return Hidden(ufunc(*(getattr(v, "value", v) for v in inputs)))

    def __array_function__(self, function, types, args, kwargs):
        return Hidden(function(*(getattr(v, "value", v) for v in args)))


@pytest.mark.parametrize("values", [(0.1, 0.2, 0.4), (0.1,), (3.0, 1.0), np.array([5.0, 4.0, 3.0, 2.0])])
def test_values_are_picked_by_an_index_that_is_not_known(values):
    for k, value in enumerate(values):
        found = pick(values, Hidden(k))
        assert getattr(found, "value", found) == value


FLOATS = [np.float16, np.float32, np.float64]


@pytest.mark.parametrize("dtype", FLOATS)
def test_powers_keep_the_precision_of_what_is_given_in_floats(dtype):
    base = np.array([4.0, 9.0, 2.0], dtype)
    halves = np.array([0.5, 0.5, 1.0], dtype)
    for found in (
        power(base, halves),
        power(base, np.array([1, 2, 3])),
        power(base, 2.0),
        power(0.25, halves),
    ):
        assert found.dtype == dtype
    assert power(base, halves).tolist() == [2.0, 3.0, 2.0]
    assert power(0.25, halves).tolist() == [0.5, 0.5, 0.25]
    assert power(base, np.array([1, 2, 3])).tolist() == [4.0, 81.0, 8.0]
    assert power(dtype(4), dtype(0.5)).dtype == dtype
    assert power(dtype(4), np.array(2)).dtype == dtype
    assert power(base, np.ones(3)).dtype == np.float64, "the more precise of two"
    assert power(2, np.arange(3)).dtype == np.float64


@pytest.mark.parametrize("dtype", FLOATS)
def test_every_function_keeps_the_precision_of_an_array_among_numbers(dtype):
    x = np.array([0.25, 0.5], dtype)
    for name in elementwise.__all__:
        function = getattr(elementwise, name)
        if name in FUNCTIONS:
            found = [function(x), function(x[0])]
        elif name in ("maximum", "minimum"):
            found = [function(x, x), function(x, 0.5), function(0.5, x), function(x, 1)]
        elif name == "where":
            found = [where(x > 0.3, x, 0.0), where(x > 0.3, 1.0, x), where(x > 0.3, x, x)]
        elif name == "join":
            found = [join(*x), join(x, 1.0), join(1.0, x)]
        elif name == "dot":
            found = [elementwise.dot(x, x)]
        elif name == "pick":
            found = [elementwise.pick(x, np.array([1, 0]))]
        elif name == "parts":
            found = parts(x)
        else:
            assert name in ("is_symbol", "unbuffered"), "no arithmetic"
            continue
        assert [value.dtype for value in found] == [np.dtype(dtype)] * len(found), name
