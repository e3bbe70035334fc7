"""What one update costs: ``python -m benchmarks.per_step``.

Microseconds an Adam step on Rosenbrock's valley in two dimensions, with the full history, beside PyTorch and
Optax; a batch of a thousand rates against a loop of single runs; what ``import optim`` adds to NumPy's.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.imports import import_times
from benchmarks.measure import Timings, interleave
from benchmarks.peers import collect, versions
from benchmarks.rosenbrock import optax_steps, ours, torch_assigned
from optim import Adam, minimize
from problems import Rosenbrock

STEPS = 2000


def adam_steps(rounds: int, engine: str) -> Timings:
    """Time Adam's step, ours on one engine, against the peers."""
    lr = 1e-3
    units: dict[str, float] = {"stepsize": STEPS, "torch.optim.Adam": STEPS}
    units |= {"Optax, jitted step": STEPS, "Optax, not jitted": 50}
    candidates, missing = collect(
        {
            "stepsize": lambda: ours(Adam(lr=lr), STEPS, engine),
            "torch.optim.Adam": lambda: torch_assigned(lambda torch, p: torch.optim.Adam(p, lr=lr), STEPS),
            "Optax, jitted step": lambda: optax_steps(lambda optax: optax.adam(lr), STEPS, jitted=True),
            "Optax, not jitted": lambda: optax_steps(lambda optax: optax.adam(lr), 50, jitted=False),
        }
    )
    timings = interleave(candidates, {name: units[name] for name in candidates}, rounds)
    timings.missing = missing
    return timings


def thousand_rates(rounds: int, engine: str) -> Timings:
    """Time 1000 rates for 2000 steps as one batch against a loop of single runs, of which ten are timed."""
    rates, problem = np.geomspace(1e-4, 1e-2, 1000), Rosenbrock()

    def batch() -> Any:
        return minimize(problem, Adam(lr=rates[:, None]), steps=STEPS, engine=engine)

    def loop() -> None:
        for lr in rates[::100]:
            minimize(problem, Adam(lr=float(lr)), steps=STEPS, engine=engine)

    candidates: dict[str, Callable[[], Any]] = {"batch": batch, "loop": loop}
    return interleave(candidates, {"batch": 1000.0 * STEPS, "loop": 10.0 * STEPS}, rounds)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.per_step", description=__doc__)
    parser.add_argument(
        "--engine", default="array", help="how our rule is run (default: the reference, array)"
    )
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(arguments)

    print(f"Adam on Rosenbrock, 2-D, {STEPS} steps, one thread, {options.rounds} interleaved rounds")
    print("  " + ", ".join(f"{name} {version}" for name, version in versions().items()))
    steps = adam_steps(options.rounds, options.engine)
    for name in steps.wall:
        low, high = steps.spread(name, "stepsize")
        print(
            f"  {name:20} {1e6 * steps.median(name):8.2f} us a step   "
            f"{steps.ratio(name, 'stepsize'):7.2f} x ours (quartiles {low:.2f} to {high:.2f})"
        )
    for name, gap in steps.missing.items():
        print(f"  {name:20} {gap}")

    sweep = thousand_rates(min(options.rounds, 5), options.engine)
    print("1000 rates x 2000 Adam steps, a step of one run:")
    for name in sweep.wall:
        print(f"  {name:20} {1e9 * sweep.median(name):8.1f} ns")
    print(f"  a loop of single runs takes {sweep.ratio('loop', 'batch'):.0f} x as long as the batch")

    times = import_times(max(options.rounds, 9))
    print(
        "a fresh process, ms of processor time: "
        + ", ".join(f"{name} {ms:.1f}" for name, ms in times.items())
    )


if __name__ == "__main__":
    main()
