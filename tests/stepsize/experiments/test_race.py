"""The words of a race: the rate beside theory and beside the other rates, and the course of the error."""

import importlib
import json
import math
import re
from types import SimpleNamespace

import numpy as np
import pytest

import stepsize as ss
from optim.recorder import history_bytes
from stepsize.cli.main import main
from stepsize.experiments.labels import labels, optimizer_label, rate_label, sparkline, start_label, thinned
from stepsize.experiments.race import theory_of
from stepsize.experiments.rate_labels import _times, rate_words, word_alone

BOWL = ss.Quadratic([1.0, 10.0])
races = importlib.import_module("stepsize.experiments.race")


@pytest.mark.parametrize(
    ("lr", "label"),
    [
        (2 / 11, "0.182 = 2/(L+mu)"),
        (2 / 11 * (1 + 1e-10), "0.182 = 2/(L+mu)"),
        (2 / 11 * (1 - 1e-10), "0.182 = 2/(L+mu)"),
        (2 / 11 * (1 + 1e-8), "0.182"),
        (0.1, "0.1 = 1/L"),
        (0.1 * (1 + 1e-10), "0.1 = 1/L"),
        (0.1 * (1 - 1e-8), "0.1"),
        (0.1 * (1 + 1e-8), "0.1"),
        (0.0999, "0.0999"),
        (0.2, "0.2"),
        (0.2 * (1 + 1e-13), "0.2"),
        (0.2 * (1 + 1e-11), "0.2 > 2/L"),
        (0.21, "0.21 > 2/L"),
        (0.19999, "0.2"),
        (1234.5, "1.23e+03 > 2/L"),
        (0.012345, "0.0123"),
    ],
)
def test_a_rate_is_named_by_the_theory_of_gradient_descent(lr, label):
    """With L = 10, mu = 1: what differs by 1e-10 bears the name, by 1e-8 not; 2/L is told to rounding."""
    assert rate_label(ss.SGD(lr=lr), BOWL) == label


def test_a_rate_is_a_bare_number_where_theory_does_not_name_it():
    assert rate_label(ss.Momentum(lr=0.25), BOWL) == "0.25", "the limit of momentum is another"
    assert rate_label(ss.SGD(lr=0.25), ss.Rosenbrock()) == "0.25", "no L"
    flat = ss.Quadratic([0.0, 10.0])
    assert rate_label(ss.SGD(lr=0.2), flat) == "0.2", "mu = 0: 2/(L+mu) is the limit"
    assert rate_label(ss.SGD(lr=0.1), flat) == "0.1 = 1/L"
    assert rate_label(ss.SGD(lr=0.5), ss.Parabola()) == "0.5 = 2/(L+mu)", (
        "mu = L: the better known of the two"
    )


def test_a_schedule_is_named_by_its_formula_or_its_name_whichever_is_shorter():
    assert rate_label(ss.SGD(lr=ss.Exponential(0.1, 0.1)), BOWL) == "0.1 exp(-0.1 n)"
    assert rate_label(ss.SGD(lr=ss.ExactQuadratic()), BOWL) == "ExactQuadratic()"
    assert rate_label(ss.SGD(lr=lambda _: 0.1), BOWL) == "<lambda>"


def test_an_optimizer_is_named_without_its_rate():
    assert optimizer_label(ss.SGD(lr=0.1)) == "SGD"
    assert optimizer_label(ss.Adam(lr=0.1, beta1=0.8)) == "Adam(beta1=0.8)"
    race = ss.race(BOWL, [ss.SGD(lr=0.1), ss.Adam(beta1=0.8, lr=0.5)], steps=3)
    assert list(labels(race)) == ["SGD 0.1 = 1/L", "Adam(beta1=0.8) 0.5"]


# --- too small, right, too large


def fake(lr, error, verdict="settled"):
    """A run of SGD with these errors, and its diagnosis, as far as the words look at them."""
    run = SimpleNamespace(optimizer=ss.SGD(lr=lr), error=np.asarray(error, float), nit=len(error) - 1)
    return run, SimpleNamespace(verdict=verdict)


