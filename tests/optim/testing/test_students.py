# ruff: noqa: ARG005  # one line of a rule takes what every line takes
"""Code as students write it, with their mistakes: each is caught, and named by its trajectory."""

import math

import numpy as np
import pytest

from optim import dialects
from optim.testing import check_optimizer, compare_optimizer

LR = 0.1
ADAM = dialects.paper.Adam(lr=LR)
SGD = dialects.torch.SGD(lr=LR)
MOMENTUM = dialects.torch.SGD(lr=LR, momentum=0.9)
KERAS_MOMENTUM = dialects.keras.SGD(LR, momentum=0.9)
NESTEROV = dialects.torch.SGD(lr=LR, momentum=0.9, nesterov=True)
RMSPROP = dialects.torch.RMSprop(lr=LR)
ADAGRAD = dialects.torch.Adagrad(lr=LR)
ADADELTA = dialects.torch.Adadelta(lr=LR)


def adam(
    mean=lambda m, g: 0.9 * m + 0.1 * g,
    square=lambda v, g: 0.999 * v + 0.001 * g * g,
    step=lambda m, v, t, g, lr: lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8),
    t0=0,
    begin=lambda g: (0.0, 0.0),
):
    """Adam with one line in another way."""

    def rule(x, g, state, lr):
        m, v, t = state or (*begin(g), t0)
        t, m, v = t + 1, mean(m, g), square(v, g)
        return x - step(m, v, t, g, lr), (m, v, t)

    return rule


def hats(m, v, t):
    return m / (1 - 0.9**t), v / (1 - 0.999**t)


def kept_rate(x, g, state, lr):
    m, v, t, a = state or (0.0, 0.0, 0, lr)
    t, m, v = t + 1, 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    a = a * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return x - a * m / (np.sqrt(v) + 1e-8), (m, v, t, a)


def kept_averages(x, g, state, lr):
    m, v, t = state or (0.0, 0.0, 0)
    t += 1
    m, v = (0.9 * m + 0.1 * g) / (1 - 0.9**t), (0.999 * v + 0.001 * g * g) / (1 - 0.999**t)
    return x - lr * m / (np.sqrt(v) + 1e-8), (m, v, t)


def one_array(x, g, state, lr):
    if state is None:
        m = v = np.zeros_like(x)
        state = m, v, 0
    m, v, t = state
    m *= 0.9
    m += 0.1 * g
    v *= 0.999
    v += 0.001 * g**2
    t += 1
    return x - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), (m, v, t)


def late_adam(x, g, state, lr):
    m, v, t = state or (np.zeros_like(x), np.zeros_like(x), 1)
    new = x - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return new, (0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g, t + 1)


def squared_in_place(x, g, state, lr):
    m, v, t = state or (0.0, 0.0, 0)
    t, g = t + 1, g * g
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g
    mh, vh = hats(m, v, t)
    return x - lr * mh / (np.sqrt(vh) + 1e-8), (m, v, t)


