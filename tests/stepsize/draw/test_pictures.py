"""Pictures of runs: the window holds the path, words lie on nothing, the key explains what is there."""

import math

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

import stepsize as ss
from problems import Problem
from stepsize.analysis.diagnosis import VERDICTS
from stepsize.cli.main import main
from stepsize.core.record import registered
from stepsize.draw.style import COLORS, as_size, verdict_shades
from stepsize.draw.window import heights, levels_of, values_on, window_around
from stepsize.experiments.rate_labels import rate_words
from stepsize.parsing import example_of

RULES = (
    ss.SGD(lr=1e-3),
    ss.SGD(lr=0.05),
    ss.Momentum(lr=0.02),
    ss.Adam(lr=0.1),
    ss.RMSprop(lr=0.5),
    ss.SGD(lr=1.5),
)


def flat_problems():
    found = []
    for cls in registered(Problem):
        if not cls.__module__.startswith("problems."):
            continue
        problem = example_of(cls)
        if problem.x0 is not None and problem.dim <= 2 and not problem.varies:
            found.append(pytest.param(problem, id=cls.__name__))
    return found


def inside(window, points):
    low, high = np.array(window).T
    points = np.asarray(points, float)
    return float(((points >= low) & (points <= high)).all(axis=1).mean())


def own(fun, x0, grad=None, **facts):
    return Problem.of(fun, grad, x0=x0, **facts)


def race_axes(picture, label):
    return [ax for ax in picture.axes if ax.get_xlabel() == label]


# The window


@pytest.mark.parametrize("problem", flat_problems())
def test_the_window_holds_what_does_not_diverge(problem):
    runs = [ss.minimize(problem, rule, steps=60) for rule in RULES]
    for group in ([run] for run in runs):
        check_window(group)
    check_window(runs)


def settles_somewhere(run):
    """Whether it neither diverges nor falls without end: no domain of ours is wider than 1.2e6."""
    return not ss.diagnose(run).verdict.startswith("diverg") and np.abs(run.history.x).max() < 1e7


def check_window(runs):
    window = window_around(runs)
    low, high = np.array(window).T
    assert np.isfinite(window).all()
    assert (high > low).all()
    for run in runs:
        assert inside(window, run.history.x[:1]) == 1, "the start"
        if settles_somewhere(run):
            assert inside(window, run.history.x) >= 0.9, run
    stays = [run.history.x for run in runs if settles_somewhere(run)]
    if stays:
        reach = max(np.ptp(np.concatenate(stays), axis=0).max(), 1e-9)
        known = np.array([*(runs[0].problem.minimizers or ())]).reshape(-1, runs[0].problem.dim)
        away = max((np.abs(known - x[:1]).max() for x in stays), default=0.0) if len(known) else 0.0
        largest = np.abs(np.concatenate(stays)).max()
        assert (high - low).max() <= 4 * (reach + min(away, 11 * reach) + max(largest, 1.0)), "not blown up"


@pytest.mark.parametrize("rates", [(0.1,), (0.1, 0.01)])
@pytest.mark.parametrize("steps", [25, 60, 1000, 4000])
def test_a_saddle_falls_without_end_and_its_picture_does_not(rates, steps):
    result = ss.race(ss.Saddle(), [ss.SGD(lr=lr) for lr in rates], steps=steps)
    window = window_around(list(result.runs))
    assert np.abs(window).max() < 1e10
    if steps <= 60:
        assert all(inside(window, run.history.x) >= 0.9 for run in result.runs)
    ss.draw.race(result).canvas.draw()


def test_a_run_that_diverges_is_clipped_to_the_others():
    bowl = ss.Quadratic([1.0, 20.0])
    calm, wild = (ss.minimize(bowl, ss.SGD(lr=lr), x0=[-5.0, -2.0], steps=400) for lr in (0.05, 0.3))
    alone, both = np.array(window_around([calm])), np.array(window_around([calm, wild]))
    assert np.abs(wild.history.x[np.isfinite(wild.history.x)]).max() > 1e30
    assert np.ptp(both, axis=1).max() <= 2.5 * np.ptp(alone, axis=1).max()
    assert (both[:, 0] <= alone[:, 0] + 1e-9).all()
    assert (both[:, 1] >= alone[:, 1] - 1e-9).all()


