"""The contract of an optimizer: a frozen record of hyperparameters and one pure update."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np

from optim.hyperparameters import ANY, RATE, Range, check_range, hyper
from optim.resume import rule_of, state_fits
from optim.state import State
from stepsize.core.display import brief
from stepsize.core.record import Default, Record
from stepsize.core.user_values import as_array
from stepsize.core.validation import as_floats, as_number, describe, missing, refuse_unless

__all__ = ["Evaluation", "Hyper", "Optimizer", "Rate", "Slots", "hyper"]

Array = np.ndarray[Any, Any]
Slots = tuple[Any, ...]


class Rate(Protocol):
    """What may stand for a number and is no plain function: a schedule, a feedback rate, a line search."""

    kind: ClassVar[str]


# What a hyperparameter may be. Inside an update, ``h`` has the number or array of that update in its place,
# which is why the rules write ``h: Any``.
Hyper = float | Array | Callable[[int], float] | Rate

# Schedules are evaluated for so many updates at once, unless that would make a table of more numbers than
# this.
_CHUNK = 512
_TABLE = 2**18

_HYPERS: dict[type["Optimizer"], tuple[str, ...]] = {}
_RANGES: dict[type["Optimizer"], dict[str, "Range"]] = {}

# From so many parameters on, a step is made in blocks (`optim.engines.large`).
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

    if not TYPE_CHECKING:  # what it returns is an optimizer, except to SciPy

        def __new__(cls, *args: Any, **options: Any) -> Any:
            """Make an optimizer; given to SciPy as ``method=SGD``, serve it with one of all defaults."""
            if "hessp" in options and "constraints" in options:
                return cls()(*args, **options)
            return object.__new__(cls)

    def __setattr__(self, name: str, value: Any) -> None:
        raise dataclasses.FrozenInstanceError(
            f"{type(self).__name__} is frozen; use .replace({name}=...) for a parameter, and let a rule keep "
            "what it remembers in its slots"
        )

    def direction(self, x: Any, g: Any, slots: Slots, h: Any) -> tuple[Any, Slots]:
        """Return the direction d to subtract and the new slots, for a gradient g taken at x."""
        raise missing(self, "direction(self, x, g, slots, h)")

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
        x = as_floats("x", x)
        x = self.spread(x.reshape(1) if x.ndim == 0 else x)
        slots = tuple(np.array(s) for s in self.start(x, Hypers(self, x).at(0)))
        if len(slots) != len(self.slots):
            raise ValueError(
                f"{type(self).__name__}.start: returned {len(slots)} slots, expected {len(self.slots)}: "
                + ", ".join(self.slots)
            )
        return State(0, slots, None, x, rule_of(self), None, x.shape)

    def step(self, x: Any, grad: Any, state: State) -> tuple[Array, State]:
        """Make one update: ``x, state = opt.step(x, grad, state)``.

        Parameters
        ----------
        x : ndarray
            The parameters, of any shape whose last axis is the parameter vector; or one number.
        grad : ndarray
            The gradient at x, of x's shape.
        state : State
            What `init` or the last `step` returned.

        Raises
        ------
        TypeError
            If the rule or its rate needs to evaluate the loss, which only `minimize` can do.
        ValueError
            If grad is not of x's shape, or the state is that of another rule or of another shape of x.
        """
        x, grad = checked_step(self, x, grad)
        if x.ndim == 0:
            x_next, state = self.step(x.reshape(1), grad.reshape(1), state)
            return x_next[0], state
        state_fits(self, state, x)
        if x.size >= HUGE:
            from optim.engines.large import step

            x_next, new = step(self, x, grad, state)
        else:
            with np.errstate(all="ignore"):
                x_next, slots = updating(self)(x, grad, state.slots, Hypers(self, x).at(state.n))
            new = State(state.n + 1, slots, state.carry)
        # x and grad are the caller's, who may go on to write into them; fresh arrays have no base.
        slots = tuple(
            np.array(s) if s is x or s is grad or s is x_next or getattr(s, "base", None) is not None else s
            for s in new.slots
        )
        return x_next, State(new.n, slots, new.carry, None, state.rule, state.rate, state.shape or x.shape)

    def spread(self, x: Any, called: str = "x") -> Array:
        """Return x as a float array, broadcast against array hyperparameters."""
        if not hasattr(self, "lr"):
            raise TypeError(
                f"{type(self).__name__}: got no field lr, expected `lr: Hyper = 0.1` in the class"
            )
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
            # Not `is`: a class that another process was sent has a union of its own.
            _HYPERS[cls] = tuple(n for n, f in fields if f.type == Hyper or str(f.type).endswith("Hyper"))
        return _HYPERS[cls]

    @classmethod
    def ranges(cls) -> dict[str, Range]:
        """Return the range of every hyperparameter of this class that has one: `hyper` declares it."""
        if cls not in _RANGES:
            fields = cls.__dataclass_fields__
            declared = {name: fields[name].metadata.get("range") for name in cls.own_hypers()}
            _RANGES[cls] = {name: found for name, found in declared.items() if found is not None}
            if "lr" in cls.own_hypers():
                _RANGES[cls].setdefault("lr", RATE)
        return _RANGES[cls]

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
        if callable(value) and not isinstance(value, Record):
            from stepsize.core.user_values import refuse_unless_of

            refuse_unless_of(name, value, "n")
        if callable(value) or kind_of(value) != "schedule":
            return value
        if isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim):
            value = super().normalise(name, as_floats(name, value, expected))
        else:
            value = as_number(name, value.item() if isinstance(value, np.ndarray) else value, expected)
        check_range(name, self.ranges().get(name, ANY), value, "")
        return value

    @classmethod
    def instead_of(cls, name: str) -> str:
        """Return what to write instead of a parameter of another library's rule, or of a misspelled one."""
        from stepsize.core.aliases import rule_parameter

        fields = list(cls.__dataclass_fields__)
        return rule_parameter(cls.__name__, name, fields) or super().instead_of(name)

    def at_default_rate(self) -> Self:
        """Return the same rule with the rate that its class has by default, if it has one."""
        default = getattr(type(self), "lr", None)
        return self if default is None else self.replace(lr=default)

    def __call__(self, fun: Any, x0: Any, args: tuple[Any, ...] = (), **options: Any) -> Any:
        """Serve as SciPy's method: ``scipy.optimize.minimize(f, x0, jac=g, method=Adam(lr=0.1))``."""
        from optim.scipy_adapter import as_method

        return as_method(self, fun, x0, args, **options)


