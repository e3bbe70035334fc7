"""Schaul, Antonoglou and Silver, "Unit tests for stochastic optimization" (2014): a matrix of verdicts."""

from typing import Any

import numpy as np

import stepsize as ss
from stepsize.gallery.figure import Drawing, Kit, Numbers, figures_of

figure = figures_of("Schaul, Antonoglou and Silver, Unit tests for stochastic optimization, ICLR 2014")

# Without "bend", which begins level: alone it gives no rule anything to go by.
SHAPES = (
    "line",
    "quad_bowl",
    "quad_convex",
    "abs",
    "relu",
    "cliff",
    "ridge",
    "exponential",
    "gauss_bowl",
    "gauss_convex",
    "gauss_nonconvex",
    "laplace_bowl",
    "laplace_convex",
    "laplace_nonconvex",
)
REPEATS, STEPS = 10, 100
VERDICTS = ("broke", "some broke", "no progress", "unreliable", "good", "better than the best SGD")
COLORS = ("#D55E00", "#CC79A7", "#E69F00", "#F0E442", "#009E73", "#0072B2")


def _rules() -> dict[str, Any]:
    return {
        "SGD .01": ss.SGD(lr=0.01),
        "SGD .1": ss.SGD(lr=0.1),
        "SGD 1": ss.SGD(lr=1.0),
        "momentum .01": ss.Momentum(lr=0.01),
        "Nesterov .01": ss.Nesterov(lr=0.01),
        "Adagrad .1": ss.Adagrad(lr=0.1),
        "Adadelta": ss.Adadelta(),
        "RMSprop .01": ss.RMSprop(lr=0.01),
        "Adam .01": ss.Adam(lr=0.01),
        "Adam .1": ss.Adam(lr=0.1),
    }


def _ends(shape: Any, noise: Any, rule: Any, rows: int) -> Any:
    """Return the value without noise at the end of `rows` runs."""
    start = np.tile(np.array(shape.x0), (rows, 1))
    run = ss.minimize(noise(shape), rule, x0=start, steps=STEPS)
    return shape.fun(run.history.x[-1])


def _reference(shape: Any, noise: Any) -> float:
    """Return the best median of SGD over 34 rates from 1e-10 to 1, all of them in one batch."""
    repeats = 1 if noise is _exact else REPEATS
    rates = np.repeat(np.geomspace(1e-10, 1.0, 34), repeats)[:, None]
    ends = _ends(shape, noise, ss.SGD(lr=rates), len(rates))
    medians = np.median(ends.reshape(34, repeats), axis=1)
    return float(np.nanmin(np.where(np.isfinite(medians), medians, np.nan)))


def verdict(ends: Any, first: float, reference: float) -> int:
    """Return the colour of the paper's matrix for the values that repeated runs end at."""
    broke = ~np.isfinite(ends) | (np.abs(ends) > 1e10)
    if broke.all():
        return 0
    if broke.any():
        return 1
    v = (ends - first) / (reference - first)
    middle = float(np.median(v))
    if middle <= 0.1:
        return 2
    if (v < 0.1).mean() > 0.25:
        return 3
    return 4 if middle <= 2 else 5


def _exact(shape: Any) -> Any:
    return shape


def _additive(shape: Any) -> Any:
    return ss.AdditiveNoise(shape, sigma_f=0.0, sigma_g=10.0, shared=False)


def _masked(shape: Any) -> Any:
    return ss.MaskedGradient(shape, p=0.9, shared=False)


def _cauchy(shape: Any) -> Any:
    return ss.CauchyNoise(shape, scale=1.0, shared=False)


NOISES = {
    "no noise": _exact,
    "additive noise of deviation 10": _additive,
    "nine gradients of ten masked out": _masked,
    "Cauchy noise of scale 1": _cauchy,
}


