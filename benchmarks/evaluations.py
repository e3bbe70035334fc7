"""Line searches in evaluations of value and gradient, beside SciPy's: ``python -m benchmarks.evaluations``.

Every method runs from the standard start until the Euclidean norm of the gradient, at an iterate, is at most
1e-5; the counts do not depend on the machine. A count that is above that of SciPy's method of the same kind
is marked "more"; "never" says that the method did not get there in 5,000 iterations. The table is written
into docs/linesearch.md.
"""

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import scipy.optimize

import stepsize as ss
from benchmarks import more_garbow_hillstrom

TOLERANCE, ITERATIONS = 1e-5, 5000
DOCUMENT = Path(__file__).parents[1] / "docs" / "linesearch.md"
BEGIN, END = "<!-- evaluations: written by python -m benchmarks.evaluations -->", "<!-- evaluations: end -->"
PROBLEMS = {
    "Rosenbrock, d = 2": ss.Rosenbrock(),
    "Rosenbrock, d = 100": ss.Rosenbrock(100),
    "Beale": ss.Beale(),
    "Brown badly scaled": ss.BrownBadlyScaled(),
    "helical valley": ss.HelicalValley(),
    "Powell singular": ss.PowellSingular(),
    "Wood": ss.Wood(),
    "breast cancer, logistic": ss.BreastCancer(),
    **more_garbow_hillstrom.PROBLEMS,
}
# Of each method the search as shipped, and one setting for all problems that is made for few evaluations.
METHODS: dict[str, dict[str, ss.Optimizer]] = {
    "CG": {
        "as shipped": ss.ConjugateGradient(lr=ss.MoreThuente()),
        "set": ss.ConjugateGradient(lr=ss.MoreThuente(), nu=math.inf, restart=10**9),
    },
    "BFGS": {
        "as shipped": ss.BFGS(lr=ss.MoreThuente()),
        "set": ss.BFGS(lr=ss.MoreThuente(first="decrease"), rescale=False),
    },
    "L-BFGS-B": {
        "as shipped": ss.LBFGS(lr=ss.MoreThuente()),
        "set": ss.LBFGS(lr=ss.MoreThuente(c1=0.1, c2=0.8), memory=20),
    },
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


def table() -> list[str]:
    """Return the lines of the table in Markdown."""
    heads = [head for method, rules in METHODS.items() for head in (f"SciPy {method}", *rules)]
    lines = ["| problem | " + " | ".join(heads) + " |", "| --- |" + " ---: |" * len(heads)]
    for name, problem in PROBLEMS.items():
        cells = []
        for method, rules in METHODS.items():
            theirs = scipys(problem, method)
            cells.append(str(theirs or "never"))
            cells += [_cell(ours(problem, rule), theirs) for rule in rules.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def _cell(count: int | None, theirs: int | None) -> str:
    """Return a count, marked where SciPy needs fewer."""
    more = theirs is not None and (count is None or count > theirs)
    return ("never" if count is None else str(count)) + (", more" if more else "")


def block() -> str:
    """Return what stands between the marks of the document."""
    settings = [f"- {method}: `{rules['set']!r}`" for method, rules in METHODS.items()]
    return "\n".join([BEGIN, "", *table(), "", *settings, "", f"SciPy {scipy.__version__}.", END])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    written = block()
    before, rest = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)
    DOCUMENT.write_text(before + written + rest.split(END)[1], encoding="utf-8")
    print(written)
