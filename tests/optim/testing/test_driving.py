"""Classes that keep their memory in themselves, in the forms that people write them, driven as they are."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from optim import dialects
from optim.testing import check_optimizer, compare_optimizer
from optim.testing.adapters import as_subject
from optim.testing.gradient_streams import STREAMS
from optim.testing.single_precision import single_tolerances

LR = 0.1
ADAM = dialects.paper.Adam(lr=LR)
MOMENTUM = dialects.keras.SGD(LR, momentum=0.9)
SGD = dialects.torch.SGD(lr=LR)


def adam_step(m, v, t):
    return (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


class ListAdam:
    """Writes into a list of arrays."""

    def __init__(self, lr=0.001):
        self.lr, self.m, self.v, self.t = lr, None, None, 0

    def update(self, params, grads):
        if self.m is None:
            self.m, self.v = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
        self.t += 1
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            self.m[i], self.v[i] = 0.9 * self.m[i] + 0.1 * g, 0.999 * self.v[i] + 0.001 * g * g
            p -= self.lr * adam_step(self.m[i], self.v[i], self.t)


class DictMomentum:
    """As the book "Deep Learning from Scratch" has it: a dict of arrays by their names."""

    def __init__(self, lr=0.01, momentum=0.9):
        self.lr, self.momentum, self.v = lr, momentum, None

    def update(self, params, grads):
        if self.v is None:
            self.v = {key: np.zeros_like(val) for key, val in params.items()}
        for key in params.keys():  # noqa: SIM118  # as it is printed
            self.v[key] = self.momentum * self.v[key] - self.lr * grads[key]
            params[key] += self.v[key]


class Replacing(ListAdam):
    """Puts new arrays into the list."""

    def update(self, params, grads):
        if self.m is None:
            self.m, self.v = [0.0] * len(params), [0.0] * len(params)
        self.t += 1
        for i in range(len(params)):
            self.m[i], self.v[i] = 0.9 * self.m[i] + 0.1 * grads[i], 0.999 * self.v[i] + 0.001 * grads[i] ** 2
            params[i] = params[i] - self.lr * adam_step(self.m[i], self.v[i], self.t)


class ArrayAdam:
    """step(x, g) on one array, and the new one comes back."""

    def __init__(self, learning_rate):
        self.learning_rate, self.m, self.v, self.t = learning_rate, 0.0, 0.0, 0

    def step(self, x, g):
        self.t += 1
        self.m, self.v = 0.9 * self.m + 0.1 * g, 0.999 * self.v + 0.001 * g * g
        return x - self.learning_rate * adam_step(self.m, self.v, self.t)


class Weights(ArrayAdam):
    def __init__(self, eta=0.5):
        super().__init__(eta)

    def step(self, w, dw):
        return super().step(w, dw)


class Called:
    def __init__(self, alpha=0.01):
        self.opt = ArrayAdam(alpha)

    def __call__(self, x, grad):
        return self.opt.step(x, grad)


class GradientFirst(ArrayAdam):
    def step(self, grad, theta):
        return super().step(theta, grad)


class Positional:
    """A rate of an unusual name."""

    def __init__(self, speed):
        self.speed, self.opt = speed, ArrayAdam(speed)

    def step(self, x, g):
        return self.opt.step(x, g)


class Default:
    """A rate that nothing sets."""

    def __init__(self):
        self.opt = ArrayAdam(0.1)

    def step(self, x, g):
        return self.opt.step(x, g)


class OwnRate(ArrayAdam):
    """A rate that its constructor does not take."""

    def __init__(self):
        super().__init__(0.02)


class Pairs(ListAdam):
    def apply_gradients(self, grads_and_vars):
        pairs = list(grads_and_vars)
        ListAdam.update(self, [v for _, v in pairs], [g for g, _ in pairs])

    update = None


class Updates(ListAdam):
    def get_updates(self, params, grads):
        new = [p.copy() for p in params]
        ListAdam.update(self, new, grads)
        return new

    update = None


class KerasOne(Updates):
    def get_updates(self, params, grads):
        return list(zip(params, super().get_updates(params, grads), strict=True))


class Counted:
    """Wants the count from outside."""

    def __init__(self, lr):
        self.lr, self.m, self.v = lr, 0, 0

    def update(self, w, dw, t):
        self.m, self.v = 0.9 * self.m + 0.1 * dw, 0.999 * self.v + 0.001 * dw**2
        return w - self.lr * adam_step(self.m, self.v, t)


class TorchLike:
    """Holds its parameters; step() reads p.grad."""

    def __init__(self, params, lr=0.01):
        self.params, self.lr, self.t = list(params), lr, 0
        self.m = [np.zeros_like(p.data) for p in self.params]
        self.v = [np.zeros_like(p.data) for p in self.params]

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        self.t += 1
        for i, p in enumerate(self.params):
            self.m[i] = 0.9 * self.m[i] + 0.1 * p.grad
            self.v[i] = 0.999 * self.v[i] + 0.001 * p.grad**2
            p.data -= self.lr * adam_step(self.m[i], self.v[i], self.t)


class ByThemselves:
    """Weights and bias one by one, and the count from outside."""

    def __init__(self, eta=0.01, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.eta, self.beta1, self.beta2, self.epsilon = eta, beta1, beta2, epsilon
        self.m_dw, self.m_db, self.v_dw, self.v_db = 0, 0, 0, 0

    def update(self, t, w, b, dw, db):
        self.m_dw = self.beta1 * self.m_dw + (1 - self.beta1) * dw
        self.m_db = self.beta1 * self.m_db + (1 - self.beta1) * db
        self.v_dw = self.beta2 * self.v_dw + (1 - self.beta2) * (dw**2)
        self.v_db = self.beta2 * self.v_db + (1 - self.beta2) * (db**2)
        w = w - self.eta * adam_step(self.m_dw, self.v_dw, t)
        b = b - self.eta * adam_step(self.m_db, self.v_db, t)
        return w, b


class GivenArrays(ListAdam):
    """Holds arrays, and gets the gradients alone."""

    def __init__(self, params, lr=0.01):
        super().__init__(lr)
        self.params = params

    update = None

    def step(self, grads):
        ListAdam.update(self, self.params, grads)


class NeedsMore(DictMomentum):
    def __init__(self, lr, momentum):
        super().__init__(lr, momentum)


class Shaped:
    """Wants the shape of what it will update."""

    def __init__(self, shape, lr=0.1):
        self.lr, self.v = lr, np.zeros(shape)

    def step(self, x, g):
        self.v = 0.9 * self.v - self.lr * g
        return x + self.v


def used():
    opt = ListAdam(lr=0.1)
    for _ in range(3):
        opt.update([np.ones(4)], [np.ones(4)])
    return opt


class TestForms:
    @pytest.mark.parametrize(
        "cls",
        [
            ListAdam,
            Replacing,
            ArrayAdam,
            Weights,
            Called,
            GradientFirst,
            Pairs,
            Updates,
            KerasOne,
            Counted,
            TorchLike,
            ByThemselves,
            GivenArrays,
        ],
    )
    def test_adam_in_every_form(self, cls):
        report = check_optimizer(cls, like=ADAM)
        assert report.ok
        assert report.sentence.startswith("equals Adam(lr=0.1) on ")

    @pytest.mark.parametrize("cls", [Positional, Default])
    def test_a_rate_that_cannot_be_changed_is_tried_at_steady_rates(self, cls):
        report = check_optimizer(cls, like=ADAM)
        assert "rate zero" not in report.streams
        assert "three coordinates" in report.streams

    @pytest.mark.parametrize("cls", [ListAdam, ArrayAdam, TorchLike])
    def test_schedules_reach_the_rate(self, cls):
        assert "rate zero" in check_optimizer(cls, like=ADAM).streams

    @pytest.mark.parametrize("cls", [DictMomentum, NeedsMore, Shaped])
    def test_dicts_and_what_a_constructor_needs(self, cls):
        assert check_optimizer(cls, like=MOMENTUM).ok

    @pytest.mark.parametrize("cls", [ListAdam, Replacing, DictMomentum, Pairs, TorchLike])
    def test_several_arrays_are_tried(self, cls):
        like = MOMENTUM if cls is DictMomentum else ADAM
        assert check_optimizer(cls, like=like).streams[-1] == "two arrays"

    def test_an_object_keeps_its_rate_and_the_reference_follows(self):
        assert check_optimizer(ListAdam(lr=0.03), like=ADAM).sentence.startswith("equals Adam(lr=0.03)")
        assert check_optimizer(ListAdam(lr=0.03), like=ADAM, lr=0.2).sentence.startswith(
            "equals Adam(lr=0.2)"
        )

    def test_a_class_whose_constructor_takes_no_rate_keeps_its_own(self):
        assert check_optimizer(OwnRate, like=ADAM).sentence.startswith("equals Adam(lr=0.02)")

    def test_an_object_that_has_been_used_is_made_afresh_and_left_alone(self):
        opt = used()
        before = opt.t, opt.m[0].copy()
        assert check_optimizer(opt, like=ADAM).ok
        assert opt.t == before[0]
        assert np.array_equal(opt.m[0], before[1])

    def test_an_object_whose_constructor_says_nothing_is_copied(self):
        assert check_optimizer(Positional(0.1), like=ADAM).ok
        assert check_optimizer(Default(), like=ADAM).ok

    def test_what_makes_an_object(self):
        assert check_optimizer(lambda: ListAdam(lr=0.1), like=ADAM).ok
        assert not compare_optimizer(lambda: Weights(0.1), like=SGD).ok

    def test_functions_in_place_stateless_and_with_a_config(self):
        def in_place(x, g, state, lr):
            x -= lr * g

        assert check_optimizer(in_place, like=SGD).ok
        assert check_optimizer(lambda x, g, lr: x - lr * g, like=SGD).ok

        def sgd(params, grads, lr):
            for p, g in zip(params, grads, strict=True):
                p -= lr * g

        assert check_optimizer(sgd, like=SGD).streams[-1] == "two arrays"

        def sgd_momentum(w, dw, config=None):
            v = config.get("velocity", np.zeros_like(w))
            v = 0.9 * v - config["learning_rate"] * dw
            config["velocity"] = v
            return w + v, config

        assert check_optimizer(sgd_momentum, like=MOMENTUM).ok


class Forgetful(ListAdam):
    def update(self, params, grads):
        for p, g in zip(params, grads, strict=True):
            p = p - self.lr * g  # the mistake


class Shared(DictMomentum):
    def update(self, params, grads):
        if self.v is None:
            self.v = 0.0
        for key in params:
            self.v = self.momentum * self.v - self.lr * grads[key]
            params[key] = params[key] + self.v


class InPlace(ListAdam):
    """Writes into its averages too."""

    def begin(self, params):
        raise NotImplementedError

    def update(self, params, grads):
        if self.m is None:
            self.begin(params)
        self.t += 1
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            self.m[i] *= 0.9
            self.m[i] += 0.1 * g
            self.v[i] *= 0.999
            self.v[i] += 0.001 * g * g
            p -= self.lr * adam_step(self.m[i], self.v[i], self.t)


class SameZeros(InPlace):
    def begin(self, params):
        self.m = self.v = [np.zeros_like(p) for p in params]


class OneZeros(InPlace):
    def begin(self, params):
        self.m, self.v = [np.zeros_like(params[0])] * len(params), [np.zeros_like(params[0])] * len(params)


class CountsParameters(ListAdam):
    def update(self, params, grads):
        if self.m is None:
            self.m, self.v = [0.0] * len(params), [0.0] * len(params)
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            self.t += 1
            self.m[i], self.v[i] = 0.9 * self.m[i] + 0.1 * g, 0.999 * self.v[i] + 0.001 * g * g
            p -= self.lr * adam_step(self.m[i], self.v[i], self.t)


class ResetsEachTime(ListAdam):
    def update(self, params, grads):
        self.m = None
        super().update(params, grads)


class KeepsRate(ArrayAdam):
    """Corrects its rate, and keeps the corrected one."""

    def step(self, x, g):
        self.t += 1
        self.m, self.v = 0.9 * self.m + 0.1 * g, 0.999 * self.v + 0.001 * g * g
        self.learning_rate *= np.sqrt(1 - 0.999**self.t) / (1 - 0.9**self.t)
        return x - self.learning_rate * self.m / (np.sqrt(self.v) + 1e-8)


class DecaysRate:
    def __init__(self, lr):
        self.lr = lr

    def step(self, x, g):
        self.lr *= 0.95
        return x - self.lr * g


class OneNorm(ListAdam):
    """One second moment for all arrays."""

    def update(self, params, grads):
        if self.m is None:
            self.m, self.v = [0.0] * len(params), 0.0
        self.t += 1
        self.v = 0.999 * self.v + 0.001 * sum(np.sum(g * g) for g in grads)
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            self.m[i] = 0.9 * self.m[i] + 0.1 * g
            p -= self.lr * adam_step(self.m[i], self.v, self.t)


class SpoilsGradients(ListAdam):
    def update(self, params, grads):
        super().update(params, grads)
        for g in grads:
            g *= 0


class OnTheClass(ListAdam):
    memory: dict = {}  # noqa: RUF012  # the mistake

    def update(self, params, grads):
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            key = i, p.shape
            self.memory[key] = 0.9 * self.memory.get(key, 0.0) + g
            p -= self.lr * self.memory[key]


class TestMistakesOfClasses:
    @pytest.mark.parametrize(
        ("cls", "like", "words"),
        [
            (Forgetful, SGD, "never moves"),
            (Shared, MOMENTUM, "with one state for all arrays"),
            (SameZeros, ADAM, "with its two averages in one array"),
            (OneZeros, ADAM, "with one state for all arrays"),
            (CountsParameters, ADAM, "with t counted once for every array"),
            (ResetsEachTime, ADAM, "that forgets its state"),
            (KeepsRate, ADAM, "with the corrected rate kept as the rate"),
            (DecaysRate, SGD, "with the rate multiplied by 0.95 at every update and kept"),
            (
                OneNorm,
                ADAM,
                "one second moment for all coordinates, the sum of their squares, over all arrays",
            ),
        ],
    )
    def test_they_are_named(self, cls, like, words):
        report = compare_optimizer(cls, like=like)
        assert not report.ok
        assert any(words in text for text in report.instead), str(report)

    def test_gradients_that_are_written_to(self):
        report = compare_optimizer(SpoilsGradients, like=ADAM)
        assert report.same
        assert "it writes to the arrays that it was given" in report.broken

    def test_memory_on_the_class(self):
        report = compare_optimizer(OnTheClass, like=dialects.torch.SGD(lr=LR, momentum=0.9))
        assert any("keeps something from one run to the next" in words for words in report.broken)


class InSelf:
    """Called with a state, and ignores it."""

    def __init__(self):
        self.v = 0.0

    def __call__(self, x, g, state, lr):
        self.v = 0.9 * self.v - lr * g
        return x + self.v, None


class TestSentences:
    def test_memory_in_self_where_a_state_is_promised(self):
        with pytest.raises(
            AssertionError, match=r"its memory is in itself and not in the state .* return the memory"
        ):
            check_optimizer(InSelf(), like=MOMENTUM)
        assert compare_optimizer(InSelf, like=MOMENTUM).same

    @pytest.mark.parametrize(
        ("rule", "sentence"),
        [
            (
                lambda x, g, _, lr: x - lr * g,
                r"step: got an array .* back from <lambda>, expected x and the state",
            ),
            (lambda x, g: x - g, r"step: got a function of 2 arguments, expected \(x, g, state\)"),
            (dict, r"step: got .*, expected a function \(x, g, state\) -> \(x, state\), a class with update"),
            (lambda: 3, r"step: got 3 from <lambda>\(\), expected a function"),
        ],
    )
    def test_what_cannot_be_driven_says_what_to_change(self, rule, sentence):
        with pytest.raises(TypeError, match=sentence):
            check_optimizer(rule, like=SGD)

    def test_a_method_that_takes_no_arrays(self):
        class Odd:
            lr = 0.1

            def update(self, params, grads):
                raise KeyError("layer")

        with pytest.raises(
            TypeError, match=r"step: Odd.update could not be driven: given lists .* KeyError: 'layer'"
        ):
            check_optimizer(Odd, like=SGD)

    def test_a_constructor_that_needs_what_nobody_knows(self):
        class Model:
            def __init__(self, model, lr, groups):
                self.lr = lr

            def step(self, x, g):
                return x - self.lr * g

        with pytest.raises(TypeError, match=r"step: got the class Model, whose 'model' has no default"):
            check_optimizer(Model, like=SGD)

    def test_a_closure_is_no_gradient(self):
        class LBFGS:
            __module__ = "torch.optim.lbfgs"

            def __init__(self, params, lr=1):
                raise NotImplementedError

            def step(self, closure):
                raise NotImplementedError

        with pytest.raises(
            TypeError, match=r"torch.optim.LBFGS, whose step needs a closure that evaluates the loss"
        ):
            check_optimizer(LBFGS, like=SGD)

    def test_a_peer_that_refuses_is_quoted(self, monkeypatch):
        torch = ModuleType("torch")
        torch.tensor = np.array
        torch.nn = SimpleNamespace(Parameter=lambda tensor: tensor)
        monkeypatch.setitem(sys.modules, "torch", torch)

        class Muon:
            __module__ = "torch.optim.muon"

            def __init__(self, params, lr):
                raise ValueError("Muon only supports 2D parameters")

        sentence = "got torch.optim.Muon, which cannot be driven with one vector .*: Muon only supports 2D"
        with pytest.raises(TypeError, match=sentence):
            check_optimizer(Muon, like=SGD)

        class Adam(Muon):
            __module__ = "torch.optim.adam"

            def __init__(self):
                """Hold nothing."""

        with pytest.raises(TypeError, match=r"an object of torch.optim.Adam, .* expected the class"):
            as_subject(Adam(), 0.1)


def adam32(keep=np.float32):
    """Adam whose every number is float32."""
    one, b1, b2, eps = (keep(v) for v in (1, 0.9, 0.999, 1e-8))

    def rule(x, g, state, lr):
        x, g = np.asarray(x, dtype=keep), np.asarray(g, dtype=keep)
        m, v, p1, p2 = state or (np.zeros_like(x), np.zeros_like(x), one, one)
        m, v = b1 * m + (one - b1) * g, b2 * v + (one - b2) * g * g
        p1, p2 = p1 * b1, p2 * b2
        return x - keep(lr) * (m / (one - p1)) / (np.sqrt(v / (one - p2)) + eps), (m, v, p1, p2)

    return rule


class TestSinglePrecision:
    def test_it_passes_where_rounding_is_expected(self):
        report = check_optimizer(adam32(), like=ADAM, precision="float32")
        assert "in float32, within 8 times what rounding to float32 does there" in report.sentence
        assert report.difference > 1e-9
        assert len(report.streams) >= 8

    def test_double_precision_proposes_it(self):
        report = compare_optimizer(adam32(), like=ADAM)
        assert not report.ok
        assert 'compare it with precision="float32"' in str(report)
        assert "equals no known dialect" not in str(report)

    def test_double_precision_passes_single(self):
        assert check_optimizer(adam32(np.float64), like=ADAM, precision="float32").ok

    @pytest.mark.parametrize(
        "words", ["without bias correction", "with beta1 and beta2 swapped", "without eps"]
    )
    def test_a_mistake_is_still_a_mistake_and_named(self, words):
        b1, b2 = (0.999, 0.9) if "swapped" in words else (0.9, 0.999)
        eps = np.float32(0 if "eps" in words else 1e-8)

        def rule(x, g, state, lr):
            assert x.dtype == g.dtype == np.float32
            m, v, t = state or (0 * x, 0 * x, 0)
            m, v, t = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g, t + 1
            c1, c2 = (1, 1) if "correction" in words else (1 - b1**t, 1 - b2**t)
            return x - lr * (m / c1) / (np.sqrt(v / c2) + eps), (m, v, t)

        report = compare_optimizer(rule, like=ADAM, precision="float32")
        assert not report.ok
        assert any(words in text for text in report.instead), str(report)

    def test_what_is_allowed_follows_the_stream(self):
        """Where float32 leaves its range a stream is left out; a thousandth is the most that is let be."""
        allowed = single_tolerances(ADAM, list(STREAMS))
        assert "huge" not in allowed, "1e30 squared is no float32"
        assert all(8 * np.finfo(np.float32).eps <= a < 8e-3 for a in allowed.values())
        assert single_tolerances(SGD, list(STREAMS))["wandering"] < 1e-4

    def test_another_precision_is_refused(self):
        with pytest.raises(
            ValueError, match=r"precision: got the str 'half', expected 'float32' or 'float64'"
        ):
            compare_optimizer(adam32(), like=ADAM, precision="half")
