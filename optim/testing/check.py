"""Compare a rule with a reference: where it first differs, by how much, and what it is instead."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optim.dialects import Dialect
from optim.hyperparameters import RATE
from optim.optimizer import Optimizer
from optim.testing.adapters import OptimizerUnderTest, as_subject, trajectory
from optim.testing.gradient_streams import (
    LAYERS,
    STEADY_VECTOR,
    STREAMS,
    TWO_ARRAYS,
    Stream,
    relative_difference,
)
from optim.testing.identification import identify, nearly
from optim.testing.invariants import Traits, other_traits, traits_of, violated_invariants
from optim.testing.roles import Foreign
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
        fields = [f"ok={self.ok}", f"sentence={self.sentence!r}"]
        said = ((name, getattr(self, name)) for name in ("instead", "otherwise", "broken", "note"))
        return assembled("Report", [*fields, *(f"{name}={value!r}" for name, value in said if value)])

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
    step: Foreign,
    like: Optimizer | Dialect | None = None,
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
    step: Foreign,
    like: Optimizer | Dialect | None = None,
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
    if precision == "float32" and subject.matrices_only:
        raise ValueError("precision: got 'float32', expected 'float64' for a rule that takes matrices alone")
    if reference is not None and not reference.ranges().get("lr", RATE).has(0.0):
        streams = [s for s in streams if 0.0 not in s.rates]
    traits = traits_of(subject, base)
    if reference is None:
        broken = tuple(violated_invariants(subject))
        sentence = f"{subject.name} {'breaks' if broken else 'keeps'} what every rule must keep"
        names = tuple(s.name for s in streams)
        return Report(not broken, 0.0, sentence, (), traits, (), broken, names, True)
    reference = reference.replace(lr=base)
    model = as_subject(reference, base)
    model.matrices_only = subject.matrices_only or model.matrices_only
    excused = {words.partition(":")[0] for words in violated_invariants(model)}
    broken = tuple(w for w in violated_invariants(subject) if w.partition(":")[0] not in excused)
    allowed = {s.name: tolerance for s in streams}
    among = ""
    if precision == "float32":
        streams = [rounded(s) for s in streams if not s.shapes]
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
        instead = tuple(dict.fromkeys(identify(reference, runs, searched, base, allowed)))
        otherwise = tuple(other_traits(traits, traits_of(model, base)))
        if not instead and precision == "float64":
            by_torch = subject.name.startswith("torch.optim")
            note = nearly(reference, runs, streams, base, by_torch=by_torch)
        if not instead and not note and precision == "float64" and not any(s.shapes for s in streams):
            note = _single_instead(reference, runs, streams)
    names = tuple(s.name for s in streams)
    ok = same and not broken
    return Report(ok, worst, sentence, instead, traits, otherwise, broken, names, same, note)


def _streams_for(subject: OptimizerUnderTest) -> list[Stream]:
    """Return what a subject is tried on: steady rates if it fixes its rate, two arrays if it takes them."""
    streams = list(STREAMS)
    if not subject.takes_rate:
        streams = [*(s for s in STREAMS if s.steady), STEADY_VECTOR]
    if subject.several:
        # Each is a layer of its own, as a rule that knows layers has it.
        streams.append(replace(TWO_ARRAYS, shapes=((2,), (2,))) if subject.layered else TWO_ARRAYS)
    if not subject.layered:
        return streams
    if subject.matrices_only:
        streams = [
            replace(s, shapes=tuple((n, 1) for (n,) in s.shapes) or ((len(s.x0), 1),)) for s in streams
        ]
    taken = [s for s in LAYERS if not (subject.one_layer and len(s.shapes) > 1)]
    return [*streams, *(s for s in taken if not subject.matrices_only or all(len(n) == 2 for n in s.shapes))]


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


def _reference(like: object) -> Optimizer | None:
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
