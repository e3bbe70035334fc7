"""Whole processes: start Python, import, make 10^4 Adam steps in two dimensions, end."""

from benchmarks.imports import fresh
from benchmarks.measure import Row, interleave, rows
from benchmarks.peers import collect, load

OURS = """
from optim import Adam, minimize
from problems import Rosenbrock
minimize(Rosenbrock(), Adam(lr=1e-3), steps=10_000)
"""

TORCH = """
from benchmarks.rosenbrock import torch_assigned
torch_assigned(lambda torch, p: torch.optim.Adam(p, lr=1e-3), 10_000)()
"""

OPTAX = """
from benchmarks.rosenbrock import optax_scan
optax_scan(lambda optax: optax.adam(1e-3), 10_000)()
"""


def measure(rounds: int, threads: int) -> list[Row]:
    """Return the rows of this regime; the scan is compiled within the process, as it has to be."""
    del threads

    def with_peer(program: str, *peers: str):  # type: ignore[no-untyped-def]  # a callable that is only called
        load(*peers)
        return fresh(program)

    candidates, missing = collect(
        {
            "stepsize": lambda: fresh(OURS),
            "Optax, scan": lambda: with_peer(OPTAX, "jax", "optax"),
            "PyTorch, gradient assigned": lambda: with_peer(TORCH, "torch"),
        }
    )
    timings = interleave(candidates, 1.0, min(rounds, 5))
    timings.missing = missing
    aims = {"Optax, scan": 5.0, "PyTorch, gradient assigned": 20.0}
    return rows("Python, imports, 10^4 Adam steps", timings, 1e3, "ms", aims)
