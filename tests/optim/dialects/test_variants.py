"""Rules that reproduce one library, by hand."""

import pytest

from optim.dialects.optax_variants import OptaxRpropOneStepLate
from tests.optim.rules.by_hand import steps


def test_what_optax_holds_back_is_let_go_by_a_zero():
    """0.1 is held after the first gradient; only a change of sign loses it, and a zero holds nothing."""
    rows, _ = steps(OptaxRpropOneStepLate(initial=0.1), [1, 0, 1, 0])
    assert rows[:, 0] == pytest.approx([0.0, -0.1, -0.1, -0.2], abs=1e-15)
