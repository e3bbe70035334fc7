"""Optax' optimizers."""

from optim.dialects.entry import Dialect, Library, use
from optim.dialects.layered_entries import (
    optax_adafactor,
    optax_fromage,
    optax_lamb,
    optax_lars,
    optax_novograd,
    optax_sm3,
)
from optim.dialects.optax_contrib_entries import CONTRIB, ELSEWHERE
from optim.dialects.optax_parts import optax_parts
from optim.dialects.optax_variants import (
    OptaxAdaBelief,
    OptaxAdadeltaAscending,
    OptaxAdam,
    OptaxAMSGrad,
    OptaxRAdam,
    OptaxRpropOneStepLate,
)
from optim.dialects.torch_entries import decoupled, l2
from optim.hyperparameters import Hyper
from optim.optimizer import Optimizer
from optim.rules.adagrad_rmsprop import Adadelta, Adagrad, CenteredRMSprop, RMSprop
from optim.rules.adam import Adam, AdaMax, Nadam
from optim.rules.adam_mixtures import Adan
from optim.rules.adam_variants import AdaBelief, AMSGrad, RAdam, Yogi
from optim.rules.gradients import AnnealedNoise
from optim.rules.optimism import Optimistic
from optim.rules.sgd import SGD, Momentum, Nesterov
from optim.rules.sign import Lion, Rprop, SignSGD, Signum
from optim.rules.wrappers import WithMomentum
from stepsize.core.validation import as_number, require

__all__ = ["OPTAX"]


def _sgd(learning_rate: Hyper, momentum: Hyper | None = None, nesterov: bool = False) -> Optimizer:
    if momentum is None:
        return SGD(learning_rate)
    return Nesterov(learning_rate, momentum) if nesterov else Momentum(learning_rate, momentum)


def _adagrad(learning_rate: Hyper, initial_accumulator_value: Hyper = 0.1, eps: Hyper = 1e-7) -> Optimizer:
    return Adagrad(learning_rate, eps, True, initial_accumulator_value)


def _adadelta(
    learning_rate: Hyper | None = None, rho: Hyper = 0.9, eps: Hyper = 1e-6, weight_decay: Hyper = 0.0
) -> Optimizer:
    return l2(Adadelta(1.0 if learning_rate is None else learning_rate, rho, eps), weight_decay)


def _rmsprop(
    learning_rate: Hyper,
    decay: Hyper = 0.9,
    eps: Hyper = 1e-8,
    initial_scale: Hyper = 0.0,
    eps_in_sqrt: bool = True,
    centered: bool = False,
    momentum: Hyper | None = None,
    nesterov: bool = False,
    bias_correction: bool = False,
) -> Optimizer:
    rule = (CenteredRMSprop if centered else RMSprop)(
        learning_rate, decay, eps, eps_in_sqrt, initial_scale, bias_correction
    )
    return rule if momentum is None else WithMomentum(rule, momentum, nesterov, rate_inside=True)


def _adam(
    learning_rate: Hyper,
    b1: Hyper = 0.9,
    b2: Hyper = 0.999,
    eps: Hyper = 1e-8,
    eps_root: Hyper = 0.0,
    nesterov: bool = False,
) -> Optimizer:
    if not _off(eps_root):
        return OptaxAdam(learning_rate, b1, b2, eps, eps_root=eps_root, nesterov=nesterov)
    return Nadam(learning_rate, b1, b2, eps, warming=False) if nesterov else Adam(learning_rate, b1, b2, eps)


def _off(value: Hyper) -> bool:
    return isinstance(value, int | float) and value == 0


def _adamw(
    learning_rate: Hyper,
    b1: Hyper = 0.9,
    b2: Hyper = 0.999,
    eps: Hyper = 1e-8,
    eps_root: Hyper = 0.0,
    weight_decay: Hyper = 1e-4,
    nesterov: bool = False,
) -> Optimizer:
    return decoupled(_adam(learning_rate, b1, b2, eps, eps_root, nesterov), weight_decay)


