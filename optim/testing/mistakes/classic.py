"""Classic mistakes, made on purpose: each rewrites a rule's own text, and so applies to every rule."""

import ast
import inspect
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import numpy as np

from optim.hyperparameters import Hypers, Numbers, Resolved
from optim.optimizer import Optimizer, Slots
from optim.testing.gradient_streams import Stream
from optim.testing.mistakes.substitutions import with_numbers
from optim.testing.roles import AnyRule
from stepsize.core.source import syntax_of

__all__ = ["mistaken", "mistakes_of"]

Array = np.ndarray[Any, Any]
Edit = Callable[[ast.AST], ast.AST | None]
# The class of a rule; a cache takes it for one of its objects.
AnyClass = Any
# A method `direction`, which is not bound to a rule.
Direction = Callable[..., tuple[Numbers, Slots]]


def mistakes_of(optimizer: Optimizer) -> Iterator[tuple[str, Callable[[Stream], Array]]]:
    """Yield the classic mistakes that can be made in a rule: what each is called, and the run it gives."""
    for words, twisted in _wrong_numbers(optimizer):
        yield words, partial(_run, twisted)
    if not optimizer.is_direction_rule:
        return
    for rule in _written(optimizer):
        for words, edits in _EDITS:
            for edit in edits:
                changed = mistaken(rule, edit)
                if changed is not None:
                    yield words, partial(_run, optimizer, rule=rule, direction=changed)
    if optimizer.slots:
        inside = mistaken(next(_written(optimizer)), _rate_into_the_buffer)
        if inside is not None:
            yield "with the rate inside the buffer", partial(_run_inside, optimizer, inside)
        words = "with its averages started at the first gradient"
        yield words, partial(_run, optimizer, from_gradient=True)


def _written(optimizer: AnyRule) -> Iterator[AnyClass]:
    """Yield the classes whose text may take part in a direction: those of a rule, then of the rule inside."""
    yield from (c for c in type(optimizer).__mro__ if "direction" in c.__dict__)
    if "inner" in optimizer.__dict__:
        yield from _written(optimizer.inner)


def _wrong_numbers(optimizer: AnyRule) -> Iterator[tuple[str, Optimizer]]:
    """Yield rules whose text is right and whose numbers are in the wrong place."""
    names = optimizer.hypers()

    def number(name: str) -> float | None:
        value = getattr(optimizer, name) if name in names else None
        return value if isinstance(value, float) else None

    if "beta1" in names and "beta2" in names:
        yield "with beta1 and beta2 swapped", optimizer.replace(beta1=optimizer.beta2, beta2=optimizer.beta1)
    for name in ("beta1", "beta2", "rho"):
        if value := number(name):
            yield f"with 1 - {name} in place of {name}", optimizer.replace(**{name: 1 - value})
    if "dampening" in names and optimizer.dampening != optimizer.momentum:
        yield "with the gradient damped by 1 - momentum", optimizer.replace(dampening=optimizer.momentum)
    if number("eps"):
        yield from (("without eps", rule) for rule in with_numbers(optimizer, eps=0.0))
        for other in (1e-10, 1e-8, 1e-7, 1e-6, 1e-3):
            if other != optimizer.eps:
                yield f"with eps = {other:g}", optimizer.replace(eps=other)
    yield from _other_decay(optimizer)


_DECAYS = (("l2", "an L2 penalty"), ("decoupled", "decay times the rate"), ("paper", "no rate"))


def _other_decay(optimizer: Optimizer) -> Iterator[tuple[str, Optimizer]]:
    from optim.rules.adam import AdamW
    from optim.rules.wrappers import L2, DecoupledDecay

    if isinstance(optimizer, AdamW):
        for decay, words in _DECAYS:
            if decay != optimizer.decay:
                yield f"with {words} in the weight decay", optimizer.replace(decay=decay)
    if isinstance(optimizer, DecoupledDecay):
        yield "with an L2 penalty in place of decoupled decay", L2(optimizer.inner, optimizer.weight_decay)
    if isinstance(optimizer, L2):
        yield "with decoupled decay in place of L2", DecoupledDecay(optimizer.inner, optimizer.weight_decay)


def _run(
    optimizer: Optimizer,
    stream: Stream,
    *,
    rule: type[Optimizer] | None = None,
    direction: Direction | None = None,
    from_gradient: bool = False,
) -> Array:
    """Return the points of a stream while a rule has another direction, or with slots that start at g."""
    with _in_place(rule, direction), np.errstate(all="ignore"):
        rows, slots = [np.array(stream.x0)], None
        for h, g in _resolved(optimizer, stream):
            if slots is None:
                slots = optimizer.start(rows[0], h)
                if from_gradient:
                    slots = tuple(_like(name, g) for name in optimizer.slots)
            x, slots = optimizer.update(rows[-1], g, slots, h)
            rows.append(x)
    return np.array(rows)


def _run_inside(optimizer: Optimizer, direction: Direction, stream: Stream) -> Array:
    """Return the points of a stream under a direction that has the rate in it already."""
    rows, slots = [np.array(stream.x0)], None
    with np.errstate(all="ignore"):
        for h, g in _resolved(optimizer, stream):
            slots = optimizer.start(rows[0], h) if slots is None else slots
            d, slots = direction(optimizer, rows[-1], g, slots, h)
            rows.append(rows[-1] - d)
    return np.array(rows)


def _resolved(optimizer: Optimizer, stream: Stream) -> Iterator[tuple[Resolved, Array]]:
    """Yield the optimizer's record at every update of a stream, and the gradient."""
    x = np.array(stream.x0)
    for n, (g, factor) in enumerate(zip(stream.gradients, stream.rates, strict=True)):
        yield Hypers(optimizer.replace(lr=optimizer.lr * factor), x).resolve(n), np.array(g)


