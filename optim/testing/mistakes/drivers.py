# ruff: noqa: ARG005  # the functions of every fault take the same arguments, whatever it needs
"""Runs that go wrong: by a slip in the text, at the start, in the count, the rate or the last line."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from optim.hyperparameters import Hypers, Resolved
from optim.optimizer import Optimizer, Slots
from optim.rules.wrappers import L2, DecoupledDecay
from optim.testing.gradient_streams import Stream
from optim.testing.mistakes.layers import LAYER_SLIPS, layer_methods, layer_numbers
from optim.testing.mistakes.moments import MOMENTS
from optim.testing.mistakes.steps import STEPS
from optim.testing.mistakes.substitutions import Slip, methods_of, slipped, with_numbers
from optim.testing.roles import AnyRule

__all__ = ["Fault", "pairs_of", "run_of", "slips_of"]

Array = np.ndarray[Any, Any]
_Move = Callable[[Array, Array, Resolved], Array]
# A class, the name of a method, and what takes its place.
Text = tuple[type, str, Callable[..., Any]]


@dataclass(frozen=True)
class Fault:
    """How a run goes wrong: another text of a method, another start, count, rate or move.

    Attributes
    ----------
    text : tuple
        A class, the name of its method and what takes its place for the run.
    begin : callable, optional
        What a slot holds at the start: takes its name, x and the first gradient.
    forgets : bool
        Whether the state starts anew at every update.
    count : callable, optional
        t, from the index n of the update, the number of the array and that of arrays.
    rate : callable, optional
        The factor on the rate, from the stream's factors and n.
    move : callable, optional
        The next x, from x, the right next x and the hyperparameters.
    shared : bool
        Whether several arrays of parameters share one state.
    whole : bool
        Whether several arrays of parameters are taken for one.
    """

    text: Text | None = None
    begin: Callable[[str, Array, Array], Array] | None = None
    forgets: bool = False
    count: Callable[[int, int, int], int] | None = None
    rate: Callable[[tuple[float, ...], int], float] | None = None
    move: _Move | None = None
    shared: bool = False
    whole: bool = False


def run_of(optimizer: Optimizer, fault: Fault, stream: Stream) -> Array:
    """Return the points of a stream by a rule that is driven with a fault."""
    with _lent(fault.text), np.errstate(all="ignore"):
        return _run(optimizer, fault, stream)


def _run(optimizer: Optimizer, fault: Fault, stream: Stream) -> Array:
    x0 = np.array(stream.x0)
    if stream.shapes and hasattr(optimizer, "shapes"):
        optimizer = optimizer.replace(shapes=stream.shapes)
    separate = (optimizer.elementwise or fault.shared) and not fault.whole
    parts = stream.parts if separate else (slice(None),)
    hypers: dict[float, Hypers] = {}
    state: dict[int, Slots] = {}
    rows = [x0]
    for n, g in enumerate(np.array(stream.gradients)):
        factor = fault.rate(stream.rates, n) if fault.rate else stream.rates[n]
        if factor not in hypers:
            hypers[factor] = Hypers(optimizer.replace(lr=optimizer.lr * factor), x0)
        x = rows[-1].copy()
        for k, part in enumerate(parts):
            t = fault.count(n, k, len(parts)) if fault.count else n + 1
            h = hypers[factor].resolve(t - 1)
            own = 0 if fault.shared else k
            if own not in state or fault.forgets:
                state[own] = _begin(optimizer, fault, x[part], g[part], h)
            after, state[own] = optimizer.update(x[part], g[part], state[own], h)
            x[part] = fault.move(x[part], after, h) if fault.move else after
        rows.append(x)
    return np.array(rows)


def _begin(optimizer: Optimizer, fault: Fault, x: Array, g: Array, h: Resolved) -> Slots:
    if fault.begin is None:
        return optimizer.start(x, h)
    return tuple(fault.begin(name.rpartition("/")[2], x, g) for name in optimizer.slots)


@contextmanager
def _lent(text: Text | None) -> Generator[None]:
    """Give a class another method for a while; what calls it, around it or derived from it, meets that."""
    if text is None:
        yield
        return
    owner, name, method = text
    original = owner.__dict__[name]
    setattr(owner, name, method)
    try:
        yield
    finally:
        setattr(owner, name, original)


def slips_of(optimizer: Optimizer) -> Iterator[tuple[str, Callable[[Stream], Array]]]:
    """Yield the slips that can be made in a rule and around it: what each is called, and the run it gives."""
    for words, twisted in (*_other_numbers(optimizer), *layer_numbers(optimizer)):
        yield words, partial(run_of, twisted, Fault())
    for words, fault in (*_texts(optimizer), *_faults(optimizer)):
        yield words, partial(run_of, optimizer, fault)


def pairs_of(optimizer: Optimizer) -> Iterator[tuple[str, Callable[[Stream], Array]]]:
    """Yield two mistakes at once, the commonest with every other: no correction, another eps, uphill."""
    uncorrected = (r"1 - h\.(beta1|beta2|rho) \*\* h\.t", "1.0")
    around = [(_UPHILL, Fault(move=_uphill)), *_faults(optimizer)]
    numbers = [(words, rule) for words, rule in _other_numbers(optimizer) if "eps" in words]
    for owner, method in methods_of(optimizer):
        for slip in (*MOMENTS, *STEPS, *_FREQUENT):
            changed = slipped(owner, method, slip.changes)
            if changed is None:
                continue
            fault = Fault(text=(owner, method, changed))
            both = slipped(owner, method, (uncorrected, *slip.changes))
            if both is not changed and both is not None:
                text = (owner, method, both)
                yield (
                    f"without bias correction, and {slip.words}",
                    partial(run_of, optimizer, Fault(text=text)),
                )
                third = Fault(text=text, move=_uphill)
                yield (
                    f"without bias correction, {slip.words}, and {_UPHILL}",
                    partial(run_of, optimizer, third),
                )
            for words, twisted in numbers:
                yield f"{slip.words}, and {words}", partial(run_of, twisted, fault)
            for words, other in around[:6]:
                joined = replace(other, text=fault.text)
                yield f"{slip.words}, and {words}", partial(run_of, optimizer, joined)


def _uphill(x: Array, new: Array, _: Resolved) -> Array:
    turned: Array = x - (new - x)
    return turned


# Those that `mistakes` makes by itself, in the form that can be joined with others.
_FREQUENT = (
    Slip("with eps inside the root", ((r"sqrt\((v_hat|s_hat|s)\) \+ (h\.eps|eps)", r"sqrt(\1 + \2)"),)),
    Slip("without the factors 1 - beta", ((r"\(1 - h\.(beta1|beta2|rho)\) \* ", ""),)),
    Slip("with the gradient not squared", ((r"\(?g \* g\)?", "abs(g)"),)),
    Slip("without bias correction", ((r"1 - h\.(beta1|beta2|rho) \*\* h\.t", "1.0"),)),
)


def _texts(optimizer: Optimizer) -> Iterator[tuple[str, Fault]]:
    """Yield the slips that a rule's own text has a place for."""
    for owner, method in (*methods_of(optimizer), *layer_methods(optimizer)):
        for slip in (*MOMENTS, *STEPS, *LAYER_SLIPS):
            changed = slipped(owner, method, slip.changes)
            if changed is not None:
                yield slip.words, Fault(text=(owner, method, changed))
                if "one second moment" in slip.words:
                    yield f"{slip.words}, over all arrays", Fault(text=(owner, method, changed), whole=True)


