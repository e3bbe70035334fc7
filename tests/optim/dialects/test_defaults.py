"""A call without arguments does what the library's own defaults say, and every argument lands in its place.

The defaults are written out as the installed libraries print them (PyTorch 2.14, Keras 3.15, Optax 0.2.8),
and as the other sources do: TensorFlow 1 and the book "Dive into Deep Learning" in their code, the papers in
their algorithms. What they mean is tried by the table of translations below, which gives each argument a
value of its own.
"""

import copy
import inspect
import re

import pytest

import optim
from optim import dialects
from optim.dialects import optax_variants, table, variants

NAMES = {name: getattr(optim, name) for name in optim.__all__}
NAMES |= {name: getattr(home, name) for home in (variants, optax_variants) for name in home.__all__}
NAMES |= {name: getattr(dialects, name) for name in ("torch", "keras", "optax", "tf1", "d2l", "paper")}

# What every Keras optimizer has behind its own arguments.
KERAS = (
    "clipnorm=None, clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99, "
    "ema_overwrite_frequency=None, loss_scale_factor=None, gradient_accumulation_steps=None"
)
BETAS = "beta1=0.9, beta2=0.999"

PRINTED = {
    "torch.SGD": "lr=0.001, momentum=0, dampening=0, weight_decay=0, nesterov=False",
    "torch.Adagrad": "lr=0.01, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10",
    "torch.Adadelta": "lr=1.0, rho=0.9, eps=1e-06, weight_decay=0",
    "torch.RMSprop": "lr=0.01, alpha=0.99, eps=1e-08, weight_decay=0, momentum=0, centered=False",
    "torch.Adam": "lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, amsgrad=False, "
    "decoupled_weight_decay=False",
    "torch.AdamW": "lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01, amsgrad=False",
    "torch.Adamax": "lr=0.002, betas=(0.9, 0.999), eps=1e-08, weight_decay=0",
    "torch.NAdam": "lr=0.002, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, momentum_decay=0.004, "
    "decoupled_weight_decay=False",
    "torch.RAdam": "lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, decoupled_weight_decay=False",
    "torch.Rprop": "lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-06, 50)",
    "torch.ASGD": "lr=0.01, lambd=0.0001, alpha=0.75, t0=1000000.0, weight_decay=0",
    "keras.SGD": f"learning_rate=0.01, momentum=0.0, nesterov=False, weight_decay=None, {KERAS}",
    "keras.Adagrad": "learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-07, weight_decay=None, "
    + KERAS,
    "keras.Adadelta": f"learning_rate=0.001, rho=0.95, epsilon=1e-07, weight_decay=None, {KERAS}",
    "keras.RMSprop": "learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-07, centered=False, "
    f"weight_decay=None, {KERAS}",
    "keras.Adam": "learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07, amsgrad=False, "
    f"weight_decay=None, {KERAS}",
    "keras.AdamW": "learning_rate=0.001, weight_decay=0.004, beta_1=0.9, beta_2=0.999, epsilon=1e-07, "
    f"amsgrad=False, {KERAS}",
    "keras.Adamax": "learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07, weight_decay=None, "
    + KERAS,
    "keras.Nadam": "learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07, weight_decay=None, "
    + KERAS,
    "keras.Lion": f"learning_rate=0.001, beta_1=0.9, beta_2=0.99, weight_decay=None, {KERAS}",
    "keras.ScheduleFreeAdamW": "learning_rate=0.0025, beta_1=0.9, beta_2=0.999, epsilon=1e-08, "
    f"warmup_steps=0, weight_decay=None, {KERAS}",
    "optax.sgd": "learning_rate, momentum=None, nesterov=False",
    "optax.adagrad": "learning_rate, initial_accumulator_value=0.1, eps=1e-07",
    "optax.adadelta": "learning_rate=None, rho=0.9, eps=1e-06, weight_decay=0.0",
    "optax.rmsprop": "learning_rate, decay=0.9, eps=1e-08, initial_scale=0.0, eps_in_sqrt=True, "
    "centered=False, momentum=None, nesterov=False, bias_correction=False",
    "optax.adam": "learning_rate, b1=0.9, b2=0.999, eps=1e-08, eps_root=0.0, nesterov=False",
    "optax.adamw": "learning_rate, b1=0.9, b2=0.999, eps=1e-08, eps_root=0.0, weight_decay=0.0001, "
    "nesterov=False",
    "optax.amsgrad": "learning_rate, b1=0.9, b2=0.999, eps=1e-08, eps_root=0.0, bias_correction_mu=True, "
    "bias_correction_nu=True",
    "optax.adamax": "learning_rate, b1=0.9, b2=0.999, eps=1e-08",
    "optax.adamaxw": "learning_rate, b1=0.9, b2=0.999, eps=1e-08, weight_decay=0.0001",
    "optax.nadam": "learning_rate, b1=0.9, b2=0.999, eps=1e-08, eps_root=0.0, nesterov=True",
    "optax.nadamw": "learning_rate, b1=0.9, b2=0.999, eps=1e-08, eps_root=0.0, weight_decay=0.0001, "
    "nesterov=True",
    "optax.fromage": "learning_rate, min_norm=1e-06, shapes=None",
    "optax.noisy_sgd": "learning_rate, eta=0.01, gamma=0.55, key=None, seed=None",
    "optax.optimistic_gradient_descent": "learning_rate, alpha=1.0, beta=1.0",
    "optax.optimistic_adam": "learning_rate, optimism=None, b1=0.9, b2=0.999, eps=1e-08, eps_root=0.0, "
    "nesterov=True",
    "optax.optimistic_adam_v2": "learning_rate, alpha=1.0, beta=1.0, b1=0.9, b2=0.999, eps=1e-08, "
    "eps_root=0.0, nesterov=True",
    "optax.contrib.simplified_ademamix": "learning_rate, b1=0.99, b2=0.95, alpha=0.0, eps=1e-08, "
    "eps_root=0.0, weight_decay=0.0",
    "optax.contrib.acprop": "learning_rate, b1=0.9, b2=0.999, eps=1e-16, eps_root=1e-16, weight_decay=0.0",
    "optax.contrib.cocob": "learning_rate=1.0, alpha=100.0, eps=1e-08, weight_decay=0.0",
    "paper.Fromage": "lr=0.01, shapes=None",
    "paper.ACProp": f"lr=0.001, {BETAS}, eps=1e-16, eps_root=1e-16",
    "paper.SimplifiedAdEMAMix": "lr=0.001, beta1=0.99, beta2=0.95, alpha=0.0, eps=1e-08",
    "paper.COCOB": "alpha=100.0, eps=1e-08",
    "paper.OptimisticAdam": f"lr=0.001, {BETAS}, eps=1e-08",
    "optax.radam": "learning_rate, b1=0.9, b2=0.999, eps=1e-08, eps_root=0.0, threshold=5.0, nesterov=False",
    "optax.lion": "learning_rate, b1=0.9, b2=0.99, weight_decay=0.001",
    "optax.yogi": "learning_rate, b1=0.9, b2=0.999, eps=0.001",
    "optax.adabelief": "learning_rate, b1=0.9, b2=0.999, eps=1e-16, eps_root=1e-16, nesterov=False",
    "optax.rprop": "learning_rate, eta_minus=0.5, eta_plus=1.2, min_step_size=1e-06, max_step_size=50.0",
    "optax.sign_sgd": "learning_rate",
    "optax.signum": "learning_rate, beta=0.9",
    "optax.contrib.schedule_free_sgd": "learning_rate=1.0, warmup_steps=None, b1=0.9, weight_decay=None, "
    "weight_lr_power=2.0",
    "optax.contrib.schedule_free_adamw": "learning_rate=0.0025, warmup_steps=None, b1=0.9, b2=0.999, "
    "eps=1e-08, weight_decay=0.0, weight_lr_power=2.0",
    "optax.contrib.prodigy": "learning_rate=1.0, betas=(0.9, 0.999), beta3=None, eps=1e-08, estim_lr0=1e-06, "
    "estim_lr_coef=1.0, weight_decay=0.0, safeguard_warmup=False",
    "optax.contrib.dadapt_adamw": "learning_rate=1.0, betas=(0.9, 0.999), eps=1e-08, estim_lr0=1e-06, "
    "weight_decay=0.0",
    "tf1.GradientDescentOptimizer": "learning_rate",
    "tf1.MomentumOptimizer": "learning_rate, momentum, use_nesterov=False",
    "tf1.AdagradOptimizer": "learning_rate, initial_accumulator_value=0.1",
    "tf1.AdadeltaOptimizer": "learning_rate=0.001, rho=0.95, epsilon=1e-08",
    "tf1.RMSPropOptimizer": "learning_rate, decay=0.9, momentum=0.0, epsilon=1e-10, centered=False",
    "tf1.AdamOptimizer": "learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-08",
    "d2l.sgd": "lr",
    "d2l.sgd_momentum": "lr, momentum",
    "d2l.adagrad": "lr=0.1",
    "d2l.rmsprop": "lr=0.01, gamma=0.9",
    "d2l.adadelta": "rho=0.9",
    "d2l.adam": "lr=0.01",
    "d2l.yogi": "lr=0.01",
    "paper.SGD": "lr",
    "paper.HeavyBall": "lr, momentum",
    "paper.Nesterov": "lr",
    "paper.SutskeverNesterov": "lr, momentum",
    "paper.Adagrad": "lr, delta=1e-08",
    "paper.RMSprop": "lr=0.001, decay=0.9",
    # Graves 2013, equations 38 to 45.
    "paper.GravesRMSprop": "lr=0.0001, decay=0.95, momentum=0.9, eps=0.0001, centered=True",
    "paper.Adadelta": "rho=0.95, eps=1e-06",
    "paper.Adam": f"lr=0.001, {BETAS}, eps=1e-08",
    "paper.AdamEpsHat": f"lr=0.001, {BETAS}, eps=1e-08",
    "paper.AdamW": f"lr=0.001, {BETAS}, eps=1e-08, weight_decay=0.01, base_lr=0.001",
    "paper.AMSGrad": f"lr=0.001, {BETAS}",
    "paper.AdaMax": f"lr=0.002, {BETAS}",
    "paper.Nadam": f"lr=0.002, {BETAS}, eps=1e-08, psi=0.004",
    "paper.RAdam": f"lr=0.001, {BETAS}",
    "paper.RAdamAuthorsPackage": f"lr=0.001, {BETAS}, eps=1e-08",
    "paper.Lion": "lr=0.0001, beta1=0.9, beta2=0.99",
    "paper.Yogi": f"lr=0.01, {BETAS}, eps=0.001",
    "paper.AdaBelief": f"lr=0.001, {BETAS}, eps=1e-08",
    # Riedmiller and Braun 1993; Igel and Hüsken 2000.
    "paper.Rprop": "initial=0.1, eta_minus=0.5, eta_plus=1.2, min_step=1e-06, max_step=50.0",
    "paper.SignSGD": "lr=0.0001",
    "paper.Signum": "lr=0.0001, beta=0.9",
    "paper.ScheduleFreeSGD": "lr=1.0, beta=0.9, warmup=0",
    "paper.ScheduleFreeAdamW": f"lr=0.0025, {BETAS}, eps=1e-08, weight_decay=0.0, warmup=0",
    "paper.Prodigy": f"lr=1.0, {BETAS}, eps=1e-08, d0=1e-06, weight_decay=0.0",
    "paper.DAdaptAdam": f"lr=1.0, {BETAS}, eps=1e-08, d0=1e-06",
    "torch.Adafactor": "lr=0.01, beta2_decay=-0.8, eps=(None, 0.001), d=1.0, weight_decay=0.0, shapes=None",
    "torch.Muon": "lr=0.001, weight_decay=0.1, momentum=0.95, nesterov=True, ns_coefficients=(3.4445, "
    "-4.775, 2.0315), eps=1e-07, ns_steps=5, adjust_lr_fn=None, shapes=None",
    "keras.Ftrl": "learning_rate=0.001, learning_rate_power=-0.5, initial_accumulator_value=0.1, "
    "l1_regularization_strength=0.0, l2_regularization_strength=0.0, "
    f"l2_shrinkage_regularization_strength=0.0, beta=0.0, weight_decay=None, {KERAS}",
    "keras.Lamb": "learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07, weight_decay=None, "
    f"shapes=None, {KERAS}",
    "keras.Adafactor": "learning_rate=0.001, beta_2_decay=-0.8, epsilon_1=1e-30, epsilon_2=0.001, "
    f"clip_threshold=1.0, relative_step=True, weight_decay=None, shapes=None, {KERAS}",
    "keras.Muon": "learning_rate=0.001, adam_beta_1=0.9, adam_beta_2=0.999, adam_weight_decay=0.004, "
    "epsilon=1e-07, weight_decay=0.004, exclude_layers=None, exclude_embeddings=True, "
    "muon_a=3.4445, muon_b=-4.775, muon_c=2.0315, adam_lr_ratio=1, momentum=0.95, "
    f"ns_steps=5, nesterov=True, rms_rate=0.2, shapes=None, {KERAS}",
    "optax.adan": "learning_rate, b1=0.98, b2=0.92, b3=0.99, eps=1e-08, eps_root=1e-08, weight_decay=0.0",
    "optax.lamb": "learning_rate, b1=0.9, b2=0.999, eps=1e-06, eps_root=0.0, weight_decay=0.0, shapes=None",
    "optax.lars": "learning_rate, weight_decay=0.0, trust_coefficient=0.001, eps=0.0, momentum=0.9, "
    "nesterov=False, shapes=None",
    "optax.novograd": "learning_rate, b1=0.9, b2=0.25, eps=1e-06, eps_root=0.0, weight_decay=0.0, "
    "shapes=None",
    "optax.sm3": "learning_rate, momentum=0.9, shapes=None",
    "optax.adafactor": "learning_rate=None, min_dim_size_to_factor=128, decay_rate=0.8, decay_offset=0, "
    "multiply_by_parameter_scale=True, clipping_threshold=1.0, momentum=None, "
    "weight_decay_rate=None, eps=1e-30, factored=True, shapes=None",
    "optax.contrib.ademamix": "learning_rate, b1=0.9, b2=0.999, b3=0.9999, alpha=5.0, eps=1e-08, "
    "eps_root=0.0, weight_decay=0.0",
    "optax.contrib.adopt": "learning_rate, b1=0.9, b2=0.9999, eps=1e-06, nesterov=False, use_clipping=True",
    "optax.contrib.madgrad": "learning_rate, momentum=0.9, weight_decay=0.0, eps=1e-06",
    "optax.contrib.sophia": "learning_rate, b1=0.965, b2=0.99, eps=1e-08, weight_decay=0.0001, gamma=0.01, "
    "clip_threshold=1.0, update_interval=10",
    "optax.contrib.muon": "learning_rate, ns_coeffs=(3.4445, -4.775, 2.0315), ns_steps=5, beta=0.95, "
    "eps=1e-08, weight_decay=0.0, nesterov=True, adaptive=False, preconditioning='frobenius', "
    "adam_b1=0.9, adam_b2=0.999, adam_eps_root=0.0, adam_weight_decay=0.0, "
    "adam_learning_rate=None, consistent_rms=None, shapes=None",
    "tf1.FtrlOptimizer": "learning_rate, learning_rate_power=-0.5, initial_accumulator_value=0.1, "
    "l1_regularization_strength=0.0, l2_regularization_strength=0.0, "
    "l2_shrinkage_regularization_strength=0.0, beta=None",
    "paper.LAMB": "lr=0.001, beta1=0.9, beta2=0.999, eps=1e-06, weight_decay=0.01, shapes=None",
    "paper.LARS": "lr, momentum=0.9, weight_decay=0.0005, trust=0.001, shapes=None",
    "paper.NovoGrad": "lr=0.01, beta1=0.95, beta2=0.98, eps=1e-08, weight_decay=0.0, shapes=None",
    "paper.Adafactor": "lr=0.01, decay=0.8, eps1=1e-30, eps2=0.001, clip=1.0, shapes=None",
    "paper.SM3": "lr=0.1, momentum=0.9, shapes=None",
    "paper.Muon": "lr=0.02, momentum=0.95, weight_decay=0.0, nesterov=True, ns_steps=5, shapes=None",
    "paper.AdEMAMix": "lr=0.001, beta1=0.9, beta2=0.999, beta3=0.9999, alpha=5.0, eps=1e-08, warmup=None",
    "paper.ADOPT": "lr=0.001, beta1=0.9, beta2=0.9999, eps=1e-06, clip=True",
    "paper.Adan": "lr=0.001, beta1=0.98, beta2=0.92, beta3=0.99, eps=1e-08, weight_decay=0.0",
    "paper.MADGRAD": "lr=0.01, momentum=0.9, eps=1e-06",
    "paper.Sophia": "lr=0.001, beta1=0.96, beta2=0.99, gamma=0.01, eps=1e-12, k=10, weight_decay=0.0",
    "paper.FTRL": "lr=0.1, beta=1.0, l1=0.0, l2=0.0",
}

