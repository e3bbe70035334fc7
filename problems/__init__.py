"""Where: test problems with gradients, and the facts that theory needs."""

from problems.bowls import *
from problems.bowls import __all__ as _bowls
from problems.convex import *
from problems.convex import __all__ as _convex
from problems.estimate import *
from problems.estimate import __all__ as _estimate
from problems.finite_sum import *
from problems.finite_sum import __all__ as _finite_sum
from problems.hard_cases import *
from problems.hard_cases import __all__ as _hard_cases
from problems.humps import *
from problems.humps import __all__ as _humps
from problems.kinks import *
from problems.kinks import __all__ as _kinks
from problems.multimodal import *
from problems.multimodal import __all__ as _multimodal
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
from problems.separable import *
from problems.separable import __all__ as _separable
from problems.textbook import *
from problems.textbook import __all__ as _textbook
from problems.valleys import *
from problems.valleys import __all__ as _valleys

__all__ = [
    *_problem,
    *_finite_sum,
    *_quadratics,
    *_regression,
    *_estimate,
    *_sampling,
    *_noise,
    *_textbook,
    *_convex,
    *_kinks,
    *_bowls,
    *_humps,
    *_valleys,
    *_hard_cases,
    *_multimodal,
    *_separable,
]
