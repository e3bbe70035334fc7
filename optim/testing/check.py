"""Compare a rule with a reference: where it first differs, by how much, and what it is instead."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from optim.dialects import Dialect, Use, table
from optim.optimizer import Optimizer
from optim.testing.adapters import OptimizerUnderTest, as_subject, trajectory
from optim.testing.gradient_streams import STEADY_VECTOR, STREAMS, TWO_ARRAYS, Stream, relative_difference
from optim.testing.invariants import Traits, other_traits, traits_of, violated_invariants
from optim.testing.mistakes.classic import mistakes_of
from optim.testing.mistakes.drivers import Way, pairs_of, run_of, slips_of
from optim.testing.rates import rescaled
from optim.testing.single_precision import rounded, single_tolerances, single_trajectory, squares_fit
from stepsize.core.display import assembled
from stepsize.core.validation import as_number, describe_value, require

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
    same : bool
        Whether it equals the reference on every stream, whatever else it breaks.
    note : str
        What else may explain the difference, in one sentence, or nothing.
    """

    ok: bool
    difference: float
    sentence: str
    instead: tuple[str, ...]
    traits: Traits
    otherwise: tuple[str, ...]
    broken: tuple[str, ...]
    streams: tuple[str, ...]
    same: bool = False
    note: str = ""

    def __repr__(self) -> str:
        told = [f"ok={self.ok}", f"sentence={self.sentence!r}"]
        said = ((name, getattr(self, name)) for name in ("instead", "otherwise", "broken", "note"))
        return assembled("Report", [*told, *(f"{name}={value!r}" for name, value in said if value)])

    def __str__(self) -> str:
        lines = [self.sentence]
        if self.instead:
            lines.append(f"it equals {' and '.join(self.instead[:3])}, to every digit")
        elif self.note:
            lines.append(self.note)
        elif not self.ok and not self.same and self.difference > 0:
            lines.append("it equals no known dialect and no classic mistake in this rule")
        return "\n".join([*lines, *self.otherwise, *self.broken])


