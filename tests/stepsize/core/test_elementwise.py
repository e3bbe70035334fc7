"""Functions of floats and arrays."""

import numpy as np

from stepsize.core.elementwise import power


def test_a_power_has_the_same_bits_alone_as_among_others():
    bases, exponents = np.linspace(0.01, 2.0, 200), np.repeat([2.0, 3.0, -0.5, 0.5, -3.0], 40)
    among = power(bases, exponents)
    assert [power(b, e) for b, e in zip(bases, exponents, strict=True)] == among.tolist()
    for exponent in (2.0, 3, -0.5):
        assert [power(b, exponent) for b in bases] == power(bases, exponent).tolist()
    assert np.array_equal(power(bases[:, None], exponents[::40])[::41, :].diagonal(), among[::41])
