"""What is told of a run, and when it is left open, from a tally that is written down: no loop has run."""

from types import SimpleNamespace

import numpy as np
import pytest

import stepsize as ss
from optim.engines.compiled.judging.tables import Tally
from optim.engines.lockstep import Lockstep
from stepsize.analysis.lockstep import tally as told_by
from stepsize.analysis.lockstep.rows import Room
from stepsize.analysis.verdicts import VERDICTS
from tests.stepsize.analysis.lockstep.test_tally_windows import stretches_of

EPS = float(np.finfo(float).eps)
STEPS = 16
# x^2 from 10: the loss is 100 at the start, so that a share of 1e-8 is an error of 1e-6.
BOWL = ss.Quadratic([2.0], start=[10.0])

SETTLED = {
    "value": 1e-9,
    "lost": np.inf,
    "last_out": 5,
    "last_tenfold": 3,
    "last_hundredfold": 2,
    "out_error": 2e-6,
    "entry_error": 0.9e-6,
    "hundredfold_error": 2e-4,
    "crossed": 12,
    "crossed_until": 1,
    "climbed": 8,
    "climbed_until": 0,
    "best": 1e-10,
    "doubtful_from": np.inf,
}
CRAWLING = SETTLED | {"value": 84.0, "last_out": STEPS, "best": 83.0}
LOST = SETTLED | {"value": 500.0, "lost": 7, "last_out": STEPS, "crossed": 7, "climbed": 3}


def tell(
    monkeypatch, facts, *, problem=BOWL, fun=None, steep=4.0, step=1.0, x=9.0, g=18.0, lr=0.1, **options
):
    """Return what is told of the first of two runs: of the second it is that it has settled.

    The losses of a run that crawls are 100, 99, ..., 84, unless they are told; where it has not settled, the
    largest squares of gradients and the last step are those that are told.
    """
    columns = [SETTLED | {"entry_error": 1e-7} | facts, SETTLED]
    tally = Tally(**{n: np.array([c.get(n, 0.0) for c in columns], float) for n in Tally._fields})
    fun = 100.0 - np.arange(STEPS + 1) if fun is None else np.asarray(fun, float)
    rows = np.stack([fun, np.full(STEPS + 1, 777.0)], axis=1)
    stretches = stretches_of(
        rows, np.full((STEPS + 1, 2), steep), np.zeros((STEPS, 2), bool), np.full((STEPS, 2), step)
    )
    block = SimpleNamespace(
        g=np.array([[g, 0.0]]),
        x=np.array([[x, 0.0]]),
        optimizer=SimpleNamespace(lr=options.pop("schedule", lr)),
    )
    asked, rates = [], options.pop("rates", [])

    def count(*arguments):
        asked.extend(arguments)
        return block, tally, stretches, rates

    monkeypatch.setattr(told_by, "_count", count)
    monkeypatch.setattr(told_by, "can_compile", lambda: True)
    start = np.repeat([problem.x0], 2, axis=0)
    found = told_by.tell_by_tally(problem, ss.SGD(lr=lr), start, STEPS, **options)
    assert found.updates.dtype == int
    return SimpleNamespace(
        asked=asked,
        open=bool(found.open[0]),
        lost=bool(found.lost[0]),
        updates=int(found.updates[0]),
        verdict=VERDICTS[int(found.outcome.verdict[0])],
        second=(VERDICTS[int(found.outcome.verdict[1])], bool(found.open[1]), int(found.updates[1])),
        **{name: float(getattr(found.outcome, name)[0]) for name in
           ("settled", "overshoot", "uphill", "error", "best_error")},
    )  # fmt: skip


