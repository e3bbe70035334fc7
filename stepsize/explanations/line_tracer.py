"""Watching a rule at work: the statements that one update executes, with the values that they met.

Nothing is written down twice: the rule runs as it always does, under Python's own trace hook, and what is
kept is which statements it executed and what its local names held before and after each.
"""

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

import numpy as np

from optim import Optimizer
from stepsize.core.source import syntax_of

__all__ = ["TracedCall", "ExecutedStatement", "trace_rule"]


@dataclass(eq=False)
class ExecutedStatement:
    """A statement that was executed: its syntax, and the names' values before and after.

    `calls` are the rule's own methods that it called, in order; `result` is what a return statement gave.
    """

    statement: ast.stmt
    before: dict[str, Any]
    after: dict[str, Any] = field(default_factory=dict)
    calls: list["TracedCall"] = field(default_factory=list)
    result: Any = None


@dataclass(eq=False)
class TracedCall:
    """A method of a rule that was called: whose, its name, its statements, and its module's names."""

    owner: Optimizer
    name: str
    module: dict[str, Any]
    done: list[ExecutedStatement] = field(default_factory=list)


def trace_rule(function: Callable[[], Any]) -> tuple[Any, list[TracedCall]]:
    """Call a function; return its result, and the methods of optimizers that it called."""
    calls: list[TracedCall] = []
    open_frames: dict[FrameType, TracedCall] = {}

    def enter(frame: FrameType, event: str, _: Any) -> Any:
        if event != "call" or frame.f_code.co_varnames[:1] != ("self",):
            return None
        owner = frame.f_locals.get("self")
        if not isinstance(owner, Optimizer) or not _is_rule(owner, frame.f_code):
            return None
        call = TracedCall(owner, frame.f_code.co_name, frame.f_globals)
        above = open_frames.get(frame.f_back) if frame.f_back else None
        if above is None:
            calls.append(call)
        elif above.done:  # what is called before the first statement that is told, in an assert say, is not
            above.done[-1].calls.append(call)
        open_frames[frame] = call
        return follow

    def follow(frame: FrameType, event: str, result: Any) -> Any:
        call = open_frames[frame]
        # Names are read between statements alone: within a comprehension, some of them crash Python 3.13.0.
        if event == "line":
            statement = _statements(frame.f_code).get(frame.f_lineno)
            if statement is not None and (not call.done or call.done[-1].statement is not statement):
                now = _copied(frame.f_locals)
                if call.done:
                    call.done[-1].after = now
                call.done.append(ExecutedStatement(statement, now))
        elif event == "return" and call.done:
            call.done[-1].after = _copied(frame.f_locals)
            # The way out of a `with` or `try` comes after the statement that returned.
            returns = [done for done in call.done if isinstance(done.statement, ast.Return)]
            if returns:
                returns[-1].result = _copy(result)
        return follow

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        result = function()
    finally:
        sys.settrace(before)
    return result, calls


def _is_rule(owner: Optimizer, code: CodeType) -> bool:
    """Whether a code object is an ordinary method of a rule, not a property or part of the machinery."""
    method = inspect.getattr_static(type(owner), code.co_name, None)
    plain = inspect.isfunction(method) and not code.co_name.startswith("__")
    return plain and code.co_name not in _MACHINERY


_MACHINERY = {"hypers", "own_hypers", "fields", "arrays", "start", "replace", "key", "normalise", "check"}


# What stands for several statements on one line, and in a `match`: which of them ran, and how often, nobody
# sees.
_UNSEEN = ast.Pass()
_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Expr)
_COMPOUND = (ast.If, ast.For, ast.While, ast.With)


@lru_cache(maxsize=256)
def _statements(code: CodeType) -> dict[int, ast.stmt]:
    """Return the statement that stands on each line of a function; of compound ones the first line."""
    lines: dict[int, list[ast.stmt]] = {}
    for node in _inside(syntax_of(code).body[0]):
        for line in _lines(node) if isinstance(node, _SIMPLE) else (node.lineno,):
            lines.setdefault(line, []).append(node)
    matches = {
        line for node in ast.walk(syntax_of(code)) if isinstance(node, ast.Match) for line in _lines(node)
    }
    shared = {node for some in lines.values() if len(some) > 1 for node in some}
    unseen = dict.fromkeys(matches, _UNSEEN)
    return {line: _UNSEEN if some[0] in shared else some[0] for line, some in lines.items()} | unseen


def _lines(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _inside(node: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements of a function, but not those of functions that it defines."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _SIMPLE + _COMPOUND):
            yield child
        if not isinstance(child, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            yield from _inside(child)


def _copied(names: dict[str, Any]) -> dict[str, Any]:
    return {name: _copy(value) for name, value in names.items()}


def _copy(value: Any) -> Any:
    """Return an array as a copy, since a rule may fill its own; the record of the update as it is now."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, tuple | list):
        return type(value)(_copy(item) for item in value) if type(value) in (tuple, list) else value
    if isinstance(value, Optimizer) and "t" in value.__dict__:  # the record is refilled at each update
        copy = object.__new__(type(value))
        copy.__dict__.update({name: _copy(item) for name, item in value.__dict__.items()})
        return copy
    return value
