"""One text for Python floats and for arrays.

An update rule or a landscape written with operators and these functions runs on plain floats (fast for a few
dimensions), on arrays of any batch shape, and on symbols that record what is done. NumPy's functions accept
floats too but answer with NumPy scalars, which are slow and promote float32; hence the dispatch on the type.
"""

import math
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

__all__ = [
    "arctan",
    "cos",
    "cosh",
    "dot",
    "exp",
    "is_symbol",
    "join",
    "log",
    "maximum",
    "minimum",
    "parts",
    "pick",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "tanh",
    "unbuffered",
    "where",
]


@contextmanager
def unbuffered() -> Generator[None, None, None]:
    """Let NumPy read rows that are shorter than its buffer where they are, and not copy them first.

    It doubles the speed of arithmetic on the parts of a table, but conversions of type become slow.
    """
    size = np.setbufsize(16)
    try:
        yield
    finally:
        np.setbufsize(size)


def is_symbol(a: Any) -> bool:
    """Whether something stands for a number that is not known, and writes down what is done to it.

    Examples
    --------
    >>> is_symbol(1.0), is_symbol(np.ones(2))
    (False, False)
    """
    # By the type, as a symbol takes note of who asks `isinstance` of it.
    return (
        not issubclass(type(a), int | float | np.ndarray | np.generic)
        and getattr(a, "__array_ufunc__", None) is not None
    )


def parts(x: Any) -> Any:
    """Return the coordinates of x: the items of a list, or the slices of an array along its last axis.

    Examples
    --------
    >>> a, b = parts([1.0, 2.0])
    >>> a, b
    (1.0, 2.0)
    >>> a, b = parts(np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> a.tolist(), b.tolist()
    ([1.0, 3.0], [2.0, 4.0])
    """
    if type(x) is list:
        return x
    return list(x) if x.ndim == 1 else [x[..., i] for i in range(x.shape[-1])]


def join(*coordinates: Any) -> Any:
    """Return the point with these coordinates: an array if one is NumPy's or a symbol, otherwise a list.

    Examples
    --------
    >>> join(1.0, 2.0)
    [1.0, 2.0]
    >>> join(np.array([1.0, 3.0]), 2.0).tolist()
    [[1.0, 2.0], [3.0, 2.0]]
    """
    for c in coordinates:
        if type(c) is not float:
            break
    else:
        return [*coordinates]
    if all(type(c) is np.float64 for c in coordinates):  # of a single point, as nearly all are
        return np.array(coordinates)
    if not any(issubclass(type(c), np.ndarray | np.generic) for c in coordinates):
        if not any(map(is_symbol, coordinates)):
            return [*coordinates]
        symbols = np.empty(len(coordinates), object)
        for i, c in enumerate(coordinates):
            symbols[i] = c
        return symbols
    shape = np.broadcast_shapes(*(np.shape(c) for c in coordinates))
    if not shape:
        return np.array(coordinates, np.result_type(*coordinates))
    point = np.empty((*shape, len(coordinates)), np.result_type(*coordinates))
    for i, c in enumerate(coordinates):
        point[..., i] = c
    return point


def pick(values: Any, index: Any) -> Any:
    """Return the values at whole indices, an array of them or a symbol.

    Examples
    --------
    >>> pick((0.1, 0.2, 0.4), np.array([2, 0])).tolist()
    [0.4, 0.1]
    """
    if not is_symbol(index):
        return np.asarray(values)[index]
    *others, found = np.asarray(values).tolist()
    for k, value in reversed([*enumerate(others)]):
        found = where(index <= k, value, found)
    return found


def dot(a: Any, b: Any) -> Any:
    """Return the inner products along the last axis of arrays, bit for bit ``(a * b).sum(axis=-1)``.

    NumPy is slow at summing very many very short rows; for fewer than eight terms it adds in order, as here.

    Examples
    --------
    >>> dot(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, 6.0])).tolist()
    [17.0, 39.0]
    """
    products = a * b
    d = products.shape[-1]
    if products.ndim == 1 or not 0 < d < 8:
        return products.sum(axis=-1)
    total = products[..., 0]
    for i in range(1, d):
        total = total + products[..., i]
    return total


