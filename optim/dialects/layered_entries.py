"""Entries of the rules that know layers: each takes ``shapes``, which stands for the parameters' own."""

from optim.dialects.adafactor_variants import OptaxAdafactor, TorchAdafactor
from optim.dialects.entry import only
from optim.dialects.muon_variants import KerasMuon, OptaxMuon, TorchMuon
from optim.hyperparameters import Hyper
from optim.optimizer import Optimizer
from optim.rules.layers.adafactor import Adafactor
from optim.rules.layers.fromage import Fromage
from optim.rules.layers.layerwise import LAMB, LARS, NovoGrad
from optim.rules.layers.muon import QUINTIC
from optim.rules.layers.shapes import Shapes
from optim.rules.layers.sm3 import SM3
from optim.rules.wrappers import DecoupledDecay
from stepsize.core.validation import as_number, describe_value, require

__all__ = [
    "keras_adafactor",
    "keras_lamb",
    "keras_muon",
    "optax_adafactor",
    "optax_fromage",
    "optax_lamb",
    "optax_lars",
    "optax_muon",
    "optax_novograd",
    "optax_sm3",
    "torch_adafactor",
    "torch_muon",
]


def decayed_first(rule: Optimizer, weight_decay: Hyper | None) -> Optimizer:
    """Return the rule with Keras' decay, which comes ahead of a rule that looks at x."""
    if weight_decay is None or (isinstance(weight_decay, int | float) and weight_decay == 0):
        return rule
    return DecoupledDecay(rule, weight_decay, first=True)


def torch_muon(
    lr: Hyper = 1e-3,
    weight_decay: Hyper = 0.1,
    momentum: Hyper = 0.95,
    nesterov: bool = True,
    ns_coefficients: tuple[float, float, float] = QUINTIC,
    eps: float = 1e-7,
    ns_steps: int = 5,
    adjust_lr_fn: str | None = None,
    shapes: Shapes = None,
) -> Optimizer:
    """Return ``torch.optim.Muon``."""
    return TorchMuon(
        lr,
        momentum,
        weight_decay,
        nesterov=nesterov,
        coefficients=ns_coefficients,
        iterations=ns_steps,
        eps=eps,
        shapes=shapes,
        adjust=adjust_lr_fn or "original",
    )


def torch_adafactor(
    lr: Hyper = 0.01,
    beta2_decay: float = -0.8,
    eps: tuple[float | None, float] = (None, 1e-3),
    d: float = 1.0,
    weight_decay: Hyper = 0.0,
    shapes: Shapes = None,
) -> Optimizer:
    """Return ``torch.optim.Adafactor``."""
    if d < 1:
        raise ValueError(f"d: got {d}, expected a number of at least 1, as PyTorch does")
    rule = TorchAdafactor(lr, -beta2_decay, eps[0], eps[1], d, shapes=shapes)
    still = isinstance(weight_decay, int | float) and weight_decay == 0
    return rule if still else DecoupledDecay(rule, weight_decay)


def keras_muon(
    learning_rate: Hyper = 0.001,
    adam_beta_1: Hyper = 0.9,
    adam_beta_2: Hyper = 0.999,
    adam_weight_decay: Hyper | None = 0.004,
    epsilon: Hyper = 1e-7,
    weight_decay: Hyper | None = 0.004,
    exclude_layers: object = None,
    exclude_embeddings: bool = True,
    muon_a: float = QUINTIC[0],
    muon_b: float = QUINTIC[1],
    muon_c: float = QUINTIC[2],
    adam_lr_ratio: Hyper = 1,
    momentum: Hyper = 0.95,
    ns_steps: int = 5,
    nesterov: bool = True,
    rms_rate: float | None = 0.2,
    shapes: Shapes = None,
) -> Optimizer:
    """Return ``keras.optimizers.Muon``; its layers have no names here, so that none can be left out."""
    only("exclude_layers", exclude_layers, None)
    only("exclude_embeddings", exclude_embeddings, True)
    return KerasMuon(
        learning_rate,
        momentum,
        0.0 if weight_decay is None else weight_decay,
        adam_beta_1,
        adam_beta_2,
        epsilon,
        0.0 if adam_weight_decay is None else adam_weight_decay,
        adam_lr_ratio,
        nesterov,
        (muon_a, muon_b, muon_c),
        ns_steps,
        shapes=shapes,
        rms=rms_rate,
    )


def keras_adafactor(
    learning_rate: Hyper = 0.001,
    beta_2_decay: float = -0.8,
    epsilon_1: float = 1e-30,
    epsilon_2: float = 1e-3,
    clip_threshold: float = 1.0,
    relative_step: bool = True,  # noqa: ARG001  # it changes nothing there: the minimum is taken anyway
    weight_decay: Hyper | None = None,
    shapes: Shapes = None,
) -> Optimizer:
    """Return ``keras.optimizers.Adafactor``."""
    rule = Adafactor(learning_rate, -beta_2_decay, epsilon_1, epsilon_2, clip_threshold, shapes=shapes)
    return decayed_first(rule, weight_decay)


