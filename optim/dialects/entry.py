"""What an entry of the dialects table is, and the library that it stands under."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from optim.hyperparameters import Hyper
from optim.optimizer import Optimizer
from stepsize.core.limits.annotations import refuse_mistyped
from stepsize.core.validation import describe_value, did_you_mean

if TYPE_CHECKING:
    from optim.dialects.parts import Part

__all__ = ["Dialect", "Library", "Use", "only", "use"]

# An argument of a library's call, of whatever type it has there.
Argument = Any


@dataclass(frozen=True)
class Use:
    """One use of a class, in one family of rules: with which arguments, and what it does there.

    Attributes
    ----------
    family : str
        The rule's name, such as "adam": entries of one family are to be compared.
    says : str
        What is particular to this source, in a few words.
    arguments : mapping
        What to pass beyond the rate to get this rule.
    """

    family: str
    says: str
    arguments: Mapping[str, Argument]


def use(family: str, says: str, **arguments: Argument) -> Use:
    """Return a `Use`; the keyword arguments are the library's own."""
    return Use(family, says, MappingProxyType(arguments))


def only(name: str, value: object, expected: object) -> None:
    """Refuse what this table does not have."""
    if isinstance(value, np.ndarray) or value != expected:
        raise ValueError(
            f"{name}: got {describe_value(value)}, expected {expected!r}, the only one that is known here"
        )


@dataclass(frozen=True, repr=False)
class Dialect:
    """One class of a library: called with its arguments, it gives the optimizer that does the same.

    Attributes
    ----------
    name : str
        The library's own name of the class or function, with dots where it has some: "contrib.prodigy".
    build : callable
        Takes the library's arguments, defaults included, and returns the optimizer.
    uses : tuple of Use
        The families that it appears in, at least one.
    defect : str
        A known defect of the library, in one sentence, or nothing. The entry does what was meant, unless its
        name says the defect.
    library : str
        The library's short name, filled in by `Library`.
    """

    name: str
    build: Callable[..., Optimizer]
    uses: tuple[Use, ...]
    defect: str = ""
    library: str = ""
    ignored: frozenset[str] = frozenset()
    shared: Mapping[str, inspect.Parameter] = field(default_factory=dict)

    @property
    def call(self) -> str:
        """The name with its library's: "torch.Adam"."""
        return f"{self.library}.{self.name}"

    @property
    def defaults(self) -> dict[str, Argument]:
        """The library's arguments in its order, with their defaults; `inspect.Parameter.empty` has none."""
        return {p.name: p.default for p in self._parameters}

    @property
    def _parameters(self) -> list[inspect.Parameter]:
        parameters = inspect.signature(self.build).parameters
        own = {p.name: p for p in parameters.values() if p.kind is not p.VAR_KEYWORD}
        rest = self.shared if len(own) < len(parameters) else {}
        return [*own.values(), *(p for name, p in rest.items() if name not in own)]

    def _refuse_mistyped(self, given: Mapping[str, Argument]) -> None:
        """Refuse what is of another type than the library's argument, ahead of any arithmetic with it."""
        parameters = [p for p in self._parameters if p.name in given]
        refuse_mistyped((p.name, _type_of(p), given[p.name]) for p in parameters)

    @property
    def rate(self) -> str:
        """The name of the argument that is the rate, or an empty string."""
        return next((name for name in ("lr", "learning_rate", "initial") if name in self.defaults), "")

    def at_rate(self, lr: Hyper, use: Use) -> Optimizer:
        """Return the optimizer of one of its uses at a rate, also where the library's class has none."""
        if self.rate:
            return self(**{self.rate: lr}, **use.arguments)
        return self(**use.arguments).replace(lr=lr)

    def __call__(self, *args: Argument, **kwargs: Argument) -> Optimizer:
        """Return the optimizer.

        Raises
        ------
        TypeError
            For an argument that the library's class does not have, one that is missing, or one of another
            type.
        """
        if args and _is_parameters(args[0]):
            args = args[1:]
        names = self.defaults
        wanted = ", ".join(names)
        if len(args) > len(names):
            raise TypeError(f"{self.call}: got {len(args)} arguments, expected at most {wanted}")
        given = dict(zip(names, args, strict=False))
        for name, value in kwargs.items():
            if name in self.ignored:
                continue
            if name not in names:
                hint = did_you_mean(name, list(names))
                raise TypeError(f"{self.call}: got the argument {name!r}{hint}; expected {wanted}")
            if name in given:
                raise TypeError(f"{self.call}: got {name!r} twice, expected it once")
            given[name] = value
        for name, value in given.items():
            default = names[name]
            if isinstance(default, tuple) and (
                not isinstance(value, tuple | list) or len(value) != len(default)
            ):
                raise TypeError(
                    f"{self.call}: got {name}={value!r}, expected {len(default)} of them, as {default}"
                )
        missing = [n for n, default in names.items() if default is inspect.Parameter.empty and n not in given]
        if missing:
            raise TypeError(f"{self.call}: got no {missing[0]!r}, which has no default; expected {wanted}")
        self._refuse_mistyped(given)
        return self.build(**given)

    def __repr__(self) -> str:
        shown = (n if d is inspect.Parameter.empty else f"{n}={d!r}" for n, d in self.defaults.items())
        return f"{self.call}({', '.join(shown)})"


