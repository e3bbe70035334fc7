"""Driving a class as it is: what its method is called with, in what, and what comes of it.

A class that keeps its memory in itself has one of the methods below. What each argument is for is read from
its name, and in what the parameters come, an array, a list or a dict of arrays, is found by trying.
"""

import inspect
from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np

from stepsize.base.checks import describe

__all__ = ["Driver", "driver_of", "is_drivable", "rate_argument"]

Array = np.ndarray[Any, Any]

_METHODS = (
    "update",
    "step",
    "apply_gradients",
    "apply",
    "get_updates",
    "update_params",
    "update_parameters",
    "update_weights",
    "optimize",
    "__call__",
)
_RATES = ("lr", "learning_rate", "eta", "alpha", "step_size", "stepsize", "rate", "lr0")
_COUNTS = ("t", "n", "k", "i", "step", "iteration", "iter", "epoch", "num_iter")
_PARAMETERS = ("params", "parameters", "weights", "variables", "vars", "trainable_variables")
_SHAPES = ("shape", "param_shape", "size", "dim", "dims", "n_params", "num_params", "n_features")
_PAIRS = ("grads_and_vars", "grads_and_params", "pairs", "gradients_and_variables")
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


class Form(NamedTuple):
    """In what parameters and gradients are handed over.

    "array", "list" or "dict"; "pairs" of gradient and parameter; "spread", each array by itself; "held" by
    the class as objects with data and grad, or "given" to it as arrays.
    """

    name: str

    def wrap(self, arrays: list[Array]) -> Any:
        """Return the arrays as a method takes them."""
        if self.name == "array":
            return arrays[0]
        if self.name == "dict":
            return {f"W{k}": a for k, a in enumerate(arrays, 1)}
        return list(arrays)

    def unwrap(self, value: Any) -> list[Array]:
        """Return the arrays that are in there."""
        if self.name == "array":
            return [np.asarray(value)]
        return [np.asarray(v) for v in (value.values() if isinstance(value, dict) else value)]


class Driver:
    """One object with a memory of its own, driven through its method.

    Parameters
    ----------
    made : object
        The object, which nobody else uses.
    method : str
        Its method.
    form : Form
        In what it takes the parameters.
    rate : str
        Its attribute that is the rate, or nothing.
    lr : float, optional
        What that is at first.
    """

    def __init__(self, made: Any, method: str, form: Form, rate: str = "", lr: float | None = None) -> None:
        self.made, self.method, self.form, self.rate = made, method, form, rate
        self.t = 0
        # A rate is set where it changes only: a class may change it itself, and that is to be seen.
        self._last = lr

    def step(self, x: Array, g: Array, lr: float, parts: tuple[slice, ...]) -> Array:
        """Return x after one update."""
        if self.rate and lr != self._last:
            setattr(self.made, self.rate, lr)
            self._last = lr
        self.t += 1
        arrays, gradients = [x[p].copy() for p in parts], [g[p] for p in parts]
        if self.form.name == "held":
            return self._held(arrays, gradients)
        if self.form.name == "given":
            return self._given(arrays, gradients)
        if self.form.name == "spread":
            return np.concatenate(self._spread(arrays, gradients, lr)[: len(parts)])
        params, grads = self.form.wrap(arrays), self.form.wrap(gradients)
        function = getattr(self.made, self.method)
        if self.form.name == "pairs":
            back = function(zip(gradients, arrays, strict=True))
            params = arrays
        else:
            back = function(*(self._argument(r, params, grads, lr) for r in _roles(function)))
        return np.concatenate(self._after(back, params, arrays))

    def _held(self, arrays: list[Array], gradients: list[Array]) -> Array:
        held = self.made.__dict__["_kit_parameters"]
        for parameter, values, gradient in zip(held, arrays, gradients, strict=True):
            parameter.data, parameter.grad = values, gradient
        getattr(self.made, self.method)()
        return np.concatenate([np.asarray(p.data, dtype=float) for p in held])

    def _given(self, arrays: list[Array], gradients: list[Array]) -> Array:
        """Step a class that was given its parameters, and gets the gradients alone."""
        name = self.made.__dict__["_kit_given"]
        held = getattr(self.made, name)
        for mine, values in zip(held, arrays, strict=True):
            mine[...] = values
        getattr(self.made, self.method)(gradients)
        return np.concatenate([np.asarray(v, dtype=float) for v in getattr(self.made, name)])

    def _spread(self, arrays: list[Array], gradients: list[Array], lr: float) -> list[Array]:
        """Step a method that takes each array by itself: update(t, w, b, dw, db)."""
        function = getattr(self.made, self.method)
        many = _roles(function).count("params")
        # Where there are fewer, the others get copies, whose results nobody reads.
        arrays = [*arrays, *(arrays[-1].copy() for _ in range(many - len(arrays)))]
        gradients = [*gradients, *(gradients[-1].copy() for _ in range(many - len(gradients)))]
        left: dict[str, list[Any]] = {
            "params": list(arrays),
            "grads": list(gradients),
            "rate": [lr],
            "count": [self.t],
        }
        back = function(*(left[role].pop(0) for role in _roles(function)))
        found = [np.asarray(v) for v in back] if isinstance(back, tuple | list) else []
        return found if [f.shape for f in found] == [a.shape for a in arrays] else arrays

    def _argument(self, role: str, params: Any, grads: Any, lr: float) -> Any:
        return {"params": params, "grads": grads, "rate": lr, "count": self.t}[role]

    def _after(self, back: Any, params: Any, arrays: list[Array]) -> list[Array]:
        """Return the new arrays: those that came back if they are such, otherwise those handed over."""
        shapes = [a.shape for a in arrays]
        for candidate in (back, back[0] if isinstance(back, tuple) and back else None):
            if candidate is None:
                continue
            try:
                # Keras 1 gave pairs of a parameter and its new value.
                if isinstance(candidate, list) and all(
                    isinstance(v, tuple) and len(v) == 2 for v in candidate
                ):
                    candidate = [v for _, v in candidate]
                found = self.form.unwrap(candidate)
            except TypeError:
                continue
            if [f.shape for f in found] == shapes:
                return found
        return self.form.unwrap(params)


