"""One run on Rosenbrock's valley in two dimensions, by us and by the peers; gradients in closed form.

Ours record everything (x, f, gradient norm, rate, overshoot at every step); the peers keep nothing but the
last point. Each peer has its gradient the fastest way: PyTorch from Python floats, JAX in the jitted step.
"""

from collections.abc import Callable
from typing import Any

from benchmarks.peers import load
from optim import Optimizer, minimize
from problems import Rosenbrock

START = (-1.2, 1.0)


def gradient(a: Any, b: Any) -> tuple[Any, Any]:
    """Return the two partial derivatives."""
    valley = 200.0 * (b - a * a)
    return -2.0 * a * valley - 2.0 * (1.0 - a), valley


def ours(optimizer: Optimizer, steps: int, engine: str) -> Callable[[], Any]:
    """Return our whole run with its history."""
    problem = Rosenbrock()
    return lambda: minimize(problem, optimizer, steps=steps, engine=engine)


def torch_assigned(make: Callable[[Any, Any], Any], steps: int) -> Callable[[], Any]:
    """Return PyTorch's loop with the gradient assigned; ``make(torch, parameters)`` builds the optimizer."""
    torch = load("torch")

    def run() -> Any:
        p = torch.nn.Parameter(torch.tensor(START, dtype=torch.float64))
        optimizer = make(torch, [p])
        for _ in range(steps):
            p.grad = torch.tensor(gradient(*p.tolist()), dtype=torch.float64)
            optimizer.step()
        return p

    return run


def torch_autograd(make: Callable[[Any, Any], Any], steps: int) -> Callable[[], Any]:
    """Return PyTorch's loop as most people write it: loss, backward, step."""
    torch = load("torch")

    def run() -> Any:
        p = torch.nn.Parameter(torch.tensor(START, dtype=torch.float64))
        optimizer = make(torch, [p])
        for _ in range(steps):
            optimizer.zero_grad()
            a, b = p
            loss = 100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2
            loss.backward()
            optimizer.step()
        return p

    return run


def optax_steps(make: Callable[[Any], Any], steps: int, jitted: bool) -> Callable[[], Any]:
    """Return Optax's loop, its step jitted as a whole or not at all; ``make(optax)`` builds the optimizer."""
    jax, optax = load("jax", "optax")
    optimizer = make(optax)

    def step(p: Any, state: Any) -> Any:
        updates, state = optimizer.update(jax.numpy.stack(gradient(p[0], p[1])), state, p)
        return optax.apply_updates(p, updates), state

    step = jax.jit(step) if jitted else step

    def run() -> Any:
        p = jax.numpy.array(START)
        state = optimizer.init(p)
        for _ in range(steps):
            p, state = step(p, state)
        return p.block_until_ready()

    return run


def optax_scan(make: Callable[[Any], Any], steps: int) -> Callable[[], Any]:
    """Return Optax's whole run as one compiled scan, which has been compiled before it is timed."""
    jax, optax = load("jax", "optax")
    optimizer = make(optax)

    def step(carry: Any, _: Any) -> Any:
        p, state = carry
        updates, state = optimizer.update(jax.numpy.stack(gradient(p[0], p[1])), state, p)
        return (optax.apply_updates(p, updates), state), None

    def whole(p: Any) -> Any:
        return jax.lax.scan(step, (p, optimizer.init(p)), None, length=steps)[0][0]

    compiled = jax.jit(whole)
    return lambda: compiled(jax.numpy.array(START)).block_until_ready()


def keras_steps(make: Callable[[Any], Any], steps: int) -> Callable[[], Any]:
    """Return Keras' loop on its PyTorch backend, gradients applied; ``make(keras)`` builds the optimizer."""
    torch, keras = load("torch", "keras")

    def run() -> Any:
        p = keras.Variable(START, dtype="float64")
        optimizer = make(keras)
        for _ in range(steps):
            slope = torch.tensor(gradient(*p.value.tolist()), dtype=torch.float64)
            optimizer.apply([slope], [p])
        return p

    return run
