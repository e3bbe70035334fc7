"""What other libraries call it: names that people try here, and what to write instead.

Read only when a name was not found, to end a message with.
"""

from collections.abc import Iterable, Sequence

from stepsize.core.validation import did_you_mean

__all__ = ["missing_name", "schedule_parameter", "rule_parameter"]

# Public names of others, by their lower case.
_NAMES = {
    "gradientdescent": "SGD",
    "gd": "SGD",
    "adamoptimizer": "Adam",
    "gradientdescentoptimizer": "SGD",
    "momentumoptimizer": "Momentum",
    "sgdmomentum": "Momentum",
    "nag": "Nesterov",
    "nesterovmomentum": "Nesterov",
    "rmspropoptimizer": "RMSprop",
    "adagradoptimizer": "Adagrad",
    "adadeltaoptimizer": "Adadelta",
    "asgd": "PolyakRuppert",
    "averagedmodel": "EMA or SWA",
    "steplr": "StepDecay, or schedules.dialects.torch.StepLR",
    "multisteplr": "MultiStep, or schedules.dialects.torch.MultiStepLR",
    "exponentiallr": "Exponential, or schedules.dialects.torch.ExponentialLR",
    "linearlr": "Linear, or schedules.dialects.torch.LinearLR",
    "polynomiallr": "Polynomial, or schedules.dialects.torch.PolynomialLR",
    "constantlr": "Constant, or schedules.dialects.torch.ConstantLR",
    "cosineannealinglr": "Cosine, or schedules.dialects.torch.CosineAnnealingLR",
    "cosineannealingwarmrestarts": "Restarts, or schedules.dialects.torch.CosineAnnealingWarmRestarts",
    "reducelronplateau": "Plateau, or schedules.dialects.torch.ReduceLROnPlateau",
    "onecyclelr": "OneCycle, or schedules.dialects.torch.OneCycleLR",
    "cycliclr": "Cyclic, or schedules.dialects.torch.CyclicLR",
    "lambdalr": "any function of n, such as lr=lambda n: 0.1 / (n + 1)",
    "sequentiallr": "a.then(b, at=N)",
    "chainedscheduler": "the product a * b",
    "cosinedecay": "Cosine, or schedules.dialects.keras.CosineDecay",
    "cosinedecayrestarts": "Restarts, or schedules.dialects.keras.CosineDecayRestarts",
    "exponentialdecay": "Exponential, or schedules.dialects.keras.ExponentialDecay",
    "piecewiseconstantdecay": "Piecewise, or schedules.dialects.keras.PiecewiseConstantDecay",
    "inversetimedecay": "InverseTime, or schedules.dialects.keras.InverseTimeDecay",
    "polynomialdecay": "Polynomial, or schedules.dialects.keras.PolynomialDecay",
    "learningrateschedule": "Schedule",
    "learningratescheduler": "any function of n, such as lr=lambda n: 0.1 / (n + 1)",
    "lr_scheduler": "schedules.dialects.torch",
    "clip_grad_norm_": "ClipByNorm",
    "clip_grad_value_": "ClipByValue",
    "optimize": "minimize",
    "optimise": "minimize",
    "descend": "minimize",
    "train": "minimize",
    "fit": "minimize",
    "compare": "race",
    "plot": "draw",
    "grid_search": "sweep",
    "lr_find": "find_lr",
    "lr_finder": "find_lr",
    "lrfinder": "find_lr",
    "learning_rate_finder": "find_lr",
    "function": "Problem.of(fun, grad, x0=...)",
    "objective": "Problem.of(fun, grad, x0=...)",
    "backtracking": "Armijo",
    "check_optimizer": "optim.testing.check_optimizer",
    "testing": "optim.testing",
    "anchors": "schedules.dialects",
}

# Parameters of others' optimizers, and which of ours they are: the first that the class has.
_RULE_PARAMETERS = {
    "learning_rate": ("lr",),
    "eta": ("lr",),
    "step_size": ("lr",),
    "stepsize": ("lr",),
    "alpha": ("rho", "lr"),
    "beta": ("momentum", "beta1"),
    "b1": ("beta1",),
    "b2": ("beta2",),
    "beta_1": ("beta1",),
    "beta_2": ("beta2",),
    "betas": ("beta1, beta2",),
    "beta2": ("rho",),
    "rho": ("beta2",),
    "gamma": ("momentum", "rho"),
    "mu": ("momentum",),
    "decay_rate": ("rho",),
    "epsilon": ("eps",),
    "delta": ("eps",),
    "initial_accumulator_value": ("initial",),
    "initial_scale": ("initial",),
}

