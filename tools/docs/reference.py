"""The reference: a page a family of classes, as the house is grouped, and an index that lists them all."""

import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import stepsize as ss
from schedules import dialects
from stepsize.core.record import summary
from tools.docs.explorers import frame_for
from tools.docs.pictures import Picture
from tools.docs.places import write
from tools.docs.related import related
from tools.public_names import FLOOR, families, file_of, literal_names

__all__ = ["Group", "Page", "groups", "write_reference"]

# Each module stands in the first group one of whose beginnings it has.
GROUPS = (
    ("Optimizers", ("optim.rules.",)),
    ("Schedules", ("schedules.families.", "schedules.combinators.", "schedules.schedule")),
    ("Feedback step sizes", ("schedules.feedback.",)),
    ("Schedules of other libraries", ("schedules.dialects.",)),
    ("Line searches", ("schedules.linesearch.",)),
    ("Problems", ("problems.",)),
    ("Analysis", ("stepsize.analysis.",)),
    ("Pictures and pages", ("stepsize.explanations.", "stepsize.explorer.")),
    ("Runs and experiments", ("optim.", "stepsize.")),
)
# Public modules: their names are reached through them.
MODULES = {
    "stepsize.draw": "Pictures and pages",
    "stepsize.gallery": "Pictures and pages",
    "optim.testing": "Runs and experiments",
    **{f"schedules.dialects.{library}": "Schedules of other libraries" for library in dialects.__all__},
}
# What has methods to be called by users; those of other classes are their contract's.
CONTRACTS = ("schedules.schedule", "schedules.linesearch.base", "problems.problem")
# What is no class and no function, and has no docstring of its own.
CONSTANTS = {
    "BUDGET": "``Run.status`` of a run that used its budget: 0.",
    "CONVERGED": "``Run.status`` of a run that met its tolerance: 1.",
    "DIVERGED": "``Run.status`` of a run that became inf or nan: 2.",
    "STOPPED": "``Run.status`` of a run that its callback stopped: 3.",
    "VERDICTS": "All verdicts in words, as `diagnose` gives them.",
    "Hyper": "What a hyperparameter may be, for annotations: a number, an array, a schedule or function "
    "of n, or a rate that answers to the run.",
    "Slots": "What a rule carries from update to update, for annotations: a tuple of arrays.",
    "COLORS": "The seven colours of the pictures, which everybody can tell apart (Okabe and Ito).",
    "STYLE": "The settings of Matplotlib that every picture is drawn with.",
    "STREAMS": "The streams of gradients that `check_optimizer` feeds to both optimizers.",
}


@dataclass(frozen=True)
class Page:
    """One page of the reference: the public names of one module."""

    module: str
    names: tuple[str, ...]
    home: str = "stepsize"

    @property
    def slug(self) -> str:
        """What the page's file is called."""
        return self.module.rpartition(".")[2].replace("_", "-")

    @property
    def title(self) -> str:
        """What the first line of the module's docstring says before its first stop."""
        first = (self.loaded.__doc__ or "").partition("\n")[0]
        short = re.split(r"[.:;]|, and ", first)[0].strip()
        return self.slug.replace("-", " ").capitalize() if "`" in short else short

    @property
    def short(self) -> str:
        """The first of its names, for the contents; of another library's calls, the library."""
        if self.module.startswith("schedules.dialects."):
            return self.slug
        return textwrap.shorten(", ".join(self.names), 34, placeholder=" ...")

    @property
    def lead(self) -> str:
        """The module's docstring, without examples and hints for readers of the code."""
        paragraphs = inspect.cleandoc(self.loaded.__doc__ or "").split("\n\n")
        kept = [p for p in paragraphs if not p.startswith((">>>", "Start with", "``python"))]
        return re.sub(r"\s*Start with .*?(?=\n\n|\Z)", "", "\n\n".join(kept), flags=re.S)

    @property
    def loaded(self) -> ModuleType:
        """The module itself."""
        return importlib.import_module(self.module)


@dataclass(frozen=True)
class Group:
    """Pages under one heading."""

    title: str
    pages: tuple[Page, ...]

    @property
    def slug(self) -> str:
        """The folder of the group's pages."""
        return self.title.lower().replace(" ", "-")


