"""`stepsize linesearch`: tables, pictures, and what it refuses."""

import json

import pytest

from stepsize.cli.main import main


def test_the_command(tmp_path, capsys):
    words = ["linesearch", "breast-cancer", "--search", "GOLSI()", "--search", "SLS", "--optimizer", "SGD"]
    assert main([*words, "--batch", "50", "--steps", "30", "--out", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["search"] for row in told["runs"]] == ["GOLSI()", "SLS()"]
    for row in told["runs"]:
        assert sum(row["status"].values()) == row["updates"] == 30
        assert row["loss"] < 0.5
    assert (tmp_path / "linesearch.png").stat().st_size > 50_000


def test_the_command_says_when_the_sampling_does_not_suit(capsys):
    words = ["linesearch", "breast-cancer", "--search", "PAL", "--batch", "50", "--sampling", "dynamic"]
    assert main([*words, "--steps", "5", "--no-picture"]) == 0
    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert told.err.startswith("stepsize: lr: PAL assumes 'static' sampling, got 'dynamic' mini-batches")
    assert "PAL()" in told.out


BAD = [
    (
        ["rosenbrock", "--search", "Adam"],
        "--search: got 'Adam', which is an optimizer, expected a line search",
    ),
    (["rosenbrock", "--search", "Armijo(c1=2)"], "--search: c1: got 2.0, expected a finite number above 0"),
    (["rosenbrock", "--optimizer", "Armijo"], "--optimizer: got 'Armijo', expected an optimizer"),
    (["rosenbrock", "--sampling", "static"], "--sampling: got 'static' without --batch"),
    (["rosenbrock", "--batch", "5"], "--batch: got Rosenbrock(), expected a finite sum"),
    (["breast-cancer", "--batch", "0"], "--batch: size: got 0, expected a whole number"),
    (
        ["rosenbrock", "--steps", "5", "--update", "5"],
        "--update: got 5, expected one of the updates from 0 to 4",
    ),
]


@pytest.mark.parametrize(("words", "sentence"), BAD, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_a_bad_word_gets_one_sentence(words, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["linesearch", *words]) == 2
    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert told.err.startswith(f"stepsize: {sentence}")
    assert list(tmp_path.iterdir()) == []
