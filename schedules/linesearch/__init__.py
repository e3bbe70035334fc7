"""How far, by looking: line searches, one a file, on the contract of `line`."""

from schedules.linesearch.armijo import *
from schedules.linesearch.armijo import __all__ as _armijo
from schedules.linesearch.exact import *
from schedules.linesearch.exact import __all__ as _exact
from schedules.linesearch.line import *
from schedules.linesearch.line import __all__ as _line
from schedules.linesearch.wolfe import *
from schedules.linesearch.wolfe import __all__ as _wolfe

__all__ = [*_line, *_exact, *_armijo, *_wolfe]
