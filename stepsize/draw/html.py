"""What notebooks show: a table of what matters and a small drawing, in HTML that stands alone."""

import html
import math
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from optim import Run
from problems import Problem
from schedules import Schedule
from stepsize.analysis.diagnosis import Diagnosis, diagnose
from stepsize.analysis.traces import traces_of
from stepsize.analysis.verdicts import VERDICTS, classify
from stepsize.core.display import counted, cut, shown
from stepsize.core.record import summary
from stepsize.experiments.labels import optimizer_label, rate_label, sparkline, thinned
from stepsize.experiments.race import Race, held_out_words
from stepsize.experiments.sweep.executors import wanted

__all__ = [
    "curves_svg",
    "diagnosis_html",
    "frame",
    "found_rate_html",
    "race_html",
    "record_html",
    "run_html",
    "table_html",
]

Array = np.ndarray[Any, Any]

_WIDE, _HIGH, _LEFT, _FOOT = 380, 150, 52, 20
_MOST_CURVES = 40
_MOST_ROWS = 30
_MOST_CHARACTERS = 160


def run_html(run: Run) -> str:
    """Return a run, or a batch of runs, as HTML: a table and the error over time."""
    rows = [("optimizer", repr(run.optimizer)), ("problem", run.problem.formula), ("updates", str(run.nit))]
    if run.history.x.ndim == 2:
        found = diagnose(run)
        settled = "no" if found.settled is None else f"at update {found.settled}"
        rows += [
            ("end", run.message),
            ("value", f"{run.fun:.6g}"),
            (run.measure, f"{found.error:.3g}, at best {found.best_error:.3g}"),
            (f"settled (to {found.tolerance:.3g})", settled),
            ("overshoot", f"{found.overshoot:.0%} of the updates"),
            ("verdict", str(found)),
        ]
    else:
        verdict = classify(traces_of(run)).verdict
        counts = np.bincount(verdict, minlength=len(VERDICTS))
        words = ", ".join(f"{n} {word}" for n, word in zip(counts, VERDICTS, strict=True) if n)
        rows += [("end", run.message), ("runs", f"{len(verdict)}: {words}")]
    error = run.error.reshape(len(run.error), -1)
    return table_html(rows) + curves_svg(error, run.measure)


def race_html(race: Race) -> str:
    """Return a race as HTML: what was raced, and a row a run."""
    held_out = ("training", "held out", "lowest") if race.runs[0].has_held_out else ()
    final = f"final {race.runs[0].measure}"
    beside = (race.rate_heading,) if any(race.rate_words) else ()
    head = ("optimizer", "rate", "settled", "overshoot", final, *held_out, "course", *beside, "verdict")
    rows = [
        (
            optimizer_label(run.optimizer),
            rate_label(run.optimizer, race.problem),
            "-" if found.settled is None else str(found.settled),
            f"{found.overshoot:.0%}",
            "-" if found.verdict == "diverged" else f"{found.error:.1e}",
            *(held_out_words(run) if held_out else ()),
            sparkline(run.error, race.steps, race.tol),
            *((word or "-",) if beside else ()),
            found.verdict,
        )
        for run, found, word in zip(race.runs, race.diagnoses, race.rate_words, strict=True)
    ]
    left = len(rows) - _MOST_ROWS
    more = f"<p>and {left} more; <code>race.table()</code> has them all</p>" if left > 0 else ""
    title = f"<p>{html.escape(race.title)}</p>"
    return title + grid_html(head, rows[:_MOST_ROWS]) + more + f"<p>{html.escape(race.summary())}</p>"


def diagnosis_html(found: Diagnosis) -> str:
    """Return a diagnosis as HTML: the verdict, why, and what it rests on."""
    every = found.known_every
    uphill_of = "updates" if every == 1 else f"stretches of {every} updates between points that were kept"
    settled = "no" if found.settled is None else f"at update {found.settled}"
    return table_html(
        [
            ("verdict", found.verdict),
            ("because", found.reason),
            (f"settled (to {found.tol:g})", settled),
            ("overshoot", f"{found.overshoot:.0%} of the updates"),
            ("uphill", f"{found.uphill:.0%} of the {uphill_of}"),
            ("error", f"{found.error:.3g}, at best {found.best_error:.3g}"),
        ]
    )


def found_rate_html(found: Any) -> str:
    """Return what `find_lr` found as HTML: its lines of text, the name of each before it."""
    title, *lines = str(found).split("\n")
    rows = [re.split(r",? +", line, maxsplit=1) for line in lines]
    return f"<p>{html.escape(title)}</p>" + table_html([(name, " ".join(rest)) for name, *rest in rows])


