"""Engines that run a rule: on arrays as it stands, on floats, traced and replayed, or compiled.

A rule is written once, as in its paper, and read by people. The **array** engine runs that text on arrays: it
is the reference, it lives in the loop of `minimize`, and every rule, problem and rate can use it. The others
make many updates at a time and leave the same run:

* `floats`: a single run of a few dimensions calls the rule on Python floats, coordinate by coordinate; where
  the run is long, the operations that it makes are first written out as one plain loop (`codegen`). Functions
  that only take arrays are asked on arrays, in the order of the loop (`called`);
* `traced`: the rule is run once on symbols, and the calls that it made are replayed in place; for batches
  with the runs innermost, block by block (`batched`), for huge vectors in blocks of the vector (`large`);
* `compiled`, an extra: the traces of rule, gradient and value as machine code, for single runs with their
  history, batches, sweeps and huge vectors, where the result is the same to the last bit.

`step`, an update of a huge vector, in place and on several threads, is for everybody; so is `engine_source`,
which returns the text that an engine runs.

`minimize` chooses by what rule and problem declare. A feedback step size, a search, a callback, a
problem that varies and a rule that is not elementwise are the array engine's.

Start with `chunks.py`, then read `floats.py`.
"""

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from optim.engines.chunks import Engine, Stop
from optim.optimizer import Slots
from optim.steppers import Stepper
from optim.user_rules import is_own
from stepsize.core.validation import require

if TYPE_CHECKING:
    from optim.engines.large import step
    from optim.engines.source import engine_source

__all__ = ["ENGINES", "engine_for", "engine_source", "refusal", "step"]

Array = np.ndarray[Any, Any]

# To follow a rule from outside takes as long as so many updates on arrays do.
_FEW = 16

ENGINES = ("auto", "array", "floats", "traced", "compiled")

# Updates of one run from which on compiling it pays, where the compiler is installed.
PAYS = 100_000


def engine_for(
    name: str,
    stepper: Stepper,
    x: Array,
    slots: Slots,
    watched: bool,
    n: int = 0,
    stop: Stop = (None, None),
) -> Engine | None:
    """Return the engine that makes a run, or None for the loop's own, on arrays.

    Parameters
    ----------
    name : {"auto", "array", "floats", "traced", "compiled"}
        "auto" takes the fastest that can.
    stepper : Stepper
    x, slots : ndarray
        Where the run starts.
    watched : bool
        Whether a callback wants to see every update.
    n : int
        The first update.
    stop : tuple
        The tolerance at which the run ends, and the minimum from which its error is measured, if any.

    Raises
    ------
    ValueError
        If the engine asked for cannot make this run.
    """
    require(name in ENGINES, "engine", name, "one of " + ", ".join(ENGINES))
    if name == "array":
        return None
    free = stepper.problem.feasible is None and not watched
    followed = type(stepper) is Stepper and free
    why = "this run is watched, fenced or takes its rate from the loss"
    if name == "compiled" or (name == "auto" and followed and _pays(stepper, x)):
        found = _compiled(stepper, x, slots, n, stop) if followed else why
        if not isinstance(found, str):
            return found
        require(name == "auto", "engine", name, refusal(name, found))
    engine = _best(name, stepper, x, slots) if followed else None
    require(name == "auto" or engine is not None, "engine", name, refusal(name))
    return engine


def refusal(name: str, reason: str = "") -> str:
    """Return what is expected in place of an engine that cannot make a run, and why."""
    return f"array, because {name} cannot make this run" + (f": {reason}" if reason else "")


def _pays(stepper: Stepper, x: Array) -> bool:
    """Whether a run is so long that the time to compile it is won back, and the compiler is there."""
    if stepper.updates is None or stepper.updates * (len(x) if x.ndim > 1 else 1) < PAYS:
        return False
    from optim.engines.compiled.llvm import is_installed

    return is_installed()


def _compiled(stepper: Stepper, x: Array, slots: Slots, n: int, stop: Stop) -> "Engine | str":
    """Return the compiled engine, or why it cannot make this run."""
    from optim.engines.compiled.choice import compiled_engine

    return compiled_engine(stepper, x, slots, n, stop)


def _best(name: str, stepper: Stepper, x: Array, slots: Slots) -> Engine | None:
    """Return the fastest engine that can make a run, all that is needed for it being loaded only then."""
    if x.ndim == 1:
        few = stepper.updates is not None and stepper.updates < _FEW
        if name == "auto" and few and is_own(stepper.optimizer):
            return None
        from optim.engines import floats

        if name == "traced" or (name == "auto" and x.size > floats.MOST_DIMENSIONS):
            return None
        if floats.floats_can(stepper, x, slots):
            return floats.Floats(stepper)
        if not floats.rule_can(stepper, x, slots):
            return None
        from optim.engines.called import CalledFloats

        return CalledFloats(stepper)
    from optim.engines.batched import BatchedEngine, can_be_traced

    fits = name in ("auto", "traced") and can_be_traced(stepper.problem, stepper.optimizer, x, slots)
    return BatchedEngine(stepper, x) if fits else None


def __getattr__(name: str) -> object:
    if name == "step":
        return importlib.import_module("optim.engines.large").step
    if name == "engine_source":
        return importlib.import_module("optim.engines.source").engine_source
    raise AttributeError(f"module 'optim.engines' has no attribute {name!r}")
