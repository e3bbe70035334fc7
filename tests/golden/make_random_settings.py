"""Run PyTorch, Keras and Optax at settings drawn at random, over every argument that is a number or a switch.

`python -m tests.golden.make_random_settings` writes `random_settings.json`; with `--check` it compares.
`--seed 7 --write draws.json` draws others, for a comparison that is not kept (`--only adam`: of one name).
Nothing of this repository is imported but the frame of the other records: the numbers are the libraries' own.
"""

import argparse
import inspect
import json
import sys
import warnings
from pathlib import Path

import jax
import numpy as np
import optax
import optax.contrib
import torch

from tests.golden.make_layers import DOUBLE, GRADIENT, RUN, START, Case, doubled, keras, rates_of, start
from tests.golden.make_optimizers import HERE, PACKAGES, largest_difference, to_text, versions

MADE_BY = "tests/golden/make_random_settings.py"
SHAPES = ((2, 3), (3,))
# PyTorch's Muon takes matrices alone.
MATRICES = ((2, 3), (3, 2))
# Keras' clipnorm is of each variable; here a rule without layers has one vector, which then is the variable.
LAYERED = ("Muon", "Adafactor", "Lamb")
KEPT = (1, 12)
DRAWS = 10
# Where a start nudged by 1e-15 ends this far off, rounding decides: another setting is drawn.
PARTED = 1e-11

HOMES = {"torch": "torch.optim", "keras": "keras.optimizers", "optax": "optax"}
NAMED = {
    "torch": "ASGD Adadelta Adafactor Adagrad Adam AdamW Adamax Muon NAdam RAdam RMSprop Rprop SGD",
    "keras": """Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion Muon Nadam RMSprop SGD
        ScheduleFreeAdamW""",
    "optax": """adabelief adadelta adafactor adagrad adam adamax adamaxw adamw adan amsgrad fromage lamb lars
        lion nadam nadamw novograd optimistic_adam optimistic_adam_v2 optimistic_gradient_descent radam
        rmsprop rprop sgd sign_sgd signum sm3 yogi contrib.acprop contrib.ademamix contrib.adopt contrib.cocob
        contrib.dadapt_adamw contrib.madgrad contrib.muon contrib.prodigy
        contrib.schedule_free_adamw contrib.schedule_free_sgd contrib.simplified_ademamix contrib.sophia""",
}
# Rates of which a dozen updates are neither nothing nor the end; elsewhere 0.1.
RATES = {"contrib.prodigy": 1.0, "contrib.dadapt_adamw": 1.0, "contrib.cocob": 1.0}
RATES |= {"lars": 10.0, "Adadelta": 1.0, "adadelta": 1.0, "Ftrl": 0.5}
# What takes a number for a rate there, and no schedule.
STEADY = ("sm3", "optimistic_adam", "rprop", "contrib.schedule_free_adamw", "contrib.schedule_free_sgd")


def decay(rng):
    """Return a decay: 0 now and then, otherwise above 0 and below 1, often close to it."""
    return 0.0 if rng.random() < 0.08 else digits(1 - 10 ** rng.uniform(-3, 0))


def small(rng):
    return digits(10 ** rng.uniform(-9, -0.5))


def weight(rng):
    return 0.0 if rng.random() < 0.4 else digits(rng.uniform(0, 0.3))


def factor(rng):
    return digits(10 ** rng.uniform(-1, 1))


def share(rng):
    return digits(rng.uniform(0.05, 0.95))


def flag(rng):
    return bool(rng.random() < 0.5)


def pick(*values):
    return lambda rng: values[rng.integers(len(values))]


def maybe(draw, nothing=None):
    return lambda rng: nothing if rng.random() < 0.5 else draw(rng)


def both(*draws):
    return lambda rng: tuple(draw(rng) for draw in draws)


def digits(value):
    return float(f"{value:.3g}")


