"""The papers' own rules from 2017 on that know layers, mix averages, bet, or average gradients anew."""

from optim.dialects.entry import Dialect, use
from optim.rules.adam import Adam
from optim.rules.adam_mixtures import Adan, AdEMAMix, SimplifiedAdEMAMix
from optim.rules.adam_orders import ADOPT, ACProp
from optim.rules.curvature.sophia import Sophia
from optim.rules.dual_averaging import FTRL, MADGRAD
from optim.rules.layers.adafactor import Adafactor
from optim.rules.layers.fromage import Fromage
from optim.rules.layers.layerwise import LAMB, LARS, NovoGrad
from optim.rules.layers.muon import Muon
from optim.rules.layers.sm3 import SM3
from optim.rules.optimism import Optimistic
from optim.rules.parameter_free import COCOB
from optim.rules.wrappers import DecoupledDecay

__all__ = ["RECENT"]

RECENT = (
    Dialect(
        "LAMB",
        lambda lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-6, weight_decay=0.01, shapes=None: LAMB(
            lr, beta1, beta2, eps, weight_decay, shapes=shapes
        ),
        (use("lamb", "You et al. 2019: decay inside the quotient"),),
    ),
    Dialect(
        "LARS",
        lambda lr, momentum=0.9, weight_decay=5e-4, trust=0.001, shapes=None: LARS(
            lr, momentum, weight_decay, trust, shapes=shapes
        ),
        (use("lars", "You et al. 2017: divides by the norms of g and of decay x apart"),),
    ),
    Dialect(
        "NovoGrad",
        lambda lr=0.01, beta1=0.95, beta2=0.98, eps=1e-8, weight_decay=0.0, shapes=None: NovoGrad(
            lr, beta1, beta2, eps, 0.0, weight_decay, shapes
        ),
        (use("novograd", "Ginsburg et al. 2019: beta2 0.98"),),
    ),
    Dialect(
        "Adafactor",
        lambda lr=0.01, decay=0.8, eps1=1e-30, eps2=1e-3, clip=1.0, shapes=None: Adafactor(
            lr, decay, eps1, eps2, clip, shapes=shapes
        ),
        (use("adafactor", "Shazeer and Stern 2018: eps in the squares, rate at most 0.01"),),
    ),
    Dialect(
        "Fromage",
        lambda lr=0.01, shapes=None: Fromage(lr, shapes=shapes),
        (use("fromage", "Bernstein et al. 2020, algorithm 1: no least norm"),),
    ),
    Dialect(
        "SM3",
        lambda lr=0.1, momentum=0.9, shapes=None: SM3(lr, momentum, 0.0, shapes),
        (use("sm3", "Anil et al. 2019: no eps at all"),),
    ),
    Dialect(
        "Muon",
        lambda lr=0.02, momentum=0.95, weight_decay=0.0, nesterov=True, ns_steps=5, shapes=None: Muon(
            lr, momentum, weight_decay, nesterov=nesterov, iterations=ns_steps, shapes=shapes
        ),
        (use("muon", "Jordan 2024: average; factor sqrt(max(1, rows/columns)); vectors by Adam"),),
    ),
    Dialect(
        "AdEMAMix",
        lambda lr=1e-3, beta1=0.9, beta2=0.999, beta3=0.9999, alpha=5.0, eps=1e-8, warmup=None: AdEMAMix(
            lr, beta1, beta2, beta3, alpha, eps, warmup=warmup
        ),
        (use("ademamix", "Pagliardini et al. 2024: warm up alpha and beta3 over the run"),),
    ),
    Dialect(
        "ADOPT",
        lambda lr=1e-3, beta1=0.9, beta2=0.9999, eps=1e-6, clip=True: ADOPT(lr, beta1, beta2, eps, clip),
        (use("adopt", "Taniguchi et al. 2024, algorithm 2"),),
    ),
    Dialect(
        "ACProp",
        lambda lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-16, eps_root=1e-16: ACProp(
            lr, beta1, beta2, eps, eps_root
        ),
        (use("acprop", "Zhuang et al. 2021: strays from the mean with the gradient in it"),),
    ),
    Dialect(
        "SimplifiedAdEMAMix",
        lambda lr=1e-3, beta1=0.99, beta2=0.95, alpha=0.0, eps=1e-8: SimplifiedAdEMAMix(
            lr, beta1, beta2, alpha, eps
        ),
        (use("simplified ademamix", "Morwani et al. 2025: one momentum, and the gradient beside it"),),
    ),
    Dialect(
        "Adan",
        lambda lr=1e-3, beta1=0.98, beta2=0.92, beta3=0.99, eps=1e-8, weight_decay=0.0: Adan(
            lr, beta1, beta2, beta3, eps, 0.0, weight_decay
        ),
        (use("adan", "Xie et al. 2022 and their code: decay divides after the step"),),
    ),
    Dialect(
        "MADGRAD",
        lambda lr=0.01, momentum=0.9, eps=1e-6: MADGRAD(lr, momentum, eps),
        (use("madgrad", "Defazio and Jelassi 2021, algorithm 1"),),
    ),
    Dialect(
        "Sophia",
        lambda lr=1e-3, beta1=0.96, beta2=0.99, gamma=0.01, eps=1e-12, k=10, weight_decay=0.0: DecoupledDecay(
            Sophia(lr, beta1, beta2, gamma, eps, every=k, diagonal="hutchinson"), weight_decay
        ),
        (use("sophia", "Liu et al. 2023, Sophia-H: random signs, taken before the step"),),
    ),
    Dialect(
        "COCOB",
        lambda alpha=100.0, eps=1e-8: COCOB(1.0, alpha, eps),
        (use("cocob", "Orabona and Tommasi 2017, algorithm 2: no rate"),),
    ),
    Dialect(
        "OptimisticAdam",
        lambda lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8: Optimistic(Adam(lr, beta1, beta2, eps)),
        (use("optimistic adam", "Daskalakis et al. 2017: by Adam, twice this step less the last"),),
    ),
    Dialect(
        "FTRL",
        lambda lr=0.1, beta=1.0, l1=0.0, l2=0.0: FTRL(lr, beta, l1, l2),
        (use("ftrl", "McMahan et al. 2013: beta 1, the sum of squares starts at 0"),),
    ),
)
