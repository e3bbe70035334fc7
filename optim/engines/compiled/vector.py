"""The compiled update of a huge vector: one pass over memory, all operations of the rule in registers."""

from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from optim.engines.compiled.branches import traces_of
from optim.engines.compiled.llvm import address_of, compiled
from optim.engines.compiled.writing import Text, Value, write
from optim.engines.symbols import DType, Untraceable
from optim.engines.threads import each
from optim.engines.tracing import Trace, look_up, trace_update
from optim.hyperparameters import Numbers, Resolved
from optim.optimizer import Optimizer
from optim.user_rules import is_own
from stepsize.core.validation import as_count

__all__ = ["update", "update_source"]

Array = np.ndarray[Any, Any]

# Bytes of a value that go side by side: two of the widest vectors that processors have.
LANES = 128

# Rules that are kept.
_MOST = 16

# Numbers that a thread must have to update before another is worth calling.
SHARE = 2**17

# What an update reads of a number: whether it is one a coordinate, and whether it is true or false.
_Kind = tuple[int, bool, bool]


class _Update(NamedTuple):
    """What an update is made with: the code; the numbers that all coordinates share, and those of each."""

    function: Callable[..., int]
    still: Array
    address: int
    wide: list[Array]


def update(
    optimizer: Optimizer,
    given: tuple[Array, ...],
    new: tuple[Array, ...],
    resolve: Callable[[], Resolved],
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
    resolve : callable
        ``resolve()`` returns the hyperparameters of this update; it is asked unless none ever changes.
    threads : int

    Raises
    ------
    Untraceable
        With the reason, if the rule does what cannot be compiled to the same bits.
    """
    x = given[0]
    made = _update_of(optimizer, len(given) - 2, x, resolve)
    arrays = [*given, *new, *made.wide]
    if x.ndim != 1:
        arrays = [a.reshape(-1) for a in arrays]  # they share their memory
    lanes = LANES // x.dtype.itemsize
    whole = x.size // lanes * lanes
    addresses = [made.address, *_addresses(arrays)]
    if type(threads) is not int or threads != 1:
        threads = max(1, min(as_count("threads", threads, 1), x.size // SHARE))

    def work(part: slice) -> None:
        made.function(part.start, part.stop, *addresses)

    if threads == 1:
        made.function(0, whole, *addresses)
    else:
        share = -(-whole // (lanes * threads)) * lanes
        each(work, [slice(low, min(low + share, whole)) for low in range(0, whole, share or 1)], threads)
    if whole < x.size:
        # What does not fill a vector is updated in a table of its own.
        rest = np.zeros((len(arrays), lanes), x.dtype)
        for row, a in zip(rest, arrays, strict=True):
            row[: x.size - whole] = a[whole:]
        first, row_bytes = address_of(rest), rest.strides[0]
        made.function(0, lanes, made.address, *range(first, first + rest.nbytes, row_bytes))
        for k in range(len(given), len(given) + len(new)):
            arrays[k][whole:] = rest[k, : x.size - whole]


def _addresses(arrays: list[Array]) -> list[int]:
    """Return where arrays are; one that stands twice is looked up once."""
    known: dict[int, int] = {}
    return [known.get(id(a)) or known.setdefault(id(a), address_of(a)) for a in arrays]


def update_source(optimizer: Optimizer, x: Array, slots: int, h: Resolved) -> str:
    """Return the text of an update, in LLVM's language."""
    trace, values = _trace(_kept(optimizer, slots, x.dtype), slots, x.dtype, h)
    return _written(trace, _kinds(trace, values, x), LANES // x.dtype.itemsize)


class _Kept:
    """The traces of a rule that is updated again and again; and its update, if no number of it changes."""

    def __init__(self, optimizer: Optimizer, slots: int, dtype: DType) -> None:
        self.optimizer, self.traces = optimizer, traces_of(optimizer, slots, dtype)
        self.update: _Update | None = None
        self.moves = False


_KEPT: OrderedDict[tuple[int, int, DType], _Kept] = OrderedDict()


def _kept(optimizer: Optimizer, slots: int, dtype: DType) -> _Kept:
    if is_own(optimizer):
        return _Kept(optimizer, slots, dtype)
    key = id(optimizer), slots, dtype
    found = _KEPT.get(key)
    if found is None or found.optimizer is not optimizer:
        found = _KEPT[key] = _Kept(optimizer, slots, dtype)
        if len(_KEPT) > _MOST:
            _KEPT.popitem(last=False)
    return found


def _update_of(optimizer: Optimizer, slots: int, x: Array, resolve: Callable[[], Resolved]) -> _Update:
    kept = _kept(optimizer, slots, x.dtype)
    if kept.update is not None:
        return kept.update
    trace, values = _trace(kept, slots, x.dtype, resolve())
    kinds = _kinds(trace, values, x)
    still = np.array([_one(values[i]) for i, is_wide, _ in kinds if not is_wide], x.dtype)
    wide = [np.ascontiguousarray(values[i], x.dtype).reshape(x.shape) for i, is_wide, _ in kinds if is_wide]
    made = _Update(_compiled(trace, kinds, LANES // x.dtype.itemsize), still, address_of(still), wide)
    if not kept.moves:
        moving = trace.moving(lambda path: path[-1] != "t" and _stands(optimizer, path))
        kept.moves = bool(wide) or not {*trace.numbers, *trace.guards}.isdisjoint(moving)
        kept.update = None if kept.moves else made
    return made


def _stands(optimizer: Optimizer, path: tuple[str, ...]) -> bool:
    """Whether a hyperparameter is one number for all updates of any run."""
    value = look_up(optimizer, path)
    return not callable(value) and not isinstance(value, np.ndarray)


def _trace(kept: _Kept, slots: int, dtype: DType, h: Resolved) -> tuple[Trace, list[Numbers]]:
    for trace in kept.traces:
        values = trace.known(h)
        if values is not None:
            return trace, values
    trace = trace_update(kept.optimizer, h, slots, dtype)
    values = trace.known(h)
    if values is None:
        raise Untraceable("its numbers cannot be computed at this update")
    kept.traces.append(trace)
    return trace, values


def _one(value: Numbers) -> float:
    return value if type(value) is float else np.asarray(value).item()


def _kinds(trace: Trace, values: list[Numbers], x: Array) -> tuple[_Kind, ...]:
    kinds = []
    for i in trace.numbers:
        if type(values[i]) is float:
            kinds.append((i, False, False))
            continue
        size = np.size(values[i])
        if size not in (1, x.size):
            raise Untraceable("a hyperparameter is one a run, or one a coordinate of many runs")
        kinds.append((i, size > 1, bool(np.asarray(values[i]).dtype == np.bool_)))
    return tuple(kinds)


@lru_cache(maxsize=64)
def _compiled(trace: Trace, kinds: tuple[_Kind, ...], lanes: int) -> Callable[..., int]:
    """Return the compiled update; its arguments are the range, the numbers that stand, and the arrays."""
    arrays = trace.given + len(trace.outputs) + sum(is_wide for _, is_wide, _ in kinds)
    return compiled(_written(trace, kinds, lanes), "updates", "iip" + "p" * arrays)


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
