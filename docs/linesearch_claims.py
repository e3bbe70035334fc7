"""What the papers on mini-batch line searches claim, measured: `python docs/linesearch_claims.py`.

The numbers of docs/linesearch.md. Breast-cancer data, 398 training examples, weights started at random;
medians over seeds; the loss is that of the whole training set.
"""

import math
import warnings

import numpy as np

from optim import SGD, Momentum, minimize
from problems import BreastCancer, MiniBatch, Quadratic
from schedules import (
    GOLSB,
    GOLSI,
    PAL,
    ExactSearch,
    ForwardBackward,
    Line,
    ProbabilisticLineSearch,
    QuadraticApproximation,
)

WHOLE = BreastCancer(l2=1e-3, held_out=0.3, rng=3)
UNITS = (1e-4, 1e-2, 1.0, 1e2)


def start(seed):
    """Return random weights."""
    return np.random.default_rng(seed).normal(size=WHOLE.dim)


def spend(problem, optimizer, seed, evaluations):
    """Return the loss of the whole, trials an update and share accepted after so many evaluations."""
    run = minimize(problem, optimizer, start(seed), steps=evaluations)
    cost = run.history.n_trials + (problem.sampling == "static")
    n = int(np.searchsorted(1 + np.cumsum(cost), evaluations, side="right"))
    accepted = np.mean(run.history.status[:n] == "converged") if n else 0.0
    return problem.problem.fun(run.history.x[n]), run.history.n_trials[:n].mean(), accepted


def tuned_sgd(problem_of, steps, seeds):
    """Return the loss of SGD at the best of thirteen rates, and that rate."""
    rates = np.geomspace(1e-3, 1e1, 13)
    losses = [
        np.median(
            [WHOLE.fun(minimize(problem_of(s), SGD(lr=float(r)), start(s), steps).last_x) for s in seeds]
        )
        for r in rates
    ]
    best = int(np.argmin(losses))
    return losses[best], rates[best]


def probabilistic():
    """ProbLS over six decades of its first unit, and a tuned rate."""
    print("ProbLS, 1000 evaluations, first units 1e-4, 1e-2, 1, 100: loss, trials an update, accepted")
    for l2, size in ((1e-3, 100), (1e-3, 50), (1e-3, 10), (0.0, 100), (0.0, 10)):
        whole = WHOLE.replace(l2=l2)
        rows = [
            np.median(
                [
                    spend(
                        MiniBatch(whole, size, sampling="dynamic", rng=s),
                        SGD(lr=ProbabilisticLineSearch(alpha0=unit)),
                        s,
                        1000,
                    )
                    for s in range(3)
                ],
                axis=0,
            )
            for unit in UNITS
        ]
        losses, looks, accepted = np.transpose(rows)
        print(f"  l2={l2:g} B={size:3d}: {losses.round(4)} {looks.round(2)} {accepted.round(2)}")
    best, rate = tuned_sgd(lambda s: MiniBatch(WHOLE, 100, rng=s), 1000, range(3))
    print(f"  SGD, l2=0.001 B=100, best of 13 rates: {best:.4f} at {rate:.2g}")


def gradient_only():
    """GOLS-I against Armijo by loss, bisection on slopes against golden section by spread."""
    print("GOLS-I and forward-backward Armijo, B=50, 1000 evaluations: loss, looks")
    for sampling in ("dynamic", "static"):
        for search in (GOLSI(), ForwardBackward()):
            rows = [
                spend(MiniBatch(WHOLE, 50, sampling=sampling, rng=s), SGD(lr=search), s, 1000)
                for s in range(5)
            ]
            loss, looks, _ = np.median(rows, axis=0)
            print(f"  {sampling:8s} {type(search).__name__:16s} {loss:.4f} {looks:.2f}")
    print("Spread (interquartile range, in exact steps) of bisection on slopes and golden section on values")
    for size in (10, 100):
        rows = []
        for seed in range(6):
            x = start(seed)
            d = WHOLE.grad(x)
            exact = ExactSearch(first=1.0)(Line(WHOLE, x, d), None).alpha
            bisection = GOLSB(max_length=2 * exact * float(np.linalg.norm(d)))
            batches = MiniBatch(WHOLE, size, sampling="dynamic", replacement=True, rng=seed)
            lines = [Line(batches, x, d, AtStart(x), n) for n in range(120)]
            slopes = [bisection(line, None).alpha / exact for line in lines[:60]]
            values = [golden_section(line, 2 * exact) / exact for line in lines[60:]]
            rows.append([np.subtract(*np.percentile(found, [75, 25])) for found in (slopes, values)])
        spread = np.median(rows, axis=0)
        print(f"  B={size:3d}: GOLS-B {spread[0]:.2f}, golden section {spread[1]:.2f}")


