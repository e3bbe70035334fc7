"""Make the golden optimizer runs of PyTorch, Keras and Optax; `--check` compares them with the files here.

Nothing of this repository is imported: the numbers are the libraries' own.
"""

import argparse
import ast
import importlib
import importlib.metadata
import inspect
import json
import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch

HERE = Path(__file__).resolve().parent
MADE_BY = "tests/golden/make_optimizers.py"
FUNCTION = "a*a*a*a/4 + a*b + (1 + a*a)*(b*b)"
GRADIENT = ["a*a*a + b + 2*a*(b*b)", "a + 2*(1 + a*a)*b"]
X0 = [1.2, -0.8]
UPDATES = 50
NUDGE = 1e-15
PARTED = 1e-12
PACKAGES = {
    "torch": ["numpy", "torch"],
    "keras": ["jax", "jaxlib", "keras", "numpy"],
    "optax": ["jax", "jaxlib", "numpy", "optax"],
}
NOT_HYPER = {
    *("capturable", "differentiable", "fused", "foreach", "maximize", "error_if_nonfinite", "norm_type"),
    *("ema_momentum", "ema_overwrite_frequency", "use_ema", "learning_rate", "lr", "use_buffers"),
    *("flip_sign", "mask", "trust_ratio_mask", "weight_decay_mask"),
}


@dataclass(frozen=True)
class Case:
    """One run: `call` makes the optimizer, `lr` is the scale of its rates (`lr0` in a call: the first one).

    `before` runs ahead of each update, `average` makes an averager that is fed after it, and `answer`
    is the point to report where that is not the optimizer's own x. `tolerance` is how near a float64
    rendering of the formula comes, relative to the larger coordinate of x.
    """

    name: str
    call: str
    lr: float
    note: str = ""
    before: str = ""
    average: str = ""
    answer: str = ""
    constant: bool = False
    tolerance: float = 1e-12


LATE = "the rate is worked out after the update, so a new lr is felt one update late"
ONCE = "lr is read once, at the first update: later rates change nothing"
L2 = "L2: weight_decay * x joins the gradient ahead of every buffer"
DECOUPLED = "decoupled: x shrinks by lr * weight_decay * x, apart from the step"
KERAS_DECAY = "decoupled, although the argument is on the plain class: Keras has no L2 here"
OUTSIDE = "lr multiplies the buffer on its way out"
INSIDE = "lr goes into the buffer: old velocity keeps the rate it was made with"
AX = 'optimizer.state[x]["ax"]'
MEAN = "average.module.x"
SF_ANSWER = "optax.contrib.schedule_free_eval_params(state, params)"
SF_KERAS = "(x - (1 - optimizer.beta_1) * optimizer._momentums[0]) / optimizer.beta_1"
SF_NOTE = "the averaging weight uses the largest of rates[1..n+1], the z step rates[n] (n from 0)"
SF_KERAS_NOTE = (
    "averaging weight 1/t whatever the rate; x holds y, answer is recovered from x and the buffer z"
)
KERAS_EMA = "optimizer._model_variables_moving_average[0]"
PRODIGY = "always with the factor sqrt(1 - b2^t) / (1 - b1^t) in the rate, which the authors have off"
WARMUP = "Optax works out its warmup in float32 even under x64, which moves x by 1.1e-8"
AMS_OPTAX = "maximum of the debiased v: neither PyTorch's rule nor the paper's"

