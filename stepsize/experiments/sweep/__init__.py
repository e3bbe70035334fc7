"""Sweeps: one rule at very many settings, in batches, on several processes, kept in a file.

Start with `sweep.py`; `design.py` lists the settings, `batch.py` runs them, `table.py` holds the results.
"""
