"""The code of what a user brings, as a hash: an edited class is another one, whatever its name.

The name of a class and its parameters say what a run was as long as the class stays as it is. A class from
outside the packages may be edited between two sweeps, in a file or in the cell of a notebook. So its code is
part of what a stored run is known by: the bytecode and the constants of its methods, and of all that they
refer to outside the installed libraries: functions, base classes, closures, defaults, globals, data. Nothing
is read from files, so that what has no source has a fingerprint too.
"""

import functools
import hashlib
import pickle
import sys
import sysconfig
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from stepsize.core.record import Record
from stepsize.core.user_values import PACKAGES, is_outside

__all__ = ["code_of"]

_LIBRARIES = tuple(
    str(Path(path).resolve())
    for name, path in sysconfig.get_paths().items()
    if name in ("stdlib", "platstdlib", "purelib", "platlib")
)
# The flag of a class that a program made.
_HEAP = 1 << 9
# What a class has of itself, none of which is what it does.
_SHELL = frozenset(("abstract", "_abc_impl"))


def code_of(value: Any) -> str | None:
    """Return a hash of the code from outside the packages in a record, or None if it has none.

    Parameters
    ----------
    value : Record, or anything
        Records inside it count as well.

    Raises
    ------
    TypeError
        If the code refers to something that no hash can stand for, such as an open file.

    Examples
    --------
    >>> from optim import SGD
    >>> code_of(SGD(lr=0.1)) is None
    True
    """
    classes = [*dict.fromkeys(_outside(value))]
    if not classes:
        return None
    reader = _Reader()
    for cls in classes:
        reader.add(cls)
    return reader.digest.hexdigest()


def _outside(value: Any) -> Any:
    """Yield the classes of records that are not from the packages."""
    if isinstance(value, tuple | list):
        for item in value:
            yield from _outside(item)
    elif isinstance(value, Record):
        if is_outside(type(value)):
            yield type(value)
        for _, item in value.fields():
            yield from _outside(item)


