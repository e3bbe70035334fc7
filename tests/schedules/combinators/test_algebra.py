"""Products, sums and sequences of schedules, and one schedule per run."""

import numpy as np

import stepsize as ss


def test_rows_give_every_run_its_own_schedule():
    rows = ss.PerRun([0.1, ss.StepDecay(0.4, 0.5, 2), lambda n: 0.01 + 0 * n])
    batch = ss.minimize(ss.Parabola(), ss.SGD(lr=rows), x0=np.full((3, 1), 10.0), steps=6)
    for row, lr in enumerate((0.1, ss.StepDecay(0.4, 0.5, 2), 0.01)):
        alone = ss.minimize(ss.Parabola(), ss.SGD(lr=lr), steps=6)
        assert np.array_equal(batch.history.x[:, row], alone.history.x)
    spread = ss.minimize(ss.Parabola(), ss.SGD(lr=rows), steps=6)
    assert np.array_equal(spread.history.x, batch.history.x), "one start serves all rows"
