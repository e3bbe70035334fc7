# stepsize exercise: 02-rates


def largest_rate(curvatures):
    """The rate from which on gradient descent no longer converges, of a bowl with these curvatures."""
    return 2 / max(curvatures)


def best_rate(curvatures):
    """The rate at which the slowest direction shrinks as fast as possible."""
    return 2 / (max(curvatures) + min(curvatures))


def after(x0, lr, curvature, n):
    """Where n updates from x0 end on f(x) = curvature x^2 / 2, in one expression."""
    return x0 * (1 - lr * curvature) ** n
