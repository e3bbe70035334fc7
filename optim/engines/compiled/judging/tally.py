"""Many runs in a compiled loop that keeps a tally: a few numbers of each run, and no row of any update.

Everything is counted and compared as the verdicts do it, to the last bit. Of stretches of updates, told by
whoever asks, the extremes are written down. What arrays would have to look at is noted: those runs are odd.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from optim.engines.compiled.branches import Same
from optim.engines.compiled.functions import refuse_long_updates
from optim.engines.compiled.judging.tables import ARGUMENTS, EXTREMES, KEPT, Facts, Stretches, Tally
from optim.engines.compiled.judging.tally_text import CELLS, TallyText
from optim.engines.compiled.loop import Loop
from optim.engines.compiled.recording import slope_floor_of
from optim.engines.compiled.runs import CompiledBlock
from optim.engines.symbols import DType
from optim.engines.tracing import Trace

__all__ = ["TallyBlock"]

Array = np.ndarray[Any, Any]


class TallyBlock(CompiledBlock):
    """Some runs of a batch, of which a tally is kept."""

    # One of the widest vectors that processors have: what is kept of a run takes all of their registers.
    width = 64

    def text(self) -> str:
        """Return the text of the loop, in LLVM's language."""
        branches, kept = self.branches, (self.value, self.gradient)
        return _written(branches.same(), kept, branches.dim, branches.slots, self.lanes, branches.dtype)

    def count(
        self, first: Array, limits: Array, marks: Array, facts: Facts, tally: Array, stretches: Array
    ) -> tuple[Tally, Stretches, Array]:
        """Make the first updates, and return the tally, what is known of each stretch, and the rates.

        Parameters
        ----------
        first, limits : ndarray of shape (runs,)
            Values at the start, and the error up to which a run is not out.
        marks : ndarray of int, shape (T,)
            The stretch that ends with each update, `GO_ON` or `LOOK`.
        facts : Facts
        tally, stretches : ndarray of shape (`HEIGHT`, stride) and (stretches, numbers, stride)
            Where to write what is known: the numbers of `Tally` and more, and of `Stretches` for each.
        """
        self.branches.meet(self.hypers, 0)
        limit = np.ones(self.stride)
        tally[...] = 0.0
        tally[len(KEPT) :] = np.array([*EXTREMES.values()])[:, None]
        error, limit[: self.runs] = first - facts.minimum, limits
        begin = Tally(*tally[: len(KEPT)])
        begin.value[: self.runs], begin.best[: self.runs] = first, error
        begin.last_out[: self.runs] = np.where(error > limits, 0, -1)
        begin.last_tenfold[: self.runs] = np.where(error > 10 * limits, 0, -1)
        begin.last_hundredfold[: self.runs] = np.where(error > 100 * limits, 0, -1)
        for same in (begin.out_error, begin.hundredfold_error, begin.peak_error):
            same[: self.runs] = error
        begin.doubtful_from[...] = begin.lost[...] = np.inf
        rates, done = [], 0
        while done < len(marks):
            numbers = np.array([done, *facts], float)
            written = tally, stretches, limit, numbers, marks[done:]
            made, some = self.call(done, len(marks) - done, False, self.text, ARGUMENTS, written)
            rates.append(some)
            done += made
        by_field = Stretches(*stretches.swapaxes(0, 1)[..., : self.runs])
        of_all = rates[0] if len(rates) == 1 else np.concatenate(rates)
        return Tally(*tally[: len(KEPT), : self.runs]), by_field, of_all


@lru_cache(maxsize=64)
def _written(
    branches: Same, traces: tuple[Trace, Trace], dim: int, slots: int, lanes: int, dtype: DType
) -> str:
    value, gradient = traces
    readings = branches.holds
    refuse_long_updates([*[r.trace for r in readings] * dim, gradient, value])
    loop = Loop(readings, gradient, dim, slots, lanes, dtype, ARGUMENTS, CELLS)
    lines = TallyText(loop, value, slope_floor_of(dtype))
    return loop.written(lines.after_update, lines.finish, lines.begin)
