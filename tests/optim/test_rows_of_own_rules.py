"""Rules and functions from outside that look at all runs at once: each run of a batch is the run alone.

What a run is alone is made here by a plain loop: the text of the rule, asked for one vector at a time.
"""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stepsize as ss
from optim import ClipByNorm, Hyper, Optimizer, PolyakRuppert, minimize
from optim.sweep import sweep
from problems import Problem, Quadratic
from stepsize.core.elementwise import join, parts
from tests.optim.engines.rules import needs_compiler

BOWL = Quadratic([1.0, 20.0])


def opposed(x, g, m, t):
    """Restart the velocity once no coordinate agrees with it."""
    return (g, g) if np.all(g * m <= 0) else (g + 0.5 * m, g + 0.5 * m)


def any_sign(x, g, m, t):
    if (g * m < 0).any():
        return 0.5 * g, 0.25 * g
    return g + 0.5 * m, m + g


def dotted(x, g, m, t):
    agrees = float(np.dot(g.ravel(), m.ravel()))
    return (g if agrees <= 0 else g + 0.7 * m), 0.5 * (g + m)


def first_decides(x, g, m, t):
    return (g if g[0] > 0 else 0.25 * g), m


def looped(x, g, m, t):
    d = np.array(g)
    for i in range(len(g)):
        if g[i] * m[i] < 0:
            d[i] = 0.5 * g[i]
    return d, g


def enumerated(x, g, m, t):
    return np.array([v if abs(v) < 10 else math.copysign(10.0, v) for v in g.tolist()]), m


def whole_norm(x, g, m, t):
    return g / max(1.0, np.linalg.norm(g)), m


def late_norm(x, g, m, t):
    return (g / (1.0 + np.linalg.norm(g)) if t > 4 else g), m


def sorted_out(x, g, m, t):
    return np.where(np.abs(g) >= np.sort(np.abs(g))[-1], g, 0.1 * g), m


def caught(x, g, m, t):
    """Ask in a way that swallows what stops a symbol."""
    try:
        large = bool(np.max(np.abs(g)) > 40.0)
    except Exception:
        large = False
    return (0.1 * g if large else g), m


def asked_type(x, g, m, t):
    if isinstance(g, np.ndarray) and np.any(np.abs(g) > 40.0):
        return 0.1 * g, m
    return g, m


def asked_attribute(x, g, m, t):
    if hasattr(g, "max") and g.max() > 40.0:
        return 0.1 * g, m
    return g, m


def by_size(x, g, m, t):
    return g / np.sqrt(g.size) + 0.1 * m, g


def counted(x, g, m, t):
    return g * (1 + np.count_nonzero(g > 0)) / 3, m


def centred(x, g, m, t):
    return g - 0.5 * g.mean(), m


def indexed(x, g, m, t):
    d = 0.1 * g
    d[np.argmax(np.abs(g))] = g[np.argmax(np.abs(g))]
    return d, m


def calm(x, g, m, t):
    """Plain arithmetic, which is followed and made at once."""
    return np.where(np.abs(g) > 3.0, 3.0 * np.sign(g), g) + 0.5 * m, 0.5 * m + g


UGLY = [
    opposed, any_sign, dotted, first_decides, looped, enumerated, whole_norm, late_norm, sorted_out, caught,
    asked_type, asked_attribute, by_size, counted, centred, indexed,
]  # fmt: skip
TEXTS = [*UGLY, calm]


def rule_of(text):
    """Return the class of a rule whose direction is this text."""

    def direction(self, x, g, slots, h):
        d, m = text(x, g, slots[0], h.t)
        return d, (m,)

    names = {"direction": direction, "slots": ("m",), "lr": 0.01, "__annotations__": {"lr": Hyper}}
    return type(text.__name__.title(), (Optimizer,), {**names, "__module__": __name__}, abstract=True)


RULES = {text.__name__: rule_of(text) for text in TEXTS}


def alone(text, lr, x, steps, grad=BOWL.grad):
    """Return the points of a run, by a loop without the packages."""
    x, m, points = np.array(x, float), np.zeros(len(x)), [np.array(x, float)]
    for t in range(1, steps + 1):
        d, m = text(x.copy(), grad(x), m.copy(), t)
        x = x - lr * d
        points.append(x)
    return np.array(points)


