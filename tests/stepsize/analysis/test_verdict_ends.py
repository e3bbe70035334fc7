"""What is counted of a run, and the verdicts that its end decides, each limit from both sides."""

from dataclasses import fields, replace

import numpy as np
import pytest

from schedules import Linear, Repeat
from stepsize.analysis.verdicts import _climbs, _factor, _late_share, _share_until, classify
from tests.stepsize.analysis.traces_by_hand import among, column, filled, traces, windows, word

# --- windows


def test_a_window_is_a_quarter_of_the_updates():
    sizes = {1: 1, 3: 1, 4: 1, 7: 1, 8: 2, 99: 24, 100: 25, 102: 25, 103: 25, 104: 26}
    for updates, size in sizes.items():
        assert windows(np.arange(updates + 1.0))[1].size == size


def test_the_windows_are_the_last_rows():
    _, w = windows(np.arange(101.0), grad_norm=-np.arange(101.0), step_norm=np.arange(1, 101.0))
    assert [(part[0, 0], part[-1, 0]) for part in w.loss] == [(76, 100), (51, 75), (26, 50)]
    assert [top[0] for top in w.norm_tops] == [-76, -51]
    assert w.late(among(column(np.arange(101))))[:, 0].tolist() == list(range(51, 101))
    _, w = windows(np.arange(104.0))
    assert [(part[0, 0], part[-1, 0]) for part in w.loss] == [(79, 103), (54, 78), (29, 53)]
    assert w.late(among(column(np.arange(104))))[0, 0] == 54


def test_where_there_are_no_more_windows_the_first_row_stands_for_them():
    _, w = windows([3.0, 7.0])
    assert [part[:, 0].tolist() for part in w.loss] == [[7.0], [3.0], [3.0]]
    _, w = windows([3.0, 7.0, 8.0])
    assert [part[:, 0].tolist() for part in w.loss] == [[8.0], [7.0], [3.0]]


def test_envelope_and_swing_of_the_last_two_windows():
    """Between 2 and 9 in the last window, 1 and 6 in the one before, -5 and 20 before that."""
    fun = filled((50, 1), (0, 25), (20, 12), (-5, 13), (6, 12), (1, 13), (2, 12), (9, 13))
    _, w = windows(fun)
    assert (w.lowest[0], w.fall[0], w.swing[0], w.start[0]) == (1, 6 - 9, 9 - 1, 50)
    _, w = windows(filled((50, 1), (0, 25), (20, 25), (6, 12), (3, 13), (2, 12), (9, 13)))
    assert (w.lowest[0], w.swing[0]) == (2, 9 - 2)


# --- what is settled, failed, diverged


def one(fun, **facts):
    return classify(traces(fun, **facts))


def test_the_best_error_is_the_least_until_the_end_of_the_run():
    assert one([4.0, 2.0, 3.0]).best_error.tolist() == [2.0]
    assert one([4.0, 3.0, 2.0]).best_error.tolist() == [2.0]
    cut = one([4.0, 3.0, 1.0], nit=np.array([1]), diverged=np.array([True]))
    assert cut.best_error.tolist() == [3.0]
    assert cut.error.tolist() == [np.inf]
    assert one([4.0, 3.0, 2.0]).error.tolist() == [2.0]
    assert one([4.0, 3.0, 2.0]).error.dtype == cut.error.dtype == float


def test_what_left_the_finite_numbers_has_not_settled():
    fun = 10.0 ** -np.arange(12.0)
    assert one(fun).settled.tolist() == [8.0]
    gone = one(fun, diverged=np.array([True]))
    assert np.isnan(gone.settled).all()


def test_a_sudden_fall_has_arrived_where_rounding_can_tell_no_more():
    fun = filled((1e3, 100), (1e-9, 1))
    assert word(fun) == "still crawling"
    assert word(fun, nothing=np.array([1e-9])) == "settled"


