"""What a sweep is to run: the product, or random draws, of hyperparameters, schedules, starts and seeds."""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from optim import Optimizer
from optim.start import checked_problem
from stepsize.core.record import Record
from stepsize.core.validation import (
    as_count,
    as_number,
    as_seed,
    describe_value,
    did_you_mean,
    real_numbers,
    require,
)
from stepsize.experiments.sweep.batch import Batch, with_values

__all__ = ["SweepDesign", "seeds_for", "spawned", "starts_for"]

Array = np.ndarray[Any, Any]

# Streams of random numbers that must not meet.
_DRAWS, _SEEDS = range(2)


@dataclasses.dataclass(frozen=True, eq=False)
class SweepDesign:
    """Every run of a sweep, in the order of its table.

    Attributes
    ----------
    problems, optimizers : tuple
        Where, and who, before anything is varied.
    seeds : tuple of int or None
        The seeds of the problem's randomness; (None,) without.
    starts : tuple of ndarray of shape (S, d)
        The starts on each problem.
    values : dict
        For each name that is varied, what it takes: numbers, schedules, words.
    batches : tuple of Batch
        The runs, still uncut: everything that can share one leading axis is one batch.
    index : ndarray of int, shape (runs, 3 + names)
        For each run its problem, optimizer and seed, its start, and the place of each of its values (-1 where
        its optimizer has no such parameter).
    """

    problems: tuple[Any, ...]
    optimizers: tuple[Optimizer, ...]
    seeds: tuple[int | None, ...]
    starts: tuple[Array, ...]
    values: dict[str, Any]
    batches: tuple[Batch, ...]
    index: Array

    @staticmethod
    def of(
        problem: Any,
        optimizer: Any,
        x0: Any,
        seeds: Any,
        samples: int | None,
        rng: Any,
        values: dict[str, Any],
        **budget: Any,
    ) -> "SweepDesign":
        """Return the design that the arguments of `sweep` describe, everything checked."""
        problems = tuple(
            checked_problem(p) for p in (problem if isinstance(problem, list | tuple) else [problem])
        )
        optimizers = tuple(
            _made(o) for o in (optimizer if isinstance(optimizer, list | tuple) else [optimizer])
        )
        require(len(problems) > 0, "problem", problem, "at least one")
        require(len(optimizers) > 0, "optimizer", optimizer, "at least one")
        _check_names(optimizers, values)
        if samples is None:
            points = {name: _listed(name, value) for name, value in values.items()}
        else:
            points = _drawn(values, as_count("samples", samples, 1), rng)
        _check_values(optimizers, points)
        chosen = seeds_for(seeds, problems, rng)
        starts = tuple(starts_for(p, x0) for p in problems)
        batches, index = [], []
        count = 0
        for (p, place), (o, rule), (s, seed) in itertools.product(
            enumerate(problems), enumerate(optimizers), enumerate(chosen)
        ):
            seen: Any = place
            if seed is not None:  # `seeds_for` has asked for a problem that takes one
                seen = seen.replace(rng=seed)
            for batch, rows in _batches(seen, rule, starts[p], points, samples is not None, budget):
                batches.append(dataclasses.replace(batch, rows=np.arange(count, count + len(rows))))
                index.append(np.column_stack([np.broadcast_to([p, o, s], (len(rows), 3)), rows]))
                count += len(rows)
        return SweepDesign(
            problems, optimizers, chosen, starts, points, tuple(batches), np.concatenate(index)
        )


def spawned(rng: Any, *key: int) -> np.random.SeedSequence:
    """Return the child of a source of randomness that belongs to a key; a Generator gives a number first."""
    if isinstance(rng, np.random.Generator):
        rng = int(rng.integers(2**63))
    parent = rng if isinstance(rng, np.random.SeedSequence) else np.random.SeedSequence(as_seed("rng", rng))
    return np.random.SeedSequence(parent.entropy, spawn_key=(*parent.spawn_key, *key))


