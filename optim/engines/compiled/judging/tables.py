"""What a tally holds: the tables that the compiled loop reads and writes."""

from typing import Any, NamedTuple

import numpy as np

__all__ = ["ARGUMENTS", "EXTREMES", "GO_ON", "HEIGHT", "KEPT", "LOOK", "Facts", "Stretches", "Tally"]

Array = np.ndarray[Any, Any]

# What stands for an update that ends no stretch: go on, or go on if any run of the group is still finite.
GO_ON, LOOK = -1, -2


class Facts(NamedTuple):
    """What the loop must know of a problem, a number each.

    A run that is lost at a point no larger than `far` is odd. `minimum` is taken from each value; a value may
    be rounded by `rounding` times its size, and `summed` is the least that counts as its size.
    """

    far: float
    minimum: float
    rounding: float
    summed: float


class Tally(NamedTuple):
    """What is known of each run, one number each; rows are counted from 0 at the start.

    `value` is the last finite one; `lost` is the number of updates that left the run finite, inf where all
    did. `crossed` overshot and `climbed` went uphill, both also until the first row that is not out any more;
    `contradicted` went uphill although the slope was falling. `last_out`, `last_tenfold` and
    `last_hundredfold` are the last rows with an error above the limit, ten times and a hundred times the
    limit, -1 for none; where a run ends no higher than that limit, `out_error` and `hundredfold_error` are
    the errors there (that of row 0, for none), and `entry_error` is the one after `last_out`. `last_rise` is
    the last row that is out and to which the error rose, 0 for none. `longest_valley` is the most updates
    from one peak of the error, or the start, to the next that is out and no higher; `last_summit` is the last
    row of a peak higher than the one before, 0 for none (`peak_row`, `peak_error` are those of the last
    peak). All of these mean nothing where a run was lost. `best` is the smallest error. From the row
    `doubtful_from` on it is not known whether updates within the limit overshot. `odd` is 1 if arrays must
    say what became of the run.
    """

    value: Array
    lost: Array
    crossed: Array
    climbed: Array
    crossed_until: Array
    climbed_until: Array
    contradicted: Array
    rises: Array
    last_out: Array
    last_tenfold: Array
    last_hundredfold: Array
    out_error: Array
    entry_error: Array
    hundredfold_error: Array
    last_rise: Array
    longest_valley: Array
    last_summit: Array
    peak_row: Array
    peak_error: Array
    best: Array
    doubtful_from: Array
    odd: Array


class Stretches(NamedTuple):
    """What is known of stretches of updates, of shape (stretches, runs).

    `top` and `low` are the largest and smallest value, `steep` is the largest square of a gradient; `rises`
    counts values larger than the one before, and `crossed` updates that overshot, since the start; `step` is
    the square of the last update.
    """

    top: Array
    low: Array
    steep: Array
    rises: Array
    crossed: Array
    step: Array


# The rows of the table of a tally: its numbers, and the extremes of the stretch that is not at its end yet,
# with what they are where one begins.
KEPT = Tally._fields
EXTREMES = dict(zip(Stretches._fields[:3], (-np.inf, np.inf, 0.0), strict=True))
HEIGHT = len(KEPT) + len(EXTREMES)

# More arguments of the loop: the tables of the tally and of the stretches; the limit of each run's error;
# `Facts` after the number of updates made before; and which stretch ends at an update.
ARGUMENTS = {"tally": "ptr", "stretches": "ptr", "limits": "ptr", "facts": "ptr", "marks": "ptr"}
