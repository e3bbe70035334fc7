"""What a schedule says about itself: its formula, where it ends, how it falls."""

import ast
import math

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

from schedules import (
    Chebyshev,
    Constant,
    Cosine,
    Cycles,
    Cyclic,
    DoublingStages,
    Exponential,
    InverseSqrt,
    InverseTime,
    Linear,
    MultiStep,
    NesterovSequence,
    Noam,
    PerRun,
    Power,
    PowerScheduler,
    Refined,
    Restarts,
    Silver,
    StepDecay,
    StrongSilver,
    TimeBased,
    WarmupStableDecay,
    as_schedule,
    per_epoch,
)
from schedules.formula import expression
from tests.instances import SCHEDULES, name_of

# Sequences that only a recursion or a table defines keep their name in the formula; here they are, by another
# route than the classes take.


def sigma(n):
    """Fractal order of 16, from the bits of n: reflected at each level."""
    order = [1]
    while len(order) < 16:
        order = [j for i in order for j in (i, 2 * len(order) + 1 - i)]
    return order[min(int(n), 15)]


def nesterov_t(n):
    t = 1.0
    for _ in range(int(n)):
        t = (1 + math.sqrt(1 + 4 * t * t)) / 2
    return t


def valuation(i):
    return (int(i) & -int(i)).bit_length() - 1


def cycle_number(n):
    start, length, i = 0, 5, 0
    while start + length <= n:
        start, length, i = start + length, length * 2, i + 1
    return i, (n - start) / length


NAMES = {
    **{f: getattr(math, f) for f in ("exp", "cos", "tanh", "log2", "sqrt", "floor", "ceil", "pi", "prod")},
    **{f: getattr(math, f) for f in ("hypot",)},
    "min": min,
    "max": max,
    "range": range,
    "sigma": sigma,
    "t": nesterov_t,
    "nu": valuation,
    "rho": 1 + math.sqrt(2),
    "i": lambda n: cycle_number(n)[0],
    "z": lambda n: cycle_number(n)[1],
}
FROM_A_TABLE = {"Recursion", "StrongSilver", "Refined", "PerRun"}


def evaluated(schedule, n):
    tree = ast.fix_missing_locations(ast.Expression(expression(schedule)))
    return eval(compile(tree, "formula", "eval"), {**NAMES, "n": n})


@pytest.mark.parametrize("schedule", [s for s in SCHEDULES if name_of(s) not in FROM_A_TABLE], ids=name_of)
def test_the_formula_says_what_the_schedule_does(schedule):
    for n in (0, 1, 2, 3, 4, 5, 7, 9, 10, 11, 14, 15, 16, 19, 20, 21, 39, 40, 41, 60, 100):
        assert evaluated(schedule, n) == pytest.approx(schedule(n), rel=1e-9, abs=1e-15), n


COMPOSITES = [
    Cosine(0.1, 20).warmup(5),
    Cosine(0.1, 20).warmup(5, start=0.01),
    Cosine(0.1, 20, end=0.02).warmup(5, shift=False, shape="cosine"),
    Linear(0.1, 10).warmup(4, shape="1-sqrt").delay(3),
    Power(0.1, 0.5).cooldown(5, at=12, shape="cosine", end=0.01),
    Constant(0.1).then(Cosine(0.1, 5).warmup(3), at=4).then(0.5, at=2),
    Constant(0.1).then(Linear(0.2, 5), at=9).then(0.5, at=15).repeat(7),
    (Linear(0.1, 20) * 3 + 0.01).floor(0.05).cap(0.2).per_epoch(2),
    MultiStep(0.1, 0.5, at=[8, 3]).delay(2) * Exponential(1.0, -0.01),
    WarmupStableDecay(0.1, 0, 5, 4, shape="linear", end=0.02),
    Restarts(0.1, steps=7, decay=0.5, end=0.01, cycles=3),
    Cycles(Linear(1.0, 5), 5, decay=0.5, cycles=2),
    Cyclic(0.1, up=3, down=7, low=0.01, shrink=0.5, gamma=0.9),
    per_epoch(StepDecay(0.1, 0.5, 2), 3, smooth=True),
]


