"""Optimizers around optimizers: what a wrapper is; weight decay and momentum for any rule."""

from typing import Any, ClassVar, Self

import numpy as np

from optim.hyperparameters import Hyper, Numbers, Resolved, hyper
from optim.optimizer import Optimizer, Slots
from optim.rules.adagrad_rmsprop import RMSprop
from optim.rules.sgd import Momentum
from stepsize.core.validation import describe_value, require

__all__ = ["L2", "DecoupledDecay", "WithMomentum", "Wrapper"]

Array = np.ndarray[Any, Any]


class Wrapper(Optimizer, abstract=True):
    """An optimizer that holds another one, `inner`, and changes what goes in or what comes out.

    Wrappers nest: ``ClipByNorm(L2(Adam(lr=0.1), 0.01), 1.0)`` clips first, adds the penalty second. The slots
    are the wrapper's `own` and then those of `inner`; the rate and whatever else a wrapper does not have
    itself are inner's, to read (``opt.beta1``) and to change (``opt.replace(beta1=0.8)``).

    Parameters
    ----------
    inner : Optimizer
        The rule inside.

    Raises
    ------
    TypeError
        If `inner` is not an optimizer.
    """

    own_slots: ClassVar[tuple[str, ...]] = ()
    demo: ClassVar = {"inner": Momentum()}
    inner: Any

    def transform_gradient(self, x: Numbers, g: Numbers, h: Resolved) -> Numbers:
        """Return the gradient that the inner rule sees."""
        return g

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        return self.inner.direction(x, self.transform_gradient(x, g, h), slots, h.inner)  # type: ignore[no-any-return]  # `inner` is Any, so that h.inner may be a resolved record

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        return self.inner.update(x, self.transform_gradient(x, g, h), slots, h.inner)  # type: ignore[no-any-return]  # as above

    def start(self, x: Array, h: Resolved) -> Slots:
        return (*(np.zeros_like(x) for _ in self.own_slots), *self.inner.start(x, h.inner))

    def output(self, x: Numbers, slots: Slots) -> Numbers:
        return self.inner.output(x, slots[len(self.own_slots) :])

    def hypers(self) -> tuple[str, ...]:
        """Return the names of its own hyperparameters and of the inner rule's."""
        own = self.own_hypers()
        return (*own, *(name for name in self.inner.hypers() if name not in own))

    def replace(self, **changes: Any) -> Self:
        """Return the same wrapper with some parameters changed, its own or the inner rule's."""
        own = {name: changes.pop(name) for name in tuple(changes) if name in self.__dataclass_fields__}
        if changes:
            own["inner"] = own.get("inner", self.inner).replace(**changes)
        return super().replace(**own)

    def at_default_rate(self) -> Self:
        return self.replace(inner=self.inner.at_default_rate())

    def normalise(self, name: str, value: Any) -> Any:
        if name == "inner" and not isinstance(value, Optimizer):
            raise TypeError(f"inner: got {describe_value(value)}, expected an optimizer such as SGD(lr=0.1)")
        return super().normalise(name, value)

    def __getattr__(self, name: str) -> Any:
        """Read what the wrapper does not have from the inner rule."""
        inner = self.__dict__.get("inner")
        if inner is None or name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(inner, name)

    @property
    def lr(self) -> Any:
        """The rate of the rule inside."""
        return self.inner.lr

    @property
    def slots(self) -> tuple[str, ...]:  # type: ignore[override]  # a constant of rules, but not of wrappers
        """The wrapper's own slots, then the inner rule's."""
        return (*self.own_slots, *(f"inner/{name}" for name in self.inner.slots))

    @property
    def elementwise(self) -> bool:  # type: ignore[override]  # as above
        return bool(self.inner.elementwise)

    @property
    def requires(self) -> tuple[str, ...]:  # type: ignore[override]  # as above
        return tuple(self.inner.requires)

    @property
    def compares_gradients(self) -> bool:  # type: ignore[override]  # as above
        return bool(self.inner.compares_gradients)

    @property
    def batched(self) -> bool:  # type: ignore[override]  # as above
        return bool(self.inner.batched)

    @property
    def draws_noise(self) -> bool:  # type: ignore[override]  # as above
        return bool(self.inner.draws_noise)

    @property
    def has_separate_output(self) -> bool:
        return bool(self.inner.has_separate_output)

    @property
    def is_direction_rule(self) -> bool:
        return bool(self.inner.is_direction_rule)


class L2(Wrapper):
    r"""Weight decay by a penalty: the gradient of half the squared norm of x joins the gradient.

    .. math:: g \leftarrow g + \lambda x

    It enters every average of the inner rule; rules that divide by the size of gradients divide the decay
    too. PyTorch's ``weight_decay`` is this one everywhere but in AdamW. Compare `DecoupledDecay`.

    Parameters
    ----------
    inner : Optimizer
        The rule that gets the gradient with the penalty.
    weight_decay : float, array or schedule
        :math:`\lambda`, at least 0.

    References
    ----------
    Krogh and Hertz, "A simple weight decay can improve generalization", NIPS 1991. Loshchilov and
    Hutter, arXiv 1711.05101, on how it differs from decay.

    Examples
    --------
    From x = 2 with gradient 1: 2 - 0.5 (1 + 0.1 * 2).

    >>> import numpy as np
    >>> from optim import SGD
    >>> opt, x = L2(SGD(lr=0.5), weight_decay=0.1), np.array([2.0])
    >>> opt.step(x, np.array([1.0]), opt.init(x))[0].tolist()
    [1.4]
    """

    weight_decay: Hyper = hyper(0.01, minimum=0)

    def transform_gradient(self, x: Numbers, g: Numbers, h: Resolved) -> Numbers:
        return g + h.weight_decay * x


