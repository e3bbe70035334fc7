"""What is tested, whatever its kind: a plain function, or an optimizer of PyTorch, Optax or Keras."""

import inspect
import math
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from optim.hyperparameters import Hypers
from optim.optimizer import Optimizer, checked_step
from optim.state import State
from optim.testing.driving import Driven, driver_of, in_shapes
from optim.testing.gradient_streams import Stream
from optim.testing.libraries import keras_step, optax_step, refuse_closures, torch_step, wants_matrices
from optim.testing.making import rate_argument
from optim.testing.roles import Foreign, is_drivable
from stepsize.core.display import counted
from stepsize.core.validation import describe_value

__all__ = ["OptimizerUnderTest", "as_subject", "trajectory", "with_shapes"]

Array = np.ndarray[Any, Any]
# What a rule remembers, in a form of its own; None at first.
Memory = Any
# What a step gives back, before anything is known of it.
Returned = Any
StepFunction = Callable[..., Returned]


class OptimizerUnderTest:
    """A rule under test: how it steps, whether its rate can be set from outside, how its state is copied.

    Attributes
    ----------
    takes_rate : bool
        Whether its rate can be set from outside.
    name : str
        What it is called.
    base_lr : float
        Its rate.
    several : bool
        Whether it takes its parameters in several arrays.
    in_place : bool
        Whether it writes its result into x, as it is meant to; found when it has stepped.
    holds : bool
        Whether it is an object that is called with a state and may keep memory in itself all the same.
    driven : bool
        Whether it is a class with a memory of its own, at a rate of its own.
    layered : bool
        Whether it takes parameters of several shapes.
    matrices_only : bool
        Whether it refuses parameters that are no matrices.
    one_layer : bool
        Whether it takes one array of parameters at a time.
    dtype : type
        Of the numbers that it is given.
    """

    def __init__(
        self,
        step: StepFunction,
        takes_rate: bool,
        name: str,
        base_lr: float,
        copy: Callable[[Memory], Memory] | None = None,
        *,
        several: bool = False,
        holds: bool = False,
        driven: bool = False,
        layered: bool = False,
        matrices_only: bool = False,
        one_layer: bool = False,
    ) -> None:
        self._step, self.takes_rate, self.name, self.base_lr = step, takes_rate, name, base_lr
        self.copy = copy or deepcopy
        self.several, self.in_place, self.holds, self.driven = several, False, holds, driven
        self.layered, self.matrices_only, self.one_layer = layered, matrices_only, one_layer
        self.dtype: type[np.floating[Any]] = np.float64

    def step(
        self,
        x: Array,
        g: Array,
        state: Memory,
        factor: float,
        parts: tuple[slice, ...] = (),
        shapes: tuple[tuple[int, ...], ...] = (),
    ) -> tuple[Array, Memory]:
        """Return x and the state after one update, at a multiple of the base rate if that can be set."""
        x, g = np.asarray(x, dtype=self.dtype), np.asarray(g, dtype=self.dtype)
        rate = (self.base_lr * factor,) if self.takes_rate else ()
        with np.errstate(all="ignore"):
            more: dict[str, Any] = {"parts": parts} if self.several and parts else {}
            if self.layered and self.matrices_only and not shapes:
                shapes = ((len(x), 1),)
            if self.layered and shapes:
                more["shapes"] = shapes
            back = self._step(x, g, state, *rate, **more)
        if back is None:  # it has written into x
            self.in_place = True
            back = x, state
        if not (isinstance(back, tuple | list) and len(back) == 2):
            raise TypeError(
                f"step: got {describe_value(back)} back from {self.name}, expected x and the state: "
                "return x, state"
            )
        moved: Array = np.array(back[0], dtype=self.dtype)
        state = back[1]
        if moved.shape != x.shape:
            raise ValueError(
                f"step: got x of shape {moved.shape} back, expected {x.shape} as given; does it keep memory "
                "from one run to the next? That belongs in the state"
            )
        return moved, state

    def run(self, stream: Stream) -> Array:
        """Return the start and the point after every update of a stream."""
        x: Array = np.array(stream.x0, dtype=self.dtype)
        state = None
        rows = [x]
        for g, factor in zip(stream.gradients, stream.rates, strict=True):
            given: Array = np.array(g, dtype=self.dtype)
            try:
                x, state = self.step(x.copy(), given, state, factor, stream.parts, stream.shapes)
            except Exception as error:
                error.add_note(
                    f'(in update {len(rows)} of the stream "{stream.name}", x of {len(x)} numbers; if it is '
                    "made for one number, np.sqrt, np.where and np.maximum work on arrays too)"
                )
                raise
            rows.append(x)
        return np.array(rows)


_EXPECTED = (
    "a function (x, g, state) -> (x, state), a class with update(params, grads) or step(x, g), an optimizer, "
    "or one of PyTorch, Optax or Keras"
)


