"""Schedules made of schedules: sums, products and sequences, floors and caps, warm-up and cool-down.

Most have a method of `Schedule` that makes them, such as `Cosine(...).floor(1e-4)`. Start with `algebra.py`.
"""
