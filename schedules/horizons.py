"""When schedules that are made of others have settled."""

__all__ = ["later", "shifted"]


def later(first: int | None, second: int | None) -> int | None:
    """Return where both have settled."""
    return None if first is None or second is None else max(first, second)


def shifted(horizon: int | None, updates: int) -> int | None:
    """Return a horizon some updates later."""
    return None if horizon is None else horizon + updates
