"""Explained numbers are the run's own, for every rule there is; the worksheet gives none of them away."""

import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

import stepsize as ss
from optim import Optimizer
from stepsize.explanations.equations import numbers, symbols
from stepsize.explanations.markup import LATEX, TEXT, escaped
from tests.instances import OPTIMIZERS, name_of


def same(a, b):
    return np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True)


def check(run, t):
    """Every line of an update, evaluated again with the numbers that it shows, gives its own bits."""
    (step,) = ss.explain(run, t).steps
    assert same(step.x_next, run.history.x[t]), "the run's own bits"
    assert any(line.name == "x" and same(line.value, step.x_next) for line in step.lines)
    for line in step.lines:
        assert same(line.recomputed(), line.value), line.name
    assert same(step.given["x"], run.history.x[t - 1])
    assert step.overshoot == run.history.overshoot[t - 1]
    assert step.slope > 0 or not step.overshoot
    assert step.f == run.history.fun[t - 1]
    assert step.f_next == run.history.fun[t]


@pytest.mark.parametrize("rule", OPTIMIZERS, ids=name_of)
def test_every_rule_explains_itself_to_the_last_bit(rule):
    run = ss.minimize(ss.Rosenbrock(), rule, steps=4)
    for t in range(1, run.nit + 1):
        check(run, t)


RATES = [
    (ss.BreastCancer(), ss.Adam(lr=ss.Exponential(0.1, 0.1))),
    (ss.MiniBatch(ss.BreastCancer(), size=16), ss.Momentum(lr=0.1)),
    (ss.Rosenbrock(), ss.SGD(lr=ss.Armijo())),
    (ss.Rosenbrock(), ss.BFGS(lr=ss.StrongWolfe())),
]


@pytest.mark.parametrize(("problem", "rule"), RATES, ids=repr)
def test_schedules_searches_and_mini_batches_are_explained_too(problem, rule):
    run = ss.minimize(problem, rule, steps=5)
    for t in (1, 3, 5):
        check(run, t)


