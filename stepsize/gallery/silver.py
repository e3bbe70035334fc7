"""Altschuler and Parrilo, "Acceleration by stepsize hedging" (2023), with worst cases that PEPit prints."""

from typing import Any

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of("Altschuler and Parrilo, Acceleration by stepsize hedging I and II, 2023")

RHO = 1 + np.sqrt(2)


def _bound(k: int) -> float:
    """Return the theorem's bound on the gap after 2^k - 1 silver steps, L = 1, distance 1."""
    return float(1 / (1 + np.sqrt(4 * RHO ** (2 * k) - 3)))


def _worst(L: float, schedule: Any, steps: int) -> float:
    """Return the largest gap that a Huber function leaves, from 1, over its kinks."""
    kinks = np.linspace(1e-3, 0.6, 6000)
    x: Any = 1.0
    for h in schedule(np.arange(steps)):
        x = x - h * L * np.clip(x, -kinks, kinks)
    size = np.abs(x)
    inside = np.minimum(size, kinks)
    return float((L * inside * (size - inside / 2)).max())


@figure(
    "silver-steps",
    "theorem 1.1 of part II, theorem 1.1 of part I",
    "gradient descent with steps that are sometimes far too long beats every constant step",
    "the bound that is printed is met by no function: the true worst case, attained by a kinked "
    "parabola, is half",
)
def silver_steps(numbers: Numbers) -> Drawing:
    """Silver steps, their sums, their bound, and the worst case that attains the truth."""
    silver = ss.Silver()
    r = np.sqrt(2)
    numbers.theorem("first eight steps times L", silver(np.arange(8)), [r, 2, r, 2 + r, r, 2, r, 4 + 2 * r])
    sums = [silver(np.arange(2**k - 1)).sum() for k in range(1, 8)]
    numbers.theorem("sum of 2^k - 1 of them: rho^k - 1", sums, [RHO**k - 1 for k in range(1, 8)], 1e-10)
    numbers.printed("bound for L = 10, n = 7", 10 * _bound(3), 0.343775, 5.1e-7)
    attained = _worst(10.0, ss.Silver(L=10.0), 7)
    numbers.printed("worst case attained by a Huber function, L = 10, n = 7", attained, 0.184215, 2e-6)
    numbers.theorem(
        "gradient descent's worst case, L = 1, n = 7: 1/(4n + 2)",
        _worst(1.0, ss.Constant(1.0), 7),
        1 / 30,
        1e-6,
    )
    numbers.computed(
        "bound at n = 15 and gradient descent there", [_bound(4), 1 / 62], [0.01451, 0.01613], 5.1e-6
    )
    strong = ss.StrongSilver(L=3.2, mu=0.1, steps=8)
    numbers.printed(
        "strongly convex, L = 3.2, mu = 0.1, n = 8: factor on the squared distance",
        strong.rate,
        0.22145,
        5.1e-6,
    )
    constant = ((3.2 - 0.1) / (3.2 + 0.1)) ** 16
    numbers.computed("eight best constant steps", constant, 0.36776, 5.1e-6)
    numbers.theorem("exponent log_rho 2", np.log(2) / np.log(RHO), 0.7864, 5.1e-5)
    ks = np.arange(1, 9)
    measured = [_worst(1.0, silver, 2**k - 1) for k in range(1, 7)]

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 2, height=2.4, width_ratios=[1.3, 1])
        n = np.arange(63)
        axes[0].vlines(n + 1, 0.9, silver(n), color=kit.COLORS[0], linewidth=1.2)
        axes[0].axhline(2, color=kit.COLORS[1], linewidth=0.9)
        axes[0].set(yscale="log", ylim=(0.9, 60), xlim=(0, 64), xlabel="update", ylabel="step times L")
        axes[0].set_yticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
        axes[0].minorticks_off()
        axes[0].set_title("the line: limit of a constant step", fontsize=9, color=kit.COLORS[1])
        counts = 2**ks - 1
        axes[1].loglog(counts, [1 / (4 * c + 2) for c in counts], color=kit.COLORS[1], label="constant")
        axes[1].loglog(
            counts,
            [_bound(int(k)) for k in ks],
            "--",
            color=kit.COLORS[0],
            linewidth=1,
            label="silver: bound",
        )
        axes[1].loglog(
            counts[:6], measured, "o-", color=kit.COLORS[0], markersize=3, label="silver: attained"
        )
        axes[1].set(
            xlabel="steps $n = 2^k - 1$", ylabel="worst gap, L = 1", xlim=(0.8, 320), ylim=(3e-4, 0.3)
        )
        axes[1].legend(loc="lower left")

    return Drawing(draw)
