"""Write what `stepsize dialects` finds into the documentation: docs/dialects.md, and the README's section.

Run from the root of the repository. The README is changed only between the two lines

    <!-- dialects: begin -->
    <!-- dialects: end -->

if it has them. A test compares both with what is computed now.
"""

from pathlib import Path

from optim.dialects import LIBRARIES
from stepsize.analysis.dialect_comparison import markdown

BEGIN, END = "<!-- dialects: begin -->", "<!-- dialects: end -->"

# The rules that the README shows; docs/dialects.md has them all.
README_RULES = ["adam", "adam with decay", "momentum", "rmsprop", "nadam"]

HEAD = """\
# The same optimizer, as everybody writes it

Written by `python tools/dialects_tables.py` from the table in `optim/dialects`; nothing here is typed by
hand. A first step is its length at rate 1 for a gradient g, with the library's own defaults. An end point is
where 50 updates lead. `stepsize dialects RULE` says the same in a terminal, and draws it.
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


def section() -> str:
    """Return what stands in the README between the two marks."""
    return markdown(README_RULES)


def with_section(readme: str) -> str:
    """Return the README with a fresh section, or as it is if it has no marks."""
    if BEGIN not in readme or END not in readme:
        return readme
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{section()}\n{END}{after}"


def main() -> None:
    """Write both."""
    Path("docs/dialects.md").write_text(page(), encoding="utf-8", newline="\n")
    readme = Path("README.md")
    readme.write_text(with_section(readme.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