# Parameters that are a class or a wrapper here; {0} is the class that was called.
_ELSEWHERE = {
    "momentum": "WithMomentum({0}(...), momentum=...)",
    "nesterov": "WithMomentum({0}(...), nesterov=True)",
    "amsgrad": "AMSGrad(...)",
    "centered": "CenteredRMSprop(...)",
    "weight_decay": "DecoupledDecay({0}(...), weight_decay=...), or L2({0}(...), weight_decay=...)",
    "l2": "L2({0}(...), weight_decay=...)",
    "clipnorm": "ClipByNorm({0}(...), max_norm=...)",
    "clip_norm": "ClipByNorm({0}(...), max_norm=...)",
    "max_grad_norm": "ClipByNorm({0}(...), max_norm=...)",
    "global_clipnorm": "ClipByNorm({0}(...), max_norm=...)",
    "clipvalue": "ClipByValue({0}(...), limit=...)",
    "use_ema": "EMA({0}(...), decay=...)",
    "ema_momentum": "EMA({0}(...), decay=...)",
    "decay": "{0}(lr=InverseTime(lr, d=...))",
    "lr_decay": "{0}(lr=InverseTime(lr, d=...))",
    "schedule": "{0}(lr=...), which takes a schedule",
    "scheduler": "{0}(lr=...), which takes a schedule",
    "lr_schedule": "{0}(lr=...), which takes a schedule",
    "maximize": "a problem of -fun",
    "params": "minimize(problem, {0}(...))",
    "parameters": "minimize(problem, {0}(...))",
    "model": "minimize(problem, {0}(...))",
}
_OF_CLASSES = {
    ("SGD", "momentum"): "Momentum(lr=..., momentum=...)",
    ("SGD", "nesterov"): "Nesterov(lr=..., momentum=...)",
    ("Momentum", "nesterov"): "Nesterov(lr=..., momentum=...)",
    ("Adam", "nesterov"): "Nadam(...)",
    ("Adam", "weight_decay"): "AdamW(..., weight_decay=...), or L2(Adam(...), weight_decay=...)",
}

_AS_THEY_ARE = " (optim.dialects takes the calls of others as they are)"

# Parameters of others' schedules.
_SCHEDULE_PARAMETERS = frozenset(
    {
        "gamma",
        "step_size",
        "milestones",
        "T_max",
        "T_0",
        "T_mult",
        "eta_min",
        "base_lr",
        "max_lr",
        "optimizer",
        "last_epoch",
        "total_iters",
        "start_factor",
        "end_factor",
        "lr_lambda",
        "pct_start",
        "div_factor",
        "final_div_factor",
        "total_steps",
        "anneal_strategy",
        "initial_learning_rate",
        "decay_steps",
        "decay_rate",
        "end_learning_rate",
        "boundaries",
        "alpha",
        "staircase",
        "t_mul",
        "m_mul",
        "init_value",
        "end_value",
        "transition_steps",
        "transition_begin",
        "warmup_steps",
        "peak_value",
        "num_warmup_steps",
        "num_training_steps",
    }
)


def missing_name(module: str, name: str, names: Iterable[str]) -> AttributeError:
    """Return the error for a name that a module has not, with the one that was meant if there is one."""
    known = list(names)
    alias = _NAMES.get(name.lower(), "")
    if alias and (alias in known or not alias.isidentifier()):
        hint = f", did you mean {alias}?"
    else:
        hint = "" if name.startswith("_") else did_you_mean(name, known)
    return AttributeError(f"module {module!r} has no attribute {name!r}{hint}")


def rule_parameter(rule: str, name: str, fields: Sequence[str]) -> str:
    """Return how a message about an optimizer's unknown parameter ends, if others have one of that name.

    Examples
    --------
    >>> rule_parameter("Adam", "learning_rate", ["lr"])
    '; for learning_rate write lr (optim.dialects takes the calls of others as they are)'
    """
    ours = [known for known in _RULE_PARAMETERS.get(name, ()) if {*known.split(", ")} <= {*fields}]
    elsewhere = _OF_CLASSES.get((rule, name)) or _ELSEWHERE.get(name, "").format(rule)
    if not ours and not elsewhere:
        return ""
    return f"; for {name} write {ours[0] if ours else elsewhere}{_AS_THEY_ARE}"


def schedule_parameter(name: str) -> str:
    """Return how a message about a schedule's unknown parameter ends, if others have one of that name."""
    if name not in _SCHEDULE_PARAMETERS:
        return ""
    return " (schedules.dialects takes the calls of torch, Keras, Optax and others as they are)"
