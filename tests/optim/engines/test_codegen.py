"""Rules written out as Python: the page can be read, and does on floats what the rule does."""

import numpy as np
import pytest

from optim import SGD, Momentum, Optimizer
from optim.engines.codegen import GeneratedLoop
from optim.engines.symbols import Untraceable
from optim.engines.tracing import trace_function, trace_update
from optim.hyperparameters import Hyper
from stepsize.core.elementwise import (
    arctan,
    cos,
    cosh,
    exp,
    log,
    maximum,
    minimum,
    sign,
    sin,
    sinh,
    sqrt,
    tanh,
    where,
)
from tests.optim.engines.rules import INF, NAN, Branchy, resolved


def writing(opt, slope, dim, t=1):
    rule = trace_update(opt, resolved(opt, t, np.ones(dim)), len(opt.slots), np.float64)
    return GeneratedLoop(opt, rule, trace_function(slope, dim, np.float64), dim), rule


def test_a_page_renews_what_moves_asks_what_the_rule_asks_and_goes_down_the_coordinates():
    """Lines for t > 2, where the rule takes beta / (t - 4); eps + 1 stands still and is given as n7."""
    page, _ = writing(Branchy(), lambda x: [2.0 * x[0] * x[1], x[0] - 1.0], 2, t=5)
    assert page.source.split("\n") == [
        "def updates(rows, columns, x0, x1, g0, g1, s0_0, s0_1, n0, n7):",
        "    for n1, n3,  in columns:",
        "        n4 = n3 > 2",
        "        if not n4: break",
        "        n5 = n3 - 4",
        "        n6 = n1 / n5",
        "        a0_3 = n6 * g0",
        "        a0_4 = n7 * s0_0",
        "        a0_5 = a0_3 + a0_4",
        "        a0_6 = n0 * a0_5",
        "        a0_7 = x0 - a0_6",
        "        a0_8 = g0",
        "        x0 = a0_7",
        "        s0_0 = a0_8",
        "        a1_3 = n6 * g1",
        "        a1_4 = n7 * s0_1",
        "        a1_5 = a1_3 + a1_4",
        "        a1_6 = n0 * a1_5",
        "        a1_7 = x1 - a1_6",
        "        a1_8 = g1",
        "        x1 = a1_7",
        "        s0_1 = a1_8",
        "        b2 = 2.0 * x0",
        "        b3 = b2 * x1",
        "        b4 = x0 - 1.0",
        "        g0 = b3",
        "        g1 = b4",
        "        rows += x0, x1, g0, g1",
        "    return [s0_0, s0_1]",
    ]


def test_a_loop_ends_at_the_first_update_that_takes_another_branch():
    """The first branch is that of t <= 2: of five updates two are made, the slots those of the second."""
    opt, slope = Branchy(), lambda x: [2.0 * x[0]]
    page, rule = writing(opt, slope, 1)
    numbers = rule.known(resolved(opt, 1, np.ones(1)))
    columns = {("t",): [1, 2, 3, 4, 5], ("beta",): [0.5, 0.25, 0.5, 0.5, 0.5]}
    rows, slots = page.run(numbers, columns, [8.0, 16.0, 0.0], 5)
    # x = 8 - 0.5 (0.5 * 16 + 1.125 * 0) = 4, then 4 - 0.5 (0.25 * 8 + 1.125 * 16) = -6.
    assert rows == [4.0, 8.0, -6.0, -12.0]
    assert slots == [8.0]


def test_numbers_that_stand_still_take_the_values_of_the_first_update():
    opt = Momentum(lr=0.25, momentum=0.5)
    page, rule = writing(opt, lambda x: [2.0 * x[0]], 1)
    rows, slots = page.run(rule.known(resolved(opt, 1)), {("t",): range(1, 3)}, [8.0, 16.0, 4.0], 2)
    # m = 0.5 * 4 + 16 = 18, x = 8 - 4.5; m = 0.5 * 18 + 7 = 16, x = 3.5 - 4.
    assert rows == [3.5, 7.0, -0.5, -1.0]
    assert slots == [16.0]
    assert "for _ in columns:" in page.source


