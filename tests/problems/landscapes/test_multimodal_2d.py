"""Functions of many minima in the plane."""

import numpy as np

import stepsize as ss


def test_himmelblau_from_the_four_corners_finds_four_minima():
    corners = np.array([[4.0, 4.0], [-4.0, 4.0], [-4.0, -4.0], [4.0, -4.0]])
    end = ss.minimize(ss.Himmelblau(), ss.SGD(lr=0.01), x0=corners, steps=500).x
    np.testing.assert_allclose(end, ss.Himmelblau().minimizers, atol=1e-9)
