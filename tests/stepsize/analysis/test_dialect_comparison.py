"""`stepsize dialects`: its numbers are computed, agree with recorded ones, and stand in the documentation."""

import importlib.util
import json
from types import SimpleNamespace

import numpy as np
import pytest

from stepsize.analysis.dialect_comparison import Comparison, compare, rates, shared_problem
from tests import GOLDEN, ROOT


def tool():
    spec = importlib.util.spec_from_file_location("dialects_tables", ROOT / "tools" / "dialects_tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_shared_trajectory_is_the_recorded_one():
    """The run that the command shows is the very one that the libraries were recorded on."""
    data = json.loads((GOLDEN / "keras.json").read_text())
    case = data["cases"]["sgd_momentum"]
    assert rates(0.05) == data["rates"][case["rates"]]
    (source,) = (s for s in compare("momentum").sources if s.entry.library == "keras")
    np.testing.assert_allclose(source.run.history.x, case["x"], rtol=0, atol=1e-13)


def test_the_shared_problem_has_its_minima_where_it_says():
    problem = shared_problem()
    for point in problem.minimizers:
        assert np.abs(problem.grad(np.array(point))).max() < 1e-14
    around = problem.fun(np.random.default_rng(0).normal(size=(10_000, 2)))
    assert around.min() >= problem.minimum


def test_first_steps_are_those_that_were_measured():
    """Measured in the libraries, at g = 1e-6: 9.09 in PyTorch, 0.0100 in Optax, 0.00316 in Keras."""
    first = {s.entry.call: s.first[1] for s in compare("rmsprop").sources}
    assert first["torch.RMSprop"] == pytest.approx(9.09090909, rel=1e-8)
    assert first["optax.rmsprop"] == pytest.approx(0.00999995, rel=1e-5)
    assert first["keras.RMSprop"] == pytest.approx(0.00316227608, rel=1e-8)


def test_sources_that_agree_are_grouped():
    groups = [[s.entry.library for s in group] for group in compare("momentum").groups()]
    assert groups == [["torch", "optax", "tf1", "d2l"], ["keras", "paper"]]


def test_the_page_of_dialects_is_what_is_computed_now():
    """If this fails: python tools/dialects_tables.py."""
    assert (ROOT / "docs" / "dialects.md").read_text(encoding="utf-8") == tool().page()


def test_a_first_step_is_one_along_gradients_of_1_and_of_a_millionth():
    """Plain descent goes as far as the gradient is long."""
    assert {source.first for source in compare("sgd").sources} == {(1.0, 1e-6)}


@pytest.mark.parametrize(("apart", "groups"), [(0.9995e-12, 1), (1.0005e-12, 2)])
def test_sources_agree_up_to_a_millionth_of_a_millionth(apart, groups):
    def source(x):
        return SimpleNamespace(run=SimpleNamespace(history=SimpleNamespace(x=np.array([[x, 1.0]]))))

    found = Comparison.groups(SimpleNamespace(sources=[source(0.0), source(apart)]))
    assert len(found) == groups