def test_functions_of_the_count_are_called():
    """x = 8 - 1 / sqrt(t), over and over."""

    class Rooting(Optimizer, abstract=True):
        lr: Hyper = 1.0

        def direction(self, x, g, slots, h):
            return g / sqrt(h.t), ()

    page, rule = writing(Rooting(), lambda _: [1.0], 1)
    numbers = rule.known(resolved(Rooting(), 1))
    rows, _ = page.run(numbers, {("t",): [1, 4, 16]}, [8.0, 1.0], 3)
    assert rows == [7.0, 1.0, 6.5, 1.0, 6.25, 1.0]


OPERATIONS = {
    "arithmetic": lambda a, b: [a + b, a - b, a * b, a / b],
    "numbers": lambda a, b: [2 - a, a - 2.5, -3 * b, b / -1.5],
    "divisions": lambda a, b: [a // b, b // 0.3, a % b, b % 0.3],
    "powers": lambda a, b: [a**2, abs(b) ** 1.5, 2.0**b, (-a) ** 3],
    "signs": lambda a, b: [-a, +b, abs(a), sign(a)],
    "larger": lambda a, b: [maximum(a, b), minimum(a, 0.5), np.maximum(b, 0.0), np.minimum(a, b)],
    "order": lambda a, b: [where(a < b, a, b), where(a <= b, b, a), where(a > b, b, a), where(a >= b, a, b)],
    "equality": lambda a, b: [where(a == b, a, b), where(a != b, a, b), where(a == a, a, b), b],
    "functions": lambda a, b: [sqrt(abs(a)), exp(a), log(abs(b)), arctan(b)],
    "circle": lambda a, b: [sin(a), cos(a), sin(b), cos(b)],
    "hyperbola": lambda a, b: [sinh(a), cosh(b), tanh(a), tanh(b)],
    "strange": lambda a, b: [minimum(a, INF), maximum(b, -INF), a * NAN, where(True, a, b)],
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(("a", "b"), [(0.75, -1.25), (-2.0, -2.0), (3.0, 0.125)])
def test_a_written_loop_does_on_floats_what_the_function_does_on_floats(name, a, b):
    """With a rate of 0 the place stays, and the new gradient is what the function gives there."""
    opt = SGD(lr=0.0)
    page, rule = writing(opt, lambda x: OPERATIONS[name](x[0], x[1]), 4)
    start = [a, b, 0.0, 0.0, *[0.0] * 4]
    rows, slots = page.run(rule.known(resolved(opt, 1)), {("t",): range(1, 2)}, start, 1)
    expected = [float(v) for v in OPERATIONS[name](a, b)]
    assert np.array_equal(rows, [a, b, 0.0, 0.0, *expected], equal_nan=True)
    assert {type(v) for v in rows} == {float}
    assert slots == []


def test_constants_are_written_where_python_reads_them_back_and_named_where_not():
    slope = lambda x: [x[0] * -0.1 + 2 + x[0] ** 0.0, x[0] * NAN + (x[0] - INF) * np.float64(3.0)]  # noqa: E731
    page, _ = writing(SGD(lr=0.5), slope, 2)
    lines = [line.strip() for line in page.source.split("\n") if line.strip().startswith("b")]
    assert lines == [
        "b2 = x0 * (-0.1)",
        "b3 = b2 + 2",
        "b4 = x0 ** 0.0",
        "b5 = b3 + b4",
        "b6 = x0 * c0",
        "b7 = x0 - c1",
        "b8 = b7 * c2",
        "b9 = b6 + b8",
    ]


@pytest.mark.parametrize("function", [np.log1p, np.square, np.isfinite, np.cbrt])
def test_what_floats_do_not_have_is_not_written(function):
    with pytest.raises(Untraceable, match=f"{function.__name__}.*, which floats do not have"):
        writing(SGD(lr=0.5), lambda x: [where(function(x[0]) > 0.5, x[0], 0.0)], 1)


def test_a_slope_that_cannot_be_traced_is_called_with_the_new_place():
    seen = []

    def slope(x):
        seen.append(x)
        return [x[0] - 1.0, 2.0 * x[1]]

    opt = SGD(lr=0.5)
    rule = trace_update(opt, resolved(opt, 1), 0, np.float64)
    page = GeneratedLoop(opt, rule, slope, 2)
    rows, _ = page.run(rule.known(resolved(opt, 1)), {("t",): range(2)}, [3.0, 8.0, 2.0, 4.0], 2)
    assert seen == [[2.0, 6.0], [1.5, 0.0]]
    assert rows == [2.0, 6.0, 1.0, 12.0, 1.5, 0.0, 0.5, 0.0]
