"""Every default is the number that its source prints; a switch says which source a class follows.

A class of ours that has defaults has them here, every one.
"""

import dataclasses
import math

import pytest

import optim
import schedules
from optim.dialects import adafactor_variants, muon_variants, optax_variants, variants
from stepsize.core.record import registered

ADAM = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}  # Kingma and Ba, algorithm 1
RPROP = {"lr": 1.0, "initial": 0.1, "eta_minus": 0.5, "eta_plus": 1.2, "min_step": 1e-6, "max_step": 50.0}
FREE = {"beta": 0.9, "weight_decay": 0.0, "warmup": 0, "r": 0.0, "power": 2.0}
MUON = {
    "momentum": 0.95,
    "nesterov": True,
    "coefficients": (3.4445, -4.7750, 2.0315),
    "iterations": 5,
    "shapes": None,
}
ADAFACTOR = {"decay": 0.8, "eps2": 1e-3, "clip": 1.0, "shapes": None}
GOLS = {"alpha_min": 1e-8, "max_length": 1.0, "eta": 2.0}

PRINTED = {
    # Kingma and Ba, 2014: algorithms 1 and 2.
    "Adam": {"lr": 1e-3, **ADAM, "eps_hat": False},
    "AdaMax": {"lr": 2e-3, **ADAM, "eps_outside": False},
    # PyTorch's decay; Dozat's report; Reddi et al.; Liu et al.; Zaheer et al.; Zhuang et al. with Optax' eps.
    "AdamW": {
        "lr": 1e-3,
        **ADAM,
        "eps_hat": False,
        "weight_decay": 0.01,
        "decay": "decoupled",
        "base_lr": 1e-3,
    },
    "Nadam": {"lr": 2e-3, **ADAM, "momentum_decay": 1 / 250, "warming": True},
    "AMSGrad": {"lr": 1e-3, **ADAM, "debias": "none", "eps_hat": False},
    "RAdam": {"lr": 1e-3, **ADAM, "threshold": 4.0, "eps_hat": False, "wait": False},
    "Yogi": {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-3, "initial": 0.0, "debias": False},
    "AdaBelief": {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-16, "eps_root": 1e-16},
    # PyTorch's eps for Duchi et al.; Hinton's lecture; Graves 2013, eq. 40; Zeiler 2012.
    "Adagrad": {"lr": 0.01, "eps": 1e-10, "eps_inside": False, "initial": 0.0},
    "RMSprop": {"lr": 1e-3, "rho": 0.9, "eps": 1e-8, "eps_inside": True, "initial": 0.0, "debias": False},
    "CenteredRMSprop": {
        "lr": 1e-4,
        "rho": 0.95,
        "eps": 1e-4,
        "eps_inside": True,
        "initial": 0.0,
        "debias": False,
    },
    "Adadelta": {"lr": 1.0, "rho": 0.95, "eps": 1e-6},
    # No source prints a rate; 0.01 and 0.9 are customary.
    "SGD": {"lr": 0.01},
    "Momentum": {"lr": 0.01, "momentum": 0.9, "dampening": 0.0, "undamped_first": False},
    "HeavyBall": {"lr": 0.01, "momentum": 0.9},
    "Nesterov": {"lr": 0.01, "momentum": 0.9},
    "SutskeverNesterov": {"lr": 0.01, "momentum": 0.9},
    "Nesterov1983": {"lr": 0.01},
    # Bernstein et al.; Chen et al.; Riedmiller and Braun, 1993.
    "SignSGD": {"lr": 1e-4},
    "Signum": {"lr": 1e-4, "beta": 0.9},
    "Lion": {"lr": 1e-4, "beta1": 0.9, "beta2": 0.99},
    "Rprop": RPROP,
    # Mishchenko and Defazio; Defazio and Mishchenko; Defazio et al., 2024.
    "Prodigy": {
        "lr": 1.0,
        **ADAM,
        "weight_decay": 0.0,
        "growth": 1.0,
        "d0": 1e-6,
        "debias": False,
        "beta3": None,
        "safeguard": False,
    },
    # Orabona and Tommasi; Bernstein et al.; Neelakantan et al.; Daskalakis et al. have no two weights.
    "COCOB": {"lr": 1.0, "alpha": 100.0, "eps": 1e-8},
    "Fromage": {"lr": 0.01, "min_norm": 0.0, "shapes": None},
    "AnnealedNoise": {"variance": 0.01, "decay": 0.55, "rng": 0},
    "Optimistic": {"alpha": 1.0, "beta": 1.0},
    # Zhuang et al. with Optax' eps; Optax for what Morwani et al. vary.
    "ACProp": {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-16, "eps_root": 1e-16, "mean": "with"},
    "SimplifiedAdEMAMix": {
        "lr": 1e-3,
        "beta1": 0.99,
        "beta2": 0.95,
        "alpha": 0.0,
        "eps": 1e-8,
        "eps_root": 0.0,
    },
    "DAdaptAdam": {"lr": 1.0, **ADAM, "weight_decay": 0.0, "d0": 1e-6, "debias": False},
    "ScheduleFreeSGD": {"lr": 1.0, **FREE},
    "ScheduleFreeAdamW": {"lr": 0.0025, **FREE, "beta2": 0.999, "eps": 1e-8},
    # You et al., 2019, algorithm 2, with the decay 0.01 and eps 1e-6 of their code; You et al., 2017, with
    # the momentum and the decay of their table of AlexNet, and Ginsburg et al., 2019 ("beta2 = 0.98").
    "LAMB": {
        "lr": 1e-3,
        "beta1": 0.9,
        "beta2": 0.999,
        "eps": 1e-6,
        "weight_decay": 0.01,
        "eps_root": 0.0,
        "shapes": None,
    },
    "LARS": {
        "lr": 1.0,
        "momentum": 0.9,
        "weight_decay": 5e-4,
        "trust": 0.001,
        "eps": 0.0,
        "nesterov": False,
        "norm": "parts",
        "shapes": None,
    },
    "NovoGrad": {
        "lr": 0.01,
        "beta1": 0.95,
        "beta2": 0.98,
        "eps": 1e-8,
        "eps_root": 0.0,
        "weight_decay": 0.0,
        "shapes": None,
    },
    # Shazeer and Stern, algorithm 6; Anil et al.; Jordan's code, with Adam at 3e-4 beside 0.02.
    "Adafactor": {"lr": 0.01, **ADAFACTOR, "eps1": 1e-30, "relative": True},
    "SM3": {"lr": 0.1, "momentum": 0.9, "eps": 0.0, "shapes": None},
    "Muon": {
        "lr": 0.02,
        **MUON,
        "weight_decay": 0.0,
        "beta1": 0.9,
        "beta2": 0.95,
        "adam_eps": 1e-10,
        "adam_weight_decay": 0.0,
        "adam_ratio": 0.015,  # 3e-4 / 0.02
        "eps": 1e-7,
    },
    # Pagliardini et al., alpha 5 and beta3 0.9999; Taniguchi et al., beta2 0.9999 and eps 1e-6; Xie et al.,
    # whose betas are 1 minus those of the paper; Liu et al., gamma 0.01 and k 10; Defazio and Jelassi;
    # McMahan et al.
    "AdEMAMix": {"lr": 1e-3, **ADAM, "beta3": 0.9999, "alpha": 5.0, "eps_root": 0.0, "warmup": None},
    "ADOPT": {"lr": 1e-3, "beta1": 0.9, "beta2": 0.9999, "eps": 1e-6, "clip": True, "nesterov": False},
    "Adan": {
        "lr": 1e-3,
        "beta1": 1 - 0.02,
        "beta2": 1 - 0.08,
        "beta3": 1 - 0.01,
        "eps": 1e-8,
        "eps_root": 0.0,
        "weight_decay": 0.0,
        "decay": "proximal",
        "ahead": "beta2",
    },
    "Sophia": {
        "lr": 1e-3,
        "beta1": 0.96,
        "beta2": 0.99,
        "gamma": 0.01,
        "eps": 1e-12,
        "bound": 1.0,
        "every": 10,
        "diagonal": "exact",
        "samples": 1,
        "rng": 0,
        "before": False,
        "debias": False,
    },
    "MADGRAD": {"lr": 0.01, "momentum": 0.9, "eps": 1e-6, "eps_in_rate": False},
    "FTRL": {"lr": 0.1, "beta": 1.0, "l1": 0.0, "l2": 0.0, "shrinkage": 0.0, "initial": 0.0},
    # The libraries' own, in their signatures; what a rule of theirs does not have stays as it was.
    "TorchMuon": {
        "lr": 1e-3,
        **MUON,
        "weight_decay": 0.1,
        "beta1": 0.9,
        "beta2": 0.95,
        "adam_eps": 1e-10,
        "adam_weight_decay": 0.0,
        "adam_ratio": 0.015,
        "eps": 1e-7,
        "adjust": "original",
    },
    "KerasMuon": {
        "lr": 1e-3,
        **MUON,
        "weight_decay": 0.004,
        "beta1": 0.9,
        "beta2": 0.999,
        "adam_eps": 1e-7,
        "adam_weight_decay": 0.004,
        "adam_ratio": 1.0,
        "eps": 1e-7,
        "rms": 0.2,
    },
    "OptaxMuon": {
        "lr": 0.02,
        **MUON,
        "weight_decay": 0.0,
        "beta1": 0.9,
        "beta2": 0.999,
        "adam_eps": 1e-8,
        "adam_weight_decay": 0.0,
        "adam_ratio": 1.0,
        "eps": 1e-8,
        "rms": None,
        "adam_eps_root": 0.0,
        "adaptive": False,
        "preconditioning": "frobenius",
    },
    "TorchAdafactor": {"lr": 0.01, **ADAFACTOR, "eps1": None, "relative": True},
    "OptaxAdafactor": {
        "lr": 1.0,
        **ADAFACTOR,
        "eps1": 1e-30,
        "relative": False,
        "momentum": 0.0,
        "weight_decay": 0.0,
        "min_size": 128,
        "scaled": True,
        "ahead": 0,
    },
    "TorchAdagrad": {"lr": 0.01, "eps": 1e-10, "eps_inside": False, "initial": 0.0, "lr_decay": 0.0},
    "TorchASGD": {"lr": 0.01, "lambd": 1e-4, "alpha": 0.75, "t0": 1e6},
    "OptaxAdam": {"lr": 1e-3, **ADAM, "eps_hat": False, "eps_root": 0.0, "nesterov": False},
    "OptaxAMSGrad": {
        "lr": 1e-3,
        **ADAM,
        "debias": "none",
        "eps_hat": False,
        "eps_root": 0.0,
        "correct_mean": True,
        "correct_squares": True,
    },
    "OptaxRAdam": {
        "lr": 1e-3,
        **ADAM,
        "threshold": 4.0,
        "eps_hat": False,
        "wait": False,
        "eps_root": 0.0,
        "nesterov": False,
    },
    "OptaxAdaBelief": {
        "lr": 1e-3,
        "beta1": 0.9,
        "beta2": 0.999,
        "eps": 1e-16,
        "eps_root": 1e-16,
        "nesterov": True,
    },
    "OptaxAdadeltaAscending": {"lr": 1.0, "rho": 0.95, "eps": 1e-6},
    "OptaxRpropOneStepLate": RPROP,
    "OptaxScheduleFreeSGD": {"lr": 1.0, **FREE, "weight_lr": 1.0},
    "OptaxScheduleFreeAdamW": {"lr": 0.0025, **FREE, "beta2": 0.999, "eps": 1e-8, "weight_lr": 0.0025},
    "KerasScheduleFreeAdamW": {"lr": 0.0025, **FREE, "power": 0.0, "beta2": 0.999, "eps": 1e-8},
    # Wrappers: Zhang et al. 2019 for Lookahead, PyTorch for the averages, Graves' momentum.
    "L2": {"weight_decay": 0.01},
    "DecoupledDecay": {"weight_decay": 0.01, "first": False},
    "WithMomentum": {"momentum": 0.9, "nesterov": False, "rate_inside": False},
    "PolyakRuppert": {"count_start": False},
    "EMA": {"decay": 0.999, "begin": "first", "overwrite": None, "period": 1},
    "ScaleGradient": {"factor": -1.0},
    "Accumulate": {"period": 2},
    "SWA": {"begin": 1, "every": 1},
    "Lookahead": {"period": 5, "share": 0.5, "reset": False},
    "ClipByNorm": {"max_norm": 1.0, "eps": 0.0},
    "ClipByValue": {"limit": 1.0},
    "ClipLayersByNorm": {"max_norm": 1.0, "shapes": None},
    # The natural step of directions that know the curvature is 1; SciPy keeps 10 pairs; Powell's 0.1.
    "Newton": {"lr": 1.0, "damping": 0.0, "repair": "cholesky"},
    "DampedNewton": {"lr": 1.0, "damping": 0.0, "repair": "cholesky"},
    "DiagonalNewton": {"lr": 1.0, "eps": 1e-8, "diagonal": "exact", "samples": 8, "rng": 0},
    "GaussNewton": {"lr": 1.0, "damping": 0.0},
    "BFGS": {"lr": 1.0, "rescale": True},
    "LBFGS": {"lr": 1.0, "memory": 10, "rescale": True},
    "ConjugateGradient": {"lr": 0.01, "beta": "PR+", "restart": None, "nu": 0.1, "descent": 0.01},
    # Schedules end at 0 and neither warp nor shrink unless told to; fast.ai's and PyTorch's one cycle.
    "Linear": {"end": 0.0},
    "Polynomial": {"power": 1.0, "end": 0.0, "k": 1.0},
    "Rex": {"end": 0.0},
    "Power": {"scale": 1.0},
    "InverseSqrt": {"scale": 1.0},
    "PerEpoch": {"smooth": False},
    "Cosine": {"end": 0.0, "power": 1.0, "k": 1.0},
    "FlatCosine": {"flat": 0.75, "end": 0.0},
    "Tanh": {"end": 0.0, "lower": -7.0, "upper": 3.0},
    "PeriodicCosine": {"end": 0.0},
    "Restarts": {"mult": 1.0, "decay": 1.0, "end": 0.0, "cycles": None},
    "Cycles": {"mult": 1.0, "decay": 1.0, "cycles": None},
    "Interpolated": {"shape": "linear"},
    "Cyclic": {"down": None, "low": 0.0, "shrink": 1.0, "gamma": 1.0},
    "OneCycle": {"rise": 0.3, "div": 25.0, "final_div": 1e4, "shape": "cosine", "three_phase": False},
    "Sawtooth": {"power": 1.0, "end": 0.0},
    "Warmup": {"start": None, "shift": True, "shape": "linear"},
    "Cooldown": {"shape": "1-sqrt", "end": 0.0},
    "WarmupStableDecay": {"shape": "1-sqrt", "end": 0.0, "start": None, "rise_shape": "linear"},
    "OptimalLinear": {"R": 1.0, "B": 1.0},
    "Chebyshev": {"order": "fractal"},
    "Silver": {"L": 1.0},
    # Sutskever et al. 2013; Ma and Yarats; Vaswani et al.; Shen et al. (the fit of "Power scheduler").
    "SutskeverMomentum": {"max_momentum": 0.99, "every": 250},
    "UntunedLinear": {"beta2": 0.999},
    "UntunedExponential": {"beta2": 0.999},
    "Noam": {"d_model": 512, "warmup_steps": 4000, "factor": 1.0},
    "PowerScheduler": {"a": 4.6, "b": -0.51},
    # PyTorch's ReduceLROnPlateau, its threshold absolute; transformers' GreedyLR; Battiti.
    "Plateau": {
        "lr": 1.0,
        "factor": 0.1,
        "patience": 10,
        "absolute": 1e-4,
        "relative": 0.0,
        "cooldown": 0,
        "min_lr": 0.0,
        "maximize": False,
        "watch": None,
        "every": 1,
        "mean": 1,
        "wait": 0,
        "eps": 0.0,
    },
    "Greedy": {
        "lr": 1.0,
        "factor": 0.95,
        "patience": 10,
        "absolute": 1e-6,
        "relative": 0.0,
        "cooldown": 0,
        "warmup": 0,
        "min_lr": 1e-3,
        "max_lr": 1.0,
        "window": 1,
        "eps": 1e-8,
        "maximize": False,
        "watch": None,
        "every": 1,
    },
    "BoldDriver": {"lr": 0.1, "up": 1.05, "down": 0.5},
    # Polyak; Loizou et al.; Barzilai and Borwein; Malitsky and Mishchenko; Ward et al.; Ivgi et al.;
    # Baydin et al.
    "Polyak": {"minimum": None, "c": 1.0, "max_lr": math.inf},
    "SPSMax": {"max_lr": 1.0, "c": 0.5, "lowest": 0.0},
    "BarzilaiBorwein": {"lr": 1e-3, "long": True, "min_lr": 1e-10, "max_lr": 1e10},
    "AdGD": {"lr": 1e-6},
    "AdaGradNorm": {"lr": 1.0, "b": 0.01},
    "DoG": {"reach": 1e-6, "eps": 1e-8},
    "DoWG": {"reach": 1e-4, "eps": 1e-4},  # Optax
    "Hypergradient": {"lr": 0.01, "beta": 1e-4},
    # Nocedal and Wright; Hager and Zhang's CG_DESCENT; Kafka and Wilke; Mutschler and Zell; Mahsereci and
    # Hennig; Vaswani et al. 2019.
    "Armijo": {
        "c1": 1e-4,
        "rho": 0.5,
        "alpha0": 1.0,
        "growth": None,
        "alpha_max": math.inf,
        "interpolate": False,
        "max_trials": 100,
        "rtol": 0.0,
        "atol": 0.0,
    },
    "ForwardBackward": {"c1": 0.2, **GOLS},
    "ExactQuadratic": {"relaxation": 1.0},
    "ExactSearch": {"first": "last", "max_doublings": 100},
    "GOLSI": {**GOLS, "c2": 0.9},
    "GOLSMax": {**GOLS, "c2": 0.9},
    "GOLSBack": {**GOLS, "c2": 0.9},
    "GOLSB": {**GOLS, "bracket": "aggressive", "width": 1e-12},
    "HagerZhang": {
        "delta": 0.1,
        "sigma": 0.9,
        "eps": 1e-6,
        "theta": 0.5,
        "gamma": 0.66,
        "rho": 5.0,
        "first": None,
        "psi0": 0.01,
        "psi1": 0.1,
        "psi2": 2.0,
        "psi3": 0.1,
        "max_trials": 50,
    },
    "GrippoLamparielloLucidi": {
        "c1": 1e-4,
        "memory": 10,
        "rho": 0.5,
        "alpha_min": 1e-10,
        "alpha_max": 1e10,
        "max_trials": 100,
    },
    "PAL": {"mu": 0.1, "alpha": 1 / 0.6, "s_max": math.sqrt(10)},
    "QuadraticApproximation": {"model": "s0s1", "alpha0": 0.01, "growth": 10.0, "max_length": 1.0},
    "ProbabilisticLineSearch": {
        "alpha0": 0.01,
        "c1": 0.05,
        "c2": 0.5,
        "threshold": 0.3,
        "growth": 1.3,
        "budget": 7,
        "reference": False,
    },
    "SLS": {
        "c": 0.1,
        "beta": 0.9,
        "gamma": 2.0,
        "alpha0": 1.0,
        "alpha_max": 10.0,
        "reset": "grow",
        "goldstein": False,
        "max_trials": 100,
    },
    "MoreThuente": {
        "c1": 1e-4,
        "c2": None,
        "first": None,
        "alpha_max": math.inf,
        "max_trials": 60,
    },
    "StrongWolfe": {
        "c1": 1e-4,
        "c2": None,
        "first": None,
        "alpha_max": math.inf,
        "max_trials": 60,
        "approximate": False,
    },
}

HOMES = (optim, schedules, variants, muon_variants, adafactor_variants, optax_variants)
KINDS = (optim.Optimizer, schedules.Schedule, schedules.LineSearch, schedules.Feedback)


def defaults(cls):
    return {f.name: f.default for f in dataclasses.fields(cls) if f.default is not dataclasses.MISSING}


@pytest.mark.parametrize("name", PRINTED)
def test_the_defaults_are_those_of_the_source(name):
    cls = next(getattr(home, name) for home in HOMES if hasattr(home, name))
    assert issubclass(cls, KINDS)
    found = defaults(cls)
    assert found == PRINTED[name]
    assert [type(v) is bool for v in found.values()] == [type(PRINTED[name][k]) is bool for k in found], (
        "False is not 0"
    )


def test_every_class_with_defaults_stands_here():
    ours = [
        cls for kind in KINDS for cls in registered(kind) if cls.__module__.startswith(("optim", "schedules"))
    ]
    assert {cls.__name__ for cls in ours if defaults(cls)} == set(PRINTED)
