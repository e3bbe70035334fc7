"""`stepsize race`: tables, pictures, films."""

import json

import pytest

from stepsize.cli.main import main
from tests.stepsize.draw.helpers import frames_of


def test_the_command_films_a_race(tmp_path, capsys):
    words = ["race", "parabola", "--lr", "0.05", "--lr", "0.2", "--lr", "1.1", "--steps", "20", "--dpi", "50"]
    assert main([*words, "--animate", "--out", str(tmp_path)]) == 0
    assert "parabola-film.gif" in capsys.readouterr().out
    assert len(frames_of(tmp_path / "parabola-film.gif")) == 21
    assert main([*words, "--animate", "--no-picture"]) == 2
    assert "--animate: got it with --no-picture" in capsys.readouterr().err


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def strict_json(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_the_main_job(tmp_path, capsys):
    """Seven optimizers on three problems; each has a rate that settles, and there are rates that teach."""
    assert main(["race", "--json", "--out", "pictures"]) == 0
    told = strict_json(capsys.readouterr().out)
    assert [r["name"] for r in told["races"]] == ["bowl", "rosenbrock", "breast-cancer"]
    seven = {"SGD", "Momentum", "Nesterov", "Adagrad", "Adadelta", "RMSprop", "Adam"}
    for race in told["races"]:
        runs = race["runs"]
        assert {run["optimizer"]["class"] for run in runs} == seven
        settles = {run["optimizer"]["class"] for run in runs if run["settled"] is not None}
        assert settles == seven, f"{race['name']}: no rate settles for {seven - settles}"
        for run in runs:
            if run["settled"] is None:
                assert run["verdict"] in ("still crawling", "bouncing", "diverged", "stuck above the minimum")
            else:
                assert run["error"] <= race["tol"]
    verdicts = {run["verdict"].partition(",")[0] for race in told["races"] for run in race["runs"]}
    assert verdicts >= {"settled", "still crawling", "bouncing", "diverged"}
    bowl = {(run["optimizer"]["class"], run["lr"]): run for run in told["races"][0]["runs"]}
    assert bowl["SGD", "0.105 > 2/L"]["verdict"] == "diverged"
    assert bowl["SGD", "0.0952 = 2/(L+mu)"]["overshoot"] == 1.0
    assert bowl["SGD", "0.01"]["overshoot"] == 0.0
    pictures = sorted(p.name for p in (tmp_path / "pictures").iterdir())
    assert pictures == ["bowl.png", "breast-cancer.png", "rosenbrock.png"]
    for name in pictures:
        data = (tmp_path / "pictures" / name).read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        assert len(data) > 50_000


def test_a_race_of_ones_own(tmp_path, capsys):
    words = [
        "race",
        "rosenbrock",
        "--optimizer",
        "Adam(lr=0.02)",
        "--optimizer",
        "SGD(lr=StepDecay(0.002, 0.5, 500))",
    ]
    assert main([*words, "--steps", "200", "--x0", "-1.2,1", "--out", "here"]) == 0
    out = capsys.readouterr().out
    assert "100 (x2 - x1^2)^2 + (1 - x1)^2 from (-1.2, 1)" in out
    assert "still crawling" in out
    assert (tmp_path / "here" / "rosenbrock.png").exists()


def test_three_rates_of_one_rule(capsys):
    words = [
        "race",
        "parabola",
        "--optimizer",
        "SGD",
        "--lr",
        "0.05",
        "--lr",
        "0.2",
        "--lr",
        "1.1",
        "--steps",
        "40",
    ]
    assert main([*words, "--tol", "1e-6"]) == 0
    theory, *lines = capsys.readouterr().out.splitlines()
    assert theory == "theory: SGD(lr=1.1): lr 1.1 > 2/L = 1: will diverge", "said before it runs"
    assert [line.split()[-1] for line in lines[2:5]] == ["crawling", "settled", "diverged"]
    assert "1.1 > 2/L" in lines[4]


def test_pictures_are_never_written_over(tmp_path):
    words = ["race", "parabola", "--lr", "0.2", "--steps", "5"]
    for _ in range(2):
        assert main([*words, "--out", "same"]) == 0
        assert main(words) == 0
    assert sorted(p.name for p in (tmp_path / "same").iterdir()) == ["parabola-2.png", "parabola.png"]
    assert len(list(tmp_path.glob("stepsize-*"))) == 2
    assert not list(tmp_path.rglob("*.partial"))


def test_race_takes_searches_too(capsys):
    words = ["race", "rosenbrock", "--lr", "Armijo(growth=2)", "--lr", "StrongWolfe(first='decrease')"]
    assert main([*words, "--steps", "20", "--no-picture"]) == 0
    assert "Armijo(growth=2)" in capsys.readouterr().out
    assert main(["race", "rosenbrock", "--lr", "Adam"]) == 2
    assert "expected a number, schedule, feedback rate or line search" in capsys.readouterr().err
