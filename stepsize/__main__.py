"""`python -m stepsize` is the command `stepsize`; an interrupt while it is loaded is no traceback."""

import gc
import os
import signal
import sys
from typing import Any, NoReturn

from stepsize import __version__

__all__ = ["main"]

# Objects that may be made before Python looks for garbage.
_ALLOCATIONS = 100_000


def main() -> int:
    """Load the command line and run it."""
    if sys.argv[1:] == ["--version"]:  # which nothing has to be loaded for
        print(f"stepsize {__version__}")
        return 0
    # A command is short: to look for garbage while it is loaded, and once more at the end, takes it 40 ms.
    gc.set_threshold(_ALLOCATIONS)
    before = signal.getsignal(signal.SIGINT)
    # An exception in the middle of an import may be turned into another, or be printed and lost.
    ours = before is signal.default_int_handler and _takes_signals()
    if ours:
        signal.signal(signal.SIGINT, _leave)
    from stepsize.cli.main import load_commands
    from stepsize.cli.main import main as run

    load_commands(sys.argv[1:])
    if ours:
        signal.signal(signal.SIGINT, before)
    try:
        return run()
    finally:
        gc.freeze()


def _takes_signals() -> bool:
    import threading

    return threading.current_thread() is threading.main_thread()


def _leave(*_: Any) -> NoReturn:
    """End at once: nothing has been begun that would have to be cleaned up."""
    os.write(2, b"\nstepsize: interrupted\n")
    os._exit(130)


if __name__ == "__main__":
    sys.exit(main())
