"""Gradient descent that can be read, seen and checked.

``import stepsize as ss`` brings every public name: the optimizers (`optim`), the learning-rate schedules
(`schedules`), the test problems (`problems`), and what stands on top of them: races, pictures, diagnoses.
Nothing is loaded before it is used.
"""

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

from stepsize.base.hooks import hang

if TYPE_CHECKING:
    from optim import *
    from optim import dialects as dialects
    from problems import *
    from schedules import *
    from stepsize import draw as draw
    from stepsize.csv_data import *
    from stepsize.diagnosis import *
    from stepsize.explanations import *
    from stepsize.expressions import *
    from stepsize.finder import *
    from stepsize.flow import *
    from stepsize.prediction import *
    from stepsize.probes import *
    from stepsize.races import *
    from stepsize.sweeps import *
    from stepsize.theory import *

__version__ = "0.1.0"

# What the floors below ask of this one, found when it is first asked for.
hang("plot", "stepsize.draw_runs:run")
hang("animate", "stepsize.draw_animation:film")
hang("html", "stepsize.notebook:run_html")
hang("frame", "stepsize.notebook:frame")
hang("registry", "stepsize.expressions:load_registry")

_SIBLINGS = ("problems", "schedules", "optim")
_MODULES = {"draw": "stepsize.draw", "dialects": "optim.dialects"}
_TOP_FLOOR = (
    "races",
    "diagnosis",
    "expressions",
    "theory",
    "prediction",
    "flow",
    "sweeps",
    "finder",
    "explanations",
    "probes",
    "csv_data",
)


def _check_siblings() -> None:
    """Refuse to go on when another `optim`, `schedules` or `problems` stands in the way of ours."""
    # os.path, not pathlib: `import optim` passes through here and must stay quick.
    home = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    for name in _SIBLINGS:
        # What `importlib.util` would find, which takes longer to import than to do.
        found_by = (finder.find_spec(name, None) for finder in sys.meta_path)
        spec = next((spec for spec in found_by if spec is not None), None)
        origin = None if spec is None else spec.origin
        if origin is None or os.path.realpath(origin) != os.path.join(home, name, "__init__.py"):
            found = origin or (spec and spec.submodule_search_locations) or "nothing"
            raise ImportError(
                f"stepsize needs its own package '{name}' beside it in {home}, but Python finds {found} "
                "first; rename or uninstall that one"
            )


_check_siblings()


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    if not name.startswith("_"):
        for home in (*_SIBLINGS, *(f"stepsize.{floor}" for floor in _TOP_FLOOR)):
            module = importlib.import_module(home)
            if name in module.__all__:
                value = getattr(module, name)
                globals()[name] = value
                return value
    raise AttributeError(f"module 'stepsize' has no attribute {name!r}")


def __dir__() -> list[str]:
    homes = (*_SIBLINGS, *(f"stepsize.{floor}" for floor in _TOP_FLOOR))
    public = {name for home in homes for name in importlib.import_module(home).__all__}
    return sorted({*globals(), *_MODULES, *public})
