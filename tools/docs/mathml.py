"""Formulas as MathML, which browsers draw by themselves: a math renderer for Sphinx that needs no script."""

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging

_LOG = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, Any]:
    """Make the renderer known to Sphinx under the name ``mathml``."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def mathml(latex: str, *, block: bool) -> str:
    """Return the MathML of a formula.

    Raises
    ------
    ValueError
        If a command in it is not understood.
    """
    text = re.sub(r"(?<!\\)\\ ", r"\\; ", " ".join(latex.split()))
    text = re.sub(r"\\(begin|end)\{(aligned|gathered|align\*|gather\*)\}", r"\\\1{split}", text)
    if block and (r"\\" in text or "&" in text) and not text.startswith(r"\begin{split}"):
        text = rf"\begin{{split}} {text} \end{{split}}"
    text = re.sub(r"\\texttt\{((?:[^{}]|\{[^{}]*\})*)\}", lambda code: code[0].replace(r"\_", "_"), text)
    made = convert(text, display="block" if block else "inline")
    if "\\" in made or ">&<" in made:
        raise ValueError(f"formula: got {latex!r}, expected commands that latex2mathml knows")
    return made


def _inline(translator: Any, node: nodes.Element) -> None:
    translator.body.append(_of(node, block=False))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.Element) -> None:
    translator.body.append(f'<div class="formula">{_of(node, block=True)}</div>\n')
    raise nodes.SkipNode


def _of(node: nodes.Element, *, block: bool) -> str:
    try:
        return mathml(node.astext(), block=block)
    except Exception as error:
        _LOG.warning("%s: %s", node.astext(), error, location=node)
        return ""