def words(*pairs, tolerance=1e-8):
    return rate_words([run for run, _ in pairs], [found for _, found in pairs], tolerance)


def falling(updates, steps=60):
    """Errors that fall evenly by a factor an update and are just below 1e-8 after so many."""
    return (1e-8 * (1 - 1e-6)) ** (np.arange(steps + 1) / updates)


def test_the_updates_are_counted_to_the_error_that_is_asked_for():
    """The gap of x^2 is (1 - 2 lr)^2n of the start's: from 1 to 1e-8 in 88 updates with 0.05, 19 with 0.2."""
    bowl = ss.Quadratic([2.0], start=[1.0])
    runs = [ss.minimize(bowl, ss.SGD(lr=lr), steps=300) for lr in (0.05, 0.2)]
    found = [ss.diagnose(run) for run in runs]
    for goal in (1e-8, 1e-3):
        slow, fast = (math.ceil(math.log(goal) / (2 * math.log(factor))) for factor in (0.9, 0.6))
        said = f"too small: {slow / fast:.2g} times as long as 0.2"
        assert rate_words(runs, found, goal) == (said, "right")


def test_twice_as_long_is_wrong_and_less_is_right():
    assert words(fake(0.1, falling(20)), fake(0.2, falling(10))) == (
        "too small: 2 times as long as 0.2",
        "right",
    )
    assert words(fake(0.1, falling(19)), fake(0.2, falling(10))) == ("right", "right")
    assert words(fake(0.1, falling(10)), fake(0.2, falling(25))) == (
        "right",
        "too large: 2.5 times as long as 0.1",
    )


def test_of_equally_fast_rates_the_smallest_is_the_best():
    told = words(fake(0.3, falling(10)), fake(0.1, falling(10)), fake(0.2, falling(30)))
    assert told == ("right", "right", "too large: 3 times as long as 0.1")


def test_an_error_that_does_not_fall_by_a_tenth_has_not_moved():
    fast = fake(0.2, falling(10, 100))
    # The largest of the last ten points of a straight line is 1 - 0.91 (1 - end): 0.8999 or 0.9001.
    for end, moves in ((0.89, True), (0.8902, False)):
        told = words(fake(0.1, np.linspace(1, end, 101)), fast)[0]
        assert told.startswith("too small: ")
        assert told.endswith("hardly moves") is not moves
    assert words(fake(0.3, np.ones(101)), fast)[0] == "too large: gets nowhere"


def test_the_largest_error_of_the_last_tenth_counts():
    fast = fake(0.2, falling(10, 99))
    for spike, said in ((90, "too small: hardly moves"), (89, "too small: 9 times as long as 0.2")):
        error = np.full(100, 1e-9)
        error[:spike] = 1.0
        error[spike] = 1.0
        assert words(fake(0.1, error), fast)[0] == said
    lucky = np.append(np.ones(99), 1e-9)
    assert words(fake(0.1, lucky), fast)[0] == "too small: hardly moves"


def test_nobody_is_asked_for_less_than_all_reach():
    """The slower ends at 1e-4, after 40 updates; the faster has passed that after 5."""
    slow = np.maximum((1e-4) ** (np.arange(61) / 40), 1e-4)
    told = words(fake(0.1, slow), fake(0.2, falling(10)))
    assert told == ("too small: 8 times as long as 0.2", "right")


def test_who_begins_at_the_goal_needs_one_update_if_it_makes_any():
    flat, fast = fake(0.1, np.full(61, 0.5)), fake(0.2, np.full(61, 0.5) * falling(10))
    assert words(flat, fast, tolerance=0.5) == ("right", "right")
    assert words(flat, fast, tolerance=0.49)[0] == "too small: hardly moves"
    assert words(fake(0.1, [0.5]), fast, tolerance=0.5)[0] == "too small: hardly moves", "no update"


def test_what_diverges_is_too_large_and_sets_no_goal():
    gone = fake(1.1, [1.0, 0.5, np.nan], "diverged")
    assert words(gone, fake(0.2, falling(10))) == ("too large: diverges", "right")
    assert words(gone, fake(0.2, np.ones(61))) == ("too large: diverges", None)
    assert words(gone, fake(1.2, [1.0, np.inf], "diverging")) == ("too large: diverges",) * 2
    # Of a run that diverges in the end the low beginning is no goal.
    back = fake(0.3, np.append(np.ones(50), np.full(50, 0.1)), "diverging")
    assert words(back, fake(0.2, falling(10, 99)))[1] == "right"


