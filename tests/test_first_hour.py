"""What meets somebody in the first hour: mistakes are answered in one sentence, results in a short line."""

import re
import subprocess
import sys

import numpy as np
import pytest

import optim.dialects
import optim.testing
import stepsize as ss
from stepsize.analysis import quadratic_theory
from stepsize.cli.main import main
from stepsize.core.validation import describe_value
from stepsize.parsing import parse

BOWL = ss.Quadratic([1, 20])


def no_rule():
    class NoRule(ss.Optimizer):
        lr: ss.Hyper = 0.1

    return NoRule()


def no_value():
    class NoValue(ss.Schedule):
        lr: float = 0.1

    return NoValue()


MISTAKES = [
    (lambda: ss.race(BOWL, ss.SGD()), TypeError, "optimizers: got SGD(), expected a list such as"),
    (lambda: ss.race([ss.SGD()], BOWL), TypeError, "optimizers: got Quadratic(), expected a list"),
    (lambda: ss.race(BOWL, "SGD"), TypeError, "optimizers: got the str 'SGD', expected a list"),
    (lambda: ss.race(BOWL, ["SGD(lr=0.1)"]), TypeError, "SGD(lr=0.1), without quotation marks"),
    (lambda: ss.minimize(BOWL, "SGD(lr=0.1)"), TypeError, "SGD(lr=0.1), without quotation marks"),
    (lambda: ss.minimize("rosenbrock", ss.SGD()), TypeError, "Rosenbrock(), without quotation marks"),
    (lambda: ss.minimize(lambda x: x, ss.SGD()), TypeError, "problem: got the function <lambda>, expected"),
    (lambda: ss.minimize(BOWL, ss.SGD), TypeError, "optimizer: got the class SGD, expected"),
    (lambda: ss.minimize(BOWL, no_rule()), NotImplementedError, "NoRule: got a class without direction"),
    (lambda: no_value()(3), NotImplementedError, "NoValue: got a class without value"),
    (lambda: ss.minimize(BOWL, ss.SGD(lr=lambda: 0.1)), TypeError, "lr: got a function of (), expected"),
    (lambda: ss.State.load("nothing.npz"), FileNotFoundError, "path: got 'nothing.npz', where nothing is"),
    (lambda: ss.draw.race(ss.SGD()), TypeError, "result: got SGD(), expected what race returns"),
    (lambda: ss.draw.save(3, "x.png"), TypeError, "picture: got 3, expected what a function of draw returns"),
    (lambda: ss.Problem.of("x**2 + y", x0=[1]), ValueError, "x0: got 1 number, expected 2, for x, y"),
    (
        lambda: optim.testing.check_optimizer(lambda g: g, like=ss.SGD(lr=0.1)),
        TypeError,
        "a function of 1 argument,",
    ),
]


@pytest.mark.parametrize(("call", "kind", "words"), MISTAKES)
def test_mistakes_are_answered_in_one_sentence(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert " at 0x" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (ss.SGD(lr=0.1), "SGD(lr=0.1)"),
        (ss.SGD, "the class SGD"),
        (np.sum, "the function sum"),
        ([1], "the list [1]"),
    ],
)
def test_values_are_described_once(value, words):
    assert describe_value(value) == words


def test_one_run_is_no_runs():
    assert repr(ss.sweep(BOWL, ss.SGD, 10, lr=0.04)).startswith("Sweep(1 run: ")
    assert ss.race(BOWL, [ss.SGD(lr=0.04)], steps=10).summary().startswith("1 run: ")


def test_a_sweep_counts_each_verdict_once_between_commas():
    grid = ss.sweep(BOWL, ss.Momentum, 300, lr=[0.02, 0.05, 0.3], momentum=[0.0, 0.8])
    counts = re.findall(r"(\d+) ([a-z ]+)", grid.summary().partition(": ")[2].partition(";")[0])
    assert sum(int(number) for number, _ in counts) == 6
    assert {word for _, word in counts} == {str(v).partition(",")[0] for v in grid["verdict"]}
    assert len(counts) == grid.summary().partition(";")[0].count(",") + 1


