"""Directions that know the curvature: Newton's, on the diagonal alone, and from residuals."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Optimizer, Slots
from stepsize.core.limits.parameters import count, one_of, seed
from stepsize.core.norms import power_of_two, squares_fit

__all__ = ["DampedNewton", "DiagonalNewton", "GaussNewton", "Newton"]

Array = np.ndarray[Any, Any]


class Newton(Optimizer):
    r"""Newton's method.

    .. math:: x_{t+1} = x_t - \eta\, (H_t + \lambda I)^{-1} g_t

    With rate 1 and no damping a quadratic is solved in one step, and near a minimum of anything smooth the
    number of right digits doubles at every step. Far from it the bare step may climb: H need not be positive
    definite, and the minimum of the parabola need not be near that of f. Hence `repair`, and a line search as
    `lr` (its first trial 1).

    Parameters
    ----------
    lr : float, schedule or search
        :math:`\eta`; with less than 1 this is what textbooks call damped Newton. `DampedNewton` chooses it.
    damping : float, array or schedule
        :math:`\lambda`, at least 0 (Levenberg); the larger, the shorter and the nearer to the gradient.
    repair : {"cholesky", "absolute", None}
        What is done about an H that is not positive definite. "cholesky": add a multiple of the identity,
        doubled until Cholesky's factorisation exists. "absolute": replace the eigenvalues by their sizes, so
        that saddles repel. None: nothing, the method of the textbooks, which also finds saddles and maxima;
        a singular system is then solved by least squares.

    References
    ----------
    Nocedal and Wright, "Numerical optimization", 2006, section 3.4 and algorithm 3.3 (with
    ``beta = 1e-3 |H|_F``). Dauphin et al., "Identifying and attacking the saddle point problem", NeurIPS 2014
    ("absolute").

    Examples
    --------
    "Dive into Deep Learning", section 12.3.3: ten steps on f = cosh(x/2) from 10.

    >>> from optim import minimize
    >>> from problems import Problem
    >>> c = 0.5
    >>> cosh = Problem.of(
    ...     lambda x: np.cosh(c * x[0]),
    ...     lambda x: c * np.sinh(c * x),
    ...     hess=lambda x: np.array([c * c * np.cosh(c * x)]),
    ...     x0=[10.0],
    ... )
    >>> abs(float(minimize(cosh, Newton(), steps=10).x[0])) < 1e-15
    True
    """

    elementwise: ClassVar = False
    requires: ClassVar = ("hess",)
    lr: Hyper = 1.0
    damping: Hyper = hyper(0.0, minimum=0)
    repair: str | None = one_of("cholesky", "absolute", None)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        H = h.hess + np.asarray(h.damping)[..., None] * np.eye(x.shape[-1])
        solve = _REPAIRS[self.repair]
        return _each_run(solve, H, g).astype(x.dtype), ()


class DampedNewton(Newton):
    r"""Newton's method with the step that theory chooses for self-concordant functions.

    .. math::
        d_t &= H_t^{-1} g_t, \qquad \delta_t = \sqrt{g_t^\top d_t} \\
        x_{t+1} &= x_t - \frac{\eta}{1 + \delta_t}\, d_t

    With rate 1 every step decreases a convex self-concordant function (``|f'''| <= 2 f''^(3/2)``, such as
    -log x) by at least :math:`\delta - \log(1 + \delta)`, without any line search, from every start; near the
    minimum :math:`\delta \to 0` and it becomes Newton's.

    Parameters
    ----------
    lr : float, schedule or search
        :math:`\eta`.
    damping, repair
        As for `Newton`.

    References
    ----------
    Nesterov and Nemirovskii, "Interior-point polynomial algorithms in convex programming", 1994. Boyd and
    Vandenberghe, "Convex optimization", 2004, section 9.6.

    Examples
    --------
    On f = x - log x from 3: g = 2/3, H = 1/9, so d = 6, delta = 2, and x = 3 - 6/3 = 1, the minimum.

    >>> from optim import minimize
    >>> from problems import Problem
    >>> barrier = Problem.of(
    ...     lambda x: x[0] - np.log(x[0]), lambda x: 1 - 1 / x, hess=lambda x: np.array([1 / x**2]), x0=[3.0]
    ... )
    >>> round(float(minimize(barrier, DampedNewton(), steps=1).x[0]), 12)
    1.0
    """

    lr: Hyper = 1.0
    damping: Hyper = hyper(0.0, minimum=0)
    repair: str | None = one_of("cholesky", "absolute", None)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        d, slots = super().direction(x, g, slots, h)
        decrement = _root_of_product(g, d)
        return d / (1.0 + decrement), slots


class DiagonalNewton(Optimizer):
    r"""Newton's method on the diagonal of the Hessian: the learning rate as a diagonal matrix.

    .. math:: x_{t+1,i} = x_{t,i} - \eta\, \frac{g_{t,i}}{\max(|h_{ii}|, \varepsilon)}

    It solves a diagonal quadratic in one step. On any other it is Jacobi's iteration: the error is multiplied
    by :math:`I - \eta D^{-1} H`, so with rate 1 it converges if and only if 2 D - H is positive definite.

    Parameters
    ----------
    lr : float, schedule or search
        :math:`\eta`.
    eps : float
        :math:`\varepsilon`, the least curvature.
    diagonal : {"exact", "differences", "hutchinson"}
        Where h comes from. "exact": the problem's Hessian. "differences": central differences of the
        gradient, 2 d gradients an update. "hutchinson": the mean of z * (H z) over random signs z, with H z
        from central differences, 2 `samples` gradients; exact where H is diagonal.
    samples : int
        Random sign vectors an update, at least 1, for "hutchinson".
    rng : int
        Seed of the signs, which follow from it and t alone.

    References
    ----------
    LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998, section 7. Bekas, Kokiopoulou and Saad, "An
    estimator for the diagonal of a matrix", Appl. Numer. Math. 57 (2007).

    Examples
    --------
    >>> from optim import minimize
    >>> from problems import Quadratic
    >>> minimize(Quadratic([1.0, 20.0]), DiagonalNewton(), steps=1).x.tolist()
    [0.0, 0.0]
    """

    elementwise: ClassVar = False
    lr: Hyper = 1.0
    eps: Hyper = hyper(1e-8, minimum=0)
    diagonal: str = one_of("exact", "differences", "hutchinson")
    samples: int = count(8, minimum=1)
    rng: int = seed(0)

    @property
    def requires(self) -> tuple[str, ...]:  # type: ignore[override]  # it depends on where h comes from
        """The Hessian, or the gradient at other points."""
        return ("hess",) if self.diagonal == "exact" else ("grad",)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        return g / np.maximum(np.abs(diagonal_of_hessian(x, h)), h.eps).astype(x.dtype), ()


class GaussNewton(Optimizer):
    r"""The Gauss-Newton method for least squares, with Levenberg's damping.

    .. math:: f \propto \lVert r \rVert^2, \qquad
        x_{t+1} = x_t - \eta\, (J^\top J + \lambda I)^{-1} J^\top r

    It is Newton's method without the curvature of the residuals: never uphill, and as fast as Newton where
    the residuals are small or nearly linear. The system is solved by least squares in J itself, whose
    condition number is the square root of that of J'J.

    Parameters
    ----------
    lr : float, schedule or search
        :math:`\eta`.
    damping : float, array or schedule
        :math:`\lambda`, at least 0, in the units of J'J.

    References
    ----------
    Nocedal and Wright, "Numerical optimization", 2006, section 10.3. Levenberg, "A method for the solution of
    certain non-linear problems in least squares", Quart. Appl. Math. 2 (1944).

    Examples
    --------
    Rosenbrock's function is a sum of two squares. The first step solves 1 - x = 0, the second the rest.

    >>> from optim import minimize
    >>> from problems import Rosenbrock
    >>> minimize(Rosenbrock(), GaussNewton(), steps=2).history.x.round(10).tolist()
    [[-1.2, 1.0], [1.0, -3.84], [1.0, 1.0]]
    """

    elementwise: ClassVar = False
    requires: ClassVar = ("residuals", "jacobian")
    lr: Hyper = 1.0
    damping: Hyper = hyper(0.0, minimum=0)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        size = x.shape[-1]
        ridge = np.broadcast_to(np.sqrt(h.damping)[..., None] * np.eye(size), (*x.shape, size))
        J = np.concatenate([h.jacobian, ridge], axis=-2)
        r = np.concatenate([h.residuals, np.zeros_like(x)], axis=-1)
        return _each_run(_least_squares, J, r).astype(x.dtype), ()


def _root_of_product(a: Array, b: Array) -> Numbers:
    """Return the root of a . b for every run, or 0 where that is below 0."""
    product = (a * b).sum(axis=-1, keepdims=True)
    root = np.sqrt(np.maximum(product, 0.0))
    fits = squares_fit(np.abs(product), a.dtype)
    if np.all(fits):
        return root
    of_a, of_b = power_of_two(a), power_of_two(b)
    scaled = np.sqrt(np.maximum((a / of_a * (b / of_b)).sum(axis=-1, keepdims=True), 0.0))
    return np.where(fits, root, np.sqrt(of_a) * np.sqrt(of_b) * scaled)


def _each_run(solve: Callable[[Array, Array], Array], A: Array, b: Array) -> Array:
    """Solve A x = b for every run of a batch."""
    if b.ndim > 1:
        return np.array([_each_run(solve, *pair) for pair in zip(A, b, strict=True)])
    if not (np.isfinite(A).all() and np.isfinite(b).all()):
        return np.full(A.shape[-1], np.nan)
    return np.asarray(solve(A, b))


def _least_squares(A: Array, b: Array) -> Numbers:
    return np.linalg.lstsq(A, b, rcond=None)[0]


def _bare(H: Array, g: Array) -> Numbers:
    try:
        return np.linalg.solve(H, g)
    except np.linalg.LinAlgError:
        return _least_squares(H, g)


def _shifted(H: Array, g: Array) -> Numbers:
    """Solve (H + tau I) d = g with the first tau, of a doubling sequence, that makes it positive definite."""
    least = H.diagonal().min()
    beta = 1e-3 * np.linalg.norm(H) or 1.0
    tau = 0.0 if least > 0 else beta - least
    while True:
        A = H + tau * np.eye(len(H))
        try:
            np.linalg.cholesky(A)
        except np.linalg.LinAlgError:
            tau = max(2 * tau, beta)
        else:
            return np.linalg.solve(A, g)


def _absolute(H: Array, g: Array) -> Numbers:
    """Solve |H| d = g, where |H| has the sizes of H's eigenvalues, or the round-off of the largest."""
    eigenvalues, Q = np.linalg.eigh(H)
    sizes = np.abs(eigenvalues)
    floor = np.finfo(float).eps * len(H) * sizes.max() or 1.0
    return Q @ (Q.T @ g / np.maximum(sizes, floor))


_REPAIRS = {"cholesky": _shifted, "absolute": _absolute, None: _bare}

# Central differences err by the square of the distance and by round-off over it; the cube root balances them.
_STEP = np.cbrt(np.finfo(float).eps)


def diagonal_of_hessian(x: Array, h: Resolved) -> Array:
    """Return the Hessian's diagonal at x, as the rule's `diagonal`, `samples` and `rng` say."""
    if h.diagonal == "exact":
        return np.asarray(np.diagonal(h.hess, axis1=-2, axis2=-1))
    if h.diagonal == "differences":
        return _by_differences(h.grad, x)
    return _by_signs(h.grad, x, np.random.default_rng([h.rng, h.t]), h.samples)


def _by_differences(grad: Callable[[Array], Array], x: Array) -> Array:
    step = _STEP * np.maximum(1.0, np.abs(x))
    offsets = step[..., None, :] * np.eye(x.shape[-1])
    slopes = grad(x[..., None, :] + offsets) - grad(x[..., None, :] - offsets)
    return np.asarray(np.diagonal(slopes, axis1=-2, axis2=-1) / (2 * step))


def _by_signs(grad: Callable[[Array], Array], x: Array, random: "np.random.Generator", samples: int) -> Array:
    step = _STEP * np.maximum(1.0, np.abs(x).max(axis=-1, keepdims=True))
    signs = random.choice([-1.0, 1.0], size=(samples, *(1,) * (x.ndim - 1), x.shape[-1]))
    products = (grad(x + step * signs) - grad(x - step * signs)) / (2 * step)
    return np.asarray((signs * products).mean(axis=0))
