"""Keras' optimizers, ``keras.optimizers``."""

import inspect
from collections.abc import Callable
from typing import Any

from optim.dialects.entry import Dialect, Library, only, use
from optim.dialects.layered_entries import decayed_first, keras_adafactor, keras_lamb, keras_muon
from optim.dialects.torch_entries import decoupled
from optim.dialects.variants import KerasScheduleFreeAdamW
from optim.hyperparameters import Hyper
from optim.optimizer import Optimizer
from optim.rules.adagrad_rmsprop import Adadelta, Adagrad, CenteredRMSprop, RMSprop
from optim.rules.adam import Adam, AdaMax, Nadam
from optim.rules.adam_variants import AMSGrad
from optim.rules.averaging import EMA
from optim.rules.dual_averaging import FTRL
from optim.rules.gradients import Accumulate, ClipByNorm, ClipByValue, ScaleGradient
from optim.rules.layers.clipping import ClipLayersByNorm
from optim.rules.layers.shapes import Shapes
from optim.rules.sgd import SGD, HeavyBall, SutskeverNesterov
from optim.rules.sign import Lion
from optim.rules.wrappers import WithMomentum
from stepsize.core.validation import require

__all__ = ["KERAS"]

# The arguments of `base`, each of its own type.
Shared = Any


def base(
    rule: Optimizer,
    weight_decay: Hyper | None = None,
    clipnorm: Hyper | None = None,
    clipvalue: Hyper | None = None,
    global_clipnorm: Hyper | None = None,
    use_ema: bool = False,
    ema_momentum: Hyper = 0.99,
    ema_overwrite_frequency: int | None = None,
    loss_scale_factor: float | None = None,
    gradient_accumulation_steps: int | None = None,
) -> Optimizer:
    """Return the rule with what every Keras optimizer can do besides.

    The ``clipnorm`` of a rule that knows its layers is the norm of each; of any other, that of the vector.
    """
    shapes: Shapes = getattr(rule, "shapes", None)
    limits = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
    given = [name for name, limit in limits.items() if limit is not None]
    if len(given) > 1:
        raise ValueError(f"{given[0]}: got it and {given[1]}, expected one of them, as Keras does")
    rule = decoupled(rule, weight_decay)
    if global_clipnorm is not None:
        rule = ClipByNorm(rule, global_clipnorm)
    if clipnorm is not None:
        rule = ClipByNorm(rule, clipnorm) if shapes is None else ClipLayersByNorm(rule, clipnorm, shapes)
    if clipvalue is not None:
        rule = ClipByValue(rule, clipvalue)
    if gradient_accumulation_steps:
        rule = Accumulate(rule, gradient_accumulation_steps)
    if use_ema:
        period = gradient_accumulation_steps or 1
        rule = EMA(rule, ema_momentum, overwrite=ema_overwrite_frequency or None, period=period)
    return ScaleGradient(rule, 1 / loss_scale_factor) if loss_scale_factor else rule


def _sgd(lr: Hyper, momentum: Hyper, nesterov: bool) -> Optimizer:
    if isinstance(momentum, int | float):
        require(0 <= momentum <= 1, "momentum", momentum, "a number from 0 to 1, as Keras does")
        if momentum == 0:
            return SGD(lr)
    return SutskeverNesterov(lr, momentum) if nesterov else HeavyBall(lr, momentum)


def _rmsprop(lr: Hyper, rho: Hyper, momentum: Hyper, epsilon: Hyper, centered: bool) -> Optimizer:
    rule = (CenteredRMSprop if centered else RMSprop)(lr, rho, epsilon)
    if isinstance(momentum, int | float) and momentum == 0:
        return rule
    return WithMomentum(rule, momentum, rate_inside=True)


