"""How far: learning-rate schedules, pure functions of the update index; and line searches."""

from schedules.budget import *
from schedules.budget import __all__ as _budget
from schedules.composites import *
from schedules.composites import __all__ as _composites
from schedules.cosine import *
from schedules.cosine import __all__ as _cosine
from schedules.cycles import *
from schedules.cycles import __all__ as _cycles
from schedules.cyclic import *
from schedules.cyclic import __all__ as _cyclic
from schedules.decay import *
from schedules.decay import __all__ as _decay
from schedules.functions import *
from schedules.functions import __all__ as _functions
from schedules.linesearch import *
from schedules.linesearch import __all__ as _linesearch
from schedules.momentum import *
from schedules.momentum import __all__ as _momentum
from schedules.phases import *
from schedules.phases import __all__ as _phases
from schedules.schedule import *
from schedules.schedule import __all__ as _schedule
from schedules.steps import *
from schedules.steps import __all__ as _steps
from schedules.stochastic import *
from schedules.stochastic import __all__ as _stochastic
from schedules.theory import *
from schedules.theory import __all__ as _theory
from schedules.warmup import *
from schedules.warmup import __all__ as _warmup

__all__ = [
    *_schedule,
    *_decay,
    *_linesearch,
    *_functions,
    *_composites,
    *_phases,
    *_budget,
    *_steps,
    *_cosine,
    *_cycles,
    *_cyclic,
    *_warmup,
    *_theory,
    *_stochastic,
    *_momentum,
]
