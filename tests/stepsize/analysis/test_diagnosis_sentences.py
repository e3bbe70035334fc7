"""Each sentence of a diagnosis, whole, and each number in it at the place where it changes."""

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pytest

import stepsize as ss
from stepsize.analysis.diagnosis import (
    _factor,
    _pace,
    _percent,
    _reason,
    _share_of_start,
)
from stepsize.analysis.verdicts import classify
from tests.stepsize.analysis.traces_by_hand import traces

n = np.arange(21)


def sentence(verdict, fun, *, tol=1e-8, atol=None, found=(), run=(), **facts):
    """Return what is said of a run with this verdict; what is found otherwise follows from its course."""
    course = traces(fun, **facts)
    told = dataclasses.replace(classify(course), **{k: np.array([v]) for k, v in dict(found).items()})
    plain = {"nit": len(fun) - 1, "measure": "gap", "diverged": False, "failure": None, "message": ""}
    whole = SimpleNamespace(**plain | {"optimizer": SimpleNamespace(lr=0.1)} | dict(run))
    return _reason(whole, verdict, course, told, tol, atol)


class TestSettled:
    def test_it_says_from_when_on(self):
        assert (
            sentence("settled", 4.0 * 0.1**n, tolerance=np.array([4e-8]), found={"settled": 8})
            == "the gap is at most 1e-08 of the start's from update 8 on"
        )

    @pytest.mark.parametrize(
        ("tolerance", "bound"),
        [(3e-8, "1e-08 of the start's"), (4e-8, "1e-08 of the start's"), (4.1e-8, "what rounding hides")],
    )
    def test_a_tolerance_above_what_was_asked_for_is_that_of_rounding(self, tolerance, bound):
        said = sentence("settled", 4.0 * 0.1**n, tolerance=np.array([tolerance]), found={"settled": 8})
        assert said == f"the gap is at most {bound} from update 8 on"

    def test_an_absolute_tolerance_is_a_plain_number(self):
        said = sentence("settled", 4.0 * 0.1**n, atol=0.25, tolerance=np.array([0.25]), found={"settled": 2})
        assert said == "the gap is at most 0.25 from update 2 on"

    def test_a_crossing_and_a_ringing_say_how_often(self):
        facts = {"tolerance": np.array([4e-8]), "found": {"settled": 8, "overshoot": 0.256, "uphill": 0.144}}
        assert sentence("settled, crossing", 4.0 * 0.1**n, **facts) == (
            "the gap is at most 1e-08 of the start's from update 8 on, although 26 % of the updates until "
            "then passed the lowest point of their line"
        )
        assert sentence("settled, ringing", 4.0 * 0.1**n, **facts) == (
            "the gap is at most 1e-08 of the start's from update 8 on, but 14 % of the updates until then "
            "went uphill"
        )


class TestEnds:
    def test_a_run_that_left_the_finite_numbers(self):
        gone = {"run": {"diverged": True, "nit": 7}}
        assert (
            sentence("diverged", 2.0**n, **gone)
            == "loss or gradient became inf or nan after 7 updates; a smaller rate may help"
        )
        assert (
            sentence("falling without end", -(2.0**n), **gone)
            == "the loss fell until it overflowed, after 7 updates: it has no minimum in sight"
        )

    def test_a_run_that_has_not_left_them_yet(self):
        assert sentence("diverged", 4.0 * 1.04**n, found={"factor": 1.04}) == (
            "the gap is diverging: it grows by a factor of 1.04 an update, and ends at 2.2 of the start's; "
            "a smaller rate may help"
        )
        assert sentence("falling without end", -1.0 * n) == (
            "the loss falls at every late update and the gradient does not shrink: there is no minimum in "
            "sight, as where the loss has no lower bound"
        )

    def test_the_end_is_told_beside_the_start_and_not_the_second_point(self):
        assert sentence("still crawling", [8.0, 2.0, 4.0], found={"factor": 0.5}) == (
            "the gap is 0.5 of the start's and still falling, by 50 % an update"
        )

    def test_what_failed_is_named_before_anything_else(self):
        broken = {"failure": "fun", "message": "failed: fun gave nan at a finite point; it ends here"}
        assert (
            sentence("failed", 0.5**n, run=broken)
            == "fun gave nan at a finite point; try check_gradient at the last point"
        )
        assert sentence("failed", 0.5**n, failures=("too many trials",)) == (
            "the line searches found no step that moves x (the last ended as 'too many trials'), as with a "
            "gradient that does not belong to the function; try check_gradient"
        )

    @pytest.mark.parametrize(
        ("last", "known", "refuted"), [(-0.5, True, True), (-0.5, False, False), (0.0, True, False)]
    )
    def test_only_an_end_below_a_stated_minimum_refutes_it(self, last, known, refuted):
        said = sentence("failed", np.append(np.ones(20), last), known=known)
        assert said == (
            "the loss ends below the minimum that the problem states, which therefore is none"
            if refuted
            else "the loss rises at most updates although the gradient says that it falls, so the gradient "
            "does not belong to the function; try check_gradient"
        )

    @pytest.mark.parametrize("k", [1, 19])
    def test_a_run_that_was_below_on_its_way_has_refuted_nothing(self, k):
        error = np.ones(21)
        error[k] = -0.5
        assert sentence("failed", error).startswith("the loss rises at most updates")


