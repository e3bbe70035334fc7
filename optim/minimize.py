"""The loop: one update after another, nothing evaluated twice, everything recorded."""

import math
import sys
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from optim.engines import PAYS, engine_for
from optim.engines.chunks import next_chunk
from optim.failure import Failure, failure_at, failure_in
from optim.history import History
from optim.hyperparameters import Numbers
from optim.optimizer import Evaluation, Optimizer, Slots
from optim.recorder import Recorder, history_bytes, norm
from optim.resume import fitting, left_at, rate_that_remembers, rule_of
from optim.run import BUDGET, CONVERGED, DIVERGED, STOPPED, Run
from optim.state import State
from optim.steppers import stepper_for
from optim.user_functions import Guarded, guarded, in_precision_of, of_dimension, states_facts
from optim.user_rules import check_rule
from stepsize.core.display import counted
from stepsize.core.limits.memory import SMALL, refuse_beyond_memory
from stepsize.core.norms import all_finite
from stepsize.core.protocols import DescentProblem, SupportsGradient
from stepsize.core.user_values import require_callable_of
from stepsize.core.validation import as_count, as_number, describe_value, real_numbers, require

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["minimize"]

Array = np.ndarray[Any, Any]


def minimize(
    problem: SupportsGradient,
    optimizer: Optimizer,
    x0: "ArrayLike | None" = None,
    steps: int = 1000,
    *,
    tol: float | None = None,
    callback: Callable[[SimpleNamespace], object] | None = None,
    state: State | None = None,
    engine: str = "auto",
    every: int = 1,
) -> Run:
    r"""Descend a problem, and record all of it.

    Parameters
    ----------
    problem : Problem, or any object with ``fun`` and ``grad``
        What to minimize. ``fun`` maps an array (..., d) to (...), ``grad`` to (..., d).
    optimizer : Optimizer
        The rule and its rate. An array hyperparameter of shape (B, 1) makes a batch of B runs.
    x0 : sequence of float, optional
        The start, of shape (d,) or (B, d); the problem's own by default.
    steps : int
        Updates to make.
    tol : float, optional
        Stop as soon as the error (the gap to the minimum where that is known, otherwise the gradient norm) is
        at most this, in every run of a batch. By default the whole budget is used. Where the updates see
        mini-batches, the whole problem is evaluated after each update to decide; this is not counted.
    callback : callable, optional
        ``callback(info)`` after every update, with copies in ``info.n, .x, .fun, .grad, .lr``; raising
        StopIteration ends the run.
    state : State, optional
        Go on from the state that a `Run` left, at the point where it was left, bit for bit as if the run had
        not been interrupted; or from that of ``optimizer.step``, with its ``x0``. The rule must be the same,
        its hyperparameters need not.
    engine : {"auto", "array", "floats", "traced", "compiled"}
        How the rule is run (`optim.engines`); "array" is the reference, the rule as it stands on arrays, and
        "auto" the fastest that can. "compiled" is an extra: ``pip install 'stepsize[fast]'``.
    every : int
        Record one of so many points, for long runs: a history takes 8 d / every + 25 bytes an update of d
        parameters in double precision (and 8 d / every + 8 more where the answer is not x), a run of the
        batch. Values, norms, rates and overshoot are recorded for every update; where the updates see
        mini-batches, the whole problem is known at the stored points only, and is evaluated there when
        somebody asks for it.

    Returns
    -------
    Run

    Raises
    ------
    TypeError, ValueError
        For bad input, in one sentence. Divergence is no error: the run ends as ``diverged`` with everything
        finite up to there (in a batch the other runs go on, and the diverged rows keep their inf and nan).

    Examples
    --------
    "Dive into Deep Learning", section 12.3: ten steps of rate 0.2 on f = x^2 from 10.

    >>> from optim import SGD
    >>> from problems import Parabola
    >>> run = minimize(Parabola(), SGD(lr=0.2), steps=10)
    >>> round(float(run.x[0]), 6), run.nit, run.message
    (0.060466, 10, 'reached the limit of 10 steps')
    """
    steps = as_count("steps", steps)
    if tol is None and callback is None and state is None and every == 1:
        known = _made_again(problem, optimizer, x0, steps, engine)
        if known is not None:
            return known
    given = checked_problem(problem)
    where = guarded(given)
    x = _validated_start(where, optimizer, left_at(state, given) if x0 is None and state is not None else x0)
    if tol is not None:
        require(as_number("tol", tol) >= 0, "tol", tol, "a number of at least 0")
    as_count("every", every, 1)
    if callback is not None:
        require_callable_of("callback", callback, "info")
    _refuse_too_long(steps, every, x, optimizer)
    if every > 1 and where.varies and not where.drifts and where.minimum is None:
        raise ValueError(
            f"every: got {every} for estimates of a problem whose minimum is unknown, expected 1: its "
            "error is the gradient norm at every point"
        )
    state = _first_state(optimizer, x) if state is None else fitting(state, optimizer, x)
    n, slots = state.n, state.slots
    stepper = stepper_for(optimizer, where, x, state, n + steps)
    minimum = None if tol is None else where.minimum
    single = x.ndim == 1
    feasible = getattr(where, "feasible", None)

    with np.errstate(all="ignore"):
        e = stepper.evaluate(n, x)
        check_initial_evaluation(x, e)
        if e.g.dtype != x.dtype:
            where = in_precision_of(where, x.dtype)
            stepper = stepper_for(optimizer, where, x, state, n + steps)
            e = stepper.evaluate(n, x)
        status, stop, lost = BUDGET, n + steps, None
        check_rule(stepper, x, e.g, slots, n, stop)
        fast = engine_for(engine, stepper, x, slots, callback is not None, n, (tol, minimum))
        if fast is not None:
            e = fast.begin(x, e)
        record = Recorder(optimizer, where, x, slots, e, every)
        while n < stop:
            if tol is not None and _is_solved(where, x, e, minimum, tol):
                status = CONVERGED
                break
            if (
                fast is not None
                and (chunk := next_chunk(fast, n, x, e, slots, stop, tol, minimum)) is not None
            ):
                record.add_chunk(chunk)
                made = len(chunk.lr)
                stepper.n_f += made
                stepper.n_g += made
                n, x, slots, e = n + made, chunk.x[-1], chunk.slots, chunk.last
                if chunk.lost is not None:
                    status, lost = DIVERGED, chunk.lost
                    stepper.n_f, stepper.n_g = stepper.n_f + 1, stepper.n_g + 1
                    break
                if chunk.diverged:  # arrays make the update that became inf or nan, and see how
                    fast = None
                continue
            fast = None
            x_next, slots_next, e_next, lr = stepper.advance(n, x, e, slots)
            if feasible is not None:
                x_next, e_next = np.clip(x_next, *feasible), None
            if e_next is None:
                e_next = stepper.evaluate(n + 1, x_next)
            if not (_is_finite(e_next) if single else _finite(e_next).any()):
                status, lost = DIVERGED, (x_next, e_next)
                break
            n, x, slots, e = n + 1, x_next, slots_next, e_next
            record.add(lr, x, slots, e)
            if callback is not None and _calls_halt(callback, n, x, e, lr):
                status = STOPPED
                break
        else:
            if tol is not None and _is_solved(where, x, e, minimum, tol):
                status = CONVERGED
        history = record.history()
        failure = _failure(history, e, lost)

    # A batch ends so when its last run has become inf or nan, by an update that was not recorded.
    diverged = status == DIVERGED if single else ~_finite(e) | (status == DIVERGED)
    if stepper.search_log is not None:
        searched: dict[str, Any] = stepper.search_log.columns(len(history.lr))
        history = replace(history, **searched)
    return Run(
        problem=of_dimension(given, x.shape[-1]),
        optimizer=optimizer,
        history=history,
        jac=np.array(e.g),
        nfev=stepper.n_f,
        njev=stepper.n_g,
        status=status,
        message=_message(status, len(history.lr), tol, minimum, where, diverged, failure),
        success=status == CONVERGED if tol is not None else not (diverged if single else np.any(diverged)),
        diverged=diverged,
        state=_state_left(n, slots, stepper.carry, x, optimizer),
        failure=failure and failure.name,
    )


