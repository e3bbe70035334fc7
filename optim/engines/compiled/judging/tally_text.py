"""Writing the lines that keep a tally, for the compiled loop of many runs."""

from collections.abc import Callable

import numpy as np

from optim.engines.compiled.judging.overshoot import and_not, scaled_length_of, slope_bound, sum_of_sizes
from optim.engines.compiled.judging.tables import EXTREMES, GO_ON, KEPT, LOOK, Facts, Stretches
from optim.engines.compiled.loop import Loop, Point
from optim.engines.compiled.recording import dot_of, is_finite, squared_of
from optim.engines.compiled.writing import any_of, write
from optim.engines.tracing import Trace

__all__ = ["CELLS", "TallyText"]

# A gradient beyond has a length that may overflow.
_HUGE = 2.0**1000


# What is carried from update to update besides: sizes of the point and of its gradient.
_CARRIED = ("reach", "slant")
# Flags of each run: whether it is finite, whether its error was above the limit, whether the update overshot,
# and whether the error rose.
_FLAGS = ("alive", "out", "over", "rising")
# The numbers and flags of each run that the loop keeps.
CELLS = len(KEPT) + len(EXTREMES) + len(_CARRIED), len(_FLAGS)


class TallyText:
    """The lines before the first update, after every update, and after the last."""

    def __init__(self, loop: Loop, value: Trace, floor: Trace) -> None:
        self.loop, self.text, self.value, self.floor = loop, loop.text, value, floor
        self.true = self.text.spread_word("i1 true").removeprefix("i1 ")

    def begin(self, loop: Loop, start: Point) -> None:
        """Write what is before the first update of a group of runs."""
        text = self.text
        self.cells = dict(zip((*KEPT, *EXTREMES, *_CARRIED), loop.more, strict=True))
        self.flags: dict[str, str] = dict(zip(_FLAGS, loop.flags, strict=True))
        for i, name in enumerate((*KEPT, *EXTREMES)):
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

    def finish(self, loop: Loop, _: Point) -> None:
        """Write what is after the last update of a group of runs."""
        for i, name in enumerate((*KEPT, *EXTREMES)):
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
