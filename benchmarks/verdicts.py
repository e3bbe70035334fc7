"""Sweeps that say what became of every run: settled when, how often it overshot, until when it was finite."""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import stepsize as ss
from benchmarks.measure import Row, interleave, number, rows
from benchmarks.peers import collect, load
from stepsize.experiments.sweep import batch

STEPS, BENDS = 300, (1.0, 20.0)
VMAP = "Optax, vmap and warm scan, the columns kept in the scan"


def grid(side: int) -> dict[str, Any]:
    """Return rates and momenta of so many settings squared, a tenth of which diverge."""
    return {"lr": np.geomspace(1e-3, 0.3, side), "momentum": np.linspace(0.0, 0.999, side)}


def swept(side: int) -> Callable[[], Any]:
    """Return the call that a user makes."""
    return lambda: ss.sweep(ss.Quadratic(BENDS), ss.Momentum, STEPS, progress=False, **grid(side))


def plain(side: int) -> Callable[[], Any]:
    """Return the same call as it is where no compiler is installed."""

    def run() -> None:
        kept, batch.PAYS = batch.PAYS, sys.maxsize
        try:
            swept(side)()
        finally:
            batch.PAYS = kept

    return run


class Carry(NamedTuple):
    """What a scan carries from update to update: the run, and what its columns need."""

    x: Any
    state: Any
    fun: Any
    grad: Any
    size: Any
    alive: Any
    updates: Any
    overshot: Any
    climbed: Any
    inside: Any
    first: Any
    overshot_then: Any
    climbed_then: Any
    best: Any


def optax_verdicts(side: int) -> Callable[[], Any]:
    """Return Optax's scan under vmap, with the same columns but for the words, which need all windows."""
    jax, optax = load("jax", "optax")
    numpy, bends, eps = jax.numpy, jax.numpy.array(BENDS), np.finfo(float).eps
    start = numpy.array(ss.Quadratic(BENDS).x0)

    def norm(a: Any) -> Any:
        return numpy.sqrt((a * a).sum())

    def one(lr: Any, momentum: Any) -> Any:
        rule = optax.sgd(lr, momentum=momentum)
        first_fun = 0.5 * (bends * start * start).sum()
        tolerance = 1e-8 * first_fun

        def step(c: Carry, k: Any) -> tuple[Carry, None]:
            updates, state = rule.update(c.grad, c.state, c.x)
            x = optax.apply_updates(c.x, updates)
            fun, grad = 0.5 * (bends * x * x).sum(), bends * x
            size, move = norm(grad), x - c.x
            floor = 4 * eps * (norm(move) * (size + c.size) + norm(x) * norm(grad - c.grad))
            alive = c.alive & numpy.isfinite(fun) & numpy.isfinite(size)
            overshot = c.overshot + (alive & ((move * grad).sum() > floor))
            rises = fun - c.fun > 16 * eps * numpy.maximum(fun, c.fun)
            climbed = c.climbed + (alive & rises)
            inside = fun <= tolerance
            enters = inside & ~c.inside
            told = Carry(
                x,
                state,
                fun,
                grad,
                size,
                alive,
                c.updates + alive,
                overshot,
                climbed,
                inside,
                numpy.where(enters, k, c.first),
                numpy.where(enters, overshot, c.overshot_then),
                numpy.where(enters, climbed, c.climbed_then),
                numpy.where(alive, numpy.minimum(c.best, fun), c.best),
            )
            return told, None

        grad = bends * start
        begin = Carry(
            start, rule.init(start), first_fun, grad, norm(grad), True, 0, 0, 0, False, 0, 0, 0, first_fun
        )
        c = jax.lax.scan(step, begin, numpy.arange(1, STEPS + 1))[0]
        settled = c.inside & c.alive
        until = numpy.where(settled, c.first, c.updates)
        return (
            numpy.where(settled, c.first, numpy.nan),
            numpy.where(settled, c.overshot_then, c.overshot) / until,
            numpy.where(settled, c.climbed_then, c.climbed) / until,
            c.updates,
            numpy.where(c.alive, c.fun, numpy.inf),
            c.best,
        )

    settings = [axis.ravel() for axis in np.meshgrid(*grid(side).values(), indexing="ij")]
    compiled = jax.jit(jax.vmap(one))
    return lambda: [np.asarray(column) for column in compiled(*settings)]


def measure(rounds: int, _: int) -> list[Row]:
    """Return the rows of this regime; a sweep runs on one thread, however many there are."""
    side = 316
    candidates, missing = collect(
        {
            "stepsize": lambda: swept(side),
            "ours, plain install": lambda: plain(side),
            VMAP: lambda: optax_verdicts(side),
        }
    )
    timings = interleave(candidates, float(side * side * STEPS), rounds)
    timings.missing = missing
    task = "Momentum, 10^5 runs of 300 updates with their verdicts"
    found = rows(task, timings, 1e9, "ns a run and update", {VMAP: 25.0})
    million = "10^6 settings of rate and momentum, 300 updates, with verdicts"
    for label, work in (("", swept(1000)), (", plain install", plain(1000))):
        took = interleave({"it": work}, rounds=1).median("it")
        found.append(Row(f"{million}{label}", f"{number(took)} s", aim="<= 6 s", met=took <= 6))
    return found
