"""Optax' ``contrib``: optimizers without a schedule, or without a rate."""

from typing import Any

from optim.dialects.entry import Dialect, use
from optim.dialects.layered_entries import optax_muon
from optim.dialects.optax_variants import OptaxScheduleFreeAdamW, OptaxScheduleFreeSGD
from optim.dialects.torch_entries import decoupled, l2
from optim.hyperparameters import Hyper
from optim.optimizer import Optimizer
from optim.rules.adam_mixtures import AdEMAMix, SimplifiedAdEMAMix
from optim.rules.adam_orders import ADOPT, ACProp
from optim.rules.curvature.sophia import Sophia
from optim.rules.dual_averaging import MADGRAD
from optim.rules.parameter_free import COCOB, DAdaptAdam, Prodigy
from optim.rules.schedule_free import ScheduleFreeAdamW, ScheduleFreeSGD

__all__ = ["CONTRIB", "ELSEWHERE"]


def _schedule_free_sgd(
    learning_rate: Hyper = 1.0,
    warmup_steps: int | None = None,
    b1: Hyper = 0.9,
    weight_decay: Hyper | None = None,
    weight_lr_power: Hyper = 2.0,
) -> Optimizer:
    decay = 0.0 if weight_decay is None else weight_decay
    return ScheduleFreeSGD(learning_rate, b1, decay, warmup_steps or 0, 0.0, weight_lr_power)


def _schedule_free_sgd_ahead(
    learning_rate: Hyper = 1.0,
    warmup_steps: int | None = None,
    b1: Hyper = 0.9,
    weight_decay: Hyper | None = None,
    weight_lr_power: Hyper = 2.0,
) -> Optimizer:
    rate = _warmed_from_zero(learning_rate, warmup_steps)
    decay = 0.0 if weight_decay is None else weight_decay
    return OptaxScheduleFreeSGD(rate, b1, decay, 0, 0.0, weight_lr_power, weight_lr=_one_ahead(rate))


def _schedule_free_adamw(
    learning_rate: Hyper = 0.0025,
    warmup_steps: int | None = None,
    b1: Hyper = 0.9,
    b2: Hyper = 0.999,
    eps: Hyper = 1e-8,
    weight_decay: Hyper = 0.0,
    weight_lr_power: Hyper = 2.0,
) -> Optimizer:
    warmup = warmup_steps or 0
    return ScheduleFreeAdamW(learning_rate, b1, weight_decay, warmup, 0.0, weight_lr_power, b2, eps)


def _schedule_free_adamw_ahead(
    learning_rate: Hyper = 0.0025,
    warmup_steps: int | None = None,
    b1: Hyper = 0.9,
    b2: Hyper = 0.999,
    eps: Hyper = 1e-8,
    weight_decay: Hyper = 0.0,
    weight_lr_power: Hyper = 2.0,
) -> Optimizer:
    rate = _warmed_from_zero(learning_rate, warmup_steps)
    ahead = _one_ahead(rate)
    return OptaxScheduleFreeAdamW(rate, b1, weight_decay, 0, 0.0, weight_lr_power, b2, eps, weight_lr=ahead)


def _warmed_from_zero(rate: Hyper, updates: int | None) -> Hyper:
    if not updates:
        return rate
    value: Any = rate
    if callable(rate):
        return lambda n: value(n) * min(1.0, n / updates)
    return lambda n: value * min(1.0, n / updates)


def _one_ahead(rate: Hyper) -> Hyper:
    return (lambda n: rate(n + 1)) if callable(rate) else rate


def _prodigy(
    learning_rate: Hyper = 1.0,
    betas: tuple[Hyper, Hyper] = (0.9, 0.999),
    beta3: float | None = None,
    eps: Hyper = 1e-8,
    estim_lr0: float = 1e-6,
    estim_lr_coef: Hyper = 1.0,
    weight_decay: Hyper = 0.0,
    safeguard_warmup: bool = False,
) -> Optimizer:
    return Prodigy(
        learning_rate,
        betas[0],
        betas[1],
        eps,
        weight_decay,
        estim_lr_coef,
        d0=estim_lr0,
        debias=True,
        beta3=beta3,
        safeguard=safeguard_warmup,
    )