def _made_again(
    problem: SupportsGradient, optimizer: Optimizer, x0: "ArrayLike | None", steps: int, engine: str
) -> Run | None:
    """Return a plain compiled run if its like was made before, of the same problem with the same rule.

    All that does not depend on the start was looked at then; nothing is kept of problems and rules that may
    change (`optim.engines.compiled.prepared`).
    """
    compiled = engine == "compiled" or (engine == "auto" and steps >= PAYS)
    single = sys.modules.get("optim.engines.compiled.single") if compiled else None
    if single is None or not single.is_known(problem, optimizer):
        return None
    where: Any = problem
    x = _validated_start(where, optimizer, x0)
    found = single.again(where, optimizer, x, steps)
    if found is None:
        return None
    history, g, slots = found
    return Run(
        problem=where,
        optimizer=optimizer,
        history=history,
        jac=np.array(g),
        nfev=steps + 1,
        njev=steps + 1,
        status=BUDGET,
        message=_message(BUDGET, steps, None, None, where, False),
        success=True,
        diverged=False,
        state=_state_left(steps, slots, None, history.x[-1], optimizer),
    )


def _state_left(n: int, slots: Slots, carry: Any, x: Array, optimizer: Optimizer) -> State:
    """Return copies of what a run leaves."""
    kept = tuple(np.array(s) for s in slots)
    return State(n, kept, carry, np.array(x), rule_of(optimizer), rate_that_remembers(optimizer), x.shape)


