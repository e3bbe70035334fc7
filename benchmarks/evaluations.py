"""Line searches in evaluations of value and gradient, beside SciPy's: ``python -m benchmarks.evaluations``.

Every method runs from the standard start until the Euclidean norm of the gradient, at an iterate, is at most
1e-5; the counts do not depend on the machine. A count that is above that of SciPy's method of the same kind
is marked "more"; "never" says that the method did not get there in 5,000 iterations.
"""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize

import stepsize as ss

TOLERANCE, ITERATIONS = 1e-5, 5000
PROBLEMS = {
    "Rosenbrock, d = 2": ss.Rosenbrock(),
    "Rosenbrock, d = 100": ss.Rosenbrock(100),
    "Beale": ss.Beale(),
    "Brown badly scaled": ss.BrownBadlyScaled(),
    "helical valley": ss.HelicalValley(),
    "Powell singular": ss.PowellSingular(),
    "Wood": ss.Wood(),
    "breast cancer, logistic": ss.BreastCancer(),
}
# What a search needs behind conjugate gradients: fairly exact, and a first trial from the last slope.
EXACT = ss.StrongWolfe(c2=0.1, first="slope")
METHODS: dict[str, list[tuple[str, ss.Optimizer]]] = {
    "CG": [
        ("CG", ss.ConjugateGradient(lr=EXACT)),
        ("CG, no restarts", ss.ConjugateGradient(lr=EXACT, nu=math.inf, restart=10**9)),
    ],
    "BFGS": [("BFGS", ss.BFGS(lr=ss.StrongWolfe()))],
    "L-BFGS-B": [
        ("L-BFGS", ss.LBFGS(lr=ss.StrongWolfe())),
        ("L-BFGS, Armijo", ss.LBFGS(lr=ss.Armijo())),
    ],
}


def ours(problem: Any, rule: Any) -> int | None:
    """Return the evaluations of one of our methods, None if it did not arrive."""

    def arrived(info: Any) -> None:
        if np.linalg.norm(info.grad) <= TOLERANCE:
            raise StopIteration

    run = ss.minimize(problem, rule, steps=ITERATIONS, callback=arrived)
    return run.nfev if np.linalg.norm(run.jac) <= TOLERANCE else None


def scipys(problem: Any, method: str) -> int | None:
    """Return the evaluations of one of SciPy's methods, None if it did not arrive."""
    count = 0

    def both(x: Any) -> tuple[float, Any]:
        nonlocal count
        count += 1
        return float(problem.fun(x)), problem.grad(x)

    def arrived(x: Any) -> None:
        if np.linalg.norm(problem.grad(x)) <= TOLERANCE:
            raise StopIteration

    tight = {"ftol": 0.0, "gtol": 0.0, "maxfun": 10**6} if method == "L-BFGS-B" else {"gtol": 0.0}
    options = {"maxiter": ITERATIONS, **tight}
    start = np.array(problem.x0, float)
    found = scipy.optimize.minimize(both, start, jac=True, method=method, callback=arrived, options=options)
    return count if np.linalg.norm(problem.grad(found.x)) <= TOLERANCE else None


def table(say: Callable[[str], None] = print) -> None:
    """Print the table in Markdown."""
    heads = [
        name for method, rules in METHODS.items() for name in (f"SciPy {method}", *(n for n, _ in rules))
    ]
    say("| problem | " + " | ".join(heads) + " |")
    say("| --- |" + " ---: |" * len(heads))
    for name, problem in PROBLEMS.items():
        cells = []
        for method, rules in METHODS.items():
            theirs = scipys(problem, method)
            cells.append(str(theirs or "never"))
            for _, rule in rules:
                count = ours(problem, rule)
                more = count is not None and theirs is not None and count > theirs
                cells.append(("never" if count is None else f"{count:d}") + (", more" if more else ""))
        say(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(f"Evaluations until |g| <= {TOLERANCE:g}; SciPy {scipy.__version__}.\n")
    table()
