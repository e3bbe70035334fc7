"""Our dialects equal PyTorch, Keras and Optax at settings drawn at random, over all their arguments.

`golden/random_settings.json` was made by the libraries (`python -m tests.golden.make_random_settings`), which
also draws others: `--seed 7 --write draws.json`, then `python -m tests.optim.dialects.test_random_settings
draws.json` prints what differs.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from optim import dialects
from schedules import FromFunction
from tests import GOLDEN

RECORD = json.loads((GOLDEN / "random_settings.json").read_text("utf-8"))
NAMES = {name: getattr(dialects, name) for name in ("torch", "keras", "optax")}
# The entries that do as the library does, where the plain name does what was meant.
AS_RELEASED = {
    "optax.rprop": "optax.rprop_one_step_late",
    "optax.contrib.schedule_free_adamw": "optax.contrib.schedule_free_adamw_weights_one_ahead",
    "optax.contrib.schedule_free_sgd": "optax.contrib.schedule_free_sgd_weights_one_ahead",
}


def built(call, found, shapes):
    """Return our optimizer of a library's call, its rate and its layers filled in."""
    lr, steady = found["lr"], found["rates"] == "steady"
    rate = lr if steady else FromFunction(lambda n: lr * (1 + 0.5 * math.sin(n)))
    name, _, arguments = call.partition("(")
    name = AS_RELEASED.get(name, name)
    arguments = arguments.removeprefix("p, ").replace(", hessian_diagonal_fn=DIAGONAL", "")
    if "shapes" in eval(name, NAMES).defaults:
        arguments = arguments[:-1] + ", shapes=shapes)"
    rule = eval(f"{name}({arguments}", NAMES | {"lr": rate, "shapes": shapes})
    if name.endswith("sophia"):
        rule = rule.replace(diagonal="exact")
    return rule


def trajectory(rule, size, updates):
    """Return x after every update, under the record's gradient."""
    from optim.hyperparameters import Hypers

    i = np.arange(size, dtype=float)
    a, x = 0.5 + 0.4 * (np.arange(size) % 5), np.cos(2 * i) - 0.1 * i
    hypers, slots, rows = Hypers(rule, x), rule.init(x).slots, []
    hypers.provide(hess=np.diag(a))
    for n in range(updates):
        x, slots = rule.update(x, a * (x - np.sin(3 * i)) + 0.3 * np.cos(n + i), slots, hypers.resolve(n))
        rows.append(x)
    return np.array(rows)


def difference(call, found, kept):
    """Return how far our points are from the library's, relative to the largest coordinate of each."""
    shapes = tuple(map(tuple, found["shapes"]))
    rule = built(call, found, shapes)
    rows = trajectory(rule, sum(map(math.prod, shapes)), max(kept))[[n - 1 for n in kept]]
    theirs = np.array(found["x"])
    return float((np.abs(rows - theirs) / np.abs(theirs).max(axis=1, keepdims=True)).max())


SETTINGS = [(name, call) for name, runs in RECORD["runs"].items() for call in runs]


@pytest.mark.parametrize(("name", "call"), SETTINGS, ids=[call for _, call in SETTINGS])
def test_a_setting_drawn_at_random_gives_the_librarys_points(name, call):
    found = RECORD["runs"][name][call]
    assert difference(call, found, RECORD["kept"]) <= found["tolerance"]


@pytest.mark.parametrize("call", [call for calls in RECORD["refused"].values() for call in calls])
def test_what_the_library_refuses_is_refused(call):
    with pytest.raises((TypeError, ValueError), match=r"got .*expected"):
        built(call, {"lr": 0.1, "rates": "steady"}, None)


def test_every_function_is_drawn_often_enough():
    few = {"optax.sign_sgd": 1}  # it has no argument but the rate
    assert {name: len(runs) for name, runs in RECORD["runs"].items() if len(runs) < 8} == few
    assert len(SETTINGS) >= 600


def main(path):
    """Print what differs of other draws, and how many there are."""
    record, bad = json.loads(Path(path).read_text("utf-8")), 0
    for name, runs in record["runs"].items():
        for call, found in runs.items():
            try:
                by = difference(call, found, record["kept"])
            except Exception as error:
                by = f"{type(error).__name__}: {error}"
            if isinstance(by, str) or not by <= found["tolerance"]:
                bad += 1
                print(f"{name} | {call} | {by}")
    for call in [call for calls in record["refused"].values() for call in calls]:
        try:
            built(call, {"lr": 0.1, "rates": "steady"}, None)
        except (TypeError, ValueError):
            continue
        bad += 1
        print(f"taken: {call}")
    print(f"{sum(map(len, record['runs'].values()))} settings, {bad} differ")


if __name__ == "__main__":
    main(sys.argv[1])
