"""What gives the observed points: dialects, classic mistakes, other rates."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from optim.dialects import Dialect, Use, table
from optim.optimizer import Optimizer
from optim.testing.adapters import trajectory
from optim.testing.gradient_streams import Stream, relative_difference
from optim.testing.mistakes.classic import mistakes_of
from optim.testing.mistakes.drivers import Fault, pairs_of, run_of, slips_of
from optim.testing.rates import rescaled
from optim.testing.roles import AnyRule

__all__ = ["identify", "nearly"]

Array = np.ndarray[Any, Any]


def identify(
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


# How near matrices come that are made in less than double precision, and what that is called.
_SINGLE = (1e-5, "to within single precision")
_BFLOAT = (0.25, "to within bfloat16, in which PyTorch makes the iteration")


def nearly(
    reference: Optimizer, runs: dict[str, Array], streams: list[Stream], lr: float, *, by_torch: bool
) -> str:
    """Return what a rule of matrices is, as far as a library's coarser arithmetic goes, in one sentence.

    Keras makes norms in single precision and PyTorch the iteration of Muon in bfloat16, whatever they are
    given, so that nothing equals them to every digit. It is nothing where there are no matrices.
    """
    if not any(stream.shapes for stream in streams):
        return ""
    for tolerance, words in (_SINGLE, _BFLOAT) if by_torch else (_SINGLE,):
        search = _Search(reference, runs, streams, {stream.name: tolerance for stream in streams})
        if search.fits(partial(run_of, reference, Fault())):
            return f"it equals {reference!r} {words}"
        for rule, names in search.known(lr).items():
            if search.fits(partial(run_of, rule, Fault())):
                return f"it equals {names[0]} {words}"
    return ""


class _Search:
    """Looks for rules, right and mistaken, that give the observed points on some streams."""

    def __init__(
        self,
        reference: Optimizer,
        observed: dict[str, Array],
        streams: list[Stream],
        tolerances: dict[str, float],
    ) -> None:
        self.reference, self.observed = reference, observed
        self.streams, self.tolerances = streams, tolerances
        first = streams[0]
        self.start = replace(first, gradients=first.gradients[:3], rates=first.rates[:3])

    def all(self, lr: float) -> Iterator[str]:
        """Yield the reference with a mistake, other rules, those with a mistake, and with another rate."""
        known = self.known(lr)
        found = self.named(self.reference, mistakes_of(self.reference))
        found += [
            " = ".join(dict.fromkeys(words[:2])) + f", with the numbers of {rule!r}"
            for rule, words in known.items()
            if rule != self.reference and self.fits(partial(run_of, rule, Fault()))
        ]
        found += self.named(self.reference, slips_of(self.reference))
        if found:
            return iter(found)
        kin = [self.reference, *_kin(self.reference, known)]
        for rule in kin[1:]:
            found += self.named(rule, (*mistakes_of(rule), *slips_of(rule)))
        for rule in kin if not found else ():
            found += self.named(rule, rescaled(rule, self.observed, self.streams))
        return iter(found)

    def named(self, rule: Optimizer, mistakes: Iterable[tuple[str, Callable[[Stream], Array]]]) -> list[str]:
        return [f"{rule!r} {words}" for words, run in mistakes if self.fits(run)]

    def known(self, lr: float) -> dict[Optimizer, list[str]]:
        """Return the rules of all libraries, with what they are called there."""
        known: dict[Optimizer, list[str]] = {}
        for dialect, use in table():
            plain = dialect.at_rate(lr, use)
            if plain.requires or plain.draws_noise:
                continue  # a stream gives gradients alone, and the same points each time
            for rule in _with_numbers_of(self.reference, dialect, use, lr):
                known.setdefault(rule, []).append(f"{dialect.call} ({use.says})")
        return known

    def fits(self, run: Callable[[Stream], Array]) -> bool:
        """Whether a run gives the observed points, on every stream."""
        first = self.streams[0].name
        try:
            if self.difference(first, run(self.start)) > self.tolerances[first]:
                return False
            return all(self.difference(s.name, run(s)) <= self.tolerances[s.name] for s in self.streams)
        except (ArithmeticError, ValueError, NameError, AttributeError):  # it cannot even be computed
            return False

    def difference(self, name: str, points: Array) -> float:
        return float(relative_difference(self.observed[name][: len(points)], points).max())


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


def _with_numbers_of(reference: AnyRule, dialect: Dialect, use: Use, lr: float) -> Iterator[Optimizer]:
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