class Library:
    """A source of optimizers, whose classes are its attributes: ``dialects.torch.Adam``.

    Parameters
    ----------
    name : str
        Its short name, as it is imported: "torch".
    title : str
        Its name and the version that is meant.
    evidence : str
        How the entries were verified.
    entries : iterable of Dialect
        Its classes.
    prefix : str
        The module that holds them there; ``dialects.torch.optim.Adam`` works too.
    parts : iterable
        What stands around its optimizers or is chained into them: clipping, averages, transformations.
    modules : iterable of str
        Other modules of the library that may stand in a name: ``dialects.torch.nn.utils.clip_grad_norm_``.
    ignored : iterable of str
        Arguments that say how to compute and not what; they are accepted and do nothing.
    shared : callable, optional
        The builder of what all its classes have in common, for the names and defaults of its arguments.
    elsewhere : mapping
        Optimizers of the library that have no entry: why, and what does the same here, in a few words.
    """

    def __init__(
        self,
        name: str,
        title: str,
        evidence: str,
        entries: Iterable[Dialect],
        *,
        prefix: str = "",
        ignored: Iterable[str] = (),
        shared: Callable[..., Optimizer] | None = None,
        parts: "Iterable[Part]" = (),
        modules: Iterable[str] = (),
        elsewhere: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.name, self.title, self.evidence, self.prefix = name, title, evidence, prefix
        known = {} if shared is None else inspect.signature(shared).parameters
        common = {n: p for n, p in known.items() if p.default is not p.empty}
        self.entries = {
            e.name: Dialect(e.name, e.build, e.uses, e.defect, name, frozenset(ignored), common)
            for e in entries
        }
        self.parts = {part.name: part for part in parts}
        self.elsewhere = dict(elsewhere)
        self._modules = (prefix, *modules) if prefix else tuple(modules)

    def __getattr__(self, name: str) -> Any:
        """Return the class of that name, or the module that holds such classes."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self.entries:
            return self.entries[name]
        if name in self.parts:
            return self.parts[name]
        if name in self._modules:
            return self
        inside = [e for path, e in self.entries.items() if path.startswith(f"{name}.")]
        if inside:
            return _Inside(self, name)
        if name in self.elsewhere:
            raise AttributeError(f"{self.name}: got {name!r}, which has no entry: {self.elsewhere[name]}")
        known = [*self.entries, *self.parts]
        hint = did_you_mean(name, known) or f", expected one of {', '.join(known)}"
        raise AttributeError(f"{self.name}: got {name!r}{hint}")

    def __dir__(self) -> list[str]:
        return sorted([*self.entries, *self.parts])

    def __repr__(self) -> str:
        return f"<{len(self.entries)} optimizers as {self.title} writes them>"


class _Inside:
    """A module inside a library, such as ``optax.contrib``."""

    def __init__(self, library: Library, path: str) -> None:
        self._library, self._path = library, path

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, f"{self._path}.{name}")


def _type_of(parameter: inspect.Parameter) -> Any:
    """Return the annotation of a parameter; bool where it has none and the default is True or False."""
    if parameter.annotation is parameter.empty and isinstance(parameter.default, bool):
        return bool
    return parameter.annotation


def _is_parameters(value: object) -> bool:
    """Return whether this is what PyTorch's classes take first, the parameters; here the loop has them."""
    return isinstance(value, Iterable) and not isinstance(value, np.ndarray | str)
