"""Command lines, run in this process with everything they print caught."""

import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from stepsize.cli.main import main
from stepsize.cli.output import DEFECT
from tools.fuzzing.attempts import LONGEST, Attempt
from tools.fuzzing.words import BAD_NUMBERS, Maker, mutated

__all__ = ["cases", "outcome_of"]

_COMMANDS = (
    "race",
    "race",
    "race",
    "schedule",
    "schedule",
    "explain",
    "linesearch",
    "list",
    "dialects",
    "gallery",
    "",
)
_PROBLEMS = (
    *(
        "parabola",
        "rosenbrock",
        "bowl",
        "Quadratic([1, 20])",
        "x**2 + 3*y**2",
        "exp(x) - x",
        "breast-cancer",
        "saddle",
    ),
    *(
        "table.csv",
        "missing.csv",
        "x**" * 300 + "1",
        "-" * 5000 + "x",
        "sin(" * 200 + "x" + ")" * 200,
        "x" * 5000,
    ),
    *(
        "Rosenbrock(10**9)",
        "Iris(columns=3)",
        "1/0*x",
        "where(x > 0, x, -x)",
        "",
        " ",
        "\x00",
        "%s",
        "--",
        "log(x)",
    ),
)
_NUMBERS = (
    *(
        "0",
        "1",
        "3",
        "5",
        "-1",
        "1.5",
        "1e3",
        "nan",
        "inf",
        "-inf",
        "",
        "1_0",
        "\u0661",
        "0x10",
        "9" * 30,
        "9" * 5000,
    ),
    *("1000000000000", "-0", "+3", " 3", "3 ", "1e999", "ten", "None", "1,2", "1e-3", "0.1"),
)
_OUTS = (
    "",
    " ",
    "a.png",
    "folder",
    "table.csv",
    "x" * 300,
    "a\x00b",
    "no/such/folder",
    "/proc/no",
    "a.svg",
    "..",
)
_VALUES: dict[str, tuple[str, ...]] = {
    "--steps": _NUMBERS,
    "--step": _NUMBERS,
    "--tol": _NUMBERS,
    "--atol": _NUMBERS,
    "--x0": (
        *_NUMBERS,
        "1,2",
        "-1,-2",
        "1,,2",
        ",",
        "1,b",
        "1,nan",
        "1" + ",1" * 5000,
        "1e200,1e200",
        "-5,-2",
    ),
    "--dpi": _NUMBERS,
    "--size": ("slide", "wide", "3x2", "1x", "x", "0x0", "1e9x1", "-1x2", "nanxnan", "1_0x2", "", "column"),
    "--digits": _NUMBERS,
    "--rng": _NUMBERS,
    "--seeds": _NUMBERS,
    "--batch": _NUMBERS,
    "--update": _NUMBERS,
    "--sampling": ("static", "dynamic", "x", ""),
    "--format": ("text", "markdown", "latex", "html", "x", ""),
    "--search": ("Armijo", "StrongWolfe(c2=0.4)", "GOLSI()", "Armijo(-1)", "Adam", "", "SLS(gamma=[])"),
    "--target": ("price", "nothing", "", "price,rooms"),
    "--model": ("linear", "logistic", "x", ""),
    "--columns": ("rooms", "", ",", "price", "rooms,rooms", "nothing"),
    "--drop": ("rooms", "", ",", "price", "nothing"),
    "--out": _OUTS,
}
_FLAGS = (
    "--json",
    "--all",
    "--blank",
    "--standardize",
    "--no-picture",
    "--help",
    "-h",
    "--version",
    "--nonsense",
    "-x",
)
_TABLE = "price,rooms,size\n1,3,20\n2,5,40\n3,4,50\n4,9,95\n"


def cases(seed: int, count: int, folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield command lines, each run in a fresh folder with a small table in it."""
    maker = Maker(seed)
    for _ in range(count):
        words = _words(maker)
        yield " ".join(words), lambda words=words: outcome_of(words, folder / "in")


def _words(maker: Maker) -> list[str]:
    command = maker.pick(_COMMANDS)
    words = [command] if command else []
    if command == "explain":
        words.append(_optimizer(maker))
    if command in ("race", "explain", "linesearch"):
        words.append(maker.pick(_PROBLEMS) if maker.chance(0.7) else maker.expression("problem"))
    if command == "schedule":
        words += [maker.expression("schedule") for _ in range(maker.random.randrange(3))]
    if command in ("dialects", "gallery", "list"):
        words.append(
            maker.pick(["adam", "nothing", "", "searches", "x" * 3000, "goh", "rmsprop with momentum"])
        )
    if command == "race":
        for _ in range(maker.random.randrange(3)):
            words += ["--optimizer", _optimizer(maker)]
        if maker.chance(0.4):
            words += ["--lr", maker.pick(BAD_NUMBERS) if maker.chance(0.5) else maker.value()]
    for _ in range(maker.random.randrange(4)):
        option = maker.pick([*_VALUES])
        words += [
            option,
            mutated(maker.pick(_VALUES[option]), maker.random)
            if maker.chance(0.1)
            else maker.pick(_VALUES[option]),
        ]
    words += [maker.pick(_FLAGS) for _ in range(maker.random.randrange(2))]
    # What would compute for minutes, and says nothing of the door.
    if "--steps" not in words and command in ("race", "linesearch"):
        words += ["--steps", "5"]
    if command in ("race", "schedule", "linesearch", "dialects") and maker.chance(0.97):
        words.append("--no-picture")
    return words


def _optimizer(maker: Maker) -> str:
    return (
        maker.pick(["SGD", "adam", "Momentum(0.1)"]) if maker.chance(0.5) else maker.expression("optimizer")
    )


def outcome_of(words: list[str], folder: Path) -> Attempt:
    """Run a command line and say whether it ended as promised: 0, 1, or 2 with one sentence."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "table.csv").write_text(_TABLE)
    out, err = io.StringIO(), io.StringIO()
    os.environ.pop("STEPSIZE_TRACEBACK", None)
    with chdir(folder), redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(words)
        except SystemExit as stop:
            code = stop.code
    told = err.getvalue()
    if code == DEFECT or "Traceback" in told or code not in (0, 1, 2):
        return Attempt("raw", 0.0, told[-2000:])
    if code != 2:
        return Attempt("fine", 0.0)
    is_one = told.count("\n") == 1 and told.startswith("stepsize: ") and len(told) <= LONGEST + 100
    return Attempt("refused" if is_one else "no sentence", 0.0, told[-2000:])