TORCH = (
    Case("sgd", "torch.optim.SGD([x], lr)", 0.15),
    Case("sgd_l2", "torch.optim.SGD([x], lr, weight_decay=0.1)", 0.15, L2),
    Case("sgd_momentum", "torch.optim.SGD([x], lr, momentum=0.9)", 0.05, OUTSIDE),
    Case("sgd_momentum_l2", "torch.optim.SGD([x], lr, momentum=0.9, weight_decay=0.1)", 0.05, L2),
    Case("sgd_dampening", "torch.optim.SGD([x], lr, momentum=0.9, dampening=0.9)", 0.1,
         "the first gradient is not damped"),
    Case("sgd_dampening_half", "torch.optim.SGD([x], lr, momentum=0.9, dampening=0.5)", 0.1,
         "the first gradient is not damped"),
    Case("sgd_nesterov", "torch.optim.SGD([x], lr, momentum=0.9, nesterov=True)", 0.05, OUTSIDE),
    Case("sgd_nesterov_l2", "torch.optim.SGD([x], lr, momentum=0.9, nesterov=True, weight_decay=0.1)", 0.05,
         L2),
    Case("adagrad", "torch.optim.Adagrad([x], lr)", 0.5),
    Case("adagrad_lr_decay", "torch.optim.Adagrad([x], lr, lr_decay=0.1)", 0.5,
         "lr / (1 + (t - 1) lr_decay)"),
    Case("adagrad_accumulator", "torch.optim.Adagrad([x], lr, initial_accumulator_value=0.1)", 0.5),
    Case("adagrad_eps", "torch.optim.Adagrad([x], lr, eps=1e-3)", 0.5),
    Case("adagrad_l2", "torch.optim.Adagrad([x], lr, weight_decay=0.1)", 0.5, L2),
    Case("adadelta", "torch.optim.Adadelta([x], lr, rho=0.9)", 10.0),
    Case("adadelta_rho95", "torch.optim.Adadelta([x], lr, rho=0.95)", 10.0),
    Case("adadelta_eps", "torch.optim.Adadelta([x], lr, rho=0.9, eps=1e-3)", 1.0),
    Case("adadelta_l2", "torch.optim.Adadelta([x], lr, rho=0.9, weight_decay=0.1)", 10.0, L2),
    Case("rmsprop", "torch.optim.RMSprop([x], lr)", 0.03),
    Case("rmsprop_alpha9", "torch.optim.RMSprop([x], lr, alpha=0.9)", 0.03),
    Case("rmsprop_eps", "torch.optim.RMSprop([x], lr, alpha=0.9, eps=1e-3)", 0.03),
    Case("rmsprop_centered", "torch.optim.RMSprop([x], lr, alpha=0.9, eps=1e-3, centered=True)", 0.03),
    Case("rmsprop_momentum", "torch.optim.RMSprop([x], lr, alpha=0.9, momentum=0.9)", 0.01, OUTSIDE),
    Case("rmsprop_centered_momentum", "torch.optim.RMSprop([x], lr, centered=True, momentum=0.9)", 0.01,
         OUTSIDE),
    Case("rmsprop_l2", "torch.optim.RMSprop([x], lr, alpha=0.9, weight_decay=0.1)", 0.03, L2),
    Case("adam", "torch.optim.Adam([x], lr)", 0.1),
    Case("adam_b2_9", "torch.optim.Adam([x], lr, betas=(0.9, 0.9))", 0.1),
    Case("adam_eps", "torch.optim.Adam([x], lr, eps=1e-3)", 0.1),
    Case("adam_eps_b2_9", "torch.optim.Adam([x], lr, betas=(0.9, 0.9), eps=1e-3)", 0.1),
    Case("adam_l2", "torch.optim.Adam([x], lr, weight_decay=0.1)", 0.1, L2),
    Case("adamw", "torch.optim.AdamW([x], lr)", 0.1, DECOUPLED),
    Case("adamw_decay", "torch.optim.AdamW([x], lr, weight_decay=0.1)", 0.1, DECOUPLED),
    Case("amsgrad", "torch.optim.Adam([x], lr, amsgrad=True)", 0.1,
         "maximum of the raw v, debiased afterwards"),
    Case("amsgrad_b2_9", "torch.optim.Adam([x], lr, betas=(0.9, 0.9), amsgrad=True)", 0.1),
    Case("amsgrad_eps", "torch.optim.Adam([x], lr, betas=(0.9, 0.9), eps=1e-3, amsgrad=True)", 0.1),
    Case("amsgrad_decoupled", "torch.optim.AdamW([x], lr, weight_decay=0.1, amsgrad=True)", 0.1, DECOUPLED),
    Case("adamax", "torch.optim.Adamax([x], lr)", 0.1),
    Case("adamax_b2_9", "torch.optim.Adamax([x], lr, betas=(0.9, 0.9))", 0.1),
    Case("adamax_eps", "torch.optim.Adamax([x], lr, betas=(0.9, 0.9), eps=1e-3)", 0.1),
    Case("nadam", "torch.optim.NAdam([x], lr)", 0.1),
    Case("nadam_b2_9", "torch.optim.NAdam([x], lr, betas=(0.9, 0.9))", 0.1),
    Case("nadam_eps", "torch.optim.NAdam([x], lr, eps=1e-3)", 0.1),
    Case("nadam_momentum_decay_1", "torch.optim.NAdam([x], lr, momentum_decay=1)", 0.1,
         "the same rule as Keras' Nadam"),
    Case("nadam_decoupled", "torch.optim.NAdam([x], lr, weight_decay=0.1, decoupled_weight_decay=True)", 0.1,
         DECOUPLED),
    Case("radam", "torch.optim.RAdam([x], lr)", 0.1, "rectified where rho_t > 5; eps added before debiasing"),
    Case("radam_b2_9", "torch.optim.RAdam([x], lr, betas=(0.9, 0.9))", 0.1),
    Case("radam_eps", "torch.optim.RAdam([x], lr, betas=(0.9, 0.99), eps=1e-3)", 0.1),
    Case("rprop", "torch.optim.Rprop([x], lr)", 0.05, ONCE),
    Case("asgd", "torch.optim.ASGD([x], lr)", 0.15, LATE, answer=AX),
    Case("asgd_t0_10", "torch.optim.ASGD([x], lr, lambd=0.01, t0=10)", 0.15, LATE, answer=AX),
    Case("clip_norm", "torch.optim.SGD([x], lr)", 0.3,
         before="torch.nn.utils.clip_grad_norm_([x], max_norm=0.3)",
         note="divides by norm + 1e-6, and leaves a gradient alone where that quotient is above 1"),
    Case("clip_norm_momentum", "torch.optim.SGD([x], lr, momentum=0.9)", 0.05,
         before="torch.nn.utils.clip_grad_norm_([x], max_norm=0.3)"),
    Case("clip_value", "torch.optim.SGD([x], lr)", 0.15,
         before="torch.nn.utils.clip_grad_value_([x], clip_value=0.2)"),
    Case("swa", "torch.optim.SGD([x], lr)", 0.15, "mean of x_1..x_n", answer=MEAN,
         average="torch.optim.swa_utils.AveragedModel(model)"),
    Case("ema_weights", "torch.optim.SGD([x], lr)", 0.15, "starts as a copy of x_1, no debiasing",
         answer=MEAN,
         average="torch.optim.swa_utils.AveragedModel(model, multi_avg_fn="
         "torch.optim.swa_utils.get_ema_multi_avg_fn(decay=0.9))"),
)  # fmt: skip

