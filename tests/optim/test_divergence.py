"""One rule for what a run alone and a run of a batch call diverged: a value or gradient not finite."""

import numpy as np
import pytest

import stepsize as ss
from optim.dialects.variants import TorchASGD

# The value stays below 2 while the gradient grows a hundred decades an update.
STEEP = ss.Problem.of(lambda x: np.tanh(x).sum(axis=-1), lambda x: -1e100 * x, x0=[1.0, 2.0])


@pytest.mark.parametrize("engine", ["auto", "array"])
def test_a_gradient_that_overflows_ends_a_run_alone_and_in_a_batch(engine):
    alone = ss.minimize(STEEP, ss.SGD(lr=1.0), steps=10, engine=engine)
    one = ss.minimize(STEEP, ss.SGD(lr=np.array([[1.0]])), steps=10, engine=engine)
    assert (alone.nit, alone.status, bool(alone.diverged)) == (one.nit, one.status, bool(one.diverged[0]))
    assert bool(alone.diverged)
    assert not alone.success
    assert not one.success


def test_the_others_of_a_batch_go_on():
    both = ss.minimize(STEEP, ss.SGD(lr=np.array([[1.0], [1e-101]])), steps=10)
    assert both.nit == 10
    assert both.diverged.tolist() == [True, False]


@pytest.mark.parametrize("steps", range(296, 306))
def test_at_the_edge_of_the_numbers_both_end_alike(steps):
    rate, momentum = 0.2123208742781283, 0.010090909090909091
    bowl = ss.Quadratic([1, 20])
    alone = ss.minimize(bowl, ss.Momentum(lr=rate, momentum=momentum), steps=steps)
    one = ss.minimize(bowl, ss.Momentum(lr=np.array([[rate]]), momentum=momentum), steps=steps)
    assert (alone.nit, bool(alone.diverged)) == (one.nit, bool(one.diverged[0]))
    assert np.isfinite(alone.history.fun).all()
    assert np.isfinite(alone.history.grad_norm).all()


def test_what_overflows_in_pythons_floats_ends_a_run_and_not_the_program():
    for rule in (
        TorchASGD(alpha=1e39),
        ss.ScheduleFreeSGD(r=1e39),
        ss.Lookahead(ss.ScheduleFreeSGD(r=1e39)),
    ):
        for engine in ("auto", "array"):
            run = ss.minimize(ss.Quadratic([1.0, 20.0]), rule, steps=3, engine=engine)
            assert run.nit == 3 or run.diverged
