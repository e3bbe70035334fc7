"""What a rule leaves on the tape, and what cannot be followed."""

import math
import operator

import numpy as np
import pytest

from optim import ClipByValue, Momentum, Optimizer
from optim.engines.symbols import _POWERS, Symbol, Untraceable
from optim.engines.tracing import trace_function, trace_update
from optim.hyperparameters import Hyper
from schedules import Exponential
from stepsize.core.elementwise import maximum, minimum, sign, sqrt, where
from tests.optim.engines.rules import Branchy, resolved


def evaluated(trace, inputs, values=()):
    """Return the results of a trace, by doing what stands in it, one call after another."""
    found = dict(enumerate(inputs))
    for i in trace.needed:
        function, args = trace.calls[i]
        operands = [
            a if not isinstance(a, Symbol) else values[a.index] if a.plain else found[a.index] for a in args
        ]
        found[i] = function(*operands)
    return [found[i] for i in trace.outputs]


A, B = np.array([-2.0, 0.0, 3.0]), np.array([0.5, 7.0, -4.0])


@pytest.mark.parametrize(
    "rule",
    [
        lambda a, b: [a + b, b - a, a * 2, 3 / b],
        lambda a, b: [*divmod(a, b), b % 3.0],
        lambda a, b: [-a, +b, abs(a), b**2.0],
        lambda a, b: [np.where(a > b, a, 0.5), where(a >= 0.0, b, a), where(a == b, 1.0, a)],
        lambda a, b: [where(a < b, a, b), where(a <= b, b, a), where(a != b, b, 1.0)],
        lambda a, b: [maximum(a, b), minimum(a, 0.0), sign(a), sqrt(abs(b))],
        lambda a, b: [a + np.zeros_like(b), b * np.float64(0.1)],
        lambda a, b: [where(np.isfinite(a) & ~(b > 0.0), a, b)],
        lambda a, b: [b, a],  # inputs as results
        lambda *_: [2.0, 3],
        lambda a, b: [a + b] * 3,  # one result three times
    ],
)
def test_a_trace_does_what_the_function_does(rule):
    trace = trace_function(lambda x: rule(*x), 2, np.float64)
    for got, expected in zip(evaluated(trace, [A, B]), rule(A, B), strict=True):
        assert np.array_equal(got, expected)


@pytest.mark.parametrize("power", [-3.0, -2, -1, -1.0, -0.5, 0, 0.5, 1, 1.5, 2, 2.0, 3, 3.0])
def test_a_power_has_the_bits_that_an_array_has(power):
    base = np.random.default_rng(0).uniform(0.01, 100.0, 2000)
    trace = trace_function(lambda x: [x[0] ** power], 1, np.float64)
    (got,) = evaluated(trace, [base])
    assert np.array_equal(got, base**power)


def test_every_result_is_an_operation_of_its_own():
    """So that each can have an array of its own: what was given, what is no array and a repeat is copied."""
    trace = trace_function(lambda x: [x[1], x[0] + x[1], x[1], 5.0], 2, np.float64)
    same = trace_function(lambda x: [y := x[0] * 2.0, y, x[0], x[0]], 1, np.float64)
    for one in (trace, same):
        assert len(set(one.outputs)) == 4
        assert min(one.outputs) >= one.given
    assert [trace.calls[i][0] for i in trace.outputs] == [np.positive, np.add, np.positive, np.positive]
    assert [same.calls[i][0] for i in same.outputs] == [np.multiply, np.positive, np.positive, np.positive]


def made_by(rule, inputs=2):
    """Return the functions that a trace calls, but for copies of what was given."""
    trace = trace_function(rule, inputs, np.float64)
    return [trace.calls[i][0] for i in trace.needed if trace.calls[i][0] is not np.positive]


def test_the_same_operation_on_the_same_operands_is_done_once():
    def rule(x):
        a, b = x
        return [(a - 3.0) * (a - 3.0), (a - 3.0) * b, (a - b) / 0.5 + (a - b) / 0.5]

    made = [np.subtract, np.multiply, np.multiply, np.subtract, np.true_divide, np.add]
    assert made_by(rule) == made


