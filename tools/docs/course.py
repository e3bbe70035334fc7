"""The course in the site: each lesson executed once, as a page and as files to take along."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.course import build
from tools.course_pages import table_of_contents
from tools.docs.places import write
from tools.lessons import for_students, lessons

__all__ = ["FILES", "build_lesson", "write_course"]

# The folder of the files, in the site.
FILES = "course-files"
TAKEN = {
    "notebook": ".ipynb",
    "slides": "-slides.html",
    "worksheet": "-worksheet.html",
    "its key": "-key.html",
    "exercise": "-exercise.py",
}


def build_lesson(name: str, target: Path) -> None:
    """Execute a lesson, write its files, and its page as a notebook with what its cells show."""
    import nbformat

    lesson = next(lesson for lesson in lessons() if lesson.name == name)
    files = target / FILES / FILES
    files.mkdir(parents=True, exist_ok=True)
    made = for_students(build(lesson, files))
    for cell in made.cells:
        if "setup" in cell.metadata.get("tags", []):
            cell.metadata["tags"] = [*cell.metadata["tags"], "remove-output"]
    made.cells.insert(1, nbformat.v4.new_markdown_cell(_links(name)))
    folder = target / "course"
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, folder / f"{name}.ipynb")


def _links(name: str) -> str:
    links = (f'<a href="../{FILES}/{name}{ending}">{what}</a>' for what, ending in TAKEN.items())
    return f'<p class="taken">To take along: {", ".join(links)}</p>'


def write_course(target: Path) -> None:
    """Write the index of the course, and that of its files, to which their pages link."""
    write(target / FILES / FILES / "index.html", table_of_contents(lessons()))
    write(target / "course" / "index.md", "\n".join(_index(lessons())))


def _index(found: list[Any]) -> Iterator[str]:
    yield "# Ten lessons\n"
    yield (
        "Forty minutes each: goals, the picture that carries the lesson, an experiment in the explorer, "
        "three questions, and an exercise that `stepsize grade` marks. Every lesson is a page, a notebook, "
        "slides that need nothing but a browser, and a worksheet with its key.\n"
    )
    yield "| lesson | to take along |\n|---|---|"
    for lesson in found:
        files = ", ".join(
            f'<a href="../{FILES}/{lesson.name}{TAKEN[what]}">{what.removeprefix("its ")}</a>'
            for what in ("notebook", "slides", "worksheet", "its key")
        )
        yield f"| [{lesson.title}]({lesson.name}.ipynb) | {files} |"
    yield "\n```{toctree}\n:hidden:\n"
    yield from (f"{lesson.name}" for lesson in found)
    yield "```"
