"""Write the map of the packages into docs/reading.md, and draw it as docs/packages.svg.

``python -m tools.package_map`` writes both; with ``--check`` it says whether they are out of date, as
`tests/test_reading.py` does. The table has every folder with the first line of its docstring; the drawing has
a box a folder, from what imports nothing (below) to what imports the rest (above).
"""

import ast
import io
import sys
import textwrap
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from tools.import_graph import PACKAGES, ROOT

PAGE, DRAWING = ROOT / "docs" / "reading.md", ROOT / "docs" / "packages.svg"
BEGIN, END = "<!-- folders: begin -->", "<!-- folders: end -->"

# From the ground up; a package stands on those below it.
FLOORS = (
    (("stepsize.core",),),
    (("problems", "problems.*"), ("schedules", "schedules.*"), ("optim", "optim.*")),
    (("stepsize.analysis",), ("stepsize.explanations",), ("stepsize.data",)),
    (("stepsize.experiments", "stepsize.experiments.*"),),
    (
        ("stepsize.draw", "stepsize.draw.*"),
        ("stepsize.gallery",),
        ("stepsize.explorer",),
        ("stepsize.grading",),
        ("stepsize.cli",),
    ),
)
TINTS = {"problems": "#e6f0e4", "schedules": "#fdf1dc", "optim": "#e2ecf6", "stepsize": "#f1ecf4"}


def folders(root: Path = ROOT) -> list[str]:
    """Return every folder with Python files, as a dotted name."""
    found = {path.parent for package in PACKAGES for path in (root / package).rglob("*.py")}
    return sorted(".".join(path.relative_to(root).parts) for path in found)


def first_line(folder: str, root: Path = ROOT) -> str:
    """Return the first line of a folder's docstring."""
    text = (root / Path(*folder.split(".")) / "__init__.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]


def table() -> str:
    """Return a row a folder: its path, and what lives there."""
    rows = [f"| `{folder.replace('.', '/')}/` | {first_line(folder)} |" for folder in folders()]
    return "\n".join(["| folder | what lives there |", "|---|---|", *rows])


def page(text: str) -> str:
    """Return the page with a fresh table between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def drawing() -> str:
    """Return the map as SVG, the same bytes each time."""
    known = folders()
    with mpl.rc_context({"svg.hashsalt": "packages", "svg.fonttype": "none", "font.family": "sans-serif"}):
        picture = Figure(figsize=(9.2, 5.4))
        ax = picture.add_axes((0.01, 0.01, 0.98, 0.98))
        ax.set(xlim=(0, 100), ylim=(0, 100))
        ax.axis("off")
        foot = 0.0
        for floor in FLOORS:
            rooms = [[name for pattern in room for name in matching(pattern, known)] for room in floor]
            weights = [len(contents(room)) ** 0.5 for room in rooms]
            widths = [100 * weight / sum(weights) - 1.2 for weight in weights]
            words = [wrapped(room, wide) for room, wide in zip(rooms, widths, strict=True)]
            high = 10 + 2.6 * max(text.count("\n") for text in words)
            left = 0.6
            for room, wide, text in zip(rooms, widths, words, strict=True):
                draw_room(ax, room[0], text, (left, foot), (wide, high))
                left += wide + 1.2
            foot += high + 2
        ax.set(ylim=(-1, foot))
        out = io.StringIO()
        picture.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def contents(room: list[str]) -> str:
    """Return what stands in a package: its folders, then its own files."""
    top, *inside = room
    below = [f"{name.removeprefix(top + '.').replace('.', '/')}/" for name in inside]
    files = sorted(path.stem for path in (ROOT / Path(*top.split("."))).glob("[!_]*.py"))
    if top == "stepsize.gallery":
        return "one file a source, such as goh, nesterov, d2l_gradient"
    return ", ".join(below + files)


def matching(pattern: str, known: list[str]) -> list[str]:
    """Return the folder of that name, or those inside it for a pattern such as ``optim.*``."""
    if pattern.endswith(".*"):
        return [name for name in known if name.startswith(pattern[:-1])]
    return [pattern] if pattern in known else []


def wrapped(room: list[str], wide: float) -> str:
    """Return the contents of a package in lines that fit its box."""
    return textwrap.fill(contents(room), round(1.4 * wide), break_long_words=False)


def draw_room(
    ax: Axes, name: str, words: str, corner: tuple[float, float], size: tuple[float, float]
) -> None:
    """Draw a package and, in small, what stands in it."""
    (x, y), (wide, high) = corner, size
    box: dict[str, Any] = {"boxstyle": "round,pad=0,rounding_size=1.2", "linewidth": 0.8}
    tint = TINTS[name.partition(".")[0]]
    ax.add_patch(FancyBboxPatch(corner, wide, high, facecolor=tint, edgecolor="#8d99a3", **box))
    label: dict[str, Any] = {"ha": "center", "va": "top", "color": "#1b2a33"}
    ax.text(x + wide / 2, y + high - 1.6, name.replace(".", "/"), fontsize=11, fontweight="bold", **label)
    ax.text(x + wide / 2, y + high - 5.4, words, fontsize=8, linespacing=1.35, **label)


def stale() -> list[str]:
    """Return which of the two files are not as they would be written now."""
    fresh = {PAGE: page(PAGE.read_text(encoding="utf-8")), DRAWING: drawing()}
    return [
        path.name
        for path, text in fresh.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main(arguments: list[str]) -> int:
    """Write both, or with ``--check`` say which are out of date."""
    if "--check" in arguments:
        print(*stale(), sep="\n")
        return 1 if stale() else 0
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    DRAWING.write_text(drawing(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
