"""Expressions such as ``Adam(lr=StepDecay(0.1, 0.5, 100))`` read safely: a parser, never `eval`."""

import ast
import inspect
import math
import re
from functools import lru_cache
from typing import Any, TypeVar

from stepsize.core.display import cut
from stepsize.core.limits.expression_source import Source
from stepsize.core.limits.sentences import is_sentence
from stepsize.core.record import Record, lookup, registered
from stepsize.core.validation import did_you_mean, require_a

__all__ = ["parse", "parse_problem"]

R = TypeVar("R", bound=Record)

_CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf}
_METHODS = ("then", "warmup", "cooldown", "floor", "cap", "delay", "skip", "repeat", "per_epoch")


def parse(text: str, kind: type[Record] = Record) -> Any:
    """Return the record that an expression describes.

    Parameters
    ----------
    text : str
        Names of registered classes (in any case, with hyphens or without), positional and keyword numbers,
        strings, lists, arithmetic, nesting, and the operators of schedules (``*``, ``+``, ``.then(...)``,
        ``.warmup(...)``). A bare class name stands for the class with its defaults. With a library's name
        before it (``torch.Adam``, ``keras.optimizers.schedules.CosineDecay``) it is that library's class, as
        `dialects` and `schedules.dialects` know it. How much a text may hold stands in
        `stepsize.core.limits.expression_source`.
    kind : type
        What is expected: `Optimizer`, `Schedule`, `Problem` or any record.

    Raises
    ------
    ValueError
        In one sentence, if the text is no such expression, or one that is too long, too deep or too large, if
        a name is unknown or an argument does not fit.

    Examples
    --------
    >>> parse("Adam(lr=Exponential(0.1, d=0.01).warmup(10))")
    Adam(lr=Warmup(Exponential(0.1, 0.01), 10))
    >>> parse("keras.optimizers.Adam(learning_rate=0.1)")
    Adam(lr=0.1, eps=1e-07, eps_hat=True)
    """
    source = Source(text)
    value = _made(_evaluate(source.tree(), source, kind), source)
    if not isinstance(value, kind):
        expected = getattr(value, "refusal", _article(_kind_in_words(kind)))
        hint = "; several are given one by one" if isinstance(value, list) else ""
        raise ValueError(f"got {source.shown}{_other_kind(value)}, expected {expected}{hint}")
    return value


def _other_kind(value: Any) -> str:
    """Say what an expression is instead: arguments in the wrong order are the usual reason."""
    names = [cls.__name__ for cls in type(value).__mro__]
    kind = next((name for name in names if name in ("Optimizer", "Problem", "Schedule")), None)
    return f", which is {_article(kind.lower())}" if kind else ""


def parse_problem(text: str) -> Any:
    """Return the problem of a name, of an expression or of a formula.

    Parameters
    ----------
    text : str
        A name in any dress (``rosenbrock``, ``breast-cancer``), that of a race of `stepsize race` (``bowl``),
        an expression such as ``Quadratic([1, 50])``, a formula such as ``x**2 + 3*y**2`` (see
        `problems.Formula`), or what a race prints of a problem with its defaults.

    Raises
    ------
    ValueError
        In one sentence, if the text is none of these.

    Examples
    --------
    >>> parse_problem("bowl") == parse_problem("Quadratic([1, 20])")
    True
    >>> parse_problem("x**2 + 3*y**2")
    Formula('x**2 + 3*y**2')
    """
    import problems
    from problems.formulas.parser import is_formula, names_in
    from stepsize.experiments.default_races import DEFAULT_RACES

    load_registry()
    require_a(str, "problem", text, "a name, an expression or a formula")
    text = text.strip()
    text = {show.name: show.problem for show in DEFAULT_RACES}.get(text.lower(), text)
    found = named(text, problems.Problem)
    if found is not None:
        return found
    known = {cls.__name__.lower() for cls in registered(problems.Problem)}
    of_classes = any(name.lower() in known for name in names_in(text))
    try:
        if is_formula(text) and not of_classes:
            return _of_formula(text)
        return parse(text, problems.Problem)
    except ValueError:
        found = _printed(text)
        if found is None:
            raise
        return found


def _of_formula(text: str) -> Any:
    """Return the problem of a formula; one with abbreviations (r, a radius) is the problem that prints it."""
    import problems

    formula, printed = problems.Formula(text), _printed(text)
    coordinates = {"x", *(f"x{i}" for i in range(1, formula.dim + 1))}
    return printed if printed is not None and not {*formula.variables} <= coordinates else formula


