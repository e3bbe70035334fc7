"""Rules as users write them: every promise that is made for a class inside is kept for one from outside.

Whatever runs a rule gives the bits of the array engine, or says in one sentence what a rule may not do.
"""

import math
import pickle
from dataclasses import replace
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

import stepsize as ss
from optim import L2, Adam, ClipByNorm, DecoupledDecay, Hyper, Momentum, Optimizer, minimize
from optim.engines import ENGINES
from optim.engines import step as step_in_blocks
from optim.sweep import sweep
from optim.testing import compare_optimizer
from problems import Booth, Parabola, Problem, Quadratic, Rosenbrock
from schedules import Armijo, BoldDriver, InverseTime, PerRun
from stepsize.core.record import _REGISTRY, registered
from tests.optim.engines.rules import needs_compiler

LENGTHS = (1, 2, 3, 511, 512, 600)
BOWL = Quadratic([1.0, 20.0])


class SignMomentum(Optimizer, abstract=True):
    """The rule of the README."""

    slots = ("m",)
    lr: Hyper = 1e-4
    beta1: Hyper = 0.9
    beta2: Hyper = 0.99

    def direction(self, x, g, slots, h):
        (m,) = slots
        d = np.sign(h.beta1 * m + (1 - h.beta1) * g)
        return d, (h.beta2 * m + (1 - h.beta2) * g,)


class NumpyAdam(Optimizer, abstract=True):
    """Adam with NumPy's functions and powers."""

    slots = ("m", "v")
    lr: Hyper = 0.01
    beta1: Hyper = 0.9
    beta2: Hyper = 0.999

    def direction(self, x, g, slots, h):
        m, v = slots
        m = h.beta1 * m + (1 - h.beta1) * g
        v = h.beta2 * v + (1 - h.beta2) * g**2
        rate = np.sqrt(1 - h.beta2**h.t) / (1 - h.beta1**h.t)
        return rate * m / (np.sqrt(v) + 1e-8), (m, v)


class Switching(Optimizer, abstract=True):
    """Another rule every other update, and later one that looks across the coordinates."""

    slots = ("m",)
    lr: Hyper = 0.001

    def direction(self, x, g, slots, h):
        (m,) = slots
        if h.t % 2 == 0:
            return 0.5 * g + m, (g,)
        if h.t > 20:
            return g / (1.0 + np.linalg.norm(g)), (m,)
        return g, (0.1 * m,)


class Choosing(Optimizer, abstract=True):
    """np.where, np.maximum and np.clip."""

    lr: Hyper = 0.01
    limit: Hyper = 2.0

    def direction(self, x, g, slots, h):
        d = np.where(np.abs(g) > h.limit, h.limit * np.sign(g), g)
        return np.clip(np.maximum(d, -1.0), -5.0, 5.0), ()


def _smoothed(old, new, share):
    return share * old + (1 - share) * new


class Helped(Optimizer, abstract=True):
    """A helper function, and class attributes without a type."""

    slots = ("m",)
    share = 0.75
    lr: Hyper = 0.01

    def direction(self, x, g, slots, h):
        m = _smoothed(slots[0], g, self.share)
        return m * h.share, (m,)


class FromOnes(Optimizer, abstract=True):
    """Slots that start at one, of whole numbers."""

    slots = ("s",)
    lr: Hyper = 0.01

    def start(self, x, h):
        return (np.ones(x.shape, int),)

    def direction(self, x, g, slots, h):
        s = 0.9 * slots[0] + 0.1 * g * g
        return g / np.sqrt(s), (s,)


class SingleConstants(Optimizer, abstract=True):
    """Constants in single precision, and NumPy's numbers."""

    slots = ("m",)
    lr: Hyper = 0.01
    c = np.float32(0.9)
    half = np.sqrt(np.float64(0.25))

    def direction(self, x, g, slots, h):
        m = self.c * slots[0] + np.float32(0.1) * g
        return self.half * m * np.int64(2), (m,)


class InPlace(Optimizer, abstract=True):
    """Changes its slot and its gradient where they lie, as in PyTorch."""

    slots = ("m",)
    lr: Hyper = 0.01

    def direction(self, x, g, slots, h):
        (m,) = slots
        m *= 0.9
        m += g
        g *= 2.0
        return m + 0.1 * g, (m,)


