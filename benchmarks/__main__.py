"""Measure every regime, print the table in Markdown and write it as JSON: ``python -m benchmarks``."""

import argparse
import datetime
import json
import os
import platform
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

REGIMES = (
    *(
        "single",
        "short_runs",
        "user_functions",
        "process",
        "sweeps",
        "verdicts",
        "huge",
        "compiled",
        "backends",
    ),
    *("logistic", "imports"),
)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "regimes", nargs="*", metavar="regime", help=f"of {', '.join(REGIMES)}; all by default"
    )
    parser.add_argument("--rounds", type=int, default=9, help="interleaved rounds (9)")
    parser.add_argument("--threads", type=int, default=1, help="threads, for us and for the peers (1)")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="time on the clock, or of the processor (wall)",
    )
    parser.add_argument(
        "--json",
        type=Path,
        help="write the figures to this file as well; of some regimes, beside the others in it",
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.regimes) - set(REGIMES):
        parser.error(f"got {', '.join(sorted(unknown))}, expected some of {', '.join(REGIMES)}")
    # BLAS and OpenMP read these once, when they are loaded: before NumPy is.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    from benchmarks.measure import Timings
    from benchmarks.peers import load_threads, versions
    from benchmarks.tables import page

    load_threads(options.threads)
    Timings.clock = options.clock
    found = {}
    for regime in options.regimes or REGIMES:
        print(f"measuring: {regime}", file=sys.stderr)
        found[regime] = import_module(f"benchmarks.{regime}").measure(options.rounds, options.threads)
    known = {"python": platform.python_version(), **versions()}
    where = f"{datetime.date.today():%Y-%m-%d}, {os.cpu_count()} processors, threads: {options.threads}"
    how = f"{options.rounds} interleaved rounds, {options.clock} time"
    about = f"{where}; {how}; " + ", ".join(f"{name} {version}" for name, version in known.items())
    figures = {regime: [asdict(row) for row in rows] for regime, rows in found.items()}
    results = {"about": about, "threads": options.threads, "regimes": figures}
    print(page(results))
    if options.json:
        if options.regimes and options.json.exists():
            results = merged(json.loads(options.json.read_text(encoding="utf-8")), results)
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def merged(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return all figures, where some regimes have been measured anew, with the conditions of those."""
    apart = before.get("apart", {}) | dict.fromkeys(after["regimes"], after["about"])
    regimes = before["regimes"] | after["regimes"]
    in_order = {name: regimes[name] for name in REGIMES if name in regimes}
    return before | {"apart": apart, "regimes": in_order}


if __name__ == "__main__":
    main()
