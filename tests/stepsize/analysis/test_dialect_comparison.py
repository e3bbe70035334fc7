"""`stepsize dialects`: its numbers are computed, agree with recorded ones, and stand in the documentation."""

import importlib.util
import json
from types import SimpleNamespace

import numpy as np
import pytest

import stepsize as ss
from optim.dialects import family
from stepsize.analysis import dialect_comparison
from stepsize.analysis.dialect_comparison import (
    Comparison,
    compare,
    first_steps,
    markdown,
    rates,
    shared_problem,
)
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
    assert [np.sign(point).tolist() for point in problem.minimizers] == [[1.0, -1.0], [-1.0, 1.0]]
    assert problem.formula == "a^4/4 + a b + (1 + a^2) b^2"
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


@pytest.mark.parametrize(("apart", "groups"), [(0.9995e-12, 1), (1e-12, 1), (1.0005e-12, 2)])
def test_sources_agree_up_to_a_millionth_of_a_millionth(apart, groups):
    def source(x):
        return SimpleNamespace(run=SimpleNamespace(history=SimpleNamespace(x=np.array([[x, 1.0]]))))

    found = Comparison.groups(SimpleNamespace(sources=[source(0.0), source(apart)]))
    assert len(found) == groups


def test_what_a_source_says_of_itself_is_json():
    """PyTorch keeps eps outside the root, Optax inside: 1 / sqrt(0.01) and 1 / sqrt(0.1) are first steps."""
    told = compare("rmsprop").to_dict()
    assert {name: told[name] for name in ("family", "function", "start", "rates")} == {
        "family": "rmsprop",
        "function": "a^4/4 + a b + (1 + a^2) b^2",
        "start": [1.2, -0.8],
        "rates": rates(0.03),
    }
    torch, keras, optax = told["sources"][:3]
    assert list(torch) == [
        *("call", "library", "defaults", "own_way", "defect"),
        *("optimizer", "first_step", "end", "distance"),
    ]
    assert (torch["call"], torch["library"], torch["own_way"]) == (
        "torch.RMSprop()",
        "torch",
        "eps outside the root; decay 0.99",
    )
    assert torch["defaults"]["alpha"] == 0.99
    assert "learning_rate" in family("rmsprop")[2][0].defaults
    assert "learning_rate" not in optax["defaults"], "it has no default"
    assert torch["defect"].startswith("Centered under a steady gradient")
    assert keras["defect"] is None
    assert torch["optimizer"] == "RMSprop(lr=1.0, rho=0.99, eps_inside=False)"
    assert torch["first_step"] == pytest.approx({"1": 10.0, "1e-06": 1e-6 / (1e-7 + 1e-8)}, rel=1e-6)
    ends = [np.array(source["end"]) for source in (torch, keras)]
    np.testing.assert_allclose(ends[0], compare("rmsprop").sources[0].run.x, rtol=0, atol=0)
    assert torch["distance"] == 0.0
    assert keras["distance"] == pytest.approx(np.hypot(*(ends[1] - ends[0])), rel=1e-12)
    (with_momentum, *_) = compare("rmsprop with momentum").to_dict()["sources"]
    assert with_momentum["call"] == "torch.RMSprop(momentum=0.9)"
    assert with_momentum["optimizer"] == "WithMomentum(RMSprop(lr=1.0, rho=0.99, eps_inside=False))"
    json.dumps(told, allow_nan=False)


def test_sources_are_compared_as_long_as_both_run(monkeypatch):
    """At this rate PyTorch's momentum is lost after 13 updates, and Keras' is not."""
    monkeypatch.setitem(dialect_comparison.RATES, "momentum", 0.407)
    torch, keras = compare("momentum").sources[:2]
    lost, whole = torch.run.history.x, keras.run.history.x
    assert len(lost) < len(whole) == 51
    assert len(keras.distance) == len(lost)
    assert keras.distance[1] == pytest.approx(np.hypot(*(whole[1] - lost[1])), abs=1e-15)
    last = np.hypot(*(whole[len(lost) - 1] - lost[-1]))
    assert keras.to_dict()["distance"] == pytest.approx(last, rel=1e-12)


def test_a_slope_is_the_same_everywhere():
    slope = dialect_comparison._slope(1e-6)
    assert (slope.grad(np.array([3.0])).tolist(), float(slope.fun(np.array([3.0])))) == ([1e-6], 3e-6)


def test_a_step_of_nothing_has_no_sign():
    entry, use = family("sophia")[0]
    for rule in (ss.SGD(lr=0.0), entry.at_rate(0.0, use)):
        assert [str(step) for step in first_steps(rule)] == ["0.0", "0.0"]


def test_the_page_of_one_family_has_that_alone():
    assert [line for line in markdown(["sgd"]).splitlines() if line.startswith("#")] == ["### sgd"]
