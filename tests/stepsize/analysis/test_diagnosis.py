"""Verdicts in words, each on a run whose course is known from theory."""

import numpy as np
import pytest

import stepsize as ss
from stepsize.analysis.diagnosis import require_single_run
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


# --- what diagnose hands on


def bowl(start, rate=0.25, steps=8):
    """x^2 from a start, where a rate of 1/4 halves x: the gap is start^2 / 4^k."""
    own = ss.Problem.of(lambda x: (x * x).sum(), lambda x: 2 * x, x0=[start], minimum=0.0)
    return ss.minimize(own, ss.SGD(lr=rate), steps=steps)


def test_the_facts_of_a_run_are_those_of_its_error():
    found = ss.diagnose(bowl(2.0), tol=1 / 4**5)
    assert (found.settled, found.error, found.best_error) == (5, 4 / 4**8, 4 / 4**8)
    assert (found.tolerance, found.tol, found.at_rounding) == (4 / 4**5, 1 / 4**5, False)
    assert found.reason == "the gap is at most 0.000976562 of the start's from update 5 on"
    absolute = ss.diagnose(bowl(2.0), atol=4 / 4**5)
    assert (absolute.settled, absolute.tolerance, absolute.tol) == (5, 4 / 4**5, None)
    assert absolute.at_rounding is False
    assert absolute.reason == "the gap is at most 0.00390625 from update 5 on"


def test_the_best_error_is_that_of_the_best_point():
    """x is multiplied by 1 - 2 lr: 0.5, then -3."""
    rates = [0.25, 2.0]
    run = ss.minimize(
        ss.Problem.of(lambda x: (x * x).sum(), lambda x: 2 * x, x0=[2.0], minimum=0.0),
        ss.SGD(lr=ss.FromFunction(lambda k: rates[k])),
        steps=2,
    )
    found = ss.diagnose(run)
    assert (found.error, found.best_error) == (9.0, 1.0)


@pytest.mark.parametrize(("height", "rounded"), [(2.0**20, True), (0.0, False)])
def test_the_tolerance_is_that_of_rounding_where_rounding_hides_more(height, rounded):
    """16 eps of 2^20 are 2^-28; asked for is 2^-29 of a gap of 4 at the start, and of 1 after one step."""
    own = ss.Problem.of(lambda x: height + (x * x).sum(), lambda x: 2 * x, x0=[2.0], minimum=height)
    run = ss.minimize(own, ss.SGD(lr=0.25), steps=30)
    for tol, above in ((2.0**-31, True), (2.0**-30, False), (2.0**-29, False)):
        found = ss.diagnose(run, tol=tol)
        assert found.at_rounding is (rounded and above)
        assert found.tolerance == (max(4 * tol, 2.0**-28) if rounded else 4 * tol)
        bound = "what rounding hides" if rounded and above else f"{tol:g} of the start's"
        assert found.reason.startswith(f"the gap is at most {bound} from update")


def test_a_batch_is_refused_by_its_shape():
    one, two = np.full((3, 1), 0.1), np.full((4, 3, 1), 0.1)
    for lr, shape in ((one, r"\(3,\)"), (two, r"\(4, 3\)")):
        run = ss.minimize(ss.Parabola(), ss.SGD(lr=lr), steps=2)
        with pytest.raises(
            ValueError, match=rf"^run: got a batch of shape {shape}, expected a single run, not a batch$"
        ):
            ss.diagnose(run)
    with pytest.raises(TypeError, match=r"^run: got .*, expected a run, as minimize returns it$"):
        require_single_run("run")


def test_a_notebook_shows_the_diagnosis_itself():
    found = ss.diagnose(bowl(2.0))
    assert found.reason.replace("'", "&#x27;") in found._repr_html_()


def test_without_a_tolerance_an_error_is_small_at_a_hundred_millionth():
    """One of 1.0005e-8 of the start, after ten updates, is not yet, and the next is."""
    factor = 1.0005e-8 ** (1 / 20)  # of the distance, of which the error is the square
    run = ss.minimize(ss.Parabola(), ss.SGD(lr=(1 - factor) / 2), steps=40)
    assert run.error[10] / run.error[0] == pytest.approx(1.0005e-8, rel=1e-9)
    assert ss.diagnose(run).settled == 11
    assert ss.diagnose(run, 1.001e-8).settled == 10
