"""Frozen records: parameters are fields, mathematics is methods, and every class is registered by name."""

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

import numpy as np

from stepsize.core.display import assembled, shown
from stepsize.core.hooks import call_hook
from stepsize.core.limits.annotations import expected_of, refuse_mistyped
from stepsize.core.limits.ranges import Constraint, constraint_of
from stepsize.core.validation import did_you_mean

__all__ = ["Default", "Record", "lookup", "registered", "summary"]

R = TypeVar("R", bound="Record")

# NumPy has no whole number above it, and no square root of one.
_LARGEST_OF_NUMPY = 2**63 - 1

_REGISTRY: dict[str, type["Record"]] = {}
_FIELDS: dict[type["Record"], tuple[dataclasses.Field[Any], ...]] = {}
_NAMES: dict[type["Record"], tuple[str, ...]] = {}
_CONSTRAINTS: dict[type["Record"], tuple[tuple[str, Constraint], ...]] = {}
_TYPED: dict[type["Record"], tuple[tuple[str, Any], ...]] = {}


class _Signature:
    """The constructor's signature, for `inspect`, made when it is asked for; an instance has none of it."""

    def __get__(self, instance: object, owner: type["Record"]) -> Any:
        import inspect

        if instance is not None:
            raise AttributeError("__signature__")
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        none = inspect.Parameter.empty
        return inspect.Signature(
            [
                inspect.Parameter(
                    f.name, kind, default=none if f.default is dataclasses.MISSING else f.default
                )
                # Not those that are kept: a class that comes out of a pickle has none yet.
                for f in _all_fields(owner)
            ]
        )


class Default:
    """What an instance gives unless a subclass states it: as a plain attribute, a property or a field.

    A property would do at run time, but type checkers want a property to stay one in subclasses.
    """

    def __init__(self, function: Callable[[Any], Any], doc: str) -> None:
        self._function, self.__doc__ = function, doc

    def __get__(self, instance: object, owner: type) -> Any:
        if instance is None:  # or a field of that name would take this for its default value
            raise AttributeError("stated by instances and subclasses")
        return self._function(instance)


