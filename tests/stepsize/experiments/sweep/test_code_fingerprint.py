"""A store knows the code of what a user brings: an edited class never gets the results of what it was."""

import sqlite3
import subprocess
import sys
import textwrap

import pytest

import stepsize as ss
from optim import SGD, Adam, ClipByNorm, Hyper, Optimizer
from problems import Problem, Quadratic
from schedules import Schedule
from stepsize.experiments.sweep.code_fingerprint import code_of

BOWL = Quadratic([1.0, 20.0])

HEAD = """
import math
import numpy as np
import stepsize as ss
from functools import lru_cache, partial
"""


def defined(source, name="Mine", module="edited"):
    """Return the class of that name which a source defines; it has no file."""
    names = {"__name__": module}
    exec(HEAD + textwrap.dedent(source), names)
    return names[name]


# Pairs of sources that differ in one thing which changes the runs.
RULE = textwrap.dedent("""
    class Mine(ss.Optimizer, abstract=True):
        lr: ss.Hyper = 0.1
        def direction(self, x, g, slots, h):
            return {} * g, ()
""")
EDITS = {
    "a constant": (RULE.format("1.0"), RULE.format("2.0")),
    "an operation": (RULE.format("(2.0 + lr)".replace("lr", "1.0")), RULE.format("(2.0 - 1.0)")),
    "a global number": ("FACTOR = 1.0" + RULE.format("FACTOR"), "FACTOR = 2.0" + RULE.format("FACTOR")),
    "a global array": (
        "W = np.array([1.0, 2.0])" + RULE.format("W"),
        "W = np.array([1.0, 3.0])" + RULE.format("W"),
    ),
    "a helper": (
        "def helper(): return 1.0" + RULE.format("helper()"),
        "def helper(): return 2.0" + RULE.format("helper()"),
    ),
    "a helper's helper": (
        "def inner(): return 1.0\ndef helper(): return inner()" + RULE.format("helper()"),
        "def inner(): return 2.0\ndef helper(): return inner()" + RULE.format("helper()"),
    ),
    "a lambda": ("f = lambda: 1.0" + RULE.format("f()"), "f = lambda: 2.0" + RULE.format("f()")),
    "a default": (
        "def helper(k=1.0): return k" + RULE.format("helper()"),
        "def helper(k=2.0): return k" + RULE.format("helper()"),
    ),
    "a keyword default": (
        "def helper(*, k=1.0): return k" + RULE.format("helper()"),
        "def helper(*, k=2.0): return k" + RULE.format("helper()"),
    ),
    "a closure": (
        "def make(k):\n    return lambda: k\nf = make(1.0)" + RULE.format("f()"),
        "def make(k):\n    return lambda: k\nf = make(2.0)" + RULE.format("f()"),
    ),
    "a partial": (
        "f = partial(max, 1.0)" + RULE.format("f(0.5)"),
        "f = partial(max, 2.0)" + RULE.format("f(0.5)"),
    ),
    "behind a cache": (
        "@lru_cache\ndef f(): return 1.0" + RULE.format("f()"),
        "@lru_cache\ndef f(): return 2.0" + RULE.format("f()"),
    ),
    "behind a decorator of its own": tuple(
        "class Times:\n    def __init__(self, f): self.__wrapped__, self.k = f, "
        + f"{k}\n    def __call__(self): return self.k * self.__wrapped__()\n"
        + "@Times\ndef f(): return 1.0"
        + RULE.format("f()")
        for k in (1.0, 2.0)
    ),
    "a global by its text": tuple(f"K = {k}" + RULE.format("globals()['K']") for k in (1.0, 2.0)),
    "a table": ("T = {'k': [1.0]}" + RULE.format("T['k'][0]"), "T = {'k': [2.0]}" + RULE.format("T['k'][0]")),
    "an object": (
        "class Box:\n    def __init__(self, k): self.k = k\nB = Box(1.0)" + RULE.format("B.k"),
        "class Box:\n    def __init__(self, k): self.k = k\nB = Box(2.0)" + RULE.format("B.k"),
    ),
    "an object's method": (
        "class Box:\n    def f(self): return 1.0\nB = Box()" + RULE.format("B.f()"),
        "class Box:\n    def f(self): return 2.0\nB = Box()" + RULE.format("B.f()"),
    ),
    "another function": ("f = math.floor" + RULE.format("f(1.5)"), "f = math.ceil" + RULE.format("f(1.5)")),
    "a function inside": (
        RULE.format("(lambda k: k)(1.0)"),
        RULE.format("(lambda k: k + k)(1.0)"),
    ),
    "a base class": tuple(
        f"""
    class Base(ss.Optimizer, abstract=True):
        lr: ss.Hyper = 0.1
        def direction(self, x, g, slots, h):
            return {k} * g, ()
    class Mine(Base, abstract=True):
        pass
    """
        for k in (1.0, 2.0)
    ),
    "a mixin": tuple(
        f"""
    class Scales:
        factor = {k}
    class Mine(Scales, ss.Optimizer, abstract=True):
        lr: ss.Hyper = 0.1
        def direction(self, x, g, slots, h):
            return self.factor * g, ()
    """
        for k in (1.0, 2.0)
    ),
    "a property": tuple(
        f"""
    class Mine(ss.Optimizer, abstract=True):
        lr: ss.Hyper = 0.1
        @property
        def factor(self):
            return {k}
        @staticmethod
        def times(a, b):
            return a * b
        def direction(self, x, g, slots, h):
            return self.times(self.factor, g), ()
    """
        for k in (1.0, 2.0)
    ),
    "a subclass of a rule inside": tuple(
        f"""
    class Mine(ss.Momentum, abstract=True):
        def direction(self, x, g, slots, h):
            return super().direction(x, {k} * g, slots, h)
    """
        for k in (1.0, 2.0)
    ),
}