_UPHILL = "going uphill: the sign of the step is flipped"
_SQUARES = ("v", "s", "top")


_STARTS: tuple[tuple[str, Callable[[str, Array, Array], Array]], ...] = (
    (
        "with its averages started at the first gradient, not squared where squares are averaged",
        lambda name, x, g: g,
    ),
    (
        "with its mean started at the first gradient",
        lambda name, x, g: 0 * g if name in _SQUARES else g,
    ),
    (
        "with its mean square started at the first gradient's square",
        lambda name, x, g: g * g if name in _SQUARES else 0 * g,
    ),
    ("with its state started at x in place of zeros", lambda name, x, g: x),
    ("with its state started at 1 in place of 0", lambda name, x, g: np.ones_like(x)),
    (
        "with its sum of squares started at 1 in place of 0",
        lambda name, x, g: np.ones_like(x) if name in _SQUARES else 0 * g,
    ),
)


def _faults(optimizer: Optimizer) -> Iterator[tuple[str, Fault]]:
    """Yield what goes wrong around the text: at the start, in the count, with the rate, in the last line."""
    yield _UPHILL, Fault(move=_uphill)
    yield "with the rate applied twice", Fault(move=lambda x, new, h: x + h.lr * (new - x))
    yield "with the rate ignored: it is 1", Fault(rate=lambda rates, n: 1.0 / optimizer.lr)
    yield "with the rate of the first update kept", Fault(rate=lambda rates, n: rates[0])
    yield "with every step made twice", Fault(move=lambda x, new, h: x + 2 * (new - x))
    yield "with every step halved", Fault(move=lambda x, new, h: x + (new - x) / 2)
    if not optimizer.slots:
        return
    for words, begin in _STARTS:
        yield words, Fault(begin=begin)
    words = "that forgets its state: it starts anew at every update"
    yield words, Fault(forgets=True)
    yield f"{words}, and t as well", Fault(forgets=True, count=lambda n, k, parts: 1)
    yield "with one state for all arrays of parameters", Fault(shared=True)
    yield (
        "with t counted once for every array of parameters, not once an update",
        Fault(count=lambda n, k, parts: n * parts + k + 1),
    )
    yield (
        "with one state for all arrays of parameters, and t counted for each",
        Fault(shared=True, count=lambda n, k, parts: n * parts + k + 1),
    )