# What every optimizer of PyTorch but Muon has behind its own arguments.
PRINTED |= {
    call: f"{text}, maximize=False"
    for call, text in PRINTED.items()
    if call.startswith("torch.") and call != "torch.Muon"
}

# Entries that exist here alone, under the arguments of the one that they go with.
PRINTED["optax.adadelta_ascending"] = "rho=0.9, eps=1e-06, weight_decay=0.0"
PRINTED["optax.rprop_one_step_late"] = PRINTED["optax.rprop"]
for kind in ("sgd", "adamw"):
    sound = f"optax.contrib.schedule_free_{kind}"
    PRINTED[f"{sound}_weights_one_ahead"] = PRINTED[sound]


def printed(call):
    """Return the arguments and defaults of a printed signature, in their order."""
    parameters = inspect.signature(eval(f"lambda {PRINTED[call]}: None")).parameters
    return {name: p.default for name, p in parameters.items()}


def test_every_entry_is_printed():
    assert set(PRINTED) == {entry.call for entry, _ in table()}


USES = [pytest.param(entry, use, id=f"{entry.call} as {use.family}") for entry, use in table()]


@pytest.mark.parametrize(("entry", "use"), USES)
def test_the_arguments_and_defaults_are_the_sources(entry, use):
    """Names, order and defaults; and leaving an argument out does the same as giving its default."""
    found = printed(entry.call)
    assert list(entry.defaults.items()) == list(found.items())
    required = {name: 0.3 for name, default in found.items() if default is inspect.Parameter.empty}
    for given in (required, required | use.arguments):
        assert entry(**given) == entry(**(found | given))


