"""Directions that learn the curvature from gradients: BFGS, L-BFGS and conjugate gradients."""

from typing import Any, ClassVar

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved
from optim.optimizer import Optimizer, Slots
from stepsize.core.limits.parameters import count, number, one_of
from stepsize.core.norms import norm, power_of_two, squares_fit

__all__ = ["BFGS", "LBFGS", "ConjugateGradient"]

Array = np.ndarray[Any, Any]


class _Comparing(Optimizer, abstract=True):
    """A rule that sees how the gradient changed over the last step; the last two slots are for that."""

    elementwise: ClassVar = False
    compares_gradients: ClassVar = True
    lr: Hyper

    def change(
        self, x: Numbers, g: Numbers, x_old: Numbers, g_old: Numbers, h: Resolved
    ) -> tuple[Numbers, Numbers, Numbers]:
        """Return s, y and the earlier gradient: where the problem varies, on the mini-batch that g is of."""
        g_old = g_old if h.grad is None else h.grad(x_old)
        return x - x_old, g - g_old, g_old


class BFGS(_Comparing):
    r"""The quasi-Newton method of Broyden, Fletcher, Goldfarb and Shanno.

    .. math::
        s &= x_t - x_{t-1}, \quad y = g_t - g_{t-1}, \quad \rho = 1 / s^\top y \\
        H_t &= (I - \rho\, s y^\top)\, H_{t-1}\, (I - \rho\, y s^\top) + \rho\, s s^\top \\
        x_{t+1} &= x_t - \eta\, H_t\, g_t

    H, d by d numbers, approaches the inverse Hessian. A step with :math:`s^\top y \le 10^{-10} |s||y|` is not
    learned from; a line search to the Wolfe conditions never makes one. On mini-batches `minimize` forms y
    from one batch at both ends, which costs one more gradient an update; a loop of your own has to see to
    that itself.

    Parameters
    ----------
    lr : float, schedule or search
        :math:`\eta`; 1 suits once H is good, and the first trial of a search should be 1.
    rescale : bool
        Whether the identity with which H starts is multiplied by :math:`s^\top y / y^\top y` before the first
        update.

    References
    ----------
    Nocedal and Wright, "Numerical optimization", 2006, algorithm 6.1 and eq. 6.17, 6.20.

    Examples
    --------
    On f = x^2 from 1 with rate 0.25: the gradient 2 leads to 0.5; then H = 1/2, and a quarter of it goes.

    >>> from optim import minimize
    >>> from problems import Parabola
    >>> minimize(Parabola(start=1.0), BFGS(lr=0.25), steps=2).history.x.ravel().tolist()
    [1.0, 0.5, 0.375]
    """

    slots: ClassVar = ("H", "x_old", "g_old")
    lr: Hyper = 1.0
    rescale: bool = True

    def start(self, x: Array, h: Resolved) -> Slots:
        d = x.shape[-1]
        H = np.broadcast_to(np.eye(d, dtype=x.dtype), (*x.shape, d))
        return H, np.zeros_like(x), np.zeros_like(x)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        H, x_old, g_old = slots
        if h.t > 1:
            s, y, _ = self.change(x, g, x_old, g_old, h)
            s, y = _in_range(s, y)
            if self.rescale:
                untaught = (np.eye(x.shape[-1]) == H).all(axis=(-2, -1))[..., None]
                H = np.where(untaught & _teaches(s, y), _dot(s, y) / _dot(y, y), 1.0)[..., None] * H
            rho = 1.0 / _dot(s, y)
            Hy = _times(H, y)
            learned = H - rho[..., None] * (_outer(s, Hy) + _outer(Hy, s))
            learned = learned + (rho * (1.0 + rho * _dot(y, Hy)))[..., None] * _outer(s, s)
            H = np.where(_teaches(s, y)[..., None], learned, H)
        return _times(H, g), (H, x, g)


