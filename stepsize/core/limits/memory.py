"""How much memory there is, and a refusal of what cannot fit, before it is allocated."""

import sys
from pathlib import Path

__all__ = ["SMALL", "available", "refuse_beyond_memory"]

# What needs fewer bytes is not looked into: to ask the system takes longer than to allocate it.
SMALL = 2**26

_CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def refuse_beyond_memory(
    name: str, got: object, needed: float, instead: str, other: tuple[str, float] | None = None
) -> None:
    """Raise one sentence if what is asked for needs more memory than there is.

    Parameters
    ----------
    name : str
        The argument.
    got : object
        What it was, in words.
    needed : float
        Bytes, as a lower estimate: what is refused could not have been computed.
    instead : str
        What to do, after "expected".
    other : (str, float), optional
        Something else to do, and the bytes that are then needed: it is named only if they are there.

    Raises
    ------
    ValueError
        If there is less. Where the system does not say how much there is, nothing is refused.

    Examples
    --------
    >>> refuse_beyond_memory("steps", 1000, 1e6, "fewer")
    """
    if needed < SMALL:
        return
    there = available()
    if there is not None and needed > there:
        if other is not None and other[1] <= there:
            instead += f", or {other[0]}"
        raise ValueError(
            f"{name}: got {got}, which needs about {_size(needed)} of memory where {_size(there)} are free, "
            f"expected {instead}"
        )


def available() -> int | None:
    """Return the bytes that may still be allocated: by the system, its container and the process's limit."""
    known = [found for found in (_of_system(), _of_container(), _of_process()) if found is not None]
    return max(min(known), 0) if known else None


def _of_system() -> int | None:
    if sys.platform == "win32":  # pragma: no cover
        return _of_windows()
    found = _lines(Path("/proc/meminfo")).get("MemAvailable")
    if found is not None:
        return 1024 * found
    import os

    try:  # all of it, where nobody says how much is free
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None


def _of_windows() -> int | None:  # pragma: no cover
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [  # as ctypes wants it
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *(
                (name, ctypes.c_ulonglong)
                for name in ("total", "free", "pages", "page", "space", "left", "more")
            ),
        ]

    status = Status(length=ctypes.sizeof(Status))
    system = getattr(ctypes, "windll").kernel32  # noqa: B009  # which other systems do not have
    return int(status.free) if system.GlobalMemoryStatusEx(ctypes.byref(status)) else None


def _of_container() -> int | None:
    for limit, usage in _CGROUPS:
        try:
            return int(Path(limit).read_text()) - int(Path(usage).read_text())
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return None


def _of_process() -> int | None:
    try:
        import resource
    except ImportError:
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    taken = _lines(Path("/proc/self/status")).get("VmSize", 0)
    return limit - 1024 * taken


def _lines(file: Path) -> dict[str, int]:
    """Return the numbers of a file of ``name: number kB`` lines; nothing where there is none."""
    try:
        pairs = (line.split() for line in file.read_text().splitlines())
        return {words[0].rstrip(":"): int(words[1]) for words in pairs if words[1:2] and words[1].isdigit()}
    except OSError:
        return {}


def _size(count: float) -> str:
    """Return bytes in words.

    Examples
    --------
    >>> _size(3e9), _size(2.5e13), _size(7e7)
    ('3 GB', '25,000 GB', '0.07 GB')
    """
    giga = count / 1e9
    return f"{giga:,.0f} GB" if giga >= 10 else f"{giga:.1g} GB"