@pytest.mark.parametrize("schedule", COMPOSITES, ids=repr)
def test_the_formula_of_a_composite_says_what_it_does(schedule):
    for n in range(45):
        assert evaluated(schedule, n) == pytest.approx(schedule(n), rel=1e-9, abs=1e-15), n


@pytest.mark.parametrize("schedule", [*SCHEDULES, *COMPOSITES], ids=name_of)
def test_a_description_is_one_line_of_plain_text_and_of_latex(schedule):
    plain, latex = schedule.describe(), schedule.describe(latex=True)
    assert plain
    assert "\n" not in plain + latex
    assert plain.count("(") == plain.count(")")
    assert latex.count("{") == latex.count("}")
    if "cases" not in latex:  # which Matplotlib's own TeX does not know
        MathTextParser("path").parse(f"${latex}$")


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        (Exponential(0.1, 0.05), "0.1 exp(-0.05 n)"),
        (InverseTime(0.1, 0.01), "0.1 / (1 + 0.01 n)"),
        (TimeBased(0.1, 0.01), "0.1 / prod(1 + 0.01 k for k < n)"),
        (StepDecay(0.1, 0.5, 10), "0.1 * 0.5^floor(n / 10)"),
        (Linear(0.1, 20), "0.1 (1 - min(n / 20, 1))"),
        (MultiStep(0.1, 0.5, at=[10, 25]), "0.1 if n < 10 else 0.05 if n < 25 else 0.025"),
        (Constant(0.1).then(0.01, at=10).then(1, at=20), "0.1 if n < 10 else 0.01 if n < 20 else 1"),
        (Linear(1.0, 4).delay(2), "1 - min(max(n - 2, 0) / 4, 1)"),
        (Silver(), "1 + rho^(nu(n + 1) - 1)"),
        (Power(0.1, 0.75), "0.1 (1 + n)^(-0.75)"),
    ],
)
def test_descriptions_read_well(schedule, text):
    assert schedule.describe() == text


def test_latex_reads_well():
    assert InverseTime(0.1, 0.01).describe(latex=True) == r"\frac{0.1}{1 + 0.01\,n}"
    assert StepDecay(0.1, 0.5, 10).describe(latex=True) == (
        r"0.1 \cdot {0.5}^{\left\lfloor \frac{n}{10} \right\rfloor}"
    )
    assert Exponential(2e-5, 0.5).describe(latex=True) == r"2 \cdot 10^{-5}\,\exp\left(-0.5\,n\right)"
    assert Constant(0.1).then(0.01, at=9).describe(latex=True) == (
        r"\begin{cases} 0.1 & n < 9 \\ 0.01 & \text{otherwise} \end{cases}"
    )


# The horizon


@pytest.mark.parametrize("schedule", [*SCHEDULES, *COMPOSITES], ids=name_of)
def test_past_its_horizon_a_schedule_holds_its_value(schedule):
    if schedule.horizon is None:
        return
    T = schedule.horizon
    assert len(set(schedule(np.array([T, T + 1, 2 * T, 2 * T + 1, 7 * T + 3, 10**7])).tolist())) == 1


# The tail and Robbins and Monro's conditions


ENDLESS = [s for s in [*SCHEDULES, *COMPOSITES] if s.horizon is None and s.tail not in (None, -math.inf)]


