"""Driving a class as it is: what its method is called with, in what, and what comes of it.

A class that keeps its memory in itself has one of the methods that `roles` knows. In what the parameters
come, an array, a list or a dict of arrays, is found by trying.
"""

import inspect
from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np

from optim.optimizer import Optimizer
from optim.testing.making import make, rate_argument, rate_attribute, unused
from optim.testing.roles import Foreign, class_of, method_of, plural, roles_of
from stepsize.core.validation import describe_value

__all__ = ["Driven", "Driver", "driver_of", "in_shapes"]

Array = np.ndarray[Any, Any]
# The shapes of the arrays that a vector holds; none are vectors.
Shapes = tuple[tuple[int, ...], ...]
# Arrays as a method takes them and gives them back: one, a list or a dict of them, or what it likes.
Wrapped = Any

_WORDS = {"array": "arrays", "list": "lists of arrays", "dict": "dicts of arrays"}


class Form(NamedTuple):
    """In what parameters and gradients are handed over.

    "array", "list" or "dict"; "pairs" of gradient and parameter; "spread", each array by itself; "held" by
    the class as objects with data and grad, or "given" to it as arrays.
    """

    name: str

    def wrap(self, arrays: list[Array]) -> Wrapped:
        """Return the arrays as a method takes them."""
        if self.name == "array":
            return arrays[0]
        if self.name == "dict":
            return {f"W{k}": a for k, a in enumerate(arrays, 1)}
        return list(arrays)

    def unwrap(self, value: Wrapped) -> list[Array]:
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

    def __init__(
        self, made: Foreign, method: str, form: Form, rate: str = "", lr: float | None = None
    ) -> None:
        self.made, self.method, self.form, self.rate = made, method, form, rate
        self.t = 0
        # A rate is set where it changes only: a class may change it itself, and that is to be seen.
        self._last = lr

    def step(self, x: Array, g: Array, lr: float, parts: tuple[slice, ...], shapes: Shapes = ()) -> Array:
        """Return x after one update, its arrays handed over in their shapes."""
        if self.rate and lr != self._last:
            setattr(self.made, self.rate, lr)
            self._last = lr
        self.t += 1
        arrays, gradients = in_shapes(x.copy(), parts, shapes), in_shapes(g, parts, shapes)
        if self.form.name == "held":
            return self._held(arrays, gradients)
        if self.form.name == "given":
            return self._given(arrays, gradients)
        if self.form.name == "spread":
            return _flat(self._spread(arrays, gradients, lr)[: len(parts)])
        params, grads = self.form.wrap(arrays), self.form.wrap(gradients)
        function = getattr(self.made, self.method)
        if self.form.name == "pairs":
            back = function(zip(gradients, arrays, strict=True))
            params = arrays
        else:
            back = function(*(self._argument(r, params, grads, lr) for r in roles_of(function)))
        return _flat(self._after(back, params, arrays))

    def _held(self, arrays: list[Array], gradients: list[Array]) -> Array:
        held = self.made.__dict__["_kit_parameters"]
        for parameter, values, gradient in zip(held, arrays, gradients, strict=True):
            parameter.data, parameter.grad = values, gradient
        getattr(self.made, self.method)()
        return _flat([np.asarray(p.data, dtype=float) for p in held])

    def _given(self, arrays: list[Array], gradients: list[Array]) -> Array:
        """Step a class that was given its parameters, and gets the gradients alone."""
        name = self.made.__dict__["_kit_given"]
        held = getattr(self.made, name)
        for mine, values in zip(held, arrays, strict=True):
            mine[...] = values
        getattr(self.made, self.method)(gradients)
        return _flat([np.asarray(v, dtype=float) for v in getattr(self.made, name)])

    def _spread(self, arrays: list[Array], gradients: list[Array], lr: float) -> list[Array]:
        """Step a method that takes each array by itself: update(t, w, b, dw, db)."""
        function = getattr(self.made, self.method)
        many = roles_of(function).count("params")
        # Where there are fewer, the others get copies, whose results nobody reads.
        arrays = [*arrays, *(arrays[-1].copy() for _ in range(many - len(arrays)))]
        gradients = [*gradients, *(gradients[-1].copy() for _ in range(many - len(gradients)))]
        left: dict[str, list[Any]] = {
            "params": list(arrays),
            "grads": list(gradients),
            "rate": [lr],
            "count": [self.t],
        }
        back = function(*(left[role].pop(0) for role in roles_of(function)))
        found = [np.asarray(v) for v in back] if isinstance(back, tuple | list) else []
        return found if [f.shape for f in found] == [a.shape for a in arrays] else arrays

    def _argument(self, role: str, params: Wrapped, grads: Wrapped, lr: float) -> "Wrapped | float":
        return {"params": params, "grads": grads, "rate": lr, "count": self.t}[role]

    def _after(self, back: Wrapped, params: Wrapped, arrays: list[Array]) -> list[Array]:
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


