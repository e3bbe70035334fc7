"""Sweeps: one rule at very many settings, in batches, on several processes, kept in a file.

`sweep.py` is the way in; `design.py` lists the settings, `batch.py` runs them, `table.py` holds the results.
"""
