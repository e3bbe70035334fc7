"""What must not change a verdict: units of the loss and of x, what is added to the loss, the run's length."""

from itertools import groupby, pairwise

import numpy as np
import pytest

import stepsize as ss
from optim import minimize
from problems import Scaled
from stepsize import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Momentum,
    Nesterov,
    RMSprop,
    SignSGD,
    ThreeHumpCamel,
    diagnose,
)

SEEDS = range(40)


def random_problem(rng):
    """Return a problem and its largest curvature near the start."""
    kind = rng.integers(10)
    if kind < 5:
        dim, condition = rng.integers(1, 4), 10 ** rng.uniform(0, 3)
        curvatures = np.geomspace(1, condition, dim) if dim > 1 else np.array([condition])
        return ss.Quadratic(curvatures.tolist(), start=rng.normal(size=dim).tolist()), condition
    others = (
        (ss.Rosenbrock(), 500.0),
        (ss.Huber(), 1.0),
        (ss.Quartic(), 12.0),
        (ThreeHumpCamel(), 20.0),
        (ss.AbsoluteValue(), 1.0),
    )
    return others[kind - 5]


def random_schedule(rng, rate, steps):
    """Return the maker of a schedule from a factor of its rates."""
    kind, d, over = rng.integers(6), 10 ** rng.uniform(-3, -0.7), int(steps * rng.uniform(0.3, 1.2)) + 1
    kinds = {
        0: lambda c: ss.Exponential(rate * c, d),
        1: lambda c: ss.Cosine(rate * c, over),
        2: lambda c: ss.InverseSqrt(rate * c),
    }
    return kinds.get(int(kind), lambda c: ss.Constant(rate * c))