def test_rates_of_one_rule_are_compared_and_nothing_else():
    one = fake(0.2, falling(10))
    assert words(one) == (None,)
    assert words(one, one) == (None, None)
    other = fake(0.1, falling(30))
    other[0].optimizer = ss.Momentum(lr=0.1)
    assert words(one, other) == (None, None)
    other[0].optimizer = ss.SGD(lr=ss.Exponential(0.1, 0.1))
    assert words(one, other) == (None, None)


@pytest.mark.parametrize(
    ("times", "said"),
    [(2.0, "2"), (4.72, "4.7"), (47.2, "47"), (153.0, "150"), (99_000.0, "99000"), (250_000.0, "2e+05")],
)
def test_how_many_times_is_said_in_two_digits(times, said):
    assert _times(times) == said


def test_large_factors_are_written_out_below_a_hundred_thousand():
    assert _times(1e5) == "1e+05"
    assert _times(12_345.0) == "12000"


def test_a_word_alone():
    assert word_alone("too small: 4 times as long as 0.2") == "too small"
    assert word_alone("right") == "right"
    assert word_alone(None) is None


# --- the course of an error


@pytest.mark.parametrize(("ascii_only", "said"), [(False, "▇▆▅▄▃▂▁"), (True, "*+=-,._")])
def test_each_level_of_the_sparkline_is_a_sixth_of_the_way_on_a_log_scale(ascii_only, said):
    error = 10.0 ** -np.arange(7)
    assert sparkline(error, 6, 1e-6, ascii_only, width=7) == said
    assert sparkline(1e5 * error, 6, 1e-1, ascii_only, width=7) == said
    assert sparkline(np.append(error[:3], 0.0), 6, 1e-6, ascii_only, width=7)[:4] == said[:3] + said[-1]


@pytest.mark.parametrize(
    ("power", "block"),
    [(-0.4, "▇"), (-0.6, "▆"), (0.4, "▇"), (0.45, "▇"), (0.55, "█"), (5.0, "█"), (-5.6, "▁"), (-9.0, "▁")],
)
def test_what_is_half_a_level_above_the_start_is_on_top(power, block):
    assert sparkline(np.array([1.0, 10.0**power]), 1, 1e-6, width=2) == "▇" + block


def test_a_run_that_begins_near_the_tolerance_keeps_a_scale_of_a_decade():
    assert sparkline(np.array([5.0, 1.0]), 1, 1.0, width=2) == "▅▁", "6 log10(5) = 4.2"
    assert sparkline(np.array([10.0, 1.0]), 1, 1.0, width=2) == "▇▁"
    assert sparkline(np.array([20.0, 10.0]), 1, 1.0, width=2) == "▇▆", "6 log(10)/log(20) = 4.6"


def test_the_median_of_a_stretch_counts_but_the_first_point_is_the_start():
    error = np.array([1.0, 1e-6, 1e-6, 1e-6, 1e-6, 1.0])
    assert sparkline(error, 5, 1e-6, width=2) == "▇▁"
    assert sparkline(np.array([1.0, 1e-6, 1e-3, 1e-3, 1.0, 1e-3]), 5, 1e-6, width=2) == "▇▄"


def test_what_is_missing_or_not_finite_is_on_top():
    assert sparkline(np.array([1.0, np.nan, np.inf]), 5, 1e-6, width=6) == "▇█████"
    assert sparkline(np.array([np.inf, 1e-6]), 1, 1e-6, width=2) == "█▁"
    assert sparkline(np.array([1.0, 1e-3]), 1, 0.0, width=2)[0] == "▇"
    assert sparkline(np.array([1.0, 1e-3]), 1, np.inf, width=2) == "▁▁"
    assert sparkline(np.array([1e300, 1e-300]), 1, 1e-300, width=2) == "▇▁"


