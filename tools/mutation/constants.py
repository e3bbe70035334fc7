"""Small changes where mutmut makes none: constants, class bodies, defaults, and decorated functions.

A fact of a problem (``minimum = 0.0``), a bound (``hyper(0.9, below=1)``), a threshold of a module and the
body of a property are evaluated while a module is imported, or by a descriptor that mutmut cannot replace.
Here one node of the syntax tree is changed at a time:

- a whole number n to n + 1; another number v to (1 + 1e-3) v, and 0.0 to 1e-3; True to False;
- a sign dropped; ``<`` to ``<=``, ``==`` to ``!=``, ``in`` to ``not in``; ``+`` to ``-``, ``*`` to ``/``;
- ``and`` to ``or``, ``not`` dropped, ``max`` to ``min``, ``M.T`` to ``M``;
- the result of a property in which there is nothing of this to None.

Left alone are words, lines that raise, what only type checkers read, the promise of `zip` that lengths agree,
``demo``, which is an example and no fact, and ``source``; of a figure's function how it is drawn (``draw``,
``Drawing``), and how far off its numbers may be.
"""

import ast
import copy
import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

__all__ = ["Mutant", "mutants", "mutated"]

COMPARISONS: dict[type, type] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Div,
    ast.Pow: ast.Mult,
}
EXTREMES = {"max": "min", "min": "max"}
# Examples, and names of people and books.
LEFT_ALONE = {"__all__", "demo", "source"}
# A number beside the one it ought to be, and behind them how far off it may be.
CLAIMS = {"printed", "recalled", "theorem", "computed"}
# These decorators say how a function is called, and mutmut replaces it all the same.
MUTMUT_TAKES = {"staticmethod", "classmethod"}


class Mutant(NamedTuple):
    """A name that outlives other lines, the line, what is there and what would be there."""

    name: str
    line: int
    before: str
    after: str


class Change(NamedTuple):
    """A node of the tree and what it becomes, with the statement of a module or class that it is in."""

    owner: str
    statement: Any
    node: Any
    becomes: Any


def mutants(module: str, source: str) -> list[Mutant]:
    r"""Return every mutant of a module's text.

    Examples
    --------
    >>> [f"{m.name}: {m.before} -> {m.after}" for m in mutants("bowl", "L = 18.0\nmu = 2")]
    ['bowl.L__constant_1: 18.0 -> 18.018', 'bowl.mu__constant_1: 2 -> 3']
    """
    counts: Counter[str] = Counter()
    found = []
    for owner, _, node, becomes in _all_changes(ast.parse(source), module):
        counts[owner] += 1
        name = f"{owner}__constant_{counts[owner]}"
        found.append(Mutant(name, node.lineno, ast.unparse(node), ast.unparse(becomes)))
    return found


def mutated(module: str, source: str, index: int) -> ast.Module:
    r"""Return the tree of a module's text with the change of one of its mutants.

    Examples
    --------
    >>> ast.unparse(mutated("bowl", "L = 18.0\nmu = 2", 1)).split("\n")
    ['L = 18.0', 'mu = 3']
    """
    return _mutated(module, source, index)[0]


def mutated_statement(module: str, source: str, index: int) -> Any:
    """Return the statement of the module or of a class of its that one of the mutants changes, as changed."""
    return _mutated(module, source, index)[1]


