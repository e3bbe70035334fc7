"""Rules from outside the packages: what they receive, what they must return, and the errors they get.

A rule that is written here keeps the contract, which tests see to. One that a user writes may do what a class
of students does: change its arrays in place, forget the slots, look across the coordinates, keep its memory
in a dictionary. It is given copies, so that nothing which is recorded changes, and one run at a time unless
it is known to take a batch (`optim.engines.row_by_row`); what it returns is checked; and a breach of the
contract is reported in one sentence.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from optim.hyperparameters import Numbers, Resolved, rate_kind, rules_inside
from stepsize.core.hooks import call_hook
from stepsize.core.record import Record
from stepsize.core.user_values import is_outside
from stepsize.core.validation import describe_value

if TYPE_CHECKING:
    from optim.optimizer import Optimizer, Slots
    from optim.steppers import Stepper

__all__ = ["check_rule", "guarded", "is_own", "refuse_to_drive", "reported", "starting", "updating"]

Array = np.ndarray[Any, Any]
Rule = Callable[[Numbers, Numbers, "Slots", Resolved], tuple[Numbers, "Slots"]]

# Errors that say that a rule does not fit the arrays which it is given.
_MISFITS = (TypeError, ValueError, IndexError, AttributeError)


def is_own(optimizer: "Optimizer") -> bool:
    """Whether a rule, or one inside it, is a class from outside the packages."""
    return optimizer.is_from_outside


def refuse_to_drive(rule: "type[Optimizer]", name: str, value: object) -> None:
    """Refuse a schedule where a rule from outside declares one number: no update would resolve it."""
    if is_outside(rule) and rule.__dataclass_fields__[name].type in (float, "float"):
        raise TypeError(
            f"{name}: got {describe_value(value)}, expected a number, as {rule.__name__} declares it; one "
            f"that a schedule may drive is declared as {name}: Hyper"
        )


def updating(optimizer: "Optimizer", name: str = "update") -> Rule:
    """Return the method that makes an update, with a guard around it where the rule is from outside."""
    if not is_own(optimizer):
        return _without_float_errors(getattr(optimizer, name))
    return _OwnMethod(optimizer, name)


class _OwnMethod:
    """The method of a rule from outside that makes an update, of one run or of each run of a batch."""

    def __init__(self, optimizer: "Optimizer", name: str) -> None:
        self.optimizer, self.name = optimizer, name

    def __call__(self, x: Array, g: Array, slots: "Slots", h: Resolved) -> tuple[Numbers, "Slots"]:
        if x.ndim == 1:
            return guarded(self.optimizer, self.name, x, g, slots, h)
        return self._of_batches(x, g, slots, h)

    @cached_property
    def _of_batches(self) -> Rule:
        rule: Rule = call_hook("rule_of_batches", self.optimizer, self.name)
        return rule


def starting(optimizer: "Optimizer", x: Array, h: Resolved) -> "Slots":
    """Return the slots before the first update; of a batch, each run's as if it were alone."""
    if x.ndim == 1 or not is_own(optimizer):
        return optimizer.start(x, h)
    slots: Slots = call_hook("starts_of_batches", optimizer, x, h)
    return slots


def reported(optimizer: "Optimizer", x: Array, slots: "Slots") -> Numbers:
    """Return the point to report; of a batch, each run's as if it were alone."""
    if x.ndim == 1 or not is_own(optimizer):
        return optimizer.output(x, slots)
    return call_hook("outputs_of_batches", optimizer, x, slots)


def guarded(
    optimizer: "Optimizer", name: str, x: Numbers, g: Numbers, slots: "Slots", h: Resolved
) -> tuple[Numbers, "Slots"]:
    """Return what the method `name` of a rule from outside returns, or say what is wrong with it.

    Parameters
    ----------
    optimizer : Optimizer
    name : {"update", "direction"}
    x, g, slots, h
        As for the method.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if the rule cannot work on these arrays or returns something else than it should.
    """
    if name == "update" and optimizer.update_is_inherited:
        d, slots = guarded(optimizer, "direction", x, g, slots, h)
        return x - h.lr * d, slots
    given = _given(optimizer, (x, g, *slots))
    try:
        result = getattr(optimizer, name)(given[0], given[1], tuple(given[2:]), h)
    except _MISFITS as error:
        if isinstance(error, AttributeError) and " is frozen" in str(error):
            raise
        raise _explained(f"{type(optimizer).__name__}.{name}", error, x) from error
    return _checked(optimizer, name, result, x)


def _given(optimizer: "Optimizer", arrays: "Slots") -> list[Array]:
    """Return copies, which a rule may write into; read-only ones for a rule inside a wrapper."""
    copies = [np.array(a) for a in arrays]
    if rules_inside(optimizer):
        for copy in copies:  # the wrapper needs them after the rule inside has had them
            copy.flags.writeable = False
    return copies


