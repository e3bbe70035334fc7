"""Polyak's step size, against printed numbers, Optax' runs and theory."""

import json

import numpy as np
import pytest

from optim import SGD, minimize
from problems import Parabola, Problem, Quadratic
from schedules import (
    DoG,
    DoWG,
    Polyak,
    SPSMax,
)
from tests import GOLDEN


def test_a_lower_bound_lengthens_polyaks_step():
    """f = 1/2 and g = 1 at 1: (1/2 + 1) / (1/2) = 3 leads to -2."""
    rate = SPSMax(max_lr=10.0, c=0.5, lowest=-1.0)
    assert minimize(Parabola(curvature=1.0, start=1.0), SGD(lr=rate), steps=1).x.tolist() == [-2.0]


def test_polyak_s_sequence_of_optax_documentation():
    run = minimize(Quadratic([2.0, 2.0, 2.0]), SGD(lr=Polyak(max_lr=1.0)), x0=[1.0, 2.0, 3.0], steps=5)
    assert run.history.fun.tolist() == [14.0, 3.5, 0.875, 0.21875, 0.0546875, 0.013671875]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("polyak_sgd(max_learning_rate=1.0)", Polyak(max_lr=1.0)),
        ("polyak_sgd(max_learning_rate=0.1, f_min=-1.0)", Polyak(minimum=-1.0, max_lr=0.1)),
        ("contrib.dog()", DoG()),
        ("contrib.dog(init_step=('heuristic', 0.01), eps=0.5)", DoG(reach=0.01, eps=0.5)),
        ("contrib.dowg()", DoWG()),
        ("contrib.dowg(init_estim_sq_dist=0.3, eps=0.5)", DoWG(reach=0.3, eps=0.5)),
    ],
)
def test_runs_of_optax(name, rule):
    """Recorded by golden/make_feedback.py on (x1^2 + 10 x2^2) / 2 from (3, -2)."""
    golden = json.loads((GOLDEN / "feedback_optax.json").read_text())
    run = minimize(Quadratic([1.0, 10.0]), SGD(lr=rule), x0=[3.0, -2.0], steps=30)
    np.testing.assert_allclose(run.history.x, golden[name], rtol=1e-9, atol=1e-12)


def test_polyak_s_step_on_a_parabola_is_half_the_best():
    """On L x^2 / 2: c = 1 gives 1/(2L), which halves x; c = 1/2 gives 1/L, which arrives at once."""
    run = minimize(Parabola(curvature=8.0), SGD(lr=Polyak()), steps=3)
    assert run.history.lr.tolist() == [1 / 16] * 3
    assert minimize(Parabola(curvature=8.0), SGD(lr=Polyak(c=0.5)), steps=1).x[0] == 0.0


BOWL = Quadratic([1.0, 10.0, 100.0])


ONES = [1.0, 1.0, 1.0]


def test_polyak_s_step_never_leads_away_from_a_minimizer():
    run = minimize(BOWL, SGD(lr=Polyak()), x0=ONES, steps=300)
    distance = np.linalg.norm(run.history.x, axis=1)
    assert (np.diff(distance) <= 0).all()


def test_polyak_s_step_says_that_it_needs_the_minimum():
    unknown = Problem.of(lambda x: (x * x).sum(-1), lambda x: 2 * x, x0=[1.0])
    with pytest.raises(ValueError, match="minimum: got None, expected a number"):
        minimize(unknown, SGD(lr=Polyak()), steps=1)
    assert minimize(unknown, SGD(lr=Polyak(minimum=0.0)), steps=1).x[0] == 0.5


def test_at_the_minimum_the_step_is_0():
    run = minimize(Parabola(), SGD(lr=Polyak()), x0=[0.0], steps=2)
    assert run.history.lr.tolist() == [0.0, 0.0]


def test_sps_is_the_capped_step():
    capped = minimize(BOWL, SGD(lr=SPSMax(max_lr=0.005)), x0=ONES, steps=50).history.lr
    free = minimize(BOWL, SGD(lr=Polyak(c=0.5, minimum=0.0)), x0=ONES, steps=1).history.lr
    assert capped.max() <= 0.005
    assert minimize(BOWL, SGD(lr=SPSMax(max_lr=1e9)), x0=ONES, steps=1).history.lr == free
