"""How soon the explorer answers a slider: ``python -m benchmarks.explorer``, with Node and Chromium."""

Three optimizers make 300 updates each; a slider is moved eighty times, and the time from its move to the
painted picture is taken, by the clock and by the processor. ``npm ci --prefix tools/explorer`` comes first.
"""

import sys
import tempfile
from pathlib import Path

from stepsize.explorer import explore
from tests.stepsize.explorer.test_browser import CHROMIUM, SIZES, TOOLS, done


def main() -> int:
    """Print a row a size of the window."""
    if CHROMIUM is None or not TOOLS.is_dir():
        print("not measured: Chromium is not installed, or npm ci was not run in tools/explorer")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        page = explore().save(Path(folder) / "explorer.html")
        for found in done("speed", page, looks=SIZES):
            size = f"{found['look']['width']} x {found['look']['height']}"
            print(
                f"{size:12} median {found['median']:.1f} ms, worst of 1 in 20 {found['worst']:.1f} ms, "
                f"processor {found['processor']:.1f} ms"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
