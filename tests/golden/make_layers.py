"""Make the golden runs of rules that know layers: several parameters, matrices and stacks of them among them.

`python tests/golden/make_layers.py` writes `layers.json`; with `--check` it compares. Nothing of this
repository is imported but the frame of `make_optimizers`: the numbers are the libraries' own.
"""

import argparse
import json
import math
import sys
from contextlib import contextmanager
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import optax
import torch

from tests.golden.make_optimizers import (
    HERE,
    PACKAGES,
    hyperparameters,
    keras,
    largest_difference,
    to_text,
    versions,
)

MADE_BY = "tests/golden/make_layers.py"
SHAPES = ((2, 3), (4, 2), (3,), (2, 2, 3))
MATRICES = SHAPES[:2]
UPDATES = 12
KEPT = (1, 2, 3, 6, 12)
GRADIENT = "a * (x - b) + 0.3 cos(n + i), a = 0.5 + 0.4 (i mod 5), b = sin(3 i), n from 0, i the place in x"
START = "cos(2 i) - 0.1 i"


@dataclass(frozen=True)
class Case:
    """One run; `double` says which single-precision step of the library is done in double precision."""

    name: str
    call: str
    lr: float
    shapes: tuple = SHAPES
    note: str = ""
    double: str = ""
    tolerance: float = 1e-12
    constant: bool = False


BFLOAT = "the iteration in double precision instead of bfloat16"
ROOT = "the root of the count in double precision instead of single"
DECAY = "the decay of the squares in double precision instead of single"
SINGLE = "norms and means in double precision instead of single"

TORCH = (
    Case("adafactor", "torch.optim.Adafactor(p, lr)", 0.3),
    Case("adafactor_numbers",
         "torch.optim.Adafactor(p, lr, beta2_decay=-0.6, eps=(0.05, 0.1), d=1.5, weight_decay=0.1)", 0.3),
    Case("adafactor_maximize", "torch.optim.Adafactor(p, lr, maximize=True)", 0.1),
    Case("muon", "torch.optim.Muon(p, lr)", 0.1, MATRICES, double=BFLOAT),
    Case("muon_released", "torch.optim.Muon(p, lr)", 0.1, MATRICES, "the iteration in bfloat16",
         tolerance=2e-2),
    Case("muon_plain", "torch.optim.Muon(p, lr, weight_decay=0.0, momentum=0.8, nesterov=False)", 0.1,
         MATRICES, double=BFLOAT),
    Case("muon_moonlight", "torch.optim.Muon(p, lr, adjust_lr_fn='match_rms_adamw')", 0.1, MATRICES,
         double=BFLOAT),
    Case("muon_spectral", "torch.optim.Muon(p, lr, adjust_lr_fn='spectral_unclamped', ns_steps=3)", 0.1,
         MATRICES, double=BFLOAT),
    Case("muon_coefficients",
         "torch.optim.Muon(p, lr, ns_coefficients=(2.0, -1.5, 0.5), eps=0.5, ns_steps=7)", 0.1, MATRICES,
         double=BFLOAT),
)  # fmt: skip

