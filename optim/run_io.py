"""Runs on disk and as tables."""

import csv
import io
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from optim.history import History
from optim.state import state_header, state_of
from stepsize.core.hooks import call_hook
from stepsize.core.record import Record
from stepsize.core.storage import read_npz, write_npz, write_whole
from stepsize.core.validation import describe_value

if TYPE_CHECKING:
    from optim.run import Run

__all__ = ["columns", "read_run", "save_run", "write_csv"]

Array = np.ndarray[Any, Any]

_WRITER = "Run.save"
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
    kept: dict[str, Any] = {}
    header = {
        "writer": _WRITER,
        "problem": _described(run.problem),
        "optimizer": _described(run.optimizer),
        "every": run.history.every,
        "numbers": {name: getattr(run, name) for name in ("nfev", "njev", "status", "message")},
        "success": bool(run.success),
        "failure": run.failure,
        "state": state_header(run.state, kept),
    }
    write_npz(path, header, arrays | kept)


def read_run(path: str | os.PathLike[str], problem: Any = None, optimizer: Any = None) -> dict[str, Any]:
    """Return the fields of the run that `save_run` wrote."""
    header, arrays = read_npz(path, _WRITER)
    diverged = arrays["diverged"]
    history: dict[str, Any] = {name: arrays.get(f"history/{name}") for name in _HISTORY}
    return dict(
        problem=_made(header, "problem", problem),
        optimizer=_made(header, "optimizer", optimizer),
        history=History(**history, every=header["every"]),
        jac=arrays["jac"],
        **header["numbers"],
        success=header["success"],
        failure=header.get("failure"),
        diverged=diverged.item() if diverged.ndim == 0 else diverged,
        state=state_of(header["state"], arrays),
    )


def columns(run: "Run") -> dict[str, Array]:
    """Return the history of a run as columns, one row a kept point; of a batch every run in its turn.

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
    told: dict[str, Array] = {"update": np.broadcast_to(rows.reshape(-1, *(1,) * len(batch)), shape)}
    if batch:
        told["run"] = np.broadcast_to(np.arange(count).reshape(batch), shape)
    x = run.history.x if run.history.output is None else run.history.output
    told |= {f"x{i + 1}": x[..., i] for i in range(x.shape[-1])}
    told |= {"fun": run.loss[rows], "error": run.error[rows], "grad_norm": run.history.grad_norm[rows]}
    one = lr.shape[-1] == 1
    for i in range(lr.shape[-1]):
        told["lr" if one else f"lr{i + 1}"] = np.broadcast_to(
            lr[..., i].reshape(len(rows), *(lr.shape[1:-1] or (1,) * len(batch))), shape
        )
    told["overshoot"] = crossed
    return {name: np.moveaxis(column, 0, -1).reshape(-1) for name, column in told.items()}


def write_csv(run: "Run", path: str | os.PathLike[str]) -> None:
    """Write `columns` as CSV, with numbers that read back to the same bits."""
    table = columns(run)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(table)
    writer.writerows(zip(*(column.tolist() for column in table.values()), strict=True))
    write_whole(path, buffer.getvalue().encode())


def _described(record: Any) -> Any:
    try:
        return record.to_dict()
    except (TypeError, AttributeError):
        return {"not described": repr(record)}


def _made(header: dict[str, Any], name: str, given: Any) -> Any:
    told = header[name]
    if given is not None:
        return given
    if "not described" in told:
        raise ValueError(
            f"{name}: got {describe_value(given)}, expected the {name} itself, because the file could not "
            "describe "
            f"{told['not described']}"
        )
    call_hook("registry")  # a class can be looked up only when its package has been imported
    return Record.from_dict(told)