def test_a_run_that_its_tolerance_ended_keeps_the_update_of_its_arrival():
    fun = filled((1.0, 3), (1e-8, 8))
    assert one(fun, stopped=True).settled.tolist() == [3.0]
    late = [1.0, 0.5, 1.0, 0.5, 1.0, 1e-8]
    assert np.isnan(one(late).settled).all()
    assert one(late, stopped=True).settled.tolist() == [5.0]
    assert np.isnan(one(late, stopped=True, tolerance=np.array([0.9e-8])).settled).all()


def test_shares_are_counted_until_the_run_settled_or_to_its_end():
    first = np.array([True, False, False, False])
    assert one([1.0, 1e-9, 1e-9, 1e-9, 1e-9], overshoot=first).overshoot.tolist() == [1.0]
    assert one([1e-9] * 5, overshoot=first).overshoot.tolist() == [1.0], "settled at the start: one update"
    assert one([1.0, 0.9, 0.8, 0.7, 0.6], overshoot=first).overshoot.tolist() == [0.25]
    assert one([1.0, 0.9, 0.8, 0.7, 0.6], overshoot=~first).crosses.tolist() == [1.0]
    assert one([1.0, 2.0, 0.8, 0.7, 0.6]).uphill.tolist() == [0.25]
    assert one([1.0]).overshoot.tolist() == one([1.0]).crosses.tolist() == [0.0]
    flags = column([1, 0, 1, 1]).astype(bool)
    assert [float(_share_until(flags, np.array([k]))[0]) for k in range(5)] == [0, 1, 0.5, 2 / 3, 0.75]
    assert _late_share(column([1, 1, 0, 1, 0, 0, 0, 1]).astype(bool)).tolist() == [0.25]
    assert _late_share(column([1]).astype(bool)).tolist() == [1.0]


def test_shares_are_of_the_updates_after_which_the_loss_is_known():
    """Of ten the third, sixth, ninth and last; of the later half the sixth, ninth and last."""
    flags = column([0, 0, 1, 0, 0, 1, 0, 0, 0, 0]).astype(bool)
    assert _late_share(flags, 3).tolist() == [pytest.approx(1 / 3)]
    shares = [float(_share_until(flags, np.array([k]), 3)[0]) for k in (3, 5, 6, 9, 10)]
    assert shares == [1.0, 1.0, 1.0, pytest.approx(2 / 3), 0.5]
    assert float(_share_until(flags, np.array([1]), 3)[0]) == 0.0
    fun = [9.0, 9.0, 9.0, 10.0, 10.0, 10.0, 11.0, 11.0, 11.0, 8.0, 7.0]
    for every, late, all_of_them in ((3, 1 / 3, 0.5), (1, 0.2, 0.2)):
        found = one(fun, known_every=every, exact=False, noisy=True)
        assert (found.climbs[0], found.uphill[0]) == (pytest.approx(late), pytest.approx(all_of_them))


def test_who_refutes_the_minimum_has_not_settled():
    below = one(filled((100.0, 3), (-1.001, 7)))
    assert np.isnan(below.settled).tolist() == [True]
    assert one(filled((100.0, 3), (-1.0, 7))).settled.tolist() == [3.0]
    assert word([1.0]) == "still crawling"


@pytest.mark.parametrize(
    ("fun", "norm", "minimum", "verdict"),
    [
        ([5.0, 4.0, 3.0], [1.0, 1.0, 1.0], -1.0, "diverged"),  # above the minimum
        ([5.0, 4.0, 0.0], [1.0, 1.0, 1.0], 0.0, "falling without end"),
        ([5.0, 4.0, 3.0], [1.0, 1.0, 1.0], np.nan, "falling without end"),
        ([5.0, 4.0, 3.0], [1.0, 1.0, 0.9], np.nan, "diverged"),  # the gradient was larger
        ([5.0, 2.0, 3.0], [1.0, 1.0, 1.0], np.nan, "diverged"),  # the loss was lower
        ([5.0, 5.0, 5.0], [1.0, 1.0, 1.0], np.nan, "diverged"),  # the loss has not fallen
        ([5.0, 6.0, 5.0], [1.0, 1.0, 1.0], np.nan, "diverged"),
    ],
)
def test_what_overflows_on_its_way_down_has_fallen_to_its_lowest(fun, norm, minimum, verdict):
    facts = {"diverged": np.array([True]), "grad_norm": norm, "minimum": minimum, "exact": False}
    assert word(fun, **facts) == verdict
    # What follows the end is not looked at.
    cut = {"nit": np.array([2]), **facts, "grad_norm": [*norm, 0.0]}
    assert word([*fun, -9.0], **cut) == verdict


