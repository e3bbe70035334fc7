"""Lines looked at again, pictures of them, and the command."""

import re
import shlex

import matplotlib as mpl
import numpy as np
import pytest

from optim import SGD, Momentum, minimize
from problems import BreastCancer, MiniBatch, Quadratic, Rosenbrock
from schedules import GOLSI, PAL, Armijo, ProbabilisticLineSearch, StrongWolfe
from stepsize import draw
from stepsize.analysis.line_scan import line_of
from stepsize.cli.main import main
from tests import ROOT

DOCS = (ROOT / "docs" / "linesearch.md").read_text(encoding="utf-8")


BATCHES = MiniBatch(BreastCancer(), 30, sampling="dynamic", rng=4)


@pytest.mark.parametrize(
    ("problem", "optimizer"),
    [
        (Rosenbrock(), Momentum(lr=StrongWolfe())),
        (BATCHES, SGD(lr=ProbabilisticLineSearch())),
        (BATCHES, Momentum(lr=GOLSI())),
        (BATCHES.replace(sampling="static"), SGD(lr=PAL())),
    ],
    ids=repr,
)
def test_a_line_of_a_run_is_found_again(problem, optimizer):
    """The same step, status and number of looks as in the run; with a carry, slots and batches of its own."""
    run = minimize(problem, optimizer, steps=12)
    for n in (0, 5, 11):
        line, found = line_of(run, n)
        assert found.alpha == run.history.lr[n]
        assert found.status == run.history.status[n]
        assert line.n_calls == run.history.n_trials[n] == len(line.trials) - 1


def test_what_has_no_line_is_refused():
    run = minimize(Rosenbrock(), SGD(lr=1e-3), steps=3)
    with pytest.raises(TypeError, match=r"run: got one with lr = 0.001, expected one with a line search"):
        draw.line(run)
    with pytest.raises(TypeError, match="expected one with a line search"):
        draw.searches([run])
    run = minimize(Rosenbrock(), SGD(lr=Armijo()), steps=3)
    with pytest.raises(ValueError, match="n: got 3, expected the index of one of the 3 updates"):
        draw.line(run, 3)
    rest = minimize(Rosenbrock(), SGD(lr=Armijo()), run.last_x, 3, state=run.state)
    with pytest.raises(
        ValueError, match="run: got one that went on from a state, expected one from its start"
    ):
        draw.line(rest, 0)


def test_the_picture_of_a_search_shows_what_it_did():
    run = minimize(Quadratic([1.0, 20.0]), SGD(lr=Armijo()), steps=2)
    before = dict(mpl.rcParams)
    ax = draw.line(run, 0, reach=1.2)
    assert dict(mpl.rcParams) == before
    numbers = [text.get_text() for text in ax.texts if text.get_text().isdigit()]
    assert numbers[:2] == ["1", "2"]
    dots = [mark for mark in ax.lines if mark.get_marker() in ("o", "^")]
    assert len(dots) == 1 + run.history.n_trials[0]
    assert any(np.array_equal(mark.get_xdata(), [run.history.lr[0]] * 2) for mark in ax.lines)
    assert {"Armijo", "acceptable"} <= {text.get_text() for text in ax.get_legend().get_texts()}


def test_the_acceptable_steps_are_shaded_and_no_others():
    """On (1 - a)^2 with c2 = 0.5 the strong Wolfe steps are those from 0.5 to 1.5."""
    from problems import Parabola

    run = minimize(Parabola(curvature=1.0, start=1.0), SGD(lr=StrongWolfe(c2=0.5, first=1.0)), steps=1)
    ax = draw.line(run, 0, reach=2.0)
    shade = next(c for c in ax.collections if c.get_label() == "acceptable")
    across = np.concatenate([path.vertices[:, 0] for path in shade.get_paths()])
    assert across.min() == pytest.approx(0.5, abs=0.01)
    assert across.max() == pytest.approx(1.5, abs=0.01)


def test_the_posterior_is_drawn_through_what_the_search_believed():
    run = minimize(BATCHES, SGD(lr=ProbabilisticLineSearch()), steps=8)
    ax = draw.line(run, 4)
    line, _ = line_of(run, 4)
    curve = next(mark for mark in ax.lines if mark.get_label().startswith("posterior"))
    alphas, mean = curve.get_data()
    assert mean[100] == line.belief.mean(alphas[100])
    assert {"whole problem", "P(Wolfe), 0 to 1"} <= {t.get_text() for t in ax.get_legend().get_texts()}


def test_static_against_dynamic_counts_what_it_marks():
    ax = draw.sampling(BATCHES)
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words[0] == "whole"
    assert words[2] == "static: 1 local minimum, 1 change of sign"
    minima, changes = map(int, re.findall(r"\d+", words[1]))
    assert minima > 20
    marks = {mark.get_marker(): mark for mark in ax.lines if mark.get_color() == draw.COLORS[1]}
    assert len(marks["o"].get_xdata()) == minima
    assert len(marks["|"].get_xdata()) == changes


@pytest.mark.parametrize("command", re.findall(r"^    stepsize (.*)$", DOCS, flags=re.M))
def test_the_commands_of_the_docs_work(command, capsys):
    words = shlex.split(command)
    if "--update" in words:
        words[words.index("--update") + 1] = "1"
    assert main([*words, "--steps", "3", "--no-picture"]) == 0


def test_the_python_of_the_docs_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```python\n(.*?)```", DOCS, flags=re.S)
    exec(block, {})
    assert (tmp_path / "line.png").exists()


def test_the_table_of_the_docs_has_every_search():
    from schedules import LineSearch
    from stepsize.core.record import registered

    assert [cls.__name__ for cls in registered(LineSearch) if f"`{cls.__name__}`" not in DOCS] == []