KERAS = (
    Case("sgd", "keras.optimizers.SGD(lr)", 0.15),
    Case("sgd_decay", "keras.optimizers.SGD(lr, weight_decay=0.1)", 0.15, KERAS_DECAY),
    Case("sgd_momentum", "keras.optimizers.SGD(lr, momentum=0.9)", 0.05, INSIDE),
    Case("sgd_momentum_decay", "keras.optimizers.SGD(lr, momentum=0.9, weight_decay=0.1)", 0.05, KERAS_DECAY),
    Case("sgd_nesterov", "keras.optimizers.SGD(lr, momentum=0.9, nesterov=True)", 0.05, INSIDE),
    Case("adagrad", "keras.optimizers.Adagrad(lr)", 0.5, "eps inside the root"),
    Case("adagrad_eps", "keras.optimizers.Adagrad(lr, epsilon=1e-3)", 0.5, "eps inside the root"),
    Case("adagrad_accumulator_0", "keras.optimizers.Adagrad(lr, initial_accumulator_value=0.0)", 0.5),
    Case("adadelta", "keras.optimizers.Adadelta(lr)", 10.0),
    Case("adadelta_rho9", "keras.optimizers.Adadelta(lr, rho=0.9, epsilon=1e-6)", 10.0, "PyTorch's defaults"),
    Case("adadelta_eps", "keras.optimizers.Adadelta(lr, epsilon=1e-3)", 1.0),
    Case("rmsprop", "keras.optimizers.RMSprop(lr)", 0.03, "eps inside the root"),
    Case("rmsprop_eps", "keras.optimizers.RMSprop(lr, epsilon=1e-3)", 0.03, "eps inside the root"),
    Case("rmsprop_centered", "keras.optimizers.RMSprop(lr, epsilon=1e-3, centered=True)", 0.03),
    Case("rmsprop_momentum", "keras.optimizers.RMSprop(lr, momentum=0.9)", 0.01, INSIDE),
    Case("rmsprop_centered_momentum",
         "keras.optimizers.RMSprop(lr, momentum=0.9, epsilon=1e-3, centered=True)", 0.01, INSIDE),
    Case("adam", "keras.optimizers.Adam(lr)", 0.1, "eps is added before debiasing (eps-hat)"),
    Case("adam_b2_9", "keras.optimizers.Adam(lr, beta_2=0.9)", 0.1),
    Case("adam_eps", "keras.optimizers.Adam(lr, epsilon=1e-3)", 0.1,
         "eps is added before debiasing (eps-hat)"),
    Case("adam_eps_b2_9", "keras.optimizers.Adam(lr, beta_2=0.9, epsilon=1e-3)", 0.1),
    Case("adam_decay", "keras.optimizers.Adam(lr, weight_decay=0.1)", 0.1, KERAS_DECAY),
    Case("adamw", "keras.optimizers.AdamW(lr)", 0.1, DECOUPLED),
    Case("adamw_decay", "keras.optimizers.AdamW(lr, weight_decay=0.1)", 0.1, DECOUPLED),
    Case("amsgrad", "keras.optimizers.Adam(lr, amsgrad=True)", 0.1,
         "maximum of the raw v, debiased afterwards"),
    Case("amsgrad_b2_9", "keras.optimizers.Adam(lr, beta_2=0.9, amsgrad=True)", 0.1),
    Case("amsgrad_eps", "keras.optimizers.Adam(lr, beta_2=0.9, epsilon=1e-3, amsgrad=True)", 0.1),
    Case("adamax", "keras.optimizers.Adamax(lr)", 0.1, "eps is added to u at the division"),
    Case("adamax_eps", "keras.optimizers.Adamax(lr, beta_2=0.9, epsilon=1e-3)", 0.1),
    Case("nadam", "keras.optimizers.Nadam(lr)", 0.1,
         "momentum schedule 0.96^t, without the 1/250; eps after debiasing"),
    Case("nadam_eps", "keras.optimizers.Nadam(lr, beta_2=0.9, epsilon=1e-3)", 0.1),
    Case("lion", "keras.optimizers.Lion(lr)", 0.03),
    Case("lion_decay", "keras.optimizers.Lion(lr, weight_decay=0.1)", 0.03, DECOUPLED),
    Case("lamb", "keras.optimizers.Lamb(lr, weight_decay=0.1)", 0.1,
         "the decay stays out of the trust ratio"),
    Case("schedule_free_adamw", "keras.optimizers.ScheduleFreeAdamW(lr)", 0.1, SF_KERAS_NOTE,
         answer=SF_KERAS),
    Case("schedule_free_adamw_b2_9", "keras.optimizers.ScheduleFreeAdamW(lr, beta_2=0.9, epsilon=1e-3)", 0.1,
         SF_KERAS_NOTE, answer=SF_KERAS),
    Case("schedule_free_adamw_decay", "keras.optimizers.ScheduleFreeAdamW(lr, weight_decay=0.1)", 0.1,
         "the decay hits y ahead of the step and so ends in x alone, never in z", answer=SF_KERAS),
    Case("schedule_free_adamw_warmup", "keras.optimizers.ScheduleFreeAdamW(lr, warmup_steps=10)", 0.1,
         "linear warmup (n+1)/10; warmup updates count fully in the average", answer=SF_KERAS),
    Case("clip_norm", "keras.optimizers.SGD(lr, clipnorm=0.3)", 0.3, "g * c / max(norm, c)"),
    Case("clip_norm_global", "keras.optimizers.SGD(lr, global_clipnorm=0.3)", 0.3),
    Case("clip_value", "keras.optimizers.SGD(lr, clipvalue=0.2)", 0.15),
    Case("ema_weights", "keras.optimizers.SGD(lr, use_ema=True, ema_momentum=0.9)", 0.15,
         "starts as a copy of x_1, no debiasing", answer=KERAS_EMA),
)  # fmt: skip

