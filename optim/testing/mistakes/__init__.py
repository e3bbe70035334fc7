"""Classic mistakes in optimizers: what the kit recognises in a rule that differs from its reference.

`classic.py` rewrites the text of a rule, `substitutions.py` with its two tables rewrites single terms, and
`drivers.py` drives a right rule with a fault. Start with `classic.py`.
"""