def _first_state(optimizer: Optimizer, x: Array) -> State:
    """Return the state before the first update at an x that is spread already."""
    return optimizer.fresh_state(x) if type(optimizer).init is Optimizer.init else optimizer.init(x)


def _failure(history: History, e: Evaluation, lost: tuple[Array, Evaluation] | None) -> Failure | None:
    """Return what returned nan where nothing was large; `lost` is an update that was not recorded."""
    if history.x.ndim == 2:
        return lost and failure_at(len(history.lr) + 1, history.x[0], e, *lost)
    if history.every > 1 or (lost is None and np.isfinite(history.fun[-1]).all()):
        return None
    x, f, slope = history.x, history.fun, history.grad_norm
    if lost is not None:
        x_next, e_next = lost
        x, f = np.concatenate([x, x_next[None]]), np.concatenate([f, np.asarray(e_next.f)[None]])
        slope = np.concatenate([slope, norm(e_next.g)[None]])
    return failure_in(x.reshape(len(x), -1, x.shape[-1]), f.reshape(len(f), -1), slope.reshape(len(f), -1))


def _refuse_too_long(steps: int, every: int, x: Array, optimizer: Optimizer) -> None:
    """Refuse a run whose history would not fit into the memory that there is."""
    dim = x.shape[-1]
    runs = x.size // dim
    needed = history_bytes(steps, every, runs, dim, optimizer.has_separate_output)
    if needed > SMALL:
        rows = f"{steps} for {counted(runs, 'run')} of {counted(dim, 'parameter')}"
        refuse_beyond_memory("steps", rows, needed, "fewer, or every=N, which keeps one of N points")


def validate_problem_and_start(
    problem: SupportsGradient, optimizer: Optimizer, x0: "ArrayLike | None"
) -> tuple[DescentProblem, Array]:
    """Return the problem with all that the loop asks of it, and the start as the optimizer spreads it."""
    problem = guarded(checked_problem(problem))
    return problem, _validated_start(problem, optimizer, x0)


def _validated_start(problem: DescentProblem, optimizer: Optimizer, x0: "ArrayLike | None") -> Array:
    if not isinstance(optimizer, Optimizer):
        plain = ", without quotation marks" if isinstance(optimizer, str) else ""
        raise TypeError(
            f"optimizer: got {describe_value(optimizer)}, expected an optimizer such as SGD(lr=0.1){plain}"
        )
    own = problem.x0
    x = optimizer.spread(_start(own, x0), "x0")
    if own is not None and x.shape[-1] != len(own):
        raise ValueError(f"x0: got shape {x.shape}, expected {len(own)} numbers for this problem")
    return x


def _is_finite(e: Evaluation) -> bool:
    # The sum of squares turns nan or inf with the gradient, at the price of one call; it may alone, too.
    return math.isfinite(e.f) and (math.isfinite(e.g.dot(e.g)) or math.isfinite(norm(e.g)))


@np.errstate(all="ignore")
def _finite(e: Evaluation) -> Array:
    """Return which runs of a batch have a finite value and gradient, as `_is_finite` judges a single one."""
    return np.asarray(np.isfinite(e.f) & all_finite(e.g))


def _is_solved(problem: DescentProblem, x: Array, e: Evaluation, minimum: float | None, tol: float) -> bool:
    if problem.varies and not problem.drifts:  # an estimate may be lucky: the whole problem decides
        e = Evaluation(*problem.value_and_grad(x))
    error = norm(e.g) if minimum is None else e.f - minimum
    return bool(np.all((error <= tol) | ~np.isfinite(error)) and np.any(error <= tol))


def checked_problem(problem: Any) -> DescentProblem:
    """Return a problem with all that the loop asks of it, or raise TypeError."""
    is_class = isinstance(problem, type)
    if is_class or not (callable(getattr(problem, "fun", None)) and callable(getattr(problem, "grad", None))):
        hint = f"{problem.__name__}() with its parameters" if is_class else "Problem.of(fun, grad, x0=...)"
        if isinstance(problem, str):  # the command line takes names
            hint = "Rosenbrock(), without quotation marks, or Problem.of('x**2 + 3*y**2') for a formula"
        raise TypeError(
            f"problem: got {describe_value(problem)}, expected an object with fun and grad, such as {hint}"
        )
    whole: Any = problem if isinstance(problem, Guarded) or states_facts(problem) else Guarded(problem)
    return whole  # type: ignore[no-any-return]  # it has every fact, or `Guarded` assumes it


