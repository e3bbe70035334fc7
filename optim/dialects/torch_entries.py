"""PyTorch's optimizers, ``torch.optim``."""

import inspect
from collections.abc import Callable

from optim.dialects.entry import Argument, Dialect, Library, Use, use
from optim.dialects.layered_entries import torch_adafactor, torch_muon
from optim.dialects.torch_parts import torch_parts
from optim.dialects.variants import TorchAdagrad, TorchASGD
from optim.hyperparameters import Hyper
from optim.optimizer import Optimizer
from optim.rules.adagrad_rmsprop import Adadelta, Adagrad, CenteredRMSprop, RMSprop
from optim.rules.adam import Adam, AdaMax, AdamW, Nadam
from optim.rules.adam_variants import AMSGrad, RAdam
from optim.rules.gradients import ScaleGradient
from optim.rules.sgd import SGD, Momentum, Nesterov
from optim.rules.sign import Rprop
from optim.rules.wrappers import L2, DecoupledDecay, WithMomentum

__all__ = ["TORCH"]


def l2(rule: Optimizer, weight_decay: Hyper | None) -> Optimizer:
    """Return the rule with an L2 penalty, if there is any."""
    return rule if weight_decay is None or _off(weight_decay) else L2(rule, weight_decay)


def decoupled(rule: Optimizer, weight_decay: Hyper | None) -> Optimizer:
    """Return the rule with decoupled decay, if there is any."""
    return rule if weight_decay is None or _off(weight_decay) else DecoupledDecay(rule, weight_decay)


def _off(value: Hyper | None) -> bool:
    return value is None or (isinstance(value, int | float) and value == 0)


def _class(name: str, build: Callable[..., Optimizer], uses: tuple[Use, ...], defect: str = "") -> Dialect:
    """Return an entry that has ``maximize`` besides, as every optimizer of PyTorch's does but Muon."""

    def built(*, maximize: bool = False, **arguments: Argument) -> Optimizer:
        rule = build(**arguments)
        return ScaleGradient(rule, -1.0) if maximize else rule

    own = inspect.signature(build)
    last = inspect.signature(built).parameters["maximize"]
    # What `Dialect` reads for names and defaults.
    built.__signature__ = own.replace(parameters=[*own.parameters.values(), last])  # type: ignore[attr-defined]  # functions take any
    return Dialect(name, built, uses, defect)


def _sgd(
    lr: Hyper = 1e-3,
    momentum: Hyper = 0.0,
    dampening: Hyper = 0.0,
    weight_decay: Hyper = 0.0,
    nesterov: bool = False,
) -> Optimizer:
    if nesterov and (_off(momentum) or not _off(dampening)):
        raise ValueError(
            f"nesterov: got True with momentum={momentum!r} and dampening={dampening!r}, expected a momentum "
            "above 0 and no dampening, as PyTorch does"
        )
    if _off(momentum):
        return l2(SGD(lr), weight_decay)
    if nesterov:
        return l2(Nesterov(lr, momentum), weight_decay)
    return l2(Momentum(lr, momentum, dampening, undamped_first=not _off(dampening)), weight_decay)


def _adagrad(
    lr: Hyper = 0.01,
    lr_decay: Hyper = 0.0,
    weight_decay: Hyper = 0.0,
    initial_accumulator_value: Hyper = 0.0,
    eps: Hyper = 1e-10,
) -> Optimizer:
    rule = Adagrad(lr, eps, initial=initial_accumulator_value)
    if not _off(lr_decay):
        rule = TorchAdagrad(lr, eps, initial=initial_accumulator_value, lr_decay=lr_decay)
    return l2(rule, weight_decay)


def _rmsprop(
    lr: Hyper = 0.01,
    alpha: Hyper = 0.99,
    eps: Hyper = 1e-8,
    weight_decay: Hyper = 0.0,
    momentum: Hyper = 0.0,
    centered: bool = False,
) -> Optimizer:
    rule = (CenteredRMSprop if centered else RMSprop)(lr, alpha, eps, eps_inside=False)
    return l2(rule if _off(momentum) else WithMomentum(rule, momentum), weight_decay)


def _adam(
    lr: Hyper = 1e-3,
    betas: tuple[Hyper, Hyper] = (0.9, 0.999),
    eps: Hyper = 1e-8,
    weight_decay: Hyper = 0.0,
    amsgrad: bool = False,
    decoupled_weight_decay: bool = False,
) -> Optimizer:
    rule: Optimizer = Adam(lr, betas[0], betas[1], eps)
    if amsgrad:
        rule = AMSGrad(lr, betas[0], betas[1], eps, debias="max, then correct")
    return (decoupled if decoupled_weight_decay else l2)(rule, weight_decay)


def _adamw(
    lr: Hyper = 1e-3,
    betas: tuple[Hyper, Hyper] = (0.9, 0.999),
    eps: Hyper = 1e-8,
    weight_decay: Hyper = 0.01,
    amsgrad: bool = False,
) -> Optimizer:
    if amsgrad:
        return _adam(lr, betas, eps, weight_decay, True, True)
    return AdamW(lr, betas[0], betas[1], eps, weight_decay=weight_decay)