def _dadapt_adamw(
    learning_rate: Hyper = 1.0,
    betas: tuple[Hyper, Hyper] = (0.9, 0.999),
    eps: Hyper = 1e-8,
    estim_lr0: float = 1e-6,
    weight_decay: Hyper = 0.0,
) -> Optimizer:
    return DAdaptAdam(learning_rate, betas[0], betas[1], eps, weight_decay, d0=estim_lr0, debias=True)


def _ademamix(
    learning_rate: Hyper,
    b1: Hyper = 0.9,
    b2: Hyper = 0.999,
    b3: Hyper = 0.9999,
    alpha: Hyper = 5.0,
    eps: Hyper = 1e-8,
    eps_root: Hyper = 0.0,
    weight_decay: Hyper = 0.0,
) -> Optimizer:
    return decoupled(AdEMAMix(learning_rate, b1, b2, b3, alpha, eps, eps_root), weight_decay)


def _simplified_ademamix(
    learning_rate: Hyper,
    b1: Hyper = 0.99,
    b2: Hyper = 0.95,
    alpha: Hyper = 0.0,
    eps: Hyper = 1e-8,
    eps_root: Hyper = 0.0,
    weight_decay: Hyper = 0.0,
) -> Optimizer:
    return decoupled(SimplifiedAdEMAMix(learning_rate, b1, b2, alpha, eps, eps_root), weight_decay)


def _acprop(
    learning_rate: Hyper,
    b1: Hyper = 0.9,
    b2: Hyper = 0.999,
    eps: Hyper = 1e-16,
    eps_root: Hyper = 1e-16,
    weight_decay: Hyper = 0.0,
) -> Optimizer:
    return decoupled(ACProp(learning_rate, b1, b2, eps, eps_root, "before"), weight_decay)


def _cocob(
    learning_rate: Hyper = 1.0, alpha: Hyper = 100.0, eps: Hyper = 1e-8, weight_decay: Hyper = 0.0
) -> Optimizer:
    return l2(COCOB(learning_rate, alpha, eps), weight_decay)


def _adopt(
    learning_rate: Hyper,
    b1: Hyper = 0.9,
    b2: Hyper = 0.9999,
    eps: Hyper = 1e-6,
    nesterov: bool = False,
    use_clipping: bool = True,
) -> Optimizer:
    return ADOPT(learning_rate, b1, b2, eps, use_clipping, nesterov)


def _madgrad(
    learning_rate: Hyper, momentum: Hyper = 0.9, weight_decay: Hyper = 0.0, eps: Hyper = 1e-6
) -> Optimizer:
    return l2(MADGRAD(learning_rate, momentum, eps, eps_in_rate=True), weight_decay)


def _sophia(
    learning_rate: Hyper,
    b1: Hyper = 0.965,
    b2: Hyper = 0.99,
    eps: Hyper = 1e-8,
    weight_decay: Hyper = 1e-4,
    gamma: Hyper = 0.01,
    clip_threshold: Hyper = 1.0,
    update_interval: int = 10,
) -> Optimizer:
    rule = Sophia(
        learning_rate,
        b1,
        b2,
        gamma,
        eps,
        clip_threshold,
        update_interval,
        "hutchinson",
        before=True,
        debias=True,
    )
    return decoupled(rule, weight_decay)