def _made(optimizer: Any) -> Optimizer:
    made = optimizer() if _is_rule(optimizer) else optimizer
    if not isinstance(made, Optimizer):
        raise TypeError(
            f"optimizer: got {describe_value(optimizer)}, expected a class such as Adam, or "
            "Adam(beta1=0.8) to "
            "hold some parameters"
        )
    return made


def _is_rule(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, Optimizer)


def _check_names(optimizers: tuple[Optimizer, ...], values: dict[str, Any]) -> None:
    for name in values:
        if not any(name in _parameters(rule) for rule in optimizers):
            known = sorted({n for rule in optimizers for n in _parameters(rule)})
            who = " or ".join(type(rule).__name__ for rule in optimizers)
            raise ValueError(
                f"{name}: got a parameter that {who} does not have, expected one of {', '.join(known)}"
                f"{did_you_mean(name, known)}"
            )


def _check_values(optimizers: tuple[Optimizer, ...], points: dict[str, Any]) -> None:
    """Let each rule look at each value that is no number, so that what it says names the parameter."""
    for rule in optimizers:
        for name, values in points.items():
            if name in _parameters(rule) and not isinstance(values, np.ndarray):
                for value in values:
                    rule.replace(**{name: value})


def _parameters(rule: Optimizer) -> set[str]:
    return {*rule.hypers(), *(name for name, _ in rule.fields())}


def _listed(name: str, value: Any) -> Any:
    """Return the values of one parameter as a list, or as an array if all are numbers."""
    if hasattr(value, "rvs"):
        raise TypeError(
            f"{name}: got the distribution {describe_value(value)}, expected values, or samples=N to draw "
            "from it"
        )
    if isinstance(value, str | Record) or not isinstance(value, Iterable):
        value = [value]
    require(not isinstance(value, np.ndarray) or value.ndim == 1, name, value, "values in one row")
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu" and len(value):
        return value.astype(float)
    values = list(value)
    require(len(values) > 0, name, value, "at least one value")
    if any(isinstance(v, np.ndarray | list | tuple) for v in values):
        raise TypeError(
            f"{name}: got {describe_value(value)}, expected numbers, schedules or words, one a run"
        )
    if all(isinstance(v, int | float | np.integer | np.floating) and not isinstance(v, bool) for v in values):
        return np.array([as_number(name, v) if isinstance(v, int) else float(v) for v in values])
    return values


def _drawn(values: dict[str, Any], samples: int, rng: Any) -> dict[str, Any]:
    """Return `samples` values of each parameter: from a distribution, or evenly from a list."""
    drawn: dict[str, Any] = {}
    for place, (name, value) in enumerate(values.items()):
        generator = np.random.default_rng(spawned(rng, _DRAWS, place))
        if hasattr(value, "rvs"):
            drawn[name] = np.asarray(value.rvs(size=samples, random_state=generator), float)
        else:
            among = _listed(name, value)
            drawn[name] = _listed(name, [among[i] for i in generator.integers(len(among), size=samples)])
    return drawn


def seeds_for(seeds: Any, problems: tuple[Any, ...], rng: Any) -> tuple[int | None, ...]:
    """Return the seeds of a sweep: given, spawned, or (None,) where there is no randomness."""
    for problem in problems:
        if getattr(problem, "shared", True) is False:
            raise ValueError(
                "problem: got noise with shared=False, which depends on how runs are grouped, expected "
                "shared=True, and seeds=N for independent noise"
            )
    if seeds is None:
        return (None,)
    for problem in problems:
        random = getattr(problem, "varies", False) and "rng" in dict(getattr(problem, "fields", tuple)())
        if not random:
            raise ValueError(
                f"seeds: got {seeds!r} for {problem!r}, which has no randomness; expected a problem with "
                "mini-batches or noise, or x0=problem.sample_domain(N, rng=0) for N starts"
            )
    if isinstance(seeds, str) or not isinstance(seeds, Iterable):
        # Each from its own number, so that sixteen seeds are eight and eight more.
        count = as_count("seeds", seeds, 1)
        return tuple(
            int(spawned(rng, _SEEDS, i).generate_state(1, np.uint64)[0] >> np.uint64(1)) for i in range(count)
        )
    named = tuple(as_seed("seeds", seed) for seed in seeds)
    require(len(set(named)) == len(named) > 0, "seeds", seeds, "at least one seed, each once")
    return named


