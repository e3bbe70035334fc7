"""The conformance kit: test anyone's optimizer, or the gradient of anyone's function, against ours.

>>> from optim import dialects
>>> from optim.testing import check_optimizer
>>> def mine(x, g, state, lr):  # Adam, with its two decays in each other's place
...     m, v, t = state or (0.0, 0.0, 0)
...     m, v, t = 0.999 * m + 0.001 * g, 0.9 * v + 0.1 * g * g, t + 1
...     step = m / (1 - 0.999**t) / ((v / (1 - 0.9**t)) ** 0.5 + 1e-8)
...     return x - lr * step, (m, v, t)
>>> check_optimizer(mine, like=dialects.paper.Adam(lr=0.1))  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
AssertionError: differs from Adam(lr=0.1) first at step 2 of the stream "wandering": ...
it equals Adam(lr=0.1) with beta1 and beta2 swapped, to every digit
after one gradient it coasts 4.138 times its first step, expected 2.999

A class that keeps its memory in itself is driven as it is, on arrays, lists or dicts, in place or not:

>>> class Descent:
...     def __init__(self, lr=0.01):
...         self.lr = lr
...     def update(self, params, grads):
...         for key in params:
...             params[key] -= self.lr * grads[key]
>>> check_optimizer(Descent, like=dialects.torch.SGD(lr=0.1)).ok
True

Start with `check.py`.
"""

from optim.testing.check import Report, check_optimizer, compare_optimizer
from optim.testing.gradient_streams import STREAMS, Stream
from optim.testing.gradients import GradientReport, check_gradient
from optim.testing.invariants import Traits
from optim.testing.vectors import load_vectors

__all__ = [
    "STREAMS",
    "GradientReport",
    "Report",
    "Stream",
    "Traits",
    "check_gradient",
    "check_optimizer",
    "compare_optimizer",
    "load_vectors",
]
