"""TensorFlow 1, "Dive into Deep Learning", and the papers themselves."""

from optim.dialects.entry import Dialect, Library, only, use
from optim.dialects.paper_recent import RECENT
from optim.hyperparameters import Hyper
from optim.optimizer import Optimizer
from optim.rules.adagrad_rmsprop import Adadelta, Adagrad, CenteredRMSprop, RMSprop
from optim.rules.adam import Adam, AdaMax, AdamW, Nadam
from optim.rules.adam_variants import AdaBelief, AMSGrad, RAdam, Yogi
from optim.rules.dual_averaging import FTRL
from optim.rules.parameter_free import DAdaptAdam, Prodigy
from optim.rules.schedule_free import ScheduleFreeAdamW, ScheduleFreeSGD
from optim.rules.sgd import SGD, HeavyBall, Momentum, Nesterov, Nesterov1983, SutskeverNesterov
from optim.rules.sign import Lion, Rprop, SignSGD, Signum
from optim.rules.wrappers import WithMomentum

__all__ = ["D2L", "PAPER", "TF1"]


def _tf1_momentum(learning_rate: Hyper, momentum: Hyper, use_nesterov: bool = False) -> Optimizer:
    return (Nesterov if use_nesterov else Momentum)(learning_rate, momentum)


def _tf1_rmsprop(
    learning_rate: Hyper,
    decay: Hyper = 0.9,
    momentum: Hyper = 0.0,
    epsilon: Hyper = 1e-10,
    centered: bool = False,
) -> Optimizer:
    rule = (CenteredRMSprop if centered else RMSprop)(learning_rate, decay, epsilon, initial=1.0)
    if isinstance(momentum, int | float) and momentum == 0:
        return rule
    return WithMomentum(rule, momentum, rate_inside=True)


def _tf1_ftrl(
    learning_rate: Hyper,
    learning_rate_power: float = -0.5,
    initial_accumulator_value: Hyper = 0.1,
    l1_regularization_strength: Hyper = 0.0,
    l2_regularization_strength: float = 0.0,
    l2_shrinkage_regularization_strength: Hyper = 0.0,
    beta: Hyper | None = None,
) -> Optimizer:
    only("learning_rate_power", learning_rate_power, -0.5)
    return FTRL(
        learning_rate,
        0.0 if beta is None else beta,
        l1_regularization_strength,
        2 * l2_regularization_strength,
        l2_shrinkage_regularization_strength,
        initial_accumulator_value,
    )


TF1 = Library(
    "tf1",
    "TensorFlow 1",
    "read in its source; RMSProp equal to a recorded run of Optax set up the same",
    prefix="train",
    ignored=("name", "use_locking"),
    entries=(
        Dialect("GradientDescentOptimizer", lambda learning_rate: SGD(learning_rate), (use("sgd", "plain"),)),
        Dialect(
            "MomentumOptimizer",
            _tf1_momentum,
            (
                use("momentum", "rate outside the velocity", momentum=0.9),
                use("nesterov", "rate outside the velocity", momentum=0.9, use_nesterov=True),
            ),
        ),
        Dialect(
            "AdagradOptimizer",
            lambda learning_rate, initial_accumulator_value=0.1: Adagrad(
                learning_rate, 0.0, initial=initial_accumulator_value
            ),
            (use("adagrad", "no eps at all; the sum starts at 0.1"),),
        ),
        Dialect(
            "AdadeltaOptimizer",
            lambda learning_rate=1e-3, rho=0.95, epsilon=1e-8: Adadelta(learning_rate, rho, epsilon),
            (use("adadelta", "eps 1e-8; default rate 0.001, a thousandth of the paper's"),),
        ),
        Dialect(
            "RMSPropOptimizer",
            _tf1_rmsprop,
            (
                use("rmsprop", "the mean square starts at 1: no long first steps"),
                use("centered rmsprop", "the mean square starts at 1", centered=True),
                use("rmsprop with momentum", "rate inside; the mean square starts at 1", momentum=0.9),
            ),
        ),
        Dialect(
            "AdamOptimizer",
            lambda learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8: Adam(
                learning_rate, beta1, beta2, epsilon, eps_hat=True
            ),
            (use("adam", "eps-hat: added before the correction"),),
            "The powers of beta are kept in float32 even for float64 variables, which moves x by 2e-7 of a "
            "step; here they are exact.",
        ),
        Dialect(
            "FtrlOptimizer",
            _tf1_ftrl,
            (use("ftrl", "the sum of squares starts at 0.1; its l2 is half the paper's"),),
        ),
    ),
)

