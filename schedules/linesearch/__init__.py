"""How far, by looking: line searches, one a file, on the contract of `line`."""

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

__all__ = [
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
