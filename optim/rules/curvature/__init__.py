"""Rules that use curvature: exact Hessians, their diagonals, and what the steps tell of them.

Start with `newton.py`, then read `quasi_newton.py`.
"""
