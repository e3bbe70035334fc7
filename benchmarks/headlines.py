"""The lines on speed in README.md: a few of the measured rows, in words."""

from typing import Any

from benchmarks.measure import Row, number

__all__ = ["headlines"]

# How a sentence calls what a table names by its column.
_SPOKEN = {
    "PyTorch, gradient assigned": "PyTorch",
    "Keras, apply": "Keras",
    "Optax, jitted step": "Optax's jitted step",
    "Optax, warm scan without history": "its compiled loop without history",
    "ours, plain install": "the plain install",
    "Optax, warm scan with the same history": "Optax's warm scan",
    "PyTorch, default": "PyTorch's default step",
    "PyTorch, fused": "its fused kernel",
}


def headlines(results: dict[str, Any], compiled: dict[str, Any]) -> str:
    """Return a line on one run, one on many, and one on the compiled engine."""
    plain, fast = (
        [Row(**row) for rows in figures["regimes"].values() for row in rows]
        for figures in (results, compiled)
    )
    sweep = next(
        row.ours
        for row in plain
        if row.task == "10^6 settings of rate and momentum, 300 updates, with verdicts, plain install"
    )
    step, run, huge = (
        _compared(rows, task, *names)
        for rows, task, names in (
            (
                plain,
                "Adam",
                (
                    "PyTorch, gradient assigned",
                    "Keras, apply",
                    "Optax, jitted step",
                    "Optax, warm scan without history",
                ),
            ),
            (
                fast,
                "Adam, one run in 2-D with its history, 100000 updates",
                ("ours, plain install", "Optax, warm scan with the same history"),
            ),
            (fast, "Adam, a step of 10^7 parameters in place", ("PyTorch, default", "PyTorch, fused")),
        )
    )
    return (
        f"- An update of Adam in two dimensions, with a schedule and its whole history: {step}\n"
        f"- A sweep of 10^6 settings over 300 updates, every run judged, on one thread of a plain "
        f"install: {sweep}.\n"
        f"- With `stepsize[fast]`, an update in a run of 10^5 at a fixed rate: {run} In place, ten "
        f"million parameters: {huge}\n"
    )


def _compared(rows: list[Row], task: str, *names: str) -> str:
    """Return what a task costs us, and how many times as long each of the others takes."""
    found = {row.against: row for row in rows if row.task == task}
    cost = found[names[0]].ours.replace(" an update", "").replace(" a parameter", " each")
    ratios = ", ".join(f"{_SPOKEN[name]} {_ratio(found[name])}" for name in names)
    return f"{cost} ({ratios} times as long)."


def _ratio(row: Row) -> str:
    if row.ratio is None:
        raise ValueError(f"{row.task}: got no figure beside {row.against!r}, expected one")
    return number(row.ratio)
