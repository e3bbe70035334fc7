"""What comes in from outside is measured, typed and taken apart within bounds, before anything is made of it.

Texts of expressions, JSON of records, arguments of the wrong type, sizes beyond memory; and how a sentence on
the input is told from a defect of ours. Start with `sentences.py`, then read `memory.py`.
"""
