"""Record the names of all optimizers of PyTorch, Keras and Optax, so that none is forgotten here.

`python -m tests.golden.make_names` writes `names.json`: the classes of ``torch.optim`` and
``keras.optimizers``, and the functions of Optax' ``alias`` and ``contrib`` that make an optimizer.
"""

import inspect
import json

import optax
import optax.contrib
import torch

from tests.golden.make_optimizers import HERE, import_keras, versions

MADE_BY = "tests/golden/make_names.py"
keras = import_keras()


def classes_of(module, base):
    return sorted(
        n for n, c in vars(module).items() if inspect.isclass(c) and issubclass(c, base) and c is not base
    )


def functions_of(module, within, prefix=""):
    """Return the public functions that are at home in a module; what only scales is a part, and left out."""
    names = (n for n, f in vars(module).items() if inspect.isfunction(f) and f.__module__.startswith(within))
    return sorted(prefix + n for n in names if not n.startswith(("_", "scale_by_")))


def made():
    alias = functions_of(optax._src.alias, "optax._src.alias")
    aliases = [name for name, value in vars(optax).items() if name in ("nadam", "nadamw") and callable(value)]
    contrib = functions_of(optax.contrib, "optax.contrib", "contrib.")
    return {
        "made_by": MADE_BY,
        "versions": versions(["keras", "optax", "torch"]),
        "torch": classes_of(torch.optim, torch.optim.Optimizer),
        "keras": classes_of(keras.optimizers, keras.optimizers.Optimizer),
        "optax": sorted([*alias, *aliases, *contrib]),
    }


def main():
    path = HERE / "names.json"
    path.write_text(json.dumps(made(), indent=1) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