def named(text: str, kind: type[R], examples: bool = True) -> R | None:
    """Return the record of a bare name in any dress, ``StepDecay``, ``step-decay``, ``STEP_DECAY``.

    A class whose parameters have no defaults stands for its example, where that is wanted: the one that tests
    and sheets show. One that wraps a user's function has none.

    Examples
    --------
    >>> from schedules import Schedule
    >>> named("step-decay", Schedule)
    StepDecay(0.1, 0.5, 10)
    """
    load_registry()
    word = text.strip().replace("-", "").replace("_", "").lower()
    for cls in registered(kind):
        if cls.__name__.lower() == word:
            needs = any(p.default is p.empty for p in inspect.signature(cls).parameters.values())
            example = demo_of(cls) if needs and examples else {}
            of_functions = any(callable(v) and not isinstance(v, Record) for v in example.values())
            return None if of_functions or (needs and not example) else cls(**example)
    return None


def _printed(text: str) -> Any:
    """Return the problem with its defaults whose formula a race prints as this text, or None."""
    import problems

    return _formulas(tuple(registered(problems.Problem))).get(text)


@lru_cache(maxsize=1)
def _formulas(classes: tuple[Any, ...]) -> dict[str, Any]:
    """Return the problems that need no parameters, under their formulas."""
    found: dict[str, Any] = {}
    for cls in classes:
        parameters = inspect.signature(cls).parameters.values()
        if all(p.default is not p.empty for p in parameters):
            problem = cls()
            found.setdefault(problem.formula, problem)
    return found


def _evaluate(node: ast.expr, source: Source, kind: type[Record] = Record) -> Any:
    match node:
        case ast.Constant(value=bool() | str() | None as value):
            return value
        case ast.Constant(value=int() | float() as value):
            return source.number(value)
        case ast.Name(id=name):
            return _named(name, kind)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -source.number(_evaluate(operand, source))
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_evaluate(item, source) for item in items]
        case ast.BinOp(left=left, op=op, right=right):
            both = _made(_evaluate(left, source), source), _made(_evaluate(right, source), source)
            return source.combined(op, *both)
        case ast.Attribute() if (path := _path(node)) and path[0] in library_names(False):
            return _called(_of_library(path, kind), ".".join(path), [], [], source)
        case ast.Call(func=ast.Attribute() as name, args=args, keywords=keywords) if (
            path := _path(name)
        ) and path[0] in library_names(False):
            if path[0] == "torch" and args and _is_what_torch_steps(args[0]):
                args = args[1:]
            return _called(_of_library(path, kind), ".".join(path), args, keywords, source)
        case ast.Call(func=ast.Attribute(value=body, attr=method), args=args, keywords=keywords):
            owner = _evaluate(body, source)
            if method not in _METHODS or not hasattr(owner, method):
                words = ", ".join(f".{m}()" for m in _METHODS)
                source.refuse(f".{method}()", f"one of {words} after a schedule")
            return _called(getattr(owner, method), f".{method}", args, keywords, source)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            return _called(_named(name, kind), name, args, keywords, source)
    raise source.refusal(repr(ast.unparse(node)), "names, numbers, lists and calls only")


def _named(name: str, kind: type[Record]) -> Any:
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    load_registry()
    found = lookup(name) or {cls.__name__.lower(): cls for cls in registered(Record)}.get(name.lower())
    if found is None:
        hint = did_you_mean(name, [cls.__name__ for cls in registered(kind)])
        raise ValueError(
            f"got the unknown name {cut(name, 80)!r}{hint or ', expected one that `stepsize list` shows'}"
        )
    return found


def _is_what_torch_steps(node: ast.expr) -> bool:
    """Whether an argument is the parameters, as in ``torch.optim.Adam(model.parameters(), lr=0.1)``."""
    return ast.unparse(node).removesuffix("()").rpartition(".")[2] in ("params", "parameters")


def _path(node: ast.expr) -> list[str]:
    """Return the names of a dotted name, or nothing."""
    match node:
        case ast.Name(id=name):
            return [name]
        case ast.Attribute(value=body, attr=name) if before := _path(body):
            return [*before, name]
    return []


