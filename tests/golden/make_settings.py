"""Run PyTorch at the settings that its own optimizer tests go through, and record what it refuses.

The settings are those of ``torch/testing/_internal/common_optimizers.py`` on one group of parameters;
``python tests/golden/make_settings.py`` writes `peers_torch.json`, the first and the last of 25 points.
"""

import json
from pathlib import Path

import numpy as np
import torch

X0 = (-1.2, 1.0, 0.3, -0.7)
UPDATES = 25
GRADIENT = "(2, 1, 8, 0.5) (x - 1) + 0.3 sin(3 x) + 0.1 cos(n + i), n from 0, i the place in x"
SETTINGS = (
    "Adadelta()",
    "Adadelta(lr=0.01)",
    "Adadelta(weight_decay=0.1)",
    "Adadelta(maximize=True)",
    "Adadelta(weight_decay=0.1, maximize=True)",
    "Adadelta(rho=0.95, weight_decay=0.9)",
    "Adagrad()",
    "Adagrad(weight_decay=0.1)",
    "Adagrad(weight_decay=0.1, maximize=True)",
    "Adagrad(lr=0.1)",
    "Adagrad(initial_accumulator_value=0.1, weight_decay=0.1)",
    "Adagrad(lr=0.1, lr_decay=0.5, weight_decay=0.1)",
    "Adagrad(lr=0.001)",
    "Adam()",
    "Adam(lr=0.01)",
    "Adam(weight_decay=0.1)",
    "Adam(weight_decay=0.1, maximize=True)",
    "Adam(weight_decay=0.1, amsgrad=True)",
    "Adamax()",
    "Adamax(lr=0.1)",
    "Adamax(weight_decay=0.1)",
    "Adamax(maximize=True)",
    "Adamax(weight_decay=0.1, maximize=True)",
    "AdamW()",
    "AdamW(lr=0.01)",
    "AdamW(weight_decay=0.1)",
    "AdamW(weight_decay=0.1, maximize=True)",
    "AdamW(weight_decay=0.1, amsgrad=True)",
    "ASGD()",
    "ASGD(lambd=0.1)",
    "ASGD(lr=0.02)",
    "ASGD(t0=100)",
    "ASGD(maximize=True)",
    "ASGD(weight_decay=0.1)",
    "ASGD(weight_decay=0.1, maximize=True)",
    "NAdam()",
    "NAdam(lr=0.001)",
    "NAdam(momentum_decay=0.006)",
    "NAdam(weight_decay=0.1)",
    "NAdam(weight_decay=0.1, momentum_decay=0.006)",
    "NAdam(weight_decay=0.1, momentum_decay=0.006, decoupled_weight_decay=True)",
    "NAdam(weight_decay=0.1, maximize=True)",
    "RAdam()",
    "RAdam(lr=0.002)",
    "RAdam(eps=1e-06)",
    "RAdam(weight_decay=0.1)",
    "RAdam(weight_decay=0.1, decoupled_weight_decay=True)",
    "RAdam(weight_decay=0.1, maximize=True)",
    "RMSprop()",
    "RMSprop(lr=0.001)",
    "RMSprop(weight_decay=0.1)",
    "RMSprop(maximize=True)",
    "RMSprop(weight_decay=0.1, centered=True)",
    "RMSprop(maximize=True, weight_decay=0.1)",
    "RMSprop(weight_decay=0.1, centered=True, momentum=0.1)",
    "RMSprop(weight_decay=0.1, centered=True, momentum=0.1, maximize=True)",
    "Rprop()",
    "Rprop(lr=0.0002)",
    "Rprop(etas=(0.5, 1.5))",
    "Rprop(step_sizes=(2e-06, 100))",
    "Rprop(maximize=True)",
    "SGD()",
    "SGD(lr=0.01)",
    "SGD(lr=0.001)",
    "SGD(weight_decay=0.5)",
    "SGD(momentum=0.9)",
    "SGD(weight_decay=0.1, maximize=True)",
    "SGD(momentum=0.9, dampening=0.5)",
    "SGD(momentum=0.9, weight_decay=0.1)",
    "SGD(momentum=0.9, nesterov=True, weight_decay=0.1)",
)
REFUSED = (
    "Adadelta(lr=0.01, rho=1.1)",
    "Adagrad(lr=0.01, lr_decay=-0.5)",
    "Adam(lr=0.01, betas=(1.0, 0.0))",
    "Adam(lr=0.01, weight_decay=-1)",
    "Adamax(lr=0.01, betas=(0.0, 1.0))",
    "AdamW(lr=0.01, betas=(1.0, 0.0))",
    "AdamW(lr=0.01, weight_decay=-1)",
    "ASGD(lr=0.01, weight_decay=-0.5)",
    "NAdam(lr=0.01, betas=(1.0, 0.0))",
    "NAdam(lr=0.01, momentum_decay=-0.2)",
    "RAdam(lr=0.01, betas=(1.0, 0.0))",
    "RAdam(lr=0.01, weight_decay=-1)",
    "RMSprop(lr=0.01, momentum=-1.0)",
    "Rprop(lr=0.01, etas=(1.0, 0.5))",
    "SGD(lr=0.01, momentum=-0.5)",
)


def gradient(x, n):
    """The slope of a bowl with ripples, and a swing that knows the update."""
    return np.array([2.0, 1.0, 8.0, 0.5]) * (x - 1) + 0.3 * np.sin(3 * x) + 0.1 * np.cos(n + np.arange(4.0))


def built(call, x):
    return eval(f"torch.optim.{call.replace('(', '([x], ', 1)}", {"torch": torch, "x": x})


def points(call):
    x = torch.nn.Parameter(torch.tensor(X0, dtype=torch.float64))
    optimizer = built(call, x)
    for n in range(UPDATES):
        x.grad = torch.tensor(gradient(x.detach().numpy(), n))
        optimizer.step()
        yield x.detach().tolist()


def refusal(call):
    try:
        built(call, torch.nn.Parameter(torch.zeros(1)))
    except ValueError as error:
        return str(error)
    raise AssertionError(f"PyTorch takes {call}")


def main():
    torch.set_default_dtype(torch.float64)
    rows = {}
    for call in SETTINGS:
        first, *_, last = points(call)
        rows[call] = [first, last]
    found = {
        "made_by": "tests/golden/make_settings.py",
        "version": torch.__version__.partition("+")[0],
        "x0": X0,
        "updates": UPDATES,
        "gradient": GRADIENT,
        "settings": rows,
        "refused": {call: refusal(call) for call in REFUSED},
    }
    path = Path(__file__).parent / "peers_torch.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