def _mutated(module: str, source: str, index: int) -> tuple[ast.Module, Any]:
    tree = ast.parse(source)
    _, statement, node, becomes = next(itertools.islice(_all_changes(tree, module), index, None))
    place = {name: getattr(node, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")}
    node.__class__, node.__dict__ = becomes.__class__, {**vars(becomes), **place}
    return ast.fix_missing_locations(tree), statement


def _all_changes(tree: ast.Module, module: str) -> Iterator[Change]:
    for owner, statement, part in _parts(tree, module):
        for node in _nodes(part):
            yield from (Change(owner, statement, node, becomes) for becomes in _changes(node))


def _parts(tree: Any, owner: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield the parts of statements that run at import or that mutmut leaves alone, with their names."""
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            inner = f"{owner}.{statement.name}"
            yield from ((inner, statement, keyword.value) for keyword in statement.keywords)
            yield from _parts(statement, inner)
        elif isinstance(statement, ast.FunctionDef):
            inner = f"{owner}.{statement.name}"
            defaults = [*statement.args.defaults, *statement.args.kw_defaults]
            body = statement.body if _is_decorated(statement) else []
            for part in [*filter(None, defaults), *body]:
                within = f":{part.name}" if isinstance(part, ast.FunctionDef) else ""
                if within != ":draw":
                    yield inner + within, statement, part
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            yield from _parts_of_assignment(statement, owner)
        elif isinstance(statement, ast.For | ast.If) and ast.unparse(statement)[:16] != "if TYPE_CHECKING":
            yield from _parts(statement, owner)


def _parts_of_assignment(statement: Any, owner: str) -> Iterator[tuple[str, Any, Any]]:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    name = ast.unparse(target)
    if name in LEFT_ALONE:
        return
    if statement.value is not None:
        yield f"{owner}.{name}", statement, statement.value
    if isinstance(statement, ast.AnnAssign):
        yield f"{owner}.{name}", statement, statement.annotation


def _is_decorated(function: ast.FunctionDef) -> bool:
    names = [ast.unparse(decorator) for decorator in function.decorator_list]
    return bool(names) and not set(names) <= {*MUTMUT_TAKES, "overload", "abstractmethod"}


def _nodes(node: ast.AST) -> Iterator[Any]:
    """Yield the expressions of a statement, but for what it raises and for its annotations' own words."""
    if isinstance(node, ast.Raise | ast.Assert | ast.Import | ast.ImportFrom | ast.JoinedStr):
        return
    if isinstance(node, ast.keyword) and node.arg == "strict":
        return
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Call) and _name(node.value) == "Drawing":
        return
    if isinstance(node, ast.expr):
        yield node
    if isinstance(node, ast.Return) and not (node.value and any(map(_changes, ast.walk(node.value)))):
        yield node
    for child in _children(node):
        if not isinstance(node, ast.AnnAssign) or child is not node.annotation:
            yield from _nodes(child)


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _children(node: Any) -> list[Any]:
    """Return the nodes in a node; of a claim on a number not the tolerance."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLAIMS:
        said = [keyword for keyword in node.keywords if keyword.arg not in ("within", "between")]
        return [node.func, *node.args[:3], *said]
    return list(ast.iter_child_nodes(node))


def _changes(node: Any) -> list[Any]:
    """Return what a node may become."""
    match node:
        case ast.Constant(value=bool(value)):
            return [ast.Constant(not value)]
        case ast.Constant(value=int(value)):
            return [ast.Constant(value + 1)]
        case ast.Constant(value=float(value)):
            return [ast.Constant(float(f"{value * (1 + 1e-3):.12g}") if value else 1e-3)]
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            return [operand]
        case ast.Compare(ops=ops):
            return [
                _changed(node, ops=_swapped(ops, k)) for k in range(len(ops)) if type(ops[k]) in COMPARISONS
            ]
        case ast.BinOp(op=op) if type(op) in ARITHMETIC:
            return [_changed(node, op=ARITHMETIC[type(op)]())]
        case ast.BoolOp(op=op):
            return [_changed(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())]
        case ast.Call(func=ast.Name(id=name)) if name in EXTREMES:
            return [_changed(node, func=ast.Name(EXTREMES[name], ast.Load()))]
        case ast.Attribute(attr="T", value=value):
            return [value]
        case ast.Return(value=value) if not (value is None or isinstance(value, ast.Constant)):
            return [ast.Return(ast.Constant(None))]
    return []


def _swapped(ops: list[ast.cmpop], k: int) -> list[ast.cmpop]:
    return [COMPARISONS[type(op)]() if i == k else op for i, op in enumerate(ops)]


def _changed(node: Any, **fields: Any) -> Any:
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other
