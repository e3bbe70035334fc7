"""Losses of data: least squares, logistic and softmax regression, small networks.

All are a `FiniteSum` of examples, so that they can be drawn in mini-batches. Start with `finite_sum.py`.
"""