def test_a_sparkline_is_twelve_wide_even_of_fewer_points():
    assert sparkline(np.array([1.0, 1e-6]), 1, 1e-6) == "▇" * 6 + "▁" * 6
    assert len(sparkline(np.ones(1000), 999, 1e-6)) == 12


def test_thinned_keeps_the_ends():
    assert thinned(np.arange(5), 5).tolist() == [0, 1, 2, 3, 4]
    assert thinned(np.arange(101), 5).tolist() == [0, 25, 50, 75, 100]
    assert thinned(np.arange(6), 5).tolist() == [0, 1, 2, 4, 5]


# --- the whole table


@pytest.fixture(scope="module")
def three():
    return ss.race(BOWL, [ss.SGD(lr=0.05), ss.SGD(lr=2 / 11), ss.SGD(lr=0.21)], steps=100, atol=1e-3)


def test_the_title_says_where_and_what_counts(three):
    assert three.title == (
        "(x1^2 + 10 x2^2)/2 from (-5, -2)   100 updates   2/L = 0.2   settled = gap <= 1e-03 to the end"
    )
    relative = ss.race(BOWL, [ss.SGD(lr=0.05)], steps=10, tol=1e-5)
    assert relative.title.endswith("settled = gap <= 1e-05 of the start's to the end")
    assert relative.tolerance == pytest.approx(1e-5 * (25 + 40) / 2, rel=1e-12)
    assert three.tolerance == 1e-3


def test_what_counts_as_solved_is_the_least_that_runs_are_held_to_and_rounding_of_what_diverges_none():
    """The start's gap is (25 + 40)/2; without a tolerance rounding at each run's end counts."""
    slow, slower, away = ss.SGD(lr=0.05), ss.SGD(lr=0.001), ss.SGD(lr=0.9)
    start, eps = (25 + 40) / 2, np.finfo(float).eps
    assert ss.race(BOWL, [away, slow], steps=100, tol=1e-5).tolerance == pytest.approx(
        1e-5 * start, rel=1e-12
    )
    for rules in ([slow, slower], [slower, slow]):
        held = ss.race(BOWL, rules, steps=20, tol=0.0)
        assert held.tolerance == min(16 * eps * run.loss[-1] for run in held.runs)
        assert held.tolerance < max(16 * eps * run.loss[-1] for run in held.runs)
    assert ss.race(BOWL, [away], steps=100, tol=1e-5).tolerance == pytest.approx(1e-5 * start, rel=1e-12)
    assert ss.race(BOWL, [away], steps=100, atol=1e-3).tolerance == 1e-3


def test_the_table_says_what_a_hand_computes(three):
    """The gap is 12.5 (1 - lr)^2n + 20 (1 - 10 lr)^2n."""
    rows = [line.split() for line in three.table().split("\n")]
    settled = []
    for lr in (0.05, 2 / 11):
        n = np.arange(101)
        gap = 12.5 * (1 - lr) ** (2 * n) + 20 * (1 - 10 * lr) ** (2 * n)
        settled.append(int(np.argmax(gap <= 1e-3)))
    assert rows[0][:5] == ["optimizer", "lr", "predicted", "observed", "settled"]
    # The slower one's last tenth begins at update 91, where its gap is the largest that counts.
    heads = f"overshoot final gap gap over time beside the others, to a gap of {12.5 * 0.95**182:.2g} verdict"
    assert rows[0][5:] == heads.split()
    assert rows[1][:7] == ["SGD", "0.05", "0.95", "0.95", str(settled[0]), "0", "%"]
    assert rows[1][7] == f"{12.5 * 0.95**200:.1e}"
    assert rows[2][:9] == ["SGD", "0.182", "=", "2/(L+mu)", "0.818", "0.818", str(settled[1]), "100", "%"]
    assert rows[3][:9] == ["SGD", "0.21", ">", "2/L", "1.1", "1.1", "-", "100", "%"]
    assert rows[3][9] == "-"
    ratio = settled[0] / settled[1]
    assert f"too small: {ratio:.2g} times as long as 0.182" in three.table()
    ends = ["settled", "crossing", "diverged"]
    assert [row[-1] for row in rows[1:]] == ends


