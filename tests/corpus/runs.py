"""The runs of the corpus, by name: problem, optimizer, number of updates."""

from functools import cache

from optim import Run, minimize
from tests.corpus import of_data, of_ends, of_optimizers, of_rates, of_units

PARTS = (of_ends, of_optimizers, of_rates, of_data, of_units)
RUNS = {name: case for part in PARTS for name, case in part.RUNS.items()}


@cache
def make(name: str) -> Run:
    """Return the run of that name, made once."""
    problem, optimizer, steps, *start = RUNS[name]
    return minimize(problem, optimizer, start[0] if start else None, steps=steps)
