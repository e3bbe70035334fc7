"""`stepsize dialects`: every rule compared, drawn and listed."""

import json

import pytest

from optim.dialects import families
from stepsize.analysis.dialect_comparison import compare
from stepsize.cli.main import main


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