KERAS = (
    Case("lamb", "keras.optimizers.Lamb(lr)", 0.1),
    Case("lamb_decay", "keras.optimizers.Lamb(lr, beta_1=0.8, beta_2=0.9, epsilon=0.01, weight_decay=0.1)",
         0.1),
    Case("adafactor", "keras.optimizers.Adafactor(lr)", 0.3, double=SINGLE),
    Case("adafactor_released", "keras.optimizers.Adafactor(lr)", 0.3, note="means in single precision",
         tolerance=2e-6),
    Case("adafactor_numbers",
         "keras.optimizers.Adafactor(lr, beta_2_decay=-0.6, epsilon_1=0.001, epsilon_2=0.1, "
         "clip_threshold=1.5, relative_step=False, weight_decay=0.1)", 0.3, double=SINGLE),
    Case("muon", "keras.optimizers.Muon(lr)", 0.1, double=SINGLE),
    Case("muon_released", "keras.optimizers.Muon(lr)", 0.1, note="norms in single precision",
         tolerance=2e-6),
    Case("muon_numbers",
         "keras.optimizers.Muon(lr, adam_beta_1=0.8, adam_beta_2=0.9, adam_weight_decay=0.2, epsilon=0.01, "
         "weight_decay=0.1, adam_lr_ratio=0.5, momentum=0.8, ns_steps=3, nesterov=False, rms_rate=None)", 0.1,
         double=SINGLE),
    Case("muon_coefficients",
         "keras.optimizers.Muon(lr, muon_a=2.0, muon_b=-1.5, muon_c=0.5, rms_rate=0.3)", 0.1, double=SINGLE),
    Case("ftrl", "keras.optimizers.Ftrl(lr)", 0.5),
    Case("ftrl_numbers",
         "keras.optimizers.Ftrl(lr, initial_accumulator_value=0.5, l1_regularization_strength=0.4, "
         "l2_regularization_strength=0.2, l2_shrinkage_regularization_strength=0.1, beta=0.7, "
         "weight_decay=0.1)", 0.5),
    Case("accumulated", "keras.optimizers.Adam(lr, gradient_accumulation_steps=3, clipnorm=0.5)", 0.1,
         ((3,),), constant=True),
    Case("loss_scale", "keras.optimizers.SGD(lr, momentum=0.5, loss_scale_factor=16.0)", 0.1, ((3,),)),
    Case("ema_overwrites",
         "keras.optimizers.SGD(lr, use_ema=True, ema_momentum=0.7, ema_overwrite_frequency=3)", 0.1, ((3,),)),
)  # fmt: skip

BETA = "Optax computes the decay of the squares in float32 even under x64"
OPTAX = (
    Case("lamb", "optax.lamb(lr)", 0.1),
    Case("lamb_decay", "optax.lamb(lr, b1=0.8, b2=0.9, eps=0.01, weight_decay=0.1)", 0.1),
    Case("lars", "optax.lars(lr)", 20.0),
    Case("lars_numbers",
         "optax.lars(lr, weight_decay=0.1, trust_coefficient=0.2, eps=0.3, momentum=0.7, nesterov=True)",
         0.1),
    Case("novograd", "optax.novograd(lr)", 0.05),
    Case("novograd_numbers",
         "optax.novograd(lr, b1=0.7, b2=0.6, eps=0.1, eps_root=0.2, weight_decay=0.1)", 0.05),
    Case("sm3", "optax.sm3(lr)", 0.1, constant=True),
    Case("sm3_plain", "optax.sm3(lr, momentum=0.0)", 0.1, constant=True),
    Case("adafactor", "optax.adafactor(lr)", 0.1, note=BETA, tolerance=2e-6),
    Case("adafactor_factored", "optax.adafactor(lr, min_dim_size_to_factor=2)", 0.1, note=BETA,
         tolerance=2e-6),
    Case("adafactor_numbers",
         "optax.adafactor(lr, min_dim_size_to_factor=2, decay_rate=0.6, multiply_by_parameter_scale=False, "
         "clipping_threshold=None, momentum=0.7, weight_decay_rate=0.01, eps=0.001, "
         "dtype_momentum='float64')",
         0.1, note=BETA, tolerance=2e-6),
    Case("adafactor_not_factored", "optax.adafactor(lr, min_dim_size_to_factor=2, factored=False)", 0.1,
         note=BETA, tolerance=2e-6),
    Case("muon", "optax.contrib.muon(lr)", 0.1),
    Case("muon_numbers",
         "optax.contrib.muon(lr, ns_steps=3, beta=0.8, eps=0.01, weight_decay=0.1, nesterov=False, "
         "adam_b1=0.8, adam_b2=0.9, adam_weight_decay=0.2, consistent_rms=0.3)", 0.1),
    Case("muon_rates", "optax.contrib.muon(lr, ns_coeffs=(2.0, -1.5, 0.5), adam_learning_rate=0.02)", 0.1,
         constant=True),
    Case("adan", "optax.adan(lr)", 0.1),
    Case("adan_numbers",
         "optax.adan(lr, b1=0.8, b2=0.7, b3=0.9, eps=0.01, eps_root=0.02, weight_decay=0.1)", 0.1),
    Case("ademamix", "optax.contrib.ademamix(lr)", 0.1),
    Case("ademamix_numbers",
         "optax.contrib.ademamix(lr, b1=0.8, b2=0.9, b3=0.95, alpha=2.0, eps=0.01, eps_root=0.02, "
         "weight_decay=0.1)", 0.1),
    Case("adopt", "optax.contrib.adopt(lr)", 0.1),
    Case("adopt_numbers", "optax.contrib.adopt(lr, b1=0.8, b2=0.9, eps=0.5, nesterov=True)", 0.1),
    Case("adopt_unclipped", "optax.contrib.adopt(lr, use_clipping=False)", 0.01),
    Case("madgrad", "optax.contrib.madgrad(lr)", 0.1, double=ROOT),
    Case("madgrad_released", "optax.contrib.madgrad(lr)", 0.1, note="the root of the count in float32",
         tolerance=1e-7),
    Case("madgrad_numbers", "optax.contrib.madgrad(lr, momentum=0.7, weight_decay=0.1, eps=0.01)", 0.1,
         double=ROOT),
    Case("sophia", "optax.contrib.sophia(lr, hessian_diagonal_fn=DIAGONAL)", 0.1,
         note="the diagonal of the Hessian is a, as it is"),
    Case("sophia_numbers",
         "optax.contrib.sophia(lr, b1=0.8, b2=0.9, eps=0.01, weight_decay=0.1, gamma=0.4, "
         "clip_threshold=0.5, update_interval=3, hessian_diagonal_fn=DIAGONAL)", 0.1),
)  # fmt: skip

