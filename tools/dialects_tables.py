"""Write what `stepsize dialects` finds into docs/dialects.md; run it from the root of the repository.

A test compares the page with what is computed now.
"""

from pathlib import Path

from optim.dialects import LIBRARIES
from stepsize.analysis.dialect_comparison import markdown

HEAD = """\
# The same optimizer, as everybody writes it

What PyTorch, Keras, Optax, TensorFlow 1, textbooks and the papers call by one name, a table an optimizer; the
second column says **what each does differently**. A first step is its length at rate 1 for a gradient g, with
the library's own defaults. An end point is where 50 updates lead.
`stepsize dialects RULE` says the same in a terminal, and draws it. All is computed:
`python tools/dialects_tables.py` writes this page from `optim/dialects`.
"""


PARTS = """\
## What stands around them

Clipping, averages and chains can be pasted too, in Python and on the command line:
`torch.nn.utils.clip_grad_norm_(torch.optim.SGD(lr=0.1), max_norm=1.0)`, the optimizer in the place of the
parameters; `optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.1))`. A chain may have clipping and
decay, then one rule, then its decay, its momentum and its rate; any other order is refused. In Keras they are
arguments of every optimizer: `clipnorm`, `global_clipnorm` or `clipvalue`, `weight_decay`, and `use_ema` with
`ema_momentum`. The numbers are compared with recorded runs (`tests/golden/wrappers.json`).

| call | what it is here |
|---|---|
"""


def parts() -> str:
    """Return the table of what libraries put around optimizers or chain into them."""
    rows = [part for library in LIBRARIES for part in library.parts.values()]
    return PARTS + "".join(f"| `{part.call}` | {part.says} |\n" for part in rows)


def page() -> str:
    """Return docs/dialects.md."""
    return HEAD + "\n" + markdown().replace("### ", "## ") + "\n" + parts()


def main() -> None:
    """Write the page."""
    Path("docs/dialects.md").write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
