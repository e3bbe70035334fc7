"""What a command says when it fails: a sentence on its input, or that it is to blame itself."""

import os

from stepsize.cli.output import complain
from stepsize.core.display import cut
from stepsize.core.limits.sentences import is_sentence

__all__ = ["BAD_INPUT", "DEFECT", "TRACEBACK", "refusal_or_defect"]

# Exit codes: of a bad argument, as argparse has it, and of a defect, EX_SOFTWARE of sysexits.h.
BAD_INPUT, DEFECT = 2, 70
# The environment variable under which the traceback of a defect is printed.
TRACEBACK = "STEPSIZE_TRACEBACK"
_LONGEST = 1000


def refusal_or_defect(error: Exception) -> int:
    """Print one sentence on an error that ended a command, and return the exit code.

    A sentence of ours, the system's word on a file and a lack of memory are about what was asked for;
    anything else should have been foreseen, and is a defect.
    """
    if isinstance(error, MemoryError):
        complain("there is too little memory for this, expected fewer steps, dimensions or runs")
        return BAD_INPUT
    if isinstance(error, OSError) or (
        isinstance(error, ValueError | TypeError | ImportError) and is_sentence(error)
    ):
        complain(cut(str(error), _LONGEST))
        return BAD_INPUT
    if os.environ.get(TRACEBACK):
        import traceback

        traceback.print_exception(error)
    complain(
        f"this is a defect of stepsize and not of what was typed: {type(error).__name__}: "
        f"{cut(str(error), 200)}; please report it with the command and its traceback, which {TRACEBACK}=1 "
        "before the same command prints"
    )
    return DEFECT
