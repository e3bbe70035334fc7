"""The pages around the parts: the front page with the explorer, and how to cite."""

from pathlib import Path

import stepsize as ss
from tools.docs.explorers import address, frame
from tools.docs.guides import executed, titles
from tools.docs.places import HERE, ROOT, write

__all__ = ["sections", "write_front"]

# Where each guide stands in the contents; one that is not named here stands at the end.
SECTIONS = {
    "Start": ("your-own", "coming-from", "choosing", "glossary"),
    "Understand": ("verdicts", "schedules", "linesearch", "dialects", "finders"),
    "Do": ("experiments", "cluster", "paper-figures", "testing", "explorer"),
    "Trust": ("correctness", "reliability", "benchmarks", "reading"),
}


def write_front(target: Path) -> None:
    """Write the front page and the page on citing."""
    index = (HERE / "pages" / "index.md").read_text(encoding="utf-8")
    rules = [ss.SGD(lr=0.09), ss.Momentum(lr=0.025), ss.Adam(lr=0.15)]
    live = "\n".join(
        line.strip() for line in frame(address(ss.Quadratic(), rules), up="") if "rst" not in line
    )
    live = live.replace(".. raw:: html", "").strip()
    text = executed(index, "index.md").replace("EXPLORER", f"```{{raw}} html\n{live}\n```")
    write(target / "index.md", text + "\n" + "\n".join(_contents(target)))
    cite = (HERE / "pages" / "cite.md").read_text(encoding="utf-8")
    write(target / "cite.md", cite.replace("BIBTEX_ENTRY", bibtex()).replace("CITATION_FILE", _citation()))


def sections() -> dict[str, tuple[str, ...]]:
    """Return the guides by section, every one of them."""
    placed = {name for names in SECTIONS.values() for name in names}
    last = next(reversed(SECTIONS))
    return SECTIONS | {last: (*SECTIONS[last], *(name for name in titles() if name not in placed))}


def _contents(target: Path) -> list[str]:
    lines: list[str] = []
    for caption, names in sections().items():
        lines += _tree(caption, [f"guides/{name}" for name in names])
    lines += _tree("Look up", ["reference/index", "gallery/index"])
    if (target / "course" / "index.md").exists():
        lines += _tree("Teach", ["course/index"])
    return lines + _tree("About", ["cite"])


def _tree(caption: str, pages: list[str]) -> list[str]:
    return ["```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```", ""]


def _citation() -> str:
    return (ROOT / "CITATION.cff").read_text(encoding="utf-8").strip()


def bibtex() -> str:
    """Return the entry for BibTeX that CITATION.cff says."""
    fields = dict(
        line.split(": ", 1) for line in _citation().splitlines() if ": " in line and not line.startswith(" ")
    )
    names = [
        line.partition("name: ")[2] for line in _citation().splitlines() if line.startswith("  - name: ")
    ]
    return (
        "@software{stepsize,\n"
        f"  author = {{{' and '.join('{' + name + '}' for name in names)}}},\n"
        f"  title = {{{fields['title'].strip(chr(34))}}},\n"
        f"  version = {{{fields['version']}}},\n"
        f"  license = {{{fields['license']}}}\n}}"
    )