IN_ADAM = {
    "without bias correction": adam(step=lambda m, v, t, g, lr: lr * m / (np.sqrt(v) + 1e-8)),
    "without bias correction of the mean": adam(
        step=lambda m, v, t, g, lr: lr * m / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    ),
    "without bias correction of the mean square": adam(
        step=lambda m, v, t, g, lr: lr * m / (1 - 0.9**t) / (np.sqrt(v) + 1e-8)
    ),
    "with the bias correction by 1 - beta": adam(
        step=lambda m, v, t, g, lr: lr * (m / 0.1) / (np.sqrt(v / (1 - 0.999)) + 1e-8)
    ),
    "with the bias correction of the mean by 1 - beta": adam(
        step=lambda m, v, t, g, lr: lr * (m / 0.1) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    ),
    "with the power outside in the bias correction": adam(
        step=lambda m, v, t, g, lr: lr * m / (1 - 0.9) ** t / (np.sqrt(v / (1 - 0.999) ** t) + 1e-8)
    ),
    "with beta t in place of beta^t": adam(
        step=lambda m, v, t, g, lr: lr * m / (1 - 0.9 * t) / (np.sqrt(v / (1 - 0.999 * t)) + 1e-8)
    ),
    "multiplied by the bias correction": adam(
        step=lambda m, v, t, g, lr: lr * m * (1 - 0.9**t) / (np.sqrt(v * (1 - 0.999**t)) + 1e-8)
    ),
    "with beta1 and beta2 swapped in the bias correction": adam(
        step=lambda m, v, t, g, lr: lr * m / (1 - 0.999**t) / (np.sqrt(v / (1 - 0.9**t)) + 1e-8)
    ),
    "with beta1 and beta2 swapped": adam(
        lambda m, g: 0.999 * m + 0.001 * g,
        lambda v, g: 0.9 * v + 0.1 * g * g,
        lambda m, v, t, g, lr: lr * m / (1 - 0.999**t) / (np.sqrt(v / (1 - 0.9**t)) + 1e-8),
    ),
    "with beta1 in both bias corrections": adam(
        step=lambda m, v, t, g, lr: lr * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.9**t)) + 1e-8)
    ),
    "without the root of the correction of the mean square": adam(
        step=lambda m, v, t, g, lr: lr * (1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-8)
    ),
    "with t one too large, counted from 2": adam(t0=1),
    "with t one too small, counted from 0": adam(t0=-1),
    "with t counted twice an update": adam(
        step=lambda m, v, t, g, lr: (
            lr * m / (1 - 0.9 ** (2 * t)) / (np.sqrt(v / (1 - 0.999 ** (2 * t))) + 1e-8)
        )
    ),
    "with the corrected averages kept as the averages": kept_averages,
    "with the corrected rate kept as the rate": kept_rate,
    "with its two averages in one array": one_array,
    "with its state one update late": late_adam,
    "with the gradient squared in place": squared_in_place,
    "with the gradient not squared": adam(square=lambda v, g: 0.999 * v + 0.001 * np.abs(g)),
    "with 2 g in place of g^2": adam(square=lambda v, g: 0.999 * v + 0.001 * g * 2),
    "without the square root": adam(
        step=lambda m, v, t, g, lr: lr * m / (1 - 0.9**t) / (v / (1 - 0.999**t) + 1e-8)
    ),
    "with eps inside the root": adam(
        step=lambda m, v, t, g, lr: lr * m / (1 - 0.9**t) / np.sqrt(v / (1 - 0.999**t) + 1e-8)
    ),
    "with eps inside the root, before the correction": adam(
        step=lambda m, v, t, g, lr: lr * m / (1 - 0.9**t) / np.sqrt((v + 1e-8) / (1 - 0.999**t))
    ),
    "with the numbers of Adam(lr=0.1, eps_hat=True)": adam(
        step=lambda m, v, t, g, lr: lr * math.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-8)
    ),
    "without eps": adam(step=lambda m, v, t, g, lr: lr * m / (1 - 0.9**t) / np.sqrt(v / (1 - 0.999**t))),
    "a bracket is missing": adam(
        step=lambda m, v, t, g, lr: lr * m / (1 - 0.9**t) / np.sqrt(v / (1 - 0.999**t)) + 1e-8
    ),
    "with eps = 1e-06": adam(
        step=lambda m, v, t, g, lr: lr * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-6)
    ),
    "with the gradient in place of its mean": adam(
        step=lambda m, v, t, g, lr: lr * g / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    ),
    "with one second moment for all coordinates, the sum": adam(
        square=lambda v, g: 0.999 * v + 0.001 * np.dot(g, g)
    ),
    "with one second moment for all coordinates, the mean": adam(
        square=lambda v, g: 0.999 * v + 0.001 * np.mean(g**2)
    ),
    "without the factor 1 - beta in the mean": adam(mean=lambda m, g: 0.9 * m + g),
    "without the factors 1 - beta": adam(lambda m, g: 0.9 * m + g, lambda v, g: 0.999 * v + g * g),
    "in each other's place in its averages": adam(
        lambda m, g: 0.1 * m + 0.9 * g, lambda v, g: 0.001 * v + 0.999 * g * g
    ),
    "with 1 - beta1 in the mean square": adam(square=lambda v, g: 0.999 * v + 0.1 * g * g),
    "with a minus in the mean": adam(mean=lambda m, g: 0.9 * m - 0.1 * g),
    "with the factor 1 - beta squared together with the gradient": adam(
        square=lambda v, g: 0.999 * v + (0.001 * g) ** 2
    ),
    "with the mean squared in place of the gradient": lambda x, g, s, lr: mean_squared(x, g, s, lr),
    "going uphill": adam(
        step=lambda m, v, t, g, lr: -lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    ),
    "with the rate applied twice": adam(
        step=lambda m, v, t, g, lr: lr * lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    ),
    "with the rate ignored": adam(
        step=lambda m, v, t, g, lr: (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    ),
    "with its averages started at the first gradient": adam(begin=lambda g: (g, g * g)),
    "with its mean started at the first gradient": adam(begin=lambda g: (g, 0 * g)),
    "with the rate inside the buffer": lambda x, g, s, lr: rate_in_mean(x, g, s, lr),
    "that forgets its state": lambda x, g, s, lr: (
        x - lr * g / (np.abs(g) + 1e-8),
        None,
    ),
    "the root of t": adam(
        step=lambda m, v, t, g, lr: (
            lr / np.sqrt(t) * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        )
    ),
    "multiplied by 0.9 at every update": adam(
        step=lambda m, v, t, g, lr: (
            lr * 0.9 ** (t - 1) * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        )
    ),
}


