"""What an optimizer carries from one update to the next: how it is stored, and what it fits."""

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stepsize.core.display import brief
from stepsize.core.protocols import DescentProblem
from stepsize.core.record import Record
from stepsize.core.validation import as_count, describe_value

if TYPE_CHECKING:
    from optim.optimizer import Optimizer
    from stepsize.core.archives import Archive

# The public names of the package are read from here; the functions are for inside.
__all__ = ["State"]

Array = np.ndarray[Any, Any]
Arrays = dict[str, np.ndarray[Any, Any]]
Json = dict[str, Any]
# What a feedback step size or a line search remembers, in a form of its own: JSON values and arrays.
Carry = Any


@dataclass(frozen=True, eq=False)
class State:
    """The state of an optimizer between two updates.

    Attributes
    ----------
    n : int
        Updates made so far, which is the index of the next one.
    slots : tuple of ndarray
        The optimizer's arrays, in the order of its `slots`.
    carry : dict or None
        What a feedback step size remembers: JSON values and arrays.
    x : ndarray or None
        The point at which it was left, by a run or by `init`; ``step`` leaves x to you.
    rule, rate : str or None
        Whose it is: the classes of the optimizer and of the rate that remembers, so that no other takes it.
    shape : tuple of int or None
        The shape of x.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from optim import Adam
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "state.npz"
    >>> state = Adam().init(np.array([1.0, 2.0]))
    >>> state.save(file)
    >>> State.load(file).n
    0
    """

    n: int
    slots: tuple[np.ndarray[Any, Any], ...] = ()
    carry: Carry = None
    x: np.ndarray[Any, Any] | None = None
    rule: str | None = None
    rate: str | None = None
    shape: tuple[int, ...] | None = None

    __repr__ = brief

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to an ``.npz`` file, whole or not at all; `load` gives the same bits back.

        Raises
        ------
        OSError
            If it cannot be written; a file that was there is as it was.
        """
        from stepsize.core.archives import write_npz

        arrays: Arrays = {}
        write_npz(path, state_header(self, arrays), arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "State":
        """Return the state that `save` wrote; nothing in the file is executed.

        Raises
        ------
        ValueError
            If the file is not one that `save` wrote, or is damaged: one sentence says where.
        OSError
            If there is none (FileNotFoundError) or it cannot be read.
        """
        from stepsize.core.archives import read_npz

        archive = read_npz(path, "State.save")
        state = state_of(archive, archive.header)
        archive.finish()
        return state


def state_header(state: State, arrays: Arrays) -> Json:
    """Return what a file says of a state in JSON, and put its arrays among the others of the file."""
    from stepsize.core.archives import split_arrays

    arrays |= {f"slot{i}": np.asarray(slot) for i, slot in enumerate(state.slots)}
    if state.x is not None:
        arrays["point"] = state.x
    header = {"n": state.n, "slots": len(state.slots), "carry": split_arrays(state.carry, arrays)}
    shape = None if state.shape is None else list(state.shape)
    return header | {"rule": state.rule, "rate": state.rate, "shape": shape}


def state_of(archive: "Archive", header: Json) -> State:
    """Return the state that a part of a file describes; files of earlier versions do not say whose it is."""
    from stepsize.core.archives import join_arrays

    slots = tuple(archive.array(f"slot{i}", "biufc") for i in range(_slots(archive, header)))
    shape = archive.value("shape", (list, type(None)), header, default=None)
    if shape is not None and not all(type(side) is int and side >= 0 for side in shape):
        raise archive.fault(f"its shape is {shape!r}")
    try:
        carry = join_arrays(archive.value("carry", (object, bool), header), archive)
    except RecursionError:
        raise archive.fault("its carry is nested too deeply") from None
    return State(
        archive.count("n", header),
        slots,
        carry,
        x=archive.optional("point", "f", None if shape is None else tuple(shape)),
        rule=archive.value("rule", (str, type(None)), header, default=None),
        rate=archive.value("rate", (str, type(None)), header, default=None),
        shape=None if shape is None else tuple(shape),
    )


def _slots(archive: "Archive", header: Json) -> int:
    count = archive.count("slots", header)
    if count > len(archive.arrays):  # before a tuple of a billion is begun
        raise archive.fault(f"it has no columns for {count} slots")
    return count


def left_at(state: object, problem: DescentProblem) -> Array:
    """Return the point at which a state was left, if it says so and if it is one of the problem."""
    if not isinstance(state, State):
        raise TypeError(f"state: got {describe_value(state)}, expected the state of a run, run.state")
    _is_whole(state)
    if state.x is None:
        raise ValueError(
            "state: got one that does not say at which x it was left, expected that point beside it, as x0"
        )
    if problem.x0 is not None and state.x.shape[-1] != np.size(problem.x0):
        raise ValueError(
            f"state: got that of {state.x.shape[-1]} parameters, expected {np.size(problem.x0)}, as the "
            "problem has"
        )
    return state.x


def fitting(state: State, optimizer: "Optimizer", x: Array) -> State:
    """Return the state in the precision of x, if it is one of this optimizer at x."""
    state = fitting_step(state, optimizer, x)
    _layers_fit(optimizer, state, x)
    rate = rate_that_remembers(optimizer)
    if state.carry is not None and state.rate is not None and rate not in (None, state.rate):
        raise ValueError(f"state: got what the rate {state.rate} remembers, expected that of {rate}")
    return state


def fitting_step(state: State, optimizer: "Optimizer", x: Array) -> State:
    """Return the state for one update: of this rule and shape, and in the precision of x.

    The precision of the parameters decides, as in a run: a state that was kept in single precision goes on
    in double where they are, and the other way round.
    """
    state_fits(optimizer, state, x)
    for slot in state.slots:
        if not isinstance(slot, np.ndarray) or (slot.dtype != x.dtype and slot.dtype.kind == "f"):
            break
    else:  # as nearly all are
        return state
    slots = (np.asarray(slot) for slot in state.slots)
    return replace(
        state, slots=tuple(s.astype(x.dtype, copy=False) if s.dtype.kind == "f" else s for s in slots)
    )


def rate_that_remembers(optimizer: "Optimizer") -> str | None:
    """Return the names of the classes of a feedback step size; None for one that does not."""
    return None if getattr(optimizer.lr, "kind", "schedule") == "schedule" else _classes(optimizer.lr)


def _classes(rate: object) -> str:
    fields = rate.fields() if isinstance(rate, Record) else ()
    parts = [_classes(value) for _, value in fields if isinstance(value, Record)]
    return type(rate).__name__ + (f"({', '.join(parts)})" if parts else "")


def state_fits(optimizer: "Optimizer", state: State, x: Array) -> None:
    """Require a state, of this rule and rate and of the shape of x."""
    if not isinstance(state, State):
        raise TypeError(
            f"state: got {describe_value(state)}, expected a state, as init, step and a run leave it"
        )
    _is_whole(state)
    if state.rule is not None and state.rule != (rule := rule_of(optimizer)):
        raise ValueError(f"state: got that of {state.rule}, expected that of {rule}")
    if len(state.slots) != len(optimizer.slots):
        raise ValueError(
            f"state: got {len(state.slots)} slots, expected {len(optimizer.slots)} for {optimizer!r}"
        )
    if state.shape is None:  # of an earlier version's file, or made by hand
        _slots_fit(optimizer, state, x)
    elif state.shape != x.shape and state.shape != optimizer.spread(x).shape:
        raise ValueError(
            f"state: got that of parameters of shape {state.shape}, expected that of x, of shape {x.shape}"
        )


def _layers_fit(optimizer: "Optimizer", state: State, x: Array) -> None:
    """Require slots as long as the layers of a rule that has layers make them."""
    if getattr(optimizer, "shapes", None) is None and not hasattr(optimizer, "require_fit"):
        return
    for name, slot, fresh in zip(optimizer.slots, state.slots, optimizer.init(x).slots, strict=True):
        if np.shape(slot)[-1:] != np.shape(fresh)[-1:]:
            raise ValueError(
                f"state: got {name} of shape {np.shape(slot)}, expected {np.shape(fresh)} for the layers of "
                f"{optimizer!r}"
            )


def _is_whole(state: State) -> None:
    """Validate a state that may have been made by hand."""
    as_count("state.n", state.n)
    if state.x is not None and not (isinstance(state.x, np.ndarray) and state.x.dtype.kind == "f"):
        raise TypeError(f"state.x: got {describe_value(state.x)}, expected an array of floats")


def _slots_fit(optimizer: "Optimizer", state: State, x: Array) -> None:
    found = [np.shape(slot) for slot in state.slots]
    wanted = [slot.shape for slot in optimizer.init(x).slots]
    if found != wanted:
        raise ValueError(f"state: got slots of shapes {found}, expected {wanted} for x of shape {x.shape}")


def rule_of(optimizer: "Optimizer") -> str:
    """Return the name of a rule, that of a wrapper with the rule inside."""
    inner = getattr(optimizer, "inner", None)
    return type(optimizer).__name__ + (f"({rule_of(inner)})" if inner is not None else "")