@lru_cache(maxsize=2)
def library_names(schedules_first: bool) -> dict[str, dict[str, Any]]:
    """Return what other libraries call their optimizers and schedules, and ours that do the same.

    Two names are both, Keras' SGD and PyTorch's ASGD: they are the schedule where a schedule is expected.
    """
    from optim import dialects
    from schedules import dialects as schedule_dialects

    found: dict[str, dict[str, Any]] = {
        library.name: {**library.parts, **library.entries} for library in dialects.LIBRARIES
    }
    for name in schedule_dialects.__all__:
        module = getattr(schedule_dialects, name)
        made = {called: getattr(module, called) for called in module.__all__}
        known = found.get(name, {})
        found[name] = known | made if schedules_first else made | known
    return found


def _of_library(path: list[str], kind: type[Record]) -> Any:
    """Return what a library's name means, with the library's modules in between or without."""
    known = library_names(kind.__name__ == "Schedule")[path[0]]
    for name in (".".join(path[1:]), path[-1]):
        if name in known:
            return known[name]
    hint = did_you_mean(path[-1], [*known]) or f", expected one of {', '.join(known)}"
    raise ValueError(f"got the unknown name {cut('.'.join(path), 80)!r}{hint}")


def load_registry() -> None:
    """Load every class that can be named: loading is what registers it."""
    from optim.dialects import variants

    del variants
    load_public()


def load_public() -> None:
    """Load every class that has a public name."""
    import optim
    import problems
    import schedules

    del problems, schedules
    for name in optim.__all__:
        getattr(optim, name)


def _called(
    function: Any, name: str, args: list[ast.expr], keywords: list[ast.keyword], source: Source
) -> Any:
    if not callable(function):
        source.refuse(f"{name!r} called", "the name of a class before a parenthesis")
    words = [keyword.arg for keyword in keywords]
    if any(isinstance(a, ast.Starred) for a in args) or None in words:
        source.refuse("a star", "plain arguments")
    doubled = next((word for word in words if words.count(word) > 1), None)
    if doubled is not None:
        source.refuse(f"{doubled!r} twice", "it once")
    positional = [_made(_evaluate(a, source), source) for a in args]
    named = {str(k.arg): _made(_evaluate(k.value, source), source) for k in keywords}
    _check_arguments(function, name, len(positional), named, source)
    try:
        return function(*positional, **named)
    except (TypeError, ValueError) as error:
        if not is_sentence(error):
            raise
        raise ValueError(str(error)) from None


def _check_arguments(function: Any, name: str, count: int, named: dict[str, Any], source: Source) -> None:
    """Refuse arguments that the class or method does not have, and the lack of one that it needs."""
    parameters = list(inspect.signature(function).parameters.values())
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return  # a library's class, which knows and checks its own
    by_place = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
    known = [p.name for p in parameters]
    has = f"it has {', '.join(known)}" if known else "it has none"
    for word in named:
        if word not in known:
            instead = getattr(function, "instead_of", None)
            hint = instead(word) if instead else ""
            raise ValueError(
                f"got the parameter {cut(word, 40)!r} of {name} in {source.shown}, but {has}{hint}"
            )
    if count > len(by_place):
        raise ValueError(f"got {count} values for {name} in {source.shown}, but {has}")
    given = by_place[:count]
    twice = next((word for word in named if word in given), None)
    if twice is not None:
        source.refuse(f"{twice!r} twice", "it once")
    missing = [p.name for p in parameters if p.default is p.empty and p.name not in {*given, *named}]
    if missing:
        raise ValueError(f"got {name} without {' and '.join(missing)} in {source.shown}, but {has}")


def _made(value: Any, source: Source) -> Any:
    """Return an instance for a bare class name."""
    if not isinstance(value, type):
        return value
    _check_arguments(value, value.__name__, 0, {}, source)
    return value()


def _kind_in_words(kind: type) -> str:
    """Return the name of a class as words: LineSearch is a line search."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", kind.__name__).lower()


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def example_of(cls: type[R]) -> R:
    """Return the instance of a class that its `demo` describes."""
    load_registry()
    return cls(**demo_of(cls))


def demo_of(cls: type[Record]) -> dict[str, Any]:
    """Return the arguments in the `demo` of a class, those given as expressions read."""
    return {name: _example_value(value) for name, value in getattr(cls, "demo", {}).items()}


def _example_value(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_example_value, value))
    return parse(value) if isinstance(value, str) and value.endswith(")") else value
