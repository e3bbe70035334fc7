"""Many runs in a compiled loop that keeps a tally: a few numbers of each run, and no row of any update.

Everything is counted and compared as the verdicts do it, to the last bit. Of stretches of updates, told by
whoever asks, the extremes are written down. What arrays would have to look at is noted: those runs are odd.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from optim.engines.compiled.branches import Same
from optim.engines.compiled.functions import refuse_long_updates
from optim.engines.compiled.judging.overshoot import (
    and_not,
    any_of,
    scaled_length_of,
    slope_bound,
    sum_of_sizes,
)
from optim.engines.compiled.loop import Loop, Point
from optim.engines.compiled.recording import dot_of, is_finite, slope_floor_of, squared_of
from optim.engines.compiled.runs import CompiledBlock
from optim.engines.compiled.writing import write
from optim.engines.symbols import DType
from optim.engines.tracing import Trace

__all__ = ["GO_ON", "LOOK", "Facts", "Tally", "TallyBlock"]

Array = np.ndarray[Any, Any]

# What stands for an update that ends no stretch: go on, or go on if any run of the group is still finite.
GO_ON, LOOK = -1, -2

# A gradient beyond has a length that may overflow.
_HUGE = 2.0**1000


class Facts(NamedTuple):
    """What the loop must know of a problem, a number each.

    A run that is lost at a point no larger than `far` is odd. `minimum` is taken from each value; a value may
    be rounded by `rounding` times its size, and `summed` is the least that counts as its size.
    """

    far: float
    minimum: float
    rounding: float
    summed: float


class Tally(NamedTuple):
    """What is known of each run, one number each; rows are counted from 0 at the start.

    `value` is the last finite one; `lost` is the number of updates that left the run finite, inf where all
    did. `crossed` overshot and `climbed` went uphill, both also until the first row that is not out any more;
    `contradicted` went uphill although the slope was falling. `last_out`, `last_tenfold` and
    `last_hundredfold` are the last rows with an error above the limit, ten times and a hundred times the
    limit, -1 for none; `out_error` and `hundredfold_error` are the errors there (that of row 0, for none),
    and `entry_error` is the one after `last_out`. `last_rise` is the last row that is out and to which the
    error rose, 0 for none. `longest_valley` is the most updates from one peak of the error, or the start, to
    the next that is out and no higher; `last_summit` is the last row of a peak higher than the one before, 0
    for none (`peak_row`, `peak_error` are those of the last peak). All of these mean nothing where a run was
    lost. `best` is the smallest error. From the row `doubtful_from` on it is not known whether updates within
    the limit overshot. `odd` is 1 if arrays must say what became of the run.
    """

    value: Array
    lost: Array
    crossed: Array
    climbed: Array
    crossed_until: Array
    climbed_until: Array
    contradicted: Array
    rises: Array
    last_out: Array
    last_tenfold: Array
    last_hundredfold: Array
    out_error: Array
    entry_error: Array
    hundredfold_error: Array
    last_rise: Array
    longest_valley: Array
    last_summit: Array
    peak_row: Array
    peak_error: Array
    best: Array
    doubtful_from: Array
    odd: Array


class Stretches(NamedTuple):
    """What is known of stretches of updates, of shape (stretches, runs).

    `top` and `low` are the largest and smallest value, `steep` is the largest square of a gradient; `rises`
    counts values larger than the one before, and `crossed` updates that overshot, since the start; `step` is
    the square of the last update.
    """

    top: Array
    low: Array
    steep: Array
    rises: Array
    crossed: Array
    step: Array


_KEPT, _EXTREMES = Tally._fields, Stretches._fields[:3]
_FRESH = dict(zip(_EXTREMES, (-np.inf, np.inf, 0.0), strict=True))
# What is carried from update to update besides: sizes of the point and of its gradient.
_CARRIED = ("reach", "slant")

# More arguments of the loop: tables with a row a number of `Tally`, and one a number of a stretch; the limit
# of each run's error; `Facts` after the number of updates made before; and which stretch ends at an update.
_TALLY = {"tally": "ptr", "stretches": "ptr", "limits": "ptr", "facts": "ptr", "marks": "ptr"}


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
        tally, stretches : ndarray of shape (numbers, stride) and (stretches, numbers, stride)
            Where to write what is known: the numbers of `Tally`, and of `Stretches` for each.
        """
        self.branches.meet(self.hypers, 0)
        limit = np.ones(self.stride)
        tally[...] = 0.0
        error, limit[: self.runs] = first - facts.minimum, limits
        begin = Tally(*tally)
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
            made, some = self.call(done, len(marks) - done, False, self.text, _TALLY, written)
            rates.append(some)
            done += made
        by_field = Stretches(*stretches.swapaxes(0, 1)[..., : self.runs])
        return Tally(*tally[:, : self.runs]), by_field, np.concatenate(rates)