def check_optimizer(
    step: Any,
    like: Any = None,
    *,
    lr: float | None = None,
    tolerance: float = 1e-9,
    precision: str = "float64",
) -> Report:
    """Assert that an optimizer does what a reference does; the message says what it does instead.

    Parameters
    ----------
    step : callable, class or optimizer
        A function ``(x, g, state) -> (x, state)`` with ``state=None`` at first, which fixes its rate, or
        ``(x, g, state, lr) -> (x, state)``, whose rate the kit changes too. Or a class that keeps its state
        in itself, or an object of it, with ``update(params, grads)`` or ``step(x, g)`` on arrays, lists or
        dicts, in place or not, ``apply_gradients(pairs)``, or ``step()`` on parameters with ``data`` and
        ``grad``; a class is made at the rate `lr`, an object keeps its own and the reference follows. Or a
        function without arguments that makes such an object. Or one of our optimizers; a subclass of
        ``torch.optim.Optimizer``; an Optax transformation; a Keras optimizer.
    like : Optimizer or Dialect, optional
        The reference: ``dialects.torch.Adam(lr=0.1)``. Without it only the properties are tested that hold
        for every rule.
    lr : float, optional
        The rate, above 0; that of `like` by default.
    tolerance : float
        Largest relative difference that passes; in float32 each stream has its own, see `precision`.
    precision : str
        "float64", or "float32" for a rule that computes in float32: it gets float32 arrays, and may differ on
        each stream by 8 times what rounding the reference's own numbers to float32 does there.

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
    report = compare_optimizer(step, like, lr=lr, tolerance=tolerance, precision=precision)
    if not report.ok:
        raise AssertionError(str(report))
    return report


def compare_optimizer(
    step: Any,
    like: Any = None,
    *,
    lr: float | None = None,
    tolerance: float = 1e-9,
    precision: str = "float64",
) -> Report:
    """Return the report that `check_optimizer` would raise; parameters as there."""
    require(precision in ("float32", "float64"), "precision", precision, "'float32' or 'float64'")
    reference = _reference(like)
    base = _base_rate(reference, lr)
    subject = as_subject(step, base, reference)
    subject.dtype = np.float32 if precision == "float32" else np.float64
    if subject.driven and lr is None:
        base = subject.base_lr  # an object keeps its own rate, and the reference follows
    elif subject.driven:
        subject.base_lr = base
    streams = _streams_for(subject)
    traits = traits_of(subject, base)
    if reference is None:
        broken = tuple(violated_invariants(subject))
        sentence = f"{subject.name} {'breaks' if broken else 'keeps'} what every rule must keep"
        names = tuple(s.name for s in streams)
        return Report(not broken, 0.0, sentence, (), traits, (), broken, names, True)
    reference = reference.replace(lr=base)
    model = as_subject(reference, base)
    excused = {words.partition(":")[0] for words in violated_invariants(model)}
    broken = tuple(w for w in violated_invariants(subject) if w.partition(":")[0] not in excused)
    allowed = {s.name: tolerance for s in streams}
    among = ""
    if precision == "float32":
        streams = [rounded(s) for s in streams]
        allowed = single_tolerances(reference, streams)
        streams = [s for s in streams if s.name in allowed]
        most = max(allowed.values())
        among = f" in float32, within 8 times what rounding to float32 does there, at most {most:.1e},"
    runs = {s.name: subject.run(s).astype(float) for s in streams}
    sentence, worst, same = f"equals {reference!r}{among} on {len(streams)} streams", 0.0, True
    for stream in streams:
        run_of = trajectory if precision == "float64" else single_trajectory
        expected = run_of(reference, stream)
        difference = relative_difference(runs[stream.name], expected)
        if same and difference.max() > allowed[stream.name]:
            n = int(np.argmax(difference > allowed[stream.name]))
            sentence = _where(reference, stream, n, runs[stream.name], expected, difference)
            same = False
        worst = max(worst, float(difference.max()))
    instead: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()
    note = ""
    if not same:
        searched = streams if precision == "float64" else [s for s in streams if squares_fit(s)]
        instead = tuple(dict.fromkeys(_identify(reference, runs, searched, base, allowed)))
        otherwise = tuple(other_traits(traits, traits_of(model, base)))
        if not instead and precision == "float64":
            note = _single_instead(reference, runs, streams)
    names = tuple(s.name for s in streams)
    ok = same and not broken
    return Report(ok, worst, sentence, instead, traits, otherwise, broken, names, same, note)


def _streams_for(subject: OptimizerUnderTest) -> list[Stream]:
    """Return what a subject is tried on: steady rates if it fixes its rate, two arrays if it takes them."""
    streams = list(STREAMS)
    if not subject.takes_rate:
        streams = [*(s for s in STREAMS if s.steady), STEADY_VECTOR]
    return [*streams, TWO_ARRAYS] if subject.several else streams


def _single_instead(reference: Optimizer, runs: dict[str, Array], streams: list[Stream]) -> str:
    """Return a sentence where the differences are no larger than float32's rounding, otherwise nothing."""
    allowed = single_tolerances(reference, streams)
    for stream in streams:
        if stream.name in allowed:
            off = relative_difference(runs[stream.name], trajectory(reference, stream)).max()
            if not off <= allowed[stream.name]:
                return ""
    return (
        "it differs by no more than float32 rounds: if it computes in float32, compare it with "
        'precision="float32"'
    )


def _where(rule: Optimizer, stream: Stream, n: int, ours: Array, expected: Array, by: Array) -> str:
    i = int(np.argmax(np.nan_to_num(np.abs(ours[n] - expected[n]), nan=np.inf)))
    rate = "" if stream.steady else f", rate {stream.rates[n - 1]:g} times the base"
    return (
        f'differs from {rule!r} first at step {n} of the stream "{stream.name}": gradient '
        f"{stream.gradients[n - 1][i]:g}{rate}, x[{i}] = {float(ours[n, i])!r}, "
        f"expected {float(expected[n, i])!r}, a relative difference of {by[n]:.1e}"
    )