def test_what_is_told_of_a_run_that_settles(monkeypatch):
    """After update 6, of which 1 overshot and none went uphill; all of the run is another matter."""
    found = tell(monkeypatch, {})
    assert (found.verdict, found.settled, found.open, found.lost) == ("settled", 6.0, False, False)
    assert (found.overshoot, found.uphill, found.updates) == (1 / 6, 0.0, STEPS)
    assert (found.error, found.best_error) == (1e-9, 1e-10)
    assert tell(monkeypatch, {"crossed_until": 2}).verdict == "settled, crossing"
    assert tell(monkeypatch, {"climbed_until": 1}).verdict == "settled, ringing"
    first = tell(monkeypatch, {"last_out": 0, "crossed_until": 1, "climbed_until": 1})
    assert (first.settled, first.overshoot, first.uphill) == (1.0, 1.0, 1.0)
    assert found.second == ("settled", False, STEPS)


def test_what_is_told_of_a_run_that_crawls(monkeypatch):
    found = tell(monkeypatch, CRAWLING)
    assert (found.verdict, found.open, found.lost, found.updates) == ("still crawling", False, False, STEPS)
    assert np.isnan(found.settled)
    assert (found.overshoot, found.uphill) == (12 / 16, 8 / 16)
    assert (found.error, found.best_error) == (84.0, 83.0)
    assert found.second == ("settled", False, STEPS)


def test_what_is_told_of_a_run_that_is_lost(monkeypatch):
    found = tell(monkeypatch, LOST)
    assert (found.verdict, found.open, found.lost, found.updates) == ("diverged", False, True, 7)
    assert (found.overshoot, found.uphill, found.error) == (1.0, 3 / 7, np.inf)
    assert np.isnan(found.settled)
    at_once = tell(monkeypatch, LOST | {"lost": 0, "crossed": 0, "climbed": 0})
    assert (at_once.updates, at_once.overshoot, at_once.uphill) == (0, 0.0, 0.0)


def test_what_is_told_of_a_run_that_grows(monkeypatch):
    """From half window to half window, to above the start: its rows are not asked."""
    found = tell(monkeypatch, CRAWLING | {"value": 116.0}, fun=100.0 + np.arange(STEPS + 1), x=0.0)
    assert (found.verdict, found.open) == ("diverged", False)


def test_the_gap_is_to_the_minimum(monkeypatch):
    above = ss.Quadratic([2.0], minimizer=[0.0], minimum_value=64.0, start=[10.0])
    found = tell(monkeypatch, CRAWLING, problem=above)
    assert (found.error, found.open) == (20.0, False)
    below = tell(monkeypatch, CRAWLING | {"value": 64.0}, problem=above, fun=np.linspace(164.0, 64.0, 17))
    assert below.open, "what ends at the minimum itself may have settled"
    assert not tell(monkeypatch, CRAWLING | {"value": 65.0}, problem=above, fun=np.linspace(164, 65, 17)).open


@pytest.mark.parametrize(
    ("left", "base", "facts"),
    [
        # The loop itself could not tell, or not of the updates within the limit before the last one out.
        (True, SETTLED, {"odd": 1}),
        (True, SETTLED, {"doubtful_from": 5}),
        (False, SETTLED, {"doubtful_from": 6}),
        # A loss that fell before it was lost may fall without end; and an overshoot in doubt.
        (False, LOST, {"value": 100.0}),
        (True, LOST, {"value": 99.0}),
        (True, LOST, {"doubtful_from": 100}),
        (True, LOST, {"odd": 1}),
        # The slope contradicts the loss twice.
        (True, CRAWLING, {"contradicted": 2}),
        (False, CRAWLING, {"contradicted": 1}),
        (False, SETTLED, {"contradicted": 9}),
        (True, CRAWLING, {"odd": 1}),
        (True, LOST, {"odd": 1, "contradicted": 1}),
        # A run within the limit may only touch it, or refute the minimum by a hundredth of the gap.
        (True, SETTLED, {"last_out": 15, "out_error": 1.1e-4, "entry_error": 1e-7}),
        (False, SETTLED, {"last_out": 15, "last_tenfold": -1, "out_error": 0.9e-4, "entry_error": 1e-7}),
        (False, SETTLED, {"value": -1.0}),
        (True, SETTLED, {"value": -1.001}),
    ],
)
def test_when_a_run_is_left_to_its_rows(monkeypatch, left, base, facts):
    found = tell(monkeypatch, base | facts)
    assert found.open is left
    assert found.second[1] is False