def _adam(
    learning_rate: Hyper = 1e-3,
    beta_1: Hyper = 0.9,
    beta_2: Hyper = 0.999,
    epsilon: Hyper = 1e-7,
    amsgrad: bool = False,
    **rest: Shared,
) -> Optimizer:
    rule: Optimizer = Adam(learning_rate, beta_1, beta_2, epsilon, eps_hat=True)
    if amsgrad:
        rule = AMSGrad(learning_rate, beta_1, beta_2, epsilon, debias="max, then correct", eps_hat=True)
    return base(rule, **rest)


def _adamw(
    learning_rate: Hyper = 1e-3,
    weight_decay: Hyper = 0.004,
    beta_1: Hyper = 0.9,
    beta_2: Hyper = 0.999,
    epsilon: Hyper = 1e-7,
    amsgrad: bool = False,
    **rest: Shared,
) -> Optimizer:
    if weight_decay is None:
        raise ValueError("weight_decay: got None, expected a number, as Keras does; 0.0 is no decay")
    return _adam(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **rest)


def _lion(
    learning_rate: Hyper = 1e-3, beta_1: Hyper = 0.9, beta_2: Hyper = 0.99, **rest: Shared
) -> Optimizer:
    if isinstance(beta_1, int | float):
        require(0 < beta_1 < 1, "beta_1", beta_1, "a number above 0 and below 1: at 0 Lion is SignSGD")
    return base(Lion(learning_rate, beta_1, beta_2), **rest)


def _schedule_free_adamw(
    learning_rate: Hyper = 0.0025,
    beta_1: Hyper = 0.9,
    beta_2: Hyper = 0.999,
    epsilon: Hyper = 1e-8,
    warmup_steps: int = 0,
    weight_decay: Hyper | None = None,
    **rest: Shared,
) -> Optimizer:
    decay = 0.0 if weight_decay is None else weight_decay
    rule = KerasScheduleFreeAdamW(learning_rate, beta_1, decay, warmup_steps, beta2=beta_2, eps=epsilon)
    return base(rule, **rest)


def _around(build: Callable[..., Optimizer]) -> Callable[..., Optimizer]:
    """Return what builds a rule, with what every Keras optimizer can do besides; the decay is the rule's."""
    own = inspect.signature(build)

    def built(**arguments: Shared) -> Optimizer:
        mine = {name: arguments.pop(name) for name in own.parameters if name in arguments}
        return base(build(**mine), **arguments)

    rest = inspect.Parameter("rest", inspect.Parameter.VAR_KEYWORD)
    # What `Dialect` reads for names and defaults.
    built.__signature__ = own.replace(parameters=[*own.parameters.values(), rest])  # type: ignore[attr-defined]  # functions take any
    return built


def _ftrl(
    learning_rate: Hyper = 0.001,
    learning_rate_power: float = -0.5,
    initial_accumulator_value: Hyper = 0.1,
    l1_regularization_strength: Hyper = 0.0,
    l2_regularization_strength: float = 0.0,
    l2_shrinkage_regularization_strength: Hyper = 0.0,
    beta: Hyper = 0.0,
    weight_decay: Hyper | None = None,
) -> Optimizer:
    only("learning_rate_power", learning_rate_power, -0.5)
    rule = FTRL(
        learning_rate,
        beta,
        l1_regularization_strength,
        2 * l2_regularization_strength,
        l2_shrinkage_regularization_strength,
        initial_accumulator_value,
    )
    return decayed_first(rule, weight_decay)


DECAY = "weight_decay is decoupled"

