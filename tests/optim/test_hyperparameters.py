"""Hyperparameters: within their ranges, and as each update sees them."""

import math

import numpy as np
import pytest

from optim import SGD, Accumulate, Hyper, Momentum, Optimizer
from optim.hyperparameters import Hypers, hyper
from schedules import Exponential

LARGE = 1e300


class Ranged(Optimizer, abstract=True):
    """A rule with a hyperparameter for each limit that `hyper` knows."""

    lr: Hyper = 0.1
    free: Hyper = hyper(0.5)
    least: Hyper = hyper(0.5, minimum=0.25)
    above: Hyper = hyper(0.5, above=0.25)
    below: Hyper = hyper(0.5, below=0.75)


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        ("free", (-LARGE, LARGE), (math.inf, -math.inf, math.nan)),
        ("least", (0.25, LARGE), (np.nextafter(0.25, 0), -LARGE)),
        ("above", (np.nextafter(0.25, 1), LARGE), (0.25, -LARGE)),
        ("below", (-LARGE, np.nextafter(0.75, 0)), (0.75, LARGE)),
        ("lr", (0.0, LARGE), (-5e-324, -1.0)),
    ],
)
def test_every_limit_is_where_it_was_declared(name, allowed, refused):
    for value in allowed:
        assert getattr(Ranged(**{name: value}), name) == value
    for value in refused:
        with pytest.raises(ValueError, match=f"^{name}: got "):
            Ranged(**{name: float(value)})


@pytest.mark.parametrize(
    ("rule", "asks"),
    [
        (SGD(lr=0.1), False),
        (SGD(lr=Exponential(0.1, 0.9)), False),
        (SGD(lr=lambda n: 0.1 / (n + 1)), True),
        (Momentum(lr=0.1, momentum=lambda n: 0.9 / (n + 1)), True),
        (Accumulate(SGD(lr=0.1), period=2), False),
        (Accumulate(SGD(lr=lambda n: 0.1 / (n + 1)), period=2), True),
    ],
)
def test_whether_a_function_is_asked_at_every_update(rule, asks):
    assert Hypers(rule, np.ones(2)).asks is asks


def test_a_range_that_is_not_declared_has_every_number():
    allowed = hyper(0.5).metadata["range"]
    assert allowed.has(np.array([-LARGE, 0.0, LARGE])).all()
