"""What the README shows is what happens."""

import json
import re
import shlex

import numpy as np
import pytest
import scipy.optimize

import optim
import problems
import schedules
import stepsize as ss
from benchmarks.tables import RESULTS, TITLES, in_readme
from optim.testing.mistakes.classic import mistakes_of
from optim.testing.mistakes.drivers import slips_of
from stepsize import gallery
from stepsize.cli.main import main
from stepsize.core.record import registered
from stepsize.parsing import load_registry
from tests import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, flags=re.S)
COMMANDS = re.findall(r"^    stepsize (.*)$", README, flags=re.M)


def test_the_python_runs_in_order(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {
        "np": np,
        "scipy": scipy,
        "opt": ss.Adam(),
        "x": np.ones(2),
        "grad": np.ones(2),
        "f": scipy.optimize.rosen,
        "g": scipy.optimize.rosen_der,
        "x0": [-1.2, 1.0],
    }
    assert len(PYTHON) >= 4
    for block in PYTHON:
        names["state"] = ss.Adam().init(np.ones(2))
        exec(block, names)
    out = capsys.readouterr().out
    for block in PYTHON:
        for line in block.splitlines():
            if "diagnose" in line:
                assert line.partition("# ")[2] in out
            if line.startswith("# best"):
                for words in re.split("[,;:] ", line.removeprefix("# ").replace("theory: ", "")):
                    assert words in " ".join(out.split()), "what find_lr prints"
    assert (tmp_path / "race.png").stat().st_size > 10_000
    with pytest.raises(AssertionError) as caught:
        names["test_my_adam"]()
    assert " ".join(str(caught.value).split()) in " ".join(README.split()), "the message of the kit"


def test_the_speed_is_what_was_measured():
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert {*results["regimes"]} == {*TITLES}
    assert in_readme(README, results) == README


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_work(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = re.search(r'file\.write\("(area.*)"\)', README)
    (tmp_path / "flats.csv").write_text(rows[1].replace("\\n", "\n"), encoding="utf-8")
    if "--help" in command:
        with pytest.raises(SystemExit, match=r"^0$"):
            main(shlex.split(command))
    else:
        assert main(shlex.split(command)) == 0


def test_the_table_is_what_the_main_job_prints(tmp_path, capsys):
    """Every line of the README's table stands in the output, letter by letter."""
    assert main(["race", "--no-picture"]) == 0
    printed = capsys.readouterr().out.splitlines()
    shown = README[README.index("    bowl (x1^2") : README.index("and writes one picture a problem")]
    rows = [line.strip() for line in shown.splitlines() if line.strip() not in ("", "...")]
    assert len(rows) >= 6
    assert [row for row in rows if row not in printed] == []


def test_the_counts_are_those_of_the_registry():
    load_registry()
    kinds = {
        "problems": problems.Problem,
        "optimizers": optim.Optimizer,
        "schedules": schedules.Schedule,
        "feedback step sizes": schedules.Feedback,
        "line searches": schedules.LineSearch,
    }
    said = dict(re.findall(r"^\| \*\*([\w ]+)\*\* \((\d+)\)", README, flags=re.M))
    homes = ("problems", "optim", "schedules")
    counts = {
        name: sum(cls.__module__.split(".")[0] in homes for cls in registered(kind))
        for name, kind in kinds.items()
    }
    assert {name: int(count) for name, count in said.items()} == counts


def test_the_other_counts_are_true():
    judged = (ROOT / "tests" / "corpus" / "judged.csv").read_text(encoding="utf-8").splitlines()
    assert f"with {len(judged) - 1} runs judged by hand" in README
    assert f"**the gallery** ({len(gallery.catalogue())} figures)" in README
    rules = (
        getattr(optim, name)
        for name in ("SGD", "Momentum", "Nesterov", "Adagrad", "Adadelta", "RMSprop", "Adam")
    )
    named = {words for rule in rules for ways in (mistakes_of, slips_of) for words, _ in ways(rule())}
    assert len(named) > 100, "more than a hundred mistakes"
    files = [json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "optim/vectors").glob("*.json")]
    assert sum(len(file.get("vectors", ())) for file in files) > 700, "test vectors"


def test_the_changelog_counts_are_those_of_the_readme():
    """A count is written twice only where both are held."""
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for name in ("problems", "optimizers"):
        count = re.search(rf"\*\*{name}\*\* \((\d+)\)", README)[1]
        assert f"{count} {name}" in changes
    assert f"{len(gallery.catalogue())} figures" in changes
    judged = re.search(r"(\d+) runs judged by hand", README)[1]
    assert f"{judged} runs judged by hand" in changes
