# stepsize exercise: 09-line-search


def armijo(phi, slope):
    """Backtracking: from 1 on, halve alpha until phi(alpha) <= phi(0) + 1e-4 alpha slope (slope < 0)."""
    alpha = 1.0
    while phi(alpha) > phi(0.0) + 1e-4 * alpha * slope:
        alpha = alpha / 2
    return alpha


def strong_wolfe(phi0, slope0, alpha, phi, slope):
    """Whether a step alpha, with this value and slope at its end, meets both conditions; c1 1e-4, c2 0.9."""
    enough = phi <= phi0 + 1e-4 * alpha * slope0
    flat = abs(slope) <= -0.9 * slope0
    return enough and flat