def _nadamw(
    learning_rate: Hyper,
    b1: Hyper = 0.9,
    b2: Hyper = 0.999,
    eps: Hyper = 1e-8,
    eps_root: Hyper = 0.0,
    weight_decay: Hyper = 1e-4,
    nesterov: bool = True,
) -> Optimizer:
    return _adamw(learning_rate, b1, b2, eps, eps_root, weight_decay, nesterov)


def _amsgrad(
    learning_rate: Hyper,
    b1: Hyper = 0.9,
    b2: Hyper = 0.999,
    eps: Hyper = 1e-8,
    eps_root: Hyper = 0.0,
    bias_correction_mu: bool = True,
    bias_correction_nu: bool = True,
) -> Optimizer:
    known = {(True, True): "correct, then max", (True, False): "mean only", (False, False): "none"}
    debias = known.get((bool(bias_correction_mu), bool(bias_correction_nu)))
    if debias is not None and _off(eps_root):
        return AMSGrad(learning_rate, b1, b2, eps, debias)
    rule = OptaxAMSGrad(learning_rate, b1, b2, eps, eps_root=eps_root)
    return rule.replace(correct_mean=bias_correction_mu, correct_squares=bias_correction_nu)


def _radam(
    learning_rate: Hyper,
    b1: Hyper = 0.9,
    b2: Hyper = 0.999,
    eps: Hyper = 1e-8,
    eps_root: Hyper = 0.0,
    threshold: float = 5.0,
    nesterov: bool = False,
) -> Optimizer:
    if nesterov or not _off(eps_root):
        return OptaxRAdam(learning_rate, b1, b2, eps, threshold, eps_root=eps_root, nesterov=nesterov)
    return RAdam(learning_rate, b1, b2, eps, threshold)


def _adabelief(
    learning_rate: Hyper,
    b1: Hyper = 0.9,
    b2: Hyper = 0.999,
    eps: Hyper = 1e-16,
    eps_root: Hyper = 1e-16,
    nesterov: bool = False,
) -> Optimizer:
    rule = OptaxAdaBelief if nesterov else AdaBelief
    return rule(learning_rate, b1, b2, eps, eps_root)


def _rprop(
    learning_rate: Hyper,
    eta_minus: Hyper = 0.5,
    eta_plus: Hyper = 1.2,
    min_step_size: Hyper = 1e-6,
    max_step_size: Hyper = 50.0,
) -> Optimizer:
    return Rprop(1.0, learning_rate, eta_minus, eta_plus, min_step_size, max_step_size)


def _rprop_late(
    learning_rate: Hyper,
    eta_minus: Hyper = 0.5,
    eta_plus: Hyper = 1.2,
    min_step_size: Hyper = 1e-6,
    max_step_size: Hyper = 50.0,
) -> Optimizer:
    return OptaxRpropOneStepLate(1.0, learning_rate, eta_minus, eta_plus, min_step_size, max_step_size)


CENTERED = (
    "Centered under a steady gradient of 1e5 or more it turns nan, because rounding makes the variance "
    "negative; here the variance stops at 0."
)


def _adan(
    learning_rate: Hyper,
    b1: Hyper = 0.98,
    b2: Hyper = 0.92,
    b3: Hyper = 0.99,
    eps: Hyper = 1e-8,
    eps_root: Hyper = 1e-8,
    weight_decay: Hyper = 0.0,
) -> Optimizer:
    return Adan(learning_rate, b1, b2, b3, eps, eps_root, weight_decay, "decoupled", "1 - beta2")


def _noisy_sgd(
    learning_rate: Hyper,
    eta: Hyper = 0.01,
    gamma: Hyper = 0.55,
    key: int | None = None,
    seed: int | None = None,
) -> Optimizer:
    if key is not None and seed is not None:
        raise ValueError(f"key: got {key} and the seed {seed}, expected one of them, as Optax does")
    return AnnealedNoise(SGD(learning_rate), eta, gamma, rng=key or seed or 0)