class AtStart:
    """Value and gradient of the whole loss at the start of a line."""

    var_f = var_g = None

    def __init__(self, x):
        self.f, self.g = WHOLE.value_and_grad(x)


def golden_section(line, top):
    """Return where golden section on values ends in [0, top]."""
    ratio = (math.sqrt(5) - 1) / 2
    low, high = 0.0, top
    a, b = high - ratio * (high - low), low + ratio * (high - low)
    f_a, f_b = line.value(a), line.value(b)
    while high - low > 1e-6 * top:
        if f_a < f_b:
            high, b, f_b = b, a, f_a
            a = high - ratio * (high - low)
            f_a = line.value(a)
        else:
            low, a, f_a = a, b, f_b
            b = low + ratio * (high - low)
            f_b = line.value(b)
    return (low + high) / 2


def parabolic():
    """PAL on static mini-batches against a tuned rate, and its adaptation on a quadratic."""
    print("PAL, static, B=128, 300 updates: loss")
    for mu in (0.001, 0.01, 0.1, 1.0):
        plain, usual = (
            np.median(
                [
                    WHOLE.fun(minimize(MiniBatch(WHOLE, 128, rng=s), optimizer, start(s), 300).last_x)
                    for s in range(5)
                ]
            )
            for optimizer in (SGD(lr=PAL(mu=mu, alpha=1.0)), Momentum(lr=PAL(mu=mu), momentum=0.4))
        )
        print(f"  mu={mu:5g}: alpha=1, beta=0 {plain:.4f}; alpha=1/0.6, beta=0.4 {usual:.4f}")
    best, rate = tuned_sgd(lambda s: MiniBatch(WHOLE, 128, rng=s), 600, range(3))
    print(f"  SGD with as many evaluations, best of 13 rates: {best:.4f} at {rate:.2g}")
    bowl = Quadratic(np.geomspace(1, 100, 20), start=np.random.default_rng(0).normal(size=20))
    for alpha, beta in ((1.0, 0.0), (1.2, 0.0), (1 / 0.6, 0.0), (1.0, 0.2), (1.0, 0.4)):
        search = PAL(alpha=alpha, s_max=math.inf)
        run = minimize(bowl, Momentum(lr=search, momentum=beta), steps=3000)
        print(f"  quadratic, kappa=100, alpha={alpha:.3g} beta={beta}: {run.settled(1e-10)} updates to 1e-10")


def two_points():
    """Chae and Wilke's models on a loss that is no parabola."""
    print("Two-point approximations at alpha_1 = 2 alpha*, B=50: median and interquartile range of the step")
    x = start(0)
    d = WHOLE.grad(x)
    exact = ExactSearch(first=1.0)(Line(WHOLE, x, d), None).alpha
    batches = MiniBatch(WHOLE, 50, sampling="dynamic", replacement=True, rng=0)
    for model in ("s0s1", "f0s0f1", "f0f1s1", "all"):
        search = QuadraticApproximation(model, alpha0=2 * exact, growth=1e6, max_length=1e6)
        found = [search(Line(batches, x, d, n=n), None) for n in range(1000)]
        steps = np.array([f.alpha for f in found if f.status != "degenerate"]) / exact
        low, middle, high = np.percentile(steps, [25, 50, 75])
        print(f"  {model:6s}: {middle:.2f}, {high - low:.2f}; without curvature {1 - len(steps) / 1000:.1%}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    probabilistic()
    gradient_only()
    parabolic()
    two_points()
