"""When an error is small to stay: sequences in closed form, whose answer can be counted by hand."""

import numpy as np
import pytest

import stepsize as ss
from optim import settled_at
from stepsize.core.rounding import gradient_floor, slope_floor, value_floor


class Bare:
    minimum = None


class TestSettledAt:
    def test_a_falling_error_has_settled_with_its_first_point_below(self):
        assert settled_at(0.5 ** np.arange(20), 0.5**19) == 19

    def test_at_the_tolerance_is_settled_and_above_it_is_not(self):
        assert settled_at(np.array([4.0, 1.0, 1.0]), 1.0) == 1
        assert settled_at(np.array([4.0, 1.0, 1.0]), np.nextafter(1.0, 0.0)) is None

    def test_a_start_that_is_solved_settles_at_once(self):
        assert settled_at(np.zeros(4), 0.0) == 0

    @pytest.mark.parametrize(("stay", "settled"), [(1, None), (5, None), (6, 11), (9, 11)])
    def test_after_a_dip_of_three_it_must_stay_for_six(self, stay, settled):
        """Six times 5, then 0.2, 0.2, 0.2 (a dip of three rows below the later peak 2), 2, 2, then below."""
        error = np.array([5.0] * 6 + [0.2] * 3 + [2.0] * 2 + [0.9] * stay)
        assert settled_at(error, 1.0) == settled

    def test_a_dip_in_the_first_half_is_forgotten(self):
        error = np.array([5.0, 0.2, 0.2, 0.2, 4.0, *[3.0] * 8, 0.9])
        assert settled_at(error, 1.0) == 13
        assert settled_at(error[[0, 1, 2, 3, 4, 13]], 1.0) is None

    @pytest.mark.parametrize(
        ("fall", "last", "settled"), [(100.0, 1.0, 3), (101.0, 1.0, None), (101.0, 0.0, 3)]
    )
    def test_a_fall_of_more_than_a_hundredfold_at_the_end_must_reach_0(self, fall, last, settled):
        assert settled_at(np.array([fall**3, fall**2, fall, last]), 1.0) == settled

    def test_a_fall_out_of_a_plateau_is_confirmed_by_a_second_point(self):
        assert settled_at(np.array([50.0, 50.0, 50.0, 0.9]), 1.0) is None
        assert settled_at(np.array([50.0, 50.0, 50.0, 0.9, 0.9]), 1.0) == 3
        assert settled_at(np.array([9.0, 9.0, 9.0, 0.9]), 1.0) == 3, "less than tenfold is no fall"

    def test_one_more_point_confirms_a_sudden_fall(self):
        assert settled_at(np.array([1e9, 1e9, 0.5, 0.5]), 1.0) == 2

    def test_on_its_way_through_the_minimum_it_has_not_settled(self):
        """The gap of x = 10 - k/2 on x^2 is a parabola in k, at most 1 for 18 <= k <= 22 only."""
        error = (10 - np.arange(41) / 2.0) ** 2
        inside = np.flatnonzero(error <= 1.0)
        for end in inside:
            assert settled_at(error[: end + 1], 1.0) is None, end

    def test_a_geometric_fall_is_no_flight_whatever_its_factor(self):
        for factor in (0.02, 0.1, 0.5, 0.9, 0.99):
            error = factor ** np.arange(2000.0)
            first = int(np.flatnonzero(error <= 1e-8)[0])
            assert settled_at(error[: first + 1], 1e-8) == first

    def test_each_run_of_a_batch_has_its_own_tolerance(self):
        error = np.array([[4.0, 4.0, 4.0], [1.0, 1.0, np.nan], [0.5, 0.5, 0.5]])
        got = settled_at(error, np.array([1.0, 0.5, 9.0]))
        assert got.tolist() == [1.0, 2.0, 2.0]

    def test_batches_are_judged_as_single_runs_are(self):
        rng = np.random.default_rng(0)
        error = np.exp(np.cumsum(rng.normal(-0.05, 0.5, (60, 200)), axis=0))
        got = settled_at(error, 0.3)
        for column, one in zip(error.T, got, strict=True):
            alone = settled_at(column, 0.3)
            assert np.isnan(one) if alone is None else one == alone
        assert 0 < np.isnan(got).sum() < 200


