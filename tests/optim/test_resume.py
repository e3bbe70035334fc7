"""Going on from a state: bit for bit as if never interrupted, or one sentence that says why not."""

import dataclasses
import json

import numpy as np
import pytest

import optim
import stepsize as ss
from optim import Run, State
from schedules import Armijo, BoldDriver, MoreThuente, Plateau, StepDecay, StrongWolfe
from stepsize.core.archives import read_npz, write_npz

BOWL = ss.Rosenbrock()
RULES = [
    ss.SGD(lr=1e-4),
    ss.Momentum(lr=StepDecay(1e-4, 0.5, 7)),
    ss.Adam(lr=0.1),
    ss.Lookahead(ss.Momentum(lr=1e-4)),
    ss.ClipByNorm(ss.Lookahead(ss.Adam(lr=0.1)), 1.0),
    optim.BFGS(lr=StrongWolfe()),
    optim.ConjugateGradient(lr=MoreThuente()),
    optim.LBFGS(lr=Armijo()),
    ss.SGD(lr=Plateau(1e-4)),
    ss.Momentum(lr=BoldDriver(1e-4)),
    ss.SGD(lr=np.array([[1e-4], [2e-4]])),
]


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_without_x0_it_goes_on_from_where_it_was_left(rule, dtype, tmp_path):
    start = np.array([-1.2, 1.0], dtype)
    whole = ss.minimize(BOWL, rule, start, steps=30)
    half = ss.minimize(BOWL, rule, start, steps=13)
    half.state.save(tmp_path / "state.npz")
    half.save(tmp_path / "run.npz")
    kept = State.load(tmp_path / "state.npz"), Run.load(tmp_path / "run.npz").state
    for state in (half.state, *kept):
        rest = ss.minimize(BOWL, rule, state=state, steps=17)
        assert rest.history.x.dtype == dtype
        assert np.array_equal(rest.history.x, whole.history.x[13:])
        assert (state.rule, state.rate, state.shape) == (half.state.rule, half.state.rate, half.state.shape)


def optimizer_with(rule, lr):
    """Return the rule, inside all of its wrappers, at another rate."""
    inner = getattr(rule, "inner", None)
    return rule.replace(lr=lr) if inner is None else rule.replace(inner=optimizer_with(inner, lr))


@pytest.mark.parametrize("rule", [r for r in RULES if np.ndim(r.lr) == 0], ids=str)
def test_hyperparameters_may_change(rule):
    state = ss.minimize(BOWL, rule, steps=5).state
    for lr in (0.001, StepDecay(0.01, 0.5, 3)):
        other = optimizer_with(rule, lr)
        assert ss.minimize(BOWL, other, state=state, steps=2).nit == 2


def test_a_fresh_state_starts_where_it_was_made():
    rule = ss.Momentum(lr=1e-4)
    run = ss.minimize(BOWL, rule, state=rule.init([3.0, 4.0]), steps=3)
    assert np.array_equal(run.history.x, ss.minimize(BOWL, rule, [3.0, 4.0], steps=3).history.x)


def stepped(rule, x):
    return rule.step(x, x, rule.init(x))[1]


BAD = [
    (ss.RMSprop(lr=0.1), ss.Momentum(), "state: got that of RMSprop, expected that of Momentum"),
    (ss.Adam(lr=0.1), ss.SGD(), "state: got that of Adam, expected that of SGD"),
    (
        ss.Lookahead(ss.Adam()),
        ss.Lookahead(ss.RMSprop()),
        "state: got that of Lookahead(Adam), expected that of",
    ),
    (ss.Adam(), ss.Lookahead(ss.Adam()), "state: got that of Adam, expected that of Lookahead(Adam)"),
    (
        ss.SGD(lr=BoldDriver(1e-4)),
        ss.SGD(lr=Armijo()),
        "state: got what the rate BoldDriver remembers",
    ),
]


@pytest.mark.parametrize(("left", "taken", "sentence"), BAD, ids=[s for *_, s in BAD])
def test_a_state_of_another_rule_or_rate_is_refused(left, taken, sentence):
    run = ss.minimize(BOWL, left, steps=3)
    for x0 in (None, run.last_x):
        with pytest.raises(ValueError) as caught:
            ss.minimize(BOWL, taken, x0, state=run.state)
        assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("rule", [ss.SGD(), ss.Adam(), optim.BFGS()], ids=str)
def test_a_state_of_another_dimension_or_batch_is_refused(rule):
    state = ss.minimize(BOWL, rule, steps=3).state
    with pytest.raises(ValueError, match=r"^state: got that of 2 parameters, expected 3, as the problem has"):
        ss.minimize(ss.Rosenbrock(3), rule, state=state)
    with pytest.raises(ValueError, match=r"^state: got that of parameters of shape \(2,\), .* \(3,\)"):
        ss.minimize(ss.Rosenbrock(3), rule, [1.0, 2.0, 3.0], state=state)
    with pytest.raises(ValueError, match=r"^state: got that of parameters of shape \(2,\), .* \(2, 2\)"):
        ss.minimize(BOWL, rule, np.ones((2, 2)), state=state)
    with pytest.raises(ValueError, match=r"^state: got that of parameters of shape \(2,\), .* \(3,\)"):
        rule.step(np.ones(3), np.ones(3), state)


