r"""Dividing many numbers by one: a product and two sums in place of a slow division, to the same bits.

A processor divides no more often than every few cycles, and multiplies twice a cycle. With the inverse
:math:`y = \circ(1/b)` of a divisor that all numbers share, rounded to nearest as everything here,

.. math:: q = \circ(a y), \qquad r = \circ(a - b q), \qquad q' = \circ(q + r y)

gives :math:`q' = \circ(a / b)` exactly, if r and q' are rounded once (a fused multiply-add) and nothing
leaves the range of floating point: Markstein, IBM J. Res. Dev. 34 (1990); Brisebarre, Muller and Raina, IEEE
Trans. Comput. 53 (2004). Where one of the numbers is so small or large that something might, or is 0, inf or
nan, all of them are divided.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optim.engines.compiled.writing import Text

__all__ = ["divide"]

# By bytes of a number, the binary exponents between which a divisor is one to multiply by.
_DIVISORS = {8: (-100, 100), 4: (-20, 20)}
# How many numbers are looked at together.
_TOGETHER = 8


def divide(text: "Text", a: str, b: str, alone: str) -> str:
    """Write the quotients of numbers side by side and one divisor, and return the name of the row.

    Parameters
    ----------
    text : Text
    a, b : str
        The names of dividends and divisor, both in rows.
    alone : str
        The name of the divisor as a single number.
    """
    inverse = text.let(f"fdiv {text.scalar} 1.0, {alone}")
    usual = text.let(f"and i1 {_is_usual_divisor(text, alone)}, {_are_usual(text, a)}")
    quick, plain, divided = text.labels("multiplied", "divided", "quotient")
    text.put(f"br i1 {usual}, label %{quick}, label %{plain}")
    text.label(quick)
    y = text.spread(inverse)
    q = text.do("fmul", a, y)
    r = text.call("fma", text.let(f"fneg {text.type} {q}"), b, a)
    better = text.call("fma", r, y, q)
    text.put(f"br label %{divided}")
    text.label(plain)
    exact = text.do("fdiv", a, b)
    text.put(f"br label %{divided}")
    text.label(divided)
    return text.let(f"phi {text.type} [ {better}, %{quick} ], [ {exact}, %{plain} ]")


def _is_usual_divisor(text: "Text", alone: str) -> str:
    low, high = (text.word(2.0**e) for e in _DIVISORS[text.dtype.itemsize])
    size = text.call_on(1, "fabs", alone)
    above, below = (
        text.let(f"fcmp {test} {text.scalar} {size}, {end}") for test, end in (("oge", low), ("ole", high))
    )
    return text.let(f"and i1 {above}, {below}")


def _are_usual(text: "Text", a: str) -> str:
    """Write the test whether all numbers of a row are of middle size: no square or root of theirs is far out.

    The exponent of such a number begins with the bits 01 or 10: in double precision it is from 2**-511 to
    2**512. So the bit behind the sign and the next one differ.
    """
    kind, length = f"i{8 * text.dtype.itemsize}", text.lanes
    row = f"<{length} x {kind}>"
    bits = text.let(f"bitcast {text.type} {a} to {row}")
    next_bits = text.let(f"shl {row} {bits}, {text.spread_word(f'{kind} 1')}")
    differ = text.let(f"xor {row} {bits}, {next_bits}")
    while length > _TOGETHER:
        length //= 2
        first, last = (
            text.let(f"shufflevector {row} {differ}, {row} poison, <{length} x i32> <{_count(low, length)}>")
            for low in (0, length)
        )
        row = f"<{length} x {kind}>"
        differ = text.let(f"and {row} {first}, {last}")
    ones = ", ".join([f"{kind} 1"] * length)
    in_front = text.let(f"shl {row} {differ}, <{ones}>")
    negative = text.let(f"icmp slt {row} {in_front}, zeroinitializer")
    flags = text.let(f"bitcast <{length} x i1> {negative} to i{length}")
    return text.let(f"icmp eq i{length} {flags}, -1")


def _count(low: int, length: int) -> str:
    return ", ".join(f"i32 {k}" for k in range(low, low + length))
