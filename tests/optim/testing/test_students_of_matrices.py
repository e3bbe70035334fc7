# ruff: noqa: ARG005  # one line of a rule takes what every line takes
"""Rules of matrices as students write them: each is recognised, and a mistake in it is named."""

import re

import numpy as np
import pytest

from optim import dialects
from optim.testing import check_optimizer, compare_optimizer

LR = 0.1
MUON = dialects.paper.Muon(lr=LR)
KERAS_MUON = dialects.keras.Muon(LR, weight_decay=0)
LAMB = dialects.paper.LAMB(lr=LR)
ADAFACTOR = dialects.paper.Adafactor(lr=LR)


def newton_schulz(G, steps=5, abc=(3.4445, -4.775, 2.0315), norm=np.linalg.norm):
    a, b, c = abc
    X = G / (norm(G) + 1e-7)
    if X.shape[0] > X.shape[1]:
        return newton_schulz_of(X.T, steps, a, b, c).T
    return newton_schulz_of(X, steps, a, b, c)


def newton_schulz_of(X, steps, a, b, c):
    for _ in range(steps):
        A = X @ X.T
        X = a * X + (b * A + c * A @ A) @ X
    return X


def muon(
    gather=lambda m, g: 0.95 * m + 0.05 * g,
    ahead=lambda m, g: 0.95 * m + 0.05 * g,
    orthogonal=newton_schulz,
    factor=lambda n, k: max(1, n / k) ** 0.5,
):
    """Muon of one matrix with one line in another way."""

    def step(X, G, M, lr):
        M = gather(np.zeros_like(X) if M is None else M, G)
        return X - lr * factor(*X.shape) * orthogonal(ahead(M, G)), M

    return step


class TorchLike:
    """Muon as PyTorch's classes are built: parameters with data and grad, and a step without arguments."""

    def __init__(self, params, lr=0.02, momentum=0.95, factor=lambda n, k: max(1, n / k) ** 0.5):
        self.params, self.lr, self.momentum, self.factor = list(params), lr, momentum, factor
        self.buffers = None

    def step(self):
        if self.buffers is None:
            self.buffers = [np.zeros_like(p.data) for p in self.params]
        for k, p in enumerate(self.params):
            if p.data.ndim != 2:
                raise ValueError("Muon is for matrices")
            self.buffers[k] = self.momentum * self.buffers[k] + (1 - self.momentum) * p.grad
            B = self.momentum * self.buffers[k] + (1 - self.momentum) * p.grad
            p.data = p.data - self.lr * self.factor(*p.data.shape) * newton_schulz(B)


class KerasLike:
    """Keras' Muon as Keras' classes are built: lists of gradients and variables, matrices and others."""

    def __init__(self, learning_rate=1e-3, rms=0.2):
        self.learning_rate, self.rms, self.memory, self.iterations = learning_rate, rms, {}, 0

    def apply(self, grads, trainable_variables):
        self.iterations += 1
        for k, (g, x) in enumerate(zip(grads, trainable_variables, strict=True)):
            m, v = self.memory.get(k, (np.zeros_like(x), np.zeros_like(x)))
            if x.ndim == 2:
                m = 0.95 * m + g
                x -= self.learning_rate * self.rms * max(x.shape) ** 0.5 * newton_schulz(g + 0.95 * m)
            else:
                m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
                rate = np.sqrt(1 - 0.999**self.iterations) / (1 - 0.9**self.iterations)
                x -= self.learning_rate * (rate * m / (np.sqrt(v) + 1e-7) + 0.004 * x)
            self.memory[k] = m, v


class Lamb:
    """LAMB over a list of layers."""

    def __init__(self, lr=1e-3, decay=0.01, ratio=lambda x, r: np.linalg.norm(x) / np.linalg.norm(r)):
        self.lr, self.decay, self.ratio, self.m, self.v, self.t = lr, decay, ratio, None, None, 0

    def update(self, params, grads):
        if self.m is None:
            self.m, self.v = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
        self.t += 1
        for k, (p, g) in enumerate(zip(params, grads, strict=True)):
            self.m[k] = 0.9 * self.m[k] + 0.1 * g
            self.v[k] = 0.999 * self.v[k] + 0.001 * g * g
            r = self.m[k] / (1 - 0.9**self.t) / (np.sqrt(self.v[k] / (1 - 0.999**self.t)) + 1e-6)
            r = r + self.decay * p
            p -= self.lr * (self.ratio(p, r) if np.any(p) and np.any(r) else 1.0) * r


def adafactor(clip=True, relative=True, mean=lambda R: R.mean(), squares=lambda g: g * g + 1e-30):
    """Adafactor of one matrix or vector."""

    def step(x, g, state, lr):
        t, R, C = state or (0, 0.0, 0.0)
        t += 1
        share, q = t**-0.8, squares(g)
        if x.ndim == 2:
            R = (1 - share) * R + share * q.mean(axis=1, keepdims=True)
            C = (1 - share) * C + share * q.mean(axis=0, keepdims=True)
            v = R * C / mean(R)
        else:
            R = (1 - share) * R + share * q
            v = R
        u = np.where(v > 0, g / np.sqrt(np.where(v > 0, v, 1.0)), 0.0)
        if clip:
            u = u / max(1.0, np.sqrt((u * u).mean()))
        size = max(1e-3, np.sqrt((x * x).mean())) if relative else 1.0
        return x - min(lr, 1 / np.sqrt(t)) * size * u, (t, R, C)

    return step


