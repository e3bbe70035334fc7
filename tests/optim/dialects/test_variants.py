"""Rules that reproduce one library, by hand."""

import numpy as np
import pytest

from optim.dialects.muon_variants import OptaxMuon
from optim.dialects.optax_variants import OptaxRpropOneStepLate
from tests.optim.rules.by_hand import steps


def test_what_optax_holds_back_is_let_go_by_a_zero():
    """0.1 is held after the first gradient; only a change of sign loses it, and a zero holds nothing."""
    rows, _ = steps(OptaxRpropOneStepLate(initial=0.1), [1, 0, 1, 0])
    assert rows[:, 0] == pytest.approx([0.0, -0.1, -0.1, -0.2], abs=1e-15)


@pytest.mark.parametrize("words", ["aol", "schatten"])
@pytest.mark.parametrize(("size", "divisor"), [(1e-9, 1e-4), (0.0, 1e-4), (3e-4, 3e-4)])
def test_optax_muon_divides_by_no_less_than_a_ten_thousandth(words, size, divisor):
    """Of a matrix with one entry a both are |a|."""
    rule = OptaxMuon(shapes=((1, 2),), preconditioning=words)
    divisors = rule.norm(np.array([[size, 0.0]]), rule)
    np.testing.assert_allclose(divisors, divisor, rtol=1e-12)
