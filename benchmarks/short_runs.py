"""What a run costs besides its updates: whole runs of one and of ten updates, record included."""

from collections.abc import Callable
from typing import Any

from benchmarks.measure import Row, interleave, rows
from benchmarks.peers import collect
from benchmarks.rosenbrock import optax_scan, optax_steps, ours, torch_assigned
from optim import Adam

LR = 1e-3
# So many runs to a sample, because one is over before the clock has ticked.
RUNS = 50


def many(make: Callable[[], Callable[[], Any]]) -> Callable[[], Callable[[], Any]]:
    """Return what makes a candidate that runs many times."""

    def made() -> Callable[[], Any]:
        run = make()

        def repeat() -> None:
            for _ in range(RUNS):
                run()

        return repeat

    return made


def measure(rounds: int, threads: int) -> list[Row]:
    """Return the rows of this regime."""
    del threads
    found = []
    for steps, aim in ((1, 120), (10, 200)):
        makers: dict[str, Callable[[], Any]] = {
            "stepsize": lambda n=steps: ours(Adam(lr=LR), n, "auto"),
            "PyTorch, gradient assigned": lambda n=steps: torch_assigned(
                lambda torch, p: torch.optim.Adam(p, lr=LR), n
            ),
            "Optax, jitted step": lambda n=steps: optax_steps(lambda optax: optax.adam(LR), n, jitted=True),
            "Optax, warm scan without history": lambda n=steps: optax_scan(lambda optax: optax.adam(LR), n),
        }
        candidates, missing = collect({name: many(make) for name, make in makers.items()})
        timings = interleave(candidates, RUNS, rounds)
        timings.missing = missing
        task = f"a whole run of Adam, {steps} update{'s' * (steps > 1)}"
        found += rows(task, timings, 1e6, "µs")
        cost = 1e6 * timings.median("stepsize")
        found.append(Row(f"{task}, with its record", f"{cost:.0f} µs", aim=f"<= {aim} µs", met=cost <= aim))
    return found
