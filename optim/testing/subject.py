"""What is tested, whatever its kind: a plain function, or an optimizer of PyTorch, Optax or Keras."""

import inspect
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from optim.optimizer import Hypers, Optimizer, checked_step
from optim.state import State
from optim.testing.streams import Stream
from stepsize.base.checks import describe

__all__ = ["Subject", "as_subject", "trajectory"]

Array = np.ndarray[Any, Any]


class Subject:
    """A rule under test: how it steps, whether its rate can be set from outside, how its state is copied."""

    def __init__(
        self,
        step: Callable[..., Any],
        takes_rate: bool,
        name: str,
        base_lr: float,
        copy: Callable[[Any], Any] | None = None,
    ) -> None:
        self._step, self.takes_rate, self.name, self.base_lr = step, takes_rate, name, base_lr
        self.copy = copy or deepcopy

    def step(self, x: Array, g: Array, state: Any, factor: float) -> tuple[Array, Any]:
        """Return x and the state after one update, at a multiple of the base rate if that can be set."""
        rate = (self.base_lr * factor,) if self.takes_rate else ()
        with np.errstate(all="ignore"):
            moved, state = self._step(x, g, state, *rate)
        moved = np.array(moved, dtype=float)
        if moved.shape != x.shape:
            raise ValueError(f"step: got x of shape {moved.shape} back, expected {x.shape} as given")
        return moved, state

    def run(self, stream: Stream) -> Array:
        """Return the start and the point after every update of a stream."""
        x, state = np.array(stream.x0), None
        rows = [x]
        for g, factor in zip(stream.gradients, stream.rates, strict=True):
            x, state = self.step(x.copy(), np.array(g), state, factor)
            rows.append(x)
        return np.array(rows)


def as_subject(rule: Any, lr: float) -> Subject:
    """Return the subject for a function, an optimizer of ours, or one of PyTorch, Optax or Keras.

    Parameters
    ----------
    rule : callable or optimizer
        ``step(x, g, state) -> (x, state)``, with ``state=None`` at first, and a fourth argument, the rate, if
        it takes one; or an `Optimizer`; or a subclass of ``torch.optim.Optimizer`` (or a `functools.partial`
        of one); or an Optax transformation; or a Keras optimizer.
    lr : float
        The rate at which it is tested.

    Raises
    ------
    TypeError
        For anything else.
    """
    home = type(rule).__module__.partition(".")[0]
    if isinstance(rule, Optimizer):
        return Subject(_ours(rule.replace(lr=lr)), True, repr(rule), 1.0)
    bare = getattr(rule, "func", rule)
    if inspect.isclass(bare) and any(c.__module__.startswith("torch.optim") for c in bare.__mro__):
        return Subject(_torch(rule), True, f"torch.optim.{bare.__name__}", lr)
    if hasattr(rule, "init") and hasattr(rule, "update") and isinstance(rule, tuple):
        return Subject(_optax(rule), False, "an Optax transformation", lr)
    if home == "keras":
        step, copy = _keras(rule)
        return Subject(step, True, f"keras.optimizers.{type(rule).__name__}", lr, copy)
    if callable(rule) and not inspect.isclass(rule):
        count = len(inspect.signature(rule).parameters)
        if count in (3, 4):
            return Subject(rule, count == 4, getattr(rule, "__name__", "the function"), lr)
        raise TypeError(
            f"step: got a function of {count} arguments, expected (x, g, state) or (x, g, state, lr)"
        )
    raise TypeError(
        f"step: got {describe(rule)}, expected a function (x, g, state) -> (x, state), an optimizer, or one "
        "of PyTorch, Optax or Keras"
    )


def trajectory(optimizer: Optimizer, stream: Stream) -> Array:
    """Return the start and the point after every update of a stream, by a rule of ours."""
    return as_subject(optimizer, optimizer.lr).run(stream)


def _ours(optimizer: Optimizer) -> Callable[..., Any]:
    """Return the step of a rule whose own rate is multiplied by what comes in."""

    def step(x: Array, g: Array, state: Any, factor: float) -> Any:
        rule = optimizer.replace(lr=optimizer.lr * factor)
        state = rule.init(x) if state is None else state
        x, g = checked_step(rule, x, g)
        # The rule itself: `step` would give one from outside copies, and hide that it writes into them.
        x, slots = rule.update(x, g, state.slots, Hypers(rule, x).at(state.n))
        return x, State(state.n + 1, tuple(slots or ()), state.carry)

    return step


def _torch(build: Callable[..., Any]) -> Callable[..., Any]:
    """Return how it steps; a tensor of doubles holds doubles."""
    import torch

    def step(x: Array, g: Array, state: Any, lr: float) -> Any:
        if state is None:
            parameter = torch.nn.Parameter(torch.tensor(x))
            state = parameter, build([parameter], lr=lr)
        parameter, optimizer = state
        for group in optimizer.param_groups:
            group["lr"] = lr
        parameter.grad = torch.tensor(g)
        optimizer.step()
        return parameter.detach().numpy().copy(), state

    return step


def _optax(transformation: Any) -> Callable[..., Any]:
    import jax
    import jax.numpy as jnp
    import optax

    jax.config.update("jax_enable_x64", True)

    def step(x: Array, g: Array, state: Any) -> Any:
        at = jnp.asarray(x)
        state = transformation.init(at) if state is None else state
        updates, state = transformation.update(jnp.asarray(g), state, at)
        return np.asarray(optax.apply_updates(at, updates)), state

    return step


def _keras(optimizer: Any) -> tuple[Callable[..., Any], Callable[[Any], Any]]:
    """Return how it steps, and how its state is copied: Keras' own objects do not survive a copy."""
    import keras

    if keras.config.backend() == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)

    def build(x: Array) -> tuple[Any, Any]:
        # Keras keeps the rate in its default precision, which is single unless it is told otherwise.
        usual = keras.config.floatx()
        keras.config.set_floatx("float64")
        try:
            variable = keras.Variable(x, dtype="float64")
            fresh = type(optimizer).from_config(optimizer.get_config())
            fresh.build([variable])
        finally:
            keras.config.set_floatx(usual)
        return variable, fresh

    def step(x: Array, g: Array, state: Any, lr: float) -> Any:
        variable, fresh = build(x) if state is None else state
        fresh.learning_rate = lr
        fresh.apply([keras.ops.convert_to_tensor(g, dtype="float64")], [variable])
        return np.array(variable.value), (variable, fresh)

    def copy(state: tuple[Any, Any]) -> tuple[Any, Any]:
        variable, fresh = build(np.array(state[0].value))
        for mine, theirs in zip(fresh.variables, state[1].variables, strict=True):
            mine.assign(theirs)
        return variable, fresh

    return step, copy