class TestFrozen:
    fun = np.append(4.0, np.full(20, 1.0))
    rate = np.append(2.0, np.full(18, 0.5)).tolist()

    @pytest.mark.parametrize(
        ("last", "rate"),
        [(2e-4, "the rate that is left is 1.0e-04 of the largest"), (0.0, "the rate has fallen to 0")],
    )
    @pytest.mark.parametrize(
        ("lr", "advice"),
        [
            (lambda _: 0.1, ", a slower decay can"),
            (ss.Exponential(0.1, 1.0), ", a slower decay can"),
            (ss.Plateau(0.1), ""),
        ],
    )
    def test_it_says_what_is_left_of_the_rate_and_what_can_help(self, last, rate, lr, advice):
        said = sentence(
            "frozen", self.fun, rate=[*self.rate, last], run={"optimizer": SimpleNamespace(lr=lr)}
        )
        assert said == f"{rate}, and the gap stays at 0.25 of the start's: more updates cannot help{advice}"


class TestStuck:
    fun = np.append(4.0, np.full(20, 1.0))

    @pytest.mark.parametrize(
        ("slope", "rate", "why"),
        [
            (0.0, 0.5, "the gradient is 0 there"),
            (0.0, 0.0, "the gradient is 0 there, the rate is 0"),
            (1.0, 0.5, "the updates no longer change x"),
            (1.0, 0.0, "the updates no longer change x, the rate is 0"),
        ],
    )
    def test_where_x_stands_still(self, slope, rate, why):
        """What is other before the end (slopes of 2, rates of 0 or 1) says nothing of the end."""
        for other in (0.0, 1.0):
            said = sentence(
                "stuck above the minimum",
                self.fun,
                grad_norm=[*[2.0 * other] * 20, slope],
                step_norm=[*[1.0] * 19, 1e-15],
                rate=[*[other] * 19, rate],
            )
            assert said == f"the gap stays at 0.25 of the start's: {why}"

    @pytest.mark.parametrize(("last", "still"), [(1e-15, True), (1.1e-15, False)])
    def test_a_step_as_small_as_rounding_is_none(self, last, still):
        for other in (0.0, 1.0):
            moves = [*[other] * 19, last]
            said = sentence("stuck above the minimum", self.fun, step_norm=moves)
            assert ("no longer change x" in said) == still

    @pytest.mark.parametrize(("last", "vanished"), [(1.9e-3, True), (2.0e-3, True), (2.1e-3, False)])
    def test_a_gradient_of_a_thousandth_has_vanished(self, last, vanished):
        for other in (1e-9, 5.0):
            slopes = [2.0, *[other] * 19, last]
            said = sentence("stuck above the minimum", self.fun, grad_norm=slopes)
            assert said == (
                f"the gap stays at 0.25 of the start's, where the gradient norm is {last / 2:.2g} of the "
                "start's: another minimum, a saddle or a plateau"
                if vanished
                else "the gap stays at 0.25 of the start's: the loss no longer falls beyond rounding"
            )


