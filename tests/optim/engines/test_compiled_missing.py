"""Without the compiler: nothing is missed but the engine that is asked for by its name."""

import re

import numpy as np
import pytest

from optim import SGD, minimize
from optim.engines import step
from optim.sweep import sweep
from problems import Parabola

WORDS = re.escape(
    "engine: got the str 'compiled', expected array, because compiled cannot make this run: llvmlite is not "
    "installed; pip install 'stepsize[fast]'"
)


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch):
    monkeypatch.setattr("optim.engines.compiled.llvm.is_installed", lambda: False)
    monkeypatch.setattr("optim.engines.compiled.choice.is_installed", lambda: False)
    monkeypatch.setattr("optim.engines.PAYS", 1)
    monkeypatch.setattr("optim.sweep.PAYS", 1)
    monkeypatch.setattr("optim.engines.large.COMPILING_PAYS", 1)


def test_who_asks_for_the_compiled_engine_is_told_what_to_install():
    rates = np.array([[0.25], [0.5]])
    x = np.ones(8)
    for ask in (
        lambda: minimize(Parabola(), SGD(lr=0.25), steps=2, engine="compiled"),
        lambda: minimize(Parabola(), SGD(lr=rates), steps=2, engine="compiled"),
        lambda: sweep(Parabola(), SGD(lr=rates), steps=2, engine="compiled"),
        lambda: step(SGD(lr=0.25), x, x, SGD(lr=0.25).init(x), engine="compiled"),
    ):
        with pytest.raises(ValueError, match=WORDS):
            ask()


def test_who_does_not_ask_gets_the_run():
    """x is multiplied by 1 - 2 lr."""
    assert minimize(Parabola(), SGD(lr=0.25), steps=2).x.tolist() == [2.5]
    rates = np.array([[0.25], [0.5]])
    assert minimize(Parabola(), SGD(lr=rates), steps=2).x.tolist() == [[2.5], [0.0]]
    assert sweep(Parabola(), SGD(lr=rates), steps=2).x.tolist() == [[2.5], [0.0]]
    x = np.ones(8)
    assert step(SGD(lr=0.25), x, x, SGD(lr=0.25).init(x))[0].tolist() == [0.75] * 8
