"""Build the course: of each lesson a notebook, a page, slides, a worksheet, its key, and the exercise.

``python -m tools.course`` executes every ``course/NN-slug.md`` and writes into ``build/course``, or where
``--out`` says; a word after it, such as ``05``, builds that lesson alone. ``pip install -e '.[course]'``
brings what it needs. Nothing in the pages is loaded from elsewhere.

A lesson is one MyST notebook. Tags on its cells say where they go: ``slide`` (on the slides; of code, what it
shows), ``answer`` (not in what students get, but in the key), ``teacher`` (not in what students get). Its
front matter names the updates that the worksheet is made of by `stepsize.explain`.
"""

import argparse
import copy
import sys
from pathlib import Path
from typing import Any

import stepsize as ss
from tools.course_pages import page, slides, table_of_contents, worksheet
from tools.lessons import Lesson, Notebook, executed, exercise_template, for_students, lessons, solution

ROOT = Path(__file__).parent.parent


def main(arguments: list[str]) -> int:
    """Build what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("lessons", nargs="*", metavar="NN", help="numbers of lessons (default: all)")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "course", metavar="FOLDER")
    args = parser.parse_args(arguments)
    chosen = [lesson for lesson in lessons() if not args.lessons or lesson.name[:2] in args.lessons]
    if not chosen:
        raise SystemExit(f"lessons: got {args.lessons}, expected numbers from 01 to 10")
    args.out.mkdir(parents=True, exist_ok=True)
    for lesson in chosen:
        build(lesson, args.out)
        print(f"built {lesson.name}: {lesson.title}")
    (args.out / "index.html").write_text(table_of_contents(lessons()), encoding="utf-8")
    print(f"written: {args.out / 'index.html'}")
    return 0


def build(lesson: Lesson, out: Path) -> Notebook:
    """Write all that becomes of a lesson into a folder, and return its notebook with the outputs."""
    import nbformat

    student = for_students(lesson.notebook)
    nbformat.write(student, out / f"{lesson.name}.ipynb")
    (out / f"{lesson.name}-exercise.py").write_text(exercise_template(lesson), encoding="utf-8")
    made = executed(lesson.notebook)
    blank, filled = explained(lesson, blank=True), explained(lesson, blank=False)
    pages = {
        "": page(lesson, made),
        "-slides": slides(lesson, made),
        "-worksheet": worksheet(lesson, blank, None),
        "-key": worksheet(lesson, filled, solution(lesson)),
    }
    for ending, text in pages.items():
        (out / f"{lesson.name}{ending}.html").write_text(text, encoding="utf-8")
    return made


def explained(lesson: Lesson, blank: bool) -> str:
    """Return the updates of a lesson's worksheet as HTML, with or without their numbers."""
    told: dict[str, Any] = copy.deepcopy(lesson.worksheet)
    problem, optimizer = ss.parse_problem(told["problem"]), ss.parse(told["optimizer"])
    run = ss.minimize(problem, optimizer, told.get("start"), told["updates"])
    return ss.explain(run, range(1, told["updates"] + 1), blank=blank, digits=4).html()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
