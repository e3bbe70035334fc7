"""What an engine runs can be read."""

import numpy as np
import pytest

from optim import BFGS, SGD, Adam, Momentum, SignSGD
from optim.engines import engine_source
from problems import Parabola, Quadratic, Rosenbrock
from tests.optim.engines.rules import COMPILED, needs_compiler


def test_the_array_engine_runs_the_rule_as_it_stands():
    text = engine_source(Parabola(), Momentum(lr=0.1), engine="array")
    assert text.startswith("def direction(self, x, g, slots, h):") or "def direction(" in text
    assert "h.momentum * m" in text


def test_floats_run_one_line_an_operation_and_coordinate():
    text = engine_source(Parabola(), SGD(lr=0.25), engine="floats")
    assert text.startswith("def updates(rows, columns, x0, g0, n0):\n    for _ in columns:\n")
    assert "a0_2 = n0 * g0" in text


@pytest.mark.parametrize("x0", [None, [[1.0], [2.0]]])
def test_the_traced_engine_runs_calls_of_numpy(x0):
    """(1 - beta1) g in Adam's first line; m / (1 - beta1^t)."""
    text = engine_source(Parabola(), Adam(lr=0.1), x0, engine="traced")
    assert "multiply(1 - beta1, g)" in text
    assert "= true_divide(m', 1 - (beta1 ** t))" in text or "= divide(m', 1 - (beta1 ** t))" in text
    assert "x' = subtract(x, " in text.splitlines()[-1]


@needs_compiler
@pytest.mark.parametrize(("x0", "kind"), [(None, "double"), ([[-1.2, 1.0]] * 3, "<32 x double>")])
def test_the_compiled_engine_runs_llvm_s_language(x0, kind):
    text = engine_source(Rosenbrock(), SGD(lr=1e-3), x0)
    assert text.startswith("define i64 @updates(i64 %low, i64 %high,")
    assert f"fmul {kind}" in text
    assert "fast" not in text


@pytest.mark.parametrize("engine", ["floats", "traced", COMPILED])
def test_what_an_engine_cannot_run_has_no_text(engine):
    with pytest.raises(ValueError, match=r"engine: got|which cannot be traced"):
        engine_source(Quadratic([[2.0, 1.0], [1.0, 2.0]]), BFGS(), engine=engine)
    with pytest.raises(ValueError, match="engine: got the str 'fast', expected one of array, floats, traced"):
        engine_source(Parabola(), SignSGD(lr=0.1), np.ones(1), engine="fast")
