"""Lessons 4, 6 and 8: rates as functions of the update's index."""

from collections.abc import Callable
from typing import Any

import numpy as np

from schedules import Cosine, Exponential, Geometric, InverseTime, StepDecay, TimeBased
from stepsize.grading.judges import ValuesLike

__all__ = ["EXPONENTIAL", "GAIN", "RAMP", "STEP_DECAY", "TIME_BASED", "WARMUP_COSINE"]


def _one_late(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a schedule that begins with the value of update 1."""
    return lambda n, *rest: function(n + 1, *rest)


_AHEAD = "one update ahead: the first update is n = 0 and has the full rate"


def _inverse(n: int, lr: float, d: float) -> float:
    return float(InverseTime(lr, d)(n))


TIME_BASED = ValuesLike(
    lambda n, lr, d: TimeBased(lr, d)(n),
    [{"n": n, "lr": 0.5, "d": d} for d in (0.1, 0.5) for n in (0, 1, 2, 7, 20)],
    {
        _AHEAD: _one_late(lambda n, lr, d: TimeBased(lr, d)(n)),
        "lr/(1 + d n), inverse time: every update is to divide the rate before it": _inverse,
        "lr/(1 + d n) one update ahead": _one_late(_inverse),
        "lr/(1 + d)^n: the divisor grows with n": lambda n, lr, d: lr / (1 + d) ** n,
        "lr exp(-d n)": lambda n, lr, d: Exponential(lr, d)(n),
        "the rate with 1 + d n in place of 1 + d k inside the product": lambda n, lr, d: (
            lr / (1 + d * n) ** n
        ),
        "the rate without its last division: the product ends at k = n - 1, and n - 1 is in it": (
            lambda n, lr, d: TimeBased(lr, d)(max(n - 1, 0))
        ),
    },
)

_STEPS = [
    {"n": n, "lr": lr, "factor": factor, "every": every}
    for lr, factor, every in ((1.0, 0.5, 10), (0.3, 0.1, 4))
    for n in (0, 3, 4, 5, 7, 9, 10, 11, 20, 25)
]


def _step_decay(n: int, lr: float, factor: float, every: int) -> float:
    return float(StepDecay(lr, factor, every)(n))


STEP_DECAY = ValuesLike(
    _step_decay,
    _STEPS,
    {
        _AHEAD + "; it drops at n = every - 1": _one_late(_step_decay),
        "one update late: the new rate applies at n = every already": lambda n, *r: _step_decay(
            max(n - 1, 0), *r
        ),
        "smooth: the exponent n/every is not rounded down": lambda n, lr, f, e: lr * f ** (n / e),
        "with the exponent rounded to the nearest whole number: it drops half a period early": (
            lambda n, lr, f, e: lr * f ** np.round(n / e)
        ),
        "with the exponent rounded up": lambda n, lr, f, e: lr * f ** np.ceil(n / e),
        "one single drop: the exponent must grow": lambda n, lr, f, e: lr * f if n >= e else lr,
        "lr times factor times the number of drops: the factors are multiplied": (
            lambda n, lr, f, e: lr * f * (n // e) if n >= e else lr
        ),
        "with n % every, the place in the period, as the exponent": lambda n, lr, f, e: lr * f ** (n % e),
        "with factor^n: it drops at every update": lambda n, lr, f, e: lr * f**n,
        "with 1 - factor in place of factor": lambda n, lr, f, e: lr * (1 - f) ** (n // e),
    },
)
EXPONENTIAL = ValuesLike(
    lambda n, lr, d: Exponential(lr, d)(n),
    [{"n": n, "lr": lr, "d": d} for lr, d in ((0.3, 0.04), (2.0, 0.5)) for n in (0, 1, 2, 10, 50)],
    {
        _AHEAD: _one_late(lambda n, lr, d: Exponential(lr, d)(n)),
        "growing: the exponent has lost its minus": lambda n, lr, d: lr * np.exp(d * n),
        "lr d^n: d is a rate of decay, not a factor": lambda n, lr, d: lr * d**n,
        "lr (1 - d)^n, which is close to it for small d only": lambda n, lr, d: lr * (1 - d) ** n,
        "lr/(1 + d n), inverse time": _inverse,
        "lr/(1 + d)^n": lambda n, lr, d: lr / (1 + d) ** n,
        "lr 10^(-d n)": lambda n, lr, d: lr * 10 ** (-d * n),
        "lr 2^(-d n)": lambda n, lr, d: lr * 2 ** (-d * n),
    },
)

GAIN = ValuesLike(
    lambda n, lr, d: InverseTime(lr, d)(n),
    [{"n": n, "lr": lr, "d": d} for lr, d in ((0.5, 0.1), (1.0, 1.0)) for n in (0, 1, 5, 99)],
    {
        _AHEAD: _one_late(_inverse),
        "lr exp(-d n), whose sum is finite: it stops before it has arrived": lambda n, lr, d: (
            lr * np.exp(-d * n)
        ),
        "lr/sqrt(1 + d n), the squares of which have an infinite sum: the noise never dies": (
            lambda n, lr, d: lr / np.sqrt(1 + d * n)
        ),
        "lr/(1 + d n)^2, whose sum is finite: it stops before it has arrived": (
            lambda n, lr, d: lr / (1 + d * n) ** 2
        ),
        "lr/(1 + n): d is missing": lambda n, lr, d: lr / (1 + n),
        "lr/(1 + d)^n, whose sum is finite": lambda n, lr, d: lr / (1 + d) ** n,
        "the rate that each update divides again by 1 + d n": lambda n, lr, d: TimeBased(lr, d)(n),
        "constant: n is not used": lambda n, lr, d: lr,
    },
)

_RAMPS = [
    {"n": n, "low": low, "high": high, "steps": steps}
    for low, high, steps in ((1e-4, 1.0, 100), (0.01, 10.0, 30))
    for n in (0, 1, 10, 15, 30)
]


def _ramp(n: int, low: float, high: float, steps: int) -> float:
    return float(Geometric(low, steps, high)(n))


RAMP = ValuesLike(
    _ramp,
    _RAMPS,
    {
        "a straight line, on which the small rates pass in no time": lambda n, a, b, s: a + (b - a) * n / s,
        _AHEAD.replace("full", "lowest"): lambda n, a, b, s: a * (b / a) ** ((n + 1) / s),
        "a ramp that reaches the top one update early, at n = steps - 1": (
            lambda n, a, b, s: a * (b / a) ** (n / (s - 1))
        ),
        "a ramp downwards: low and high are in each other's place": lambda n, a, b, s: b * (a / b) ** (n / s),
        "low (high - low)^(n/steps): the quotient high/low is what is to be gained": (
            lambda n, a, b, s: a * (b - a) ** (n / s)
        ),
        "high^(n/steps), without low": lambda n, a, b, s: b ** (n / s),
        "multiplied by high/low at every update": lambda n, a, b, s: a * (b / a) ** n,
    },
)


def _warmup_cosine(n: int, top: float, warmup: int, steps: int) -> float:
    return float(Cosine(top, steps - warmup).warmup(warmup)(n))


def _cosine(top: float, share: float) -> float:
    return float(top * (1 + np.cos(np.pi * min(share, 1.0))) / 2)


WARMUP_COSINE = ValuesLike(
    _warmup_cosine,
    [
        {"n": n, "top": top, "warmup": warmup, "steps": steps}
        for top, warmup, steps in ((0.1, 5, 25), (1.0, 10, 110))
        for n in (0, 1, 4, 5, 6, 10, 15, 25)
    ],
    {
        "right but for the warm-up, which begins at 0 and wastes an update: it has (n + 1)/warmup": (
            lambda n, top, w, s: top * n / w if n < w else _cosine(top, (n - w) / (s - w))
        ),
        "right but for the cosine, which does not begin when the warm-up ends: it must see n - warmup": (
            lambda n, top, w, s: top * (n + 1) / w if n < w else _cosine(top, n / (s - w))
        ),
        "right but for the cosine's length, which is steps - warmup": (
            lambda n, top, w, s: top * (n + 1) / w if n < w else _cosine(top, (n - w) / s)
        ),
        "right but for the cosine, which takes its share of all steps": (
            lambda n, top, w, s: top * (n + 1) / w if n < w else _cosine(top, n / s)
        ),
        "a cosine without a warm-up": lambda n, top, w, s: _cosine(top, n / s),
        "right but for the cosine's half: it starts at twice the top": (
            lambda n, top, w, s: top * (n + 1) / w if n < w else 2 * _cosine(top, (n - w) / (s - w))
        ),
        "right but for the cosine's half turn: it falls only to top/2, because pi is missing or halved": (
            lambda n, top, w, s: top * (n + 1) / w if n < w else _cosine(top, min((n - w) / (s - w), 1) / 2)
        ),
        "right but for update `warmup`, which belongs to the cosine": (
            lambda n, top, w, s: top * (n + 1) / w if n <= w else _cosine(top, (n - w) / (s - w))
        ),
    },
)
