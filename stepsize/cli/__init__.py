"""The commands, one module each: `add` describes its arguments to the parser, `run` does the work.

`main.py` finds them by their file; `arguments.py` reads problems and optimizers, `output.py` writes tables
and pictures. Start with `race.py`.
"""
