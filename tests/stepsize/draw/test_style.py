"""Colours of verdicts, and sizes of pictures."""

import matplotlib as mpl
import pytest

import stepsize as ss
from stepsize.analysis.diagnosis import VERDICTS
from stepsize.draw.style import as_size, verdict_shades


def test_every_verdict_has_a_colour_of_its_own_and_unknown_words_one():
    families = dict.fromkeys(verdict.partition(",")[0] for verdict in VERDICTS)
    assert len({verdict_shades(family)[0] for family in families}) == len(families)
    assert mpl.colors.is_color_like(verdict_shades("a word of tomorrow")[0])
    assert verdict_shades("settled, crossing") == verdict_shades("settled")


def test_sizes_are_read_in_words_and_inches():
    assert as_size("size", None) is None
    assert as_size("size", "slide") == (10.0, 7.5)
    assert as_size("size", "12x6.75") == (12.0, 6.75)
    for wrong in ("big", "10", "10x", "0x5", "nanx5", "1e9x5", 7, (1, 2, 3), "-3x4"):
        with pytest.raises(ValueError, match=r"size: got .* expected"):
            as_size("size", wrong)


def test_a_picture_keeps_its_size_when_it_is_saved_at_another(tmp_path):
    picture = ss.draw.schedules([ss.Cosine(0.1, steps=20)])
    before = tuple(picture.get_size_inches())
    ss.draw.save(picture, tmp_path / "slide.svg", size="slide")
    assert tuple(picture.get_size_inches()) == before
    head = (tmp_path / "slide.svg").read_text()[:600]
    assert 'width="10in" height="7.5in"' in head