IN_ADAM |= {
    "without bias correction, and with eps inside the root": adam(
        step=lambda m, v, t, g, lr: lr * m / np.sqrt(v + 1e-8)
    ),
    "without bias correction, with eps inside the root, and going uphill": adam(
        step=lambda m, v, t, g, lr: -lr * m / np.sqrt(v + 1e-8)
    ),
    "with a weight decay of 0.01 that it does not have": lambda x, g, s, lr: adam()(x, g + 0.01 * x, s, lr),
}


def mean_squared(x, g, state, lr):
    m, v, t = state or (0.0, 0.0, 0)
    t, m = t + 1, 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * m * m
    mh, vh = hats(m, v, t)
    return x - lr * mh / (np.sqrt(vh) + 1e-8), (m, v, t)


def rate_in_mean(x, g, state, lr):
    m, v, t = state or (0.0, 0.0, 0)
    t, m, v = t + 1, 0.9 * m + 0.1 * lr * g, 0.999 * v + 0.001 * g * g
    mh, vh = hats(m, v, t)
    return x - mh / (np.sqrt(vh) + 1e-8), (m, v, t)


def velocity(new, move=lambda v, old, g, lr: lr * v):
    """Momentum with its two lines."""

    def rule(x, g, state, lr):
        old = 0.0 * g if state is None else state
        v = new(old, g, lr, state is None)
        return x - move(v, old, g, lr), v

    return rule


IN_MOMENTUM = {
    "velocity one late": velocity(lambda v, g, lr, _: 0.9 * v + g, lambda v, old, g, lr: lr * old),
    "with the sign of the old velocity flipped": velocity(lambda v, g, lr, _: g - 0.9 * v),
    "with the gradient damped by 1 - momentum": velocity(lambda v, g, lr, _: 0.9 * v + 0.1 * g),
    "with the gradient damped twice": velocity(
        lambda v, g, lr, _: 0.9 * v + 0.1 * g, lambda v, old, g, lr: 0.1 * lr * v
    ),
    "with the momentum on the gradient as well": velocity(lambda v, g, lr, _: 0.9 * (v + g)),
    "with the old velocity kept whole": velocity(lambda v, g, lr, _: v + g),
    "with 1 - momentum in place of the momentum": velocity(lambda v, g, lr, _: 0.1 * v + g),
    "with the velocity divided by the momentum": velocity(lambda v, g, lr, _: v / 0.9 + g),
    "with the momentum squared": velocity(lambda v, g, lr, _: 0.81 * v + g),
    "that remembers the last gradient alone": lambda x, g, s, lr: (
        x - lr * (g + (0.0 if s is None else 0.9 * s)),
        g,
    ),
    "that forgets its velocity": lambda x, g, s, lr: (x - lr * g, s),
    "going uphill": velocity(lambda v, g, lr, _: 0.9 * v + g, lambda v, old, g, lr: -lr * v),
    "with the sign of the gradient flipped in the velocity": velocity(
        lambda v, g, lr, _: 0.9 * v + lr * g, lambda v, old, g, lr: -v
    ),
    "with a first velocity that lacks the rate": velocity(
        lambda v, g, lr, first: g if first else 0.9 * v + lr * g, lambda v, old, g, lr: v
    ),
    "with the rate and the momentum in each other's place": velocity(
        lambda v, g, lr, _: lr * v + 0.9 * g, lambda v, old, g, lr: v
    ),
    "with the rate applied twice": velocity(
        lambda v, g, lr, _: 0.9 * v + g, lambda v, old, g, lr: lr * lr * v
    ),
    "with the rate ignored": velocity(lambda v, g, lr, _: 0.9 * v + g, lambda v, old, g, lr: v),
    "with the rate inside the buffer": velocity(
        lambda v, g, lr, _: 0.9 * v + lr * g, lambda v, old, g, lr: v
    ),
    "nesterov": velocity(lambda v, g, lr, _: 0.9 * v + g, lambda v, old, g, lr: lr * (g + 0.9 * v)),
    "with momentum = 0.99": velocity(lambda v, g, lr, _: 0.99 * v + g),
    "with its averages started at the first gradient": velocity(
        lambda v, g, lr, first: 0.9 * (g if first else v) + g
    ),
}

