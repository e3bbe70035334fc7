"""What each mistake on the lists gives at an example that was worked by hand from its words."""

import math

import numpy as np
import pytest

from stepsize.grading.exercises import EXERCISES
from stepsize.grading.judges import OptimizerLike

# Of each function: the words with which a mistake begins, the arguments, and the number it gives for them.
# "" is the right answer.
RATES = [5.0, 8.0, 2.0]  # the mean is 5, the sum 15
H = np.array([[3.0, 2.0, 0.0], [2.0, 6.0, 0.0], [0.0, 0.0, 4.0]])  # eigenvalues 2, 4 and 7
ROOT_HALF = math.sqrt(0.5)
# Three examples with the residuals 1, 1 and 2; what each adds to the gradient is (1, 0), (0, 2) and (6, 2).
BATCH = (np.ones(2), np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]]), np.array([0.0, 1.0, 2.0]), [2, 0])


def phi(values):
    """Return a loss along a line of which these values are known, 0 at the start; its slope there is -2."""
    return lambda alpha: ({0.0: 0.0} | values)[alpha]


def never(alpha):
    """A loss that no step lowers."""
    return float(alpha > 0)


def steps(*examples):
    """Return what a search takes on such losses."""
    return [((loss, -2.0), alpha) for loss, alpha in examples]


def places(*examples):
    """Return whether a step is taken, whose loss begins at 0 with slope -10."""
    return [((0.0, -10.0, alpha, loss, slope), told) for alpha, loss, slope, told in examples]


