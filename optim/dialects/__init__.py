"""The same optimizer as PyTorch, Keras, Optax, TensorFlow 1, a textbook and the papers write it.

A call to a library, with that library's names, gives the optimizer that does the same:

>>> from optim import dialects
>>> dialects.torch.SGD(lr=0.1, momentum=0.9, nesterov=True)
Nesterov(lr=0.1)
>>> dialects.keras.Adam(learning_rate=0.1)
Adam(lr=0.1, eps=1e-07, eps_hat=True)
>>> dialects.optax.adamw(0.1, weight_decay=0.5)
DecoupledDecay(Adam(lr=0.1), weight_decay=0.5)

So does what stands around optimizers or is chained into them:

>>> dialects.optax.chain(dialects.optax.clip_by_global_norm(1.0), dialects.optax.adam(0.1))
ClipByNorm(Adam(lr=0.1))
>>> dialects.torch.nn.utils.clip_grad_norm_(dialects.torch.optim.SGD(lr=0.1), max_norm=0.5)
ClipByNorm(SGD(lr=0.1), max_norm=0.5, eps=1e-06)

A library's calls, and the entries that write one rule:

>>> dialects.torch.Adadelta
torch.Adadelta(lr=1.0, rho=0.9, eps=1e-06, weight_decay=0.0, maximize=False)
>>> [dialect.call for dialect, use in dialects.family("lion")]
['keras.Lion', 'optax.lion', 'paper.Lion']

Start with `entry.py`, then read `torch_entries.py`.
"""

from typing import TYPE_CHECKING, Any

from optim.dialects.book_entries import D2L, PAPER, TF1
from optim.dialects.entry import Dialect, Library, Use
from optim.dialects.keras_entries import KERAS
from optim.dialects.optax_entries import OPTAX
from optim.dialects.torch_entries import TORCH
from stepsize.core.aliases import missing_name
from stepsize.core.validation import did_you_mean

__all__ = ["LIBRARIES", "Dialect", "Library", "Use", "d2l", "families", "family", "keras", "optax", "paper"]
__all__ += ["table", "tf1", "torch"]

torch, keras, optax, tf1, d2l, paper = TORCH, KERAS, OPTAX, TF1, D2L, PAPER
LIBRARIES = (torch, keras, optax, tf1, d2l, paper)


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        raise missing_name("optim.dialects", name, __all__)


def __dir__() -> list[str]:
    """Return the libraries and what compares them: completion shows this."""
    return list(__all__)


def table() -> list[tuple[Dialect, Use]]:
    """Return every use of every class of every library."""
    return [(entry, use) for library in LIBRARIES for entry in library.entries.values() for use in entry.uses]


def families() -> list[str]:
    """Return the names of the rules that there are entries for, in the table's order."""
    return list(dict.fromkeys(use.family for _, use in table()))


def family(name: str) -> list[tuple[Dialect, Use]]:
    """Return the entries that write the rule of that name, to be compared.

    Raises
    ------
    ValueError
        If there is no such rule.
    """
    found = [(entry, use) for entry, use in table() if use.family == name.lower()]
    if not found:
        hint = did_you_mean(name, families()) or f", expected one of {', '.join(families())}"
        raise ValueError(f"family: got {name!r}{hint}")
    return found
