"""Shared by all tests: no picture opens a window, and BLAS keeps to one thread.

With COMPILE=1 in the environment every run is compiled that can be, however short, where it is a rule's own
matter (``engine="auto"``): the whole suite then tests the compiled engine.
"""

import os
import signal

# A shell that starts a job in the background has interrupts ignored, and every process started here would.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Threads of BLAS wait for each other in a loop: on a busy machine the suite would take twice as long.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import matplotlib as mpl  # noqa: E402  (NumPy reads these when it is first imported)

mpl.use("Agg")

if os.environ.get("COMPILE") == "1":
    import optim.engines
    import optim.engines.large
    import optim.sweep
    import stepsize.experiments.sweep.batch

    optim.engines.PAYS = optim.sweep.PAYS = optim.engines.large.COMPILING_PAYS = 0
    stepsize.experiments.sweep.batch.PAYS = 0
