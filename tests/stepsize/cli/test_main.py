"""The command line: what it prints, what it writes, and what it says to a bad word."""

import io
import json
import sys

import pytest

from stepsize.cli.main import main


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


def test_list_shows_every_class(capsys):
    from stepsize.core.record import Record, registered

    assert main(["list"]) == 0
    out = capsys.readouterr().out
    ours = [
        cls
        for cls in registered(Record)
        if cls.__module__.split(".")[0] in ("optim", "schedules", "problems")
    ]
    assert all(f"  {cls.__name__}(" in out for cls in ours)
    assert main(["list", "optimizers", "--json"]) == 0
    told = strict_json(capsys.readouterr().out)
    adam = next(row for row in told["optimizers"] if row["name"] == "Adam")
    assert adam["parameters"].startswith("lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08")


def test_bare_command_and_version(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out.count("\n  stepsize ") == 5
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("stepsize 0.1.0")


BAD = [
    (["race", "rosenbruck"], "problem: got the unknown name 'rosenbruck', did you mean Rosenbrock?"),
    (["race", "adam"], "problem: got 'adam', which is an optimizer, expected a problem"),
    (
        ["race", "parabola", "--optimizer", "Adm(lr=1)"],
        "--optimizer: got the unknown name 'Adm', did you mean Adam?",
    ),
    (
        ["race", "parabola", "--optimizer", "SGD(lr=-1)"],
        "--optimizer: lr: got -1.0, expected a finite number",
    ),
    (
        ["race", "parabola", "--optimizer", "SGD(rate=1)"],
        "got the parameter 'rate' of SGD in 'SGD(rate=1)', but it has lr",
    ),
    (["race", "parabola", "--lr", "StepDecay"], "--lr: got StepDecay without lr and factor and every"),
    (["race", "parabola", "--optimizer", "SGD(1, 2)"], "got 2 values for SGD in 'SGD(1, 2)', but it has lr"),
    (["race", "parabola", "--optimizer", "().__class__"], "expected names, numbers, lists and calls only"),
    (
        ["race", "parabola", "--optimizer", "__import__('os').system('x')"],
        "got the unknown name '__import__'",
    ),
    (["race", "parabola", "--lr", "fast"], "--lr: got the unknown name 'fast'"),
    (["race", "parabola", "--lr", "nan"], "lr: got nan, expected a number"),
    (["race", "parabola", "--x0", "1,b"], "--x0: got '1,b', expected numbers with commas"),
    (["race", "parabola", "--x0", "1,2"], "x0: got shape (2,), expected 1 numbers"),
    (["race", "parabola", "--steps", "-1"], "steps: got -1, expected a whole number of at least 0"),
    (["race", "--lr", "1"], "--lr: got it without a problem"),
    (["race", "parabola", "--out", "file"], "--out: got 'file', which is a file, expected a folder"),
    (["fly"], "invalid choice: 'fly'"),
    (
        ["race", "parabola", "--steps", "many"],
        "argument --steps: got 'many', expected a whole number such as 100",
    ),
]


@pytest.mark.parametrize(("words", "sentence"), BAD, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_a_bad_word_gets_one_sentence_and_exit_code_2(words, sentence, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    try:
        code = main(words)
    except SystemExit as stop:
        code = stop.code
    told = capsys.readouterr()
    assert code == 2
    assert told.err.count("\n") == 1, told.err
    assert told.err.startswith("stepsize: ")
    assert sentence in told.err
    assert "Traceback" not in told.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file"], "nothing is left behind"


def test_a_terminal_without_utf8_gets_ascii(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", errors="strict"))
    assert main(["race", "parabola", "--lr", "0.2", "--steps", "5", "--no-picture"]) == 0
    sys.stdout.flush()
    assert b"settled" in raw.getvalue()
