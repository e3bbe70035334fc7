"""The strong Wolfe conditions by a shrinking interval and safeguarded steps: More and Thuente's search."""

import math

from schedules.linesearch.base import Carry, Line, LineSearchResult, Trial
from schedules.linesearch.initial_step import memory
from schedules.linesearch.interpolation import cubic_low, parabola_low
from schedules.linesearch.wolfe import WolfeSearch

__all__ = ["MoreThuente"]

# Two trials have to shorten the interval by this factor, and one trial goes at most so far towards its end.
_SHORTER = 0.66
# While nothing is bracketed a step grows by 1.1 to 4 times the distance that it has just gone.
_LEAST_GROWTH, _MOST_GROWTH = 1.1, 4.0


class MoreThuente(WolfeSearch):
    r"""More and Thuente's search: few evaluations to the strong Wolfe conditions.

    .. math:: \varphi(\alpha) \le \varphi(0) + c_1 \alpha\, \varphi'(0), \qquad
        |\varphi'(\alpha)| \le c_2\, |\varphi'(0)|

    An interval is kept that contains acceptable steps; of its ends `low` has the lower value, and the slope
    there points into the interval. A trial is placed by the cubic through values and slopes of `low` and of
    the last trial, tempered by the parabola or the secant, in four cases: the value has risen; the slope has
    changed its sign; the slope has become flatter; the slope has become steeper. Until a trial has decreased
    enough and rises again, values are those of

    .. math:: \psi(\alpha) = \varphi(\alpha) - \varphi(0) - c_1 \alpha\, \varphi'(0)

    wherever :math:`\varphi` is lower at the trial but not by enough. With nothing bracketed a step grows by
    at most 4 times what it has just gone; an interval that two trials have not shortened to 0.66 is halved. A
    trial whose value is not finite is an end of the interval.

    Parameters
    ----------
    c1, c2 : float
        0 < c1 <= c2 < 1. Where c2 is None, it is what the rule suggests: 0.2 for conjugate gradients, else
        0.9, which suits Newton-like directions.
    first : float or str, optional
        First trial: a number, ``"unit"`` for Newton-like directions, ``"decrease"`` or ``"slope"`` for
        steepest descent and conjugate gradients, ``"last"`` for the last step. By default what the rule
        suggests: "slope" for conjugate gradients, else "unit".
    alpha_max : float
        Longest step; reached, the status is "max_step".
    max_trials : int
        Evaluations of one search.

    References
    ----------
    More and Thuente, "Line search algorithms with guaranteed sufficient decrease", ACM TOMS 20 (1994),
    sections 2 to 4.

    Examples
    --------
    >>> import numpy as np
    >>> from problems import Parabola
    >>> line = Line(Parabola(curvature=2.0), np.array([3.0]), d=np.array([6.0]))
    >>> found = MoreThuente(c2=0.1, first=4.0)(line, None)
    >>> round(found.alpha, 12), found.status, found.n_f
    (0.5, 'converged', 2)
    """

    def __call__(self, line: Line, carry: Carry) -> LineSearchResult:
        if line.slope0 >= 0:
            return line.reject("not_descent" if line.slope0 > 0 else "flat", carry)
        asked = self.c1 * line.slope0
        interval = _Interval(line.start, asked)
        alpha = self.first_alpha(line, carry)
        while line.n_calls < self.max_trials:
            trial = line.both(alpha)
            if trial.finite and trial.f <= line.phi0 + alpha * asked:
                if self.is_flat(line, trial):
                    return _accept(line, trial, "converged")
                if alpha >= self.alpha_max and trial.slope < 0:
                    return _accept(line, trial, "max_step")
            alpha = min(interval.narrow(trial), self.alpha_max)
            if interval.is_spent(alpha, line.shortest):
                break
        status = "budget" if interval.far is None or interval.far.finite else "nonfinite"
        if interval.low.f < line.phi0:
            return _accept(line, interval.low, status)
        return line.reject(status if status == "nonfinite" else "min_step", None)


def _accept(line: Line, trial: Trial, status: str) -> LineSearchResult:
    return line.accept(trial, status, memory(line, trial.alpha))


