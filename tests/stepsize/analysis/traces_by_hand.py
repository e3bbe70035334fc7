"""The traces of runs as a test writes them down: what is not told is that of a run without any incident."""

from dataclasses import fields, replace

import numpy as np

from stepsize.analysis.traces import Traces, hold_ends
from stepsize.analysis.verdicts import VERDICTS, classify
from stepsize.analysis.windows import RowWindows

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
    told = usual | rows | facts
    # What is written after its end is not what a run has done.
    told |= {name: np.array(told[name]) for name in ("overshoot", "fun", "error", "grad_norm")}
    hold_ends(*(told[name] for name in ("nit", "overshoot", "fun", "error", "grad_norm")))
    return Traces(**told)


def word(fun, **facts):
    """Return the verdict on such a run."""
    return VERDICTS[classify(traces(fun, **facts)).verdict[0]]


def column(values):
    return np.asarray(values, float)[:, None]


def windows(fun, **facts):
    """Return courses and their windows: of 100 updates the last are the rows 76-100, 51-75 and 26-50.

    The run is the first of three. One of its neighbours has far larger numbers and the other far smaller
    ones, which must not matter to it.
    """
    course = traces(fun, **facts)
    three = {
        f.name: among(getattr(course, f.name))
        for f in fields(course)
        if isinstance(getattr(course, f.name), np.ndarray)
    }
    course = replace(course, **three)
    return course, RowWindows(course, np.arange(3))


def among(rows):
    """Return rows beside two others."""
    if rows.ndim == 1:
        return np.repeat(rows, 3)
    if rows.dtype == bool:
        return np.concatenate([rows, np.ones_like(rows), np.zeros_like(rows)], axis=1)
    return np.concatenate([rows, np.full_like(rows, 1e12), np.full_like(rows, -1e12)], axis=1)


def holds(condition, *args):
    """Return what a condition says of a single run; like `classify`, it minds no division by 0."""
    with np.errstate(all="ignore"):
        return bool(condition(*args)[0])


def filled(*pieces):
    """Return pieces ``(value, count)`` one after another."""
    return np.concatenate([np.full(count, value, float) for value, count in pieces])
