"""Record runs of Optax' rules whose rate is a feedback step size: Polyak's step and distance over gradients.

    JAX_ENABLE_X64=1 python tests/golden/make_feedback.py

Writes `feedback_optax.json` beside this file: the points visited on f = (x1^2 + 10 x2^2) / 2, in float64.
Nothing of this repository is imported. Made with optax 0.2.8 and jax 0.10.2.
"""

import json
import os
from pathlib import Path

os.environ.update(JAX_ENABLE_X64="1", JAX_PLATFORMS="cpu")

import jax
import jax.numpy as jnp
import optax

CURVATURES = jnp.array([1.0, 10.0])
START = jnp.array([3.0, -2.0])
STEPS = 30

RULES = {
    "polyak_sgd(max_learning_rate=1.0)": optax.polyak_sgd(max_learning_rate=1.0),
    "polyak_sgd(max_learning_rate=0.1, f_min=-1.0)": optax.polyak_sgd(max_learning_rate=0.1, f_min=-1.0),
    "contrib.dog()": optax.contrib.dog(),
    "contrib.dog(init_step=('heuristic', 0.01), eps=0.5)": optax.contrib.dog(
        init_step=("heuristic", 0.01), eps=0.5
    ),
    "contrib.dowg()": optax.contrib.dowg(),
    "contrib.dowg(init_estim_sq_dist=0.3, eps=0.5)": optax.contrib.dowg(init_estim_sq_dist=0.3, eps=0.5),
}


def loss(x):
    """The bowl."""
    return jnp.sum(CURVATURES * x * x) / 2


def points(rule):
    """The points of a run, the start first."""
    x, state, visited = START, rule.init(START), [START.tolist()]
    for _ in range(STEPS):
        value, gradient = jax.value_and_grad(loss)(x)
        updates, state = rule.update(gradient, state, x, value=value, grad=gradient, value_fn=loss)
        x = optax.apply_updates(x, updates)
        visited.append(x.tolist())
    return visited


if __name__ == "__main__":
    runs = {name: points(rule) for name, rule in RULES.items()}
    target = Path(__file__).with_name("feedback_optax.json")
    target.write_text(json.dumps(runs, indent=0) + "\n")
