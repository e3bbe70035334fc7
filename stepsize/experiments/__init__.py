"""Many runs: races of a few, sweeps of very many, and the learning-rate finder.

Start with `race.py`.
"""