@figure(
    "schaul-unit-tests",
    "sections 3 and 5, figures 4-6",
    "small landscapes, one difficulty each, show at a glance which rule breaks on what",
    "the paper's code has slips: its mask never masks, its rotated gradient turns the wrong way, "
    "its Gaussian "
    "density divides where it should multiply; the definitions are used here, not the code",
)
def unit_tests(numbers: Numbers) -> Drawing:
    """Fourteen prototypes, ten rules, with and without noise, 100 updates."""
    shapes = {name: ss.Prototype(name) for name in SHAPES}
    at = {name: lambda x, s=shape: float(s.fun(np.array([x]))) for name, shape in shapes.items()}
    numbers.computed("abs: value at its kink .5", at["abs"](0.5), 199.5, 1e-12)
    bowl = shapes["quad_bowl"]
    numbers.computed(
        "quad_bowl: curvature and minimum",
        [float(bowl.hess(np.array([0.3]))[0, 0]), bowl.minimum],
        [2.0, 199.75],
    )
    numbers.computed("relu: floor", at["relu"](0.9), 199.585786)
    numbers.computed("relu: its break .414214", at["relu"](0.414214) - at["relu"](1.0), 0.0, 2e-6)
    for name in ("cliff", "ridge"):
        numbers.computed(f"{name}: value at its break .876640", at[name](0.876640), 199.123360, 1.1e-5)
        slopes = float(shapes[name].grad(np.array([0.95]))[0])
        numbers.computed(f"{name}: slope beyond", slopes, 10.0 if name == "cliff" else -10.0, 1e-9)
    numbers.computed("gauss_bowl: minimum", shapes["gauss_bowl"].minimum, 199.748746)
    numbers.computed("exponential: asymptote", shapes["exponential"].minimum, 199.855235)
    best = {name: _reference(shapes[name], _exact) for name in SHAPES}
    references = [best["line"], best["quad_bowl"], best["abs"]]
    numbers.printed("noiseless references: line, quad_bowl", references[:2], [100.0, 199.75], 1e-6)
    numbers.printed("noiseless reference: abs", references[2], 199.500734, 1e-4)
    rules = _rules()
    table = {}
    for label, noise in NOISES.items():
        reference = best if noise is _exact else {name: _reference(shapes[name], noise) for name in SHAPES}
        table[label] = np.array(
            [
                [
                    verdict(
                        _ends(shapes[name], noise, rule, 1 if noise is _exact else REPEATS),
                        200.0,
                        reference[name],
                    )
                    for name in SHAPES
                ]
                for rule in rules.values()
            ]
        )
    numbers.computed("no rule breaks without noise", (table["no noise"] < 2).sum(), 0, 0)
    broken = (table["Cauchy noise of scale 1"] != table["no noise"]).sum()
    numbers.computed("verdicts that Cauchy noise changes", broken, between=(20, 120))
    numbers.computed("SGD at rate 1 on the line without noise: good", table["no noise"][2, 0], 4, 0)

    def draw(kit: Kit) -> None:
        import matplotlib.colors
        import matplotlib.patches

        picture = kit.figure(6.8, 6.4)
        axes = picture.subplots(3, 2, height_ratios=[0.2, 1, 1], sharex="col")
        shades = matplotlib.colors.ListedColormap(COLORS)
        for above in axes[0]:
            above.axis("off")
            for i, name in enumerate(SHAPES):
                x = np.linspace(0, 1, 60)
                y = shapes[name].fun(x[:, None])
                y = (y - y.min()) / (np.ptp(y) or 1)
                above.plot(i + 0.12 + 0.76 * x, y, color="#333333", linewidth=0.9)
        for index, (ax, (label, verdicts)) in enumerate(zip(axes[1:].flat, table.items(), strict=True)):
            ax.pcolormesh(verdicts, cmap=shades, vmin=-0.5, vmax=5.5, edgecolors="white", linewidth=1)
            ax.invert_yaxis()
            ax.set_title(label, fontsize=9)
            ax.set_xticks(
                np.arange(len(SHAPES)) + 0.5,
                SHAPES,
                rotation=60,
                ha="right",
                rotation_mode="anchor",
                fontsize=7,
            )
            words = list(rules) if index % 2 == 0 else [""] * len(rules)
            ax.set_yticks(np.arange(len(rules)) + 0.5, words, fontsize=7)
            ax.tick_params(length=0, labelbottom=index > 1)
            for spine in ax.spines.values():
                spine.set_visible(False)
        handles = [
            matplotlib.patches.Patch(color=color, label=label)
            for color, label in zip(COLORS, VERDICTS, strict=True)
        ]
        picture.legend(handles=handles, loc="outside lower center", ncols=6, fontsize=7, handlelength=1)

    return Drawing(draw)