def _start(own: "ArrayLike | None", x0: "ArrayLike | None") -> "ArrayLike":
    x0 = own if x0 is None else x0
    if x0 is None:
        raise ValueError("x0: got None, expected a starting point: the problem defines none; pass x0")
    if isinstance(x0, list | tuple) or (isinstance(x0, np.ndarray) and x0.ndim and x0.dtype.kind == "f"):
        return x0
    # Whole numbers in an array and a single number are a start as good as any.
    return np.atleast_1d(real_numbers("x0", x0, "a vector of floats, or a batch of them"))


def check_initial_evaluation(x: Array, e: Evaluation) -> None:
    """Refuse a gradient or value of the wrong shape, and a start where the function is not finite."""
    if _is_plain(e.g, e.f, x) and _is_finite(e):  # as nearly all are
        return
    if np.shape(e.g) != x.shape:
        raise ValueError(
            f"grad: got {describe_value(e.g)} from the problem, expected the shape {x.shape} of x"
        )
    if np.asarray(e.g).dtype.kind != "f":
        raise TypeError(f"grad: got {describe_value(e.g)} from the problem, expected floats")
    if np.shape(e.f) != x.shape[:-1]:
        expected = "a number" if x.ndim == 1 else f"one value a run, of shape {x.shape[:-1]}"
        raise ValueError(f"fun: got {describe_value(e.f)} from the problem, expected {expected}")
    if not np.isfinite(e.f).all():
        where, f = _first_start(x, e.f, ~np.isfinite(e.f))
        raise ValueError(f"x0: got {where}, where fun is {f}, expected a start with a finite value")
    if np.isnan(e.g).any():
        where, f = _first_start(x, e.f, np.isnan(e.g).any(axis=-1))
        raise ValueError(f"grad: got nan at x0 = {where}, where fun is {f}, expected finite numbers")


def _first_start(x: Array, f: Any, which: Any) -> tuple[str, Any]:
    """Return the first of some starts of a batch, in words, and its value."""
    i = int(np.argmax(which))
    start = x.reshape(-1, x.shape[-1])[i]
    words = str(start.tolist()) if start.size <= 6 else describe_value(start)
    return words, np.ravel(f)[i]


def _is_plain(g: Any, f: Any, x: Array) -> bool:
    """Whether value and gradient are a number and an array of floats, for a single run at x."""
    is_array = type(g) is np.ndarray and g.dtype.kind == "f" and g.shape == x.shape
    return is_array and type(f) is np.float64 and x.ndim == 1


def _calls_halt(
    callback: Callable[[SimpleNamespace], object], n: int, x: Array, e: Evaluation, lr: Numbers
) -> bool:
    try:
        callback(
            SimpleNamespace(
                n=n, x=np.array(x), fun=np.array(e.f)[()], grad=np.array(e.g), lr=np.array(lr)[()]
            )
        )
    except StopIteration:
        return True
    return False


def _message(
    status: int,
    nit: int,
    tol: float | None,
    minimum: float | None,
    problem: DescentProblem,
    diverged: bool | Array,
    failure: Failure | None = None,
) -> str:
    source = getattr(problem, "gradient_source", "exact")
    by = "" if source == "exact" else f"; gradients by {source}"
    if status == BUDGET and tol is None and diverged is False and failure is None:  # as nearly all end
        return f"reached the limit of {counted(nit, 'step')}{by}"
    some = np.sum(diverged) if isinstance(diverged, np.ndarray) else 0
    rows = f"; {some} of {np.size(diverged)} runs diverged" if some else ""
    if failure is not None and failure.row is not None:
        rows += f", run {failure.row} because {failure}"
    what = "gradient norm" if minimum is None else "gap"
    bound = "" if tol is None else f"{tol:g}"
    words = {
        BUDGET: f"reached the limit of {counted(nit, 'step')}"
        + (f", {what} still above {bound}" if bound else ""),
        CONVERGED: f"{what} at most {bound} after {counted(nit, 'update')}",
        DIVERGED: f"diverged: update {nit + 1} is not finite (inf or nan)",
        STOPPED: f"stopped by the callback after {counted(nit, 'update')}",
    }
    end = f"failed: {failure}" if failure is not None and failure.row is None else words[status]
    return end + rows + by
