"""What one update did: the statements of the rule that it executed, with the values that they met."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim import Optimizer, Run, minimize
from optim.steppers import stepper_for
from optim.user_functions import guarded
from stepsize.core.display import brief
from stepsize.explanations.equations import chosen, symbols, value_of
from stepsize.explanations.line_tracer import TracedCall, trace_rule
from stepsize.explanations.markup import TEXT

__all__ = ["Assignment", "Step", "lines_of", "plain_names", "step_of"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Assignment:
    """A line of the rule: a name, the expression that it was given, and what came out.

    Attributes
    ----------
    name : str
        What it is called in the rule.
    expression : ast.expr
        From the rule's own source, with the branch that was taken where there are two.
    names : dict
        What every name in it held.
    module : dict
        The functions that it may call.
    value : number or ndarray
        What came out.
    inside : str
        The optimizer whose line it is.
    """

    name: str
    expression: ast.expr
    names: dict[str, Any]
    module: dict[str, Any]
    value: Any
    inside: str

    __repr__ = brief

    def recomputed(self) -> Any:
        """Return the value of the expression, evaluated again with the numbers that are shown."""
        return value_of(self.expression, self.names, self.module)


@dataclass(frozen=True, eq=False)
class Step:
    """One update.

    Attributes
    ----------
    t : int
        Which one, from 1.
    given : dict
        What the rule was given: x, g, the hyperparameters that this update used, and its slots.
    lines : tuple of Assignment
        What it did, in its order.
    x_next : ndarray
        Where that led.
    f, f_next : float
        The loss before and after, as the run saw it.
    slope : float
        ``g_next . (x_next - x)``, the slope at the end of the update, along it.
    overshoot : bool
        Whether that is positive beyond rounding: the update passed the minimum along the step.
    """

    t: int
    given: dict[str, Any]
    lines: tuple[Assignment, ...]
    x_next: Array
    f: float
    f_next: float
    slope: float
    overshoot: bool

    __repr__ = brief

    @property
    def moved(self) -> bool:
        """Whether it led to another point."""
        return not np.array_equal(self.given["x"], self.x_next)


def step_of(run: Run, t: int) -> Step:
    """Make an update of a run again and watch it."""
    problem, rule, n = guarded(run.problem), run.optimizer, t - 1
    before = minimize(problem, rule, run.history.x[0], n)
    x, slots = before.last_x, before.state.slots
    way = stepper_for(rule, problem, x, before.state)
    with np.errstate(all="ignore"):
        e = way.evaluate(n, x)._replace(g=before.jac)
        # The rule itself, without the guard of one from outside; it may write into what it is given.
        vars(way).update(update=rule.update, direction=rule.direction)
        own = np.array(x), e._replace(g=np.array(e.g)), tuple(np.array(s) for s in slots)
        try:
            (x_next, *_, lr), calls = trace_rule(lambda: way.advance(n, *own))
        except (OSError, SyntaxError):
            raise ValueError(
                f"run: got a run of {type(rule).__name__}, whose source is not at hand, expected a rule "
                "that is written in a file or a notebook"
            ) from None
        feasible = getattr(problem, "feasible", None)
        if feasible is not None:
            x_next = np.clip(x_next, *feasible)
        after = minimize(problem, rule, run.history.x[0], t)
    lines = lines_of(calls)
    lines += _moved(lines, x, x_next, lr)
    used = {w for line in lines for node in ast.walk(line.expression) for w in _words(node)}
    hypers = {name: value for name, value in _hypers(calls, lr).items() if name in used}
    given = {"x": x, "g": e.g, **hypers, **dict(zip(plain_names(rule), slots, strict=True))}
    slope = float((after.jac * (after.last_x - x)).sum())
    passed = bool(after.history.overshoot[-1])
    return Step(t, given, lines, x_next, float(e.f), float(after.history.fun[-1]), slope, passed)


def lines_of(calls: list[TracedCall]) -> tuple[Assignment, ...]:
    """Return the lines of the rule's methods that were watched, in their order."""
    return tuple(line for call in calls for line in _lines(call, _LABELS[call.name]))


def _words(node: ast.AST) -> tuple[str, ...]:
    if isinstance(node, ast.Name):
        return (node.id,)
    return (node.attr,) if isinstance(node, ast.Attribute) else ()


def plain_names(rule: Optimizer) -> list[str]:
    """Return the names of the slots as the rules themselves call them."""
    return [name.rpartition("/")[2] for name in rule.slots]