@pytest.mark.parametrize(
    ("climbs", "falls", "failed"), [(1, 0, False), (2, 0, True), (2, 2, True), (2, 3, False), (4, 5, False)]
)
def test_half_of_the_updates_that_change_the_loss_must_climb_and_two_at_least(climbs, falls, failed):
    """One up and one down by turns, then the rest, then none."""
    steps = [step for pair in zip([1.0] * climbs, [-1.0] * climbs, strict=True) for step in pair]
    steps = steps[: climbs + min(climbs, falls)] if falls else [1.0] * climbs
    steps += [-1.0] * (falls - steps.count(-1.0))
    fun = 10 + np.concatenate([[0.0], np.cumsum(steps), np.full(60, sum(steps))])
    assert (word(fun) == "failed") == failed
    assert word(fun, exact=False) != "failed"


def test_two_updates_are_enough_to_contradict():
    assert word([1.0, 2.0, 3.0]) == "failed"
    assert word([1.0, 2.0]) != "failed"
    assert word([1.0, 2.0, 3.0], overshoot=[True, True]) != "failed"


def test_who_has_failed_remains_so_though_few_of_its_updates_contradict():
    fun = np.concatenate([[10.0, 11.0, 10.0, 11.0], np.linspace(10.5, 3.0, 60)])
    assert word(fun) != "failed"
    assert word(fun, failures=("grad",)) == "failed"


@pytest.mark.parametrize(("last", "verdict"), [(-0.9, "settled"), (-1.0, "settled"), (-1.0005, "failed")])
def test_an_end_below_the_minimum_by_a_hundredth_of_the_gap_refutes_it(last, verdict):
    fun = filled((100.0, 3), (last, 7))
    assert word(fun) == verdict
    assert word(fun, known=False) == "settled"


def test_a_climb_is_one_beyond_rounding_at_its_own_size():
    """A share of 1e-15 of a million hides a climb by 1e-10, and of 1 it hides none."""
    fun = np.array([1e6, 1e6 + 5e-10, 1.0, 1.0 + 1e-10, 1.0 + 1e-10])
    assert _climbs(traces(fun)).ravel().tolist() == [False, False, True, False]
    assert _climbs(traces(fun, summed=1e6)).ravel().tolist() == [False] * 4
    assert _climbs(traces([1.0, 2.0, 4.0], rounding=0.5)).ravel().tolist() == [False, False]
    assert _climbs(traces([1.0, 2.1, 1e9], rounding=0.5)).ravel().tolist() == [True, True]


@pytest.mark.parametrize("last", [-1.0, 1.0])
def test_of_losses_below_0_the_lower_end_of_a_climb_is_the_larger(last):
    """Of a million below 0 rounding hides 1e-9; a longer climb it does not hide."""
    fun = [-1e6, -1e6 + 5e-10, -1e6 + 2e-9, -1e6 + 1.5e-9, last]
    assert _climbs(traces(fun)).ravel().tolist() == [False, True, False, True]


# --- the pace