_OTHERS = {
    "eps": (0.0, 1e-10, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1.0),
    "momentum": (0.5, 0.8, 0.95, 0.99, 0.999),
    "rho": (0.9, 0.95, 0.99, 0.999),
    "beta1": (0.5, 0.8, 0.95, 0.99, 0.999),
    "beta2": (0.9, 0.95, 0.99, 0.995, 0.9999),
    "initial": (0.0, 0.1, 1.0, 1e-8, 1e-6),
}


def _other_numbers(optimizer: AnyRule) -> Iterator[tuple[str, Optimizer]]:
    """Yield rules whose text is right and one of whose numbers is another one that people use."""
    names = optimizer.hypers()
    if "beta1" in names and "beta2" in names and optimizer.beta1 != optimizer.beta2:
        yield "with beta1 in place of beta2", optimizer.replace(beta2=optimizer.beta1)
        yield "with beta2 in place of beta1", optimizer.replace(beta1=optimizer.beta2)
    for name, others in _OTHERS.items():
        value = getattr(optimizer, name) if name in names else None
        for other in others if isinstance(value, float) else ():
            if other != value:
                for rule in with_numbers(optimizer, **{name: other}):
                    yield f"with {name} = {other:g}", rule
    if hasattr(optimizer, "debias") and optimizer.debias is False:
        yield "with a bias correction that the rule does not have", optimizer.replace(debias=True)
    if "weight_decay" not in names:
        for decay in (1e-4, 5e-4, 1e-3, 0.01, 0.1):
            yield (
                f"with a weight decay of {decay:g} that it does not have, as a penalty",
                L2(optimizer, decay),
            )
            words = f"with a weight decay of {decay:g} that it does not have, decoupled"
            yield words, DecoupledDecay(optimizer, decay)
