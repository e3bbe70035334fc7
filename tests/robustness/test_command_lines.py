"""The door: a bad word is one sentence and exit 2, a defect says that it is one, an interrupt is one line."""

import os
import subprocess
import sys
import textwrap

import pytest

from stepsize.cli.main import main
from stepsize.cli.output import DEFECT, TRACEBACK
from stepsize.core.limits.sentences import is_sentence
from tests.robustness.refusals import ROOT, fuzz

RACE = ["race", "parabola", "--steps", "5", "--no-picture"]
OPTIMIZER = [*RACE, "--optimizer"]
WRONG = {
    "an integer beyond floats": ([*OPTIMIZER, "SGD(lr=10**400)"], "--optimizer: got a power"),
    "a list repeated": ([*OPTIMIZER, "SGD(lr=[0.1]*10**8)"], "at most 100000 items"),
    "a rate beyond floats": ([*RACE, "--lr", "1e400"], "--lr: got '1e400', expected a number such as 0.1"),
    "rates as a list": ([*RACE, "--lr", "[0.1,0.2]"], "or a schedule; several are given one by one"),
    "minus signs": ([*RACE, "--lr", "-" * 50_000 + "1"], "see stepsize race --help"),
    "minus signs for a problem": (["race", "-" * 50_000 + "1"], "unrecognized arguments"),
    "a formula of minus signs": (["race", "0" + "-" * 50_000 + "x"], "formula: got 50002 characters"),
    "floors": (["schedule", "Constant(1)" + ".floor(1e-4)" * 200], "at most 100 one inside the other"),
    "an argument twice": ([*OPTIMIZER, "SGD(lr=0.1, lr=0.2)"], "got 'lr' twice"),
    "optax": (
        [*OPTIMIZER, "optax.adam(optax.piecewise_constant_schedule(1, 3))"],
        "boundaries_and_scales: got 3",
    ),
    "too many steps": (["race", "parabola", "--steps", "1000000000000"], "of memory where"),
    "more steps than there are numbers": (
        ["race", "parabola", "--steps", "9" * 30],
        "at most 9007199254740992",
    ),
    "too many steps to tabulate": (
        ["schedule", "Linear(0.1, steps=10**12)"],
        "--steps: got 1250000000000 updates",
    ),
    "too many steps to find": (["find-lr", "parabola", "--steps", "1000000000000"], "of memory where"),
    "too many steps to search": (["linesearch", "parabola", "--steps", "1000000000000"], "of memory where"),
    "too many steps to explain": (
        ["explain", "SGD", "parabola", "--steps", "1000000000000"],
        "from 1 to 1000",
    ),
    "too many digits": (["explain", "SGD", "parabola", "--digits", "100"], "from 1 to 17"),
    "too many dimensions": (["race", "Rosenbrock(10**12)", "--steps", "5"], "dim: got 1000000000000"),
    "no steps": (["race", "parabola", "--steps", "0"], "expected at least 1 update to race"),
    "steps that are an expression": (["race", "parabola", "--steps", "10**12"], "expected a whole number"),
    "steps with an underscore": (
        ["race", "parabola", "--steps", "1_0"],
        "got '1_0', expected a whole number",
    ),
    "steps in other digits": (["race", "parabola", "--steps", "\u0661"], "expected a whole number"),
    "steps of 5000 digits": (["race", "parabola", "--steps", "9" * 5000], "expected a whole number"),
    "a tolerance below 0": ([*RACE, "--tol", "-1"], "--tol: got '-1', expected a number above 0"),
    "a tolerance that is none": ([*RACE, "--tol", "nan"], "--tol: got 'nan'"),
    "an infinite tolerance": ([*RACE, "--tol", "inf"], "--tol: got 'inf'"),
    "no name for a folder": (["race", "parabola", "--out", ""], "--out: got ''"),
    "blanks for a folder": (["race", "parabola", "--out", "  "], "--out: got '  '"),
    "a picture for a folder": (
        ["race", "parabola", "--out", "a.png"],
        "--out: got 'a.png', the name of a file",
    ),
    "NUL in a folder": (["race", "parabola", "--out", "a\x00b"], "--out: got 'a\\x00b'"),
    "no name for a file": (["explain", "SGD", "parabola", "--out", ""], "--out: got ''"),
    "a start with an underscore": ([*RACE, "--x0", "1_0"], "--x0: got '1_0'"),
    "a start in other digits": ([*RACE, "--x0", "\u0661"], "--x0: got '\u0661'"),
    "a start of nonsense": ([*RACE, "--x0", "nonsense"], "--x0: got 'nonsense'"),
    "an endless start": ([*RACE, "--x0", "1," * 5000 + "x"], "expected numbers with commas"),
    "dots that are none": ([*RACE, "--dpi", "1_00"], "--dpi: got '1_00'"),
    "a size that is none": (["race", "parabola", "--size", "1_0x2"], "--size: got '1_0x2'"),
    "characters that a terminal acts on": (["race", "\x1b[31mred\n"], "got '\\x1b[31mred'"),
}