D2L = Library(
    "d2l",
    "Dive into Deep Learning",
    "read in the book",
    entries=(
        Dialect("sgd", lambda lr: SGD(lr), (use("sgd", "plain"),)),
        Dialect(
            "sgd_momentum",
            lambda lr, momentum: Momentum(lr, momentum),
            (use("momentum", "rate outside the velocity", momentum=0.9),),
        ),
        Dialect(
            "adagrad",
            lambda lr=0.1: Adagrad(lr, 1e-6, eps_inside=True),
            (use("adagrad", "eps 1e-6, inside the root; the sum starts at 0"),),
        ),
        Dialect(
            "rmsprop",
            lambda lr=0.01, gamma=0.9: RMSprop(lr, gamma, 1e-6),
            (use("rmsprop", "eps 1e-6, inside the root"),),
        ),
        Dialect(
            "adadelta", lambda rho=0.9: Adadelta(1.0, rho, 1e-5), (use("adadelta", "rho 0.9 and eps 1e-5"),)
        ),
        Dialect(
            "adam",
            lambda lr=0.01: Adam(lr, eps=1e-6),
            (use("adam", "algorithm 1 with eps 1e-6"),),
            "The TensorFlow tab adds eps to the parameters, by a misplaced parenthesis.",
        ),
        Dialect(
            "yogi",
            lambda lr=0.01: Yogi(lr, eps=1e-3, debias=True),
            (use("yogi", "corrected as Adam; both moments start at 0"),),
        ),
    ),
)


def _graves(
    lr: Hyper = 1e-4, decay: Hyper = 0.95, momentum: Hyper = 0.9, eps: Hyper = 1e-4, centered: bool = True
) -> Optimizer:
    rule = (CenteredRMSprop if centered else RMSprop)(lr, decay, eps)
    return WithMomentum(rule, momentum, rate_inside=True)


def _rprop(
    initial: Hyper = 0.1,
    eta_minus: Hyper = 0.5,
    eta_plus: Hyper = 1.2,
    min_step: Hyper = 1e-6,
    max_step: Hyper = 50.0,
) -> Optimizer:
    return Rprop(1.0, initial, eta_minus, eta_plus, min_step, max_step)