OPTAX = (
    Case("sgd", "optax.sgd(lr)", 0.15),
    Case("sgd_l2", "optax.chain(optax.add_decayed_weights(weight_decay=0.1), optax.sgd(lr))", 0.15, L2),
    Case("sgd_momentum", "optax.sgd(lr, momentum=0.9)", 0.05, OUTSIDE),
    Case("sgd_momentum_l2",
         "optax.chain(optax.add_decayed_weights(weight_decay=0.1), optax.sgd(lr, momentum=0.9))", 0.05, L2),
    Case("sgd_momentum_decoupled",
         "optax.chain(optax.trace(decay=0.9), optax.add_decayed_weights(weight_decay=0.1), "
         "optax.scale_by_learning_rate(lr))", 0.05, DECOUPLED),
    Case("sgd_nesterov", "optax.sgd(lr, momentum=0.9, nesterov=True)", 0.05, OUTSIDE),
    Case("adagrad", "optax.adagrad(lr)", 0.5, "eps inside the root"),
    Case("adagrad_eps", "optax.adagrad(lr, eps=1e-3)", 0.5, "eps inside the root"),
    Case("adagrad_accumulator_0", "optax.adagrad(lr, initial_accumulator_value=0.0)", 0.5),
    Case("adadelta", "optax.adadelta(lr)", 10.0),
    Case("adadelta_rho95", "optax.adadelta(lr, rho=0.95)", 10.0),
    Case("adadelta_eps", "optax.adadelta(lr, eps=1e-3)", 1.0),
    Case("adadelta_l2", "optax.adadelta(lr, weight_decay=0.1)", 10.0, L2),
    Case("rmsprop", "optax.rmsprop(lr)", 0.03, "eps inside the root"),
    Case("rmsprop_eps", "optax.rmsprop(lr, eps=1e-3)", 0.03, "eps inside the root"),
    Case("rmsprop_eps_outside", "optax.rmsprop(lr, eps=1e-3, eps_in_sqrt=False)", 0.03,
         "as PyTorch's, with its alpha=0.9"),
    Case("rmsprop_tf1", "optax.rmsprop(lr, eps=1e-10, initial_scale=1.0)", 0.03,
         "TensorFlow 1's rule: the mean square starts at 1"),
    Case("rmsprop_tf1_momentum", "optax.rmsprop(lr, eps=1e-10, initial_scale=1.0, momentum=0.9)", 0.01,
         INSIDE),
    Case("rmsprop_centered", "optax.rmsprop(lr, eps=1e-3, centered=True)", 0.03),
    Case("rmsprop_momentum", "optax.rmsprop(lr, momentum=0.9)", 0.01, INSIDE),
    Case("rmsprop_nesterov", "optax.rmsprop(lr, momentum=0.9, nesterov=True)", 0.01, INSIDE),
    Case("rmsprop_bias_correction", "optax.rmsprop(lr, eps=1e-3, bias_correction=True)", 0.03),
    Case("rmsprop_centered_bias_correction",
         "optax.rmsprop(lr, eps=1e-3, centered=True, bias_correction=True)", 0.003),
    Case("adam", "optax.adam(lr)", 0.1),
    Case("adam_b2_9", "optax.adam(lr, b2=0.9)", 0.1),
    Case("adam_eps", "optax.adam(lr, eps=1e-3)", 0.1),
    Case("adam_eps_b2_9", "optax.adam(lr, b2=0.9, eps=1e-3)", 0.1),
    Case("adam_eps_root", "optax.adam(lr, b2=0.9, eps_root=1e-3)", 0.1,
         "eps_root inside the root, after debiasing"),
    Case("adam_l2", "optax.chain(optax.add_decayed_weights(weight_decay=0.1), optax.adam(lr))", 0.1, L2),
    Case("adamw", "optax.adamw(lr)", 0.1, DECOUPLED),
    Case("adamw_decay", "optax.adamw(lr, weight_decay=0.1)", 0.1, DECOUPLED),
    Case("amsgrad", "optax.amsgrad(lr)", 0.1, AMS_OPTAX),
    Case("amsgrad_b2_9", "optax.amsgrad(lr, b2=0.9)", 0.1, AMS_OPTAX),
    Case("amsgrad_raw", "optax.amsgrad(lr, b2=0.9, bias_correction_nu=False)", 0.1,
         "maximum of the raw v, only m debiased"),
    Case("amsgrad_paper", "optax.amsgrad(lr, b2=0.9, bias_correction_mu=False, bias_correction_nu=False)",
         0.1, "the paper's rule (up to eps): no debiasing"),
    Case("adamax", "optax.adamax(lr)", 0.1),
    Case("adamax_eps", "optax.adamax(lr, b2=0.9, eps=1e-3)", 0.1),
    Case("adamaxw", "optax.adamaxw(lr, weight_decay=0.1)", 0.1, DECOUPLED),
    Case("nadam", "optax.nadam(lr)", 0.1, "no momentum schedule"),
    Case("nadam_eps", "optax.nadam(lr, b2=0.9, eps=1e-3)", 0.1),
    Case("nadamw", "optax.nadamw(lr, weight_decay=0.1)", 0.1, DECOUPLED),
    Case("radam", "optax.radam(lr)", 0.1, "rectified where rho_t >= threshold; eps after debiasing"),
    Case("radam_threshold_4", "optax.radam(lr, threshold=4.0)", 0.1, "the paper's threshold"),
    Case("radam_eps", "optax.radam(lr, b2=0.99, eps=1e-3)", 0.1),
    Case("lion", "optax.lion(lr, weight_decay=0.0)", 0.03),
    Case("lion_decay", "optax.lion(lr, weight_decay=0.1)", 0.03, DECOUPLED),
    Case("yogi", "optax.yogi(lr)", 0.1, "m and v start at 1e-6; debiased"),
    Case("yogi_b2_9", "optax.yogi(lr, b2=0.9)", 0.1, "m and v start at 1e-6; debiased"),
    Case("adabelief", "optax.adabelief(lr)", 0.1),
    Case("adabelief_eps", "optax.adabelief(lr, b2=0.9, eps=1e-3, eps_root=1e-3)", 0.1),
    Case("rprop", "optax.rprop(lr0)", 0.05,
         "known defect: every update is emitted one step late (the first is 0), and dropped "
         "where the gradient has just changed its sign"),
    Case("sign_sgd", "optax.sign_sgd(lr)", 0.03),
    Case("signum", "optax.signum(lr, beta=0.9)", 0.03),
    Case("lamb", "optax.lamb(lr, weight_decay=0.1)", 0.1),
    Case("lars", "optax.lars(lr, weight_decay=0.1, trust_coefficient=0.1)", 0.5,
         "divides by |g + wd x|; " + INSIDE),
    Case("schedule_free_sgd", "optax.contrib.schedule_free_sgd(lr)", 0.3, SF_NOTE, answer=SF_ANSWER),
    Case("schedule_free_sgd_constant", "optax.contrib.schedule_free_sgd(lr)", 0.3, constant=True,
         answer=SF_ANSWER),
    Case("schedule_free_sgd_decay", "optax.contrib.schedule_free_sgd(lr, weight_decay=0.1)", 0.3,
         constant=True, answer=SF_ANSWER),
    Case("schedule_free_sgd_warmup", "optax.contrib.schedule_free_sgd(lr, warmup_steps=10)", 0.3,
         "z step: lr * n/10 for n < 10, so the first is 0; weight: lr * (n+1)/10; " + WARMUP,
         constant=True, answer=SF_ANSWER, tolerance=1e-7),
    Case("schedule_free_sgd_paper", "optax.contrib.schedule_free(optax.sgd(lr), lambda n: lr(n - 1))", 0.3,
         "one index for both rates, as the authors have it", answer=SF_ANSWER),
    Case("schedule_free_adamw", "optax.contrib.schedule_free_adamw(lr)", 0.1, SF_NOTE, answer=SF_ANSWER),
    Case("schedule_free_adamw_constant",
         "optax.contrib.schedule_free_adamw(lr, b2=0.9, eps=1e-3, weight_decay=0.1)", 0.1,
         constant=True, answer=SF_ANSWER),
    Case("schedule_free_adamw_paper",
         "optax.contrib.schedule_free(optax.rmsprop(lr, decay=0.999, eps_in_sqrt=False, "
         "bias_correction=True), lambda n: lr(n - 1))", 0.1, "one index for both rates", answer=SF_ANSWER),
    Case("prodigy", "optax.contrib.prodigy(lr)", 1.0, PRODIGY),
    Case("prodigy_d0", "optax.contrib.prodigy(lr, estim_lr0=1e-3)", 1.0, PRODIGY),
    Case("prodigy_decay", "optax.contrib.prodigy(lr, estim_lr0=1e-3, weight_decay=0.1)", 1.0, PRODIGY),
    Case("dadapt_adamw", "optax.contrib.dadapt_adamw(lr)", 1.0, PRODIGY),
    Case("dadapt_adamw_d0", "optax.contrib.dadapt_adamw(lr, estim_lr0=1e-3, weight_decay=0.1)", 1.0, PRODIGY),
    Case("lookahead", "optax.lookahead(optax.sgd(lr), sync_period=5, slow_step_size=0.5)", 0.15,
         answer="params.slow"),
    Case("lookahead_momentum",
         "optax.lookahead(optax.sgd(lr, momentum=0.9), sync_period=6, slow_step_size=0.8)", 0.05,
         "the inner buffer is kept at a synchronisation", answer="params.slow"),
    Case("lookahead_reset",
         "optax.lookahead(optax.sgd(lr0, momentum=0.9), sync_period=5, slow_step_size=0.5, reset_state=True)",
         0.05, "the inner buffer is emptied at a synchronisation", constant=True, answer="params.slow"),
    Case("polyak", "optax.polyak_sgd(max_learning_rate=0.3, f_min=-0.05)", 1.0,
         "min(gap / |g|^2, 0.3); lr is not used"),
    Case("polyak_scaling", "optax.polyak_sgd(max_learning_rate=0.5, scaling=0.7, f_min=-0.05)", 1.0,
         "known defect: scaling divides the step while the cap is not reached; lr is not used"),
    Case("clip_norm", "optax.chain(optax.clip_by_global_norm(max_norm=0.3), optax.sgd(lr))", 0.3,
         "g * c / norm, exactly"),
    Case("clip_value", "optax.chain(optax.clip(max_delta=0.2), optax.sgd(lr))", 0.15),
    Case("clip_norm_adam", "optax.chain(optax.clip_by_global_norm(max_norm=0.3), optax.adam(lr))", 0.1),
    Case("ema_weights", "optax.sgd(lr)", 0.15, "starts at 0, debiased by 1 - decay^t",
         average="optax.ema(decay=0.9)"),
    Case("ema_weights_raw", "optax.sgd(lr)", 0.15, "starts at 0, not debiased",
         average="optax.ema(decay=0.9, debias=False)"),
    Case("ema_weights_from_x0", "optax.sgd(lr)", 0.15, "starts at x_0",
         answer="optax.incremental_update(params, answer, step_size=0.1)"),
    Case("ema_updates", "optax.chain(optax.ema(decay=0.9, debias=False), optax.sgd(lr))", 0.1,
         "(1 - b) g momentum"),
)  # fmt: skip

