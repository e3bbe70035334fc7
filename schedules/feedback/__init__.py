"""Step sizes that react to the run: plateaus, Polyak's step, Barzilai-Borwein, AdaGrad-Norm and their kin.

The contract is `Feedback` in `base.py`. Start with it, then read `plateau.py`.
"""
