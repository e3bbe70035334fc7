"""What the parameters of every search may be, as their docstrings say."""

import math

import pytest

from schedules import (
    GOLSB,
    GOLSI,
    PAL,
    SLS,
    Armijo,
    ExactQuadratic,
    ForwardBackward,
    GOLSBack,
    GOLSMax,
    GrippoLamparielloLucidi,
    HagerZhang,
    MoreThuente,
    ProbabilisticLineSearch,
    QuadraticApproximation,
    StrongWolfe,
)

SHARE, POSITIVE, FACTOR = (0.0, 1.0), (0.0, math.inf), (1.0, math.inf)
BETWEEN = [
    (Armijo, {"c1": SHARE, "rho": SHARE, "alpha0": POSITIVE, "alpha_max": POSITIVE}),
    (ForwardBackward, {"c1": SHARE, "eta": FACTOR, "alpha_min": POSITIVE, "max_length": POSITIVE}),
    (ExactQuadratic, {"relaxation": (0.0, 2.0)}),
    (GOLSI, {"alpha_min": POSITIVE, "max_length": POSITIVE, "eta": FACTOR, "c2": SHARE}),
    (GOLSMax, {"alpha_min": POSITIVE, "max_length": POSITIVE, "eta": FACTOR, "c2": SHARE}),
    (GOLSBack, {"alpha_min": POSITIVE, "max_length": POSITIVE, "eta": FACTOR, "c2": SHARE}),
    (GOLSB, {"alpha_min": POSITIVE, "max_length": POSITIVE, "eta": FACTOR, "width": POSITIVE}),
    (HagerZhang, {"delta": (0.0, 0.5), "sigma": (0.1, 1.0), "theta": SHARE, "gamma": SHARE, "rho": FACTOR}),
    (HagerZhang, {"first": POSITIVE, "psi0": POSITIVE, "psi1": POSITIVE, "psi2": POSITIVE, "psi3": SHARE}),
    (GrippoLamparielloLucidi, {"c1": SHARE, "rho": SHARE, "alpha_min": POSITIVE, "alpha_max": POSITIVE}),
    (PAL, {"mu": POSITIVE, "alpha": (0.0, 2.0), "s_max": POSITIVE}),
    (QuadraticApproximation, {"alpha0": POSITIVE, "growth": FACTOR, "max_length": POSITIVE}),
    (ProbabilisticLineSearch, {"alpha0": POSITIVE, "c1": SHARE, "c2": SHARE, "threshold": SHARE}),
    (ProbabilisticLineSearch, {"growth": POSITIVE}),
    (SLS, {"c": SHARE, "beta": SHARE, "alpha0": POSITIVE, "alpha_max": POSITIVE}),
    (StrongWolfe, {"c1": SHARE, "c2": (1e-4, 1.0), "alpha_max": POSITIVE}),
    (MoreThuente, {"c1": SHARE, "c2": (1e-4, 1.0), "alpha_max": POSITIVE}),
]
CASES = [(kind, name, *span) for kind, spans in BETWEEN for name, span in spans.items()]
# One parameter may be as large as another by default: sigma as delta, c2 as c1.
SHARED = {(HagerZhang, "sigma", 0.1), (StrongWolfe, "c2", 1e-4), (MoreThuente, "c2", 1e-4)}


@pytest.mark.parametrize(
    ("kind", "name", "low", "high"), CASES, ids=lambda v: getattr(v, "__name__", None) or f"{v}"
)
def test_between_two_numbers(kind, name, low, high):
    """Anything between them is taken, and neither of them unless another parameter is that bound."""
    for inside in (low + 1e-9, min(high, 1e6) - 1e-9):
        assert getattr(kind(**{name: inside}), name) == inside
    for bound, beyond in ((low, low - 1e-9), (high, high + 1e-9)):
        if bound == math.inf:
            continue
        refused = beyond if (kind, name, bound) in SHARED else bound
        with pytest.raises(ValueError, match=r"\w+: got .*expected a (finite )?number"):
            kind(**{name: refused})
        if refused != bound:
            kind(**{name: bound})


def test_of_two_shares_the_one_above_1_is_named():
    with pytest.raises(ValueError, match=r"^c1: got 1\.0"):
        StrongWolfe(c1=1.0)


LEAST = [
    (Armijo, "growth", 1.0),
    (Armijo, "rtol", 0.0),
    (Armijo, "atol", 0.0),
    (HagerZhang, "eps", 0.0),
    (HagerZhang, "max_trials", 1),
    (GrippoLamparielloLucidi, "memory", 1),
    (GrippoLamparielloLucidi, "max_trials", 1),
    (ProbabilisticLineSearch, "budget", 2),
    (SLS, "gamma", 1.0),
    (SLS, "max_trials", 1),
    (StrongWolfe, "max_trials", 1),
    (MoreThuente, "max_trials", 1),
]


@pytest.mark.parametrize(("kind", "name", "least"), LEAST)
def test_at_least(kind, name, least):
    kind(**{name: least})
    less = least - 1 if isinstance(least, int) else least - 1e-9
    with pytest.raises(ValueError, match=rf"^{name}: got {less}, expected .* of at least {least:g}$"):
        kind(**{name: less})