# What a library computes in less than double precision, by the name of its call.
DOUBLE = {"torch.Muon": BFLOAT, "keras.Muon": SINGLE, "keras.Adafactor": SINGLE, "keras.Lamb": SINGLE}
DOUBLE |= {"optax.contrib.madgrad": ROOT, "optax.adafactor": DECAY}

TABLES = {"torch": TORCH, "keras": KERAS, "optax": OPTAX}


def size(shapes):
    return sum(math.prod(shape) for shape in shapes)


def start(shapes):
    i = np.arange(size(shapes), dtype=float)
    return np.cos(2 * i) - 0.1 * i


def curvature(shapes):
    return 0.5 + 0.4 * (np.arange(size(shapes)) % 5)


def gradient(x, n):
    i = np.arange(len(x), dtype=float)
    return (0.5 + 0.4 * (np.arange(len(x)) % 5)) * (x - np.sin(3 * i)) + 0.3 * np.cos(n + i)


def split(x, shapes):
    ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(x, ends), shapes, strict=True)]


def flat(parts):
    return np.concatenate([np.asarray(part, dtype=float).ravel() for part in parts])


def rates_of(case):
    return [case.lr * (1 if case.constant else 1 + 0.5 * math.sin(n)) for n in range(UPDATES)]


@contextmanager
def doubled(case):
    """Do what `double` names in double precision, in the library's own code."""
    if case.double == BFLOAT:
        kept, torch.Tensor.bfloat16 = torch.Tensor.bfloat16, lambda self: self.clone()
    if case.double == ROOT:
        kept, jnp.sqrt = jnp.sqrt, lambda x: kept(jnp.asarray(x, jnp.float64))
    if case.double == DECAY:
        kept, jnp.float32 = jnp.float32, jnp.float64
    if case.double == SINGLE:
        ops = keras.src.ops
        kept = ops.norm, ops.mean
        ops.norm = lambda x, axis, keepdims: jnp.sqrt(jnp.sum(jnp.asarray(x) ** 2, axis, keepdims=keepdims))
        ops.mean = lambda x, axis=None, keepdims=False: jnp.mean(jnp.asarray(x), axis, keepdims=keepdims)
    try:
        yield
    finally:
        if case.double == BFLOAT:
            torch.Tensor.bfloat16 = kept
        if case.double == ROOT:
            jnp.sqrt = kept
        if case.double == DECAY:
            jnp.float32 = kept
        if case.double == SINGLE:
            ops.norm, ops.mean = kept


