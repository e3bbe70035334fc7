"""How an optimizer of PyTorch, Optax or Keras makes one step on a vector."""

import inspect
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import numpy as np

from optim.testing.roles import Foreign

__all__ = ["keras_step", "optax_step", "refuse_closures", "torch_step"]

# What a step gives back, before anything is known of it.
Returned = Any
StepFunction = Callable[..., Returned]
# What a rule remembers, in a form of its own; None at first.
Memory = Any
Array = np.ndarray[Any, Any]


def refuse_closures(cls: Foreign) -> None:
    """Refuse an optimizer of PyTorch that wants to evaluate the loss itself."""
    step = getattr(cls, "step", None)
    parameters = inspect.signature(step).parameters if inspect.isfunction(step) else {}
    if "closure" in parameters and parameters["closure"].default is inspect.Parameter.empty:
        raise TypeError(
            f"step: got torch.optim.{cls.__name__}, whose step needs a closure that evaluates the loss; "
            "the kit gives gradients alone, so it cannot be driven: compare such a rule on a problem, with "
            "minimize"
        )


@contextmanager
def _peer(name: str) -> Generator[None]:
    """Say in a sentence of the kit's own that an optimizer of a library does not take what the kit has."""
    try:
        yield
    except Exception as error:
        said = str(error).partition("\n")[0]
        raise TypeError(
            f"step: got {name}, which cannot be driven with one vector of parameters and its gradient: {said}"
        ) from error


def torch_step(build: StepFunction) -> StepFunction:
    """Return how it steps; a tensor of doubles holds doubles."""
    import torch

    name = f"torch.optim.{getattr(build, 'func', build).__name__}"

    def step(x: Array, g: Array, state: Memory, lr: float) -> Returned:
        with _peer(name):
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


def optax_step(transformation: Foreign) -> StepFunction:
    """Return how it steps, in double precision."""
    import jax
    import jax.numpy as jnp
    import optax

    jax.config.update("jax_enable_x64", True)

    def step(x: Array, g: Array, state: Memory) -> Returned:
        at = jnp.asarray(x)
        with _peer("an Optax transformation"):
            state = transformation.init(at) if state is None else state
            updates, state = transformation.update(jnp.asarray(g), state, at)
        return np.asarray(optax.apply_updates(at, updates)), state

    return step


def keras_step(optimizer: Foreign) -> tuple[StepFunction, Callable[[Memory], Memory]]:
    """Return how it steps, and how its state is copied: Keras' own objects do not survive a copy."""
    import keras

    if keras.config.backend() == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)

    def build(x: Array) -> tuple[Foreign, Foreign]:
        # Keras keeps the rate in its default precision, which is single by default.
        usual = keras.config.floatx()
        keras.config.set_floatx("float64")
        try:
            variable = keras.Variable(x, dtype="float64")
            fresh = type(optimizer).from_config(optimizer.get_config())
            fresh.build([variable])
        finally:
            keras.config.set_floatx(usual)
        return variable, fresh

    def step(x: Array, g: Array, state: Memory, lr: float) -> Returned:
        variable, fresh = build(x) if state is None else state
        fresh.learning_rate = lr
        fresh.apply([keras.ops.convert_to_tensor(g, dtype="float64")], [variable])
        return np.array(variable.value), (variable, fresh)

    def copy(state: tuple[Foreign, Foreign]) -> tuple[Foreign, Foreign]:
        variable, fresh = build(np.array(state[0].value))
        for mine, theirs in zip(fresh.variables, state[1].variables, strict=True):
            mine.assign(theirs)
        return variable, fresh

    return step, copy
