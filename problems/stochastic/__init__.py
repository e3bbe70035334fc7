"""Gradients with noise: mini-batches, added noise, functions that change while they are minimized.

The contract is `StochasticProblem` in `estimate.py`.
Start with it, then read `minibatch.py`.
"""
