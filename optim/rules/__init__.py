"""The update rules, one file a family: from SGD to Prodigy, each written as in its paper.

Every rule is a frozen record of hyperparameters with one pure method `direction` (or `update`); the
contract is `optim.optimizer.Optimizer`. Start with `sgd.py`, then `adam.py`.
"""
