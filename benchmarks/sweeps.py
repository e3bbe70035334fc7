"""Sweeps of which only the ends are wanted: a hundred thousand runs at once."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import Row, interleave, rows
from benchmarks.peers import collect, load
from benchmarks.rosenbrock import START, gradient, torch_assigned
from optim import Adam, Momentum, Optimizer
from optim.hyperparameters import Hypers
from optim.sweep import sweep
from problems import Quadratic, Rosenbrock

STEPS = 200
NAIVE = "the rule as it stands on (B, 2)"


def naive(optimizer: Optimizer, steps: int) -> Callable[[], Any]:
    """Return the batch as expressions on whole (B, 2) arrays, without any history."""
    problem = Rosenbrock()
    x0 = optimizer.spread(np.array(START))

    def run() -> Any:
        x, slots = x0, optimizer.init(x0).slots
        hypers = Hypers(optimizer, x)
        for n in range(steps):
            x, slots = optimizer.update(x, problem.grad(x), slots, hypers.resolve(n))
        return x

    return run


def optax_sweep(settings: tuple[Any, ...], steps: int) -> Callable[[], Any]:
    """Return Optax's scan under vmap over settings of Adam, compiled before it is timed."""
    jax, optax = load("jax", "optax")

    def one(*setting: Any) -> Any:
        optimizer = optax.adam(*setting)
        p = jax.numpy.array(START)

        def step(carry: Any, _: Any) -> Any:
            p, state = carry
            updates, state = optimizer.update(jax.numpy.stack(gradient(p[0], p[1])), state, p)
            return (optax.apply_updates(p, updates), state), None

        return jax.lax.scan(step, (p, optimizer.init(p)), None, length=steps)[0][0]

    compiled = jax.jit(jax.vmap(one))
    return lambda: compiled(*settings).block_until_ready()


def measure(rounds: int, threads: int) -> list[Row]:
    """Return the rows of this regime."""
    found = []
    for runs, steps in ((10**3, 2000), (10**4, STEPS), (10**5, STEPS)):
        rng = np.random.default_rng(0)
        rates = np.geomspace(1e-4, 1e-2, runs)
        betas = rng.uniform(0.8, 0.95, runs), rng.uniform(0.99, 0.999, runs)
        for task, settings in (("lr one a run", (rates,)), ("lr, beta1, beta2 one a run", (rates, *betas))):
            found += _adam(f"Adam, {task}, B = {runs}, D = 2", settings, steps, rounds, threads)
    return [*found, *_bookkeeping(rounds), _memory()]


def _adam(task: str, settings: tuple[Any, ...], steps: int, rounds: int, threads: int) -> list[Row]:
    runs, problem = len(settings[0]), Rosenbrock()
    optimizer = Adam(*(values[:, None] for values in settings))
    candidates, missing = collect(
        {
            "stepsize": lambda: lambda: sweep(problem, optimizer, steps=steps, threads=threads),
            NAIVE: lambda: naive(optimizer, steps // 5),
            "PyTorch, looped": lambda: torch_assigned(lambda torch, p: torch.optim.Adam(p, lr=1e-3), STEPS),
            "Optax, vmap and warm scan": lambda: optax_sweep(settings, steps),
        }
    )
    units = dict.fromkeys(candidates, float(runs * steps))
    units |= {NAIVE: float(runs * (steps // 5)), "PyTorch, looped": float(STEPS)}
    timings = interleave(candidates, units, min(rounds, 5))
    timings.missing = missing
    aims = {NAIVE: 3.0, "Optax, vmap and warm scan": 2.0} if runs >= 10**4 else {}
    if runs == 10**5:
        aims["PyTorch, looped"] = 3000.0
    return rows(task, timings, 1e9, "ns a run and step", aims)


def _bookkeeping(rounds: int) -> list[Row]:
    """Return what it costs to know exactly when a run diverged."""
    bowl, runs = Quadratic([1.0, 20.0]), 10**5
    tame = Momentum(lr=np.linspace(0.01, 0.15, runs)[:, None], momentum=0.5)
    # Beyond (2 + 2 momentum) / 20 heavy ball diverges on this bowl; a few times that takes 100 updates or so.
    lr = np.where(np.arange(runs) % 3 == 0, np.linspace(1.0, 90.0, runs), tame.lr[:, 0])
    third = Momentum(lr=lr[:, None], momentum=0.5)
    candidates = {
        "unchecked": lambda: sweep(bowl, tame, steps=400, check=400),
        "none": lambda: sweep(bowl, tame, steps=400),
        "a third": lambda: sweep(bowl, third, steps=400),
    }
    timings = interleave(candidates, 1.0, rounds)
    share = sweep(bowl, third, steps=400).diverged.mean()
    found = []
    for name, words, limit in (("none", "none diverges", 5), ("a third", f"{share:.0%} diverge", 20)):
        cost = 100 * (timings.ratio(name, "unchecked") - 1)
        task = f"time that looking for runs which diverge adds to a sweep, {words}"
        found.append(Row(task, f"{cost:+.0f} %", aim=f"<= {limit} %", met=cost <= limit))
    return found


def _memory() -> Row:
    runs, d = 20_000, 100
    optimizer = Adam(lr=np.full((runs, 1), 1e-3))
    problem = Quadratic(np.linspace(1.0, 10.0, d))
    tracemalloc.start()
    ends = sweep(problem, optimizer, steps=3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    above = (peak - ends.x.nbytes - ends.fun.nbytes - ends.grad_norm.nbytes) / 2**20
    task = f"peak memory of a sweep above its result of {ends.x.nbytes / 2**20:.0f} MB"
    return Row(task, f"{above:.0f} MB", aim="<= 20 MB", met=above <= 20)