def _optimistic_adam(
    learning_rate: Hyper,
    optimism: float | None = None,
    b1: Hyper = 0.9,
    b2: Hyper = 0.999,
    eps: Hyper = 1e-8,
    eps_root: Hyper = 0.0,
    nesterov: bool = True,
) -> Optimizer:
    rule = _adam(learning_rate, b1, b2, eps, eps_root, nesterov)
    if optimism is None:
        return Optimistic(rule)
    expected = "a number above 0 beside an optimism; optax.optimistic_adam_v2 takes schedules"
    rate = as_number("learning_rate", learning_rate)
    require(rate > 0, "learning_rate", learning_rate, expected)
    return Optimistic(rule, beta=as_number("optimism", optimism) / rate)


def _optimistic_adam_v2(
    learning_rate: Hyper,
    alpha: Hyper = 1.0,
    beta: Hyper = 1.0,
    b1: Hyper = 0.9,
    b2: Hyper = 0.999,
    eps: Hyper = 1e-8,
    eps_root: Hyper = 0.0,
    nesterov: bool = True,
) -> Optimizer:
    return Optimistic(_adam(learning_rate, b1, b2, eps, eps_root, nesterov), alpha, beta)


LATE = (
    "Every update is emitted one step late, the first is 0. The entry that says one_step_late does as Optax."
)