@pytest.mark.parametrize(
    "rule",
    [
        lambda x: [x[0] - x[1], x[1] - x[0]],
        lambda x: [x[0] - 1, x[0] - 1.0],
        lambda x: [x[0] + 0.0, x[0] + -0.0],
        lambda x: [x[0] / x[1], x[0] * x[1]],
    ],
)
def test_operations_that_differ_are_both_done(rule):
    assert len(made_by(rule)) == 2


# Every kind of double: both zeros, subnormal, ordinary, the largest, inf and nan.
EVERY = np.array([0.0, -0.0, 5e-324, -2.2e-308, 1.5, -1.7976931348623157e308, np.inf, -np.inf, np.nan])


@pytest.mark.parametrize(
    "rule",
    [
        lambda a: a - 0.0,
        lambda a: a - 0,
        lambda a: a * 1.0,
        lambda a: 1 * a,
        lambda a: a / 1.0,
        lambda a: a - np.float64(0.0),
    ],
)
def test_an_operation_that_changes_no_bit_is_left_out(rule):
    assert made_by(lambda x: [rule(x[0])], 1) == []
    assert rule(EVERY).tobytes() == EVERY.tobytes()


@pytest.mark.parametrize(
    "rule",
    [
        lambda a: a - -0.0,
        lambda a: a + 0.0,
        lambda a: 0.0 - a,
        lambda a: 1.0 / a,
        lambda a: a * -1.0,
        lambda a: a - 1.0,
        lambda a: a * 0.0,
        lambda a: a / 2.0,
    ],
)
def test_an_operation_that_changes_a_bit_is_done(rule):
    assert len(made_by(lambda x: [rule(x[0])], 1)) == 1
    with np.errstate(all="ignore"):
        assert rule(EVERY).tobytes() != EVERY.tobytes()


def test_only_what_the_results_need_is_done():
    def rule(x):
        a, b = x
        a * b  # in vain
        c = a + b
        d = c * 2.0
        np.sqrt(d)  # in vain
        return [d - b]

    trace = trace_function(rule, 2, np.float64)
    assert [trace.calls[i][0] for i in trace.needed] == [np.add, np.multiply, np.subtract]
    assert trace.given == 2
    assert trace.numbers == []


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_trace_knows_the_type_of_every_value(dtype):
    """A flag is a flag; a Python number takes the type of the arrays that it meets."""
    trace = trace_function(lambda x: [where(x[0] > 0.5, x[0] * 2.0, 1.0), 3.0], 1, dtype)
    assert [(trace.calls[i][0], trace.dtypes[i]) for i in trace.needed] == [
        (np.greater, np.dtype(bool)),
        (np.multiply, np.dtype(dtype)),
        (np.where, np.dtype(dtype)),
        (np.positive, np.dtype(dtype)),
    ]
    assert trace.dtypes[0] == dtype


@pytest.mark.parametrize(
    ("rule", "dtype"),
    [
        (lambda x: [np.add.reduce(x[0])], float),
        (lambda x: [np.add.accumulate(x[0])], float),
        (lambda x: [np.sqrt(x[0], dtype=np.float32)], float),
        (lambda x: [np.sqrt(x[0], where=True)], float),
        (lambda x: [np.modf(x[0])[0]], float),
        (lambda x: [np.matmul(x[0], x[1])], float),
        (lambda x: [np.where(x[0])], float),
        (lambda x: [np.where(x[0] > 0)[0]], float),
        (lambda x: [np.zeros_like(x[0], dtype=int)], float),
        (lambda x: [np.ones_like(x[0])], float),
        (lambda x: [np.sum(x[0])], float),
        (lambda x: [x[0] + "1"], float),
        (lambda x: [x[0] + None], float),
        (lambda x: [x[0] + [1.0]], float),
        (lambda x: [x[0] & 1], float),  # floats have no bits
        (lambda x: [np.exp(x[0] > 0)], float),  # half precision
        (lambda x: [(x[0] > 0) * 1.5], np.float32),  # double precision
        (lambda x: [x[0] if x[0] else x[1]], float),
        (lambda x: [x[2]], float),
        (lambda x: [x[0].real], float),
        (lambda x: [x[0] + 1 / 0], float),
        (lambda _: [math.sqrt(-1.0)], float),
        (lambda x: [x[0], None], float),
        (lambda x: [x[0], 1j], float),
        (lambda x: [x[0], "1"], float),
        (lambda _: 5.0, float),
    ],
)
def test_what_a_trace_cannot_follow_is_said_to_be_untraceable(rule, dtype):
    with pytest.raises(Untraceable, match=r"\w"):
        trace_function(rule, 2, dtype)