def starts_for(problem: Any, x0: Any) -> Array:
    """Return the starts as an array of shape (S, d): those given, or the problem's own."""
    start = getattr(problem, "x0", None) if x0 is None else x0
    if start is None:
        raise ValueError("x0: got None, expected a starting point: the problem defines none; pass x0")
    starts = np.atleast_2d(real_numbers("x0", start, "an array of floats"))
    require(starts.ndim == 2 and starts.size > 0, "x0", starts, "a start, or an array (S, d) of them")
    dim = getattr(problem, "dim", None)
    if dim is not None and starts.shape[1] != dim:
        raise ValueError(
            f"x0: got {describe_value(x0)}, expected {dim} numbers for this problem, or rows of them"
        )
    require(bool(np.isfinite(starts).all()), "x0", x0, "finite numbers")
    return starts


def _batches(
    problem: Any,
    rule: Optimizer,
    starts: Array,
    points: dict[str, Any],
    random: bool,
    budget: dict[str, Any],
) -> Iterator[tuple[Batch, Array]]:
    """Yield the batches of one rule on one problem, with the index of each run: its start and its values."""
    names = [name for name in points if name in _parameters(rule)]
    inside = [name in rule.hypers() and len(points[name]) > 1 for name in names]
    for rows in _groups(names, inside, points, _table(names, points, random)):
        places = np.tile(rows, (len(starts), 1))
        columns = dict(zip(names, places.T, strict=True))
        shared = {n: points[n][columns[n][0]] for n, varies in zip(names, inside, strict=True) if not varies}
        values = {
            n: _column(points[n], columns[n]) for n, varies in zip(names, inside, strict=True) if varies
        }
        start = np.repeat(np.arange(len(starts)), len(rows))
        batch = Batch(problem, rule.replace(**shared), values, starts[start], np.arange(len(start)), **budget)
        if batch.together:
            with_values(batch.optimizer, values)  # refuses what makes no sense before any work is done
        absent = np.full(len(start), -1)
        yield batch, np.column_stack([start, *(columns.get(name, absent) for name in points)])


def _table(names: list[str], points: dict[str, Any], random: bool) -> Array:
    """Return which value of each parameter a run has, one row a run."""
    if random:
        samples = len(next(iter(points.values()))) if points else 1
        return np.tile(np.arange(samples)[:, None], len(names))
    axes = [np.arange(len(points[name])) for name in names]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(names)) if axes else _NOTHING


_NOTHING = np.zeros((1, 0), int)


def _groups(names: list[str], inside: list[bool], points: dict[str, Any], table: Array) -> Iterator[Array]:
    """Yield the rows of the table that can be one batch: those with the same words, and rates of one kind."""
    keys = np.zeros_like(table)
    for i, name in enumerate(names):
        if not inside[i]:
            keys[:, i] = table[:, i]
        elif not isinstance(points[name], np.ndarray):
            alone = [getattr(value, "kind", "schedule") != "schedule" for value in points[name]]
            keys[:, i] = np.array(alone)[table[:, i]]
    if not keys.any():
        yield table
        return
    kinds, group = np.unique(keys, axis=0, return_inverse=True)
    yield from (table[group.ravel() == k] for k in range(len(kinds)))


def _column(values: Any, places: Array) -> Any:
    return values[places] if isinstance(values, np.ndarray) else tuple(values[i] for i in places)
