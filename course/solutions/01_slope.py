# stepsize exercise: 01-slope


def slope(x):
    """The slope of f(x) = x^4/4 - 2 x^2 + x at x."""
    return x**3 - 4 * x + 1


def step(x, g, state, lr):
    """One update of gradient descent from x, where the slope is g; there is nothing to remember."""
    x_next = x - lr * g
    return x_next, state
