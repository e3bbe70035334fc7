"""Rules for the kit to make mistakes in: the same as those of `optim`, whose own text is left alone."""

import pytest

from optim import Optimizer
from optim.hyperparameters import Hyper
from stepsize.core.elementwise import sqrt

# They stay out of the registry, where every rule that there is has conformance tests.
with pytest.MonkeyPatch.context() as patch:
    patch.setattr("stepsize.core.record._REGISTRY", {})

    class WrittenAdam(Optimizer):
        slots = ("m", "v")
        lr: Hyper = 0.1
        beta1: Hyper = 0.9
        beta2: Hyper = 0.999
        eps: Hyper = 1e-8

        def direction(self, x, g, slots, h):
            m, v = slots
            m = h.beta1 * m + (1 - h.beta1) * g
            v = h.beta2 * v + (1 - h.beta2) * (g * g)
            m_hat = m / (1 - h.beta1**h.t)
            v_hat = v / (1 - h.beta2**h.t)
            return m_hat / (sqrt(v_hat) + h.eps), (m, v)

    class WrittenAdamW(WrittenAdam):
        """Adam's direction and a tenth of x, by calling Adam's own."""

        def direction(self, x, g, slots, h):
            d, slots = WrittenAdam.direction(self, x, g, slots, h)
            return d + 0.1 * x, slots

    class WrittenRMSprop(Optimizer):
        slots = ("s",)
        lr: Hyper = 0.1
        rho: Hyper = 0.9
        eps: Hyper = 1e-8

        def direction(self, x, g, slots, h):
            (s,) = slots
            s = h.rho * s + (1 - h.rho) * (g * g)
            return g / sqrt(s + h.eps), (s,)

    class WrittenMomentum(Optimizer):
        slots = ("m",)
        lr: Hyper = 0.1
        momentum: Hyper = 0.9

        def direction(self, x, g, slots, h):
            (m,) = slots
            m = h.momentum * m + g
            return m, (m,)

    class WrittenAverage(Optimizer):
        """Momentum as an average, whose correction is a plain number."""

        slots = ("m",)
        lr: Hyper = 0.1
        beta1: Hyper = 0.9

        def direction(self, x, g, slots, h):
            (m,) = slots
            m = h.beta1 * m + (1 - h.beta1) * g
            scale = 1 / (1 - h.beta1**h.t)
            return scale * m, (m,)

    class WrittenInPlace(Optimizer):
        """Descent that is not pure."""

        lr: Hyper = 0.1

        def update(self, x, g, slots, h):
            x -= h.lr * g
            return x, slots

    class WrittenAnchor(Optimizer):
        """Descent on a rope, whose peg is half the start; `way` is no hyperparameter."""

        slots = ("peg",)
        lr: Hyper = 0.1
        pull: Hyper = 0.5
        way: int = 1

        def start(self, x, h):
            return (h.pull * x,)

        def direction(self, x, g, slots, h):
            (peg,) = slots
            return self.way * g + h.pull * (x - peg), (peg,)

    class WrittenPeg(WrittenAnchor):
        """A mean that starts at half of x and takes x in."""

        slots = ("m",)

        def direction(self, x, g, slots, h):
            (m,) = slots
            m = h.pull * m + self.way * (g + x)
            return m, (m,)