def test_results_have_a_short_text_and_a_table():
    run = ss.minimize(BOWL, ss.SGD(lr=0.05), steps=5)
    assert repr(ss.explain(run, step=2)) == "Explanation(SGD(lr=0.05) on (x1^2 + 20 x2^2)/2: update 2)"
    assert repr(ss.explain(run, step=range(2, 5))).endswith("updates 2 to 4)")
    report = optim.testing.check_optimizer(lambda x, g, s: (x - 0.1 * g, s), like=ss.SGD(lr=0.1))
    assert repr(report) == "Report(ok=True, sentence='equals SGD(lr=0.1) on 10 streams')"
    found = ss.find_lr(BOWL, ss.SGD, steps=50)
    assert "<table" in found._repr_html_()
    assert "best" in found._repr_html_()


def test_completion_offers_what_a_module_is_for():
    assert {"race", "map", "sensitivity"} <= set(dir(ss.draw))
    for module in (ss.draw, quadratic_theory):
        assert dir(module) == sorted(module.__all__)
        assert all(hasattr(module, name) for name in dir(module))


def test_nothing_is_said_of_traits_that_are_not_numbers():
    report = optim.testing.compare_optimizer(lambda x, _g, s, _lr: (x, s), like=ss.SGD(lr=0.1))
    assert not report.ok
    assert "nan" not in str(report)
    assert "its first step for a gradient of 1 is 0 times the rate, expected 1" in report.otherwise


def test_the_tolerance_of_a_race_of_diverging_runs_is_the_asked_share():
    race = ss.race(BOWL, [ss.SGD(lr=100.0)], steps=400)
    assert race.diagnoses[0].verdict == "diverged"
    assert race.tolerance == pytest.approx(1e-8 * 52.5)
    assert ss.race(BOWL, [ss.SGD(lr=100.0)], steps=400, atol=0.5).tolerance == 0.5
    picture = ss.draw.race(race)
    assert race.runs[0].nit < 400
    error = next(ax for ax in picture.axes if ax.get_xlabel() == "update")
    assert error.get_ylim()[1] >= 52.5  # the start is in sight
    assert error.get_ylim()[0] <= 52.5
    assert error.get_xlim() == (0, race.runs[0].nit)  # and no empty room after the end


@pytest.mark.parametrize("what", ["params", "model.parameters()", "net.parameters()"])
def test_a_call_of_torch_is_pasted_with_its_parameters(what):
    assert parse(f"torch.optim.Adam({what}, lr=0.1)") == parse("torch.optim.Adam(lr=0.1)")
    assert parse(f"torch.optim.SGD({what}, 0.1, momentum=0.9)") == parse(
        "torch.optim.SGD(lr=0.1, momentum=0.9)"
    )
    with pytest.raises(ValueError, match="params"):
        parse(f"keras.Adam({what})" if "(" not in what else "keras.Adam(params)")


@pytest.mark.parametrize(
    ("diagonal", "formula"),
    [([1, -2], "(x1^2 - 2 x2^2)/2"), ([-1, 3], "(-x1^2 + 3 x2^2)/2"), ([1, 20], "(x1^2 + 20 x2^2)/2")],
)
def test_signs_of_a_quadratic_are_written_as_by_hand(diagonal, formula):
    assert ss.Quadratic(diagonal).formula == formula


COMMANDS = [
    (
        ["explain", "rosenbrock", "Adam(lr=0.1)"],
        "got 'Adam(lr=0.1)', which is an optimizer, expected a problem",
    ),
    (["race", "quadratic", "--optimizer", "SGD,Adam"], "expected an optimizer; several are given one by one"),
    (["linesearch", "rosenbrock", "--batch", "5"], "--batch: got Rosenbrock(), expected a finite sum"),
    (["dialects", "adm"], "family: got 'adm', did you mean adam?\n"),
]


