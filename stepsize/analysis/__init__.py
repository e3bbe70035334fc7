"""What a run did and what theory says of it: verdicts, predictions, curvature, noise.

`diagnosis.py` says in words what happened, by the conditions of `verdicts.py`; `quadratic_theory.py` has the
closed forms that `prediction.py` applies to a run. Start with `diagnosis.py`.
"""
