"""The layers of a parameter vector: what `shapes` means, and arithmetic that is done layer by layer."""

import math
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Resolved
from optim.optimizer import Optimizer, Slots
from stepsize.core.norms import lengths_fit
from stepsize.core.norms import norm as scaled_norm
from stepsize.core.validation import as_count, describe_value

__all__ = ["Layered", "Shape", "Shapes", "as_shapes", "join", "lengths", "per_layer", "quotient"]
__all__ += ["refuse_misfit", "rms", "split"]

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]
# The shape of every layer, in their order; None is one layer, the whole vector.
Shapes = tuple[Shape, ...] | None


def as_shapes(value: Any) -> Shapes:
    """Return the shapes of layers as tuples of whole numbers.

    Raises
    ------
    TypeError, ValueError
        If they are none.

    Examples
    --------
    >>> as_shapes([[3, 5], [5]])
    ((3, 5), (5,))
    """
    if value is None:
        return None
    expected = "the shape of every layer, such as ((3, 5), (5,))"
    if not isinstance(value, tuple | list) or not value:
        raise TypeError(f"shapes: got {describe_value(value)}, expected {expected}")
    for shape in value:
        if not isinstance(shape, tuple | list) or not shape:
            raise TypeError(f"shapes: got {describe_value(shape)} for a layer, expected {expected}")
        for length in shape:
            as_count("shapes", length, 1)
    return tuple(tuple(int(length) for length in shape) for shape in value)


def split(x: Array, shapes: Shapes) -> Iterator[tuple[slice, Shape]]:
    """Yield where each layer stands in the last axis of x, and its shape."""
    if shapes is None:
        yield slice(0, x.shape[-1]), (x.shape[-1],)
        return
    begin = 0
    for shape in shapes:
        end = begin + math.prod(shape)
        yield slice(begin, end), shape
        begin = end


def join(parts: list[Array], x: Array) -> Array:
    """Return the layers side by side again, each of x's leading axes and as many of its own as it likes."""
    lead = x.shape[:-1]
    return np.concatenate([part.reshape(*lead, -1) for part in parts], axis=-1)


def per_layer(measure: Callable[[Array], Array], x: Array, shapes: Shapes) -> Array:
    """Return an array like x with one number a layer, what a function of its coordinates gives.

    Examples
    --------
    >>> x = np.array([3.0, 4.0, 7.0])
    >>> per_layer(lengths, x, ((2,), (1,))).tolist()
    [5.0, 5.0, 7.0]
    """
    parts = []
    for place, _ in split(x, shapes):
        part = x[..., place]
        parts.append(np.broadcast_to(measure(part), part.shape))
    return np.concatenate(parts, axis=-1)


def lengths(part: Array) -> Array:
    """Return the Euclidean norm over the last axis, which is kept; it does not overflow where it fits."""
    norm = np.sqrt((part * part).sum(axis=-1, keepdims=True))
    return np.asarray(norm if lengths_fit(norm) else scaled_norm(part, keepdims=True))


def rms(part: Array) -> Array:
    """Return the root of the mean square over the last axis, which is kept."""
    return np.asarray(np.sqrt((part * part).mean(axis=-1, keepdims=True)))


def quotient(a: Array, b: Array) -> Array:
    """Return a / b for b of at least 0, and 0 where b is 0: what no gradient has reached does not move.

    Examples
    --------
    >>> quotient(np.array([3.0, 0.0]), np.array([2.0, 0.0])).tolist()
    [1.5, 0.0]
    """
    return np.where(b > 0, a / np.where(b > 0, b, 1.0), 0.0 * a)


def refuse_misfit(x: Array, shapes: Shapes) -> None:
    """Raise unless the layers hold as many numbers as x does."""
    if shapes is None:
        return
    held = sum(math.prod(shape) for shape in shapes)
    if held != x.shape[-1]:
        raise ValueError(
            f"shapes: got {shapes}, which hold {held} numbers, expected shapes of the "
            f"{x.shape[-1]} parameters"
        )


class Layered(Optimizer, abstract=True):
    """A rule that looks at the layers of the parameter vector, which `shapes` tells it.

    A subclass declares ``shapes: Shapes = None`` as its last field.

    Raises
    ------
    TypeError, ValueError
        If `shapes` are none, or on the first update, if they hold another number of parameters than x.
    """

    elementwise: ClassVar = False
    # Whether a layer that is no matrix is refused.
    matrices_only: ClassVar[bool] = False

    def normalise(self, name: str, value: Any) -> Any:
        if name == "shapes":
            return as_shapes(value)
        return super().normalise(name, value)

    def start(self, x: Array, h: Resolved) -> Slots:
        self.require_fit(x)
        return super().start(x, h)

    def layers(self, x: Array) -> Iterator[tuple[slice, Shape]]:
        """Yield where each layer stands in the last axis of x, and its shape."""
        return split(x, self._shapes)

    @property
    def _shapes(self) -> Shapes:
        # A field of that name here would come before those of the rule.
        shapes: Shapes = self.__dict__["shapes"]
        return shapes

    def require_fit(self, x: Array) -> None:
        """Raise unless the layers hold as many numbers as x does."""
        refuse_misfit(x, self._shapes)
