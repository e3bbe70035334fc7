"""The pieces of which Schaul, Antonoglou and Silver's landscapes are made."""

from typing import NamedTuple

import numpy as np

from problems.problem import Array


class Curve(NamedTuple):
    """Value, slope and curvature at some points."""

    f: Array
    g: Array
    h: Array


class Corner:
    """Two straight lines of equal length: the family of line, abs, relu, bend, cliff and ridge."""

    def __init__(self, start: float, end: float, value: float, before: float, after: float) -> None:
        ratio = np.sqrt((1 + before * before) / (1 + after * after))
        self.at = float((ratio * start + end) / (1 + ratio))
        self.value = value + before * (self.at - start)
        self.before, self.after = before, after

    def __call__(self, x: Array) -> Curve:
        """Return value, slope and curvature at x."""
        distance = x - self.at
        slope = np.where(distance < 0, self.before, self.after)
        # At a corner that is an optimum the subgradient 0 is taken.
        g = np.where((distance == 0) & (self.before * self.after <= 0), 0.0, slope)
        return Curve(self.value + slope * distance, g, np.zeros_like(x))


class Bowl:
    """A parabola: quad_bowl ends as high as it starts, quad_convex keeps a tenth of its slope."""

    def __init__(self, start: float, end: float, value: float, slope: float, shape: str) -> None:
        if shape == "quad_bowl":
            self.at = (start + end) / 2
        else:
            self.at = (10 * start - end) / 9 if slope > 0 else (end - 0.1 * start) / 0.9
        self.curvature = slope / (start - self.at)
        self.value = value - 0.5 * slope * (start - self.at)

    def __call__(self, x: Array) -> Curve:
        """Return value, slope and curvature at x."""
        r = x - self.at
        return Curve(
            self.value + 0.5 * self.curvature * (r * r), self.curvature * r, np.full_like(x, self.curvature)
        )


class Decay:
    """An exponential that loses all but a thousandth of its slope."""

    def __init__(self, start: float, end: float, value: float, slope: float) -> None:
        self.start, self.slope = start, slope
        self.rate = np.log(1000) / (end - start)
        self.value = value + slope / self.rate  # what it tends to

    def __call__(self, x: Array) -> Curve:
        """Return value, slope and curvature at x."""
        g = self.slope * np.exp(-self.rate * (x - self.start))
        return Curve(self.value - g / self.rate, g, -self.rate * g)


class Well:
    """A well of Gauss's or Laplace's shape, or the part of it that is convex or not."""

    def __init__(self, start: float, end: float, value: float, slope: float, shape: str) -> None:
        family, _, part = shape.partition("_")
        self.gauss = family == "gauss"
        # A flat start has no well; the source takes the faintest of slopes.
        slope = slope if slope != 0 else -1e-7
        # Where the piece starts and ends, in widths from the bottom.
        bend = 1 / np.sqrt(2) if self.gauss else 1.0  # where it turns from convex to concave
        reach = {"bowl": (0.1, -0.1), "convex": (bend, 0.1), "nonconvex": (4.0 if self.gauss else 8.0, bend)}
        near, far = reach[part]
        if slope > 0:
            near, far = -far, -near
        self.width = (end - start) / (near - far)
        self.at = start + near * self.width
        drop = self._drop(np.array(start))
        self.depth = slope / drop.g
        self.value = value + self.depth * (1 - drop.f)

    def _drop(self, x: Array) -> Curve:
        """Return the well of depth 1 about its rim."""
        u = (x - self.at) / self.width
        if self.gauss:
            e = np.exp(-u * u)
            return Curve(1 - e, 2 * u * e / self.width, 2 * (1 - 2 * u * u) * e / self.width**2)
        e = np.exp(-np.abs(u))
        return Curve(1 - e, np.sign(u) * e / self.width, -e / self.width**2)

    def __call__(self, x: Array) -> Curve:
        """Return value, slope and curvature at x."""
        f, g, h = self._drop(x)
        return Curve(self.value + self.depth * (f - 1), self.depth * g, self.depth * h)
