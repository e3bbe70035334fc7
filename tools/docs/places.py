"""Where the site's parts stand, and how a page is written."""

from pathlib import Path

__all__ = ["BUILD", "GUIDES", "HERE", "ROOT", "SITE", "SOURCE", "write"]

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
GUIDES = ROOT / "docs"
BUILD = ROOT / "build"
SOURCE, SITE = BUILD / "docs-source", BUILD / "site"


def write(path: Path, text: str) -> None:
    """Write a page, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