class Hypers:
    """An optimizer's record as each update sees it.

    Schedules are evaluated in chunks and the record handed out is one and the same object, refilled: building
    a fresh one would cost more than most updates do. A plain function may hold for the updates of the run
    alone, and is asked one by one; a schedule is asked for no update from `stop` on, where that is known.
    """

    def __init__(self, optimizer: Optimizer, x: Array, stop: int | None = None) -> None:
        self._ndim, self._dtype, self._end = x.ndim, x.dtype, stop
        self._h = object.__new__(type(optimizer))
        self._moving: list[tuple[str, Any]] = []
        self._inner: dict[str, Hypers] = {}
        self._table: list[tuple[str, Any]] = []
        self._first, self._stop, self._width = 0, 0, 1
        self._asked: list[tuple[str, Any]] = []
        names, self._ranges = optimizer.own_hypers(), optimizer.ranges()
        values = self._h.__dict__
        for name, value in optimizer.fields():
            if isinstance(value, Optimizer):
                inner = Hypers(value, x, stop)
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
            values[name] = self._answer(name, function, n)
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
                    values[name] = self._answer(name, function, k)
                for inner in self._inner.values():
                    inner.at(k)
                yield self._h
            n = end

    def columns(self, n: int, stop: int) -> dict[tuple[str, ...], Sequence[Any]]:
        """Return what changes from update n to stop - 1, t and every schedule, by its path in the record."""
        found: dict[tuple[str, ...], Sequence[Any]] = {("t",): range(n + 1, stop + 1)}
        found |= {(name,): self._column(name, s, range(n, stop)) for name, s in self._moving}
        found |= {(name,): [self._answer(name, f, k) for k in range(n, stop)] for name, f in self._asked}
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
        if self._end is not None:
            ahead = max(1, min(ahead, self._end - n))
        updates = range(n, n + ahead)
        # Known only once all columns are: a refused one must be refused again.
        self._table = [(name, self._column(name, s, updates)) for name, s in self._moving]
        self._first, self._stop = n, n + ahead
        self._width = max(np.size(column[0]) for _, column in self._table)

    def _column(self, name: str, schedule: Any, indices: range) -> Any:
        values = schedule(np.array(indices).reshape((-1,) + (1,) * self._ndim))
        allowed = self._ranges.get(name, ANY)
        good = allowed.has(values)
        if not good.all():
            first = np.flatnonzero(~good.reshape(len(values), -1).all(axis=1))[0]
            check_range(name, allowed, values[first], f" from the schedule for n = {indices[first]}")
        return values.ravel().tolist() if values[0].size == 1 else values.astype(self._dtype)

    def _answer(self, name: str, function: Any, n: int) -> float:
        """Return what a plain function gives for update n, if it is a number within the range."""
        try:
            value = function(n)
        except (LookupError, ArithmeticError, TypeError, ValueError) as error:
            raise ValueError(
                f"{name}: the function failed for n = {n} with {type(error).__name__}: {error}, expected a "
                "number for every update of the run"
            ) from error
        try:
            value = float(value)
        except (TypeError, ValueError):
            raise TypeError(
                f"{name}: the function gave {describe(value)} for n = {n}, expected a number"
            ) from None
        check_range(name, self._ranges.get(name, ANY), value, f" from the function for n = {n}")
        return value


