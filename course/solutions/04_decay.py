# stepsize exercise: 04-decay
import math


def time_based(n, lr, d):
    """The rate of update n = 0, 1, 2, ...: lr for n = 0; update k + 1 has the rate of k over 1 + d k."""
    rate = lr
    for k in range(n):
        rate = rate / (1 + d * k)
    return rate


def step_decay(n, lr, factor, every):
    """The rate of update n: lr, multiplied by factor at n = every, 2 every, 3 every, ..."""
    return lr * factor ** (n // every)


def exponential(n, lr, d):
    """The rate of update n: lr, falling like e^(-d n)."""
    return lr * math.exp(-d * n)
