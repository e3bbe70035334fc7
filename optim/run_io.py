"""Runs on disk and as tables."""

import csv
import io
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from optim.history import History
from optim.optimizer import Optimizer
from optim.state import state_header, state_of
from stepsize.core.archives import Archive, read_npz, write_npz
from stepsize.core.hooks import call_hook
from stepsize.core.protocols import SupportsGradient
from stepsize.core.record import Record
from stepsize.core.storage import write_whole
from stepsize.core.validation import describe_value

if TYPE_CHECKING:
    from optim.run import Run

__all__ = ["columns", "read_run", "save_run", "write_csv"]

Array = np.ndarray[Any, Any]
Json = dict[str, Any]
# The fields of a `Run` by their names, each of its own type.
RunFields = dict[str, Any]

_WRITER = "Run.save"
_STATUSES = range(4)  # from BUDGET to STOPPED
_FAILURES = ("fun", "grad", "fun and grad")
_HISTORY = (
    "x",
    "fun",
    "grad_norm",
    "lr",
    "overshoot",
    "step_norm",
    "output",
    "output_fun",
    "status",
    "n_trials",
)


def save_run(run: "Run", path: str | os.PathLike[str]) -> None:
    """Write a run as ``.npz``."""
    arrays: dict[str, Any] = {"jac": run.jac, "diverged": np.asarray(run.diverged)}
    for name in _HISTORY:
        value = getattr(run.history, name)
        if value is not None:
            arrays[f"history/{name}"] = value
    state_arrays: dict[str, Any] = {}
    header = {
        "writer": _WRITER,
        "problem": _described(run.problem),
        "optimizer": _described(run.optimizer),
        "every": run.history.every,
        "numbers": {name: getattr(run, name) for name in ("nfev", "njev", "status", "message")},
        "success": bool(run.success),
        "failure": run.failure,
        "state": state_header(run.state, state_arrays),
    }
    write_npz(path, header, arrays | state_arrays)


def read_run(
    path: str | os.PathLike[str],
    problem: SupportsGradient | None = None,
    optimizer: Optimizer | None = None,
) -> RunFields:
    """Return the fields of the run that `save_run` wrote."""
    file = read_npz(path, _WRITER)
    history = _history(file)
    shape = history.x.shape[1:]
    numbers = file.value("numbers", dict)
    diverged = file.array("diverged", "b", shape[:-1])
    status = file.count("status", numbers)
    if status not in _STATUSES:
        raise file.fault(f"its status is {status}")
    failure = file.value("failure", (str, type(None)), default=None)
    if failure not in (None, *_FAILURES):
        raise file.fault(f"its failure is {describe_value(failure)}")
    state = state_of(file, file.value("state", dict))
    jac = file.array("jac", "f", shape)
    file.finish()
    return {
        "problem": _made(file, "problem", problem, shape[-1]),
        "optimizer": _made(file, "optimizer", optimizer, shape[-1]),
        "history": history,
        "jac": jac,
        "nfev": file.count("nfev", numbers),
        "njev": file.count("njev", numbers),
        "status": status,
        "message": file.value("message", str, numbers),
        "success": file.value("success", bool),
        "failure": failure,
        "diverged": diverged.item() if diverged.ndim == 0 else diverged,
        "state": state,
    }