class TestBouncing:
    @pytest.mark.parametrize(
        ("late", "where"),
        [
            ([1.0] * 5, "stopped falling, at 0.25 of the start's"),
            ([1.0, 2.0, 1.0, 2.0, 1.0], "stopped falling, between 0.25 and 0.5 of the start's"),
            ([1.0, 2.0, 1.0, 2.0, math.inf], "stopped falling, between 0.25 and inf"),
        ],
    )
    def test_it_says_between_what_errors(self, late, where):
        """Of 20 updates the last five points are late: what was before them is not told."""
        fun = [4.0, *[3.0] * 15, *late]
        assert sentence("bouncing", fun, found={"crosses": 0.256, "climbs": 0.5}) == (
            f"the gap {where}: of the late updates 26 % overshoot, 50 % go uphill"
        )

    @pytest.mark.parametrize(("least", "back"), [(0.1, False), (0.0999, True), (0.0, True)])
    def test_from_ten_times_the_least_error_it_has_come_back_up(self, least, back):
        fun = [4.0, least, *[3.0] * 14, *[1.0, 2.0, 1.0, 2.0, 1.0]]
        said = sentence("bouncing", fun, found={"crosses": 1.0, "climbs": 0.0})
        assert said == (
            f"the gap came back up, to 0.5 of the start's, from {least / 4:.2g} of the start's: of the late "
            "updates 100 % overshoot, 0 % go uphill"
            if back
            else "the gap stopped falling, between 0.25 and 0.5 of the start's: of the late updates 100 % "
            "overshoot, 0 % go uphill"
        )


class TestCrawling:
    def test_without_an_update_nothing_was_done(self):
        assert sentence("still crawling", [1.0]) == "no update was made"
        assert sentence("still crawling", [1.0, 0.5], found={"factor": 0.5}) == (
            "the gap is 0.5 of the start's and still falling, by 50 % an update"
        )

    @pytest.mark.parametrize(
        ("updates", "place", "late"),
        [(20, 5, True), (20, 6, False), (3, 1, True), (3, 2, False), (24, 6, True)],
    )
    def test_the_last_quarter_is_late(self, updates, place, late):
        """A peak that many points from the end, the last of which is a dip below it."""
        error = np.ones(updates + 1)
        error[0], error[-place] = 100.0, 50.0
        if place > 1:
            said = sentence("still crawling", error, found={"factor": 0.5})
            where = (
                "in the last quarter up to 0.5 of the start's, is" if late else "is 0.01 of the start's and"
            )
            assert said == f"the gap{',' if late else ''} {where} still falling, by 50 % an update"

    @pytest.mark.parametrize(("top", "dips"), [(9.9, False), (10.0, False), (10.1, True)])
    def test_a_last_point_of_less_than_a_tenth_is_a_dip(self, top, dips):
        for other in (top, 1.0):
            error = np.array([100.0, *[20.0] * 15, 2.0, top, 2.0, other, 1.0])
            said = sentence("still crawling", error, found={"factor": 1.0})
            start = f"the gap, in the last quarter up to {top / 100:.2g} of the start's, is"
            assert said == (
                f"{start if dips else 'the gap is 0.01 of the start' + chr(39) + 's and'} not falling yet, "
                "but the loss is"
            )


@pytest.mark.parametrize(
    ("factor", "pace"),
    [
        (0.25, "still falling, by 75 % an update"),
        (0.9998, "still falling, by 0.02 % an update"),
        (1 - 1.01e-5, "still falling, by 0.001 % an update"),
        (1 - 0.99e-5, "still falling, by less than 0.001 % an update"),
        (1 - 1e-12, "still falling, by less than 0.001 % an update"),
        (1.0, "not falling yet: too early to tell where it goes"),
        (1.5, "not falling yet: too early to tell where it goes"),
        (math.nan, "not falling yet: too early to tell where it goes"),
    ],
)
def test_how_fast_an_error_falls(factor, pace):
    assert _pace(traces(np.ones(21)), factor) == pace


@pytest.mark.parametrize(
    ("loss", "falls"),
    [
        ([1.0], False),
        ([2.0, 1.0], True),
        ([1.0, 1.0], False),
        # Of 20 updates the last five points, beside the five before them; of three the last one.
        ([*[0.0] * 11, 2.0, *[0.0] * 4, *[1.0] * 5], True),
        ([*[0.0] * 11, 0.0, *[0.0] * 4, *[1.0] * 5], False),
        ([*[0.0] * 10, 2.0, *[0.0] * 5, *[1.0] * 5], False),
        ([*[0.0] * 15, 2.0, *[1.0] * 5], True),
        ([*[0.0] * 15, 2.0, 3.0, *[1.0] * 4], False),
        ([*[0.0] * 14, 2.0, 2.0, 2.0, *[1.0] * 4], False),
        ([9.0, 9.0, 2.0, 1.0], True),
        ([9.0, 9.0, 1.0, 2.0], False),
        # Of 21 and 22 updates they are still five, of 23 too.
        ([*[0.0] * 12, 2.0, *[0.0] * 4, *[1.0] * 5], True),
        ([*[0.0] * 11, 2.0, *[0.0] * 5, *[1.0] * 5], False),
        ([*[0.0] * 13, 2.0, *[0.0] * 5, *[1.0] * 5], False),
    ],
)
def test_the_loss_may_fall_although_the_error_does_not_yet(loss, falls):
    said = _pace(traces(loss), 1.0)
    assert said == (
        "not falling yet, but the loss is" if falls else "not falling yet: too early to tell where it goes"
    )


