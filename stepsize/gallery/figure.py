"""What a figure of the gallery is: numbers that can be checked, and a picture that can be drawn."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from optim import Run

# Drawing loads Matplotlib, which a list or a check of the numbers does without.
if TYPE_CHECKING:
    from stepsize.draw.layout.kit import Kit
else:
    Kit = Any

__all__ = [
    "CatalogueEntry",
    "Drawing",
    "GalleryFigure",
    "Kit",
    "Number",
    "Numbers",
    "catalogue",
    "figures_of",
]

SIX_DECIMALS = 5.1e-7
PROVENANCES = ("printed", "theorem", "computed", "from memory")


@dataclass(frozen=True)
class Number:
    """One number that a figure shows, beside what it ought to be.

    Attributes
    ----------
    what : str
        What it is, in words.
    value : float
        As computed now.
    expected, tolerance : float, or None
        The value it must have, and how far from it it may be.
    low, high : float
        Where a band stands in for a value (``expected`` is None): the smallest and the largest allowed.
    provenance : str
        Where the expectation comes from: "printed" by the source; a "theorem" or closed form; "computed" here
        once and frozen; "from memory", a number of the source that recomputation confirmed digit by digit.
    """

    what: str
    value: float
    provenance: str
    expected: float | None = None
    tolerance: float = 0.0
    low: float = -math.inf
    high: float = math.inf

    @property
    def passes(self) -> bool:
        """Whether the value is as expected; nan never is."""
        if self.expected is not None:
            return abs(self.value - self.expected) <= self.tolerance
        return self.low <= self.value <= self.high

    def to_dict(self) -> dict[str, Any]:
        """Return standard JSON values; an infinite bound is left out, a value that is not finite is text."""
        bounds = {"low": self.low, "high": self.high}
        target = (
            {name: bound for name, bound in bounds.items() if math.isfinite(bound)}
            if self.expected is None
            else {"expected": self.expected, "tolerance": self.tolerance}
        )
        value = self.value if math.isfinite(self.value) else repr(self.value)
        return {"what": self.what, "value": value, **target, "provenance": self.provenance, "ok": self.passes}


class Numbers:
    """The numbers of one figure, as they are collected.

    Each method takes what it is, the value computed now, and the value expected (arrays are compared element
    by element), with ``within`` as the absolute tolerance, or ``between=(low, high)`` instead of a value.

    Examples
    --------
    >>> numbers = Numbers()
    >>> numbers.printed("x after ten updates", 0.06046618, 0.060466)
    >>> numbers.theorem("factor", 0.5, 0.5)
    >>> [(n.what, n.passes) for n in numbers]
    [('x after ten updates', True), ('factor', True)]
    """

    def __init__(self) -> None:
        self._all: list[Number] = []

    def __iter__(self) -> Iterator[Number]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def printed(
        self, what: str, value: Any, expected: Any = None, within: Any = SIX_DECIMALS, **band: Any
    ) -> None:
        """Compare with what the source prints, by default six decimals."""
        self._add("printed", what, value, expected, within, **band)

    def recalled(
        self, what: str, value: Any, expected: Any = None, within: Any = SIX_DECIMALS, **band: Any
    ) -> None:
        """Compare with what the source prints according to memory; that it matches is the confirmation."""
        self._add("from memory", what, value, expected, within, **band)

    def theorem(self, what: str, value: Any, expected: Any = None, within: Any = None, **band: Any) -> None:
        """Compare with a closed form, by default to 1e-12 relative or absolute, whichever is wider."""
        self._add("theorem", what, value, expected, _scaled(1e-12, expected, within), **band)

    def computed(self, what: str, value: Any, expected: Any = None, within: Any = None, **band: Any) -> None:
        """Compare with a value computed once from the source's definition and frozen, by default to 1e-6."""
        self._add("computed", what, value, expected, _scaled(1e-6, expected, within), **band)

    def _add(
        self,
        provenance: str,
        what: str,
        value: Any,
        expected: Any,
        within: Any,
        between: tuple[float, float] | None = None,
    ) -> None:
        if (expected is None) == (between is None):
            raise TypeError(f"{what}: expected either a value or between=(low, high)")
        if between is not None:
            low, high = between
            self._all.append(Number(what, float(value), provenance, low=float(low), high=float(high)))
            return
        value, expected, within = np.asarray(value), np.asarray(expected), np.asarray(within)
        if value.shape != expected.shape:
            raise ValueError(f"{what}: got shape {value.shape}, expected {expected.shape}")
        within = np.broadcast_to(within, value.shape)
        for index in np.ndindex(value.shape):
            place = f" [{', '.join(str(i + 1) for i in index)}]" if index else ""
            item = float(value[index]), provenance, float(expected[index]), float(within[index])
            self._all.append(Number(what + place, *item))


