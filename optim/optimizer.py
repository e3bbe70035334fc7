"""The contract of an optimizer: a frozen record of hyperparameters and one pure update."""

import dataclasses
import math
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, NoReturn, Self

import numpy as np

from optim.hyperparameters import (
    RATE,
    Hyper,
    Hypers,
    Numbers,
    Resolved,
    check_range,
    rate_kind,
    rules_inside,
)
from optim.state import State, fitting_step, rule_of
from optim.user_rules import starting, updating
from stepsize.core.display import brief
from stepsize.core.hooks import call_hook
from stepsize.core.limits.ranges import ANY, Range
from stepsize.core.record import Default, Record
from stepsize.core.user_values import as_array, is_outside
from stepsize.core.validation import as_floats, as_number, describe_value, missing, require

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Evaluation", "Optimizer", "Slots"]

Array = np.ndarray[Any, Any]
Slots = tuple[Numbers, ...]


_HYPERS: dict[type["Optimizer"], tuple[str, ...]] = {}
_RANGES: dict[type["Optimizer"], dict[str, "Range"]] = {}

# From so many parameters on, a step is made in blocks (`optim.engines.large`).
HUGE = 2**18
# Numbers that Python looks at faster than NumPy.
_FEW = 16
# What a parameter may be that is one number or word for all updates.
_PLAIN = frozenset((float, int, bool, str, type(None)))


class Evaluation(NamedTuple):
    """What is known at a point: value, gradient and, for mini-batches, their variances and which draw it was.

    `drawn` is (n, k): the k-th evaluation along the line of update n, where the problem varies.
    """

    f: Numbers
    g: Numbers
    var_f: Numbers = None
    var_g: Numbers = None
    drawn: tuple[int, int] | None = None

    def __repr__(self) -> str:
        return brief(self)


def _rateless(optimizer: object) -> NoReturn:
    raise AttributeError(f"{type(optimizer).__name__} has no lr")


