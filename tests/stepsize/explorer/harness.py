"""Experiments made twice: by Python, and by Node with what was generated."""

import base64
import json
import math
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from optim import minimize
from stepsize.analysis.diagnosis import diagnose
from stepsize.core.record import lookup
from stepsize.explorer.catalogue import Catalogue, catalogue, facts_of
from stepsize.explorer.translation.powers import by_base, of_memories, of_pairs
from stepsize.explorer.translation.powers_taken import powers_taken
from stepsize.explorer.translation.symbolic_records import replaced, value_at

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not installed")
UPDATES = 500
RUNNER = Path(__file__).with_name("runner.js")


def is_library(cls):
    """Whether a class is the library's, and not one that a test has defined."""
    return cls is not None and cls.__module__.partition(".")[0] in (
        "optim",
        "problems",
        "schedules",
        "stepsize",
    )


def library():
    """Return what the page holds of the library."""
    known = catalogue()
    return Catalogue(
        tuple(r for r in known.rules if is_library(type(r.optimizer))),
        tuple(p for p in known.landscapes if is_library(type(p.problem))),
        tuple(t for t in known.timetables if is_library(type(t.schedule))),
        tuple(left for left in known.left if is_library(lookup(left.name))),
    )


def answers_of(engine, tasks, folder):
    """Give tasks to Node and return its answers."""
    path = folder / "engine.js"
    path.write_text(engine)
    done = subprocess.run(
        [NODE, RUNNER, path], input=json.dumps(_plain(tasks)), capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def floats(text):  # of Node's answers; a page's own tables are packed otherwise
    return np.frombuffer(base64.b64decode(text))


def _plain(value):
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


@dataclass
class Experiment:
    """A rule with its numbers on a landscape, from a start."""

    rule: object
    place: object
    numbers: list
    x0: list
    steps: int
    rate: object = None  # (timetable, numbers), which drives the rate
    also: object = None  # (path, timetable, numbers), which drives another number

    def driven(self):
        """Yield the path of what a schedule drives, its timetable, and the timetable's numbers."""
        if self.rate is not None:
            yield (rate_path(self.rule), *self.rate)
        if self.also is not None:
            yield self.also

    def optimizer(self):
        """Return the optimizer that the numbers make of the rule's example."""
        paths = [p.path for p in self.rule.parameters]
        values = typed(self.rule.optimizer, dict(zip(paths, self.numbers, strict=True)))
        for path, table, numbers in self.driven():
            values[path] = schedule_with(table, numbers)
        return replaced(self.rule.optimizer, values)

    def run(self):
        """Make it in Python."""
        return minimize(self.place.problem, self.optimizer(), self.x0, self.steps)

    def place_of(self, path):
        return [p.path for p in self.rule.parameters].index(path)

    def task(self):
        """Return what Node needs to make it."""
        return {
            "landscape": self.place.name,
            "facts": facts_of(self.place.problem) | {"data": self.place.data},
            "rule": {
                "name": self.rule.name,
                "slots": len(self.rule.slots),
                "separate": self.rule.separate,
                "rate": self.place_of(rate_path(self.rule)),
            },
            "numbers": list(self.numbers),
            "schedules": [
                {
                    "at": self.place_of(path),
                    "name": table.name,
                    "numbers": list(numbers),
                    "table": table.table,
                }
                for path, table, numbers in self.driven()
            ],
            "x0": list(self.x0),
            "steps": self.steps,
        }

    def powers(self):
        """Yield the powers of plain numbers that its updates take."""
        columns = {self.place_of(p): schedule_with(t, v).table(self.steps) for p, t, v in self.driven()}

        def at(n):
            return [columns[i][n] if i in columns else v for i, v in enumerate(self.numbers)]

        return powers_taken(self.rule.update, at, self.steps)


def learned(experiments):
    """Return the task that tells Node which powers Python rounds otherwise, as a page is told."""
    memories, pairs = set(), set()
    for e in experiments:
        numbers = {i: e.numbers[i] for i in e.rule.memories}
        if e.rule.exact and not any(e.place_of(path) in numbers for path, *_ in e.driven()):
            memories.update(v for v in numbers.values() if 0 < v < 1)
        else:
            pairs.update(e.powers())
    return {"learn": by_base([of_memories((*sorted(memories),), UPDATES), of_pairs(sorted(pairs))])}


def schedule_with(table, numbers):
    """Return the schedule that some numbers make of a timetable's example."""
    values = dict(zip((p.path for p in table.parameters), numbers, strict=True))
    return replaced(table.schedule, typed(table.schedule, values))


def typed(record, values):
    """Return values of which those are whole that are so in a record."""
    return {p: int(v) if isinstance(value_at(record, p), int) else v for p, v in values.items()}


def rate_path(rule):
    return next(p.path for p in rule.parameters if p.path[-1] == "lr")


@dataclass
class Compared:
    """How an experiment of Node's compares with Python's."""

    same_bits: bool
    far: float
    same_flags: bool
    same_verdict: bool
    same_sentence: bool


def compared(run, answer):
    """Compare a run of Python's with Node's answer."""
    history = run.history
    x, f = floats(answer["x"]).reshape(-1, history.x.shape[1]), floats(answer["f"])
    lr = np.broadcast_to(history.lr, (run.nit,)) if np.ndim(history.lr) == 1 else history.lr[:, 0]
    length = min(len(x), len(history.x))
    held = answer["output"]
    same = (
        answer["nit"] == run.nit
        and np.array_equal(x, history.x)
        and np.array_equal(f, history.fun)
        and np.array_equal(floats(answer["rate"]), lr)
        and (held is None or np.array_equal(floats(held).reshape(x.shape), history.output))
    )
    with np.errstate(all="ignore"):
        gap = np.abs(x[:length] - history.x[:length]).max(axis=1) / np.maximum(
            np.abs(history.x[:length]).max(axis=1), 1
        )
    found = diagnose(run)
    flags = "".join("1" if o else "0" for o in history.overshoot)
    settled = None if answer["settled"] < 0 else answer["settled"]
    return Compared(
        same_bits=bool(same),
        far=float(gap.max()),
        same_flags=flags == answer["overshoot"],
        same_verdict=(found.verdict, found.settled) == (answer["verdict"], settled),
        same_sentence=found.reason == answer["reason"],
    )
