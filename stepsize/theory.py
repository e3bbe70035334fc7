"""What theory knows of rates on quadratics: where a rule stops converging, and where it is fastest."""

from typing import Any

from optim import SGD, Momentum, Nesterov, Optimizer

__all__ = ["best_rate", "edge"]


def edge(optimizer: Optimizer, problem: Any) -> Any:
    r"""Return the rate at and beyond which a rule does not converge on a quadratic with the problem's L.

    .. math::
        \frac{2}{L} \text{ (gradient descent)}, \qquad
        \frac{2 + 2\beta}{L} \text{ (heavy ball)}, \qquad
        \frac{2 + 2\beta}{(1 + 2\beta) L} \text{ (Nesterov's)}

    Beyond quadratics it holds near a minimum with that curvature.

    Parameters
    ----------
    optimizer : Optimizer
        Its rate does not matter; its momentum may be an array.
    problem : Problem
        With L.

    Returns
    -------
    float, ndarray or None
        None where nothing is known.

    References
    ----------
    Polyak, "Introduction to optimization", 1987, section 3.2.1. For Nesterov's form: Lessard, Recht and
    Packard, "Analysis and design of optimization algorithms via integral quadratic constraints", SIAM J.
    Optim. 26 (2016), whose characteristic polynomial has a root at -1 there.

    Examples
    --------
    >>> from problems import Quadratic
    >>> edge(SGD(), Quadratic([1.0, 10.0])), edge(Momentum(momentum=0.5), Quadratic([1.0, 10.0]))
    (0.2, 0.3)
    """
    L = getattr(problem, "L", None)
    if not L:
        return None
    if type(optimizer) is SGD:
        return 2 / L
    momentum: Any = getattr(optimizer, "momentum", None)
    if type(optimizer) not in (Momentum, Nesterov) or callable(momentum):
        return None
    return (2 + 2 * momentum) / L / (1 if type(optimizer) is Momentum else 1 + 2 * momentum)


def best_rate(optimizer: Optimizer, problem: Any) -> float | None:
    """Return 2/(L + mu), the rate at which gradient descent is fastest in the worst direction; or None.

    Examples
    --------
    >>> from problems import Quadratic
    >>> best_rate(SGD(), Quadratic([1.0, 9.0]))
    0.2
    """
    L, mu = getattr(problem, "L", None), getattr(problem, "mu", None)
    return 2 / (L + mu) if type(optimizer) is SGD and L and mu else None
