"""What a user's function gives: taken where its meaning is plain, and copied, because it may be a buffer."""

import inspect
from collections.abc import Callable, Container
from functools import cached_property
from typing import Any

import numpy as np

from stepsize.core.validation import describe_value, real_numbers

__all__ = [
    "PACKAGES",
    "as_array",
    "as_value",
    "ask",
    "declares_batches",
    "floats_at",
    "forward_differences",
    "is_outside",
    "require_callable_of",
    "spreads",
]

Array = np.ndarray[Any, Any]

DOUBLE = np.dtype(float)

# The packages whose classes and functions are tested to keep their contracts.
PACKAGES = frozenset(("optim", "problems", "schedules", "stepsize"))

_STEP = float(np.sqrt(np.finfo(float).eps))


def is_outside(thing: object) -> bool:
    """Whether a class or function stands outside of the packages.

    Examples
    --------
    >>> is_outside(is_outside), is_outside(dict)
    (False, True)
    """
    return str(getattr(thing, "__module__", "")).partition(".")[0] not in PACKAGES


def declares_batches(thing: object, facts: Container[str] = ()) -> bool:
    """Whether what a thing does with a batch may be trusted: it is ours, or says ``batched = True``.

    A class speaks for the methods that it defines and for those that it inherits; a subclass that defines
    methods of its own says it again. Its attributes called `facts` are no such methods.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> declares_batches(SimpleNamespace(fun=abs)), declares_batches(SimpleNamespace(fun=abs, batched=True))
    (False, True)
    """
    said = getattr(thing, "__dict__", {}).get("batched")
    if said is not None:
        return said is True
    for cls in type(thing).__mro__:
        if not is_outside(cls):
            return True
        own = vars(cls)
        if "batched" in own:
            return own["batched"] is True
        if cls is object or any(map(_is_method, (own[name] for name in own if name not in facts))):
            return False
    return False


def _is_method(value: object) -> bool:
    return inspect.isroutine(value) or isinstance(value, property | cached_property)


def as_value(name: str, answer: Any, dtype: Any = DOUBLE) -> Any:
    """Return a function's value as a number of that type: numbers of any kind, and arrays that hold one.

    Raises
    ------
    TypeError, ValueError
        In one sentence that names the function, for anything else.

    Examples
    --------
    >>> float(as_value("fun", [[2]]))
    2.0
    """
    if type(answer) is dtype.type:
        return answer
    if not isinstance(answer, float):
        array = _numbers(name, answer, "a number")
        if array.size != 1:
            raise ValueError(f"{name}: got {_shaped(array)}, expected a number")
        answer = array.reshape(())
    return dtype.type(answer)


def as_array(name: str, answer: Any, shape: tuple[int, ...], dtype: Any = DOUBLE) -> Array:
    """Return a fresh array of that shape: of lists, rows and columns, whole numbers, other libraries' arrays.

    Raises
    ------
    TypeError, ValueError
        In one sentence that names the function, for anything else.

    Examples
    --------
    >>> as_array("grad", [[1], [2]], (2,)).tolist()
    [1.0, 2.0]
    """
    if type(answer) is np.ndarray and answer.dtype == dtype and answer.shape == shape:
        return answer.copy()
    expected = f"the shape {shape} of x" if len(shape) == 1 else f"the shape {shape}"
    array = _numbers(name, answer, f"numbers of {expected}")
    # A row or column is the vector; with one parameter the number is.
    if array.shape != shape:
        long = tuple(n for n in array.shape if n != 1)
        if long != tuple(n for n in shape if n != 1):
            raise ValueError(f"{name}: got {_shaped(array)}, expected {expected}")
    return np.array(array, dtype).reshape(shape)


def floats_at(x: Any) -> Array:
    """Return the points at which a function is asked, whole numbers as floats, as its own copy."""
    if isinstance(x, np.ndarray) and x.dtype.kind in "fc":
        return np.array(x)
    return real_numbers("x", x, "an array of floats")


