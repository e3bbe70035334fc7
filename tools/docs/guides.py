"""The guides, from ``docs/*.md``: their Python is run, and what it prints stands below it."""

import contextlib
import io
import os
import re
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

from tools.docs.places import GUIDES, ROOT, write

__all__ = ["titles", "write_guides"]

_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)
_OUTSIDE = re.compile(r"\]\(\.\./([^)#]+)(#[^)]*)?\)")
_HTML_COMMENT = re.compile(r"^<!--.*?-->\n", re.M)


def write_guides(target: Path) -> None:
    """Write every guide below a folder, with its pictures, and a page for every file that one links to."""
    linked: set[str] = set()
    for page in pages():
        text = page.read_text(encoding="utf-8")
        linked.update(match[1] for match in _OUTSIDE.finditer(text))
        write(target / "guides" / page.name, labelled(site_text(executed(text, page.name)), page.stem))
    for picture in [*GUIDES.glob("*.png"), *GUIDES.glob("*.svg")]:
        shutil.copy(picture, target / "guides")
    for name in sorted(linked):
        write(target / "source" / f"{name}.md", source_page(name))


def pages() -> list[Path]:
    """Return the files of the guides."""
    return sorted(GUIDES.glob("*.md"))


def titles() -> dict[str, str]:
    """Return the title of every guide by its name."""
    return {page.stem: page.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ") for page in pages()}


def site_text(text: str) -> str:
    """Return a guide as the site has it: files of the repository have pages of their own."""
    text = _OUTSIDE.sub(lambda match: f"](../source/{match[1]}.md)", text)
    return _HTML_COMMENT.sub("", text)


def labelled(text: str, stem: str) -> str:
    """Return a guide with a label before each second-level heading, by which the reference links to it."""
    return re.sub(
        r"^## (.+)$", lambda found: f"(guide-{stem}-{slug(found[1])})=\n{found[0]}", text, flags=re.M
    )


def slug(heading: str) -> str:
    """Return a heading as it stands in a link: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def source_page(name: str) -> str:
    """Return a page with the text of a file of the repository."""
    path = ROOT / name
    if path.is_dir():
        files = "\n".join(f"- `{file.name}`" for file in sorted(path.iterdir()) if file.suffix == ".py")
        return f"---\norphan: true\n---\n\n# `{name}`\n\n{files}\n"
    language = {".py": "python", ".json": "json"}.get(path.suffix, "text")
    fence = "~" * 12
    text = path.read_text(encoding="utf-8")
    return f"---\norphan: true\n---\n\n# `{name}`\n\n{fence}{language}\n{text}\n{fence}\n"


def executed(text: str, name: str) -> str:
    """Return a page with what its Python blocks print below them; they run in order, in an own folder.

    Raises
    ------
    RuntimeError
        If a block fails, with the page and the block.
    """
    names: dict[str, Any] = {"__name__": "page"}

    def with_output(match: re.Match[str]) -> str:
        try:
            printed = _printed(match[1], names)
        except Exception as error:
            raise RuntimeError(f"{name}: {error!r} in\n{match[1]}") from error
        shown = f"\n\n```{{code-block}} text\n:class: output\n\n{printed.rstrip()}\n```"
        return match[0] + (shown if printed.strip() else "")

    with _own_folder():
        return _BLOCK.sub(with_output, text)


def _printed(code: str, names: dict[str, Any]) -> str:
    held = io.StringIO()
    with contextlib.redirect_stdout(held):
        exec(code, names)  # our own guides, as the tests run them
    return held.getvalue()


@contextlib.contextmanager
def _own_folder() -> Generator[None, None, None]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)
