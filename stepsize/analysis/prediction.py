"""What theory says about a run before it is made, and what the run shows afterwards."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim import SGD, Momentum, Nesterov, Optimizer, Run
from optim.start import checked_problem
from stepsize.analysis.diagnosis import require_single_run
from stepsize.analysis.quadratic_theory import (
    NoiseFloor,
    contraction,
    noise_floor,
    rate_and_momentum,
    regime,
    stability_limit,
    steps_to,
)
from stepsize.core.display import brief
from stepsize.core.validation import require

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Prediction", "observed_rate", "predict"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Prediction:
    """What theory says about an optimizer on a problem, before it runs.

    Attributes
    ----------
    limit : float
        The rate from which on it diverges, or cannot stay at the minimizer.
    rate : float
        Factor by which the distance to the minimizer shrinks a step, in the long run.
    curvature : float
        The curvature along which it is slowest.
    regime : str
        How the error goes along that direction: "monotone", "ripples", "alternating" or "divergent".
    everywhere : bool
        True if it holds wherever the run is (on a quadratic), False if only close to the minimizer.
    guarantee : float or None
        For gradient descent on an L-smooth, mu-strongly convex problem: the factor by which every step at
        least shrinks the distance to the minimizer, from wherever it is.
    floor : NoiseFloor or None
        Where additive noise holds it up, if the problem has some.
    sentence : str
        The same in words.
    """

    limit: float
    rate: float
    curvature: float
    regime: str
    everywhere: bool
    guarantee: float | None
    floor: NoiseFloor | None
    sentence: str

    __repr__ = brief

    def __str__(self) -> str:
        return self.sentence

    def steps_to(self, reduction: float) -> float:
        """Return after how many steps the distance to the minimizer has shrunk by that factor."""
        return steps_to(self.rate, reduction)

    def against(self, run: Run) -> str:
        """Return prediction and observation in one line.

        Examples
        --------
        >>> from optim import minimize
        >>> from problems import Quadratic
        >>> bowl, opt = Quadratic([1.0, 10.0]), SGD(lr=2 / 11)
        >>> predict(bowl, opt).against(minimize(bowl, opt, steps=200))
        'predicted 0.818 a step, observed 0.818'
        """
        predicted, observed = self.factors(run)
        return f"predicted {predicted} a step, " + (
            "nothing to measure" if observed == "-" else f"observed {observed}"
        )

    def factors(self, run: Run) -> tuple[str, str]:
        """Return the predicted and the observed factor a step as text, "-" where nothing can be measured."""
        observed = observed_rate(run)
        return _short(self.rate), "-" if observed is None else _short(observed)


def predict(problem: Any, optimizer: Optimizer, x0: "ArrayLike | None" = None) -> Prediction:
    """Return what theory says about an optimizer on a problem, before it runs.

    On a quadratic the prediction is exact: each direction in which the start differs from the minimizer has
    its factor, and the largest wins. Elsewhere it is that of the quadratic at the minimizer, which holds once
    the run is close.

    Parameters
    ----------
    problem : Problem
        With a minimizer and a Hessian, or with L and mu.
    optimizer : SGD, Momentum or Nesterov
        With numbers for rate and momentum.
    x0 : sequence of float, optional
        The start; the problem's own by default.

    Raises
    ------
    TypeError, ValueError
        If theory has nothing to say: another optimizer, a rate that changes, a problem without a minimizer or
        without known curvature.

    Examples
    --------
    >>> from problems import Quadratic
    >>> bowl = Quadratic([1.0, 10.0])
    >>> print(predict(bowl, SGD(lr=0.21)))
    lr 0.21 > 2/L = 0.2: will diverge
    >>> print(predict(bowl, SGD(lr=0.1)))
    predicted 0.9 a step, monotone
    """
    problem = checked_problem(problem)
    lr, beta = rate_and_momentum(optimizer)
    if problem.varies and not hasattr(problem, "sigma_g"):
        raise ValueError(
            f"problem: got {problem!r}, expected one that the updates see as it is, or with additive noise"
        )
    curvatures, start, spread = _curvatures(problem, problem.x0 if x0 is None else x0)
    L = float(curvatures.max())
    require(L > 0, "problem", problem, "a problem with positive curvature")
    bends = curvatures > 1e-12 * L  # a flat direction has nothing to gain
    moving = bends & (start > 1e-14 * start.max()) if start.max() > 0 else bends
    factors = np.asarray(contraction(optimizer, curvatures[moving]))
    # Of directions that are equally slow the steepest speaks: it is the one that rings.
    slowest = int(np.flatnonzero(factors >= factors.max() * (1 - 1e-9))[-1])
    rate, where = float(factors[slowest]), float(curvatures[moving][slowest])
    limit = stability_limit(optimizer, float(curvatures[moving].max()))
    everywhere = _is_quadratic(problem)
    manner = regime(optimizer, where)
    floor = noise_floor(optimizer, curvatures[bends], spread[bends]) if spread.any() and rate < 1 else None
    bounds: dict[type[Optimizer], str] = {
        SGD: "2/L",
        Momentum: "(2 + 2 beta)/L",
        Nesterov: "(2 + 2 beta)/((1 + 2 beta) L)",
    }
    if rate < 1:
        close = "" if everywhere else " near the minimizer"
        sentence = f"predicted {_short(rate)} a step{close}, {manner}"
        if floor is not None:
            sentence += f", down to noise at {floor.radius:.3g} from the minimizer"
    else:
        sentence = _why_not(lr, beta, limit, bounds[type(optimizer)], everywhere)
    return Prediction(limit, rate, where, manner, everywhere, _guarantee(problem, optimizer), floor, sentence)


def _why_not(lr: float, beta: float, limit: float, bound: str, everywhere: bool) -> str:
    """Return in words why the error does not shrink."""
    at_limit = math.isclose(lr, limit, rel_tol=1e-12)
    if lr > limit and not at_limit:
        end = "will diverge" if everywhere else "cannot settle at the minimizer"
        return f"lr {lr:.4g} > {bound} = {limit:.4g}: {end}"
    if beta >= 1:
        end = "will neither settle nor diverge" if beta == 1 else "will diverge"
        return f"momentum {beta:.4g} is no friction: {end}"
    return (
        f"lr {lr:.4g} = {bound}: will neither settle nor diverge"
        if at_limit
        else f"lr {lr:.4g}: will not move"
    )


def _guarantee(problem: Any, optimizer: Optimizer) -> float | None:
    """Return max(|1 - lr mu|, |1 - lr L|) where it is below 1 and theory has it."""
    if type(optimizer) is not SGD or problem.L is None or not problem.mu:
        return None
    factor = float(max(contraction(optimizer, np.array([problem.mu, problem.L]))))
    return factor if factor < 1 else None


def observed_rate(run: Run) -> float | None:
    """Return by what factor the error of a run changed a step, in the long run.

    The error is the distance to the minimizer where there is one, otherwise the root of the gap, otherwise
    the gradient norm: all three shrink alike on a quadratic. Ripples are replaced by their envelope; a line
    is fitted to its logarithm over the later half of the run, up to where rounding takes over.

    Parameters
    ----------
    run : Run
        A single run.

    Returns
    -------
    float or None
        None if there are too few steps to tell; 0.0 if it arrived exactly.

    Examples
    --------
    >>> from optim import minimize
    >>> from problems import Parabola
    >>> round(observed_rate(minimize(Parabola(), SGD(lr=0.05), steps=100)), 9)
    0.9
    """
    require_single_run(run)
    error, floor = _distance(run)
    if error[-1] == 0 and len(error) > 1 and np.count_nonzero(error) < 8:
        return 0.0
    grows = error[-1] > error[0]
    envelope = np.maximum.accumulate(error) if grows else np.maximum.accumulate(error[::-1])[::-1]
    usable = np.flatnonzero((envelope > floor) & np.isfinite(envelope))
    if len(usable) < 8:
        return None
    end = int(usable[-1]) + 1
    late = np.arange(end // 2, end)
    return float(np.exp(_slope(late, np.log(envelope[late]))))


def _slope(k: Array, log_error: Array) -> float:
    """Return the slope of log error in k, where the error is rate^k or, at critical damping, k rate^k."""
    fits = []
    for y in (log_error, log_error - np.log(k)):
        line = np.polyfit(k, y, 1)
        fits.append((np.square(np.polyval(line, k) - y).sum(), line[0]))
    (misfit, slope), (misfit_critical, slope_critical) = fits
    return float(slope_critical if misfit_critical < 0.25 * misfit else slope)


def _distance(run: Run) -> tuple[Array, float]:
    """Return the error at each point, in units of a distance, and the size at which rounding hides it."""
    problem, eps = run.problem, float(np.finfo(run.history.x.dtype).eps)
    minimizers = problem.minimizers
    whole = run.history.every == 1 and not getattr(problem, "drifts", False)
    isolated = getattr(problem, "isolated", True)
    if minimizers is not None and len(minimizers) == 1 and isolated and whole:
        center = np.array(minimizers[0], float)
        points = run.history.x if run.history.output is None else run.history.output
        return np.linalg.norm(points - center, axis=-1), 1e3 * eps * float(np.abs(center).max()) + 1e-290
    if problem.minimum is not None:
        gap = np.maximum(run.error, 0.0)
        return np.sqrt(gap), math.sqrt(1e3 * eps * abs(problem.minimum)) + 1e-150
    return np.asarray(run.error), 1e-290


def _is_quadratic(problem: Any) -> bool:
    """Whether there are no kinks and the Hessian is the same at a few places."""
    if not getattr(problem, "has_hess", False) or not problem.smooth:
        return False
    x0 = np.array(problem.x0, float)
    places = x0 + np.array([0.0, 0.5, -1.5])[:, None] * (1 + np.abs(x0))
    H = np.array([problem.hess(place) for place in places])
    return bool(np.allclose(H[1:], H[0], rtol=1e-12, atol=1e-12 * np.abs(H).max()))


def _curvatures(problem: Any, x0: Any) -> tuple[Array, Array, Array]:
    """Return curvatures at the minimizer, the start along each direction, and the noise along each."""
    minimizers = problem.minimizers
    if minimizers is not None and getattr(problem, "has_hess", False):
        x = np.array(minimizers[0], float)
        values, vectors = np.linalg.eigh(problem.hess(x))
        sigma = np.broadcast_to(np.asarray(getattr(problem, "sigma_g", 0.0), float), x.shape)
        spread = np.sqrt((vectors * vectors).T @ (sigma * sigma))
        start = np.abs(vectors.T @ (np.array(x0, float) - x))
        return values, start if _is_quadratic(problem) else np.ones_like(start), spread
    if problem.L is not None and problem.mu is not None and problem.mu > 0:
        return np.array([problem.mu, problem.L]), np.ones(2), np.zeros(2)
    raise ValueError(
        f"problem: got {problem!r}, expected one with a minimizer and a Hessian, or with L and mu above 0"
    )


def _short(rate: float) -> str:
    """Return a factor with as many digits as tell it from 1."""
    near = abs(1 - rate)
    if not near < 1e4:
        return f"{rate:.3g}"
    digits = max(3, 1 - math.floor(math.log10(near))) if near else 3
    return f"{rate:.{digits}f}".rstrip("0").rstrip(".")
