"""Lines of words, curves upon one another, marks upon one another, wells that no line shows."""

import numpy as np
import pytest

import stepsize as ss
from stepsize.draw.film_frames import Film
from stepsize.draw.layout.coinciding import extra_widths
from stepsize.draw.layout.wells import levels_of_wells
from stepsize.draw.layout.words import wrapped, wrapped_items
from stepsize.draw.window import levels_of


@pytest.mark.parametrize("characters", [20, 33, 60, 200])
def test_no_line_is_an_orphan(characters):
    text = "the gap is at most 1e-08 of the start's from update 166 on, although some of the updates overshot"
    lines = wrapped(text, characters)
    assert " ".join(lines) == text
    assert max(map(len, lines)) <= characters
    if len(lines) > 1:
        longest_word = max(map(len, text.split()))
        assert max(map(len, lines)) - min(map(len, lines)) <= 2 * longest_word


def test_what_does_not_fit_is_broken_and_nothing_is_no_line():
    assert wrapped("", 10) == []
    assert wrapped("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]


def test_items_stay_whole():
    items = ["one rule", "300 updates", "2/L = 0.1", "settled = a gap"]
    assert wrapped_items(items, 100) == [
        "one rule \u00b7 300 updates \u00b7 2/L = 0.1 \u00b7 settled = a gap"
    ]
    lines = wrapped_items(items, 30)
    assert lines == ["one rule \u00b7 300 updates", "2/L = 0.1 \u00b7 settled = a gap"]
    assert all(any(item in line for line in wrapped_items(items, 18)) for item in items)


def test_the_title_of_a_race_breaks_between_its_items():
    race = ss.race(ss.Quadratic(), [ss.SGD(lr=0.01), ss.SGD(lr=0.09)], steps=50)
    lines = ss.draw.race(race).texts[0].get_text().split("\n")
    assert len(lines) > 1
    items = [*race.title.split("   "), f"times as long: {race.rate_goal}", race.theory_note]
    assert [item for item in items if not any(item in line for line in lines)] == []


def test_curves_upon_one_another_are_seen():
    falling, slower, other = 0.5 ** np.arange(20), 0.6 ** np.arange(20), np.ones(20)
    assert extra_widths([falling, other, falling * 1.001, falling]) == pytest.approx([4.4, 0, 2.2, 0])
    assert extra_widths([falling, slower, other]) == [0, 0, 0]
    assert extra_widths([falling[:5], falling]) == pytest.approx([2.2, 0]), "one that ends earlier"
    assert extra_widths([np.where(np.arange(20) < 2, falling, np.nan), falling]) == [0, 0], "it parts"
    assert extra_widths([]) == []
    assert extra_widths([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]], log=False) == [2.2, 0, 0]


def test_a_film_shows_what_coincides_and_what_has_arrived():
    """x^2 at 0.25 and 0.75 leaves half the distance, on the other side; at 0.5 it arrives at once."""
    runs = {f"{lr}": ss.minimize(ss.Parabola(), ss.SGD(lr=lr), steps=8) for lr in (0.25, 0.5, 0.75)}
    film = Film(runs)
    film.set(8)
    slow, arrived, crossing = (line for line, _, _ in film._errors)
    assert slow.get_linewidth() > crossing.get_linewidth() == arrived.get_linewidth()
    assert slow.get_ydata() == pytest.approx(crossing.get_ydata())
    floor = arrived.axes.get_ylim()[0]
    assert arrived.get_ydata()[1:] == pytest.approx(floor)


def test_marks_upon_one_another_are_left_out():
    far = ss.minimize(ss.Quadratic(), ss.SGD(lr=0.04), steps=3)
    near = ss.minimize(ss.Quadratic(), ss.SGD(lr=1e-5), steps=300)
    for run, most in ((far, None), (near, 40)):
        ax = ss.draw.path(run, window=[(-6, 1), (-3, 1)])
        drawn = sum(len(line.get_xdata()) for line in ax.lines if line.get_gid() in ("update", "overshot"))
        assert drawn == run.nit if most is None else 0 < drawn < most
        assert len(ax.lines[-4].get_xdata()) == run.nit + 1 or any(
            len(line.get_xdata()) == run.nit + 1 for line in ax.lines
        ), "the path itself is whole"


def test_a_shallow_well_gets_a_line():
    """Of the wells of TwoWells one is -5.03 deep, the other -1.09; its rim is at about -0.03."""
    problem = ss.TwoWells()
    x, y = np.meshgrid(np.linspace(-1.7, 1.8, 201), np.linspace(-1.0, 1.7, 201))
    z = problem.fun(np.stack([x, y], axis=-1))
    height = np.ma.array(z - z.min() + 1e-9)
    evenly = float(height.max()) * np.geomspace(1e-4, 1.0, 13)
    (level,) = levels_of_wells(height, evenly)
    assert -1.09 < level + z.min() < -0.03
    assert level in levels_of(height)
    again = levels_of_wells(height, np.append(evenly, level))
    assert len(again) == 0, "it is shown now"


def test_landscapes_of_one_well_or_of_many_are_left_alone():
    a = np.linspace(-3, 3, 61)
    bowl = a**2 + a[:, None] ** 2
    eggs = bowl + 5 * (2 - np.cos(6 * a) - np.cos(6 * a[:, None]))
    for height in (bowl, eggs, a, bowl[:2, :2]):
        assert len(levels_of_wells(np.ma.array(height), np.array([1.0, 2.0]))) == 0


def test_dialects_whose_paths_cannot_be_told_apart_say_so():
    from stepsize.analysis.dialect_comparison import compare
    from stepsize.draw.dialects import trajectory_distance

    def notes(family):
        return [text.get_text() for text in trajectory_distance(compare(family)).axes[0].texts]

    (note,) = notes("adam")
    assert note.startswith("all paths lie on one another:\nat most ")
    most = max(float(source.distance.max()) for source in compare("adam").sources)
    assert note.endswith(f"{most:.1g} apart")
