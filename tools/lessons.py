"""The lessons of the course as notebooks: reading, executing, and what students get of them."""

import copy
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "course"
WRITEFILE = "%%writefile exercise.py\n"
# Tags of cells that are for teachers alone.
KEPT_BACK = {"answer", "teacher"}

# A notebook of nbformat, and one of its cells.
Notebook = Any
Cell = Any


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes
    ----------
    name : str
        Such as "05-momentum".
    notebook : NotebookNode
        Its cells, not executed.
    """

    name: str
    notebook: Notebook

    @property
    def title(self) -> str:
        """Its first heading."""
        first = next(cell.source for cell in self.notebook.cells if cell.cell_type == "markdown")
        return str(first.splitlines()[0].lstrip("# "))

    @property
    def worksheet(self) -> dict[str, Any]:
        """The updates of its worksheet: problem, optimizer, start and how many."""
        return dict(self.notebook.metadata["worksheet"])


def lessons(folder: Path = FOLDER) -> list[Lesson]:
    """Return every lesson, in order."""
    import jupytext

    return [Lesson(path.stem, jupytext.read(path)) for path in sorted(folder.glob("[0-9][0-9]-*.md"))]


def tags(cell: Cell) -> set[str]:
    """Return the tags of a cell."""
    return {*cell.metadata.get("tags", [])}


def for_students(notebook: Notebook) -> Notebook:
    """Return a notebook without what is for teachers alone."""
    student = copy.deepcopy(notebook)
    student.cells = [cell for cell in student.cells if not tags(cell) & KEPT_BACK]
    student.metadata.pop("worksheet", None)
    return student


def executed(notebook: Notebook) -> Notebook:
    """Return a notebook with its outputs; a cell that raises stops the build."""
    from nbclient import NotebookClient

    made = copy.deepcopy(notebook)
    with tempfile.TemporaryDirectory() as folder:  # where the exercise is written
        NotebookClient(
            made,
            timeout=600,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            extra_arguments=["--log-level=40"],  # errors: that it has no encryption matters to no build
        ).execute()
    return made


def exercise_template(lesson: Lesson) -> str:
    """Return the exercise with its blanks, as the lesson's notebook writes it."""
    found = [cell.source for cell in lesson.notebook.cells if cell.source.startswith(WRITEFILE)]
    if len(found) != 1:
        raise ValueError(f"{lesson.name}: got {len(found)} cells that write exercise.py, expected one")
    return str(found[0].removeprefix(WRITEFILE)) + "\n"


def solution(lesson: Lesson) -> str:
    """Return the exercise as it is to be solved."""
    return (FOLDER / "solutions" / f"{lesson.name.replace('-', '_')}.py").read_text(encoding="utf-8")
