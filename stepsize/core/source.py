"""The syntax of a function as it stands in its file: to explain a rule, or to make a mistake in it."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from types import CodeType
from typing import Any

__all__ = ["syntax_of"]


def syntax_of(function: Callable[..., Any] | CodeType) -> ast.Module:
    """Return the syntax tree of a function, with the lines numbered as in its file.

    Raises
    ------
    OSError
        If its text cannot be found, as for what was typed at a plain prompt.

    Examples
    --------
    >>> tree = syntax_of(syntax_of)
    >>> tree.body[0].name, tree.body[0].lineno == inspect.getsourcelines(syntax_of)[1]
    ('syntax_of', True)
    """
    lines, first = inspect.getsourcelines(function)
    return ast.increment_lineno(ast.parse(textwrap.dedent("".join(lines))), first - 1)