def test_another_error_of_a_rule_is_its_own():
    def broken(x):
        raise KeyError("lr")

    with pytest.raises(KeyError):
        trace_function(broken, 2, float)


def branchy_trace(t):
    return trace_update(Branchy(), resolved(Branchy(), t), 1, np.float64)


def test_the_numbers_of_a_trace_are_known_where_the_rule_takes_the_same_branch():
    """At t = 1 and t = 2 the first branch, from t = 3 on the second, and at t = 4 no number at all."""
    first, second, opt = branchy_trace(1), branchy_trace(3), Branchy()
    known = {t: (first.known(resolved(opt, t)), second.known(resolved(opt, t))) for t in range(1, 7)}
    assert [t for t in known if known[t][0] is not None] == [1, 2]
    assert [t for t in known if known[t][1] is not None] == [3, 5, 6]
    by_path = {path: i for i, (function, path) in enumerate(first.plain) if function is None}
    assert set(by_path) == {("lr",), ("beta",), ("eps",), ("t",)}
    assert known[2][0][by_path["t",]] == 2
    assert known[2][0][by_path["beta",]] == pytest.approx(0.8 * math.exp(-0.25))


def test_a_trace_with_its_numbers_is_the_update():
    x, g, old = np.array([1.0, -2.0]), np.array([0.5, 4.0]), np.array([0.25, -8.0])
    opt = Branchy()
    for t, trace in ((2, branchy_trace(1)), (5, branchy_trace(3))):
        h = resolved(opt, t)
        (got, kept) = evaluated(trace, [x, g, old], trace.known(h))
        expected, (same,) = opt.update(x, g, (old,), h)
        assert np.array_equal(got, expected)
        assert np.array_equal(kept, same)


def test_a_number_that_cannot_be_had_is_no_branch_of_this_trace():
    """Its root is asked for below zero, where floats raise an error of value."""

    class Rooted(Optimizer, abstract=True):
        lr: Hyper = 0.5

        def direction(self, x, g, slots, h):
            return g * sqrt(3.0 - h.lr * h.t), ()

    opt = Rooted()
    trace = trace_update(opt, resolved(opt, 1), 0, np.float64)
    assert trace.known(resolved(opt, 6)) is not None
    assert trace.known(resolved(opt, 7)) is None


def test_what_follows_from_hyperparameters_is_calculated_by_python():
    """Numbers of Python's own, so that they come out with the bits that the rule gives on floats."""
    opt = Branchy()
    trace = branchy_trace(5)
    functions = [function for function, _ in trace.plain if function is not None]
    assert functions == [operator.gt, operator.sub, operator.truediv, operator.add]
    assert {type(v) for v in trace.known(resolved(opt, 5))} == {float, int, bool}
    # Read by arrays: the rate, the factor, and eps + 1; in the order in which they are known.
    values = trace.known(resolved(opt, 5))
    beta = 0.8 * math.exp(-0.25 * 4)
    assert [values[i] for i in trace.numbers] == pytest.approx([0.5, beta, 1.125])
    assert trace.numbers == sorted(trace.numbers)


