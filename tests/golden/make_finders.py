"""Write finders.json: what torch-lr-finder and fastai suggest, on quadratics whose best rate is known.

    pip install torch==2.13.0 torch-lr-finder==0.2.2 && pip install --no-deps fastai==2.8.12
    python tests/golden/make_finders.py

torch-lr-finder runs whole; Matplotlib, of which it only wants something to draw on, is replaced by a dummy.
Of fastai the four suggestion functions and the smoothing are taken from its own source text, because its
package needs a vision library to be imported.
"""

import ast
import contextlib
import importlib.util
import io
import json
import sys
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import torch

for name in ("matplotlib", "matplotlib.pyplot"):
    sys.modules.setdefault(name, MagicMock())

from torch_lr_finder import LRFinder  # noqa: E402  (it imports Matplotlib, whose place is taken above)

torch.set_default_dtype(torch.float64)
BOWLS = {"L10": [1.0, 10.0], "L100": [1.0, 100.0], "L1": [0.5, 1.0]}
COUNTS = (50, 100, 300, 1000)
START = [1.0, 1.0]


class Bowl(torch.nn.Module):
    def __init__(self, eigenvalues):
        super().__init__()
        self.eigenvalues = torch.tensor(eigenvalues)
        self.x = torch.nn.Parameter(torch.tensor(START))

    def forward(self, _):
        return 0.5 * (self.eigenvalues * self.x * self.x).sum()


def torch_lr_finder(eigenvalues, rule, count):
    model = Bowl(eigenvalues)
    optimizer = rule(model.parameters(), lr=1e-5)
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.zeros(1, 1), torch.zeros(1)))
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        finder = LRFinder(model, optimizer, lambda out, _: out, device="cpu")
        finder.range_test(data, start_lr=1e-5, end_lr=10, num_iter=count)
        _, suggestion = finder.plot(ax=MagicMock())
    return {
        "suggestion": float(suggestion),
        "points": len(finder.history["lr"]),
        "loss": finder.history["loss"][-1],
    }


def taken_from(module, names):
    """Evaluate some definitions of a module from its source text."""
    source = Path(importlib.util.find_spec("fastai").origin).parent / module
    tree = ast.parse(source.read_text())
    kept = [node for node in tree.body if getattr(node, "name", None) in names]
    space = {
        "np": np,
        "torch": torch,
        "tensor": torch.tensor,
        "to_np": lambda t: t.numpy(),
        "to_detach": lambda t: t.detach(),
        "Metric": object,
    }
    exec(compile(ast.Module(kept, []), str(source), "exec"), space)
    return [space[name] for name in names]


def curves():
    """Losses over 100 rates from 1e-7 to 10: smooth, ragged, with an early spike, rising at the end only."""
    rates = 1e-7 * 1e8 ** (np.arange(100) / 100)
    fall = 1 / (1 + rates / 1e-3) + (rates / 0.5) ** 2
    noise = np.random.default_rng(0).normal(size=100)
    return rates, {
        "smooth": fall,
        "ragged": fall + 0.02 * noise,
        "spike": fall + 0.8 * np.exp(-(((np.arange(100) - 25) / 2) ** 2)),
        "steps": np.round(fall, 1),
    }


def main():
    rules = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam}
    ramps = {
        f"{bowl} {rule} {count}": torch_lr_finder(eigenvalues, rules[rule], count)
        for bowl, eigenvalues in BOWLS.items()
        for rule in rules
        for count in COUNTS
    }
    valley, slide, minimum, steep = taken_from(
        "callback/schedule.py", ["valley", "slide", "minimum", "steep"]
    )
    (average,) = taken_from("learner.py", ["AvgSmoothLoss"])
    rates, losses = curves()
    rules = {"valley": valley, "slide": slide, "minimum": minimum, "steep": steep}
    suggestions = {
        name: {rule: float(f(torch.tensor(rates), torch.tensor(loss), 100)[0]) for rule, f in rules.items()}
        for name, loss in losses.items()
    }
    mean, smoothed = average(), []
    learn = MagicMock()
    for loss in losses["ragged"]:
        learn.loss = torch.tensor(loss)
        mean.accumulate(learn)
        smoothed.append(float(mean.value))
    found = {
        "versions": {"torch": torch.__version__, "torch-lr-finder": "0.2.2", "fastai": "2.8.12"},
        "bowls": BOWLS,
        "start": START,
        "torch-lr-finder": ramps,
        "rates": rates.tolist(),
        "curves": {name: loss.tolist() for name, loss in losses.items()},
        "fastai": suggestions,
        "fastai smoothing of the ragged curve": smoothed,
    }
    Path(__file__).with_name("finders.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
