"""Names that are printed are names that are taken; numbers are numbers; formulas are problems everywhere."""

import re

import numpy as np
import pytest

import stepsize as ss
from optim import Optimizer
from problems import Formula, Problem
from schedules import LineSearch, Schedule
from stepsize import gallery
from stepsize.cli.list import catalogue
from stepsize.cli.main import main
from stepsize.core.record import Record, registered
from stepsize.experiments.default_races import DEFAULT_RACES
from stepsize.parsing import demo_of, load_registry, named, parse_problem

load_registry()


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def dresses(name):
    """A class's name as people type it."""
    kebab = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    return {name, name.lower(), name.upper(), kebab.lower(), kebab.lower().replace("-", "_")}


def wraps_a_function(cls):
    return any(callable(v) and not isinstance(v, Record) for v in demo_of(cls).values())


KINDS = {"problems": Problem, "optimizers": Optimizer, "schedules": Schedule, "searches": LineSearch}
PRINTED = [(kind, row["name"]) for kind, rows in catalogue().items() for row in rows if kind in KINDS]


@pytest.mark.parametrize(("kind", "name"), PRINTED, ids=[name for _, name in PRINTED])
def test_every_name_that_list_prints_is_taken_in_any_dress(kind, name):
    cls = next(cls for cls in registered(KINDS[kind]) if cls.__name__ == name)
    for word in dresses(name):
        found = named(word, KINDS[kind])
        if wraps_a_function(cls):
            assert found is None, "a function cannot be typed"
        else:
            assert type(found) is cls
        if kind == "problems" and found is not None:
            assert parse_problem(word) == found


@pytest.mark.parametrize("show", DEFAULT_RACES, ids=lambda show: show.name)
def test_the_races_of_the_main_job_are_taken_by_name(show, capsys):
    assert parse_problem(show.name) == parse_problem(show.problem)
    for word in (show.name, show.name.upper()):
        assert main(["race", word, "--steps", "3", "--no-picture"]) == 0
        assert parse_problem(show.problem).formula in capsys.readouterr().out


def defaults():
    for cls in registered(Problem):
        try:
            yield cls()
        except TypeError:
            continue  # it needs parameters


@pytest.mark.parametrize("problem", list(defaults()), ids=lambda p: type(p).__name__)
def test_what_a_race_prints_of_a_problem_is_taken(problem):
    """As the problem itself, or as a formula with its values."""
    found = parse_problem(problem.formula)
    if found != problem:
        x = np.array(problem.x0) + np.random.default_rng(0).uniform(0, 1, (5, problem.dim))
        if isinstance(found, Formula):
            assert found.dim == problem.dim
            np.testing.assert_allclose(found.fun(x), problem.fun(x), rtol=1e-3)  # coefficients are rounded
        else:
            assert found.formula == problem.formula


def test_names_of_figures_in_any_dress(capsys):
    known = list(gallery.catalogue())
    for name in (known[0], known[0].upper(), known[0].replace("-", "_")):
        assert main(["gallery", name, "--check"]) == 0
        assert f"{known[0]} " in capsys.readouterr().out
    assert main(["gallery", "GohMomentumMap", "--check"]) == 0


def test_names_of_schedules_in_any_dress(capsys):
    for name in ("StepDecay", "step-decay", "STEP_DECAY", "cosine"):
        assert main(["schedule", name, "--no-picture"]) == 0
    assert "StepDecay(0.1, 0.5, 10)" in capsys.readouterr().out
    assert main(["race", "parabola", "--optimizer", "rms-prop", "--steps", "2", "--no-picture"]) == 0
    assert main(["linesearch", "parabola", "--search", "strong-wolfe", "--steps", "2", "--no-picture"]) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["race", "x**2 + 3*y**2", "--x0", "-5,-2", "--optimizer", "SGD", "--lr", "0.1"],
        ["race", "-x + exp(x)", "--optimizer", "Adam(lr=0.1)"],
        ["race", "-(1 - x)*y + x^2 + y^2"],
        ["race", "log(1+exp(-x)) + 0.1*x**2"],
        ["race", "(x1^2 + 20 x2^2)/2", "--steps", "20"],
        ["race", "log(x - 50)", "--x0", "60"],
        ["race", "exp(x^2)", "--x0", "20", "--steps", "5"],
        ["race", "x-y + x^2 + y^2"],
        ["race", "Formula('x**2')"],
        ["find-lr", "x**2 + 3*y**2", "--x0", "-5,-2", "--steps", "20"],
        ["linesearch", "log(1 + exp(-x)) + 0.1*x**2", "--x0", "-4", "--search", "Armijo", "--steps", "5"],
    ],
    ids=" ".join,
)
def test_formulas_serve_every_command(words, capsys):
    assert main([*words, "--no-picture"]) == 0
    assert capsys.readouterr().err == ""


