"""Géron, "Hands-On Machine Learning" (3rd edition), chapter 4: gradient descent on a line, and on irises."""

from typing import Any

import numpy as np

import stepsize as ss
from problems import Problem
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of("Géron, Hands-On Machine Learning, 3rd edition")

EIGHT = 5.1e-9


def _line() -> tuple[Any, Any]:
    """Return the hundred points of the chapter, and its start: NumPy's legacy stream of seed 42."""
    random = np.random.RandomState(42)
    X = 2 * random.rand(100, 1)
    y = 4 + 3 * X + random.randn(100, 1)
    return ss.LeastSquares(X, y[:, 0], half=False), np.random.RandomState(42).randn(2, 1)[::-1, 0]


def _order(run: ss.Run) -> Any:
    """Return the end of a run as the book has it: intercept first."""
    return run.x[::-1]


@figure(
    "geron-4-three-rates",
    "chapter 4, figure 4-8",
    "three rates on one regression: the lines fan in slowly, quickly, or away",
)
def three_rates(numbers: Numbers) -> Drawing:
    """Linear regression, batch gradient descent, rates .02, .1, .5."""
    problem, start = _line()
    best = np.array(problem.minimizers[0])[::-1]
    numbers.printed("normal equation: intercept, slope", best, [4.21509616, 2.77011339], EIGHT)
    long = ss.minimize(problem, ss.SGD(lr=0.1), x0=start, steps=1000)
    numbers.printed("1000 epochs at rate 0.1", _order(long), [4.21509616, 2.77011339], EIGHT)
    runs = {lr: ss.minimize(problem, ss.SGD(lr=lr), x0=start, steps=20) for lr in (0.02, 0.1, 0.5)}
    ends = ((3.103227, 2.647855), (3.890979, 3.056145), (-6.630538, -9.481767))
    for (lr, run), end in zip(runs.items(), ends, strict=True):
        numbers.computed(f"after 20 epochs at rate {lr}", _order(run), end)
    low, high = np.linalg.eigvalsh(problem.hess(start))
    numbers.computed("eigenvalues of the Hessian", [low, high], [0.339424, 4.130055])
    numbers.computed("largest stable rate 2/lambda", 2 / high, 0.484255)
    numbers.computed("condition number", high / low, 12.1678, 1e-4)

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 3, height=2.3, sharey=True)
        X, y = problem.X[:, 0], problem.y
        ends = np.array([0.0, 2.0])
        titles = ("lr = 0.02: slow", "lr = 0.1: right", "lr = 0.5: away")
        colors = ("#0072B2", "#009E73", "#D55E00")
        for ax, run, title, color in zip(axes, runs.values(), titles, colors, strict=True):
            ax.plot(X, y, "o", color="#c3ccd4", markersize=2.4, markeredgewidth=0)
            for k, (slope, intercept) in enumerate(run.history.x):
                props = {"color": "#333333", "linestyle": "--"} if k == 0 else {"color": color}
                ax.plot(ends, intercept + slope * ends, linewidth=1.0, alpha=0.35 + 0.03 * k, **props)
            ax.set(xlim=(0, 2), ylim=(0, 15), xlabel="$x_1$", title=title)
        axes[0].set_ylabel("$y$")

    return Drawing(draw)


