"""Every parameter of a rule, schedule, search or feedback is allowed up to the ends of its range, no further.

What the ends are follows from what a parameter is: a decay is a share that is never whole, what is divided by
is never 0. Each name has its range once; a class in which the name means something else has a row of its own.
"""

import dataclasses
import math

import pytest

import optim
import schedules
from stepsize.core.limits.ranges import OneOf, constraint_of
from stepsize.core.record import registered
from stepsize.parsing import example_of, load_registry

load_registry()

TINY, HUGE = 5e-324, 1e300
INF = math.inf


def below(x):
    return math.nextafter(x, -INF)


def above(x):
    return math.nextafter(x, INF)


# What is allowed and what is refused, next to each end.
ANY = [-HUGE, HUGE], [INF, -INF]
FROM_0 = [0.0, HUGE], [-TINY, INF]
ABOVE_0 = [TINY, HUGE], [0.0, INF]
ABOVE_0_OR_INF = [TINY, INF], [0.0, math.nan]
FROM_1 = [1.0, HUGE], [below(1.0), INF]
ABOVE_1 = [above(1.0), HUGE], [1.0, INF]
FROM_4_OR_INF = [4.0, INF], [below(4.0)]
DECAY = [0.0, below(1.0)], [-TINY, 1.0]
SHARE = [TINY, below(1.0)], [0.0, 1.0]
WHOLE_SHARE = [0.0, 1.0], [-TINY, above(1.0)]
BELOW_2 = [TINY, below(2.0)], [0.0, 2.0]
BELOW_HALF = [TINY, below(0.5)], [0.0, 0.5]
BELOW_0 = [-TINY, -HUGE], [0.0, -INF]
COUNT_0, COUNT_1, COUNT_2 = ([0, 10**9], [-1, 0.5]), ([1, 10**9], [0, 1.5]), ([2, 10**9], [1, 2.5])
SEED = [0, 2**128 - 1], [-1, 2**128]

# By the name of the parameter.
RANGES = {
    # Rules: shares of averages, what is added to a denominator, forces, counts.
    **dict.fromkeys(("beta", "beta1", "beta2", "beta3", "rho"), DECAY),
    **dict.fromkeys(("eps", "eps1", "eps2", "eps_root", "adam_eps", "adam_eps_root", "initial"), FROM_0),
    **dict.fromkeys(("damping", "min_norm", "variance"), FROM_0),
    **dict.fromkeys(("momentum", "weight_decay", "adam_weight_decay", "momentum_decay", "trust"), FROM_0),
    **dict.fromkeys(("alpha", "adam_ratio", "l1", "l2", "shrinkage", "decay", "lr_decay"), FROM_0),
    **dict.fromkeys(("clip", "bound", "gamma", "max_norm", "limit"), ABOVE_0),
    "d0": ABOVE_0_OR_INF,
    "threshold": FROM_4_OR_INF,
    **dict.fromkeys(("samples", "every", "iterations", "begin", "min_size", "overwrite", "memory"), COUNT_1),
    **dict.fromkeys(("warmup", "ahead"), COUNT_0),
    # Powell's bound, for which inf is never; the share of a descent; updates between restarts.
    "nu": ABOVE_0_OR_INF,
    "descent": DECAY,
    "restart": COUNT_1,
    "period": COUNT_1,
    "rng": SEED,
    # Schedules: values, lengths, shapes.
    **dict.fromkeys(("minimum", "maximum", "end", "start", "before", "lower", "upper", "low"), ANY),
    **dict.fromkeys(("steps", "updates", "updates_per_epoch", "up", "down", "cycles", "stage"), COUNT_1),
    **dict.fromkeys(("fall", "d_model", "warmup_steps"), COUNT_1),
    **dict.fromkeys(("at", "stable", "rise", "wait", "cooldown", "max_doublings"), COUNT_0),
    **dict.fromkeys(("power", "k", "c", "scale", "mult", "div", "final_div", "tau", "mu", "R", "B"), ABOVE_0),
    **dict.fromkeys(("batch", "tokens", "a"), ABOVE_0),
    **dict.fromkeys(("factor", "shrink", "d"), FROM_0),
    **dict.fromkeys(("flat",), DECAY),
    "max_momentum": WHOLE_SHARE,
    "b": ABOVE_0,
    # Searches and feedback.
    **dict.fromkeys(("c1", "c2", "sigma", "theta", "psi3", "down"), SHARE),
    "delta": BELOW_HALF,
    "relaxation": BELOW_2,
    "eta": ABOVE_1,
    "growth": ABOVE_1,
    **dict.fromkeys(("alpha0", "alpha_max", "max_length", "s_max"), ABOVE_0_OR_INF),
    **dict.fromkeys(("alpha_min", "width", "first", "psi0", "psi1", "psi2"), ABOVE_0),
    **dict.fromkeys(("max_trials", "mean", "window"), COUNT_1),
    "budget": COUNT_2,
    **dict.fromkeys(("rtol", "atol", "absolute", "relative", "min_lr"), FROM_0),
    "patience": COUNT_0,
    "max_lr": ABOVE_0,
    "reach": ABOVE_0,
    "lowest": ANY,
}

