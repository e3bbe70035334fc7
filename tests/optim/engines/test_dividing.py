"""Division by a number that a row shares: the quotients of IEEE 754, whatever the row holds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optim import Adam, Momentum, Optimizer
from optim.engines import step
from optim.engines.compiled import llvm, vector
from optim.hyperparameters import Hyper, Hypers
from tests.optim.engines.rules import needs_compiler

pytestmark = needs_compiler

INTEGERS = {np.float64: np.uint64, np.float32: np.uint32}


class Divided(Optimizer, abstract=True):
    """The gradient over a number, in place of x."""

    lr: Hyper = 1.0
    by: Hyper = 1.0

    def update(self, x, g, slots, h):
        return g / h.by, slots


def quotients(dividends, divisor):
    """Return what the compiled step makes of them."""
    opt, x = Divided(by=divisor), np.zeros_like(dividends)
    return step(opt, x, dividends, opt.init(x), engine="compiled")[0]


def assert_exact(dividends, divisor):
    with np.errstate(all="ignore"):
        expected = dividends / dividends.dtype.type(divisor)
    found = quotients(dividends, divisor)
    assert found.dtype == expected.dtype
    bits = INTEGERS[dividends.dtype.type]
    same = (found.view(bits) == expected.view(bits)) | (np.isnan(found) & np.isnan(expected))
    assert same.all(), (dividends[~same][:3], divisor)


def rounded(values, digits):
    """Return numbers rounded to so many binary digits, to nearest, ties to even."""
    fraction, exponent = np.frexp(values)
    return np.ldexp(np.rint(np.ldexp(fraction, digits)), exponent - digits)


@pytest.mark.parametrize("digits", range(3, 11))
def test_a_product_and_two_fused_sums_are_the_rounded_quotient_of_all_short_numbers(digits):
    a = np.arange(2 ** (digits - 1), 2**digits, dtype=float)
    for b in a.tolist():
        # Double precision holds products of these exactly, and rounds their quotients innocently.
        y = rounded(1.0 / b, digits)
        q = rounded(a * y, digits)
        r = rounded(a - b * q, digits)
        assert np.array_equal(rounded(q + r * y, digits), rounded(a / b, digits))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_quotients_of_numbers_of_middle_size(dtype):
    rng = np.random.default_rng(0)
    ones = np.nextafter(dtype(2), dtype(0))
    fractions = np.concatenate(
        [rng.uniform(1, 2, 50_000), np.full(50, ones), ones - rng.integers(0, 99, 50) * np.finfo(dtype).eps]
    )
    exponents = rng.integers(-60, 60, len(fractions))
    dividends = np.ldexp(rng.choice([-1, 1], len(fractions)) * fractions, exponents).astype(dtype)
    for divisor in (
        *rng.uniform(0.001, 2, 20),
        0.1,
        1 - 0.9,
        1 - 0.999,
        3.0,
        float(ones),
        float(ones) / 2,
        1e5,
        0.5,
    ):
        assert_exact(dividends, float(divisor))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_quotients_at_the_edges_of_the_range(dtype):
    info = np.finfo(dtype)
    edges = [0.0, info.smallest_subnormal, info.tiny, info.tiny * 1.5, info.max, np.inf, np.nan, 1.0, 3.0]
    powers = [
        np.ldexp(dtype(1.1), e)
        for e in (info.minexp + 30, info.minexp // 2 + 1, -1, info.maxexp // 2, info.maxexp - 1)
    ]
    row = np.array([*edges, *powers], dtype)
    row = np.concatenate([row, -row])
    for divisor in (
        0.3,
        1e-30,
        1e30,
        float(info.tiny),
        float(info.max),
        0.7,
        2.0,
        float(info.smallest_subnormal),
    ):
        # Each alone among ordinary numbers as well, which are then divided too.
        assert_exact(np.repeat(row, 64), divisor)
        rows = np.ones((len(row), 64), dtype)
        rows[:, 7] = row
        assert_exact(rows.ravel(), divisor)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([64, 32]), st.data())
def test_quotients_of_any_numbers(width, data):
    dtype = {64: np.float64, 32: np.float32}[width]
    numbers = st.floats(width=width)
    some = data.draw(st.lists(numbers, min_size=1, max_size=20))
    divisor = data.draw(
        st.floats(width=width, allow_nan=False, allow_infinity=False, min_value=0.0, exclude_min=True)
    )
    assert_exact(np.resize(np.array(some, dtype), 128), divisor)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_nothing_else_is_fused(dtype):
    x = np.ones(64, dtype)
    for opt, divisions in ((Momentum(), 0), (Adam(), 2)):
        text = vector.update_source(opt, x, len(opt.slots), Hypers(opt, x).resolve(3))
        fused = sum("@llvm.fma" in line and "declare" not in line for line in text.splitlines())
        assert fused == (2 * divisions if llvm.fuses() else 0)
        if not divisions:
            assembly = llvm.assembly(text)
            assert "fmadd" not in assembly
            assert "fmla" not in assembly


def test_a_processor_that_cannot_fuse_divides(monkeypatch):
    x = np.ones(64)
    monkeypatch.setattr("optim.engines.compiled.writing.fuses", lambda: False)
    opt = Divided(by=0.7)
    text = vector.update_source(opt, x, 0, Hypers(opt, x).resolve(0))
    assert "fma" not in text
    assert "fdiv" in text
