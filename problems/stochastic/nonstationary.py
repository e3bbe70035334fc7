"""Problems that change while they are being solved: drift, jumps, and an adversary's game."""

from typing import Annotated, Any, ClassVar

import numpy as np

from problems.landscapes.quadratics import Quadratic
from problems.problem import Numbers, Problem
from problems.stochastic.estimate import generator, seed_of
from problems.transforms.affine import Shifted
from problems.wrapper import SameFunction
from stepsize.core.display import counted
from stepsize.core.limits.ranges import PositiveFloat, PositiveInt, ProperFraction, Range
from stepsize.core.validation import as_floats, require

__all__ = ["Drifting", "Jumping", "OnlineCounterexample"]


class TimeVarying(SameFunction, abstract=True):
    """A problem whose minimizer moves: at update n it is shifted by `offset(n)`.

    The problem itself is that of update 0. A run is judged update by update: its loss at each point
    is that of the coming update.
    """

    varies = True
    drifts = True

    def offset(self, n: int) -> Any:
        """Return the shift at update n."""
        raise NotImplementedError

    def at(self, n: int) -> Any:
        """Return the problem, shifted as at update n."""
        return Shifted(self.problem.at(n), self.offset(n))

    def _vector(self, name: str) -> Any:
        value = getattr(self, name)
        shape = as_floats(name, value).shape
        require(shape in ((), (self.problem.dim,)), name, value, f"one or {self.problem.dim} numbers")
        return np.asarray(value, float)


class Drifting(TimeVarying):
    r"""A problem that moves on a little after every update.

    .. math:: f_n(x) = f(x - n v)

    On a quadratic gradient descent follows at a distance: v/(lr lambda) along each eigendirection. Adagrad,
    whose rate dies, is left behind for good; RMSprop and Adam, which forget, keep up.

    Parameters
    ----------
    problem : Problem
        What moves.
    velocity : float or sequence of d floats
        How far it moves after each update.

    References
    ----------
    Widrow, McCool, Larimore and Johnson, "Stationary and nonstationary learning characteristics of the LMS
    adaptive filter", Proc. IEEE 64 (1976), on the lag of gradient descent behind a drifting minimum.

    Examples
    --------
    >>> Drifting(Quadratic(), velocity=[0.1, 0.0]).at(50).minimizers
    ((5.0, 0.0),)
    """

    problem: Problem = Quadratic()
    velocity: Any = 0.01
    source = "Widrow, McCool, Larimore and Johnson 1976"
    demo: ClassVar = {"problem": Quadratic(), "velocity": (0.1, 0.05)}

    def check(self) -> None:
        """Validate the shape of the velocity."""
        super().check()
        self._vector("velocity")

    def offset(self, n: int) -> Any:
        return n * self._vector("velocity")

    @property
    def formula(self) -> str:
        return f"{self.problem.formula}, drifting"


class Jumping(TimeVarying):
    r"""A problem that stays for a while and then is suddenly elsewhere.

    .. math:: f_n(x) = f(x - \lfloor n/K \rfloor\, s)

    Parameters
    ----------
    problem : Problem
        What moves.
    by : float or sequence of d floats
        s, how far it moves each time.
    every : int
        K, after how many updates.

    References
    ----------
    Schaul, Antonoglou and Silver, "Unit tests for stochastic optimization", ICLR 2014 (arXiv:1312.6055), on
    abrupt switches.

    Examples
    --------
    >>> jumping = Jumping(Quadratic(), by=3.0, every=100)
    >>> jumping.at(99).minimizers, jumping.at(100).minimizers
    (((0.0, 0.0),), ((3.0, 3.0),))
    """

    problem: Problem = Quadratic()
    by: Any = 5.0
    every: PositiveInt = 100
    source = "Schaul, Antonoglou and Silver, arXiv:1312.6055"
    demo: ClassVar = {"problem": Quadratic(), "by": (1.0, -1.0), "every": 10}

    def check(self) -> None:
        """Validate that the move fits."""
        super().check()
        self._vector("by")

    def offset(self, n: int) -> Any:
        return n // self.every * self._vector("by")

    @property
    def formula(self) -> str:
        return f"{self.problem.formula}, moved every {counted(self.every, 'update')}"


