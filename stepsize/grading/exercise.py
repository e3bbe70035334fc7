"""What an exercise is: a name, and parts that are each worth some points."""

from dataclasses import dataclass

from stepsize.grading.judges import Judge

__all__ = ["Exercise", "Part"]


@dataclass(frozen=True)
class Part:
    """One function of an exercise.

    Attributes
    ----------
    name : str
        What the function is called.
    points : int
        What it is worth.
    judge : callable
        Says whether a function is right, and what it is instead.
    """

    name: str
    points: int
    judge: Judge


@dataclass(frozen=True)
class Exercise:
    """The exercise of a lesson.

    Attributes
    ----------
    name : str
        Such as "05-momentum"; the file that is handed in names it.
    parts : tuple of Part
        The functions to be written.
    """

    name: str
    parts: tuple[Part, ...]

    @property
    def points(self) -> int:
        """What all of it is worth."""
        return sum(part.points for part in self.parts)

    def part(self, name: str) -> Part:
        """Return the part of that name."""
        return next(part for part in self.parts if part.name == name)
