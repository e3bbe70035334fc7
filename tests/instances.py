"""One instance of every registered class, from its own `demo`: what the conformance tests run over."""

import optim
import problems
import schedules
from stepsize.core.record import registered
from stepsize.parsing import load_registry

load_registry()

OPTIMIZERS = [cls(**cls.demo) for cls in registered(optim.Optimizer)]
SCHEDULES = [cls(**cls.demo) for cls in registered(schedules.Schedule)]
SEARCHES = [cls(**cls.demo) for cls in registered(schedules.Search)]
FEEDBACK = [cls(**cls.demo) for cls in registered(schedules.Feedback)]
PROBLEMS = [cls(**cls.demo) for cls in registered(problems.Problem)]


def name_of(record):
    return type(record).__name__