class Optimizer(Record, abstract=True):
    """A rule that turns gradients into updates.

    A subclass names its `slots` (arrays like x that it carries from one update to the next, zero at the
    start), declares its hyperparameters as fields of type `Hyper`, and writes `direction` as its paper does.
    The paper's last line, ``x = x - lr * d``, stands in `update`. In both, ``h`` is the record itself with
    every schedule resolved at this update, and ``h.t`` = 1, 2, ... counts updates: no optimizer counts.

    What a rule wants beyond the gradient it names in `requires`, and finds in ``h`` too: ``f`` is the value
    at x; ``hess``, ``residuals``, ``jacobian`` are what the methods of that name give at x; ``grad``
    is the gradient as a function, to be asked at other points. All are of the problem as this update sees it.
    A rule that `compares_gradients` takes differences of the gradients of two updates. Where the problem
    varies, it finds ``h.grad`` and asks it for the earlier gradient once more, because two gradients compare
    only on one mini-batch; elsewhere ``h.grad`` is None.

    Of a rule from outside the packages, a batch is made at once if the rule is arithmetic on each coordinate;
    otherwise run by run, unless the class says ``batched = True``: that it keeps to the last axis.

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
    requires: ClassVar[tuple[str, ...]] = ()
    compares_gradients: ClassVar[bool] = False
    # False refuses batches; a class from outside that says True is trusted with them.
    batched: ClassVar[bool] = True
    # Whether an update draws noise of its own, so that the loss goes up and down by chance.
    draws_noise: ClassVar[bool] = False
    # The rule that this one is but for a switch or a second epsilon, where a library alone has those.
    twin_of: ClassVar[str] = ""
    # How many updates make one of the rule inside, for those wrappers that wait.
    inner_period: ClassVar[int] = 1
    # What a line search takes for those of its parameters that are left to the rule.
    suggests: ClassVar[dict[str, Any]] = {}
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

        def __new__(cls, *args: object, **options: object) -> Any:
            """Make an optimizer; given to SciPy as ``method=SGD``, serve it with one of all defaults."""
            if "hessp" in options and "constraints" in options:
                return cls()(*args, **options)
            return object.__new__(cls)

    def __setattr__(self, name: str, value: object) -> None:
        raise dataclasses.FrozenInstanceError(
            f"{type(self).__name__} is frozen; use .replace({name}=...) for a parameter, and let a rule keep "
            "what it remembers in its slots"
        )

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        """Return the direction d to subtract and the new slots, for a gradient g taken at x."""
        raise missing(self, "direction(self, x, g, slots, h)")

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        """Return the next x and the new slots."""
        d, slots = self.direction(x, g, slots, h)
        return x - h.lr * d, slots

    def start(self, x: Array, h: Resolved) -> Slots:
        """Return the slots before the first update: zeros like x."""
        if x.ndim == 1:  # three times as fast
            return tuple(np.zeros(x.size, x.dtype) for _ in self.slots)
        return tuple(np.zeros_like(x) for _ in self.slots)

    def output(self, x: Numbers, slots: Slots) -> Numbers:
        """Return the point to report, which for some rules is not where the gradient is taken."""
        return x

    @cached_property
    def plain_fields(self) -> dict[str, Any] | None:
        """The parameters, if none is an array, a schedule, a function or another rule."""
        found = dict(self.fields())
        return found if all(type(value) in _PLAIN for value in found.values()) else None

    @property
    def holds_numbers_alone(self) -> bool:
        """Whether no parameter is an array, a schedule, a function or another rule."""
        return self.plain_fields is not None

    @cached_property
    def is_from_outside(self) -> bool:
        """Whether the rule, or one inside it, is a class from outside the packages."""
        if is_outside(type(self)):
            return True
        return not self.holds_numbers_alone and any(rule.is_from_outside for rule in rules_inside(self))

    @property
    def has_separate_output(self) -> bool:
        """Whether `output` differs from x."""
        return type(self).output is not Optimizer.output

    @property
    def update_is_inherited(self) -> bool:
        """Whether `update` is that of this class, x - lr * d of `direction`."""
        return type(self).update is Optimizer.update

    @property
    def is_direction_rule(self) -> bool:
        """Whether an update is x - lr * d, so that a line search can choose lr."""
        return self.update_is_inherited

    def init(self, x: "ArrayLike") -> State:
        """Return the state before the first update at x.

        Raises
        ------
        TypeError, ValueError
            If x is not a finite float array, or a hyperparameter's shape does not fit it.
        """
        if not (isinstance(x, np.ndarray) and x.ndim):
            x = np.atleast_1d(as_floats("x", x))
        return self.fresh_state(self.spread(x))

    def fresh_state(self, x: Array) -> State:
        """Return the state before the first update at an x that `spread` has made."""
        if type(self).start is Optimizer.start:  # it reads no hyperparameter
            slots = self.start(x, None)
        else:
            slots = tuple(np.array(s) for s in starting(self, x, Hypers(self, x).resolve(0)))
        if len(slots) != len(self.slots):
            raise ValueError(
                f"{type(self).__name__}.start: returned {len(slots)} slots, expected {len(self.slots)}: "
                + ", ".join(self.slots)
            )
        return State(0, slots, None, x, rule_of(self), None, x.shape)

    def step(self, x: "ArrayLike", grad: "ArrayLike", state: State) -> tuple[Array, State]:
        """Make one update: ``x, state = opt.step(x, grad, state)``.

        Parameters
        ----------
        x : ndarray
            The parameters, of any shape whose last axis is the parameter vector; or one number.
        grad : ndarray
            The gradient at x, of x's shape.
        state : State
            What `init` or the last `step` returned; it is taken in the precision of x.

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
        state = fitting_step(state, self, x)
        if x.size >= HUGE:
            x_next, new = call_hook("huge_step", self, x, grad, state)
        else:
            with np.errstate(all="ignore"):
                x_next, slots = updating(self)(x, grad, state.slots, Hypers(self, x).resolve(state.n))
            new = State(state.n + 1, slots, state.carry)
        x_next, slots = apart(x_next, new.slots, x, grad)
        return x_next, State(new.n, slots, new.carry, None, state.rule, state.rate, state.shape or x.shape)

    def spread(self, x: "ArrayLike", called: str = "x") -> Array:
        """Return x as a float array, broadcast against array hyperparameters."""
        if not hasattr(self, "lr"):
            raise TypeError(
                f"{type(self).__name__}: got no field lr, expected `lr: Hyper = 0.1` in the class"
            )
        x = as_floats(called, x)
        require(x.ndim > 0 and x.size > 0, called, x, "a vector of parameters, or a batch of them")
        require(_all_finite(x), called, x, "finite numbers")
        shape = x.shape
        for name, value in self.arrays():
            if value.ndim < x.ndim:
                raise ValueError(
                    f"{name}: got {describe_value(value)} for {called} of shape {x.shape}, expected as "
                    "many axes: "
                    f"{name}[:, None] is one value a run, {name}[None, :] one a coordinate"
                )
            try:
                shape = np.broadcast_shapes(shape, value.shape)
            except ValueError:
                raise ValueError(
                    f"{name}: got {describe_value(value)}, expected a shape that fits {called} of "
                    f"shape {x.shape}"
                ) from None
        return x if shape == x.shape else np.array(np.broadcast_to(x, shape))

    def arrays(self) -> Iterator[tuple[str, Array]]:
        """Yield every hyperparameter that is an array, or that a schedule makes one."""
        if self.holds_numbers_alone:
            return
        for name, value in self.fields():
            if type(value) is float:
                continue
            if isinstance(value, Optimizer):
                yield from value.arrays()
            elif isinstance(value, np.ndarray):
                yield name, value
            elif isinstance(value, Record) and callable(value) and rate_kind(value) == "schedule":
                first = value(0)
                if isinstance(first, np.ndarray):
                    yield name, first

    def hypers(self) -> tuple[str, ...]:
        """Return the names of the hyperparameters, which a number, an array or a schedule may set."""
        return self.own_hypers()

    @classmethod
    def own_hypers(cls) -> tuple[str, ...]:
        """Return the names of the hyperparameters that are fields of this very class, a rate among them."""
        if cls not in _HYPERS:
            fields = cls.__dataclass_fields__.items()
            # Not `is`: a class that another process was sent has a union of its own.
            _HYPERS[cls] = tuple(
                n for n, f in fields if n == "lr" or f.type == Hyper or str(f.type).endswith("Hyper")
            )
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
            if callable(value) and not isinstance(value, Optimizer):
                from optim.user_rules import refuse_to_drive

                refuse_to_drive(type(self), name, value)
            return super().normalise(name, value)
        allowed = self.ranges().get(name, ANY)
        if type(value) is float and math.isfinite(value) and allowed.has(value):  # as nearly all are
            return value
        expected = "a number, an array or a schedule"
        if isinstance(value, Optimizer):
            raise TypeError(f"{name}: got the optimizer {value!r}, expected {expected}")
        if isinstance(value, type):
            raise TypeError(
                f"{name}: got the class {value.__name__}, expected {expected}; call it with its parameters"
            )
        if rate_kind(value) != "schedule" and name != "lr":
            raise TypeError(
                f"{name}: got {value!r}, expected a number, an array or a schedule: only lr accepts a "
                "feedback rate or a line search"
            )
        if callable(value) and not isinstance(value, Record):
            from stepsize.core.user_values import require_callable_of

            require_callable_of(name, value, "n")
        if callable(value) or rate_kind(value) != "schedule":
            return value
        if isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim):
            value = super().normalise(name, as_floats(name, value, expected))
            require(value.size > 0, name, value, "at least one number")
        else:
            value = as_number(name, value.item() if isinstance(value, np.ndarray) else value, expected)
        check_range(name, allowed, value, "")
        return value

    @classmethod
    def instead_of(cls, name: str) -> str:
        """Return what to write instead of a parameter of another library's rule, or of a misspelled one."""
        from stepsize.core.aliases import rule_parameter

        fields = list(cls.__dataclass_fields__)
        if isinstance(getattr(cls, name, None), float | int):
            return f"; a parameter is declared with its type, {name}: Hyper = {getattr(cls, name)!r}"
        return rule_parameter(cls.__name__, name, fields) or super().instead_of(name)

    def at_default_rate(self) -> Self:
        """Return the same rule with the rate that its class has by default, if it has one."""
        default = getattr(type(self), "lr", None)
        return self if default is None else self.replace(lr=default)

    def __call__(self, fun: Any, x0: Any, args: tuple[Any, ...] = (), **options: Any) -> Any:
        """Serve as SciPy's method: ``scipy.optimize.minimize(f, x0, jac=g, method=Adam(lr=0.1))``."""
        return call_hook("scipy_method", self, fun, x0, args, **options)