BY_HAND = {
    "slope": {  # of x^4/4 - 2 x^2 + x, at 3
        "the value of the function": [((np.array([3.0]),), [5.25])],
        "the slope without the constant 1": [((np.array([3.0]),), [15.0])],
        "the slope with x left as it is": [((np.array([3.0]),), [18.0])],
        "the slope with 2 x in place of 4 x": [((np.array([3.0]),), [22.0])],
        "the slope with x^3/4": [((np.array([3.0]),), [-4.25])],
        "the slope with 4 x^3": [((np.array([3.0]),), [97.0])],
        "the second derivative": [((np.array([3.0]),), [23.0])],
    },
    "largest_rate": {
        "": [((RATES,), 0.25)],
        "1/L": [((RATES,), 0.125)],
        "2 divided by the smallest": [((RATES,), 1.0)],
        "2 divided by the mean": [((RATES,), 0.4)],
        "2 divided by the sum": [((RATES,), 2 / 15)],
        "2/(L+mu)": [((RATES,), 0.2)],
        "2 divided by the first": [((RATES,), 0.4)],
        "2 divided by the last": [((RATES,), 1.0)],
        "L/2": [((RATES,), 4.0)],
    },
    "best_rate": {
        "": [((RATES,), 0.2)],
        "1/L, safe": [((RATES,), 0.125)],
        "2/L": [((RATES,), 0.25)],
        "1/(L+mu)": [((RATES,), 0.1)],
        "1 divided by the mean": [((RATES,), 0.2)],
        "2/(L-mu)": [((RATES,), 1 / 3)],
        "the geometric mean's": [((RATES,), 0.25)],
    },
    "after": {  # a factor of 1/2, three times
        "": [((8.0, 0.1, 5.0, 3), 1.0)],
        "x0 (1 - lr)^n": [((8.0, 0.1, 5.0, 3), 5.832)],
        "x0 (1 + lr curvature)^n": [((8.0, 0.1, 5.0, 3), 27.0)],
        "x0 (1 - n lr curvature)": [((8.0, 0.1, 5.0, 3), -4.0)],
        "x0 |1 - lr curvature|^n": [((8.0, 0.3, 5.0, 3), 1.0)],
        "the point of one update more": [((8.0, 0.1, 5.0, 3), 0.5)],
        "the factor alone": [((8.0, 0.1, 5.0, 3), 0.125)],
        "x0 (1 - 2 lr curvature)^n": [((8.0, 0.1, 2.0, 3), 1.728)],
    },
    "gradient": {  # of 0.1 x^2 + 2 y^2, at (10, 3)
        "the gradient without the 2": [((np.array([10.0, 3.0]),), [1.0, 6.0])],
        "the terms of the function": [((np.array([10.0, 3.0]),), [10.0, 18.0])],
        "the gradient with its two": [((np.array([10.0, 3.0]),), [12.0, 2.0])],
        "the diagonal of the Hessian": [((np.array([10.0, 3.0]),), [0.2, 4.0])],
        "the gradient with the slope of one": [((np.array([10.0, 3.0]),), [14.0, 14.0])],
    },
    "condition_number": {
        "": [((H,), 3.5)],
        "mu/L": [((H,), 2 / 7)],
        "the largest eigenvalue": [((H,), 7.0)],
        "the quotient of the diagonal's": [((H,), 2.0)],
        "the last diagonal entry": [((H,), 4 / 3)],
        "the root": [((H,), math.sqrt(3.5))],
        "the square": [((H,), 12.25)],
        "the determinant": [((H,), 56.0)],
        "L - mu": [((H,), 5.0)],
    },
    "updates": {  # kappa = 3 is a factor of 1/2; to a fifth it takes log2(5) = 2.32... updates
        "": [((3.0, 0.2), 3)],
        "the number before": [((3.0, 0.2), math.log2(5))],
        "rounded down": [((3.0, 0.2), 2)],
        "the number at the rate 1/L": [((3.0, 0.2), 4)],  # (2/3)^4 = 0.1975...
        "the number for the loss": [((3.0, 0.2), 2)],
        "the number for momentum": [((9.0, 0.2), 3)],
        "negative": [((3.0, 0.2), -3)],
    },
    "time_based": {
        "": [((3, 12.0, 1.0), 2.0)],
        "one update ahead": [((3, 12.0, 1.0), 0.5)],
        "lr/(1 + d n), inverse": [((3, 12.0, 1.0), 3.0)],
        "lr/(1 + d n) one update ahead": [((3, 12.0, 1.0), 2.4)],
        "lr/(1 + d)^n": [((3, 12.0, 1.0), 1.5)],
        "lr exp(-d n)": [((3, 12.0, 1.0), 12 / math.e**3)],
        "the rate with 1 + d n": [((3, 12.0, 1.0), 12 / 4**3)],
        "the rate without its last": [((3, 12.0, 1.0), 6.0), ((0, 12.0, 1.0), 12.0)],
    },
    "step_decay": {
        "": [((7, 8.0, 0.5, 4), 4.0), ((8, 8.0, 0.5, 4), 2.0)],
        "one update ahead": [((7, 8.0, 0.5, 4), 2.0)],
        "one update late": [((8, 8.0, 0.5, 4), 4.0), ((5, 8.0, 0.5, 4), 4.0), ((0, 8.0, 0.5, 1), 8.0)],
        "smooth": [((8, 8.0, 0.25, 16), 4.0)],
        "with the exponent rounded to the nearest": [((7, 8.0, 0.5, 4), 2.0), ((5, 8.0, 0.5, 4), 4.0)],
        "with the exponent rounded up": [((5, 8.0, 0.5, 4), 2.0)],
        "one single drop": [((3, 8.0, 0.5, 4), 8.0), ((4, 8.0, 0.5, 4), 4.0), ((8, 8.0, 0.5, 4), 4.0)],
        "lr times factor times": [
            ((3, 8.0, 0.25, 4), 8.0),
            ((4, 8.0, 0.25, 4), 2.0),
            ((9, 8.0, 0.25, 4), 4.0),
        ],
        "with n % every": [((7, 8.0, 0.5, 4), 1.0)],
        "with factor^n": [((3, 8.0, 0.5, 4), 1.0)],
        "with 1 - factor": [((9, 8.0, 0.25, 4), 4.5)],
    },
    "exponential": {
        "": [((3, 2.0, 0.5), 2 / math.e**1.5)],
        "one update ahead": [((3, 2.0, 0.5), 2 / math.e**2)],
        "growing": [((3, 2.0, 0.5), 2 * math.e**1.5)],
        "lr d^n": [((3, 2.0, 0.25), 1 / 32)],
        "lr (1 - d)^n": [((3, 2.0, 0.25), 27 / 32)],
        "lr/(1 + d n)": [((3, 2.0, 1.0), 0.5)],
        "lr/(1 + d)^n": [((3, 2.0, 1.0), 0.25)],
        "lr 10^(-d n)": [((3, 2.0, 2.0), 2e-6)],
        "lr 2^(-d n)": [((3, 2.0, 2.0), 2 / 64)],
    },
    "gain": {
        "": [((3, 2.0, 1.0), 0.5)],
        "one update ahead": [((3, 2.0, 1.0), 0.4)],
        "lr exp(-d n)": [((3, 2.0, 0.5), 2 / math.e**1.5)],
        "lr/sqrt(1 + d n)": [((4, 2.0, 2.0), 2 / 3)],
        "lr/(1 + d n)^2": [((4, 2.0, 2.0), 2 / 81)],
        "lr/(1 + n)": [((3, 2.0, 0.1), 0.5)],
        "lr/(1 + d)^n": [((3, 2.0, 1.0), 0.25)],
        "the rate that each update divides again": [((3, 12.0, 1.0), 2.0)],
        "constant": [((3, 2.0, 1.0), 2.0)],
    },
    "ramp": {
        "": [((2, 2.0, 32.0, 4), 8.0)],
        "a straight line": [((2, 2.0, 32.0, 4), 17.0)],
        "one update ahead": [((2, 2.0, 32.0, 4), 16.0)],
        "a ramp that reaches the top": [((2, 2.0, 32.0, 5), 8.0)],
        "a ramp downwards": [((1, 2.0, 32.0, 4), 16.0)],
        "low (high - low)^(n/steps)": [((2, 2.0, 11.0, 4), 6.0)],
        "high^(n/steps)": [((2, 2.0, 36.0, 4), 6.0)],
        "multiplied by high/low": [((2, 2.0, 32.0, 4), 512.0)],
    },
    "warmup_cosine": {  # 4 updates up to 8, then 12 down; a third of the cosine is 3/4 of the top
        "": [((1, 8.0, 4, 16), 4.0), ((8, 8.0, 4, 16), 6.0), ((16, 8.0, 4, 16), 0.0)],
        "right but for the warm-up": [
            ((0, 8.0, 4, 16), 0.0),
            ((1, 8.0, 4, 16), 2.0),
            ((8, 8.0, 4, 16), 6.0),
            ((20, 8.0, 4, 16), 0.0),
        ],
        "right but for the cosine, which does not begin": [
            ((1, 8.0, 4, 16), 4.0),
            ((4, 8.0, 4, 16), 6.0),
            ((6, 8.0, 4, 16), 4.0),
        ],
        "right but for the cosine's length": [
            ((1, 8.0, 4, 16), 4.0),
            ((4, 8.0, 4, 16), 8.0),
            ((12, 8.0, 4, 16), 4.0),
        ],
        "right but for the cosine, which takes its share": [
            ((1, 8.0, 4, 16), 4.0),
            ((4, 8.0, 4, 16), 4 + 4 * ROOT_HALF),
            ((8, 8.0, 4, 16), 4.0),
        ],
        "a cosine without": [((8, 8.0, 4, 16), 4.0)],
        "right but for the cosine's half:": [
            ((1, 8.0, 4, 16), 4.0),
            ((4, 8.0, 4, 16), 16.0),
            ((8, 8.0, 4, 16), 12.0),
        ],
        "right but for the cosine's half turn": [
            ((1, 8.0, 4, 16), 4.0),
            ((4, 8.0, 4, 16), 8.0),
            ((12, 8.0, 4, 16), 6.0),
            ((20, 8.0, 4, 16), 4.0),
        ],
        "right but for update `warmup`": [
            ((1, 8.0, 4, 16), 4.0),
            ((4, 8.0, 4, 16), 10.0),
            ((8, 8.0, 4, 16), 6.0),
        ],
    },
    "batch_gradient": {
        "": [(BATCH, [3.5, 1.0])],
        "the sum over the batch": [(BATCH, [7.0, 2.0])],
        "divided by the number of all": [(BATCH, [7 / 3, 2 / 3])],
        "the sum over all examples": [(BATCH, [3.5, 2.0])],
        "the gradient of all examples": [(BATCH, [7 / 3, 4 / 3])],
        "the gradient of the first examples": [(BATCH, [0.5, 1.0])],
        "twice the gradient": [(BATCH, [7.0, 2.0])],
        "uphill": [(BATCH, [-3.5, -1.0])],
        "the gradient without the residual": [(BATCH, [2.0, 0.5])],
    },
    "best_update": {
        "": [(([4.0, 2.0, 3.0, 1.0, 2.0],), 3)],
        "the first update after which": [
            (([4.0, 2.0, 3.0, 1.0, 2.0],), 1),
            (([3.0, 3.0, 2.0, 4.0],), 2),
            (([3.0, 2.0, 1.0],), 2),
        ],
        "the smallest loss": [(([4.0, 2.0, 3.0, 1.0, 2.0],), 1.0)],
        "the last update": [(([4.0, 2.0, 3.0, 1.0, 2.0],), 4)],
        "the update with the largest": [(([2.0, 4.0, 3.0],), 1)],
        "one too many": [(([2.0, 4.0, 3.0],), 1)],
    },
    "armijo": {
        "the search that only asks": steps(
            (phi({1.0: 0.0}), 1.0), (phi({1.0: 1e-9, 0.5: 0.0}), 0.5), (never, 2.0**-200)
        ),
        "the search that takes the first": steps((phi({1.0: 1.0}), 1.0)),
        "the search with c1 alpha |slope|": steps(
            (phi({1.0: 2e-4}), 1.0),
            (phi({1.0: 1.0, 0.5: 1.1e-4, 0.25: 0.0}), 0.25),
            (phi({1.0: 1.0, 0.5: 0.9e-4}), 0.5),
        ),
        "the search that asks for all": steps(
            (phi({1.0: -2.0}), 1.0),
            (phi({1.0: 0.0, 0.5: -0.99, 0.25: -0.5}), 0.25),
            (phi({1.0: 0.0, 0.5: -1.01}), 0.5),
        ),
        "the search without alpha": steps(
            (phi({1.0: -2e-4}), 1.0), (phi({1.0: 0.0, 0.5: -1.9e-4, 0.25: -2.1e-4}), 0.25)
        ),
        "the search that shortens the step once too often": steps(
            (phi({1.0: -2e-4}), 0.5),
            (phi({1.0: 0.0, 0.5: -0.9e-4, 0.25: -0.6e-4}), 0.125),
            (phi({1.0: 0.0, 0.5: -1.1e-4}), 0.25),
        ),
        "the search that shortens while": steps(
            (phi({1.0: 1.0}), 1.0),
            (phi({1.0: -2e-4, 0.5: 1.0}), 0.5),
            (phi({1.0: -1.0, 0.5: -1.1e-4, 0.25: 0.0}), 0.25),
            (phi({1.0: -1.0, 0.5: -0.9e-4}), 0.5),
        ),
        "the search that divides": steps((phi({1.0: 0.0, 0.1: -1.0}), 0.1)),
        "the search that multiplies": steps((phi({1.0: 0.0, 0.9: -1.0}), 0.9)),
        "the search that shortens the step once at most": steps(
            (phi({1.0: 0.0}), 0.5), (phi({1.0: -1.0}), 1.0)
        ),
    },
    "strong_wolfe": {  # -1e-3 alpha is the decrease that is asked for, 9 the slope that is allowed
        "": places((1.0, -1.0, 9.0, True), (1.0, -1.0, 9.005, False), (1.0, 0.0, 5.0, False)),
        "the weak conditions": places(
            (1.0, -1.0, 50.0, True),
            (1.0, -1.0, -9.0, True),
            (1.0, -1.0, -9.1, False),
            (1.0, 0.0, 5.0, False),
        ),
        "the first condition alone": places(
            (2.0, -2.1e-3, 99.0, True), (2.0, -1.9e-3, 99.0, False), (1.0, -1e-3, 99.0, True)
        ),
        "the second condition alone": places(
            (1.0, 99.0, 9.0, True), (1.0, 99.0, -9.0, True), (1.0, -1.0, 9.1, False)
        ),
        "either condition": places((1.0, -1.0, 99.0, True), (1.0, 0.0, -9.0, True), (1.0, 0.0, 9.1, False)),
        "never true": places((1.0, -1.0, 0.0, False)),
        "any decrease": places((1.0, 0.0, 9.0, True), (1.0, 1e-9, 9.0, False), (1.0, -1.0, 9.1, False)),
        "the second condition without": places(
            (1.0, -1.0, 10.0, True), (1.0, -1.0, 10.1, False), (1.0, 0.0, 5.0, False)
        ),
        "the other way round": places((1.0, -1.0, 9.0, False), (1.0, -1.0, 9.1, True), (1.0, 0.0, 5.0, True)),
    },
}


PARTS = {part.name: part.judge for exercise in EXERCISES.values() for part in exercise.parts}
CASES = [
    pytest.param(name, words, *example, id=f"{name}-{words or 'right'}-{k}")
    for name, table in BY_HAND.items()
    for words, examples in table.items()
    for k, example in enumerate(examples)
]


@pytest.mark.parametrize(("name", "words", "arguments", "number"), CASES)
def test_what_a_mistake_gives(name, words, arguments, number):
    judge = PARTS[name]
    named = [told for told in judge.mistakes if words and told.startswith(words)]
    function = judge.mistakes[named[0]] if words else judge.reference
    given = function(*arguments)
    assert np.shape(given) == np.shape(number)
    np.testing.assert_allclose(given, number, rtol=1e-13, atol=1e-15)


def test_every_mistake_on_the_lists_is_worked_by_hand():
    """But for those of the network, which the solution's text is changed to (test_exercises)."""
    for name, judge in PARTS.items():
        if isinstance(judge, OptimizerLike) or name == "backward":
            continue
        starts = [words for words in BY_HAND[name] if words]
        assert len(starts) == len(judge.mistakes)
        assert all(told.startswith(words) for words, told in zip(starts, judge.mistakes, strict=True)), name
