"""The compiled engine: one run with its history, a sweep's ends, huge vectors; beside peers and the limit.

The limit is a loop written by hand for the one task and compiled by Numba, without history where ours has one
unless it says so. Peers that step one by one are timed on fewer steps.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.by_hand import adam_ends, adam_run, adam_step, sgd_run
from benchmarks.huge import RULES, data, torch_step
from benchmarks.measure import Row, interleave, rows
from benchmarks.peers import collect, load
from benchmarks.rosenbrock import START, gradient, keras_steps, optax_steps, ours, torch_assigned
from benchmarks.sweeps import optax_sweep
from optim import SGD, Adam, Optimizer
from optim.engines import step
from optim.sweep import sweep
from problems import Rosenbrock

LR = 1e-3
FEW = 200
SCAN = "Optax, warm scan with the same history"
VMAP = "Optax, vmap and warm scan"
FUSED = "PyTorch, fused"
BY_HAND = "Numba, by hand (the limit)"


def measure(rounds: int, threads: int) -> list[Row]:
    """Return the rows of this regime."""
    return [*_one_run(rounds), *_ends(rounds, threads), *_huge(rounds, threads)]


def _one_run(rounds: int) -> list[Row]:
    found = []
    rules: list[tuple[str, Optimizer, Callable[[Any], Any], Callable[..., Any], Callable[[int], Any]]] = [
        ("SGD", SGD(lr=LR), lambda o: o.sgd(LR), lambda t, p, **k: t.optim.SGD(p, lr=LR, **k), sgd_run),
        ("Adam", Adam(lr=LR), lambda o: o.adam(LR), lambda t, p, **k: t.optim.Adam(p, lr=LR, **k), adam_run),
    ]
    for name, rule, optax_rule, torch_rule, by_hand in rules:
        keras_rule = {"SGD": lambda k: k.optimizers.SGD(LR), "Adam": lambda k: k.optimizers.Adam(LR)}[name]
        for steps in (2000, 100_000):
            makers: dict[str, Callable[[], Any]] = {
                "stepsize": lambda r=rule, s=steps: ours(r, s, "compiled"),
                "ours, plain install": lambda r=rule, s=steps: ours(r, min(s, 20_000), "floats"),
                SCAN: lambda o=optax_rule, s=steps: optax_scan_with_history(o, s),
                "Optax, jitted step": lambda o=optax_rule: optax_steps(o, FEW, jitted=True),
                "PyTorch, default": lambda t=torch_rule: torch_assigned(
                    lambda torch, p: t(torch, p, foreach=False), FEW
                ),
                "PyTorch, foreach": lambda t=torch_rule: torch_assigned(
                    lambda torch, p: t(torch, p, foreach=True), FEW
                ),
                FUSED: lambda t=torch_rule: torch_assigned(lambda torch, p: t(torch, p, fused=True), FEW),
                "Keras, apply": lambda k=keras_rule: keras_steps(k, FEW),
                BY_HAND: lambda b=by_hand, s=steps: b(s),
            }
            candidates, missing = collect(makers)
            # Short ones several times in a row, as the peers' steps: the first is cold, for everybody.
            times = max(1, 40_000 // steps)
            whole = [label for label in ("stepsize", SCAN, BY_HAND) if label in candidates]
            candidates |= {label: repeated(candidates[label], times) for label in whole}
            units = dict.fromkeys(candidates, float(FEW))
            units |= dict.fromkeys(whole, float(steps * times))
            units["ours, plain install"] = float(min(steps, 20_000))
            timings = interleave(candidates, units, rounds)
            timings.missing = missing
            task = f"{name}, one run in 2-D with its history, {steps} updates"
            found += rows(task, timings, 1e9, "ns an update", {SCAN: 3.0 if steps == 2000 else 1.0})
    return found


def optax_scan_with_history(make: Callable[[Any], Any], steps: int) -> Callable[[], Any]:
    """Return Optax's run as one compiled scan that keeps what ours keeps, compiled before it is timed."""
    jax, optax = load("jax", "optax")
    optimizer, numpy = make(optax), jax.numpy

    def slope(p: Any) -> Any:
        return numpy.stack(gradient(p[0], p[1]))

    def one(carry: Any, _: Any) -> Any:
        p, g, state = carry
        updates, state = optimizer.update(g, state, p)
        q = optax.apply_updates(p, updates)
        a, b = q
        value = 100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2
        after = slope(q)
        moved = q - p
        kept = q, value, numpy.sqrt(after @ after), numpy.sqrt(moved @ moved), moved @ after > 0
        return (q, after, state), kept

    def whole(p: Any) -> Any:
        return jax.lax.scan(one, (p, slope(p), optimizer.init(p)), None, length=steps)[1]

    compiled = jax.jit(whole)
    return lambda: [np.asarray(column) for column in compiled(numpy.array(START))]


def _ends(rounds: int, threads: int) -> list[Row]:
    steps, runs = 200, 10**5
    rates = np.geomspace(1e-4, 1e-2, runs)
    optimizer, problem = Adam(lr=rates[:, None]), Rosenbrock()

    def made_by(engine: str) -> Callable[[], Any]:
        return lambda: sweep(problem, optimizer, steps=steps, threads=threads, engine=engine)

    candidates, missing = collect(
        {
            "stepsize": lambda: made_by("compiled"),
            "ours, plain install": lambda: made_by("traced"),
            VMAP: lambda: optax_sweep((rates,), steps),
            BY_HAND: lambda: adam_ends(rates, steps),
        }
    )
    timings = interleave(candidates, float(runs * steps), rounds)
    timings.missing = missing
    return rows("Adam, the ends of 10^5 runs in 2-D", timings, 1e9, "ns a run and update", {VMAP: 1.5})


def _huge(rounds: int, threads: int) -> list[Row]:
    found = []
    for name, (rule, make, _) in RULES.items():
        for size in (10**5, 10**7):
            times = max(1, 10**6 // size)
            makers: dict[str, Callable[[], Any]] = {
                "stepsize": lambda r=rule, s=size: in_place(r, s, threads, "compiled"),
                "ours, plain install": lambda r=rule, s=size: in_place(r, s, threads, "traced"),
                "PyTorch, default": lambda m=make, s=size: torch_step(m, s, foreach=False),
                "PyTorch, foreach": lambda m=make, s=size: torch_step(m, s, foreach=True),
                FUSED: lambda m=make, s=size: torch_step(m, s, fused=True),
            }
            if name == "Adam" and threads == 1:
                makers[BY_HAND] = lambda s=size: adam_step(s)
            made, missing = collect(makers)
            candidates = {label: repeated(one, times) for label, one in made.items()}
            timings = interleave(candidates, float(size * times), rounds)
            timings.missing = missing
            aim = 0.95 if (name, size) == ("Adam", 10**7) else 1.1
            task = f"{name}, a step of 10^{len(str(size)) - 1} parameters in place"
            found += rows(task, timings, 1e9, "ns a parameter", {FUSED: aim})
    return found


def in_place(rule: Optimizer, size: int, threads: int, engine: str) -> Callable[[], Any]:
    """Return our step of so many parameters, which goes on from the last one."""
    x, g = data(size)
    held = [x, rule.init(x)]

    def run() -> None:
        held[:] = step(rule, held[0], g, held[1], threads=threads, overwrite=True, engine=engine)

    return run


def repeated(one: Callable[[], Any], times: int) -> Callable[[], Any]:
    """Return what does the same so many times."""

    def run() -> None:
        for _ in range(times):
            one()

    return run