TABLES = {"torch": TORCH, "keras": KERAS, "optax": OPTAX}

FIRST_STEPS = {
    "torch": (
        "SGD([x], lr)", "SGD([x], lr, momentum=0.9)", "SGD([x], lr, momentum=0.9, dampening=0.9)",
        "SGD([x], lr, momentum=0.9, nesterov=True)", "Adagrad([x], lr)", "Adadelta([x], lr)",
        "RMSprop([x], lr)", "RMSprop([x], lr, centered=True)", "RMSprop([x], lr, momentum=0.9)",
        "Adam([x], lr)",
        "Adam([x], lr, amsgrad=True)", "AdamW([x], lr)", "Adamax([x], lr)", "NAdam([x], lr)",
        "NAdam([x], lr, momentum_decay=1)", "RAdam([x], lr)", "Rprop([x], lr)", "ASGD([x], lr)",
    ),
    "keras": (
        "SGD(lr)", "SGD(lr, momentum=0.9)", "SGD(lr, momentum=0.9, nesterov=True)", "Adagrad(lr)",
        "Adadelta(lr)", "RMSprop(lr)", "RMSprop(lr, centered=True)", "RMSprop(lr, momentum=0.9)", "Adam(lr)",
        "Adam(lr, amsgrad=True)", "AdamW(lr)", "Adamax(lr)", "Nadam(lr)", "Lion(lr)", "ScheduleFreeAdamW(lr)",
    ),
    "optax": (
        "sgd(lr)", "sgd(lr, momentum=0.9)", "sgd(lr, momentum=0.9, nesterov=True)", "adagrad(lr)",
        "adadelta(lr)", "adadelta(None)", "rmsprop(lr)", "rmsprop(lr, initial_scale=1.0)",
        "rmsprop(lr, eps_in_sqrt=False)",
        "rmsprop(lr, centered=True)", "rmsprop(lr, momentum=0.9)", "adam(lr)", "amsgrad(lr)",
        "amsgrad(lr, bias_correction_mu=False, bias_correction_nu=False)", "adamw(lr)", "adamax(lr)",
        "nadam(lr)", "radam(lr)", "lion(lr)", "yogi(lr)", "adabelief(lr)", "rprop(lr)", "sign_sgd(lr)",
        "contrib.schedule_free_sgd(lr)", "contrib.schedule_free_adamw(lr)", "contrib.prodigy(lr)",
        "contrib.dadapt_adamw(lr)",
    ),
}  # fmt: skip
PREFIX = {"torch": "torch.optim.", "keras": "keras.optimizers.", "optax": "optax."}


