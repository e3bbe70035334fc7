"""The limits of small steps: gradient flow, and the differential equation behind momentum."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from optim.start import checked_problem
from optim.user_functions import guarded
from stepsize.core.display import brief
from stepsize.core.validation import as_floats, as_number, real_numbers, require

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Flow", "gradient_flow", "inertia", "momentum_flow", "time_step"]

Array = np.ndarray[Any, Any]


class Flow(NamedTuple):
    """A path in continuous time.

    Attributes
    ----------
    t : ndarray of shape (T,)
        Times.
    x : ndarray of shape (T, d)
        Where the flow is at each of them.
    fun : ndarray of shape (T,)
        The value there.
    """

    t: Array
    x: Array
    fun: Array

    def __repr__(self) -> str:
        return brief(self)


def inertia(lr: float, momentum: float) -> float:
    r"""Return :math:`\lambda = \gamma/(1 - \beta)^2`, the mass of the ball that momentum descent imitates.

    Runs of equal inertia follow the same path, the closer the smaller their rate.

    References
    ----------
    Papazov, Pesme and Flammarion, "Leveraging continuous time to understand momentum when training diagonal
    linear networks", AISTATS 2024 (arXiv:2403.05293).

    Examples
    --------
    >>> round(inertia(0.01, 0.9), 12)
    1.0
    """
    require(0 <= as_number("momentum", momentum) < 1, "momentum", momentum, "from 0 to below 1")
    return as_number("lr", lr) / (1 - momentum) ** 2


def time_step(lr: float, momentum: float = 0.0) -> float:
    r"""Return :math:`\gamma/(1 - \beta)`, how much time passes in one update.

    Examples
    --------
    >>> time_step(0.01), round(time_step(0.01, 0.9), 12)
    (0.01, 0.1)
    """
    require(0 <= as_number("momentum", momentum) < 1, "momentum", momentum, "from 0 to below 1")
    return as_number("lr", lr) / (1 - momentum)


def gradient_flow(problem: Any, times: "ArrayLike", x0: "ArrayLike | None" = None) -> Flow:
    r"""Return the path of steepest descent in continuous time.

    .. math:: x'(t) = -\nabla f(x(t))

    Gradient descent is its Euler scheme with time step lr.

    Parameters
    ----------
    problem : Problem
        Where.
    times : sequence of float
        Increasing, the first one the time of the start.
    x0 : sequence of float, optional
        The start; the problem's own by default.

    Examples
    --------
    Along curvature 2 the distance is 10 exp(-2 t):

    >>> from problems import Parabola
    >>> gradient_flow(Parabola(), [0.0, 0.5]).x.round(9).tolist()
    [[10.0], [3.678794412]]
    """
    problem, start = _prepared(problem, x0)
    return _flow(problem, times, start, start.size, lambda _, x: -problem.grad(x))


def momentum_flow(problem: Any, inertia: float, times: "ArrayLike", x0: "ArrayLike | None" = None) -> Flow:
    r"""Return the path of a ball with friction, the limit of descent with momentum.

    .. math:: \lambda x''(t) + x'(t) + \nabla f(x(t)) = 0, \qquad x'(0) = 0

    Descent with momentum is a discretisation of it with time step lr/(1 - beta) (`time_step`), where
    lambda = lr/(1 - beta)^2 (`inertia`).

    Parameters
    ----------
    problem : Problem
        Where.
    inertia : float
        lambda, positive.
    times : sequence of float
        Increasing, the first one the time of the start.
    x0 : sequence of float, optional
        The start; the problem's own by default. The ball starts at rest.

    References
    ----------
    Polyak, "Some methods of speeding up the convergence of iteration methods", 1964. Papazov, Pesme and
    Flammarion, AISTATS 2024 (arXiv:2403.05293).

    Examples
    --------
    With curvature 1 and lambda = 1/4 the ball is damped critically: (1 + 2 t) exp(-2 t).

    >>> from problems import Parabola
    >>> momentum_flow(Parabola(1.0, start=1.0), 0.25, [0.0, 1.0]).x.round(9).tolist()
    [[1.0], [0.40600585]]
    """
    require(as_number("inertia", inertia) > 0, "inertia", inertia, "a positive number")
    problem, start = _prepared(problem, x0)

    def derivative(_: float, state: Array) -> Array:
        x, v = np.split(state, 2)
        return np.concatenate([v, -(v + problem.grad(x)) / inertia])

    return _flow(problem, times, np.concatenate([start, np.zeros_like(start)]), start.size, derivative)


def _prepared(problem: Any, x0: Any) -> tuple[Any, Array]:
    problem = guarded(checked_problem(problem))
    if x0 is None and problem.x0 is None:
        raise ValueError("x0: got None, expected a starting point: the problem defines none; pass x0")
    start = np.atleast_1d(real_numbers("x0", problem.x0 if x0 is None else x0, "an array of floats"))
    dim = start.size if problem.x0 is None else len(problem.x0)
    require(start.shape == (dim,), "x0", x0, f"{dim} numbers")
    return problem, start


def _flow(
    problem: Any, times: Any, state: Array, dim: int, derivative: Callable[[float, Array], Array]
) -> Flow:
    from scipy.integrate import solve_ivp

    t = as_floats("times", times)
    rising = t.ndim == 1 and t.size > 1 and bool((np.diff(t) > 0).all())
    require(rising, "times", times, "increasing numbers, the first one the time of the start")
    found = solve_ivp(derivative, (t[0], t[-1]), state, "DOP853", t, rtol=1e-10, atol=1e-12)
    x = found.y[:dim].T
    return Flow(found.t, x, np.asarray(problem.fun(x)))
