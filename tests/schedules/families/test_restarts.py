"""Cycles of equal, growing and shrinking length, against exact fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest

from schedules import (
    Constant,
    Cycles,
    Restarts,
)
from schedules.families.restarts import cycle_at


class TestCycles:
    GROWTH = (
        (Fraction(1), Fraction(3)),
        (Fraction(2), Fraction(2)),
        (Fraction(5), Fraction(1)),
        (Fraction(7), Fraction(3, 2)),
        (Fraction(32, 3), Fraction(1)),
        (Fraction(1, 10), Fraction(1)),
        (Fraction(49, 10), Fraction(1)),
        (Fraction(10), Fraction(1, 2)),
        (Fraction(8), Fraction(1, 2)),
        (Fraction(1, 2), Fraction(2)),
        (Fraction(40), Fraction(3, 4)),
        (Fraction(1, 2), Fraction(1, 2)),
        (Fraction(3), Fraction(11, 10)),
    )

    @pytest.mark.parametrize(("steps", "mult"), GROWTH)
    def test_every_update_lies_in_its_cycle(self, steps, mult):
        """Walked with exact fractions: cycle i has the length T m^i, or 1 where it would shrink further."""
        n, expected = 400, []
        i, start = 0, Fraction(0)
        for k in range(n):
            while k >= start + (length := self.length(steps, mult, i)):
                start, i = start + length, i + 1
            expected.append((i, float((k - start) / length)))
        cycle, part = cycle_at(np.arange(float(n)), float(steps), float(mult))
        assert cycle.tolist() == [i for i, _ in expected]
        np.testing.assert_allclose(part, [z for _, z in expected], atol=1e-10)
        assert (part < 1).all()

    @staticmethod
    def length(steps, mult, i):
        length = steps * mult**i
        return max(Fraction(1), length) if mult < 1 else length

    @pytest.mark.parametrize(("steps", "mult"), GROWTH)
    @pytest.mark.parametrize("cycles", [1, 3, 6])
    def test_the_last_cycle_ends_where_the_lengths_add_up(self, steps, mult, cycles):
        end = math.ceil(sum(self.length(steps, mult, i) for i in range(cycles)))
        schedule = Cycles(Constant(1.0), float(steps), float(mult), cycles=cycles)
        assert schedule.horizon == end
        assert schedule(np.array([0, end - 1, end, end + 1])).tolist() == [1.0, 1.0, 0.0, 0.0]

    @pytest.mark.parametrize(
        ("mult", "decay", "tail"),
        [
            (2, 1, 0.0),
            (1, 1, 0.0),
            (2, 0.5, 1.0),
            (4, 0.5, 0.5),
            (2, 2, -1.0),
            (1, 0.5, math.inf),
            (1, 2, -math.inf),
            (1, 1.5, -math.inf),
            (0.5, 0.5, math.inf),
            (2, 0, math.inf),
        ],
    )
    def test_peaks_fall_by_a_factor_while_n_grows_by_another(self, mult, decay, tail):
        assert Cycles(Constant(1.0), 5, mult, decay).tail == tail
        assert Restarts(1.0, 5, mult, decay).tail == tail


@pytest.mark.parametrize(
    ("steps", "n"),
    [(0.1, 1.7), (0.3, 5.699999999999999), (0.7, 3.4999999999999996), (1.1, 7.7), (5.3, 100.69999999999999)],
)
def test_a_quotient_that_rounds_up_does_not_begin_the_next_cycle(steps, n):
    """A fraction of an epoch just before the end of a cycle: by exact fractions."""
    exact = Fraction(n) / Fraction(steps)
    assert n / steps == math.floor(exact) + 1
    i, part = cycle_at(np.array([n]), steps, 1.0)
    assert i.tolist() == [math.floor(exact)]
    assert part[0] < 1
    assert part[0] == pytest.approx(float(exact - math.floor(exact)), abs=1e-12)


def test_cycles_of_any_growth_cover_the_updates_without_gap():
    """Each update lies in one cycle, z rises by 1/length in it, and a whole start opens its own cycle."""
    for steps, mult in [
        (1, 3),
        (1, 10),
        (2, 2),
        (5, 1),
        (7, 1.5),
        (32 / 3, 1),
        (0.1, 1),
        (10, 0.5),
        (3, 1.1),
    ]:
        values = Restarts(1.0, steps, mult, decay=0.5).table(3000)
        tops = np.flatnonzero(
            np.isclose(np.log2(np.maximum(values, 1e-300)) % 1, 0, atol=1e-12) & (values > 0)
        )
        assert tops[0] == 0
    for m in (3, 10):
        starts, at, length = [], 0, 1
        while at < 3000:
            starts.append(at)
            at, length = at + length, length * m
        assert np.flatnonzero(Restarts(1.0, 1, m).table(3000) == 1.0).tolist() == starts


@pytest.mark.parametrize(("total", "cycles"), [(30, 4), (33, 3), (14, 6), (9, 6), (1000, 7), (21, 21)])
def test_fractional_cycles_restart_at_the_first_update_after_their_start(total, cycles):
    """With exact fractions: update n is at the part (n c / T) mod 1 of its cycle."""
    from fractions import Fraction

    values = Restarts(1.0, total / cycles, cycles=cycles).table(total + 2)
    exact = [float(Fraction(n * cycles, total) % 1) for n in range(total)]
    np.testing.assert_allclose(values[:total], 0.5 * (1 + np.cos(np.pi * np.array(exact))), atol=1e-9)
    assert values[total:].tolist() == [0.0, 0.0]