@pytest.mark.parametrize(
    ("rule", "like"),
    [
        (muon(), MUON),
        (TorchLike, MUON),
        (KerasLike, KERAS_MUON),
        (Lamb, LAMB),
        (adafactor(), ADAFACTOR),
    ],
    ids=["function", "as PyTorch", "as Keras", "LAMB", "Adafactor"],
)
def test_a_right_one_passes(rule, like):
    report = check_optimizer(rule, like=like)
    assert report.ok
    assert any("matrix" in name or "matrices" in name for name in report.streams)


def cubic(G):
    return newton_schulz(G, 5, (1.5, -0.5, 0.0))


WRONG = [
    (muon(factor=lambda n, k: 1.0), MUON, "without the factor of a matrix' shape"),
    (muon(factor=lambda n, k: max(1, k / n) ** 0.5), MUON, "with rows and columns exchanged in its factor"),
    (muon(factor=lambda n, k: 0.2 * max(n, k) ** 0.5), MUON, "with 0.2 times the root of the longer side"),
    (muon(ahead=lambda m, g: m), MUON, "without Nesterov's look ahead"),
    (muon(ahead=lambda m, g: g), MUON, "without momentum"),
    (muon(orthogonal=lambda G: newton_schulz(G, 3)), MUON, "with 3 iterations in place of 5"),
    (muon(orthogonal=cubic), MUON, r"with the coefficients \(1.5, -0.5, 0.0\)"),
    (muon(orthogonal=lambda G: G / (np.linalg.norm(G) + 1e-7)), MUON, "without the iteration"),
    (muon(orthogonal=lambda G: G), MUON, "not made orthogonal"),
    (muon(lambda m, g: 0.05 * m + 0.95 * g, lambda m, g: 0.05 * m + 0.95 * g), MUON, "exchanged"),
    (
        muon(lambda m, g: 0.95 * m + 0.05 * newton_schulz(g), lambda m, g: 0.95 * m + 0.05 * newton_schulz(g),
             lambda G: G),
        MUON,
        "with the gradient made orthogonal ahead of the momentum",
    ),
    (muon(lambda m, g: 0.95 * m + g, lambda m, g: g + 0.95 * m, factor=lambda n, k: 0.2 * max(n, k) ** 0.5),
     MUON, r"keras.Muon"),
    (lambda: Lamb(LR, ratio=lambda x, r: 1.0), LAMB, "without the quotient of norms"),
    (lambda: Lamb(LR, ratio=lambda x, r: np.linalg.norm(r) / np.linalg.norm(x)), LAMB, "upside down"),
    (lambda: Lamb(LR, ratio=lambda x, r: np.linalg.norm(x)), LAMB, "with the norm of x alone"),
    (lambda: Lamb(LR, decay=0.0), LAMB, "without its weight decay|lamb"),
    (adafactor(clip=False), ADAFACTOR, "without clipping its steps"),
    (adafactor(relative=False), ADAFACTOR, "with steps that do not grow with the layer"),
    (adafactor(mean=lambda R: 1.0), ADAFACTOR, "without the mean of all"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "like", "words"), WRONG, ids=[words for *_, words in WRONG])
def test_a_mistake_is_named(rule, like, words):
    report = compare_optimizer(rule, like)
    assert not report.ok
    assert report.instead, report.sentence
    assert any(re.search(words, said) for said in report.instead), report.instead


def test_keras_muon_against_adamw_is_named_muon():
    """The matrix streams show what vectors do not: a rule that is AdamW on vectors is no AdamW."""
    report = compare_optimizer(dialects.keras.Muon(LR), dialects.keras.AdamW(LR))
    assert not report.ok
    assert "matrix of 2 x 2" in report.sentence
    assert any("keras.Muon" in said for said in report.instead)


def test_single_precision_within_a_rule_of_matrices_is_said():
    """Norms in single precision, as Keras makes them: nothing equals it to every digit, but it is named."""

    def norm(G):
        return float(np.float32(np.linalg.norm(G)))

    rule = muon(orthogonal=lambda G: newton_schulz(G, norm=norm))
    report = compare_optimizer(rule, MUON)
    assert not report.ok
    assert report.instead == ()
    assert report.note == "it equals Muon(lr=0.1) to within single precision"


def test_a_class_that_takes_neither_vectors_nor_matrices_is_told_what_it_said():
    class Nothing:
        def __init__(self, lr):
            self.lr = lr

        def update(self, params, grads):
            raise KeyError("layer")

    with pytest.raises(TypeError, match=r"Nothing.update could not be driven: given .* KeyError: 'layer'"):
        compare_optimizer(Nothing, MUON)
    with pytest.raises(
        ValueError, match="precision: got 'float32', expected 'float64' for a rule that takes"
    ):
        compare_optimizer(muon(), MUON, precision="float32")
