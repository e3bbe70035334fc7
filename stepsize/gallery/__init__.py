"""Textbook figures that are checked: one module a source, one function a figure.

Each figure is a function that is handed its `Numbers`, writes into them what it shows, each number with the
value that it ought to have and where that comes from, and returns a `Drawing`, how to draw it.

>>> from stepsize import gallery
>>> figure = gallery.catalogue()["d2l-12.3-three-rates"]()
>>> [round(number.value, 6) for number in list(figure.numbers)[:3]], figure.failures
([0.060466, 3.486784, 61.917364], [])

Start with `figure.py`, then read `d2l_gradient.py`.
"""

import importlib
import pkgutil

from stepsize.gallery.figure import CatalogueEntry, Drawing, GalleryFigure, Number, Numbers
from stepsize.gallery.figure import catalogue as _entries

__all__ = ["CatalogueEntry", "Drawing", "GalleryFigure", "Number", "Numbers", "catalogue", "find"]


def catalogue() -> dict[str, CatalogueEntry]:
    """Return every figure by name, module by module, whichever was imported first."""
    modules = sorted(f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__))
    for module in modules:
        importlib.import_module(module)
    place = {module: index for index, module in enumerate(modules)}
    entries = sorted(_entries().values(), key=lambda entry: place.get(entry.make.__module__, len(place)))
    return {entry.name: entry for entry in entries}


def find(name: str) -> CatalogueEntry:
    """Return the figure of that name.

    Raises
    ------
    ValueError
        If there is none, with the nearest name.
    """
    from stepsize.core.validation import did_you_mean

    entries = catalogue()
    if name not in entries:
        hint = did_you_mean(name, list(entries)) or "; stepsize gallery lists them"
        raise ValueError(f"NAME: got {name!r}, expected the name of a figure{hint}")
    return entries[name]
