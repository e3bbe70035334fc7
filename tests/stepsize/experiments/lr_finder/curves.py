"""Curves of progress over rates, in the place of a problem."""

import numpy as np

from stepsize.experiments.lr_finder.restart_search import Marks, RateScan


class Curve:
    """What `RateScan` asks for rates, with a progress that is a function of their logarithm."""

    def __init__(self, progress, mean=None, jitter=0.0):
        self.progress, self.mean, self.jitter = progress, mean or progress, jitter
        self.starts, self.asked = np.zeros((1, 1)), []

    def at(self, rates, steps):
        self.asked.append(rates)
        logs = np.log10(rates)
        nothing = dict.fromkeys(Marks._fields, np.zeros((len(rates), 1)))
        speed, mean = (f(logs)[:, None] / steps for f in (self.progress, self.mean))
        jitter = np.full((len(rates), 1), self.jitter)
        return Marks(**nothing | {"speed": speed, "mean_speed": mean, "jitter": jitter})


def scan_of(curve, rates):
    scan = RateScan([curve], 10)
    scan.add(np.asarray(rates, float))
    return scan


def table(rates, progress, mean=None, jitter=0.0):
    """Return a scan of a few rates, ascending, whose progress is told one by one."""
    logs = np.log10(rates)
    told = [np.asarray(progress, float), np.asarray(progress if mean is None else mean, float)]
    lines = [lambda x, y=y: np.interp(x, logs, y) for y in told]
    return scan_of(Curve(*lines, jitter), rates)
