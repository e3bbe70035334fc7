"""Compare a rule with a reference: where it first differs, by how much, and what it is instead."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optim.dialects import Dialect, Use, table
from optim.optimizer import Optimizer
from optim.testing.mistakes import mistakes_of
from optim.testing.properties import Traits, broken_properties, other_traits, traits_of
from optim.testing.streams import STREAMS, Stream, relative_difference
from optim.testing.subject import as_subject, trajectory
from stepsize.base.checks import as_number, describe, refuse_unless

__all__ = ["Report", "check_optimizer", "compare_optimizer"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Report:
    """What came of a comparison.

    Attributes
    ----------
    ok : bool
        Whether the rule equals the reference on every stream and keeps every property.
    difference : float
        Largest relative difference from the reference over the streams, inf where one left the numbers.
    sentence : str
        Where it first differs and by how much, or that it does not.
    instead : tuple of str
        What it equals instead: known dialects and classic mistakes, the nearest first.
    traits : Traits
        First steps, scale, coasting and decay, as numbers.
    otherwise : tuple of str
        Traits that differ from the reference's, where the rule does.
    broken : tuple of str
        Properties that every rule must have and this one, unlike the reference, lacks.
    streams : tuple of str
        The streams that were run.
    """

    ok: bool
    difference: float
    sentence: str
    instead: tuple[str, ...]
    traits: Traits
    otherwise: tuple[str, ...]
    broken: tuple[str, ...]
    streams: tuple[str, ...]

    def __str__(self) -> str:
        lines = [self.sentence]
        if self.instead:
            lines.append(f"it equals {' and '.join(self.instead[:3])}, to every digit")
        elif not self.ok and self.difference > 0:
            lines.append("it equals no known dialect and no classic mistake in this rule")
        return "\n".join([*lines, *self.otherwise, *self.broken])


def check_optimizer(
    step: Any, like: Any = None, *, lr: float | None = None, tolerance: float = 1e-9
) -> Report:
    """Assert that an optimizer does what a reference does; the message says what it does instead.

    Parameters
    ----------
    step : callable or optimizer
        A function ``(x, g, state) -> (x, state)`` with ``state=None`` at first, which fixes its rate, or
        ``(x, g, state, lr) -> (x, state)``, whose rate the kit changes too; or one of our optimizers; or a
        subclass of ``torch.optim.Optimizer``; or an Optax transformation; or a Keras optimizer.
    like : Optimizer or Dialect, optional
        The reference: ``dialects.torch.Adam(lr=0.1)``. Without it only the properties are tested that hold
        for every rule.
    lr : float, optional
        The rate, above 0; that of `like` by default.
    tolerance : float
        Largest relative difference that passes.

    Returns
    -------
    Report

    Raises
    ------
    AssertionError
        If it differs, with the `Report` as its message.

    Examples
    --------
    >>> from optim import SGD
    >>> check_optimizer(lambda x, g, state: (x - 0.1 * g, None), like=SGD(lr=0.1)).ok
    True
    """
    __tracebackhide__ = True  # pytest shows the caller's line and the message, not this text
    report = compare_optimizer(step, like, lr=lr, tolerance=tolerance)
    if not report.ok:
        raise AssertionError(str(report))
    return report


def compare_optimizer(
    step: Any, like: Any = None, *, lr: float | None = None, tolerance: float = 1e-9
) -> Report:
    """Return the report that `check_optimizer` would raise; parameters as there."""
    reference = _reference(like)
    base = _base_rate(reference, lr)
    if reference is not None:
        reference = reference.replace(lr=base)
    subject = as_subject(step, base)
    streams = [s for s in STREAMS if subject.takes_rate or s.steady]
    names = tuple(s.name for s in streams)
    traits = traits_of(subject, base)
    if reference is None:
        broken = tuple(broken_properties(subject))
        sentence = f"{subject.name} {'breaks' if broken else 'keeps'} what every rule must keep"
        return Report(not broken, 0.0, sentence, (), traits, (), broken, names)
    model = as_subject(reference, base)
    excused = {words.partition(":")[0] for words in broken_properties(model)}
    broken = tuple(w for w in broken_properties(subject) if w.partition(":")[0] not in excused)
    runs = {s.name: subject.run(s) for s in streams}
    sentence, worst = f"equals {reference!r} on {len(streams)} streams", 0.0
    for stream in streams:
        expected = trajectory(reference, stream)
        difference = relative_difference(runs[stream.name], expected)
        if difference.max() > tolerance >= worst:
            n = int(np.argmax(difference > tolerance))
            sentence = _where(reference, stream, n, runs[stream.name], expected, difference)
        worst = max(worst, float(difference.max()))
    same = worst <= tolerance
    instead = () if same else tuple(dict.fromkeys(_what_instead(reference, runs, streams, base, tolerance)))
    otherwise = () if same else tuple(other_traits(traits, traits_of(model, base)))
    return Report(same and not broken, worst, sentence, instead, traits, otherwise, broken, names)


def _where(rule: Optimizer, stream: Stream, n: int, ours: Array, expected: Array, by: Array) -> str:
    i = int(np.argmax(np.nan_to_num(np.abs(ours[n] - expected[n]), nan=np.inf)))
    rate = "" if stream.steady else f", rate {stream.rates[n - 1]:g} times the base"
    return (
        f'differs from {rule!r} first at step {n} of the stream "{stream.name}": gradient '
        f"{stream.gradients[n - 1][i]:g}{rate}, x[{i}] = {float(ours[n, i])!r}, "
        f"expected {float(expected[n, i])!r}, a relative difference of {by[n]:.1e}"
    )


def _what_instead(
    reference: Optimizer, runs: dict[str, Array], streams: list[Stream], lr: float, tolerance: float
) -> Iterator[str]:
    """Yield the mistakes and dialects that give the runs, on every stream."""

    def fits(run_of: Any) -> bool:
        for stream in streams:
            try:
                other = run_of(stream)
            except ZeroDivisionError:  # some mistakes cannot even be computed
                return False
            if relative_difference(runs[stream.name], other).max() > tolerance:
                return False
        return True

    for words, run_of in mistakes_of(reference):
        if fits(run_of):
            yield f"{reference!r} {words}"
    known: dict[Optimizer, list[str]] = {}
    for dialect, use in table():
        for rule in _with_numbers_of(reference, dialect, use, lr):
            known.setdefault(rule, []).append(f"{dialect.call} ({use.says})")
    for rule, words_of in known.items():
        if rule != reference and fits(lambda stream, rule=rule: trajectory(rule, stream)):
            yield " = ".join(dict.fromkeys(words_of[:2])) + f", here {rule!r}"


def _with_numbers_of(reference: Any, dialect: Dialect, use: Use, lr: float) -> Iterator[Optimizer]:
    """Yield a dialect's rule as it is, and with the reference's hyperparameters where it takes them."""
    rules = [dialect.at_rate(lr, use)]
    if "weight_decay" in reference.hypers() and "weight_decay" in dialect.defaults:
        decayed = {**use.arguments, "weight_decay": reference.weight_decay}
        rules.append(dialect.at_rate(lr, replace(use, arguments=decayed)))
    for rule in rules:
        yield rule
        shared = {
            name: getattr(reference, name)
            for name in rule.hypers()
            if name != "lr" and name in reference.hypers() and getattr(reference, name) != getattr(rule, name)
        }
        if shared:
            yield rule.replace(**shared)


def _reference(like: Any) -> Optimizer | None:
    if like is None or isinstance(like, Optimizer):
        return like
    if isinstance(like, Dialect):
        return like.at_rate(0.1, like.uses[0])
    raise TypeError(f"like: got {describe(like)}, expected an optimizer such as dialects.torch.Adam(lr=0.1)")


def _base_rate(reference: Optimizer | None, lr: float | None) -> float:
    if lr is not None:
        refuse_unless(as_number("lr", lr) > 0, "lr", lr, "a rate above 0")
        return float(lr)
    rate = 0.1 if reference is None else reference.lr
    if not (isinstance(rate, float) and rate > 0):
        raise ValueError(f"like: got the rate {rate!r}, expected a number above 0; the kit changes it itself")
    return rate
