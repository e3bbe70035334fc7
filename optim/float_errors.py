"""Updates in which Python's floats raise, made with NumPy's numbers, which give inf or nan instead."""

from typing import Any

from stepsize.core.record import Record

__all__ = ["without_float_errors"]


def without_float_errors(method: Any) -> Any:
    """Return the method that makes an update so that what overflows ends the run, and not the program."""

    def call(x: Any, g: Any, slots: Any, h: Any) -> Any:
        try:
            return method(x, g, slots, h)
        except ArithmeticError:
            return method(x, g, slots, _in_numpy(h, x.dtype.type))

    return call


def _in_numpy(h: Any, number: Any) -> Any:
    """Return a resolved record with NumPy's numbers in place of Python's."""
    found = object.__new__(type(h))
    for name, value in h.__dict__.items():
        if isinstance(value, Record) and "t" in value.__dict__:  # the rule inside a wrapper
            value = _in_numpy(value, number)
        found.__dict__[name] = number(value) if type(value) is float else value
    return found
