"""The contract of an optimizer: a frozen record of hyperparameters and one pure update."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np

from optim.state import State
from stepsize.base.checks import as_floats, as_number, describe, refuse_unless
from stepsize.base.display import brief
from stepsize.base.record import Default, Record

__all__ = ["Evaluation", "Hyper", "Optimizer", "Rate", "Slots"]

Array = np.ndarray[Any, Any]
Slots = tuple[Any, ...]


class Rate(Protocol):
    """What may stand for a number and is no plain function: a schedule, a feedback rate, a line search."""

    kind: ClassVar[str]


# What a hyperparameter may be. Inside an update, ``h`` has the number or array of that update in its place,
# which is why the rules write ``h: Any``.
Hyper = float | Array | Callable[[int], float] | Rate

# (least, bound, whether the bound itself is allowed)
_LIMITS: dict[str, tuple[float, float, bool]] = {
    "lr": (0.0, math.inf, False),
    "momentum": (0.0, math.inf, False),
    "eps": (0.0, math.inf, False),
    "eps_root": (0.0, math.inf, False),
    "weight_decay": (0.0, math.inf, False),
    "damping": (0.0, math.inf, False),
    "max_norm": (0.0, math.inf, False),
    "limit": (0.0, math.inf, False),
    "initial": (0.0, math.inf, False),
    "beta": (0.0, 1.0, False),
    "beta1": (0.0, 1.0, False),
    "beta2": (0.0, 1.0, False),
    "rho": (0.0, 1.0, False),
    "decay": (0.0, 1.0, False),
}
_ABOVE = ("max_norm", "limit")  # their least value is itself refused

# Schedules are evaluated for so many updates at once, unless that would make a table of more numbers than
# this.
_CHUNK = 512
_TABLE = 2**18

_HYPERS: dict[type["Optimizer"], tuple[str, ...]] = {}

# From so many parameters on, a step is made in blocks (`optim.engines.blocks`).
HUGE = 2**18


class Evaluation(NamedTuple):
    """What is known at a point: value, gradient and, for mini-batches, their variances and which draw it was.

    `drawn` is (n, k): the k-th evaluation along the line of update n, where the problem varies.
    """

    f: Any
    g: Any
    var_f: Any = None
    var_g: Any = None
    drawn: tuple[int, int] | None = None

    def __repr__(self) -> str:
        return brief(self)


def _rateless(optimizer: Any) -> Any:
    raise AttributeError(f"{type(optimizer).__name__} has no lr")


class Optimizer(Record, abstract=True):
    """A rule that turns gradients into updates.

    A subclass names its `slots` (arrays like x that it carries from one update to the next, zero at the
    start), declares its hyperparameters as fields of type `Hyper`, and writes `direction` as its paper does.
    The paper's last line, ``x = x - lr * d``, stands in `update`. In both, ``h`` is the record itself with
    every schedule resolved at this update, and ``h.t`` = 1, 2, ... counts updates: no optimizer counts.

    What a rule wants beyond the gradient it names in `needs`, and finds in ``h`` too: ``f`` is the value at
    x; ``hess``, ``residuals``, ``jacobian`` are what the problem's methods of that name give at x; ``grad``
    is the gradient as a function, to be asked at other points. All are of the problem as this update sees it.
    A rule that `compares` takes differences of the gradients of two updates. Where the problem varies, it
    finds ``h.grad`` and asks it for the earlier gradient once more, because two gradients compare only on one
    mini-batch; elsewhere ``h.grad`` is None.

    All methods are pure: what goes in is never written to.

    Examples
    --------
    The loop that is yours:

    >>> from optim import Momentum
    >>> opt, x = Momentum(lr=0.1), np.array([1.0, 1.0])
    >>> state = opt.init(x)
    >>> for _ in range(2):
    ...     x, state = opt.step(x, 2 * x, state)
    >>> x.round(6).tolist()
    [0.46, 0.46]
    """

    slots: ClassVar[tuple[str, ...]] = ()
    elementwise: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ()
    compares: ClassVar[bool] = False
    batched: ClassVar[bool] = True
    demo: ClassVar[dict[str, Any]] = {}

    # Present inside an update only.
    t: ClassVar[int]
    f: ClassVar[Any]
    hess: ClassVar[Any]
    residuals: ClassVar[Any]
    jacobian: ClassVar[Any]
    grad: ClassVar[Any] = None

    # Every rule has the field; a wrapper's is that of the rule inside.
    lr = Default(_rateless, "The rate.")

    def direction(self, x: Any, g: Any, slots: Slots, h: Any) -> tuple[Any, Slots]:
        """Return the direction d to subtract and the new slots, for a gradient g taken at x."""
        raise NotImplementedError

    def update(self, x: Any, g: Any, slots: Slots, h: Any) -> tuple[Any, Slots]:
        """Return the next x and the new slots."""
        d, slots = self.direction(x, g, slots, h)
        return x - h.lr * d, slots

    def start(self, x: Array, h: Any) -> Slots:
        """Return the slots before the first update: zeros like x."""
        return tuple(np.zeros_like(x) for _ in self.slots)

    def answer(self, x: Any, slots: Slots) -> Any:
        """Return the point to report, which for some rules is not where the gradient is taken."""
        return x

    @property
    def answers(self) -> bool:
        """Whether `answer` differs from x."""
        return type(self).answer is not Optimizer.answer

    @property
    def factors(self) -> bool:
        """Whether an update is x - lr * d, so that a line search can choose lr."""
        return type(self).update is Optimizer.update

    def init(self, x: Any) -> State:
        """Return the state before the first update at x.

        Raises
        ------
        TypeError, ValueError
            If x is not a finite float array, or a hyperparameter's shape does not fit it.
        """
        x = self.spread(x)
        return State(0, tuple(np.array(s) for s in self.start(x, Hypers(self, x).at(0))))

    def step(self, x: Any, grad: Any, state: State) -> tuple[Array, State]:
        """Make one update: ``x, state = opt.step(x, grad, state)``.

        Parameters
        ----------
        x : ndarray
            The parameters, of any shape whose last axis is the parameter vector.
        grad : ndarray
            The gradient at x, of x's shape.
        state : State
            What `init` or the last `step` returned.

        Raises
        ------
        TypeError
            If the rule or its rate needs to evaluate the loss, which only `minimize` can do.
        ValueError
            If grad is not of x's shape.
        """
        x, grad = checked_step(self, x, grad)
        if x.size >= HUGE:
            from optim.engines.blocks import step

            return step(self, x, grad, state)
        with np.errstate(all="ignore"):
            x, slots = self.update(x, grad, state.slots, Hypers(self, x).at(state.n))
        return x, State(state.n + 1, slots, state.carry)

    def spread(self, x: Any, called: str = "x") -> Array:
        """Return x as a float array, broadcast against array hyperparameters."""
        x = as_floats(called, x)
        refuse_unless(x.ndim > 0 and x.size > 0, called, x, "a vector of parameters, or a batch of them")
        refuse_unless(bool(np.isfinite(x).all()), called, x, "finite numbers")
        shape = x.shape
        for name, value in self.arrays():
            if value.ndim < x.ndim:
                raise ValueError(
                    f"{name}: got {describe(value)} for {called} of shape {x.shape}, expected as many axes: "
                    f"{name}[:, None] is one value a run, {name}[None, :] one a coordinate"
                )
            try:
                shape = np.broadcast_shapes(shape, value.shape)
            except ValueError:
                raise ValueError(
                    f"{name}: got {describe(value)}, expected a shape that fits {called} of shape {x.shape}"
                ) from None
        return np.array(np.broadcast_to(x, shape))

    def arrays(self) -> Iterator[tuple[str, Array]]:
        """Yield every hyperparameter that is an array, or that a schedule makes one."""
        for name, value in self.fields():
            if isinstance(value, Optimizer):
                yield from value.arrays()
            elif isinstance(value, np.ndarray):
                yield name, value
            elif isinstance(value, Record) and callable(value) and kind_of(value) == "schedule":
                first = value(0)
                if isinstance(first, np.ndarray):
                    yield name, first

    def hypers(self) -> tuple[str, ...]:
        """Return the names of the hyperparameters, which a number, an array or a schedule may set."""
        return self.own_hypers()

    @classmethod
    def own_hypers(cls) -> tuple[str, ...]:
        """Return the names of the hyperparameters that are fields of this very class."""
        if cls not in _HYPERS:
            fields = cls.__dataclass_fields__.items()
            _HYPERS[cls] = tuple(n for n, f in fields if f.type is Hyper or str(f.type).endswith("Hyper"))
        return _HYPERS[cls]

    def normalise(self, name: str, value: Any) -> Any:
        """Make hyperparameters floats, float arrays, or leave them schedules; refuse anything else."""
        if name not in self.own_hypers():
            return super().normalise(name, value)
        expected = "a number, an array or a schedule"
        if isinstance(value, Optimizer):
            raise TypeError(f"{name}: got the optimizer {value!r}, expected {expected}")
        if isinstance(value, type):
            raise TypeError(
                f"{name}: got the class {value.__name__}, expected {expected}; call it with its parameters"
            )
        if kind_of(value) != "schedule" and name != "lr":
            raise TypeError(f"{name}: got {value!r}, which answers to the run; only lr may do that")
        if callable(value) or kind_of(value) != "schedule":
            return value
        if isinstance(value, list | tuple | np.ndarray) and np.ndim(value):
            value = super().normalise(name, as_floats(name, value, expected))
        else:
            value = as_number(name, value.item() if isinstance(value, np.ndarray) else value, expected)
        _check_limits(name, value, "")
        return value

    @classmethod
    def instead_of(cls, name: str) -> str:
        """Return what to write instead of a parameter of another library's rule, or of a misspelled one."""
        from stepsize.base.aliases import rule_parameter

        fields = list(cls.__dataclass_fields__)
        return rule_parameter(cls.__name__, name, fields) or super().instead_of(name)

    def at_default_rate(self) -> Self:
        """Return the same rule with the rate that its class has by default, if it has one."""
        default = getattr(type(self), "lr", None)
        return self if default is None else self.replace(lr=default)

    def __call__(self, fun: Any, x0: Any, args: tuple[Any, ...] = (), **options: Any) -> Any:
        """Serve as SciPy's method: ``scipy.optimize.minimize(f, x0, jac=g, method=Adam(lr=0.1))``."""
        from optim.scipy_method import as_method

        return as_method(self, fun, x0, args, **options)


