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


def test_a_number_without_a_tolerance_is_exact():
    assert figures.Number("n", 1.0, "printed", expected=1.0).passes
    assert not figures.Number("n", 1.0 + 1e-9, "printed", expected=1.0).passes


@pytest.mark.parametrize("value", [-1e300, 0.0, 1e300])
def test_a_band_of_one_bound_is_open_on_the_other_side(value):
    assert figures.Number("n", value, "printed", high=0.0).passes is (value <= 0)
    assert figures.Number("n", value, "printed", low=0.0).passes is (value >= 0)


def test_the_provenance_and_the_tolerance_are_those_of_the_method():
    """Six decimals; 1e-12 of a theorem and 1e-6 of what was computed, times the value where it is above 1."""
    numbers = figures.Numbers()
    for add in (numbers.printed, numbers.recalled, numbers.theorem, numbers.computed):
        add("small", 0.5, 0.5)
        add("large", -200.0, -200.0)
        add("stated", 0.5, 0.5, 0.125)
        add("band", 0.5, between=(0.25, 1))
    assert len(numbers) == 16
    for index, (provenance, small, large) in enumerate(
        [
            ("printed", 5.1e-7, 5.1e-7),
            ("from memory", 5.1e-7, 5.1e-7),
            ("theorem", 1e-12, 2e-10),
            ("computed", 1e-6, 2e-4),
        ]
    ):
        found = list(numbers)[4 * index : 4 * index + 4]
        assert [n.what for n in found] == ["small", "large", "stated", "band"]
        assert {n.provenance for n in found} == {provenance}
        assert [n.tolerance for n in found] == pytest.approx([small, large, 0.125, 0.0], rel=1e-12)
        assert [n.value for n in found] == [0.5, -200.0, 0.5, 0.5]
        assert [n.expected for n in found] == [0.5, -200.0, 0.5, None]
        assert (found[3].low, found[3].high) == (0.25, 1.0)
        assert (found[0].low, found[0].high) == (-math.inf, math.inf)


def test_the_numbers_of_an_array_are_named_by_their_places():
    numbers = figures.Numbers()
    numbers.computed("x", [[1, 2], [3, 4]], [[1, 2], [3, 5]], [[0.5, 0.25], [0.125, 0.0]])
    numbers.computed("y", 7, 7)
    assert [(n.what, n.value, n.expected, n.tolerance) for n in numbers] == [
        ("x [1, 1]", 1.0, 1.0, 0.5),
        ("x [1, 2]", 2.0, 2.0, 0.25),
        ("x [2, 1]", 3.0, 3.0, 0.125),
        ("x [2, 2]", 4.0, 5.0, 0.0),
        ("y", 7.0, 7.0, 7e-6),
    ]
    assert [n.passes for n in numbers] == [True, True, True, False, True]
    figure = figures.GalleryFigure(numbers, figures.Drawing(print))
    assert [n.what for n in figure.failures] == ["x [2, 2]"]


def test_a_number_as_json_has_no_infinity():
    plain = figures.Number("n", 1.5, "theorem", expected=1.5, tolerance=0.25)
    assert plain.to_dict() == {
        "what": "n",
        "value": 1.5,
        "expected": 1.5,
        "tolerance": 0.25,
        "provenance": "theorem",
        "ok": True,
    }
    half = figures.Number("n", math.inf, "computed", low=2.0)
    assert half.to_dict() == {"what": "n", "value": "inf", "low": 2.0, "provenance": "computed", "ok": True}
    other = figures.Number("n", 3.0, "computed", high=2.0)
    assert other.to_dict() == {"what": "n", "value": 3.0, "high": 2.0, "provenance": "computed", "ok": False}


def test_a_catalogue_refuses_one_name_of_two_modules_and_lets_a_module_be_read_again(monkeypatch):
    monkeypatch.setattr(figures, "_CATALOGUE", {})
    enter = figures.figures_of("a book")("waves", "chapter 1", "what waves teach")

    def waves(numbers):
        numbers.computed("one", 1, 1)
        return figures.Drawing(print)

    entry = enter(waves)
    assert entry == figures.CatalogueEntry("waves", "a book", "chapter 1", "what waves teach", "", waves)
    assert figures.catalogue() == {"waves": entry}
    assert enter(waves) == entry, "the same module, read again"
    assert [n.what for n in entry().numbers] == ["one"]

    def others(numbers):
        raise AssertionError

    others.__module__ = "elsewhere"
    with pytest.raises(TypeError, match="a figure named waves is there already, in elsewhere"):
        enter(others)
    figures.catalogue().clear()
    assert list(figures.catalogue()) == ["waves"], "what is handed out is a copy"


def test_the_catalogue_is_in_the_order_of_the_modules_and_others_come_last(monkeypatch):
    entries = gallery.catalogue()
    own = figures.CatalogueEntry("own", "ours", "here", "what it teaches", "", print)
    shuffled = {"own": own, **dict(reversed(entries.items()))}
    monkeypatch.setattr(figures, "_CATALOGUE", shuffled)
    found = gallery.catalogue()
    modules = [entry.make.__module__ for entry in found.values()]
    assert modules == [*sorted(modules[:-1]), own.make.__module__]
    assert found == shuffled
    assert list(found)[-1] == "own"


def test_an_unknown_figure_is_told_of_its_neighbour_or_of_the_list():
    for name, hint in (
        ("ruder-sadle", ", did you mean ruder-saddle?"),
        ("7", "; stepsize gallery lists them"),
    ):
        with pytest.raises(ValueError, match="NAME: got") as caught:
            gallery.find(name)
        assert str(caught.value) == f"NAME: got {name!r}, expected the name of a figure{hint}"


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