IN_MOMENTUM |= {
    "started as the gradient's own array": velocity(
        lambda v, g, lr, first: 1.8 * g if first else 0.9 * v + g
    ),
    "with an average, corrected for its start": lambda x, g, s, lr: corrected_velocity(x, g, s, lr),
}


def corrected_velocity(x, g, state, lr):
    v, t = state or (0.0, 0)
    v, t = 0.9 * v + 0.1 * g, t + 1
    return x - lr * v / (1 - 0.9**t), (v, t)


IN_NESTEROV = {
    "with the velocity added besides": velocity(
        lambda v, g, lr, _: 0.9 * v + g, lambda v, old, g, lr: lr * (g + 1.9 * v)
    ),
    "without the look ahead": velocity(lambda v, g, lr, _: 0.9 * v + g),
    "with the look ahead alone": velocity(
        lambda v, g, lr, _: 0.9 * v + g, lambda v, old, g, lr: lr * 0.9 * v
    ),
    "with the sign of the look ahead flipped": velocity(
        lambda v, g, lr, _: 0.9 * v + g, lambda v, old, g, lr: lr * (g - 0.9 * v)
    ),
    "with the velocity in place of the gradient": velocity(
        lambda v, g, lr, _: 0.9 * v + g, lambda v, old, g, lr: lr * (v + 0.9 * v)
    ),
    "not multiplied by the momentum": velocity(
        lambda v, g, lr, _: 0.9 * v + g, lambda v, old, g, lr: lr * (g + v)
    ),
    # The book "Deep Learning from Scratch", first printing.
    "with the new velocity where the one before belongs": velocity(
        lambda v, g, lr, _: 0.9 * v - lr * g, lambda v, old, g, lr: -(0.81 * v - 1.9 * lr * g)
    ),
    # CS231n's form, a sign lost.
    "with the sign of the velocity before flipped": velocity(
        lambda v, g, lr, _: 0.9 * v - lr * g, lambda v, old, g, lr: -(0.9 * old + 1.9 * v)
    ),
    "with the old velocity kept whole": velocity(
        lambda v, g, lr, _: v + g, lambda v, old, g, lr: lr * (g + 0.9 * v)
    ),
    "going uphill": velocity(lambda v, g, lr, _: 0.9 * v + g, lambda v, old, g, lr: -lr * (g + 0.9 * v)),
    "that forgets its velocity": lambda x, g, s, lr: (x - lr * 1.9 * g, s),
    "damped by 1 - momentum": velocity(
        lambda v, g, lr, _: 0.9 * v + 0.1 * g, lambda v, old, g, lr: lr * (g + 0.9 * v)
    ),
}


def scaled(new, root, begin=0.0, move=None):
    """A rule that divides by a root."""

    def rule(x, g, state, lr):
        s = new(begin if state is None else state, g)
        return x - (lr * g / root(s) if move is None else move(s, g, lr)), s

    return rule


def outside(eps):
    return lambda s: np.sqrt(s) + eps


