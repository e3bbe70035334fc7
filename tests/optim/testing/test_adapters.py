"""The kit's side of its contracts with PyTorch, Optax and Keras, by stand-ins that need none of them.

Each stand-in has the little that the kit asks of the library, and the traits that it must cope with: PyTorch
and Keras update in place, Keras keeps a rate in its default precision and its variables cannot be copied.
With the libraries themselves, `test_kit.py` compares the real ones.
"""

import sys
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

from optim import DecoupledDecay, HeavyBall, Momentum
from optim.testing import Stream, check_optimizer
from optim.testing.adapters import OptimizerUnderTest, as_subject

TWO = Stream("", (5.0,), ((1.0,), (1.0,)), (1.0, 0.5))


@pytest.fixture
def jax(monkeypatch):
    """JAX, with the settings that were made."""
    module, module.numpy = ModuleType("jax"), ModuleType("jax.numpy")
    module.settings = {}
    module.config = SimpleNamespace(update=module.settings.__setitem__)
    module.numpy.asarray = partial(np.asarray, dtype=float)
    monkeypatch.setitem(sys.modules, "jax", module)
    monkeypatch.setitem(sys.modules, "jax.numpy", module.numpy)
    return module


class Tensor:
    def __init__(self, values):
        self.values, self.grad, self.velocity = np.array(values), None, 0.0

    def detach(self):
        return self

    def numpy(self):
        return self.values


class TorchMomentum:
    __module__ = "torch.optim.sgd"

    def __init__(self, parameters, *, lr, momentum=0.0):
        assert lr >= 0
        self.param_groups = [{"params": [p], "lr": lr} for p in parameters]
        self.momentum = momentum

    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.velocity = self.momentum * p.velocity + p.grad.values
                p.values -= group["lr"] * p.velocity


def test_torch(monkeypatch):
    torch = ModuleType("torch")
    torch.tensor = Tensor
    torch.nn = SimpleNamespace(Parameter=lambda tensor: tensor)
    monkeypatch.setitem(sys.modules, "torch", torch)
    subject = as_subject(TorchMomentum, 0.2)
    assert (subject.name, subject.takes_rate) == ("torch.optim.TorchMomentum", True)
    assert subject.run(TWO).tolist() == [[5.0], [4.8], [4.7]]
    report = check_optimizer(partial(TorchMomentum, momentum=0.9), like=Momentum(lr=0.1))
    assert len(report.streams) == 17


class Transformation(NamedTuple):
    init: object
    update: object


def test_optax(monkeypatch, jax):
    """An update is what is to be added; the decay in it reads the parameters that come with the gradient."""

    def update(g, velocity, x):
        velocity = [0.9 * v + slope for v, slope in zip(velocity, g, strict=True)]
        return [-0.1 * (v + 0.5 * at) for v, at in zip(velocity, x, strict=True)], velocity

    optax = ModuleType("optax")
    optax.apply_updates = lambda x, updates: [at + u for at, u in zip(x, updates, strict=True)]
    monkeypatch.setitem(sys.modules, "optax", optax)
    rule = Transformation(lambda x: [0 * at for at in x], update)
    subject = as_subject(rule, 7.0)
    assert (subject.name, subject.takes_rate) == ("an Optax transformation", False)
    assert subject.run(TWO)[1].tolist() == [5.0 - 0.1 * 3.5]
    assert jax.settings == {"jax_enable_x64": True}
    assert len(check_optimizer(rule, like=DecoupledDecay(Momentum(lr=0.1), 0.5)).streams) == 15
    with pytest.raises(TypeError, match="step: got"):
        as_subject((np.zeros_like, update), 0.1)


class Variable:
    def __init__(self, value, dtype):
        assert dtype == "float64"
        self.value = np.array(value)

    def __deepcopy__(self, memo):
        raise NotImplementedError

    def assign(self, other):
        self.value = other.value.copy()


@pytest.fixture
def keras(monkeypatch):
    module = ModuleType("keras")
    module.precision, module.engine = ["float32"], "numpy"
    module.config = SimpleNamespace(
        backend=lambda: module.engine,
        floatx=lambda: module.precision[-1],
        set_floatx=module.precision.append,
    )
    module.Variable = Variable
    module.ops = SimpleNamespace(convert_to_tensor=lambda values, dtype: Variable(values, dtype).value)
    monkeypatch.setitem(sys.modules, "keras", module)
    return module


class KerasMomentum:
    __module__ = "keras.src.optimizers.sgd"

    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.config = {"learning_rate": learning_rate, "momentum": momentum}

    def get_config(self):
        return self.config

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def build(self, variables):
        self.kind = {"float32": np.float32, "float64": np.float64}[sys.modules["keras"].config.floatx()]
        self.velocity = [Variable(0 * v.value, "float64") for v in variables]

    @property
    def variables(self):
        return self.velocity

    def apply(self, gradients, variables):
        rate = float(self.kind(self.learning_rate))
        for velocity, gradient, variable in zip(self.velocity, gradients, variables, strict=True):
            velocity.value = self.config["momentum"] * velocity.value - rate * gradient
            variable.value = variable.value + velocity.value


def test_keras(keras):
    rule = KerasMomentum(learning_rate=3.0, momentum=0.8)
    subject = as_subject(rule, 0.2)
    assert (subject.name, subject.takes_rate) == ("keras.optimizers.KerasMomentum", True)
    assert subject.run(TWO).ravel() == pytest.approx([5.0, 4.8, 4.8 - 0.16 - 0.1], rel=1e-15)
    report = check_optimizer(rule, like=HeavyBall(lr=0.1, momentum=0.8))
    assert len(report.streams) == 17
    assert keras.config.floatx() == "float32", "as it was before"
    assert not hasattr(rule, "velocity"), "the user's own object is left alone"


def test_keras_on_jax_asks_for_double_precision(keras, jax):
    as_subject(KerasMomentum(), 0.1)
    assert jax.settings == {}
    keras.engine = "jax"
    as_subject(KerasMomentum(), 0.1)
    assert jax.settings == {"jax_enable_x64": True}


def test_a_rule_under_test_has_none_of_the_traits_that_nobody_claims():
    subject = OptimizerUnderTest(lambda x, g, state: (x - g, state), False, "descent", 1.0)
    traits = ("several", "in_place", "holds", "driven", "layered", "matrices_only", "one_layer")
    assert [name for name in traits if getattr(subject, name)] == []
    assert subject.dtype is np.float64
