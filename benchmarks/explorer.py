"""How soon the explorer answers: ``python -m benchmarks.explorer``, with Node and Chromium.

The command is run from cold, three times. A slider is moved eighty times, and the time from its move to the
painted picture is taken, by the clock and by the processor: three optimizers with 300 updates each at three
sizes, and six with 1000 on Ackley's function, whose exponentials and cosines are the slowest.
``npm ci --prefix tools/explorer`` comes first.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from stepsize.explorer import explore
from tests.stepsize.explorer.test_browser import CHROMIUM, SIZES, TOOLS, done

SIX = (
    "SGD:0.01;Momentum:0.01,0.9,0;Nesterov:0.01,0.9;Adam:0.05,0.9,0.999,1e-8;Adagrad:0.3,1e-10,0;"
    "RMSprop:0.01,0.9,1e-8,0"
)
ACKLEY = f"#p=Ackley&x=2.5,1.5&n=1000&t=40&c=0&z=0,0&o={SIX}"
COMMAND = [sys.executable, "-m", "stepsize", "explore"]


def main() -> int:
    """Print a row a measurement."""
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(3):
            begun = time.perf_counter()
            subprocess.run(COMMAND, cwd=folder, check=True, capture_output=True)
            print(f"stepsize explore from cold: {time.perf_counter() - begun:.1f} s")
        if CHROMIUM is None or not TOOLS.is_dir():
            print("not measured: Chromium is not installed, or npm ci was not run in tools/explorer")
            return 1
        page = explore().save(Path(folder) / "page.html")
        looks: list[dict[str, Any]] = [*SIZES, SIZES[0] | {"hash": ACKLEY}]
        for found in done("speed", page, looks=looks):
            size = f"{found['look']['width']} x {found['look']['height']}"
            what = "6 x 1000 on Ackley" if "hash" in found["look"] else "3 x 300"
            print(f"{size:12} {what:18} median {found['median']:.1f} ms, ", end="")
            print(f"worst of 1 in 20 {found['worst']:.1f} ms, processor {found['processor']:.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
