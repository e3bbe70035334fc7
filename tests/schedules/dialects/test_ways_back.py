"""Our schedules drive other libraries' optimizers, in the lines that `schedules.dialects` documents."""

import numpy as np
import pytest

from schedules import Cosine, MultiStep, Restarts, WarmupStableDecay

# Keras with NumPy 2 warns of its own conversions.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SCHEDULES = [
    Cosine(0.1, steps=20).warmup(5),
    WarmupStableDecay(0.1, rise=4, stable=10, fall=8),
    Restarts(0.2, steps=3, mult=2, end=0.01),
    MultiStep(0.1, 0.5, at=[3, 9]),
]
T = 30
one_each = pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)


def installed(name):
    return pytest.importorskip(
        name, reason=f"{name} is not installed; this shows that our schedules drive its optimizers"
    )


def moved(points):
    """The rates used, under a gradient of one: how far each update went."""
    return -np.diff(np.array(points, dtype=float))


@one_each
def test_a_torch_lambda_lr(schedule):
    torch = installed("torch")
    from torch.optim import SGD
    from torch.optim.lr_scheduler import LambdaLR

    x = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = SGD([x], lr=1.0)
    driver = LambdaLR(optimizer, schedule)
    points = [x.item()]
    for _ in range(T):
        x.grad = torch.ones_like(x)
        optimizer.step()
        driver.step()
        points.append(x.item())
    np.testing.assert_allclose(moved(points), schedule.table(T), atol=1e-15)


@one_each
def test_an_optax_schedule(schedule):
    optax, jax = installed("optax"), installed("jax")
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    rule = optax.sgd(jnp.asarray(schedule.table(T)).__getitem__)
    x = jnp.zeros(1)
    state, points = rule.init(x), [0.0]

    @jax.jit
    def step(x, state):
        updates, state = rule.update(jnp.ones(1), state)
        return optax.apply_updates(x, updates), state

    for _ in range(T + 5):
        x, state = step(x, state)
        points.append(float(x[0]))
    held = np.append(schedule.table(T), [schedule(T - 1)] * 5)
    np.testing.assert_allclose(moved(points), held, atol=1e-14)


@one_each
def test_a_keras_learning_rate_schedule(schedule):
    keras = installed("keras")
    driver = keras.optimizers.schedules.PiecewiseConstantDecay(list(range(T - 1)), schedule.table(T).tolist())
    assert isinstance(driver, keras.optimizers.schedules.LearningRateSchedule)
    x = keras.Variable(np.zeros(1), dtype="float32")
    optimizer, points = keras.optimizers.SGD(driver), [0.0]
    for _ in range(T):
        optimizer.apply([keras.ops.ones(1)], [x])
        points.append(float(keras.ops.convert_to_numpy(x)[0]))
    np.testing.assert_allclose(moved(points), schedule.table(T), atol=1e-6)


def test_a_keras_callback():
    keras = installed("keras")
    schedule = MultiStep(0.1, 0.5, at=[3, 9])
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.7), loss="mse")
    driver = keras.callbacks.LearningRateScheduler(lambda epoch, _: schedule(epoch))
    driver.set_model(model)
    rates = []
    for epoch in range(12):
        driver.on_epoch_begin(epoch)
        rates.append(float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)))
    np.testing.assert_allclose(rates, schedule.table(12), rtol=1e-6)
