"""Which way: the optimizers, the loop that runs them, and the record that a run leaves."""

from optim.adam import *
from optim.adam import __all__ as _adam
from optim.adaptive import *
from optim.adaptive import __all__ as _adaptive
from optim.curvature import *
from optim.curvature import __all__ as _curvature
from optim.gradient import *
from optim.gradient import __all__ as _gradient
from optim.loop import *
from optim.loop import __all__ as _loop
from optim.optimizer import *
from optim.optimizer import __all__ as _optimizer
from optim.quasi_newton import *
from optim.quasi_newton import __all__ as _quasi_newton
from optim.run import *
from optim.run import __all__ as _run
from optim.state import *
from optim.state import __all__ as _state

__all__ = [*_optimizer, *_gradient, *_adaptive, *_adam, *_curvature, *_quasi_newton, *_loop, *_run, *_state]
