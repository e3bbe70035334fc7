"""Where a changed statement puts its result: a class, a module, a field of a record, a function's default."""

import ast
import dataclasses
import importlib
import sys
from types import CodeType, FunctionType
from typing import Any, ClassVar, get_origin

from tools.mutation.constants import mutated_statement

__all__ = ["PACKAGES", "patch"]

PACKAGES = ("optim", "problems", "schedules", "stepsize")


def patch(module: str, source: str, index: int, owner: str) -> None:
    """Run the changed statement of a mutant again and put its result in its place.

    Raises
    ------
    LookupError
        If its result is not read from its place: what a class is made of, unless that is a field of a record.
    """
    statement = mutated_statement(module, source, index)
    place = home(module, owner)
    cls = place if isinstance(place, type) else None
    if isinstance(statement, ast.ClassDef):
        raise LookupError("what a class is made of is read when it is made")
    try:
        names = run(statement, module, cls)
    except LookupError as error:
        raise ImportError(f"the module cannot be imported: {error!r}") from error
    if isinstance(statement, ast.AnnAssign) and cls is not None:
        redeclare(cls, names)
    elif cls is not None:
        replace(place, names)
    else:
        replace_everywhere(place, names)


def run(statement: Any, module: str, cls: type | None) -> dict[str, Any]:
    """Return the names that a statement of a module or a class defines."""
    known = {**vars(sys.modules[module]), **(vars(cls) if cls else {})}
    names: dict[str, Any] = {}
    if cls is None or not isinstance(statement, ast.FunctionDef):
        exec(compiled(statement, module), known, names)
        return names
    method = ast.parse(f"def within(__class__):\n    return {statement.name}").body[0]  # super() asks for it
    method.body.insert(0, statement)  # type: ignore[attr-defined]
    exec(compiled(method, module), known, names)
    return {statement.name: names["within"](cls)}


def compiled(statement: Any, module: str) -> CodeType:
    """Return the code of one statement."""
    return compile(ast.fix_missing_locations(ast.Module([statement], [])), module, "exec")


def replace(place: Any, names: dict[str, Any]) -> None:
    """Give a class or a module what a statement defined."""
    for name, value in names.items():
        if hasattr(value, "__set_name__"):
            value.__set_name__(place, name)
        old, new = (getattr(v, "__func__", v) for v in (vars(place).get(name), value))
        graft(old, new)
        if not isinstance(old, FunctionType):
            setattr(place, name, value)


def graft(old: Any, new: Any, seen: dict[int, Any] | None = None) -> None:
    """Let a thing of ours, which others may have taken, be and do what another is and does, part by part."""
    seen = {} if seen is None else seen
    if type(old) is not type(new) or id(old) in seen:
        return
    seen[id(old)] = old  # kept, or another would get its id
    if isinstance(old, FunctionType):
        become(old, new)
    elif isinstance(old, tuple | list):
        for one, other in zip(old, new, strict=False):
            graft(one, other, seen)
    elif isinstance(old, dict):
        for name in old.keys() & new.keys():
            graft(old[name], new[name], seen)
    elif type(old).__module__.partition(".")[0] in PACKAGES and hasattr(old, "__dict__"):
        graft(vars(old), vars(new), seen)
        vars(old).update(vars(new))


def become(old: FunctionType, new: FunctionType) -> None:
    """Let a function do what another does.

    Raises
    ------
    LookupError
        If they take unlike things from around them.
    """
    if old.__code__.co_freevars != new.__code__.co_freevars:
        raise LookupError("a function of another make")
    old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__
    vars(old).update(vars(new))
    for cell, other in zip(old.__closure__ or (), new.__closure__ or (), strict=True):
        cell.cell_contents = other.cell_contents


def replace_everywhere(module: Any, names: dict[str, Any]) -> None:
    """Give a module, and all modules that took it from there under its name, what a statement defined."""
    for name in names:
        old = vars(module).get(name)
        takers = [m for m in list(sys.modules.values()) if vars(m).get(name) is old and ours(m)]
        for place in {module, *takers}:
            replace(place, {name: names[name]})


def ours(module: Any) -> bool:
    """Return whether a module is of our packages."""
    return str(module.__name__).partition(".")[0] in PACKAGES


def redeclare(cls: type, names: dict[str, Any]) -> None:
    """Change a field of a record, and of all records that have it from this one.

    Raises
    ------
    LookupError
        If the class is no record: those keep their fields in generated code.
    """
    ((name, annotation),) = names.pop("__annotations__").items()
    if annotation is ClassVar or get_origin(annotation) is ClassVar:
        replace(cls, names)
        return
    record = importlib.import_module("stepsize.core.record")
    if not issubclass(cls, record.Record):
        raise LookupError("what a class is made of is read when it is made")
    value = names.get(name, dataclasses.MISSING)
    field: Any = value if isinstance(value, dataclasses.Field) else dataclasses.field(default=value)
    old: Any = cls.__dataclass_fields__[name]
    field.name, field.type, field._field_type = name, annotation, old._field_type
    for heir in descendants(cls):
        if heir.__dataclass_fields__.get(name) is old:
            heir.__dataclass_fields__[name] = field
    if field.default is not dataclasses.MISSING:
        setattr(cls, name, field.default)
    optimizer = importlib.import_module("optim.optimizer")
    for kept in (record._FIELDS, record._CONSTRAINTS, record._TYPED, optimizer._RANGES, optimizer._HYPERS):
        kept.clear()


def descendants(cls: Any) -> list[Any]:
    """Return a class and all that inherit from it."""
    return [cls, *(heir for child in cls.__subclasses__() for heir in descendants(child))]


def home(module: str, owner: str) -> Any:
    """Return the class or the module in which a named thing stands."""
    place: Any = importlib.import_module(module)
    for name in owner.removeprefix(f"{module}.").split(".")[:-1]:
        place = getattr(place, name)
    return place
