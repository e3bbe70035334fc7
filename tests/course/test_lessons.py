"""The ten lessons: each has its parts, its numbers are computed in it, and what is built from it works."""

import re

import pytest

import stepsize as ss
from stepsize.grading.exercises import EXERCISES
from tests import ROOT

for needed in (
    "jupytext",
    "nbclient",
    "nbformat",
    "ipykernel",
    "latex2mathml",
    "markdown_it",
    "mdit_py_plugins",
):
    pytest.importorskip(needed, reason=f"{needed} is missing: pip install -e '.[course]'")

from tools import course  # noqa: E402  (it needs what is looked for above)
from tools.course_pages import questions  # noqa: E402
from tools.lessons import exercise_template, for_students, lessons, solution, tags  # noqa: E402

LESSONS = lessons(ROOT / "course")
each = pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.name for lesson in LESSONS])


def code(lesson):
    return "\n".join(cell.source for cell in lesson.notebook.cells if cell.cell_type == "code")


def prose(lesson):
    """Return what is said in sentences: without formulas, code, and the timetable."""
    cells = [cell.source for cell in lesson.notebook.cells if cell.cell_type == "markdown"]
    text = "\n".join(line for cell in cells for line in cell.splitlines() if not line.startswith(("#", "|")))
    return re.sub(r"`[^`]*`", "", text)


def test_there_is_a_lesson_for_every_exercise():
    assert [lesson.name for lesson in LESSONS] == list(EXERCISES)


def test_the_first_cell_installs_and_is_the_same_in_all():
    first = {next(c.source for c in x.notebook.cells if c.cell_type == "code") for x in LESSONS}
    assert len(first) == 1
    (text,) = first
    assert "%pip install --quiet stepsize" in text
    assert text.index("import stepsize") < text.index("%pip")


@each
def test_a_lesson_has_its_parts(lesson):
    sources = [cell.source for cell in lesson.notebook.cells]
    text = "\n".join(sources)
    minutes = [int(m) for m in re.findall(r"^\| (\d+) \|", text, flags=re.M)]
    assert sum(minutes) == 40
    assert "**After this lesson you can**" in text
    assert "ss.explore(" in code(lesson)
    assert 'catalogue()["' in code(lesson) or "ss.draw." in code(lesson)
    assert len(questions(lesson)) == 3
    assert "## What goes wrong in class" in text
    assert 'ss.grade("exercise.py")' in code(lesson)
    assert lesson.title.startswith(f"Lesson {int(lesson.name[:2])}. ")


@each
def test_the_numbers_of_the_text_stand_in_its_cells(lesson):
    """Decimals, and whole numbers from 11 on; a share in percent as such or as a decimal."""
    known = set(re.findall(r"\d+(?:\.\d+)?", code(lesson).replace("_", "")))
    known = {float(number) for number in known}
    said = re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?: %)?", prose(lesson).replace("10 000", "10000"))
    missing = []
    for word in said:
        number = float(word.removesuffix(" %"))
        if number == int(number) and number <= 10 and not word.endswith("%"):
            continue
        if number not in known and not (word.endswith("%") and round(number / 100, 6) in known):
            missing.append(word)
    assert missing == []


@each
def test_the_template_is_the_solution_with_blanks(lesson):
    template, solved = exercise_template(lesson), iter(solution(lesson).splitlines())
    kept = [line for line in template.splitlines() if "..." not in line.partition('"""')[0]]
    assert len(kept) < len(template.splitlines())
    assert all(line in solved for line in kept), "lines of the template that the solution lacks"


@each
def test_the_template_earns_nothing_and_says_where_its_blanks_are(lesson, tmp_path):
    file = tmp_path / "exercise.py"
    file.write_text(exercise_template(lesson), encoding="utf-8")
    found = ss.grade(file)
    assert (found.exercise, found.points, found.fault) == (lesson.name, 0, "")
    assert all("is still blank" in mark.sentence for mark in found.marks)


@each
def test_students_get_no_answers(lesson):
    student = for_students(lesson.notebook)
    assert not any(tags(cell) & {"answer", "teacher"} for cell in student.cells)
    assert "<summary>Answer" not in "\n".join(cell.source for cell in student.cells)
    assert "worksheet" not in student.metadata


@each
def test_it_runs_and_its_pages_load_nothing(lesson, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    course.build(lesson, tmp_path)
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    name = lesson.name
    pages = {f"{name}.html", f"{name}-slides.html", f"{name}-worksheet.html", f"{name}-key.html"}
    assert set(written) == {*pages, f"{name}.ipynb", f"{name}-exercise.py"}
    for page in pages:
        assert not re.search(r"""(src|href)=["']?(https?:)?//|@import|url\(\s*["']?http""", written[page]), (
            page
        )
        assert "Content-Security-Policy" in written[page]
        assert "\\begin{" not in written[page], "a formula is not drawn"
    assert written[f"{name}-slides.html"].count("<section>") >= 4
    assert "data:image/png" in written[f"{name}-slides.html"]
    answers = [answer.splitlines()[2][:20] for _, answer in questions(lesson)]
    assert all(answer not in written[f"{name}-worksheet.html"] for answer in answers)
    assert "solved" in written[f"{name}-key.html"]
    assert written[f"{name}-key.html"].count("=") > written[f"{name}-worksheet.html"].count("=")