def test_the_columns_are_aligned(three):
    for ascii_only in (False, True):
        table = three.table(ascii_only).split("\n")
        for head, right in (("lr", False), ("verdict", False), ("settled", True), ("beside", False)):
            at = table[0].index(head) + (len(head) if right else 0)
            for line in table[1:]:
                inside, outside = (at - 1, at) if right else (at, at - 1)
                assert line[outside] == " " != line[inside], line
        assert all(line == line.rstrip() for line in table)
    assert three.table(True).isascii()


def test_a_race_without_theory_has_no_such_columns():
    race = ss.race(BOWL, [ss.Adam(lr=0.1), ss.RMSprop(lr=0.1)], steps=5)
    assert "predicted" not in race.table()
    assert "beside" not in race.table()
    mixed = ss.race(BOWL, [ss.Adam(lr=0.1), ss.SGD(lr=0.1)], steps=50).table().split("\n")
    assert mixed[1].split()[:4] == ["Adam", "0.1", "-", "-"]


def test_the_summary_counts_and_names_the_first(three):
    assert three.summary() == (
        "3 runs: 2 settled, 1 diverged; first SGD with lr 0.182 = 2/(L+mu) at update 26"
    )
    assert ss.race(BOWL, [ss.SGD(lr=0.21), ss.SGD(lr=0.3)], steps=60).summary() == "2 runs: 2 diverged"
    twice = ss.race(BOWL, [ss.SGD(lr=2 / 11)] * 2, steps=100)
    assert "2 runs: 2 settled; first SGD with lr" in twice.summary()
    assert repr(three) == f"Race({BOWL.formula}: {three.summary()})"


def test_a_long_table_is_cut_when_it_is_printed():
    def shown(count):
        race = ss.race(BOWL, [ss.SGD(lr=0.001 * k) for k in range(1, count + 1)], steps=1)
        return str(race).split("\n")

    assert len(shown(29)) == 29 + 4
    assert not any("more" in line for line in shown(29))
    lines = shown(32)
    assert lines[31] == "... and 3 more; race.table() has them all"
    assert len(lines) == 1 + 30 + 1 + 2


def test_a_race_as_json_has_the_numbers(three):
    told = three.to_dict()
    assert (told["L"], told["mu"], told["minimum"], told["steps"]) == (10.0, 1.0, 0.0, 100)
    assert (told["x0"], told["tol"], told["tolerance"]) == ([-5.0, -2.0], None, 1e-3)
    assert [run["lr"] for run in told["runs"]] == ["0.05", "0.182 = 2/(L+mu)", "0.21 > 2/L"]
    assert told["runs"][0]["predicted"] == pytest.approx(0.95)
    assert told["runs"][0]["observed"] == pytest.approx(0.95, rel=1e-6)
    assert len(told["runs"][0]["error_over_time"]) == 61
    assert told["runs"][0]["updates"] == 100
    assert told["runs"][0]["error"] == pytest.approx(12.5 * 0.95**200)
    assert list(told) == [
        *("problem", "formula", "L", "mu", "minimum", "x0", "steps", "tol", "tolerance", "measure"),
        *("beside_the_others_to", "runs"),
    ]
    assert list(told["runs"][0]) == [
        *("optimizer", "theory", "predicted", "observed", "name", "lr", "verdict", "reason"),
        *("beside_the_others", "settled", "overshoot", "uphill", "error", "best_error", "updates", "x"),
        "error_over_time",
    ]
    assert (told["problem"], told["formula"], told["measure"]) == (BOWL.to_dict(), BOWL.formula, "gap")
    for one, run, found, word in zip(
        told["runs"], three.runs, three.diagnoses, three.rate_words, strict=True
    ):
        assert one["optimizer"] == run.optimizer.to_dict()
        assert (one["name"], one["verdict"], one["reason"]) == ("SGD", found.verdict, found.reason)
        assert (one["beside_the_others"], one["settled"]) == (word, found.settled)
        assert (one["overshoot"], one["uphill"]) == (found.overshoot, found.uphill)
        assert one["updates"] == run.nit
    assert told["runs"][1]["theory"] == "predicted 0.818 a step, alternating"
    assert told["runs"][0]["x"] == three.runs[0].x.tolist()
    assert told["runs"][0]["best_error"] == told["runs"][0]["error"]
    adam = ss.race(BOWL, [ss.Adam(lr=0.1)], steps=5, tol=1e-4).to_dict()
    assert adam["tol"] == 1e-4
    assert adam["runs"][0]["theory"] is adam["runs"][0]["predicted"] is adam["runs"][0]["observed"] is None
    assert ss.race(ss.Saddle(), [ss.SGD()], steps=3).to_dict()["minimum"] is None


