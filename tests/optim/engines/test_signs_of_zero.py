"""Of two zeros every engine takes the same one: 0, and never -0, on every processor."""

import itertools
from typing import ClassVar

import numpy as np
import pytest

from optim import FTRL, SGD, ClipByValue, Optimizer, minimize
from optim.engines import large
from optim.hyperparameters import Hyper
from problems import Quadratic
from stepsize.core.elementwise import maximum, minimum
from tests.instances import OPTIMIZERS, name_of
from tests.optim.engines.rules import COMPILED

ZEROS = (0.0, -0.0)
PAIRS = [*itertools.product(ZEROS, ZEROS)]
ELEMENTWISE = [o for o in OPTIMIZERS if o.elementwise and not o.requires and o.batched]
ENGINES = ["array", "floats", COMPILED]
BOWL = Quadratic([1.0, 20.0])


class Extremes(Optimizer, abstract=True):
    """The larger and the smaller of zeros of both signs, in both orders, as directions and in its slots."""

    slots: ClassVar = ("a", "b", "c", "d")
    lr: Hyper = 0.5
    low: Hyper = -0.0

    def direction(self, x, g, slots, h):
        found = maximum(g, -g), maximum(-g, g), minimum(g, h.low), minimum(h.low, g)
        return found[0] + found[2], found


def signs(run):
    """Return the bits of the points and of what the rule remembers."""
    return run.history.x.tobytes(), [np.asarray(slot).tobytes() for slot in run.state.slots]


@pytest.mark.parametrize(("a", "b"), PAIRS)
@pytest.mark.parametrize("function", [maximum, minimum])
def test_of_two_zeros_there_is_one_on_floats_and_on_arrays(function, a, b):
    assert np.copysign(1.0, function(a, b)) == 1.0
    for dtype, size in itertools.product((np.float64, np.float32), (1, 2, 3, 8, 33)):
        x, y = np.full(size, a, dtype), np.full(size, b, dtype)
        for found in (function(x, y), function(x, b), function(a, y), function(x[::2], y[::2])):
            assert found.dtype == dtype
            assert not np.signbit(found).any()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("x0", PAIRS, ids=str)
def test_the_engines_agree_on_zeros_to_the_last_bit(x0, engine):
    for rule in (
        Extremes(),
        FTRL(l1=0.0),
        FTRL(l1=0.1),
        ClipByValue(SGD(), 1.0),
    ):
        reference = minimize(BOWL, rule, x0, 5, engine="array")
        assert signs(minimize(BOWL, rule, x0, 5, engine=engine)) == signs(reference)


@pytest.mark.parametrize("rule", ELEMENTWISE, ids=name_of)
def test_so_does_every_rule_that_starts_at_zeros(rule):
    for engine in ("array", "auto"):
        runs = [minimize(BOWL, rule, x0, 4, engine=engine) for x0 in ([0.0, -0.0], [-0.0, 0.0])]
        if engine == "array":
            reference = [signs(run) for run in runs]
        assert [signs(run) for run in runs] == reference


@pytest.mark.parametrize("engine", ["array", "traced", COMPILED])
def test_and_so_do_the_blocks_of_a_huge_vector(engine):
    size = 2**18 + 5
    g, x = np.tile([0.0, -0.0, 1.0, -1.0], size // 4 + 1)[:size], np.zeros(size)
    rule = Extremes()
    _, state = large.step(rule, x, g, rule.init(x), engine=engine)
    for slot, expected in zip(
        state.slots, ([0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, -1], [0, 0, 0, -1]), strict=True
    ):
        assert slot[:4].tobytes() == np.array(expected, float).tobytes()


def test_a_batch_has_the_zeros_of_its_runs():
    starts = np.array(PAIRS)
    together = minimize(BOWL, Extremes(), starts, 5)
    for i, x0 in enumerate(starts):
        alone = minimize(BOWL, Extremes(), x0, 5, engine="array")
        assert together.history.x[:, i].tobytes() == alone.history.x.tobytes()
        assert [slot[i].tobytes() for slot in together.state.slots] == signs(alone)[1]
