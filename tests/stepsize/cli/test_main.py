"""The command line: what it prints, what it writes, and what it says to a bad word."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from stepsize.cli.main import main

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def strict_json(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def loaded_by(*words):
    """Return the modules that a command has loaded when it ends."""
    code = f"""
import sys
from stepsize.__main__ import main
sys.argv = ["stepsize", *{words!r}]
assert main() == 0
print(*sys.modules, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return {*done.stderr.split()}


def test_a_command_loads_what_it_needs():
    version = loaded_by("--version")
    assert "stepsize" in version
    assert not version & {"numpy", "argparse", "stepsize.cli.main", "optim"}
    listed = loaded_by("list")
    assert {"numpy", "optim.rules.sign", "schedules", "problems"} <= listed
    assert {name for name in listed if name.startswith("stepsize.cli.")} == {
        f"stepsize.cli.{name}" for name in ("arguments", "list", "main", "output", "words")
    }
    unneeded = {"numpy.random", "numpy.ma", "scipy", "matplotlib", "json", "webbrowser"}
    assert not listed & unneeded


def test_list_shows_every_class(capsys):
    from optim.dialects import variants
    from stepsize.core.record import Record, registered

    assert variants
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    ours = [
        cls
        for cls in registered(Record)
        if cls.__module__.split(".")[0] in ("optim", "schedules", "problems")
    ]
    hidden = [cls for cls in ours if cls.__module__.endswith("variants") and "dialects" in cls.__module__]
    assert len(hidden) == 16
    assert {cls for cls in ours if f"  {cls.__name__}(" not in out} == {*hidden}
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
    (["race", "parabola", "--steps", "-1"], "--steps: got -1, expected at least 1 update to race"),
    (["race", "--lr", "1"], "--lr: got it without a problem"),
    (["race", "parabola", "--out", "file"], "--out: got 'file', which is a file, expected a folder"),
    (["fly"], "COMMAND: got 'fly', expected one of race, "),
    (["rcae"], "COMMAND: got 'rcae', did you mean race?"),
    (["race", "--steps", "0"], "--steps: got it without a problem"),
    (["race", "parabola", "--steps", "0"], "--steps: got 0, expected at least 1 update to race"),
    (
        ["race", "parabola", "--lrr", "0.1"],
        "option: got '--lrr', did you mean --lr?; see stepsize race --help",
    ),
    (["race", "parabola", "--lrr=0.1"], "option: got '--lrr', did you mean --lr?; see stepsize race --help"),
    (["race", "parabola", "-lr", "0.1"], "option: got '-lr', did you mean --lr?"),
    (["find-lr", "parabola", "--optimiser", "SGD"], "option: got '--optimiser', did you mean --optimizer?"),
    (["gallery", "--chek"], "option: got '--chek', did you mean --check?; see stepsize gallery --help"),
    (["--versoin"], "option: got '--versoin', did you mean --version?; see stepsize --help"),
    (
        ["race", "parabola", "--zzz", "1"],
        "unrecognized arguments: --zzz 1; see stepsize race --help",
    ),
    (["race", "parabola", "bowl"], "unrecognized arguments: bowl; see stepsize race --help"),
    (["find-lr", "parabola", "--steps", "0"], "--steps: got 0, expected a whole number of at least 1"),
    (["find-lr", "parabola", "--seeds", "3"], "--seeds: got 3 for Parabola(), which has no randomness"),
    (["explore", "parabola", "--steps", "0"], "--steps: got 0, expected a whole number of at least 1"),
    (["find-lr", "parabola", "--x0", "1,2"], "stepsize: --x0: got the list [1.0, 2.0], expected 1 numbers"),
    (
        ["race", "parabola", "--steps", "many"],
        "--steps: got 'many', expected a whole number such as 100",
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
