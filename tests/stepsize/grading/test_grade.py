"""What students hand in that cannot be graded gets one sentence and no points, and never a traceback."""

import json
import textwrap

import pytest

import stepsize as ss
from stepsize.cli.main import main
from stepsize.grading import grade as grading
from stepsize.grading.grade import grade
from stepsize.grading.hand_in import read_hand_in
from stepsize.grading.judges import Verdict
from tests import ROOT

# Also on a machine that is busy a process has begun by then.
LIMIT = 15

HEAD = "# stepsize exercise: 02-rates\n"
RIGHT = (ROOT / "course" / "solutions" / "02_rates.py").read_text(encoding="utf-8")

# Files of which nothing can run.
HOPELESS = {
    "": "the file is empty",
    "\n   \n": "the file is empty",
    "# later\n": "no code, only comments",
    "def largest_rate(c)\n    return 2": "line 2 at `def largest_rate(c)`: expected ':'",
    "def f():\nreturn 1": "expected an indented block",
    "x = '": "line 2 at `x = '`: unterminated string literal",
    "(" * 5000: "it is no Python",
    "a = 1\0": "it is no Python",
    "while True: pass\ndef largest_rate(c): return 1": "running the file did not end within 15 s",
    "1 / 0\ndef largest_rate(c): return 1": "running the file stops in line 2 with ZeroDivisionError",
    "exit()\ndef largest_rate(c): return 1": "running the file ends Python in line 2",
    "import os\nos._exit(0)\ndef largest_rate(c): return 1": "running the file ended Python (exit code 0)",
    "input()\ndef largest_rate(c): return 1": "running the file asks for input in line 2",
    "import nothing_of_that_name\ndef largest_rate(c): return 1": "ModuleNotFoundError",
    "raise KeyboardInterrupt\ndef largest_rate(c): return 1": "stops in line 2 with KeyboardInterrupt",
}

# Bodies of largest_rate(curvatures) beside two functions that are right.
FAULTY = {
    "return ...": "is still blank",
    "value = ...\n    return value": "line 2 is still blank",
    "pass": "it returns nothing: a `return` is missing",
    "print(2 / max(curvatures))": "prints its result and returns nothing",
    "while True: pass": "largest_rate did not end within 15 s",
    "raise ValueError('no idea')": "largest_rate stops in line 2 with ValueError: no idea",
    "return 1 / 0": "stops in line 2 with ZeroDivisionError: division by zero",
    "return 2.0^max(curvatures)": "for ^: 'float' and 'float': a power is written **",
    "return curvature": "stops in line 2 with NameError: name 'curvature' is not defined",
    "return largest_rate(curvatures)": "calls itself without end in line 2",
    "import sys; sys.exit(3)": "ends Python in line 2",
    "import os; os._exit(3)": "ended Python (exit code 3) before it could be graded",
    "import os; os.abort()": "before it could be graded",
    "return input('rate? ')": "asks for input in line 2",
    "return 'two over L'": "it returns the str 'two over L', expected a number",
    "return str(2 / max(curvatures))": "it returns the str '0.1', expected a number",
    "return curvatures": "it returns an array of shape (2,), expected a number",
    "return [[2], [1, 2]]": "expected a number",
    "return 2j": "expected a number",
    "return float('nan')": "it returns nan, expected 0.1",
    "return bytearray(10**12)": "MemoryError",
    "curvatures.clear(); return 1": "it returns 1, expected 0.1",
}


def written(tmp_path, text, name="exercise.py"):
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


def one_sentence(text):
    return text and "\n" not in text and "Traceback" not in text and len(text) < 500


@pytest.mark.parametrize(("text", "words"), HOPELESS.items(), ids=[w[:30] for w in HOPELESS.values()])
def test_a_file_that_cannot_run_has_one_sentence(text, words, tmp_path):
    text = HEAD + text if text.strip() else text
    found = ss.grade(written(tmp_path, text), "02-rates", seconds=LIMIT)
    assert (found.points, found.most) == (0, 10)
    assert words in found.fault
    assert one_sentence(found.fault)
    assert len(str(found).splitlines()) == 2


@pytest.mark.parametrize(("body", "words"), FAULTY.items(), ids=[b[:30] for b in FAULTY])
def test_a_function_that_cannot_be_judged_has_one_sentence_and_the_others_keep_their_points(
    body, words, tmp_path
):
    rest = RIGHT[RIGHT.index("def best_rate") :]
    text = f"def largest_rate(curvatures):\n    {body}\n{HEAD}\n{rest}"
    found = ss.grade(written(tmp_path, text), seconds=LIMIT)
    mark = found.marks[0]
    assert (mark.part, mark.points, found.points) == ("largest_rate", 0, 7)
    assert words in mark.sentence
    assert one_sentence(mark.sentence)


@pytest.mark.parametrize("name", ["05-momentum", "01-slope", "10-network"])
@pytest.mark.parametrize(
    "body",
    ["pass", "return None", "return 1", "return 'x'", "return x", "print(g)", "return y", "return x, g, 3"],
)
def test_an_optimizer_or_a_gradient_that_cannot_be_judged_has_one_sentence(name, body, tmp_path):
    part = {"05-momentum": "momentum", "01-slope": "step", "10-network": "backward"}[name]
    text = f"# stepsize exercise: {name}\ndef {part}(x, g, *rest):\n    {body}\n"
    mark = next(m for m in ss.grade(written(tmp_path, text)).marks if m.part == part)
    assert mark.points == 0
    assert one_sentence(mark.sentence)


