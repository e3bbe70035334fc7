"""What every rate that answers to the run promises."""

import copy
import json

import numpy as np
import pytest

from optim import SGD, Momentum, State, minimize
from problems import Rosenbrock
from schedules import BoldDriver, Constant, Feedback, InverseTime
from tests.instances import FEEDBACK, name_of


def same(a, b):
    """Whether two memories are equal, arrays and all."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return np.array_equal(a, b)


class StepInfo:
    problem = Rosenbrock()

    def __init__(self, n, x):
        self.n, self.x = n, x
        self.f, self.g = self.problem.value_and_grad(x)
        self.x.flags.writeable = self.g.flags.writeable = False


def reports(count=12):
    rng = np.random.default_rng(11)
    return [StepInfo(n, x) for n, x in enumerate(rng.normal(size=(count, 2)).cumsum(axis=0))]


@pytest.mark.parametrize("rule", FEEDBACK, ids=name_of)
def test_it_is_pure(rule):
    """Told the same twice it answers the same, and nothing that it was given is written to."""
    carry = rule.init(np.array([-1.2, 1.0]))
    for info in reports():
        before = copy.deepcopy(carry)
        rate, after = rule.update(info, carry)
        assert same(carry, before)
        again, after_again = rule.update(info, copy.deepcopy(before))
        assert rate == again
        assert same(after, after_again)
        carry = after


@pytest.mark.parametrize("rule", FEEDBACK, ids=name_of)
def test_rates_are_plain_floats_of_at_least_0(rule):
    carry = rule.init(np.array([-1.2, 1.0]))
    for info in reports():
        rate, carry = rule.update(info, carry)
        assert type(rate) is float
        assert 0 <= rate < np.inf


@pytest.mark.parametrize("optimizer", [SGD, Momentum], ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("rule", FEEDBACK, ids=name_of)
@pytest.mark.parametrize("cut", [1, 7, 20])
def test_stop_and_resume_through_a_file_changes_no_bit(rule, optimizer, cut, tmp_path):
    opt = optimizer(lr=rule)
    whole = minimize(Rosenbrock(), opt, steps=40)
    first = minimize(Rosenbrock(), opt, steps=cut)
    first.state.save(tmp_path / "state.npz")
    state = State.load(tmp_path / "state.npz")
    rest = minimize(Rosenbrock(), opt, x0=first.last_x, steps=40 - cut, state=state)
    assert np.array_equal(np.concatenate([first.history.x, rest.history.x[1:]]), whole.history.x)
    assert np.array_equal(np.concatenate([first.history.lr, rest.history.lr]), whole.history.lr)


@pytest.mark.parametrize("rule", FEEDBACK, ids=name_of)
def test_the_memory_is_json_but_for_its_arrays(rule):
    run = minimize(Rosenbrock(), SGD(lr=rule), steps=5)

    def plain(value):
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [plain(v) for v in value]
        return value.tolist() if isinstance(value, np.ndarray) else value

    json.dumps(plain(run.state.carry), allow_nan=False)


@pytest.mark.parametrize("rule", FEEDBACK, ids=name_of)
def test_float32_runs_stay_float32(rule):
    run = minimize(Rosenbrock(), SGD(lr=rule), x0=np.array([-1.2, 1.0], np.float32), steps=5)
    assert run.history.x.dtype == np.float32


@pytest.mark.parametrize("rule", FEEDBACK, ids=name_of)
def test_the_product_with_a_schedule_is_the_product_of_the_rates(rule):
    """Told the same, the product answers the rule's rate times the schedule's value."""
    schedule = InverseTime(2.0, 0.1)
    for product in (schedule * rule, rule * schedule):
        assert isinstance(product, Feedback)
        assert type(product).from_json(product.to_json()) == product
        carry, alone = product.init(np.zeros(2)), rule.init(np.zeros(2))
        for info in reports():
            rate, carry = product.update(info, carry)
            expected, alone = rule.update(info, alone)
            assert rate == pytest.approx(expected * schedule(info.n), rel=1e-15)


@pytest.mark.parametrize("rule", FEEDBACK, ids=name_of)
def test_the_product_with_1_changes_no_bit(rule):
    plain = minimize(Rosenbrock(), SGD(lr=rule), steps=25)
    times = minimize(Rosenbrock(), SGD(lr=1.0 * rule * Constant(1.0)), steps=25)
    assert np.array_equal(plain.history.x, times.history.x)


@pytest.mark.parametrize("rule", FEEDBACK, ids=name_of)
def test_where_it_cannot_serve_it_is_refused_in_a_sentence(rule):
    with pytest.raises(TypeError, match="which does not support batched runs"):
        minimize(Rosenbrock(), SGD(lr=rule), x0=np.zeros((3, 2)), steps=2)
    with pytest.raises(TypeError, match=r"takes its rate from .* use minimize"):
        SGD(lr=rule).step(np.zeros(2), np.zeros(2), SGD(lr=rule).init(np.zeros(2)))
    with pytest.raises(TypeError, match="only lr accepts a feedback rate or a line search"):
        Momentum(momentum=rule)
    with pytest.raises(TypeError, match="unsupported operand"):
        rule * BoldDriver()
    with pytest.raises(TypeError):
        rule * "fast"


@pytest.mark.parametrize("rule", FEEDBACK, ids=name_of)
def test_it_descends(rule):
    run = minimize(Rosenbrock(), SGD(lr=rule), steps=200)
    assert run.best_fun < run.history.fun[0]