class Hypers:
    """An optimizer's record as each update sees it.

    Schedules are evaluated in chunks and the record handed out is one and the same object, refilled: building
    a fresh one would cost more than most updates do. A plain function may hold for the updates of the run
    alone, and is asked one by one.
    """

    def __init__(self, optimizer: Optimizer, x: Array) -> None:
        self._ndim, self._dtype = x.ndim, x.dtype
        self._h = object.__new__(type(optimizer))
        self._moving: list[tuple[str, Any]] = []
        self._inner: dict[str, Hypers] = {}
        self._table: list[tuple[str, Any]] = []
        self._first, self._stop, self._width = 0, 0, 1
        self._asked: list[tuple[str, Any]] = []
        names = optimizer.own_hypers()
        values = self._h.__dict__
        for name, value in optimizer.fields():
            if isinstance(value, Optimizer):
                inner = Hypers(value, x)
                self._inner[name] = inner
                value = inner._h
            elif name in names and isinstance(value, np.ndarray):
                value = value.astype(x.dtype)
            elif name in names and callable(value) and kind_of(value) == "schedule":
                (self._moving if isinstance(value, Record) else self._asked).append((name, value))
            values[name] = value

    def at(self, n: int) -> Any:
        """Return the record with every schedule resolved at update n."""
        values = self._h.__dict__
        values["t"] = n + 1
        if self._moving:
            if not self._first <= n < self._stop:
                self._fill(n)
            i = n - self._first
            for name, column in self._table:
                values[name] = column[i]
        for name, function in self._asked:
            values[name] = _answer(name, function, n)
        for inner in self._inner.values():
            inner.at(n)
        return self._h

    def over(self, n: int, stop: int) -> Iterator[Any]:
        """Yield what `at` returns for the updates from n on, a little faster than it does one by one."""
        values = self._h.__dict__
        while n < stop:
            if self._moving and not self._first <= n < self._stop:
                self._fill(n)
            end = min(stop, self._stop) if self._moving else stop
            columns = [(name, column, self._first) for name, column in self._table]
            for k in range(n, end):
                values["t"] = k + 1
                for name, column, first in columns:
                    values[name] = column[k - first]
                for name, function in self._asked:
                    values[name] = _answer(name, function, k)
                for inner in self._inner.values():
                    inner.at(k)
                yield self._h
            n = end

    def columns(self, n: int, stop: int) -> dict[tuple[str, ...], Sequence[Any]]:
        """Return what changes from update n to stop - 1, t and every schedule, by its path in the record."""
        found: dict[tuple[str, ...], Sequence[Any]] = {("t",): range(n + 1, stop + 1)}
        found |= {(name,): self._column(name, s, range(n, stop)) for name, s in self._moving}
        found |= {(name,): [_answer(name, f, k) for k in range(n, stop)] for name, f in self._asked}
        for name, inner in self._inner.items():
            found |= {(name, *path): column for path, column in inner.columns(n, stop).items()}
        return found

    def give(self, **known: Any) -> None:
        """Put into the record what its rule needs beyond the gradient."""
        self._h.__dict__.update(known)
        for inner in self._inner.values():
            inner.give(**known)

    def _fill(self, n: int) -> None:
        # A first chunk of one keeps a single `step` cheap, and says how large a value a run makes a row.
        ahead = max(1, min(_CHUNK, _TABLE // self._width)) if self._stop == n > 0 else 1
        self._first, self._stop = n, n + ahead
        updates = range(self._first, self._stop)
        self._table = [(name, self._column(name, s, updates)) for name, s in self._moving]
        self._width = max(np.size(column[0]) for _, column in self._table)

    def _column(self, name: str, schedule: Any, indices: range) -> Any:
        values = schedule(np.array(indices).reshape((-1,) + (1,) * self._ndim))
        _check_limits(name, values, f" from the schedule at one of the updates {indices[0]} to {indices[-1]}")
        return values.ravel().tolist() if values[0].size == 1 else values.astype(self._dtype)


def checked_step(optimizer: Optimizer, x: Any, grad: Any) -> tuple[Array, Array]:
    """Return x and grad as arrays, or say why they do not make a step."""
    if optimizer.needs or kind_of(optimizer.lr) != "schedule":
        needs = " and ".join(optimizer.needs)
        what = f"needs {needs}" if needs else f"takes its rate from {optimizer.lr!r}"
        raise TypeError(
            f"{type(optimizer).__name__} {what}, which a gradient alone cannot give; use minimize"
        )
    x, grad = np.asarray(x), np.asarray(grad)
    if grad.shape != x.shape:
        raise ValueError(f"grad: got {describe(grad)}, expected the shape {x.shape} of x")
    return x, grad


def kind_of(value: Any) -> str:
    """Return "schedule", "feedback" or "search": what a rate answers to."""
    return str(getattr(value, "kind", "schedule"))


def _answer(name: str, function: Any, n: int) -> float:
    """Return what a plain function gives for update n, if it is a number within the limits."""
    value = function(n)
    try:
        value = float(value)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name}: the function gave {describe(value)} for n = {n}, expected a number"
        ) from None
    _check_limits(name, value, f" from the function for n = {n}")
    return value


def _check_limits(name: str, value: Any, where: str) -> None:
    least, bound, closed = _LIMITS.get(name, (-math.inf, math.inf, True))
    if type(value) is float and least < value < bound:
        return
    array = np.asarray(value)
    below = array <= bound if closed else array < bound
    good = (array > least if name in _ABOVE else array >= least) & below
    if not good.all():
        culprit = float(array[~good].ravel()[0])
        lower = "above" if name in _ABOVE else "at least"
        span = f"{lower} {least:g}" if bound == math.inf else f"from {least:g} to below {bound:g}"
        raise ValueError(f"{name}: got {culprit!r}{where}, expected a finite number {span}")
