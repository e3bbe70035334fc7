"""Huge vectors: an update of ten million parameters beside PyTorch, and beside passes over as much memory."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import Row, interleave, rows
from benchmarks.peers import collect, load
from optim import SGD, Adam, Momentum, Optimizer
from optim.engines import step
from optim.engines.large import BLOCK
from optim.hyperparameters import Hypers

SIZE = 10**7

RULES: dict[str, tuple[Optimizer, Callable[..., Any], float | None]] = {
    "Adam": (Adam(lr=1e-3), lambda torch, p, **o: torch.optim.Adam(p, lr=1e-3, **o), 30.0),
    "Momentum": (
        Momentum(lr=1e-3),
        lambda torch, p, **o: torch.optim.SGD(p, lr=1e-3, momentum=0.9, **o),
        None,
    ),
    "SGD": (SGD(lr=1e-3), lambda torch, p, **o: torch.optim.SGD(p, lr=1e-3, **o), None),
}
AIMS = {"PyTorch, default": 2.0, "PyTorch, foreach": 1.5}


def data(size: int = SIZE) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return parameters and a gradient."""
    rng = np.random.default_rng(0)
    return rng.normal(size=size), rng.normal(size=size)


def ours(optimizer: Optimizer, threads: int, overwrite: bool) -> Callable[[], Any]:
    """Return a step that goes on from the last one."""
    x, g = data()
    held = [x, optimizer.init(x)]

    def run() -> None:
        held[:] = step(optimizer, held[0], g, held[1], threads=threads, overwrite=overwrite)

    return run


def readable(optimizer: Optimizer) -> Callable[[], Any]:
    """Return the rule as it stands, on whole arrays."""
    x, g = data()
    held = [x, optimizer.init(x).slots]

    def run() -> None:
        held[:] = optimizer.update(held[0], g, held[1], Hypers(optimizer, held[0]).resolve(5))

    return run


def torch_step(make: Callable[..., Any], size: int = SIZE, **options: Any) -> Callable[[], Any]:
    """Return PyTorch's step, in place."""
    torch = load("torch")
    x, g = data(size)
    p = torch.nn.Parameter(torch.from_numpy(x))
    p.grad = torch.from_numpy(g)
    return make(torch, [p], **options).step  # type: ignore[no-any-return]  # PyTorch is not looked into


def traffic(arrays: int) -> Callable[[], Any]:
    """Return a pass over the memory of an update: read the gradient, read and write so many arrays."""
    g = np.ones(SIZE)
    others = [np.ones(SIZE) for _ in range(arrays)]

    def run() -> None:
        for low in range(0, SIZE, BLOCK):
            for a in others:
                np.add(a[low : low + BLOCK], g[low : low + BLOCK], a[low : low + BLOCK])

    return run


def measure(rounds: int, threads: int) -> list[Row]:
    """Return the rows of this regime."""
    found = []
    for name, (optimizer, make, share) in RULES.items():
        candidates, missing = collect(
            {
                "stepsize": lambda o=optimizer: ours(o, threads, True),
                "ours, x and state kept": lambda o=optimizer: ours(o, threads, False),
                "the rule as it stands": lambda o=optimizer: readable(o),
                "PyTorch, default": lambda m=make: torch_step(m, foreach=False),
                "PyTorch, foreach": lambda m=make: torch_step(m, foreach=True),
                "PyTorch, fused": lambda m=make: torch_step(m, fused=True),
                "memory traffic, one thread": lambda o=optimizer: traffic(1 + len(o.slots)),
            }
        )
        timings = interleave(candidates, SIZE, rounds)
        timings.missing = missing
        traffic_share = 100 * timings.ratio("memory traffic, one thread", "stepsize")
        del timings.wall["memory traffic, one thread"]
        task = f"{name} step in place, float64"
        found += rows(task, timings, 1e9, "ns an element", AIMS if name == "Adam" else {})
        aim, met = (f">= {share:g} %", traffic_share >= share) if share else ("", None)
        found.append(
            Row(
                f"{task}: speed beside NumPy's adding of arrays of that size",
                f"{traffic_share:.0f} %",
                aim=aim,
                met=met,
            )
        )
    return found