def function(a, b):
    return a * a * a * a / 4 + a * b + (1 + a * a) * (b * b)


def gradient(a, b):
    return [a * a * a + b + 2 * a * (b * b), a + 2 * (1 + a * a) * b]


def rates_of(case):
    if case.constant:
        return [case.lr] * UPDATES
    rates = [case.lr * (1 + 0.5 * math.sin(n)) for n in range(UPDATES)]
    return [rate if n < 25 else rate / 10 for n, rate in enumerate(rates)]


def rates_key(case):
    return f"constant {case.lr}" if case.constant else f"varying {case.lr}"


def run_torch(case, x0, rates, slope, value=None):
    model = torch.nn.Module()
    model.x = x = torch.nn.Parameter(torch.tensor(x0))
    names = {"torch": torch, "model": model, "x": x, "lr": rates[0]}
    names["optimizer"] = optimizer = eval(case.call, names)
    if case.average:
        names["average"] = eval(case.average, names)
    rows, answers = [x0], [x0]
    for rate in rates:
        optimizer.param_groups[0]["lr"] = rate
        x.grad = torch.tensor(slope(*x.tolist()))
        if case.before:
            eval(case.before, names)
        optimizer.step()
        rows.append(x.tolist())
        if case.average:
            names["average"].update_parameters(model)
        if case.answer:
            answers.append(eval(case.answer, names).tolist())
    return rows, answers