IN_RMSPROP = {
    "with eps inside the root": scaled(lambda s, g: 0.99 * s + 0.01 * g * g, lambda s: np.sqrt(s + 1e-8)),
    "with rho = 0.9": scaled(lambda s, g: 0.9 * s + 0.1 * g * g, outside(1e-8)),
    "with 1 - rho in place of rho": scaled(lambda s, g: 0.01 * s + 0.99 * g * g, outside(1e-8)),
    "without the factors 1 - beta": scaled(lambda s, g: 0.99 * s + g * g, outside(1e-8)),
    "with a sum in place of an average": scaled(lambda s, g: s + g * g, outside(1e-8)),
    "without the square root": scaled(lambda s, g: 0.99 * s + 0.01 * g * g, lambda s: s + 1e-8),
    "with the gradient not squared": scaled(lambda s, g: 0.99 * s + 0.01 * np.abs(g), outside(1e-8)),
    "one update late": lambda x, g, s, lr: (
        x - lr * g / (np.sqrt(0.0 if s is None else s) + 1e-8),
        (0.0 if s is None else 0.99 * s) + 0.01 * g * g,
    ),
    "with one second moment for all coordinates, the mean": scaled(
        lambda s, g: 0.99 * s + 0.01 * (g * g).mean(), outside(1e-8)
    ),
    "with its averages started at the first gradient": lambda x, g, s, lr: started(x, g, s, lr),
    "that forgets": scaled(lambda s, g: 0.01 * g * g, outside(1e-8)),
    "with the root kept": lambda x, g, s, lr: root_kept(x, g, s, lr, 0.99, 0.01, 1e-8),
    "a bracket is missing": scaled(
        lambda s, g: 0.99 * s + 0.01 * g * g, None, move=lambda s, g, lr: lr * g / np.sqrt(s) + 1e-8
    ),
    "multiplied by the root": scaled(
        lambda s, g: 0.99 * s + 0.01 * g * g, None, move=lambda s, g, lr: lr * g * (np.sqrt(s) + 1e-8)
    ),
    "going uphill": scaled(lambda s, g: 0.99 * s + 0.01 * g * g, lambda s: -(np.sqrt(s) + 1e-8)),
    "with the factor 1 - beta squared": scaled(lambda s, g: 0.99 * s + (0.01 * g) ** 2, outside(1e-8)),
    "with the rate applied twice": scaled(
        lambda s, g: 0.99 * s + 0.01 * g * g, None, move=lambda s, g, lr: lr * lr * g / (np.sqrt(s) + 1e-8)
    ),
}


def started(x, g, state, lr):
    s = 0.99 * (g * g if state is None else state) + 0.01 * g * g
    return x - lr * g / (np.sqrt(s) + 1e-8), s


def root_kept(x, g, state, lr, keep, enter, eps):
    s = np.sqrt(keep * (0.0 if state is None else state) + enter * g * g)
    return x - lr * g / (s + eps), s


IN_RMSPROP |= {
    "with a bias correction that the rule does not have": lambda x, g, s, lr: corrected_rms(x, g, s, lr),
    "with absolute values averaged, and no root": scaled(
        lambda s, g: 0.99 * s + 0.01 * np.abs(g), lambda s: s + 1e-8
    ),
}


def corrected_rms(x, g, state, lr):
    s, t = state or (0.0, 0)
    s, t = 0.99 * s + 0.01 * g * g, t + 1
    return x - lr * g / (np.sqrt(s / (1 - 0.99**t)) + 1e-8), (s, t)


IN_ADAGRAD = {
    "without eps": scaled(lambda s, g: s + g * g, np.sqrt),
    "with initial = 1": scaled(lambda s, g: s + g * g, outside(1e-10), 1.0),
    "that forgets to sum": scaled(lambda s, g: g * g, outside(1e-10)),
    "with eps inside the root": scaled(lambda s, g: s + g * g, lambda s: np.sqrt(s + 1e-10)),
    "with eps = 1e-07": scaled(lambda s, g: s + g * g, outside(1e-7)),
    "without the square root": scaled(lambda s, g: s + g * g, lambda s: s + 1e-10),
    "with the gradient not squared": scaled(lambda s, g: s + np.abs(g), outside(1e-10)),
    "with the gradients summed, and the sum squared": scaled(
        lambda s, g: s + g, lambda s: np.sqrt(s**2) + 1e-10
    ),
    "with the absolute values summed": scaled(lambda s, g: s + np.abs(g), lambda s: s + 1e-10),
    "with the mean of the squares in place of their sum": lambda x, g, s, lr: mean_of_squares(x, g, s, lr),
    "with a fading average in place of the sum": scaled(lambda s, g: 0.9 * s + 0.1 * g * g, outside(1e-10)),
    "one update late": lambda x, g, s, lr: (
        x - lr * g / (np.sqrt(0.0 if s is None else s) + 1e-10),
        (0.0 if s is None else s) + g * g,
    ),
    "with one second moment for all coordinates, the sum": scaled(
        lambda s, g: s + np.sum(g**2), outside(1e-10)
    ),
    "one second moment for all coordinates, the norm": scaled(
        lambda s, g: s + np.linalg.norm(g), outside(1e-10)
    ),
    "with the root kept": lambda x, g, s, lr: root_kept(x, g, s, lr, 1.0, 1.0, 1e-10),
    "going uphill": scaled(lambda s, g: s + g * g, lambda s: -(np.sqrt(s) + 1e-10)),
    "multiplied by the root": scaled(
        lambda s, g: s + g * g, None, move=lambda s, g, lr: lr * g * (np.sqrt(s) + 1e-10)
    ),
}


