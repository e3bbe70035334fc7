"""Wrong answers get no points and the sentence that names them; every mistake on the lists is told apart."""

# ruff: noqa: E501  (a table is read by its rows)

import inspect

import numpy as np
import pytest

from stepsize.grading.exercises import EXERCISES
from stepsize.grading.grade import grade
from stepsize.grading.judges import GradientOf, OptimizerLike, ValuesLike, close, in_proportion, shown
from tests import ROOT

SOLUTIONS = {path.stem.replace("_", "-"): path for path in (ROOT / "course" / "solutions").glob("*.py")}

# What a student changed in the solution: exercise, function, the right text, theirs, words of the sentence.
WRONG = [
    ("01-slope", "slope", "x**3 - 4 * x + 1", "x**3 - 4 * x", "without the constant 1"),
    ("01-slope", "slope", "x**3 - 4 * x + 1", "x**4 / 4 - 2 * x**2 + x", "the value of the function"),
    ("01-slope", "slope", "x**3 - 4 * x + 1", "2 * (x**3 - 4 * x + 1)", "2 times what it should be"),
    ("01-slope", "slope", "x**3 - 4 * x + 1", "-(x**3) + 4 * x - 1", "negated"),
    ("01-slope", "step", "x - lr * g", "x + lr * g", "going uphill"),
    ("01-slope", "step", "x - lr * g", "x - g", "at step 1"),
    ("02-rates", "largest_rate", "2 / max(curvatures)", "1 / max(curvatures)", "it is 1/L"),
    ("02-rates", "largest_rate", "2 / max(curvatures)", "2 / min(curvatures)", "the smallest curvature"),
    ("02-rates", "best_rate", "2 / (max(curvatures) + min(curvatures))", "1 / max(curvatures)", "1/L, safe"),
    ("02-rates", "after", "(1 - lr * curvature) ** n", "(1 - lr) ** n", "the curvature is missing"),
    ("02-rates", "after", "(1 - lr * curvature)", "abs(1 - lr * curvature)", "on which side"),
    ("03-valleys", "gradient", "[0.2 * x[0], 4 * x[1]]", "[0.1 * x[0], 2 * x[1]]", "without the 2"),
    ("03-valleys", "gradient", "np.array([0.2 * x[0], 4 * x[1]])", "0.2 * x[0] + 4 * x[1]", "one number"),
    ("03-valleys", "condition_number", "eigenvalues[-1] / eigenvalues[0]", "eigenvalues[0] / eigenvalues[-1]", "upside down"),
    ("03-valleys", "condition_number", "np.linalg.eigvalsh(H)", "np.sort(np.diag(H))", "the diagonal's entries"),
    ("03-valleys", "updates", "math.ceil", "math.floor", "rounded down"),
    ("03-valleys", "updates", "(kappa - 1) / (kappa + 1)", "1 - 1 / kappa", "at the rate 1/L"),
    ("04-decay", "time_based", "rate = lr\n    for k in range(n):\n        rate = rate / (1 + d * k)", "rate = lr / (1 + d * n)", "inverse time"),
    ("04-decay", "time_based", "range(n)", "range(n + 1)", "one update ahead"),
    ("04-decay", "step_decay", "n // every", "n / every", "smooth"),
    ("04-decay", "step_decay", "n // every", "round(n / every)", "nearest whole number"),
    ("04-decay", "step_decay", "n // every", "(n + 1) // every", "one update ahead"),
    ("04-decay", "exponential", "-d * n", "d * n", "lost its minus"),
    ("04-decay", "exponential", "lr * math.exp(-d * n)", "lr * d**n", "not a factor"),
    ("05-momentum", "momentum", "0.9 * v + g\n    x_next = x - lr * v", "0.9 * v + 0.1 * g\n    x_next = x - lr * v", "damped by 1 - momentum"),
    ("05-momentum", "momentum", "x - lr * v\n", "x - lr * (g + 0.9 * v)\n", "Nesterov"),
    ("05-momentum", "momentum", "return x_next, v\n\n\ndef nesterov", "return x_next, None\n\n\ndef nesterov", "forgets its velocity"),
    ("05-momentum", "nesterov", "(g + 0.9 * v)", "v", "Momentum"),
    ("06-noise", "batch_gradient", " / len(rows)", "", "the sum over the batch"),
    ("06-noise", "batch_gradient", "len(rows)", "len(y)", "the number of all examples"),
    ("06-noise", "batch_gradient", "X[rows], y[rows]", "X, y", "rows must choose them"),
    ("06-noise", "gain", "lr / (1 + d * n)", "lr / (1 + d * n) ** 0.5", "the noise never dies"),
    ("06-noise", "gain", "lr / (1 + d * n)", "lr / (1 + d) ** n", "whose sum is finite"),
    ("07-adaptive", "adagrad", "s = s + g**2", "s = 0.9 * s + 0.1 * g**2", "RMSprop"),
    ("07-adaptive", "adagrad", "(np.sqrt(s) + 1e-8)", "(s + 1e-8)", "root"),
    ("07-adaptive", "adam", "m_hat = m / (1 - 0.9**t)\n    v_hat = v / (1 - 0.999**t)", "m_hat, v_hat = m, v", "without bias correction"),
    ("07-adaptive", "adam", "m = 0.9 * m + 0.1 * g\n    v = 0.999 * v + 0.001 * g**2", "m = 0.999 * m + 0.001 * g\n    v = 0.9 * v + 0.1 * g**2", "at step"),
    ("07-adaptive", "adam", "np.sqrt(v_hat) + 1e-8", "np.sqrt(v_hat + 1e-8)", "eps"),
    ("08-finder", "ramp", "low * (high / low) ** share", "low + (high - low) * share", "a straight line"),
    ("08-finder", "warmup_cosine", "(n + 1) / warmup", "n / warmup", "begins at 0"),
    ("08-finder", "warmup_cosine", "(n - warmup) / (steps - warmup)", "n / steps", "its share of all steps"),
    ("09-line-search", "armijo", " + 1e-4 * alpha * slope:", ":", "any decrease"),
    ("09-line-search", "armijo", "1e-4 * alpha * slope", "alpha * slope", "c1 is missing"),
    ("09-line-search", "strong_wolfe", "abs(slope) <= -0.9 * slope0", "slope >= 0.9 * slope0", "the weak conditions"),
    ("09-line-search", "strong_wolfe", "-0.9 * slope0", "0.9 * slope0", "never true"),
    ("09-line-search", "strong_wolfe", "enough and flat", "enough or flat", "either condition"),
    ("10-network", "backward", "    d = d / n\n", "", "the sum over the examples"),
    ("10-network", "backward", " * (1 - h**2)", "", "without the slope of tanh"),
    ("10-network", "backward", "    d[np.arange(n), y] -= 1\n", "", "without the labels"),
    ("10-network", "backward", "(1 - h**2)", "(1 - h)", "1 - h in place of 1 - h^2"),
    ("10-network", "backward", "return dW0, db0, dW1, db1", "return dW0, 0 * db0, dW1, 0 * db1", "0 for the biases"),
    ("10-network", "backward", "    d = d / n\n    dW1 = h.T @ d\n    db1 = d.sum(axis=0)\n    back = d @ W1.T * (1 - h**2)", "    dW1 = h.T @ d\n    db1 = d.sum(axis=0)\n    back = d @ W1.T", "the sum over the examples, without the slope"),
    ("10-network", "best_update", "min(range(len(held_out)), key=lambda n: held_out[n])", "min(held_out)", "not the update"),
    ("10-network", "best_update", "min(range(len(held_out)), key=lambda n: held_out[n])", "next((n for n in range(len(held_out) - 1) if held_out[n + 1] > held_out[n]), len(held_out) - 1)", "a bump on the way down"),
]  # fmt: skip


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_has_all_points(name):
    found = grade(SOLUTIONS[name])
    assert found.points == found.most == EXERCISES[name].points == 10, str(found)


