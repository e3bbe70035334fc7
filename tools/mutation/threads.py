"""Threads that a test has left: a fork has their locks and not the threads, and would wait for ever."""

import sys
import threading
import time


def threads_above(number: int) -> bool:
    """Return whether there are more threads than before, and not only such as are about to end."""
    for _ in range(20):
        if threading.active_count() <= number:
            return False
        time.sleep(0.01)
    return True


def close_processes() -> None:
    """Close the processes that joblib keeps: no test after the first would start any, nor their threads."""
    loky = sys.modules.get("joblib.externals.loky")
    if loky is not None:
        loky.get_reusable_executor().shutdown(wait=True)