QUINTIC = pick((3.4445, -4.775, 2.0315), (2.0, -1.5, 0.5), (3.0, -3.2, 1.2))
SHARED = {
    **dict.fromkeys(("b1", "b2", "b3", "beta", "rho", "momentum", "alpha", "decay"), decay),
    **dict.fromkeys(("beta_1", "beta_2", "adam_b1", "adam_b2", "adam_beta_1", "adam_beta_2"), decay),
    **dict.fromkeys(("eps", "epsilon", "eps_root", "initial_scale", "epsilon_1"), small),
    **dict.fromkeys(("weight_decay", "adam_weight_decay", "lambd", "l1_regularization_strength"), weight),
    **dict.fromkeys(("l2_regularization_strength", "l2_shrinkage_regularization_strength"), weight),
    **dict.fromkeys(("nesterov", "amsgrad", "centered", "maximize", "decoupled_weight_decay"), flag),
    **dict.fromkeys(("bias_correction", "eps_in_sqrt", "use_clipping", "factored"), flag),
    **dict.fromkeys(("initial_accumulator_value", "dampening", "epsilon_2"), share),
    "betas": both(decay, decay),
}
OF_LIBRARY = {
    "torch": {
        "lr_decay": weight,
        "momentum_decay": maybe(small, 4e-3),
        "etas": both(pick(0.3, 0.5, 0.8), pick(1.1, 1.2, 1.7)),
        "step_sizes": both(pick(1e-6, 1e-3, 0.05), pick(50, 0.3, 0.12)),
        "t0": pick(1e6, 0, 3, 5.0),
        "ns_steps": pick(1, 3, 5, 8),
        "ns_coefficients": QUINTIC,
        "adjust_lr_fn": pick(None, "original", "match_rms_adamw", "spectral_unclamped"),
        "beta2_decay": lambda rng: digits(-rng.uniform(0.2, 1)),
        "d": pick(1.0, 1.3, 2.5),
    },
    "keras": {
        "clipnorm": maybe(factor),
        "use_ema": maybe(flag, False),
        "ema_momentum": decay,
        "ema_overwrite_frequency": pick(None, None, 2, 3),
        "gradient_accumulation_steps": pick(None, None, None, 2, 3),
        "loss_scale_factor": pick(None, None, 8.0),
        "ns_steps": pick(1, 3, 5, 8),
        "beta_2_decay": lambda rng: digits(-rng.uniform(0.2, 1)),
        "clip_threshold": pick(1.0, 0.5, 2.5),
        "relative_step": flag,
        "adam_lr_ratio": factor,
        "rms_rate": maybe(share, 0.2),
        "beta": weight,
        "warmup_steps": pick(0, 2, 5),
    },
    "optax": {
        "threshold": pick(5.0, 4.0, 7.5),
        "bias_correction_mu": flag,
        "bias_correction_nu": flag,
        "trust_coefficient": share,
        "clip_threshold": share,
        "gamma": share,
        "update_interval": pick(1, 3, 10),
        "estim_lr0": pick(1e-6, 1e-3, 0.1),
        "estim_lr_coef": pick(1.0, 0.5, 3.0),
        "ns_steps": pick(1, 3, 5, 8),
        "ns_coeffs": QUINTIC,
        "consistent_rms": maybe(share),
        "adam_learning_rate": maybe(share),
        "decay_rate": share,
        "min_dim_size_to_factor": pick(128, 2, 3),
        "multiply_by_parameter_scale": flag,
        "clipping_threshold": pick(None, 1.0, 0.3),
        "weight_decay_rate": maybe(small),
        "optimism": maybe(share),
        "min_norm": small,
        "momentum": maybe(decay),
        "eta_minus": pick(0.3, 0.5, 0.8),
        "eta_plus": pick(1.1, 1.2, 1.7),
        "min_step_size": pick(1e-6, 1e-3, 0.05),
        "max_step_size": pick(50.0, 0.3, 0.12),
        "warmup_steps": pick(None, 2, 5),
        "weight_lr_power": pick(2.0, 0.0, 1.0),
        "beta3": maybe(decay),
        "safeguard_warmup": flag,
        "decay_offset": pick(0, -3),
        "adaptive": flag,
        "adam_eps_root": small,
        "preconditioning": pick("frobenius", "spectral", "aol", "schatten"),
    },
}
# What an argument means in one function alone.
OF_ONE = {
    "torch.ASGD": {"alpha": share},
    "torch.Adafactor": {"eps": both(maybe(small), small)},
    "torch.Muon": {"eps": small},
    "keras.Muon": {"momentum": share},
    "optax.lars": {"momentum": decay},
    "optax.sm3": {"momentum": decay},
    "optax.contrib.madgrad": {"momentum": decay},
    "optax.contrib.cocob": {"alpha": pick(100.0, 10.0, 1.0)},
    "optax.contrib.ademamix": {"alpha": factor},
    "optax.contrib.simplified_ademamix": {"alpha": factor},
    "optax.optimistic_gradient_descent": {"alpha": share, "beta": share},
    "optax.optimistic_adam_v2": {"alpha": share, "beta": share},
    "optax.contrib.sophia": {"eps": small},
}
# Optax' own warmup is a schedule, which it evaluates in single precision.
WARMUP_WITHIN = 1e-7
TOLERANCE = 1e-10


