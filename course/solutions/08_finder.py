# stepsize exercise: 08-finder
import math


def ramp(n, low, high, steps):
    """A range test: low at n = 0, high from n = steps on, the same factor at every update between."""
    share = min(n / steps, 1)
    return low * (high / low) ** share


def warmup_cosine(n, top, warmup, steps):
    """Up in a line over the first updates, (n + 1)/warmup of top; then half a cosine, 0 from n = steps on."""
    if n < warmup:
        return top * (n + 1) / warmup
    share = min((n - warmup) / (steps - warmup), 1)
    return top * (1 + math.cos(math.pi * share)) / 2
