"""Gradient descent on quadratics in closed form: an oracle for `find_lr` that shares no code with it."""

import numpy as np

import stepsize as ss

BUDGETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
ULPS = 16 * np.finfo(float).eps


def bowl(condition, size=1.0, dim=3):
    """Equal error along every eigenvector."""
    return ss.Quadratic(size * np.geomspace(1 / condition, 1, dim), start=np.ones(dim).tolist())


def line(noise, scale, n=500):
    rng = np.random.default_rng(0)
    x = rng.random(n) * scale
    y = 5 * x + 3 + rng.normal(size=n) * noise
    return ss.LeastSquares(x[:, None], y, half=False, standardize=True)


def problems():
    """Yield a name, the problem and the floor below which its values are rounding."""
    for size in (1.0, 1e-10, 1e10, 7.0):
        for condition in (1, 2, 5, 10, 30, 100, 1e3, 1e4):
            yield f"bowl, condition {condition:g}, times {size:g}", bowl(condition, size), 0.0
    for k in range(4):
        spectrum = np.sort(np.random.default_rng(k).lognormal(0, 2, 8))
        yield f"8 random eigenvalues, condition {spectrum[-1] / spectrum[0]:.0f}", ss.Quadratic(spectrum), 0.0
    for noise in (0.01, 0.1, 1.0, 10.0):
        for scale in (1.0, 10.0, 100.0, 1000.0):
            fit = line(noise, scale)
            yield f"line, noise {noise:g}, scale {scale:g}", fit, ULPS * float(np.mean(np.square(fit.y)))


def modes(problem):
    """Return the eigenvalues of the Hessian and the energy of the start along each."""
    x = np.array(problem.x0, float)
    eigenvalues, vectors = np.linalg.eigh(problem.hess(x))
    along = vectors.T @ (x - np.array(problem.minimizers[0]))
    return eigenvalues, 0.5 * eigenvalues * along**2


def speeds(problem, rates, steps, floor):
    """Return by how much the logarithm of the gap falls an update, until the end or the floor."""
    eigenvalues, energy = modes(problem)
    with np.errstate(divide="ignore"):
        factors = np.log(np.abs(1 - rates[:, None] * eigenvalues))
        logs = np.log(energy)
    n = np.arange(steps + 1)
    gaps = np.logaddexp.reduce(logs + 2 * n[:, None, None] * np.maximum(factors, -1e4), axis=-1)
    start, end = gaps[0], gaps[-1]
    lowest = np.log(floor) if floor else -np.inf
    first = (gaps <= lowest).argmax(axis=0)
    arrived = gaps[-1] <= lowest
    fraction = (
        first
        - 1
        + (lowest - gaps[first - 1, range(len(rates))])
        / (
            np.maximum(gaps[first, range(len(rates))], lowest + np.log(1e-3))
            - gaps[first - 1, range(len(rates))]
        )
        if arrived.any()
        else np.ones(len(rates))
    )
    return np.where(arrived, (start - lowest) / np.maximum(fraction, 1e-9), (start - end) / steps)


def best_of_grid(problem, steps, floor):
    eigenvalues, _ = modes(problem)
    L, mu = eigenvalues[-1], eigenvalues[0]
    rates = np.geomspace(0.2, 2000.0, 1500) / L
    for _ in range(3):
        best = int(speeds(problem, rates, steps, floor).argmax())
        rates = np.geomspace(rates[max(best - 1, 0)], rates[min(best + 1, len(rates) - 1)], 101)
    fast = speeds(problem, rates, steps, floor)
    return rates[fast.argmax()], fast.max(), 2 / (L + mu)