def first(case, x0):
    """Return the parameters ahead of the first update, each in its shape."""
    return split(start(case.shapes) if x0 is None else np.array(x0, dtype=float), case.shapes)


def run_torch(case, rates, x0=None, slope=gradient):
    parts = [torch.nn.Parameter(torch.tensor(part)) for part in first(case, x0)]
    optimizer = eval(case.call, {"torch": torch, "p": parts, "lr": rates[0]})
    for n, rate in enumerate(rates):
        optimizer.param_groups[0]["lr"] = rate
        x = flat([p.detach() for p in parts])
        for p, g in zip(parts, split(slope(x, n), case.shapes), strict=True):
            p.grad = torch.tensor(g)
        optimizer.step()
        yield flat([p.detach() for p in parts])


def run_keras(case, rates, x0=None, slope=gradient):
    parts = [keras.Variable(part, dtype="float64") for part in first(case, x0)]
    optimizer = eval(case.call, {"keras": keras, "lr": rates[0]})
    for n, rate in enumerate(rates):
        optimizer.learning_rate = rate
        x = flat([p.numpy() for p in parts])
        optimizer.apply([jnp.asarray(g) for g in split(slope(x, n), case.shapes)], parts)
        yield flat([p.numpy() for p in parts])


def run_optax(case, rates, x0=None, slope=gradient):
    table = jnp.asarray(rates)
    lr = rates[0] if case.constant else lambda count: table[count]
    diagonal = [jnp.asarray(part) for part in split(curvature(case.shapes), case.shapes)]
    exact = optax.GradientTransformation(lambda _: (), lambda _, state, __=None, **___: (diagonal, state))
    optimizer = eval(case.call, {"optax": optax, "lr": lr, "DIAGONAL": exact})
    params = [jnp.asarray(part) for part in first(case, x0)]
    state = optimizer.init(params)
    for n in range(len(rates)):
        g = [jnp.asarray(part) for part in split(slope(flat(params), n), case.shapes)]
        updates, state = optimizer.update(g, state, params)
        params = optax.apply_updates(params, updates)
        yield flat(params)


RUN = {"torch": run_torch, "keras": run_keras, "optax": run_optax}


def record(library, case):
    rates = rates_of(case)
    with doubled(case):
        rows = [row.tolist() for row in RUN[library](case, rates)]
    names = {"torch": torch, "keras": keras, "optax": optax}
    hyper = hyperparameters([case.call.replace(", hessian_diagonal_fn=DIAGONAL", "")], names)
    hyper.pop("hessian_diagonal_fn", None)
    entry = {
        "call": case.call,
        "rates": rates,
        "shapes": [list(shape) for shape in case.shapes],
        "tolerance": case.tolerance,
        "hyper": hyper,
        "x": [rows[n - 1] for n in KEPT],
    }
    return entry | {key: text for key in ("note", "double") if (text := getattr(case, key))}


def made():
    return {
        "made_by": MADE_BY,
        "versions": versions(sorted(set().union(*PACKAGES.values()))),
        "gradient": GRADIENT,
        "start": START,
        "kept": list(KEPT),
        "cases": {name: {case.name: record(name, case) for case in cases} for name, cases in TABLES.items()},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 where the file differs")
    check = parser.parse_args().check
    path, text = HERE / "layers.json", to_text(made()) + "\n"
    if not check:
        path.write_text(text, encoding="utf-8", newline="\n")
        return 0
    by = largest_difference(json.loads(path.read_text("utf-8")), json.loads(text))
    print(f"{path.name}: differs by {by:.1e}")
    return int(by > 0)


if __name__ == "__main__":
    sys.exit(main())
