"""Pictures of races: words lie on nothing, the key explains what is there."""

import math

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import stepsize as ss
from tests.stepsize.draw.helpers import race_axes


def line_with_held_out():
    """A line through eight points, two of which are held out."""
    x = np.linspace(-1.0, 1.0, 8)
    return ss.LeastSquares(x[:, None], x + np.array([0, 1, 0, 0, -1, 0, 0, 1]) / 5, held_out=[2, 5])


RACES = {
    "three rates": lambda: ss.race(ss.Parabola(), [ss.SGD(lr=lr) for lr in (0.05, 0.2, 1.1)]),
    "two rules": lambda: ss.race(ss.Quadratic(), [ss.SGD(lr=0.05), ss.Momentum(lr=0.05)], steps=100),
    "one run": lambda: ss.race(ss.Rosenbrock(), [ss.Adam(lr=0.02)], steps=300),
    "decaying": lambda: ss.race(ss.Quadratic(), [ss.Adam(lr=ss.Exponential(0.5, 0.01))], steps=300),
    "far": lambda: ss.race(ss.Saddle(), [ss.SGD(lr=0.1), ss.SGD(lr=0.01)], steps=1000),
    "data": lambda: ss.race(ss.BreastCancer(), [ss.SGD(lr=3.0), ss.Adam(lr=0.1)], steps=60),
    "held out": lambda: ss.race(
        ss.Digits(held_out=0.5),
        [ss.SGD(lr=0.5), ss.SGD(lr=ss.Exponential(0.5, 0.05)), ss.Adam(lr=0.1)],
        steps=40,
    ),
    "held out in two dimensions": lambda: ss.race(line_with_held_out(), [ss.SGD(lr=0.5)], steps=40),
    "five rules": lambda: ss.race(
        ss.Quadratic(),
        [r for lr in (0.01, 0.2) for r in (ss.SGD(lr), ss.Momentum(lr), ss.Nesterov(lr), ss.Adam(lr))]
        + [ss.Adagrad(lr=2.0)],
        steps=80,
    ),
}


@pytest.fixture(scope="module")
def drawn():
    """Every standard picture, with the canvas that measures it."""
    made = {}
    for name, build in RACES.items():
        result = build()
        for size in (None, "wide"):
            picture = ss.draw.race(result, size=size)
            canvas = FigureCanvasAgg(picture)
            with ss.draw.style():
                canvas.draw()
            made[name, size] = result, picture, canvas.get_renderer()
    return made


def texts_of(picture, renderer):
    """Yield every text that is drawn; ticks beyond the limits are laid out, and not drawn."""
    yield from picture.texts
    for legend in picture.legends:
        yield from legend.get_texts()
    for ax in picture.axes:
        view = ax.get_window_extent(renderer)
        others = [ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label, *ax.texts]
        others += [ax.xaxis.get_offset_text(), ax.yaxis.get_offset_text()]
        yield from (text for text in others if text.get_text().strip())
        for side, labels in ((0, ax.get_xticklabels()), (1, ax.get_yticklabels())):
            low, high = view.intervalx if side == 0 else view.intervaly
            for text in labels:
                box = text.get_window_extent(renderer)
                middle = (box.x0 + box.x1, box.y0 + box.y1)[side] / 2
                if text.get_text() and low - 1 <= middle <= high + 1:
                    yield text


@pytest.mark.parametrize("size", [None, "wide"])
@pytest.mark.parametrize("name", RACES)
def test_no_text_of_a_race_lies_on_another_or_is_cut_off(drawn, name, size):
    _, picture, renderer = drawn[name, size]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts_of(picture, renderer)]
    assert len(boxes) > 5
    whole = picture.bbox
    for words, box in boxes:
        assert box.x0 >= whole.x0 - 1, words
        assert box.x1 <= whole.x1 + 1, words
        assert box.y0 >= whole.y0 - 1, words
        assert box.y1 <= whole.y1 + 1, words
    for i, (words, box) in enumerate(boxes):
        for other_words, other in boxes[:i]:
            across = min(box.x1, other.x1) - max(box.x0, other.x0)
            up = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert not (across > 1 and up > 1), f"{words!r} over {other_words!r}"


@pytest.mark.parametrize("size", [None, "wide"])
@pytest.mark.parametrize("name", RACES)
def test_no_curve_crosses_a_word(drawn, name, size):
    _, picture, renderer = drawn[name, size]
    words = [t for t in picture.findobj(mpl.text.Text) if t.get_text().strip()]
    words = [t for t in words if t in picture.texts or (t.axes is not None and t in t.axes.texts)]
    assert any("updates" in t.get_text() for t in words)
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in words]
    for ax in picture.axes:
        view = ax.get_window_extent(renderer)
        for line in ax.lines:
            places = line.get_transform().transform(np.column_stack(line.get_data()).astype(float))
            places = places[np.isfinite(places).all(axis=1)]
            if len(places) > 1:  # between the points, too
                along = np.linspace(0, len(places) - 1, 4000)
                places = np.column_stack([np.interp(along, np.arange(len(places)), c) for c in places.T])
            shown = (places >= (view.x0, view.y0)) & (places <= (view.x1, view.y1))
            places = places[shown.all(axis=1)]
            for text, box in boxes:
                hit = (places >= (box.x0, box.y0)) & (places <= (box.x1, box.y1))
                assert not hit.all(axis=1).any(), text