@pytest.mark.parametrize(
    ("start", "names", "said"),
    [
        ([1.0, -2.5], (), " from (1, -2.5)"),
        ([1.0] * 4, (), " from (1, 1, 1, 1)"),
        ([1.0] * 5, (), ""),
        ([1.5], ("w",), " from w = 1.5"),
        ([1.5, 2.0], ("a", "b"), " from (a, b) = (1.5, 2)"),
        ([0.0] * 5, "abcde", " in a, b, c, d, e"),
        ([0.0] * 12, "abcdefghijkl", " in a, b, c, d, e, f, g, h, i, j, k, l"),
        ([0.0] * 13, "abcdefghijklm", " in a, b, c, ..., m"),
    ],
)
def test_a_race_says_where_it_begins_if_that_is_short(start, names, said):
    assert start_label(np.array(start), names) == said


def test_a_race_tells_theory_its_start_and_its_runs_as_they_come():
    seen = []
    race = ss.race(BOWL, [ss.SGD(lr=0.05), ss.SGD(lr=0.1)], steps=5, x0=[0.0, 1.0], on_run=seen.append)
    assert all(a is b for a, b in zip(seen, race.runs, strict=True))
    assert race.predictions[0].rate == pytest.approx(0.5)
    assert (race.tol, race.atol, race.steps) == (1e-8, None, 5)
    assert len(ss.race(BOWL, [ss.SGD()]).runs[0].history.x) == 1001


def test_short_runs_are_compared_by_their_last_point():
    short = fake(0.1, [1.0] * 8 + [0.95, 0.85])
    assert words(short, fake(0.2, falling(10, 9)))[0] == "too small: 9 times as long as 0.2"
    edge = fake(0.1, [1.0] * 9 + [0.9])
    assert words(edge, fake(0.2, falling(10, 9)))[0] == "too small: hardly moves", "by a tenth is not by more"


def test_the_fastest_possible_needs_one_update():
    assert words(fake(0.1, falling(3)), fake(0.2, falling(1)))[0] == "too small: 3 times as long as 0.2"


def test_a_race_is_filmed_with_what_was_asked_for(three, monkeypatch):
    monkeypatch.setattr(
        "stepsize.experiments.race.call_hook", lambda name, *given, **options: (name, given, options)
    )
    assert three.animate("a.gif", fps=5) == ("animate", (three, "a.gif"), {"fps": 5})
    assert three.animate() == ("animate", (three, None), {})


def test_a_rule_without_a_rate_is_named_whole():
    class Rateless:
        def hypers(self):
            return ()

        def __repr__(self):
            return "Newton()"

    assert optimizer_label(Rateless()) == "Newton"


# --- the corners of a race


def test_a_race_of_one_has_a_table_in_blocks():
    one = ss.race(BOWL, [ss.SGD(lr=0.1)], steps=20)
    assert one.table() == one.table(ascii_only=False) != one.table(ascii_only=True)
    assert one.summary().startswith("1 run: ")


def test_numbers_stand_on_the_right_in_every_column(three):
    table = three.table().split("\n")
    for head in ("predicted", "observed", "settled", "overshoot", "final gap"):
        end = table[0].index(head) + len(head)
        for line in table[1:]:
            assert line[end - 1] != " ", (head, line)
            assert line[end : end + 2] == "  ", (head, line)


def test_a_rate_beside_which_nothing_can_be_said_has_a_dash():
    race = ss.race(ss.Parabola(), [ss.SGD(lr=1.1), ss.SGD(lr=1e-12)], steps=60)
    assert race.rate_words == ("too large: diverges", None)
    assert race.table().split("\n")[2].endswith("  -                    still crawling")


