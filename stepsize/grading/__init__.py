"""Exercises of the course, graded by the conformance kit: points, and a sentence on what was written.

Each part of an exercise is one function, which is run in a process of its own, with a time limit, and
compared with what the library computes. Start with `grade.py`.
"""
