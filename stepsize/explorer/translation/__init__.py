"""Rules, problems and schedules as JavaScript: followed on symbols, along every branch, and written down.

Start with `symbols.py`, which follows; `rules.py`, `landscapes.py` and `schedules.py` write in the words
of `javascript.py`, and `powers.py` finds where Python's last bit is another.
"""