def test_a_race_as_json_has_the_errors_and_a_text_for_what_wraps_a_function(three):
    errors = three.to_dict()["runs"][0]["error_over_time"]
    assert errors[0] == 32.5
    assert errors == sorted(errors, reverse=True)
    own = ss.Problem.of(lambda x: (x * x).sum(), lambda x: 2 * x, x0=[1.0])
    race = ss.race(own, [ss.SGD(lr=0.1)], steps=3)
    assert race.to_dict()["problem"] == repr(race.problem)


def test_a_race_in_a_notebook_is_that_race(three):
    assert "0.182 = 2/(L+mu)" in three._repr_html_()


def test_a_race_starts_where_it_is_told():
    race = ss.race(BOWL, [ss.SGD(lr=0.1), ss.SGD(lr=0.2)], x0=[3.0, 4.0], steps=2)
    assert [run.history.x[0].tolist() for run in race.runs] == [[3.0, 4.0]] * 2


@pytest.mark.parametrize(
    ("optimizers", "sentence"),
    [
        (
            "SGD(lr=0.1)",
            r"got the str 'SGD\(lr=0.1\)', expected a list such as \[SGD\(lr=0.1\), Adam\(lr=0.1\)\]",
        ),
        (3, r"got 3, expected a list such as \[SGD\(lr=0.1\), Adam\(lr=0.1\)\]"),
        (
            ["SGD(lr=0.1)"],
            r"got the str 'SGD\(lr=0.1\)' among them, expected optimizers such as SGD\(lr=0.1\), without "
            "quotation marks",
        ),
        ([3], r"got 3 among them, expected optimizers such as SGD\(lr=0.1\)"),
    ],
)
def test_who_cannot_race_is_told_so(optimizers, sentence):
    with pytest.raises(TypeError, match=rf"^optimizers: {sentence}$"):
        ss.race(BOWL, optimizers)


def test_what_overflows_in_theory_diverges_in_silence():
    told = theory_of(ss.Quadratic([1.0, 1e200]), ss.SGD(lr=1e200))
    assert (told.rate, told.regime) == (math.inf, "divergent")
    assert told.sentence == "lr 1e+200 > 2/L = 2e-200: will diverge"


def test_the_shorter_name_of_a_schedule_is_taken_although_another_comes_first():
    short = SimpleNamespace(describe=lambda: "z", hypers=None)
    long = SimpleNamespace(describe=lambda: "a very long formula", __name__="z")
    assert rate_label(SimpleNamespace(lr=short), BOWL) == "z"
    assert rate_label(SimpleNamespace(lr=long), BOWL) == "z"


def test_a_scale_is_kept_within_the_numbers():
    """An infinite tolerance is a tenth of the largest number, and a start that is infinite sets no top."""
    assert sparkline(np.array([1.7e308, 3e307]), 1, np.inf, width=2) == "▇▂", "6 log10(3e307 / 1.8e307) = 1.3"
    assert sparkline(np.array([np.inf, 1e-3]), 1, 1e-6, width=2) == "██"


def test_what_leaves_the_goal_at_once_needs_the_update_that_brings_it_back():
    back = fake(0.1, [0.5, 0.6, *[0.5] * 59])
    fast = fake(0.2, np.full(61, 0.5) * falling(10))
    assert words(back, fast, tolerance=0.5) == ("too small: 2 times as long as 0.2", "right")


