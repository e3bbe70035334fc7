"""Gradients with noise: mini-batches, added noise, functions that change while they are minimized.

The contract is `Estimate` in `estimate.py`. Start there, then read `minibatch.py`.
"""
