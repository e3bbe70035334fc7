"""The library's own stream of normal numbers, tabulated, so that noisy gradients keep their bits."""

from functools import lru_cache

import numpy as np

from problems import AdditiveNoise, Quadratic
from stepsize.explorer.translation.javascript import packed

__all__ = ["LENGTH", "SEEDS", "streams"]

# Seeds that the page offers, and points for which each has numbers.
SEEDS = (0, 1, 2)
LENGTH = 501


@lru_cache
def streams() -> list[str]:
    """Return, for each seed, two numbers a point as text: what `AdditiveNoise` adds for ``sigma_g=1``."""
    zero = np.zeros(2)
    flat = Quadratic((0.0, 0.0), start=(1.0, 1.0))
    found = []
    for seed in SEEDS:
        noisy = AdditiveNoise(flat, rng=seed)
        rows = np.array([noisy.at(n).grad(zero) for n in range(LENGTH)])
        found.append(packed(rows))
    return found
