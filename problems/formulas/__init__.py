"""Formulas that a user types, such as ``x**2 + 3*y**2``: read, differentiated exactly, run by every engine.

`parser.py` reads text into `terms.py`, `differentiation.py` differentiates them, `writer.py` writes them out
as Python. Start with `formula.py`, the problem that is made of them.
"""
