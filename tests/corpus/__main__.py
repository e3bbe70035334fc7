"""Print the facts of runs of the corpus, as a person needs them to judge: ``python -m tests.corpus [NAME]``.

No verdict and no threshold: what is printed are numbers of the runs themselves.
"""

import sys

import numpy as np

from tests.corpus.runs import RUNS, make


def facts(name):
    """Return a few lines about one run."""
    run = make(name)
    problem, optimizer, steps = RUNS[name][:3]
    h, loss, error = run.history, np.asarray(run.loss), np.asarray(run.error)
    start = abs(error[0]) or 1.0
    share = error / start
    uphill = np.diff(loss) > 0
    tenths = np.linspace(0, len(error) - 1, 11).astype(int)
    gained = (loss[-1 - len(h.lr) // 4] - loss[-1]) / ((loss[0] - loss.min()) or 1.0)
    low = "None" if problem.minimum is None else f"{problem.minimum:.6g}"
    lines = [
        f"## {name}: {problem.formula[:50]} | {optimizer!r:.100} | {run.nit} of {steps}",
        f"  {run.measure} {error[0]:.3g} -> {error[-1]:.3g}; loss {loss[0]:.6g} -> {loss[-1]:.6g}; "
        f"minimum {low}{'; DIVERGED' if run.diverged else ''}; x {np.array2string(run.x[:3], precision=3)}",
        f"  tenths {few(share[tenths])}; last four {few(share[-4:])}",
        f"  quarters: max {few(part.max() for part in quarters(share[1:]))} | "
        f"min {few(part.min() for part in quarters(share[1:]))}",
    ]
    if run.measure != "gap":
        ends = (f"{part.max():.8g}/{part.min():.8g}" for part in quarters(loss[1:]))
        lines.append(f"  loss max/min a quarter {' '.join(ends)}")
    late = slice(len(h.lr) // 2, None)
    lines.append(
        f"  overshoot/uphill all {h.overshoot.mean():.2f}/{uphill.mean():.2f} late "
        f"{h.overshoot[late].mean():.2f}/{uphill[late].mean():.2f} turns up {turns(loss)}; "
        f"gained in the last quarter {gained:.2g} of all; "
        f"g last/first {h.grad_norm[-1] / (h.grad_norm[0] or 1):.2g}"
    )
    rate = h.lr.reshape(len(h.lr), -1)[:, 0]
    rates = (
        ""
        if rate.min() == rate.max()
        else f"; rate {few(rate[[0, -1]])} quarters {few(map(np.median, quarters(rate)))}"
    )
    lines.append(
        f"  steps a quarter {few(map(np.median, quarters(h.step_norm)))}, last {h.step_norm[-1]:.2g}{rates}"
    )
    at = first_stay(share, 1e-8)
    until = "" if not at else f": overshoot {h.overshoot[:at].mean():.2f} uphill {uphill[:at].mean():.2f}"
    stays = f"  below 1e-2 from {first_stay(share, 1e-2)}, 1e-6 {first_stay(share, 1e-6)}, 1e-8 {at}{until}"
    return "\n".join([*lines, stays + ("" if h.status is None else statuses(h.status))])


def few(values):
    return " ".join(f"{float(v):.3g}" for v in values)


def quarters(values):
    return [part for part in np.array_split(np.asarray(values), 4) if len(part)]


def turns(loss):
    """Return how often the loss turned from falling to rising, a quarter of the run."""
    change = np.sign(np.diff(loss))
    up = (change[1:] > 0) & (change[:-1] <= 0)
    return " ".join(str(int(part.sum())) for part in quarters(up))


def first_stay(share, tol):
    above = np.flatnonzero(~(share <= tol))
    first = int(above[-1]) + 1 if len(above) else 0
    return first if first < len(share) else None


def statuses(status):
    words, counts = np.unique(status.astype(str), return_counts=True)
    late = sorted(set(status[-5:].astype(str).tolist()))
    return f" | searches {dict(zip(words.tolist(), counts.tolist(), strict=True))}, last {late}"


if __name__ == "__main__":
    for name in RUNS:
        if not sys.argv[1:] or any(name.startswith(wanted) for wanted in sys.argv[1:]):
            print(facts(name))
