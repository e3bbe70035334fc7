"""What the lines of a rule are called: several names at once, pieces, results of methods, averages."""

import numpy as np
import pytest

import stepsize as ss
from optim import Hyper, Optimizer

TURNED = True


def test_several_names_at_once_pieces_and_names_of_the_module(monkeypatch):
    """What only passes on, or is what it was, is not told; what stands beside it is."""
    monkeypatch.setattr("stepsize.core.record._REGISTRY", {})

    class Several(Optimizer):
        slots = ("m",)
        lr: Hyper = 0.5

        def twice(self, g):
            return g * 2

        def thrice(self, g):
            return g * 3

        def direction(self, x, g, slots, h):
            (m,) = slots
            m = m + g
            m[...] += 1.0
            double, more = self.twice(g), g + 1
            m, less = m, g - 1
            none, triple = g * 0, self.thrice(g)
            m[:1], none[:1] = m[:1], g[:1]
            g = -g if TURNED else g
            sizes = np.array([v if v > 0 else -v for v in g])
            return double + more + less + sizes + m + none + triple, (m,)

    (step,) = ss.explain(ss.minimize(ss.Parabola(start=1.0), Several(), steps=1)).steps
    assert [(line.name, np.asarray(line.value).tolist()) for line in step.lines if line.name != "sizes"] == [
        ("m", [2.0]), ("double", [4.0]), ("more", [3.0]), ("less", [1.0]),
        ("triple", [6.0]), ("none", [0.0]), ("g", [-2.0]), ("d", [21.0]), ("x", [-9.5]),
    ]  # fmt: skip


@pytest.mark.parametrize("wrapper", [ss.PolyakRuppert, ss.SWA, ss.EMA])
def test_an_average_has_lines_of_its_own_and_none_for_the_point_that_it_is_given(wrapper):
    text = ss.explain(ss.minimize(ss.Parabola(), wrapper(ss.Momentum(lr=0.1)), steps=2), 2).text()
    assert "output <-" not in text
    assert text.index("  Momentum:") < text.index(f"  {wrapper.__name__}:")
