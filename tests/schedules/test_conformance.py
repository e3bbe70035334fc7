"""What every registered schedule promises."""

import ast
import inspect
import textwrap

import numpy as np
import pytest

from schedules import Constant, PerRun
from stepsize.core.elementwise import power
from stepsize.core.record import Record
from tests.instances import SCHEDULES, name_of

ORDINARY = [s for s in SCHEDULES if not isinstance(s, PerRun)]


N = np.array([0, 1, 2, 3, 5, 10, 19, 20, 21, 40, 59, 100, 1000, 10**6])


@pytest.mark.parametrize("schedule", ORDINARY, ids=name_of)
def test_an_array_gives_what_its_elements_give(schedule):
    values = schedule(N)
    assert values.shape == N.shape
    assert values.dtype == float
    assert [schedule(int(n)) for n in N] == values.tolist()
    assert type(schedule(0)) is float


def test_a_square_is_a_product():
    bases = np.linspace(0.01, 2.0, 200)
    assert np.array_equal(power(bases, 2.0), bases * bases)
    assert np.array_equal(power(bases, 2), bases * bases)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=name_of)
def test_no_power_of_the_index_is_left_to_the_operator(schedule):
    """On some processors its last bit depends on how many indices come at once; `power` is for that."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(type(schedule).value)))
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            assert names <= {"self", "np"}, ast.unparse(node)


@pytest.mark.parametrize("schedule", ORDINARY, ids=name_of)
def test_any_shape_is_kept(schedule):
    n = N[:12].reshape(3, 1, 4)
    assert np.array_equal(schedule(n), schedule(N[:12]).reshape(3, 1, 4))


@pytest.mark.parametrize("schedule", ORDINARY, ids=name_of)
def test_values_are_finite_and_asking_twice_changes_nothing(schedule):
    first = schedule(N)
    assert np.isfinite(first).all()
    assert np.array_equal(first, schedule(N))


@pytest.mark.parametrize("schedule", SCHEDULES, ids=name_of)
@pytest.mark.parametrize("bad", [-1, float("nan"), np.array([3, -1])])
def test_an_index_that_is_no_update_is_refused(schedule, bad):
    with pytest.raises(ValueError, match=r"n: got .* expected indices of updates"):
        schedule(bad)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=name_of)
@pytest.mark.parametrize("bad", ["3", None, True])
def test_an_index_that_is_no_number_is_refused(schedule, bad):
    with pytest.raises(TypeError, match=r"n: got .* expected the index of an update"):
        schedule(bad)


@pytest.mark.parametrize("schedule", ORDINARY, ids=name_of)
def test_operators_act_value_by_value(schedule):
    values = schedule(N)
    assert np.array_equal((schedule * 2.0)(N), values * 2.0)
    assert np.array_equal((2.0 * schedule)(N), values * 2.0)
    assert np.array_equal((schedule + 1.0)(N), values + 1.0)
    assert np.array_equal((schedule * Constant(0.5) + schedule)(N), values * 0.5 + values)
    assert np.array_equal(schedule.floor(0.05)(N), np.maximum(values, 0.05))
    assert np.array_equal(schedule.cap(0.05)(N), np.minimum(values, 0.05))


@pytest.mark.parametrize("schedule", ORDINARY, ids=name_of)
def test_composition_is_transparent(schedule):
    values = schedule(N)
    assert np.array_equal(schedule.then(7.0, at=10**7)(N), values), "a far-away successor changes nothing"
    assert np.array_equal(schedule.delay(3)(N + 3), values)
    assert np.array_equal(Constant(7.0).then(schedule, at=5)(N + 5), values)
    assert np.array_equal(schedule.warmup(4)(N + 4), values)
    assert np.array_equal(schedule.repeat(11)(N), schedule(N % 11))
    assert np.allclose(
        schedule.warmup(4)(np.arange(4)), schedule(0) * np.array([0.25, 0.5, 0.75, 1.0]), rtol=1e-15
    )


WITH_RATE = [s for s in ORDINARY if hasattr(s, "lr")]


@pytest.mark.parametrize("schedule", WITH_RATE, ids=name_of)
def test_every_number_may_be_an_array_of_runs(schedule):
    """An array of shape (B, 1) in place of a rate gives a column of values for every n."""
    rates = np.array([[0.1], [0.2]])
    many = schedule.replace(lr=rates)
    values = many(np.arange(5).reshape(5, 1, 1))
    assert values.shape == (5, 2, 1)
    for row in range(2):
        assert np.array_equal(values[:, row, 0], schedule.replace(lr=float(rates[row, 0]))(np.arange(5)))


def test_rows_gives_every_run_its_own_schedule():
    rows = PerRun([0.1, Constant(0.5).then(0.25, at=2)])
    assert rows(np.arange(4).reshape(4, 1, 1))[..., 0].tolist() == [
        [0.1, 0.5],
        [0.1, 0.5],
        [0.1, 0.25],
        [0.1, 0.25],
    ]
    assert isinstance(rows, Record)