class TestTolerance:
    """x = 8 / 2^k on x^2 / 2: the gap is 32 / 4^k, the gradient norm 8 / 2^k."""

    def test_it_is_a_share_of_the_gap_at_the_start(self):
        run = ss.minimize(ss.Parabola(curvature=1.0, start=8.0), ss.SGD(lr=0.5), steps=30)
        assert run.settled(1 / 4**5) == 5
        assert run.settled(atol=32 / 4**7) == 7

    def test_without_a_minimum_it_is_a_share_of_the_gradient_norm(self):
        own = ss.Problem.of(lambda x: 0.5 * (x * x).sum(), lambda x: x, x0=[8.0])
        run = ss.minimize(own, ss.SGD(lr=0.5), steps=30)
        assert run.settled(1 / 2**5) == 5
        assert run.settled(atol=8 / 2**7) == 7

    def test_rounding_is_the_tolerance_where_it_hides_more(self):
        """1e9 + x^2 / 2 cannot be told from 1e9 below 16 eps 1e9 = 3.6e-6: 32 / 4^k is from k = 12."""
        high = ss.Problem.of(lambda x: 1e9 + 0.5 * (x * x).sum(), lambda x: x, x0=[8.0], minimum=1e9)
        run = ss.minimize(high, ss.SGD(lr=0.5), steps=30)
        found = ss.diagnose(run)
        assert found.at_rounding
        assert found.tolerance == pytest.approx(16 * 2.0**-52 * 1e9, rel=1e-6)
        assert found.settled == 12
        assert "rounding" in found.reason

    def test_an_absolute_tolerance_knows_no_floor(self):
        high = ss.Problem.of(lambda x: 1e9 + 0.5 * (x * x).sum(), lambda x: x, x0=[8.0], minimum=1e9)
        found = ss.diagnose(ss.minimize(high, ss.SGD(lr=0.5), steps=30), atol=1e-9)
        assert not found.at_rounding
        assert found.tolerance == 1e-9
        assert found.tol is None

    @pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf"), "small", None])
    def test_what_is_no_tolerance_is_refused_by_name(self, bad):
        run = ss.minimize(ss.Parabola(), ss.SGD(lr=0.5), steps=3)
        with pytest.raises((ValueError, TypeError), match=r"^tol: got"):
            ss.diagnose(run, tol=bad)


class TestRounding:
    def test_values_are_rounded_at_a_few_eps_of_the_largest_of_them(self):
        assert value_floor(Bare(), np.array([1.0, -3.0, np.inf, np.nan]), 0.5) == 16 * 0.5 * 3.0

    def test_what_was_summed_counts_although_nobody_sees_it(self):
        thing = Bare()
        thing.summed = 100.0
        assert value_floor(thing, np.array([1.0]), 0.5) == 16 * 0.5 * 100.0

    def test_differences_are_good_to_the_root_of_eps(self):
        assert gradient_floor(2.0, 0.25) == 16 * 0.25 * 2.0
        assert gradient_floor(2.0, 0.25, exact=False) == 16 * 0.5 * 2.0

    def test_the_slope_at_the_end_of_a_step(self):
        assert slope_floor(2.0, 3.0, 5.0, 7.0, 11.0, 0.5) == 4 * 0.5 * (2 * (5 + 7) + 3 * 11)

    @pytest.mark.parametrize("offset", [0.0, 1e3, -1e6])
    @pytest.mark.parametrize("dim", [2, 5])
    def test_a_line_search_that_is_exact_never_overshoots(self, offset, dim):
        """The end of an exact search is where the slope is 0: what is positive there is rounding."""
        rng = np.random.default_rng(dim)
        H = np.diag(np.geomspace(1, 1000, dim))
        bowl = ss.Quadratic(H, minimizer=np.full(dim, offset), start=offset + rng.normal(size=dim))
        for search in (ss.ExactQuadratic(), ss.ExactSearch()):
            assert ss.minimize(bowl, ss.SGD(lr=search), steps=60).overshoot_share == 0.0

    @pytest.mark.parametrize("factor", [1e-30, 1.0, 1e30])
    def test_a_real_overshoot_counts_however_small_the_loss(self, factor):
        """Gradient descent overshoots on x^2 / 2 exactly where lr > 1, down to the smallest x."""
        bowl = ss.Quadratic([factor], start=[1.0])
        run = ss.minimize(bowl, ss.SGD(lr=1.5 / factor), steps=200)
        assert run.overshoot_share == 1.0
        assert ss.minimize(bowl, ss.SGD(lr=0.9 / factor), steps=200).overshoot_share == 0.0