class WithOut(Optimizer, abstract=True):
    """Writes by ``out=`` and by index."""

    slots = ("m",)
    lr: Hyper = 0.01

    def direction(self, x, g, slots, h):
        (m,) = slots
        np.multiply(m, 0.9, out=m)
        m[...] += g
        return m, [m]


class Listing(Optimizer, abstract=True):
    """Returns lists."""

    slots = ("m", "v")
    lr: Hyper = 0.01

    def direction(self, x, g, slots, h):
        m, v = slots
        return [0.5 * m + g, [g, v + 1.0]]


class Normed(Optimizer, abstract=True):
    """Looks across the coordinates without saying so."""

    lr: Hyper = 0.01

    def direction(self, x, g, slots, h):
        return g / (1e-12 + np.linalg.norm(g)), ()


class Dotted(Optimizer, abstract=True):
    """g @ g, which arrays have and numbers do not."""

    lr: Hyper = 0.01

    def direction(self, x, g, slots, h):
        return g / (1.0 + g @ g) ** 0.5, ()


class Largest(Optimizer, abstract=True):
    """Python's own max over the coordinates."""

    slots = ("scale",)
    lr: Hyper = 0.01

    def direction(self, x, g, slots, h):
        scale = max(abs(g)) + 1e-12
        return g / scale, (scale,)


class Centred(Optimizer, abstract=True):
    """A method of arrays, and a reduction."""

    lr: Hyper = 0.01

    def direction(self, x, g, slots, h):
        return g - 0.5 * g.mean() + 0.0 * np.max(x), ()


class MathRoot(Optimizer, abstract=True):
    """math.sqrt of the count and of hyperparameters."""

    lr: Hyper = 0.01

    def direction(self, x, g, slots, h):
        return g / math.sqrt(h.t) * math.exp(-h.lr), ()


class Updating(Optimizer, abstract=True):
    """Overrides the update, in place."""

    slots = ("v",)
    lr: Hyper = 0.01
    mu: Hyper = 0.8

    def update(self, x, g, slots, h):
        (v,) = slots
        v *= h.mu
        v -= h.lr * g
        x += v
        return x, (v,)


class Powers(Optimizer, abstract=True):
    """Powers, exponentials and logarithms of arrays and of numbers."""

    slots = ("v",)
    lr: Hyper = 0.01
    k: Hyper = 2.0

    def direction(self, x, g, slots, h):
        v = slots[0] + np.abs(g) ** 3
        d = g / (1.0 + v ** (1 / 3)) + 1e-3 * np.tanh(g) + 1e-3 * np.exp(-np.abs(x)) ** h.k
        return d * np.power(h.lr, 0.5) * np.log(h.t + 1.0), (v,)


class Halfway(Optimizer, abstract=True):
    """Reports another point than it steps from."""

    slots = ("mean",)
    lr: Hyper = 0.01

    def direction(self, x, g, slots, h):
        return g, (slots[0] + (x - slots[0]) / h.t,)

    def output(self, x, slots):
        return 0.5 * (x + slots[0]) * (1.0 + 0.0 * np.sum(x, axis=-1, keepdims=True))


class Seeded(Optimizer, abstract=True):
    """Noise that follows from the count."""

    lr: Hyper = 0.01

    def direction(self, x, g, slots, h):
        return g + 0.01 * np.random.default_rng(h.t).normal(size=np.shape(g)), ()


class Asking(Optimizer, abstract=True):
    """Asks what it was given."""

    lr: Hyper = 0.01

    def direction(self, x, g, slots, h):
        return (g if isinstance(g, np.ndarray) else 2.0 * g), ()


class Shrinking(Optimizer, abstract=True):
    """A wrapper as users write one."""

    inner: Optimizer = Momentum(0.01)
    keep: Hyper = 0.9

    @property
    def slots(self):
        return self.inner.slots

    @property
    def lr(self):
        return self.inner.lr

    def direction(self, x, g, slots, h):
        return self.inner.direction(x, h.keep * g, slots, h.inner)

    def update(self, x, g, slots, h):
        return self.inner.update(x, h.keep * g, slots, h.inner)

    def start(self, x, h):
        return self.inner.start(x, h.inner)


