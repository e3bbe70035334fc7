"""Resuming a run or a loop from its state: whether the state fits the rule, the rate and x."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from optim.state import State
from stepsize.core.protocols import DescentProblem
from stepsize.core.record import Record
from stepsize.core.validation import as_count, describe_value

if TYPE_CHECKING:
    from optim.optimizer import Optimizer

__all__ = ["fitting", "left_at", "rate_that_remembers", "rule_of", "state_fits"]

Array = np.ndarray[Any, Any]


def left_at(state: object, problem: DescentProblem) -> Array:
    """Return the point at which a state was left, if it says so and if it is one of the problem."""
    if not isinstance(state, State):
        raise TypeError(f"state: got {describe_value(state)}, expected the state of a run, run.state")
    _is_whole(state)
    if state.x is None:
        raise ValueError(
            "state: got one that does not say at which x it was left, expected that point beside it, as x0"
        )
    if problem.x0 is not None and state.x.shape[-1] != np.size(problem.x0):
        raise ValueError(
            f"state: got that of {state.x.shape[-1]} parameters, expected {np.size(problem.x0)}, as the "
            "problem has"
        )
    return state.x


def fitting(state: State, optimizer: "Optimizer", x: Array) -> State:
    """Return the state in the precision of x, if it is one of this optimizer at x."""
    state_fits(optimizer, state, x)
    _layers_fit(optimizer, state, x)
    rate = rate_that_remembers(optimizer)
    if state.carry is not None and state.rate is not None and rate not in (None, state.rate):
        raise ValueError(f"state: got what the rate {state.rate} remembers, expected that of {rate}")
    slots = (np.asarray(slot) for slot in state.slots)
    return replace(
        state, slots=tuple(s.astype(x.dtype, copy=False) if s.dtype.kind == "f" else s for s in slots)
    )


def rate_that_remembers(optimizer: "Optimizer") -> str | None:
    """Return the names of the classes of a feedback step size; None for one that does not."""
    return None if getattr(optimizer.lr, "kind", "schedule") == "schedule" else _classes(optimizer.lr)


def _classes(rate: object) -> str:
    fields = rate.fields() if isinstance(rate, Record) else ()
    parts = [_classes(value) for _, value in fields if isinstance(value, Record)]
    return type(rate).__name__ + (f"({', '.join(parts)})" if parts else "")


def state_fits(optimizer: "Optimizer", state: State, x: Array) -> None:
    """Require a state, of this rule and rate and of the shape of x."""
    if not isinstance(state, State):
        raise TypeError(
            f"state: got {describe_value(state)}, expected a state, as init, step and a run leave it"
        )
    _is_whole(state)
    if state.rule is not None and state.rule != (rule := rule_of(optimizer)):
        raise ValueError(f"state: got that of {state.rule}, expected that of {rule}")
    if len(state.slots) != len(optimizer.slots):
        raise ValueError(
            f"state: got {len(state.slots)} slots, expected {len(optimizer.slots)} for {optimizer!r}"
        )
    if state.shape is None:  # of an earlier version's file, or made by hand
        _slots_fit(optimizer, state, x)
    elif state.shape != x.shape and state.shape != optimizer.spread(x).shape:
        raise ValueError(
            f"state: got that of parameters of shape {state.shape}, expected that of x, of shape {x.shape}"
        )


def _layers_fit(optimizer: "Optimizer", state: State, x: Array) -> None:
    """Require slots as long as the layers of a rule that has layers make them."""
    if getattr(optimizer, "shapes", None) is None and not hasattr(optimizer, "require_fit"):
        return
    for name, slot, fresh in zip(optimizer.slots, state.slots, optimizer.init(x).slots, strict=True):
        if np.shape(slot)[-1:] != np.shape(fresh)[-1:]:
            raise ValueError(
                f"state: got {name} of shape {np.shape(slot)}, expected {np.shape(fresh)} for the layers of "
                f"{optimizer!r}"
            )


def _is_whole(state: State) -> None:
    """Validate a state that may have been made by hand."""
    as_count("state.n", state.n)
    if state.x is not None and not (isinstance(state.x, np.ndarray) and state.x.dtype.kind == "f"):
        raise TypeError(f"state.x: got {describe_value(state.x)}, expected an array of floats")


def _slots_fit(optimizer: "Optimizer", state: State, x: Array) -> None:
    found = [np.shape(slot) for slot in state.slots]
    wanted = [slot.shape for slot in optimizer.init(x).slots]
    if found != wanted:
        raise ValueError(f"state: got slots of shapes {found}, expected {wanted} for x of shape {x.shape}")


def rule_of(optimizer: "Optimizer") -> str:
    """Return the name of a rule, that of a wrapper with the rule inside."""
    inner = getattr(optimizer, "inner", None)
    return type(optimizer).__name__ + (f"({rule_of(inner)})" if inner is not None else "")
