"""Pictures of dialects: a line for each group that differs."""

from stepsize import draw
from stepsize.analysis.dialect_comparison import compare
from stepsize.draw import dialects


def test_the_picture_has_a_line_for_each_group():
    comparison = compare("nadam")
    picture = dialects.trajectory_distance(comparison)
    paths, distances, steps = picture.axes
    assert len(distances.lines) == len(comparison.groups()) == 4
    assert len(steps.lines) == len(comparison.sources)
    assert paths.get_title(loc="left") == "nadam"
    assert draw.COLORS[0] == distances.lines[0].get_color()
