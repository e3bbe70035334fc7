"""Exact derivatives of terms: the rules of calculus, one line each."""

import math
from collections.abc import Iterable

from problems.formulas.terms import COMPARISONS, Term, called, number, ordered

__all__ = ["degree", "derivatives"]


def derivatives(term: Term, variables: Iterable[str]) -> list[Term]:
    """Return the partial derivatives of a term, one a variable.

    Examples
    --------
    >>> from problems.formulas.terms import variable
    >>> x = variable("x")
    >>> slope, _ = derivatives(called("^", x, number(3.0)), ["x", "y"])
    >>> slope is number(3.0) * x ** number(2.0)
    True
    """
    # Only what a variable is in changes with it.
    depends: dict[int, set[str]] = {}
    changing: dict[str, list[Term]] = {}
    for step in ordered([term]):
        own = {step.args[0]} if step.op == "variable" else set()
        depends[id(step)] = own.union(*(depends[id(a)] for a in step.operands))
        for name in depends[id(step)]:
            changing.setdefault(name, []).append(step)
    return [_derivative(term, changing.get(name, [])) for name in variables]


def _derivative(term: Term, changing: list[Term]) -> Term:
    """Return the derivative of a term, given the parts of it that change, each after its operands."""
    nothing = number(0.0)
    slopes: dict[int, Term] = {}
    for step in changing:
        if step.op == "variable":
            slopes[id(step)] = number(1.0)
        elif step.op not in COMPARISONS:
            slopes[id(step)] = _rule(step, [slopes.get(id(a), nothing) for a in step.args])
    return slopes.get(id(term), nothing)


def _rule(f: Term, slopes: list[Term]) -> Term:
    """Return the derivative of f = op(u, v, ...), given those of u, v, ..."""
    match f.op, f.operands, slopes:
        case "+", _, (du, dv):
            return du + dv
        case "-", _, (du, dv):
            return du - dv
        case "*", (u, v), (du, dv):
            return du * v + u * dv
        case "/", (u, v), (du, dv):
            return _quotient(f, u, v, du, dv)
        case "^", (u, v), (du, dv):
            return _power(f, u, v, du, dv)
        case "negative", _, (du,):
            return -du
        case "sqrt", _, (du,):
            return du / (number(2.0) * f)
        case "exp", _, (du,):
            return f * du
        case "log", (u,), (du,):
            return du / u
        case "sin", (u,), (du,):
            return called("cos", u) * du
        case "cos", (u,), (du,):
            return -(called("sin", u) * du)
        case "sinh", (u,), (du,):
            return called("cosh", u) * du
        case "cosh", (u,), (du,):
            return called("sinh", u) * du
        case "tanh", _, (du,):
            return (number(1.0) - f ** number(2.0)) * du
        case "arctan", (u,), (du,):
            return du / (number(1.0) + u ** number(2.0))
        case "abs", (u,), (du,):
            return called("sign", u) * du
        case "sign", _, _:
            return number(0.0)
        case "maximum", (u, v), (du, dv):
            return _larger(u, v, du, dv)
        case "minimum", (u, v), (du, dv):
            return _larger(v, u, du, dv)
        case "where", (condition, _, _), (_, da, db):
            return _chosen(condition, da, db)
    raise ValueError(f"op: got {f.op!r}, expected an operation that has a derivative")


def _quotient(f: Term, u: Term, v: Term, du: Term, dv: Term) -> Term:
    if u.value is not None and dv.value is not None:
        return -(u * dv / v ** number(2.0))
    # Without the square of v, which overflows where the quotient does not.
    return (du - f * dv) / v


def _power(f: Term, u: Term, v: Term, du: Term, dv: Term) -> Term:
    by_base = number(0.0)
    if du.value != 0:
        less = v - number(1.0) if v.value is None else number(v.value - 1.0)
        by_base = v * u**less * du
    return by_base + f * called("log", u) * dv


def _larger(a: Term, b: Term, da: Term, db: Term) -> Term:
    """Return the slope of the larger of a and b; where they are equal, the mean."""
    other = _chosen(called(">", b, a), db, number(0.5) * (da + db))
    return _chosen(called(">", a, b), da, other)


def _chosen(condition: Term, a: Term, b: Term) -> Term:
    return a if a is b else called("where", condition, a, b)


def degree(term: Term) -> float:
    """Return the degree of a polynomial as it is written; inf for any other function.

    Examples
    --------
    >>> from problems.formulas.terms import variable
    >>> x = variable("x")
    >>> degree(called("*", x, x)), degree(called("exp", x))
    (2.0, inf)
    """
    degrees: dict[int, float] = {}
    for step in ordered([term]):
        of = [degrees[id(a)] for a in step.operands]
        match step.op, of:
            case _ if step.value is not None:
                degree = 0.0
            case "variable", _:
                degree = 1.0
            case (("+" | "-"), [a, b]):
                degree = max(a, b)
            case "negative", [a]:
                degree = a
            case "*", [a, b]:
                degree = a + b
            case "/", [a, 0.0]:
                degree = a
            case "^", [a, 0.0] if step.args[1].value.is_integer() and step.args[1].value >= 0:
                degree = a * step.args[1].value
            case _:
                degree = math.inf
        degrees[id(step)] = degree
    return degrees[id(term)]