def groups() -> list[Group]:
    """Return every public name on exactly one page, in the groups of the house."""
    pages: dict[str, list[Page]] = {title: [] for title, _ in GROUPS}
    for module, names in _public_modules().items():
        title = next(t for t, beginnings in GROUPS if module.startswith(beginnings))
        pages[title].append(Page(module, tuple(n for n in names if n in ss.__all__)))
    for module, title in MODULES.items():
        names = importlib.import_module(module).__all__
        pages[title].append(Page(module, tuple(names), home=module))
    return [Group(title, tuple(pages[title])) for title, _ in GROUPS]


def _public_modules() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for package in ("optim", "schedules", "problems"):
        found |= families(package)
    return found | {f"stepsize.{name}": literal_names(file_of(f"stepsize.{name}")) for name in FLOOR}


def write_reference(target: Path, pictures: dict[str, Picture]) -> None:
    """Write all pages below a folder; `pictures` says which names have one, and what is on it."""
    found = groups()
    for group in found:
        for page in group.pages:
            write(target / group.slug / f"{page.slug}.rst", "\n".join(_page(page, pictures)))
        write(target / group.slug / "index.rst", "\n".join(_group_index(group)))
    write(target / "index.rst", "\n".join(_index(found)))


def _page(page: Page, pictures: dict[str, Picture]) -> Iterator[str]:
    yield from _heading(page.title, "=")
    yield f".. currentmodule:: {page.home}\n"
    yield page.lead + "\n"
    shown = {name: pictures[name] for name in page.names if page.home == "stepsize" and name in pictures}
    yield from frame_for([picture.example for picture in shown.values()], up="../../")
    for name in page.names:
        yield from _heading(name, "-")
        if name in shown:
            yield f".. figure:: /pictures/{name}.png\n   :figclass: small\n   :alt: {name}\n"
            yield f"   {shown[name].caption}\n"
        yield from _entry(page, name)
        value = getattr(page.loaded, name)
        yield from related(value, shown[name].example if name in shown else None)


def _entry(page: Page, name: str) -> Iterator[str]:
    value = getattr(page.loaded, name)
    if inspect.isclass(value):
        inside = page.module.startswith(("optim.rules", "schedules.", "problems."))
        yield f".. autoclass:: {page.home}.{name}"
        yield "" if inside and page.module not in CONTRACTS else "   :members:\n"
    elif inspect.isroutine(value):
        yield f".. autofunction:: {page.home}.{name}\n"
    else:
        yield f".. py:data:: {name}\n\n   {CONSTANTS[name]}\n"


def _group_index(group: Group) -> Iterator[str]:
    yield from _heading(group.title, "=")
    for page in group.pages:
        yield from _table(page)
    yield ".. toctree::\n   :hidden:\n"
    yield from (f"   {page.short} <{page.slug}>" for page in group.pages)


def _table(page: Page) -> Iterator[str]:
    yield f".. rubric:: :doc:`{page.title} <{page.slug}>`\n"
    yield ".. list-table::\n   :widths: 26 74\n   :class: names\n"
    for name in page.names:
        yield f"   * - :py:obj:`{name} <{page.home}.{name}>`"
        yield f"     - {_first_sentence(getattr(page.loaded, name), name)}"
    yield ""


def _first_sentence(value: Any, name: str) -> str:
    if not (inspect.isclass(value) or inspect.isroutine(value)):
        return CONSTANTS[name]
    return summary(value) if inspect.isclass(value) else (value.__doc__ or "").strip().partition("\n")[0]


def _index(found: list[Group]) -> Iterator[str]:
    yield from _heading("Reference", "=")
    yield "Every public name, under the family that it belongs to. ``import stepsize as ss`` brings all.\n"
    for group in found:
        yield f".. rubric:: :doc:`{group.title} <{group.slug}/index>`\n"
        for page in group.pages:
            names = ", ".join(f":py:obj:`{name} <{page.home}.{name}>`" for name in page.names)
            yield from textwrap.wrap(f"- :doc:`{page.title} <{group.slug}/{page.slug}>`: {names}", 10**6)
        yield ""
    yield ".. toctree::\n   :hidden:\n"
    yield from (f"   {group.slug}/index" for group in found)


def _heading(text: str, line: str) -> Iterator[str]:
    yield f"{text}\n{line * len(text)}\n"