@pytest.mark.parametrize(
    ("name", "part", "right", "theirs", "words"), WRONG, ids=[f"{w[0]}-{w[1]}-{w[4]}" for w in WRONG]
)
def test_a_wrong_answer_is_named(name, part, right, theirs, words):
    text = SOLUTIONS[name].read_text(encoding="utf-8")
    start = text.index(f"def {part}(")
    assert right in text[start:]
    names = {}
    exec(text[:start] + text[start:].replace(right, theirs, 1), names)
    for other in EXERCISES[name].parts:
        verdict = other.judge(names[other.name])
        assert verdict.right == (other.name != part)
        if other.name == part:
            assert words in verdict.sentence, verdict.sentence


JUDGED = [
    pytest.param(part.judge, words, id=f"{part.name}-{words[:40]}")
    for exercise in EXERCISES.values()
    for part in exercise.parts
    if not isinstance(part.judge, OptimizerLike)
    for words in part.judge.mistakes
]


@pytest.mark.parametrize(("judge", "words"), JUDGED)
def test_every_mistake_on_the_lists_is_told_from_the_others(judge, words):
    mistaken = judge.mistakes[words]
    if isinstance(judge, ValuesLike):
        found = judge(mistaken)
    else:
        found = GradientOf(judge.fun, judge.points, judge.mistakes)(mistaken)
    assert not found.right
    assert f"it is {words}" in found.sentence