@pytest.mark.parametrize(
    ("factor", "text"),
    [
        (1.0, "1"),
        (2.0, "2"),
        (3.0, "3"),
        (10.0, "10"),
        (100.0, "100"),
        (1.256, "1.26"),
        (1.1, "1.1"),
        (1.0951, "1.095"),
        (1.04, "1.04"),
        (1.00456, "1.0046"),
        (1.0004, "1.0004"),
        (0.5, "0.5"),
    ],
)
def test_a_factor_has_as_many_digits_as_tell_it_from_one(factor, text):
    assert _factor(factor) == text


def test_shares_are_told_where_there_is_a_start():
    assert _share_of_start(1.0, 4.0) == "0.25 of the start's"
    assert _share_of_start(1.0, 1.0) == "1 of the start's"
    assert _share_of_start(3.0, 0.0) == "3"
    assert _share_of_start(math.inf, 4.0) == "inf"
    assert [_percent(share) for share in (0.0, 0.256, 0.75, 1.0)] == ["0 %", "26 %", "75 %", "100 %"]


@pytest.mark.parametrize("every", [2, 7, 20])
def test_what_is_known_at_some_points_alone_is_said_of_the_stretches_between_them(every):
    noisy = ss.MiniBatch(ss.BreastCancer(), 10)
    whole = ss.diagnose(ss.minimize(noisy, ss.SGD(lr=1.0), steps=2000))
    run = ss.minimize(noisy, ss.SGD(lr=1.0), steps=2000, every=every)
    found = ss.diagnose(run)
    assert whole.verdict == found.verdict == "bouncing"
    assert (whole.known_every, found.known_every) == (1, every)
    assert "stretches" not in whole.reason
    # The losses at the points that were kept, one after the other.
    kept = np.diff(run.loss[run.history.n]) > 0
    late = run.history.n[1:] > 1000
    told = (
        f"of the stretches of {every} updates between points that were kept {100 * kept[late].mean():.0f} %"
    )
    assert told in found.reason
    assert f"overshoot, and of the stretches of {every} updates" in found.reason
    assert found.uphill == kept.mean()
    assert found.overshoot == run.history.overshoot.mean() == whole.overshoot
    assert f"{kept.mean():.0%} of the stretches of {every} updates" in found._repr_html_()


def test_where_the_loss_is_exact_every_update_is_judged_however_few_points_are_kept():
    runs = [ss.minimize(ss.Quadratic(), ss.SGD(lr=0.0999), steps=400, every=every) for every in (1, 50)]
    one, other = map(ss.diagnose, runs)
    assert one == other
    assert other.known_every == 1


def test_a_few_known_losses_make_no_noise():
    """Of 400 updates with one point in 40 the later half has five losses, and Kendall's test takes eight."""
    noisy = ss.AdditiveNoise(ss.Quadratic([1, 2]), 1e-9)
    for every, verdict in (
        (2, "bouncing"),
        (20, "bouncing"),
        (40, "still crawling"),
        (400, "still crawling"),
    ):
        assert ss.diagnose(ss.minimize(noisy, ss.SGD(lr=0.9), steps=400, every=every)).verdict == verdict


def test_a_settled_run_of_few_points_says_which_they_are():
    noisy = ss.AdditiveNoise(ss.Quadratic([1, 2]), 1e-9)
    found = ss.diagnose(ss.minimize(noisy, ss.SGD(lr=0.4), steps=200, every=10), tol=0.05)
    assert found.verdict.startswith("settled")
    assert "from update 20 on, at the points that were kept, one in 10" in found.reason


def test_every_second_point_is_few_enough_to_be_named():
    noisy = ss.AdditiveNoise(ss.Quadratic([1, 2]), 1e-9)
    found = ss.diagnose(ss.minimize(noisy, ss.SGD(lr=0.4), steps=200, every=2), tol=0.5)
    assert found.verdict.startswith("settled")
    assert ", at the points that were kept, one in 2" in found.reason
