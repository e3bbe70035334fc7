"""One update as a worked exercise: the rule's own lines, with the names and then with the numbers in them."""

import ast
import html
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim import Optimizer, Run, minimize
from optim.ways import way_for
from stepsize import equations
from stepsize.base.checks import as_count, refuse_unless
from stepsize.equations import HTML, LATEX, TEXT, Style, chosen, numbers, symbols, value_of
from stepsize.watching import Call, watch

__all__ = ["Explanation", "Line", "Step", "explain"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Line:
    """A line of the rule: a name, the expression that it was given, and what came out.

    Attributes
    ----------
    name : str
        What it is called in the rule.
    expression : ast.expr
        From the rule's own source, with the branch that was taken where there are two.
    names : dict
        What every name in it held.
    module : dict
        The functions that it may call.
    value : number or ndarray
        What came out.
    inside : str
        The optimizer whose line it is.
    """

    name: str
    expression: ast.expr
    names: dict[str, Any]
    module: dict[str, Any]
    value: Any
    inside: str

    def recomputed(self) -> Any:
        """Return the value of the expression, evaluated again with the numbers that are shown."""
        return value_of(self.expression, self.names, self.module)


@dataclass(frozen=True, eq=False)
class Step:
    """One update.

    Attributes
    ----------
    t : int
        Which one, from 1.
    given : dict
        What the rule was given: x, g, the hyperparameters that this update used, and its slots.
    lines : tuple of Line
        What it did, in its order.
    x_next : ndarray
        Where that led.
    f, f_next : float
        The loss before and after, as the run saw it.
    slope : float
        ``g_next . (x_next - x)``: positive if the update overshot, passed the lowest point of its line.
    """

    t: int
    given: dict[str, Any]
    lines: tuple[Line, ...]
    x_next: Array
    f: float
    f_next: float
    slope: float


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
    blank: bool = False
    digits: int = 6

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
                parts += [rf"\noindent {equations._escaped(inside)}:"] if inside else []
                first, *more = self._equation(line, LATEX)
                rows.append(rf"{LATEX.name(line.name)} &\leftarrow {first}")
                rows += [f"&= {row}" for row in more]
            parts.append(_aligned(rows))
            parts += [rf"\noindent {equations._escaped(row)}" + r"\par" for row in self._outcome(step)]
        body = "\n".join([rf"\section*{{{equations._escaped(self._heading)}}}", *parts])
        if not document:
            return body
        head = "\\documentclass{article}\n\\usepackage[margin=2cm]{geometry}\n\\usepackage{amsmath}\n"
        return f"{head}\\allowdisplaybreaks\n\\begin{{document}}\n{body}\n\\end{{document}}\n"

    def markdown(self) -> str:
        """Return Markdown with its equations between dollar signs."""
        parts = [f"## {self._heading}"]
        for step in self.steps:
            given = _listed([f"{name} = {value}" for name, value in self._given(step, LATEX)])
            parts += [f"### Update {step.t}", f"$$\n\\begin{{gathered}}\n{given}\n\\end{{gathered}}\n$$"]
            for line, inside in _announced(step):
                parts += [f"{inside}:"] if inside else []
                first, *more = self._equation(line, LATEX)
                rows = [rf"{LATEX.name(line.name)} &\leftarrow {first}", *(f"&= {row}" for row in more)]
                parts.append("$$\n\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}\n$$")
            parts += self._outcome(step)
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
                for shown in self._equation(line, HTML):
                    name = HTML.name(line.name) if sign == HTML.arrow else ""
                    rows.append(
                        f"<tr><td style='text-align:right'>{name}</td><td>{sign}</td>"
                        f"<td style='text-align:left'>{shown}</td></tr>"
                    )
                    sign = "="
            told = "".join(f"<p>{html.escape(row)}</p>" for row in self._outcome(step))
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
                shown = equations.shown(value, style, self.digits)
            elif name == "g":
                shown = style.blank
            elif first or name not in ("x", *_plain_names(self.optimizer)):
                shown = equations.shown(value, style, self.digits)
            else:
                continue
            yield (
                style.name(name),
                f"{style.gradient} = {shown}" if name == "g" else shown,
            )

    def _equation(self, line: Line, style: Style) -> list[str]:
        """Return the right-hand sides of a line: names, numbers, result."""
        with_names = symbols(line.expression, style)
        if self.blank:
            return [with_names, style.blank]
        with_numbers = numbers(line.expression, style, line.names, line.module, self.digits)
        result = equations.shown(line.value, style, self.digits)
        return [with_names, *dict.fromkeys([with_numbers, result])]

    def _outcome(self, step: Step) -> list[str]:
        if self.blank:
            return []
        f, f_next, slope = (f"{value:.{self.digits}g}" for value in (step.f, step.f_next, step.slope))
        way = "overshot, it passed" if step.slope > 0 else "stopped short of"
        return [
            f"Loss {f} -> {f_next}; the update {way} the lowest point of its line: slope at its end {slope}."
        ]


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
      Loss 100 -> 90.25; the update stopped short of the lowest point of its line: slope at its end -9.5.
    """
    refuse_unless(run.history.x.ndim == 2, "run", run.history.x, "a single run, not a batch")
    refuse_unless(
        run.state.n == run.nit,
        "run",
        run,
        "a run from its start; this one goes on from a state, of which nothing is kept",
    )
    as_count("digits", digits, 1)
    wanted = [step] if isinstance(step, int | np.integer) else list(step)
    refuse_unless(len(wanted) > 0, "step", step, "the number of an update")
    for t in wanted:
        as_count("step", t, 1)
        refuse_unless(t <= run.nit, "step", t, f"an update from 1 to {run.nit}, those of the run")
    return Explanation(run.problem, run.optimizer, tuple(_step(run, int(t)) for t in wanted), blank, digits)


def _step(run: Run, t: int) -> Step:
    problem, rule, n = run.problem, run.optimizer, t - 1
    before = minimize(problem, rule, run.history.x[0], n)
    x, slots = before.last_x, before.state.slots
    way = way_for(rule, problem, x, before.state)
    with np.errstate(all="ignore"):
        e = way.evaluate(n, x)._replace(g=before.jac)
        (x_next, *_, lr), calls = watch(lambda: way.advance(n, x, e, slots))
        feasible = getattr(problem, "feasible", None)
        if feasible is not None:
            x_next = np.clip(x_next, *feasible)
        after = minimize(problem, rule, run.history.x[0], t)
    lines = tuple(line for call in calls for line in _lines(call, _LABELS[call.name]))
    lines += _moved(lines, x, x_next, lr)
    used = {w for line in lines for node in ast.walk(line.expression) for w in _words(node)}
    hypers = {name: value for name, value in _hypers(calls, lr).items() if name in used}
    given = {"x": x, "g": e.g, **hypers, **dict(zip(_plain_names(rule), slots, strict=True))}
    slope = float((after.jac * (after.last_x - x)).sum())
    return Step(t, given, lines, x_next, float(e.f), float(after.history.fun[-1]), slope)


def _words(node: ast.AST) -> tuple[str, ...]:
    if isinstance(node, ast.Name):
        return (node.id,)
    return (node.attr,) if isinstance(node, ast.Attribute) else ()


def _plain_names(rule: Optimizer) -> list[str]:
    """Return the names of the slots as the rules themselves call them."""
    return [name.rpartition("/")[2] for name in rule.slots]


def _moved(lines: tuple[Line, ...], x: Array, x_next: Array, lr: Any) -> tuple[Line, ...]:
    """Return the lines that the loop adds: the step of a searched rate, and the way back into a box."""
    added: list[Line] = []
    at = next((line.value for line in reversed(lines) if line.name == "x"), None)
    if at is None:
        d = next(line.value for line in reversed(lines) if line.name == "d")
        move = ast.parse("x - lr * d", mode="eval").body
        at = x - lr * d
        added.append(Line("x", move, {"x": x, "lr": lr, "d": d}, {}, at, "the step that the search found"))
    if not np.array_equal(at, x_next, equal_nan=True):
        inside = ast.parse("clip(x)", mode="eval").body
        known = {"x": at, "clip": lambda _: x_next}
        added.append(Line("x", inside, known, {}, x_next, "back into the feasible box"))
    return tuple(added)


def _hypers(calls: list[Call], lr: Any) -> dict[str, Any]:
    """Return the hyperparameters as this update saw them, those of the rules inside among them."""
    resolved = calls[0].done[0].before["h"]
    told: dict[str, Any] = {}
    while isinstance(resolved, Optimizer):
        names = resolved.own_hypers()
        told.update({name: resolved.__dict__[name] for name in names if name not in told})
        resolved = resolved.__dict__.get("inner")
    return {name: lr if name == "lr" else value for name, value in told.items()}


# What a rule's methods give.
_LABELS = {"update": "x", "direction": "d", "before": "g"}


def _lines(call: Call, label: str) -> Iterator[Line]:
    """Yield the lines of a call, those of calls within in their place; `label` names its result."""
    owner = type(call.owner).__name__
    target: ast.expr | None
    value: ast.expr
    for done in call.done:
        statement = done.statement
        match statement:
            case (
                ast.Assign(targets=[target], value=value)
                | ast.AnnAssign(target=target, value=ast.expr() as value)
            ):
                pass
            case ast.AugAssign(target=target, op=op, value=right):
                value = (
                    ast.BinOp(ast.Name(target.id, ast.Load()), op, right)
                    if isinstance(target, ast.Name)
                    else right
                )
                ast.fix_missing_locations(ast.copy_location(value, statement))
            case ast.Return(value=ast.expr() as value):
                target = None
            case _:
                continue
        names = _targets(target, value, label)
        for inner in done.calls:
            yield from _lines(inner, _LABELS.get(inner.name) or (names[0][0] if names else label))
        for name, part, read in names:
            if part is None or _is_plumbing(part, done.before, call):
                continue
            expression = chosen(part, done.before, call.module)
            if _is_plumbing(expression, done.before, call):
                continue
            value = read(done)
            same = isinstance(expression, ast.Name | ast.Attribute) and symbols(expression, TEXT) == name
            if same or (call.name == "answer" and isinstance(expression, ast.Name)):
                continue
            yield Line(name, expression, done.before, call.module, value, owner)


def _targets(target: Any, value: ast.expr, label: str) -> list[tuple[str, ast.expr | None, Any]]:
    """Return what a statement gives values to: name, expression, and how to read what came out."""
    if target is None:
        if isinstance(value, ast.Tuple) and len(value.elts) == 2:
            return [(label, value.elts[0], lambda done: done.result[0])]
        return [(label, value, lambda done: done.result)]
    if isinstance(target, ast.Name):
        return [(target.id, value, lambda done: done.after[target.id])]
    if isinstance(target, ast.Tuple):
        heads = [item for item in target.elts if isinstance(item, ast.Name)]
        if isinstance(value, ast.Tuple) and len(heads) == len(value.elts):
            return [
                (head.id, part, lambda done, name=head.id: done.after[name])
                for head, part in zip(heads, value.elts, strict=True)
            ]
        return [(heads[0].id, None, None)] if heads else []
    return []


def _is_plumbing(node: ast.expr, names: dict[str, Any], call: Call) -> bool:
    """Whether an expression only passes values on: a call of the rule's methods, a tuple of slots."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        root: ast.expr = node.func
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and (
            root.id in ("self", "h") or isinstance(names.get(root.id), Optimizer)
        ):
            return True
        if isinstance(root, ast.Call):  # super().update(...)
            return True
    try:
        value = value_of(node, names, call.module)
    except Exception:  # what cannot be evaluated again alone is not shown
        return True
    return not isinstance(value, int | float | np.ndarray | np.generic)


def _announced(step: Step) -> Iterator[tuple[Line, str]]:
    """Yield each line, with whose it is where that changes and there are several."""
    several = len({line.inside for line in step.lines}) > 1
    last = ""
    for line in step.lines:
        yield line, line.inside if several and line.inside != last else ""
        last = line.inside


def _math(items: list[str]) -> str:
    return f"\\begin{{gather*}}\n{_listed(items)}\n\\end{{gather*}}"


def _listed(items: list[str]) -> str:
    """Return the items three a line."""
    lines = [r",\quad ".join(items[i : i + 3]) for i in range(0, len(items), 3)]
    return " \\\\\n".join(lines)


def _aligned(rows: list[str]) -> str:
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"
