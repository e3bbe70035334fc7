"""Every limit that a docstring names is kept to the digit: the edge itself, and a hair to either side."""

import inspect
import re

import pytest

import optim
import schedules
from stepsize.core.record import Record, registered
from stepsize.parsing import demo_of, load_registry

HAIR = 1e-9
KINDS = (optim.Optimizer, schedules.Schedule, schedules.LineSearch, schedules.Feedback)

load_registry()
CLASSES = [cls for cls in registered(Record) if issubclass(cls, KINDS)]
NUMBER = r"(-?\d+(?:\.\d+)?(?:/\d+)?)"


def parameters(cls):
    """Yield name, kind and words of each parameter in a numpydoc docstring."""
    section = re.search(
        r"Parameters\n-+\n(.*?)(?=\n\n[A-Z][\w ]+\n-{3,}|\Z)", inspect.cleandoc(cls.__doc__), re.S
    )
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
    text = re.sub(rf"between {NUMBER} and {NUMBER}", r"above \1 and below \2", text, flags=re.I)
    text = re.sub(rf"from {NUMBER} to {NUMBER}", r"at least \1 and at most \2", text, flags=re.I)
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
    arguments = demo_of(cls) | {name: value}
    if allowed:
        cls(**arguments)
    else:
        with pytest.raises(ValueError, match=f"{name}: got .*expected|{name}.*got"):
            cls(**arguments)


# What words alone cannot say: lists, pairs of parameters that limit each other, and the edge between them.
ALLOWED = [
    "PerRun([0.1])",
    "Refined(0.1, norms=[1.0, 2.0])",
    "Phases([1.0], [Linear(0.1, 5)])",
    "OneCycle(0.1, 10, rise=0.5, three_phase=True)",
    "BarzilaiBorwein(0.1, min_lr=0.5, max_lr=0.5)",
    "SearchThenConverge(1e-9, 1.0, 1.0)",
    "Interpolated([3], [0.1])",
    "StrongSilver(10.0, 0.5, 1)",
    "HagerZhang(delta=0.3, sigma=0.3)",
    "StrongWolfe(max_trials=1)",
    "MoreThuente(c1=0.5, c2=0.5, max_trials=1)",
]
REFUSED = [
    ("PerRun([])", "schedules"),
    ("PerRun(0.1)", "schedules"),
    ("Refined(0.1, norms=[1.0])", "norms"),
    ("Refined(0.1, norms=[1.0, 0.0])", "norms"),
    ("Phases([0.0, 1.0], [Linear(0.1, 5), Linear(0.1, 5)])", "shares"),
    ("Phases([0.5, 0.6], [Linear(0.1, 5), Linear(0.1, 5)])", "shares"),
    ("OneCycle(0.1, 10, rise=0.5 + 1e-9, three_phase=True)", "rise"),
    ("BarzilaiBorwein(0.1, min_lr=0.5, max_lr=0.5 - 1e-9)", "max_lr"),
    ("SearchThenConverge(0.0, 1.0, 1.0)", "lr"),
    ("Interpolated([], [])", "at"),
    ("Interpolated(3, [0.1])", "at"),
    ("Piecewise(3, [0.1, 0.2])", "at"),
    ("Piecewise([3], [0.1])", "values"),
    ("Phases([0.5, 0.5], [Linear(0.1, 5)])", "schedules"),
    ("StrongSilver(10.0, 0.5, 6)", "steps"),
    ("HagerZhang(delta=0.5)", "delta"),
    ("HagerZhang(sigma=1.0)", "sigma"),
    ("HagerZhang(delta=0.3, sigma=0.2)", "sigma"),
    ("HagerZhang(first=0.0)", "first"),
    ("StrongWolfe(c1=0.5, c2=1.0)", "c2"),
    ("StrongWolfe(max_trials=0)", "max_trials"),
    ("MoreThuente(c1=0.5, c2=0.4)", "c2"),
    ("MoreThuente(max_trials=0)", "max_trials"),
    ("Chebyshev(10.0, 0.0, 4)", "mu"),
    ("PowerScheduler(0.1, batch=0.0, tokens=500.0)", "batch"),
    ("PowerScheduler(0.1, batch=1.0, tokens=500.0, b=0.0)", "b"),
    ("Tanh(0.1, 5, lower=1.0, upper=1.0)", "lower"),
]


@pytest.mark.parametrize("text", ALLOWED)
def test_an_edge_is_allowed(text):
    eval(text, vars(schedules))


@pytest.mark.parametrize(("text", "name"), REFUSED)
def test_beyond_the_edge_is_refused(text, name):
    with pytest.raises((ValueError, TypeError), match=f"{name}: got"):
        eval(text, vars(schedules))


@pytest.mark.parametrize(
    "cls", [c for c in CLASSES if issubclass(c, schedules.Schedule)], ids=lambda c: c.__name__
)
def test_a_word_where_a_number_belongs_is_refused_by_its_name(cls):
    for name in ("lr", "end", "low"):
        if name in cls.__dataclass_fields__:
            with pytest.raises(TypeError, match=f"{name}: got the str 'fast'"):
                cls(**demo_of(cls) | {name: "fast"})