@pytest.mark.parametrize(
    "entry", [e for lib in (dialects.optax, dialects.paper) for e in lib.entries.values()]
)
def test_an_entry_shows_its_signature(entry):
    assert repr(entry) == f"{entry.call}({PRINTED[entry.call]})"


# The same force for all that are to be compared: momentum 0.9, decay 0.1, a first guess of 0.001.
COMPARED = {
    "torch.SGD as momentum": {"momentum": 0.9},
    "torch.SGD as damped momentum": {"momentum": 0.9, "dampening": 0.9},
    "torch.SGD as nesterov": {"momentum": 0.9, "nesterov": True},
    "torch.Adam as adam with decay": {"weight_decay": 0.1},
    "torch.Adam as amsgrad": {"amsgrad": True},
    "keras.SGD as momentum": {"momentum": 0.9},
    "keras.SGD as nesterov": {"momentum": 0.9, "nesterov": True},
    "keras.Adam as adam with decay": {"weight_decay": 0.1},
    "keras.Adam as amsgrad": {"amsgrad": True},
    "optax.sgd as momentum": {"momentum": 0.9},
    "optax.sgd as nesterov": {"momentum": 0.9, "nesterov": True},
    "optax.adamw as adam with decay": {"weight_decay": 0.1},
    "optax.contrib.prodigy as prodigy": {"estim_lr0": 0.001},
    "optax.contrib.dadapt_adamw as d-adaptation": {"estim_lr0": 0.001},
    "tf1.MomentumOptimizer as momentum": {"momentum": 0.9},
    "tf1.MomentumOptimizer as nesterov": {"momentum": 0.9, "use_nesterov": True},
    "d2l.sgd_momentum as momentum": {"momentum": 0.9},
    "paper.HeavyBall as momentum": {"momentum": 0.9},
    "paper.SutskeverNesterov as nesterov": {"momentum": 0.9},
    "paper.GravesRMSprop as centered rmsprop": {"momentum": 0.0},
    "paper.GravesRMSprop as rmsprop with momentum": {"centered": False},
    "paper.AdamW as adamw": {"base_lr": 0.1},
    "paper.AdamW as adam with decay": {"weight_decay": 0.1, "base_lr": 0.1},
    "paper.Prodigy as prodigy": {"d0": 0.001},
    "paper.DAdaptAdam as d-adaptation": {"d0": 0.001},
}
for rmsprop in ("torch.RMSprop", "keras.RMSprop", "optax.rmsprop", "tf1.RMSPropOptimizer"):
    COMPARED[f"{rmsprop} as centered rmsprop"] = {"centered": True}
    COMPARED[f"{rmsprop} as rmsprop with momentum"] = {"momentum": 0.9}
