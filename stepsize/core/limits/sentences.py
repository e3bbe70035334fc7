"""Whether an error is a sentence on what came in, or a defect: only the former is raised by our own text."""

import dis
from pathlib import Path
from types import TracebackType

__all__ = ["is_sentence"]

_RAISE = dis.opmap["RAISE_VARARGS"]
_HOME = Path(__file__).resolve().parents[3]
_PACKAGES = ("optim", "problems", "schedules", "stepsize")


def is_sentence(error: BaseException) -> bool:
    """Whether a ``raise`` of these packages made the error.

    What NumPy, SciPy or Python raise in the middle of a computation is nobody's sentence, whatever its type:
    the input should have been refused before, in words that name it.

    Examples
    --------
    >>> from stepsize.core.validation import as_count
    >>> try:
    ...     as_count("steps", -1)
    ... except ValueError as refused:
    ...     print(is_sentence(refused))
    True
    >>> try:
    ...     int("ten")
    ... except ValueError as raw:
    ...     print(is_sentence(raw))
    False
    """
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and _is_ours(last) and _raises(last)


def _is_ours(place: TracebackType) -> bool:
    file = Path(place.tb_frame.f_code.co_filename).resolve()
    return any((_HOME / package) in file.parents for package in _PACKAGES)


def _raises(place: TracebackType) -> bool:
    code = place.tb_frame.f_code.co_code
    return 0 <= place.tb_lasti < len(code) and code[place.tb_lasti] == _RAISE
