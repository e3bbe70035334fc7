"""What belongs to a class elsewhere on the site: its dialects, one update with its numbers, its figures."""

import importlib
import inspect
import textwrap
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any

import optim
import schedules
import schedules.dialects
import stepsize as ss
from optim import dialects
from stepsize import gallery
from tools.docs.figures import names_in

__all__ = ["related"]

MOST_FIGURES = 8


def related(value: Any, example: Any = None) -> Iterator[str]:
    """Yield, as text for below the entry of a public name, where else it is met; `example` is explained."""
    rows = [*_dialects(value), *_calls(value), *_figures(value), *_command(example)]
    if rows:
        yield ".. rst-class:: related\n"
        yield from (f"- {row}" for row in rows)
        yield ""
    if isinstance(example, optim.Optimizer):
        yield from _explained(example)


def _dialects(value: Any) -> Iterator[str]:
    found = _families().get(value, ()) if isinstance(value, type) else ()
    if found:
        links = ", ".join(f":ref:`{family} <guide-dialects-{family.replace(' ', '-')}>`" for family in found)
        yield f"As other libraries write it, with their numbers: {links}"


@cache
def _families() -> dict[Any, list[str]]:
    """Return the families of the dialects' table in which a class is some library's rule."""
    found: dict[Any, list[str]] = {}
    for entry, use in dialects.table():
        families = found.setdefault(type(entry.at_rate(0.1, use)), [])
        if use.family not in families:
            families.append(use.family)
    return found


def _calls(value: Any) -> Iterator[str]:
    found = _calls_by_schedule().get(value, ()) if isinstance(value, type) else ()
    if found:
        links = ", ".join(f":py:obj:`{name} <schedules.dialects.{name}>`" for name in found)
        yield f"As other libraries call it: {links}"


@cache
def _calls_by_schedule() -> dict[Any, list[str]]:
    """Return the calls of other libraries that say which class of schedule they give."""
    found: dict[Any, list[str]] = {}
    for library in schedules.dialects.__all__:
        module = importlib.import_module(f"schedules.dialects.{library}")
        for name in module.__all__:
            call = getattr(module, name)
            given = typing.get_type_hints(call).get("return") if inspect.isroutine(call) else call
            if given is not schedules.Schedule:
                found.setdefault(given, []).append(f"{library}.{name}")
    return found


def _figures(value: Any) -> Iterator[str]:
    found = _figures_by_name().get(getattr(value, "__name__", ""), ())
    if found:
        links = ", ".join(f":ref:`{name} <gallery-{name}>`" for name in found[:MOST_FIGURES])
        more = f" and {len(found) - MOST_FIGURES} more" if len(found) > MOST_FIGURES else ""
        yield f"In the :doc:`gallery </gallery/index>`: {links}{more}"


@cache
def _figures_by_name() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in gallery.catalogue().values():
        for name in names_in(entry):
            found.setdefault(name, []).append(entry.name)
    return found


def _command(example: Any) -> Iterator[str]:
    if isinstance(example, optim.Optimizer):
        yield f'``stepsize explain "{example!r}" quadratic`` prints updates with their numbers'
    elif isinstance(example, schedules.Schedule):
        yield f'``stepsize schedule "{example!r}"`` prints and draws it'


def _explained(rule: optim.Optimizer) -> Iterator[str]:
    """Yield the second update on the bowl, line by line, folded."""
    run = ss.minimize(ss.Quadratic([1, 20]), rule, steps=3)
    try:
        text = ss.explain(run, step=2).markdown()
    except (TypeError, ValueError):
        return
    body = text.partition("### Update 2")[2].strip()
    yield '.. raw:: html\n\n   <details class="explained"><summary>One update, with its numbers</summary>\n'
    yield f"The second update of ``{rule!r}`` on the bowl of curvatures 1 and 20 from (-5, -2).\n"
    for block in body.split("\n\n"):
        if block.startswith("$$"):
            yield ".. math::\n\n" + textwrap.indent(block.strip("$\n"), "   ") + "\n"
        else:
            yield block.replace("*", r"\*") + "\n"
    yield ".. raw:: html\n\n   </details>\n"