class OnlineCounterexample(Problem):
    r"""Reddi, Kale and Kumar's game, in which Adam walks away from the optimum.

    .. math:: f_t(x) = \begin{cases} C x & t \bmod K = 1 \\ -x & \text{otherwise} \end{cases}
        \qquad x \in [-1, 1], \quad t = n + 1

    For C > K - 1 the mean slope is positive, so that -1 is best. Adam with a short memory divides the rare
    large gradient by its own size and forgets it before the small ones are used up: it ends at +1, the worst
    point. AMSGrad, which does not forget, arrives. Updates that leave the interval are brought back to it
    (`feasible`).

    Parameters
    ----------
    large : float
        C, the rare slope.
    small : float
        The size of the other slopes, which are negative.
    period : int
        K: the slope is large at the first of every K updates.
    probability : float, optional
        If given, the slope is large at random, with this probability, instead of periodically.
    start : float
        x0.
    rng : int, SeedSequence or Generator
        Source of randomness of the random game; a Generator gives one number, the seed.

    References
    ----------
    Reddi, Kale and Kumar, "On the convergence of Adam and beyond", ICLR 2018, theorem 1, and figure 1 with
    ``large=1010, small=10, period=101``, or ``probability=0.01``.

    Examples
    --------
    >>> [float(OnlineCounterexample().at(n).grad(np.array([0.0]))[0]) for n in range(4)]
    [3.0, -1.0, -1.0, 3.0]
    """

    large: PositiveFloat = 3.0
    small: PositiveFloat = 1.0
    period: PositiveInt = 3
    probability: ProperFraction | None = None
    start: Annotated[float, Range(minimum=-1, maximum=1)] = 1.0
    rng: Any = 0
    source = "Reddi, Kale and Kumar 2018, theorem 1"
    varies = True
    domain = (-1.0, 1.0)
    feasible = (-1.0, 1.0)
    L = 0.0
    mu = 0.0
    demo: ClassVar = {"large": 5.0, "probability": 0.3}

    def normalise(self, name: str, value: Any) -> Any:
        """Take any source of randomness for the seed that it gives."""
        return seed_of(value) if name == "rng" else super().normalise(name, value)

    @property
    def slope(self) -> float:
        """The mean slope."""
        if self.probability is None:
            # Of one sum, so that it is exactly 0 where the slopes of a period cancel.
            return (self.large - (self.period - 1) * self.small) / self.period
        return self.probability * self.large - (1 - self.probability) * self.small

    @property
    def x0(self) -> tuple[float, ...]:
        return (float(self.start),)

    @property
    def minimizers(self) -> tuple[tuple[float, ...], ...]:
        return ((-float(np.sign(self.slope)),),)

    @property
    def isolated(self) -> bool:
        """Whether the mean line is not level."""
        return self.slope != 0

    @property
    def minimum(self) -> float:
        return -abs(self.slope)

    @property
    def formula(self) -> str:
        share = f"once in {self.period}" if self.probability is None else f"with p = {self.probability:.3g}"
        return f"{self.large:g} x {share}, else -{self.small:g} x, on [-1, 1]"

    def at(self, n: int) -> Any:
        if self.probability is None:
            large = n % self.period == 0
        else:
            large = generator(self.rng, n).random() < self.probability
        return StraightLine(self.large if large else -self.small)

    def fun(self, x: Numbers) -> Numbers:
        return self.slope * x[..., 0]

    def grad(self, x: Numbers) -> Numbers:
        return np.full_like(x, self.slope)

    def hess(self, x: Numbers) -> Numbers:
        return np.zeros((*x.shape, 1))


class StraightLine(Problem, abstract=True):
    """A straight line in one dimension, through the origin."""

    slope: float
    x0 = (0.0,)
    source = "Reddi, Kale and Kumar 2018"
    feasible = (-1.0, 1.0)

    def fun(self, x: Numbers) -> Numbers:
        return self.slope * x[..., 0]

    def grad(self, x: Numbers) -> Numbers:
        return np.full_like(x, self.slope)