def is_drivable(rule: Any) -> bool:
    """Whether an object or class has a method that updates parameters and takes no state."""
    return _method(rule) != ""


def _method(rule: Any) -> str:
    for name in _METHODS:
        function = getattr(rule, name, None) if name != "__call__" else getattr(_class(rule), name, None)
        if not inspect.isroutine(function) or _is_of_object(rule, name):
            continue
        roles = _roles(function, skip_self=inspect.isclass(rule) or name == "__call__")
        held = roles in ([], ["grads"]) and inspect.isclass(rule) and bool(_holds(rule))
        if held or roles == ["pairs"] or {"params", "grads"} <= set(roles):
            return name
    return ""


def _has_arrays(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, np.ndarray) for v in value)


def _is_of_object(rule: Any, name: str) -> bool:
    """Whether a method is that of every class or object, not the rule's own."""
    return (
        name == "__call__"
        and inspect.isclass(rule)
        and "__call__" not in vars(rule)
        and not any("__call__" in vars(c) for c in rule.__mro__[:-1])
    )


def _class(rule: Any) -> Any:
    return rule if inspect.isclass(rule) else type(rule)


def _holds(cls: type) -> str:
    """Return the constructor's argument that is the parameters, if it has one."""
    return next((p for p in _needed(cls, every=True) if p in _PARAMETERS or p == "model_params"), "")


