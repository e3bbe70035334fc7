"""Schaul, Antonoglou and Silver's prototypes: small pieces of landscape, joined end to end."""

from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np

from problems.problem import Array, Domain, Numbers, Problem, diagonal
from problems.stochastic.schaul_pieces import Bowl, Corner, Curve, Decay, Well
from stepsize.core.validation import did_you_mean, require

__all__ = ["Prototype", "PrototypeNorm"]

# value and slope at the start, which is at 0; the end is at 1
_SCALES = {"normal": (200.0, -1.0), "steep": (200.0, -10.0), "saddle": (200.0, 1.0), "flat": (2.0, -0.1)}
_CORNERS = {"line": 1.0, "abs": -1.0, "relu": 0.0, "cliff": -10.0, "ridge": 10.0}
_BOWLS = ("quad_bowl", "quad_convex")
_WELLS = tuple(
    f"{family}_{part}" for family in ("gauss", "laplace") for part in ("bowl", "convex", "nonconvex")
)
_SHAPES = [*_CORNERS, "bend", *_BOWLS, "exponential", *_WELLS]


class Prototype(Problem):
    r"""A one-dimensional landscape of prototypes, joined so that value and slope go over into each other.

    Each piece takes an equal part of the interval; beyond its ends the first and the last go on. The pieces:

    ``line``
        straight
    ``abs``
        turns back at equal slope: a kink at the bottom
    ``relu``
        goes level
    ``bend``
        level first, then the slope before the last level piece
    ``cliff``, ``ridge``
        ten times the slope, backwards or onwards
    ``quad_bowl``
        a parabola that ends as high as it starts
    ``quad_convex``
        a parabola that keeps a tenth of its slope
    ``exponential``
        levels out
    ``gauss_bowl``, ``gauss_convex``, ``gauss_nonconvex``
        the bottom of a well, its inner flank, its outer flank
    ``laplace_bowl``, ``laplace_convex``, ``laplace_nonconvex``
        the same of a well of Laplace's shape

    An optimizer that fails on one of them has a defect that a single hard benchmark would hide.

    Parameters
    ----------
    pieces : str
        Names joined by hyphens, such as ``"quad_convex-cliff-quad_bowl"``.
    scale : str
        "normal" (from 0 to 1, value 200 and slope -1 at the start), "steep" (slope -10), "saddle" (slope +1)
        or "flat" (value 2 and slope -0.1).

    Raises
    ------
    ValueError
        For an unknown piece or scale.

    References
    ----------
    Schaul, Antonoglou and Silver, "Unit tests for stochastic optimization", ICLR 2014 (arXiv:1312.6055);
    definitions from its code, optimBench.

    Examples
    --------
    >>> Prototype("quad_bowl").minimum, Prototype("abs").minimum
    (199.75, 199.5)
    """

    pieces: str = "quad_bowl"
    scale: Literal["normal", "steep", "saddle", "flat"] = "normal"
    source = "Schaul, Antonoglou and Silver, arXiv:1312.6055"
    x0 = (0.0,)
    domain = (-1.0, 2.0)
    demo: ClassVar = {"pieces": "quad_convex-gauss_nonconvex-gauss_convex-quad_bowl"}

    def check(self) -> None:
        """Validate the names of the pieces."""
        for name in self._names:
            if name not in _SHAPES:
                known = f"one of {', '.join(_SHAPES)}{did_you_mean(name, _SHAPES)}"
                require(False, "pieces", name, known)

    @property
    def _names(self) -> list[str]:
        return str(self.pieces).split("-")

    @cached_property
    def _limits(self) -> Array:
        return np.linspace(0.0, 1.0, len(self._names) + 1)

    @cached_property
    def _curves(self) -> list[Any]:
        """One function a piece, each starting at the value and slope where the last one ended."""
        value, slope = _SCALES[self.scale]
        before_level = slope
        curves: list[Any] = []
        for name, start, end in zip(self._names, self._limits[:-1], self._limits[1:], strict=True):
            if name == "bend":
                curve: Any = Corner(start, end, value, 0.0, before_level)
            elif name in _CORNERS:
                curve = Corner(start, end, value, slope, _CORNERS[name] * slope)
            elif name in _BOWLS:
                curve = Bowl(start, end, value, slope, name)
            elif name == "exponential":
                curve = Decay(start, end, value, slope)
            else:
                curve = Well(start, end, value, slope, name)
            curves.append(curve)
            before_level = slope if slope != 0 else before_level
            value, slope = (float(part) for part in curve(np.array(end))[:2])
        return curves

    @cached_property
    def smooth(self) -> bool:
        """Whether the slope is differentiable everywhere: one piece, without a kink."""
        return len(self._curves) == 1 and self._names[0] not in ("laplace_bowl", *list(_CORNERS)[1:], "bend")

    @property
    def _bottom(self) -> tuple[Any, float] | None:
        """The minimizer, if one is attained, and the minimum of a landscape of one piece."""
        if len(self._names) > 1 or self.scale == "saddle":
            return None
        name, curve = self._names[0], self._curves[0]
        if name in ("line", "ridge", "bend"):
            return None  # no lower bound
        if name in ("exponential", "relu"):
            return (None if name == "exponential" else 1.0), curve.value
        if isinstance(curve, Well):
            return curve.at, float(curve.value - curve.depth)
        return curve.at, float(curve.value)

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...] | None:
        """The bottom of a landscape of one piece, where there is one."""
        return None if self._bottom is None or self._bottom[0] is None else ((float(self._bottom[0]),),)

    @property
    def isolated(self) -> bool:
        """Whether the bottom is no level ground."""
        return self._names != ["relu"]

    @property
    def minimum(self) -> float | None:
        """The lowest value of a landscape of one piece, where there is one."""
        return None if self._bottom is None else float(self._bottom[1])

    @property
    def formula(self) -> str:
        return f"{self.pieces}, {self.scale}"

    def curve(self, x: Any) -> Curve:
        """Return value, slope and curvature at each of the points x, of any shape."""
        index = np.searchsorted(self._limits[1:-1], x, side="right")
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            all_curves = [curve(x) for curve in self._curves]
        return Curve(*(np.choose(index, values, mode="clip") for values in zip(*all_curves, strict=True)))

    def fun(self, x: Numbers) -> Numbers:
        return self.curve(x[..., 0]).f

    def grad(self, x: Numbers) -> Numbers:
        """Return the slope; 0 at a corner that is an optimum."""
        return self.curve(x).g

    def value_and_grad(self, x: Numbers) -> tuple[Numbers, Numbers]:
        """Return both from one evaluation."""
        f, g, _ = self.curve(x)
        return f[..., 0], g

    def hess(self, x: Numbers) -> Numbers:
        return self.curve(x).h[..., None]


