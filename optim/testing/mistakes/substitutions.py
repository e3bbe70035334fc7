"""Classic slips of the pen, as substitutions in a rule's own text.

Each is a name and the substitutions that make it; where a rule's text has no place for it, it is not made.
The text is what `ast.unparse` gives, so that blanks and brackets are always the same.
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from optim.optimizer import Optimizer
from optim.rules.wrappers import Wrapper
from optim.testing.roles import AnyRule
from stepsize.core.source import syntax_of

__all__ = ["Slip", "methods_of", "slipped", "with_numbers"]


class Slip(NamedTuple):
    """What a mistake is called, and the patterns with what stands in their place."""

    words: str
    changes: tuple[tuple[str, str], ...]


def with_numbers(optimizer: AnyRule, **changes: float) -> Iterator[Optimizer]:
    """Yield the rule with other numbers, or nothing where it takes no such ones."""
    try:
        yield optimizer.replace(**changes)
    except ValueError:
        return


@cache
def slipped(owner: type, method: str, changes: tuple[tuple[str, str], ...]) -> Callable[..., Any] | None:
    """Return a method with its text changed, or None where no pattern finds a place."""
    try:
        text = new = _text_of(owner, method)
    except (OSError, TypeError):  # a class that was typed at a prompt has no text
        return None
    for pattern, replacement in changes:
        new = re.sub(pattern, replacement, new, flags=re.MULTILINE)
    if new == text:
        return None
    names = dict(inspect.getmodule(owner).__dict__)
    try:
        exec(compile(new, f"<{owner.__name__}.{method} with a mistake>", "exec"), names)
    except SyntaxError:  # it found a place where it makes no sense
        return None
    method_: Callable[..., Any] = names[method]
    return method_


@cache
def _text_of(owner: type, method: str) -> str:
    """Return the text of a method without its docstring, as `ast.unparse` writes it."""
    tree = syntax_of(owner.__dict__[method])
    function = tree.body[0]
    if isinstance(function, ast.FunctionDef) and ast.get_docstring(function):
        function.body = function.body[1:]
    return ast.unparse(tree)


def methods_of(optimizer: AnyRule) -> Iterator[tuple[type, str]]:
    """Yield what of a rule may be mistaken, class and method: its own mathematics, then the rule inside."""
    for cls in type(optimizer).__mro__:
        if issubclass(cls, Optimizer) and cls not in (Optimizer, Wrapper):
            yield from (
                (cls, name) for name in ("direction", "update", "transform_gradient") if name in cls.__dict__
            )
    if "inner" in optimizer.__dict__:
        yield from methods_of(optimizer.inner)
