"""Functions and data of the corpus that are not among the registered problems."""

from functools import cache

import numpy as np

import stepsize as ss

BOWL = ss.Quadratic([1.0, 20.0])
LINE = ss.Parabola()  # x^2 from 10, 2/L = 1


def wells(x):
    """(x^2 - 1)^2: two minima of value 0 around a hill of height 1."""
    return float(((x * x - 1) ** 2).sum())


def wells_grad(x):
    return 4 * x * (x * x - 1)


def tilted(x):
    """(x^2 - 1)^2 + x/2: a poor minimum of 0.47 at 0.930 and the best, -0.5148, at -1.0575."""
    return wells(x) + 0.5 * float(x.sum())


def tilted_grad(x):
    return wells_grad(x) + 0.5


def sigmoid(x):
    return float((1 / (1 + np.exp(-x))).sum())


def sigmoid_grad(x):
    s = 1 / (1 + np.exp(-x))
    return s * (1 - s)


def ramp(x):
    return -float(x.sum())


def ramp_grad(x):
    return -np.ones_like(x)


def hill(x):
    return -float((x * x).sum())


def hill_grad(x):
    return -2 * x


def cube(x):
    return -float((x**3).sum())


def cube_grad(x):
    return -3 * x * x


def wavy_ramp(x):
    """sin x - x: flat again and again on the way down."""
    return float((np.sin(x) - x).sum())


def wavy_ramp_grad(x):
    return np.cos(x) - 1


def cone_down(x):
    return -float(np.sqrt(1 + (x * x).sum()))


def cone_down_grad(x):
    return -x / np.sqrt(1 + (x * x).sum())


def log_down(x):
    """-log x: no lower bound, but ever flatter."""
    return -float(np.log(x).sum())


def log_down_grad(x):
    return -1 / x


def exp_down(x):
    """exp(-x): the infimum 0 is never reached."""
    return float(np.exp(-x).sum())


def exp_down_grad(x):
    return -np.exp(-x)


def arc(x):
    """sqrt(1 + x^2): under a rate above 2 the iterates go over to x, -x, x, ..."""
    return float(np.sqrt(1 + x * x).sum())


def arc_grad(x):
    return x / np.sqrt(1 + x * x)


def inflection(x):
    """x^3 + x^4: a flat shelf at 0, above the minimum -27/256 at -3/4."""
    return float((x**3 + x**4).sum())


def inflection_grad(x):
    return 3 * x * x + 4 * x**3


def stairs(x):
    """floor(x): flat everywhere but for jumps, with the gradient that a tape would give."""
    return float(np.floor(np.abs(x)).sum())


def stairs_grad(x):
    return np.zeros_like(x)


def logistic_loss(x):
    return float(np.logaddexp(0, -x).sum())


def logistic_grad(x):
    return -1 / (1 + np.exp(x))


def blind(problem):
    """Return the same functions with no minimum, L or mu stated."""
    return ss.Problem.of(problem.fun, problem.grad, x0=problem.x0)


def moved(problem, scale=1.0, by=0.0, known=True):
    """Return scale f + by as a function of one's own, with its minimum stated or not."""
    minimum = scale * problem.minimum + by if known else None
    return ss.Problem.of(
        lambda x: scale * problem.fun(x) + by,
        lambda x: scale * problem.grad(x),
        x0=problem.x0,
        minimum=minimum,
    )


def with_grad(problem, grad, **facts):
    """Return the problem's function with another gradient: a user's mistake."""
    return ss.Problem.of(problem.fun, grad, x0=problem.x0, **facts)


def of(fun, grad, x0, **facts):
    return ss.Problem.of(fun, grad, x0=x0, **facts)


@cache
def line_fit(noise, scale=1.0, standardize=False):
    """Return the fit of y = 5 x + 3 + noise to 40 points, x in units of `scale`."""
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (40, 1))
    y = 5 * x[:, 0] + 3 + noise * rng.normal(size=40)
    return ss.LeastSquares(scale * x, y, standardize=standardize)


@cache
def houses(unit):
    """Return prices (in dollars over `unit`) of 50 houses by area and age, standardised features."""
    rng = np.random.default_rng(2)
    X = np.column_stack([rng.uniform(50, 250, 50), rng.uniform(0, 80, 50)])
    price = 2000 * X[:, 0] - 1500 * X[:, 1] + 80_000 + 20_000 * rng.normal(size=50)
    return ss.LeastSquares(X, price / unit, standardize=True)


@cache
def two_classes(l2=0.01):
    """Return a logistic regression on 60 points in two overlapping clouds."""
    rng = np.random.default_rng(3)
    y = np.arange(60) % 2
    X = rng.normal(size=(60, 2)) + 1.5 * y[:, None]
    return ss.LogisticRegression(X, y, l2=l2)


@cache
def wide_columns():
    """Return a logistic regression whose second feature is a thousand times as large as the first."""
    rng = np.random.default_rng(4)
    y = np.arange(60) % 2
    X = rng.normal(size=(60, 2)) * [1.0, 300.0] + 1.0 * y[:, None]
    return ss.LogisticRegression(X, y, l2=0.0)


@cache
def small_network():
    """Return a perceptron with 4 hidden units for one wave of a sine."""
    x = np.linspace(-1, 1, 20)[:, None]
    return ss.MLP(x, np.sin(3 * x[:, 0]), hidden=[4])