@pytest.mark.parametrize("name", RACES)
def test_the_key_explains_what_is_there_and_nothing_else(drawn, name):
    result, picture, _ = drawn[name, None]
    said = {text.get_text() for legend in picture.legends for text in legend.get_texts()}
    landscapes = race_axes(picture, "$x_1$") + race_axes(picture, "$x$")
    lines = [(ax, line) for ax in landscapes for line in ax.lines if len(line.get_xdata())]

    def seen(chosen):
        for ax, line in lines:
            (a, b), (c, d) = sorted(ax.get_xlim()), sorted(ax.get_ylim())
            x, y = line.get_data()
            if chosen(line) and ((a <= x) & (x <= b) & (c <= y) & (y <= d)).any():
                return True
        return False

    hollow = seen(lambda line: line.get_marker() == "o" and line.get_markerfacecolor() == "white")
    full = seen(lambda line: line.get_marker() == "o" and line.get_markersize() == 2.6)
    assert ("an update that overshot" in said) == hollow
    assert ("an update" in said) == (hollow and full)
    assert ("minimum" in said) == seen(lambda line: line.get_marker() == "*")
    assert ("start" in said) == bool(landscapes)
    assert ("a rate that changes" in said) == any(not isinstance(r.optimizer.lr, float) for r in result.runs)
    ticks = any(run.history.overshoot.any() for run in result.runs)
    assert ("overshot, at the foot" in said) == ticks
    assert "the tolerance" in said


def test_prediction_and_observation_are_written_outside_the_axes(drawn):
    _, picture, renderer = drawn["three rates", None]
    said = [t for t in picture.findobj(mpl.text.Text) if t.get_text().startswith("predicted")]
    assert [t.get_text() for t in said] == [
        "predicted 0.9, observed 0.9",
        "predicted 0.6, observed 0.6",
        "predicted 1.2, observed 1.2",
    ]
    for text in said:
        box = text.get_window_extent(renderer)
        assert not any(ax.get_window_extent(renderer).overlaps(box) for ax in picture.axes)


def test_too_small_right_and_too_large_are_said_and_coloured(drawn):
    result, picture, _ = drawn["three rates", None]
    assert result.rate_words == ("too small: 4.6 times as long as 0.2", "right", "too large: diverges")
    # By theory the error falls by 0.9 and 0.6 an update.
    assert math.log(0.6) / math.log(0.9) == pytest.approx(4.8, abs=0.06)
    colors = [ax.lines[0].get_color() for ax in race_axes(picture, "update")]
    assert colors == ["#0072B2", "#009E73", "#D55E00"], "blue, green, red as Okabe and Ito have them"
    for word in ("too small", "right", "too large"):
        assert word in result.table()
    assert [run["beside_the_others"] for run in result.to_dict()["runs"]] == list(result.rate_words)


def test_pictures_take_verdicts_that_are_not_known_yet(monkeypatch):
    result = ss.race(ss.Quadratic(), [ss.SGD(lr=0.01), ss.Adam(lr=0.1)], steps=20)
    for found, word in zip(result.diagnoses, ("falls without end", "failed"), strict=True):
        object.__setattr__(found, "verdict", word)
    ss.draw.race(result).canvas.draw()
    assert "falls without end" in result.table()


def test_the_validation_curve_stands_beside_the_training_curve_wherever_there_is_one(drawn):
    for name, (result, picture, _) in ((n, made) for (n, size), made in drawn.items() if size is None):
        lines = {gid: [] for gid in ("training", "held-out", "lowest-held-out")}
        for ax in picture.axes:
            for line in ax.lines:
                if line.get_gid() in lines:
                    lines[line.get_gid()].append(line)
        count = len(result.runs) if result.runs[0].has_held_out else 0
        assert {gid: len(found) for gid, found in lines.items()} == dict.fromkeys(lines, count), name
    result, picture, _ = drawn["held out", None]
    run = result.runs[0]
    shown = [line.get_ydata() for ax in picture.axes for line in ax.lines if line.get_gid() == "held-out"]
    assert any(np.array_equal(y, run.held_out) for y in shown)


def test_the_lowest_validation_loss_is_marked():
    network = ss.MLP(
        np.random.default_rng(0).normal(size=(60, 5)),
        np.arange(60) % 2,
        loss_name="cross-entropy",
        held_out=0.5,
    )
    run = ss.minimize(network, ss.SGD(lr=2.0), steps=150)
    lowest = int(run.held_out.argmin())
    assert 0 < lowest < 150  # labels that mean nothing are learnt by heart
    ax = ss.draw.held_out(run)
    (dot,) = (line for line in ax.lines if line.get_gid() == "lowest-held-out")
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (lowest, run.held_out[lowest])
    assert len(ss.draw.run(run).axes) == 3
    with pytest.raises(ValueError, match="held_out: got none from Parabola"):
        ss.draw.held_out(ss.minimize(ss.Parabola(), ss.SGD(lr=0.1), steps=2))
