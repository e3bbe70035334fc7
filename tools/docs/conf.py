"""How Sphinx builds the site; ``python -m tools.docs`` calls it."""

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import stepsize  # noqa: E402  (it is found once its folder is)

project = "stepsize"
author = "The stepsize authors"
version = release = stepsize.__version__
copyright = author  # noqa: A001

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_nb",
    "tools.docs.mathml",
    "tools.docs.autolink",
]
exclude_patterns = ["course-files"]
default_role = "py:obj"
add_module_names = False
autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
viewcode_line_numbers = True

myst_enable_extensions = ["dollarmath", "deflist", "fieldlist"]
myst_heading_anchors = 3
nb_execution_mode = "off"

html_theme = "furo"
html_title = "stepsize"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_extra_path = [str(ROOT / "build" / "docs-source" / "course-files")]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_show_search_summary = False  # it would fetch pages, which browsers refuse from the file system
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5c94", "color-brand-content": "#0b5c94"},
    "dark_css_variables": {"color-brand-primary": "#6cbcf0", "color-brand-content": "#6cbcf0"},
}


def _forget_modules_without_source(_: Any, env: Any) -> list[str]:
    """Take aliases such as Slots, whose module is ``builtins``, from the list of sources."""
    known: dict[str, Any] = getattr(env, "_viewcode_modules", {})
    for name in [name for name, entry in known.items() if not entry]:
        del known[name]
    return []


def setup(app: Any) -> None:
    """Connect what this file adds to Sphinx."""
    app.connect("env-updated", _forget_modules_without_source)
