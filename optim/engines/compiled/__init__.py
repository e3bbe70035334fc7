"""The compiled engine, an extra: the traces of rule, gradient and value as machine code in memory.

What a run does is written down as text in LLVM's language (`writing`, `loop`), one line an operation in the
order of the trace, and compiled without leave to change any result; so every bit is that of the array engine.
Where that cannot be, because an operation's last digit is NumPy's own, the engine says so and declines.

Start with `writing.py`, then read `loop.py` and `single.py`.
"""
