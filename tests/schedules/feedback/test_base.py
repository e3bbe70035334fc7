"""Feedback step sizes times schedules."""

import numpy as np

from optim import SGD, minimize
from problems import Problem
from schedules import (
    Constant,
    Cosine,
    Plateau,
)


def test_warm_up_times_plateau():
    """The standing request: a warm-up in front of a rule that watches the loss."""
    rule = Constant(0.1).warmup(4) * Plateau(factor=0.5, patience=2)
    flat = Problem.of(lambda x: 0.0 * x.sum(-1), lambda x: 0.0 * x, x0=[1.0])
    run = minimize(flat, SGD(lr=rule), steps=6)
    np.testing.assert_allclose(run.history.lr, [0.025, 0.05, 0.0375, 0.05, 0.025, 0.025], rtol=1e-15)
    cosine = minimize(flat, SGD(lr=Cosine(0.1, 6) * Plateau(patience=99)), steps=6)
    np.testing.assert_allclose(cosine.history.lr, Cosine(0.1, 6).table(6), rtol=1e-15)