@figure(
    "geron-4-paths",
    "chapter 4, figures 4-10 and 4-11",
    "the same goal by all examples, by one and by twenty at a time: smooth, jittery, in between",
    "the second edition's schedule counts from 1 and the third's from 0, which changes the mini-batch result",
)
def paths(numbers: Numbers) -> Drawing:
    """Batch, stochastic and mini-batch gradient descent in the plane of the parameters."""
    problem, start = _line()
    batch = ss.minimize(problem, ss.SGD(lr=0.1), x0=start, steps=100)

    random = np.random.RandomState(42)
    x0 = random.randn(2, 1)[::-1, 0]
    picks = [random.randint(100) for _ in range(5000)]
    single = ss.minimize(
        _Replayed(problem, [[i] for i in picks]), ss.SGD(lr=ss.FromFunction(_sgd_rate)), x0=x0, steps=5000
    )
    numbers.printed("stochastic, 50 epochs", _order(single), [4.21076011, 2.74856079], EIGHT)

    chunks: list[Any] = []
    random = np.random.RandomState(42)
    x0 = random.randn(2, 1)[::-1, 0]
    for _ in range(50):
        order = random.permutation(100)
        chunks += [order[i : i + 20] for i in range(0, 100, 20)]
    replayed = _Replayed(problem, chunks)
    mini = ss.minimize(replayed, ss.SGD(lr=ss.FromFunction(_third)), x0=x0, steps=250)
    numbers.computed("mini-batch, 50 epochs", _order(mini), [4.25224124, 2.78970189], EIGHT)
    second = ss.minimize(replayed, ss.SGD(lr=ss.FromFunction(_second)), x0=x0, steps=250)
    numbers.recalled(
        "mini-batch, schedule of the second edition", _order(second), [4.25214635, 2.78964080], EIGHT
    )

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.9)
        styles = ((single, "#CC79A7", 0.6, 400), (mini, "#009E73", 0.9, 250), (batch, "#0072B2", 1.4, 100))
        windows = ([(-0.5, 4.2), (0.0, 5.0)], [(2.45, 3.1), (3.75, 4.65)])
        for ax, window in zip(axes, windows, strict=True):
            kit.contours(problem, ax, window=window)
            for (run, color, width, shown), label in zip(
                styles, ("one by one", "mini-batches of 20", "all examples"), strict=True
            ):
                ax.plot(*run.history.x[:shown].T, color=color, linewidth=width, label=label)
            ax.plot(*np.array(x0), "o", color="#333333", markersize=4.5)
            ax.set(xlim=window[0], ylim=window[1], xlabel=r"slope $\theta_1$")
        axes[0].set_ylabel(r"intercept $\theta_0$")
        axes[1].set_ylabel("")
        axes[0].legend(loc="lower right")
        axes[0].set_title("the whole way")
        axes[1].set_title("the end of it")

    return Drawing(draw)


class _Replayed(Problem, abstract=True):
    """A finite sum of which each update sees the examples of a given list, as the book's loops draw them."""

    whole: Any
    batches: Any

    varies = True
    x0 = property(lambda self: self.whole.x0)
    minimum = property(lambda self: self.whole.minimum)

    def fun(self, x: Any) -> Any:
        return self.whole.fun(x)

    def grad(self, x: Any) -> Any:
        return self.whole.grad(x)

    def at(self, n: int) -> Any:
        return self.whole.batch(list(self.batches[n % len(self.batches)]))


def _sgd_rate(n: int) -> float:
    return 5 / (n + 50)


def _third(n: int) -> float:
    return 200 / (n + 1000)


def _second(n: int) -> float:
    return 200 / (n + 1 + 1000)