def _scaled(relative: float, expected: Any, within: Any) -> Any:
    """Return the tolerance given, or the default one, never below its share of the value."""
    if within is not None or expected is None:
        return within
    return relative * np.maximum(1.0, np.abs(np.asarray(expected)))


@dataclass(frozen=True)
class Drawing:
    """How a figure is drawn, and its trajectories.

    Attributes
    ----------
    draw : callable
        ``draw(kit)`` begins the picture with ``kit.panels`` or ``kit.figure`` and draws into it.
    runs : dict
        Trajectories by label, for animations; empty where there are none.
    window : sequence of (low, high), optional
        The region in which to show them.
    colors : sequence of str or int, optional
        What the picture draws them in, so that a film does too: a colour, or its place among the colours of
        the house; those in order, where nothing is said.
    """

    draw: Callable[[Kit], None]
    runs: dict[str, Run] = field(default_factory=dict)
    window: Any = None
    colors: Sequence[str | int] | None = None


@dataclass(frozen=True)
class GalleryFigure:
    """A figure of the gallery, computed: its numbers, and how to draw it.

    Attributes
    ----------
    numbers : Numbers
        What is checked.
    drawing : Drawing
        How it is drawn; only then is Matplotlib loaded.
    """

    numbers: Numbers
    drawing: Drawing

    @property
    def failures(self) -> list[Number]:
        """The numbers that are not as expected."""
        return [number for number in self.numbers if not number.passes]

    @cached_property
    def picture(self) -> Any:
        """The Matplotlib figure, drawn once in the house style."""
        from stepsize.draw.layout.kit import Kit
        from stepsize.draw.style import style

        kit = Kit()
        with style():
            self.drawing.draw(kit)
            kit.explain_hollow_points()
        return kit.picture


@dataclass(frozen=True)
class CatalogueEntry:
    """A figure of the gallery as the catalogue knows it, before anything is computed.

    Attributes
    ----------
    name : str
        Stable, such as ``d2l-12.3-three-rates``.
    source, place : str
        The book or article, and the chapter, section, figure or theorem in it.
    teaches : str
        One sentence.
    remark : str
        Where the source and recomputation disagree: how, and which number proves it.
    """

    name: str
    source: str
    place: str
    teaches: str
    remark: str
    make: Callable[[Numbers], Drawing]

    def __call__(self) -> GalleryFigure:
        """Compute the figure."""
        numbers = Numbers()
        drawing = self.make(numbers)
        return GalleryFigure(numbers, drawing)


_CATALOGUE: dict[str, CatalogueEntry] = {}


def catalogue() -> dict[str, CatalogueEntry]:
    """Return every figure by name, in the order in which the modules define them."""
    return dict(_CATALOGUE)


def figures_of(source: str) -> Callable[..., Callable[[Callable[[Numbers], Drawing]], CatalogueEntry]]:
    """Return a decorator that enters functions into the catalogue under one source.

    ``@figure("name", "section", "what it teaches")`` above a function that is handed the `Numbers` to fill
    and returns a `Drawing`.
    """

    def figure(
        name: str, place: str, teaches: str, remark: str = ""
    ) -> Callable[[Callable[[Numbers], Drawing]], CatalogueEntry]:
        def enter(make: Callable[[Numbers], Drawing]) -> CatalogueEntry:
            if name in _CATALOGUE and _CATALOGUE[name].make.__module__ != make.__module__:
                raise TypeError(f"a figure named {name} is there already, in {make.__module__}")
            _CATALOGUE[name] = CatalogueEntry(name, source, place, teaches, remark, make)
            return _CATALOGUE[name]

        return enter

    return figure
