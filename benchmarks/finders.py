"""Learning-rate finders on quadratics whose best rate is known: writes docs/finders.md and docs/finders.png.

    python benchmarks/finders.py

The popular finders are those of `stepsize.experiments.lr_finder.range_test`, which give what their own code
gave (tests/golden/finders.json).
"""

from pathlib import Path

import numpy as np

from optim import SGD, Adam
from problems import Quadratic
from stepsize import draw, find_lr
from stepsize.draw.style import COLORS, INK, figure, style

DOCS = Path(__file__).parent.parent / "docs"
COUNTS = (50, 100, 300, 1000)
BOWLS = {
    "L = 10, mu = 1": Quadratic([1.0, 10.0], start=[1.0, 1.0]),
    "L = 100, mu = 1": Quadratic([1.0, 100.0], start=[1.0, 1.0]),
    "L = 1, mu = 0.5": Quadratic([0.5, 1.0], start=[1.0, 1.0]),
}
STEPS = 300
TEXT = """\
# Learning-rate finders where the answer is known

Gradient descent on a quadratic with curvatures from mu to L converges below 2/L and is fastest at 2/(L+mu).
That makes it the natural check of a learning-rate finder, and the popular ones do not pass it. Made by
`python benchmarks/finders.py`; the answers of torch-lr-finder and of fastai's rules equal what their own
code gives (`tests/golden/finders.json`).

![What each finder says, over what is right](finders.png)

## What they say

`find_lr` starts every rate anew from the same point, here for a budget of {steps} updates. The others let
the rate climb within one run, here with all their own defaults, over ramps of 50, 100, 300 and 1000
updates.

{table}

The weights move while the rate climbs: a long ramp has converged before it reaches the useful rates, and
what the rule reads off is where the loss stopped falling. Hence torch-lr-finder's answer falls about as one
over the length of the ramp. Adam's direction does not know the scale of the loss, so from the same start
its answers are the same on all three bowls, but for those of fastai's slide.

## What noise and outliers do to them

On the first bowl, ramps of 300 updates: the loss that the finder sees is multiplied by random factors of 5
%, or is ten times too large at a single update, somewhere. 200 draws each, from the lowest to the highest
answer without the outer tenths. The best rate is 0.18. (`found.disturbed()` does it for any problem, and
`stepsize find-lr` prints it.)

{noise}
"""


def main() -> None:
    found = {
        (name, rule.__name__): find_lr(bowl, rule, STEPS)
        for name, bowl in BOWLS.items()
        for rule in (SGD, Adam)
    }
    said = {key: one.classical(COUNTS) for key, one in found.items()}
    (DOCS / "finders.md").write_text(
        TEXT.format(steps=STEPS, table=table(found, said), noise=noise_table(found["L = 10, mu = 1", "SGD"])),
        encoding="utf-8",
    )
    picture(found, said)


def table(found, said) -> str:
    rows = [
        "| problem, rule | finder | ramp of 50 | 100 | 300 | 1000 |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for key, one in found.items():
        where = f"{key[0]}, {key[1]}"
        theory = f"; theory {one.known['fastest 2/(L+mu)']:.4g}" if key[1] == "SGD" else ""
        edge = f", edge {one.edge:.4g}" if key[1] == "SGD" else ""
        rows.append(f"| {where} | **find_lr** | **{one.best:.4g}**{theory}{edge} | | | |")
        for name, rates in said[key].items():
            rows.append(f"| | {name} | " + " | ".join(f"{rate:.2g}" for rate in rates) + " |")
    return "\n".join(rows)


def noise_table(found) -> str:
    rows = ["| rule | clean | 5 % noise | one outlier |", "| --- | --- | --- | --- |"]
    for name, one in found.disturbed(300, draws=200).items():
        spans = [f"{low:.2g} to {high:.2g}" for low, high in (one.noise, one.outlier)]
        rows.append(f"| {name} | {one.clean:.2g} | " + " | ".join(spans) + " |")
    return "\n".join(rows)


def picture(found, said) -> None:
    budgets = {name: [find_lr(bowl, SGD, count).best for count in COUNTS] for name, bowl in BOWLS.items()}
    with style():
        sheet = figure(9.0, 3.6)
        panels = sheet.subplots(1, 3)
        for ax, name in zip(panels, BOWLS, strict=True):
            one = found[name, "SGD"]
            ax.axvspan(one.edge, 1e2, color="#f3d9cc", linewidth=0)
            ax.axvline(one.known["fastest 2/(L+mu)"], color=INK, linewidth=1.0, linestyle=":")
            names = ["find_lr", *said[name, "SGD"]]
            for row, finder in enumerate(names):
                rates = budgets[name] if finder == "find_lr" else said[name, "SGD"][finder]
                color = COLORS[2] if finder == "find_lr" else COLORS[0]
                ax.plot(rates, np.full(len(rates), -row), "-", color=color, linewidth=0.8)
                for rate, size in zip(rates, (3, 4, 5.5, 7), strict=True):
                    ax.plot(
                        rate,
                        -row,
                        "o",
                        color=color,
                        markersize=size,
                        markeredgecolor="white",
                        markeredgewidth=0.5,
                    )
            ax.set(
                xscale="log",
                xlim=(3e-7, 30),
                xlabel="rate",
                title=name,
                yticks=[-k for k in range(len(names))],
            )
            ax.set_yticklabels(names if ax is panels[0] else [])
            ax.grid(axis="x")
        sheet.suptitle(
            "What finders say for gradient descent. Dotted: the best rate 2/(L+mu); shaded: divergence.\n"
            "Dots: ramps (budgets) of 50, 100, 300, 1000 updates, the larger the longer.",
            fontsize=8,
            x=0.01,
            ha="left",
        )
        draw.save(sheet, DOCS / "finders.png")


if __name__ == "__main__":
    main()