def sqrt(a: Any) -> Any:
    """Return the square root."""
    return math.sqrt(a) if type(a) is float else np.sqrt(a)


def exp(a: Any) -> Any:
    """Return e to the power a."""
    return math.exp(a) if type(a) is float else np.exp(a)


def log(a: Any) -> Any:
    """Return the natural logarithm."""
    return math.log(a) if type(a) is float else np.log(a)


def sin(a: Any) -> Any:
    """Return the sine of a, in radians."""
    return math.sin(a) if type(a) is float else np.sin(a)


def cos(a: Any) -> Any:
    """Return the cosine of a, in radians."""
    return math.cos(a) if type(a) is float else np.cos(a)


def arctan(a: Any) -> Any:
    """Return the angle in radians, from -pi/2 to pi/2, whose tangent is a."""
    return math.atan(a) if type(a) is float else np.arctan(a)


def sinh(a: Any) -> Any:
    """Return the hyperbolic sine."""
    return math.sinh(a) if type(a) is float else np.sinh(a)


def cosh(a: Any) -> Any:
    """Return the hyperbolic cosine."""
    return math.cosh(a) if type(a) is float else np.cosh(a)


def tanh(a: Any) -> Any:
    """Return the hyperbolic tangent."""
    return math.tanh(a) if type(a) is float else np.tanh(a)


def sign(a: Any) -> Any:
    """Return -1, 0 or 1, the sign of a; the sign of 0 is 0."""
    if type(a) is not float:
        return np.sign(a)
    return a if a != a else 0.0 if a == 0.0 else math.copysign(1.0, a)


def maximum(a: Any, b: Any) -> Any:
    """Return the larger of a and b, element by element; nan if either is nan, and 0, never -0, if it is 0.

    Which of two zeros NumPy takes differs from processor to processor, and so from engine to engine: the sum
    with 0 makes both the same.
    """
    if type(a) is float and type(b) is float:
        return (a if a >= b or a != a else b) + 0.0
    return np.maximum(a, b) + 0.0


def minimum(a: Any, b: Any) -> Any:
    """Return the smaller of a and b, element by element; nan if either is nan, and 0 as in `maximum`."""
    if type(a) is float and type(b) is float:
        return (a if a <= b or a != a else b) + 0.0
    return np.minimum(a, b) + 0.0


def where(condition: Any, a: Any, b: Any) -> Any:
    """Return a where the condition holds and b elsewhere; both are evaluated."""
    if type(condition) is bool:
        return a if condition else b
    return np.where(condition, a, b)


# Not in `__all__`, whose functions serve floats as well: of floats it makes NumPy's scalars.
def power(base: float | Array, exponent: float | Array) -> Array:
    """Return base^exponent, element by element; an element has the same bits alone as among others.

    The precision is that of what is given in floats: of single precision it stays single.

    NumPy squares where one exponent serves all and is 2, and the operators of its scalars go to the C library
    where arrays may be served by a vector unit: between those ways the last bit differs on some processors. A
    plain number as the exponent serves all, however many there are. Otherwise each element has an exponent
    of its own, and another element stands beside it.

    Examples
    --------
    >>> power(0.5, np.array([0.0, 1.0, 3.0])).tolist()
    [1.0, 0.5, 0.125]
    """
    powers: Array
    if type(exponent) in (int, float) or is_symbol(base) or is_symbol(exponent):
        powers = np.power(base, exponent)
        return powers
    # Python's own numbers take the precision of the others; lists are arrays in double precision.
    given = [a if type(a) in (int, float) else np.asarray(a) for a in (base, exponent)]
    floats = [a for a in given if np.result_type(a).kind == "f"]
    precision = np.result_type(*floats) if floats else np.dtype(float)
    one = np.ones(1, precision)
    bases, exponents = np.broadcast_arrays(*given)
    first, second = (np.append(a.astype(precision, copy=False), one) for a in (bases, exponents))
    powers = np.power(first, second)
    powers = powers[:-1].reshape(bases.shape)[()]
    return powers
