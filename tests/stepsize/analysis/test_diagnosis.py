"""Verdicts in words, each on a run whose course is known from theory."""

import numpy as np
import pytest

import stepsize as ss
from stepsize.experiments.labels import sparkline

COURSES = [
    (ss.Parabola(), ss.SGD(lr=0.4), 60, "settled"),
    (ss.Parabola(), ss.SGD(lr=0.9), 200, "settled, crossing"),
    (ss.Quadratic(), ss.Momentum(lr=0.05), 300, "settled, ringing"),
    (ss.Parabola(), ss.SGD(lr=0.001), 60, "still crawling"),
    (ss.Quadratic([1.0, 1e4]), ss.SGD(lr=2 / (1e4 + 1)), 500, "still crawling"),
    (ss.Quadratic(), ss.RMSprop(lr=0.3), 300, "bouncing"),
    (ss.Parabola(), ss.SGD(lr=1.0), 50, "bouncing"),
    (ss.CosineWave(), ss.SGD(lr=0.2), 500, "stuck above the minimum"),
    (
        ss.Parabola(curvature=0.02, start=1.0),
        ss.SGD(lr=ss.TimeBased(1.0, d=0.01)),
        2000,
        "frozen",
    ),
    (ss.Parabola(), ss.SGD(lr=1.1), 60, "diverged"),
    (ss.Rosenbrock(), ss.SGD(lr=1.0), 60, "diverged"),
]


@pytest.mark.parametrize(("problem", "optimizer", "steps", "verdict"), COURSES, ids=lambda v: repr(v))
def test_verdict(problem, optimizer, steps, verdict):
    if isinstance(problem, ss.CosineWave):
        run = ss.minimize(problem, optimizer, x0=[-3.0], steps=steps)
    else:
        run = ss.minimize(problem, optimizer, steps=steps)
    found = ss.diagnose(run)
    assert found.verdict == verdict, found.reason
    assert (found.settled is not None) == verdict.startswith("settled")
    assert found.reason.count("\n") == 0


def test_settled_is_the_last_crossing_not_the_first_touch():
    from optim import settled_at

    assert settled_at(np.array([1.0, 0.1, 1.0, 0.1, 0.1]), 0.5) == 3
    assert settled_at(np.array([0.1, 0.1]), 0.5) == 0
    assert settled_at(np.array([0.1, np.nan]), 0.5) is None
    many = settled_at(np.array([[1.0, 0.1], [0.1, 0.1], [0.1, 9.0]]), 0.5)
    assert many[0] == 1
    assert np.isnan(many[1])


def test_a_batch_is_refused_in_one_sentence():
    run = ss.minimize(ss.Parabola(), ss.SGD(lr=[[0.1], [0.2]]), steps=3)
    with pytest.raises(ValueError, match="run: got a batch of shape"):
        ss.diagnose(run)


def test_the_sparkline_runs_from_the_start_to_the_tolerance():
    falling = sparkline(np.geomspace(1, 1e-8, 121), 120, 1e-8)
    assert falling[0] == "▇"
    assert falling[-1] == "▁"
    assert sorted(falling, reverse=True) == list(falling)
    growing = sparkline(np.geomspace(1, 1e8, 21), 120, 1e-8)
    assert growing == "▇" + "█" * 11, "what became inf or nan stays on top"
    assert sparkline(np.geomspace(1, 1e-8, 121), 120, 1e-8, ascii_only=True).isascii()


def test_overshoot_and_uphill_are_counted_until_the_run_settles():
    run = ss.minimize(ss.Quadratic(), ss.SGD(lr=2 / 21), steps=1000)
    found = ss.diagnose(run)
    assert found.overshoot == 1.0
    assert found.uphill == 0.0
    assert found.settled == 93, "(19/21)^(2k) is at most 1e-8 from k = log(1e8) / (2 log(21/19)) = 92.02 on"


def test_a_race_prints_theory_beside_what_was_seen():
    """2/(L + mu) shrinks the error by 19/21 a step, 0.105 lets it grow by 0.105 * 20 - 1 = 1.1."""
    race = ss.race(ss.Quadratic(), [ss.SGD(lr=2 / 21), ss.SGD(lr=0.105), ss.Adam(lr=0.1)], steps=200)
    best, outside, adam = race.to_dict()["runs"]
    assert best["predicted"] == pytest.approx(19 / 21, rel=1e-12)
    assert best["observed"] == pytest.approx(19 / 21, rel=1e-6)
    assert outside["theory"] == "lr 0.105 > 2/L = 0.1: will diverge"
    assert outside["observed"] == pytest.approx(1.1, rel=1e-6)
    assert adam["predicted"] is None
    assert race.table().splitlines()[1].split()[4:6] == ["0.905", "0.905"]


def test_theory_looks_only_at_the_directions_in_which_the_start_is_off():
    race = ss.race(ss.Quadratic(), [ss.SGD(lr=0.01)], x0=[0.0, 1.0], steps=50)
    assert race.predictions[0].rate == pytest.approx(1 - 0.01 * 20)
    assert race.to_dict()["runs"][0]["observed"] == pytest.approx(0.8, rel=1e-9)
