"""Learning-rate finders on quadratics whose best rate is known: writes docs/finders.md and docs/finders.png.

    python benchmarks/finders.py

The popular finders are those of `stepsize.ramps`, which give what their own code gave
(tests/golden/finders.json).
"""

from pathlib import Path

import numpy as np

from optim import SGD, Adam
from problems import Quadratic
from stepsize import draw, find_lr, ramps
from stepsize.draw_style import COLORS, INK, figure, style

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
answer without the outer tenths. The best rate is 0.18.

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
        TEXT.format(steps=STEPS, table=table(found, said), noise=noise_table()), encoding="utf-8"
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


def noise_table(draws: int = 200, count: int = 300) -> str:
    bowl = BOWLS["L = 10, mu = 1"]
    random = np.random.default_rng(0)
    rows = ["| rule | clean | 5 % noise | one outlier |", "| --- | --- | --- | --- |"]
    for name, rule in {"torch-lr-finder": None, **ramps.SUGGESTIONS}.items():
        rates = ramps.exponential_rates(
            *(1e-5, 10.0) if rule is None else (1e-7, 10.0), count, reach=rule is None
        )
        losses = ramps.ramp(bowl, SGD(), rates, stop=None).losses

        def answer(losses, rates=rates, rule=rule):
            smooth, stop, skip = (
                (ramps.plain_mean, 5.0, 10) if rule is None else (ramps.debiased_mean, 4.0, count // 10)
            )
            with np.errstate(all="ignore"):
                smoothed = smooth(losses)
                above = ~(smoothed <= stop * np.minimum.accumulate(smoothed))
            end = int(above.argmax()) + 1 if above.any() else len(losses)
            x, y = rates[skip : end - 5], smoothed[skip : end - 5]
            try:
                return x[np.gradient(y).argmin()] if rule is None else rule(x, y)
            except (ValueError, IndexError):
                return np.nan

        noisy = [answer(losses * np.exp(0.05 * random.standard_normal(len(losses)))) for _ in range(draws)]
        spoilt = []
        for _ in range(draws):
            bad = losses.copy()
            bad[random.integers(len(bad))] *= 10
            spoilt.append(answer(bad))
        cells = [f"{answer(losses):.2g}", *(spread(values) for values in (noisy, spoilt))]
        rows.append(f"| {name if rule is None else f'fastai {name}'} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def spread(values) -> str:
    fine = np.array(values)[np.isfinite(values)]
    if not len(fine):
        return "no answer"
    low, high = np.quantile(fine, [0.1, 0.9], method="nearest")
    gone = len(values) - len(fine)
    return f"{low:.2g} to {high:.2g}" + (f"; {gone} of {len(values)} without an answer" if gone else "")


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
                xlim=(3e-6, 30),
                xlabel="rate",
                title=name,
                yticks=[-k for k in range(len(names))],
            )
            ax.set_yticklabels(names if ax is panels[0] else [])
            ax.grid(axis="x")
        sheet.suptitle(
            "What finders say for gradient descent. Dotted: the best rate 2/(L+mu); shaded: divergence. "
            "Dots: ramps (budgets) of 50, 100, 300, 1000 updates, the larger the longer.",
            fontsize=7.5,
            x=0.01,
            ha="left",
        )
        draw.save(sheet, DOCS / "finders.png")


if __name__ == "__main__":
    main()