def _roles(function: Any, skip_self: bool = False) -> list[str]:
    """Return what each argument of a method is for, or nothing where that cannot be told."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []
    if skip_self:
        parameters = parameters[1:]
    wanted = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = [p.name for p in wanted]
    if (
        len([p for p in wanted if p.default is p.empty]) == 1
        and names
        and (names[0] in _PAIRS or names[0].endswith("_and_vars"))
    ):
        return ["pairs"]
    roles = []
    for p in wanted:
        name = p.name.lower()
        if name in _RATES:
            role = "rate"
        elif name in _COUNTS and len(wanted) > 2:
            role = "count"
        else:
            role = "grads" if _is_gradient(name) else "params"
        if p.default is not p.empty:
            break  # it and what follows have defaults
        roles.append(role)
    if roles.count("params") == 2 and "grads" not in roles:  # two names that say nothing: x first
        roles[len(roles) - 1 - roles[::-1].index("params")] = "grads"
    twice = any(roles.count(role) > 1 for role in ("rate", "count"))
    equal = roles.count("params") == roles.count("grads")
    return [] if twice or not (equal or roles == ["grads"]) else roles


def _is_gradient(name: str) -> bool:
    return (
        name in ("g", "gs", "dx", "dw", "db", "dp", "dtheta", "delta", "d")
        or "grad" in name
        or name.startswith("d_")
    )


def _needed(cls: Any, every: bool = False) -> list[str]:
    """Return the names of the constructor's arguments, those without a default, or all."""
    try:
        parameters = inspect.signature(cls).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    )
    return [p.name for p in parameters if p.kind in kinds and (every or p.default is p.empty)]


def rate_argument(cls: Any) -> str:
    """Return the constructor's argument that is the rate: by its name, or the only one that it needs."""
    names = _needed(cls, every=True)
    for name in _RATES:
        if name in names:
            return name
    needed = [
        n
        for n in _needed(cls)
        if n not in (*_PARAMETERS, *_SHAPES) and not any(n in w for w in _NUMBERS.values())
    ]
    return needed[0] if len(needed) == 1 else ""


def _make(cls: Any, lr: float, reference: Any, arrays: list[Array]) -> Any:
    """Return a fresh object of a class, its rate and what else it needs from the reference."""
    given: dict[str, Any] = {}
    rate = rate_argument(cls)
    if rate:
        given[rate] = lr
    held: list[Parameter] | None = None
    holds = _holds(cls)
    if holds and not _takes_arguments(cls):
        held = [Parameter(a) for a in arrays]
        given[holds] = held
    elif holds:
        given[holds] = [a.copy() for a in arrays]
    for name in _needed(cls):
        if name in given:
            continue
        if name in _PARAMETERS:
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
    elif holds:
        mine = {id(a) for a in given[holds]}
        names = (n for n, v in vars(made).items() if _has_arrays(v) and {id(a) for a in v} == mine)
        made.__dict__["_kit_given"] = next(names, holds)
    return made


def _takes_arguments(cls: Any) -> bool:
    return bool(_roles(getattr(cls, _method(cls)), skip_self=True))


class Driven(NamedTuple):
    """What makes a fresh driver, what it is called, its rate, and whether that can be changed."""

    fresh: Callable[[list[Array]], Driver]
    name: str
    lr: float
    takes_rate: bool
    several: bool


def driver_of(rule: Any, lr: float, reference: Any = None, build: Callable[[], Any] | None = None) -> Driven:
    """Return how a class, or an object with a memory of its own, is driven.

    Parameters
    ----------
    rule : class or object
        With one of the methods that this module knows.
    lr : float
        The rate that the class is made with; an object keeps its own.
    reference : Optimizer or None
        Lends numbers that a constructor needs.
    build : callable, optional
        Makes such objects afresh, where `rule` is one.

    Raises
    ------
    TypeError
        If it cannot be made, or its method takes neither arrays nor lists nor dicts of them.
    """
    method, cls = _method(rule), _class(rule)
    name = f"{cls.__name__}.{method}" if method != "__call__" else cls.__name__
    if inspect.isclass(rule):

        def fresh(arrays: list[Array]) -> Any:
            return _make(rule, lr, reference, arrays)
    elif build is not None:

        def fresh(arrays: list[Array]) -> Any:  # noqa: ARG001  # as above
            return build()
    else:
        pristine = _unused(rule)

        def fresh(arrays: list[Array]) -> Any:  # noqa: ARG001  # as above
            try:
                return deepcopy(pristine)
            except Exception as error:
                raise TypeError(
                    f"step: got {describe(rule)}, which cannot be copied ({error}); expected its class"
                ) from error

    form = _form(fresh, method, name)
    sample = fresh(_samples(form))
    attribute = _rate_attribute(sample, lr if inspect.isclass(rule) else None)
    own = lr
    if attribute:
        value = getattr(sample, attribute)
        own = float(value) if isinstance(value, int | float) and value > 0 else lr

    def driver(arrays: list[Array], rate: str) -> Driver:
        return Driver(fresh(arrays), method, form, rate, own)

    changes = bool(attribute) and _hears(lambda: driver(_samples(form), attribute), own)
    takes_rate = changes or "rate" in _roles(getattr(sample, method))
    rate = attribute if changes else ""
    return Driven(lambda arrays: driver(arrays, rate), name, own, takes_rate, form.name != "array")