def _nadam(
    lr: Hyper = 2e-3,
    betas: tuple[Hyper, Hyper] = (0.9, 0.999),
    eps: Hyper = 1e-8,
    weight_decay: Hyper = 0.0,
    momentum_decay: Hyper = 0.004,
    decoupled_weight_decay: bool = False,
) -> Optimizer:
    rule = Nadam(lr, betas[0], betas[1], eps, momentum_decay)
    return (decoupled if decoupled_weight_decay else l2)(rule, weight_decay)


def _radam(
    lr: Hyper = 1e-3,
    betas: tuple[Hyper, Hyper] = (0.9, 0.999),
    eps: Hyper = 1e-8,
    weight_decay: Hyper = 0.0,
    decoupled_weight_decay: bool = False,
) -> Optimizer:
    rule = RAdam(lr, betas[0], betas[1], eps, threshold=5.0, eps_hat=True)
    return (decoupled if decoupled_weight_decay else l2)(rule, weight_decay)


def _rprop(
    lr: Hyper = 0.01,
    etas: tuple[Hyper, Hyper] = (0.5, 1.2),
    step_sizes: tuple[Hyper, Hyper] = (1e-6, 50.0),
) -> Optimizer:
    down, up = etas
    if isinstance(down, int | float) and isinstance(up, int | float) and not 0 < down < 1 < up:
        raise ValueError(f"etas: got {etas}, expected one factor between 0 and 1 and one above 1")
    return Rprop(1.0, lr, etas[0], etas[1], step_sizes[0], step_sizes[1])


L2_HERE = "weight_decay is L2"

TORCH = Library(
    "torch",
    "PyTorch 2.14",
    "equal to recorded runs",
    prefix="optim",
    parts=torch_parts(),
    modules=("nn", "utils", "swa_utils"),
    ignored=("foreach", "fused", "capturable", "differentiable"),
    elsewhere={
        "LBFGS": "it calls a closure several times an update; here it is LBFGS(lr=StrongWolfe()), whose "
        "search is another one",
        "SparseAdam": "it moves only the coordinates that a sparse gradient names; gradients here are dense, "
        "on which it would be torch.Adam",
    },
    entries=(
        _class(
            "SGD",
            _sgd,
            (
                use("sgd", L2_HERE),
                use("momentum", "rate outside the velocity", momentum=0.9),
                use("damped momentum", "the first gradient is not damped", momentum=0.9, dampening=0.9),
                use("nesterov", "rate outside the velocity", momentum=0.9, nesterov=True),
            ),
        ),
        _class(
            "Adagrad",
            _adagrad,
            (use("adagrad", "eps outside the root; the sum starts at 0"),),
        ),
        _class(
            "Adadelta",
            lambda lr=1.0, rho=0.9, eps=1e-6, weight_decay=0.0: l2(Adadelta(lr, rho, eps), weight_decay),
            (use("adadelta", "rho 0.9, where the paper has 0.95"),),
        ),
        _class(
            "RMSprop",
            _rmsprop,
            (
                use("rmsprop", "eps outside the root; decay 0.99"),
                use("centered rmsprop", "eps outside the root; decay 0.99", centered=True),
                use("rmsprop with momentum", "rate outside the velocity; decay 0.99", momentum=0.9),
            ),
            "Centered under a steady gradient it blows up or turns nan, because rounding makes the variance "
            "negative; here the variance stops at 0.",
        ),
        _class(
            "Adam",
            _adam,
            (
                use("adam", "algorithm 1: eps outside the root, after the correction; " + L2_HERE),
                use("adam with decay", L2_HERE, weight_decay=0.1),
                use("amsgrad", "the largest raw v, corrected afterwards", amsgrad=True),
            ),
        ),
        _class(
            "AdamW",
            _adamw,
            (
                use("adamw", "decay times rate; default 0.01"),
                use("adam with decay", "decoupled: decay times rate", weight_decay=0.1),
            ),
        ),
        _class(
            "Adamax",
            lambda lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0: l2(
                AdaMax(lr, betas[0], betas[1], eps), weight_decay
            ),
            (use("adamax", "eps added to each gradient, so that it fades with it"),),
        ),
        _class(
            "NAdam",
            _nadam,
            (use("nadam", "momentum warms up over tens of thousands of updates"),),
        ),
        _class(
            "RAdam",
            _radam,
            (use("radam", "rectified above 5, not 4; eps before the correction"),),
            "The threshold is 5 where the paper has 4: one more update that is not normalised.",
        ),
        _class(
            "Rprop",
            _rprop,
            (use("rprop", "iRprop-; lr is the first step"),),
            "lr is read once, at the first update: a schedule changes nothing afterwards, here as there.",
        ),
        _class(
            "ASGD",
            lambda lr=0.01, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0.0: l2(
                TorchASGD(lr, lambd, alpha, t0), weight_decay
            ),
            (use("averaged sgd", "always decays by 1e-4; averages after 1e6 updates"),),
            "The average starts after a million updates by default, and a new lr is felt one update late.",
        ),
        _class(
            "Adafactor",
            torch_adafactor,
            (use("adafactor", "no eps in the squares: their estimate is held above eps squared"),),
        ),
        Dialect(
            "Muon",
            torch_muon,
            (use("muon", "average; factor sqrt(max(1, rows/columns)); decay 0.1; a vector is a column"),),
            "Its iteration is in bfloat16, which moves a step by a percent; here it is in x's own precision.",
        ),
    ),
)
