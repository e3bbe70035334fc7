"""Updates of huge vectors: compiled, or traced and replayed block by block.

An update of a million parameters and more is bound by memory: an expression like ``b * m + (1 - b) * g``
sends whole arrays through it four times. Replayed in blocks of 2^17 numbers, all of an update's operations
find the block in the cache, and memory is read once and written once. Compiled, they do not even leave the
processor's registers.
"""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from optim.engines import refusal
from optim.engines.replay import Plan, Workspace, dtype_of
from optim.engines.symbols import Untraceable
from optim.engines.threads import each
from optim.engines.tracing import trace_update
from optim.hyperparameters import Hypers, Resolved
from optim.optimizer import Optimizer, apart, checked_step
from optim.state import State, fitting_step
from optim.user_rules import updating
from stepsize.core.validation import as_count, require

__all__ = ["BLOCK", "step", "update"]

Array = np.ndarray[Any, Any]

BLOCK = 2**17
_ENGINES = ("auto", "array", "traced", "compiled")

# Fewer parameters are updated by the rule as it stands, unless that is compiled.
_BLOCKS_PAY = 2**18
# Numbers that have been updated when compiling has paid, where the compiler is installed.
COMPILING_PAYS = 5_000_000


def step(
    optimizer: Optimizer,
    x: Array,
    grad: Array,
    state: State,
    *,
    threads: int = 1,
    overwrite: bool = False,
    engine: str = "auto",
) -> tuple[Array, State]:
    """Make one update like ``optimizer.step``, with a say in how.

    Parameters
    ----------
    optimizer : Optimizer
    x, grad, state
        As for ``optimizer.step``.
    threads : int
        Threads to use. More than one are pinned to their processors while they work.
    overwrite : bool
        Whether x and the arrays of the state may be overwritten by the new ones: fresh memory costs more than
        the arithmetic. The gradient never is.
    engine : {"auto", "array", "traced", "compiled"}
        How the update is made; "auto" compiles it where the compiler is installed and so many updates have
        been made that it pays.

    Returns
    -------
    x, state
        Bit for bit what ``optimizer.step`` returns.

    Examples
    --------
    >>> from optim import Adam
    >>> opt, x = Adam(lr=0.1, eps=0.0), np.zeros(300_000)
    >>> x, state = step(opt, x, np.ones(300_000), opt.init(x), overwrite=True)
    >>> x[:2].round(12).tolist()
    [-0.1, -0.1]
    """
    x, grad = checked_step(optimizer, x, grad)
    state = fitting_step(state, optimizer, x)
    as_count("threads", threads, 1)

    def resolve() -> Resolved:
        return Hypers(optimizer, x).resolve(state.n)

    engine, done = _engine(engine, x, state), None
    if engine != "array":
        done = update(optimizer, x, grad, state.slots, resolve, threads, overwrite, engine)
    if done is None:
        with np.errstate(all="ignore"):
            done = apart(*updating(optimizer)(x, grad, state.slots, resolve()), x, grad)
    return done[0], State(state.n + 1, done[1], state.carry, None, state.rule, state.rate, x.shape)


def _engine(name: str, x: Array, state: State) -> str:
    """Return the engine that makes an update, given the one that was asked for."""
    if name not in _ENGINES:
        require(False, "engine", name, "one of " + ", ".join(_ENGINES))
    if name == "compiled" or (name == "auto" and x.size * (state.n + 1) >= COMPILING_PAYS):
        from optim.engines.compiled.llvm import MISSING, is_installed

        require(name == "auto" or is_installed(), "engine", name, refusal(name, MISSING))
        if name == "auto" and is_installed():
            return "auto"
    return "traced" if name == "auto" else name


def update(
    optimizer: Optimizer,
    x: Array,
    g: Array,
    slots: tuple[Array, ...],
    resolve: Callable[[], Resolved],
    threads: int = 1,
    overwrite: bool = False,
    engine: str = "traced",
) -> tuple[Array, tuple[Array, ...]] | None:
    """Return the next x and slots, or None if the rule must be run as it stands.

    ``resolve()`` returns the hyperparameters of this update. `engine` is "traced", "compiled", or "auto":
    compiled if that can be.
    """
    given = (x, g, *slots)
    shape, dtype = x.shape, x.dtype
    alike = all(a.shape == shape and a.dtype == dtype and a.flags.c_contiguous for a in given)
    if not alike or not optimizer.elementwise:
        require(engine != "compiled", "engine", engine, refusal(engine, "the rule or an array does not fit"))
        return None
    may = overwrite and all(a.flags.writeable for a in (x, *slots))
    may = may and not any(np.may_share_memory(a, b) for a, b in combinations((x, *slots), 2))
    if engine != "traced":
        from optim.engines.compiled import vector

        new = (x, *slots) if may else tuple(np.empty_like(a) for a in (x, *slots))
        try:
            vector.update(optimizer, given, new, resolve, threads)
        except Untraceable as reason:
            require(engine == "auto", "engine", engine, refusal(engine, str(reason)))
        else:
            return new[0], new[1:]
    if engine == "auto" and x.size < _BLOCKS_PAY:
        return None
    h = resolve()
    try:
        trace = trace_update(optimizer, h, len(slots), x.dtype)
    except Untraceable:
        return None
    values = trace.known(h)
    assert values is not None  # the trace was made for these hyperparameters
    numbers = {i: np.asarray(values[i], dtype_of(values[i], x.dtype)) for i in trace.numbers}
    if any(1 < a.size < x.size for a in numbers.values()):
        return None
    new = (x, *slots) if may else tuple(np.empty_like(a) for a in (x, *slots))
    plan = Plan(trace, [0, *range(2, trace.given)] if may else range(trace.given, trace.given + len(new)))
    flat = [a.ravel() for a in (*given, *new)]
    spread = {i: a.ravel() if a.size > 1 else a.reshape(()) for i, a in numbers.items()}

    def work(blocks: range) -> None:
        workspace = {}
        for low in blocks:
            part = slice(low, min(low + BLOCK, x.size))
            length = part.stop - low
            if length not in workspace:
                workspace[length] = Workspace((length,))
            scalar_buffers = {i: a[part] if a.ndim else a for i, a in spread.items()}
            for call in plan.bind([a[part] for a in flat], scalar_buffers, workspace[length]):
                call()

    share = -(-x.size // (BLOCK * threads)) * BLOCK
    each(work, [range(low, min(low + share, x.size), BLOCK) for low in range(0, x.size, share)], threads)
    return new[0], new[1:]