for adamw in ("torch.AdamW", "keras.AdamW"):
    COMPARED[f"{adamw} as adam with decay"] = {"weight_decay": 0.1}


def test_what_is_compared_has_the_same_force():
    assert {f"{e.call} as {u.family}": dict(u.arguments) for e, u in table() if u.arguments} == COMPARED


# Every argument with a value of its own, and where it must land: the fields of our classes, by their names.
MEANS = [
    ("torch.SGD(0.5, weight_decay=0.3)", "L2(SGD(lr=0.5), weight_decay=0.3)"),
    ("torch.SGD(0.5, weight_decay=0.3, maximize=True)", "ScaleGradient(L2(SGD(lr=0.5), 0.3), factor=-1)"),
    (
        "torch.SGD(0.5, 0.6, 0.7, 0.3)",
        "L2(Momentum(lr=0.5, momentum=0.6, dampening=0.7, undamped_first=True), weight_decay=0.3)",
    ),
    ("torch.SGD(0.5, 0.6, 0, 0.3, True)", "L2(Nesterov(lr=0.5, momentum=0.6), weight_decay=0.3)"),
    (
        "torch.Adagrad(0.5, 0.1, 0.3, 0.4, 0.2)",
        "L2(TorchAdagrad(lr=0.5, lr_decay=0.1, eps=0.2, eps_inside=False, initial=0.4), weight_decay=0.3)",
    ),
    (
        "torch.Adagrad(0.5, weight_decay=0.3, initial_accumulator_value=0.4, eps=0.2)",
        "L2(Adagrad(lr=0.5, eps=0.2, eps_inside=False, initial=0.4), weight_decay=0.3)",
    ),
    ("torch.Adadelta(0.5, 0.6, 0.2, 0.3)", "L2(Adadelta(lr=0.5, rho=0.6, eps=0.2), weight_decay=0.3)"),
    (
        "torch.RMSprop(0.5, 0.6, 0.2, 0.3, 0.7)",
        "L2(WithMomentum(RMSprop(lr=0.5, rho=0.6, eps=0.2, eps_inside=False), momentum=0.7), "
        "weight_decay=0.3)",
    ),
    (
        "torch.RMSprop(0.5, 0.6, 0.2, centered=True)",
        "CenteredRMSprop(lr=0.5, rho=0.6, eps=0.2, eps_inside=False)",
    ),
    (
        "torch.Adam(0.5, (0.6, 0.7), 0.2, 0.3)",
        "L2(Adam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2), weight_decay=0.3)",
    ),
    ("torch.Adam(foreach=True, eps=0.2, fused=True)", "Adam(lr=0.001, beta1=0.9, beta2=0.999, eps=0.2)"),
    (
        "torch.Adam(0.5, (0.6, 0.7), 0.2, 0.3, amsgrad=True, decoupled_weight_decay=True)",
        "DecoupledDecay(AMSGrad(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, debias='max, then correct'), "
        "weight_decay=0.3)",
    ),
    (
        "torch.AdamW(0.5, (0.6, 0.7), 0.2, 0.3)",
        "AdamW(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, weight_decay=0.3, decay='decoupled')",
    ),
    (
        "torch.AdamW(0.5, (0.6, 0.7), 0.2, 0.3, True)",
        "DecoupledDecay(AMSGrad(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, debias='max, then correct'), "
        "weight_decay=0.3)",
    ),
    (
        "torch.Adamax(0.5, (0.6, 0.7), 0.2, 0.3)",
        "L2(AdaMax(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_outside=False), weight_decay=0.3)",
    ),
    (
        "torch.NAdam(0.5, (0.6, 0.7), 0.2, 0.3, 0.1)",
        "L2(Nadam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, momentum_decay=0.1), weight_decay=0.3)",
    ),
    (
        "torch.NAdam(0.5, (0.6, 0.7), 0.2, 0.3, 0.1, True)",
        "DecoupledDecay(Nadam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, momentum_decay=0.1), weight_decay=0.3)",
    ),
    (
        "torch.RAdam(0.5, (0.6, 0.7), 0.2, 0.3)",
        "L2(RAdam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, threshold=5, eps_hat=True), weight_decay=0.3)",
    ),
    (
        "torch.RAdam(0.5, (0.6, 0.7), 0.2, 0.3, True)",
        "DecoupledDecay(RAdam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, threshold=5, eps_hat=True), "
        "weight_decay=0.3)",
    ),
    (
        "torch.Rprop(0.5, (0.6, 1.7), (0.2, 3))",
        "Rprop(lr=1, initial=0.5, eta_minus=0.6, eta_plus=1.7, min_step=0.2, max_step=3)",
    ),
    (
        "torch.ASGD(0.5, 0.1, 0.6, 9, 0.3)",
        "L2(TorchASGD(lr=0.5, lambd=0.1, alpha=0.6, t0=9), weight_decay=0.3)",
    ),
    ("keras.SGD(0.5, 0.6, True)", "SutskeverNesterov(lr=0.5, momentum=0.6)"),
    ("keras.SGD(0.5, 0.6)", "HeavyBall(lr=0.5, momentum=0.6)"),
    ("keras.SGD(0.5)", "SGD(lr=0.5)"),
    ("keras.SGD(0.5, clipvalue=0.4)", "ClipByValue(SGD(lr=0.5), 0.4)"),
    ("keras.SGD(0.5, global_clipnorm=0.4)", "ClipByNorm(SGD(lr=0.5), 0.4)"),
    ("keras.SGD(0.5, use_ema=True)", "EMA(SGD(lr=0.5), 0.99)"),
    (
        "keras.SGD(0.5, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=3)",
        "EMA(SGD(lr=0.5), 0.8, begin='first', overwrite=3)",
    ),
    (
        "keras.SGD(0.5, weight_decay=0.3, clipnorm=0.4, gradient_accumulation_steps=3, loss_scale_factor=8)",
        "ScaleGradient(Accumulate(ClipByNorm(DecoupledDecay(SGD(lr=0.5), 0.3), 0.4), 3), 0.125)",
    ),
    ("keras.Adagrad(0.5, 0.4, 0.2)", "Adagrad(lr=0.5, eps=0.2, eps_inside=True, initial=0.4)"),
    ("keras.Adadelta(0.5, 0.6, 0.2)", "Adadelta(lr=0.5, rho=0.6, eps=0.2)"),
    ("keras.RMSprop(0.5, 0.6, 0.0, 0.2)", "RMSprop(lr=0.5, rho=0.6, eps=0.2, eps_inside=True)"),
    (
        "keras.RMSprop(0.5, 0.6, 0.7, 0.2, True)",
        "WithMomentum(CenteredRMSprop(lr=0.5, rho=0.6, eps=0.2, eps_inside=True), momentum=0.7, "
        "rate_inside=True)",
    ),
    ("keras.Adam(0.5, 0.6, 0.7, 0.2)", "Adam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_hat=True)"),
    (
        "keras.Adam(0.5, 0.6, 0.7, 0.2, True, weight_decay=0.3)",
        "DecoupledDecay(AMSGrad(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, debias='max, then correct', "
        "eps_hat=True), weight_decay=0.3)",
    ),
    (
        "keras.AdamW(0.5, 0.3, 0.6, 0.7, 0.2)",
        "DecoupledDecay(Adam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_hat=True), weight_decay=0.3)",
    ),
    (
        "keras.AdamW(0.5, 0.3, 0.6, 0.7, 0.2, True, clipvalue=0.4)",
        "ClipByValue(DecoupledDecay(AMSGrad(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, "
        "debias='max, then correct', eps_hat=True), weight_decay=0.3), 0.4)",
    ),
    ("keras.Adamax(0.5, 0.6, 0.7, 0.2)", "AdaMax(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_outside=True)"),
    ("keras.Nadam(0.5, 0.6, 0.7, 0.2)", "Nadam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, momentum_decay=1)"),
    ("keras.Lion(0.5, 0.6, 0.7)", "Lion(lr=0.5, beta1=0.6, beta2=0.7)"),
    (
        "keras.ScheduleFreeAdamW(0.5, 0.6, 0.7, 0.2, 9, 0.3, clipvalue=0.4)",
        "ClipByValue(KerasScheduleFreeAdamW(lr=0.5, beta=0.6, beta2=0.7, eps=0.2, warmup=9, "
        "weight_decay=0.3), 0.4)",
    ),
    (
        "keras.ScheduleFreeAdamW(0.5)",
        "KerasScheduleFreeAdamW(lr=0.5, beta=0.9, beta2=0.999, eps=1e-8, warmup=0, weight_decay=0)",
    ),
    ("optax.sgd(0.5, 0.6)", "Momentum(lr=0.5, momentum=0.6)"),
    ("optax.sgd(0.5, 0.6, True)", "Nesterov(lr=0.5, momentum=0.6)"),
    ("optax.adagrad(0.5, 0.4, 0.2)", "Adagrad(lr=0.5, eps=0.2, eps_inside=True, initial=0.4)"),
    ("optax.adadelta(0.5, 0.6, 0.2, 0.3)", "L2(Adadelta(lr=0.5, rho=0.6, eps=0.2), weight_decay=0.3)"),
    ("optax.adadelta()", "Adadelta(lr=1, rho=0.9, eps=1e-6)"),
    (
        "optax.adadelta_ascending(0.6, 0.2, 0.3)",
        "L2(OptaxAdadeltaAscending(lr=1, rho=0.6, eps=0.2), weight_decay=0.3)",
    ),
    (
        "optax.rmsprop(0.5, 0.6, 0.2, 0.4, False, False, 0.7, True, True)",
        "WithMomentum(RMSprop(lr=0.5, rho=0.6, eps=0.2, eps_inside=False, initial=0.4, debias=True), "
        "momentum=0.7, nesterov=True, rate_inside=True)",
    ),
    (
        "optax.rmsprop(0.5, 0.6, 0.2, 0.4, True, True)",
        "CenteredRMSprop(lr=0.5, rho=0.6, eps=0.2, eps_inside=True, initial=0.4, debias=False)",
    ),
    ("optax.adam(0.5, 0.6, 0.7, 0.2)", "Adam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2)"),
    ("optax.adam(0.5, 0.6, 0.7, 0.2, 0.1)", "OptaxAdam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_root=0.1)"),
    (
        "optax.adam(0.5, 0.6, 0.7, 0.2, nesterov=True)",
        "Nadam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, warming=False)",
    ),
    (
        "optax.adamw(0.5, 0.6, 0.7, 0.2, 0.1, 0.3)",
        "DecoupledDecay(OptaxAdam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_root=0.1), weight_decay=0.3)",
    ),
    (
        "optax.adamw(0.5, 0.6, 0.7, 0.2, weight_decay=0.3, nesterov=True)",
        "DecoupledDecay(Nadam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, warming=False), weight_decay=0.3)",
    ),
    ("optax.nadam(0.5, 0.6, 0.7, 0.2)", "Nadam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, warming=False)"),
    (
        "optax.nadam(0.5, 0.6, 0.7, 0.2, 0.1, False)",
        "OptaxAdam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_root=0.1, nesterov=False)",
    ),
    (
        "optax.nadamw(0.5, 0.6, 0.7, 0.2, 0.1, 0.3)",
        "DecoupledDecay(OptaxAdam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_root=0.1, nesterov=True), 0.3)",
    ),
    (
        "optax.amsgrad(0.5, 0.6, 0.7, 0.2, 0.1, False)",
        "OptaxAMSGrad(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_root=0.1, correct_mean=False)",
    ),
    (
        "optax.amsgrad(0.5, 0.6, 0.7, 0.2, bias_correction_mu=False)",
        "OptaxAMSGrad(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, correct_mean=False)",
    ),
    (
        "optax.radam(0.5, 0.6, 0.7, 0.2, 0.1, 6.0, True)",
        "OptaxRAdam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_root=0.1, threshold=6, nesterov=True)",
    ),
    (
        "optax.adabelief(0.5, 0.6, 0.7, 0.2, 0.1, True)",
        "OptaxAdaBelief(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_root=0.1, nesterov=True)",
    ),
    (
        "optax.contrib.prodigy(0.5, (0.6, 0.7), 0.8, safeguard_warmup=True)",
        "Prodigy(lr=0.5, beta1=0.6, beta2=0.7, debias=True, beta3=0.8, safeguard=True)",
    ),
    ("optax.fromage(0.5, 0.1, ((2,),))", "Fromage(lr=0.5, min_norm=0.1, shapes=((2,),))"),
    ("optax.noisy_sgd(0.5, 0.2, 0.3, 7)", "AnnealedNoise(SGD(lr=0.5), variance=0.2, decay=0.3, rng=7)"),
    ("optax.noisy_sgd(0.5, seed=9)", "AnnealedNoise(SGD(lr=0.5), variance=0.01, decay=0.55, rng=9)"),
    ("optax.optimistic_gradient_descent(0.5, 0.6, 0.7)", "Optimistic(SGD(lr=0.5), alpha=0.6, beta=0.7)"),
    ("optax.optimistic_adam(0.5)", "Optimistic(Nadam(lr=0.5, warming=False), alpha=1, beta=1)"),
    (
        "optax.optimistic_adam(0.5, 0.1, 0.6, 0.7, 0.2, nesterov=False)",
        "Optimistic(Adam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2), alpha=1, beta=0.2)",
    ),
    (
        "optax.optimistic_adam_v2(0.5, 0.3, 0.4, 0.6, 0.7, 0.2, nesterov=False)",
        "Optimistic(Adam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2), alpha=0.3, beta=0.4)",
    ),
    (
        "optax.contrib.simplified_ademamix(0.5, 0.6, 0.7, 0.8, 0.2, 0.1, 0.3)",
        "DecoupledDecay(SimplifiedAdEMAMix(lr=0.5, beta1=0.6, beta2=0.7, alpha=0.8, eps=0.2, eps_root=0.1), "
        "weight_decay=0.3)",
    ),
    (
        "optax.contrib.acprop(0.5, 0.6, 0.7, 0.2, 0.1, 0.3)",
        "DecoupledDecay(ACProp(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_root=0.1, mean='before'), 0.3)",
    ),
    ("optax.contrib.cocob(0.5, 9, 0.2, 0.3)", "L2(COCOB(lr=0.5, alpha=9, eps=0.2), weight_decay=0.3)"),
    (
        "keras.SGD(0.5, use_ema=True, gradient_accumulation_steps=3)",
        "EMA(Accumulate(SGD(lr=0.5), 3), 0.99, period=3)",
    ),
    (
        "keras.Lamb(0.5, clipnorm=0.4, shapes=((2,),))",
        "ClipLayersByNorm(LAMB(lr=0.5, eps=1e-7, weight_decay=0, shapes=((2,),)), 0.4, ((2,),))",
    ),
    (
        "optax.nadamw(0.5, 0.6, 0.7, 0.2, 0.0, 0.3)",
        "DecoupledDecay(Nadam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, warming=False), weight_decay=0.3)",
    ),
    (
        "optax.amsgrad(0.5, 0.6, 0.7, 0.2)",
        "AMSGrad(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, debias='correct, then max')",
    ),
    (
        "optax.amsgrad(0.5, 0.6, 0.7, 0.2, bias_correction_nu=False)",
        "AMSGrad(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, debias='mean only')",
    ),
    (
        "optax.amsgrad(0.5, 0.6, 0.7, 0.2, bias_correction_mu=False, bias_correction_nu=False)",
        "AMSGrad(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, debias='none')",
    ),
    ("optax.adamax(0.5, 0.6, 0.7, 0.2)", "AdaMax(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_outside=False)"),
    (
        "optax.adamaxw(0.5, 0.6, 0.7, 0.2, 0.3)",
        "DecoupledDecay(AdaMax(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2), weight_decay=0.3)",
    ),
    (
        "optax.radam(0.5, 0.6, 0.7, 0.2, threshold=4.5)",
        "RAdam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, threshold=4.5, eps_hat=False)",
    ),
    (
        "optax.lion(0.5, 0.6, 0.7, 0.3)",
        "DecoupledDecay(Lion(lr=0.5, beta1=0.6, beta2=0.7), weight_decay=0.3)",
    ),
    (
        "optax.yogi(0.5, 0.6, 0.7, 0.2)",
        "Yogi(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, initial=1e-6, debias=True)",
    ),
    (
        "optax.adabelief(0.5, 0.6, 0.7, 0.2, 0.1)",
        "AdaBelief(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_root=0.1)",
    ),
    (
        "optax.rprop(0.5, 0.6, 1.7, 0.2, 3.0)",
        "Rprop(lr=1, initial=0.5, eta_minus=0.6, eta_plus=1.7, min_step=0.2, max_step=3)",
    ),
    (
        "optax.rprop_one_step_late(0.5, 0.6, 1.7, 0.2, 3.0)",
        "OptaxRpropOneStepLate(lr=1, initial=0.5, eta_minus=0.6, eta_plus=1.7, min_step=0.2, max_step=3)",
    ),
    ("optax.signum(0.5, 0.6)", "Signum(lr=0.5, beta=0.6)"),
    (
        "optax.contrib.schedule_free_sgd(0.5, 9, 0.6, 0.3, 1.5)",
        "ScheduleFreeSGD(lr=0.5, beta=0.6, weight_decay=0.3, warmup=9, r=0, power=1.5)",
    ),
    (
        "optax.contrib.schedule_free_sgd_weights_one_ahead(0.5, None, 0.6, 0.3, 1.5)",
        "OptaxScheduleFreeSGD(lr=0.5, beta=0.6, weight_decay=0.3, warmup=0, r=0, power=1.5, weight_lr=0.5)",
    ),
    (
        "optax.contrib.schedule_free_sgd(0.5)",
        "ScheduleFreeSGD(lr=0.5, beta=0.9, weight_decay=0, warmup=0, r=0, power=2)",
    ),
    (
        "optax.contrib.schedule_free_sgd_weights_one_ahead(0.5)",
        "OptaxScheduleFreeSGD(lr=0.5, beta=0.9, weight_decay=0, warmup=0, r=0, power=2, weight_lr=0.5)",
    ),
    (
        "optax.contrib.schedule_free_adamw(0.5)",
        "ScheduleFreeAdamW(lr=0.5, beta=0.9, beta2=0.999, eps=1e-8, weight_decay=0, warmup=0, r=0, power=2)",
    ),
    (
        "optax.contrib.schedule_free_adamw(0.5, 9, 0.6, 0.7, 0.2, 0.3, 1.5)",
        "ScheduleFreeAdamW(lr=0.5, beta=0.6, beta2=0.7, eps=0.2, weight_decay=0.3, warmup=9, r=0, power=1.5)",
    ),
    (
        "optax.contrib.schedule_free_adamw_weights_one_ahead(0.5, None, 0.6, 0.7, 0.2, 0.3, 1.5)",
        "OptaxScheduleFreeAdamW(lr=0.5, beta=0.6, beta2=0.7, eps=0.2, weight_decay=0.3, warmup=0, r=0, "
        "power=1.5, weight_lr=0.5)",
    ),
    (
        "optax.contrib.prodigy(0.5, (0.6, 0.7), None, 0.2, 0.1, 1.5, 0.3)",
        "Prodigy(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, d0=0.1, growth=1.5, weight_decay=0.3, debias=True)",
    ),
    (
        "optax.contrib.dadapt_adamw(0.5, (0.6, 0.7), 0.2, 0.1, 0.3)",
        "DAdaptAdam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, d0=0.1, weight_decay=0.3, debias=True)",
    ),
    ("tf1.MomentumOptimizer(0.5, 0.6)", "Momentum(lr=0.5, momentum=0.6)"),
    ("tf1.MomentumOptimizer(0.5, 0.6, True)", "Nesterov(lr=0.5, momentum=0.6)"),
    ("tf1.AdagradOptimizer(0.5, 0.4)", "Adagrad(lr=0.5, eps=0, initial=0.4)"),
    ("tf1.AdadeltaOptimizer(0.5, 0.6, 0.2)", "Adadelta(lr=0.5, rho=0.6, eps=0.2)"),
    ("tf1.RMSPropOptimizer(0.5, 0.6, epsilon=0.2)", "RMSprop(lr=0.5, rho=0.6, eps=0.2, initial=1)"),
    (
        "tf1.RMSPropOptimizer(0.5, 0.6, 0.7, 0.2, True)",
        "WithMomentum(CenteredRMSprop(lr=0.5, rho=0.6, eps=0.2, initial=1), momentum=0.7, rate_inside=True)",
    ),
    ("tf1.AdamOptimizer(0.5, 0.6, 0.7, 0.2)", "Adam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, eps_hat=True)"),
    ("d2l.adagrad(0.5)", "Adagrad(lr=0.5, eps=1e-6, eps_inside=True, initial=0)"),
    ("d2l.rmsprop(0.5, 0.6)", "RMSprop(lr=0.5, rho=0.6, eps=1e-6, eps_inside=True)"),
    ("d2l.adadelta(0.6)", "Adadelta(lr=1, rho=0.6, eps=1e-5)"),
    ("d2l.adam(0.5)", "Adam(lr=0.5, eps=1e-6)"),
    ("d2l.yogi(0.5)", "Yogi(lr=0.5, eps=1e-3, initial=0, debias=True)"),
    (
        "paper.GravesRMSprop(0.5, 0.6, 0.7, 0.2)",
        "WithMomentum(CenteredRMSprop(lr=0.5, rho=0.6, eps=0.2, eps_inside=True), momentum=0.7, "
        "nesterov=False, rate_inside=True)",
    ),
    (
        "paper.GravesRMSprop(0.5, 0.6, 0.7, 0.2, centered=False)",
        "WithMomentum(RMSprop(lr=0.5, rho=0.6, eps=0.2, eps_inside=True), momentum=0.7, rate_inside=True)",
    ),
    (
        "paper.AdamW(0.5, 0.6, 0.7, 0.2, 0.3, 0.4)",
        "AdamW(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, weight_decay=0.3, decay='paper', base_lr=0.4)",
    ),
    ("paper.AMSGrad(0.5, 0.6, 0.7)", "AMSGrad(lr=0.5, beta1=0.6, beta2=0.7, eps=0, debias='none')"),
    (
        "paper.RAdamAuthorsPackage(0.5, 0.6, 0.7, 0.2)",
        "RAdam(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, threshold=5, eps_hat=True, wait=True)",
    ),
    (
        "paper.Rprop(0.5, 0.6, 1.7, 0.2, 3.0)",
        "Rprop(lr=1, initial=0.5, eta_minus=0.6, eta_plus=1.7, min_step=0.2, max_step=3)",
    ),
    (
        "paper.ScheduleFreeAdamW(0.5, 0.6, 0.7, 0.2, 0.3, 9)",
        "ScheduleFreeAdamW(lr=0.5, beta=0.6, beta2=0.7, eps=0.2, weight_decay=0.3, warmup=9)",
    ),
    (
        "paper.Prodigy(0.5, 0.6, 0.7, 0.2, 0.1, 0.3)",
        "Prodigy(lr=0.5, beta1=0.6, beta2=0.7, eps=0.2, d0=0.1, weight_decay=0.3, debias=False)",
    ),
]