def test_step_refuses_a_foreign_state():
    with pytest.raises(ValueError, match="state: got that of RMSprop, expected that of Momentum"):
        ss.Momentum().step(np.ones(2), np.ones(2), stepped(ss.RMSprop(), np.ones(2)))
    with pytest.raises(ValueError, match=r"state: got slots of shapes \[\(1,\)\], expected \[\(2,\)\]"):
        ss.Momentum().step(np.ones(2), np.ones(2), State(4, (np.zeros(1),)))


def test_the_state_of_a_loop_needs_its_point():
    rule = ss.Momentum(lr=1e-4)
    state = stepped(rule, np.ones(2))
    with pytest.raises(ValueError, match="state: got one that does not say at which x it was left"):
        ss.minimize(BOWL, rule, state=state)
    assert ss.minimize(BOWL, rule, [1.0, 1.0], state=state, steps=2).state.n == 3
    for no_state in (3, {"n": 3}):
        with pytest.raises(TypeError, match=r"state: got .* expected the state of a run"):
            ss.minimize(BOWL, rule, state=no_state)


class TestFilesOfEarlierVersions:
    def test_a_state_without_the_new_fields_loads_and_needs_x0(self, tmp_path):
        run = ss.minimize(BOWL, ss.Adam(lr=0.1), steps=5)
        run.state.save(tmp_path / "new.npz")
        new = read_npz(tmp_path / "new.npz", "State.save")
        header, arrays = new.header, new.arrays
        old = {name: header[name] for name in ("n", "slots", "carry")}
        assert json.dumps(old)
        write_npz(tmp_path / "old.npz", old, {k: v for k, v in arrays.items() if k != "point"})
        state = State.load(tmp_path / "old.npz")
        assert (state.x, state.rule, state.rate, state.shape) == (None,) * 4
        with pytest.raises(ValueError, match="state: got one that does not say at which x it was left"):
            ss.minimize(BOWL, ss.Adam(lr=0.1), state=state)
        rest = ss.minimize(BOWL, ss.Adam(lr=0.1), run.last_x, state=state, steps=4)
        assert np.array_equal(rest.x, ss.minimize(BOWL, ss.Adam(lr=0.1), steps=9).x)
        with pytest.raises(ValueError, match=r"^state: got slots of shapes \[\(2,\), \(2,\)\], expected"):
            ss.minimize(ss.Rosenbrock(3), ss.Adam(), [1.0, 2.0, 3.0], state=state)


@pytest.mark.parametrize("text", ["exp(x) + exp(-x) + y**2", "tanh(x)**2 + y**2 + 0.1*x**2", "cosh(x - y)"])
@pytest.mark.parametrize("rule", [ss.Adam(lr=0.05), ss.SGD(lr=0.02), ss.Momentum(lr=0.01)], ids=str)
def test_where_an_exponential_has_another_last_digit_on_floats(rule, text):
    problem = ss.Problem.of(text, x0=[3, 2])
    whole = ss.minimize(problem, rule, steps=400)
    for steps in range(1, 400, 19):
        left = ss.minimize(problem, rule, steps=steps)
        on = ss.minimize(problem, rule, state=left.state, steps=400 - steps)
        assert np.array_equal(on.history.x, whole.history.x[steps:]), steps
        assert np.array_equal(on.history.grad_norm, whole.history.grad_norm[steps:]), steps


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"n": -1}, r"^state\.n: got -1, expected a whole number of at least 0"),
        ({"n": 2.5}, r"^state\.n: got 2\.5, expected a whole number"),
        ({"x": [1.0, 2.0]}, r"^state\.x: got the list .*, expected an array of floats"),
        ({"x": "ab"}, r"^state\.x: got the str 'ab', expected an array of floats"),
    ],
)
def test_a_state_made_by_hand_is_looked_at(change, sentence):
    state = dataclasses.replace(ss.minimize(BOWL, ss.Adam(lr=0.1), steps=3).state, **change)
    with pytest.raises((TypeError, ValueError), match=sentence):
        ss.minimize(BOWL, ss.Adam(lr=0.1), state=state, steps=3)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_a_file_that_was_cut_off_is_none(share, tmp_path):
    file = tmp_path / "state.npz"
    ss.minimize(BOWL, ss.Adam(lr=0.1), steps=3).state.save(file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"^path: got .*, expected a file written by State\.save"):
        State.load(file)


@pytest.mark.parametrize("rule", [ss.Adafactor, ss.SM3])
def test_a_state_of_other_layers_is_refused(rule):
    left = ss.minimize(ss.Quadratic(), rule(lr=0.1), steps=3).state
    with pytest.raises(ValueError, match=r"^state: got \w+ of shape .*, expected .* for the layers of"):
        ss.minimize(ss.Quadratic(), rule(lr=0.1, shapes=((1, 2),)), steps=3, state=left)


@pytest.mark.parametrize("callback", [3, lambda: None, lambda info, more: (info, more)])
def test_a_callback_is_a_function_of_the_info(callback):
    with pytest.raises(TypeError, match=r"^callback: got .*, expected a function of \(info\)"):
        ss.minimize(ss.Quadratic(), ss.SGD(lr=0.1), steps=3, callback=callback)
