"""Shared by all tests: no picture opens a window."""

import matplotlib as mpl

mpl.use("Agg")