class TestHeldOut:
    """Two examples are held out; of slope w and intercept b their loss is (w + b - 1)^2 / 2."""

    @staticmethod
    def raced(held_out=(2, 3)):
        X, y = [[1.0], [1.0], [1.0], [1.0]], [2.0, 2.0, 1.0, 1.0]
        return ss.race(ss.LeastSquares(X, y, held_out=held_out), [ss.SGD(lr=0.05), ss.SGD(lr=1.5)], steps=30)

    def test_the_table_has_the_validation_loss_beside_the_training_loss(self):
        found = self.raced()
        head, first, second = found.table().splitlines()
        assert re.search(r"final gap +training +held out +lowest +gap over time", head)
        run = found.runs[0]
        made = run.history.x.sum(axis=1)
        losses = (made - 1) ** 2 / 2
        lowest = int(losses.argmin())
        assert 0 < lowest < 30
        assert f"{run.fun:.4g}" in first
        assert f"{losses[-1]:.4g}" in first
        assert f"{losses[lowest]:.4g} at {lowest}" in first
        assert second.endswith("diverged")

    def test_it_stands_in_json_and_html(self):
        found = self.raced()
        numbers = found.to_dict()["runs"][0]["held_out"]
        assert numbers["lowest_at"] == int(found.runs[0].held_out.argmin())
        assert numbers["last"] == found.runs[0].held_out[-1]
        json.dumps(found.to_dict(), allow_nan=False)
        assert "held out" in found._repr_html_()

    def test_without_examples_held_out_nothing_is_said_of_them(self):
        found = self.raced(held_out=0.0)
        assert "held out" not in found.table()
        assert "held_out" not in found.to_dict()["runs"][0]
        assert "held out" not in found._repr_html_()


def test_predicted_and_observed_are_said_to_be_of_the_distance(capsys):
    """x^2 at the rate 0.2: a step leaves 1 - 2 * 0.2 = 0.6 of the distance, and 0.36 of the gap."""
    result = ss.race(ss.Parabola(), [ss.SGD(lr=0.2)], steps=8)
    run = result.runs[0]
    assert run.history.fun[5] / run.history.fun[4] == pytest.approx(0.36)
    assert result.predictions[0].factors(run) == ("0.6", "0.6")
    note = "predicted, observed: factor of the distance to the minimum, a step; the gap has its square"
    assert result.theory_note == note
    assert note in str(result).split("\n")
    assert note in ss.draw.race(result).texts[0].get_text().replace("\n", " ")
    assert main(["race", "parabola", "--lr", "0.2", "--steps", "8", "--no-picture"]) == 0
    assert note in capsys.readouterr().out.split("\n")
    silent = ss.race(ss.Parabola(), [ss.Adam(lr=0.2)], steps=8)
    assert silent.theory_note is None
    assert "predicted" not in str(silent)


@pytest.mark.parametrize(
    ("problem", "x0", "dim", "words"),
    [
        (BOWL, None, 2, "2 parameters"),
        (ss.Parabola(), None, 1, "1 parameter"),
        (ss.Parabola(), [2.0], 1, "1 parameter"),
        (BOWL, np.array([1.0, 2.0]), 2, "2 parameters"),
        (SimpleNamespace(x0=np.ones(5)), None, 5, "5 parameters"),
        (SimpleNamespace(), (1.0, 2.0, 3.0), 3, "3 parameters"),
        (SimpleNamespace(), [], 1, "1 parameter"),
        (SimpleNamespace(), 4.0, 1, "1 parameter"),
    ],
)
def test_a_race_asks_for_the_memory_of_all_its_histories(problem, x0, dim, words, monkeypatch):
    """An average takes its own points too; fewer at once need as much as the longest."""
    asked = []
    monkeypatch.setattr(races, "refuse_beyond_memory", lambda *told: asked.append(told))
    rules = [ss.SGD(lr=0.1), ss.PolyakRuppert(ss.SGD(lr=0.1))]
    races._refuse_too_long(problem, rules, x0, 7)
    plain, average = (history_bytes(7, 1, 1, dim, separate) for separate in (False, True))
    assert plain < average
    told = f"7 for 2 runs of {words}"
    assert asked == [("steps", told, plain + average, "fewer", ("fewer runs at once", average))]


def test_a_race_looks_at_its_memory_before_it_runs(three, monkeypatch):
    asked = []
    monkeypatch.setattr(races, "_refuse_too_long", lambda *told: asked.append(told))
    ss.race(BOWL, [ss.SGD(lr=0.1)], steps=3, x0=[1.0, 2.0])
    assert asked == [(BOWL, [ss.SGD(lr=0.1)], [1.0, 2.0], 3)]
    hooks = []
    monkeypatch.setattr(races, "call_hook", lambda *told: hooks.append(told) or "page")
    assert three.explore() == "page"
    assert hooks == [("explore", three)]