@pytest.mark.parametrize("factor", [1.01, 1.2, 3.0, 1e5, 1e200])
def test_a_lone_run_that_diverges_shows_how_it_begins(factor):
    steep = own(lambda x: -0.5 * float(x @ x), [1.0, 0.0], lambda x: -x)
    run = ss.minimize(steep, ss.SGD(lr=factor - 1), steps=3000)
    window = window_around([run])
    assert 0.1 < np.ptp(window[0]) < 1e8
    assert inside(window, run.history.x[:1]) == 1
    ss.draw.race(ss.race(steep, [ss.SGD(lr=factor - 1)], steps=3000)).canvas.draw()


@pytest.mark.parametrize(
    ("problem", "x0", "lr", "steps"),
    [
        pytest.param(ss.Quadratic(), None, 0.0, 5, id="does not move"),
        pytest.param(ss.Quadratic(), [0.0, 0.0], 0.1, 5, id="starts at the minimizer"),
        pytest.param(ss.Quadratic(), [3.0, 0.0], 0.01, 50, id="on a line"),
        pytest.param(ss.Quadratic(), [3.0, 0.0], 0.01, 0, id="no update"),
        pytest.param(ss.Parabola(), [0.0], 0.1, 5, id="one dimension, at the minimizer"),
        pytest.param(ss.Parabola(), [1e12], 1e-9, 5, id="one dimension, far out"),
        pytest.param(ss.Parabola(), np.float32([3.0]), 0.1, 50, id="float32"),
        pytest.param(ss.Parabola(), [3.0], 1e200, 50, id="lost at once"),
        pytest.param(own(lambda x: 0.0 * x[0] + 7.0, [1.0, 2.0]), None, 0.1, 5, id="flat"),
        pytest.param(own(lambda x: 0.0 * x[0] - 7.0, [1.0]), None, 0.1, 5, id="flat, one dimension"),
        pytest.param(
            own(lambda x: math.exp(x[0]), [1.0], lambda x: np.exp(x)), None, 0.1, 50, id="no minimizer"
        ),
        pytest.param(ss.BreastCancer(), None, 0.1, 20, id="many dimensions"),
        pytest.param(ss.Quadratic([1.0, 2.0, 3.0]), [1.0, 0.0, 0.0], 0.0, 4, id="many, does not move"),
        pytest.param(ss.Quadratic([1.0, 2.0, 3.0]), [1.0, 1.0, 1.0], 9.0, 900, id="many, diverges"),
        pytest.param(ss.Quadratic([1.0, 2.0, 3.0]), [1.0, 1.0, 1.0], 0.1, 0, id="many, no update"),
        pytest.param(ss.Quadratic([1.0, 2.0, 3.0]), [1.0, 1.0, 1.0], 1e200, 9, id="many, lost at once"),
    ],
)
def test_runs_without_an_extent_are_drawn(problem, x0, lr, steps):
    result = ss.race(problem, [ss.SGD(lr=lr)], steps=steps, x0=x0)
    ss.draw.race(result).canvas.draw()
    run = result.runs[0]
    run.plot().canvas.draw()
    if problem.dim <= 2:
        window = np.array(window_around([run]))
        assert (window[:, 1] > window[:, 0]).all()
        assert inside(window, run.history.x[:1]) == 1


def test_a_batch_is_refused_in_a_sentence():
    batch = ss.minimize(ss.Quadratic(), ss.SGD(lr=np.array([[0.01], [0.05]])), np.ones((2, 2)), steps=3)
    with pytest.raises(ValueError, match=r"run: got a batch of shape \(2,\), expected a single run"):
        batch.animate()
    with pytest.raises(ValueError, match=r"run: got a batch of shape \(2,\)"):
        batch.plot()


def test_a_stated_domain_is_the_window_and_holds_the_path():
    def booth(**facts):
        return own(
            lambda x: (x[0] + 2 * x[1] - 7) ** 2 + (2 * x[0] + x[1] - 5) ** 2,
            [-5.0, 5.0],
            lambda x: np.array([10 * x[0] + 8 * x[1] - 34, 8 * x[0] + 10 * x[1] - 38]),
            **facts,
        )

    run = ss.minimize(booth(domain=(-10, 10)), ss.SGD(lr=0.05), steps=100)
    assert window_around([run]) == [(-10.0, 10.0), (-10.0, 10.0)]
    narrow = ss.minimize(booth(domain=((0.0, 0.0), (1.0, 1.0))), ss.SGD(lr=0.05), steps=100)
    assert inside(window_around([narrow]), narrow.history.x) == 1


