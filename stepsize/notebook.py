"""What notebooks show: a table of what matters and a small drawing, in HTML that stands alone."""

import html
import math
from typing import Any

import numpy as np

from optim import Run
from stepsize.courses import courses_of
from stepsize.diagnosis import diagnose
from stepsize.races import thinned
from stepsize.verdicts import VERDICTS, judge
from stepsize.workers import wanted

__all__ = ["curves_svg", "frame", "run_html", "table_html"]

Array = np.ndarray[Any, Any]

_WIDE, _HIGH, _LEFT, _FOOT = 380, 150, 52, 20
_MOST_CURVES = 40


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
        verdict = judge(courses_of(run)).verdict
        counts = np.bincount(verdict, minlength=len(VERDICTS))
        words = ", ".join(f"{n} {word}" for n, word in zip(counts, VERDICTS, strict=True) if n)
        rows += [("end", run.message), ("runs", f"{len(verdict)}: {words}")]
    error = run.error.reshape(len(run.error), -1)
    return table_html(rows) + curves_svg(error, run.measure)


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
    bottom, label = _HIGH - _FOOT - 8, "font-size='10' fill='currentColor' font-family='sans-serif'"
    frame_lines = (
        f"<path d='M{_LEFT} 8V{bottom}H{_WIDE - 8}' fill='none' stroke='currentColor' stroke-width='0.7'/>"
        f"<text x='{_LEFT - 4}' y='14' text-anchor='end' {label}>1e{high}</text>"
        f"<text x='{_LEFT - 4}' y='{bottom}' text-anchor='end' {label}>1e{low}</text>"
        f"<text x='{_LEFT}' y='{_HIGH - 12}' {label}>0</text>"
        f"<text x='{_WIDE - 8}' y='{_HIGH - 12}' text-anchor='end' {label}>{updates} updates</text>"
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
