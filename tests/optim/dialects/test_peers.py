"""What the optimizer tests of PyTorch and Keras expect of their own classes, asked of our dialects.

`golden/peers_torch.json`: PyTorch's own settings, run by PyTorch (`tests/golden/make_settings.py`), and what
it refuses. `golden/peers_keras.json`: the sequences that Keras' tests print, to their four or five digits.
"""

import json

import numpy as np
import pytest

from optim import dialects
from tests import GOLDEN

TORCH = json.loads((GOLDEN / "peers_torch.json").read_text("utf-8"))
KERAS = json.loads((GOLDEN / "peers_keras.json").read_text("utf-8"))
NAMES = {"keras": dialects.keras, "torch": dialects.torch}


def called(text):
    return eval(text, NAMES)


def ids(rows):
    return [row["call"] for row in rows]


@pytest.mark.parametrize("setting", TORCH["settings"])
def test_pytorchs_own_settings(setting):
    rule, x = called(f"torch.{setting}"), np.array(TORCH["x0"])
    state, rows = rule.init(x), []
    for n in range(TORCH["updates"]):
        slope = (
            np.array([2.0, 1.0, 8.0, 0.5]) * (x - 1) + 0.3 * np.sin(3 * x) + 0.1 * np.cos(n + np.arange(4.0))
        )
        x, state = rule.step(x, slope, state)
        rows.append(x)
    np.testing.assert_allclose([rows[0], rows[-1]], TORCH["settings"][setting], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("setting", TORCH["refused"])
def test_what_pytorch_refuses(setting):
    with pytest.raises(ValueError, match=r": got .*, expected "):
        called(f"torch.{setting}")


@pytest.mark.parametrize("row", KERAS["sequences"], ids=ids(KERAS["sequences"]))
def test_keras_golden_sequences(row):
    """From ones: a gradient of 0.01, then four times 0.1, 0.2, ... 1.0."""
    rule, x = called(row["call"]), np.ones(10)
    state, rows = rule.init(x), []
    for g in [np.full(10, 0.01)] + [np.arange(1, 11) / 10] * 4:
        x, state = rule.step(x, g, state)
        rows.append(x)
    np.testing.assert_allclose(rows, row["x"], rtol=5e-4, atol=5e-4)


@pytest.mark.parametrize("row", KERAS["single"], ids=ids(KERAS["single"]))
def test_keras_single_steps(row):
    rule, x = called(row["call"]), np.array(row["x0"])
    x, _ = rule.step(x, np.array(row["gradient"]), rule.init(x))
    np.testing.assert_allclose(x, row["x"], rtol=1e-4, atol=1e-4)


CLASSES = ("SGD", "Adam", "AdamW", "Adamax", "Nadam", "Adagrad", "Adadelta", "RMSprop", "Lion")


@pytest.mark.parametrize("name", CLASSES)
def test_keras_decay_without_a_gradient(name):
    """From 2 at rate 1 and decay 0.004: 2 - 2 * 0.004."""
    rule, x = getattr(dialects.keras, name)(learning_rate=1.0, weight_decay=0.004), np.array([2.0])
    assert rule.step(x, np.zeros(1), rule.init(x))[0] == pytest.approx([1.992], rel=1e-12)


@pytest.mark.parametrize("limit", ["clipnorm", "clipvalue", "global_clipnorm"])
@pytest.mark.parametrize("name", [*CLASSES, "ScheduleFreeAdamW"])
def test_keras_clips_a_gradient_of_a_hundred(name, limit):
    build = getattr(dialects.keras, name)
    given = np.ones(2) if limit == "clipvalue" else np.full(2, np.sqrt(0.5))
    ends = []
    for rule, g in (
        (build(learning_rate=0.5, **{limit: 1}), np.full(2, 100.0)),
        (build(learning_rate=0.5), given),
    ):
        x = np.zeros(2)
        ends.append(rule.step(x, g, rule.init(x))[0])
    np.testing.assert_allclose(*ends, rtol=1e-12)


def test_how_many_there_are():
    assert len(TORCH["settings"]) == 70
    assert sum("maximize" in setting for setting in TORCH["settings"]) == 16
    assert len(TORCH["refused"]) >= 15
    assert (len(KERAS["sequences"]), len(KERAS["single"])) == (9, 13)