def test_one_stray_point_does_not_widen_the_window():
    run = ss.minimize(ss.Quadratic(), ss.SGD(lr=0.05), steps=100)
    calm = np.array(window_around([run]))
    run.history.x.flags.writeable = True
    run.history.x[50] = (1e9, -1e9)
    np.testing.assert_allclose(window_around([run]), calm)


# Contours


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: x[0] + np.log(x[1]),
        lambda x: math.log(x[0]) + x[1] ** 2,
        lambda x: -(x[0] ** 2) - x[1] ** 2,
        lambda x: np.exp(40 * x[0]) + x[1] ** 2,
        lambda x: 1e300 * (x[0] ** 2 + x[1] ** 2),
        lambda x: 1e-300 * (x[0] ** 2 + x[1] ** 2),
        lambda x: np.nan * x[0],
        lambda x: 1.0 / x[0] + x[1],
        lambda x: -5.0 + 0.0 * x[0],
    ],
)
def test_contours_of_any_function_are_drawn_without_a_warning(fun):
    ax = ss.draw.contours(own(fun, [1.0, 1.0]))
    ax.figure.canvas.draw()
    x, y = np.meshgrid(np.linspace(-1, 3, 21), np.linspace(-1, 3, 21))
    values = values_on(own(fun, [1.0, 1.0]), np.stack([x, y], axis=-1))
    levels = levels_of(heights(values, None))
    above = heights(values, None).compressed()
    if len(above) and above.max() > above.min() and above.max() > 1e-200:
        assert len(ax.collections) == 2
        counts = np.histogram(above, np.concatenate([[0.0], levels]))[0]
        assert (counts[1:] > 0).sum() >= 4, "lines that lie apart"
    else:
        assert len(ax.collections) in (0, 1, 2)


def test_a_function_without_a_value_is_masked():
    problem = own(lambda x: math.log(x[0]) + x[1] ** 2, [1.0, 1.0])
    values = values_on(problem, np.array([[-1.0, 0.0], [1.0, 2.0]]))
    assert np.isnan(values[0])
    assert values[1] == 4.0


def test_a_minimum_that_is_told_wrong_makes_no_negative_height():
    assert heights(np.array([-3.0, 1.0]), 0.0).tolist() == [0.0, 4.0]
    assert heights(np.array([-3.0, 1.0]), -5.0).tolist() == [2.0, 6.0]


# Words and keys


