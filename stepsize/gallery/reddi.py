"""Reddi, Kale and Kumar, "On the convergence of Adam and beyond" (2018): the game that Adam loses."""

from types import SimpleNamespace
from typing import Any

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of("Reddi, Kale and Kumar, On the convergence of Adam and beyond, 2018")

STEPS = 300_000


@figure(
    "reddi-adam-fails",
    "theorem 1 and figure 1",
    "a rare large gradient is forgotten before the small ones are used up: Adam ends at the worst point",
    "a widely copied demonstration divides by v instead of its root and tests the parameter "
    "instead of the time; "
    "and the usual beta1 = .9, beta2 = .999 do not show the failure at C = 15",
)
def adam_fails(numbers: Numbers) -> Drawing:
    """Theorem 1 for C = 3 and 10, then the two games of figure 1."""
    for large, average in ((3.0, 0.6711), (10.0, 5.3378)):
        beta2 = 1 / (1 + large * large)
        # With beta1 = 0 and no correction Adam is RMSprop.
        rule = ss.RMSprop(lr=0.5 * np.sqrt(1 - beta2), rho=beta2, eps=0.0)
        slopes = np.where(np.arange(30000) % 3 == 0, large, -1.0)
        x = _play(rule, slopes, 1.0)
        back = x[::3]
        numbers.theorem(f"C = {large:g}: x at t = 3k + 1, ends", [back.min(), back.max()], [1.0, 1.0])
        regret = float((slopes * (x[:-1] + 1)).mean())
        numbers.theorem(f"C = {large:g}: average regret", regret, average, 6e-3)
        numbers.theorem(f"C = {large:g}: its limit (2C - 4)/3", regret, (2 * large - 4) / 3, 6e-3)

    rules = {
        "Adam": ss.Adam(lr=0.5, beta1=0.9, beta2=0.99, eps=0.0),
        "AMSGrad": ss.AMSGrad(lr=0.5, beta1=0.9, beta2=0.99, eps=0.0),
    }
    online = np.where(np.arange(STEPS) % 101 == 0, 1010.0, -10.0)
    lucky = np.random.default_rng(0).random(STEPS) < 0.01
    games = {"online": online, "stochastic": np.where(lucky, 1010.0, -10.0)}
    numbers.theorem(
        "mean gradient of the online game: best is -1", online[: 101 * 2970].mean(), 10 / 101, 1e-9
    )
    numbers.theorem("mean gradient of the stochastic game", 0.01 * 1010 - 0.99 * 10, 0.2)
    paths = {(game, label): _play(rule, s, 0.0) for game, s in games.items() for label, rule in rules.items()}
    for game, end in (("online", -0.9), ("stochastic", 0.0)):
        numbers.computed(f"{game}: Adam ends at", paths[game, "Adam"][-1], between=(0.9, 1.0))
        numbers.computed(f"{game}: AMSGrad ends at", paths[game, "AMSGrad"][-1], between=(-1.0, end))
    regrets = {label: (online * (paths["online", label][:-1] + 1)).mean() for label in rules}
    for label, expected in (("Adam", 0.258), ("AMSGrad", 0.066)):
        numbers.computed(f"online: average regret of {label}", regrets[label], expected, 2e-3)
    milder = np.where(np.arange(STEPS // 10) % 3 == 0, 15.0, -1.0)
    safe = _play(ss.Adam(lr=0.5, eps=0.0), milder, 0.0)
    numbers.computed("the usual betas at C = 15 reach -1", safe[-1], between=(-1.0, -0.9))
    numbers.computed("average regret there", (milder * (safe[:-1] + 1)).mean(), 5.517380e-4, 5.1e-11)

    def draw(kit: Kit) -> None:
        axes = kit.panels(1, 3, height=2.2, width_ratios=[1, 1, 1])
        keep = np.unique(np.geomspace(1, STEPS, 1500).astype(int))
        for ax, game in zip(axes, games, strict=False):
            for label, color in zip(rules, (kit.COLORS[1], kit.COLORS[0]), strict=True):
                # Before update t the point is path[t - 1], the start at t = 1.
                ax.semilogx(keep, paths[game, label][keep - 1], color=color, linewidth=1.2)
            ax.plot(1, 0, "o", color="#333333", markersize=4, clip_on=False)
            ax.set(
                xlim=(1, STEPS + 1),
                ylim=(-1.1, 1.1),
                xlabel="update",
                title=f"{game} game",
                yticks=[-1, 0, 1],
            )
        axes[0].set_ylabel("$x_t$  (best: $-1$)")
        t = np.arange(1, STEPS + 1)
        for label, color in zip(rules, (kit.COLORS[1], kit.COLORS[0]), strict=True):
            average = np.cumsum(online * (paths["online", label][:-1] + 1)) / t
            axes[2].loglog(keep, average[keep - 1], color=color, linewidth=1.2, label=label)
        axes[2].set(xlim=(1, STEPS), ylim=(0.04, 3000), xlabel="update", title="average regret, online")
        axes[2].legend(loc="upper right")
        for ax in axes:
            ax.title.set_fontsize(9)

    return Drawing(draw)


def _play(rule: Any, slopes: Any, x: float) -> Any:
    """Return x before every update and at the end: steps of rate lr/sqrt(t) along slopes, kept in [-1, 1].

    A rule is arithmetic only, so it runs on plain floats: a microsecond or two an update.
    """
    h = SimpleNamespace(**dict(rule.fields()))
    slots: Any = tuple(0.0 for _ in rule.slots)
    points = [x]
    for t, g in enumerate(slopes.tolist(), 1):
        h.t = t
        d, slots = rule.direction(x, g, slots, h)
        x = min(max(x - rule.lr / t**0.5 * d, -1.0), 1.0)
        points.append(x)
    return np.array(points)