def final(rule, store, problem=BOWL):
    swept = ss.sweep(problem, rule, 30, lr=[0.01], store=store)
    return swept.computed, float(swept.outcome["final"][0])


@pytest.mark.parametrize("module", ["edited", "__main__"])
@pytest.mark.parametrize("kind", EDITS)
def test_an_edited_rule_is_another_one(kind, module, tmp_path):
    store = tmp_path / "runs.db"
    before, after = (defined(source, module=module) for source in EDITS[kind])
    truths = [ss.minimize(BOWL, cls(lr=0.01), steps=30).fun for cls in (before, after)]
    assert truths[0] != truths[1]
    assert final(before, store) == (1, truths[0])
    assert final(after, store) == (1, truths[1])
    again = defined(EDITS[kind][0], module=module)
    assert final(again, store) == (0, truths[0]), "what has not changed is found again"
    assert final(ClipByNorm(before(), 1e9), store)[0] == 1
    assert final(ClipByNorm(after(), 1e9), store)[0] == 1


def test_a_source_without_a_module_has_a_key_too(tmp_path):
    for k in (1.0, 2.0):
        names = {}
        exec(HEAD + f"def helper(): return {k}" + textwrap.dedent(RULE.format("helper()")), names)
        assert final(names["Mine"], tmp_path / "runs.db")[0] == 1


@pytest.mark.parametrize("kind", [Problem, Schedule])
def test_problems_and_schedules_count_as_well(kind, tmp_path):
    sources = {
        Problem: """
    class Mine(ss.Problem, abstract=True):
        x0 = (1.0, 1.0)
        minimum = 0.0
        def fun(self, x):
            return {} * (x * x).sum(axis=-1)
        def grad(self, x):
            return 2.0 * {} * x
    """,
        Schedule: """
    class Mine(ss.Schedule, abstract=True):
        formula = "k"
        def value(self, n):
            return 0.01 * {} + 0.0 * n
    """,
    }
    found = []
    for k in (1.0, 2.0, 1.0):
        mine = defined(sources[kind].replace("{}", str(k)))()
        store = tmp_path / "runs.db"
        if kind is Problem:
            swept = ss.sweep(mine, SGD, 30, lr=[0.01], store=store)
        else:
            swept = ss.sweep(BOWL, SGD, 30, lr=[mine, 0.02], store=store)
        found.append((swept.computed, float(swept.outcome["final"][0])))
    assert found[0][1] != found[1][1]
    assert found[1][0] == 1
    assert found[2] == (0, found[0][1])


def test_what_is_inside_keeps_its_key():
    """No code stands in the key of a class that the packages have."""
    assert code_of(ClipByNorm(Adam(lr=0.1), 1.0)) is None
    assert code_of(BOWL) is None
    assert code_of((0.1, ss.Cosine(0.1, 30).warmup(5))) is None


def test_keys_of_classes_inside_are_those_of_before(tmp_path):
    ss.sweep(BOWL, SGD, 30, lr=[0.01], store=tmp_path / "runs.db")
    connection = sqlite3.connect(tmp_path / "runs.db")
    (design,) = connection.execute("SELECT config FROM designs").fetchone()
    connection.close()
    assert '"code"' not in design


def test_what_cannot_be_known_is_refused(tmp_path):
    source = "import threading\nLOCK = threading.Lock()" + RULE.format("(1.0 if LOCK else 2.0)")
    with pytest.raises(
        TypeError, match=r"^store: got a class whose code refers to <unlocked .*, which no key can"
    ):
        final(defined(source), tmp_path / "runs.db")
    source = "f = np.frompyfunc(lambda a: 1.0 * a, 1, 1)" + RULE.format("f(1.0)")
    with pytest.raises(TypeError, match=r"^store: got a class whose code refers to <ufunc .*, which no key"):
        final(defined(source), tmp_path / "runs.db")
    with pytest.raises(TypeError, match=r"^store: got a problem that no file can name"):
        final(
            SGD, tmp_path / "runs.db", Problem.of(lambda x: (x * x).sum(axis=-1), lambda x: 2 * x, x0=[1.0])
        )


def test_the_key_is_one_in_every_process(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        HEAD
        + "T = {'a': 1.0, 'b': (2.0, 'c'), 'd': frozenset('xyz'), 'e': {'u', 'v'}}\n"
        + "def helper(k): return T['a'] * k\n"
        + textwrap.dedent(RULE.format("helper(1.5)"))
    )
    home = "stepsize.experiments.sweep.code_fingerprint"
    script = f"import mine; from {home} import code_of; print(code_of(mine.Mine()))"
    keys = {
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env={"PYTHONPATH": ":".join([str(tmp_path), *filter(None, sys.path)]), "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(keys) == 1


class Recursive(Optimizer, abstract=True):
    """A rule whose code refers to itself."""

    lr: Hyper = 0.1

    def direction(self, x, g, slots, h):
        return (g if isinstance(self, Recursive) else Recursive().direction(x, g, slots, h)[0]), ()


def test_code_that_refers_to_itself_comes_to_an_end():
    assert len(code_of(Recursive())) == 64
