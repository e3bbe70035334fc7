"""Two updates by hand, whole: as text, LaTeX, Markdown and HTML, and the worksheet without the answers.

On x^2 from 10 with lr = 1/4 and a penalty of 1/2: g = 20 + 5 and 7.5 + 1.875, so x = 3.75 and 1.40625. The
slope at the end of a step is the next gradient times the step: 7.5 (-6.25) and 2.8125 (-2.34375).
"""

import re

import numpy as np
import pytest

import stepsize as ss

RUN = ss.minimize(ss.Parabola(), ss.L2(ss.SGD(lr=0.25), 0.5), steps=2)
KEY, SHEET = (ss.explain(RUN, [1, 2], blank=blank) for blank in (False, True))
WAY = "the update stopped short of the minimum along the step: slope at its end"

TEXT = f"""\
L2(SGD(lr=0.25), weight_decay=0.5) on x^2

update 1
  x = 10
  g = grad f(x) = 20
  weight_decay = 0.5
  lr = 0.25
  L2:
  g <- g + weight_decay * x
    = 20 + 0.5 * 10
    = 25
  SGD:
  d <- g
    = 25
  x <- x - lr * d
    = 10 - 0.25 * 25
    = 3.75
  Loss 100 -> 14.0625; {WAY} -46.875.

update 2
  x = 3.75
  g = grad f(x) = 7.5
  weight_decay = 0.5
  lr = 0.25
  L2:
  g <- g + weight_decay * x
    = 7.5 + 0.5 * 3.75
    = 9.375
  SGD:
  d <- g
    = 9.375
  x <- x - lr * d
    = 3.75 - 0.25 * 9.375
    = 1.40625
  Loss 14.0625 -> 1.97754; {WAY} -6.5918."""

LATEX = r"""\section*{L2(SGD(lr=0.25), weight\_decay=0.5) on x\textasciicircum{}2}
\paragraph{Update 1}
\begin{gather*}
x = 10,\quad g = \nabla f(x) = 20,\quad \lambda = 0.5 \\
\eta = 0.25
\end{gather*}
\noindent L2:
\begin{align*}
g &\leftarrow g + \lambda \cdot x \\
&= 20 + 0.5 \cdot 10 \\
&= 25
\end{align*}
\noindent SGD:
\begin{align*}
d &\leftarrow g \\
&= 25 \\
x &\leftarrow x - \eta \cdot d \\
&= 10 - 0.25 \cdot 25 \\
&= 3.75
\end{align*}
\noindent Loss 100 $\to$ 14.0625; WAY -46.875.\par
\paragraph{Update 2}
\begin{gather*}
x = 3.75,\quad g = \nabla f(x) = 7.5,\quad \lambda = 0.5 \\
\eta = 0.25
\end{gather*}
\noindent L2:
\begin{align*}
g &\leftarrow g + \lambda \cdot x \\
&= 7.5 + 0.5 \cdot 3.75 \\
&= 9.375
\end{align*}
\noindent SGD:
\begin{align*}
d &\leftarrow g \\
&= 9.375 \\
x &\leftarrow x - \eta \cdot d \\
&= 3.75 - 0.25 \cdot 9.375 \\
&= 1.40625
\end{align*}
\noindent Loss 14.0625 $\to$ 1.97754; WAY -6.5918.\par""".replace("WAY", WAY)

HEAD = r"""\documentclass{article}
\usepackage[margin=2cm]{geometry}
\usepackage{amsmath}
\allowdisplaybreaks
\begin{document}
"""

MARKDOWN = r"""## `L2(SGD(lr=0.25), weight_decay=0.5)` on `x^2`

### Update 1

$$
\begin{gathered}
x = 10,\quad g = \nabla f(x) = 20,\quad \lambda = 0.5 \\
\eta = 0.25
\end{gathered}
$$

L2:

$$
\begin{aligned}
g &\leftarrow g + \lambda \cdot x \\
&= 20 + 0.5 \cdot 10 \\
&= 25
\end{aligned}
$$

SGD:

$$
\begin{aligned}
d &\leftarrow g \\
&= 25
\end{aligned}
$$

$$
\begin{aligned}
x &\leftarrow x - \eta \cdot d \\
&= 10 - 0.25 \cdot 25 \\
&= 3.75
\end{aligned}
$$

Loss 100 → 14.0625; WAY -46.875.
""".replace("WAY", WAY)


def row(name, sign, side):
    return (
        f"<tr><td style='text-align:right'>{name}</td><td>{sign}</td>"
        f"<td style='text-align:left'>{side}</td></tr>"
    )


X, G, D, ETA, LAMBDA = (f"<i>{name}</i>" for name in ("x", "g", "d", "&eta;", "&lambda;"))
HTML = "\n".join(
    [
        "<h4>L2(SGD(lr=0.25), weight_decay=0.5) on x^2</h4>",
        f"<h5>update 1</h5><p>{X} = 10, {G} = &nabla;f(x) = 20, {LAMBDA} = 0.5, {ETA} = 0.25</p><table>"
        + "<tr><td colspan='3'>L2:</td></tr>"
        + row(G, "&larr;", f"{G} + {LAMBDA} &middot; {X}")
        + row("", "=", "20 + 0.5 &middot; 10")
        + row("", "=", "25")
        + "<tr><td colspan='3'>SGD:</td></tr>"
        + row(D, "&larr;", G)
        + row("", "=", "25")
        + row(X, "&larr;", f"{X} &minus; {ETA} &middot; {D}")
        + row("", "=", "10 &minus; 0.25 &middot; 25")
        + row("", "=", "3.75")
        + f"</table><p>Loss 100 &rarr; 14.0625; {WAY} -46.875.</p>",
    ]
)


