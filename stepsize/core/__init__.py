"""What everything else stands on: frozen records, arithmetic for floats and arrays, checks of bad input.

It imports NumPy and nothing of ours. Start with `record.py`, then read `validation.py`.
"""