def record_html(record: Any) -> str:
    """Return a problem, a schedule or a rule as HTML: its class, its mathematics and its parameters."""
    name = type(record).__name__
    rows = [(name, summary(type(record)))]
    if isinstance(record, Problem):
        rows += _facts_of(record)
    elif isinstance(record, Schedule):
        rows += [("formula", text)] if (text := _or_none(record.describe)) else []
    rows += [(field, shown(value)) for field, value in record.fields() if value is not None]
    drawn = _or_none(partial(_rates_svg, record)) if isinstance(record, Schedule) else ""
    return table_html([(field, cut(text, _MOST_CHARACTERS)) for field, text in rows]) + (drawn or "")


# Numbers of a table of data from which on its facts take too long for a display.
_LARGE = 10**6


def _facts_of(problem: Problem) -> list[tuple[str, str]]:
    large = getattr(problem, "n_examples", 0) * len(problem.x0 or ()) > _LARGE
    facts = ("formula", "dim", "x0", *(() if large else ("minimum", "minimizers", "L", "mu")), "source")
    known = {fact: _or_none(partial(getattr, problem, fact)) for fact in facts}
    texts = {fact: v if isinstance(v, str) else shown(v) for fact, v in known.items() if v is not None}
    return [(fact, text) for fact, text in texts.items() if text]


def _rates_svg(schedule: Schedule) -> str:
    """Return the course of a schedule up to a little after its end."""
    updates = math.ceil(1.25 * schedule.horizon) if schedule.horizon else 100
    rates = schedule.table(min(updates, 10**5)).reshape(-1, np.size(schedule(0)))
    return curves_svg(rates, "rate") if (rates > 0).any() else ""


def _or_none(ask: Callable[[], Any]) -> Any:
    """Return an answer, or None where a class of the user's fails to give one."""
    try:
        return ask()
    except Exception:
        return None


def grid_html(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells under their heads as a table."""
    cells = "".join(f"<th style='text-align:left'>{html.escape(word)}</th>" for word in head)
    lines = (
        "<tr>" + "".join(f"<td style='text-align:left'>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{cells}</tr>{''.join(lines)}</table>"


def table_html(rows: list[tuple[str, str]]) -> str:
    """Return names and values as a table."""
    cells = (
        f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
        f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
        for name, value in rows
    )
    return f"<table>{''.join(cells)}</table>"


def curves_svg(error: Array, measure: str) -> str:
    """Return the courses of errors, one a column, on a log axis as SVG, up to where they leave it.

    Examples
    --------
    >>> curves_svg(np.array([[1.0], [0.1], [0.01]]), "gap").count("<polyline")
    1
    """
    updates = len(error) - 1
    shown = thinned(np.arange(len(error)), 300)
    columns = thinned(np.arange(error.shape[1]), _MOST_CURVES)
    with np.errstate(all="ignore"):
        level = np.log10(error[np.ix_(shown, columns)])
    fine = np.isfinite(level)
    if not fine.any():
        return ""
    top = min(float(level[fine].max()), float(level[0][np.isfinite(level[0])].max(initial=-np.inf)) + 3)
    low, high = math.floor(max(level[fine].min(), top - 40)), math.ceil(top) if math.isfinite(top) else 0
    high = max(high, low + 1)
    x = _LEFT + (_WIDE - _LEFT - 8) * shown / max(updates, 1)
    y = 8 + (_HIGH - _FOOT - 16) * (high - level) / (high - low)
    lines = []
    for k in range(len(columns)):
        use = fine[:, k] & (level[:, k] <= high) & (level[:, k] >= low)
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x[use], y[use, k], strict=True))
        width = 1.5 if len(columns) == 1 else 0.7
        lines.append(f"<polyline fill='none' stroke='#0072B2' stroke-width='{width}' points='{points}'/>")
    end = counted(updates, "update")
    bottom, label = _HIGH - _FOOT - 8, "font-size='10' fill='currentColor' font-family='sans-serif'"
    frame_lines = (
        f"<path d='M{_LEFT} 8V{bottom}H{_WIDE - 8}' fill='none' stroke='currentColor' stroke-width='0.7'/>"
        f"<text x='{_LEFT - 4}' y='14' text-anchor='end' {label}>1e{high}</text>"
        f"<text x='{_LEFT - 4}' y='{bottom}' text-anchor='end' {label}>1e{low}</text>"
        f"<text x='{_LEFT}' y='{_HIGH - 12}' {label}>0</text>"
        f"<text x='{_WIDE - 8}' y='{_HIGH - 12}' text-anchor='end' {label}>{end}</text>"
        f"<text x='{_LEFT + 6}' y='18' {label}>{html.escape(measure)}</text>"
    )
    size = f"width='{_WIDE}' height='{_HIGH}' viewBox='0 0 {_WIDE} {_HIGH}'"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size} role='img'>{frame_lines}{''.join(lines)}</svg>"


def frame(columns: dict[str, Array]) -> Any:
    """Return columns as a pandas DataFrame.

    Raises
    ------
    ImportError
        If pandas is not installed.
    """
    return wanted("pandas", "sweep", "to_pandas").DataFrame(columns)
