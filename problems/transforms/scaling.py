"""Rescaled problems: values multiplied, coordinates stretched to a condition number."""

from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np

from problems.landscapes.valleys import Rosenbrock
from problems.problem import Array, Problem
from problems.transforms.affine import Transformed
from stepsize.core.limits.ranges import PositiveFloat, Range
from stepsize.core.validation import as_floats, require

__all__ = ["Scaled", "Stretched"]


class Scaled(Transformed):
    r"""A problem with other units, of its values or of its parameters.

    .. math:: F(x) = a\, f(x / s)

    Gradient descent needs the rate s^2/a times as large; Adam does not feel a, and s only as a factor of its
    rate.

    Parameters
    ----------
    problem : Problem
        f.
    value : float
        a, positive.
    argument : float or sequence of d floats
        s, how much larger each parameter becomes; positive.

    References
    ----------
    Schaul, Antonoglou and Silver, "Unit tests for stochastic optimization", ICLR 2014 (arXiv:1312.6055).

    Examples
    --------
    >>> from problems import Quadratic
    >>> bowl = Scaled(Quadratic([1.0, 20.0]), value=3.0, argument=2.0)
    >>> bowl.L, bowl.mu
    (15.0, 0.75)
    """

    problem: Problem
    value: PositiveFloat = 1.0
    argument: Any = 1.0
    demo: ClassVar = {"problem": Rosenbrock(), "value": 0.1, "argument": (10.0, 0.5)}

    def check(self) -> None:
        """Validate that the factors of the parameters are positive and fit."""
        super().check()
        s = as_floats("argument", self.argument)
        fits = s.shape in ((), (self.problem.dim,)) and bool((s > 0).all())
        require(fits, "argument", self.argument, f"one or {self.problem.dim} positive numbers")

    @cached_property
    def matrix(self) -> Array:
        return np.diag(1 / np.broadcast_to(np.asarray(self.argument, float), self.problem.dim))

    @property
    def factor(self) -> float:
        return float(self.value)

    @property
    def formula(self) -> str:
        factors = [f"values x {self.value:g}"] if self.value != 1 else []
        if np.ndim(self.argument) or self.argument != 1:
            factors.append("parameters rescaled")
        return ", ".join([self.problem.formula, *factors])


class Stretched(Transformed):
    r"""A problem drawn out along the axes, so that a round bowl gets a given condition number.

    .. math:: F(x) = f(D x), \qquad D = \operatorname{diag}(\kappa^{0}, \dots, \kappa^{-1/2})

    with the exponents evenly spaced: the last coordinate is drawn out by sqrt(kappa), and the Hessian, D H D,
    has condition number kappa if H is the unit matrix, and at most kappa times that of H otherwise.

    Parameters
    ----------
    problem : Problem
        f, of at least two dimensions.
    condition : float
        kappa, at least 1.

    References
    ----------
    Hansen, Finck, Ros and Auger, "Real-parameter black-box optimization benchmarking
    2009: noiseless functions definitions", INRIA RR-6829.

    Examples
    --------
    >>> from problems import Quadratic
    >>> bowl = Stretched(Quadratic([1.0, 1.0, 1.0]), condition=100.0)
    >>> bowl.hess(np.zeros(3)).diagonal().round(12).tolist()
    [1.0, 0.1, 0.01]
    """

    problem: Problem
    condition: Annotated[float, Range(minimum=1)] = 100.0
    demo: ClassVar = {"problem": Rosenbrock(), "condition": 10.0}

    def check(self) -> None:
        """Validate that there are at least two dimensions."""
        super().check()
        require(self.problem.dim > 1, "problem", self.problem, "a problem of at least two dimensions")

    @cached_property
    def matrix(self) -> Array:
        return np.diag(np.geomspace(1.0, 1 / np.sqrt(self.condition), self.problem.dim))

    @property
    def formula(self) -> str:
        return f"{self.problem.formula}, stretched to condition {self.condition:g}"
