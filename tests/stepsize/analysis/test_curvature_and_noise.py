"""The edge of stability, as it is counted, and how much time an update takes without momentum."""

import numpy as np

import stepsize as ss
from stepsize.analysis.continuous_time import time_step
from stepsize.analysis.curvature_and_noise import Sharpness, sharpness


def test_at_the_edge_itself_nothing_is_above_it():
    """At 2/lr a quadratic neither grows nor shrinks."""
    measured = Sharpness(np.arange(4), np.array([1.0, 2.0, 3.0, 4.0]), np.full(4, 3.0))
    assert measured.share_above == 0.25


def test_sharpness_is_measured_at_fifty_points():
    run = ss.minimize(ss.Parabola(), ss.SGD(lr=0.1), steps=200)
    assert len(sharpness(run).at) == 50
    assert sharpness(run).at[[0, -1]].tolist() == [0, 200]


def test_without_momentum_the_time_of_an_update_is_its_rate():
    """Euler's scheme for x' = -grad f."""
    assert time_step(0.01) == 0.01
