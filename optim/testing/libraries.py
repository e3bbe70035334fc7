"""How an optimizer of PyTorch, Optax or Keras makes one step on a vector."""

import inspect
import math
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any

import numpy as np

from optim.testing.roles import Foreign

__all__ = ["keras_step", "optax_step", "refuse_closures", "torch_step", "wants_matrices"]

# What a step gives back, before anything is known of it.
Returned = Any
StepFunction = Callable[..., Returned]
# What a rule remembers, in a form of its own; None at first.
Memory = Any
Array = np.ndarray[Any, Any]
# The shapes of the layers of a vector; none is the vector itself.
Shapes = tuple[tuple[int, ...], ...]


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


def split(x: Array, shapes: Shapes) -> list[Array]:
    """Return the layers of a vector; one vector where there are no shapes."""
    shapes = shapes or ((len(x),),)
    ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(x, ends), shapes, strict=True)]


def _joined(parts: Iterable[Foreign]) -> Array:
    return np.concatenate([np.asarray(part).ravel() for part in parts])


def wants_matrices(build: StepFunction, lr: float) -> bool:
    """Whether an optimizer of PyTorch takes a matrix and refuses a vector."""
    import torch

    taken = []
    for shape in ((2, 1), (2,)):
        try:
            build([torch.nn.Parameter(torch.tensor(np.zeros(shape)))], lr=lr)
        except ValueError:
            taken.append(False)
        else:
            taken.append(True)
    return taken == [True, False]


def torch_step(build: StepFunction, matrices_only: bool = False) -> StepFunction:
    """Return how it steps; a tensor of doubles holds doubles, and a vector may be one column."""
    import torch

    name = f"torch.optim.{getattr(build, 'func', build).__name__}"

    def step(x: Array, g: Array, state: Memory, lr: float, shapes: Shapes = ()) -> Returned:
        if matrices_only and not shapes:
            shapes = ((len(x), 1),)
        with _peer(name):
            if state is None:
                made = [torch.nn.Parameter(torch.tensor(part)) for part in split(x, shapes)]
                state = made, build(made, lr=lr)
            parameters, optimizer = state
            for group in optimizer.param_groups:
                group["lr"] = lr
            for parameter, part in zip(parameters, split(g, shapes), strict=True):
                parameter.grad = torch.tensor(part)
            optimizer.step()
        return _joined(p.detach().numpy() for p in parameters), state

    return step


def optax_step(transformation: Foreign) -> StepFunction:
    """Return how it steps, in double precision."""
    import jax
    import jax.numpy as jnp
    import optax

    jax.config.update("jax_enable_x64", True)

    def step(x: Array, g: Array, state: Memory, shapes: Shapes = ()) -> Returned:
        at = [jnp.asarray(part) for part in split(x, shapes)]
        slopes = [jnp.asarray(part) for part in split(g, shapes)]
        with _peer("an Optax transformation"):
            state = transformation.init(at) if state is None else state
            updates, state = transformation.update(slopes, state, at)
        return _joined(optax.apply_updates(at, updates)), state

    return step


def keras_step(optimizer: Foreign) -> tuple[StepFunction, Callable[[Memory], Memory]]:
    """Return how it steps, and how its state is copied: Keras' own objects do not survive a copy."""
    import keras

    if keras.config.backend() == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)

    def build(parts: list[Array]) -> tuple[list[Foreign], Foreign]:
        # Keras keeps the rate in its default precision, which is single by default.
        usual = keras.config.floatx()
        keras.config.set_floatx("float64")
        try:
            variables = [keras.Variable(part, dtype="float64") for part in parts]
            fresh = type(optimizer).from_config(optimizer.get_config())
            fresh.build(variables)
        finally:
            keras.config.set_floatx(usual)
        return variables, fresh

    def step(x: Array, g: Array, state: Memory, lr: float, shapes: Shapes = ()) -> Returned:
        variables, fresh = build(split(x, shapes)) if state is None else state
        fresh.learning_rate = lr
        slopes = [keras.ops.convert_to_tensor(part, dtype="float64") for part in split(g, shapes)]
        fresh.apply(slopes, variables)
        return _joined(np.array(v.value) for v in variables), (variables, fresh)

    def copy(state: tuple[list[Foreign], Foreign]) -> tuple[list[Foreign], Foreign]:
        variables, fresh = build([np.array(v.value) for v in state[0]])
        for mine, theirs in zip(fresh.variables, state[1].variables, strict=True):
            mine.assign(theirs)
        return variables, fresh

    return step, copy
