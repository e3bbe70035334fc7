"""Public names in the text of the guides become links: ``ss.Adam(lr=0.1)`` leads to Adam in the reference."""

import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

import stepsize as ss

__all__ = ["Autolink", "setup"]

_NAME = re.compile(r"(?:ss\.|stepsize\.)?(\w+)(?=\(|$)")
# Words that stand for themselves far more often than for the public name.
_PLAIN = {"Rate", "Step", "Line", "State", "Trial", "Flow", "Stats", "hyper", "explorer", "draw", "dialects"}


class Autolink(SphinxTransform):
    """Make a link of each piece of inline code that is a public name or a call of one."""

    default_priority = 5

    def apply(self, **_: Any) -> None:
        """Go through one document; the reference has links of its own."""
        if not self.env.docname.startswith(("guides/", "course/", "index")):
            return
        for node in list(self.document.findall(nodes.literal)):
            name = public_name(node.astext())
            inside = isinstance(node.parent, nodes.reference | nodes.title | addnodes.pending_xref)
            if name and not inside:
                link = addnodes.pending_xref(
                    "",
                    node.deepcopy(),
                    refdomain="py",
                    reftype="obj",
                    reftarget=f"stepsize.{name}",
                    refexplicit=True,
                )
                node.replace_self(link)


def public_name(text: str) -> str:
    """Return the public name that a piece of code is, or that it calls; "" where it is neither."""
    found = _NAME.match(text)
    name = found[1] if found else ""
    return name if name in ss.__all__ and name not in _PLAIN else ""


def setup(app: Sphinx) -> dict[str, Any]:
    """Make the transform known to Sphinx."""
    app.add_transform(Autolink)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
