"""Which array an operation reads and writes, and that the values are those of the function."""

import numpy as np
import pytest

from optim import Momentum
from optim.engines.replay import Plan, Workspace, choose, fill, scalar_buffer_for
from optim.engines.tracing import trace_function, trace_update
from stepsize.core.elementwise import maximum, minimum, where
from tests.optim.engines.rules import resolved


def program(seed, inputs=3):
    """Return a random function of arrays, straight-line arithmetic with choices, and with as many results."""

    def rule(x):
        rng = np.random.default_rng(seed)
        values = list(x)
        for _ in range(12):
            a, b, c = (values[k] for k in rng.integers(0, len(values), 3))
            choices = (
                lambda a, b, _: a + 0.1 * b,
                lambda a, b, c: a * b - c,
                lambda a, b, c: where(a > b, c, a),
                lambda a, b, c: maximum(a, b) - minimum(b, c),
                lambda a, *_: abs(a),
                lambda a, b, _: where(a < 0.3, 1.7, np.where(True, b, a)),
            )
            values.append(choices[rng.integers(0, 6)](a, b, c))
        results = [values[k] for k in rng.integers(0, len(values), inputs)]
        return [*results[:-1], values[-1]]

    return rule


@pytest.mark.parametrize(
    ("into", "spare"),
    [
        ([0, 1, 2], ()),
        ([1, 2, 0], ()),
        ([3, 4, 5], ()),
        ([3, 4, 5], (0, 1, 2)),
        ([2, 0, 4], ()),
        ([2, 0, 4], (1,)),
        ([5, 3, 0], (2, 1)),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_replay_writes_what_the_function_returns_wherever_it_is_told_to(into, spare, dtype):
    """Over its own inputs, each into another's place, or beside them; with inputs as scratch or without."""
    given = np.random.default_rng(7).normal(size=(3, 5)).astype(dtype)
    with np.errstate(all="ignore"):
        for seed in range(25):
            rule = program(seed)
            arrays = [*given.copy(), *np.full((3, 5), np.nan, dtype)]
            plan = Plan(trace_function(rule, 3, dtype), into, spare)
            for call in plan.bind(arrays, {}, Workspace((5,))):
                call()
            for place, expected in zip(into, rule(list(given)), strict=True):
                assert np.array_equal(arrays[place], expected, equal_nan=True), seed
            for k in {0, 1, 2} - {*into, *spare}:  # nothing else is written to
                assert np.array_equal(arrays[k], given[k])


X, G, M = ("array", 0), ("array", 1), ("array", 2)


def workspace(k, dtype=float):
    return "scratch", (np.dtype(dtype), k)


def test_an_update_is_made_in_place_with_no_more_scratch_than_it_needs():
    """m = 0.5 m + g and x = x - 0.25 m / (1 + m m); g is taken afresh afterwards, and may be written to."""

    def rule(x):
        x, g, m = x
        m = 0.5 * m + g
        return [x - (0.25 * m) / (1.0 + m * m), m]

    def calls(second):
        return [
            (np.multiply, [("constant", 0.5), M], workspace(0)),
            (np.add, [workspace(0), G], M),
            (np.multiply, [("constant", 0.25), M], workspace(0)),
            (np.multiply, [M, M], second),
            (np.add, [("constant", 1.0), second], second),
            (np.true_divide, [workspace(0), second], second),
            (np.subtract, [X, second], X),
        ]

    trace = trace_function(rule, 3, np.float64)
    assert Plan(trace, [0, 2]).calls == calls(workspace(1))
    assert Plan(trace, [0, 2], spare=(1,)).calls == calls(G)


def test_a_scratch_array_is_used_again_as_soon_as_it_has_been_read():
    trace = trace_function(lambda x: [((x[0] * x[0] + 1.0) * x[0] - 2.0) * x[0]], 1, np.float64)
    targets = [target for _, _, target in Plan(trace, [0]).calls]
    assert targets == [workspace(0), workspace(0), workspace(0), workspace(0), X]


def test_a_result_waits_until_its_place_has_been_read():
    """x and g change places: one of them waits in a scratch array."""
    trace = trace_function(lambda x: [x[1] * 2.0, x[0] * 2.0], 2, np.float64)
    assert Plan(trace, [0, 1]).calls == [
        (np.multiply, [G, ("constant", 2.0)], workspace(0)),
        (np.multiply, [X, ("constant", 2.0)], G),
        (np.positive, [workspace(0)], X),
    ]


def test_a_result_that_is_in_its_place_already_costs_nothing():
    trace = trace_function(lambda x: [x[0], x[1] + 1.0], 2, np.float64)
    assert Plan(trace, [0, 1]).calls == [(np.add, [G, ("constant", 1.0)], G)]


def test_a_choice_is_not_written_over_what_it_reads():
    """It copies its second array before it looks at the first and at the condition."""
    trace = trace_function(lambda x: [where(x[0] > 0.0, x[0], x[1])], 2, np.float64)
    assert Plan(trace, [0], spare=(1,)).calls == [
        (np.greater, [X, ("constant", 0.0)], workspace(0, bool)),
        (choose, [workspace(0, bool), X, G], workspace(1)),
        (np.positive, [workspace(1)], X),
    ]


def test_a_choice_takes_each_value_from_where_its_condition_says():
    out = np.full(3, 9.0)
    choose(np.array([True, False, True]), np.array([1.0, 2.0, 3.0]), np.array(5.0), out)
    assert out.tolist() == [1.0, 5.0, 3.0]


def test_scratch_arrays_are_made_once_each():
    room = Workspace((2, 3))
    first = room.array((np.dtype(float), 0))
    assert first.shape == (2, 3)
    assert first.dtype == float
    assert room.array((np.dtype(float), 0)) is first
    assert room.array((np.dtype(float), 1)) is not first
    assert room.array((np.dtype(bool), 0)).dtype == bool


def test_numbers_are_read_from_their_cells_when_the_calls_are_made():
    opt = Momentum(lr=0.25, momentum=0.5)
    trace = trace_update(opt, resolved(opt, 1), 1, np.float32)
    values = trace.known(resolved(opt, 1))
    scalar_buffers = {i: scalar_buffer_for(values[i], np.float32, (2,)) for i in trace.numbers}
    x, g, m = np.array([[1.0, 2.0], [4.0, 8.0], [2.0, 2.0]], np.float32)
    calls = Plan(trace, [0, 2]).bind([x, g, m], scalar_buffers, Workspace((2,)))
    for call in calls:
        call()
    assert m.tolist() == [5.0, 9.0]
    assert x.tolist() == [-0.25, -0.25]
    for i in scalar_buffers:
        if values[i] == 0.25:
            fill(scalar_buffers[i], 1.0)
    for call in calls:
        call()
    assert m.tolist() == [6.5, 12.5]
    assert x.tolist() == [-6.75, -12.75]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_cell_holds_one_value_or_one_a_column(dtype):
    """Users write one value a run as (runs, 1) and one a coordinate as (1, d); inside, runs are columns."""
    runs, coordinates = np.array([[1.0], [2.0], [3.0]]), np.array([[4.0, 5.0]])
    number, flag = scalar_buffer_for(2.5, dtype, (2, 3)), scalar_buffer_for(True, dtype, (2, 3))
    assert (number.shape, number.dtype, number[()]) == ((), dtype, 2.5)
    assert (flag.shape, flag.dtype, flag[()]) == ((), bool, True)
    assert scalar_buffer_for(runs, dtype, (2, 3)).tolist() == [[1.0, 2.0, 3.0]] * 2
    assert scalar_buffer_for(coordinates, dtype, (2, 3)).tolist() == [[4.0] * 3, [5.0] * 3]
    assert scalar_buffer_for(runs, dtype, (2, 3)).dtype == dtype
    assert scalar_buffer_for(runs > 1.5, dtype, (2, 3)).tolist() == [[False, True, True]] * 2


@pytest.mark.parametrize(("d", "runs", "rows"), [(4, 4096, 4), (5, 3277, 1)])
def test_a_cell_is_spread_whole_over_small_tiles_alone(d, runs, rows):
    """Up to 16384 numbers; beyond, broadcasting costs less than the memory."""
    scalar_buffer = scalar_buffer_for(np.arange(float(runs))[:, None], np.float64, (d, runs))
    assert scalar_buffer.tolist() == [list(range(runs))] * rows
