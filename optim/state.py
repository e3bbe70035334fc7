"""What an optimizer carries from one update to the next, and how it is stored."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stepsize.core.display import brief

if TYPE_CHECKING:
    from stepsize.core.archives import Archive

__all__ = ["State"]

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
