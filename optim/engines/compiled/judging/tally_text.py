"""Writing the lines that keep a tally, for the compiled loop of many runs."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from optim.engines.compiled.judging.overshoot import and_not, scaled_length_of, slope_bound, sum_of_sizes
from optim.engines.compiled.judging.tables import EXTREMES, GO_ON, KEPT, LOOK, Facts, Stretches
from optim.engines.compiled.loop import Loop, Point
from optim.engines.compiled.recording import dot_of, is_finite, squared_of
from optim.engines.compiled.writing import any_of, negated, write
from optim.engines.tracing import Trace

__all__ = ["CELLS", "TallyText"]

# Where the last row is kept to which a flag of a run belongs.
_LAST = {
    "out": "last_out",
    "tenfold": "last_tenfold",
    "hundredfold": "last_hundredfold",
    "rising": "last_rise",
}
# A gradient beyond has a length that may overflow.
_HUGE = 2.0**1000


# What is carried from update to update besides: the largest of the limits that an error is above.
_CARRIED = ("next_limit",)
# Flags of each run: whether it is finite, whether its error was above the limit, ten and a hundred times the
# limit, whether the update overshot, and whether the error rose.
_FLAGS = ("alive", "out", "tenfold", "hundredfold", "over", "rising")
# The numbers and flags of each run that the loop keeps.
CELLS = len(KEPT) + len(EXTREMES) + len(_CARRIED), len(_FLAGS)


class _Update(NamedTuple):
    """Names of what an update led to, from the point before to the slope along the step."""

    old: Point
    new: Point
    step: list[str]
    f: str
    error: str
    square: str
    slope: str


class TallyText:
    """The lines before the first update, after every update, and after the last.

    Most updates of most runs go downhill to a point from where it still goes downhill, and no error sinks
    below one of the limits. Of those only extremes are kept; whatever else is counted or compared stands in
    lines that a group of runs passes by if it is so in all of them.
    """

    def __init__(self, loop: Loop, value: Trace, floor: Trace) -> None:
        self.loop, self.text, self.value, self.floor = loop, loop.text, value, floor
        self.true = self.text.spread_word("i1 true").removeprefix("i1 ")

    def begin(self, loop: Loop, _: Point) -> None:
        """Write what is before the first update of a group of runs."""
        text = self.text
        self.cells = dict(zip((*KEPT, *EXTREMES, *_CARRIED), loop.more, strict=True))
        self.flags: dict[str, str] = dict(zip(_FLAGS, loop.flags, strict=True))
        for i, name in enumerate((*KEPT, *EXTREMES)):
            self._put(name, text.load(loop.in_rows("tally", i)))
        names = ("done", *Facts._fields)
        self.facts = dict(zip(names, map(self._fact, range(len(names))), strict=True))
        limit = text.load(loop.in_rows("limits", 0))
        self.limits = {
            "out": limit,
            "tenfold": text.do("fmul", text.constant(10.0), limit),
            "hundredfold": text.do("fmul", text.constant(100.0), limit),
        }
        self._set("alive", text.test("oeq", self._get("lost"), text.constant(np.inf)))
        for name in (*self.limits, "rising"):
            last = self._get(_LAST[name])
            self._set(name, text.test("oeq", last, self.facts["done"]))
        self._put("next_limit", self._largest_below())

    def finish(self, loop: Loop, _: Point) -> None:
        """Write what is after the last update of a group of runs."""
        end = self._row_after("%count")
        for name in self.limits:
            self._replace(_LAST[name], self._is(name), end)
        for i, name in enumerate((*KEPT, *EXTREMES)):
            self.text.store(self._get(name), loop.in_rows("tally", i))

    def after_update(self, _: Loop, old: Point, new: Point) -> None:
        """Write what is after every update."""
        text = self.text
        f = write(text, self.value, new.x, {})[0]
        step = [text.do("fsub", b, a) for a, b in zip(old.x, new.x, strict=True)]
        error = text.do("fsub", f, self.facts["minimum"])
        update = _Update(old, new, step, f, error, squared_of(text, new.g), dot_of(text, step, new.g))
        self._where_any(self._stirs(update), lambda: self._look(update))
        for name, test, number in (("top", "ogt", f), ("low", "olt", f), ("steep", "ogt", update.square)):
            self._replace(name, text.test(test, number, self._get(name)), number)
        self._replace("value", self._is("alive"), f)
        self._end_stretch(step)

    def _stirs(self, u: _Update) -> str:
        """Write in which runs there is more to an update than a value that falls a little."""
        text = self.text
        size = text.do("fadd", text.call("fabs", u.f), u.square)
        stirs = negated(text, text.test("olt", size, text.constant(np.inf)))
        for more in (
            text.test("ogt", u.f, self._get("value")),
            text.test("ogt", u.slope, text.constant(0.0)),
            text.test("ole", u.error, self._get("next_limit")),
            self._is("rising"),
        ):
            stirs = self._either(stirs, more)
        return self._both(self._is("alive"), stirs)

    def _look(self, u: _Update) -> None:
        """Write all that is counted and compared."""
        text = self.text
        now, row = self._row_after("%k"), self._row_after(text.let("add i64 %k, 1"))
        self._find_lost(now, u)
        over = self._overshoots(u, row)
        climb = self._climbs(u.f)
        self._count("crossed", over)
        self._count("climbed", climb)
        self._count("contradicted", and_not(text, climb, over))
        self._count("rises", text.test("ogt", u.f, self._get("value")))
        self._compare_errors(u.error, now, row)

    def _row_after(self, count: str) -> str:
        """Write the row after so many updates, as a number."""
        text = self.text
        more = text.spread(text.let(f"sitofp i64 {count} to {text.scalar}"))
        return text.do("fadd", self.facts["done"], more)

    def _find_lost(self, now: str, u: _Update) -> None:
        """Write which runs are no longer finite, and note those of them that are odd."""
        text = self.text
        size = text.do("fadd", text.call("fabs", u.f), u.square)
        doubt = and_not(text, self._is("alive"), text.test("olt", size, text.constant(np.inf)))

        def look() -> None:
            good, ordinary, near = is_finite(text, u.f), self.true, self.true
            for g in u.new.g:
                good = self._both(good, is_finite(text, g))
                ordinary = self._both(ordinary, text.test("olt", text.call("fabs", g), text.constant(_HUGE)))
            for x in u.new.x:
                near = self._both(near, text.test("olt", text.call("fabs", x), self.facts["far"]))
            # A length that overflows is for arrays; and so is who is to blame, or an end at -inf.
            lost = and_not(text, doubt, good)
            odd = self._both(lost, self._either(near, self._is_least(u.f)))
            odd = self._either(odd, self._both(doubt, and_not(text, good, ordinary)))
            self._replace("odd", odd, text.constant(1.0))
            self._replace("lost", lost, now)
            self._find_best(lost)
            self._set("alive", and_not(text, self._is("alive"), lost))

        self._where_any(doubt, look)

    def _is_least(self, f: str) -> str:
        return self.text.test("oeq", f, self.text.constant(-np.inf))

    def _overshoots(self, u: _Update, row: str) -> str:
        """Write which runs overshot; where that takes a closer look, those that are out get it."""
        text, alive = self.text, self._is("alive")
        reach, slant = (
            text.do("fadd", sum_of_sizes(text, b), sum_of_sizes(text, a))
            for a, b in ((u.old.x, u.new.x), (u.old.g, u.new.g))
        )
        sure = self._both(alive, text.test("ogt", u.slope, slope_bound(text, reach, slant)))
        over = self._both(alive, text.test("ogt", u.slope, text.constant(0.0)))
        doubt = and_not(text, over, sure)
        self._set("over", sure)

        def look() -> None:
            within = and_not(text, doubt, self._is("out"))
            first = self._both(within, text.test("olt", row, self._get("doubtful_from")))
            self._replace("doubtful_from", first, row)
            asked = self._both(doubt, self._is("out"))
            self._where_any(asked, lambda: look_closer(asked))

        def look_closer(asked: str) -> None:
            bend = [text.do("fsub", b, a) for a, b in zip(u.old.g, u.new.g, strict=True)]
            lengths = [scaled_length_of(text, v) for v in (u.step, u.new.x, u.new.g, u.old.g, bend)]
            least = write(text, self.floor, lengths, {})[0]
            seen = self._both(asked, text.test("ogt", u.slope, least))
            self._set("over", self._either(sure, seen))

        self._where_any(doubt, look)
        return self._is("over")

    def _climbs(self, f: str) -> str:
        """Write which values rose by more than rounding."""
        text, before = self.text, self._get("value")
        low = text.let(f"fneg {text.type} {before}")
        size = self._larger(self._larger(f, low), self.facts["summed"])
        hidden = text.do("fmul", self.facts["rounding"], size)
        return self._both(self._is("alive"), text.test("ogt", text.do("fsub", f, before), hidden))

    def _compare_errors(self, error: str, now: str, row: str) -> None:
        """Write what is compared of errors: of one that sinks below a limit, the last row above."""
        text = self.text
        before = text.do("fsub", self._get("value"), self.facts["minimum"])
        rises = text.test("ogt", error, before)
        self._find_peaks(rises, before, now)
        sinks = {}
        for name, limit in self.limits.items():
            above = text.test("ogt", error, limit)
            sinks[name] = and_not(text, self._is(name), above)
            self._set(name, above)
            self._replace(_LAST[name], sinks[name], now)
        for name, number in (
            ("crossed_until", self._get("crossed")),
            ("climbed_until", self._get("climbed")),
            ("out_error", before),
            ("entry_error", error),
        ):
            self._replace(name, sinks["out"], number)
        self._replace("hundredfold_error", sinks["hundredfold"], before)
        self._replace("last_rise", self._both(self._is("out"), rises), row)
        self._put("next_limit", self._largest_below())

    def _largest_below(self) -> str:
        """Write the largest of the limits that an error is above, -inf for none."""
        largest = self.text.constant(-np.inf)
        for name, limit in self.limits.items():
            largest = self.text.choose(self._is(name), limit, largest)
        return largest

    def _find_best(self, where: str) -> None:
        """Write the smallest error so far of some runs, from the smallest value of the stretch."""
        error = self.text.do("fsub", self._get("low"), self.facts["minimum"])
        better = self.text.test("olt", error, self._get("best"))
        self._replace("best", self._both(where, better), error)

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
        self._find_best(self._is("alive"))
        for i, value in enumerate(values):
            row_of = text.let(f"mul i64 {text.let(f'add i64 {first}, {i}')}, %stride")
            text.store(value, loop.address("stretches", text.let(f"add i64 {row_of}, %lane")))
        for name, number in EXTREMES.items():
            self._put(name, text.constant(number))
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

    def _either(self, a: str, b: str) -> str:
        return self.text.let(f"or {self.text.flags} {a}, {b}")

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