def _history(file: Archive) -> History:
    """Return the history in a file, whose columns have the lengths and shapes that belong together."""
    every = file.count("every", minimum=1)
    x, lr = file.array("history/x", "f"), file.array("history/lr", "f")
    if x.ndim < 2 or lr.ndim < 1:
        raise file.fault(f"its column history/x is {describe_value(x)}, history/lr {describe_value(lr)}")
    updates, shape, batch = len(lr), x.shape[1:], x.shape[1:-1]
    points = -(-updates // every) + 1  # the start, every so many, and the last
    if len(x) != points:
        raise file.fault(f"its column history/x has {len(x)} points, not {points}")
    if lr.ndim > 1 and not _spreads(lr.shape[1:], shape):
        raise file.fault(f"its column history/lr is {describe_value(lr)}, for x of shape {shape}")
    rows, steps = (updates + 1, *batch), (updates, *batch)
    return History(
        x=x,
        fun=file.array("history/fun", "f", rows),
        grad_norm=file.array("history/grad_norm", "f", rows),
        lr=lr,
        overshoot=file.array("history/overshoot", "b", steps),
        step_norm=file.array("history/step_norm", "f", steps),
        output=file.optional("history/output", "f", x.shape),
        output_fun=file.optional("history/output_fun", "f", rows),
        status=file.optional("history/status", "U", steps),
        n_trials=file.optional("history/n_trials", "iu", steps),
        every=every,
    )


def _spreads(part: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    """Whether numbers of the one shape are broadcast to the other."""
    try:
        return np.broadcast_shapes(part, whole) == whole
    except ValueError:
        return False


def columns(run: "Run") -> dict[str, Array]:
    """Return the history of a run as columns, one row a stored point; of a batch every run in its turn.

    Coordinates stand in ``x1, x2, ...``; rate and overshoot are those of the update that led to the point,
    nan and False at the start.
    """
    rows = run.history.n
    batch = run.history.x.shape[1:-1]
    count = int(np.prod(batch))
    shape = len(rows), *batch
    lr = np.concatenate([np.full((1, *run.history.lr.shape[1:]), np.nan), run.history.lr])[rows]
    lr = lr.reshape(len(rows), *lr.shape[1:-1], -1)
    crossed = np.concatenate([np.zeros((1, *batch), bool), run.history.overshoot])[rows]
    table: dict[str, Array] = {"update": np.broadcast_to(rows.reshape(-1, *(1,) * len(batch)), shape)}
    if batch:
        table["run"] = np.broadcast_to(np.arange(count).reshape(batch), shape)
    x = run.history.x if run.history.output is None else run.history.output
    table |= {f"x{i + 1}": x[..., i] for i in range(x.shape[-1])}
    table["fun"] = run.loss[rows]
    if run.has_held_out:
        table["held_out"] = run.held_out
    table |= {"error": run.error[rows], "grad_norm": run.history.grad_norm[rows]}
    one = lr.shape[-1] == 1
    for i in range(lr.shape[-1]):
        table["lr" if one else f"lr{i + 1}"] = np.broadcast_to(
            lr[..., i].reshape(len(rows), *(lr.shape[1:-1] or (1,) * len(batch))), shape
        )
    table["overshoot"] = crossed
    return {name: np.moveaxis(column, 0, -1).reshape(-1) for name, column in table.items()}


def write_csv(run: "Run", path: str | os.PathLike[str]) -> None:
    """Write `columns` as CSV, with numbers that read back to the same bits."""
    table = columns(run)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(table)
    writer.writerows(zip(*(column.tolist() for column in table.values()), strict=True))
    write_whole(path, buffer.getvalue().encode())


def _described(record: object) -> Json:
    try:
        return record.to_dict() if isinstance(record, Record) else {"not described": repr(record)}
    except TypeError:
        return {"not described": repr(record)}


def _made(file: Archive, name: str, given: object, dim: int) -> Any:  # a problem or an optimizer
    described = file.value(name, dict)
    if given is not None:
        return given
    if "not described" in described:
        raise ValueError(
            f"{name}: got {describe_value(given)}, expected the {name} itself, because the file could not "
            "describe "
            f"{described['not described']}"
        )
    call_hook("registry")  # a class can be looked up only when its package has been imported
    try:
        made = Record.from_dict(described)
    # Each class checks its parameters in its own way, and none of them expects a file's leftovers.
    except Exception as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise file.fault(f"its {name} cannot be made: {why}") from None
    fits = isinstance(made, Optimizer) if name == "optimizer" else _is_problem(made, dim)
    if not fits:
        raise file.fault(f"its {name} is {describe_value(made)}")
    return made


def _is_problem(made: object, dim: int) -> bool:
    return hasattr(made, "fun") and hasattr(made, "grad") and getattr(made, "dim", dim) == dim
