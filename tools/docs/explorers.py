"""The explorer in the site: one page, and frames that open it at the experiment of the page they stand on."""

import html
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import optim
import problems
import stepsize as ss
from stepsize.explorer.catalogue import Catalogue, catalogue
from stepsize.explorer.opening import opening

__all__ = ["FILE", "address", "frame", "frame_for", "write_explorer"]

FILE = "explorer.html"
MOST_RULES = 4


def write_explorer(site: Path) -> None:
    """Write the page that all frames show."""
    ss.explore().save(site / FILE)


def frame_for(examples: Sequence[Any], up: str) -> Iterator[str]:
    """Yield the frame of a page whose classes have these examples; nothing where the explorer has none."""
    rules = [e for e in examples if isinstance(e, optim.Optimizer) and _address(ss.Quadratic(), (e,), 60)]
    place = next((e for e in examples if isinstance(e, problems.Problem) and _address(e, (), 300)), None)
    if rules:
        found = _address(ss.Quadratic(), tuple(rules[:MOST_RULES]), 60)
    elif place is not None:
        found = _address(place, (), 300)
    else:
        return
    yield from frame(found, up)


def frame(where: str, up: str) -> Iterator[str]:
    """Yield a frame with the explorer at an address, as reStructuredText; `up` leads to the root."""
    link = html.escape(f"{up}{FILE}{where}")
    yield ".. raw:: html\n"
    yield '   <div class="explorer"><div class="fit">'
    yield f'   <iframe src="{link}" title="The explorer" loading="lazy"></iframe></div>'
    yield f'   <a href="{link}" target="_blank">Open the explorer in a window of its own</a></div>\n'


def address(problem: Any, rules: Sequence[Any] = (), steps: int = 300) -> str:
    """Return the address of an experiment in the page with everything.

    Raises
    ------
    ValueError
        If the page has not this problem, or not one of the rules.
    """
    found = _address(problem, tuple(rules), steps)
    if not found:
        raise ValueError(f"problem, rules: got {problem!r} and {rules!r}, expected what the explorer has")
    return found


@lru_cache(maxsize=1)
def _everything() -> Catalogue:
    return catalogue([ss.Quadratic()])


def _address(problem: Any, rules: tuple[Any, ...], steps: int) -> str:
    known = _everything()
    try:
        asked = ss.explore(problem, rules, steps=steps).asked
        told = opening(asked, known)
    except (TypeError, ValueError, StopIteration):
        return ""
    chosen = []
    for name, values, *schedule in told["o"]:
        if schedule:
            return ""
        rule = next(rule for rule in known.rules if rule.name == name)
        numbers = ",".join(f"{values['/'.join(p.path)]!r}" for p in rule.parameters)
        chosen.append(f"{quote(name)}:{numbers}")
    x0 = ",".join(repr(float(v)) for v in told["x"])
    return f"#p={quote(told['p'])}&x={x0}&n={told['n']}&t={told['t']}&c=0&z=0,0&o={';'.join(chosen)}"
