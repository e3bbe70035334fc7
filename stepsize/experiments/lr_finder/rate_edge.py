"""Where the loss begins to end above its start, and whether it does so at every rate beyond."""

from typing import Any, NamedTuple

import numpy as np

from stepsize.experiments.lr_finder.restart_search import Trial

__all__ = ["LONG", "Edge", "edge_of", "worst_edge"]

Array = np.ndarray[Any, Any]

# What a rate does in the long run is looked at with at least so many updates.
LONG = 2000
# An edge is found to this relative width; so many rates divide a bracket.
_WIDTH, _WITHIN = 1e-4, 4
# Beyond the first rate that ends above its start so many more are tried over so many decades, and so many
# where the updates are many; below it so many down to this share of it.
_BEYOND, _BEYOND_LONG, _DECADES = 96, 20, 4
_BELOW, _DOWN = 8, 1 / 30


class Edge(NamedTuple):
    """What happens at large rates.

    Attributes
    ----------
    rate : float
        From here on the loss ends above its start; inf if there is no such rate.
    below : float
        Share of the rates above the first that ends above its start which end below it all the same, 0 to 1:
        0 where there is an edge, and where no rate ends above its start.
    first : float
        The first such rate; inf if there is none.
    """

    rate: float
    below: float
    first: float


def edge_of(trial: Trial, steps: int, rates: Array, rises: Array) -> Edge:
    """Return the edge of so many updates from a single start.

    Parameters
    ----------
    trial : Trial
        Where, with one start.
    steps : int
        How many updates.
    rates, rises : ndarray of shape (R,)
        Rates that were tried, ascending, and the loss at the end less that at the start: they tell where to
        look, and may come from fewer updates.
    """
    known = rises > 0
    if not known.any():
        return Edge(np.inf, 0.0, np.inf)
    first = float(rates[int(known.argmax())])
    many = steps >= LONG
    beyond = np.geomspace(first, first * 10.0**_DECADES, _BEYOND_LONG if many else _BEYOND)
    under = np.geomspace(first * _DOWN, first, _BELOW, endpoint=False)
    scan = np.concatenate([under, beyond])
    rises = trial.at(scan, steps).rise[:, 0]
    above = rises > 0
    if not above.any():
        return Edge(np.inf, 0.0, np.inf)
    place = int(above.argmax())
    below = float((~above[place:]).mean())
    if below > 0:
        return Edge(np.inf, below, float(scan[place]))
    low, high = (scan[place - 1] if place else scan[0] * _DOWN), scan[place]
    while high / low - 1 > _WIDTH:
        among = np.geomspace(low, high, _WITHIN + 2)[1:-1]
        grows = np.append(trial.at(among, steps).rise[:, 0] > 0, True)
        place = int(grows.argmax())
        ends = np.concatenate([[low], among, [high]])
        low, high = ends[place], ends[place + 1]
    rate = float(np.sqrt(low * high))
    return Edge(rate, 0.0, rate)


def worst_edge(edges: list[Edge]) -> Edge:
    """Return the edge that no start crosses: an edge only if every start that can end above has one."""
    below = float(np.mean([edge.below for edge in edges]))
    first = min(edge.first for edge in edges)
    return Edge(np.inf if below else min(edge.rate for edge in edges), below, first)