class PrototypeNorm(Problem):
    r"""Several prototypes, one a coordinate, combined by a norm.

    .. math:: f(x) = \sum_i |F_i(x_i)|, \quad \sqrt{\textstyle\sum_i F_i(x_i)^2}
        \quad\text{or}\quad \max_i |F_i(x_i)|

    Parameters
    ----------
    prototypes : sequence of Prototype
        F_i.
    norm : str
        "L1", "L2" or "Linf".

    References
    ----------
    Schaul, Antonoglou and Silver, "Unit tests for stochastic optimization", ICLR 2014 (arXiv:1312.6055).

    Examples
    --------
    >>> both = PrototypeNorm([Prototype("quad_bowl"), Prototype("abs")])
    >>> both.fun(np.array([0.5, 0.5])).tolist()
    399.25
    """

    prototypes: Any = (Prototype("quad_bowl"), Prototype("abs"))
    norm: Literal["L1", "L2", "Linf"] = "L1"
    source = "Schaul, Antonoglou and Silver, arXiv:1312.6055"
    demo: ClassVar = {"prototypes": (Prototype("quad_bowl"), Prototype("gauss_bowl", "steep")), "norm": "L2"}

    def check(self) -> None:
        """Validate the prototypes."""
        several = isinstance(self.prototypes, tuple) and len(self.prototypes) > 0
        good = several and all(isinstance(p, Prototype) for p in self.prototypes)
        require(good, "prototypes", self.prototypes, "a list of Prototype records")

    @property
    def smooth(self) -> bool:
        """Whether every prototype is; a maximum has kinks of its own."""
        return self.norm != "Linf" and all(p.smooth for p in self.prototypes)

    @property
    def x0(self) -> tuple[float, ...]:
        return tuple(p.x0[0] for p in self.prototypes)

    @property
    def domain(self) -> Domain:
        return tuple(p.domain[0] for p in self.prototypes), tuple(p.domain[1] for p in self.prototypes)

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...] | None:
        """The bottoms together, where each prototype has one above zero."""
        if self.minimum is None or any(p.minimizers is None for p in self.prototypes):
            return None
        return (tuple(p.minimizers[0][0] for p in self.prototypes),)

    @property
    def isolated(self) -> bool:
        """Whether none can move: of a maximum only the largest part counts, so that they must be equal."""
        free = self.norm == "Linf" and len({p.minimum for p in self.prototypes}) > 1
        return not free and all(p.isolated for p in self.prototypes)

    @property
    def minimum(self) -> float | None:
        """The norm of the minima, where each prototype has one above zero and the norm is smooth there."""
        lowest = [p.minimum for p in self.prototypes]
        if any(value is None or value < 0 for value in lowest):
            return None
        order = {"L1": 1, "L2": 2, "Linf": np.inf}[self.norm]
        return float(np.linalg.norm(np.array(lowest, float), order))

    @property
    def formula(self) -> str:
        return f"{self.norm} norm of {', '.join(p.formula for p in self.prototypes)}"

    def _curves(self, x: Any) -> Curve:
        curves = [p.curve(x[..., i]) for i, p in enumerate(self.prototypes)]
        return Curve(*(np.stack(values, axis=-1) for values in zip(*curves, strict=True)))

    def fun(self, x: Numbers) -> Numbers:
        F = self._curves(x).f
        if self.norm == "L2":
            return np.sqrt((F * F).sum(axis=-1))
        return np.abs(F).sum(axis=-1) if self.norm == "L1" else np.abs(F).max(axis=-1)

    def _weights(self, F: Array) -> Array:
        """Return how the norm changes with each value."""
        if self.norm == "L2":
            return np.asarray(F / np.sqrt((F * F).sum(axis=-1, keepdims=True)))
        if self.norm == "L1":
            return np.sign(F)
        first = np.abs(F).argmax(axis=-1)[..., None]
        return np.where(np.arange(F.shape[-1]) == first, np.sign(F), 0.0)

    def grad(self, x: Numbers) -> Numbers:
        F, slope, _ = self._curves(x)
        return self._weights(F) * slope

    def hess(self, x: Numbers) -> Numbers:
        F, slope, bend = self._curves(x)
        w = self._weights(F)
        H = diagonal(w * bend)
        if self.norm == "L2":
            size = np.sqrt((F * F).sum(axis=-1))[..., None, None]
            g = w * slope
            H = H + (diagonal(slope * slope) - g[..., :, None] * g[..., None, :]) / size
        return H
