"""Pages of the course: HTML that loads nothing, its formulas as MathML, its pictures inside."""

import html
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tools.lessons import Cell, Lesson, Notebook, tags

_STYLE = (Path(__file__).parent / "course.css").read_text(encoding="utf-8")
# The keys of the slides.
_KEYS = """
const slides = [...document.querySelectorAll("section")];
const at = () => slides.findIndex(s => s.getBoundingClientRect().bottom > innerHeight / 2);
addEventListener("keydown", e => {
  const by = {ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1}[e.key];
  if (!by) return;
  e.preventDefault();
  slides[Math.max(0, Math.min(slides.length - 1, at() + by))].scrollIntoView();
});
"""
# What is made of a lesson beside its page, and how the names of the files end.
_ENDINGS = {
    "slides": "-slides.html",
    "worksheet": "-worksheet.html",
    "key": "-key.html",
    "notebook": ".ipynb",
    "exercise": "-exercise.py",
}
_WIDEST_TABLE = 150  # in letters; longer lines are broken
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def page(lesson: Lesson, made: Notebook) -> str:
    """Return the lesson as a page: text, code, and what it showed."""
    parts = [_cell(cell) for cell in made.cells if "setup" not in tags(cell)]
    links = "  ".join(f'<a href="{lesson.name}{ending}">{word}</a>' for word, ending in _ENDINGS.items())
    nav = f'<nav><a href="index.html">the course</a>  {links}</nav>'
    return document(lesson.title, nav + "\n".join(parts), "page")


def slides(lesson: Lesson, made: Notebook) -> str:
    """Return the slides: of the cells with that tag the text, and what code showed; a heading begins one."""
    pages: list[list[str]] = [[f"<h1>{html.escape(lesson.title)}</h1>"]]
    for cell in made.cells:
        if "slide" not in tags(cell):
            continue
        if cell.cell_type == "markdown":
            if cell.source.startswith("#"):
                pages.append([])
            pages[-1].append(markdown(cell.source))
        else:
            pages[-1].append(_outputs(cell, live=False))
    body = "\n".join(f"<section>{''.join(parts)}</section>" for parts in pages)
    return document(lesson.title, f"{body}<script>{_KEYS}</script>", "slides")


def worksheet(lesson: Lesson, updates: str, solved: str | None) -> str:
    """Return the worksheet; with the solved exercise it is the key, which has the answers too."""
    key = solved is not None
    title = f"{lesson.title}: {'key' if key else 'worksheet'}"
    parts = [f"<h1>{html.escape(title)}</h1>"]
    if not key:
        parts.append('<p class="name">Name: <span></span> Date: <span></span></p>')
    told = lesson.worksheet
    line = f'stepsize explain "{told["optimizer"]}" "{told["problem"]}" --steps {told["updates"]}'
    start = told.get("start")
    line += "" if start is None else " --x0 " + ",".join(f"{v:g}" for v in start)
    made = f"<p class='made'>Made by <code>{html.escape(line)}{'' if key else ' --blank'}</code></p>"
    parts += ["<h2>By hand</h2>", updates, made, "<h2>Questions</h2>"]
    for question, answer in questions(lesson):
        parts.append(markdown(question))
        parts.append(markdown(answer) if key else '<div class="room"></div>')
    if solved is not None:
        parts += ["<h2>The exercise, solved</h2>", f"<pre><code>{html.escape(solved)}</code></pre>"]
        parts += [markdown(cell.source) for cell in lesson.notebook.cells if _is_for_teachers(cell)]
    return document(title, "\n".join(parts), "sheet")


def _is_for_teachers(cell: Cell) -> bool:
    return cell.cell_type == "markdown" and "teacher" in tags(cell)


def questions(lesson: Lesson) -> list[tuple[str, str]]:
    """Return the questions of a lesson, each with its answer."""
    cells = lesson.notebook.cells
    return [
        (cells[i - 1].source, cell.source)
        for i, cell in enumerate(cells)
        if cell.cell_type == "markdown" and "answer" in tags(cell)
    ]


def table_of_contents(found: Iterable[Lesson]) -> str:
    """Return the page that leads to all others."""
    rows = ""
    for lesson in found:
        title = f'<a href="{lesson.name}.html">{html.escape(lesson.title)}</a>'
        links = [f'<a href="{lesson.name}{ending}">{word}</a>' for word, ending in _ENDINGS.items()]
        rows += f"<tr><td>{title}</td><td>{', '.join(links)}</td></tr>\n"
    body = f"<h1>Gradient descent in ten lessons</h1><table>{rows}</table>"
    return document("Gradient descent in ten lessons", body, "page")


def document(title: str, body: str, kind: str) -> str:
    """Return an HTML document that may load nothing."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f'<body class="{kind}">\n<main>{body}</main>\n</body>\n</html>\n'
    )


def _cell(cell: Cell) -> str:
    if cell.cell_type == "markdown":
        return markdown(cell.source)
    code = f"<pre><code>{html.escape(cell.source)}</code></pre>"
    return code + _outputs(cell, live=True)


def _outputs(cell: Cell, live: bool) -> str:
    """Return what a cell printed and showed; a live page is no picture for a slide."""
    shown: list[str] = []
    printed = ""
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            printed += output.text if output.name == "stdout" else ""
        else:
            shown.append(_output(output, live))
    before = [_printed(printed)] if printed else []
    return "".join(before + shown)


def _output(output: Any, live: bool) -> str:
    data = output.get("data", {})
    if "image/png" in data:
        return f'<img alt="" src="data:image/png;base64,{data["image/png"].strip()}">'
    if "image/svg+xml" in data:
        return str(data["image/svg+xml"])
    if "text/html" in data:
        text = str(data["text/html"])
        return text if live or "<iframe" not in text else ""
    return _printed(str(data.get("text/plain", "")))


def _printed(text: str) -> str:
    """Return what was printed; on a slide the longest line of a table fits, a sentence is broken."""
    columns = max((len(line) for line in text.splitlines()), default=1)
    kind = "out" if columns <= _WIDEST_TABLE else "out sentence"
    return f'<pre class="{kind}" style="--columns: {max(columns, 1)}">{html.escape(text)}</pre>'


def markdown(text: str) -> str:
    """Return Markdown as HTML, formulas between dollars as MathML."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    reader.use(dollarmath_plugin, renderer=_formula, double_inline=True)
    return re.sub(r"<details><summary>Answer</summary>|</details>", "", str(reader.render(text)))


def _formula(source: str, options: dict[str, Any]) -> str:
    from latex2mathml.converter import convert

    return str(convert(source, display="block" if options.get("display_mode") else "inline"))
