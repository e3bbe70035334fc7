"""Pictures of schedules: what is drawn, and that nothing else is touched."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from schedules import Constant, Cosine, InverseTime, Linear, PerRun, StepDecay
from stepsize import draw
from stepsize.draw.schedule import steps_to_show


def test_the_curve_is_the_table():
    ax = draw.schedule(StepDecay(0.1, 0.5, 10), steps=30)
    x, y = ax.lines[0].get_data()
    assert np.array_equal(y[:-1], StepDecay(0.1, 0.5, 10).table(30))
    assert np.array_equal(x, np.arange(31))
    assert ax.get_xlabel() == "update n"
    long = draw.schedule(Linear(0.1, 1000), steps=1200)
    assert np.array_equal(long.lines[0].get_ydata(), Linear(0.1, 1000).table(1200))


def test_it_draws_where_it_is_told():
    ax = Figure().add_subplot()
    assert draw.schedule(0.1, ax, steps=5, color="#123456", label="a rate") is ax
    assert ax.lines[0].get_color() == "#123456"
    assert ax.lines[0].get_label() == "a rate"


def test_rows_are_a_line_each():
    ax = draw.schedule(PerRun([0.1, Linear(0.2, 10)]), steps=20)
    assert len(ax.lines) == 2


def test_by_default_it_shows_past_the_end():
    assert steps_to_show([Linear(0.1, 100), Cosine(0.1, 40)]) == 125
    assert steps_to_show([InverseTime(0.1, 0.1)]) == 100
    assert steps_to_show([Constant(0.1)]) == 100


def test_a_sheet_has_a_panel_each_and_an_overlay_one():
    items = [Linear(0.1, 20), Cosine(0.1, 20), StepDecay(0.1, 0.5, 5), 0.05]
    sheet = draw.schedules(items)
    titles = [ax.get_title(loc="left") for ax in sheet.axes if ax.axison]
    assert titles == ["Linear", "Cosine", "StepDecay", "Constant"]
    overlay = draw.schedules(items, steps=30, overlay=True)
    assert len(overlay.axes) == 1
    assert len(overlay.axes[0].lines) == 4
    assert overlay.legends[0].get_texts()[0].get_text() == "Linear(0.1, 20)"
    with pytest.raises(ValueError, match="items: got no schedule"):
        draw.schedules([])


def test_nothing_global_changes_and_the_same_bytes_come_out(tmp_path):
    before = mpl.rcParams.copy()
    for name in ("one.png", "two.png"):
        draw.save(draw.schedules([Linear(0.1, 20)] * 2), tmp_path / name)
    assert mpl.rcParams == before
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