def run_keras(case, x0, rates, slope, value=None):
    x = keras.Variable(np.array(x0), dtype="float64")
    names = {"keras": keras, "x": x, "lr": rates[0]}
    names["optimizer"] = optimizer = eval(case.call, names)
    rows, answers = [x0], [x0]
    for rate in rates:
        optimizer.learning_rate = rate
        optimizer.apply([jnp.asarray(slope(*x.numpy().tolist()))], [x])
        rows.append(x.numpy().tolist())
        if case.answer:
            answers.append(np.asarray(eval(case.answer, names)).tolist())
    return rows, answers


def run_optax(case, x0, rates, slope, value=None):
    table = jnp.asarray(rates)
    lr = rates[0] if case.constant else lambda count: table[count]
    names = {"optax": optax, "lr": lr, "lr0": rates[0]}
    optimizer = optax.with_extra_args_support(eval(case.call, names))
    x = jnp.asarray(x0)
    two_points = case.call.startswith("optax.lookahead(")
    params = optax.LookaheadParams.init_synced(x) if two_points else x
    state = optimizer.init(params)
    average = eval(case.average, names) if case.average else None
    kept = average.init(x) if average else None
    rows, answers = [x0], [x0]
    for _ in rates:
        at = rows[-1]
        known = {"value": value(*at)} if value else {}
        updates, state = optimizer.update(jnp.asarray(slope(*at)), state, params, **known)
        params = optax.apply_updates(params, updates)
        x = params.fast if two_points else params
        rows.append(x.tolist())
        if average:
            mean, kept = average.update(x, kept)
            answers.append(mean.tolist())
        if case.answer:
            names |= {"params": params, "state": state, "answer": jnp.asarray(answers[-1])}
            answers.append(eval(case.answer, names).tolist())
    return rows, answers


RUN = {"torch": run_torch, "keras": run_keras, "optax": run_optax}


