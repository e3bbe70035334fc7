"""The gallery, executed: a page a figure with picture, numbers, where they come from, and code."""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from stepsize import draw, gallery
from stepsize.gallery import CatalogueEntry, Number
from tools.docs.places import write

__all__ = ["code_of", "draw_figure", "names_in", "write_gallery"]


def draw_figure(name: str, folder: Path) -> list[Number]:
    """Draw one figure as ``name.png``, and return its numbers.

    Raises
    ------
    RuntimeError
        If a number is not as its source has it.
    """
    figure = gallery.find(name)()
    if figure.failures:
        missed = "; ".join(f"{n.what} is {n.value!r}" for n in figure.failures)
        raise RuntimeError(f"gallery: {name}: {missed}")
    folder.mkdir(parents=True, exist_ok=True)
    draw.save(figure.picture, folder / f"{name}.png", dpi=150)
    return list(figure.numbers)


def write_gallery(target: Path, numbers: dict[str, list[Number]]) -> None:
    """Write the gallery below a folder: its index, and a page for every figure."""
    entries = gallery.catalogue()
    for entry in entries.values():
        write(target / f"{entry.name}.rst", "\n".join(_page(entry, numbers[entry.name])))
    write(target / "index.rst", "\n".join(_index(entries)))


def _page(entry: CatalogueEntry, numbers: list[Number]) -> Iterator[str]:
    yield f".. _gallery-{entry.name}:\n"
    yield f"{entry.name}\n{'=' * len(entry.name)}\n"
    yield f"**{entry.teaches[:1].upper()}{entry.teaches[1:]}.**\n"
    yield f"{entry.source}, {entry.place}.\n"
    yield f".. image:: /pictures/gallery/{entry.name}.png\n   :alt: {entry.teaches}\n   :class: figure\n"
    yield f".. code-block:: console\n\n   $ stepsize gallery {entry.name}\n"
    if entry.remark:
        yield f".. admonition:: Where the source and the recomputation disagree\n\n   {entry.remark}\n"
    yield "Its numbers\n-----------\n"
    yield "Each was computed anew for this page, which would not have been built had one of them missed.\n"
    yield ".. list-table::\n   :header-rows: 1\n   :class: numbers\n"
    yield "   * - what\n     - value\n     - expected\n     - within\n     - by"
    for number in numbers:
        cells = (_escaped(number.what), f"{number.value:.9g}", *_expected(number), number.provenance)
        yield "   * - " + "\n     - ".join(cells)
    yield f"\nThe code that draws it\n----------------------\n\nFrom ``{_module(entry).__name__}``:\n"
    yield ".. code-block:: python\n"
    yield from (f"   {line}" for line in code_of(entry).splitlines())
    used = [name for name in names_in(entry) if name[:1].isupper()]
    if used:
        yield "\nUses " + ", ".join(f":py:obj:`{name} <stepsize.{name}>`" for name in used) + ".\n"


def _escaped(text: str) -> str:
    return (
        text.replace("\\", "\\\\")
        .replace("*", "\\*")
        .replace("|", "\\|")
        .replace("_", "\\_")
        .replace("`", "\\`")
    )


def _expected(number: Number) -> tuple[str, str]:
    if number.expected is None:
        return f"{number.low:.6g} to {number.high:.6g}", ""
    return f"{number.expected:.9g}", f"{number.tolerance:.1g}" if number.tolerance else "exact"


def _index(entries: dict[str, CatalogueEntry]) -> Iterator[str]:
    yield "Gallery\n=======\n"
    yield (
        "Figures of textbooks and papers, recomputed. Every number in them is compared with what its source "
        "prints, with a theorem, or with a value computed once from the source's definition; a page whose "
        "number missed would not be here.\n"
    )
    yield ".. code-block:: console\n"
    yield "   $ stepsize gallery           # the list"
    yield "   $ stepsize gallery d2l-12.3  # draw the figures of a section"
    yield "   $ stepsize gallery --check   # compare all numbers\n"
    sources = sorted({entry.source for entry in entries.values()})
    for source in sources:
        yield f"{source}\n{'-' * len(source)}\n"
        yield '.. raw:: html\n\n   <div class="cards">'
        for entry in entries.values():
            if entry.source == source:
                yield f'   <a class="card" href="{entry.name}.html">'
                yield f'   <img loading="lazy" src="../_images/{entry.name}.png" alt="">'
                yield f"   <code>{entry.name}</code><span>{entry.place}</span>"
                yield f"   <span>{entry.teaches}</span></a>"
        yield "   </div>\n"
    yield ".. toctree::\n   :hidden:\n"
    yield from (f"   {name}" for name in entries)


def _module(entry: CatalogueEntry) -> ModuleType:
    module = inspect.getmodule(entry.make)
    assert module is not None
    return module


@cache
def code_of(entry: CatalogueEntry) -> str:
    """Return the function of a figure, after what it uses of its module: constants and helpers."""
    text = inspect.getsource(_module(entry))
    tree = ast.parse(text)
    made = {name: node for node in tree.body for name in _names_made(node)}
    wanted = [made[entry.make.__name__]]
    for node in wanted:  # grows while it is gone through
        used = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id != "figure"]
        wanted += [made[name] for name in used if name in made and made[name] not in wanted]
    lines = text.splitlines()
    parts = []
    for node in sorted(wanted, key=lambda node: node.lineno):
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(d.lineno for d in decorators)])
        parts.append("\n".join(lines[first - 1 : node.end_lineno]))
    return "\n\n\n".join(parts)


def _names_made(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [n.id for t in targets if t is not None for n in ast.walk(t) if isinstance(n, ast.Name)]


def names_in(entry: CatalogueEntry) -> list[str]:
    """Return the public names that a figure's code takes from ``ss``, in order, each once."""
    found = (
        node.attr
        for node in ast.walk(ast.parse(code_of(entry)))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ss"
    )
    return list(dict.fromkeys(found))
