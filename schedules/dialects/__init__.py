"""Other libraries' schedules under their own names and conventions, one namespace a library.

Paste a library's call, put a rate (or any optimizer that has one) where it takes the optimizer, and get a
schedule with that library's numbers, update by update:

>>> from schedules.dialects import torch, keras, wikipedia
>>> torch.StepLR(0.1, step_size=30, gamma=0.1)
StepDecay(0.1, 0.1, 30)
>>> keras.PiecewiseConstantDecay(boundaries=[10], values=[0.1, 0.01])
Piecewise([11], [0.1, 0.01])
>>> wikipedia.step_based(0.1, d=0.5, r=10)
EarlyStepDecay(0.1, 0.5, 10)

What comes back is one of this package's own schedules: its repr shows which convention was meant. Where a
library's convention is a boundary one update off, a climb after the end or a start at 0, it is reproduced;
where it is a fault of its code (a peak lost, a rate below zero, a division by zero), it is not.

And the way back: a schedule drives another library's optimizer in one line each.

==============  =====================================================================================
torch           ``LambdaLR(SGD(parameters, lr=1.0), schedule)``, which multiplies that 1.0
Optax           ``optax.sgd(jnp.asarray(schedule.table(T)).__getitem__)``; an index past T - 1 stays there
Keras           ``keras.optimizers.schedules.PiecewiseConstantDecay(list(range(T - 1)),
                schedule.table(T).tolist())``
Keras, epochs   ``keras.callbacks.LearningRateScheduler(lambda epoch, _: schedule(epoch))``
==============  =====================================================================================

Start with `torch.py`.
"""

from schedules.dialects import (
    fastai,
    keras,
    minisom,
    optax,
    pytorch_optimizer,
    timm,
    torch,
    transformers,
    wikipedia,
)

__all__ = [
    "fastai",
    "keras",
    "minisom",
    "optax",
    "pytorch_optimizer",
    "timm",
    "torch",
    "transformers",
    "wikipedia",
]
