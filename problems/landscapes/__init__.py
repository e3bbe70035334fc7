"""Test functions with a formula: quadratics, convex and nonsmooth functions, valleys, many minima.

Every function states its gradient and the facts that theory needs. Start with `quadratics.py`.
"""
