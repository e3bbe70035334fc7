"""Which way: the optimizers, the loop that runs them, and the record that a run leaves."""

from optim.adam import *
from optim.adam import __all__ as _adam
from optim.adaptive import *
from optim.adaptive import __all__ as _adaptive
from optim.averaging import *
from optim.averaging import __all__ as _averaging
from optim.clipping import *
from optim.clipping import __all__ as _clipping
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
from optim.quirks import *
from optim.quirks import __all__ as _quirks
from optim.rate_free import *
from optim.rate_free import __all__ as _rate_free
from optim.run import *
from optim.run import __all__ as _run
from optim.schedule_free import *
from optim.schedule_free import __all__ as _schedule_free
from optim.second_moment import *
from optim.second_moment import __all__ as _second_moment
from optim.sign import *
from optim.sign import __all__ as _sign
from optim.state import *
from optim.state import __all__ as _state
from optim.wrappers import *
from optim.wrappers import __all__ as _wrappers

__all__ = [
    *_optimizer,
    *_gradient,
    *_adaptive,
    *_adam,
    *_second_moment,
    *_sign,
    *_curvature,
    *_quasi_newton,
    *_schedule_free,
    *_rate_free,
    *_wrappers,
    *_clipping,
    *_averaging,
    *_quirks,
    *_loop,
    *_run,
    *_state,
]
