"""Where: test problems with gradients, and the facts that theory needs."""

from problems.bowls import *
from problems.bowls import __all__ as _bowls
from problems.changing import *
from problems.changing import __all__ as _changing
from problems.convex import *
from problems.convex import __all__ as _convex
from problems.estimate import *
from problems.estimate import __all__ as _estimate
from problems.finite_sum import *
from problems.finite_sum import __all__ as _finite_sum
from problems.formula import *
from problems.formula import __all__ as _formula
from problems.hard_cases import *
from problems.hard_cases import __all__ as _hard_cases
from problems.harsh_noise import *
from problems.harsh_noise import __all__ as _harsh_noise
from problems.humps import *
from problems.humps import __all__ as _humps
from problems.iris_and_digits import *
from problems.iris_and_digits import __all__ as _iris_and_digits
from problems.kinks import *
from problems.kinks import __all__ as _kinks
from problems.least_squares import *
from problems.least_squares import __all__ as _least_squares
from problems.logistic import *
from problems.logistic import __all__ as _logistic
from problems.multimodal import *
from problems.multimodal import __all__ as _multimodal
from problems.networks import *
from problems.networks import __all__ as _networks
from problems.noise import *
from problems.noise import __all__ as _noise
from problems.problem import *
from problems.problem import __all__ as _problem
from problems.products import *
from problems.products import __all__ as _products
from problems.prototypes import *
from problems.prototypes import __all__ as _prototypes
from problems.quadratics import *
from problems.quadratics import __all__ as _quadratics
from problems.rescale import *
from problems.rescale import __all__ as _rescale
from problems.sampling import *
from problems.sampling import __all__ as _sampling
from problems.separable import *
from problems.separable import __all__ as _separable
from problems.softmax import *
from problems.softmax import __all__ as _softmax
from problems.supervised import *
from problems.supervised import __all__ as _supervised
from problems.textbook import *
from problems.textbook import __all__ as _textbook
from problems.transform import *
from problems.transform import __all__ as _transform
from problems.valleys import *
from problems.valleys import __all__ as _valleys

__all__ = [
    *_problem,
    *_finite_sum,
    *_quadratics,
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
    *_formula,
    *_prototypes,
    *_transform,
    *_rescale,
    *_supervised,
    *_least_squares,
    *_logistic,
    *_softmax,
    *_iris_and_digits,
    *_networks,
    *_products,
    *_harsh_noise,
    *_changing,
]
