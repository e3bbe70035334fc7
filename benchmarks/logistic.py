"""Logistic regression: gradient and value on all the data, and an epoch of mini-batches as a user runs it.

An epoch is `minimize` with all that it records. Every peer gathers the rows of each batch within the clock,
and keeps the loss of each: the work is the same, save for scikit-learn's, which is the epoch that it has.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import Row, interleave, rows
from benchmarks.peers import collect, load
from optim import SGD, minimize
from problems import LogisticRegression, MiniBatch, two_gaussians

LR = 0.1


def torch_gradient(X: Any, y: Any, w: Any) -> Callable[[], Any]:
    """Return PyTorch's gradient in closed form."""
    torch = load("torch")
    X, y, w = (torch.from_numpy(a) for a in (X, y, w))
    return lambda: X.T @ (torch.sigmoid(X @ w) - y) / len(y)


def torch_autograd(X: Any, y: Any, w: Any) -> Callable[[], Any]:
    """Return PyTorch's value and gradient, by autograd of its own loss."""
    torch = load("torch")
    X, y, w = (torch.from_numpy(a) for a in (X, y, w))
    w.requires_grad_()
    loss = torch.nn.BCEWithLogitsLoss()

    def run() -> Any:
        value = loss(X @ w, y)
        return value.item(), torch.autograd.grad(value, w)

    return run


def our_epoch(problem: Any, size: int, shuffle: str) -> Callable[[], Any]:
    """Return an epoch as a user runs it, with its record."""
    batches = MiniBatch(problem, size=size, shuffle=shuffle)
    batches.at(0)
    return lambda: minimize(batches, SGD(lr=LR), steps=batches.updates_per_epoch)


def numpy_epoch(X: Any, y: Any, size: int) -> Callable[[], Any]:
    """Return the loop that somebody writes by hand, which keeps point and loss of every update."""
    signs = np.where(y > 0, 1.0, -1.0)

    def run() -> Any:
        w, points, losses = np.zeros(X.shape[1]), [], []
        order = np.random.default_rng(0).permutation(len(y))
        for low in range(0, len(y), size):
            rows = order[low : low + size]
            A, s = X[rows], signs[rows]
            e = np.exp(-s * (A @ w))
            losses.append(np.log1p(e).mean())
            w = w + LR * ((s * (e / (1 + e))) @ A / len(s))
            points.append(w)
        return np.array(points), np.array(losses)

    return run


def torch_epoch(X: Any, y: Any, size: int, autograd: bool) -> Callable[[], Any]:
    """Return PyTorch's epoch on random rows: the gradient in closed form, or autograd and its optimizer."""
    torch = load("torch")
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    loss = torch.nn.BCEWithLogitsLoss()

    def closed() -> Any:
        w, losses = torch.zeros(X.shape[1], dtype=torch.float64), []
        order = torch.randperm(len(y))
        for low in range(0, len(y), size):
            rows = order[low : low + size]
            A, targets = X[rows], y[rows]
            z = A @ w
            losses.append(loss(z, targets))
            w = w - LR * (A.T @ (torch.sigmoid(z) - targets) / len(targets))
        return w, torch.stack(losses)

    def by_autograd() -> Any:
        w, losses = torch.zeros(X.shape[1], dtype=torch.float64, requires_grad=True), []
        optimizer = torch.optim.SGD([w], lr=LR)
        order = torch.randperm(len(y))
        for low in range(0, len(y), size):
            rows = order[low : low + size]
            optimizer.zero_grad()
            value = loss(X[rows] @ w, y[rows])
            value.backward()
            optimizer.step()
            losses.append(value.detach())
        return w, torch.stack(losses)

    return by_autograd if autograd else closed


def sklearn_epoch(X: Any, y: Any) -> Callable[[], Any]:
    """Return scikit-learn's epoch, which updates after every single example and records nothing."""
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
        pairs: dict[str, tuple[Callable[[], Any], str, Any, float]] = {
            "gradient": (lambda p=problem, w=w: p.grad(w), "PyTorch, closed form", torch_gradient, 1.25),
            "value and gradient": (
                lambda p=problem, w=w: p.value_and_grad(w),
                "PyTorch, autograd",
                torch_autograd,
                1.0,
            ),
        }
        for what, (ours, name, peer, aim) in pairs.items():
            candidates, missing = collect(
                {"stepsize": lambda f=ours: f, name: lambda f=peer, a=(X, y, w): f(*a)}
            )
            timings = interleave(candidates, 1.0, rounds)
            timings.missing = missing
            judged = what != "gradient" or n * d >= 10**7
            found += rows(f"{what}, {n} x {d}", timings, 1e3, "ms", {name: aim} if judged else {})
    for n, d, size in ((10**4, 30, 32), (10**5, 30, 256), (60_000, 784, 64)):
        X, y = two_gaussians(n, d, rng=0)
        problem = LogisticRegression(X, y, l2=0.0, intercept=False)
        candidates, missing = collect(
            {
                "stepsize": lambda p=problem, s=size: our_epoch(p, s, "epoch"),
                'ours, shuffle="slices"': lambda p=problem, s=size: our_epoch(p, s, "slices"),
                "NumPy by hand": lambda a=(X, y, size): numpy_epoch(*a),
                "PyTorch, closed form": lambda a=(X, y, size): torch_epoch(*a, autograd=False),
                "PyTorch, autograd and SGD": lambda a=(X, y, size): torch_epoch(*a, autograd=True),
                "scikit-learn, one example at a time": lambda a=(X, y): sklearn_epoch(*a),
            }
        )
        timings = interleave(candidates, 1.0, min(rounds, 5))
        timings.missing = missing
        aims = {"NumPy by hand": 0.77, "PyTorch, closed form": 1.0, "PyTorch, autograd and SGD": 3.0}
        found += rows(f"epoch of minimize, {n} x {d}, batches of {size}", timings, 1e3, "ms", aims)
    return found
