"""Low points of the cubics and parabolas through two trials."""

import math

from schedules.linesearch.base import Trial

__all__: list[str] = []


def cubic_low(a: Trial, b: Trial) -> float | None:
    """Return the low point of the cubic through values and slopes at both ends."""
    if not b.finite or b.alpha == a.alpha:
        return None
    d1 = a.slope + b.slope - 3 * (a.f - b.f) / (a.alpha - b.alpha)
    root = d1 * d1 - a.slope * b.slope
    if not 0 <= root < math.inf:
        return None
    d2 = math.copysign(math.sqrt(root), b.alpha - a.alpha)
    below = b.slope - a.slope + 2 * d2
    return float(b.alpha - (b.alpha - a.alpha) * (b.slope + d2 - d1) / below) if below else None


def parabola_low(a: Trial, b: Trial) -> float | None:
    """Return the low point of the parabola through value and slope at a and the value at b."""
    step = b.alpha - a.alpha
    curvature = 2 * (b.f - a.f - a.slope * step) if math.isfinite(b.f) else 0.0
    return float(a.alpha - a.slope * step * step / curvature) if curvature > 0 else None