OPTAX = Library(
    "optax",
    "Optax 0.2.8",
    "equal to recorded runs",
    parts=optax_parts(
        {
            "adam": _adam,
            "amsgrad": _amsgrad,
            "adabelief": _adabelief,
            "radam": _radam,
            "rmsprop": _rmsprop,
            "adagrad": _adagrad,
            "adadelta": _adadelta,
        }
    ),
    elsewhere=ELSEWHERE,
    ignored=("mu_dtype", "accumulator_dtype", "state_dtype", "dtype_momentum"),
    entries=(
        Dialect(
            "sgd",
            _sgd,
            (
                use("sgd", "no decay of its own"),
                use("momentum", "rate outside the velocity", momentum=0.9),
                use("nesterov", "rate outside the velocity", momentum=0.9, nesterov=True),
            ),
        ),
        Dialect(
            "adagrad",
            _adagrad,
            (use("adagrad", "eps inside the root; the sum starts at 0.1"),),
        ),
        Dialect(
            "adadelta",
            _adadelta,
            (use("adadelta", "rho 0.9, where the paper has 0.95"),),
            "With its default learning_rate=None it goes uphill; here None is 1. The entry that says "
            "ascending does as Optax.",
        ),
        Dialect(
            "adadelta_ascending",
            lambda rho=0.9, eps=1e-6, weight_decay=0.0: l2(
                OptaxAdadeltaAscending(1.0, rho, eps), weight_decay
            ),
            (use("adadelta", "the default of Optax: uphill"),),
            "This is the defect: adadelta() without a rate loses the minus sign.",
        ),
        Dialect(
            "rmsprop",
            _rmsprop,
            (
                use("rmsprop", "eps inside the root, 1e-8"),
                use("centered rmsprop", "eps inside the root, 1e-8", centered=True),
                use("rmsprop with momentum", "rate inside the velocity, unlike optax.sgd", momentum=0.9),
            ),
            CENTERED,
        ),
        Dialect("adam", _adam, (use("adam", "algorithm 1, and an eps_root inside the root"),)),
        Dialect(
            "adamw",
            _adamw,
            (
                use("adamw", "decay times rate; default 0.0001"),
                use("adam with decay", "decoupled: decay times rate", weight_decay=0.1),
            ),
        ),
        Dialect(
            "amsgrad",
            _amsgrad,
            (use("amsgrad", "the largest corrected v: first gradients keep their full weight"),),
            "No setting gives PyTorch's or TensorFlow's AMSGrad, which correct after the maximum.",
        ),
        Dialect(
            "adamax",
            lambda learning_rate, b1=0.9, b2=0.999, eps=1e-8: AdaMax(learning_rate, b1, b2, eps),
            (use("adamax", "eps added to each gradient, so that it fades with it"),),
        ),
        Dialect(
            "adamaxw",
            lambda learning_rate, b1=0.9, b2=0.999, eps=1e-8, weight_decay=1e-4: decoupled(
                AdaMax(learning_rate, b1, b2, eps), weight_decay
            ),
            (use("adamax", "with decoupled decay, 0.0001"),),
        ),
        Dialect(
            "nadam",
            lambda learning_rate, b1=0.9, b2=0.999, eps=1e-8, eps_root=0.0, nesterov=True: _adam(
                learning_rate, b1, b2, eps, eps_root, nesterov
            ),
            (use("nadam", "no warmup of the momentum"),),
        ),
        Dialect(
            "nadamw",
            _nadamw,
            (use("nadam", "no warmup of the momentum; decoupled decay, 0.0001"),),
        ),
        Dialect(
            "radam",
            _radam,
            (use("radam", "rectified from 5, not above 4; eps after the correction"),),
        ),
        Dialect(
            "lion",
            lambda learning_rate, b1=0.9, b2=0.99, weight_decay=1e-3: decoupled(
                Lion(learning_rate, b1, b2), weight_decay
            ),
            (use("lion", "decoupled decay, 0.001 by default"),),
        ),
        Dialect(
            "yogi",
            lambda learning_rate, b1=0.9, b2=0.999, eps=1e-3: Yogi(
                learning_rate, b1, b2, eps, initial=1e-6, debias=True
            ),
            (use("yogi", "corrected as Adam; both moments start at 1e-6"),),
        ),
        Dialect(
            "adabelief",
            _adabelief,
            (use("adabelief", "1e-16 outside the root and in the recurrence"),),
        ),
        Dialect("rprop", _rprop, (use("rprop", "as it was meant: iRprop-"),), LATE),
        Dialect("rprop_one_step_late", _rprop_late, (use("rprop", "as released: one update late"),), LATE),
        Dialect("sign_sgd", lambda learning_rate: SignSGD(learning_rate), (use("sign sgd", "plain"),)),
        Dialect(
            "signum",
            lambda learning_rate, beta=0.9: Signum(learning_rate, beta),
            (use("sign sgd", "the sign of an average"),),
        ),
        Dialect(
            "adan",
            _adan,
            (use("adan", "differences times 1 - b2, a twelfth of the authors'; eps inside too"),),
            "It multiplies the differences of gradients by 1 - b2, where the authors' code has b2 (their "
            "paper writes 1 minus the decay): 0.08 instead of 0.92.",
        ),
        Dialect("fromage", optax_fromage, (use("fromage", "no norm counts below 1e-6"),)),
        Dialect(
            "noisy_sgd",
            _noisy_sgd,
            (use("noisy sgd", "variance eta / t^gamma; the noise is NumPy's, not JAX'"),),
        ),
        Dialect(
            "optimistic_gradient_descent",
            lambda learning_rate, alpha=1.0, beta=1.0: Optimistic(SGD(learning_rate), alpha, beta),
            (use("optimistic gradient descent", "two weights; no change at the first update"),),
        ),
        Dialect(
            "optimistic_adam",
            _optimistic_adam,
            (use("optimistic adam", "by Nadam; optimism is absolute, the rate a number there"),),
        ),
        Dialect(
            "optimistic_adam_v2",
            _optimistic_adam_v2,
            (use("optimistic adam", "by Nadam; two weights inside the rate"),),
        ),
        Dialect("lamb", optax_lamb, (use("lamb", "decay inside the quotient, none by default"),)),
        Dialect(
            "lars", optax_lars, (use("lars", "divides by the norm of g + decay x; no decay by default"),)
        ),
        Dialect("novograd", optax_novograd, (use("novograd", "beta2 0.25, where the paper has 0.98"),)),
        Dialect("sm3", optax_sm3, (use("sm3", "eps inside the root; the rate must be a number there"),)),
        Dialect(
            "adafactor",
            optax_adafactor,
            (use("adafactor", "the rate as given; axes below 128 are not factored"),),
        ),
        *CONTRIB,
    ),
)