KERAS = Library(
    "keras",
    "Keras 3.15",
    "equal to recorded runs (JAX backend)",
    prefix="optimizers",
    ignored=("name",),
    shared=base,
    elsewhere={
        "LossScaleOptimizer": "it looks for the factor of loss_scale_factor in half precision; in double it "
        "changes nothing",
        "MultiOptimizer": "it has one optimizer a layer of a model; here a run has one for all parameters",
    },
    entries=(
        Dialect(
            "SGD",
            lambda learning_rate=0.01, momentum=0.0, nesterov=False, **rest: base(
                _sgd(learning_rate, momentum, nesterov), **rest
            ),
            (
                use("sgd", DECAY),
                use("momentum", "rate inside the velocity: the old one coasts on", momentum=0.9),
                use("nesterov", "rate inside the velocity", momentum=0.9, nesterov=True),
            ),
        ),
        Dialect(
            "Adagrad",
            lambda learning_rate=1e-3, initial_accumulator_value=0.1, epsilon=1e-7, **rest: base(
                Adagrad(learning_rate, epsilon, True, initial_accumulator_value), **rest
            ),
            (use("adagrad", "eps inside the root; the sum starts at 0.1"),),
        ),
        Dialect(
            "Adadelta",
            lambda learning_rate=1e-3, rho=0.95, epsilon=1e-7, **rest: base(
                Adadelta(learning_rate, rho, epsilon), **rest
            ),
            (use("adadelta", "eps 1e-7; default rate 0.001, a thousandth of the paper's"),),
        ),
        Dialect(
            "RMSprop",
            lambda learning_rate=1e-3, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False, **rest: base(
                _rmsprop(learning_rate, rho, momentum, epsilon, centered), **rest
            ),
            (
                use("rmsprop", "eps inside the root"),
                use("centered rmsprop", "eps inside the root", centered=True),
                use("rmsprop with momentum", "rate inside the velocity", momentum=0.9),
            ),
        ),
        Dialect(
            "Adam",
            _adam,
            (
                use("adam", "eps-hat: added before the correction, 32 times as heavy at first"),
                use("adam with decay", "decoupled, although this is not AdamW", weight_decay=0.1),
                use("amsgrad", "the largest raw v, corrected afterwards; eps before it", amsgrad=True),
            ),
        ),
        Dialect(
            "AdamW",
            _adamw,
            (
                use("adamw", "decay times rate; default 0.004; eps before the correction"),
                use("adam with decay", "decoupled: decay times rate", weight_decay=0.1),
            ),
        ),
        Dialect(
            "Adamax",
            lambda learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **rest: base(
                AdaMax(learning_rate, beta_1, beta_2, epsilon, eps_outside=True), **rest
            ),
            (use("adamax", "eps added at the division"),),
        ),
        Dialect(
            "Nadam",
            lambda learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **rest: base(
                Nadam(learning_rate, beta_1, beta_2, epsilon, momentum_decay=1.0), **rest
            ),
            (use("nadam", "momentum warms up within a hundred updates; eps after the correction"),),
            "The momentum schedule has lost its 1/250: it is 0.96^t, not 0.96^(t/250).",
        ),
        Dialect(
            "Lion",
            _lion,
            (use("lion", "no decay by default"),),
        ),
        Dialect(
            "ScheduleFreeAdamW",
            _schedule_free_adamw,
            (use("schedule-free adamw", "every update counts the same; decay ends in the average alone"),),
            "The model is left at y and never gets the average; on the PyTorch backend a buffer is "
            "overwritten before it is read, and the trajectory is another one.",
        ),
        Dialect(
            "Ftrl",
            _around(_ftrl),
            (use("ftrl", "beta 0; the sum of squares starts at 0.1; its l2 is half the paper's"),),
        ),
        Dialect(
            "Lamb",
            _around(keras_lamb),
            (use("lamb", "decay ahead of the step, outside the quotient; eps 1e-7"),),
        ),
        Dialect(
            "Adafactor",
            _around(keras_adafactor),
            (use("adafactor", "the paper's; rate at most 0.001"),),
            "relative_step=False changes nothing: the rate is at most one over the root of t anyway.",
        ),
        Dialect(
            "Muon",
            _around(keras_muon),
            (use("muon", "sum; factor 0.2 sqrt(max(rows, columns)); vectors by AdamW with eps-hat"),),
        ),
    ),
)
