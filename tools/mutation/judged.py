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


def reason(mutant: str, diff: str, entries: Judged) -> str:
    """Return why somebody judged this mutant to change no number, or an empty string."""
    for entry in entries:
        if fnmatch.fnmatch(mutant, entry["mutant"]) and re.search(entry["change"], diff):
            return entry["reason"]
    return ""
