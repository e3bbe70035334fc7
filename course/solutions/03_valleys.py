# stepsize exercise: 03-valleys
import math

import numpy as np


def gradient(x):
    """The gradient of f = 0.1 x1^2 + 2 x2^2 at x = [x1, x2]: two numbers."""
    return np.array([0.2 * x[0], 4 * x[1]])


def condition_number(H):
    """The largest eigenvalue of the symmetric matrix H over its smallest."""
    eigenvalues = np.linalg.eigvalsh(H)
    return eigenvalues[-1] / eigenvalues[0]


def updates(kappa, share):
    """How many updates at the best rate bring the error down to this share of the start's: a whole number."""
    factor = (kappa - 1) / (kappa + 1)
    return math.ceil(math.log(share) / math.log(factor))
