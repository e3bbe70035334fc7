"""An optimizer as a method of `scipy.optimize.minimize`."""

import inspect
import re
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from optim.hyperparameters import Numbers
from optim.minimize import minimize
from optim.optimizer import Optimizer
from optim.run import BUDGET, CONVERGED, DIVERGED, STOPPED, Run
from stepsize.core.user_values import as_array, as_value, ask, forward_differences
from stepsize.core.validation import describe_value, real_numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["as_method"]

Array = np.ndarray[Any, Any]
# What a caller gives to SciPy, which has no types for it; each is checked here.
Given = Any
# A namespace of functions with the facts of a problem, and of how often they were called.
Functions = Any
# `OptimizeResult`, of a module that is loaded when it is needed.
Result = Any


BUDGET_USED, NOT_A_NUMBER, STOPPED_BY_CALLBACK = 1, 3, 99  # as SciPy's own methods number them


def as_method(
    optimizer: Optimizer,
    fun: Given,
    x0: "ArrayLike",
    args: Given = (),
    *,
    jac: Given = None,
    hess: Given = None,
    hessp: Given = None,  # noqa: ARG001  (SciPy passes it; no rule has a use for it)
    bounds: Given = None,
    constraints: Given = (),
    callback: Given = None,
    maxiter: int | None = None,
    tol: float | None = None,
    gtol: float | None = None,
    disp: bool = False,
    **unknown: object,
) -> Result:
    """Return SciPy's ``OptimizeResult`` of a run; SciPy calls this with what its `minimize` was given.

    Its conventions hold: `success` is True and `status` 0 only where a tolerance was met; a budget that is
    used up is status 1, numbers that are not finite are 3, and a callback that stopped the run is 99.

    Parameters
    ----------
    maxiter : int
        Updates to make, from ``options={"maxiter": ...}``; 1000 by default.
    tol, gtol : float, optional
        Stop when the gradient norm is at most this.
    disp : bool
        Whether to print how it ended.

    Raises
    ------
    TypeError, ValueError
        For bounds, constraints and options that gradient descent does not have, and for a function or
        gradient (named ``jac``) that gives anything else than real numbers of the right shape.
    """
    from scipy.optimize import OptimizeResult

    for name, given in (("bounds", bounds), ("constraints", constraints)):
        if given is not None and np.size(given):
            raise ValueError(
                f"{name}: got {describe_value(given)}, expected none: {type(optimizer).__name__} has no "
                f"{name}"
            )
    if unknown:
        got = ", ".join(map(repr, sorted(unknown)))
        raise TypeError(f"options: got {got}, expected only 'maxiter', 'tol', 'gtol' and 'disp'")
    problem = _problem(fun, jac, hess, args if isinstance(args, tuple) else (args,))
    start = np.atleast_1d(real_numbers("x0", x0, "a vector of floats")).astype(float).ravel()
    if not start.size:
        return _of_nothing(problem, start)
    budget = 1000 if maxiter is None else maxiter
    watcher = None if callback is None else _adapted(callback)
    run = minimize(problem, optimizer, start, budget, tol=tol if gtol is None else gtol, callback=watcher)
    status, message = _end(run)
    result = OptimizeResult(
        x=run.x,
        fun=run.fun,
        jac=run.jac,
        nit=run.nit,
        nfev=problem.evaluations[0],
        njev=0 if jac is None else run.njev,
        status=status,
        success=status == 0,
        message=message,
        run=run,
    )
    if disp:
        _show(result)
    return result


def _problem(fun: Given, jac: Given, hess: Given, args: tuple[Given, ...]) -> Functions:
    """Return the problem of SciPy's functions, which count how often the value is asked for."""
    if not callable(fun):
        raise TypeError(f"fun: got {describe_value(fun)}, expected a function")
    if jac is not None and not callable(jac):
        raise TypeError(f"jac: got {describe_value(jac)}, expected a function, True or None")
    evaluations = [0]

    def value(x: Array) -> Numbers:
        evaluations[0] += 1
        return as_value("fun", ask(lambda p: fun(p, *args), np.array(x)))

    def gradient(x: Array) -> Array:
        if jac is None:
            return forward_differences(value, x)
        slope: Given = jac
        return as_array("jac", ask(lambda p: slope(p, *args), np.array(x)), x.shape)

    def hessian(x: Array) -> Array:
        second: Given = hess
        return as_array("hess", second(np.array(x), *args), x.shape * 2)

    return SimpleNamespace(
        fun=value,
        grad=gradient,
        formula=getattr(fun, "__name__", "fun"),
        gradient_source="finite differences" if jac is None else "exact",
        evaluations=evaluations,
        **({"hess": hessian} if callable(hess) else {}),
    )


def _end(run: Run) -> tuple[int, str]:
    """Return SciPy's number for how a run ended, and the words."""
    if run.status == STOPPED:
        return STOPPED_BY_CALLBACK, f"`callback` raised `StopIteration`: {run.message}"
    status = {CONVERGED: 0, BUDGET: BUDGET_USED, DIVERGED: NOT_A_NUMBER}[run.status]
    return status, re.sub(r"\bgrad\b", "jac", run.message)


def _of_nothing(problem: Functions, start: Array) -> Result:
    """Return the result for no parameters at all, which are at their minimum."""
    from scipy.optimize import OptimizeResult

    fun = float(problem.fun(start))
    message = "there are no parameters"
    return OptimizeResult(
        x=start, fun=fun, jac=start.copy(), nit=0, nfev=1, njev=0, status=0, success=True, message=message
    )


def _show(result: Result) -> None:
    lines = (
        result.message,
        f"         Current function value: {result.fun:f}",
        f"         Iterations: {result.nit}",
        f"         Function evaluations: {result.nfev}",
        f"         Gradient evaluations: {result.njev}",
    )
    sys.stdout.write("\n".join(lines) + "\n")


def _adapted(callback: Given) -> Callable[[SimpleNamespace], None]:
    """Return our kind of callback for either of SciPy's: ``f(xk)`` or ``f(intermediate_result)``."""
    from scipy.optimize import OptimizeResult

    try:
        by_name = set(inspect.signature(callback).parameters) == {"intermediate_result"}
    except (TypeError, ValueError):  # some functions written in C do not tell
        by_name = False

    def ours(info: SimpleNamespace) -> None:
        if by_name:
            callback(intermediate_result=OptimizeResult(x=info.x, fun=float(info.fun)))
        elif callback(info.x) is True:
            raise StopIteration

    return ours
