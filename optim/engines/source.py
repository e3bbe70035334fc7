"""The text of a run: what each engine makes of a rule and a problem, to be read."""

import inspect
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from optim.engines.symbols import Operand, Untraceable, is_array, is_number
from optim.engines.tracing import Trace, trace_update
from optim.optimizer import Optimizer
from optim.start import check_initial_evaluation, validate_problem_and_start
from optim.steppers import Stepper, stepper_for
from stepsize.core.protocols import SupportsGradient
from stepsize.core.validation import require

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["engine_source"]

Array = np.ndarray[Any, Any]

_NAMES = ("array", "floats", "traced", "compiled")


def engine_source(
    problem: SupportsGradient,
    optimizer: Optimizer,
    x0: "ArrayLike | None" = None,
    engine: str = "compiled",
) -> str:
    """Return the text that an engine runs.

    Parameters
    ----------
    problem, optimizer, x0
        As for `minimize`.
    engine : {"array", "floats", "traced", "compiled"}
        "array": the rule, as its class has it; "floats": Python, one line an operation and coordinate;
        "traced": the calls of NumPy, in their order; "compiled": LLVM's language.

    Raises
    ------
    ValueError
        If the engine cannot make this run, or has no text of it.

    Examples
    --------
    >>> from optim import Momentum
    >>> from problems import Parabola
    >>> print(engine_source(Parabola(), Momentum(lr=0.1), engine="traced"))
    v3 = multiply(momentum, m)
    v4 = multiply(1 - dampening, g)
    m' = add(v3, v4)
    v6 = multiply(lr, m')
    x' = subtract(x, v6)
    """
    require(engine in _NAMES, "engine", engine, "one of " + ", ".join(_NAMES))
    where, x = validate_problem_and_start(problem, optimizer, x0)
    if engine == "array":
        return _rule_text(optimizer)
    state = optimizer.init(x)
    with np.errstate(all="ignore"):
        stepper = stepper_for(optimizer, where, x, state, state.n + 1)
        e = stepper.evaluate(0, x)
        check_initial_evaluation(x, e)
        if engine == "traced":
            return _traced_text(stepper, x, state.slots)
        return _engine_text(stepper, x, state.slots, engine)


def _rule_text(optimizer: Optimizer) -> str:
    kind = type(optimizer)
    name = "direction" if optimizer.update_is_inherited else "update"
    try:
        return textwrap.dedent(inspect.getsource(getattr(kind, name))).rstrip()
    except (OSError, TypeError) as error:
        raise ValueError(f"optimizer: got {kind.__name__}, whose text Python does not have") from error


def _traced_text(stepper: Stepper, x: Array, slots: tuple[Any, ...]) -> str:
    try:
        trace = trace_update(stepper.optimizer, stepper.hypers.resolve(0), len(slots), x.dtype)
    except Untraceable as reason:
        raise ValueError(f"optimizer: got {stepper.optimizer!r}, which cannot be traced: {reason}") from None
    return "\n".join(_lines(trace, ("x", "g", *stepper.optimizer.slots)))


def _engine_text(stepper: Stepper, x: Array, slots: tuple[Any, ...], name: str) -> str:
    from optim.engines import engine_for

    made: Any = engine_for(name, stepper, x, slots, watched=False)
    text = made.source(0, x, slots) if hasattr(made, "source") else None
    require(text is not None, "engine", name, "another one: it runs the rule's text as it stands here")
    return str(text)


def _lines(trace: Trace, names: tuple[str, ...]) -> list[str]:
    """Return the operations of a trace, one a line, with the paper's names for what goes in and out."""
    ends = ("x", *names[2:])
    called = dict(enumerate(names)) | {i: f"v{i}" for i in trace.needed}
    called |= {i: f"{end}'" for i, end in zip(trace.outputs, ends, strict=True)}

    def word(a: Operand) -> str:
        if is_array(a):
            return called[a.index]
        return _number(trace, a.index) if is_number(a) else repr(a)

    return [
        f"{called[i]} = {function.__name__}({', '.join(map(word, args))})"
        for i, (function, args) in ((i, trace.calls[i]) for i in trace.needed)
    ]


_SIGNS = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "pow": "**"}


def _number(trace: Trace, i: int, inside: bool = False) -> str:
    """Return how a number follows from the hyperparameters, as it would be written."""
    function, args = trace.plain[i]
    if function is None:
        return ".".join(args)
    words = [_number(trace, a.index, True) if is_number(a) else repr(a) for a in args]
    if function.__name__ in _SIGNS and len(words) == 2:
        text = f" {_SIGNS[function.__name__]} ".join(words)
        return f"({text})" if inside else text
    return f"{function.__name__}({', '.join(words)})"
