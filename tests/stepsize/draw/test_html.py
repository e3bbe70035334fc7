"""What a notebook shows of a last line: pictures without pyplot, tables in HTML, short texts."""

import io
import os
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import stepsize as ss
from stepsize import draw
from stepsize.core.display import LONGEST, brief
from stepsize.draw.style import Picture
from tests import ROOT
from tests.instances import FEEDBACK, OPTIMIZERS, PROBLEMS, SCHEDULES, SEARCHES, name_of

RECORDS = [*OPTIMIZERS, *SCHEDULES, *SEARCHES, *FEEDBACK, *PROBLEMS]
BOWL = ss.Quadratic([1, 20])
DATA = np.random.default_rng(0).standard_normal((500, 3))


class Balanced(HTMLParser):
    """A reader that refuses tags that do not close, and keeps the text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.words, self.tags = [], [], set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.tags.add(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def results():
    """Return one of every kind of result, the large ones among them."""
    run = ss.minimize(BOWL, ss.SGD(lr=0.05), steps=300)
    batch = ss.minimize(BOWL, ss.SGD(lr=np.linspace(0.01, 0.1, 50)[:, None]), steps=20)
    race = ss.race(BOWL, [ss.SGD(lr=0.05), ss.Adam()], steps=100)
    told = ss.explain(run, step=3)
    searched = ss.minimize(BOWL, ss.SGD(lr=ss.Armijo()), steps=3)
    whole = ss.LogisticRegression(DATA, (DATA[:, 0] > 0) * 1.0)
    return {
        "run": run,
        "batch": batch,
        "history": batch.history,
        "state": batch.state,
        "searched state": searched.state,
        "race": race,
        "long race": ss.race(BOWL, [ss.SGD(lr=lr) for lr in np.linspace(0.01, 0.1, 60)], steps=5),
        "diagnosis": ss.diagnose(run),
        "prediction": ss.predict(BOWL, ss.SGD(lr=0.05)),
        "explanation": told,
        "step": told.steps[0],
        "assignment": told.steps[0].lines[0],
        "flow": ss.gradient_flow(BOWL, np.linspace(0, 1, 50)),
        "sweep": ss.sweep(BOWL, ss.SGD, 20, lr=np.linspace(0.01, 0.1, 50)),
        "sharpness": ss.sharpness(run),
        "noise floor": ss.noise_floor(ss.SGD(lr=0.05), [1.0, 20.0], [0.1, 0.1]),
        "projection": draw.plane(run),
        "evaluation": ss.Evaluation(np.zeros(100), np.zeros((100, 5))),
        "stats": ss.MiniBatch(whole, 10, rng=0).at(0).stats(np.zeros(4)),
        "data": ss.LeastSquares(DATA, DATA[:, 0]),
        "data in lists": ss.LeastSquares(DATA.tolist(), DATA[:, 0].tolist()),
        "mini-batches": ss.MiniBatch(whole, 10, rng=0),
        "own function": ss.Problem.of(lambda x: x.sum(), x0=[1.0] * 100, minimizers=[[0.0] * 100]),
        "long name": ss.Problem.of(np.sum, x0=[1.0], name="f" * 1000),
        "many steps": ss.MultiStep(0.1, 0.5, at=list(range(1, 200))),
        "many rows": ss.PerRun([ss.Constant(0.1 * k) for k in range(1, 50)]),
        "deep": ss.SGD(lr=ss.Phases([1 / 20] * 20, [ss.Exponential(0.1, d=0.01).warmup(3)] * 20)),
        "dialect": ss.dialects.torch.Adam,
        "library": ss.dialects.torch,
    }


RESULTS = results()


@pytest.mark.parametrize("name", RESULTS)
def test_the_text_of_a_result_is_short(name):
    assert len(repr(RESULTS[name])) <= LONGEST


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_the_text_of_a_record_is_short(record):
    assert len(repr(record)) <= LONGEST
    assert repr(record).startswith(f"{name_of(record)}(")


def test_what_is_short_is_told_in_full():
    state = ss.State(3, (np.array([1.0, 2.0]),))
    assert repr(state).startswith("State(n=3, slots=[[1.0, 2.0]], carry=None")
    assert repr(ss.MultiStep(0.1, 0.5, at=[5, 10])) == "MultiStep(0.1, 0.5, [5, 10])"
    many = ss.MultiStep(0.1, 0.5, at=list(range(1, 200)))
    assert repr(many) == "MultiStep(0.1, 0.5, [1, 2, 3, ..., 199])"
    assert brief(RESULTS["evaluation"]).startswith("Evaluation(f=<array 100>, g=<array 100x5>, ")


def test_a_printed_race_is_a_short_table():
    lines = str(RESULTS["race"]).split("\n")
    assert lines[0] == RESULTS["race"].title
    assert lines[1:-2] == RESULTS["race"].table().split("\n")
    assert lines[-2] == RESULTS["race"].theory_note
    assert lines[-1] == "2 runs: 2 still crawling"
    lines = str(RESULTS["long race"]).split("\n")
    assert len(lines) == 34
    assert lines[-3] == "... and 31 more; race.table() has them all"


HTML = [
    "run",
    "batch",
    "race",
    "long race",
    "diagnosis",
    "sweep",
    "explanation",
    "data",
    "own function",
    "deep",
]


@pytest.mark.parametrize("name", HTML)
def test_the_html_of_a_result_is_whole_and_small(name):
    text = RESULTS[name]._repr_html_()
    assert {"table", "p"} & Balanced(text).tags
    assert len(text) < 30_000


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_the_html_of_a_record_says_what_it_is(record):
    read = Balanced(record._repr_html_())
    assert read.words[0] == name_of(record)
    assert not {"script", "style", "img"} & read.tags
    assert len(record._repr_html_()) < 8000


def test_html_escapes_what_a_user_writes():
    wild = ss.Problem.of(np.sum, np.ones_like, x0=[1.0, 2.0], name="<script>alert(1)</script>&")
    race = ss.race(wild, [ss.SGD(lr=0.1)], steps=3)
    for thing in (wild, race, race.runs[0]):
        assert "<script>" not in thing._repr_html_()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in thing._repr_html_()


def test_a_class_of_the_users_that_fails_is_shown_without_what_fails():
    class Bare(ss.Problem, abstract=True):
        """A problem that knows nothing of itself."""

        @property
        def minimum(self):
            raise ZeroDivisionError

    class Table(ss.Schedule, abstract=True):
        """Thirty rates and no formula."""

        def value(self, n):
            return np.linspace(1.0, 0.1, 30)[n.astype(int)]

    assert "A problem that knows nothing of itself." in Bare()._repr_html_()
    assert "Thirty rates and no formula." in Table()._repr_html_()


def test_html_takes_its_colours_from_the_page():
    for thing in (RESULTS["run"], RESULTS["race"], BOWL, ss.Cosine(0.1, 50)):
        assert not re.search(
            r"background|(?<!-)color\s*[:=]\s*['\"]?(black|white|#000|#fff)", thing._repr_html_()
        )


PICTURES = {
    "contours": lambda: draw.contours(BOWL),
    "landscape": lambda: draw.landscape(ss.Parabola()),
    "path": lambda: draw.path(RESULTS["run"]),
    "gap": lambda: draw.gap(RESULTS["run"]),
    "rates": lambda: draw.rates(RESULTS["run"]),
    "race": lambda: draw.race(RESULTS["race"]),
    "run": lambda: draw.run(RESULTS["run"]),
    "projection": lambda: draw.projection(RESULTS["run"]),
    "sharpness": lambda: draw.sharpness(RESULTS["sharpness"]),
    "schedule": lambda: draw.schedule(ss.Cosine(0.1, 50)),
    "schedules": lambda: draw.schedules([ss.Cosine(0.1, 50), ss.Linear(0.1, 50)]),
    "map": lambda: draw.map(ss.sweep(BOWL, ss.Momentum, 9, lr=[0.01, 0.02, 0.04], momentum=[0.0, 0.5, 0.9])),
    "errors": lambda: draw.errors(
        ss.sweep(BOWL, ss.Momentum, 9, lr=[0.01, 0.02], momentum=[0.0, 0.5]), y="momentum"
    ),
    "sensitivity": lambda: draw.sensitivity(ss.sweep(BOWL, ss.SGD, 9, lr=[0.01, 0.02, 0.04])),
    "found_rate": lambda: draw.found_rate(ss.find_lr(BOWL, ss.SGD, steps=50)),
    "line": lambda: draw.line(ss.minimize(BOWL, ss.SGD(lr=ss.Armijo()), steps=3), 0),
    "run.plot": lambda: RESULTS["run"].plot(),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_itself(name):
    from PIL import Image

    drawn = PICTURES[name]()
    data, size = drawn._repr_png_()
    with Image.open(io.BytesIO(data)) as image:
        assert image.width == pytest.approx(2 * size["width"], abs=2)
        assert len(np.unique(np.asarray(image))) > 10, "it is not blank"
    assert isinstance(drawn, Axes | Figure)


def test_nothing_is_known_to_pyplot(monkeypatch):
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    PICTURES["gap"]()._repr_png_()
    assert plt.get_fignums() == before


def test_a_users_own_axes_are_left_to_ipython():
    import matplotlib.pyplot as plt

    picture, ax = plt.subplots()
    try:
        assert not hasattr(draw.gap(RESULTS["run"], ax), "_repr_png_")
    finally:
        plt.close(picture)


def test_a_picture_of_its_own_kind_of_axes_is_let_be():
    picture = Picture()
    assert picture.add_subplot(projection="polar").name == "polar"
    assert hasattr(picture.add_axes((0, 0, 1, 1)), "_repr_png_")


CELLS = {
    "import stepsize as ss, numpy as np": None,
    "bowl = ss.Quadratic([1, 20]); bowl": "text/html",
    "run = ss.minimize(bowl, ss.SGD(lr=0.05), steps=50); run": "text/html",
    "ss.diagnose(run)": "text/html",
    "race = ss.race(bowl, [ss.SGD(lr=0.05), ss.Adam(lr=0.2)], steps=50); race": "text/html",
    "ss.draw.race(race)": "image/png",
    "ss.draw.gap(run)": "image/png",
    "ss.draw.contours(bowl)": "image/png",
    "ss.find_lr(bowl, ss.SGD, steps=50)": "text/html",
    "ss.explain(run, step=3)": "text/html",
    "ss.sweep(bowl, ss.SGD, 20, lr=np.linspace(0.01, 0.1, 5))": "text/html",
    "ss.Cosine(0.1, 50).warmup(5)": "text/html",
    "ss.draw.schedule(ss.Cosine(0.1, 50))": "image/png",
    "mine = ss.Problem.of(lambda x: (x * x).sum(), lambda x: 2 * x, x0=[3.0, 4.0])\nmine": "text/html",
    """\
