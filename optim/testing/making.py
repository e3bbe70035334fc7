"""Making an object of a class afresh: at a rate, with the numbers of a reference, on arrays."""

from typing import Any

import numpy as np

from optim.optimizer import Optimizer
from optim.testing.roles import PARAMETERS, RATES, Foreign, holds, needed, takes_arguments

__all__ = ["Parameter", "make", "rate_argument", "rate_attribute", "unused"]

Array = np.ndarray[Any, Any]

_SHAPES = ("shape", "param_shape", "size", "dim", "dims", "n_params", "num_params", "n_features")
# What a constructor may want beyond the rate, and whose number it is in ours.
_NUMBERS = {
    "momentum": ("momentum", "mu", "gamma", "beta"),
    "beta1": ("beta1", "beta_1", "b1"),
    "beta2": ("beta2", "beta_2", "b2"),
    "rho": ("rho", "decay", "decay_rate", "gamma", "beta", "alpha"),
    "eps": ("eps", "epsilon"),
}


class Parameter:
    """What a class with a ``step()`` of its own holds: values and gradient, by the names that people use."""

    def __init__(self, values: Array) -> None:
        self.data, self.grad = values, np.zeros_like(values)


def rate_argument(cls: Foreign) -> str:
    """Return the constructor's argument that is the rate: by its name, or the only one that it needs."""
    names = needed(cls, every=True)
    for name in RATES:
        if name in names:
            return name
    others = [
        n
        for n in needed(cls)
        if n not in (*PARAMETERS, *_SHAPES) and not any(n in w for w in _NUMBERS.values())
    ]
    return others[0] if len(others) == 1 else ""


def make(cls: Foreign, lr: float, reference: Optimizer | None, arrays: list[Array]) -> Foreign:
    """Return a fresh object of a class, its rate and what else it needs from the reference."""
    given: dict[str, Any] = {}
    rate = rate_argument(cls)
    if rate:
        given[rate] = lr
    held: list[Parameter] | None = None
    holder = holds(cls)
    if holder and not takes_arguments(cls):
        held = [Parameter(a) for a in arrays]
        given[holder] = held
    elif holder:
        given[holder] = [a.copy() for a in arrays]
    for name in needed(cls):
        if name in given:
            continue
        if name in PARAMETERS:
            given[name] = list(arrays)
        elif name in _SHAPES:
            given[name] = arrays[0].shape if "shape" in name else arrays[0].size
        else:
            for ours, theirs in _NUMBERS.items():
                if name in theirs and reference is not None and ours in reference.hypers():
                    given[name] = getattr(reference, ours)
                    break
            else:
                shown = f"{cls.__name__}(lr={lr:g}, {name}=...)" if rate == "lr" else f"{cls.__name__}(...)"
                raise TypeError(
                    f"step: got the class {cls.__name__}, whose {name!r} has no default; expected an object, "
                    f"{shown}"
                )
    made = cls(**given)
    if held is not None:
        made.__dict__["_kit_parameters"] = held
    elif holder:
        mine = {id(a) for a in given[holder]}
        names = (n for n, v in vars(made).items() if _has_arrays(v) and {id(a) for a in v} == mine)
        made.__dict__["_kit_given"] = next(names, holder)
    return made


def _has_arrays(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, np.ndarray) for v in value)


def unused(rule: Foreign) -> Foreign:
    """Return an object like this one from before its first update, made anew where its attributes say how."""
    cls = type(rule)
    arguments = {}
    for name in needed(cls, every=True):
        for called in (name, f"_{name}"):
            if called in getattr(rule, "__dict__", {}):
                arguments[name] = getattr(rule, called)
    if set(needed(cls)) <= set(arguments) and set(needed(cls, every=True)) == set(arguments):
        try:
            return cls(**arguments)
        except Exception:  # its attributes are no arguments after all
            return rule
    return rule


def rate_attribute(made: Foreign, lr: float | None) -> str:
    """Return the attribute that is the rate: by its name, and where it is known by its value."""
    for name in (*RATES, *(f"_{n}" for n in RATES)):
        value = getattr(made, name, None)
        if isinstance(value, int | float) and not isinstance(value, bool) and (lr is None or value == lr):
            return name
    return ""