def test_every_part_of_an_exercise_is_worth_something_and_has_a_name_of_its_own():
    for exercise in EXERCISES.values():
        names = [part.name for part in exercise.parts]
        assert len({*names}) == len(names) >= 2
        assert min(part.points for part in exercise.parts) > 0


def test_a_right_answer_may_be_written_otherwise(tmp_path):
    """By a loop, in one line, with whole numbers, in place, as a truth value of NumPy."""
    file = tmp_path / "mine.py"
    file.write_text(
        inspect.cleandoc("""
        # stepsize exercise: 02
        import numpy as np
        def largest_rate(curvatures): return 2.0 / np.max(curvatures)
        best_rate = lambda curvatures: 1 / ((np.max(curvatures) + np.min(curvatures)) / 2)
        def after(x0, lr, curvature, n):
            for _ in range(n):
                x0 = x0 - lr * curvature * x0
            return np.array([x0])
        """),
        encoding="utf-8",
    )
    assert grade(file).points == 10


@pytest.mark.parametrize(
    ("name", "part", "rule"),
    [
        ("01-slope", "step", "SGD(lr=0.1)"),
        ("05-momentum", "momentum", "Momentum(lr=0.1)"),
        ("05-momentum", "nesterov", "Nesterov(lr=0.1)"),
        ("07-adaptive", "adagrad", "Adagrad(lr=0.1, eps=1e-08)"),
        ("07-adaptive", "adam", "Adam(lr=0.1)"),
    ],
)
def test_a_right_rule_is_named_with_the_numbers_of_its_lesson(name, part, rule):
    names = {}
    exec(SOLUTIONS[name].read_text(encoding="utf-8"), names)
    (judge,) = (other.judge for other in EXERCISES[name].parts if other.name == part)
    assert judge(names[part]).sentence.startswith(f"equals {rule} on ")


def test_values_are_equal_to_a_hundred_millionth():
    """Of themselves, and a thousandth of that of the largest: 1.001e-8 in all where there is one."""
    one = np.ones(1)
    for apart, equal in ((1.0005e-8, True), (1.0015e-8, False)):
        assert close(one + apart, one) is equal
        assert ("3 times" in in_proportion([3 * one, 3 + 3 * apart * one], [one, one])) is equal


def test_arguments_are_shown_up_to_a_hundred_and_eighty_letters():
    assert shown({"a": "x" * 176}) == "a = " + "x" * 176
    assert shown({"a": "x" * 177}) == "a = " + "x" * 173 + "..."
