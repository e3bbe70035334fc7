"""Work in a fork, within bounds of time and memory, that tells its parent one line."""

import os
import resource
import signal
from collections.abc import Callable

MEMORY = 6 << 30  # bytes a mutant may ask for


def in_a_fork(work: Callable[[], str], seconds: float) -> tuple[str, str]:
    """Return the verdict on a mutant: killed if work returns the name of a test, or takes too long.

    Parameters
    ----------
    work : callable
        Returns the name of the test that failed, or nothing if all passed. A LookupError says that the mutant
        cannot be tried in this way.
    seconds : float
        Of the processor. A fork that waits far longer without working has no verdict: a lock may wait for a
        thread that only its parent has.
    """
    out, into = os.pipe()
    pid = os.fork()
    if pid:
        os.close(into)
        with os.fdopen(out, "rb") as stream:
            told = stream.read().decode()
        _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
            return "untried", "it waits, and not for the processor"
        if os.WIFSIGNALED(status):
            return "killed", f"signal {os.WTERMSIG(status)}"
        return ("untried", "survived", "killed")[os.WEXITSTATUS(status)], told
    code = 2
    try:
        os.close(out)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.alarm(int(20 * seconds))
        told = work()
        os.write(into, told.encode())
        code = 2 if told else 1
    except LookupError as error:
        os.write(into, str(error).encode())
        code = 0
    except BaseException as error:
        os.write(into, repr(error).encode())
        code = 2
    finally:
        os._exit(code)