def _moved(lines: tuple[Assignment, ...], x: Array, x_next: Array, lr: Any) -> tuple[Assignment, ...]:
    """Return the lines that the loop adds: the step of a searched rate, and the way back into a box."""
    added: list[Assignment] = []
    at = next((line.value for line in reversed(lines) if line.name == "x"), None)
    if at is None:
        d = next((line.value for line in reversed(lines) if line.name == "d"), None)
        d = (x - x_next) / lr if d is None else d
        move = ast.parse("x - lr * d", mode="eval").body
        at = x - lr * d
        added.append(
            Assignment("x", move, {"x": x, "lr": lr, "d": d}, {}, at, "the step that the search found")
        )
    if not np.array_equal(at, x_next, equal_nan=True):
        inside = ast.parse("clip(x)", mode="eval").body
        known = {"x": at, "clip": lambda _: x_next}
        added.append(Assignment("x", inside, known, {}, x_next, "back into the feasible box"))
    return tuple(added)


def _hypers(calls: list[TracedCall], lr: Any) -> dict[str, Any]:
    """Return the hyperparameters as this update saw them, those of the rules inside among them."""
    resolved = calls[0].done[0].before["h"]
    told: dict[str, Any] = {}
    while isinstance(resolved, Optimizer):
        names = resolved.own_hypers()
        told.update({name: resolved.__dict__[name] for name in names if name not in told})
        resolved = resolved.__dict__.get("inner")
    return {name: lr if name == "lr" else value for name, value in told.items()}


# What a rule's methods give.
_LABELS = {"update": "x", "direction": "d", "transform_gradient": "g"}


def _lines(call: TracedCall, label: str) -> Iterator[Assignment]:
    """Yield the lines of a call, those of calls within in their place; `label` names its result."""
    owner = type(call.owner).__name__
    target: ast.expr | None
    value: ast.expr
    for done in call.done:
        statement = done.statement
        match statement:
            case (
                ast.Assign(targets=[target], value=value)
                | ast.AnnAssign(target=target, value=ast.expr() as value)
            ):
                pass
            case ast.AugAssign(target=target, op=op, value=right):
                value = (
                    ast.BinOp(ast.Name(target.id, ast.Load()), op, right)
                    if isinstance(target, ast.Name)
                    else right
                )
                ast.fix_missing_locations(ast.copy_location(value, statement))
            case ast.Return(value=ast.expr() as value):
                target = None
            case _:
                continue
        names = _targets(target, value, label)
        for inner in done.calls:
            yield from _lines(inner, _LABELS.get(inner.name) or _label(inner, names))
        for name, part, read in names:
            if part is None or _is_plumbing(part, done.before, call):
                continue
            expression = chosen(part, done.before, call.module)
            if _is_plumbing(expression, done.before, call):
                continue
            value = read(done)
            same = isinstance(expression, ast.Name | ast.Attribute) and symbols(expression, TEXT) == name
            if same or (call.name == "output" and isinstance(expression, ast.Name)):
                continue
            yield Assignment(name, expression, done.before, call.module, value, owner)


def _label(inner: TracedCall, names: list[tuple[str, ast.expr | None, Any]]) -> str:
    """Return what the result of another method of the rule is called: as the line that only takes it does."""
    for name, part, _ in names:
        called = part.func if isinstance(part, ast.Call) else part
        if part is None or (isinstance(called, ast.Attribute) and called.attr == inner.name):
            return name
    return inner.name.lstrip("_")


def _targets(target: Any, value: ast.expr, label: str) -> list[tuple[str, ast.expr | None, Any]]:
    """Return what a statement gives values to: name, expression, and how to read what came out."""
    if target is None:
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == 2:
            return [(label, value.elts[0], lambda done: done.result[0])]
        return [(label, value, lambda done: done.result)]
    if isinstance(target, ast.Name):
        return [(target.id, value, lambda done: done.after[target.id])]
    if isinstance(target, ast.Tuple):
        heads = [item for item in target.elts if isinstance(item, ast.Name)]
        if isinstance(value, ast.Tuple) and len(heads) == len(value.elts):
            return [
                (head.id, part, lambda done, name=head.id: done.after[name])
                for head, part in zip(heads, value.elts, strict=True)
            ]
        return [(heads[0].id, None, None)] if heads else []
    return []


def _is_plumbing(node: ast.expr, names: dict[str, Any], call: TracedCall) -> bool:
    """Whether an expression only passes values on: a call of the rule's methods, a tuple of slots.

    One that names a part of itself (``:=``) is not told either: the part has no line of its own.
    """
    if any(isinstance(part, ast.NamedExpr) for part in ast.walk(node)):
        return True
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        root: ast.expr = node.func
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and isinstance(names.get(root.id), Optimizer):
            return True
    try:
        value = value_of(node, names, call.module)
    except Exception:  # what cannot be evaluated again alone is not shown
        return True
    # Symbols count as numbers, too.
    return not isinstance(value, int | float) and getattr(value, "__array_ufunc__", None) is None
