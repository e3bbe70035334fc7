"""`stepsize gallery`: lists, draws, checks and films the figures."""

import functools
import json
import math

import numpy as np
import pytest
from PIL import Image

from stepsize import gallery
from stepsize.cli.main import main
from stepsize.gallery import figure as figures

NAMES = list(gallery.catalogue())


@functools.cache
def computed(name):
    return gallery.find(name)()


def test_the_command_lists_which_chapter_which_command(capsys):
    assert main(["gallery"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in NAMES)
    assert main(["gallery", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in listed] == NAMES
    assert sum(bool(entry["remark"]) for entry in listed) >= 11


def test_the_command_draws_png_and_svg_and_never_over_a_file(tmp_path, capsys):
    for _ in range(2):
        assert main(["gallery", "d2l-12.3-three-rates", "--out", str(tmp_path)]) == 0
    files = sorted(path.name for path in tmp_path.iterdir())
    stem = "d2l-12.3-three-rates"
    assert files == [f"{stem}-2.png", f"{stem}-2.svg", f"{stem}.png", f"{stem}.svg"]
    first, second = (tmp_path / f"{stem}{n}.svg" for n in ("", "-2"))
    assert first.read_bytes() == second.read_bytes(), "the same bytes each time"
    assert "<text" in first.read_text(), "text stays text"


def test_the_command_checks_and_prints_the_table(capsys):
    assert main(["gallery", "d2l-12.3", "--check"]) == 0
    text = capsys.readouterr().out
    assert "0.060466" in text
    assert "printed" in text
    assert "theorem" in text
    assert "all as expected" in text
    assert main(["gallery", "d2l-12.6", "--check", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["missed"] == 0
    assert {figure["name"] for figure in report["figures"]} == {"d2l-12.6-momentum", "d2l-12.6-scalar"}


def test_a_miss_is_exit_1(monkeypatch, capsys):
    def wrong(numbers):
        numbers.printed("two and two", 2 + 2, 5.0)
        numbers.theorem("no number", math.nan, 0.0)
        return figures.Drawing(str)

    entry = figures.CatalogueEntry("wrong", "nobody", "nowhere", "nothing", "", wrong)
    monkeypatch.setitem(figures._CATALOGUE, "wrong", entry)
    assert main(["gallery", "wrong", "--check"]) == 1
    text = capsys.readouterr().out
    assert "MISS" in text
    assert "2 missed" in text
    assert main(["gallery", "wrong", "--check", "--json"]) == 1
    assert [n["ok"] for n in json.loads(capsys.readouterr().out)["figures"][0]["numbers"]] == [False, False]


def test_checking_several_figures_on_two_processes_gives_the_same(capsys):
    names = [name for name in NAMES if name.startswith(("d2l-12.3", "d2l-12.6", "murphy"))]
    assert len(names) >= 6
    assert main(["gallery", *names, "--check", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    for figure in report["figures"]:
        assert figure["numbers"] == [number.to_dict() for number in computed(figure["name"]).numbers]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["gallery", "nobody-knows"], "got 'nobody-knows', expected the name of a figure"),
        (["gallery", "--all", "smith-cycles"], "expected one or the other"),
        (["gallery", "--animate"], "got no figure"),
    ],
)
def test_bad_words_get_one_sentence(words, sentence, capsys):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error


def test_a_film_moves_point_error_and_rate_in_step(tmp_path, capsys):
    assert main(["gallery", "viz-two-wells", "--animate", "--out", str(tmp_path)]) == 0
    sizes = set()
    for kind in ("gif", "apng"):
        with Image.open(tmp_path / f"viz-two-wells-film.{kind}") as film:
            assert 40 <= film.n_frames <= 48
            sizes.add(film.size)
            film.seek(0)
            first = np.asarray(film.convert("RGB")).astype(int)
            film.seek(film.n_frames - 1)
            last = np.asarray(film.convert("RGB")).astype(int)
        assert (np.abs(first - last).sum(axis=-1) > 60).mean() > 0.001, "something moved"
    assert len(sizes) == 1