RUNS = st.lists(
    st.tuples(
        st.floats(1e-3, 0.08),
        st.tuples(*[st.floats(-50.0, 50.0).filter(lambda v: v == 0 or abs(v) > 1e-6)] * 2),
    ),
    min_size=2,
    max_size=20,
)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.__name__)
@given(runs=RUNS)
@settings(max_examples=15, deadline=None)
def test_every_run_of_a_batch_is_the_run_alone(text, runs):
    rates, starts = (np.array(column) for column in zip(*runs, strict=True))
    rule = RULES[text.__name__](lr=rates[:, None])
    expected = np.stack([alone(text, lr, x, 12) for lr, x in runs], axis=1)
    for engine in ("auto", "array"):
        batch = minimize(BOWL, rule, starts, steps=12, engine=engine)
        np.testing.assert_array_equal(batch.history.x, expected)
    ends = sweep(BOWL, rule, starts, steps=12)
    np.testing.assert_array_equal(ends.x, expected[-1])
    state, x = rule.init(starts), starts
    for _ in range(12):
        x, state = rule.step(x, BOWL.grad(x), state)
    np.testing.assert_array_equal(x, expected[-1])


RATES = np.geomspace(1e-3, 0.09, 24)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.__name__)
def test_sweeps_and_what_is_built_on_them_give_the_run_alone(text):
    swept = ss.sweep(BOWL, RULES[text.__name__], 30, lr=RATES)
    expected = [BOWL.fun(alone(text, lr, BOWL.x0, 30)[-1]) for lr in RATES]
    np.testing.assert_array_equal(swept.outcome["final"], expected)


@pytest.mark.parametrize("text", [opposed, first_decides], ids=lambda text: text.__name__)
def test_two_processes_give_the_runs_alone(text):
    pytest.importorskip("joblib", reason="joblib is an optional extra")
    swept = ss.sweep(BOWL, RULES[text.__name__](), 30, lr=RATES, jobs=2, backend="threading", batch=9)
    expected = [BOWL.fun(alone(text, lr, BOWL.x0, 30)[-1]) for lr in RATES]
    np.testing.assert_array_equal(swept.outcome["final"], expected)


@needs_compiler
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.__name__)
def test_the_compiler_refuses_what_it_cannot_follow_or_gives_the_run_alone(text):
    rule = RULES[text.__name__](lr=RATES[:, None])
    if text not in (calm, late_norm):  # that one goes by coordinate at first
        with pytest.raises(ValueError, match="engine: got the str 'compiled', expected array"):
            minimize(BOWL, rule, steps=30, engine="compiled")
        return
    batch = minimize(BOWL, rule, steps=30, engine="compiled")
    for i, lr in enumerate(RATES):
        np.testing.assert_array_equal(batch.history.x[:, i], alone(text, lr, BOWL.x0, 30))


def fragile(x, g, m, t):
    """Descend, but stand still once anything is out of bounds."""
    return (g if np.all(np.abs(g) < 1e100) else 0 * g), m


def test_the_edge_of_a_rule_that_diverging_runs_would_stop():
    """Its edge is that of gradient descent, 2/L, however many of the rates that are tried diverge."""
    found = ss.find_lr(BOWL, rule_of(fragile), steps=200)
    assert found.edge == pytest.approx(2 / BOWL.L, rel=0.02)


class Rowwise(Optimizer, abstract=True):
    """Divides by the norm of each run's gradient, and says so."""

    batched = True
    lr: Hyper = 0.1
    seen = []  # noqa: RUF012

    def direction(self, x, g, slots, h):
        self.seen.append(np.shape(g))
        return g / np.sqrt((g * g).sum(axis=-1, keepdims=True)), slots


class Silent(Rowwise, abstract=True):
    """The same text, but it does not say so."""

    def direction(self, x, g, slots, h):
        return super().direction(x, g, slots, h)


