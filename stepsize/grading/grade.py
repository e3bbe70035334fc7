"""`grade`: points for the exercise in a file, and a sentence on each of its functions."""

import os
from dataclasses import dataclass

from stepsize.core.display import counted
from stepsize.core.storage import as_path
from stepsize.core.validation import as_number, require
from stepsize.grading.exercise import Exercise
from stepsize.grading.exercises import EXERCISES, find_exercise
from stepsize.grading.hand_in import HandIn, read_hand_in
from stepsize.grading.trial import FAULT_OF_FILE, try_part

__all__ = ["Grade", "Mark", "grade"]


@dataclass(frozen=True)
class Mark:
    """What one function of an exercise earned.

    Attributes
    ----------
    part : str
        The function.
    points, most : int
        What it earned, of what it is worth: all or nothing.
    sentence : str
        Why: what it equals, or where it first differs and what it equals instead.
    """

    part: str
    points: int
    most: int
    sentence: str


@dataclass(frozen=True)
class Grade:
    """What an exercise earned.

    Attributes
    ----------
    exercise : str
        Its name.
    marks : tuple of Mark
        One a function.
    fault : str
        Why nothing in the file can run, in one sentence; or nothing.
    """

    exercise: str
    marks: tuple[Mark, ...]
    fault: str = ""

    @property
    def points(self) -> int:
        """What all parts earned."""
        return sum(mark.points for mark in self.marks)

    @property
    def most(self) -> int:
        """What all parts are worth."""
        return sum(mark.most for mark in self.marks)

    def __str__(self) -> str:
        head = f"{self.exercise}: {self.points} of {counted(self.most, 'point')}"
        if self.fault:
            return f"{head}\n  {self.fault}"
        wide = max(len(mark.part) for mark in self.marks)
        rows = (f"  {m.part:<{wide}}  {m.points} of {m.most}  {m.sentence}" for m in self.marks)
        return "\n".join([head, *rows])

    __repr__ = __str__


def grade(file: str | os.PathLike[str], exercise: str | None = None, *, seconds: float = 20.0) -> Grade:
    """Grade an exercise of the course.

    Each function is tried in a process of its own. What prints, raises, never ends or is no Python at all
    gets no points and one sentence.

    Parameters
    ----------
    file : path
        What was handed in.
    exercise : str, optional
        Its exercise, such as "05-momentum"; by default the one that the file names in its first lines,
        ``# stepsize exercise: 05-momentum``.
    seconds : float
        What each function may take, above 0.

    Returns
    -------
    Grade

    Raises
    ------
    ValueError, TypeError, OSError
        If there is no such exercise, or no such file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "exercise.py"
    >>> told = file.write_text("# stepsize exercise: 02-rates")
    >>> print(grade(file))
    02-rates: 0 of 10 points
      the file has no code, only comments
    """
    require(as_number("seconds", seconds) > 0, "seconds", seconds, "a number above 0")
    hand_in = read_hand_in(as_path("file", file).absolute())
    task = _exercise(exercise, hand_in)
    if hand_in.fault:
        return _nothing(task, hand_in.fault)
    marks: list[Mark] = []
    for part in task.parts:
        missing = hand_in.missing(part.name)
        if missing:
            marks.append(Mark(part.name, 0, part.points, missing))
            continue
        right, sentence = try_part(hand_in.path, task.name, part.name, float(seconds))
        if sentence.startswith(FAULT_OF_FILE):
            return _nothing(task, sentence)
        marks.append(Mark(part.name, part.points if right else 0, part.points, sentence))
    return Grade(task.name, tuple(marks))


def _nothing(task: Exercise, fault: str) -> Grade:
    return Grade(task.name, tuple(Mark(part.name, 0, part.points, fault) for part in task.parts), fault)


def _exercise(named: str | None, hand_in: HandIn) -> Exercise:
    name = named or hand_in.exercise
    if name is None:
        raise ValueError(
            f"exercise: got none, because {hand_in.path.name} has no line '# stepsize exercise: NAME', "
            f"expected one of {', '.join(EXERCISES)}"
        )
    return find_exercise(name)