def as_subject(rule: Foreign, lr: float, reference: Optimizer | None = None) -> OptimizerUnderTest:
    """Return the subject for a function, a class, an optimizer of ours, or one of PyTorch, Optax or Keras.

    Parameters
    ----------
    rule : callable, class or optimizer
        ``step(x, g, state) -> (x, state)``, with ``state=None`` at first, and a fourth argument, the rate, if
        it takes one; or a class that keeps its state in itself, or an object of it, with ``update(params,
        grads)``, ``step(x, g)`` or the like; or a function without arguments that makes one of these; or an
        `Optimizer`; or a subclass of ``torch.optim.Optimizer`` (or a `functools.partial` of one); or an Optax
        transformation; or a Keras optimizer.
    lr : float
        The rate at which it is tested.
    reference : Optimizer, optional
        Lends the numbers without which a class cannot be made.

    Raises
    ------
    TypeError
        For anything else.
    """
    home = type(rule).__module__.partition(".")[0]
    if isinstance(rule, Optimizer):
        layered, alone = hasattr(rule, "shapes"), getattr(rule, "matrices_only", False)
        return OptimizerUnderTest(
            _ours(rule.replace(lr=lr)), True, repr(rule), 1.0, layered=layered, matrices_only=alone
        )
    bare = getattr(rule, "func", rule)
    if inspect.isclass(bare) and any(c.__module__.startswith("torch.optim") for c in bare.__mro__):
        refuse_closures(bare)
        alone = wants_matrices(rule, lr)
        return OptimizerUnderTest(
            torch_step(rule, alone),
            True,
            f"torch.optim.{bare.__name__}",
            lr,
            layered=True,
            matrices_only=alone,
        )
    if hasattr(rule, "init") and hasattr(rule, "update") and isinstance(rule, tuple):
        return OptimizerUnderTest(optax_step(rule), False, "an Optax transformation", lr, layered=True)
    if home == "keras":
        step, copy = keras_step(rule)
        name = f"keras.optimizers.{type(rule).__name__}"
        return OptimizerUnderTest(step, True, name, lr, copy, layered=True)
    if any(c.__module__.startswith("torch.optim") for c in type(rule).__mro__):
        refuse_closures(type(rule))
        raise TypeError(
            f"step: got an object of torch.optim.{type(rule).__name__}, which holds its own parameters, "
            "expected the class, or functools.partial of it with its arguments"
        )
    if inspect.isclass(rule) and issubclass(rule, Optimizer):
        name = rule.__name__
        raise TypeError(f"step: got the class {name}, expected an object of it, {name}(lr={lr:g})")
    if not inspect.isroutine(rule) and not isinstance(rule, partial) and is_drivable(rule):
        return _driven(rule, lr, reference)
    if inspect.isclass(rule) and "__call__" in rule.__dict__ and not rate_argument(rule):
        return as_subject(rule(), lr, reference)
    if callable(rule) and not inspect.isclass(rule):
        return _function(rule, lr, reference)
    raise TypeError(f"step: got {describe_value(rule)}, expected {_EXPECTED}")


def _function(rule: Foreign, lr: float, reference: Optimizer | None) -> OptimizerUnderTest:
    """Return the subject for what is called with x, the gradient, the state and perhaps the rate."""
    names = list(inspect.signature(rule).parameters)
    name = getattr(rule, "__name__", "the function")
    if not names and inspect.isroutine(rule):
        made = rule()
        if is_drivable(made) and not inspect.isroutine(made):
            return _driven(made, lr, reference, rule)
        raise TypeError(f"step: got {describe_value(made)} from {name}(), expected {_EXPECTED}")
    if names[:2] == ["params", "grads"] and set(names[2:]) <= {"lr", "learning_rate"}:
        bare = SimpleNamespace(update=rule)
        return _driven(bare, lr, reference, lambda: SimpleNamespace(update=rule), name)
    if len(names) not in (3, 4):
        raise TypeError(
            f"step: got a function of {counted(len(names), 'argument')}, expected (x, g, state) or "
            "(x, g, state, lr); one that keeps no state takes None for it and returns it"
        )
    if names[2] == "config":  # CS231n's: a dict with the rate and the state in it
        return OptimizerUnderTest(_configured(rule), True, name, lr)
    if len(names) == 3 and names[2] in ("lr", "learning_rate"):
        return OptimizerUnderTest(_stateless(rule), True, name, lr)
    if inspect.isroutine(rule) or isinstance(rule, partial) or not hasattr(rule, "__dict__"):
        takes_rate = len(names) == 4
        if not hasattr(reference, "shapes"):
            return OptimizerUnderTest(rule, takes_rate, name, lr)
        alone = not _takes(rule, (2,), lr, takes_rate) and _takes(rule, (2, 1), lr, takes_rate)
        return OptimizerUnderTest(
            _shaped(rule), takes_rate, name, lr, layered=True, matrices_only=alone, one_layer=True
        )
    step, copy = _object(rule)
    return OptimizerUnderTest(step, len(names) == 4, type(rule).__name__, lr, copy, holds=True)


def _takes(rule: StepFunction, shape: tuple[int, ...], lr: float, takes_rate: bool) -> bool:
    """Whether a function makes a step on an array of this shape."""
    rate = (lr,) if takes_rate else ()
    try:
        with np.errstate(all="ignore"):
            rule(np.ones(shape), np.ones(shape), None, *rate)
    except Exception:
        return False
    return True


