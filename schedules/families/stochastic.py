"""Schedules for subgradients and stochastic gradients, from theorems."""

import math
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np

from schedules.schedule import Array, Schedule
from stepsize.core.elementwise import pick, power
from stepsize.core.limits.ranges import FloatOrArray, PositiveFloat, PositiveInt, WholeNumber
from stepsize.core.validation import as_number, require

__all__ = ["DoublingStages", "LogStepDecay", "OptimalLinear", "Refined"]


class OptimalLinear(Schedule):
    r"""The linear fall that is exactly optimal for the last iterate of subgradient descent.

    .. math:: h_n = \frac{R}{B}\, \frac{T - n}{(T + 1)^{3/2}}

    For a convex function with subgradients of length at most B, from a distance of at most R, the last of the
    points has :math:`f - f_* \le B R / \sqrt{T + 1}`, and no step sizes do better.

    Parameters
    ----------
    steps : int
        T, the updates; at least 1. From n = T on it is 0.
    R, B : float
        Bounds on the distance and on the subgradients; above 0.

    References
    ----------
    Zamani and Glineur, "Exact convergence rate of the last iterate in subgradient methods", arXiv 2307.11134.

    Examples
    --------
    >>> OptimalLinear(steps=3).table(5).tolist()
    [0.375, 0.25, 0.125, 0.0, 0.0]
    """

    steps: PositiveInt
    R: PositiveFloat = 1.0
    B: PositiveFloat = 1.0
    demo: ClassVar = {"steps": 20}
    formula = "R / B * max(steps - n, 0) / (steps + 1) ** 1.5"

    def value(self, n: Array) -> Array:
        values: Array = self.R / self.B * (np.maximum(self.steps - n, 0.0) / (self.steps + 1) ** 1.5)
        return values

    @property
    def horizon(self) -> int:
        return self.steps


class DoublingStages(Schedule):
    r"""Half the rate on stages twice as long: a staircase that satisfies Robbins and Monro.

    .. math:: \eta_n = \eta_0\, 2^{-k} \quad\text{on stage } k \text{ of } 2^k s \text{ updates}

    Each stage adds the same to the sum of the rates and half as much as the last to the sum of their squares.
    `StepDecay`, with its stages of one length, has a finite sum.

    Parameters
    ----------
    lr : float
        The rate of the first stage.
    stage : int
        s, the length of the first stage; at least 1.

    References
    ----------
    Bottou, Curtis and Nocedal, "Optimization methods for large-scale machine learning", SIAM Review 60
    (2018), section 4.2.

    Examples
    --------
    >>> DoublingStages(1.0, stage=1).table(8).tolist()
    [1.0, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125]
    """

    lr: FloatOrArray
    stage: PositiveInt
    demo: ClassVar = {"lr": 0.1, "stage": 3}
    formula = "lr * 2 ** -floor(log2(1 + floor(n / stage)))"
    tail = 1.0

    def value(self, n: Array) -> Array:
        """Return lr 2^-k on stage k, which starts at (2^k - 1) s."""
        # frexp reads the binary exponent, which is exact where a logarithm may come out just below.
        _, exponent = np.frexp(1 + np.floor(n / self.stage))
        return self.lr * power(0.5, exponent - 1.0)


class LogStepDecay(Schedule):
    r"""Step decay fitted to its horizon: log2 T stages of T / log2 T updates, the rate halved at each.

    .. math:: \eta_n = \eta_0\, 2^{-\lfloor n \log_2(T) / T \rfloor}

    Near-optimal for the last iterate of stochastic least squares, where polynomial decay is not.

    Parameters
    ----------
    lr : float
        The rate of the first stage.
    steps : int
        T, the horizon; at least 2. From n = T on the rate stays what it was.

    References
    ----------
    Ge, Kakade, Kidambi and Netrapalli, "The step decay schedule", arXiv 1904.12838.

    Examples
    --------
    >>> LogStepDecay(1.0, steps=16)([0, 3, 4, 8, 15, 99]).tolist()
    [1.0, 1.0, 0.5, 0.25, 0.125, 0.125]
    """

    lr: FloatOrArray
    steps: Annotated[int, WholeNumber(2)]
    demo: ClassVar = {"lr": 0.1, "steps": 40}
    formula = "lr * 2 ** -floor(min(n, steps - 1) * log2(steps) / steps)"

    def value(self, n: Array) -> Array:
        last = np.minimum(n, self.steps - 1)
        return self.lr * power(0.5, np.floor(last * math.log2(self.steps) / self.steps))

    @property
    def horizon(self) -> int:
        return self.steps - 1


class Refined(Schedule):
    r"""A schedule refined by the gradient norms of an earlier run.

    .. math:: \eta_n \propto w_n \sum_{p > n} w_p, \qquad w_n = \|g_n\|^{-2}

    Equal norms give the linear fall; norms that shrink towards the end give a warm-up and a steeper fall.

    Parameters
    ----------
    lr : float
        The largest value.
    norms : sequence of float
        Gradient norms of that run, smoothed if they are noisy; above 0.

    References
    ----------
    Defazio, Cutkosky, Mehta and Mishchenko, "Optimal linear decay learning rate schedules and further
    refinements", arXiv 2310.07831, corollary 3.

    Examples
    --------
    >>> Refined(1.0, norms=[2.0, 2.0, 2.0, 2.0, 2.0]).table(6).tolist()
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """

    lr: FloatOrArray
    norms: Sequence[float]
    demo: ClassVar = {"lr": 0.1, "norms": (1.0, 2.0, 2.0, 1.0, 0.5, 0.5, 0.4)}
    formula = "lr * r(n)"

    def check(self) -> None:
        """Validate the norms."""
        long_enough = isinstance(self.norms, tuple) and len(self.norms) >= 2
        require(long_enough, "norms", self.norms, "a list of at least two norms")
        for norm in self.norms:
            require(as_number("norms", norm) > 0, "norms", norm, "norms above 0")

    def normalise(self, name: str, value: Any) -> Any:
        """Take the norms from an array too, such as ``run.history.grad_norm``."""
        return super().normalise(name, tuple(value) if name == "norms" and np.ndim(value) == 1 else value)

    def symbols(self) -> dict[str, Any]:
        """Return lr; the refinement r keeps its name."""
        return {"lr": self.lr}

    def value(self, n: Array) -> Array:
        w = np.array(self.norms) ** -2.0
        ahead = np.append(np.cumsum(w[:0:-1])[::-1], 0.0)
        shape = w * ahead / np.max(w * ahead)
        values: Array = self.lr * pick(shape, np.minimum(n, len(w) - 1).astype(int))
        return values

    @property
    def horizon(self) -> int:
        """The last of the norms, where nothing is ahead."""
        return len(self.norms) - 1