def updating(optimizer: Optimizer, name: str = "update") -> Any:
    """Return the method that makes an update, with a guard around it where the rule is from outside."""
    if not is_own(optimizer):
        return _forgiving(getattr(optimizer, name))
    from functools import partial

    from optim.user_rules import guarded

    return partial(guarded, optimizer, name)


def _forgiving(method: Any) -> Any:
    """Return the method that makes an update; where Python's floats raise, NumPy's give inf or nan."""

    def call(x: Any, g: Any, slots: Slots, h: Any) -> Any:
        try:
            return method(x, g, slots, h)
        except ArithmeticError:
            return method(x, g, slots, _in_numpy(h, x.dtype.type))

    return call


def _in_numpy(h: Any, number: Any) -> Any:
    """Return a resolved record with NumPy's numbers in place of Python's."""
    found = object.__new__(type(h))
    for name, value in h.__dict__.items():
        if isinstance(value, Optimizer):
            value = _in_numpy(value, number)
        found.__dict__[name] = number(value) if type(value) is float else value
    return found


def checked_step(optimizer: Optimizer, x: Any, grad: Any) -> tuple[Array, Array]:
    """Return x and grad as arrays, or say why they do not make a step."""
    if optimizer.needs or kind_of(optimizer.lr) != "schedule":
        needs = " and ".join(optimizer.needs)
        what = f"needs {needs}" if needs else f"takes its rate from {optimizer.lr!r}"
        raise TypeError(
            f"{type(optimizer).__name__} {what}, which a gradient alone cannot give; use minimize"
        )
    if not (isinstance(x, np.ndarray) and x.dtype.kind == "f"):
        x = as_floats("x", x)
    if not (isinstance(grad, np.ndarray) and grad.dtype.kind == "f" and grad.shape == x.shape):
        grad = as_array("grad", grad, x.shape, x.dtype)
    return x, grad


# The packages whose rules are tested to keep the contract.
_PACKAGES = frozenset(("optim", "schedules", "problems", "stepsize"))


def is_own(optimizer: Any) -> bool:
    """Whether a rule, or one inside it, is a class from outside the packages."""
    if type(optimizer).__module__.partition(".")[0] not in _PACKAGES:
        return True
    return any(is_own(value) for _, value in optimizer.fields() if isinstance(value, Optimizer))


def kind_of(value: Any) -> str:
    """Return "schedule", "feedback" or "search": what a rate answers to."""
    return str(getattr(value, "kind", "schedule"))
