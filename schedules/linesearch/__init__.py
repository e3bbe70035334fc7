"""Line searches: step lengths found by evaluating the loss along the step, one search a file.

`exact.py`, `armijo.py` and `wolfe.py` are the classical ones. Start with `base.py`, the contract.
"""
