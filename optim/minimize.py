"""The loop: one update after another, nothing evaluated twice, everything recorded."""

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
from optim.run import BUDGET, CONVERGED, DIVERGED, STOPPED, Run
from optim.start import check_initial_evaluation, checked_problem, is_finite, validated_start
from optim.state import State, fitting, left_at, rate_that_remembers, rule_of
from optim.steppers import stepper_for
from optim.user_functions import guarded, in_precision_of, of_dimension
from optim.user_rules import check_rule
from stepsize.core.display import counted
from stepsize.core.limits.memory import SMALL, refuse_beyond_memory
from stepsize.core.norms import all_finite
from stepsize.core.protocols import DescentProblem, SupportsGradient
from stepsize.core.user_values import require_callable_of
from stepsize.core.validation import as_count, as_number, require

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
    x = validated_start(where, optimizer, left_at(state, given) if x0 is None and state is not None else x0)
    if tol is not None:
        require(as_number("tol", tol) >= 0, "tol", tol, "a number of at least 0")
    every = as_count("every", every, 1)
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
    feasible = where.feasible

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
            if not (is_finite(e_next) if single else _finite(e_next).any()):
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
    x = validated_start(where, optimizer, x0)
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
        thinned = history_bytes(steps, max(steps, 1), runs, dim, optimizer.has_separate_output)
        other = ("every=N, which keeps one of N points", float(thinned)) if every == 1 else None
        refuse_beyond_memory("steps", rows, needed, "fewer", other)


@np.errstate(all="ignore")
def _finite(e: Evaluation) -> Array:
    """Return which runs of a batch have a finite value and gradient, as `is_finite` judges a single one."""
    return np.asarray(np.isfinite(e.f) & all_finite(e.g))


def _is_solved(problem: DescentProblem, x: Array, e: Evaluation, minimum: float | None, tol: float) -> bool:
    if problem.varies and not problem.drifts:  # an estimate may be lucky: the whole problem decides
        e = Evaluation(*problem.value_and_grad(x))
    error = norm(e.g) if minimum is None else e.f - minimum
    return bool(np.all((error <= tol) | ~np.isfinite(error)) and np.any(error <= tol))


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
