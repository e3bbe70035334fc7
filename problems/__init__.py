"""Where: test problems with gradients, and the facts that theory needs."""

from problems.estimate import *
from problems.estimate import __all__ as _estimate
from problems.finite_sum import *
from problems.finite_sum import __all__ as _finite_sum
from problems.landscapes import *
from problems.landscapes import __all__ as _landscapes
from problems.noise import *
from problems.noise import __all__ as _noise
from problems.problem import *
from problems.problem import __all__ as _problem
from problems.quadratics import *
from problems.quadratics import __all__ as _quadratics
from problems.regression import *
from problems.regression import __all__ as _regression
from problems.sampling import *
from problems.sampling import __all__ as _sampling

__all__ = [*_problem, *_finite_sum, *_quadratics, *_landscapes, *_regression, *_estimate, *_sampling, *_noise]
