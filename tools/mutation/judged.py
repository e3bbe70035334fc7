"""Why somebody judged a mutant to change no number: tools/mutants_judged.json."""

import fnmatch
import json
import re
from pathlib import Path

Judged = list[dict[str, str]]
JUDGED = Path(__file__).parent.parent / "mutants_judged.json"


def judged() -> Judged:
    """Return what was judged."""
    return list(json.loads(JUDGED.read_text(encoding="utf-8"))) if JUDGED.exists() else []


def reason(mutant: str, diff: str, entries: Judged, line: str = "") -> str:
    """Return why somebody judged this mutant to change no number, or an empty string.

    Parameters
    ----------
    mutant, diff : str
        Its name, and what it changes.
    entries : list of dict
        What was judged. An entry has patterns for both, and may have one for the line.
    line : str
        The line of the source in which a constant stands, for one number may stand in many.
    """
    return next((entry["reason"] for entry in entries if is_of(entry, mutant, diff, line)), "")


def is_of(entry: dict[str, str], mutant: str, diff: str, line: str) -> bool:
    """Return whether an entry judges this mutant."""
    named = fnmatch.fnmatch(mutant, entry["mutant"])
    return named and bool(re.search(entry["change"], diff) and re.search(entry.get("line", ""), line))