def test_a_formula_is_explained(capsys):
    assert main(["explain", "SGD(lr=0.1)", "x**2 + 3*y**2", "--x0", "-5,-2"]) == 0
    told = capsys.readouterr().out
    assert "g = grad f(x) = (-10, -12)" in told
    assert main(["race", "x**2 + 3*y**2", "--x0", "-5,-2", "--steps", "3", "--no-picture"]) == 0
    told = capsys.readouterr().out
    assert "x^2 + 3*y^2 from (x, y) = (-5, -2)" in told
    assert "2/L = 0.333" in told
    assert "gradient (2*x, 6*y)" in told


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["race", "x**2 + sine(y)"],
            "formula: got the unknown name 'sine' in 'x**2 + sine(y)', did you mean sin?",
        ),
        (["race", "x.__class__"], "formula: got an attribute"),
        (["race", "x**2", "--x0", "1,2"], "--x0: got 2 numbers, expected 1, for x"),
        (["race", "log(x - 50)"], "--x0: got none, and log(x - 50) is not finite at the customary starts"),
        (["race", "3 + 4"], "expected at least one variable"),
        (["race", ""], "problem: got ''"),
        (["race", "1/x", "--x0", "0"], "where fun is inf, expected a start with a finite value"),
        (["race", "FunctionProblem"], "problem: got FunctionProblem without function"),
        (["race", "parabola", "--x0", "1_0"], "--x0: got '1_0', expected numbers"),
        (["race", "parabola", "--x0", "\u0661"], "expected numbers"),
        (["race", "parabola", "--x0", "nan"], "--x0: got 'nan', expected numbers"),
        (["race", "parabola", "--x0", "inf"], "--x0: got 'inf', expected numbers"),
        (["race", "parabola", "--x0", ""], "--x0: got '', expected numbers"),
        (["race", "parabola", "--x0", "1,,2"], "--x0: got '1,,2', expected numbers"),
        (["race", "parabola", "--x0", "1e999"], "--x0: got '1e999', expected numbers"),
        (["race", "parabola", "--tol", "nan"], "--tol: got 'nan', expected a number above 0"),
        (["race", "parabola", "--tol", "0"], "--tol: got '0', expected a number above 0"),
        (["race", "parabola", "--tol", "-1"], "--tol: got '-1', expected a number above 0"),
        (["race", "parabola", "--tol", "tiny"], "--tol: got 'tiny', expected a number above 0"),
        (["race", "parabola", "--steps", "0"], "--steps: got 0, expected at least 1 update"),
        (["race", "parabola", "--lr", "1_0"], "--lr:"),
        (["race", "parabola", "--lr", "inf"], "--lr: got inf, expected a number"),
        (["find-lr", "x**2 +"], "formula: got 'x**2 +', expected an expression"),
        (["linesearch", "xx + y"], "formula: got the unknown name 'xx'"),
        (["explain", "SGD", "x**2", "--x0", "1,2"], "--x0: got 2 numbers, expected 1, for x"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_bad_words_get_one_sentence(words, sentence, tmp_path, capsys):
    assert main(words) == 2
    told = capsys.readouterr()
    assert told.err.count("\n") == 1, told.err
    assert sentence in told.err
    assert "Traceback" not in told.err
    assert list(tmp_path.iterdir()) == []


def test_public_names():
    assert ss.Formula is Formula
    assert callable(ss.problem_from_csv)


def test_the_races_of_the_main_job_have_the_budgets_of_its_tables():
    """A few hundred updates for the bowl, thousands where a valley is curved or a loss flat."""
    told = {show.name: (show.steps, show.tol) for show in DEFAULT_RACES}
    assert told == {"bowl": (300, 1e-8), "rosenbrock": (10_000, 1e-6), "breast-cancer": (2000, 1e-4)}
