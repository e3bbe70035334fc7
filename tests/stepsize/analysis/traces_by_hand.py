"""The traces of runs as a test writes them down: what is not told is that of a run without any incident."""

import numpy as np

from stepsize.analysis.traces import Traces
from stepsize.analysis.verdicts import VERDICTS, classify

COLUMNS = ("error", "grad_norm", "overshoot", "step_norm", "rate")


def traces(fun, **facts):
    """Return the traces of one run: of minimum 0 and gradient norm sqrt(f), unless told."""
    fun = np.asarray(fun, float)[:, None]
    updates = len(fun) - 1
    usual = {
        "fun": fun,
        "error": fun,
        "grad_norm": np.sqrt(np.abs(fun)),
        "overshoot": np.zeros((updates, 1), bool),
        "step_norm": np.ones((updates, 1)),
        "rate": np.ones((updates, 1)),
        "nit": np.array([updates]),
        "diverged": np.array([False]),
        "tolerance": np.array([1e-8]),
        "nothing": np.zeros(1),
        "floor": np.array([1e-15]),
        "still": np.array([1e-15]),
        "rounding": 1e-15,
        "summed": 0.0,
        "known": True,
        "exact": True,
        "noisy": False,
        "stopped": False,
        "minimum": 0.0,
        "failures": ("",),
    }
    rows = {name: np.reshape(facts.pop(name), (-1, 1)) for name in COLUMNS if name in facts}
    return Traces(**usual | rows | facts)


def word(fun, **facts):
    """Return the verdict on such a run."""
    return VERDICTS[classify(traces(fun, **facts)).verdict[0]]
