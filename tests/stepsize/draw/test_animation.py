"""Films of runs and races: the last frame is the whole picture, bad options are refused."""

import numpy as np
import pytest
from PIL import Image

import stepsize as ss
from stepsize.draw.style import COLORS
from tests.stepsize.draw.helpers import frames_of


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
