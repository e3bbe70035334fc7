"""What can be seen in a file without running it: which exercise it is, and what is missing in it."""

import ast
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from stepsize.core.display import cut
from stepsize.core.storage import refusal

__all__ = ["HandIn", "read_hand_in"]

# How a file names its exercise, in a comment: what is left of a file that is no Python any more.
_NAMED = re.compile(r"^\s*#\s*stepsize exercise:?\s*(\S+)", re.MULTILINE | re.IGNORECASE)
_MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class HandIn:
    """A file as it was handed in.

    Attributes
    ----------
    path : Path
        Where it is.
    exercise : str or None
        The exercise that it names.
    fault : str
        Why nothing of it can run, in one sentence; or nothing.
    blanks : dict of str to int
        The first line that still has a blank, by the function that it is in.
    functions : frozenset of str
        The names that are defined at its top.
    """

    path: Path
    exercise: str | None
    fault: str
    blanks: dict[str, int]
    functions: frozenset[str]

    def missing(self, name: str) -> str:
        """Return why a function cannot be tried, in one sentence; or nothing."""
        if name in self.blanks:
            return f"line {self.blanks[name]} is still blank: write your expression in place of ..."
        if name not in self.functions:
            return f"the file defines no {name}: it may have been renamed or deleted"
        return ""


def read_hand_in(path: Path) -> HandIn:
    """Read a file.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise refusal("file", path, error, "read") from None
    if len(raw) > _MOST_BYTES:
        raise ValueError(f"file: got {str(path)!r} of {len(raw)} bytes, expected an exercise of some lines")
    text = raw.decode("utf-8-sig", "replace")
    named = _NAMED.search(text)
    tree, fault = _parsed(text)
    if not fault and tree is not None and not tree.body:
        fault = "the file is empty" if not text.strip() else "the file has no code, only comments"
    body = [] if tree is None else tree.body
    functions = [node for node in body if isinstance(node, ast.FunctionDef)]
    found = (_blank(node) for node in functions)
    blanks = {node.name: line for node, line in zip(functions, found, strict=True) if line}
    exercise = named[1] if named else None
    return HandIn(path, exercise, fault, blanks, frozenset(_names(body)))


def _parsed(text: str) -> tuple[ast.Module | None, str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in strings: nothing to grade
            return ast.parse(text), ""
    except SyntaxError as error:
        line = (error.text or "").strip()
        where = f" at `{cut(line, 60)}`" if line else ""
        return None, f"it is no Python: line {error.lineno}{where}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return None, f"it is no Python: {cut(str(error), 80) or 'nested too deeply'}"


def _blank(function: ast.FunctionDef) -> int:
    """Return the first line of a function with ... as a value in it, or 0."""
    lines = [
        node.lineno
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and node.value is Ellipsis and not _in_subscript(function, node)
    ]
    return min(lines, default=0)


def _in_subscript(function: ast.FunctionDef, blank: ast.Constant) -> bool:
    """Whether an ellipsis is an index, as in ``x[..., 0]``."""
    places = (node for node in ast.walk(function) if isinstance(node, ast.Subscript))
    return any(blank in ast.walk(place.slice) for place in places)


def _names(body: list[ast.stmt]) -> list[str]:
    """Return what is defined at the top of a file."""
    names: list[str] = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names += [alias.asname or alias.name for alias in node.names]
    return names