def test_a_rule_of_ones_own_explains_itself():
    """What is shown comes from the class's text: nobody has written these equations down a second time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stepsize.core.record._REGISTRY", {})

        class Strange(Optimizer):
            slots = ("w",)
            lr: float = 0.5

            def direction(self, x, g, slots, h):
                """Return something that no book has."""
                (w,) = slots
                w = 3 * w - g / 4
                if h.t > 1:
                    w = w + 100
                return -w * h.t, (w,)

    run = ss.minimize(ss.Parabola(), Strange(lr=0.5), steps=2)
    first, second = (ss.explain(run, t).text() for t in (1, 2))
    assert "w <- 3 * w - g / 4" in first
    assert "= 3 * 0 - 20 / 4" in first
    assert "= -5" in first
    assert "w + 100" not in first, "the branch that was not taken is not shown"
    assert "w <- w + 100" in second


def test_the_text_of_adam_by_hand():
    """One update of Adam on (x1^2 + 20 x2^2)/2 from (-5, -2), as a student computes it."""
    text = ss.explain(ss.minimize(ss.Quadratic(), ss.Adam(lr=0.1), steps=1)).text()
    for line in [
        "g = grad f(x) = (-5, -40)",
        "m <- beta1 * m + (1 - beta1) * g",
        "= 0.9 * (0, 0) + (1 - 0.9) * (-5, -40)",
        "= (-0.5, -4)",
        "= (0.025, 1.6)",
        "m_hat <- m / (1 - beta1^t)",
        "= (-0.5, -4) / (1 - 0.9^1)",
        "d <- m_hat / (sqrt(v_hat) + eps)",
        "= (-5, -2) - 0.1 * (-1, -1)",
        "= (-4.9, -1.9)",
        "Loss 52.5 -> 48.105",
    ]:
        assert line in text, line


def test_the_worksheet_has_the_equations_and_none_of_the_answers():
    run = ss.minimize(ss.Quadratic(), ss.Adam(lr=0.1), steps=2)
    key, sheet = (ss.explain(run, [1, 2], blank=blank) for blank in (False, True))
    assert "m <- beta1 * m + (1 - beta1) * g" in sheet.text()
    for kind in ("text", "markdown", "latex", "html"):
        answers, given = (set(re.findall(r"\d+\.\d{3,}", getattr(e, kind)())) for e in (key, sheet))
        assert len(answers) > 10
        assert given <= {"0.999"}, "beta2 is given, everything else is to be found"
    assert sheet.text().count("____") >= 2 * 7


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (ss.SGD(lr=0.01), "the update stopped short of the minimum along the step"),
        (ss.SGD(lr=0.1), "the update ended at the minimum along the step: slope at its end 0."),
        (ss.SGD(lr=0.15), "the update overshot, it passed the minimum along the step"),
        (ss.SGD(lr=0.0), "the update moved nothing."),
        (ss.ADOPT(lr=0.1), "the update moved nothing."),
    ],
    ids=repr,
)
def test_the_words_on_an_update_are_those_of_its_slope(rule, words):
    """On 5 x^2 a rate of 1/10 ends at the minimum; ADOPT's first update only takes the gradient's squares."""
    assert words in ss.explain(ss.minimize(ss.Quadratic([10.0]), rule, steps=1)).text()


def test_wrappers_show_whose_line_it_is():
    run = ss.minimize(ss.Quadratic(), ss.ClipByNorm(ss.Momentum(lr=0.01), 1.0), steps=1)
    text = ss.explain(run).text()
    assert (
        text.index("ClipByNorm:")
        < text.index("norm <- sqrt")
        < text.index("  Momentum:")
        < text.index("  m <-")
    )


@pytest.mark.parametrize(
    ("lr", "words"), [(0.25, "stopped short of"), (0.5, "ended at"), (0.75, "overshot, it passed")]
)
def test_where_the_step_ended_is_told_against_the_lowest_point_of_its_line(lr, words):
    """On x^2 the rate 1/2 leads to the minimum, exactly."""
    text = ss.explain(ss.minimize(ss.Parabola(), ss.SGD(lr=lr), x0=[4.0], steps=1)).text()
    assert f"the update {words} the minimum along the step" in text


def test_latex_is_balanced_and_standard():
    run = ss.minimize(ss.Quadratic(), ss.AdamW(lr=0.1, weight_decay=0.01), steps=1)
    text = ss.explain(run).latex()
    assert text.count("{") == text.count("}")
    begun, ended = (re.findall(rf"\\{word}{{(\w+\*?)}}", text) for word in ("begin", "end"))
    assert sorted(begun) == sorted(ended)
    assert r"\frac{m}{1 - {\beta_{1}}^{t}}" in text
    assert r"\sqrt{\hat{v}} + \epsilon" in text
    assert r"10^{-8}" in text
    part = ss.explain(run).latex(document=False)
    assert part in text
    assert "documentclass" not in part


def test_newtons_system_is_shown_with_its_solution():
    """On a quadratic the first step ends at the minimum: x - H^-1 g = 0."""
    text = ss.explain(ss.minimize(ss.Quadratic([2.0, 8.0]), ss.Newton(), steps=1)).text()
    assert "H <- hess + damping * eye" in text
    assert "d <- each_run(solve, H, g)" in text
    assert "x <- x - lr * d" in text


def test_plain_text_means_the_same_in_latex():
    assert escaped("x1^2 ~ a_b -> {50 %}") == (
        r"x1\textasciicircum{}2 \textasciitilde{} a\_b $\to$ \{50 \%\}"
    )
    assert escaped("a < b | c") == "a $<$ b $|$ c"


def test_long_lines_of_latex_are_broken_between_terms_and_factors():
    """Four numbers a vector, three vectors a line: seen on paper, such a line ran off the page."""
    run = ss.minimize(ss.BreastCancer(), ss.Adam(lr=0.1), steps=3)
    rows = ss.explain(run, 3).latex().splitlines()
    assert any(row.startswith(r"&\quad {} \cdot") for row in rows)
    assert "\0" not in "".join(rows)
    vectors = [row.count(r"\ldots") + row.count("...") for row in rows]
    assert max(vectors) <= 2
    matrices = ss.explain(ss.minimize(ss.Rosenbrock(), ss.BFGS(), steps=2), 2).latex()
    assert r"\begin{pmatrix}" in matrices


def test_markdown_and_html_are_well_formed():
    explanation = ss.explain(ss.minimize(ss.Rosenbrock(), ss.RAdam(lr=0.1), steps=3), 3)
    assert explanation.markdown().count("$$") % 2 == 0

    class Check(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open_tags = []

        def handle_starttag(self, tag, attrs):
            self.open_tags.append(tag)

        def handle_endtag(self, tag):
            assert self.open_tags.pop() == tag

    checker = Check()
    checker.feed(explanation._repr_html_())
    assert checker.open_tags == []
    assert "http" not in explanation.html(), "nothing from outside"


@pytest.mark.parametrize(
    ("source", "text", "latex"),
    [
        ("a - (b - c)", "a - (b - c)", r"a - \left(b - c\right)"),
        ("(a - b) - c", "a - b - c", "a - b - c"),
        ("a * (b + c)", "a * (b + c)", r"a \cdot \left(b + c\right)"),
        ("a / (b * c)", "a / (b * c)", r"\frac{a}{b \cdot c}"),
        ("(a + b) / c * d", "(a + b) / c * d", r"\frac{a + b}{c} \cdot d"),
        ("-a ** 2", "-a^2", "-{a}^{2}"),
        ("(-a) ** 2", "(-a)^2", r"{\left(-a\right)}^{2}"),
        ("a ** (b + 1)", "a^(b + 1)", "{a}^{b + 1}"),
        ("a * -b", "a * (-b)", r"a \cdot \left(-b\right)"),
        ("abs(h.beta1)", "|beta1|", r"\left| \beta_{1} \right|"),
        ("maximum(a, b)", "maximum(a, b)", r"\operatorname{maximum}\left(a, b\right)"),
    ],
)
def test_parentheses_stand_where_they_must(source, text, latex):
    import ast

    node = ast.parse(source, mode="eval").body
    assert symbols(node, TEXT) == text
    assert symbols(node, LATEX) == latex


def test_negative_numbers_are_put_in_parentheses():
    import ast

    node = ast.parse("a - b * c", mode="eval").body
    assert numbers(node, TEXT, {"a": -1.0, "b": -2.0, "c": -3.0}, {}, 6) == "-1 - (-2) * (-3)"


def test_tracing_leaves_no_trace():
    before = sys.gettrace()
    ss.explain(ss.minimize(ss.Parabola(), ss.SGD(lr=0.1), steps=1))
    assert sys.gettrace() is before


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda run: ss.explain(run, 4), "step: got 4, expected an update from 1 to 3"),
        (lambda run: ss.explain(run, 0), "step: got 0, expected a whole number of at least 1"),
        (lambda run: ss.explain(run, []), r"step: got .* expected the number of an update"),
        (lambda run: ss.explain(run, 1, digits=0), "digits: got 0"),
        (
            lambda run: ss.explain(ss.minimize(run.problem, run.optimizer, run.last_x, 2, state=run.state)),
            "expected a run from its start",
        ),
        (lambda _: ss.explain(ss.minimize(ss.Parabola(), ss.SGD(lr=[[0.1]]), steps=1)), "not a batch"),
    ],
)
def test_bad_input_is_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call(ss.minimize(ss.Parabola(), ss.Momentum(lr=0.1), steps=3))


CHANGED = [
    (ss.ClipByNorm(ss.SGD(lr=0.25), 5.0), "g <- minimum(1, max_norm / (norm + eps)) * g"),
    (ss.ClipByValue(ss.SGD(lr=0.25), 5.0), "g <- maximum(-limit, minimum(limit, g))"),
    (ss.ScaleGradient(ss.SGD(lr=0.25), 0.5), "g <- factor * g"),
    (ss.L2(ss.SGD(lr=0.25), 0.5), "g <- g + weight_decay * x"),
]


@pytest.mark.parametrize(("rule", "line"), CHANGED, ids=repr)
def test_a_gradient_that_a_wrapper_changes_is_still_called_g(rule, line):
    assert line in ss.explain(ss.minimize(ss.Parabola(), rule, steps=1)).text()


def test_what_a_method_gives_is_called_like_the_method_unless_a_line_only_takes_it():
    text = ss.explain(ss.minimize(ss.Quadratic(), ss.Adafactor(), steps=1)).text()
    assert "rate <- minimum(lr, 1 / math.sqrt(h.t))" in text
    assert "squares <- g * g + eps1" in text
    assert "x <- minimum" not in text
