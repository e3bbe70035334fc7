"""What the compiled loop of many runs writes down so that they can be judged.

Either a row for every update, as arrays would make it, or a tally: a few numbers of each run, from which it
can be told what became of most.

Start with `rows.py`, then read `tally.py`.
"""