# Where the name means something else.
OWN = {
    **{name: {"momentum": DECAY} for name in ("Muon", "TorchMuon", "KerasMuon", "OptaxMuon")},
    **{name: {"momentum": DECAY} for name in ("MADGRAD", "SM3")},
    "EMA": {"decay": DECAY},
    "Optimistic": {"beta": FROM_0},
    "COCOB": {"alpha": ABOVE_0, "eps": ABOVE_0},
    "FTRL": {"lr": ABOVE_0, "beta": FROM_0},
    "Sophia": {"eps": ABOVE_0},
    "AdEMAMix": {"warmup": COUNT_1},
    "Accumulate": {"period": COUNT_2},
    # Lengths that need not be whole; a climb and a fall, or two stages, at the least.
    **{name: {"steps": ABOVE_0} for name in ("PeriodicCosine", "Restarts", "Cycles")},
    "LogStepDecay": {"steps": COUNT_2},
    **{name: {"every": FROM_1} for name in ("StepDecay", "EarlyStepDecay")},
    "Delay": {"updates": COUNT_0},
    "Skip": {"updates": COUNT_0},
    "Geometric": {"lr": ABOVE_0, "end": ABOVE_0},
    "SearchThenConverge": {"lr": ABOVE_0},
    "Exponential": {"d": ANY},
    "Power": {"power": ANY},
    "Cyclic": {"gamma": WHOLE_SHARE, "down": COUNT_1},
    "Noam": {"factor": ANY},
    "PowerScheduler": {"b": BELOW_0},
    **{name: {"L": ANY} for name in ("Chebyshev", "StrongSilver")},  # above mu, which is for `check`
    "Silver": {"L": ABOVE_0},
    # Searches: factors by which a step shrinks or grows.
    "Armijo": {"rho": SHARE, "growth": FROM_1, "max_trials": COUNT_0},
    "GrippoLamparielloLucidi": {"rho": SHARE},
    "HagerZhang": {"rho": ABOVE_1, "gamma": SHARE},
    "SLS": {"beta": SHARE, "c": SHARE, "gamma": FROM_1},
    "PAL": {"alpha": BELOW_2},
    "ProbabilisticLineSearch": {"alpha0": ABOVE_0, "threshold": SHARE, "growth": ABOVE_0},
    "Plateau": {"lr": FROM_0, "factor": SHARE, "patience": COUNT_1},
    "Greedy": {"lr": FROM_0, "factor": SHARE, "max_lr": FROM_0},
    "BoldDriver": {"lr": FROM_0, "up": FROM_1},
    "Polyak": {"max_lr": ABOVE_0_OR_INF},
    "BarzilaiBorwein": {"lr": ABOVE_0, "min_lr": ABOVE_0},
    **{name: {"lr": ABOVE_0} for name in ("AdGD", "AdaGradNorm")},
    "Hypergradient": {"lr": ABOVE_0, "beta": FROM_0},
    "OptaxAdafactor": {"momentum": DECAY, "clip": ABOVE_0_OR_INF},
    "OneCycle": {"steps": COUNT_2, "rise": SHARE},
}

KINDS = (optim.Optimizer, schedules.Schedule, schedules.LineSearch, schedules.Feedback)
CLASSES = [c for kind in KINDS for c in registered(kind) if c.__module__.startswith(("optim", "schedules"))]


def constraint(cls, name):
    field = cls.__dataclass_fields__[name]
    ranges = cls.ranges() if issubclass(cls, optim.Optimizer) else {}
    return ranges.get(name) or field.metadata.get("constraint") or constraint_of(field.type)


RANGED = [
    pytest.param(cls, field.name, id=f"{cls.__name__}-{field.name}")
    for cls in CLASSES
    for field in dataclasses.fields(cls)
    if not isinstance(constraint(cls, field.name), OneOf | None)
]


def ends(cls, name):
    """Return what is allowed and what is refused; a rate is any number, and a rule's own no less than 0."""
    rate = FROM_0 if issubclass(cls, optim.Optimizer) else ANY
    return OWN.get(cls.__name__, {}).get(name) or {"lr": rate, **RANGES}[name]


@pytest.mark.parametrize(("cls", "name"), RANGED)
def test_a_parameter_is_allowed_up_to_the_ends_of_its_range(cls, name):
    allowed, refused = ends(cls, name)
    for value in allowed:
        constraint(cls, name).check(name, value)
    for value in refused:
        with pytest.raises((ValueError, TypeError), match=f"^{name}: got "):
            example_of(cls).replace(**{name: value})


def test_every_row_is_of_a_parameter_that_there_is():
    fields = {(cls.__name__, name) for cls, name in (p.values for p in RANGED)}
    assert {(cls, name) for cls, row in OWN.items() for name in row} <= fields
    assert set(RANGES) <= {name for _, name in fields}