def _explained(where: str, error: Exception, x: Array) -> Exception:
    words = str(error)
    if "truth value of an array" in words:
        return ValueError(
            f"{where}: asks `if`, `and` or `max` about an array of shape {x.shape}, expected np.where or "
            "np.maximum, which decide for each coordinate"
        )
    if "read-only" in words:
        return ValueError(
            f"{where}: writes into an array that it was given, expected a new one, m = 0.9 * m in place of "
            "m *= 0.9"
        )
    return (ValueError if isinstance(error, ValueError) else TypeError)(
        f"{where}: failed with {type(error).__name__}: {words}; expected arithmetic that takes x, g and "
        f"every slot as arrays, here of shape {x.shape}"
    )


def _checked(optimizer: "Optimizer", name: str, result: object, x: Array) -> tuple[Array, "Slots"]:
    where, what = (
        f"{type(optimizer).__name__}.{name}",
        "the next x" if name == "update" else "the direction d",
    )
    count = len(optimizer.slots)
    expected = f"{what} and a tuple of {count} slots"
    if not (isinstance(result, tuple | list) and len(result) == 2):
        raise TypeError(f"{where}: returned {describe_value(result)}, expected {expected}")
    first, slots = result
    if slots is None and count == 0:
        slots = ()
    if not isinstance(slots, tuple | list):
        raise TypeError(f"{where}: returned {describe_value(slots)} as slots, expected {expected}")
    if len(slots) != count:
        raise ValueError(f"{where}: returned {len(slots)} slots, expected {expected}")
    first = _as_float(where, what, first, x)
    if first.shape != x.shape and (name == "update" or first.ndim > 0):
        raise ValueError(f"{where}: returned {what} of shape {first.shape}, expected that of x, {x.shape}")
    return first, tuple(_as_float(where, "a slot", slot, x) for slot in slots)


def _as_float(where: str, what: str, value: object, x: Array) -> Array:
    """Return an array in x's precision."""
    if type(value) is np.ndarray and value.dtype == x.dtype:
        return value
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.empty(0, object)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{where}: returned {describe_value(value)} as {what}, expected an array of floats")
    return array.astype(x.dtype)


def check_rule(stepper: "Stepper", x: Array, g: Array, slots: "Slots", n: int, stop: int) -> None:
    """Refuse a rule from outside that has a memory of its own, by the first run of a batch.

    Parameters
    ----------
    stepper : Stepper
        Whose updates they are.
    x, g, slots : ndarray
        Where a run starts.
    n, stop : int
        The update that is made there, and the first that is not made any more.

    Raises
    ------
    ValueError
        If the rule gives two results for one and the same.
    """
    optimizer = stepper.optimizer
    if n >= stop or not is_own(optimizer) or rate_kind(optimizer.lr) != "schedule" or optimizer.requires:
        return
    h = stepper.hypers.resolve(n)
    if x.ndim > 1:
        x, g, slots, h = call_hook("first_run", x, g, slots, h)
    first = guarded(optimizer, "update", x, g, slots, h)
    guarded(optimizer, "update", x, 0.5 * g, slots, h)
    if not _alike(first, guarded(optimizer, "update", x, g, slots, h)):
        raise ValueError(
            f"{type(optimizer).__name__}: gives two results for one x, g and slots, expected a rule that "
            "keeps what it remembers in its slots and draws random numbers from a seed and h.t"
        )


def _alike(a: tuple[Numbers, "Slots"], b: tuple[Numbers, "Slots"]) -> bool:
    """Whether two updates are one, to the last bit."""
    pairs = zip((a[0], *a[1]), (b[0], *b[1]), strict=True)
    return all(np.array_equal(u, v, equal_nan=True) for u, v in pairs)


def _without_float_errors(method: Rule) -> Rule:
    """Return the method that makes an update so that what overflows ends the run, and not the program."""

    def call(x: Numbers, g: Numbers, slots: "Slots", h: Resolved) -> tuple[Numbers, "Slots"]:
        try:
            return method(x, g, slots, h)
        except ArithmeticError:
            return method(x, g, slots, _in_numpy(h, x.dtype.type))

    return call


def _in_numpy(h: Resolved, number: Callable[[float], Numbers]) -> Resolved:
    """Return a resolved record with NumPy's numbers in place of Python's."""
    found = object.__new__(type(h))
    for name, value in h.__dict__.items():
        if isinstance(value, Record) and "t" in value.__dict__:  # the rule inside a wrapper
            value = _in_numpy(value, number)
        found.__dict__[name] = number(value) if type(value) is float else value
    return found