class MyAdam(Adam, abstract=True):
    """A rule inside with one line changed."""

    def direction(self, x, g, slots, h):
        d, slots = super().direction(x, np.sign(g) * np.sqrt(np.abs(g)), slots, h)
        return d, slots


ROWS = [
    SignMomentum(),
    NumpyAdam(),
    Switching(),
    Choosing(),
    Helped(),
    FromOnes(),
    SingleConstants(),
    InPlace(),
    WithOut(),
    Listing(),
    Normed(),
    Dotted(),
    Largest(),
    Centred(),
    MathRoot(),
    Updating(),
    Powers(),
    Halfway(),
    Seeded(),
    Asking(),
    Shrinking(),
    MyAdam(),
    ClipByNorm(NumpyAdam(), 1.0),
    L2(Normed(), 0.01),
    DecoupledDecay(SignMomentum(), 0.1),
    Shrinking(SignMomentum()),
    SignMomentum(lr=InverseTime(1e-3, 0.1), beta1=lambda n: 0.9 - 0.1 / (n + 1)),
]


def name_of(rule):
    return repr(rule)


def assert_same(run, reference):
    """Assert that two runs are one, to the last bit."""
    assert (run.nit, run.status, run.nfev, run.njev) == (
        reference.nit, reference.status, reference.nfev, reference.njev,
    )  # fmt: skip
    for name in ("x", "fun", "grad_norm", "lr", "overshoot"):
        np.testing.assert_array_equal(getattr(run.history, name), getattr(reference.history, name))
    for a, b in zip(run.state.slots, reference.state.slots, strict=True):
        np.testing.assert_array_equal(a, b)


def run_or_words(rule, engine):
    """Return a run, or the words with which the engine refuses it."""
    try:
        return minimize(BOWL, rule, steps=30, engine=engine)
    except ValueError as error:
        return str(error)


def every_problem():
    for cls in registered(Problem):
        try:
            problem = cls(**cls.demo) if getattr(cls, "demo", None) else cls()
        except TypeError:
            continue
        if problem.x0 is not None:
            yield problem


PROBLEMS = list(every_problem())


@pytest.mark.parametrize("steps", LENGTHS)
@pytest.mark.parametrize("rule", ROWS, ids=name_of)
@pytest.mark.parametrize("problem", [Parabola(), BOWL, Rosenbrock(3), Booth()], ids=name_of)
def test_every_length_has_the_bits_of_arrays(rule, problem, steps):
    assert_same(minimize(problem, rule, steps=steps), minimize(problem, rule, steps=steps, engine="array"))


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: type(p).__name__)
def test_every_problem_takes_rules_from_outside(problem):
    for rule in (SignMomentum(), InPlace(), Normed(), NumpyAdam()):
        for steps in (1, 5):
            assert_same(
                minimize(problem, rule, steps=steps), minimize(problem, rule, steps=steps, engine="array")
            )


@pytest.mark.parametrize("rule", ROWS, ids=name_of)
def test_an_engine_that_is_asked_for_does_it_or_says_that_it_cannot(rule):
    reference = minimize(BOWL, rule, steps=30, engine="array")
    for engine in ENGINES:
        made = run_or_words(rule, engine)
        if isinstance(made, str):
            words = f"engine: got the str {engine!r}, expected array, because {engine} cannot make this run"
            assert made.startswith(words)
            assert (made == words) == (engine != "compiled")  # which says why
        else:
            assert_same(made, reference)


@pytest.mark.parametrize("rule", ROWS, ids=name_of)
@pytest.mark.parametrize("problem", [BOWL, Rosenbrock()], ids=name_of)
def test_runs_of_a_batch_do_not_meet(rule, problem):
    starts = np.array([[1.0, 2.0], [-0.5, 0.25], [3.0, -1.0], [0.75, 0.5]])
    alone = [minimize(problem, rule, x0, steps=30, engine="array") for x0 in starts]
    for engine in ("auto", "array"):
        batch = minimize(problem, rule, starts, steps=30, engine=engine)
        for i, run in enumerate(alone):
            np.testing.assert_allclose(batch.history.x[: run.nit + 1, i], run.history.x, rtol=1e-12)
    ends = sweep(problem, rule, starts, steps=30)
    assert ends.nit.tolist() == [run.nit for run in alone]
    last = [run.last_x if run.history.output is None else run.history.output[-1] for run in alone]
    np.testing.assert_allclose(ends.x, last, rtol=1e-12)


