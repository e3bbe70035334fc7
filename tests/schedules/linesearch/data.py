"""The benchmark of the papers on mini-batch searches: breast-cancer data, started at random weights."""

import numpy as np

from optim import minimize
from problems import BreastCancer

# 398 training examples, as many as the papers take. The smallest loss depends on the split (0.043 to 0.063).
WHOLE = BreastCancer(l2=1e-3, held_out=0.3, rng=3)


def start(seed):
    return np.random.default_rng(seed).normal(size=WHOLE.dim)


def within(problem, optimizer, x0, evaluations, least=1.0):
    """Run until so many evaluations are spent; return the run and the updates that they paid for.

    `least` is how many evaluations an update takes at least, on average.
    """
    run = minimize(problem, optimizer, x0, steps=round(evaluations / least))
    # A static batch is evaluated at the start of every update, a dynamic one only at the first.
    spent = run.history.n_trials + (problem.sampling == "static")
    assert 1 + spent.sum() >= evaluations
    return run, int(np.searchsorted(1 + np.cumsum(spent), evaluations, side="right"))
