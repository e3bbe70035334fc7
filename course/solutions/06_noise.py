# stepsize exercise: 06-noise


def batch_gradient(w, X, y, rows):
    """The gradient of the mean of (X w - y)^2 / 2 over some rows; X @ w multiplies, X.T transposes."""
    A, b = X[rows], y[rows]
    residual = A @ w - b
    return A.T @ residual / len(rows)


def gain(n, lr, d):
    """A rate for update n = 0, 1, 2, ... that begins at lr and falls like 1/n, d setting how soon."""
    return lr / (1 + d * n)