@pytest.mark.parametrize(("words", "sentence"), COMMANDS)
def test_commands_say_what_to_change(words, sentence, capsys):
    assert main(words) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("cell", "hint"),
    [("$1200", "leave out the signs of currency"), ("5 %", "leave out the signs"), ("Bonn", "(--drop)")],
)
def test_amounts_in_a_table_are_no_text(cell, hint, tmp_path, capsys):
    path = tmp_path / "prices.csv"
    path.write_text(f"price,y\n{cell},3\n2500,4\n900,1\n", encoding="utf-8")
    assert main(["race", str(path), "--target", "y", "--no-picture"]) == 2
    assert hint in capsys.readouterr().err


def test_one_figure_is_counted_as_one(capsys):
    assert main(["gallery", "--check", "d2l-12.3-three"]) == 0
    assert "6 numbers of 1 figure: " in capsys.readouterr().out


RUN = ss.minimize(BOWL, ss.SGD(lr=0.05), steps=20)
THINGS = {
    "problem": BOWL,
    "run": RUN,
    "race": ss.race(BOWL, [ss.SGD(lr=0.05)], steps=20),
    "sweep": ss.sweep(BOWL, ss.SGD, 20, lr=[0.01, 0.02]),
    "schedule": ss.Cosine(0.1, 10),
    "rule": ss.SGD(),
    "number": 3,
    "text": "x",
    "class": ss.Rosenbrock,
    "nothing": None,
}
DRAWN = sorted({*ss.draw.__all__} - {"COLORS", "STYLE", "figure", "save", "style"})


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("thing", THINGS)
def test_a_picture_is_drawn_or_refused_in_one_sentence(name, thing):
    sentence = "got it, expected it"
    try:
        getattr(ss.draw, name)(THINGS[thing])
    except (TypeError, ValueError) as error:
        sentence = str(error)
    assert re.search(r"got .+, expected ", sentence)


@pytest.mark.parametrize("name", ["x.png", "x.csv", "x.npz"])
def test_a_file_in_no_folder_is_refused_by_its_name(name, tmp_path):
    target = tmp_path / "nowhere" / name
    write = {
        "x.png": lambda: ss.draw.save(ss.draw.gap(RUN), target),
        "x.csv": lambda: RUN.to_csv(target),
        "x.npz": lambda: RUN.state.save(target),
    }[name]
    with pytest.raises(
        FileNotFoundError, match=r"got '.*nowhere.*', expected a file in a folder that there is"
    ):
        write()


def test_packages_inside_are_at_hand():
    code = (
        "import optim, schedules, sys; assert 'optim.testing' not in sys.modules; "
        "print(optim.testing.check_optimizer.__name__, schedules.dialects.torch.StepLR(0.1, 10)(10))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split()[0] == "check_optimizer"
    assert float(told.split()[1]) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: optim.dialects.torch.Adam(betas=(0.9,)), "torch.Adam: got betas=(0.9,), expected 2 of them"),
        (lambda: optim.dialects.torch.Adam(betas=0.9), "torch.Adam: got betas=0.9, expected 2 of them"),
        (lambda: THINGS["sweep"][0], "column: got 0, expected the name of a column"),
        (lambda: ss.contraction(ss.SGD(lr=0.1), "a"), "curvature: got the str 'a', expected a number"),
    ],
)
def test_wrong_kinds_are_named(call, words):
    with pytest.raises(TypeError, match=re.escape(words)):
        call()


def test_a_library_by_its_long_name_is_pointed_at():
    with pytest.raises(AttributeError, match="did you mean torch"):
        optim.dialects.pytorch  # noqa: B018
    assert {"torch", "keras", "optax"} <= {*dir(optim.dialects)}


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: ss.predict(3, ss.SGD(lr=0.1)), TypeError, "problem: got 3, expected an object with fun and"),
        (lambda: ss.predict(BOWL, ss.SGD), TypeError, "optimizer: got the class SGD, expected SGD, Momentum"),
        (lambda: optim.testing.check_gradient(3), TypeError, "problem: got 3, expected an object with fun"),
        (lambda: ss.explain(ss.minimize(BOWL, ss.SGD(), steps=0)), ValueError, "run: got one of no updates"),
    ],
)
def test_what_is_asked_of_theory_and_the_kit_is_checked(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()