PAPER = Library(
    "paper",
    "the papers",
    "the printed algorithm; where noted, equal to a library set up the same",
    entries=(
        Dialect("SGD", lambda lr: SGD(lr), (use("sgd", "Robbins and Monro 1951"),)),
        Dialect(
            "HeavyBall",
            lambda lr, momentum: HeavyBall(lr, momentum),
            (use("momentum", "Polyak 1964: x + momentum (x - x before), whatever the rate", momentum=0.9),),
        ),
        Dialect(
            "Nesterov",
            lambda lr: Nesterov1983(lr),
            (use("nesterov", "Nesterov 1983: momentum rises to 1 by itself"),),
        ),
        Dialect(
            "SutskeverNesterov",
            lambda lr, momentum: SutskeverNesterov(lr, momentum),
            (use("nesterov", "Sutskever et al. 2013: rate inside the velocity", momentum=0.9),),
        ),
        Dialect(
            "Adagrad",
            lambda lr, delta=1e-8: Adagrad(lr, delta),
            (use("adagrad", "Duchi et al. 2011: eps outside the root; silent on its size"),),
        ),
        Dialect(
            "RMSprop",
            lambda lr=1e-3, decay=0.9: RMSprop(lr, decay, 0.0),
            (use("rmsprop", "Hinton 2012: no eps at all"),),
        ),
        Dialect(
            "GravesRMSprop",
            _graves,
            (
                use("centered rmsprop", "Graves 2013: eps 1e-4 inside, decay 0.95", momentum=0.0),
                use(
                    "rmsprop with momentum", "Graves 2013, uncentered: rate inside, eps 1e-4", centered=False
                ),
            ),
        ),
        Dialect(
            "Adadelta",
            lambda rho=0.95, eps=1e-6: Adadelta(1.0, rho, eps),
            (use("adadelta", "Zeiler 2012: no rate, rho 0.95"),),
        ),
        Dialect(
            "Adam",
            lambda lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8: Adam(lr, beta1, beta2, eps),
            (use("adam", "Kingma and Ba 2014, algorithm 1: eps after the correction"),),
        ),
        Dialect(
            "AdamEpsHat",
            lambda lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8: Adam(lr, beta1, beta2, eps, eps_hat=True),
            (use("adam", "Kingma and Ba 2014, end of section 2: eps before the correction"),),
        ),
        Dialect(
            "AdamW",
            lambda lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01, base_lr=1e-3: AdamW(
                lr, beta1, beta2, eps, weight_decay=weight_decay, decay="paper", base_lr=base_lr
            ),
            (
                use("adamw", "decay times the schedule, not the rate; no default", base_lr=0.1),
                use(
                    "adam with decay", "decay times the schedule, not the rate", weight_decay=0.1, base_lr=0.1
                ),
            ),
        ),
        Dialect(
            "AMSGrad",
            lambda lr=1e-3, beta1=0.9, beta2=0.999: AMSGrad(lr, beta1, beta2, 0.0),
            (use("amsgrad", "Reddi et al. 2018: no correction, no eps"),),
        ),
        Dialect(
            "AdaMax",
            lambda lr=2e-3, beta1=0.9, beta2=0.999: AdaMax(lr, beta1, beta2, 0.0),
            (use("adamax", "Kingma and Ba 2014, algorithm 2: no eps"),),
        ),
        Dialect(
            "Nadam",
            lambda lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, psi=0.004: Nadam(lr, beta1, beta2, eps, psi),
            (use("nadam", "Dozat 2015: momentum warms up by 0.96^(t/250)"),),
        ),
        Dialect(
            "RAdam",
            lambda lr=1e-3, beta1=0.9, beta2=0.999: RAdam(lr, beta1, beta2, 0.0),
            (use("radam", "Liu et al. 2019: rectified above 4; no eps"),),
        ),
        Dialect(
            "RAdamAuthorsPackage",
            lambda lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8: RAdam(
                lr, beta1, beta2, eps, threshold=5.0, eps_hat=True, wait=True
            ),
            (use("radam", "the authors' package: no step at all for five updates"),),
        ),
        Dialect(
            "Lion",
            lambda lr=1e-4, beta1=0.9, beta2=0.99: Lion(lr, beta1, beta2),
            (use("lion", "Chen et al. 2023"),),
        ),
        Dialect(
            "Yogi",
            lambda lr=0.01, beta1=0.9, beta2=0.999, eps=1e-3: Yogi(lr, beta1, beta2, eps),
            (use("yogi", "Zaheer et al. 2018: no correction"),),
        ),
        Dialect(
            "AdaBelief",
            lambda lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8: AdaBelief(lr, beta1, beta2, eps, eps),
            (use("adabelief", "Zhuang et al. 2020: one eps for both places, 1e-8"),),
        ),
        Dialect("Rprop", _rprop, (use("rprop", "Igel and Hüsken 2000: iRprop-, first step 0.1"),)),
        Dialect("SignSGD", lambda lr=1e-4: SignSGD(lr), (use("sign sgd", "Bernstein et al. 2018"),)),
        Dialect(
            "Signum",
            lambda lr=1e-4, beta=0.9: Signum(lr, beta),
            (use("sign sgd", "Bernstein et al. 2018, the sign of an average"),),
        ),
        Dialect(
            "ScheduleFreeSGD",
            lambda lr=1.0, beta=0.9, warmup=0: ScheduleFreeSGD(lr, beta, warmup=warmup),
            (use("schedule-free sgd", "Defazio et al. 2024 and their package"),),
        ),
        Dialect(
            "ScheduleFreeAdamW",
            lambda lr=0.0025, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, warmup=0: ScheduleFreeAdamW(
                lr, beta1, weight_decay, warmup, beta2=beta2, eps=eps
            ),
            (use("schedule-free adamw", "Defazio et al. 2024 and their package"),),
        ),
        Dialect(
            "Prodigy",
            lambda lr=1.0, beta1=0.9, beta2=0.999, eps=1e-8, d0=1e-6, weight_decay=0.0: Prodigy(
                lr, beta1, beta2, eps, weight_decay, d0=d0
            ),
            (use("prodigy", "the authors' package: no correction in the rate", d0=1e-3),),
        ),
        Dialect(
            "DAdaptAdam",
            lambda lr=1.0, beta1=0.9, beta2=0.999, eps=1e-8, d0=1e-6: DAdaptAdam(
                lr, beta1, beta2, eps, d0=d0
            ),
            (use("d-adaptation", "the authors' package: no correction in the rate", d0=1e-3),),
        ),
        *RECENT,
    ),
)
