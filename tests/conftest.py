"""Shared by all tests: no picture opens a window, and BLAS keeps to one thread."""

import os

# Threads of BLAS wait for each other in a loop: on a busy machine the suite would take twice as long.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import matplotlib as mpl  # noqa: E402  (NumPy reads these when it is first imported)

mpl.use("Agg")
