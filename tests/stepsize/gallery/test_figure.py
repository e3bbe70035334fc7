"""Numbers of a figure: each has a value or a band that it may miss."""

import math

import pytest

from stepsize import gallery
from stepsize.gallery import figure as figures


@pytest.mark.parametrize(
    ("value", "passes"),
    [(1.0, True), (1.0 + 1e-7, True), (1.0 + 1e-5, False), (math.nan, False), (math.inf, False)],
)
def test_a_number_passes_within_its_tolerance_only(value, passes):
    assert figures.Number("n", value, "printed", expected=1.0, tolerance=1e-6).passes is passes


@pytest.mark.parametrize(
    ("value", "passes"), [(0.0, True), (1.0, True), (1.1, False), (-0.1, False), (math.nan, False)]
)
def test_a_band_holds_what_is_between_its_bounds(value, passes):
    assert figures.Number("n", value, "computed", low=0.0, high=1.0).passes is passes


def test_numbers_refuse_what_could_not_fail():
    numbers = figures.Numbers()
    with pytest.raises(TypeError, match="either a value or between"):
        numbers.printed("nothing to compare with", 1.0)
    with pytest.raises(ValueError, match=r"got shape \(2,\), expected \(3,\)"):
        numbers.printed("shapes", [1.0, 2.0], [1.0, 2.0, 3.0])


def test_checking_needs_no_drawing(monkeypatch):
    def refuse(kit):
        raise AssertionError("drawn")

    entry = gallery.find("goh-step-size")
    assert figures.GalleryFigure(entry().numbers, figures.Drawing(refuse)).failures == []
