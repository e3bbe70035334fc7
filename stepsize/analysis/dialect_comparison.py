"""One rule as every source writes it: first steps and a shared trajectory, computed when asked."""

import inspect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim import Optimizer, Run, minimize
from optim.dialects import Dialect, Use, families, family
from problems import Problem
from schedules import FromFunction
from stepsize.core.display import brief, finite_or_none
from stepsize.core.elementwise import join, parts

__all__ = ["Comparison", "Source", "compare", "markdown"]

Array = np.ndarray[Any, Any]

GRADIENTS = (1.0, 1e-6)
UPDATES = 50
FORMULA = "a^4/4 + a b + (1 + a^2) b^2"
START = (1.2, -0.8)

# The rate that the shared trajectory is run at, where 0.1 is not a good one.
RATES = {
    "momentum": 0.05,
    "nesterov": 0.05,
    "adagrad": 0.3,
    "adadelta": 1.0,
    "rmsprop": 0.03,
    "centered rmsprop": 0.03,
    "rmsprop with momentum": 0.01,
    "lion": 0.03,
    "sign sgd": 0.03,
    "rprop": 0.05,
    "schedule-free sgd": 0.3,
    "prodigy": 1.0,
    "d-adaptation": 1.0,
}


@dataclass(frozen=True)
class Source:
    """What one source does.

    Attributes
    ----------
    entry, use : Dialect, Use
        The entry of the table, and which of its uses.
    first : tuple of float
        Length of the first step at rate 1 for each of `GRADIENTS`; below 0 is uphill.
    run : Run
        The shared trajectory.
    distance : ndarray
        Distance from the first source's point, update by update.
    """

    entry: Dialect
    use: Use
    first: tuple[float, ...]
    run: Run
    distance: Array

    __repr__ = brief

    @property
    def call(self) -> str:
        """The call that gives this rule, in the library's words."""
        return f"{self.entry.call}({', '.join(f'{k}={v!r}' for k, v in self.use.arguments.items())})"

    @property
    def end(self) -> Array:
        """The point after the last update: the answer, where that differs from x."""
        return self.run.x

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        defaults = {n: d for n, d in self.entry.defaults.items() if d is not inspect.Parameter.empty}
        return {
            "call": self.call,
            "library": self.entry.library,
            "defaults": defaults,
            "own_way": self.use.says,
            "defect": self.entry.defect or None,
            "optimizer": repr(self.entry.at_rate(1.0, self.use)),
            "first_step": {f"{g:g}": step for g, step in zip(GRADIENTS, self.first, strict=True)},
            "end": [finite_or_none(v) for v in self.end.tolist()],
            "distance": finite_or_none(self.distance[-1]),
        }


@dataclass(frozen=True)
class Comparison:
    """One rule in all its dialects; `sources` in the table's order.

    Attributes
    ----------
    family : str
        The rule's name.
    lr : float
        The scale of the rates: lr (1 + 0.5 sin n), from the 25th update on a tenth of it.
    sources : tuple of Source
        What each source does.
    """

    family: str
    lr: float
    sources: tuple[Source, ...]

    __repr__ = brief

    @property
    def title(self) -> str:
        """What the trajectory is."""
        return (
            f"{UPDATES} updates on {FORMULA} from {START}, rate {self.lr:g} (1 + 0.5 sin n), "
            f"a tenth of it from n = {UPDATES // 2}"
        )

    def groups(self, tolerance: float = 1e-12) -> list[list[Source]]:
        """Return the sources, those whose trajectories agree together."""
        groups: list[list[Source]] = []
        for source in self.sources:
            for group in groups:
                if np.abs(source.run.history.x - group[0].run.history.x).max() <= tolerance:
                    group.append(source)
                    break
            else:
                groups.append([source])
        return groups

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "family": self.family,
            "function": FORMULA,
            "start": list(START),
            "rates": rates(self.lr),
            "sources": [source.to_dict() for source in self.sources],
        }