def keras_lamb(
    learning_rate: Hyper = 0.001,
    beta_1: Hyper = 0.9,
    beta_2: Hyper = 0.999,
    epsilon: Hyper = 1e-7,
    weight_decay: Hyper | None = None,
    shapes: Shapes = None,
) -> Optimizer:
    """Return ``keras.optimizers.Lamb``."""
    return decayed_first(LAMB(learning_rate, beta_1, beta_2, epsilon, 0.0, shapes=shapes), weight_decay)


def optax_lamb(
    learning_rate: Hyper,
    b1: Hyper = 0.9,
    b2: Hyper = 0.999,
    eps: Hyper = 1e-6,
    eps_root: Hyper = 0.0,
    weight_decay: Hyper = 0.0,
    shapes: Shapes = None,
) -> Optimizer:
    """Return ``optax.lamb``."""
    return LAMB(learning_rate, b1, b2, eps, weight_decay, eps_root, shapes)


def optax_fromage(learning_rate: Hyper, min_norm: Hyper = 1e-6, shapes: Shapes = None) -> Optimizer:
    """Return ``optax.fromage``."""
    return Fromage(learning_rate, min_norm, shapes)


def optax_lars(
    learning_rate: Hyper,
    weight_decay: Hyper = 0.0,
    trust_coefficient: Hyper = 0.001,
    eps: Hyper = 0.0,
    momentum: Hyper = 0.9,
    nesterov: bool = False,
    shapes: Shapes = None,
) -> Optimizer:
    """Return ``optax.lars``."""
    return LARS(learning_rate, momentum, weight_decay, trust_coefficient, eps, nesterov, "sum", shapes)


def optax_novograd(
    learning_rate: Hyper,
    b1: Hyper = 0.9,
    b2: Hyper = 0.25,
    eps: Hyper = 1e-6,
    eps_root: Hyper = 0.0,
    weight_decay: Hyper = 0.0,
    shapes: Shapes = None,
) -> Optimizer:
    """Return ``optax.novograd``."""
    return NovoGrad(learning_rate, b1, b2, eps, eps_root, weight_decay, shapes)


def optax_sm3(learning_rate: Hyper, momentum: Hyper = 0.9, shapes: Shapes = None) -> Optimizer:
    """Return ``optax.sm3``."""
    return SM3(learning_rate, momentum, 1e-8, shapes)


def optax_adafactor(
    learning_rate: Hyper | None = None,
    min_dim_size_to_factor: int = 128,
    decay_rate: float = 0.8,
    decay_offset: int = 0,
    multiply_by_parameter_scale: bool = True,
    clipping_threshold: float | None = 1.0,
    momentum: Hyper | None = None,
    weight_decay_rate: Hyper | None = None,
    eps: float = 1e-30,
    factored: bool = True,
    shapes: Shapes = None,
) -> Optimizer:
    """Return ``optax.adafactor``."""
    expected = "a whole number of at most 0: above it the decay is a root of a negative count"
    require(decay_offset <= 0, "decay_offset", decay_offset, expected)
    return OptaxAdafactor(
        1.0 if learning_rate is None else learning_rate,
        decay_rate,
        eps,
        clip=float("inf") if clipping_threshold is None else clipping_threshold,
        shapes=shapes if factored or shapes is None else _flat(shapes),
        momentum=0.0 if momentum is None else momentum,
        weight_decay=0.0 if weight_decay_rate is None else weight_decay_rate,
        min_size=min_dim_size_to_factor,
        scaled=multiply_by_parameter_scale,
        ahead=-decay_offset,
    )


def _flat(shapes: tuple[tuple[int, ...], ...]) -> Shapes:
    """Return every layer as a vector, of which nothing is factored."""
    sizes = []
    for shape in shapes:
        size = 1
        for length in shape:
            size *= length
        sizes.append((size,))
    return tuple(sizes)


def optax_muon(
    learning_rate: Hyper,
    ns_coeffs: tuple[float, float, float] = QUINTIC,
    ns_steps: int = 5,
    beta: Hyper = 0.95,
    eps: float = 1e-8,
    weight_decay: Hyper = 0.0,
    nesterov: bool = True,
    adaptive: bool = False,
    preconditioning: str = "frobenius",
    adam_b1: Hyper = 0.9,
    adam_b2: Hyper = 0.999,
    adam_eps_root: Hyper = 0.0,
    adam_weight_decay: Hyper = 0.0,
    adam_learning_rate: Hyper | None = None,
    consistent_rms: float | None = None,
    shapes: Shapes = None,
) -> Optimizer:
    """Return ``optax.contrib.muon``."""
    return OptaxMuon(
        learning_rate,
        beta,
        weight_decay,
        adam_b1,
        adam_b2,
        eps,
        adam_weight_decay,
        _ratio(adam_learning_rate, learning_rate),
        nesterov,
        ns_coeffs,
        ns_steps,
        eps,
        shapes,
        consistent_rms,
        adam_eps_root,
        adaptive,
        preconditioning,
    )


def _ratio(adam: Hyper | None, rate: Hyper) -> float:
    """Return the rate of the layers that are no matrices, as a share of the rate."""
    if adam is None:
        return 1.0
    if isinstance(adam, int | float) and isinstance(rate, int | float) and rate > 0:
        return as_number("adam_learning_rate", adam) / as_number("learning_rate", rate)
    raise TypeError(
        f"adam_learning_rate: got {describe_value(adam)} beside the rate {describe_value(rate)}, expected a "
        "number, and a rate above 0"
    )
