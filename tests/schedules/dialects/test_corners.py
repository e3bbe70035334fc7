"""The corners of other libraries' schedules: their values there (tests/golden/corners.json), or a refusal.

A call that the library takes and we refuse, or the other way, stands below with its reason.
"""

import inspect
import json

import numpy as np
import pytest

import schedules
from schedules import dialects
from tests import GOLDEN

FOUND = json.loads((GOLDEN / "corners.json").read_text("utf-8"))
CASES = [
    (library, call) for library in ("transformers", "optax", "torch", "keras") for call in FOUND[library]
]

REFUSED_HERE = {
    "get_inverse_sqrt_schedule(LR, 5, timescale=0)": "timescale: got 0",  # divides by zero after the warm-up
    "StepLR(LR, 0)": "step_size: got 0",  # divides by zero at the first step
    "CosineAnnealingLR(LR, 0)": "T_max: got 0",  # the same
    "OneCycleLR(LR, 0.1, 10, pct_start=1.0)": "pct_start: got 1.0",  # divides by zero at the end
    "cosine_onecycle_schedule(10, 0.1, 1.0)": "pct_start: got 1.0",  # the peak is lost so
    "PiecewiseConstantDecay([3, 3], [0.1, 0.2, 0.3])": "boundaries: got",  # a value that never holds
}
# As far as the library's own schedule goes: OneCycleLR is asked once more than it has updates.
UPDATES = {"OneCycleLR(LR, 0.1, 10, pct_start=0.2)": 10}
# Keras computes its schedules in single precision.
TOLERANCE = {"keras": 1e-6}


def made(library, call):
    return eval(call, {**vars(getattr(dialects, library)), "LR": 0.1, "LR0": 0.1})


def argument_names(library, call):
    """Return the words that the caller may have typed."""
    return set(inspect.signature(getattr(getattr(dialects, library), call.partition("(")[0])).parameters)


@pytest.mark.parametrize(("library", "call"), CASES)
def test_a_corner_is_the_library_s(library, call):
    theirs = FOUND[library][call]
    refusal = REFUSED_HERE.get(call)
    if "error" in theirs or refusal:
        with pytest.raises((ValueError, TypeError), match=refusal) as refused:
            made(library, call)
        name, _, rest = str(refused.value).partition(": ")
        assert name in argument_names(library, call), "named as it was typed"
        assert rest.startswith("got ")
        assert ", expected " in rest
        return
    values = np.array([float(v) for v in theirs["values"]])[: UPDATES.get(call)]
    ours = made(library, call)
    np.testing.assert_allclose(
        [ours(n) for n in range(len(values))], values, rtol=TOLERANCE.get(library, 1e-12), atol=1e-15
    )
    np.testing.assert_array_equal(ours(np.arange(24)), [ours(n) for n in range(24)])


def test_a_warm_up_of_no_length_is_none():
    body = schedules.Cosine(0.1, steps=10)
    assert body.warmup(0) is body
    assert body.warmup(0, start=0.0) is body
    with pytest.raises(ValueError, match="updates: got -1, expected a whole number of at least 0"):
        body.warmup(-1)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: dialects.timm.CosineLRScheduler(0.1, 0), "t_initial"),
        (lambda: dialects.timm.PolyLRScheduler(0.1, -1), "t_initial"),
        (lambda: dialects.timm.StepLRScheduler(0.1, 0), "decay_t"),
        (lambda: dialects.timm.WSDLRScheduler(0.1, 10, 0), "decay_t"),
        (lambda: dialects.transformers.get_cosine_schedule_with_warmup(0.1, -1, 10), "num_warmup_steps"),
        (lambda: dialects.transformers.get_wsd_schedule(0.1, 1.5, 2, num_stable_steps=3), "num_warmup_steps"),
        (lambda: dialects.optax.warmup_constant_schedule(0.0, 0.1, -2), "warmup_steps"),
        (lambda: dialects.keras.CosineDecayRestarts(0.1, 0), "first_decay_steps"),
    ],
)
def test_what_is_refused_is_named_as_it_was_typed(call, name):
    with pytest.raises((ValueError, TypeError), match=rf"^{name}: got .*, expected "):
        call()
