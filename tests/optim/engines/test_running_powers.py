"""Powers multiplied up from update to update, and which those are."""

import operator

import numpy as np
import pytest

from optim import SGD, Adam, Optimizer
from optim.engines.running_powers import RunningPower, running_powers
from optim.engines.tracing import trace_update
from optim.hyperparameters import Hyper, Hypers
from schedules import Exponential, PerRun


class Exact:
    """A base that notes which powers are taken of it; products of powers add their exponents."""

    def __init__(self, exponent=1, taken=None):
        self.exponent, self.taken = exponent, [] if taken is None else taken

    def __pow__(self, t):
        self.taken.append(t)
        return Exact(t, self.taken)

    def __mul__(self, other):
        return Exact(self.exponent + other.exponent)


def test_a_power_is_taken_afresh_every_32_updates_and_multiplied_up_in_between():
    base, power = Exact(), RunningPower()
    assert [power(base, t).exponent for t in range(1, 71)] == list(range(1, 71))
    assert base.taken == [0, 32, 64]


@pytest.mark.parametrize(
    "visits", [[1, 2], [2, 3], [5, 6, 6, 7], [40, 3, 4, 100], [0, 1, 0], [31, 32, 33, 65, 66], [64, 32]]
)
def test_a_power_is_right_wherever_one_comes_from(visits):
    power = RunningPower()
    assert [power(Exact(), t).exponent for t in visits] == visits


def test_a_power_does_not_depend_on_where_one_began():
    base = np.array([0.9, 0.999, 0.3])
    through, late = RunningPower(), RunningPower()
    for t in range(1, 60):
        reference = through(base, t)
    assert np.array_equal(late(base, 59), reference)
    np.testing.assert_allclose(reference, base**59.0, rtol=28 * np.finfo(float).eps)


class Powers(Optimizer, abstract=True):
    """A rule that takes powers of all kinds."""

    lr: Hyper = 0.1
    beta: Hyper = 0.9
    k: Hyper = 2.0

    def direction(self, x, g, slots, h):
        plain = h.beta**h.t + h.beta * h.t
        others = h.beta**2 + 2**h.t + h.t**h.beta + h.beta**h.k
        return (plain + others) * g, ()


def found_powers(opt, dtype=np.float64):
    x = np.ones((3, 2), dtype)
    h = Hypers(opt, x).resolve(4)
    trace = trace_update(opt, h, len(opt.slots), x.dtype)
    moving = trace.moving(lambda path: path[-1] != "t" and not callable(getattr(opt, path[-1])))
    found = running_powers(trace, trace.known(h), moving)
    return [trace.plain[i] for i in found], list(found.values())


def test_of_all_powers_only_those_of_a_run_s_own_number_to_the_t_are_multiplied_up():
    beta = np.array([[0.5], [0.9], [0.99]])
    calls, instead = found_powers(Powers(beta=beta))
    ((function, (base, exponent)),) = calls
    assert function is operator.pow
    assert np.array_equal(base.value, beta)
    assert exponent.value == 5
    np.testing.assert_allclose(instead[0](beta, 5), beta**5, rtol=5 * np.finfo(float).eps)


@pytest.mark.parametrize(
    ("opt", "dtype"),
    [
        (Powers(), np.float64),  # one number for all runs
        (Powers(beta=np.array([[0.5], [0.9], [0.99]])), np.float32),  # too coarse
        (Powers(beta=Exponential(0.9, 0.1)), np.float64),  # the base moves
        (SGD(), np.float64),
    ],
)
def test_other_powers_are_taken_as_the_rule_takes_them(opt, dtype):
    assert found_powers(opt, dtype) == ([], [])


def test_a_base_that_moves_with_every_run_is_not_multiplied_up():
    opt = Powers(beta=PerRun([Exponential(0.9, 0.1), Exponential(0.8, 0.1), Exponential(0.7, 0.1)]))
    assert found_powers(opt) == ([], [])


def test_every_power_has_a_memory_of_its_own():
    opt = Adam(beta1=np.array([[0.5], [0.9], [0.8]]), beta2=np.array([[0.99], [0.9], [0.8]]))
    _, instead = found_powers(opt)
    assert len({id(power) for power in instead}) == 2