@pytest.mark.parametrize("rule", [Rowwise, Silent])
def test_norms_along_the_last_axis_are_right_and_at_once_where_declared(rule):
    """Steps of the length lr: after n of them along the axis of a start on it, it is n lr nearer."""
    Rowwise.seen.clear()
    rates = np.array([[0.125], [0.25], [0.5]])
    run = minimize(Quadratic([1.0, 1.0]), rule(lr=rates), [8.0, 0.0], steps=8)
    assert run.x.tolist() == [[7.0, 0.0], [6.0, 0.0], [4.0, 0.0]]
    rows = {shape for shape in Rowwise.seen if len(shape) == 2}
    assert rows == ({(3, 2)} if rule is Rowwise else set())


def test_a_wrapper_of_ours_is_made_at_once_around_what_is_followed():
    """Clipping has one norm a run; the rule inside is arithmetic."""
    starts = np.random.default_rng(0).normal(size=(20, 2)) * 10
    for inner in (RULES["calm"](lr=0.02), RULES["opposed"](lr=0.02), Rowwise(lr=0.02)):
        for rule in (ClipByNorm(inner, 5.0), PolyakRuppert(inner)):
            batch = minimize(BOWL, rule, starts, steps=20)
            for i, x0 in enumerate(starts):
                run = minimize(BOWL, rule, x0, steps=20, engine="array")
                np.testing.assert_array_equal(batch.history.x[:, i], run.history.x)
                np.testing.assert_array_equal(batch.x[i], run.x)


class Mixing(Optimizer, abstract=True):
    """Starts from, and reports, what all of its coordinates say."""

    slots = ("scale",)
    lr: Hyper = 0.05

    def start(self, x, h):
        return (np.full_like(x, np.abs(x).max()),)

    def direction(self, x, g, slots, h):
        return g / slots[0], slots

    def output(self, x, slots):
        return x / np.linalg.norm(x)


def test_starts_and_reports_are_those_of_each_run():
    starts = np.array([[3.0, 4.0], [0.0, 0.5], [100.0, 0.0]])
    run = minimize(BOWL, Mixing(), starts, steps=3)
    for i, start in enumerate(starts):
        x = start.copy()
        for _ in range(3):
            x = x - 0.05 * (BOWL.grad(x) / np.abs(start).max())
        np.testing.assert_array_equal(run.history.x[-1, i], x)
        np.testing.assert_array_equal(run.x[i], x / np.linalg.norm(x))


class Extrapolating(Optimizer, abstract=True):
    """Asks for the gradient at another point, which it chooses by all coordinates."""

    requires = ("grad",)
    lr: Hyper = 0.02

    def direction(self, x, g, slots, h):
        return (h.grad(x - 0.01 * g) if np.all(g > 0) else g), slots


def test_a_rule_that_asks_for_more_gradients_is_asked_run_by_run():
    starts = np.array([[1.0, 2.0], [-1.0, 2.0], [3.0, 0.5]])
    batch = minimize(BOWL, Extrapolating(), starts, steps=6)
    for i, start in enumerate(starts):
        x = start.copy()
        for _ in range(6):
            g = BOWL.grad(x)
            x = x - 0.02 * (BOWL.grad(x - 0.01 * g) if np.all(g > 0) else g)
        np.testing.assert_array_equal(batch.history.x[-1, i], x)
    alone = [minimize(BOWL, Extrapolating(), start, steps=6) for start in starts]
    assert batch.njev <= max(run.njev for run in alone)


class Matrix(Optimizer, abstract=True):
    """Holds a table with as many axes as a batch has."""

    lr: Hyper = 0.05
    table: object = ((1.0, 0.5), (0.5, 1.0))

    def direction(self, x, g, slots, h):
        return np.asarray(h.table) @ g, slots


def test_a_table_of_a_rule_is_no_number_of_each_run():
    starts = np.array([[1.0, 2.0], [-1.0, 0.5]])
    rule = Matrix(table=np.array([[1.0, 0.5], [0.5, 1.0]]))
    batch = minimize(BOWL, rule, starts, steps=5)
    for i, x in enumerate(starts):
        for _ in range(5):
            x = x - 0.05 * (np.array([[1.0, 0.5], [0.5, 1.0]]) @ BOWL.grad(x))
        np.testing.assert_array_equal(batch.x[i], x)


