"""`find_lr` where the best rate is known: gradient descent on quadratics, in closed form.

    python benchmarks/known_rates.py

Along an eigenvector with eigenvalue lambda n updates multiply the error by (1 - lr lambda)^n, so that the gap
of every rate at every budget is a sum of three terms or two. A dense grid of them, which shares no code with
the finder, gives the best rate for the budget. Where that lies within 2 % of 2/(L + mu) the slowest mode
decides, and the rate found must lie within 5 % of 2/(L + mu); elsewhere its progress, the logarithm of the
start's gap over the last, must be at least 90 % of the best. Gaps below the floor of rounding are equal:
there the updates until the floor count.

Prints a line for each problem, and how many of all cases fail.
"""

import sys
import time
from pathlib import Path

import numpy as np

import stepsize as ss

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.stepsize.experiments.lr_finder.known_rates import BUDGETS, best_of_grid, problems, speeds


def main() -> int:
    count = failed = slow = 0
    began = time.perf_counter()
    print(f"{'':44}" + "".join(f"{f'{n}':>9}" for n in BUDGETS) + "   (best found / best of the closed form)")
    for name, problem, floor in problems():
        cells = []
        for steps in BUDGETS:
            rate, speed, known = best_of_grid(problem, steps, floor)
            found = ss.find_lr(problem, ss.SGD, steps).best
            share = speeds(problem, np.array([found]), steps, floor)[0] / speed
            decides = abs(rate / known - 1) < 0.02
            good = abs(found / known - 1) <= 0.05 if decides else share >= 0.9
            slow += share < 0.9
            count, failed = count + 1, failed + (not good)
            cells.append(f"{found / rate:8.4f}" + ("!" if not good else "*" if decides else " "))
        print(f"{name:44}" + "".join(cells), flush=True)
    print(
        f"{count} cases, {failed} fail (!); * the slowest mode decides; {time.perf_counter() - began:.0f} s"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
