"""The compiled engine for a batch with its full history."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from optim.engines.batched import BatchedEngine, inner, take
from optim.engines.compiled.runs import CompiledBlock
from optim.hyperparameters import Numbers
from optim.optimizer import Optimizer, Slots
from optim.steppers import Stepper

__all__ = ["CompiledBatch"]

Array = np.ndarray[Any, Any]


class CompiledBatch(BatchedEngine):
    """Makes the updates of a batch.

    Raises
    ------
    Untraceable
        With the reason, if rule or problem do what cannot be compiled to the same bits.
    """

    def __init__(self, stepper: Stepper, x: Array, slots: Slots, n: int) -> None:
        super().__init__(stepper, x)
        some = slice(0, 1)
        arrays = [inner(a[some]) for a in (x, x, *slots)]
        first = take(self.optimizer, some, len(x))
        stop = None if stepper.updates is None else n + stepper.updates
        block = CompiledBlock(self.problem, first, arrays[0], arrays[1], arrays[2:], stop=stop)
        block.prepare(n)
        self._source = block.source(keeps=True)

    def source(self, *_: Any) -> str:
        """Return the text of the loop for a first run, in LLVM's language."""
        return self._source

    def _history(
        self,
        optimizer: Optimizer,
        start: tuple[Array, Array, tuple[Array, ...]],
        n: int,
        count: int,
        points: Array,
        slopes: Array,
        outputs: Array,
        values: Array,
    ) -> tuple[Sequence[Numbers], Sequence[Array]]:
        block = CompiledBlock(self.problem, optimizer, *start, stop=n + count)
        shape = (count + 1, block.dim, block.stride)
        xs, gs = (np.empty(shape, block.x.dtype) for _ in range(2))
        reported = np.empty_like(xs) if self.optimizer.has_separate_output else xs
        rates = block.record(n, count, xs, gs, reported)
        for table, array in ((points, xs), (slopes, gs), (outputs, reported)):
            table[...] = array[:, :, : block.runs].swapaxes(1, 2)
        values[...] = self.problem.fun(points)
        return list(rates), block.slots
