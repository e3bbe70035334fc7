"""The ways to run one rule: on arrays as it stands, on floats, or traced and replayed.

A rule is written once, as in its paper, and read by people. The **array** engine runs that text on arrays: it is the
reference, it lives in the loop of `minimize`, and every rule, problem and rate can use it. The other two make many
updates at a time and leave the same run:

* `floats`: a single run of a few dimensions calls the rule on Python floats, coordinate by coordinate;
* `traced`: the rule is run once on symbols, and the calls that it made are replayed in place, for batches with
  the runs innermost and tile by tile (`tiles`), for huge vectors block by block (`blocks`).

`minimize` chooses by what rule and problem declare. A rate that answers to the run, a search, a callback, a problem
that varies and a rule that is not elementwise are the array engine's.
"""

from typing import Any

import numpy as np

from optim.engines.chunks import Engine, leap
from optim.engines.floats import MOST_DIMENSIONS, Floats, floats_can
from optim.engines.tiles import tiles_for
from optim.optimizer import kind_of
from optim.ways import Way
from stepsize.base.checks import refuse_unless

__all__ = ["ENGINES", "engine_for", "leap"]

Array = np.ndarray[Any, Any]

ENGINES = ("auto", "array", "floats", "traced")


def engine_for(name: str, way: Way, x: Array, slots: Any, watched: bool) -> Engine | None:
    """Return the engine that makes a run, or None for the loop's own, on arrays.

    Parameters
    ----------
    name : {"auto", "array", "floats", "traced"}
        "auto" takes the fastest that can.
    way : Way
    x, slots : ndarray
        Where the run starts.
    watched : bool
        Whether a callback wants to see every update.

    Raises
    ------
    ValueError
        If the engine asked for cannot make this run.
    """
    refuse_unless(name in ENGINES, "engine", name, "one of " + ", ".join(ENGINES))
    if name == "array":
        return None
    optimizer = way.optimizer
    plain = (
        type(way) is Way
        and kind_of(optimizer.lr) == "schedule"
        and optimizer.elementwise
        and not optimizer.needs
        and not way.problem.varies
        and not watched
    )
    if plain and name in ("auto", "floats") and floats_can(way, x, slots):
        if name == "floats" or x.size <= MOST_DIMENSIONS:
            return Floats(way)
    if plain and name in ("auto", "traced") and x.ndim == 2 and (tiles := tiles_for(way, x, slots)):
        return tiles
    refuse_unless(name == "auto", "engine", name, f"array, because {name} cannot make this run")
    return None
