"""Write the conditions of the verdicts, from the docstring of their module, into docs/verdicts.md.

python tools/verdict_table.py
"""

import re
from pathlib import Path

import stepsize.analysis.verdicts

PAGE = Path(__file__).parent.parent / "docs" / "verdicts.md"
BEGIN, END = "<!-- conditions: begin -->", "<!-- conditions: end -->"


def rows() -> list[tuple[str, str]]:
    """Return every verdict with its condition, in the order in which they are tried."""
    text = stepsize.analysis.verdicts.__doc__ or ""
    table = text.split("\n====")[2].partition("\n")[2]
    found: list[tuple[str, str]] = []
    for line in table.splitlines():
        word, condition = line[:25].strip(), line[25:].strip()
        if word:
            found.append((word, condition))
        elif condition:
            found[-1] = (found[-1][0], f"{found[-1][1]} {condition}")
    return found


def page(old: str) -> str:
    """Return the page with the table of today."""
    lines = ["| verdict | condition |", "|---|---|", *(f"| **{w}** | {c} |" for w, c in rows())]
    return re.sub(f"{BEGIN}.*{END}", "\n".join([BEGIN, *lines, END]), old, flags=re.S)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
