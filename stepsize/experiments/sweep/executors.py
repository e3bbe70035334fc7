"""Executors of a sweep: serial, joblib or Dask."""

import importlib
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from stepsize.core.progress import Progress
from stepsize.core.validation import as_count
from stepsize.experiments.sweep.batch import Batch, RunSummary, compute

__all__ = ["outcomes", "progress_for"]


def outcomes(
    batches: list[Batch], jobs: int, backend: str | None
) -> Generator[tuple[int, RunSummary], None, None]:
    """Yield what comes out of each batch, with its place in the list, in the order in which they are done.

    Parameters
    ----------
    batches : list of Batch
        The work.
    jobs : int
        How many processes; -1 for one a processor. 1 without a backend is this process.
    backend : str, optional
        A backend of joblib that gives results as they come: "loky", "threading", "dask".

    Raises
    ------
    ImportError
        If joblib, or what the backend needs, is not installed.
    ValueError
        If the backend is "dask" and there is no client.
    ChildProcessError
        If a worker process was killed.
    """
    if jobs != -1:
        as_count("jobs", jobs, 1)
    if backend is None and jobs == 1:
        yield from ((place, compute(batch)) for place, batch in enumerate(batches))
        return
    joblib = wanted("joblib", "sweep", "jobs and backend")
    if backend == "dask":
        _check_client()
    try:
        chosen = joblib.parallel_config(backend=backend or "loky", n_jobs=jobs)
        with chosen:
            parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1)
    except ValueError:
        raise ValueError(
            f"backend: got {backend!r}, expected one that joblib has and that gives results as they come: "
            "loky, threading, dask"
        ) from None
    kept = "what a store has is kept, and the same call goes on from there"
    with lost_workers_named("jobs", kept):
        yield from parallel(joblib.delayed(_placed)(place, batch) for place, batch in enumerate(batches))


@contextmanager
def lost_workers_named(name: str, kept: str) -> Generator[None, None, None]:
    """Say in one sentence that a worker process was killed, whatever pool it was one of, and what is kept."""
    from concurrent.futures import BrokenExecutor

    try:
        yield
    except Exception as error:
        # Dask tries a task on several workers before it gives up.
        if not isinstance(error, BrokenExecutor) and type(error).__name__ != "KilledWorker":
            raise
        raise ChildProcessError(
            f"{name}: got a worker process that was killed, from outside or for want of memory; {kept}"
        ) from None


def _placed(place: int, batch: Batch) -> tuple[int, RunSummary]:
    return place, compute(batch)


def _check_client() -> None:
    distributed = wanted("distributed", "dask", 'backend="dask"')
    try:
        distributed.get_client()
    except ValueError:
        raise ValueError(
            "backend: got 'dask' without a client, expected a current one, "
            "as `from dask.distributed import Client; Client()` makes it"
        ) from None


def wanted(module: str, extra: str, what: str) -> Any:
    """Return an optional package, or raise one sentence on how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise ImportError(
            f"{what}: the package {module} is not installed; pip install 'stepsize[{extra}]' brings it"
        ) from None


@contextmanager
def progress_for(total: int, wanted: bool | None) -> Generator[Any, None, None]:
    """Give a function ``advance(runs)``, behind which stands tqdm where it is installed, else a plain line.

    With None it shows on a terminal only; with nothing to do it shows nothing.
    """
    show = sys.stderr.isatty() if wanted is None else wanted
    if not show or not total:
        yield lambda _: None
        return
    try:
        from tqdm import tqdm
    except ImportError:
        line = Progress(total)
        try:
            yield lambda runs: line.advance("runs", runs)
        finally:
            line.close()
        return
    with tqdm(total=total, unit="run", unit_scale=True) as bar:
        yield bar.update
