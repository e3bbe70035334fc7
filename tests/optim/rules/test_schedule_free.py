"""Schedule-free learning against averaging and a warmed-up rate."""

import numpy as np

from optim import (
    SGD,
    PolyakRuppert,
    ScheduleFreeSGD,
    minimize,
)
from problems import Rosenbrock


def test_schedule_free_without_beta_is_polyak_ruppert():
    free = minimize(Rosenbrock(), ScheduleFreeSGD(1e-3, beta=0.0), steps=30)
    mean = minimize(Rosenbrock(), PolyakRuppert(SGD(1e-3)), steps=30)
    np.testing.assert_allclose(free.history.output, mean.history.output, rtol=1e-10)


def test_warmup_of_schedule_free_is_a_warmed_rate():
    warmed = minimize(Rosenbrock(), ScheduleFreeSGD(1e-3, warmup=10), steps=30)
    rate = minimize(Rosenbrock(), ScheduleFreeSGD(lambda n: 1e-3 * min(1.0, (n + 1) / 10)), steps=30)
    np.testing.assert_allclose(warmed.history.x, rate.history.x, rtol=1e-12)
