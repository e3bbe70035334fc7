"""What Optax chains into optimizers, and wraps around them: its transformations."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from optim.dialects.entry import Argument, only
from optim.dialects.parts import Part, inner_of
from optim.hyperparameters import Hyper
from optim.optimizer import Optimizer
from optim.rules.averaging import Lookahead
from optim.rules.gradients import ClipByNorm, ClipByValue
from optim.rules.sgd import SGD, Momentum, Nesterov
from optim.rules.sign import Lion, SignSGD
from optim.rules.wrappers import L2, DecoupledDecay, WithMomentum
from stepsize.core.record import Record
from stepsize.core.validation import as_number, describe_value, require

__all__ = ["Transformation", "optax_parts"]

# A word, and a value whose type goes with it; `Transformation` has the list.
Step = tuple[str, Any]


@dataclass(frozen=True)
class Transformation:
    """What Optax makes of a gradient on its way to an update, as far as a chain has come.

    Attributes
    ----------
    steps : tuple
        Pairs of a word and a value: ("before", wrapper), ("rule", optimizer at rate 1), ("decay", number),
        ("scale", number or schedule), ("trace", (decay, nesterov)), or ("optimizer", complete).
    """

    steps: tuple[Step, ...]

    refusal = "a chain that ends in a rate: with optax.scale(-0.1) or optax.scale_by_learning_rate(0.1)"


def _steps_of(value: object) -> tuple[Step, ...]:
    if isinstance(value, Transformation):
        return value.steps
    if isinstance(value, Optimizer):
        return (("optimizer", value),)
    raise TypeError(
        f"optax.chain: got {describe_value(value)}, expected Optax' transformations and optimizers, such as "
        "optax.clip(1.0) or optax.adam(0.1)"
    )


def _chain(*transformations: object) -> Optimizer | Transformation:
    """Return the optimizer that a chain is, or, where it has no rate yet, the chain."""
    whole = Transformation(tuple(step for t in transformations for step in _steps_of(t)))
    kinds = [kind for kind, _ in whole.steps]
    if "optimizer" in kinds or "scale" in kinds:
        return _as_optimizer(whole)
    return whole


def _as_optimizer(chain: Transformation) -> Optimizer:
    """Return the optimizer that does the same: wrappers, a rule, its decay and momentum, its rate."""
    before: list[Callable[[Optimizer], Optimizer]] = []
    rule: Optimizer | None = None
    scales: list[Hyper] = []
    complete = False
    for place, (kind, value) in enumerate(chain.steps):
        if kind in ("before", "decay") and rule is None and not scales:
            before.append(value if kind == "before" else partial(L2, weight_decay=value))
        elif kind == "rule" and rule is None and not scales:
            rule = value
        elif kind == "trace" and not scales and not complete:
            rule = _traced(rule, *value)
        elif kind == "decay" and rule is not None and not scales and not complete:
            rule = DecoupledDecay(rule, value)
        elif kind == "optimizer" and rule is None and not scales:
            rule, complete = value, True
        elif kind == "scale":
            scales.append(value)
        else:
            earlier = "a scale" if "scale" in [k for k, _ in chain.steps[:place]] else "a rule"
            raise ValueError(
                f"optax.chain: got {_WORDS[kind]} after {earlier}, expected clipping and decay, then one "
                "rule, then its decay and its rate: no optimizer here does otherwise"
            )
    inner = rule or SGD()
    inner = inner.replace(lr=_product([inner.lr, *scales] if complete else [-1.0, *scales]))
    for wrap in reversed(before):
        inner = wrap(inner)
    return inner


_WORDS = {
    "before": "clipping",
    "decay": "add_decayed_weights",
    "rule": "a rule",
    "trace": "trace",
    "optimizer": "an optimizer",
}


def _traced(rule: Optimizer | None, decay: Hyper, nesterov: bool) -> Optimizer:
    if rule is None:
        return Nesterov(1.0, decay) if nesterov else Momentum(1.0, decay)
    return WithMomentum(rule, decay, nesterov)


def _product(factors: list[Hyper]) -> Hyper:
    """Return a rate: the product of numbers and schedules, which does not go uphill."""
    number: Any = 1.0
    schedules: list[Hyper] = []
    for factor in factors:
        if callable(factor):
            schedules.append(factor)
        else:
            number *= factor
    if number < 0:
        raise ValueError(
            f"optax.chain: got a scale of {-number:g}, with which Optax goes uphill, expected one below 0, "
            "such as optax.scale(-0.1)"
        )
    if not schedules:
        return float(number)
    rate = schedules[0]
    for other in [*schedules[1:], *([number] if number != 1 else [])]:
        if not isinstance(rate, Record):
            raise TypeError(
                f"optax.chain: got the function {describe_value(rate)} times {other!r}, expected a "
                "schedule that can be multiplied, such as optax.exponential_decay(0.1, 100, 0.5)"
            )
        product: Any = rate
        rate = product * other
    made: Hyper = rate
    return made


def _scale(step_size: float) -> Transformation:
    return Transformation((("scale", as_number("step_size", step_size)),))


def _scale_by_learning_rate(learning_rate: Hyper, flip_sign: bool = True) -> Transformation:
    minus = ("scale", -1.0 if flip_sign else 1.0)
    return Transformation((("scale", learning_rate), minus))


def _scale_by_schedule(step_size_fn: Hyper) -> Transformation:
    if not callable(step_size_fn):
        raise TypeError(f"step_size_fn: got {describe_value(step_size_fn)}, expected a schedule")
    return Transformation((("scale", step_size_fn),))


def _lookahead(
    fast_optimizer: object, sync_period: int, slow_step_size: float, reset_state: bool = False
) -> Optimizer:
    only("reset_state", reset_state, False)
    return Lookahead(inner_of("optax.lookahead", fast_optimizer), sync_period, slow_step_size)


def _ema(decay: Hyper, debias: bool = True) -> Transformation:
    if debias:
        raise ValueError(
            "debias: got True, expected False: no rule here divides a mean of gradients by 1 - decay^t alone"
        )
    return Transformation((("rule", Momentum(1.0, decay, decay)),))


def _before_rule(
    name: str, wrap: Callable[[Optimizer, float], Optimizer]
) -> Callable[[float], Transformation]:
    def build(limit: float) -> Transformation:
        require(as_number(name, limit) > 0, name, limit, "a number above 0")
        return Transformation((("before", lambda inner: wrap(inner, limit)),))

    return build


def optax_parts(entries: dict[str, Callable[..., Optimizer]]) -> tuple[Part, ...]:
    """Return Optax' transformations, those of rules from the entries of the rules at rate 1.

    Parameters
    ----------
    entries : dict
        The functions that build Optax' optimizers, by name.
    """

    def rule(name: str, **fixed: object) -> Callable[..., Transformation]:
        """Return what builds a rule's transformation: the optimizer of that name at rate 1."""
        build = entries[name]

        known = [
            p for p in inspect.signature(build).parameters.values() if p.name not in ("learning_rate", *fixed)
        ]
        signature = inspect.Signature(known)

        def transformation(*args: Argument, **kwargs: Argument) -> Transformation:
            given = signature.bind(*args, **kwargs).arguments
            return Transformation((("rule", build(1.0, **given, **fixed)),))

        # What `Part` reads to check a call.
        transformation.__signature__ = signature  # type: ignore[attr-defined]  # functions take any
        return transformation

    def clip(max_delta: float) -> Transformation:
        return _before_rule("max_delta", ClipByValue)(max_delta)

    def clip_by_global_norm(max_norm: float) -> Transformation:
        return _before_rule("max_norm", ClipByNorm)(max_norm)

    def add_decayed_weights(weight_decay: Hyper = 0.0) -> Transformation:
        return Transformation((("decay", weight_decay),))

    def trace(decay: Hyper, nesterov: bool = False) -> Transformation:
        return Transformation((("trace", (decay, nesterov)),))

    def sign() -> Transformation:
        return Transformation((("rule", SignSGD(1.0)),))

    def lion(b1: Hyper = 0.9, b2: Hyper = 0.99) -> Transformation:
        return Transformation((("rule", Lion(1.0, b1, b2)),))

    ignored = frozenset(("mu_dtype", "accumulator_dtype", "state_dtype", "mask"))
    return tuple(
        Part(name, build, says, "optax", ignored)
        for name, build, says in (
            ("chain", _chain, "wrappers around one rule, with its decay and its rate"),
            ("identity", lambda: Transformation(()), "nothing"),
            ("clip", clip, "`ClipByValue`"),
            ("clip_by_global_norm", clip_by_global_norm, "`ClipByNorm`"),
            ("add_decayed_weights", add_decayed_weights, "before a rule `L2`, after it `DecoupledDecay`"),
            ("scale", _scale, "the rate, with its sign turned"),
            ("scale_by_learning_rate", _scale_by_learning_rate, "the rate"),
            ("scale_by_schedule", _scale_by_schedule, "the rate, with its sign turned"),
            ("trace", trace, "`Momentum`, `Nesterov`, or after a rule `WithMomentum`"),
            ("ema", _ema, "`Momentum`, damped; without debiasing only"),
            ("scale_by_sign", sign, "`SignSGD`"),
            ("scale_by_adam", rule("adam"), "`Adam`"),
            ("scale_by_amsgrad", rule("amsgrad"), "`AMSGrad`"),
            ("scale_by_belief", rule("adabelief"), "`AdaBelief`"),
            ("scale_by_radam", rule("radam"), "`RAdam`"),
            ("scale_by_rms", rule("rmsprop", centered=False, momentum=None, nesterov=False), "`RMSprop`"),
            (
                "scale_by_stddev",
                rule("rmsprop", centered=True, momentum=None, nesterov=False),
                "`CenteredRMSprop`",
            ),
            ("scale_by_lion", lion, "`Lion`"),
            ("scale_by_rss", rule("adagrad"), "`Adagrad`"),
            ("scale_by_adadelta", rule("adadelta", weight_decay=0.0), "`Adadelta`"),
            (
                "lookahead",
                _lookahead,
                "`Lookahead` of the optimizer given first; the slow point is the answer",
            ),
        )
    )
