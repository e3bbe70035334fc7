"""The peers, each loaded if it is installed and otherwise a named gap."""

import os
from collections.abc import Callable
from importlib import import_module, metadata
from typing import Any

DISTRIBUTIONS = {
    "torch": "torch",
    "jax": "jax",
    "optax": "optax",
    "keras": "keras",
    "sklearn": "scikit-learn",
    "numba": "numba",
    "llvmlite": "llvmlite",
}


_THREADS = [1]


class Missing(Exception):  # noqa: N818  (not an error: a gap in a table)
    """A peer that is not installed."""


def load_threads(threads: int) -> None:
    """Say with how many threads the peers are to run, before the first of them is loaded."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    # XLA has no number of threads to set, only one or all; it reads this when JAX is first imported.
    if threads == 1:
        flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        os.environ["XLA_FLAGS"] = flags
    _THREADS[0] = threads


def load(*names: str) -> Any:
    """Import peers, or raise `Missing` with the name of the first that is absent.

    Several names give a tuple of modules, one name the module.
    """
    load_threads(_THREADS[0])
    modules = []
    for name in names:
        try:
            modules.append(import_module(name))
        except ImportError as error:
            raise Missing(name) from error
        if name == "torch":
            modules[-1].set_num_threads(_THREADS[0])
        if name == "jax":
            modules[-1].config.update("jax_enable_x64", True)
    return tuple(modules) if len(modules) > 1 else modules[0]


def versions() -> dict[str, str]:
    """Return the version of every peer that is installed."""
    found = {}
    for name, distribution in DISTRIBUTIONS.items():
        try:
            found[name] = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def collect(makers: dict[str, Callable[[], Any]]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the candidates that can be made, and for each other one the peer that is missing."""
    candidates, missing = {}, {}
    for name, make in makers.items():
        try:
            candidates[name] = make()
        except Missing as gap:
            missing[name] = f"{gap} is not installed"
    return candidates, missing