RACES = {
    "three rates": lambda: ss.race(ss.Parabola(), [ss.SGD(lr=lr) for lr in (0.05, 0.2, 1.1)]),
    "two rules": lambda: ss.race(ss.Quadratic(), [ss.SGD(lr=0.05), ss.Momentum(lr=0.05)], steps=100),
    "one run": lambda: ss.race(ss.Rosenbrock(), [ss.Adam(lr=0.02)], steps=300),
    "decaying": lambda: ss.race(ss.Quadratic(), [ss.Adam(lr=ss.Exponential(0.5, 0.01))], steps=300),
    "far": lambda: ss.race(ss.Saddle(), [ss.SGD(lr=0.1), ss.SGD(lr=0.01)], steps=1000),
    "data": lambda: ss.race(ss.BreastCancer(), [ss.SGD(lr=3.0), ss.Adam(lr=0.1)], steps=60),
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
    assert ("overshot, under the error" in said) == ticks
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


def words_of(rates, problem=None, rule=ss.SGD, steps=300, **facts):
    runs = [ss.minimize(problem or ss.Parabola(), rule(lr=lr, **facts), steps=steps) for lr in rates]
    return rate_words(runs, [ss.diagnose(run) for run in runs], 1e-8)


def test_rates_are_compared_only_where_that_says_something():
    assert words_of((0.2,)) == (None,)
    assert words_of((0.2, 0.2)) == (None, None)
    two = [ss.minimize(ss.Parabola(), rule, steps=30) for rule in (ss.SGD(lr=0.2), ss.Momentum(lr=0.1))]
    assert rate_words(two, [ss.diagnose(run) for run in two], 1e-8) == (None, None)
    assert words_of((1.5, 2.0)) == ("too large: diverges",) * 2
    assert words_of((0.3, 0.31)) == ("right", "right")


def test_a_rate_beyond_the_best_that_still_settles_is_too_large():
    small, best, large = words_of((0.1, 0.5, 0.97))
    assert best == "right"
    assert small.startswith("too small")
    assert large.startswith("too large: ")
    assert large.endswith("times as long as 0.5")


def test_a_rate_that_hardly_moves_is_too_small():
    assert words_of((1e-6, 0.2))[0] == "too small: hardly moves"


def test_every_verdict_has_a_colour_of_its_own_and_unknown_words_one():
    families = dict.fromkeys(verdict.partition(",")[0] for verdict in VERDICTS)
    assert len({verdict_shades(family)[0] for family in families}) == len(families)
    assert mpl.colors.is_color_like(verdict_shades("a word of tomorrow")[0])
    assert verdict_shades("settled, crossing") == verdict_shades("settled")


def test_pictures_take_verdicts_that_are_not_known_yet(monkeypatch):
    result = ss.race(ss.Quadratic(), [ss.SGD(lr=0.01), ss.Adam(lr=0.1)], steps=20)
    for found, word in zip(result.diagnoses, ("falls without end", "failed"), strict=True):
        object.__setattr__(found, "verdict", word)
    ss.draw.race(result).canvas.draw()
    assert "falls without end" in result.table()


# Films


def frames_of(path):
    with Image.open(path) as film:
        shots = []
        for k in range(film.n_frames):
            film.seek(k)
            shots.append((np.asarray(film.convert("RGB")).astype(int), film.info["duration"]))
    return shots


def test_a_film_ends_with_the_whole_picture(tmp_path):
    from stepsize.draw.film_frames import Film

    run = ss.minimize(ss.Quadratic(), ss.SGD(lr=0.05), steps=30)
    told = run.animate(tmp_path / "run.gif", frames=12, seconds=3.0)
    shots = frames_of(tmp_path / "run.gif")
    assert told.frames == len(shots) == 12
    assert shots[-1][1] == 1000 > shots[0][1] == 250, "the end stands longer"
    film = Film({"SGD, 0.05 = 1/L": run})
    final = film.frame(30).astype(int)
    assert np.abs(shots[-1][0] - final).mean() < 1.0, "but for the palette"
    assert np.abs(shots[0][0] - final).mean() > np.abs(shots[-1][0] - final).mean()


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: ss.minimize(ss.Parabola(), ss.SGD(lr=0.1), steps=9), id="curve"),
        pytest.param(lambda: ss.minimize(ss.Rosenbrock(), ss.Adam(lr=0.1), steps=9), id="contours"),
        pytest.param(lambda: ss.minimize(ss.BreastCancer(), ss.Adam(lr=0.1), steps=9), id="errors"),
        pytest.param(lambda: ss.minimize(ss.Quadratic(), ss.SGD(lr=9.0), steps=900), id="diverges"),
        pytest.param(lambda: ss.minimize(ss.Parabola(), ss.SGD(lr=0.1), steps=40, every=7), id="thinned"),
        pytest.param(lambda: ss.race(ss.Parabola(), [ss.SGD(lr=0.1), ss.SGD(lr=0.2)], steps=9), id="race"),
    ],
)
def test_everything_can_be_filmed(made, tmp_path):
    film = made().animate(frames=5, dpi=40)
    assert film.kind == "gif"
    html = film._repr_html_()
    assert html.startswith('<img src="data:image/gif;base64,')
    assert len(repr(film)) < 80
    with Image.open(film.save(tmp_path / "film.gif")) as read:
        assert 2 <= read.n_frames <= 5
        read.load()


def test_a_film_without_an_update_is_one_picture(tmp_path):
    film = ss.minimize(ss.Quadratic(), ss.SGD(lr=0.1), steps=0).animate(dpi=40)
    assert film.frames == 1


def test_a_long_run_has_at_most_120_frames():
    from stepsize.draw.animation import _strides

    assert len(_strides(100_000, 120)) <= 120
    assert _strides(100_000, 120)[-1] == 100_000


def test_a_race_of_many_runs_films_the_best_of_each_rule():
    from stepsize.draw.animation import _chosen

    rates = (0.001, 0.05, 0.09)
    result = ss.race(ss.Quadratic(), [r(lr=lr) for r in (ss.SGD, ss.Momentum, ss.Adam) for lr in rates])
    assert len(result.runs) > len(COLORS)
    chosen = [result.runs[index].optimizer for index in _chosen(result)]
    assert [type(rule).__name__ for rule in chosen] == ["SGD", "Momentum", "Adam"]
    assert chosen[0].lr == 0.09


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"path": "film.mp4"},
            "path: got the str .film.mp4., expected a name that ends with .gif",
        ),
        ({"frames": 1}, "frames: got 1, expected"),
        ({"seconds": 0}, "seconds: got 0, expected a number above 0"),
        ({"dpi": -1}, "dpi: got -1, expected dots an inch"),
        ({"size": "poster"}, "size: got 'poster', expected slide, wide, column"),
    ],
)
def test_a_film_that_cannot_be_made_is_refused_in_a_sentence(options, words):
    run = ss.minimize(ss.Parabola(), ss.SGD(lr=0.1), steps=3)
    with pytest.raises(ValueError, match=words):
        run.animate(**options)