def hyperparameters(texts, names):
    """Every number and switch that the calls set, spelled out or by default."""
    found = {}
    calls = [
        node for text in texts if text for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)
    ]
    for node in reversed(calls):
        try:
            callee = eval(ast.unparse(node.func), names)
        except NameError:
            continue
        defaults = {
            name: parameter.default
            for name, parameter in inspect.signature(callee).parameters.items()
            if isinstance(parameter.default, (bool, int, float, str, tuple)) and name not in NOT_HYPER
        }
        spelled = {word.arg: word.value for word in node.keywords if word.arg}
        spelled = {name: ast.literal_eval(v) for name, v in spelled.items() if not isinstance(v, ast.Call)}
        found |= defaults | spelled
    return found


def parted(rows, others):
    return max(
        max(abs(p - q) for p, q in zip(row, other, strict=True)) / max(abs(p) for p in row)
        for row, other in zip(rows, others, strict=True)
    )


def record(library, case):
    rates = rates_of(case)
    rows, answers = RUN[library](case, X0, rates, gradient, function)
    nudged, _ = RUN[library](case, [v + NUDGE for v in X0], rates, gradient, function)
    distance = parted(rows, nudged)
    if not distance < PARTED:
        sys.exit(f"{library} {case.name}: a start moved by {NUDGE} parts by {distance:.1e}: lower its lr")
    entry = {"call": case.call, "lr": case.lr, "rates": rates_key(case), "x": rows}
    entry["tolerance"] = case.tolerance
    entry["hyper"] = hyperparameters([case.call, case.before, case.average, case.answer], globals())
    entry |= {key: text for key in ("note", "before", "average") if (text := getattr(case, key))}
    if len(answers) > 1:
        entry["answer"] = answers
    if case.answer:
        entry["answer_by"] = case.answer
    return entry


def versions(packages):
    return {name: importlib.metadata.version(name) for name in packages}


def trajectories(library):
    cases = TABLES[library]
    assert len({case.name for case in cases}) == len(cases)
    return {
        "made_by": MADE_BY,
        "versions": versions(PACKAGES[library]),
        "function": FUNCTION,
        "gradient": GRADIENT,
        "x0": X0,
        "rates": {rates_key(case): rates_of(case) for case in cases},
        "cases": {case.name: record(library, case) for case in cases},
    }


def first_step(library, call, g):
    case = Case("", PREFIX[library] + call, 1.0, constant=True)
    rows, _ = RUN[library](case, [0.0], [1.0], lambda _: [g])
    return 0.0 - rows[1][0]


def first_steps():
    slopes = [1.0, 1e-6]
    return {
        "made_by": MADE_BY,
        "versions": versions(sorted(set().union(*PACKAGES.values()))),
        "what": "x0 - x1 from x0 = 0, for each of these gradients, at lr = 1; negative is uphill",
        "gradients": slopes,
        "cases": {
            library: {
                PREFIX[library] + call: [first_step(library, call, g) for g in slopes] for call in calls
            }
            for library, calls in FIRST_STEPS.items()
        },
    }


def to_text(value, indent=""):
    """JSON with sorted keys; whatever holds no further container stands on one line."""
    inner = indent + " "
    items = list(value.values()) if isinstance(value, dict) else value
    nested = isinstance(value, (dict, list)) and any(isinstance(item, (dict, list)) for item in items)
    if not nested:
        return json.dumps(value, sort_keys=True, allow_nan=False)
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + to_text(item, inner) for item in value) + "\n" + indent + "]"
    lines = (f"{inner}{json.dumps(key)}: {to_text(value[key], inner)}" for key in sorted(value))
    return "{\n" + ",\n".join(lines) + "\n" + indent + "}"


def largest_difference(old, new):
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        return max((largest_difference(old[key], new[key]) for key in old), default=0.0)
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return max((largest_difference(p, q) for p, q in zip(old, new, strict=True)), default=0.0)
    if isinstance(old, float) and isinstance(new, float):
        return abs(old - new)
    return 0.0 if old == new else math.inf


def import_keras():
    os.environ["KERAS_BACKEND"] = "jax"
    module = importlib.import_module("keras")
    module.config.set_floatx("float64")
    return module


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 where a file differs")
    check = parser.parse_args().check
    made = {library: trajectories(library) for library in TABLES} | {"first_steps": first_steps()}
    differ = False
    for name, content in made.items():
        path, text = HERE / f"{name}.json", to_text(content) + "\n"
        if not check:
            path.write_text(text, encoding="utf-8", newline="\n")
            continue
        old = path.read_text(encoding="utf-8") if path.exists() else "{}"
        if old != text:
            differ = True
            size = largest_difference(json.loads(old), json.loads(text))
            print(
                f"{path.name} differs: by {size:.1e}"
                if size < math.inf
                else f"{path.name} differs in content"
            )
    return int(differ)


torch.set_default_dtype(torch.float64)
jax.config.update("jax_enable_x64", True)
keras = import_keras()

if __name__ == "__main__":
    sys.exit(main())
