"""Every parameter of a rule, schedule, search or feedback is allowed up to the ends of its range, no further.

What the ends are follows from what a parameter is: a decay is a share that is never whole, a rate that is
divided by is never 0. Each name has its range once; a class in which the name means something else has a row
of its own.
"""

import dataclasses
import math

import pytest

import optim
import schedules
from stepsize.core.limits.ranges import Either, Elementwise, OneOf, constraint_of
from stepsize.core.record import registered

TINY = 5e-324
ONE = 1 - 2**-53
INF = math.inf

# What is allowed and what is refused, next to each end.
FROM_0 = [0.0, 1e300], [-TINY, INF]
ABOVE_0 = [TINY, 1e300], [0.0, INF]
ABOVE_0_OR_INF = [TINY, INF], [0.0]
FROM_1 = [1.0, 1e300], [ONE, INF]
ABOVE_1 = [1 + 2**-52, 1e300], [1.0, INF]
DECAY = [0.0, ONE], [-TINY, 1.0]
SHARE = [TINY, ONE], [0.0, 1.0]
WHOLE_SHARE = [0.0, 1.0], [-TINY, 1 + 2**-52]
BELOW_2 = [TINY, 2 - 2**-52], [0.0, 2.0]
BELOW_HALF = [TINY, 0.5 - 2**-54], [0.0, 0.5]
BELOW_0 = [-TINY, -1e300], [0.0, -INF]
ANY = [-1e300, 1e300], [INF, -INF, math.nan]
COUNT_FROM_0, COUNT_FROM_1, COUNT_FROM_2 = ([n], [n - 1] if n else [-1]) if False else None, None, None