@pytest.mark.parametrize(("call", "ours"), MEANS)
def test_every_argument_lands_in_its_place(call, ours):
    assert eval(call, NAMES) == eval(ours, NAMES)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("torch.SGD(momentum=0.9, dampening=0.5, nesterov=True)", "nesterov: got True with momentum=0.9 and"),
        ("keras.Muon(exclude_layers=['head'])", "exclude_layers: got "),
        ("keras.Muon(exclude_embeddings=False)", "exclude_embeddings: got False, expected True"),
        ("keras.Ftrl(learning_rate_power=-0.3)", "learning_rate_power: got -0.3, expected -0.5"),
        ("optax.adafactor(0.1, decay_offset=2)", "decay_offset: got 2, expected a whole number of at most 0"),
        ("optax.noisy_sgd(0.1, key=1, seed=2)", "key: got 1 and the seed 2, expected one of them"),
    ],
)
def test_what_is_not_known_here_is_refused(call, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        eval(call, NAMES)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("torch.Adagrad(lr_decay=-0.5)", "lr_decay: got -0.5, expected"),
        ("torch.NAdam(momentum_decay=-0.2)", "momentum_decay: got -0.2, expected"),
        ("torch.Rprop(etas=(1.0, 0.5))", "etas: got (1.0, 0.5), expected one factor between 0 and 1 and"),
        ("torch.Rprop(etas=(0.0, 1.2))", "etas: got (0.0, 1.2), expected one factor between 0 and 1 and"),
        ("torch.Rprop(etas=(0.5, 1.0))", "etas: got (0.5, 1.0), expected one factor between 0 and 1 and"),
        ("keras.SGD(momentum=2)", "momentum: got 2, expected a number from 0 to 1"),
        ("keras.SGD(momentum=-0.1)", "momentum: got -0.1, expected a number from 0 to 1"),
        ("keras.Lion(beta_1=0)", "beta_1: got 0, expected a number above 0"),
        ("keras.Lion(beta_1=1.0)", "beta_1: got 1.0, expected a number above 0"),
        ("keras.AdamW(weight_decay=None)", "weight_decay: got None, expected a number"),
        (
            "keras.SGD(clipnorm=0.1, global_clipnorm=0.1)",
            "clipnorm: got it and global_clipnorm, expected one",
        ),
        ("keras.SGD(clipnorm=0.1, clipvalue=0.1)", "clipnorm: got it and clipvalue, expected one"),
        ("keras.SGD(gradient_accumulation_steps=1)", "period: got 1, expected a whole number of at least 2"),
    ],
)
def test_what_the_library_refuses_is_refused(call, words):
    with pytest.raises(ValueError, match=f"^{re.escape(words)}"):
        eval(call, NAMES)


