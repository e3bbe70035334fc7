"""What commands share: folders that never overwrite, text that any terminal shows, the word on a failure."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from stepsize.cli.words import number
from stepsize.core.display import cut
from stepsize.core.limits.sentences import is_sentence
from stepsize.core.storage import refusal

__all__ = [
    "BAD_INPUT",
    "DEFECT",
    "TRACEBACK",
    "add_picture_options",
    "ascii_only",
    "check_folder",
    "complain",
    "picture_options",
    "new_folder",
    "on_one_line",
    "print_json",
    "echo",
    "refusal_or_defect",
    "save_picture",
]


# Exit codes: of a bad argument, as argparse has it, and of a defect, EX_SOFTWARE of sysexits.h.
BAD_INPUT, DEFECT = 2, 70
# The environment variable under which the traceback of a defect is printed.
TRACEBACK = "STEPSIZE_TRACEBACK"
# Points, 1/72 inch, below which letters cannot be read on paper.
LEGIBLE = 4.0
_LONGEST = 1000
# Endings that nobody gives to a folder.
_OF_FILES = (
    *(".png", ".apng", ".svg", ".gif", ".jpg", ".jpeg", ".pdf", ".webp"),
    *(".csv", ".json", ".npz", ".html", ".txt"),
)


def ascii_only() -> bool:
    """Whether standard output cannot show more than ASCII."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    try:
        "▁█·".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return True
    return False


def echo(text: str = "") -> None:
    """Print a line; what the terminal cannot show is replaced."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    print(text.encode(encoding, "replace").decode(encoding))


def complain(sentence: str) -> None:
    """Print one line to standard error, whatever characters the sentence quotes."""
    print(f"stepsize: {on_one_line(sentence)}", file=sys.stderr)


def on_one_line(text: str) -> str:
    r"""Return a text without line ends and other characters that a terminal would act on.

    Examples
    --------
    >>> on_one_line("two\nlines")
    'two lines'
    """
    shown = " ".join(text.splitlines())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


def print_json(value: Any) -> None:
    """Print a value as standard JSON."""
    import json

    print(json.dumps(value, indent=2, allow_nan=False))


def new_folder(wanted: str | None, prefix: str = "stepsize") -> Path:
    """Return a folder to write into: the wanted one, or a new one named after the time."""
    if wanted is not None:
        folder = Path(wanted)
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"--out: got {wanted!r}, which is a file, expected a folder")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refusal("--out", folder, error) from None
        return folder
    stem = f"{prefix}-{datetime.now():%Y%m%d-%H%M%S}"
    for attempt in range(1000):
        folder = Path(stem if not attempt else f"{stem}-{attempt + 1}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise refusal("--out", folder, error) from None
        return folder
    raise ValueError(f"--out: got nothing and {stem} and its followers exist, expected --out FOLDER")


def check_folder(wanted: str | None) -> None:
    """Refuse an --out in which no pictures can be put, if there is one."""
    if wanted is None:
        return
    if not wanted.strip() or "\0" in wanted:
        raise ValueError(f"--out: got {wanted!r}, expected the name of a folder")
    folder = Path(wanted)
    if folder.suffix.lower() in _OF_FILES and not folder.is_dir():
        raise ValueError(
            f"--out: got {wanted!r}, the name of a file, expected a folder, in which each picture gets a "
            "name of its own"
        )


def add_picture_options(parser: argparse.ArgumentParser) -> None:
    """Add --size and --dpi to a command that writes pictures."""
    parser.add_argument(
        "--size",
        metavar="SIZE",
        help="of a picture: slide (10x7.5 inches), wide (13.333x7.5), column (3.4x2.6) or such as 10x5.6; "
        "letters grow with it",
    )
    parser.add_argument("--dpi", type=number, metavar="N", help="dots an inch (default 160, of films 100)")


def picture_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return --size and --dpi for `draw.save`; read before any work, so that bad ones are refused.

    So is --out.
    """
    check_folder(args.out)
    if args.size is None and args.dpi is None:
        return {"size": None, "dpi": None}
    from stepsize.draw.style import as_dpi, as_size

    size = as_size("--size", args.size)
    dpi = None if args.dpi is None else as_dpi("--dpi", args.dpi, size or (10.0, 10.0))
    return {"size": size, "dpi": dpi}


def save_picture(picture: Any, target: Path, sized: dict[str, Any]) -> Path:
    """Save a picture as --size and --dpi say, and warn where its letters are too small to be read."""
    from stepsize import draw
    from stepsize.draw.style import STYLE, fitted

    if sized["size"] is not None:
        wide, high = sized["size"]
        _, scale = fitted((wide, high), picture.get_size_inches())
        points = STYLE["xtick.labelsize"] * scale
        if points < LEGIBLE:
            complain(
                f"--size: got {wide:g} x {high:g} inches, at which the letters of {target.name} are "
                f"{points:.1f} points high, expected a larger size, or less in one picture"
            )
    return draw.save(picture, target, if_exists="number", **sized)


def refusal_or_defect(error: Exception, options: Sequence[str] = ()) -> int:
    """Print one sentence on an error that ended a command, and return the exit code.

    A sentence of ours, the system's word on a file and a lack of memory are about what was asked for;
    anything else should have been foreseen, and is a defect. A sentence of ours on an argument of a function
    that came from one of the options, such as ``steps: got 0``, begins with the option, ``--steps: got 0``.
    """
    if isinstance(error, MemoryError):
        complain("there is too little memory for this, expected fewer steps, dimensions or runs")
        return BAD_INPUT
    if isinstance(error, OSError) or (
        isinstance(error, ValueError | TypeError | ImportError) and is_sentence(error)
    ):
        name, colon, rest = str(error).partition(":")
        option = f"--{name.replace('_', '-')}"
        complain(cut(option + colon + rest if option in options else str(error), _LONGEST))
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
