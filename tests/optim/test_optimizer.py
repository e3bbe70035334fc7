"""What a rule is that declares nothing but its direction, and what it is asked."""

import numpy as np
import pytest

from optim import L2, SGD, Adam, Hyper, Momentum, Optimizer, PolyakRuppert
from optim.optimizer import apart
from stepsize.core.record import registered

FACTS = {
    "slots": (),
    "elementwise": True,
    "requires": (),
    "compares_gradients": False,
    "batched": True,
    "draws_noise": False,
    "twin_of": "",
    "inner_period": 1,
    "suggests": {},
    "demo": {},
}


class Plain(Optimizer, abstract=True):
    """Gradient descent."""

    lr: Hyper = 0.5

    def direction(self, x, g, slots, h):
        return g, slots


class Reporting(Plain, abstract=True):
    """The same, that reports another point."""

    def output(self, x, slots):
        return -x


class Moving(Plain, abstract=True):
    """The same, that says how it moves."""

    def update(self, x, g, slots, h):
        return x - h.lr * g, slots


def test_a_rule_that_declares_nothing_is_elementwise_and_needs_the_gradient_alone():
    assert {name: getattr(Plain(), name) for name in FACTS} == FACTS
    assert Plain.ranges()["lr"].has(0.0)
    assert not Plain.ranges()["lr"].has(-1e-300)


@pytest.mark.parametrize(
    ("rule", "reports", "inherits"),
    [
        (Plain(), False, True),
        (Reporting(), True, True),
        (Moving(), False, False),
        (SGD(), False, True),
        (Adam(), False, True),
        (PolyakRuppert(SGD()), True, False),
    ],
    ids=repr,
)
def test_what_follows_from_which_methods_a_rule_has(rule, reports, inherits):
    assert rule.has_separate_output is reports
    assert rule.update_is_inherited is inherits


@pytest.mark.parametrize(
    ("rule", "numbers_alone"),
    [
        (Plain(), True),
        (Momentum(lr=0.1), True),
        (SGD(lr=lambda n: 0.1 / (n + 1)), False),
        (SGD(lr=np.array([0.1, 0.2])), False),
        (L2(SGD()), False),
    ],
    ids=repr,
)
def test_whether_all_parameters_are_numbers(rule, numbers_alone):
    assert rule.holds_numbers_alone is numbers_alone
    assert (rule.plain_fields == dict(rule.fields())) is numbers_alone


def test_who_is_from_outside():
    assert Plain().is_from_outside
    assert L2(Plain()).is_from_outside
    assert not SGD().is_from_outside
    assert not L2(SGD()).is_from_outside


def test_the_contract_itself_is_no_rule():
    assert Optimizer not in registered(Optimizer)


def test_what_an_update_shares_is_copied():
    x, grad, slot = np.ones(2), np.ones(2), np.zeros(2)
    view = np.zeros(4)[:2]
    for x_next in (x, grad, np.zeros(2)):
        moved, slots = apart(x_next, (slot, slot, x, grad, x_next, view), x, grad)
        arrays = [moved, *slots, x, grad]
        assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])
        assert np.array_equal(moved, x_next)
    fresh = np.zeros(2)
    moved, slots = apart(fresh, (slot,), x, grad)
    assert moved is fresh
    assert slots[0] is slot