def _all_finite(x: Array) -> bool:
    if x.ndim == 1 and x.size <= _FEW:
        return all(map(math.isfinite, x.tolist()))
    return bool(np.isfinite(x).all())


def apart(x_next: Array, slots: Slots, x: Array, grad: Array) -> tuple[Array, Slots]:
    """Return what an update made as arrays of which none is another, or one that came in.

    x and grad are the caller's, who may go on to write into them; fresh arrays have no base.
    """
    if x_next is x or x_next is grad:
        x_next = np.array(x_next)
    seen = {id(x), id(grad), id(x_next)}
    found: list[Array] = []
    for slot in slots:
        shared = id(slot) in seen or getattr(slot, "base", None) is not None
        found.append(np.array(slot) if shared else slot)
        seen.add(id(found[-1]))
    return x_next, tuple(found)


def checked_step(optimizer: Optimizer, x: "ArrayLike", grad: "ArrayLike") -> tuple[Array, Array]:
    """Return x and grad as arrays, or say why they do not make a step."""
    if optimizer.requires or rate_kind(optimizer.lr) != "schedule":
        needs = " and ".join(optimizer.requires)
        what = f"needs {needs}" if needs else f"takes its rate from {optimizer.lr!r}"
        raise TypeError(
            f"{type(optimizer).__name__} {what}, which a gradient alone cannot give; use minimize"
        )
    if not (isinstance(x, np.ndarray) and x.dtype.kind == "f"):
        x = as_floats("x", x)
    if not (isinstance(grad, np.ndarray) and grad.dtype == x.dtype and grad.shape == x.shape):
        grad = as_array("grad", grad, x.shape, x.dtype)
    return x, grad