@figure(
    "geron-4-softmax",
    "chapter 4, exercise 12",
    "softmax regression by hand: the loss on flowers kept apart, with and without a penalty",
    "the book's loss adds 1e-5 inside the logarithm, which shows in the fifth digit of what it prints",
)
def softmax(numbers: Numbers) -> Drawing:
    """Iris petals, 90 for training, 30 for validation, gradient descent at rate 0.5."""
    order = np.random.RandomState(42).permutation(150)
    X, y = _petals()
    train, valid = order[:90], order[90:120]
    mean, sd = X[train].mean(axis=0), X[train].std(axis=0)
    Z = (X - mean) / sd
    start = np.random.RandomState(42).randn(3, 3)
    used = np.concatenate([train, valid])

    def problem(l2: float) -> Any:
        return ss.SoftmaxRegression(Z[used], y[used], l2=l2, held_out=list(range(90, 120)))

    plain, ridge = problem(0.0), problem(0.01)
    # The book's rows are bias, length, width; ours has the bias last.
    x0 = np.roll(start, -1, axis=0).ravel()
    run = ss.minimize(plain, ss.SGD(lr=0.5), x0=x0, steps=5000)
    curve = _book_loss(run.history.x, Z[valid], y[valid])
    printed = [3.70858, 0.14519367, 0.13013096, 0.12009639, 0.11372961, 0.11002460]
    numbers.printed(
        "validation loss at epochs 0, 1000, ..., 5000", curve[::1000], printed, [5.1e-6] + [EIGHT] * 5
    )
    exact = plain.held_out_fun(run.x)
    numbers.computed("without the 1e-5 inside the book's logarithm", exact, 0.11003641, 1e-8)
    damped = ss.minimize(ridge, ss.SGD(lr=0.5), x0=x0, steps=5000)
    weights = damped.history.x[:, :6]
    penalised = _book_loss(damped.history.x, Z[valid], y[valid]) + 0.005 * (weights * weights).sum(axis=1)
    numbers.printed(
        "with l2 = 0.01, epochs 0, 1000, 2000", penalised[:2001:1000], [3.7372, 0.3259, 0.3259], 5.1e-5
    )
    stop = int(np.flatnonzero(np.diff(penalised) > 0)[0]) + 1
    numbers.printed("early stopping at epoch", stop, 282, 0)
    numbers.printed("validation loss there", penalised[stop], 0.3256, 5.1e-5)
    right = (_scores(run.x, Z[valid]).argmax(axis=1) == y[valid]).mean()
    numbers.printed("accuracy on the validation flowers", right, 0.9333, 5.1e-5)

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.5, width_ratios=[1.1, 1])
        axes[0].set(xlim=(1, 5000), xscale="log", xlabel="epoch", ylabel="validation loss", ylim=(0.08, 4))
        shown = {"no penalty": curve[1:], r"$\ell_2 = 0.01$": penalised[1:]}
        kit.curves(axes[0], shown, x=np.arange(1, 5001))
        grid = np.stack(np.meshgrid(np.linspace(0, 7.2, 300), np.linspace(0, 2.8, 200)), axis=-1)
        scores = _scores(run.x, (grid - mean) / sd)
        shades = ["#fbe3d6", "#dcebf6", "#d9f0e6"]
        axes[1].contourf(
            grid[..., 0], grid[..., 1], scores.argmax(axis=-1), levels=[-0.5, 0.5, 1.5, 2.5], colors=shades
        )
        kinds = zip(
            ("#D55E00", "#0072B2", "#009E73"), ("setosa", "versicolor", "virginica"), "os^", strict=True
        )
        for k, (color, label, marker) in enumerate(kinds):
            axes[1].plot(*X[y == k].T, marker, color=color, markersize=3, markeredgewidth=0)
            x, height = X[y == k].mean(axis=0)
            axes[1].annotate(
                label, (x - (0.9 if k == 1 else 0), height + 0.55), color=color, ha="center", fontsize=8
            )
        axes[1].set(xlabel="petal length (cm)", ylabel="petal width (cm)", xlim=(0, 7.2), ylim=(0, 2.8))

    return Drawing(draw)


def _petals() -> tuple[Any, Any]:
    iris = ss.Iris(columns=[2, 3], standardize=False, intercept=False)
    return iris.train[0], np.asarray(iris.train[1])


def _scores(x: Any, A: Any) -> Any:
    """Return the scores of the three kinds; x holds the weights of length and width, and the biases."""
    Theta = np.asarray(x).reshape(*np.shape(x)[:-1], 3, 3)
    return A @ Theta[..., :2, :] + Theta[..., 2:, :]


def _book_loss(x: Any, A: Any, y: Any) -> Any:
    """Return the book's cross-entropy, which adds 1e-5 to each probability inside the logarithm."""
    z = _scores(x, A)
    P = np.exp(z - z.max(axis=-1, keepdims=True))
    P = P / P.sum(axis=-1, keepdims=True)
    return -np.log(P[..., np.arange(len(y)), y] + 1e-5).mean(axis=-1)
