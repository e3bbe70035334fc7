"""One instance of every registered class, from its own `demo`: what the conformance tests run over."""

import optim
import problems
import schedules
from stepsize.core.record import registered
from stepsize.parsing import example_of, load_registry

load_registry()

OPTIMIZERS = [example_of(cls) for cls in registered(optim.Optimizer)]
SCHEDULES = [example_of(cls) for cls in registered(schedules.Schedule)]
SEARCHES = [example_of(cls) for cls in registered(schedules.LineSearch)]
FEEDBACK = [example_of(cls) for cls in registered(schedules.Feedback)]
PROBLEMS = [example_of(cls) for cls in registered(problems.Problem)]


def name_of(record):
    return type(record).__name__