@lru_cache(maxsize=64)
def _written(
    branches: Same, traces: tuple[Trace, Trace], dim: int, slots: int, lanes: int, dtype: DType
) -> str:
    value, gradient = traces
    readings = branches.holds
    refuse_long_updates([*[r.trace for r in readings] * dim, gradient, value])
    numbers, flags = len(_KEPT) + len(_EXTREMES) + len(_CARRIED), len(_FLAGS)
    loop = Loop(readings, gradient, dim, slots, lanes, dtype, _TALLY, (numbers, flags))
    clerk = _Clerk(loop, value, slope_floor_of(dtype))
    return loop.written(clerk.after_update, clerk.finish, clerk.begin)


# Flags of each run: whether it is finite, whether its error was above the limit, whether the update overshot,
# and whether the error rose.
_FLAGS = ("alive", "out", "over", "rising")


class _Clerk:
    """Writes the lines that keep the tally."""

    def __init__(self, loop: Loop, value: Trace, floor: Trace) -> None:
        self.loop, self.text, self.value, self.floor = loop, loop.text, value, floor
        self.true = self.text.spread_word("i1 true").removeprefix("i1 ")

    def begin(self, loop: Loop, start: Point) -> None:
        """Write what is before the first update of a group of runs."""
        text = self.text
        self.cells = dict(zip((*_KEPT, *_EXTREMES, *_CARRIED), loop.more, strict=True))
        self.flags: dict[str, str] = dict(zip(_FLAGS, loop.flags, strict=True))
        for i, name in enumerate(_KEPT):
            self._put(name, text.load(loop.in_rows("tally", i)))
        names = ("done", *Facts._fields)
        self.facts = dict(zip(names, map(self._fact, range(len(names))), strict=True))
        self.limit = text.load(loop.in_rows("limits", 0))
        self.folds = {
            name: text.do("fmul", text.constant(fold), self.limit)
            for name, fold in (("last_tenfold", 10.0), ("last_hundredfold", 100.0))
        }
        self._set("alive", text.test("oeq", self._get("lost"), text.constant(np.inf)))
        self._set("out", text.test("oeq", self._get("last_out"), self.facts["done"]))
        self._set("rising", text.test("oeq", self._get("last_rise"), self.facts["done"]))
        self._put("reach", sum_of_sizes(text, start.x))
        self._put("slant", sum_of_sizes(text, start.g))
        self._begin_stretch()

    def finish(self, loop: Loop, _: Point) -> None:
        """Write what is after the last update of a group of runs."""
        for i, name in enumerate(_KEPT):
            self.text.store(self._get(name), loop.in_rows("tally", i))

    def after_update(self, _: Loop, old: Point, new: Point) -> None:
        """Write what is after every update."""
        text = self.text
        count = text.spread(text.let(f"sitofp i64 %k to {text.scalar}"))
        now = text.do("fadd", self.facts["done"], count)
        row = text.do("fadd", now, text.constant(1.0))
        f = write(text, self.value, new.x, {})[0]
        square = squared_of(text, new.g)
        self._find_lost(now, new, f, square)
        step = [text.do("fsub", b, a) for a, b in zip(old.x, new.x, strict=True)]
        over = self._overshoots(step, old, new, row)
        climb = self._climbs(f)
        self._count("crossed", over)
        self._count("climbed", climb)
        self._count("contradicted", and_not(text, climb, over))
        self._count("rises", text.test("ogt", f, self._get("value")))
        for name in ("crossed", "climbed"):
            self._replace(f"{name}_until", self._is("out"), self._get(name))
        self._compare_errors(f, now, row)
        for name, test, number in (("top", "ogt", f), ("low", "olt", f), ("steep", "ogt", square)):
            self._replace(name, text.test(test, number, self._get(name)), number)
        self._put("value", text.choose(self._is("alive"), f, self._get("value")))
        self._end_stretch(step)

    def _find_lost(self, now: str, new: Point, f: str, square: str) -> None:
        """Write which runs are no longer finite, and note those of them that are odd."""
        text = self.text
        size = text.do("fadd", text.call("fabs", f), square)
        doubt = and_not(text, self._is("alive"), text.test("olt", size, text.constant(np.inf)))

        def look() -> None:
            good, ordinary, near = is_finite(text, f), self.true, self.true
            for g in new.g:
                good = self._both(good, is_finite(text, g))
                ordinary = self._both(ordinary, text.test("olt", text.call("fabs", g), text.constant(_HUGE)))
            for x in new.x:
                near = self._both(near, text.test("olt", text.call("fabs", x), self.facts["far"]))
            # A length that overflows is for arrays; and so is who is to blame, or an end at -inf.
            lost = and_not(text, doubt, good)
            odd = self._both(lost, text.let(f"or {text.flags} {near}, {self._is_least(f)}"))
            odd = text.let(f"or {text.flags} {odd}, {self._both(doubt, and_not(text, good, ordinary))}")
            self._replace("odd", odd, text.constant(1.0))
            self._replace("lost", lost, now)
            self._set("alive", and_not(text, self._is("alive"), lost))

        self._where_any(doubt, look)

    def _is_least(self, f: str) -> str:
        return self.text.test("oeq", f, self.text.constant(-np.inf))

    def _overshoots(self, step: list[str], old: Point, new: Point, row: str) -> str:
        """Write which runs overshot; where that takes a closer look, those that are out get it."""
        text, alive = self.text, self._is("alive")
        slope = dot_of(text, step, new.g)
        reach, slant = sum_of_sizes(text, new.x), sum_of_sizes(text, new.g)
        bound = slope_bound(
            text, text.do("fadd", reach, self._get("reach")), text.do("fadd", slant, self._get("slant"))
        )
        self._put("reach", reach)
        self._put("slant", slant)
        sure = self._both(alive, text.test("ogt", slope, bound))
        over = self._both(alive, text.test("ogt", slope, text.constant(0.0)))
        doubt = and_not(text, over, sure)
        self._set("over", sure)

        def look() -> None:
            within = and_not(text, doubt, self._is("out"))
            first = self._both(within, text.test("olt", row, self._get("doubtful_from")))
            self._replace("doubtful_from", first, row)
            asked = self._both(doubt, self._is("out"))
            self._where_any(asked, lambda: look_closer(asked))

        def look_closer(asked: str) -> None:
            bend = [text.do("fsub", b, a) for a, b in zip(old.g, new.g, strict=True)]
            lengths = [scaled_length_of(text, v) for v in (step, new.x, new.g, old.g, bend)]
            least = write(text, self.floor, lengths, {})[0]
            seen = self._both(asked, text.test("ogt", slope, least))
            self._set("over", text.let(f"or {text.flags} {sure}, {seen}"))

        self._where_any(doubt, look)
        return self._is("over")

    def _climbs(self, f: str) -> str:
        """Write which values rose by more than rounding."""
        text, before = self.text, self._get("value")
        low = text.let(f"fneg {text.type} {before}")
        size = self._larger(self._larger(f, low), self.facts["summed"])
        hidden = text.do("fmul", self.facts["rounding"], size)
        return self._both(self._is("alive"), text.test("ogt", text.do("fsub", f, before), hidden))

    def _compare_errors(self, f: str, now: str, row: str) -> None:
        """Write what is compared of errors."""
        text = self.text
        error, before = (text.do("fsub", a, self.facts["minimum"]) for a in (f, self._get("value")))
        rises = text.test("ogt", error, before)
        self._find_peaks(rises, before, now)
        self._replace("entry_error", self._is("out"), error)
        out = text.test("ogt", error, self.limit)
        self._set("out", out)
        self._replace("last_out", out, row)
        self._replace("out_error", out, error)
        self._replace("last_rise", self._both(out, rises), row)
        far = {name: text.test("ogt", error, fold) for name, fold in self.folds.items()}
        for name, flags in far.items():
            self._replace(name, flags, row)
        self._replace("hundredfold_error", far["last_hundredfold"], error)
        better = self._both(self._is("alive"), text.test("olt", error, self._get("best")))
        self._replace("best", better, error)

    def _find_peaks(self, rises: str, before: str, now: str) -> None:
        """Write what is known of peaks; the row before is one if the error rose to it and does not go on."""
        text = self.text
        peak = self._both(and_not(text, self._is("rising"), rises), self._is("out"))
        self._set("rising", rises)
        higher = self._both(peak, text.test("ogt", before, self._get("peak_error")))
        self._replace("last_summit", higher, now)
        valley = text.do("fsub", now, self._get("peak_row"))
        longer = self._both(
            and_not(text, peak, higher), text.test("ogt", valley, self._get("longest_valley"))
        )
        self._replace("longest_valley", longer, valley)
        self._replace("peak_row", peak, now)
        self._replace("peak_error", peak, before)

    def _begin_stretch(self) -> None:
        for name, number in _FRESH.items():
            self._put(name, self.text.constant(number))

    def _end_stretch(self, step: list[str]) -> None:
        """Write what is done where a stretch ends, or where it is asked whether any run is still finite."""
        text, loop = self.text, self.loop
        mark = text.let(f"load i64, ptr {loop.address('marks', '%k', 'i64')}")
        ends, look, going_on = text.labels("ends", "look", "going_on")
        text.put(
            f"switch i64 {mark}, label %{ends} [ i64 {GO_ON}, label %{going_on} i64 {LOOK}, label %{look} ]"
        )
        text.label(ends)
        first = text.let(f"mul i64 {mark}, {len(Stretches._fields)}")
        values = [*map(self._get, Stretches._fields[:-1]), squared_of(text, step)]
        for i, value in enumerate(values):
            row_of = text.let(f"mul i64 {text.let(f'add i64 {first}, {i}')}, %stride")
            text.store(value, loop.address("stretches", text.let(f"add i64 {row_of}, %lane")))
        self._begin_stretch()
        text.put(f"br label %{look}")
        text.label(look)
        text.put(f"br i1 {any_of(text, self._is('alive'))}, label %{going_on}, label %group_end")
        text.label(going_on)

    def _where_any(self, flags: str, lines: Callable[[], None]) -> None:
        """Write lines for the seldom case that any flag is set."""
        text = self.text
        look, looked = text.labels("look", "looked")
        text.put(f"br i1 {any_of(text, flags)}, label %{look}, label %{looked}")
        text.label(look)
        lines()
        text.put(f"br label %{looked}")
        text.label(looked)

    def _larger(self, a: str, b: str) -> str:
        return self.text.choose(self.text.test("ogt", a, b), a, b)

    def _both(self, a: str, b: str) -> str:
        return self.text.let(f"and {self.text.flags} {a}, {b}")

    def _fact(self, i: int) -> str:
        text = self.text
        return text.spread(text.let(f"load {text.scalar}, ptr {self.loop.address('facts', str(i))}"))

    def _get(self, name: str) -> str:
        return self.text.load(self.cells[name])

    def _put(self, name: str, value: str) -> None:
        self.text.store(value, self.cells[name])

    def _is(self, name: str) -> str:
        return self.text.let(f"load {self.text.flags}, ptr {self.flags[name]}")

    def _set(self, name: str, flags: str) -> None:
        self.text.put(f"store {self.text.flags} {flags}, ptr {self.flags[name]}")

    def _replace(self, name: str, where: str, value: str) -> None:
        """Write a number over one that is kept, in the runs where a flag is set."""
        self._put(name, self.text.choose(where, value, self._get(name)))

    def _count(self, name: str, flags: str) -> None:
        more = self.text.do("fadd", self._get(name), self.text.constant(1.0))
        self._replace(name, flags, more)