def said_by(words, capsys):
    """Return the exit code and what stands on standard error, of which nothing is a traceback."""
    try:
        code = main(words)
    except SystemExit as stop:
        code = stop.code
    told = capsys.readouterr().err
    assert "Traceback" not in told
    return code, told


@pytest.mark.parametrize(("words", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_a_bad_word_gets_one_sentence(words, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, told = said_by(words, capsys)
    assert code == 2
    assert sentence in told
    assert told.startswith("stepsize: ")
    assert told.count("\n") == 1
    assert told.rstrip("\n").isprintable()
    assert len(told) < 800
    assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_a_folder_that_is_called_like_a_picture_is_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").mkdir()
    assert main([*RACE[:4], "--out", "a.png"]) == 0
    assert [p.name for p in (tmp_path / "a.png").iterdir()] == ["parabola.png"]


def test_a_defect_says_that_it_is_one_and_how_to_report_it(monkeypatch, capsys):
    def broken(*_):
        return {}["nothing"]

    monkeypatch.setattr("stepsize.cli.race.read_problem", broken)
    monkeypatch.delenv(TRACEBACK, raising=False)
    code, told = said_by(RACE, capsys)
    assert code == DEFECT == 70
    assert told.count("\n") == 1
    assert "a defect of stepsize" in told
    assert "KeyError: 'nothing'" in told
    assert f"{TRACEBACK}=1" in told
    monkeypatch.setenv(TRACEBACK, "1")
    assert main(RACE) == DEFECT
    told = capsys.readouterr().err
    assert "Traceback (most recent call last)" in told
    assert "in broken" in told


@pytest.mark.parametrize("error", [ValueError("operands"), TypeError("unsupported operand")])
def test_another_librarys_raw_error_is_no_sentence_on_the_input(error, monkeypatch, capsys):
    def raw(*_):
        raise error

    monkeypatch.setattr("stepsize.cli.race.read_problem", raw)
    code, told = said_by(RACE, capsys)
    assert code == DEFECT
    assert str(error) in told


def test_too_little_memory_is_a_sentence(monkeypatch, capsys):
    def greedy(*_):
        raise MemoryError

    monkeypatch.setattr("stepsize.cli.race.read_problem", greedy)
    assert said_by(RACE, capsys) == (
        2,
        "stepsize: there is too little memory for this, expected fewer steps, dimensions or runs\n",
    )


def test_a_sentence_is_what_our_own_text_raises():
    def caught(call):
        try:
            call()
        except Exception as error:
            return is_sentence(error)

    import numpy as np

    from schedules import Constant

    assert caught(lambda: Constant("x")) is True
    assert caught(lambda: Constant(1.0)(-1)) is True
    assert caught(lambda: np.zeros(2) + np.zeros(3)) is False
    assert caught(lambda: int("x")) is False
    assert is_sentence(ValueError("never raised")) is False


INTERRUPTED = """
import os, signal, sys

class Interrupt:
    # Finds no module: it interrupts when a certain one is looked for.
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
from stepsize.__main__ import main
sys.argv = ["stepsize", "race", "parabola", "--steps", "5", "--no-picture"]
sys.exit(main())
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are sent another way")
@pytest.mark.parametrize(
    "module",
    [
        "argparse",
        "numpy",
        "numpy.linalg",
        "stepsize.cli.race",
        "problems.problem",
        "stepsize.experiments.race",
    ],
)
def test_an_interrupt_while_modules_are_loaded_is_one_line(module):
    script = textwrap.dedent(INTERRUPTED).format(module=module)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr.strip() == "stepsize: interrupted"
    # 130, or dead of the signal, which a shell calls 130 as well.
    assert done.returncode in (130, -2)
    assert done.stdout == ""


def test_a_sample_of_the_fuzzed_command_lines():
    fuzz("commands", 300, seed=14)
