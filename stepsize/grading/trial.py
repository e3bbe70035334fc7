"""Trying one function of a file in a process of its own: what loops, ends or takes the machine hurts nobody.

``python -m stepsize.grading.trial FILE EXERCISE PART ANSWER`` is the process; it writes what it found, line
by line, into ANSWER. It is no prison: a file of somebody who means harm belongs in a container.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, TextIO

from stepsize.core.display import cut
from stepsize.core.limits.sentences import is_sentence
from stepsize.grading.judges import Verdict

__all__ = ["FAULT_OF_FILE", "main", "try_part"]

# How a sentence begins that is about the whole file, which then need not be tried again.
FAULT_OF_FILE = "running the file "
# The most memory of a trial, where the system can limit it: far more than an exercise needs.
_MEMORY = 4 << 30


def try_part(file: Path, exercise: str, part: str, seconds: float) -> Verdict:
    """Return what became of one function of a file, which is given so many seconds."""
    with tempfile.TemporaryDirectory(prefix="stepsize-grade-") as folder:
        answer = Path(folder) / "answer"
        words = [str(file), exercise, part, str(answer)]
        command = [sys.executable, "-P", "-m", "stepsize.grading.trial", *words]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": _path(), "PYTHONDONTWRITEBYTECODE": "1"},
                cwd=folder,
                timeout=seconds,
                check=False,
            )
            how = f"ended Python (exit code {done.returncode}) before it could be graded"
        except subprocess.TimeoutExpired:
            how = f"did not end within {seconds:g} s: a loop without end?"
        lines = (
            [json.loads(line) for line in answer.read_text("utf-8").splitlines()] if answer.exists() else []
        )
    if lines and "right" in lines[-1]:
        return Verdict(lines[-1]["right"], lines[-1]["sentence"])
    return Verdict(False, f"{part} {how}" if lines else f"{FAULT_OF_FILE}{how}")


def _path() -> str:
    """Return PYTHONPATH so that the process finds these packages, wherever it starts."""
    home = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])


def main(file: str, exercise: str, part: str, answer: str) -> None:
    """Run a file, judge one function of it, and write the verdict."""
    with Path(answer).open("a", encoding="utf-8") as out:
        verdict = _tried(Path(file), exercise, part, out)
        out.write(json.dumps({"right": verdict.right, "sentence": verdict.sentence}) + "\n")


def _tried(file: Path, exercise: str, part: str, out: TextIO) -> Verdict:
    from stepsize.grading.exercises import EXERCISES

    judge = EXERCISES[exercise].part(part).judge
    _limit_memory()
    said = _Said()
    module = ModuleType("exercise")
    module.__file__ = str(file)
    with contextlib.redirect_stdout(said):
        try:
            exec(compile(file.read_bytes(), str(file), "exec"), module.__dict__)
        except BaseException as error:  # whatever a file of somebody's does, even exit()
            return Verdict(False, f"{FAULT_OF_FILE}{_stopped(error, file)}")
        out.write('{"loaded": true}\n')
        out.flush()
        student = getattr(module, part, None)
        if not callable(student):
            return Verdict(False, f"{part} is {type(student).__name__}, expected a function")
        said.length = 0
        try:
            verdict = judge(student)
        except BaseException as error:
            verdict = Verdict(False, f"{part} {_stopped(error, file)}")
    if said.length and not verdict.right and "nothing: a `return`" in verdict.sentence:
        return Verdict(False, f"{part} prints its result and returns nothing: return it")
    return verdict


class _Said:
    """A stream that only counts what is printed."""

    length = 0

    def write(self, text: str) -> int:
        """Count it."""
        self.length += len(text)
        return len(text)

    def flush(self) -> None:
        """Do nothing: nothing was kept."""


def _stopped(error: BaseException, file: Path) -> str:
    """Return a clause on what ended a student's code: of our own refusals, their sentence."""
    line = _line(error.__traceback__, file)
    if line is None and isinstance(error, Exception) and is_sentence(error):
        return f"cannot be tried: {cut(str(error), 300)}"
    where = "" if line is None else f" in line {line}"
    if isinstance(error, SystemExit):
        return f"ends Python{where}: take out exit() or quit()"
    if isinstance(error, RecursionError):
        return f"calls itself without end{where}"
    if isinstance(error, EOFError):
        return f"asks for input{where}: nobody can answer"
    said = traceback.format_exception_only(type(error), error)[-1 - len(getattr(error, "__notes__", []))]
    hint = ": a power is written **" if isinstance(error, TypeError) and "for ^:" in str(error) else ""
    return f"stops{where} with {cut(' '.join(said.split()), 200)}{hint}"


def _line(place: TracebackType | None, file: Path) -> int | None:
    """Return the last line of a file that a traceback passes through."""
    found = None
    while place is not None:
        if place.tb_frame.f_code.co_filename == str(file):
            found = place.tb_lineno
        place = place.tb_next
    return found


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # on Windows
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    arguments: Any = sys.argv[1:]
    main(*arguments)