def compare(name: str) -> Comparison:
    """Run one rule as every source writes it.

    Parameters
    ----------
    name : str
        A family of the dialects table, such as "adam".

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If there is no such family.

    Examples
    --------
    Keras adds eps before Adam's correction, where it weighs 32 times as much at first.

    >>> found = {s.call: s.first for s in compare("adam").sources}
    >>> [round(step, 6) for step in found["torch.Adam()"]], [round(step, 6) for step in found["keras.Adam()"]]
    ([1.0, 0.990099], [0.999997, 0.240253])
    """
    entries = family(name)
    name = entries[0][1].family
    lr = RATES.get(name, 0.1)
    table = rates(lr)
    problem = shared_problem()
    reference: Array | None = None
    sources = []
    for entry, use in entries:
        schedule = FromFunction(lambda n: table[min(n, UPDATES - 1)])
        run = minimize(problem, entry.at_rate(schedule, use), steps=UPDATES)
        points = run.history.x
        reference = points if reference is None else reference
        both = min(len(points), len(reference))
        distance = np.sqrt(((points[:both] - reference[:both]) ** 2).sum(axis=1))
        sources.append(Source(entry, use, first_steps(entry.at_rate(1.0, use)), run, distance))
    return Comparison(name, lr, tuple(sources))


def shared_problem() -> Problem:
    """Return the problem of the shared trajectory: two minima and a saddle between them, at 0.

    Where the gradient vanishes b = -a / (2 (1 + a^2)), and then a (1 + a^2) = 1 / sqrt 2 or a = 0.
    """
    a = float(np.roots([1.0, 0.0, 1.0, -math.sqrt(0.5)]).real.max())  # of the others it is -a / 2
    b = -a / (2 * (1 + a * a))
    minimum = float(_fun(np.array([a, b])))
    return Problem.of(_fun, _grad, x0=START, minimum=minimum, minimizers=((a, b), (-a, -b)), name=FORMULA)


def first_steps(optimizer: Optimizer, gradients: Sequence[float] = GRADIENTS) -> tuple[float, ...]:
    """Return the length of the first step for each gradient; below 0 is uphill."""
    x = np.zeros((len(gradients), 1))
    if optimizer.requires:  # of a slope, whose second derivative is 0
        return tuple(float(-minimize(_slope(g), optimizer, steps=1).last_x[0]) + 0.0 for g in gradients)
    moved = -optimizer.step(x, np.array(gradients)[:, None], optimizer.init(x))[0]
    return tuple((moved[:, 0] + 0.0).tolist())  # + 0.0 turns -0.0 into 0.0


def _slope(g: float) -> Problem:
    return Problem.of(lambda x: g * x[..., 0], lambda x: np.full_like(x, g), x0=(0.0,))


def rates(lr: float) -> list[float]:
    """Return the rates of the shared trajectory."""
    wave = [lr * (1 + 0.5 * math.sin(n)) for n in range(UPDATES)]
    return [rate if n < UPDATES // 2 else rate / 10 for n, rate in enumerate(wave)]


def markdown(names: list[str] | None = None) -> str:
    """Return the comparisons as Markdown tables: the section of the README, or the page of everything."""
    found = [compare(name) for name in (families() if names is None else names)]
    return "\n".join(_section(comparison) for comparison in found)


def _section(comparison: Comparison) -> str:
    lines = [
        f"### {comparison.family}",
        "",
        f"{comparison.title}.".replace("*", "\\*"),
        "",
        "| source | its own way | first step, g = 1 | g = 1e-6 | end point |",
        "|---|---|---:|---:|---|",
    ]
    for source in comparison.sources:
        one, small = (f"{step:.6g}" for step in source.first)
        end = ", ".join(f"{v:.6f}" for v in source.end)
        lines.append(f"| `{source.call}` | {source.use.says} | {one} | {small} | ({end}) |")
    defects = {source.entry.call: source.entry.defect for source in comparison.sources if source.entry.defect}
    lines += ["", *(f"- `{call}`: {text}" for call, text in defects.items()), *([""] if defects else [])]
    return "\n".join(lines)


def _fun(x: Any) -> Any:
    a, b = parts(x)
    return a * a * a * a / 4 + a * b + (1 + a * a) * (b * b)


def _grad(x: Any) -> Any:
    a, b = parts(x)
    return join(a * a * a + b + 2 * a * (b * b), a + 2 * (1 + a * a) * b)