@pytest.mark.parametrize(
    ("left", "facts"),
    [
        # The last step is hidden by rounding: four eps of the length of x, or a little more.
        (False, {"step": (4.05 * EPS * 9.0) ** 2}),
        (True, {"step": (4.03 * EPS * 9.0) ** 2}),
        (False, {"step": (4.03 * EPS * 9.0) ** 2, "x": 0.0}),
        # The gradient has vanished to 1e-8 of the start's, which is 20.
        (False, {"g": 2.01e-7}),
        (True, {"g": 1.99e-7}),
        # The rate has died.
        (True, {"schedule": ss.Exponential(0.1, 0.1), "rates": [0.1, 1e-4]}),
        (False, {"schedule": ss.Exponential(0.1, 0.1), "rates": [0.1, 1.1e-4]}),
        # A square has not all of its digits.
        (True, {"steep": 1e-320}),
    ],
)
def test_when_a_run_may_do_anything_but_crawl(monkeypatch, left, facts):
    assert tell(monkeypatch, CRAWLING, **facts).open is left


def test_what_came_back_is_large_beside_the_start(monkeypatch):
    """In the last window the error is a hundred times that of an earlier one, and not above the first."""
    fun = np.concatenate([[100.0], np.full(8, 0.5), np.linspace(90, 89, 4), np.linspace(88, 84, 4)])
    assert tell(monkeypatch, CRAWLING, fun=fun).open
    low = ss.Quadratic([2.0], start=[9.0])  # from 81
    assert not tell(monkeypatch, CRAWLING, fun=fun, problem=low).open


def test_what_rounding_hides_is_a_share_of_the_last_window(monkeypatch):
    """A loss of 1e20 in the one before hides none of the fall that follows."""
    fun = 100.0 - np.arange(STEPS + 1)
    fun[10] = 1e20
    assert not tell(monkeypatch, CRAWLING, fun=fun).open


def test_what_rounding_hides_at_the_end_may_make_a_run_settled(monkeypatch):
    """Of values of 2^30 it hides 16 eps 2^30 = 2^-18, which is 32 of their last places."""
    high = ss.Quadratic([2.0], minimizer=[0.0], minimum_value=2.0**30, start=[10.0])
    for last, left in ((2.0**-19, True), (2.0**-17, False)):
        value = 2.0**30 + last
        fun = np.linspace(2.0**30 + 100, value, 17)
        assert tell(monkeypatch, CRAWLING | {"value": value}, problem=high, fun=fun).open is left
        lost = LOST | {"value": value + 200}
        assert tell(monkeypatch, lost, problem=high, fun=fun).open is False
    # Where something is asked for in units of the loss, rounding has no say.
    facts = {"problem": high, "fun": np.linspace(2.0**30 + 100, 2.0**30 + 2.0**-19, 17), "atol": 2.0**-30}
    assert not tell(monkeypatch, CRAWLING | {"value": 2.0**30 + 2.0**-19}, **facts).open


@pytest.mark.parametrize(
    ("settings", "limit"), [({}, 1e-6), ({"tol": 1e-3}, 0.1), ({"atol": 0.25}, 0.25), ({"tol": 0.0}, 0.0)]
)
def test_the_loop_is_asked_about_the_tolerance(monkeypatch, settings, limit):
    runs, steps, limits, room = tell(monkeypatch, {}, **settings).asked
    assert isinstance(runs, Lockstep)
    assert (steps, limits.tolist()) == (STEPS, pytest.approx([limit, limit], rel=1e-12))
    assert isinstance(room, Room)
    mine = Room()
    assert tell(monkeypatch, {}, room=mine).asked[3] is mine
    high = ss.Quadratic([2.0], minimizer=[0.0], minimum_value=-(2.0**30), start=[10.0])
    assert tell(monkeypatch, {"value": 1.0 - 2.0**30}, problem=high).asked[2][0] == 2.0**-18
