"""What every registered optimizer promises."""

import numpy as np
import pytest

from optim import State, minimize
from problems import Rosenbrock
from schedules import Constant, Exponential
from stepsize.core.record import Record
from tests.instances import OPTIMIZERS, name_of

X0 = np.array([-1.2, 1.0])
RATE = 1e-3

ORDINARY = [opt for opt in OPTIMIZERS if not opt.requires]
BATCHED = [opt for opt in ORDINARY if opt.batched]


def slow(opt):
    """The same optimizer with a rate that keeps it calm on Rosenbrock's valley."""
    return opt.replace(lr=RATE) if "lr" in opt.hypers() else opt


def gradients(x, steps):
    """A fixed sequence of gradients, so that no problem stands between the rule and the test."""
    rng = np.random.default_rng(5)
    return [rng.normal(size=x.shape).astype(x.dtype) for _ in range(steps)]


def run_steps(opt, x, grads, state=None):
    state = opt.init(x) if state is None else state
    for g in grads:
        x, state = opt.step(x, g, state)
    return x, state


@pytest.mark.parametrize("opt", ORDINARY, ids=name_of)
def test_inputs_are_never_written_to(opt):
    x = X0.copy()
    x.flags.writeable = False
    state = opt.init(x)
    for g in gradients(x, 5):
        g.flags.writeable = False
        for slot in state.slots:
            slot.flags.writeable = False
        x, state = opt.step(x, g, state)
        x.flags.writeable = False


@pytest.mark.parametrize("opt", ORDINARY, ids=name_of)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(opt, dtype):
    x, state = run_steps(opt, X0.astype(dtype), gradients(X0.astype(dtype), 5))
    assert x.dtype == dtype
    assert all(slot.dtype == dtype for slot in state.slots)


@pytest.mark.parametrize("opt", ORDINARY, ids=name_of)
def test_step_and_minimize_are_the_same_updates(opt):
    problem, opt = Rosenbrock(), slow(opt)
    run = minimize(problem, opt, steps=20)
    x, state = X0, opt.init(X0)
    for row in run.history.x[1:]:
        x, state = opt.step(x, problem.grad(x), state)
        assert np.array_equal(x, row)


@pytest.mark.parametrize("opt", BATCHED, ids=name_of)
def test_a_batch_equals_single_runs_bit_for_bit(opt):
    opt = slow(opt)
    starts = np.random.default_rng(1).normal(size=(7, 2))
    batch = minimize(Rosenbrock(), opt, x0=starts, steps=30)
    for row, start in enumerate(starts):
        alone = minimize(Rosenbrock(), opt, x0=start, steps=30)
        assert np.array_equal(batch.history.x[:, row], alone.history.x)
        assert np.array_equal(batch.history.overshoot[:, row], alone.history.overshoot)


@pytest.mark.parametrize("opt", [o for o in BATCHED if "lr" in o.hypers()], ids=name_of)
def test_a_batch_of_rates_equals_single_runs_bit_for_bit(opt):
    rates = np.geomspace(1e-5, 1e-3, 1000)
    batch = minimize(Rosenbrock(), opt.replace(lr=rates[:, None]), steps=20)
    for row in range(0, 1000, 111):
        alone = minimize(Rosenbrock(), opt.replace(lr=float(rates[row])), steps=20)
        assert np.array_equal(batch.history.x[:, row], alone.history.x)


@pytest.mark.parametrize("opt", BATCHED, ids=name_of)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_every_hyperparameter_may_be_one_a_run(opt, dtype, tolerance):
    """Exponents such as beta2**t round differently for arrays; hence a tolerance instead of equality."""
    opt, x = slow(opt), X0.astype(dtype)
    grads = gradients(x, 10)
    for name in opt.hypers():
        if name == "lr" or not isinstance(getattr(opt, name), float):
            continue
        values = np.array([0.5, 0.9]) * getattr(opt, name)
        many = opt.replace(**{name: values[:, None]})
        batch, _ = run_steps(many, np.stack([x, x]), [np.stack([g, g]) for g in grads])
        for row, value in enumerate(values):
            alone, _ = run_steps(opt.replace(**{name: float(value)}), x, grads)
            np.testing.assert_allclose(batch[row], alone, rtol=tolerance, atol=0, err_msg=name)


@pytest.mark.parametrize("opt", ORDINARY, ids=name_of)
def test_every_hyperparameter_may_be_scheduled(opt):
    """A constant schedule changes no bit, and one that moves changes the path as numbers set by hand do."""
    opt = slow(opt)
    grads = gradients(X0, 12)
    plain, _ = run_steps(opt, X0, grads)
    for name in opt.hypers():
        value = getattr(opt, name)
        if not isinstance(value, float):
            continue
        constant, _ = run_steps(opt.replace(**{name: Constant(value)}), X0, grads)
        assert np.array_equal(constant, plain), name
        moving = Exponential(value, 0.3)
        scheduled, _ = run_steps(opt.replace(**{name: moving}), X0, grads)
        x, state = X0, opt.init(X0)
        for n, g in enumerate(grads):
            x, state = opt.replace(**{name: moving(n)}).step(x, g, state)
        assert np.array_equal(scheduled, x), name


@pytest.mark.parametrize("opt", ORDINARY, ids=name_of)
def test_stop_and_resume_through_a_file_changes_no_bit(opt, tmp_path):
    opt = slow(opt)
    whole = minimize(Rosenbrock(), opt, steps=40)
    first = minimize(Rosenbrock(), opt, steps=17)
    first.state.save(tmp_path / "state.npz")
    rest = minimize(Rosenbrock(), opt, x0=first.last_x, steps=23, state=State.load(tmp_path / "state.npz"))
    assert np.array_equal(np.concatenate([first.history.x, rest.history.x[1:]]), whole.history.x)
    assert np.array_equal(rest.x, whole.x)
    assert rest.state.n == whole.state.n


@pytest.mark.parametrize("opt", ORDINARY, ids=name_of)
def test_a_zero_rate_does_not_move(opt):
    if "lr" not in opt.hypers():
        pytest.skip("a wrapper's rate is its inner optimizer's")
    x, _ = run_steps(opt.replace(lr=0.0), X0, gradients(X0, 3))
    assert np.array_equal(x, X0)


@pytest.mark.parametrize("opt", [o for o in BATCHED if o.elementwise], ids=name_of)
def test_elementwise_rules_do_not_mix_coordinates(opt):
    opt, x = slow(opt), np.array([1.0, 2.0, 3.0])
    grads = gradients(x, 10)
    together, _ = run_steps(opt, x, grads)
    for i in range(3):
        alone, _ = run_steps(opt, x[i : i + 1], [g[i : i + 1] for g in grads])
        assert np.array_equal(alone, together[i : i + 1])


@pytest.mark.parametrize("opt", OPTIMIZERS, ids=name_of)
def test_it_runs_and_says_how_it_ended(opt):
    run = minimize(Rosenbrock(), slow(opt) if not opt.requires else opt, steps=5)
    assert run.nit == 5
    assert run.message == "reached the limit of 5 steps"
    assert isinstance(run.optimizer, Record)
    assert len(run.history.x) == 6
