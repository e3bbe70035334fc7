"""`stepsize dialects`: its numbers are computed, agree with recorded ones, and stand in the documentation."""

import importlib.util
import json

import numpy as np
import pytest

from optim.dialects import families
from stepsize import draw
from stepsize.analysis.dialect_comparison import compare, rates, shared_problem
from stepsize.cli.main import main
from stepsize.draw import dialects
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


@pytest.mark.parametrize("name", families())
def test_every_rule_is_compared_and_described(name, capsys):
    assert main(["dialects", name, "--no-picture"]) == 0
    out = capsys.readouterr().out
    comparison = compare(name)
    for source in comparison.sources:
        assert source.call in out
        assert source.use.says in out
        assert len(source.run.history.x) == 51


@pytest.mark.parametrize("name", ["adam", "adadelta", "damped momentum", "rprop", "prodigy"])
def test_rules_are_drawn_whatever_their_size_and_number(name, tmp_path, capsys):
    """Among them one alone, one that goes uphill, and one whose first step does not know the gradient."""
    assert main(["dialects", name, "--out", str(tmp_path)]) == 0
    (picture,) = tmp_path.glob("dialects-*.png")
    assert str(picture) in capsys.readouterr().out
    assert picture.stat().st_size > 20_000


def test_the_picture_has_a_line_for_each_group():
    comparison = compare("nadam")
    picture = dialects.trajectory_distance(comparison)
    paths, distances, steps = picture.axes
    assert len(distances.lines) == len(comparison.groups()) == 4
    assert len(steps.lines) == len(comparison.sources)
    assert paths.get_title(loc="left") == "nadam"
    assert draw.COLORS[0] == distances.lines[0].get_color()


def test_json_has_everything_and_is_standard(capsys):
    assert main(["dialects", "adam", "--no-picture", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    libraries = [s["library"] for s in data["sources"]]
    assert libraries == ["torch", "keras", "optax", "tf1", "d2l", "paper", "paper"]
    keras = data["sources"][1]
    assert keras["first_step"]["1e-06"] == pytest.approx(0.240253073, rel=1e-8)
    assert keras["optimizer"] == "Adam(lr=1.0, eps=1e-07, eps_hat=True)"
    assert keras["defaults"]["epsilon"] == 1e-7


def test_the_list_names_every_rule(capsys):
    assert main(["dialects"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in families())
    assert main(["dialects", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["rules"]) == set(families())


def test_an_unknown_rule_gets_one_sentence(capsys):
    assert main(["dialects", "adma"]) == 2
    assert "family: got 'adma', did you mean adam" in capsys.readouterr().err


def test_the_page_of_dialects_is_what_is_computed_now():
    """If this fails: python tools/dialects_tables.py."""
    assert (ROOT / "docs" / "dialects.md").read_text(encoding="utf-8") == tool().page()
