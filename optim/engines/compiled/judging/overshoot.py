"""Whether an update overshot, as text: lengths, what rounding makes of a slope, and flags side by side."""

from collections.abc import Sequence

import numpy as np

from optim.engines.compiled.recording import squared_of
from optim.engines.compiled.writing import Text, negated
from stepsize.core.norms import least_square

__all__ = ["and_not", "fits_of", "length_of", "scaled_length_of", "slope_bound", "sum_of_sizes"]

# Numbers whose squares leave the range of double precision are brought into it by this one or its inverse:
# the least number and the largest, too.
_UNIT = 2.0**700


def length_of(text: Text, vector: list[str]) -> tuple[str, str]:
    """Write the root of a vector's square, and whether that is its length."""
    square = squared_of(text, vector)
    return text.call("sqrt", square), fits_of(text, vector, square)


def fits_of(text: Text, vector: list[str], square: str) -> str:
    """Write whether a square holds all digits of a vector's length, or is that of a vector of zeros."""
    zero = text.constant(0.0)
    above = text.test("ogt", square, text.constant(least_square(text.dtype)))
    fits = text.let(f"and {text.flags} {above}, {text.test('olt', square, text.constant(np.inf))}")
    empty = text.test("oeq", vector[0], zero)
    for name in vector[1:]:
        empty = text.let(f"and {text.flags} {empty}, {text.test('oeq', name, zero)}")
    return text.let(f"or {text.flags} {fits}, {empty}")


def sum_of_sizes(text: Text, names: Sequence[str]) -> str:
    """Write the sum of the absolute values of some numbers."""
    total = text.call("fabs", names[0])
    for name in names[1:]:
        total = text.do("fadd", total, text.call("fabs", name))
    return total


def scaled_length_of(text: Text, vector: list[str]) -> str:
    """Write the length of a finite vector, also where its square leaves the range, as `norm` takes it there.

    Divided by any power of two it has the same digits.
    """
    square = squared_of(text, vector)
    unit, inverse = (
        text.choose(text.test("ogt", square, text.constant(1.0)), *map(text.constant, pair))
        for pair in ((_UNIT, 1 / _UNIT), (1 / _UNIT, _UNIT))
    )
    scaled = squared_of(text, [text.do("fmul", name, inverse) for name in vector])
    long = text.do("fmul", text.call("sqrt", scaled), unit)
    holds = text.test("ogt", square, text.constant(least_square(text.dtype)))
    holds = text.let(f"and {text.flags} {holds}, {text.test('olt', square, text.constant(np.inf))}")
    return text.choose(holds, text.call("sqrt", square), long)


def slope_bound(text: Text, reach: str, slant: str) -> str:
    r"""Write a bound of what rounding makes of a slope: :math:`8 \epsilon (|x'| + |x|)(|g'| + |g|)`.

    Given are the two sums, of lengths or of what is no shorter. The bound is inf wherever a slope, or what is
    compared with it, may have overflowed.
    """
    info = np.finfo(text.dtype)
    product = text.do("fmul", text.do("fmul", reach, text.constant(8.2)), slant)
    share = text.do("fmul", product, text.constant(float(info.eps)))
    return text.do("fadd", share, text.constant(float(info.tiny / info.eps)))


def and_not(text: Text, a: str, b: str) -> str:
    """Write which flags of the first are set and those of the second are not."""
    return text.let(f"and {text.flags} {a}, {negated(text, b)}")