def _shaped(rule: StepFunction) -> StepFunction:
    """Return the step of a function of one array, which is handed over in its shape."""

    def step(
        x: Array, g: Array, state: Memory, *rate: float, shapes: tuple[tuple[int, ...], ...] = ()
    ) -> Returned:
        shape = shapes[0] if shapes else x.shape
        at = x.reshape(shape)
        back = rule(at, g.reshape(shape), state, *rate)
        if isinstance(back, tuple | list) and len(back) == 2 and np.shape(back[0]) == shape:
            return np.reshape(back[0], -1), back[1]
        return back

    return step


def _object(rule: Foreign) -> tuple[StepFunction, Callable[[Memory], Memory]]:
    """Return the step of an object that is called with a state, a fresh copy of it for each run.

    A copy of the state is one of the state alone: what the object keeps in itself is lost to whoever resumes.
    """

    def step(x: Array, g: Array, state: Memory, *rate: float) -> Returned:
        made, own = (deepcopy(rule), None) if state is None else state
        back = made(x, g, own, *rate)
        if back is None:
            return x, (made, own)
        if isinstance(back, tuple | list) and len(back) == 2:
            return back[0], (made, back[1])
        return back

    return step, lambda state: (state[0], deepcopy(state[1]))


def _configured(rule: Foreign) -> StepFunction:
    def step(x: Array, g: Array, state: Memory, lr: float) -> Returned:
        return rule(x, g, {**(state or {}), "learning_rate": lr})

    return step


def _stateless(rule: Foreign) -> StepFunction:
    def step(x: Array, g: Array, state: Memory, lr: float) -> Returned:
        back = rule(x, g, lr)
        return None if back is None else (back, state)

    return step


def _driven(
    rule: Foreign,
    lr: float,
    reference: Optimizer | None,
    build: Callable[[], Foreign] | None = None,
    name: str = "",
) -> OptimizerUnderTest:
    """Return the subject for a class with a memory of its own; the driver is its state.

    Where the reference knows layers its arrays come in their shapes; a class that takes no vector is then
    given matrices alone.
    """
    layered, alone = hasattr(reference, "shapes"), False
    try:
        driven = driver_of(rule, lr, reference, build)
    except Exception:
        if not layered:
            raise
        driven, alone = _driven_by_matrices(rule, lr, reference, build), True

    def step(
        x: Array,
        g: Array,
        state: Memory,
        lr: float = driven.lr,
        parts: tuple[slice, ...] = (),
        shapes: tuple[tuple[int, ...], ...] = (),
    ) -> Returned:
        parts = _places(shapes) or parts or (slice(0, len(x)),)
        if state is None:
            state = driven.fresh(in_shapes(x.copy(), parts, shapes))
        return state.step(x, g, lr, parts, shapes), state

    return OptimizerUnderTest(
        step,
        driven.takes_rate,
        name or driven.name,
        driven.lr,
        several=driven.several,
        driven=True,
        layered=layered,
        matrices_only=alone,
        one_layer=not driven.several,
    )


def _driven_by_matrices(
    rule: Foreign, lr: float, reference: Optimizer | None, build: Callable[[], Foreign] | None
) -> Driven:
    """Return how a class is driven that refuses vectors; what it said of them, if it refuses matrices too."""
    try:
        return driver_of(rule, lr, reference, build, matrices=True)
    except Exception:
        return driver_of(rule, lr, reference, build)


def _places(shapes: tuple[tuple[int, ...], ...]) -> tuple[slice, ...]:
    """Return the place of each layer in a vector."""
    ends = np.cumsum([0, *(math.prod(shape) for shape in shapes)]).tolist()
    return tuple(map(slice, ends[:-1], ends[1:]))


def trajectory(optimizer: Optimizer, stream: Stream) -> Array:
    """Return the start and the point after every update of a stream, by a rule of ours."""
    return as_subject(optimizer, optimizer.lr).run(stream)


def with_shapes(optimizer: Optimizer, shapes: tuple[tuple[int, ...], ...]) -> Optimizer:
    """Return the rule with the shapes of layers, if it knows layers and there are any."""
    return optimizer.replace(shapes=shapes) if shapes and hasattr(optimizer, "shapes") else optimizer


def _ours(optimizer: Optimizer) -> StepFunction:
    """Return the step of a rule whose own rate is multiplied by what comes in."""

    def step(
        x: Array, g: Array, state: Memory, factor: float, shapes: tuple[tuple[int, ...], ...] = ()
    ) -> Returned:
        rule = with_shapes(optimizer, shapes).replace(lr=optimizer.lr * factor)
        state = rule.init(x) if state is None else state
        x, g = checked_step(rule, x, g)
        # The rule itself: `step` would give one from outside copies, and hide that it writes into them.
        x, slots = rule.update(x, g, state.slots, Hypers(rule, x).resolve(state.n))
        return x, State(state.n + 1, tuple(slots or ()), state.carry)

    return step
