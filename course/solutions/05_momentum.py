# stepsize exercise: 05-momentum


def momentum(x, g, state, lr):
    """The ball: v = 0.9 v + g, then x - lr v. The state is v, and None before the first update."""
    v = 0.0 if state is None else state
    v = 0.9 * v + g
    x_next = x - lr * v
    return x_next, v


def nesterov(x, g, state, lr):
    """The same ball; x goes along g + 0.9 v, with the new v: it looks one step ahead."""
    v = 0.0 if state is None else state
    v = 0.9 * v + g
    x_next = x - lr * (g + 0.9 * v)
    return x_next, v