def parameters_of(library, name):
    found = {"torch": torch.optim, "keras": keras.optimizers, "optax": optax}[library]
    for part in name.split("."):
        found = getattr(found, part)
    own = inspect.signature(found).parameters
    if library == "keras":
        base = inspect.signature(keras.optimizers.Optimizer).parameters
        own = base | dict(inspect.signature(found.__init__).parameters) if "kwargs" in own else own
    return list(own)


def drawn(library, name, rng):
    """Return a call with about half of its arguments drawn, the others at their defaults."""
    ranges = SHARED | OF_LIBRARY[library] | OF_ONE.get(f"{library}.{name}", {})
    words = []
    for argument in parameters_of(library, name):
        if argument in ranges and rng.random() < 0.55:
            words.append(f"{argument}={ranges[argument](rng)!r}")
    if name == "adafactor" and library == "optax":
        words.append("dtype_momentum='float64'")
    if name == "contrib.sophia":
        words.append("hessian_diagonal_fn=DIAGONAL")
    first = ["p", "lr"] if library == "torch" else ["lr"]
    return f"{HOMES[library]}.{name}({', '.join(first + words)})"


def case_of(library, name, call):
    shapes = MATRICES if (library, name) == ("torch", "Muon") else SHAPES
    if "clipnorm=" in call and name not in LAYERED:
        shapes = ((9,),)
    steady = name in STEADY or "adam_learning_rate" in call or "gradient_accumulation_steps=" in call
    tolerance = TOLERANCE
    if library == "optax" and "warmup_steps=" in call and "warmup_steps=None" not in call:
        tolerance = WARMUP_WITHIN
    double = DOUBLE.get(f"{library}.{name}", "")
    return Case(name, call, RATES.get(name, 0.1), shapes, "", double, tolerance, steady)


def points(library, case, nudge=1.0):
    with doubled(case), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.array(list(RUN[library](case, rates_of(case), start(case.shapes) * nudge)))


def settled(library, case):
    """Return the points of a run that rounding does not decide, or None."""
    rows = points(library, case)
    if not np.isfinite(rows).all() or np.abs(rows).max() > 1e6:
        return None
    other = points(library, case, 1 + 1e-15)
    return rows if np.abs(rows - other).max() <= PARTED * np.abs(rows).max() else None


def settings(library, name, seed, draws=DRAWS):
    """Return that many settings of one function with what it does, and those that it refuses."""
    rng = np.random.default_rng([seed, *map(ord, f"{library}.{name}")])
    made, refused = {}, []
    for _ in range(5 * draws):
        call = drawn(library, name, rng)
        case = case_of(library, name, call)
        if call in made or call in refused:
            continue
        try:
            rows = settled(library, case)
        except ValueError:
            refused.append(call)
            continue
        if rows is not None:
            made[call] = entry_of(case, rows)
        if len(made) == draws:
            break
    return made, refused


def entry_of(case, rows):
    entry = {"rates": "steady" if case.constant else "swinging", "lr": case.lr, "tolerance": case.tolerance}
    return entry | {"shapes": list(map(list, case.shapes)), "x": [rows[n - 1].tolist() for n in KEPT]}


def made(seed, only="", draws=DRAWS):
    runs, refused = {}, {}
    for library, names in NAMED.items():
        for name in names.split():
            if only and only != name:
                continue
            found, not_taken = settings(library, name, seed, draws)
            runs[f"{library}.{name}"] = found
            refused |= {f"{library}.{name}": not_taken} if not_taken else {}
            jax.clear_caches()  # what was compiled for one function serves no other
            print(f"{library}.{name}: {len(found)} run, {len(not_taken)} refused", file=sys.stderr)
    return {
        "made_by": MADE_BY,
        "versions": versions(sorted(set().union(*PACKAGES.values()))),
        "seed": seed,
        "gradient": GRADIENT,
        "start": START,
        "swinging": "lr (1 + 0.5 sin n)",
        "kept": list(KEPT),
        "runs": runs,
        "refused": refused,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 where the file differs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--write", type=Path, default=HERE / "random_settings.json")
    given = parser.parse_args()
    text = to_text(made(given.seed, given.only, given.draws)) + "\n"
    if not given.check:
        given.write.write_text(text, encoding="utf-8", newline="\n")
        return 0
    by = largest_difference(json.loads(given.write.read_text("utf-8")), json.loads(text))
    print(f"{given.write.name}: differs by {by:.1e}")
    return int(by > 0)


if __name__ == "__main__":
    sys.exit(main())