class _Interval:
    """The ends between which acceptable steps lie; `far` is None while nothing is bracketed."""

    def __init__(self, start: Trial, asked: float) -> None:
        self.phi0, self.asked = start.f, asked
        self.low = start
        self.far: Trial | None = None
        self.widths = (math.inf, math.inf)
        self.tilts = True

    def narrow(self, trial: Trial) -> float:
        """Take the trial as one of the ends, and return the next."""
        if not trial.finite:
            self.far = trial
            return _middle(self.low, trial)
        ceiling = self.phi0 + trial.alpha * self.asked
        if trial.f <= ceiling and trial.slope >= 0:
            self.tilts = False
        # psi instead of phi, where phi is lower than at the low end without having decreased enough.
        tilt = self.asked if self.tilts and ceiling < trial.f <= self.low.f else 0.0
        low, new = _tilted(self.low, tilt), _tilted(trial, tilt)
        alpha = _step(low, None if self.far is None else _tilted(self.far, tilt), new)
        if new.f > low.f:
            self.far = trial
        else:
            if new.slope * (new.alpha - low.alpha) > 0:
                self.far = self.low
            self.low = trial
        if self.far is None or self._shortens(self.far):
            return alpha
        return _middle(self.low, self.far)

    def _shortens(self, far: Trial) -> bool:
        """Whether two trials have shortened the interval enough."""
        before, last = self.widths
        width = float(abs(far.alpha - self.low.alpha))
        self.widths = last, width
        return width < _SHORTER * before

    def is_spent(self, alpha: float, shortest: float) -> bool:
        """Whether no step lies between the ends, to the last digits."""
        if self.far is None:
            return False
        left, right = sorted((self.low.alpha, self.far.alpha))
        return right - left <= 2.3e-16 * right or not left < alpha < right or alpha < shortest


def _middle(low: Trial, far: Trial) -> float:
    return low.alpha + 0.5 * (far.alpha - low.alpha)


def _tilted(end: Trial, tilt: float) -> Trial:
    """Return a trial less a line of this slope."""
    return Trial(end.alpha, end.f - tilt * end.alpha, end.slope - tilt) if tilt else end


def _step(low: Trial, far: Trial | None, new: Trial) -> float:
    """Return the next trial from the ends of the interval and the last trial, by the four cases."""
    if new.f > low.f:
        return _after_a_rise(low, new)
    if new.slope * low.slope < 0:
        return _after_a_turn(low, new)
    if abs(new.slope) <= abs(low.slope):
        return _after_a_flattening(low, far, new)
    return _longest(low, new) if far is None else _after_a_steepening(far, new)


def _after_a_rise(low: Trial, new: Trial) -> float:
    """Return the cubic's low point, or its mean with the parabola's where that is nearer to the low end."""
    parabola = parabola_low(low, new)
    cubic = cubic_low(low, new)
    if parabola is None or cubic is None:
        return _middle(low, new)
    near = abs(cubic - low.alpha) < abs(parabola - low.alpha)
    return cubic if near else cubic + 0.5 * (parabola - cubic)


def _after_a_turn(low: Trial, new: Trial) -> float:
    """Return the cubic's or the secant's low point, whichever is farther from the trial."""
    cubic, secant = cubic_low(low, new), _secant_zero(low, new)
    return secant if cubic is None else max(cubic, secant, key=lambda alpha: abs(alpha - new.alpha))


def _after_a_flattening(low: Trial, far: Trial | None, new: Trial) -> float:
    """Return the nearer of both low points inside an interval, the farther of them outside of one."""
    ahead = math.copysign(1.0, new.alpha - low.alpha)
    end = _longest(low, new) if far is None else far.alpha
    cubic = cubic_low(low, new)
    if cubic is None or (cubic - new.alpha) * ahead <= 0:
        cubic = end  # it falls for ever, or has its low point behind
    guesses = [cubic, _secant_zero(low, new)]
    if far is None:
        # The first trial may already be nearly long enough; later ones have shown to be too short.
        least = new.alpha + _LEAST_GROWTH * (new.alpha - low.alpha) if low.alpha > 0 else 0.0
        return min(max(*guesses, least), end)
    most = new.alpha + _SHORTER * (far.alpha - new.alpha)
    return min(*guesses, most, key=lambda alpha: abs(alpha - new.alpha))


def _after_a_steepening(far: Trial, new: Trial) -> float:
    """Return the low point of the cubic between the trial and the far end."""
    cubic = cubic_low(far, new)
    return _middle(far, new) if cubic is None else cubic


def _longest(low: Trial, new: Trial) -> float:
    return new.alpha + _MOST_GROWTH * (new.alpha - low.alpha)


def _secant_zero(low: Trial, new: Trial) -> float:
    """Return where the line through both slopes is zero; infinity if they are equal."""
    change = new.slope - low.slope
    if change == 0:
        return math.copysign(math.inf, new.alpha - low.alpha)
    return float(new.alpha - new.slope / change * (new.alpha - low.alpha))
