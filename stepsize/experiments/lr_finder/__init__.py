"""The learning-rate finder: which rate is best for a number of updates, and where it begins to diverge.

Start with `find_lr.py`; `restart_search.py` tries rates from the same start, `range_test.py` is the
classical learning-rate range test.
"""