@contextmanager
def _in_place(rule: type[Optimizer] | None, direction: Direction | None) -> Generator[None, None, None]:
    """Give a class another direction for a while; what calls it, around it or derived from it, meets that."""
    if rule is None:
        yield
        return
    original = rule.__dict__["direction"]
    rule.direction = direction  # type: ignore[method-assign, assignment]  # for the run alone
    try:
        yield
    finally:
        rule.direction = original  # type: ignore[method-assign]  # as it was


def _like(slot: str, g: Array) -> Array:
    """Return what a slot holds if it starts at the first gradient: its square in averages of squares."""
    return g * g if slot.rpartition("/")[2] in ("v", "s", "top") else g


@cache
def mistaken(rule: AnyClass, edit: Edit) -> Direction | None:
    """Return the rule's direction with one edit made in its text, or None where the edit finds no place."""
    owner = next(c for c in rule.__mro__ if "direction" in c.__dict__)
    editor = _Editor(edit)
    tree = syntax_of(owner.direction)
    editor.visit(tree)
    ast.fix_missing_locations(tree)
    if not editor.changed:
        return None
    names = dict(inspect.getmodule(owner).__dict__)
    exec(compile(tree, f"<{rule.__name__} with a mistake>", "exec"), names)
    direction: Direction = names["direction"]
    return direction


class _Editor(ast.NodeTransformer):
    """Offers every node of a text to an edit, innermost first, and notes whether it changed any."""

    def __init__(self, edit: Edit) -> None:
        self.edit, self.changed = edit, False

    def visit(self, node: ast.AST) -> ast.AST:
        node = self.generic_visit(node)
        new = self.edit(node)
        if new is None:
            return node
        self.changed = True
        return new


def _is(node: object, pattern: str) -> bool:
    """Whether a node's text matches, ``*`` standing for anything."""
    from fnmatch import fnmatchcase

    return isinstance(node, ast.expr) and fnmatchcase(ast.unparse(node), pattern)


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _no_correction(*betas: str) -> Edit:
    def edit(node: ast.AST) -> ast.AST | None:
        return _expression("1.0") if any(_is(node, f"1 - h.{b} ** h.t") for b in betas) else None

    return edit


def _shift_t(text: str) -> Edit:
    return lambda node: _expression(text) if _is(node, "h.t") else None


def _flip_eps(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and _is(node.right, "*eps"):
        return ast.BinOp(node.left, ast.Sub(), node.right)
    return None


def _eps_inside(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and _is(node.right, "*eps"):
        if not _is(node.left, "sqrt(*)"):
            return None
        inner = ast.unparse(node.left).removeprefix("sqrt(").removesuffix(")")
        return _expression(f"sqrt({inner} + {ast.unparse(node.right)})")
    return None


def _eps_outside(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Call) and _is(node, "sqrt(* + h.eps)"):
        inner = ast.unparse(node.args[0]).removesuffix(" + h.eps")
        return _expression(f"(sqrt({inner}) + h.eps)")
    return None


def _no_root(node: ast.AST) -> ast.AST | None:
    return node.args[0] if isinstance(node, ast.Call) and _is(node, "sqrt(*)") else None


def _replace(pattern: str, text: str) -> Edit:
    return lambda node: _expression(text) if _is(node, pattern) else None


def _divide_the_velocity(node: ast.AST) -> ast.AST | None:
    for pattern in ("h.momentum * *", "h.beta1 * m"):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and _is(node, pattern):
            return ast.BinOp(node.right, ast.Div(), node.left)
    return None


def _undamped(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and _is(node.left, "1 - h.*"):
        return node.right
    return None


def _damped(node: ast.AST) -> ast.AST | None:
    if _is(node, "h.momentum * m + g"):
        return _expression("h.momentum * m + (1 - h.momentum) * g")
    return None


def _rate_into_the_buffer(node: ast.AST) -> ast.AST | None:
    """Multiply the gradient by the rate where it enters the first average."""
    target = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "m"
    if target and isinstance(node, ast.Assign) and any(_is(n, "g") for n in ast.walk(node.value)):
        swap = _Editor(lambda n: _expression("h.lr * g") if _is(n, "g") else None)
        value = swap.visit(node.value)
        assert isinstance(value, ast.expr)
        return ast.Assign(node.targets, value)
    return None


def _uphill(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        first, *rest = node.value.elts
        return ast.Return(ast.Tuple([ast.UnaryOp(ast.USub(), first), *rest], ast.Load()))
    return None


_EDITS: tuple[tuple[str, tuple[Edit, ...]], ...] = (
    ("without bias correction", (_no_correction("beta1", "beta2"),)),
    ("without bias correction of the mean", (_no_correction("beta1"),)),
    ("without bias correction of the mean square", (_no_correction("beta2"),)),
    ("with t one too small, counted from 0", (_shift_t("(h.t - 1)"),)),
    ("with t one too large, counted from 2", (_shift_t("(h.t + 1)"),)),
    ("with the sign of eps flipped", (_flip_eps,)),
    ("with eps inside the root", (_eps_inside,)),
    ("with eps outside the root", (_eps_outside,)),
    ("without the square root", (_no_root,)),
    ("with the gradient not squared", (_replace("g * g", "g"), _replace("g * g", "abs(g)"))),
    ("with the velocity divided by the momentum in place of multiplied", (_divide_the_velocity,)),
    ("without the factors 1 - beta", (_undamped,)),
    ("with the gradient damped by 1 - momentum", (_damped,)),
    ("going uphill: the sign of the step is flipped", (_uphill,)),
)
