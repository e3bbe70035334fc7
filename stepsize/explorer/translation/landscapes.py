"""A problem as JavaScript: its value and its gradient at a point of one or two coordinates."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from problems import AdditiveNoise, FunctionProblem
from stepsize.core.user_values import spreads
from stepsize.explorer.translation.evaluation import reckoned
from stepsize.explorer.translation.javascript import body_of, is_exact
from stepsize.explorer.translation.logistic import is_logistic, logistic_source
from stepsize.explorer.translation.symbols import Branch, Page, Untranslatable, branches_of

__all__ = ["Landscape", "landscape_of"]


@dataclass(frozen=True)
class Landscape:
    """What the page needs to descend a problem, and to say what its last digits are worth.

    `exact` says whether value and gradient have the same bits as in Python, `data` what travels with it.
    """

    name: str
    problem: Any
    dim: int
    exact: bool
    source: str
    data: dict[str, Any]


def landscape_of(problem: Any, name: str) -> Landscape:
    """Return a problem as JavaScript.

    Raises
    ------
    Untranslatable
        With the reason, if it has more coordinates than a picture, changes from update to update, or is more
        than arithmetic on its coordinates.
    """
    dim = _dimensions(problem)
    if is_logistic(problem):
        source, data = logistic_source(problem)
        return Landscape(name, problem, dim, False, source, data)
    value, slope = (_branches(problem, part, dim) for part in (_value, _slope))
    exact = is_exact([*value, *slope]) and _agrees(problem, value, slope, dim)
    read = f"const {', '.join(f'x{j} = x[{j}]' for j in range(dim))};\n"
    source = (
        f"{{\nvalue(x) {{\n{read}{body_of(value, _returned)}}},\n"
        f"slope(x, g) {{\n{read}{body_of(slope, _filled)}}},\n}}"
    )
    return Landscape(name, problem, dim, exact, source, {})


def _dimensions(problem: Any) -> int:
    if isinstance(problem, AdditiveNoise):
        raise Untranslatable("it is the noise on the gradient that any problem of the page can have")
    if getattr(problem, "sampling", None) is not None:
        raise Untranslatable("its gradient is drawn anew at every update, by Python's generator")
    if getattr(problem, "varies", False):
        raise Untranslatable("it changes from update to update")
    x0 = getattr(problem, "x0", None)
    if x0 is None:
        raise Untranslatable("it names no start")
    if len(x0) > 2:
        raise Untranslatable(f"it has {len(x0)} coordinates")
    if getattr(problem, "gradient_source", "exact") != "exact":
        raise Untranslatable("its gradient is made of finite differences")
    return len(x0)


def _branches(problem: Any, part: Callable[[Any, Any], list[Any]], dim: int) -> list[Branch]:
    """Follow a function of a problem on a list of symbols, or where that does not do on an array of them."""

    def on_list(page: Page) -> list[Any]:
        return part(problem, [page.given(f"x{j}") for j in range(dim)])

    def on_array(page: Page) -> list[Any]:
        x = np.empty(dim, object)
        x[:] = [page.given(f"x{j}") for j in range(dim)]
        return part(problem, x)

    if not getattr(problem, "components", False):
        return branches_of(on_array)
    try:
        return branches_of(on_list)
    except Untranslatable:
        return branches_of(on_array)


def _value(problem: Any, x: Any) -> list[Any]:
    value = _asked(problem, "fun", x)
    return [value.item() if isinstance(value, np.ndarray) else value]


def _slope(problem: Any, x: Any) -> list[Any]:
    return list(_asked(problem, "grad", x))


def _asked(problem: Any, name: str, x: Any) -> Any:
    """Ask a problem for its value or gradient; of one made of a user's functions, the function itself."""
    if not isinstance(problem, FunctionProblem):
        return getattr(problem, name)(x)
    function = problem.function if name == "fun" else problem.gradient
    assert function is not None  # one without a gradient has been refused
    return function(*x) if spreads(name, function, len(x)) else function(x)


def _agrees(problem: Any, value: list[Branch], slope: list[Branch], dim: int) -> bool:
    """Whether what was written down has the problem's own bits, where matrices multiply in another order."""
    for x in np.random.default_rng(0).normal(0.0, 2.0, (24, dim)):
        places = {f"x{j}": x[j] for j in range(dim)}
        with np.errstate(all="ignore"):
            f, g = problem.fun(x.copy()), problem.grad(x.copy())
        if not np.array_equal([f, *g], [*reckoned(value, {}, places), *reckoned(slope, {}, places)], True):
            return False
    return True


def _returned(_: int, words: list[str]) -> str:
    return f"return {words[0]};\n"


def _filled(_: int, words: list[str]) -> str:
    return "".join(f"g[{j}] = {word};\n" for j, word in enumerate(words))
