"""Updates as worked exercises: equations with symbols, with numbers, and the result, line by line.

Start with `explanation.py`; `derivation.py` makes the lines and `markup.py` writes them as text, LaTeX or
HTML.
"""