class Annotated(Optimizer, abstract=True):
    """Numbers declared as Python's own."""

    slots = ("m",)
    lr: float = 0.1
    beta: float = 0.9

    def direction(self, x, g, slots, h):
        (m,) = slots
        m = h.beta * m + g
        return m, (m,)


@pytest.mark.parametrize("engine", ["auto", "array", "floats"])
@pytest.mark.parametrize(
    "lr", [0.01, InverseTime(0.02, 0.1), lambda n: 0.02 / (1 + n), Armijo()], ids=lambda v: type(v).__name__
)
def test_a_rate_is_driven_however_it_is_declared(lr, engine):
    class Declared(Annotated, abstract=True):
        lr: Hyper = 0.1

    if engine == "floats" and isinstance(lr, Armijo):
        engine = "auto"
    assert_same(*(minimize(BOWL, rule(lr=lr), steps=40, engine=engine) for rule in (Annotated, Declared)))


class Undeclared(Optimizer, abstract=True):
    """A rate without a type is no field, but a number of the class."""

    lr = 0.01

    def direction(self, x, g, slots, h):
        return g, slots


@pytest.mark.parametrize("engine", ["auto", "floats", pytest.param("compiled", marks=needs_compiler)])
def test_a_rate_without_a_type_is_a_constant_for_every_engine(engine):
    run = minimize(BOWL, Undeclared(), steps=40, engine=engine)
    assert_same(run, minimize(BOWL, ss.SGD(lr=0.01), steps=40, engine="array"))


def test_what_a_rate_without_a_type_lacks_is_said():
    with pytest.raises(TypeError, match=r"got 'lr', .* declared with its type, lr: Hyper = 0.01"):
        Undeclared(lr=0.1)


@pytest.mark.parametrize("beta", [InverseTime(0.9, 0.1), lambda n: 0.9 / (n + 1)])
def test_a_number_is_not_driven_where_it_is_declared_as_one(beta):
    with pytest.raises(
        TypeError, match=r"beta: got .*expected a number, as Annotated declares it.* beta: Hyper"
    ):
        Annotated(beta=beta)
    with pytest.raises(TypeError, match="lr: got the str 'a', expected a number"):
        Annotated(lr="a")


class ByGap(Optimizer, abstract=True):
    """Needs the value, and takes a product over the coordinates."""

    requires = ("f",)
    elementwise = False
    lr: Hyper = 1.0

    def direction(self, x, g, slots, h):
        return g * h.f / (g @ g), ()


def test_runs_of_a_rule_that_needs_values_do_not_meet():
    starts = np.array([[1.0, 2.0], [-0.5, 0.25]])  # as many as coordinates: the product would exist
    batch = minimize(BOWL, ByGap(), starts, steps=9)
    for i, x0 in enumerate(starts):
        np.testing.assert_allclose(
            batch.history.x[:, i], minimize(BOWL, ByGap(), x0, steps=9).history.x, rtol=1e-12
        )


@pytest.mark.parametrize("rule", [Normed, InPlace, SignMomentum, Largest, NumpyAdam, Switching])
def test_rates_of_a_sweep_are_those_of_single_runs(rule):
    rates = [1e-3, 1e-2, InverseTime(0.01, 0.1), 0.05]
    swept = ss.sweep(BOWL, rule, 40, lr=rates)
    for i, lr in enumerate(rates):
        assert swept.outcome["final"][i] == pytest.approx(
            minimize(BOWL, rule(lr=lr), steps=40).fun, rel=1e-12
        )
    mixed = minimize(BOWL, rule(lr=PerRun(rates)), np.ones((4, 2)), steps=40)
    for i, lr in enumerate(rates):
        np.testing.assert_allclose(
            mixed.x[i], minimize(BOWL, rule(lr=lr), np.ones(2), steps=40).x, rtol=1e-12
        )
    many = minimize(BOWL, rule(lr=np.array([[1e-3], [1e-2]])), steps=40)
    np.testing.assert_allclose(many.x[1], minimize(BOWL, rule(lr=1e-2), steps=40).x, rtol=1e-12)


