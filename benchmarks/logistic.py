"""Logistic regression: the full gradient, and an epoch of mini-batches taken as contiguous slices."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import Row, interleave, rows
from benchmarks.peers import collect, load
from problems import LogisticRegression, MiniBatch, two_gaussians

LR = 0.1


def torch_gradient(X: Any, y: Any, w: Any) -> Callable[[], Any]:
    """Return PyTorch's gradient in closed form."""
    torch = load("torch")
    X, y, w = (torch.from_numpy(a) for a in (X, y, w))
    return lambda: X.T @ (torch.sigmoid(X @ w) - y) / len(y)


def torch_autograd(X: Any, y: Any, w: Any) -> Callable[[], Any]:
    """Return PyTorch's gradient by autograd of its own loss."""
    torch = load("torch")
    X, y, w = (torch.from_numpy(a) for a in (X, y, w))
    w.requires_grad_()
    loss = torch.nn.BCEWithLogitsLoss()
    return lambda: torch.autograd.grad(loss(X @ w, y), w)


def our_epoch(problem: Any, size: int) -> Callable[[], Any]:
    """Return an epoch of plain SGD on slices of the shuffled data."""
    batches = MiniBatch(problem, size=size, shuffle="slices")
    batches.at(0)

    def run() -> Any:
        w = np.zeros(problem.dim)
        for n in range(batches.updates_per_epoch):
            w = w - LR * batches.at(n).grad(w)
        return w

    return run


def torch_epoch(X: Any, y: Any, size: int, autograd: bool) -> Callable[[], Any]:
    """Return PyTorch's epoch on random rows: the gradient in closed form, or autograd and its optimizer."""
    torch = load("torch")
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    loss = torch.nn.BCEWithLogitsLoss()

    def closed() -> Any:
        w = torch.zeros(X.shape[1], dtype=torch.float64)
        order = torch.randperm(len(y))
        for low in range(0, len(y) - size + 1, size):
            rows = order[low : low + size]
            A = X[rows]
            w -= LR * (A.T @ (torch.sigmoid(A @ w) - y[rows]) / size)
        return w

    def by_autograd() -> Any:
        w = torch.zeros(X.shape[1], dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=LR)
        order = torch.randperm(len(y))
        for low in range(0, len(y) - size + 1, size):
            rows = order[low : low + size]
            optimizer.zero_grad()
            loss(X[rows] @ w, y[rows]).backward()
            optimizer.step()
        return w

    return by_autograd if autograd else closed


def sklearn_epoch(X: Any, y: Any) -> Callable[[], Any]:
    """Return scikit-learn's epoch, which updates after every single example."""
    load("sklearn")
    from sklearn.linear_model import SGDClassifier

    def run() -> Any:
        return SGDClassifier(loss="log_loss", max_iter=1, tol=None, fit_intercept=False).fit(X, y)

    return run


def measure(rounds: int, threads: int) -> list[Row]:
    """Return the rows of this regime."""
    found = []
    del threads
    for n, d in ((10**6, 30), (60_000, 784), (10**4, 30)):
        X, y = two_gaussians(n, d, rng=0)
        w = np.random.default_rng(1).normal(size=d) / np.sqrt(d)
        problem = LogisticRegression(X, y, l2=0.0, intercept=False)
        candidates, missing = collect(
            {
                "stepsize": lambda p=problem, w=w: lambda: p.grad(w),
                "PyTorch, closed form": lambda a=(X, y, w): torch_gradient(*a),
                "PyTorch, autograd": lambda a=(X, y, w): torch_autograd(*a),
            }
        )
        timings = interleave(candidates, 1.0, rounds)
        timings.missing = missing
        aims = {"PyTorch, closed form": 1.25} if n * d >= 10**7 else {}
        found += rows(f"gradient, {n} x {d}", timings, 1e3, "ms", aims)
    for n, d, size in ((10**4, 30, 32), (10**5, 30, 256), (60_000, 784, 64)):
        X, y = two_gaussians(n, d, rng=0)
        problem = LogisticRegression(X, y, l2=0.0, intercept=False)
        candidates, missing = collect(
            {
                "stepsize": lambda p=problem, s=size: our_epoch(p, s),
                "PyTorch, X[idx], closed form": lambda a=(X, y, size): torch_epoch(*a, autograd=False),
                "PyTorch, X[idx], autograd and SGD": lambda a=(X, y, size): torch_epoch(*a, autograd=True),
                "scikit-learn, one example at a time": lambda a=(X, y): sklearn_epoch(*a),
            }
        )
        timings = interleave(candidates, 1.0, min(rounds, 5))
        timings.missing = missing
        aims = {"PyTorch, X[idx], closed form": 2.0, "PyTorch, X[idx], autograd and SGD": 3.0}
        found += rows(f"epoch, {n} x {d}, batches of {size}", timings, 1e3, "ms", aims)
    return found
