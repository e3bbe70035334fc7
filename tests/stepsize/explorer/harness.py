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

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not installed")
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


def floats(text):
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
    noise: object = None

    def optimizer(self):
        """Return the optimizer that the numbers make of the rule's example."""
        values = dict(zip((p.path for p in self.rule.parameters), self.numbers, strict=True))
        if self.rate is not None:
            table, numbers = self.rate
            values[rate_path(self.rule)] = replaced(
                table.schedule, dict(zip((p for p, *_ in table.parameters), numbers, strict=True))
            )
        return replaced(self.rule.optimizer, values)

    def run(self):
        """Make it in Python."""
        return minimize(self.place.problem, self.optimizer(), self.x0, self.steps)

    def task(self):
        """Return what Node needs to make it."""
        schedules = []
        if self.rate is not None:
            table, numbers = self.rate
            at = [p.path for p in self.rule.parameters].index(rate_path(self.rule))
            schedules = [{"at": at, "name": table.name, "numbers": list(numbers), "table": table.table}]
        return {
            "landscape": self.place.name,
            "facts": facts_of(self.place.problem) | {"data": self.place.data},
            "rule": {
                "name": self.rule.name,
                "slots": len(self.rule.slots),
                "separate": self.rule.separate,
                "rate": [p.path for p in self.rule.parameters].index(rate_path(self.rule)),
            },
            "numbers": list(self.numbers),
            "schedules": schedules,
            "x0": list(self.x0),
            "steps": self.steps,
        }


def rate_path(rule):
    return next(p.path for p in rule.parameters if p.path[-1] == "lr")


def replaced(record, values, path=()):
    """Return a record with other numbers at some paths."""
    changes = {}
    for name, old in record.fields():
        here = (*path, name)
        if here in values:
            changes[name] = (
                int(values[here]) if isinstance(old, int) and not callable(values[here]) else values[here]
            )
        elif any(known[: len(here)] == here for known in values):
            changes[name] = replaced(old, values, here)
    return record.replace(**changes) if changes else record


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
