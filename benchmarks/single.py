"""Two dimensions, one run: a step of each of the seven rules, ours with schedule and full history."""

from collections.abc import Callable
from typing import Any

from benchmarks.measure import Row, interleave, rows
from benchmarks.peers import collect
from benchmarks.rosenbrock import keras_steps, optax_scan, optax_steps, ours, torch_assigned, torch_autograd
from optim import SGD, Adadelta, Adagrad, Adam, Momentum, Nesterov, Optimizer, RMSprop
from schedules import Exponential

LR = 1e-4
STEPS = 2000
AIMS = {
    "PyTorch, gradient assigned": 20,
    "PyTorch, autograd": 80,
    "Keras, apply": 60,
    "Optax, jitted step": 5,
}

OURS: dict[str, Callable[[Any], Optimizer]] = {
    "SGD": lambda lr: SGD(lr=lr),
    "Momentum": lambda lr: Momentum(lr=lr),
    "Nesterov": lambda lr: Nesterov(lr=lr),
    "Adagrad": lambda lr: Adagrad(lr=lr),
    "Adadelta": lambda lr: Adadelta(lr=lr),
    "RMSprop": lambda lr: RMSprop(lr=lr),
    "Adam": lambda lr: Adam(lr=lr),
}
TORCH: dict[str, Callable[[Any, Any], Any]] = {
    "SGD": lambda torch, p: torch.optim.SGD(p, lr=LR),
    "Momentum": lambda torch, p: torch.optim.SGD(p, lr=LR, momentum=0.9),
    "Nesterov": lambda torch, p: torch.optim.SGD(p, lr=LR, momentum=0.9, nesterov=True),
    "Adagrad": lambda torch, p: torch.optim.Adagrad(p, lr=LR),
    "Adadelta": lambda torch, p: torch.optim.Adadelta(p, lr=LR),
    "RMSprop": lambda torch, p: torch.optim.RMSprop(p, lr=LR),
    "Adam": lambda torch, p: torch.optim.Adam(p, lr=LR),
}
KERAS: dict[str, Callable[[Any], Any]] = {
    "SGD": lambda keras: keras.optimizers.SGD(LR),
    "Momentum": lambda keras: keras.optimizers.SGD(LR, momentum=0.9),
    "Nesterov": lambda keras: keras.optimizers.SGD(LR, momentum=0.9, nesterov=True),
    "Adagrad": lambda keras: keras.optimizers.Adagrad(LR),
    "Adadelta": lambda keras: keras.optimizers.Adadelta(LR),
    "RMSprop": lambda keras: keras.optimizers.RMSprop(LR),
    "Adam": lambda keras: keras.optimizers.Adam(LR),
}
OPTAX: dict[str, Callable[[Any], Any]] = {
    "SGD": lambda optax: optax.sgd(LR),
    "Momentum": lambda optax: optax.sgd(LR, momentum=0.9),
    "Nesterov": lambda optax: optax.sgd(LR, momentum=0.9, nesterov=True),
    "Adagrad": lambda optax: optax.adagrad(LR),
    "Adadelta": lambda optax: optax.adadelta(LR),
    "RMSprop": lambda optax: optax.rmsprop(LR),
    "Adam": lambda optax: optax.adam(LR),
}


def measure(rounds: int, threads: int) -> list[Row]:
    """Return the rows of this regime; everything in it runs on one thread."""
    del threads
    found = []
    for rule, make in OURS.items():
        optimizer = make(Exponential(LR, 1e-5))
        steps = {"stepsize": STEPS} | dict.fromkeys((*AIMS, "Optax, warm scan without history"), 200)
        steps["Optax, warm scan without history"] = 10 * STEPS
        makers: dict[str, Callable[[], Any]] = {
            "stepsize": lambda optimizer=optimizer: ours(optimizer, STEPS, "auto"),
            "PyTorch, gradient assigned": lambda rule=rule: torch_assigned(TORCH[rule], 200),
            "PyTorch, autograd": lambda rule=rule: torch_autograd(TORCH[rule], 200),
            "Keras, apply": lambda rule=rule: keras_steps(KERAS[rule], 200),
            "Optax, jitted step": lambda rule=rule: optax_steps(OPTAX[rule], 200, jitted=True),
            "Optax, warm scan without history": lambda rule=rule: optax_scan(OPTAX[rule], 10 * STEPS),
        }
        candidates, missing = collect(makers)
        timings = interleave(candidates, {name: steps[name] for name in candidates}, rounds)
        timings.missing = missing
        found += rows(rule, timings, 1e6, "µs", dict(AIMS))
    return found