def _samples(form: Form) -> list[Array]:
    return [np.array([1.0, -2.0])] * (1 if form.name == "array" else 2)


def _unused(rule: Any) -> Any:
    """Return an object like this one from before its first update, made anew where its attributes say how."""
    cls = type(rule)
    arguments = {}
    for name in _needed(cls, every=True):
        for called in (name, f"_{name}"):
            if called in getattr(rule, "__dict__", {}):
                arguments[name] = getattr(rule, called)
    if set(_needed(cls)) <= set(arguments) and set(_needed(cls, every=True)) == set(arguments):
        try:
            return cls(**arguments)
        except Exception:  # its attributes are no arguments after all
            return rule
    return rule


def _form(fresh: Callable[[list[Array]], Any], method: str, name: str) -> Form:
    """Return in what form a method takes parameters: the first in which three updates move them."""
    made = fresh([np.zeros(2)] * 2)
    roles = _roles(getattr(made, method))
    if not roles:
        return Form("held")
    if roles == ["grads"]:
        return Form("given")
    if roles == ["pairs"]:
        return Form("pairs")
    if roles.count("params") > 1:
        return Form("spread")
    orders = ("list", "dict", "array") if _plural(getattr(made, method)) else ("array", "list", "dict")
    still, errors = "", {}
    for order in orders:
        form = Form(order)
        x = np.array([1.0, -2.0] if order == "array" else [1.0, -2.0, 3.0, 0.5])
        parts = (slice(0, 2),) if order == "array" else (slice(0, 2), slice(2, 4))
        driver = Driver(fresh([x[p] for p in parts]), method, form)
        try:
            with np.errstate(all="ignore"):
                after = x
                for _ in range(3):
                    after = driver.step(after, np.array([0.5, -1.0, 2.0, 0.25][: len(x)]), 0.1, parts)
        except Exception as error:
            errors[order] = error
            continue
        if after.shape == x.shape and not np.array_equal(after, x):
            return form
        still = still or order
    if still:
        return Form(still)
    first = errors[orders[0]]
    raise TypeError(
        f"step: {name} could not be driven: given {_WORDS[orders[0]]} it raised {type(first).__name__}: "
        f"{first}; "
        "expected a method (params, grads) on arrays, or on lists or dicts of them, of any shape"
    ) from first


_WORDS = {"array": "arrays", "list": "lists of arrays", "dict": "dicts of arrays"}


def _plural(function: Any) -> bool:
    names = [n.lower() for n in inspect.signature(function).parameters]
    return any(n in _PARAMETERS or n in ("grads", "gradients", "ps", "gs", "ws") for n in names)


def _rate_attribute(made: Any, lr: float | None) -> str:
    """Return the attribute that is the rate: by its name, and where it is known by its value."""
    for name in (*_RATES, *(f"_{n}" for n in _RATES)):
        value = getattr(made, "__dict__", {}).get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and (lr is None or value == lr):
            return name
    return ""


def _hears(driver: Callable[[], Driver], lr: float) -> bool:
    """Whether an object's steps follow the rate that its attribute is set to."""

    def first(rate: float) -> Array:
        made = driver()
        x = np.array([1.0, -2.0] * (1 if made.form.name == "array" else 2))
        parts = (slice(0, 2),) if len(x) == 2 else (slice(0, 2), slice(2, 4))
        for _ in range(2):
            x = made.step(x, np.full(len(x), 0.5), rate, parts)
        return x

    with np.errstate(all="ignore"):
        return not np.array_equal(first(lr), first(2 * lr), equal_nan=True)
