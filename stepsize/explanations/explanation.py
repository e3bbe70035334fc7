"""One update as a worked exercise: the rule's own lines, with the names and then with the numbers in them."""

import html
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim import Optimizer, Run
from stepsize.analysis.diagnosis import require_single_run
from stepsize.core.display import LONGEST, cut
from stepsize.core.validation import as_count, require
from stepsize.explanations.derivation import Assignment, Step, plain_names, step_of
from stepsize.explanations.equations import breakable, shown
from stepsize.explanations.markup import HTML, LATEX, TEXT, Style, broken, escaped, fits

__all__ = ["Explanation", "Assignment", "Step", "explain"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Explanation:
    """What `explain` returns; it prints as text and shows itself as HTML in a notebook.

    Attributes
    ----------
    problem, optimizer : Problem, Optimizer
        What was run.
    steps : tuple of Step
        The updates.
    blank : bool
        Whether the numbers are left out: a worksheet, to which the same without `blank` is the key.
    digits : int
        Significant digits shown; the values themselves are exact.
    """

    problem: Any
    optimizer: Optimizer
    steps: tuple[Step, ...]
    blank: bool
    digits: int

    def __repr__(self) -> str:
        first, last = self.steps[0].t, self.steps[-1].t
        which = f"update {first}" if first == last else f"updates {first} to {last}"
        return cut(f"Explanation({self.optimizer!r} on {self.problem.formula}: {which})", LONGEST)

    def text(self) -> str:
        """Return plain text."""
        blocks = [self._heading]
        for step in self.steps:
            rows = [f"update {step.t}", *(f"  {name} = {value}" for name, value in self._given(step, TEXT))]
            for line, inside in _announced(step):
                rows += [f"  {inside}:"] if inside else []
                first, *more = self._equation(line, TEXT)
                margin = " " * (len(TEXT.name(line.name)) + 2)
                rows += [f"  {TEXT.name(line.name)} <- {first}", *(f"{margin} = {row}" for row in more)]
            blocks.append("\n".join(rows + [f"  {row}" for row in self._outcome(step)]))
        return "\n\n".join(blocks)

    def latex(self, *, document: bool = True) -> str:
        """Return LaTeX: a document of its own, or the part to put into one (it needs amsmath)."""
        parts = []
        for step in self.steps:
            parts.append(rf"\paragraph{{Update {step.t}}}")
            parts.append(_math([f"{name} = {value}" for name, value in self._given(step, LATEX)]))
            rows: list[str] = []
            for line, inside in _announced(step):
                if inside and rows:
                    parts.append(_aligned(rows))
                    rows = []
                parts += [rf"\noindent {escaped(inside)}:"] if inside else []
                rows += self._aligned_rows(line)
            parts.append(_aligned(rows))
            parts += [rf"\noindent {escaped(row)}" + r"\par" for row in self._outcome(step)]
        body = "\n".join([rf"\section*{{{escaped(self._heading)}}}", *parts])
        if not document:
            return body
        head = "\\documentclass{article}\n\\usepackage[margin=2cm]{geometry}\n\\usepackage{amsmath}\n"
        return f"{head}\\allowdisplaybreaks\n\\begin{{document}}\n{body}\n\\end{{document}}\n"

    def markdown(self) -> str:
        """Return Markdown with its equations between dollar signs."""
        parts = [f"## `{self.optimizer!r}` on `{self.problem.formula}`"]
        for step in self.steps:
            given = _listed([f"{name} = {value}" for name, value in self._given(step, LATEX)])
            parts += [f"### Update {step.t}", f"$$\n\\begin{{gathered}}\n{given}\n\\end{{gathered}}\n$$"]
            for line, inside in _announced(step):
                parts += [f"{inside}:"] if inside else []
                rows = self._aligned_rows(line)
                parts.append("$$\n\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}\n$$")
            parts += [row.replace("->", "\u2192") for row in self._outcome(step)]
        return "\n\n".join(parts) + "\n"

    def html(self) -> str:
        """Return an HTML fragment that needs nothing from outside."""
        parts = [f"<h4>{html.escape(self._heading)}</h4>"]
        for step in self.steps:
            given = ", ".join(f"{name} = {value}" for name, value in self._given(step, HTML))
            rows = []
            for line, inside in _announced(step):
                if inside:
                    rows.append(f"<tr><td colspan='3'>{html.escape(inside)}:</td></tr>")
                sign = HTML.arrow
                for side in self._equation(line, HTML):
                    name = HTML.name(line.name) if sign == HTML.arrow else ""
                    rows.append(
                        f"<tr><td style='text-align:right'>{name}</td><td>{sign}</td>"
                        f"<td style='text-align:left'>{side}</td></tr>"
                    )
                    sign = "="
            told = "".join(
                f"<p>{html.escape(row).replace('-&gt;', '&rarr;')}</p>" for row in self._outcome(step)
            )
            parts.append(f"<h5>update {step.t}</h5><p>{given}</p><table>{''.join(rows)}</table>{told}")
        return "\n".join(parts)

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self.html()

    @property
    def _heading(self) -> str:
        return f"{self.optimizer!r} on {self.problem.formula}"

    def _given(self, step: Step, style: Style) -> Iterator[tuple[str, str]]:
        """Yield what stands above the equations; on a worksheet only what does not follow from them."""
        first = step.t == self.steps[0].t
        for name, value in step.given.items():
            if not self.blank:
                told = shown(value, style, self.digits)
            elif name == "g":
                told = style.blank
            elif first or name not in ("x", *plain_names(self.optimizer)):
                told = shown(value, style, self.digits)
            else:
                continue
            yield (
                style.name(name),
                f"{style.gradient} = {told}" if name == "g" else told,
            )

    def _equation(self, line: Assignment, style: Style) -> list[str]:
        """Return the right-hand sides of a line: names, numbers, result; marked where they may be broken."""
        with_names = breakable(line.expression, style)
        if self.blank:
            return [with_names, style.blank]
        with_numbers = breakable(line.expression, style, line.names, line.module, self.digits)
        result = shown(line.value, style, self.digits)
        return [with_names, *dict.fromkeys([with_numbers, result])]

    def _aligned_rows(self, line: Assignment) -> list[str]:
        """Return a line of the rule as rows of LaTeX, none wider than a page."""
        rows = []
        sign = rf"{LATEX.name(line.name)} &\leftarrow"
        for side in self._equation(line, LATEX):
            first, *more = broken(side)
            rows += [f"{sign} {first}", *(rf"&\quad {{}} {row}" for row in more)]
            sign = "&="
        return rows

    def _outcome(self, step: Step) -> list[str]:
        if self.blank:
            return []
        f, f_next, slope = (f"{value:.{self.digits}g}" for value in (step.f, step.f_next, step.slope))
        if not step.moved:
            return [f"Loss {f} -> {f_next}; the update moved nothing."]
        short = "ended at" if step.slope >= 0 else "stopped short of"  # at 0, or beyond it by rounding
        way = "overshot, it passed" if step.overshoot else short
        return [
            f"Loss {f} -> {f_next}; the update {way} the minimum along the step: slope at its end {slope}."
        ]


# The most digits that tell one float from another.
_DIGITS = 17


def explain(run: Run, step: int | Iterable[int] = 1, *, blank: bool = False, digits: int = 6) -> Explanation:
    """Explain updates of a run: the rule's own statements, with the numbers that they met.

    The run is made again up to there, and the update is watched while the rule computes it, so that the
    numbers are the run's own to the last bit, and an optimizer that is new or changed explains itself.

    Parameters
    ----------
    run : Run
        A single run, from its start.
    step : int or iterable of int
        Which updates, counted from 1 as papers do.
    blank : bool
        Leave the numbers out: the worksheet.
    digits : int
        Significant digits to show.

    Returns
    -------
    Explanation
        ``print`` it, or take ``.text()``, ``.markdown()``, ``.latex()``, ``.html()``.

    Raises
    ------
    ValueError
        For a batch, an update that the run did not make, or a run that continues another.

    Examples
    --------
    >>> from optim import Adagrad, minimize
    >>> from problems import Parabola
    >>> print(explain(minimize(Parabola(), Adagrad(lr=0.5), steps=3), step=1).text())
    Adagrad(lr=0.5) on x^2
    <BLANKLINE>
    update 1
      x = 10
      g = grad f(x) = 20
      lr = 0.5
      eps = 1e-10
      s = 0
      s <- s + g * g
        = 0 + 20 * 20
        = 400
      root <- sqrt(s) + eps
           = sqrt(400) + 1e-10
           = 20
      d <- g / root
        = 20 / 20
        = 1
      x <- x - lr * d
        = 10 - 0.5 * 1
        = 9.5
      Loss 100 -> 90.25; the update stopped short of the minimum along the step: slope at its end -9.5.
    """
    require_single_run(run)
    require(
        run.state.n == run.nit,
        "run",
        run,
        "a run from its start; this one goes on from a state, of which nothing is kept",
    )
    as_count("digits", digits, 1, _DIGITS)
    wanted: list[Any] = list(step) if isinstance(step, Iterable) and not isinstance(step, str) else [step]
    require(len(wanted) > 0, "step", step, "the number of an update")
    if not run.nit:
        raise ValueError("run: got one of no updates, expected at least one to explain")
    for t in wanted:
        as_count("step", t, 1)
        require(t <= run.nit, "step", t, f"an update from 1 to {run.nit}, those of the run")
    return Explanation(run.problem, run.optimizer, tuple(step_of(run, int(t)) for t in wanted), blank, digits)


def _announced(step: Step) -> Iterator[tuple[Assignment, str]]:
    """Yield each line, with whose it is where that changes and there are several."""
    several = len({line.inside for line in step.lines}) > 1
    last = ""
    for line in step.lines:
        yield line, line.inside if several and line.inside != last else ""
        last = line.inside


def _math(items: list[str]) -> str:
    return f"\\begin{{gather*}}\n{_listed(items)}\n\\end{{gather*}}"


def _listed(items: list[str]) -> str:
    """Return the items in lines that fit on a page, at most three in each."""
    lines: list[list[str]] = []
    for item in items:
        if lines and len(lines[-1]) < 3 and fits([*lines[-1], item]):
            lines[-1].append(item)
        else:
            lines.append([item])
    return " \\\\\n".join(r",\quad ".join(line) for line in lines)


def _aligned(rows: list[str]) -> str:
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"
