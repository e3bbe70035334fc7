"""Horizons of composed schedules: the update from which they no longer change."""

from typing import Any

from stepsize.core.record import Record

__all__ = ["later", "settle", "shifted"]


def later(first: int | None, second: int | None) -> int | None:
    """Return where both have settled."""
    return None if first is None or second is None else max(first, second)


def shifted(horizon: int | None, updates: int) -> int | None:
    """Return a horizon some updates later."""
    return None if horizon is None else horizon + updates


def settle(schedule: Any) -> None:
    """Let all schedules inside one find horizon, limit and tail, the innermost first.

    Each keeps what it found and asks those inside it once, so that the cost is that of their number and the
    depth of their nesting does not matter.
    """
    known: dict[int, Any] = {}
    waiting = [*_inside(schedule)]
    while waiting:
        member = waiting.pop()
        if id(member) not in known and "horizon" not in member.__dict__:
            known[id(member)] = member
            waiting += _inside(member)
    for member in reversed(known.values()):
        for fact in ("horizon", "limit", "tail"):
            getattr(member, fact)


def _inside(schedule: Any) -> list[Any]:
    return [
        value for _, value in schedule.fields() if isinstance(value, Record) and hasattr(type(value), "limit")
    ]
