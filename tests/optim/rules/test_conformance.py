"""What every registered optimizer promises."""

import numpy as np
import pytest

from optim import (
    L2,
    Adam,
    AdamW,
    ClipByNorm,
    ClipByValue,
    DecoupledDecay,
    RAdam,
    State,
    WithMomentum,
    Yogi,
    minimize,
)
from optim.hyperparameters import RATE as RATE_RANGE
from optim.hyperparameters import Hypers
from problems import (
    Rosenbrock,
)
from schedules import Constant, Exponential
from stepsize.core.record import Record
from tests.instances import OPTIMIZERS, name_of
from tests.optim.rules.by_hand import steps

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
            x, state = opt.replace(**{name: moving(n // opt.inner_period)}).step(x, g, state)
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
    if not opt.ranges().get("lr", RATE_RANGE).has(0.0):
        pytest.skip("it divides by its rate, which is above 0")
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


@pytest.mark.parametrize("opt", OPTIMIZERS, ids=name_of)
@pytest.mark.parametrize("d", [1, 3, 5])
def test_the_slots_are_there_before_the_first_update(opt, d):
    """In x's dtype and rank, so that a run may be stopped and kept before it has begun."""
    x = np.ones(d, np.float32)
    slots = opt.init(x).slots
    assert all(slot.dtype == np.float32 and slot.ndim >= 1 for slot in slots)
    if not opt.requires:
        x_next, state = opt.step(x, x, opt.init(x))
        assert x_next.shape == (d,)
        assert [s.shape for s in state.slots] == [s.shape for s in slots]


@pytest.mark.parametrize("opt", [*ORDINARY, RAdam(wait=True), Yogi(initial=1.0)], ids=repr)
def test_silence_moves_nothing_out_of_bounds(opt):
    """Zero gradients before, between and after others."""
    rows, _ = steps(opt, [0, 0, 1, 0, -1, 0, 0], x=(0.5, -0.25))
    assert np.isfinite(rows).all()


WRAPPED = [
    L2(Adam(), 0.3),
    DecoupledDecay(Adam(), 0.3),
    ClipByNorm(AdamW(), 0.1),
    ClipByValue(AdamW(), 0.1),
    WithMomentum(Adam()),
    WithMomentum(AdamW(), 0.5, nesterov=True),
]


@pytest.mark.parametrize("opt", [o for o in ORDINARY if o.is_direction_rule] + WRAPPED, ids=repr)
def test_the_direction_times_the_rate_is_the_step(opt):
    """Line searches go along `direction`, everything else goes by `update`: one and the same rule."""
    opt = opt.replace(lr=0.1)
    x = np.array([1.0, -2.0, 0.5])
    hypers, slots = Hypers(opt, x), opt.init(x).slots
    for n in range(6):
        g = np.cos(np.array([1.0, 2.0, 3.0]) * (n + 1))
        d, after = opt.direction(x, g, slots, hypers.resolve(n))
        x_next, slots = opt.update(x, g, slots, hypers.resolve(n))
        np.testing.assert_allclose(x - 0.1 * d, x_next, rtol=1e-13)
        for ours, theirs in zip(after, slots, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-13)
        x = x_next


CURVED = [opt for opt in OPTIMIZERS if opt.requires]


@pytest.mark.parametrize("opt", [o for o in CURVED if o.batched], ids=name_of)
def test_a_batch_equals_single_runs(opt):
    starts = np.random.default_rng(1).normal(size=(5, 2))
    batch = minimize(Rosenbrock(), opt, x0=starts, steps=6)
    for row, start in enumerate(starts):
        alone = minimize(Rosenbrock(), opt, x0=start, steps=6)
        assert np.array_equal(batch.history.x[:, row], alone.history.x)


@pytest.mark.parametrize("opt", CURVED, ids=name_of)
def test_the_dtype_is_kept(opt):
    assert minimize(Rosenbrock(), opt, x0=np.array([-1.2, 1.0], np.float32), steps=2).x.dtype == np.float32


@pytest.mark.parametrize("opt", CURVED, ids=name_of)
def test_what_is_not_finite_ends_the_run_as_diverged(opt):
    run = minimize(Rosenbrock(), opt.replace(lr=1e200), steps=20)
    assert run.status == 2