def test_the_ends_of_what_the_library_takes():
    assert dialects.keras.SGD(momentum=1.0) == optim.HeavyBall(lr=0.01, momentum=1.0)
    assert dialects.torch.Rprop(etas=(1e-9, 1 + 1e-9)).eta_plus == 1 + 1e-9
    assert dialects.keras.Adam(gradient_accumulation_steps=None, ema_overwrite_frequency=None).eps_hat


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_optax_reads_the_schedule_of_its_weights_one_update_ahead(kind):
    """The rate 1/2 + n, which a warmup of four updates multiplies by 0, 1/4, 1/2, 3/4 and then 1."""
    build = getattr(dialects.optax.contrib, f"schedule_free_{kind}_weights_one_ahead")
    rule = build(lambda n: 0.5 + n, 4)
    assert [rule.lr(n) for n in range(6)] == [0.0, 1.5 / 4, 2.5 / 2, 3.5 * 3 / 4, 4.5, 5.5]
    assert [rule.weight_lr(n) for n in range(5)] == [1.5 / 4, 2.5 / 2, 3.5 * 3 / 4, 4.5, 5.5]
    rule = build(0.5, 4)
    assert [rule.lr(n) for n in range(6)] == [0.0, 0.125, 0.25, 0.375, 0.5, 0.5]
    assert [rule.weight_lr(n) for n in range(5)] == [0.125, 0.25, 0.375, 0.5, 0.5]
    rule = build(lambda n: 0.5 + n)
    assert [rule.lr(n) for n in range(3)] == [0.5, 1.5, 2.5]
    assert [rule.weight_lr(n) for n in range(3)] == [1.5, 2.5, 3.5]


def test_a_family_by_any_case_of_its_name():
    for name in ("lion", "Lion", "LION"):
        assert [entry.call for entry, _ in dialects.family(name)] == [
            "keras.Lion",
            "optax.lion",
            "paper.Lion",
        ]


def test_a_library_lists_its_classes_and_can_be_copied():
    assert dir(dialects.d2l) == ["adadelta", "adagrad", "adam", "rmsprop", "sgd", "sgd_momentum", "yogi"]
    assert copy.copy(dialects.torch).Adam is dialects.torch.Adam
