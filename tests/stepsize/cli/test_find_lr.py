"""`stepsize find-lr`: the numbers of theory, and the finders beside them."""

import pytest

from stepsize.cli.main import main


def test_the_command_finds_and_compares(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["find-lr", "Quadratic([1, 10])", "--steps", "60", "--json", "--out", "here"]) == 0
    import json

    told = json.loads(capsys.readouterr().out)
    assert told["edge"] == pytest.approx(0.2, rel=1e-3)
    assert told["theory"]["edge 2/L"] == pytest.approx(0.2)
    assert told["ramps"]["lengths"] == [50, 100, 300, 1000]
    assert (tmp_path / told["picture"]).stat().st_size > 10_000
    assert main(["find-lr", "parabola", "--optimizer", "Adam", "--steps", "20", "--no-picture"]) == 0
    out = capsys.readouterr().out
    assert "torch-lr-finder" in out
    assert "from there on the loss ends above its start" in out
    assert main(["find-lr", "parabola", "--optimizer", "SGD(lr=Armijo)", "--no-picture"]) == 2
    assert "whose rate is a feedback step size" in capsys.readouterr().err