def _identify(
    reference: Optimizer,
    runs: dict[str, Array],
    streams: list[Stream],
    lr: float,
    tolerances: dict[str, float],
) -> Iterator[str]:
    """Yield what gives the runs on every stream, or if nothing does, on those whose rate is steady."""
    if all(np.array_equal(run, np.broadcast_to(run[0], run.shape)) for run in runs.values()):
        yield (
            "a rule that never moves: what it makes is neither written into x (p -= ..., p[:] = ..., not "
            "p = p - ...) nor returned"
        )
        return
    search = _Search(reference, runs, streams, tolerances)
    found = list(search.all(lr))
    yield from found
    if found:
        return
    steady = [s for s in streams if s.steady]
    if len(steady) < len(streams):
        limited = _Search(reference, runs, steady, tolerances)
        limit = "as long as the rate stays the same"
        if limited.fits(lambda stream: trajectory(reference, stream)):
            yield f"{reference!r} {limit}: the rate seems to be read once, or to stand in another place"
            return
        found = [f"{words}, {limit}" for words in limited.all(lr)]
        yield from found
    if not found:
        yield from search.named(reference, pairs_of(reference))


class _Search:
    """Looks for rules, right and mistaken, that give what was seen on some streams."""

    def __init__(
        self,
        reference: Optimizer,
        seen: dict[str, Array],
        streams: list[Stream],
        tolerances: dict[str, float],
    ) -> None:
        self.reference, self.seen, self.streams, self.tolerances = reference, seen, streams, tolerances
        first = streams[0]
        self.start = replace(first, gradients=first.gradients[:3], rates=first.rates[:3])

    def all(self, lr: float) -> Iterator[str]:
        """Yield the reference with a mistake, other rules, those with a mistake, and with another rate."""
        known = self.known(lr)
        found = self.named(self.reference, mistakes_of(self.reference))
        found += [
            " = ".join(dict.fromkeys(words[:2])) + f", here {rule!r}"
            for rule, words in known.items()
            if rule != self.reference and self.fits(partial(run_of, rule, Way()))
        ]
        found += self.named(self.reference, slips_of(self.reference))
        if found:
            return iter(found)
        kin = [self.reference, *_kin(self.reference, known)]
        for rule in kin[1:]:
            found += self.named(rule, (*mistakes_of(rule), *slips_of(rule)))
        for rule in kin if not found else ():
            found += self.named(rule, rescaled(rule, self.seen, self.streams))
        return iter(found)

    def named(self, rule: Optimizer, mistakes: Iterable[tuple[str, Any]]) -> list[str]:
        return [f"{rule!r} {words}" for words, run in mistakes if self.fits(run)]

    def known(self, lr: float) -> dict[Optimizer, list[str]]:
        """Return the rules of all libraries, with what they are called there."""
        known: dict[Optimizer, list[str]] = {}
        for dialect, use in table():
            for rule in _with_numbers_of(self.reference, dialect, use, lr):
                known.setdefault(rule, []).append(f"{dialect.call} ({use.says})")
        return known

    def fits(self, run: Any) -> bool:
        """Whether a run gives the points that were seen, on every stream."""
        first = self.streams[0].name
        try:
            if self.apart(first, run(self.start)) > self.tolerances[first]:
                return False
            return all(self.apart(s.name, run(s)) <= self.tolerances[s.name] for s in self.streams)
        except (ArithmeticError, ValueError, NameError, AttributeError):  # it cannot even be computed
            return False

    def apart(self, name: str, points: Array) -> float:
        return float(relative_difference(self.seen[name][: len(points)], points).max())


def _kin(reference: Optimizer, known: Iterable[Optimizer]) -> Iterator[Optimizer]:
    """Yield the rules that other sources call by the reference's name."""
    families = {use.family for dialect, use in table() if type(dialect.at_rate(0.1, use)) is type(reference)}
    classes = {type(d.at_rate(0.1, use)) for d, use in table() if use.family in families}
    for rule in known:
        same = all(
            getattr(rule, n) == getattr(reference, n)
            for n in _NUMBERS
            if n in rule.hypers() and n in reference.hypers()
        )
        if type(rule) in classes and rule != reference and same:
            yield rule


_NUMBERS = ("momentum", "rho", "beta1", "beta2", "eps", "weight_decay")


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
    raise TypeError(
        f"like: got {describe_value(like)}, expected an optimizer such as dialects.torch.Adam(lr=0.1)"
    )


def _base_rate(reference: Optimizer | None, lr: float | None) -> float:
    if lr is not None:
        require(as_number("lr", lr) > 0, "lr", lr, "a rate above 0")
        return float(lr)
    rate = 0.1 if reference is None else reference.lr
    if not (isinstance(rate, float) and rate > 0):
        raise ValueError(f"like: got the rate {rate!r}, expected a number above 0; the kit changes it itself")
    return rate
