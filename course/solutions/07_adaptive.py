# stepsize exercise: 07-adaptive
import numpy as np


def adagrad(x, g, state, lr):
    """Each coordinate has the rate lr / (root of the sum of its squared gradients + 1e-8)."""
    s = 0.0 if state is None else state
    s = s + g**2
    x_next = x - lr * g / (np.sqrt(s) + 1e-8)
    return x_next, s


def adam(x, g, state, lr):
    """Averages of g (0.9) and of g^2 (0.999), both corrected for their start at 0; 1e-8 outside the root."""
    m, v, t = (0.0, 0.0, 0) if state is None else state
    t = t + 1
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    m_hat = m / (1 - 0.9**t)
    v_hat = v / (1 - 0.999**t)
    x_next = x - lr * m_hat / (np.sqrt(v_hat) + 1e-8)
    return x_next, (m, v, t)
