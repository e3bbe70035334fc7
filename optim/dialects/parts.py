"""What libraries put around optimizers or chain into them: one function of theirs, and its first argument."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from optim.dialects.entry import Argument
from optim.optimizer import Optimizer
from stepsize.core.validation import describe_value, did_you_mean

__all__ = ["Part", "inner_of"]


@dataclass(frozen=True, repr=False)
class Part:
    """A function of a library that makes part of an optimizer, or wraps one.

    Attributes
    ----------
    name : str
        The library's own name.
    build : callable
        Takes the library's arguments; where the library acts on parameters, the optimizer stands in their
        place, first.
    says : str
        What it becomes here, in a few words.
    library : str
        The library's short name.
    """

    name: str
    build: Callable[..., Any]
    says: str
    library: str
    ignored: frozenset[str] = frozenset()

    @property
    def call(self) -> str:
        """The name with its library's: "optax.chain"."""
        return f"{self.library}.{self.name}"

    def __call__(self, *args: Argument, **kwargs: Argument) -> Any:
        """Return the optimizer, or a part of one.

        Raises
        ------
        TypeError, ValueError
            For arguments that the library's function does not have, and for what cannot be done here.
        """
        signature = inspect.signature(self.build)
        kwargs = {name: value for name, value in kwargs.items() if name not in self.ignored}
        wanted = ", ".join(_shown(p) for p in signature.parameters.values()) or "none"
        for name in kwargs:
            if name not in signature.parameters:
                hint = did_you_mean(name, list(signature.parameters))
                raise TypeError(f"{self.call}: got the argument {name!r}{hint}; expected {wanted}")
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.call}: got other arguments ({error}), expected {wanted}") from None
        return self.build(*args, **kwargs)

    def __repr__(self) -> str:
        return self.call


def _shown(p: inspect.Parameter) -> str:
    star = "*" if p.kind is p.VAR_POSITIONAL else ""
    return f"{star}{p.name}" if p.default is p.empty else f"{p.name}={p.default!r}"


def inner_of(name: str, optimizer: object) -> Optimizer:
    """Return the optimizer that stands where a library has its parameters, or raise TypeError."""
    if isinstance(optimizer, Optimizer):
        return optimizer
    raise TypeError(
        f"{name}: got {describe_value(optimizer)} first, expected the optimizer, in the place of the "
        "parameters"
    )