class _Reader:
    """Feeds a hash with what things do, every thing once."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self._numbers: dict[int, int] = {}
        self._alive: list[Any] = []

    def add(self, thing: Any) -> None:
        """Feed the hash with a thing."""
        if thing is None or isinstance(thing, bool | int | float | complex | str | bytes | range | slice):
            self._word(type(thing).__name__, repr(thing))
        elif isinstance(thing, np.ndarray | np.generic):
            array = np.asarray(thing)
            if array.dtype.hasobject:
                self._word("objects", str(array.shape))
                self._all(array.ravel().tolist())
            else:
                self._word("array", f"{array.dtype.str} {array.shape}")
                self.digest.update(array.tobytes())
        elif isinstance(thing, tuple):  # whether two equal ones are one object is up to the compiler
            self._word("tuple", str(len(thing)))
            self._all(thing)
        elif id(thing) in self._numbers:
            self._word("seen", str(self._numbers[id(thing)]))
        else:
            self._numbers[id(thing)] = len(self._numbers)
            self._alive.append(thing)  # so that no other thing takes its place in memory
            self._once(thing)

    def _once(self, thing: Any) -> None:
        if isinstance(thing, list):
            self._word("list", str(len(thing)))
            self._all(thing)
        elif isinstance(thing, dict):
            self._word("dict", str(len(thing)))
            self._all(item for pair in thing.items() for item in pair)
        elif isinstance(thing, set | frozenset):
            self._word("set", str(sorted(map(repr, thing))))
        elif isinstance(thing, CodeType):
            self._code(thing)
        elif isinstance(thing, ModuleType):
            self._word("module", thing.__name__)
        elif isinstance(thing, FunctionType):
            self._function(thing)
        elif isinstance(thing, type):
            self._class(thing)
        elif isinstance(thing, MethodType):
            self._all((thing.__func__, thing.__self__))
        elif isinstance(thing, np.ufunc) and thing.types == ["O" * thing.nin + "->" + "O" * thing.nout]:
            raise _unknown(thing)  # one of `frompyfunc`, which does not show its function
        elif isinstance(thing, BuiltinFunctionType | np.ufunc):
            self._word("builtin", f"{getattr(thing, '__module__', '')} {thing.__name__}")
        elif isinstance(thing, property):
            self._all((thing.fget, thing.fset))
        elif isinstance(thing, staticmethod | classmethod):
            self._all((type(thing).__name__, thing.__func__))
        elif isinstance(thing, functools.cached_property):
            self.add(thing.func)
        elif isinstance(thing, functools.partial):
            self._all((thing.func, thing.args, thing.keywords))
        elif isinstance(thing, Record):
            self.add(type(thing))
            self._all(dict(thing.fields()).items())
        else:
            self._instance(thing)

    def _instance(self, thing: Any) -> None:
        wrapped = getattr(thing, "__wrapped__", None)
        if isinstance(wrapped, FunctionType) and _is_installed(type(thing)):  # such as lru_cache
            self.add(wrapped)
            return
        self.add(type(thing))
        if not _is_installed(type(thing)) and hasattr(thing, "__dict__"):
            self.add(vars(thing))
            return
        try:
            self.digest.update(pickle.dumps(thing, protocol=4))
        except Exception:
            raise _unknown(thing) from None

    def _class(self, cls: type) -> None:
        self._word("class", f"{cls.__module__ if _is_installed(cls) else ''} {cls.__qualname__}")
        if _is_installed(cls) and not (issubclass(cls, Record) and is_outside(cls)):
            return
        for base in cls.__bases__:
            self.add(base)
        for name, value in sorted(cls.__dict__.items()):
            dunder = name.startswith("__")
            if name in _SHELL or (dunder and (not isinstance(value, FunctionType) or "annotate" in name)):
                continue
            if type(value).__name__ in ("member_descriptor", "getset_descriptor"):
                continue
            self._word("attribute", name)
            self.add(value)

    def _function(self, function: FunctionType) -> None:
        if _is_installed(function):
            self._word("function", f"{function.__module__}.{function.__qualname__}")
            return
        self.add(function.__code__)
        self.add(function.__defaults__)
        self.add(function.__kwdefaults__)
        for cell in function.__closure__ or ():
            try:
                self.add(cell.cell_contents)
            except ValueError:  # not filled yet
                self._word("empty", "")
        words = [*dict.fromkeys(_words(function.__code__))]
        for word in words:
            if word in function.__globals__:
                found = function.__globals__[word]
                self._word("global", word)
                self.add(found)
                if isinstance(found, ModuleType) and not _is_installed(found):
                    self._all(getattr(found, other) for other in words if hasattr(found, other))

    def _code(self, code: CodeType) -> None:
        self._word("code", f"{code.co_argcount} {code.co_kwonlyargcount} {code.co_flags}")
        self.digest.update(code.co_code)
        self._all((code.co_names, code.co_varnames, code.co_freevars, code.co_consts))

    def _all(self, things: Any) -> None:
        for thing in things:
            self.add(thing)

    def _word(self, kind: str, text: str) -> None:
        self.digest.update(f"{kind}:{len(text)}:{text};".encode())


def _unknown(thing: Any) -> TypeError:
    return TypeError(
        f"store: got a class whose code refers to {thing!r:.80}, which no key can stand for; hold "
        "it in a parameter, or sweep without a store"
    )


def _words(code: CodeType) -> Any:
    """Yield the names that a piece of code reads, by word or by text, those of functions inside as well."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _words(constant)
        elif isinstance(constant, str) and constant.isidentifier():  # as in globals()["k"]
            yield constant


def _is_installed(thing: Any) -> bool:
    """Whether a thing is of the packages, the standard library or an installed one: its name will do."""
    name = thing.__name__ if isinstance(thing, ModuleType) else str(getattr(thing, "__module__", None))
    if name.partition(".")[0] in PACKAGES:
        return True
    if isinstance(thing, FunctionType):  # one from `exec` may have any module or none
        file: str | None = thing.__code__.co_filename
    elif name in sys.builtin_module_names and not (name == "builtins" and _is_made(thing)):
        return True
    else:
        file = None if name == "__main__" else getattr(sys.modules.get(name), "__file__", None)
    return file is not None and (
        file.startswith("<frozen") or str(Path(file).resolve()).startswith(_LIBRARIES)
    )


def _is_made(thing: Any) -> bool:
    """Whether a thing is a class that a program made, by `exec` without the name of a module."""
    return isinstance(thing, type) and bool(thing.__flags__ & _HEAP)