def test_a_number_that_python_does_not_have_is_left_to_numpy():
    class Logging(Optimizer, abstract=True):
        lr: Hyper = 0.5

        def direction(self, x, g, slots, h):
            return np.log1p(h.lr) * g, ()

    trace = trace_update(Logging(), resolved(Logging(), 1), 0, np.float64)
    values = trace.known(resolved(Logging(), 1))
    assert values[trace.numbers[1]] == np.log1p(0.5)
    assert [function for function, _ in trace.plain if function is not None] == [np.log1p]


def test_a_rule_that_divides_by_zero_cannot_be_traced_there():
    with pytest.raises(Untraceable, match="division by zero"):
        branchy_trace(4)


def test_what_moves_is_what_follows_from_something_that_moves():
    trace = branchy_trace(5)
    moving = trace.moving(lambda path: path in {("lr",), ("eps",)})
    still = [trace.plain[i] for i in range(len(trace.plain)) if i not in moving]
    assert [path for function, path in still if function is None] == [("lr",), ("eps",)]
    assert [function for function, _ in still if function is not None] == [operator.add]
    assert trace.moving(lambda _: True) == []
    assert trace.moving(lambda _: False) == list(range(len(trace.plain)))


def test_numbers_are_renewed_in_their_place_and_others_left():
    trace, opt = branchy_trace(1), Branchy()
    values = trace.known(resolved(opt, 1))
    stale = list(values)
    moving = trace.moving(lambda path: path in {("lr",), ("eps",)})
    assert trace.renew(values, moving, resolved(opt.replace(lr=9.0), 2), {})
    changed = [i for i in range(len(values)) if values[i] != stale[i]]
    assert [trace.plain[i][1] for i in changed] == [("beta",), ("t",)]
    assert not trace.renew(values, moving, resolved(opt, 3), {})


def test_another_function_may_stand_in_for_one_of_the_numbers():
    trace, opt = branchy_trace(5), Branchy()
    (division,) = [i for i, (function, _) in enumerate(trace.plain) if function is operator.truediv]
    values = trace.known(resolved(opt, 5))
    assert trace.renew(values, range(len(values)), resolved(opt, 6), {division: lambda *args: args})
    assert values[division] == (pytest.approx(0.8 * math.exp(-0.25 * 5)), 2)


def test_hyperparameters_of_a_rule_inside_are_found_by_their_path():
    opt = ClipByValue(ClipByValue(Momentum(lr=0.5, momentum=Exponential(0.75, 0.1)), 2.0), 4.0)
    h = resolved(opt, 1)
    trace = trace_update(opt, h, 1, np.float64)
    paths = {path for function, path in trace.plain if function is None}
    assert {("limit",), ("inner", "limit"), ("inner", "inner", "lr"), ("inner", "inner", "momentum")} <= paths
    values = trace.known(h)
    at = {path: values[i] for i, (function, path) in enumerate(trace.plain) if function is None}
    assert at["limit",] == 4.0
    assert at["inner", "limit"] == 2.0
    assert at["inner", "inner", "momentum"] == 0.75
    assert at["inner", "inner", "t"] == 1
    # x = 3 - 0.5 min(9, 2): the tighter limit decides.
    assert evaluated(trace, [np.array([3.0]), np.array([9.0]), np.array([0.0])], values)[0].tolist() == [2.0]


def test_what_is_no_hyperparameter_is_the_rule_s_own_business():
    """A flag or a count is not followed: it stands still."""
    seen = []

    class Asking(Branchy, abstract=True):
        def direction(self, x, g, slots, h):
            seen.append((h.pole, type(h.lr), *(getattr(a, "plain", None) for a in (h.t, x))))
            return super().direction(x, g, slots, h)

    asking = Asking(pole=7)
    trace_update(asking, resolved(asking, 1), 1, np.float64)
    assert seen[0] == (7, Symbol, True, False)


def test_powers_that_numpy_shortens_are_shortened_to_the_same_bits():
    x = np.random.default_rng(0).lognormal(size=1000)
    assert set(_POWERS) == {2, 1, 0.5, -1}
    for power, operation in _POWERS.items():
        function, operands = operation(x)
        assert np.array_equal(function(*operands), x**power)
