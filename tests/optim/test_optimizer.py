"""What a rule is that declares nothing but its direction, and what it is asked."""

import numpy as np
import pytest

import optim.optimizer
from optim import L2, SGD, Adam, Hyper, Momentum, Newton, Optimizer, PolyakRuppert, State
from optim.hyperparameters import hyper
from optim.optimizer import apart
from schedules import Armijo, Exponential, FromFunction, PerRun
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


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(2,), (20,), (3, 2), (2, 3, 2)])
def test_a_first_state_is_of_the_shape_and_precision_of_x(shape, dtype):
    x = np.full(shape, 0.5, dtype)
    state = Adam().init(x)
    assert (state.n, state.carry, state.rule, state.rate, state.shape) == (0, None, "Adam", None, shape)
    assert np.array_equal(state.x, x)
    for slot in state.slots:
        assert (slot.shape, slot.dtype) == (shape, dtype)
        assert not slot.any()


@pytest.mark.parametrize(
    ("x", "start"),
    [(3, [3.0]), (3.5, [3.5]), (np.array(3.5), [3.5]), ([1, 2], [1.0, 2.0])],
)
def test_a_start_may_be_a_number_or_a_list(x, start):
    state = Momentum().init(x)
    assert state.x.tolist() == start
    assert state.slots[0].tolist() == [0.0] * len(start)


class Begun(Plain, abstract=True):
    """Gradient descent with a slot that has the rate of the first update."""

    slots = ("first",)

    def start(self, x, h):
        return (0.0 * x + h.lr,)


def test_slots_begin_with_the_hyperparameters_of_the_first_update():
    assert Begun(lr=lambda n: 0.5**n).init([1.0, 2.0]).slots[0].tolist() == [1.0, 1.0]


class Short(Begun, abstract=True):
    """One that makes no slot."""

    def start(self, x, h):
        return ()


def test_a_start_without_its_slots_is_refused():
    with pytest.raises(ValueError, match=r"^Short\.start: returned 0 slots, expected 1: first$"):
        Short().init([1.0])


def test_a_step_of_one_number_gives_one_number():
    """Heavy-ball momentum at rate 0.1: m = 2, then 0.9 * 2 + 4."""
    rule = Momentum(lr=0.1, momentum=0.9)
    state = rule.init(3.0)
    x, state = rule.step(3.0, 2.0, state)
    assert (np.ndim(x), float(x), state.n) == (0, pytest.approx(2.8), 1)
    x, state = rule.step(x, np.array(4.0), state)
    assert (np.ndim(x), float(x), state.n) == (0, pytest.approx(2.8 - 0.58), 2)
    assert state.shape == (1,)


@pytest.mark.parametrize("rule", [SGD(lr=0.1), Adam(lr=0.1), Momentum(lr=0.1)], ids=repr)
def test_a_step_in_blocks_leaves_the_same_point_and_state(rule, monkeypatch):
    rng = np.random.default_rng(0)
    x, grads = rng.normal(size=50), rng.normal(size=(3, 50))
    ends = []
    for huge in (51, 50):
        monkeypatch.setattr(optim.optimizer, "HUGE", huge)
        y, state = x, rule.init(x)
        for grad in grads:
            y, state = rule.step(y, grad, state)
        ends.append((y, *state.slots))
        assert (state.n, state.x, state.rule, state.shape) == (3, None, type(rule).__name__, (50,))
    assert all(np.array_equal(a, b) for a, b in zip(*ends, strict=True))


def test_a_step_that_overflows_is_inf_without_a_warning():
    rule = SGD(lr=1e300)
    x, _ = rule.step([1.0, -1.0], [1e300, -1e300], rule.init([1.0, -1.0]))
    assert x.tolist() == [-np.inf, np.inf]


@pytest.mark.parametrize(
    ("rule", "x", "grad", "error", "words"),
    [
        (Newton(), [1.0], [1.0], TypeError, "Newton needs hess, which a gradient alone cannot give; use min"),
        (SGD(lr=Armijo()), [1.0], [1.0], TypeError, "SGD takes its rate from Armijo("),
        (SGD(), [1.0, 2.0], [1.0], ValueError, "grad: got "),
        (SGD(), [1.0, 2.0], "up", TypeError, "grad: got the str 'up'"),
        (SGD(), "here", [1.0], TypeError, "x: got the str 'here'"),
    ],
)
def test_what_makes_no_step_is_refused(rule, x, grad, error, words):
    with pytest.raises(error) as caught:
        rule.step(x, grad, Plain().init([1.0, 2.0]))
    assert str(caught.value).startswith(words)


def test_hyperparameters_are_the_rate_and_the_fields_of_that_type():
    class Many(Optimizer, abstract=True):
        lr: float = 0.1
        beta: Hyper = hyper(0.9, minimum=0, below=1)
        eps: "Hyper" = 1e-8
        share: float = 0.5
        count: int = 3

    assert Many.own_hypers() == ("lr", "beta", "eps")
    assert Many().hypers() == ("lr", "beta", "eps")
    ranges = Many.ranges()
    assert list(ranges) == ["beta", "lr"]
    assert [bool(ranges["beta"].has(number)) for number in (-0.1, 0.0, 0.99, 1.0)] == [
        False,
        True,
        True,
        False,
    ]
    assert [bool(ranges["lr"].has(number)) for number in (-0.1, 0.0, 1e300)] == [False, True, True]


def test_a_step_hands_on_what_the_state_carries():
    state = State(2, (), {"best": 1.0}, None, "SGD", "Plateau", None)
    _, after = SGD(lr=0.1).step(np.ones(2), np.ones(2), state)
    assert vars(after) == vars(State(3, (), {"best": 1.0}, None, "SGD", "Plateau", (2,)))


@pytest.mark.parametrize("x", [np.zeros(0), np.zeros((3, 0)), np.array(3.0)])
def test_there_is_something_to_spread(x):
    with pytest.raises(ValueError, match=r"^x: got .*, expected a vector of parameters, or a batch of them$"):
        SGD().spread(x)


def test_a_start_is_spread_over_the_runs():
    x = np.array([1.0, 2.0])
    assert SGD(lr=0.1).spread(x).tolist() == [1.0, 2.0]
    assert SGD(lr=[[0.1], [0.2]]).spread(x).tolist() == [[1.0, 2.0]] * 2
    assert SGD(lr=[[0.1], [0.2]]).spread(x).flags.writeable


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (Momentum(lr=0.1, momentum=[0.5, 0.9]), [("momentum", (2,))]),
        (Momentum(lr=[[0.1], [0.2]], momentum=[0.5, 0.9]), [("lr", (2, 1)), ("momentum", (2,))]),
        (L2(SGD(lr=[[0.1], [0.2]])), [("lr", (2, 1))]),
        (SGD(lr=PerRun([FromFunction(lambda n: [0.1][n]), 0.2])), [("lr", (2, 1))]),
        (SGD(lr=Exponential(0.1, 0.9)), []),
        (SGD(lr=Armijo()), []),
        (SGD(lr=lambda n: 0.1 / (n + 1)), []),
    ],
    ids=repr,
)
def test_which_hyperparameters_are_arrays(rule, found):
    """A schedule is asked for its first value, and this one has no other."""
    assert [(name, value.shape) for name, value in rule.arrays()] == found