def mean_of_squares(x, g, state, lr):
    s, t = state or (0.0, 0)
    s, t = s + g * g, t + 1
    return x - lr * g / (np.sqrt(s / t) + 1e-10), (s, t)


def adadelta(
    square=lambda s, g: 0.9 * s + 0.1 * g * g,
    quotient=lambda s, old, u, g: np.sqrt(u + 1e-6) / np.sqrt(s + 1e-6) * g,
    updates=lambda u, d, g, lr: 0.9 * u + 0.1 * d * d,
    rate=lambda lr: lr,
):
    def rule(x, g, state, lr):
        old, u = state or (0.0 * g, 0.0 * g)
        s = square(old, g)
        d = quotient(s, old, u, g)
        return x - rate(lr) * d, (s, updates(u, d, g, lr))

    return rule


def new_updates(x, g, state, lr):
    s, u = state or (0.0 * g, 0.0 * g)
    s = 0.9 * s + 0.1 * g * g
    d = np.sqrt(u + 1e-6) / np.sqrt(s + 1e-6) * g
    u = 0.9 * u + 0.1 * d * d
    return x - lr * np.sqrt(u + 1e-6) / np.sqrt(s + 1e-6) * g, (s, u)


IN_ADADELTA = {
    "with gradients averaged in place of updates": adadelta(
        updates=lambda u, d, g, lr: 0.9 * u + 0.1 * g * g
    ),
    "with the new average of updates used in the step": new_updates,
    "one update late": adadelta(quotient=lambda s, old, u, g: np.sqrt(u + 1e-6) / np.sqrt(old + 1e-6) * g),
    "with the rate in the memory of updates": adadelta(
        updates=lambda u, d, g, lr: 0.9 * u + 0.1 * (lr * d) ** 2
    ),
    "with the rate ignored": adadelta(rate=lambda lr: 1.0),
    "with the quotient upside down": adadelta(
        quotient=lambda s, old, u, g: np.sqrt(s + 1e-6) / np.sqrt(u + 1e-6) * g
    ),
    "with eps outside the root": adadelta(
        quotient=lambda s, old, u, g: (np.sqrt(u) + 1e-6) / (np.sqrt(s) + 1e-6) * g
    ),
    "a rule that never moves": adadelta(quotient=lambda s, old, u, g: np.sqrt(u) / np.sqrt(s + 1e-6) * g),
    "without the updates' root": adadelta(quotient=lambda s, old, u, g: g / np.sqrt(s + 1e-6)),
    "without the roots": adadelta(quotient=lambda s, old, u, g: (u + 1e-6) / (s + 1e-6) * g),
    "with the update not squared": adadelta(updates=lambda u, d, g, lr: 0.9 * u + 0.1 * np.abs(d)),
    "without the factors 1 - beta": adadelta(
        lambda s, g: 0.9 * s + g * g, updates=lambda u, d, g, lr: 0.9 * u + d * d
    ),
    "with rho = 0.95": adadelta(
        lambda s, g: 0.95 * s + 0.05 * g * g, updates=lambda u, d, g, lr: 0.95 * u + 0.05 * d * d
    ),
    "going uphill": adadelta(rate=lambda lr: -lr),
    "that forgets the average of updates": adadelta(updates=lambda u, d, g, lr: 0.1 * d * d),
    "with one second moment for all coordinates": adadelta(lambda s, g: 0.9 * s + 0.1 * np.dot(g, g)),
}

