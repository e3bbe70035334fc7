"""An optimizer as a method of `scipy.optimize.minimize`."""

import inspect
from types import SimpleNamespace
from typing import Any

import numpy as np

from optim.loop import minimize
from stepsize.base.checks import describe

__all__ = ["as_method"]

Array = np.ndarray[Any, Any]


def as_method(
    optimizer: Any,
    fun: Any,
    x0: Any,
    args: tuple[Any, ...] = (),
    *,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,  # noqa: ARG001  (SciPy passes it; no rule has a use for it)
    bounds: Any = None,
    constraints: Any = (),
    callback: Any = None,
    maxiter: int = 1000,
    tol: float | None = None,
    **unknown: Any,
) -> Any:
    """Return SciPy's ``OptimizeResult`` of a run; SciPy calls this with what its `minimize` was given.

    Parameters
    ----------
    maxiter : int
        Updates to make, from ``options={"maxiter": ...}``.
    tol : float, optional
        Stop when the gradient norm is at most this.

    Raises
    ------
    TypeError, ValueError
        For bounds, constraints and options that gradient descent does not have.
    """
    from scipy.optimize import OptimizeResult, approx_fprime

    for name, given in (("bounds", bounds), ("constraints", constraints)):
        if given is not None and np.size(given):
            raise ValueError(
                f"{name}: got {describe(given)}, expected none: {type(optimizer).__name__} has no {name}"
            )
    if unknown:
        raise TypeError(
            f"options: got {', '.join(map(repr, sorted(unknown)))}, expected only 'maxiter' and 'tol'"
        )
    if jac is not None and not callable(jac):
        raise TypeError(f"jac: got {describe(jac)}, expected a function, True or None")
    evaluations = 0

    def value(x: Array) -> float:
        nonlocal evaluations
        evaluations += 1
        return float(fun(np.array(x), *args))

    def gradient(x: Array) -> Array:
        g = approx_fprime(x, value) if jac is None else jac(np.array(x), *args)
        return np.asarray(g, dtype=float).reshape(x.shape)

    def hessian(x: Array) -> Array:
        return np.asarray(hess(np.array(x), *args), dtype=float)

    problem: Any = SimpleNamespace(
        fun=value,
        grad=gradient,
        formula=getattr(fun, "__name__", "fun"),
        gradient_source="finite differences" if jac is None else "exact",
    )
    if callable(hess):
        problem.hess = hessian
    start = np.atleast_1d(np.asarray(x0, dtype=float)).ravel()
    run = minimize(problem, optimizer, start, maxiter, tol=tol, callback=callback and _adapted(callback))
    return OptimizeResult(
        x=run.x,
        fun=run.fun,
        jac=run.jac,
        nit=run.nit,
        nfev=evaluations,
        njev=0 if jac is None else run.njev,
        status=run.status,
        success=run.success,
        message=run.message,
        run=run,
    )


def _adapted(callback: Any) -> Any:
    """Return our kind of callback for either of SciPy's: ``f(xk)`` or ``f(intermediate_result)``."""
    from scipy.optimize import OptimizeResult

    by_name = set(inspect.signature(callback).parameters) == {"intermediate_result"}

    def ours(info: Any) -> None:
        if by_name:
            callback(intermediate_result=OptimizeResult(x=info.x, fun=float(info.fun)))
        elif callback(info.x) is True:
            raise StopIteration

    return ours
