"""Heights that show the shallow wells of a landscape, which evenly spaced heights may miss."""

from typing import Any

import numpy as np

__all__ = ["levels_of_wells"]

Array = np.ndarray[Any, Any]

# A landscape of more wells has lines enough; a shallower one is a matter of the grid.
_MOST, _DEPTH = 4, 1e-3
_HALVINGS = 20


def levels_of_wells(height: Array, levels: Array) -> Array:
    """Return a height for each well that no level shows: half way from its bottom to its rim.

    Parameters
    ----------
    height : masked array of shape (rows, columns)
        Of other shapes nothing is said.
    levels : ndarray
        The heights at which there are lines already.

    Examples
    --------
    Two wells with their bottoms at 0 and 3, and the rim between them at 4:

    >>> x = np.linspace(-2, 2, 81)
    >>> bowls = np.minimum(4 * (x + 1) ** 2, 3 + (x - 1) ** 2) + 4 * x[:, None] ** 2
    >>> levels_of_wells(np.ma.array(bowls), np.array([1.0, 2.0])).round(1).tolist()
    [3.5]
    """
    if height.ndim != 2 or min(height.shape) < 3:
        return np.zeros(0)
    z = np.ma.filled(height.astype(float), np.inf)
    bottoms = _bottoms(z)
    if not 1 < len(bottoms) <= _MOST:
        return np.zeros(0)
    found = []
    for place in bottoms:
        low, rim = float(z[place]), _rim(z, place, float(np.max(z[np.isfinite(z)])))
        deep = rim - low > _DEPTH * (levels[-1] - levels[0]) if len(levels) else False
        if deep and not ((levels > low) & (levels < rim)).any():
            found.append((low + rim) / 2)
    return np.array(found)


def _bottoms(z: Array) -> list[tuple[int, int]]:
    """Return the places inside that are lower than all eight around them."""
    middle = z[1:-1, 1:-1]
    lower = np.isfinite(middle)
    for i in (0, 1, 2):
        for j in (0, 1, 2):
            if (i, j) != (1, 1):
                lower &= middle < z[i : i + middle.shape[0], j : j + middle.shape[1]]
    return [(int(i) + 1, int(j) + 1) for i, j in np.argwhere(lower)]


def _rim(z: Array, place: tuple[int, int], highest: float) -> float:
    """Return up to which height water stays around a bottom, short of a lower place and of the edge."""
    from scipy.ndimage import label

    low, high = float(z[place]), highest
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        labelled: Any = label(z <= middle, np.ones((3, 3)))
        pools = labelled[0]
        pool = pools == pools[place]
        edge = pool[0].any() or pool[-1].any() or pool[:, 0].any() or pool[:, -1].any()
        if pools[place] and not edge and z[pool].min() >= z[place]:
            low = middle
        else:
            high = middle
    return low