@pytest.mark.parametrize("schedule", ENDLESS, ids=name_of)
def test_the_tail_is_the_power_by_which_partial_sums_grow(schedule):
    """The sum over n < N of n^-p grows by 2^(1-p) from N to 2N; beyond p = 1 it settles."""
    p = schedule.tail
    N = 1 << 19
    first, second = schedule.total(N), schedule.total(2 * N)
    if p == math.inf:
        assert second - first <= 1e-6 * first
    elif p == 1:
        assert second - first == pytest.approx(schedule.total(N) - schedule.total(N // 2), rel=0.02)
    else:
        assert second / first == pytest.approx(2 ** (1 - p), rel=0.03)


@pytest.mark.parametrize(
    ("schedule", "verdict"),
    [
        # The table of the specification, row by row.
        (Constant(0.1), False),
        (Cyclic(0.1, up=10, low=0.01), False),
        (Linear(0.1, 10, end=0.01), False),
        (InverseTime(0.1, 0.01), True),
        (Power(0.1, 0.5001), True),
        (Power(0.1, 1.0001), False),
        (InverseTime(0.1, 1.0).per_epoch(100), True),
        (Power(0.1, 0.4), False),
        (Power(0.1, 0.5), False),
        (Power(0.1, 0.6), True),
        (Power(0.1, 1.0), True),
        (Power(0.1, 1.1), False),
        (InverseSqrt(0.1), False),
        (Noam(), False),
        (Exponential(0.1, 0.01), False),
        (StepDecay(0.1, 0.5, 10), False),
        (Cyclic(0.1, up=10, shrink=0.5), False),
        (Cyclic(0.1, up=10, gamma=0.99), False),
        (TimeBased(0.1, 0.01), False),
        (DoublingStages(0.1, 10), True),
        (Linear(0.1, 10), None),
        (Cosine(0.1, 10), None),
        (WarmupStableDecay(0.1, 5, 10, 5), None),
        # What operators make of it.
        (InverseTime(0.1, 0.01).warmup(10), True),
        (InverseTime(0.1, 0.01) * 3.0, True),
        (InverseTime(0.1, 0.01) + Power(0.1, 0.75), True),
        (InverseTime(0.1, 0.01) * Power(0.1, 0.75), False),
        (InverseTime(0.1, 0.01).floor(1e-6), False),
        (InverseTime(0.1, 0.01).cap(0.05), True),
        (InverseTime(0.1, 0.01).repeat(100), False),
        (Constant(0.1).then(InverseTime(0.1, 0.01), at=50), True),
        (InverseTime(0.1, 0.01).then(0.1, at=50), False),
        (InverseTime(0.1, 0.01) * Linear(1.0, 100), None),
        (Restarts(0.1, 10, mult=2, decay=0.5), True),
        (Restarts(0.1, 10), False),
        (PowerScheduler(0.02, 128, 1e5), True),
        (as_schedule(lambda n: 1 / (n + 1)), None),
    ],
    ids=repr,
)
def test_robbins_monro(schedule, verdict):
    assert schedule.robbins_monro is verdict


# Tables and totals


def test_tables_and_totals():
    assert Linear(1.0, 4).table(5).tolist() == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert Linear(1.0, 4).total(5) == 2.5
    assert Linear(1.0, 4).total_sq(5) == 1 + 9 / 16 + 1 / 4 + 1 / 16
    assert Constant(0.1).table(0).shape == (0,)
    with pytest.raises(ValueError, match="steps: got -1, expected a whole number of at least 0"):
        Constant(0.1).table(-1)


def test_totals_are_the_known_sums():
    """1 + 1/2 + ... + 1/N, its squares, and the area that a time-based decay has in all."""
    N = 10**6
    assert InverseTime(1.0, 1.0).total(N) == pytest.approx(
        math.log(N) + 0.5772156649015329 + 0.5 / N, rel=1e-12
    )
    assert InverseTime(1.0, 1.0).total_sq(N) == pytest.approx(math.pi**2 / 6 - 1 / N + 0.5 / N**2, rel=1e-12)
    for d, total in [(1.0, 2.72), (0.1, 5.33), (0.01, 13.9), (0.001, 41.0)]:
        assert TimeBased(1.0, d).total(5000) == pytest.approx(total, rel=4e-3)


def test_totals_of_a_batch_are_one_a_run():
    rates = PerRun([0.1, Linear(1.0, 2)])
    assert rates.table(3).tolist() == [[[0.1], [1.0]], [[0.1], [0.5]], [[0.1], [0.0]]]
    np.testing.assert_allclose(rates.total(3), [[0.3], [1.5]], rtol=1e-15)
    assert Constant(np.array([[0.1], [0.2]])).total_sq(2).shape == (2, 1)


@pytest.mark.parametrize("schedule", [Chebyshev(10, 1, 8), StrongSilver(10, 1, 8), Refined(0.1, [1, 2, 3])])
def test_a_table_holds_its_last_value(schedule):
    T = schedule.horizon + 1
    assert schedule(T + 5) == schedule(T - 1)
    assert NesterovSequence().horizon is None
