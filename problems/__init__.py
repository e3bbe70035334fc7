"""Where: test problems with gradients, and the facts that theory needs."""

from problems.finite_sum import *
from problems.finite_sum import __all__ as _finite_sum
from problems.landscapes import *
from problems.landscapes import __all__ as _landscapes
from problems.problem import *
from problems.problem import __all__ as _problem
from problems.quadratics import *
from problems.quadratics import __all__ as _quadratics
from problems.regression import *
from problems.regression import __all__ as _regression

__all__ = [*_problem, *_finite_sum, *_quadratics, *_landscapes, *_regression]