class SignMomentum(ss.Optimizer):
    slots = ("m",)
    lr: ss.Hyper = 0.01
    beta: ss.Hyper = 0.9

    def direction(self, x, g, slots, h):
        (m,) = slots
        m = h.beta * m + (1 - h.beta) * g
        return m, (m,)
ss.minimize(mine, SignMomentum(lr=0.1), steps=1000)""": "text/html",
    "ss.draw.race(ss.race(mine, [SignMomentum(lr=0.1), ss.SGD(lr=0.1)], steps=30))": "image/png",
}


@pytest.mark.parametrize("first", ["pass", "%matplotlib inline\nimport matplotlib.pyplot as plt"])
def test_a_notebook_shows_each_last_line_once(first, monkeypatch):
    nbformat = pytest.importorskip("nbformat", reason="pip install 'stepsize[notebook]' executes notebooks")
    nbclient = pytest.importorskip("nbclient", reason="pip install 'stepsize[notebook]' executes notebooks")
    pytest.importorskip("ipykernel", reason="pip install 'stepsize[notebook]' executes notebooks")
    monkeypatch.delenv("MPLBACKEND", raising=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *sys.path]))
    cells = [nbformat.v4.new_code_cell(source) for source in (first, *CELLS)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbclient.NotebookClient(notebook, timeout=300).execute()
    for cell, wanted in zip(notebook.cells[1:], CELLS.values(), strict=True):
        outputs = [found for found in cell.outputs if found.output_type != "stream"]
        assert len(outputs) == (wanted is not None), f"{cell.source}: {cell.outputs}"
        assert all(wanted in found.data for found in outputs), cell.source
        if "find_lr" not in cell.source:
            assert all(len(found.data["text/plain"]) < 700 for found in outputs), cell.source
        assert not [found for found in cell.outputs if found.output_type == "stream"], cell.source