@dataclass_transform(frozen_default=True, eq_default=False)
class Record:
    """Base of problems, schedules and optimizers: an immutable set of parameters with a name.

    Subclassing is all it takes: the subclass becomes a frozen dataclass and enters the registry under its
    class name, from which tests, command line and README enumerate it. ``class Base(Record, abstract=True)``
    stays out of the registry.

    Numbers become plain Python numbers at construction (a NumPy scalar would promote float32 runs to
    float64), lists become tuples, and arrays become read-only copies. A field whose annotation states a range
    (`stepsize.core.limits.ranges`) is held to it; `check` is for what one field cannot say alone.

    Raises
    ------
    TypeError
        If another class of the same name is registered already.
    """

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]
    __signature__: ClassVar[Any] = _Signature()

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # The dataclass only collects the fields: constructors of generated code, one a class, would make
        # `import optim` three times as slow.
        dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
        if not abstract:
            _register(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        fields = _fields(type(self))
        if len(args) > len(fields):
            raise TypeError(f"{type(self).__name__}: got {len(args)} values, expected {_parameters(fields)}")
        values = dict(zip((f.name for f in fields), args, strict=False))
        for name in kwargs:
            if name in values:
                raise TypeError(f"{type(self).__name__}: got {name!r} twice, expected it once")
        values |= kwargs
        unknown = [name for name in kwargs if all(name != field.name for field in fields)]
        if unknown:
            told, hint = ", ".join(map(repr, unknown)), type(self).instead_of(unknown[0])
            raise TypeError(f"{type(self).__name__}: got {told}, expected {_parameters(fields)}{hint}")
        for field in fields:
            value = values.pop(field.name, field.default)
            if value is dataclasses.MISSING:
                raise TypeError(
                    f"{type(self).__name__}: got no {field.name!r}, expected {_parameters(fields)}"
                )
            value = self.normalise(field.name, value)
            if type(value) is int and _is_float(field.type) and abs(value) > _LARGEST_OF_NUMPY:
                value = float(value) if abs(value) < 10**308 else math.inf if value > 0 else -math.inf
            self.__dict__[field.name] = value
        self._checked()

    def _checked(self) -> None:
        """Check the parameters: their ranges, the class's own words, then their plain annotated types."""
        for name, constraint in _constraints(type(self)):
            constraint.check(name, self.__dict__[name])
        typed = _typed(type(self))
        try:
            self.check()
        except Exception as error:
            from stepsize.core.limits.sentences import is_sentence

            # A check may stumble over what is of no type that it reckons with.
            if not is_sentence(error):
                refuse_mistyped((name, kind, self.__dict__[name]) for name, kind in typed)
            raise
        # A number or a word, as nearly all are, is no news.
        refuse_mistyped(
            (n, kind, self.__dict__[n]) for n, kind in typed if type(self.__dict__[n]) is not kind
        )

    @classmethod
    def trusted(cls, **values: Any) -> Self:
        """Return the record of these values, which are all of them, known to be right and not looked at."""
        record = object.__new__(cls)
        record.__dict__.update(values)
        return record

    @classmethod
    def instead_of(cls, name: str) -> str:
        """Return what to write instead of a parameter that the class has not, to end a message with."""
        return did_you_mean(name, [field.name for field in _fields(cls)])

    def __setattr__(self, name: str, value: Any) -> None:
        raise dataclasses.FrozenInstanceError(f"{type(self).__name__} is frozen; use .replace({name}=...)")

    def __delattr__(self, name: str) -> None:
        raise dataclasses.FrozenInstanceError(f"{type(self).__name__} is frozen")

    def normalise(self, name: str, value: Any) -> Any:
        """Return the value to store for the field `name`."""
        return _plain(value)

    def check(self) -> None:
        """Raise one clear sentence if the parameters, each in its range, make no sense together."""

    def fields(self) -> Iterator[tuple[str, Any]]:
        """Return the name and value of each parameter, in the order of the constructor."""
        cls = type(self)
        if cls not in _NAMES:
            _NAMES[cls] = tuple(field.name for field in _fields(cls))
        return iter([(name, getattr(self, name)) for name in _NAMES[cls]])

    def replace(self, **changes: Any) -> Self:
        """Return the same record with some parameters changed."""
        return type(self)(**dict(self.fields()) | changes)

    def key(self) -> tuple[Any, ...]:
        """Return a hashable value that two records share exactly if they are equal."""
        return (type(self).__qualname__, *((name, _key(value)) for name, value in self.fields()))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.key() == other.key()

    def __hash__(self) -> int:
        return hash(self.key())

    def __repr__(self) -> str:
        try:
            return assembled(type(self).__name__, self._shown())
        except RecursionError:  # records nested by the hundred: nobody reads that far
            return f"{type(self).__name__}(...)"

    def _repr_html_(self) -> str:
        return str(call_hook("record_html", self))

    def _shown(self) -> Iterator[str]:
        positional = True
        for field in _fields(type(self)):
            value = getattr(self, field.name)
            if field.default is not dataclasses.MISSING and _key(_plain(field.default)) == _key(value):
                positional = False
                continue
            required = field.default is dataclasses.MISSING
            positional = positional and required
            yield shown(value) if positional else f"{field.name}={shown(value)}"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(value for _, value in self.fields())

    def to_dict(self) -> dict[str, Any]:
        """Return the record as standard JSON values, its class under the key ``"class"``.

        Raises
        ------
        TypeError
            If a parameter is a function, which JSON cannot hold.
        """
        return {"class": type(self).__name__} | {
            name: _to_json(value, f"{type(self).__name__}.{name}") for name, value in self.fields()
        }

    def to_json(self) -> str:
        """Return `to_dict` as one line of standard JSON."""
        import json

        return json.dumps(self.to_dict(), allow_nan=False)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the record that `to_dict` described.

        Raises
        ------
        TypeError, ValueError
            In one sentence, if the values describe no record of this class.
        """
        from stepsize.core.limits.json_records import described

        record = described(data, _REGISTRY)
        if not isinstance(record, cls):
            kind = type(record).__name__
            raise TypeError(f"JSON: got the class {kind}, expected {cls.__name__}")
        return record

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the record that `to_json` described; errors are those of `from_dict`."""
        from stepsize.core.limits.json_records import loaded

        return cls.from_dict(loaded(text))


def _fields(cls: type[Record]) -> tuple[dataclasses.Field[Any], ...]:
    if cls not in _FIELDS:
        _FIELDS[cls] = _all_fields(cls)
    return _FIELDS[cls]


def _constraints(cls: type[Record]) -> tuple[tuple[str, Constraint], ...]:
    if cls not in _CONSTRAINTS:
        found = (
            (field.name, field.metadata.get("constraint") or constraint_of(field.type))
            for field in _fields(cls)
        )
        _CONSTRAINTS[cls] = tuple((name, c) for name, c in found if c is not None)
    return _CONSTRAINTS[cls]


def _is_float(annotation: Any) -> bool:
    return annotation is float or getattr(annotation, "__origin__", None) is float


def _all_fields(cls: type[Record]) -> tuple[dataclasses.Field[Any], ...]:
    # Every subclass is a dataclass; the root is not, and has no parameters.
    return dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()


def _typed(cls: type[Record]) -> tuple[tuple[str, Any], ...]:
    """Return the parameters that are annotated with plain types, in classes of these packages.

    Elsewhere nobody keeps the annotations true.
    """
    if cls not in _TYPED:
        ours = cls.__module__.partition(".")[0] in ("optim", "problems", "schedules", "stepsize")
        plain = [(f.name, f.type) for f in _fields(cls) if expected_of(f.type) is not None]
        _TYPED[cls] = tuple(plain) if ours else ()
    return _TYPED[cls]


def _parameters(fields: tuple[dataclasses.Field[Any], ...]) -> str:
    return ", ".join(f.name for f in fields) or "none"


def registered(kind: type[R]) -> list[type[R]]:
    """Return every concrete class of a kind, in the order in which they were defined."""
    return [cls for cls in _REGISTRY.values() if issubclass(cls, kind)]


def lookup(name: str) -> type[Record] | None:
    """Return the registered class of that name, or None."""
    return _REGISTRY.get(name)


def summary(cls: type) -> str:
    """Return the first line of a class's docstring."""
    return (cls.__doc__ or "").strip().partition("\n")[0]


def _register(cls: type[Record]) -> None:
    known = _REGISTRY.get(cls.__name__)
    # A notebook cell that is run twice defines the same class again; that is no clash.
    if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
        raise TypeError(
            f"a class named {cls.__name__} is registered already, by {known.__module__}; choose another name"
        )
    _REGISTRY[cls.__name__] = cls


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.ndim:
        value = np.array(value, order="C")
        value.flags.writeable = False
        return value
    if isinstance(value, np.generic | np.ndarray):
        return value.item()
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    return value


def _key(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, Record):
        return value.key()
    if isinstance(value, tuple):
        return tuple(_key(item) for item in value)
    return value


def _to_json(value: Any, where: str) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, np.ndarray):
        return {"array": [_to_json(item, where) for item in value.tolist()], "dtype": value.dtype.name}
    if isinstance(value, tuple | list):
        return [_to_json(item, where) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{where} holds {shown(value)}, which JSON cannot describe; keep the code that made it")