# What has no entry, and why.
ELSEWHERE = {
    "polyak_sgd": "its rate looks at the loss; here it is SGD(lr=Polyak(max_lr=1.0))",
    "lbfgs": "its zoom search evaluates the loss within an update; here it is LBFGS(lr=StrongWolfe()), whose "
    "search is another one",
    "contrib.dog": "it is a rate: here it is SGD(lr=DoG())",
    "contrib.dowg": "it is a rate: here it is SGD(lr=DoWG())",
    "contrib.momo": "its rate looks at the loss and at an average of gradients at once: no rate here does",
    "contrib.momo_adam": "its rate looks at the loss and at averages of gradients at once: no rate here does",
    "contrib.sam": "it takes a second gradient, at a point uphill; an update here has one",
    "contrib.mechanize": "it learns the rate of another optimizer from its updates: no wrapper here does",
    "contrib.galore": "it projects matrices on singular vectors, which no rule here does",
    "contrib.dpsgd": "it clips the gradient of every example; an update here gets the gradient of the batch",
    "contrib.differentially_private_aggregate": "it clips the gradient of every example; an update here gets "
    "the gradient of the batch",
    "contrib.schedule_free": "it wraps any optimizer; here are contrib.schedule_free_sgd and "
    "contrib.schedule_free_adamw",
    "contrib.reduce_on_plateau": "it is a rate: schedules.dialects.optax.reduce_on_plateau",
    "contrib.normalize": "it is a part of contrib.sam",
    "contrib.split_real_and_imaginary": "parameters here are real",
    "contrib.hutchinson_estimator_diag_hessian": "it is a part of contrib.sophia",
}

AHEAD = (
    "The averaging weights read the schedule one update ahead of the steps; with a constant rate it makes no "
    "difference. The entry that says weights_one_ahead does as Optax."
)

CONTRIB = (
    Dialect(
        "contrib.schedule_free_sgd",
        _schedule_free_sgd,
        (use("schedule-free sgd", "one rate for steps and weights, as it was meant"),),
        AHEAD,
    ),
    Dialect(
        "contrib.schedule_free_sgd_weights_one_ahead",
        _schedule_free_sgd_ahead,
        (use("schedule-free sgd", "as released: weights read the schedule one update ahead"),),
        AHEAD,
    ),
    Dialect(
        "contrib.schedule_free_adamw",
        _schedule_free_adamw,
        (use("schedule-free adamw", "one rate for steps and weights, as it was meant"),),
        AHEAD,
    ),
    Dialect(
        "contrib.schedule_free_adamw_weights_one_ahead",
        _schedule_free_adamw_ahead,
        (use("schedule-free adamw", "as released: weights read the schedule one update ahead"),),
        AHEAD,
    ),
    Dialect(
        "contrib.prodigy",
        _prodigy,
        (use("prodigy", "always with Adam's correction in the rate", estim_lr0=1e-3),),
    ),
    Dialect(
        "contrib.dadapt_adamw",
        _dadapt_adamw,
        (use("d-adaptation", "always with Adam's correction; decay decoupled", estim_lr0=1e-3),),
    ),
    Dialect(
        "contrib.ademamix",
        _ademamix,
        (use("ademamix", "no warmup of alpha and b3 but by schedules"),),
    ),
    Dialect(
        "contrib.simplified_ademamix",
        _simplified_ademamix,
        (use("simplified ademamix", "the momentum is a sum; beta1 0.99, beta2 0.95, alpha 0"),),
    ),
    Dialect(
        "contrib.acprop",
        _acprop,
        (use("acprop", "strays from the mean before; the first step is not divided"),),
    ),
    Dialect("contrib.cocob", _cocob, (use("cocob", "the rate scales gradients; weight_decay is L2"),)),
    Dialect("contrib.adopt", _adopt, (use("adopt", "clipped by the fourth root of the count"),)),
    Dialect(
        "contrib.madgrad", _madgrad, (use("madgrad", "eps is added to the rate too; weight_decay is L2"),)
    ),
    Dialect(
        "contrib.sophia",
        _sophia,
        (use("sophia", "steps by the curvature before; m corrected; random signs"),),
    ),
    Dialect(
        "contrib.muon",
        optax_muon,
        (use("muon", "corrected; factor sqrt(max(1, columns/rows)); vectors by Nadam"),),
    ),
)
