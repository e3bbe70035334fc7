"""Every limit that a docstring names is kept to the digit: the edge itself, and a hair to either side."""

import inspect
import re

import pytest

import optim
import schedules
from stepsize.base.record import Record, registered

HAIR = 1e-9
KINDS = (optim.Optimizer, schedules.Schedule, schedules.Search, schedules.Feedback)
CLASSES = [cls for cls in registered(Record) if issubclass(cls, KINDS)]
NUMBER = r"(-?\d+(?:\.\d+)?(?:/\d+)?)"


def parameters(cls):
    """Yield name, kind and words of each parameter in a numpydoc docstring."""
    section = re.search(r"Parameters\n-+\n(.*?)(?=\n\n[A-Z][\w ]+\n-{3,}|\Z)", inspect.cleandoc(cls.__doc__), re.S)
    for names, kind, text in re.findall(
        r"^(\w[\w, ]*?)(?: : (.*))?\n((?:[ \n].*\n?)+)", section.group(1) + "\n" if section else "", re.M
    ):
        for name in names.split(", "):
            yield name, kind, " ".join(text.split())


def limits(kind, text):
    """Return the values that the words allow, and those that they refuse, next to every limit."""
    if not kind.startswith(("float", "int")):
        return [], []
    whole = kind.startswith("int")
    good, bad = [], []
    text = re.sub(rf"between {NUMBER} and {NUMBER}", r"above \1 and below \2", text)
    for word, number in re.findall(rf"\b([Aa]t least|[Aa]bove|[Bb]elow|[Ff]rom|[Aa]t most) {NUMBER}", text):
        edge = eval(number)
        hair = 1 if whole else HAIR
        closed = word.lower() in ("at least", "from", "at most")
        sign = -1 if word.lower() in ("below", "at most") else 1
        (good if closed else bad).append(edge)
        (bad if closed else good).append(edge - sign * hair if closed else edge + sign * hair)
    return good, bad


FOUND = [
    (cls, name, value, allowed)
    for cls in CLASSES
    for name, kind, text in parameters(cls)
    for allowed, values in zip((True, False), limits(kind, text), strict=True)
    for value in values
]


@pytest.mark.parametrize(
    ("cls", "name", "value", "allowed"), FOUND, ids=[f"{c.__name__}-{n}={v!r}-{a}" for c, n, v, a in FOUND]
)
def test_the_limit_is_where_the_docstring_says(cls, name, value, allowed):
    arguments = cls.demo | {name: value}
    if allowed:
        cls(**arguments)
    else:
        with pytest.raises(ValueError, match=f"{name}: got .*expected|{name}.*got"):
            cls(**arguments)
