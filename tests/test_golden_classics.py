"""The seven classics equal the library that shares their formula, over 50 updates under a changing rate.

The trajectories in `golden/` were made by PyTorch 2.13, Keras 3.15 and Optax 0.2.8; its README says how. Each
rule also has a negative control: the nearest dialect of another library, which must differ.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from optim import SGD, Adadelta, Adagrad, Adam, Momentum, Nesterov, RMSprop
from schedules import FromFunction

GOLDEN = Path(__file__).parent / "golden"


def recorded(library, case):
    data = json.loads((GOLDEN / f"{library}.json").read_text())
    found = data["cases"][case]
    return np.array(data["x0"]), data["rates"][found["rates"]], np.array(found["x"]), found["tolerance"]


def trajectory(optimizer, x, rates):
    """Run the rule on a^4/4 + a b + (1 + a^2) b^2, written as the generator writes its gradient."""
    optimizer = optimizer.replace(lr=FromFunction(lambda n: rates[n]))
    state, rows = optimizer.init(x), [x]
    for _ in rates:
        a, b = float(x[0]), float(x[1])
        g = np.array([a**3 + b + 2 * a * b**2, a + 2 * (1 + a**2) * b])
        x, state = optimizer.step(x, g, state)
        rows.append(x)
    return np.array(rows)


def difference(optimizer, library, case):
    x0, rates, expected, _ = recorded(library, case)
    ours = trajectory(optimizer, x0, rates)
    return (np.abs(ours - expected) / np.abs(expected).max(axis=1, keepdims=True)).max()


SAME = [
    (SGD(), "torch", "sgd"),
    (SGD(), "keras", "sgd"),
    (SGD(), "optax", "sgd"),
    (Momentum(), "torch", "sgd_momentum"),
    (Momentum(), "optax", "sgd_momentum"),
    (Nesterov(), "torch", "sgd_nesterov"),
    (Nesterov(), "optax", "sgd_nesterov"),
    (Adagrad(), "torch", "adagrad"),
    (Adagrad(eps=1e-7, eps_inside=True), "keras", "adagrad_accumulator_0"),
    (Adadelta(rho=0.9), "torch", "adadelta"),
    (Adadelta(), "torch", "adadelta_rho95"),
    (Adadelta(eps=1e-7), "keras", "adadelta"),
    (RMSprop(), "optax", "rmsprop"),
    (RMSprop(eps=1e-7), "keras", "rmsprop"),
    (Adam(), "torch", "adam"),
    (Adam(beta2=0.9), "torch", "adam_b2_9"),
    (Adam(eps=1e-3), "torch", "adam_eps"),
    (Adam(), "optax", "adam"),
]


@pytest.mark.parametrize(("optimizer", "library", "case"), SAME)
def test_equals_the_library_that_shares_its_formula(optimizer, library, case):
    assert difference(optimizer, library, case) < 1e-12


OTHER = [
    (Momentum(), "keras", "sgd_momentum", "the rate inside the velocity"),
    (Nesterov(), "keras", "sgd_nesterov", "the rate inside the velocity"),
    (Adagrad(eps=1e-7), "keras", "adagrad", "the sum starts at 0.1"),
    (Adadelta(rho=0.9), "torch", "adadelta_rho95", "another memory"),
    (RMSprop(), "torch", "rmsprop_alpha9", "eps outside the root"),
    (RMSprop(), "optax", "rmsprop_tf1", "the mean square starts at 1"),
    (Adam(eps=1e-3), "keras", "adam_eps", "eps before the correction"),
    (SGD(), "torch", "sgd_momentum", "memory"),
]


@pytest.mark.parametrize(("optimizer", "library", "case", "because"), OTHER)
def test_differs_from_the_other_dialect(optimizer, library, case, because):
    assert difference(optimizer, library, case) > 1e-9, because