class LBFGS(_Comparing):
    r"""BFGS with limited memory: H is never formed but applied, from the last m pairs (s, y).

    .. math::
        q &= g_t; \quad \text{newest to oldest: }
            a_i = \rho_i\, s_i^\top q, \quad q \leftarrow q - a_i\, y_i \\
        r &= \gamma\, q, \quad \gamma = s^\top y / y^\top y \text{ of the newest} \\
        &\phantom{{}={}} \text{oldest to newest: } r \leftarrow r + s_i\, (a_i - \rho_i\, y_i^\top r) \\
        x_{t+1} &= x_t - \eta\, r

    2 m d numbers and 4 m d multiplications an update. Pairs with :math:`s^\top y \le 10^{-10} |s||y|` are
    left out, and where the curvature was negative the oldest pair is forgotten as well: behind a search to
    the Armijo condition alone it may be so for many steps in a row, and what was learned before must not stay
    for ever. On mini-batches y is formed from one batch at both ends, which costs one more gradient an
    update.

    Parameters
    ----------
    lr : float, schedule or search
        :math:`\eta`; 1 suits, and the first trial of a search should be 1.
    memory : int
        m, the number of pairs stored, at least 1; 3 to 20 is customary.
    rescale : bool
        Whether :math:`\gamma` is used; otherwise it is 1.

    References
    ----------
    Nocedal, "Updating quasi-Newton matrices with limited storage", Math. Comp. 35 (1980). Nocedal and Wright,
    "Numerical optimization", 2006, algorithm 7.4 and eq. 7.20.

    Examples
    --------
    >>> from optim import minimize
    >>> from problems import Quadratic
    >>> run = minimize(Quadratic([1.0, 20.0]), LBFGS(lr=0.7), steps=60)
    >>> run.fun < 1e-12
    True
    """

    slots: ClassVar = ("S", "Y", "x_old", "g_old")
    lr: Hyper = 1.0
    memory: int = count(10, minimum=1)
    rescale: bool = True

    def start(self, x: Array, h: Resolved) -> Slots:
        pairs = np.zeros((*x.shape[:-1], self.memory, x.shape[-1]), x.dtype)
        return pairs, pairs, np.zeros_like(x), np.zeros_like(x)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        S, Y, x_old, g_old = slots
        if h.t > 1:
            s, y, _ = self.change(x, g, x_old, g_old, h)
            learns = _teaches(s, y)[..., None]
            stored = (S != 0).any(axis=-1, keepdims=True)
            oldest = stored & (np.cumsum(stored, axis=-2) == 1) & (_dot(s, y) < 0)[..., None]
            S, Y = (
                np.where(
                    learns,
                    np.concatenate([pairs[..., 1:, :], new[..., None, :]], axis=-2),
                    np.where(oldest, 0.0, pairs),
                )
                for pairs, new in ((S, s), (Y, y))
            )
        return self._applied(S, Y, g, min(h.t - 1, self.memory)), (S, Y, x, g)

    def _applied(self, S: Array, Y: Array, g: Numbers, count: int) -> Numbers:
        # A pair that is missing is zero: its rho is set to 0, and it changes nothing.
        pairs = [_in_range(S[..., i, :], Y[..., i, :]) for i in range(self.memory - count, self.memory)]
        rhos = [_ratio(1.0, _dot(s, y)) for s, y in pairs]
        q, a = g, []
        for (s, y), rho in zip(reversed(pairs), reversed(rhos), strict=True):
            a.append(rho * _dot(s, q))
            q = q - a[-1] * y
        if self.rescale and pairs:
            s, y = pairs[-1]
            q = np.where(_dot(y, y) > 0, _ratio(_dot(s, y), _dot(y, y)), 1.0) * q
        for (s, y), rho, a_i in zip(pairs, rhos, reversed(a), strict=True):
            q = q + s * (a_i - rho * _dot(y, q))
        return q