def in_shapes(x: Array, parts: tuple[slice, ...], shapes: Shapes) -> list[Array]:
    """Return the arrays of a vector, each in its shape; vectors where there are no shapes."""
    return [x[p].reshape(shape) for p, shape in zip(parts, shapes or ((-1,),) * len(parts), strict=True)]


def _flat(arrays: list[Array]) -> Array:
    return np.concatenate([a.reshape(-1) for a in arrays])


class Driven(NamedTuple):
    """What makes a fresh driver, what it is called, its rate, and whether that can be changed."""

    fresh: Callable[[list[Array]], Driver]
    name: str
    lr: float
    takes_rate: bool
    several: bool


def driver_of(
    rule: Foreign,
    lr: float,
    reference: Optimizer | None = None,
    build: Callable[[], Foreign] | None = None,
    *,
    matrices: bool = False,
) -> Driven:
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
    matrices : bool
        Whether it is tried on matrices, of one column, and not on vectors.

    Raises
    ------
    TypeError
        If it cannot be made, or its method takes neither arrays nor lists nor dicts of them.
    """
    method, cls = method_of(rule), class_of(rule)
    name = f"{cls.__name__}.{method}" if method != "__call__" else cls.__name__
    if inspect.isclass(rule):

        def fresh(arrays: list[Array]) -> Foreign:
            return make(rule, lr, reference, arrays)
    elif build is not None:

        def fresh(arrays: list[Array]) -> Foreign:  # noqa: ARG001  # as above
            return build()
    else:
        pristine = unused(rule)

        def fresh(arrays: list[Array]) -> Foreign:  # noqa: ARG001  # as above
            try:
                return deepcopy(pristine)
            except Exception as error:
                raise TypeError(
                    f"step: got {describe_value(rule)}, which cannot be copied ({error}); expected its class"
                ) from error

    form = _form(fresh, method, name, matrices)
    sample = fresh(_samples(form, matrices))
    attribute = rate_attribute(sample, lr if inspect.isclass(rule) and rate_argument(rule) else None)
    own = lr
    if attribute:
        value = getattr(sample, attribute)
        own = float(value) if isinstance(value, int | float) and value > 0 else lr

    def driver(arrays: list[Array], rate: str) -> Driver:
        return Driver(fresh(arrays), method, form, rate, own)

    changes = bool(attribute) and _hears(lambda: driver(_samples(form, matrices), attribute), own, matrices)
    takes_rate = changes or "rate" in roles_of(getattr(sample, method))
    rate = attribute if changes else ""
    return Driven(lambda arrays: driver(arrays, rate), name, own, takes_rate, form.name != "array")


def _samples(form: Form, matrices: bool) -> list[Array]:
    return [np.array([1.0, -2.0]).reshape(_shape(matrices))] * (1 if form.name == "array" else 2)


def _shape(matrices: bool) -> tuple[int, ...]:
    return (2, 1) if matrices else (2,)


def _form(fresh: Callable[[list[Array]], Foreign], method: str, name: str, matrices: bool) -> Form:
    """Return in what form a method takes parameters: the first in which three updates move them."""
    made = fresh([np.zeros(_shape(matrices))] * 2)
    roles = roles_of(getattr(made, method))
    if not roles:
        return Form("held")
    if roles == ["grads"]:
        return Form("given")
    if roles == ["pairs"]:
        return Form("pairs")
    if roles.count("params") > 1:
        return Form("spread")
    orders = ("list", "dict", "array") if plural(getattr(made, method)) else ("array", "list", "dict")
    still, errors = "", {}
    for order in orders:
        form = Form(order)
        x = np.array([1.0, -2.0] if order == "array" else [1.0, -2.0, 3.0, 0.5])
        parts = (slice(0, 2),) if order == "array" else (slice(0, 2), slice(2, 4))
        shapes = (_shape(matrices),) * len(parts)
        driver = Driver(fresh(in_shapes(x, parts, shapes)), method, form)
        try:
            with np.errstate(all="ignore"):
                after = x
                for _ in range(3):
                    after = driver.step(after, np.array([0.5, -1.0, 2.0, 0.25][: len(x)]), 0.1, parts, shapes)
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


def _hears(driver: Callable[[], Driver], lr: float, matrices: bool) -> bool:
    """Whether an object's steps follow the rate that its attribute is set to."""

    def first(rate: float) -> Array:
        made = driver()
        x = np.array([1.0, -2.0] * (1 if made.form.name == "array" else 2))
        parts = (slice(0, 2),) if len(x) == 2 else (slice(0, 2), slice(2, 4))
        for _ in range(2):
            x = made.step(x, np.full(len(x), 0.5), rate, parts, (_shape(matrices),) * len(parts))
        return x

    with np.errstate(all="ignore"):
        return not np.array_equal(first(lr), first(2 * lr), equal_nan=True)
