"""Every argument of the entries that test_defaults.py leaves out, by a value of its own: where it lands."""

import re

import pytest

from optim.dialects import adafactor_variants, muon_variants, table
from tests.optim.dialects.test_defaults import MEANS, NAMES

NAMES = NAMES | {
    name: getattr(home, name) for home in (adafactor_variants, muon_variants) for name in home.__all__
}

SHAPES = "shapes=((2, 3), (4,))"
NS = "coefficients=(3.0, -4.0, 2.0), iterations=6"

RECENT = [
    ("optax.sign_sgd(0.5)", "SignSGD(lr=0.5)"),
    ("tf1.GradientDescentOptimizer(0.5)", "SGD(lr=0.5)"),
    ("d2l.sgd(0.5)", "SGD(lr=0.5)"),
    ("d2l.sgd_momentum(0.5, 0.6)", "Momentum(lr=0.5, momentum=0.6)"),
    # The papers.
    ("paper.SGD(0.5)", "SGD(lr=0.5)"),
    ("paper.HeavyBall(0.5, 0.6)", "HeavyBall(lr=0.5, momentum=0.6)"),
    ("paper.Nesterov(0.5)", "Nesterov1983(lr=0.5)"),
    ("paper.SutskeverNesterov(0.5, 0.6)", "SutskeverNesterov(lr=0.5, momentum=0.6)"),
    ("paper.Adagrad(0.5, 0.2)", "Adagrad(lr=0.5, eps=0.2, eps_inside=False, initial=0.0)"),
    ("paper.RMSprop(0.5, 0.6)", "RMSprop(lr=0.5, rho=0.6, eps=0.0)"),
    ("paper.Adadelta(0.6, 0.2)", "Adadelta(lr=1.0, rho=0.6, eps=0.2)"),
    ("paper.Adam(0.5, 0.6, 0.7, 0.2)", "Adam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_hat=False)"),
    ("paper.AdamEpsHat(0.5, 0.6, 0.7, 0.2)", "Adam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_hat=True)"),
    ("paper.AdaMax(0.5, 0.6, 0.7)", "AdaMax(lr=0.5, beta1=0.6, beta2=0.7, eps=0.0)"),
    (
        "paper.Nadam(0.5, 0.6, 0.7, 0.2, 0.1)",
        "Nadam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, momentum_decay=0.1, warming=True)",
    ),
    ("paper.RAdam(0.5, 0.6, 0.7)", "RAdam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.0, threshold=4)"),
    ("paper.Lion(0.5, 0.6, 0.7)", "Lion(lr=0.5, beta1=0.6, beta2=0.7)"),
    ("paper.Yogi(0.5, 0.6, 0.7, 0.2)", "Yogi(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2)"),
    (
        "paper.AdaBelief(0.5, 0.6, 0.7, 0.2)",
        "AdaBelief(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_root=0.2)",
    ),
    ("paper.SignSGD(0.5)", "SignSGD(lr=0.5)"),
    ("paper.Signum(0.5, 0.6)", "Signum(lr=0.5, beta=0.6)"),
    ("paper.ScheduleFreeSGD(0.5, 0.6, 9)", "ScheduleFreeSGD(lr=0.5, beta=0.6, warmup=9)"),
    (
        "paper.DAdaptAdam(0.5, 0.6, 0.7, 0.2, 0.1)",
        "DAdaptAdam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, d0=0.1)",
    ),
    (
        f"paper.LAMB(0.5, 0.6, 0.7, 0.2, 0.3, {SHAPES})",
        f"LAMB(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, weight_decay=0.3, {SHAPES})",
    ),
    (
        f"paper.LARS(0.5, 0.6, 0.3, 0.2, {SHAPES})",
        f"LARS(lr=0.5, momentum=0.6, weight_decay=0.3, trust=0.2, norm='parts', {SHAPES})",
    ),
    (
        f"paper.NovoGrad(0.5, 0.6, 0.7, 0.2, 0.3, {SHAPES})",
        f"NovoGrad(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_root=0.0, weight_decay=0.3, {SHAPES})",
    ),
    (
        f"paper.Adafactor(0.5, 0.6, 0.2, 0.1, 1.5, {SHAPES})",
        f"Adafactor(lr=0.5, decay=0.6, eps1=0.2, eps2=0.1, clip=1.5, relative=True, {SHAPES})",
    ),
    (f"paper.SM3(0.5, 0.6, {SHAPES})", f"SM3(lr=0.5, momentum=0.6, eps=0.0, {SHAPES})"),
    (
        f"paper.Muon(0.5, 0.6, 0.3, False, 6, {SHAPES})",
        f"Muon(lr=0.5, momentum=0.6, weight_decay=0.3, nesterov=False, iterations=6, {SHAPES})",
    ),
    (
        "paper.AdEMAMix(0.5, 0.6, 0.7, 0.8, 2.0, 0.2, 9)",
        "AdEMAMix(lr=0.5, beta1=0.6, beta2=0.7, beta3=0.8, alpha=2.0, eps=0.2, eps_root=0.0, warmup=9)",
    ),
    (
        "paper.ADOPT(0.5, 0.6, 0.7, 0.2, False)",
        "ADOPT(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, clip=False, nesterov=False)",
    ),
    (
        "paper.Adan(0.5, 0.6, 0.7, 0.8, 0.2, 0.3)",
        "Adan(lr=0.5, beta1=0.6, beta2=0.7, beta3=0.8, eps=0.2, eps_root=0.0, weight_decay=0.3, "
        "decay='proximal', ahead='beta2')",
    ),
    ("paper.MADGRAD(0.5, 0.6, 0.2)", "MADGRAD(lr=0.5, momentum=0.6, eps=0.2, eps_in_rate=False)"),
    (
        "paper.Sophia(0.5, 0.6, 0.7, 0.1, 0.2, 9, 0.3)",
        "DecoupledDecay(Sophia(lr=0.5, beta1=0.6, beta2=0.7, gamma=0.1, eps=0.2, every=9, "
        "diagonal='hutchinson', before=False, debias=False), weight_decay=0.3)",
    ),
    ("paper.FTRL(0.5, 0.6, 0.2, 0.3)", "FTRL(lr=0.5, beta=0.6, l1=0.2, l2=0.3, shrinkage=0.0, initial=0.0)"),
    # The libraries.
    (
        f"torch.Adafactor(0.5, -0.6, (0.2, 0.1), 1.5, 0.3, {SHAPES})",
        f"DecoupledDecay(TorchAdafactor(lr=0.5, decay=0.6, eps1=0.2, eps2=0.1, clip=1.5, {SHAPES}), 0.3)",
    ),
    (
        "torch.Muon(0.5, 0.3, 0.6, False, (3.0, -4.0, 2.0), 0.2, 6, 'match_rms_adamw', shapes=((2, 3),))",
        f"TorchMuon(lr=0.5, weight_decay=0.3, momentum=0.6, nesterov=False, {NS}, eps=0.2, "
        "adjust='match_rms_adamw', shapes=((2, 3),))",
    ),
    (
        f"keras.Lamb(0.5, 0.6, 0.7, 0.2, 0.3, {SHAPES})",
        f"DecoupledDecay(LAMB(0.5, 0.6, beta2=0.7, eps=0.2, weight_decay=0, {SHAPES}), 0.3, first=True)",
    ),
    (
        f"keras.Adafactor(0.5, -0.6, 0.2, 0.1, 1.5, False, 0.3, {SHAPES})",
        f"DecoupledDecay(Adafactor(0.5, decay=0.6, eps1=0.2, eps2=0.1, clip=1.5, {SHAPES}), 0.3, first=True)",
    ),
    (
        "keras.Muon(0.5, 0.6, 0.7, 0.1, 0.2, 0.3, muon_a=3.0, muon_b=-4.0, muon_c=2.0, adam_lr_ratio=0.4, "
        f"momentum=0.8, ns_steps=6, nesterov=False, rms_rate=None, {SHAPES})",
        "KerasMuon(lr=0.5, beta1=0.6, beta2=0.7, adam_weight_decay=0.1, adam_eps=0.2, weight_decay=0.3, "
        f"{NS}, adam_ratio=0.4, momentum=0.8, nesterov=False, eps=1e-7, rms=None, {SHAPES})",
    ),
    (
        "optax.adan(0.5, 0.6, 0.7, 0.8, 0.2, 0.1, 0.3)",
        "Adan(lr=0.5, beta1=0.6, beta2=0.7, beta3=0.8, eps=0.2, eps_root=0.1, weight_decay=0.3, "
        "decay='decoupled', ahead='1 - beta2')",
    ),
    (
        f"optax.lamb(0.5, 0.6, 0.7, 0.2, weight_decay=0.3, {SHAPES})",
        f"LAMB(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, weight_decay=0.3, {SHAPES})",
    ),
    (
        f"optax.lars(0.5, 0.3, 0.2, 0.1, 0.6, True, {SHAPES})",
        f"LARS(0.5, weight_decay=0.3, trust=0.2, eps=0.1, momentum=0.6, nesterov=True, norm='sum', {SHAPES})",
    ),
    (
        f"optax.novograd(0.5, 0.6, 0.7, 0.2, 0.1, 0.3, {SHAPES})",
        f"NovoGrad(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_root=0.1, weight_decay=0.3, {SHAPES})",
    ),
    (f"optax.sm3(0.5, 0.6, {SHAPES})", f"SM3(lr=0.5, momentum=0.6, eps=1e-8, {SHAPES})"),
    (
        f"optax.adafactor(0.5, 9, 0.6, 0, False, 1.5, 0.7, 0.3, 0.2, {SHAPES})",
        "OptaxAdafactor(lr=0.5, min_size=9, decay=0.6, scaled=False, clip=1.5, momentum=0.7, "
        f"weight_decay=0.3, eps1=0.2, {SHAPES})",
    ),
    (
        f"optax.adafactor(clipping_threshold=None, factored=False, {SHAPES})",
        "OptaxAdafactor(lr=1.0, clip=float('inf'), shapes=((6,), (4,)))",
    ),
    (
        "optax.contrib.ademamix(0.5, 0.6, 0.7, 0.8, 2.0, 0.2, 0.1, 0.3)",
        "DecoupledDecay(AdEMAMix(0.5, beta1=0.6, beta2=0.7, beta3=0.8, alpha=2, eps=0.2, eps_root=0.1), 0.3)",
    ),
    (
        "optax.contrib.adopt(0.5, 0.6, 0.7, 0.2, True, False)",
        "ADOPT(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, nesterov=True, clip=False)",
    ),
    (
        "optax.contrib.madgrad(0.5, 0.6, 0.3, 0.2)",
        "L2(MADGRAD(lr=0.5, momentum=0.6, eps=0.2, eps_in_rate=True), 0.3)",
    ),
    (
        "optax.contrib.sophia(0.5, 0.6, 0.7, 0.2, 0.3, 0.1, 1.5, 9)",
        "DecoupledDecay(Sophia(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, gamma=0.1, bound=1.5, every=9, "
        "diagonal='hutchinson', before=True, debias=True), 0.3)",
    ),
    (
        "optax.contrib.muon(0.5, (3.0, -4.0, 2.0), 6, 0.8, 0.2, 0.3, False, adam_b1=0.6, adam_b2=0.7, "
        f"adam_weight_decay=0.1, adam_learning_rate=0.25, consistent_rms=0.4, {SHAPES})",
        f"OptaxMuon(lr=0.5, {NS}, momentum=0.8, eps=0.2, adam_eps=0.2, weight_decay=0.3, nesterov=False, "
        f"beta1=0.6, beta2=0.7, adam_weight_decay=0.1, adam_ratio=0.5, rms=0.4, {SHAPES})",
    ),
    (
        f"optax.contrib.muon(0.5, adaptive=True, preconditioning='aol', adam_eps_root=0.1, {SHAPES})",
        "OptaxMuon(lr=0.5, momentum=0.95, weight_decay=0, adam_eps=1e-8, adam_weight_decay=0, adaptive=True, "
        f"preconditioning='aol', adam_eps_root=0.1, {SHAPES})",
    ),
    (f"optax.lamb(0.5, eps_root=0.1, {SHAPES})", f"LAMB(lr=0.5, weight_decay=0, eps_root=0.1, {SHAPES})"),
    ("optax.adafactor(0.5, decay_offset=-3)", "OptaxAdafactor(lr=0.5, ahead=3)"),
    (f"paper.Fromage(0.5, {SHAPES})", f"Fromage(lr=0.5, min_norm=0, {SHAPES})"),
    ("paper.COCOB(9, 0.2)", "COCOB(lr=1, alpha=9, eps=0.2)"),
    (
        "paper.ACProp(0.5, 0.6, 0.7, 0.2, 0.1)",
        "ACProp(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_root=0.1, mean='with')",
    ),
    (
        "paper.SimplifiedAdEMAMix(0.5, 0.6, 0.7, 0.8, 0.2)",
        "SimplifiedAdEMAMix(lr=0.5, beta1=0.6, beta2=0.7, alpha=0.8, eps=0.2)",
    ),
    (
        "paper.OptimisticAdam(0.5, 0.6, 0.7, 0.2)",
        "Optimistic(Adam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2), alpha=1, beta=1)",
    ),
    *(
        (
            f"{call}(0.5, initial_accumulator_value=0.4, l1_regularization_strength=0.2, "
            "l2_regularization_strength=0.3, l2_shrinkage_regularization_strength=0.1, beta=0.6)",
            f"FTRL(lr=0.5, initial=0.4, l1=0.2, l2=0.6, shrinkage=0.1, beta={beta})",
        )
        for call, beta in (("tf1.FtrlOptimizer", 0.6), ("keras.Ftrl", 0.6))
    ),
]


@pytest.mark.parametrize(("call", "ours"), RECENT, ids=[re.split(r"\(", call)[0] for call, _ in RECENT])
def test_every_argument_lands_in_its_place(call, ours):
    assert eval(call, NAMES) == eval(ours, NAMES)


def test_every_entry_has_a_call():
    called = {re.split(r"\(", call)[0] for call, _ in [*MEANS, *RECENT]}
    assert {entry.call for entry, _ in table()} <= called