# Sizes


def test_sizes_are_read_in_words_and_inches():
    assert as_size("size", None) is None
    assert as_size("size", "slide") == (10.0, 7.5)
    assert as_size("size", "12x6.75") == (12.0, 6.75)
    for wrong in ("big", "10", "10x", "0x5", "nanx5", "1e9x5", 7, (1, 2, 3), "-3x4"):
        with pytest.raises(ValueError, match=r"size: got .* expected"):
            as_size("size", wrong)


def pixels(path):
    with Image.open(path) as image:
        return image.size


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["race", "parabola", "--steps", "5"], "parabola.png"),
        (["schedule", "Cosine(0.1, steps=20)"], "schedule.png"),
        (["linesearch", "parabola", "--steps", "3"], "linesearch.png"),
        (["find-lr", "parabola", "--steps", "5"], "find-lr-parabola.png"),
        (["gallery", "smith-cycles"], "smith-cycles.png"),
        (["dialects", "adam"], "dialects-adam.png"),
    ],
)
def test_every_command_that_draws_takes_size_and_dpi(words, name, tmp_path, capsys):
    sized = [*words, "--size", "8x4.5", "--dpi", "80", "--out", str(tmp_path)]
    assert main(sized) == 0
    wide, high = pixels(tmp_path / name)
    assert wide == pytest.approx(640, abs=1)
    assert high == pytest.approx(360, abs=1)
    assert main([*words, "--size", "huge", "--out", str(tmp_path)]) == 2
    assert "--size: got 'huge', expected slide, wide, column" in capsys.readouterr().err
    assert main([*words, "--dpi", "0", "--out", str(tmp_path)]) == 2
    assert "--dpi: got 0" in capsys.readouterr().err


def test_a_picture_keeps_its_size_when_it_is_saved_at_another(tmp_path):
    picture = ss.draw.schedules([ss.Cosine(0.1, steps=20)])
    before = tuple(picture.get_size_inches())
    ss.draw.save(picture, tmp_path / "slide.svg", size="slide")
    assert tuple(picture.get_size_inches()) == before
    head = (tmp_path / "slide.svg").read_text()[:600]
    assert 'width="10in" height="7.5in"' in head


def test_the_command_films_a_race(tmp_path, capsys):
    words = ["race", "parabola", "--lr", "0.05", "--lr", "0.2", "--lr", "1.1", "--steps", "20", "--dpi", "50"]
    assert main([*words, "--animate", "--out", str(tmp_path)]) == 0
    assert "parabola-film.gif" in capsys.readouterr().out
    assert len(frames_of(tmp_path / "parabola-film.gif")) == 21
    assert main([*words, "--animate", "--no-picture"]) == 2
    assert "--animate: got it with --no-picture" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("formula", "labels"),
    [
        ("x**2 + 3*y**2", ("$x$", "$y$")),
        ("x1**2 + x2**2", ("$x_{1}$", "$x_{2}$")),
        ("alpha**2 + beta_1**2", (r"$\alpha$", r"$\beta_{1}$")),
        ("theta**2", (r"$\theta$", r"$f(\theta)$")),
    ],
)
def test_the_axes_of_a_formula_carry_its_letters(formula, labels):
    problem = Problem.of(formula)
    ax = (ss.draw.landscape if problem.dim == 1 else ss.draw.contours)(problem)
    ax.figure.canvas.draw()
    assert (ax.get_xlabel(), ax.get_ylabel()) == labels


def test_paths_fill_a_good_part_of_the_picture_beside_a_run_that_leaves():
    bowl = ss.Quadratic([1.0, 20.0])
    calm, wild = (ss.minimize(bowl, ss.SGD(lr=lr), x0=[-5.0, -2.0], steps=300) for lr in (2 / 21, 0.105))
    window = np.array(window_around([calm, wild]))
    assert (np.ptp(calm.history.x, axis=0) >= 0.45 * np.ptp(window, axis=1)).all()
