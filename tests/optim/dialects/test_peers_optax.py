"""What Optax' tests of its optimizers expect, asked of our dialect: each solves two problems at its rate.

`golden/peers_optax.json` restates them: the calls, the problems, how many updates, and how near.
"""

import json

import numpy as np
import pytest

from optim import dialects, minimize
from problems import Quadratic, Rosenbrock
from schedules import Constant
from tests import GOLDEN

TABLE = json.loads((GOLDEN / "peers_optax.json").read_text("utf-8"))
PROBLEMS = {"parabola": Quadratic([2.0, 2.0, 2.0], minimizer=(1.0, -1.0, 1.0)), "rosenbrock": Rosenbrock()}
CASES = [
    (int(updates), call, problem)
    for updates in ("10000", "30000")
    for call in TABLE[updates]
    for problem in PROBLEMS
]
# Optax leaves these out: a sign at a constant rate goes to and fro across the valley for ever.
LEFT_OUT = [("sign_sgd(0.1)", "rosenbrock"), ("signum(0.01)", "rosenbrock")]
SOLVED = [case for case in CASES if case[1:] not in LEFT_OUT]


def distance(updates, call, name):
    """Return how far the answer is from the minimizer, in units of what Optax allows."""
    rule, there = eval(f"optax.{call}", {"optax": dialects.optax}), np.array(TABLE[name]["minimizer"])
    run = minimize(PROBLEMS[name], rule, x0=TABLE[name]["x0"], steps=updates)
    return float((np.abs(run.x - there) / (0.03 + 0.03 * np.abs(there))).max())


@pytest.mark.parametrize(("updates", "call", "name"), SOLVED, ids=[f"{c} on the {p}" for _, c, p in SOLVED])
def test_an_optimizer_solves_the_problem_at_the_rate_of_optax_own_test(updates, call, name):
    assert distance(updates, call, name) <= 1.0


@pytest.mark.parametrize(("call", "name"), LEFT_OUT)
def test_what_optax_leaves_out_bounces_here_too(call, name):
    assert distance(10_000, call, name) > 1.0


def test_how_many_there_are():
    assert (len(TABLE["10000"]), len(TABLE["30000"]), len(SOLVED)) == (30, 12, 82)


NUMBERS_ONLY = ("sm3(1.0)", "rprop(0.1)", "optimistic_adam(0.002)")


@pytest.mark.parametrize("call", [call for call in TABLE["10000"] if call not in NUMBERS_ONLY])
def test_a_schedule_that_is_constant_is_the_rate(call):
    """Optax tries every optimizer with a number and with its constant schedule."""
    name, _, rest = call.partition("(")
    rate = rest.rstrip(")").partition(",")[0]
    ends = []
    for lr in (rate, f"Constant({rate})"):
        rule = eval(
            f"optax.{name}({rest.replace(rate, lr, 1)}", {"optax": dialects.optax, "Constant": Constant}
        )
        ends.append(minimize(PROBLEMS["parabola"], rule, x0=[-1.0, 10.0, 1.0], steps=10).history.x)
    assert np.array_equal(*ends)
