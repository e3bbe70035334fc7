"""How far: schedules of the update index, rates that answer to the run, and line searches."""

from schedules.budget import *
from schedules.budget import __all__ as _budget
from schedules.changed import *
from schedules.changed import __all__ as _changed
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
from schedules.feedback import *
from schedules.feedback import __all__ as _feedback
from schedules.functions import *
from schedules.functions import __all__ as _functions
from schedules.linesearch.armijo import *
from schedules.linesearch.armijo import __all__ as _armijo
from schedules.linesearch.exact import *
from schedules.linesearch.exact import __all__ as _exact
from schedules.linesearch.gols import *
from schedules.linesearch.gols import __all__ as _gols
from schedules.linesearch.hager_zhang import *
from schedules.linesearch.hager_zhang import __all__ as _hager_zhang
from schedules.linesearch.line import *
from schedules.linesearch.line import __all__ as _line
from schedules.linesearch.nonmonotone import *
from schedules.linesearch.nonmonotone import __all__ as _nonmonotone
from schedules.linesearch.parabola import *
from schedules.linesearch.parabola import __all__ as _parabola
from schedules.linesearch.probabilistic import *
from schedules.linesearch.probabilistic import __all__ as _probabilistic
from schedules.linesearch.sls import *
from schedules.linesearch.sls import __all__ as _sls
from schedules.linesearch.wolfe import *
from schedules.linesearch.wolfe import __all__ as _wolfe
from schedules.momentum import *
from schedules.momentum import __all__ as _momentum
from schedules.phases import *
from schedules.phases import __all__ as _phases
from schedules.plateau import *
from schedules.plateau import __all__ as _plateau
from schedules.product import *
from schedules.product import __all__ as _product
from schedules.schedule import *
from schedules.schedule import __all__ as _schedule
from schedules.selftuning import *
from schedules.selftuning import __all__ as _selftuning
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
    *_functions,
    *_composites,
    *_changed,
    *_phases,
    *_decay,
    *_budget,
    *_steps,
    *_cosine,
    *_cycles,
    *_cyclic,
    *_warmup,
    *_theory,
    *_stochastic,
    *_momentum,
    *_feedback,
    *_plateau,
    *_selftuning,
    *_product,
    *_line,
    *_exact,
    *_armijo,
    *_wolfe,
    *_hager_zhang,
    *_nonmonotone,
    *_sls,
    *_parabola,
    *_gols,
    *_probabilistic,
]