class Random:
    """A random run, and the same in other units."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.problem, L = random_problem(rng)
        self.steps = int(10 ** rng.uniform(1, 2.8))
        self.by_gradient = rng.random() < 0.6
        span = (-2.5, 0.45) if self.by_gradient else (-3, 0.2)
        rate = 10 ** rng.uniform(*span) / (L if self.by_gradient else 1)
        self.schedule = random_schedule(rng, rate, self.steps)
        beta, kind = rng.choice([0.5, 0.9, 0.97]), rng.integers(3 if self.by_gradient else 4)
        gradient = (SGD, lambda lr: Momentum(lr, beta), lambda lr: Nesterov(lr, beta))
        units = (
            SignSGD,
            lambda lr: Adam(lr, eps=1e-300),
            lambda lr: RMSprop(lr, eps=0.0),
            lambda lr: Adam(lr, beta2=0.9, eps=1e-300),
        )
        self.rule = (gradient if self.by_gradient else units)[kind]

    def run(self, problem=None, loss=1.0, length=1.0):
        """Return the run with the loss in other units, or the parameters; the rates follow."""
        factor = length * length / loss if self.by_gradient else length
        return minimize(problem or self.problem, self.rule(self.schedule(factor)), steps=self.steps)


def sentence(run):
    """Return what is said; when a run overflows depends on the units, and is left out."""
    diagnosis = diagnose(run)
    return diagnosis.verdict if run.diverged else str(diagnosis)


@pytest.mark.parametrize("seed", SEEDS)
def test_units_of_the_loss_change_no_word(seed):
    case, rng = Random(seed), np.random.default_rng(seed)
    said = sentence(case.run())
    for c in (2.0 ** rng.integers(-66, 67), 10 ** rng.uniform(-20, 20)):
        assert sentence(case.run(Scaled(case.problem, value=c), loss=c)) == said


@pytest.mark.parametrize("seed", SEEDS)
def test_units_of_the_parameters_change_no_word(seed):
    case, rng = Random(seed), np.random.default_rng(seed)
    said = sentence(case.run())
    for s in (2.0 ** rng.integers(-33, 34), 10 ** rng.uniform(-10, 10)):
        assert sentence(case.run(Scaled(case.problem, argument=s), length=s)) == said


def shifted(problem, by):
    minimum = problem.minimum + by
    return ss.Problem.of(lambda x: problem.fun(x) + by, problem.grad, x0=problem.x0, minimum=minimum)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_added_to_the_loss_changes_no_word(seed):
    case, rng = Random(seed), np.random.default_rng(seed)
    run = case.run()
    said, gap = diagnose(run), float(run.error[0])
    sign = rng.choice([-1, 1])
    assert sentence(case.run(shifted(case.problem, sign * gap * 10 ** rng.uniform(0, 3)))) == sentence(run)
    # A million times the gap hides the least climbs, so the share that went uphill may be lower.
    other = diagnose(case.run(shifted(case.problem, sign * gap * 1e6)))
    assert (other.verdict, other.settled) == (said.verdict, said.settled)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_known_minimum_changes_only_words_that_need_it(seed):
    case = Random(seed)
    problem = case.problem
    known = diagnose(case.run())
    unknown = diagnose(case.run(ss.Problem.of(problem.fun, problem.grad, x0=problem.x0)))
    if (known.settled is None) != (unknown.settled is None):
        return  # one measures the gap, the other the gradient
    if known.settled is not None:
        assert unknown.verdict.startswith("settled")
    elif known.verdict == "still crawling" and not isinstance(problem, ss.Quadratic | ss.Rosenbrock):
        assert unknown.verdict in ("still crawling", "falling without end")  # on a straight slope
    elif known.verdict == "stuck above the minimum":
        assert unknown.verdict in ("stuck above the minimum", "still crawling")
    else:
        assert unknown.verdict == known.verdict


LENGTHS = range(20, 401, 5)


def families(problem, optimizer, lengths=LENGTHS):
    """Return the verdict at each length, settled of any kind as one."""
    words = (diagnose(minimize(problem, optimizer, steps=steps)).verdict for steps in lengths)
    return [word.partition(",")[0] for word in words]


def stages(words):
    """Return the words without repetitions."""
    return [word for word, _ in groupby(words)]


def random_bowl(rng):
    """Return a quadratic with a condition number from 1 to 1000, and that number."""
    condition, dim = 10 ** rng.uniform(0, 3), int(rng.integers(1, 4))
    curvatures = np.geomspace(1, condition, dim) if dim > 1 else np.array([condition])
    return ss.Quadratic(curvatures.tolist(), start=rng.normal(size=dim).tolist()), condition


def random_rule(kind, L, rng):
    rate, momentum = 10 ** rng.uniform(-1.5, 0.25) / L, float(rng.uniform(0.3, 0.98))
    return {
        "SGD": SGD(rate),
        "Momentum": Momentum(rate, momentum),
        "Nesterov": Nesterov(rate, momentum),
        "Adam": Adam(10 ** rng.uniform(-2, 0)),
        "Adagrad": Adagrad(10 ** rng.uniform(-1.5, 0.5)),
    }[kind]


@pytest.mark.parametrize("kind", ["SGD", "Momentum", "Nesterov", "Adam", "Adagrad"])
@pytest.mark.parametrize("seed", range(6))
def test_verdicts_go_one_way_with_the_length(kind, seed):
    rng = np.random.default_rng(seed)
    bowl, L = random_bowl(rng)
    words = stages(families(bowl, random_rule(kind, L, rng)))
    assert len(words) == len(set(words)), words


@pytest.mark.parametrize("lr", [1.0, 3.0, 10.0, 20.0])
def test_a_settled_run_is_taken_back_only_where_it_left(lr):
    # The rate of Adadelta grows near a minimum until it is thrown out.
    bowl = ss.Quadratic([1.0, 10.0], start=[1.0, 1.0])
    words = families(bowl, Adadelta(lr))
    error = minimize(bowl, Adadelta(lr), steps=LENGTHS[-1]).error
    for (word, then), steps in zip(pairwise(words), LENGTHS, strict=False):
        if word == "settled" and then != "settled":
            assert (error[steps : steps + 6] > 1e-8 * error[0]).any()
    assert len([word for word in stages(words) if word == "settled"]) <= 1


ONCE_WRONG = {
    "the first swing of Adam is no bouncing": (ss.Quadratic([150.0], start=[1.0]), Adam(0.07)),
    "a slow axis under a quick one is no other minimum": (
        ss.Quadratic([1.0, 1000.0], start=[-0.07, -1.0]),
        Momentum(1.5e-4, 0.36),
    ),
    "steady growth is divergence at every length": (
        ss.Quadratic([7.0], start=[0.26]),
        Nesterov(0.1942, 0.907),
    ),
}


@pytest.mark.parametrize("case", ONCE_WRONG)
def test_what_once_went_back_and_forth_goes_one_way(case):
    words = stages(families(*ONCE_WRONG[case], range(20, 100, 5)))
    assert len(words) == len(set(words)), words
