"""Gradients held within bounds, by norm and by value."""

import numpy as np

from optim import (
    SGD,
    ClipByNorm,
    ClipByValue,
)


def test_clipping_holds_the_gradient_within_bounds():
    x = np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    g = np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    opt = ClipByNorm(SGD(1.0), 1.0)
    moved = -opt.step(x, g, opt.init(x))[0]
    np.testing.assert_allclose(moved, [[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]], rtol=1e-15)
    opt = ClipByValue(SGD(1.0), 0.35)
    np.testing.assert_array_equal(-opt.step(x, g, opt.init(x))[0], [[0.35, 0.35], [0.3, 0.35], [0.0, 0.0]])