def spreads(name: str, function: Callable[..., Any], dim: int) -> bool:
    """Whether a function is one of so many numbers, f(a, b), and not one of the vector x.

    Raises
    ------
    TypeError
        If it is neither.

    Examples
    --------
    >>> spreads("fun", lambda x: x @ x, 2), spreads("fun", lambda a, b: a * b, 2)
    (False, True)
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some functions written in C do not tell
        return False
    in_order = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    free = [p for p in parameters if p.default is inspect.Parameter.empty]
    needed = [p.name for p in free if p.kind in in_order]
    keywords = [p.name for p in free if p.kind is inspect.Parameter.KEYWORD_ONLY]
    takes_any = any(p.kind in in_order or p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters)
    if not keywords and takes_any and len(needed) <= 1:
        return False
    if not keywords and len(needed) == dim:
        return True
    got = ", ".join([*needed, *(f"*, {k}" for k in keywords)])
    other = f", or {name} of {dim} numbers" if dim > 1 else ""
    raise TypeError(f"{name}: got a function of ({got}), expected {name}(x) with x of shape ({dim},){other}")


def require_callable_of(name: str, function: Callable[..., Any], *given: str) -> None:
    """Refuse a function that does not take just these arguments, in order.

    Raises
    ------
    TypeError
        In one sentence.

    Examples
    --------
    >>> require_callable_of("lr", lambda n: 0.1, "n")
    >>> require_callable_of("lr", lambda: 0.1, "n")
    Traceback (most recent call last):
        ...
    TypeError: lr: got a function of (), expected a function of (n)
    """
    if not callable(function):
        raise TypeError(
            f"{name}: got {describe_value(function)}, expected a function of ({', '.join(given)})"
        )
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C do not tell
        return
    try:
        signature.bind(*given)
    except TypeError:
        got = ", ".join(signature.parameters)
        raise TypeError(
            f"{name}: got a function of ({got}), expected a function of ({', '.join(given)})"
        ) from None


def ask(function: Callable[..., Any], x: Array, spread: bool = False) -> Any:
    """Return what a function gives at one point, which it may write to; its own errors go through.

    A function of one number, such as `math.cos`, does not take an array of one.
    """
    if spread:
        return function(*x)
    if x.size != 1:
        return function(x)
    try:
        return function(x)
    except TypeError as error:
        kept = error
    try:
        return function(x.reshape(-1)[0])
    except Exception:
        raise kept from None


def forward_differences(function: Callable[[Array], Any], x: Array) -> Array:
    r"""Return the gradient by forward differences, whose step grows with the coordinate.

    .. math:: g_i = \frac{f(x + h_i e_i) - f(x)}{h_i}, \qquad h_i = \sqrt\varepsilon\, \max(1, |x_i|)

    This is the step of SciPy's ``approx_derivative``, upwards on both sides: up to 1 it is absolute, with
    the bits of ``scipy.optimize.approx_fprime``; beyond it is relative, where an absolute one would vanish in
    the rounding of x. For a function whose curvature is about f/x^2 seven digits are right. Where f is inf or
    nan so is the gradient, without an error.

    References
    ----------
    Nocedal and Wright, "Numerical Optimization", 2nd edition (2006), section 8.1, eq. 8.5 on sqrt(eps).

    Examples
    --------
    >>> forward_differences(lambda x: x[0] * x[1], np.array([3.0, -5.0])).round(6).tolist()
    [-5.0, 3.0]
    """
    f = float(function(x.copy()))
    g = np.empty_like(x)
    for i, start in enumerate(x.tolist()):
        point = x.copy()
        point[i] = start + _STEP * max(1.0, abs(start))
        g[i] = (float(function(point)) - f) / (float(point[i]) - start)
    return g


def _numbers(name: str, answer: Any, expected: str) -> Array:
    if answer is None:
        raise TypeError(f"{name}: got None, expected {expected}; is its return missing?")
    return real_numbers(name, answer, expected)


def _shaped(array: Array) -> str:
    if array.ndim == 0:
        return repr(array.item())
    return describe_value(array)
