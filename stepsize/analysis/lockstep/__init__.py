"""Many runs that go in lockstep, so that they can be judged while they are in the cache.

`rows.py` keeps what is judged of every update, `traces.py` hands it to the verdicts; where a compiler is
installed `tally.py` keeps a few numbers of each run instead, and says which runs need their rows.
Start with `traces.py`.
"""
