"""What a class takes: which of its methods updates parameters, and what each argument is for, by its name."""

import inspect
from typing import Any

__all__ = [
    "PARAMETERS",
    "RATES",
    "class_of",
    "holds",
    "is_drivable",
    "method_of",
    "needed",
    "plural",
    "roles_of",
    "takes_arguments",
]

# A rule as a user or another library has it: a function, a class or an object.
Foreign = Any
# A rule of ours of any class: it is asked for its hyperparameters by name once it is known to have them.
AnyRule = Any

_METHODS = (
    "update",
    "step",
    "apply_gradients",
    "apply",
    "get_updates",
    "update_params",
    "update_parameters",
    "update_weights",
    "optimize",
    "__call__",
)
RATES = ("lr", "learning_rate", "eta", "alpha", "step_size", "stepsize", "rate", "lr0")
_COUNTS = ("t", "n", "k", "i", "step", "iteration", "iter", "epoch", "num_iter")
PARAMETERS = ("params", "parameters", "weights", "variables", "vars", "trainable_variables")
_PAIRS = ("grads_and_vars", "grads_and_params", "pairs", "gradients_and_variables")


def is_drivable(rule: Foreign) -> bool:
    """Whether an object or class has a method that updates parameters and takes no state."""
    return method_of(rule) != ""


def method_of(rule: Foreign) -> str:
    """Return the name of the method that updates parameters, or nothing."""
    for name in _METHODS:
        function = getattr(rule, name, None) if name != "__call__" else getattr(class_of(rule), name, None)
        if not inspect.isroutine(function) or _is_of_object(rule, name):
            continue
        roles = roles_of(function, skip_self=inspect.isclass(rule) or name == "__call__")
        held = roles in ([], ["grads"]) and inspect.isclass(rule) and bool(holds(rule))
        if held or roles == ["pairs"] or {"params", "grads"} <= set(roles):
            return name
    return ""


def _is_of_object(rule: Foreign, name: str) -> bool:
    """Whether a method is that of every class or object, not the rule's own."""
    return (
        name == "__call__"
        and inspect.isclass(rule)
        and "__call__" not in vars(rule)
        and not any("__call__" in vars(c) for c in rule.__mro__[:-1])
    )


def class_of(rule: Foreign) -> type:
    """Return a class as it is, or an object's."""
    return rule if inspect.isclass(rule) else type(rule)


def holds(cls: type) -> str:
    """Return the constructor's argument that is the parameters, if it has one."""
    return next((p for p in needed(cls, every=True) if p in PARAMETERS or p == "model_params"), "")


def roles_of(function: Foreign, skip_self: bool = False) -> list[str]:
    """Return what each argument of a method is for, or nothing where that is unclear."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []
    if skip_self:
        parameters = parameters[1:]
    wanted = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = [p.name for p in wanted]
    if (
        len([p for p in wanted if p.default is p.empty]) == 1
        and names
        and (names[0] in _PAIRS or names[0].endswith("_and_vars"))
    ):
        return ["pairs"]
    roles = []
    for p in wanted:
        name = p.name.lower()
        if name in RATES:
            role = "rate"
        elif name in _COUNTS and len(wanted) > 2:
            role = "count"
        else:
            role = "grads" if _is_gradient(name) else "params"
        if p.default is not p.empty:
            break  # it and what follows have defaults
        roles.append(role)
    if roles.count("params") == 2 and "grads" not in roles:  # two names that say nothing: x first
        roles[len(roles) - 1 - roles[::-1].index("params")] = "grads"
    twice = any(roles.count(role) > 1 for role in ("rate", "count"))
    equal = roles.count("params") == roles.count("grads")
    return [] if twice or not (equal or roles == ["grads"]) else roles


def _is_gradient(name: str) -> bool:
    return (
        name in ("g", "gs", "dx", "dw", "db", "dp", "dtheta", "delta", "d")
        or "grad" in name
        or name.startswith("d_")
    )


def needed(cls: Foreign, every: bool = False) -> list[str]:
    """Return the names of the constructor's arguments, those without a default, or all."""
    try:
        parameters = inspect.signature(cls).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    )
    return [p.name for p in parameters if p.kind in kinds and (every or p.default is p.empty)]


def takes_arguments(cls: Foreign) -> bool:
    """Whether the method of a class that updates takes anything."""
    return bool(roles_of(getattr(cls, method_of(cls)), skip_self=True))


def plural(function: Foreign) -> bool:
    """Whether a method names its arguments as if there were several arrays."""
    names = [n.lower() for n in inspect.signature(function).parameters]
    return any(n in PARAMETERS or n in ("grads", "gradients", "ps", "gs", "ws") for n in names)