@pytest.mark.parametrize(
    ("error", "factor"),
    [
        ([3.0], 1.0),
        ([4.0, 1.0], 0.25),
        ([9.0, 0.5, 0.25], 0.5),
        ([9.0, 9.0, 0.5, 0.25], 0.5),
        ([9.0, 9.0, 9.0, 0.5, 0.25], 0.5),
        ([9.0, 0.0, 1.0], 1.0),
        ([9.0, 0.0, 0.0], 1.0),
        (filled((9.0, 51), (2.0**25, 25), (1.0, 25)), 0.5),
        (filled((2.0**30, 54), (2.0**25, 25), (1.0, 25)), 0.5),
        (filled((2.0**30, 51), (2.0**25, 1), (1.0, 24), (1.0, 1), (0.5, 24)), 0.5),
        (filled((2.0**30, 51), (1.0, 24), (2.0**25, 1), (1.0, 1), (0.5, 24)), 0.5),
    ],
)
def test_the_factor_is_that_of_the_envelope_an_update(error, factor):
    with np.errstate(all="ignore"):
        assert _factor(among(column(error)))[0] == pytest.approx(factor)


# --- many runs at once


def many(rng, kind):
    """Return a course of a kind: falling, rippling, noisy, at rest, growing, frozen, or gone."""
    k = np.arange(101.0)
    size, factor = 10 ** rng.uniform(-3, 3), 1 - 10 ** rng.uniform(-3, -0.5)
    fun = {
        "falls": factor**k,
        "ripples": factor ** (k * rng.uniform(0, 1)) * (1.01 + np.cos(rng.uniform(0.5, 3) * k)),
        "noise": np.exp(rng.normal(size=101)),
        "rests": 0.5 + 0.8 ** (2 * k),
        "grows": (1 + 0.1 * rng.random()) ** k * (1.5 + np.cos(k)),
        "line": 1 - k,
        "frozen": np.append(np.linspace(2, 1, 51), np.full(50, 1.0)),
        "gone": -(1.5**k),
    }[kind]
    facts = {
        "error": size * (fun if kind not in ("line", "gone") else np.ones(101)),
        "grad_norm": size * (np.ones(101) if kind in ("line", "frozen") else np.sqrt(np.abs(fun))),
        "overshoot": rng.random(100) < rng.choice([0.0, 0.5, 0.95, 1.0]),
        "step_norm": np.where(k[1:] > rng.choice([80, 200]), 0.0, size),
        "rate": size * (0.9 ** k[1:] if kind == "frozen" else np.ones(100)),
        "floor": np.array([1e-15 * size]),
        "tolerance": np.array([size * 10 ** rng.uniform(-9, -3)]),
    }
    if kind == "gone":
        facts |= {"diverged": np.array([True]), "nit": np.array([rng.integers(50, 100)])}
    return traces(size * fun, **facts, minimum=np.nan, noisy=False)


@pytest.mark.parametrize("told", [{}, {"noisy": True, "exact": False}, {"known": False}, {"minimum": 0.0}])
def test_runs_side_by_side_are_judged_as_each_alone(told):
    rng = np.random.default_rng(5)
    kinds = ["falls", "ripples", "noise", "rests", "grows", "line", "frozen", "gone"]
    alone = [replace(many(rng, kind), **told) for kind in kinds * 5]
    together = {
        f.name: np.concatenate([getattr(c, f.name) for c in alone], axis=-1)
        for f in fields(alone[0])
        if isinstance(getattr(alone[0], f.name), np.ndarray)
    }
    found = classify(replace(alone[0], **together, failures=("",) * len(alone)))
    assert len(set(found.verdict.tolist())) >= 5
    for k, course in enumerate(alone):
        each = classify(course)
        for f in fields(found):
            np.testing.assert_array_equal(getattr(found, f.name)[k], getattr(each, f.name)[0], err_msg=f.name)


@pytest.mark.parametrize(("lr", "frozen"), [(0.0225, False), (0.3, True)])
def test_rates_are_summed_one_after_the_other_as_on_the_explorers_page(lr, frozen):
    # The last quarter has one ramp, the one before it two: half of it but for the order of the sum.
    rate = Repeat(body=Linear(lr, 20), period=50).table(300)
    assert (word(0.5 + 0.5 * 0.8 ** np.arange(301.0), rate=rate) == "frozen") is frozen
