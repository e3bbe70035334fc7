"""Small real data sets, one CSV file each.

LICENSES.md says whose they are: beside this file in the source, among the licenses where it is
installed. Start with `load`, which reads one.
"""

from functools import cache
from typing import Any

import numpy as np

__all__ = ["load"]


@cache
def load(name: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the features (n, d) and the last column (n,) of a shipped table, as read-only float arrays."""
    from importlib.resources import files

    text = files("problems.data").joinpath(f"{name}.csv").read_text("ascii")
    rows = np.array([line.split(",") for line in text.splitlines()[1:]], dtype=float)
    rows.flags.writeable = False
    return rows[:, :-1], rows[:, -1]