class DecoupledDecay(Wrapper):
    r"""Decoupled weight decay: x shrinks by its share, whatever the rule does to gradients.

    .. math:: x_{t+1} = \text{step}(x_t) - \eta_t \lambda x_t

    Keras' ``weight_decay`` on every optimizer, and that of Optax' adamw, lion and their kin. For SGD it is
    the same as `L2`, for every other rule it is not.

    Parameters
    ----------
    inner : Optimizer
        The rule whose step is taken; it sees the plain gradient.
    weight_decay : float, array or schedule
        :math:`\lambda`, at least 0; multiplied by the rate (the paper's is not, see `AdamW`).
    first : bool
        Whether the rule sees x after the decay, as in Keras. It matters where a rule looks at x, as `LAMB`,
        `Adafactor` and `FTRL` do.

    References
    ----------
    Hanson and Pratt, "Comparing biases for minimal network construction with back-propagation", NIPS 1988.
    Loshchilov and Hutter, "Decoupled weight decay regularization", arXiv 1711.05101.

    Examples
    --------
    From x = 2 the sign of the gradient moves by 0.5, the decay by 0.5 * 0.1 * 2.

    >>> import numpy as np
    >>> from optim import SignSGD
    >>> opt, x = DecoupledDecay(SignSGD(lr=0.5), weight_decay=0.1), np.array([2.0])
    >>> opt.step(x, np.array([7.0]), opt.init(x))[0].tolist()
    [1.4]
    """

    weight_decay: Hyper = hyper(0.01, minimum=0)
    first: bool = False

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        seen = x - h.lr * h.weight_decay * x if h.first else x
        d, slots = self.inner.direction(seen, g, slots, h.inner)
        return d + h.weight_decay * x, slots

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        if h.first:
            return self.inner.update(x - h.lr * h.weight_decay * x, g, slots, h.inner)  # type: ignore[no-any-return]  # as in Wrapper
        x_next, slots = self.inner.update(x, g, slots, h.inner)
        return x_next - h.lr * h.weight_decay * x, slots


class WithMomentum(Wrapper):
    r"""Momentum on the directions of another rule, as RMSprop has it in the libraries.

    .. math::
        m_t &= \beta\, m_{t-1} + d_t \\
        x_{t+1} &= x_t - \eta\, m_t \qquad\text{or with Nesterov's look ahead}\qquad
        x_{t+1} = x_t - \eta\,(d_t + \beta\, m_t)

    Parameters
    ----------
    inner : Optimizer
        The rule that gives the directions :math:`d_t`.
    momentum : float, array or schedule
        :math:`\beta`, at least 0. Graves uses 0.9.
    nesterov : bool
        Whether to look ahead.
    rate_inside : bool
        False: the rate multiplies the whole velocity, as in PyTorch. True: it goes into the velocity with
        each direction, :math:`m_t = \beta m_{t-1} + \eta_t d_t`, as in Graves, Keras, Optax and TensorFlow 1.

    Raises
    ------
    ValueError
        If the inner rule's update is not x - lr * d.

    References
    ----------
    Graves, "Generating sequences with recurrent neural networks", arXiv 1308.0850, eq. 38-41.

    Examples
    --------
    Signs of a constant gradient: the second step is 1.9 times the first.

    >>> import numpy as np
    >>> from optim import SignSGD
    >>> opt, x = WithMomentum(SignSGD(lr=0.1), momentum=0.9), np.zeros(1)
    >>> state = opt.init(x)
    >>> for _ in range(2):
    ...     x, state = opt.step(x, np.array([5.0]), state)
    >>> x.round(12).tolist()
    [-0.29]
    """

    own_slots: ClassVar = ("m",)
    demo: ClassVar = {"inner": RMSprop()}
    momentum: Hyper = hyper(0.9, minimum=0)
    nesterov: bool = False
    rate_inside: bool = False

    def check(self) -> None:
        require(self.inner.is_direction_rule, "inner", self.inner, "a rule whose update is x - lr * d")

    def direction(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        m, *rest = slots
        d, inner = self.inner.direction(x, g, tuple(rest), h.inner)
        m = h.momentum * m + d
        return d + h.momentum * m if h.nesterov else m, (m, *inner)

    def update(self, x: Numbers, g: Numbers, slots: Slots, h: Resolved) -> tuple[Numbers, Slots]:
        if not h.rate_inside:
            return Optimizer.update(self, x, g, slots, h)
        m, *rest = slots
        d, inner = self.inner.direction(x, g, tuple(rest), h.inner)
        m = h.momentum * m + h.lr * d
        return x - (h.lr * d + h.momentum * m if h.nesterov else m), (m, *inner)

    @property
    def is_direction_rule(self) -> bool:
        """Whether the rate is outside."""
        return not self.rate_inside
