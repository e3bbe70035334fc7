"""How far: learning-rate schedules, pure functions of the update index; and line searches."""

from schedules.decay import *
from schedules.decay import __all__ as _decay
from schedules.linesearch import *
from schedules.linesearch import __all__ as _linesearch
from schedules.schedule import *
from schedules.schedule import __all__ as _schedule

__all__ = [*_schedule, *_decay, *_linesearch]