IN_SGD = {
    "going uphill": lambda x, g, s, lr: (x + lr * g, s),
    "with the rate applied twice": lambda x, g, s, lr: (x - lr * lr * g, s),
    "with the rate ignored": lambda x, g, s, lr: (x - g, s),
    "with every step made twice": lambda x, g, s, lr: (x - 2 * lr * g, s),
    "with every step 0.25 times as long": lambda x, g, s, lr: (x - 0.25 * lr * g, s),
    "divided by t": lambda x, g, s, lr: (x - lr / ((s or 0) + 1) * g, (s or 0) + 1),
    "multiplied by 0.99 at every update": lambda x, g, s, lr: (x - lr * 0.99 ** (s or 0) * g, (s or 0) + 1),
    "divided by 1 + 0.5 n": lambda x, g, s, lr: (x - lr / (1 + 0.5 * (s or 0)) * g, (s or 0) + 1),
    "a rule that never moves": lambda x, g, s, lr: (x, s),
}

CASES = [
    pytest.param(rule, like, words, id=f"{like!r} {words}")
    for like, rules in (
        (SGD, IN_SGD),
        (MOMENTUM, IN_MOMENTUM),
        (NESTEROV, IN_NESTEROV),
        (ADAGRAD, IN_ADAGRAD),
        (ADADELTA, IN_ADADELTA),
        (RMSPROP, IN_RMSPROP),
        (ADAM, IN_ADAM),
    )
    for words, rule in rules.items()
]
UNKNOWN = "equals no known dialect and no classic mistake"


@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
@pytest.mark.parametrize(("rule", "like", "words"), CASES)
def test_every_mistake_is_caught_and_named(rule, like, words):
    report = compare_optimizer(rule, like=like)
    assert not report.ok
    assert UNKNOWN not in str(report)
    assert any(words in text.lower() or words in text for text in report.instead), report.instead


# At one rate these are the same numbers as the rule's own, or as another mistake's.
AT_ONE_RATE = {
    "with the rate inside the buffer": "",
    "with the sign of the gradient flipped in the velocity": "going uphill",
}


@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
@pytest.mark.parametrize(("rule", "like", "words"), CASES)
def test_it_is_named_where_the_rate_is_fixed_too(rule, like, words):
    """A function of three arguments never hears of another rate; what it does is found all the same."""
    words = AT_ONE_RATE.get(words, words)
    report = compare_optimizer(lambda x, g, state: rule(x, g, state, LR), like=like)
    assert report.ok == (words == "")
    assert UNKNOWN not in str(report)
    assert report.ok or any(words in text.lower() or words in text for text in report.instead), report.instead


def test_there_are_more_than_twenty_five_over_all_seven_rules():
    assert len(CASES) > 120
    assert len({repr(case.values[1]) for case in CASES}) == 7


@pytest.mark.parametrize(
    ("rule", "like"),
    [
        (adam(), ADAM),
        (velocity(lambda v, g, lr, _: 0.9 * v + g), MOMENTUM),
        (velocity(lambda v, g, lr, _: 0.9 * v - lr * g, lambda v, old, g, lr: -v), KERAS_MOMENTUM),
        (velocity(lambda v, g, lr, _: 0.9 * v + g, lambda v, old, g, lr: lr * (g + 0.9 * v)), NESTEROV),
        (scaled(lambda s, g: 0.99 * s + 0.01 * g * g, outside(1e-8)), RMSPROP),
        (scaled(lambda s, g: s + g * g, outside(1e-10)), ADAGRAD),
        (adadelta(), ADADELTA),
    ],
)
def test_what_is_right_passes(rule, like):
    assert check_optimizer(rule, like=like).ok
    assert check_optimizer(lambda x, g, state: rule(x, g, state, LR), like=like).ok


def test_equal_and_broken_is_not_called_unknown():
    """Right to the last digit but one, and writing to its gradient: no word of mistakes beside "equals"."""

    def rule(x, g, state, lr):
        new = x - lr * g * (1 + 1e-15)
        g *= 2
        return new, state

    text = str(compare_optimizer(rule, like=SGD))
    assert text.startswith("equals SGD(lr=0.1)")
    assert UNKNOWN not in text
