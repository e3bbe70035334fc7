"""The tests, in folders that mirror the packages; `golden` and `corpus` hold what is recorded and judged."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden"