# Functions that look at all that they are given.
def branched(x):
    """A bowl inside of the unit square, a flatter one outside."""
    return float(0.5 * np.sum(x * x)) if not np.any(np.abs(x) > 1) else float(np.sum(np.abs(x)))


def branched_slope(x):
    return np.array(x) if not np.any(np.abs(x) > 1) else np.sign(x)


class Branched(Problem, abstract=True):
    x0 = (0.5, 0.25)

    def fun(self, x):
        small = not np.any(np.abs(x) > 1)
        return 0.5 * (x * x).sum(axis=-1) if small else np.abs(x).sum(axis=-1)

    def grad(self, x):
        return branched_slope(x)


class BranchedComponents(Problem, abstract=True):
    components = True
    x0 = (0.5, 0.25)

    def fun(self, x):
        a, b = parts(x)
        small = not np.any(abs(a) > 1) and not np.any(abs(b) > 1)
        return 0.5 * (a * a + b * b) if small else abs(a) + abs(b)

    def grad(self, x):
        a, b = parts(x)
        small = not np.any(abs(a) > 1) and not np.any(abs(b) > 1)
        return join(a, b) if small else join(np.sign(a), np.sign(b))


class PlainComponents(Problem, abstract=True):
    """Written by components, and nothing but arithmetic."""

    components = True
    x0 = (0.5, 0.25)

    def fun(self, x):
        a, b = parts(x)
        return 0.5 * (a * a + b * b)

    def grad(self, x):
        a, b = parts(x)
        return [a, b]


class Both(Branched, abstract=True):
    """Gives value and gradient by one call of its own."""

    def value_and_grad(self, x):
        return self.fun(x), 1.0 * self.grad(x)


OWN = {
    "of": lambda: Problem.of(branched, branched_slope, x0=(0.5, 0.25)),
    "of differences": lambda: Problem.of(branched, x0=(0.5, 0.25)),
    "object": lambda: SimpleNamespace(fun=branched, grad=branched_slope, x0=(0.5, 0.25)),
    "class": Branched,
    "components": BranchedComponents,
    "plain components": PlainComponents,
    "both": Both,
    "wrapped": lambda: ss.Shifted(Branched(), by=(0.25, -0.5)),
}


@pytest.mark.parametrize("make", OWN.values(), ids=OWN)
@given(
    starts=st.lists(st.tuples(*[st.floats(-3.0, 3.0)] * 2), min_size=2, max_size=20).map(np.array),
    rate=st.floats(0.05, 0.9),
)
@settings(max_examples=15, deadline=None)
def test_own_functions_see_one_point_at_a_time(make, starts, rate):
    problem, rates = make(), np.full((len(starts), 1), rate)
    singles = [minimize(problem, ss.SGD(lr=rate), x0, steps=8, engine="array") for x0 in starts]
    expected = np.stack([run.history.x for run in singles], axis=1)
    for engine in ("auto", "array"):
        batch = minimize(problem, ss.SGD(lr=rates), starts, steps=8, engine=engine)
        np.testing.assert_array_equal(batch.history.x, expected)
        np.testing.assert_array_equal(batch.history.fun, np.stack([r.history.fun for r in singles], axis=1))
    ends = sweep(problem, ss.SGD(lr=rates), starts, steps=8)
    np.testing.assert_array_equal(ends.x, expected[-1])
    swept = ss.sweep(problem, ss.SGD(lr=rate), 8, x0=starts)
    np.testing.assert_array_equal(swept.outcome["final"], [run.error[-1] for run in singles])


def test_pictures_see_one_point_at_a_time():
    from stepsize.draw.window import values_on

    grid = np.stack(np.meshgrid([-2.0, 0.5], [0.25, 3.0]), axis=-1)
    expected = [[branched(point) for point in row] for row in grid]
    for make in OWN.values():
        if make is not OWN["plain components"] and make is not OWN["wrapped"]:
            np.testing.assert_array_equal(values_on(make(), grid), expected)