def test_the_whole_text():
    assert KEY.text() == str(KEY) == TEXT


def test_the_whole_latex():
    assert KEY.latex(document=False) == LATEX
    assert KEY.latex() == f"{HEAD}{LATEX}\n\\end{{document}}\n"


def test_the_whole_markdown():
    assert ss.explain(RUN).markdown() == MARKDOWN
    second = KEY.markdown().removeprefix(MARKDOWN)
    assert second.startswith("\n### Update 2\n\n$$\n\\begin{gathered}\nx = 3.75,\\quad g = ")


def test_the_whole_html():
    assert ss.explain(RUN, 1).html() == ss.explain(RUN, 1)._repr_html_() == HTML
    assert KEY.html().startswith(f"{HTML}\n<h5>update 2</h5><p>{X} = 3.75, ")


BLANKS = {
    "text": "_" * 24,
    "latex": r"\underline{\hspace{7em}}",
    "markdown": r"\underline{\hspace{7em}}",
    "html": f"<u>{'&nbsp;' * 24}</u>",
}


@pytest.mark.parametrize("kind", BLANKS)
def test_the_worksheet_is_the_key_with_blanks_for_what_is_to_be_found(kind):
    """Seven of each update's numbers; the second starts where the first one ends, which is not given."""
    sheet, key = getattr(SHEET, kind)(), getattr(KEY, kind)()
    assert sheet.count(BLANKS[kind]) == 2 * 4
    assert BLANKS[kind] not in key
    assert not re.search(r"3\.75|9\.375|1\.40625|25\b(?<!\.25)|Loss|7\.5", sheet)
    lines = sheet.splitlines()
    if kind == "text":
        whole = [line for line in TEXT.splitlines() if not line.startswith(("    = ", "  Loss", "  x = 3"))]
        assert [line for line in lines if BLANKS[kind] not in line] == [
            line for line in whole if "grad f" not in line
        ]
        assert f"  g = grad f(x) = {BLANKS[kind]}" in lines
        assert f"    = {BLANKS[kind]}" in lines


def test_an_explanation_names_its_run_and_its_updates():
    name = "L2(SGD(lr=0.25), weight_decay=0.5) on x^2"
    assert repr(KEY) == f"Explanation({name}: updates 1 to 2)"
    assert repr(ss.explain(RUN, 2)) == f"Explanation({name}: update 2)"
    assert [step.t for step in ss.explain(RUN, range(1, 3)).steps] == [1, 2]
    assert [step.t for step in ss.explain(RUN, np.int64(2)).steps] == [2]


@pytest.mark.parametrize("digits", [1, 3, 17])
def test_numbers_are_shown_to_as_many_digits_as_asked(digits):
    third = ss.explain(ss.minimize(ss.Parabola(start=1 / 3), ss.SGD(lr=0.25), steps=1), digits=digits).text()
    assert f"x = {1 / 3:.{digits}g}\n" in third
    low = "0.25" if digits > 1 else "0.2"
    assert f"= {1 / 3:.{digits}g} - {low} * {2 / 3:.{digits}g}\n" in third
    assert f"Loss {1 / 9:.{digits}g} -> {1 / 36:.{digits}g};" in third


def test_six_digits_are_shown_and_no_name_of_a_rule_that_is_alone():
    text = ss.explain(ss.minimize(ss.Parabola(start=1 / 3), ss.SGD(lr=0.25), steps=1)).text()
    assert "  x = 0.333333\n" in text
    assert "SGD:" not in text


def test_more_digits_than_a_float_has_are_refused():
    with pytest.raises(ValueError, match=r"digits: got 18, expected a whole number from 1 to 17"):
        ss.explain(RUN, digits=18)
    with pytest.raises(ValueError, match=r"digits: got 0, expected a whole number from 1 to 17"):
        ss.explain(RUN, digits=0)


@pytest.mark.parametrize("step", ["1", "", None, 1.5, [1, 2.5]])
def test_a_step_that_is_no_number_is_refused(step):
    with pytest.raises((TypeError, ValueError), match=r"^step: got"):
        ss.explain(RUN, step)


def test_a_run_of_no_updates_has_nothing_to_explain():
    with pytest.raises(ValueError, match=r"run: got one of no updates, expected at least one to explain"):
        ss.explain(ss.minimize(ss.Parabola(), ss.SGD(lr=0.1), steps=0))


def test_three_items_stand_on_a_line_and_no_more_than_fit():
    text = ss.explain(ss.minimize(ss.Parabola(), ss.Adam(lr=0.25), steps=1)).latex(document=False)
    given = re.search(r"gather\*}\n(.*?)\n\\end", text, re.S)[1].split(" \\\\\n")
    assert [line.count(r",\quad ") for line in given] == [2, 2, 1]


def test_a_feasible_box_and_a_searched_rate_have_lines_of_their_own():
    game = ss.OnlineCounterexample(large=5.0, period=3)
    step = ss.explain(ss.minimize(game, ss.SGD(lr=1.0), steps=1)).steps[0]
    last = step.lines[-1]
    assert (last.name, last.inside, last.value.tolist()) == ("x", "back into the feasible box", [-1.0])
    text = ss.explain(ss.minimize(game, ss.SGD(lr=1.0), steps=1)).text()
    assert "x <- clip(x)" in text
    assert step.moved
    searched = ss.explain(ss.minimize(ss.Parabola(), ss.BFGS(lr=ss.Armijo()), steps=1)).steps[0]
    assert searched.lines[-1].inside == "the step that the search found"
    still = ss.explain(ss.minimize(ss.Parabola(), ss.SGD(lr=0.0), steps=1)).steps[0]
    assert not still.moved