@pytest.mark.parametrize("rule", ROWS, ids=name_of)
def test_single_precision_stays(rule):
    x0 = np.array([1.0, 2.0], np.float32)
    run = minimize(BOWL, rule, x0, steps=5)
    assert run.x.dtype == np.float32
    assert all(slot.dtype == np.float32 for slot in run.state.slots if slot.shape == x0.shape)
    assert_same(run, minimize(BOWL, rule, x0, steps=5, engine="array"))
    assert minimize(BOWL, rule, np.array([x0, 2 * x0]), steps=5).x.dtype == np.float32


@pytest.mark.parametrize("rule", ROWS, ids=name_of)
def test_what_goes_in_is_not_changed(rule):
    x, g = np.array([1.0, 2.0]), np.array([0.5, -3.0])
    state = rule.init(x)
    kept = [np.array(a) for a in (x, g, *state.slots)]
    once, after = rule.step(x, g, state)
    twice, again = rule.step(x, g, state)
    np.testing.assert_array_equal(once, twice)
    for a, b in zip((x, g, *state.slots), kept, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(after.slots, again.slots, strict=True):
        np.testing.assert_array_equal(a, b)
    assert isinstance(after.slots, tuple)
    blocks = step_in_blocks(rule, x, g, state)
    np.testing.assert_array_equal(blocks[0], once)


@pytest.mark.parametrize("rule", ROWS, ids=name_of)
def test_steps_make_the_run(rule):
    x = BOWL.x0
    state = rule.init(x)
    for _ in range(40):
        x, state = rule.step(x, BOWL.grad(x), state)
    run = minimize(BOWL, rule, steps=40)
    np.testing.assert_array_equal(run.last_x, x)


@pytest.mark.parametrize("rule", ROWS, ids=name_of)
@pytest.mark.parametrize("cut", [1, 17, 512])
def test_stopped_and_resumed_is_whole(rule, cut, tmp_path):
    whole = minimize(BOWL, rule, steps=cut + 30)
    first = minimize(BOWL, rule, steps=cut)
    first.state.save(tmp_path / "state.npz")
    state = type(first.state).load(tmp_path / "state.npz")
    rest = minimize(BOWL, rule, first.last_x, steps=30, state=state)
    np.testing.assert_array_equal(rest.history.x, whole.history.x[cut:])


@pytest.mark.parametrize("rule", ROWS, ids=name_of)
def test_records_travel(rule, monkeypatch):
    for value in (rule, *(v for _, v in rule.fields() if isinstance(v, Optimizer))):
        monkeypatch.setitem(_REGISTRY, type(value).__name__, type(value))
    assert pickle.loads(pickle.dumps(SignMomentum(lr=0.5))) == SignMomentum(lr=0.5)
    if not any(
        callable(value) and not isinstance(value, Optimizer | InverseTime) for _, value in rule.fields()
    ):
        assert Optimizer.from_json(rule.to_json()) == rule
        assert pickle.loads(pickle.dumps(rule)) == rule


@pytest.mark.parametrize("rule", ROWS, ids=name_of)
def test_an_update_is_explained(rule):
    run = minimize(BOWL, rule, steps=30)
    for step in (1, 2, 30):
        assert f"update {step}" in str(ss.explain(run, step=step))


@pytest.mark.parametrize(
    "rule", [SignMomentum(lr=0.01), NumpyAdam(), InPlace(), Updating(), Helped()], ids=name_of
)
def test_the_kit_takes_them_and_names_what_it_sees(rule):
    report = compare_optimizer(rule)
    words = " ".join(report.broken)
    assert ("it writes to the arrays that it was given" in words) == isinstance(rule, InPlace | Updating)
    assert "same points twice" not in words
    assert "does not resume" not in words


def test_rates_that_answer_to_the_run_serve_them():
    for rate in (Armijo(), BoldDriver(0.01)):
        for rule in (InPlace, NumpyAdam, Normed, WithOut):
            run = minimize(BOWL, rule(lr=rate), steps=20)
            assert run.nit == 20
            assert run.fun < BOWL.fun(BOWL.x0)


class Bad(Optimizer, abstract=True):
    """What a rule may not do."""

    slots = ("m",)
    lr: Hyper = 0.1
    memory: ClassVar = {}


def bad(direction, **also):
    return type("Bad", (Bad,), {"direction": direction, **also}, abstract=True)()


def told(rule):
    """Return the method of a rule that is a function of all that it is given."""

    def direction(self, x, g, slots, h):
        return rule(SimpleNamespace(x=x, g=g, s=slots, h=h))

    return direction


def plain(self, x, g, slots, h):
    return g, slots


def kept_in_self(self, x, g, slots, h):
    self.m = g
    return g, slots


def kept_in_h(self, x, g, slots, h):
    h.m = g
    return g, slots


def kept_in_a_dictionary(self, x, g, slots, h):
    self.memory["m"] = 0.9 * self.memory.get("m", 0.0) + g
    return self.memory["m"], slots


RANDOM = np.random.default_rng(0)

WRONG = {
    "state in self": (kept_in_self, "keep what it remembers in its slots"),
    "state in h": (kept_in_h, "keep what it remembers in its slots"),
    "state in a dictionary": (kept_in_a_dictionary, "gives two results for one x, g and slots"),
    "noise": (
        lambda u: (u.g + RANDOM.normal(size=u.x.shape), u.s),
        "draws random numbers from a seed",
    ),
    "if": (lambda u: ((u.g if u.g > 0 else 0.5 * u.g), u.s), "expected np.where"),
    "max of two": (lambda u: (max(u.g, u.s[0]), u.s), "np.maximum"),
    "no slots": (lambda u: u.g, "expected the direction d and a tuple of 1 slots"),
    "none": (lambda _: None, "returned None, expected the direction d"),
    "bare slot": (lambda u: (u.g, u.s[0]), "as slots, expected the direction d and a tuple"),
    "too many": (lambda u: (u.g, (u.g, u.g)), "returned 2 slots, expected"),
    "too few": (lambda u: (u.g, ()), "returned 0 slots, expected"),
    "another shape": (lambda u: (u.g[:1], u.s), r"of shape \(1,\), expected that of x, \(2,\)"),
    "words": (lambda u: ("word", u.s), "expected an array of floats"),
    "complex": (lambda u: (u.g * 1j, u.s), "expected an array of floats"),
    "ragged": (lambda u: ([[1.0], [1.0, 2.0]], u.s), "expected an array of floats"),
    "misspelled": (lambda u: (u.h.bta * u.g, u.s), "failed with AttributeError"),
    "wrong axis": (
        lambda u: (u.g.sum(axis=1), u.s),
        "expected arithmetic that takes x, g and every slot",
    ),
    "root of an array": (lambda u: (math.sqrt(u.g), u.s), "expected arithmetic that takes x"),
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("engine", ["auto", "array"])
def test_what_a_rule_may_not_do_is_said_in_one_sentence(kind, engine):
    direction, words = WRONG[kind]
    Bad.memory.clear()
    rule = bad(direction if kind.startswith("state") else told(direction))
    with pytest.raises((ValueError, TypeError, AttributeError), match=words) as caught:
        minimize(BOWL, rule, steps=30, engine=engine)
    assert str(caught.value).startswith("Bad")
    assert "\n" not in str(caught.value)
    if kind not in ("state in a dictionary", "noise"):
        with pytest.raises((ValueError, TypeError, AttributeError), match=words):
            rule.step(np.ones(2), np.array([1.0, -2.0]), rule.init(np.ones(2)))


def test_what_a_class_may_not_lack():
    rateless = type("Rateless", (Optimizer,), {"direction": plain}, abstract=True)()
    with pytest.raises(
        TypeError, match=r"^Rateless: got no field lr, expected `lr: Hyper = 0.1` in the class$"
    ):
        minimize(BOWL, rateless)
    started = bad(plain, start=lambda *_: ())
    with pytest.raises(ValueError, match=r"^Bad.start: returned 0 slots, expected 1: m$"):
        minimize(BOWL, started)


def test_a_rule_inside_a_wrapper_may_not_write():
    with pytest.raises(ValueError, match=r"writes into an array that it was given, expected a new one"):
        minimize(BOWL, DecoupledDecay(Updating(), 0.1), steps=5)


def test_a_state_that_a_rule_makes_in_its_own_init_is_where_its_run_starts():
    class Primed(SignMomentum, abstract=True):
        def init(self, x):
            state = super().init(x)
            return replace(state, slots=(np.full_like(state.slots[0], -1e9),))

    run = minimize(BOWL, Primed(lr=0.5), steps=1)
    assert (run.history.x[1] - run.history.x[0]).tolist() == [0.5, 0.5]
