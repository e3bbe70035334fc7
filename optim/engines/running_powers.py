"""Powers of a run's own number, such as beta**t: one multiplication an update instead of an exponential.

Where beta is one number for all runs its power is one number too, and costs nothing. Where it is one a run,
the powers of an update cost more than the rest of the rule. Every 32 updates they are taken afresh and
multiplied up in between, from the same place whoever starts where, so that they do not depend on how a run is
cut into pieces; they are off by 32 roundings at most. In single precision that would be too much, and powers
are cheaper: there they are always taken.
"""

import operator

import numpy as np

from optim.engines.symbols import is_number
from optim.engines.tracing import Trace
from optim.hyperparameters import Numbers

__all__ = ["running_powers"]

PERIOD = 32


class RunningPower:
    """base**t, for t that goes up by one."""

    def __init__(self) -> None:
        self._t = -1
        self._value: Numbers = None

    def __call__(self, base: Numbers, t: int) -> Numbers:
        """Return base**t to a few roundings."""
        if t != self._t + 1 or t % PERIOD == 0:
            self._t = t - t % PERIOD
            self._value = base**self._t
        while self._t < t:
            self._value = self._value * base
            self._t += 1
        return self._value


def running_powers(trace: Trace, values: list[Numbers], moving: list[int]) -> dict[int, RunningPower]:
    """Return what to call in place of the powers of a trace whose base stands still and is one a run."""
    t = {i for i, (function, path) in enumerate(trace.plain) if function is None and path[-1] == "t"}
    found = {}
    for i in moving:
        function, args = trace.plain[i]
        if function is operator.pow and is_number(args[0]) and is_number(args[1]):
            base, exponent = args[0].index, args[1].index
            array = isinstance(values[base], np.ndarray) and values[base].dtype == np.float64
            if array and base not in moving and exponent in t:
                found[i] = RunningPower()
    return found