def test_printing_beside_a_right_answer_costs_nothing(tmp_path):
    text = RIGHT.replace("    return", "    print('here')\n    return")
    assert ss.grade(written(tmp_path, "print('hello')\n" + text)).points == 10


def test_a_function_that_was_renamed_is_missed(tmp_path):
    found = ss.grade(written(tmp_path, RIGHT.replace("def best_rate", "def bestRate")))
    assert found.marks[1].sentence == "the file defines no best_rate: it may have been renamed or deleted"
    assert found.points == 7


def test_a_number_in_place_of_a_function_is_told(tmp_path):
    found = ss.grade(written(tmp_path, HEAD + "largest_rate = 3\n" + RIGHT[RIGHT.index("def best") :]))
    assert found.marks[0].sentence == "largest_rate is int, expected a function"


def test_an_index_with_an_ellipsis_is_no_blank(tmp_path):
    body = "\n    import numpy as np\n    return 2 / np.array(curvatures)[..., None].max()"
    text = RIGHT.replace("\n    return 2 / max(curvatures)", body)
    assert ss.grade(written(tmp_path, text)).points == 10


def test_what_a_file_does_to_its_folder_or_its_arguments_reaches_no_other_function(tmp_path):
    text = RIGHT.replace(
        "    return 2 / max", "    curvatures.sort(); curvatures[:] = [9]\n    return 2 / max"
    )
    assert [m.points for m in ss.grade(written(tmp_path, text)).marks] == [0, 3, 4]


def test_the_exercise_is_named_by_the_file_or_by_hand(tmp_path):
    file = written(tmp_path, RIGHT.replace("# stepsize exercise: 02-rates", ""))
    assert ss.grade(file, "02").points == 10
    with pytest.raises(ValueError, match=r"exercise: got none, because exercise.py has no line"):
        ss.grade(file)
    with pytest.raises(ValueError, match=r"exercise: got '99', expected one of 01-slope, "):
        ss.grade(file, "99")
    with pytest.raises(FileNotFoundError, match=r"file: got .*none.py"):
        ss.grade(tmp_path / "none.py")
    with pytest.raises(ValueError, match=r"seconds: got 0, expected a number above 0"):
        ss.grade(file, "02", seconds=0)


def test_the_command_prints_points_and_returns_whether_all_are_earned(tmp_path, capsys):
    good = written(tmp_path, RIGHT)
    bad = written(tmp_path, RIGHT.replace("2 / max", "1 / max"), "bad.py")
    assert main(["grade", str(good)]) == 0
    assert capsys.readouterr().out.startswith("02-rates: 10 of 10 points\n  largest_rate  3 of 3  right")
    assert main(["grade", str(good), str(bad)]) == 1
    assert "02-rates: 7 of 10 points" in capsys.readouterr().out
    assert main(["grade", str(bad), "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["points"], row["most"], row["exercise"]) == (7, 10, "02-rates")
    assert "it is 1/L" in row["marks"][0]["sentence"]
    assert main(["grade", str(tmp_path / "none.py")]) == 2


def test_a_file_that_cannot_be_graded_stops_no_other(tmp_path, capsys):
    good = str(written(tmp_path, RIGHT))
    unnamed = str(written(tmp_path, RIGHT.replace("# stepsize exercise: 02-rates", ""), "unnamed.py"))
    none = str(tmp_path / "none.py")
    assert main(["grade", unnamed, none, good]) == 1
    told = capsys.readouterr().out
    assert f"{unnamed}\nnot graded: exercise: got none, because unnamed.py has no line" in told
    assert f"{none}\nnot graded: file: got" in told
    assert f"{good}\n02-rates: 10 of 10 points" in told
    assert main(["grade", unnamed, good, "--json"]) == 1
    first, second = json.loads(capsys.readouterr().out)
    assert (first["points"], first["most"], first["marks"]) == (0, 0, [])
    assert first["fault"].startswith("exercise: got none")
    assert {*first} == {*second}
    assert main(["grade", unnamed, good, "--exercise", "99"]) == 2
    assert main(["grade", unnamed, good, "--seconds", "0"]) == 2


def test_the_grade_reads_as_a_table(tmp_path):
    text = str(ss.grade(written(tmp_path, RIGHT.replace("2 / max", "1 / max"))))
    assert text == textwrap.dedent("""\
        02-rates: 7 of 10 points
          largest_rate  0 of 3  for curvatures = [1, 20] it returns 0.05, expected 0.1; it is 1/L, up to \
which no step crosses the minimum; steps that cross it still converge, up to 2/L, in all 5 cases
          best_rate     3 of 3  right in all 3 cases
          after         4 of 4  right in all 4 cases""")


def test_the_page_prints_what_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    part = page[page.index("## Exercises that are graded") :]
    names = {}
    exec(part.partition("```python\n")[2].partition("```")[0], names)
    printed = str(ss.grade("exercise.py"))
    assert " ".join(printed.split()) in " ".join(part.split())


def test_an_exercise_has_a_megabyte_at_most(tmp_path):
    file = tmp_path / "long.py"
    for size, refused in ((10**6, False), (10**6 + 1, True)):
        file.write_bytes(b"#" * size)
        if refused:
            with pytest.raises(ValueError, match=f"of {size} bytes, expected an exercise of some lines"):
                read_hand_in(file)
        else:
            assert read_hand_in(file).path == file


def test_a_function_is_given_twenty_seconds(monkeypatch):
    given = []
    monkeypatch.setattr(grading, "try_part", lambda *words: given.append(words[-1]) or Verdict(True, "right"))
    grade(ROOT / "course" / "solutions" / "01_slope.py")
    assert given == [20.0, 20.0]