class ConjugateGradient(_Comparing):
    r"""Nonlinear conjugate gradients.

    .. math::
        p_t &= -g_t + \beta_t\, p_{t-1} \\
        x_{t+1} &= x_t + \eta\, p_t

    with :math:`y = g_t - g_{t-1}` and one of

    .. math::
        \beta^{FR} &= \frac{g_t^\top g_t}{g_{t-1}^\top g_{t-1}}, \quad
        \beta^{PR+} = \max\Bigl(0, \frac{g_t^\top y}{g_{t-1}^\top g_{t-1}}\Bigr), \quad
        \beta^{HS} = \frac{g_t^\top y}{p_{t-1}^\top y}, \quad
        \beta^{DY} = \frac{g_t^\top g_t}{p_{t-1}^\top y}, \\
        \beta^{HZ} &= \max\Bigl(\frac{g_t^\top (y - 2 p_{t-1} |y|^2 / p_{t-1}^\top y)}{p_{t-1}^\top y},
        \frac{-1}{|p_{t-1}| \min(0.01, |g_{t-1}|)}\Bigr)

    On a quadratic with exact searches all five are the method of conjugate gradients, which ends after d
    steps. It restarts with the gradient every `restart` updates, when two gradients in a row are far from
    orthogonal, and when p hardly descends. A search should be fairly exact, and
    has no natural first trial: where it leaves them open, c2 is 0.2 and the product of step and slope is that
    of the last search.

    Parameters
    ----------
    lr : float, schedule or search
        :math:`\eta`; meant for a search.
    beta : {"PR+", "FR", "HS", "DY", "HZ"}
        Polak and Ribière (cut at 0), Fletcher and Reeves, Hestenes and Stiefel, Dai and Yuan, Hager and
        Zhang.
    restart : int, optional
        Updates between restarts, at least 1; the dimension d by default.
    nu : float
        Restart when :math:`|g_t^\top g_{t-1}| \ge \nu\, |g_t|^2` (Powell); above 0, infinity for never.
    descent : float
        Restart unless :math:`p_t^\top g_t < -\text{descent}\, |g_t|^2`; from 0 to below 1.

    References
    ----------
    Nocedal and Wright, "Numerical optimization", 2006, section 5.2, eq. 5.52. Hager and Zhang, "A new
    conjugate gradient method with guaranteed descent and an efficient line search", SIAM J. Optim. 16 (2005).

    Examples
    --------
    >>> from optim import minimize
    >>> from problems import Quadratic
    >>> run = minimize(Quadratic([1.0, 20.0]), ConjugateGradient(lr=0.05), steps=200)
    >>> run.fun < 1e-6
    True
    """

    slots: ClassVar = ("p", "x_old", "g_old")
    suggests: ClassVar = {"c2": 0.2, "first": "slope"}
    lr: Hyper = 0.01
    beta: str = one_of("PR+", "FR", "HS", "DY", "HZ")
    restart: int | None = count(minimum=1)
    nu: float = number(0.1, above=0, finite=False)
    descent: float = number(0.01, minimum=0, below=1)

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        p, x_old, g_old = slots
        if (h.t - 1) % (self.restart or x.shape[-1]) == 0:
            return g, (-g, x, g)
        _, y, g_old = self.change(x, g, x_old, g_old, h)
        p = -g + _beta(self.beta, *_alike(g, g_old, y, p)) * p
        # Written so that nan, from 0/0 in beta, restarts too.
        small_g, small_old, small_p = _alike(g, g_old, p)
        conjugate = np.abs(_dot(small_g, small_old)) < self.nu * _dot(small_g, small_g)
        descends = _dot(small_p, small_g) < -self.descent * _dot(small_g, small_g)
        p = np.where(conjugate & descends, p, -g)
        return -p, (p, x, g)


def _beta(name: str, g: Numbers, g_old: Numbers, y: Numbers, p: Numbers) -> Numbers:
    if name == "FR":
        return _dot(g, g) / _dot(g_old, g_old)
    if name == "PR+":
        return np.maximum(0.0, _dot(g, y) / _dot(g_old, g_old))
    if name == "HS":
        return _dot(g, y) / _dot(p, y)
    if name == "DY":
        return _dot(g, g) / _dot(p, y)
    beta = _dot(g, y - 2.0 * p * _dot(y, y) / _dot(p, y)) / _dot(p, y)
    return np.maximum(beta, -1.0 / (_norm(p) * np.minimum(0.01, _norm(g_old))))


def _dot(a: Numbers, b: Numbers) -> Numbers:
    """Return the inner product of every run, of shape (..., 1)."""
    return (a * b).sum(axis=-1, keepdims=True)


def _norm(a: Numbers) -> Numbers:
    return norm(a, keepdims=True)


def _alike(*vectors: Numbers) -> tuple[Numbers, ...]:
    """Return the vectors over one power of two, if products of them leave the range; ratios do not see it."""
    if np.all(squares_fit(_dot(vectors[0], vectors[0]), vectors[0].dtype)):
        return vectors
    unit = power_of_two(*vectors)
    return tuple(v / unit for v in vectors)


def _in_range(s: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Return a pair over one power of two if s . y or y . y leaves the range; curvature does not see it."""
    fits = squares_fit(np.abs(_dot(s, y)), s.dtype) & squares_fit(_dot(y, y), s.dtype)
    if np.all(fits):
        return s, y
    # The root of the product of their sizes, so that s . y comes to about 1.
    of_s, of_y = (np.frexp(power_of_two(v))[1] for v in (s, y))
    unit = np.ldexp(np.ones_like(of_s, dtype=s.dtype), (of_s + of_y - 1) // 2)
    unit = np.where(fits, 1.0, unit).astype(s.dtype)
    return s / unit, y / unit


def _times(H: Numbers, v: Numbers) -> Numbers:
    return (H @ v[..., None])[..., 0]


def _outer(a: Numbers, b: Numbers) -> Numbers:
    return a[..., :, None] * b[..., None, :]


def _ratio(a: Numbers, b: Numbers) -> Numbers:
    """Return a / b, and 0 where b is 0."""
    return np.where(b == 0, 0.0, a / np.where(b == 0, 1.0, b))


def _teaches(s: Numbers, y: Numbers) -> Numbers:
    """Return whether the curvature along the step is clearly positive; nan is not."""
    return _dot(s, y) > 1e-10 * _norm(s) * _norm(y)
