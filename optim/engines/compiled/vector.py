"""The compiled update of a huge vector: one pass over memory, all operations of the rule in registers."""

from collections import OrderedDict
from functools import lru_cache
from typing import Any

import numpy as np

from optim.engines.compiled.branches import traces_of
from optim.engines.compiled.llvm import compiled
from optim.engines.compiled.writing import Text, Value, write
from optim.engines.symbols import DType, Untraceable
from optim.engines.threads import each
from optim.engines.tracing import Trace, trace_update
from optim.hyperparameters import Numbers, Resolved
from optim.optimizer import Optimizer
from optim.user_rules import is_own
from stepsize.core.validation import as_count

__all__ = ["update", "update_source"]

Array = np.ndarray[Any, Any]

# Bytes of a value that go side by side: two of the widest vectors that processors have.
LANES = 128

# Numbers that a thread must have to update before another is worth calling.
SHARE = 2**17

# What an update reads of a number: whether it is one a coordinate, and whether it is true or false.
_Kind = tuple[int, bool, bool]


def update(
    optimizer: Optimizer,
    given: tuple[Array, ...],
    new: tuple[Array, ...],
    h: Resolved,
    threads: int,
) -> None:
    """Write the next x and slots.

    Parameters
    ----------
    optimizer : Optimizer
    given : tuple of ndarray
        x, the gradient and the slots, of one shape and dtype, each in one piece.
    new : tuple of ndarray
        Where the next x and slots go; an array that was given may take what follows from it.
    h : Resolved
        The hyperparameters of this update.
    threads : int

    Raises
    ------
    Untraceable
        With the reason, if the rule does what cannot be compiled to the same bits.
    """
    x = given[0]
    trace, values = _trace(optimizer, len(given) - 2, x.dtype, h)
    text, kinds = _text(trace, values, x)
    still = np.array([_one(values[i]) for i, is_wide, _ in kinds if not is_wide], x.dtype)
    wide = [np.ascontiguousarray(values[i], x.dtype).reshape(x.shape) for i, is_wide, _ in kinds if is_wide]
    arrays = [a if a.ndim == 1 else a.reshape(-1) for a in (*given, *new, *wide)]
    updates = compiled(text, "updates", "iip" + "p" * len(arrays))
    lanes = LANES // x.dtype.itemsize
    whole = x.size // lanes * lanes
    threads = max(1, min(as_count("threads", threads, 1), x.size // SHARE))
    addresses = _addresses(still, *arrays)

    def work(part: slice) -> None:
        updates(part.start, part.stop, *addresses)

    if threads == 1:
        work(slice(0, whole))
    else:
        share = -(-whole // (lanes * threads)) * lanes
        each(work, [slice(low, min(low + share, whole)) for low in range(0, whole, share or 1)], threads)
    if whole < x.size:
        # What does not fill a vector is updated in a table of its own.
        rest = [np.resize(a[whole:], lanes) for a in arrays]
        updates(0, lanes, *_addresses(still, *rest))
        for k in range(len(given), len(given) + len(new)):
            arrays[k][whole:] = rest[k][: x.size - whole]


def _addresses(*arrays: Array) -> list[int]:
    """Return where arrays are; one that stands twice is looked up once."""
    found = {id(a): a for a in arrays}
    known = {key: a.ctypes.data for key, a in found.items()}
    return [known[id(a)] for a in arrays]


def update_source(optimizer: Optimizer, x: Array, slots: int, h: Resolved) -> str:
    """Return the text of an update, in LLVM's language."""
    return _text(*_trace(optimizer, slots, x.dtype, h), x)[0]


_MADE: OrderedDict[tuple[int, int, DType], tuple[Optimizer, list[Trace]]] = OrderedDict()


def _trace(optimizer: Optimizer, slots: int, dtype: DType, h: Resolved) -> tuple[Trace, list[Numbers]]:
    traces = _traces(optimizer, slots, np.dtype(dtype))
    for trace in traces:
        values = trace.known(h)
        if values is not None:
            return trace, values
    trace = trace_update(optimizer, h, slots, dtype)
    values = trace.known(h)
    if values is None:
        raise Untraceable("its numbers cannot be computed at this update")
    traces.append(trace)
    return trace, values


def _traces(optimizer: Optimizer, slots: int, dtype: DType) -> list[Trace]:
    if is_own(optimizer):
        return []
    key = id(optimizer), slots, np.dtype(dtype)
    if key not in _MADE or _MADE[key][0] is not optimizer:
        _MADE[key] = optimizer, traces_of(optimizer, slots, dtype)
        if len(_MADE) > 16:
            _MADE.popitem(last=False)
    return _MADE[key][1]


def _one(value: Numbers) -> float:
    return value if type(value) is float else np.asarray(value).item()


def _text(trace: Trace, values: list[Numbers], x: Array) -> tuple[str, tuple[_Kind, ...]]:
    kinds = []
    for i in trace.numbers:
        if type(values[i]) is float:
            kinds.append((i, False, False))
            continue
        size = np.size(values[i])
        if size not in (1, x.size):
            raise Untraceable("a hyperparameter is one a run, or one a coordinate of many runs")
        kinds.append((i, size > 1, bool(np.asarray(values[i]).dtype == np.bool_)))
    return _written(trace, tuple(kinds), LANES // x.dtype.itemsize), tuple(kinds)


@lru_cache(maxsize=64)
def _written(trace: Trace, kinds: tuple[_Kind, ...], lanes: int) -> str:
    text = Text(trace.dtype, lanes)
    results = len(trace.outputs)
    wide = [f"wide{i}" for i, is_wide, _ in kinds if is_wide]
    names = [*(f"in{k}" for k in range(trace.given)), *(f"out{k}" for k in range(results)), *wide]
    text.label("entry")
    numbers: dict[int, str] = {}
    for column, i in enumerate(i for i, is_wide, _ in kinds if not is_wide):
        address = text.let(f"getelementptr {text.scalar}, ptr %still, i64 {column}")
        numbers[i] = text.spread(text.let(f"load {text.scalar}, ptr {address}"))
    text.put("br label %head")
    text.label("head")
    text.lines.append("  %i = phi i64 [ %low, %entry ], [ %next, %written ]")
    text.put("%more = icmp slt i64 %i, %high")
    text.put("br i1 %more, label %body, label %exit")
    text.label("body")

    def address_of(name: str) -> str:
        return text.let(f"getelementptr {text.scalar}, ptr %{name}, i64 %i")

    given = [text.load(address_of(f"in{k}")) for k in range(trace.given)]
    numbers |= {i: text.load(address_of(f"wide{i}")) for i, is_wide, _ in kinds if is_wide}
    values = {
        i: Value(text.test("une", numbers[i], text.constant(0.0)), True) if flag else Value(numbers[i])
        for i, _, flag in kinds
    }
    for k, name in enumerate(write(text, trace, given, values)):
        text.store(name, address_of(f"out{k}"))
    text.put("br label %written")
    text.label("written")
    text.put(f"%next = add i64 %i, {lanes}")
    text.put("br label %head")
    text.label("exit")
    text.put("ret i64 0")
    arguments = ", ".join(
        ["i64 %low", "i64 %high", "ptr noalias %still", *(f"ptr %{name}" for name in names)]
    )
    lines = [f"define i64 @updates({arguments}) {{", *text.lines, "}"]
    return "\n".join([*lines, *text.declarations.values(), ""])
