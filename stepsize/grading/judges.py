"""Judges of one function: as an optimizer, as a gradient, or by its values; each says what it is instead."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from optim import Optimizer
from optim.testing import check_gradient, compare_optimizer
from stepsize.core.display import cut
from stepsize.core.validation import describe_value

__all__ = ["GradientOf", "Judge", "OptimizerLike", "ValuesLike", "Verdict"]

Array = np.ndarray[Any, Any]
# What a student wrote, before anything is known of it.
Student = Callable[..., Any]
# What is called as the student's function is, right or with a mistake in it.
Function = Callable[..., Any]

_CLOSE = 1e-8
_LONGEST = 90


class Verdict(NamedTuple):
    """Whether a function is right, and the sentence that says so or says what it is instead."""

    right: bool
    sentence: str


Judge = Callable[[Student], Verdict]


class OptimizerLike:
    """Judge a function ``(x, g, state, lr) -> (x, state)`` by the conformance kit.

    Parameters
    ----------
    reference : Optimizer
        What it is to equal.
    """

    def __init__(self, reference: Optimizer) -> None:
        self.reference = reference

    def __call__(self, student: Student) -> Verdict:
        """Compare it on all streams."""
        report = compare_optimizer(student, like=self.reference)
        if report.ok:
            return Verdict(True, f"equals {self.reference!r} on {len(report.streams)} streams of gradients")
        if report.instead:
            # A mistake in the rule that was asked for comes before the name of another rule.
            own = [words for words in report.instead if words.startswith(repr(self.reference))]
            other = [words for words in report.instead if words not in own]
            words = " and ".join([*own[:1], *other[:1]])
            return Verdict(False, f"{report.sentence}; it equals {words}, to every digit")
        others = [*report.broken, *report.otherwise, *([report.note] if report.note else [])]
        return Verdict(False, "; ".join([report.sentence, *others[:1]]))


class ValuesLike:
    """Judge a function by its values at some arguments.

    Parameters
    ----------
    reference : callable
        What it is to equal.
    cases : sequence of dict
        The arguments, by name; they are handed over in this order.
    mistakes : mapping
        What else may have been written: the words that follow "it is ...", and the function.
    """

    def __init__(
        self, reference: Function, cases: Sequence[Mapping[str, Any]], mistakes: Mapping[str, Function]
    ) -> None:
        self.reference, self.cases, self.mistakes = reference, cases, mistakes

    def __call__(self, student: Student) -> Verdict:
        """Compare it at every argument."""
        expected = [as_numbers(self.reference(*case.values())) for case in self.cases]
        found: list[Array] = []
        for case, wanted in zip(self.cases, expected, strict=True):
            value = student(*(v if callable(v) else deepcopy(v) for v in case.values()))
            numbers, problem = returned(value, wanted.shape)
            if problem:
                return Verdict(False, f"for {shown(case)} it returns {problem}")
            found.append(numbers)
        for case, wanted, numbers in zip(self.cases, expected, found, strict=True):
            if not close(numbers, wanted):
                said = f"for {shown(case)} it returns {brief(numbers)}, expected {brief(wanted)}"
                return Verdict(False, said + self.instead(found, expected))
        return Verdict(True, f"right in all {len(expected)} cases")

    def instead(self, found: Sequence[Array], expected: Sequence[Array]) -> str:
        """Return what gives these values, or by what factor they are off, or nothing."""
        for words, mistaken in self.mistakes.items():
            with np.errstate(all="ignore"):
                theirs = [as_numbers(mistaken(*case.values())) for case in self.cases]
            if all(close(a, b) for a, b in zip(found, theirs, strict=True)):
                return f"; it is {words}, in all {len(found)} cases"
        return in_proportion(found, expected)


class GradientOf:
    """Judge a gradient by the conformance kit's complex step or differences.

    Parameters
    ----------
    fun : callable
        The function whose gradient it is to be.
    points : sequence of arrays of shape (d,)
        Where.
    mistakes : mapping
        As in `ValuesLike`; functions of x.
    call : callable, optional
        How the student's function is called at x, and its answer laid out as a vector.
    """

    def __init__(
        self,
        fun: Function,
        points: Iterable[Sequence[float]],
        mistakes: Mapping[str, Function],
        call: Callable[[Student, Array], Any] = lambda student, x: student(x),
    ) -> None:
        self.fun, self.points = fun, [np.array(p, dtype=float) for p in points]
        self.mistakes, self.call = mistakes, call

    def __call__(self, student: Student) -> Verdict:
        """Check it at every point."""
        found: list[Array] = []
        for x in self.points:
            numbers, problem = returned(self.call(student, x.copy()), x.shape)
            if problem:
                return Verdict(False, f"at x = {brief(x)} it returns {problem}")
            found.append(numbers)
        known = {x.tobytes(): g for x, g in zip(self.points, found, strict=True)}
        subject: Any = SimpleNamespace(fun=self.fun, grad=lambda x: known[x.tobytes()], x0=self.points[0])
        try:
            report = check_gradient(subject, np.array(self.points))
        except AssertionError as error:
            return Verdict(False, str(error) + self._instead(found))
        return Verdict(True, f"is the gradient, by {report.method}, at {len(found)} points")

    def _instead(self, found: Sequence[Array]) -> str:
        expected = [differences(self.fun, x) for x in self.points]
        for words, mistaken in self.mistakes.items():
            theirs = [np.asarray(mistaken(x), dtype=float) for x in self.points]
            if all(close(a, b, 1e-7) for a, b in zip(found, theirs, strict=True)):
                return f"; it is {words}"
        return in_proportion(found, expected, 1e-6)


def differences(fun: Function, x: Array) -> Array:
    """Return the gradient by central differences of two steps."""

    def slopes(h: float) -> Array:
        return np.array([(fun(x + h * e) - fun(x - h * e)) / (2 * h) for e in np.eye(len(x))])

    return np.asarray((4 * slopes(5e-5) - slopes(1e-4)) / 3)


def in_proportion(found: Sequence[Array], expected: Sequence[Array], tolerance: float = _CLOSE) -> str:
    """Return words on the one factor by which all values are off, if there is one."""
    ours, theirs = (np.concatenate([np.ravel(v) for v in values]) for values in (found, expected))
    if not ours.any():
        return "; it is 0 everywhere"
    if close(ours, -theirs, tolerance):
        return "; it is right but for its sign: all of it is negated"
    largest = int(np.argmax(np.abs(theirs)))
    if theirs[largest] == 0:
        return ""
    factor = float(ours[largest] / theirs[largest])
    if factor and close(ours, factor * theirs, tolerance):
        return f"; all of it is {factor:.6g} times what it should be: a factor too many or too few"
    return ""


def as_numbers(value: Any) -> Array:
    """Return a number, a truth value or numbers as an array of floats."""
    return np.asarray(value, dtype=float)


def returned(value: Any, shape: tuple[int, ...]) -> tuple[Array, str]:
    """Return the numbers that a function gave back, or words on what they are instead."""
    nothing = np.empty(0)
    if value is None:
        return nothing, "nothing: a `return` is missing"
    if value is Ellipsis:
        return nothing, "...: the blank is not filled in"
    try:
        numbers = nothing if np.asarray(value).dtype.kind in "US" else as_numbers(value)
    except (TypeError, ValueError):
        numbers = nothing
    if numbers is nothing:
        return nothing, f"{cut(describe_value(value), _LONGEST)}, expected {_wanted(shape)}"
    if numbers.size == int(np.prod(shape)) and max(numbers.ndim, len(shape)) <= max(1, len(shape)):
        return numbers.reshape(shape), ""
    came = f"an array of shape {numbers.shape}" if numbers.ndim else "one number"
    return nothing, f"{came}, expected {_wanted(shape)}"


def _wanted(shape: tuple[int, ...]) -> str:
    return f"numbers of the shape {shape}" if shape else "a number"


def close(a: Array, b: Array, tolerance: float = _CLOSE) -> bool:
    """Whether numbers are equal to a share of the largest of them."""
    if a.shape != b.shape:
        return False
    size = float(np.max(np.abs(b), initial=0.0))
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance * size * 1e-3))


def brief(numbers: Any) -> str:
    """Return numbers in a few digits."""
    value = np.asarray(numbers)
    if value.ndim == 0:
        return f"{value.item():.6g}" if value.dtype.kind == "f" else str(value.item())
    few = ", ".join(f"{v:.4g}" for v in itertools.islice(value.ravel(), 6))
    return f"[{few}{', ...' if value.size > 6 else ''}]"


def shown(case: Mapping[str, Any]) -> str:
    """Return arguments as they are written in a call."""
    words = (f"{k} = {v if isinstance(v, str) else _argument(v)}" for k, v in case.items())
    return cut(", ".join(words), 2 * _LONGEST)


def _argument(value: Any) -> str:
    if callable(value):
        return str(getattr(value, "__doc__", None) or "a function")
    if isinstance(value, tuple | list):
        return "[" + ", ".join(f"{v:g}" for v in value) + "]"
    return brief(value)
