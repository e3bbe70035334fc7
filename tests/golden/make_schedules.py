"""Tabulate learning-rate schedules as other libraries compute them.

    python tests/golden/make_schedules.py [--check] [LIBRARY ...]

Writes `schedules_LIBRARY.json` beside this file from the table in `schedule_cases.py`. With `--check` it
writes nothing, runs everything again and exits with 1 if a committed file differs in a single byte. The tests
read only the JSON; SCHEDULES.md says how to install the libraries and what their precision is worth. Nothing
of this repository is imported but the table and `schedule_ways.py`: the numbers must not depend on our code.
"""

import argparse
import ast
import importlib
import importlib.metadata
import inspect
import json
import os
import re
import sys
import types
import warnings
from pathlib import Path

from schedule_cases import CASES, EVERYWHERE
from schedule_ways import READ, REPORTED, USUAL, built, never_built

os.environ.update(KERAS_BACKEND="jax", JAX_ENABLE_X64="1", JAX_PLATFORMS="cpu", HF_HUB_OFFLINE="1")

HERE = Path(__file__).parent

# Where a short name in a call is looked up, and how its full name is spelled.
MODULES = {
    "torch": ["torch.optim.lr_scheduler", "torch.optim.swa_utils", "torch.optim"],
    "keras": ["keras.optimizers.schedules", "keras.callbacks", "keras.optimizers"],
    "optax": ["optax", "optax.contrib"],
    "timm": ["timm.scheduler"],
    "transformers": ["transformers.optimization"],
    "fastai": ["fastai.callback.schedule"],
    "other": ["pytorch_optimizer.lr_scheduler.rex", "pytorch_optimizer.lr_scheduler.chebyshev", "minisom"],
}
PACKAGES = {
    "torch": ["torch"],
    "keras": ["keras", "jax", "numpy"],
    "optax": ["optax", "jax"],
    "timm": ["timm", "torch"],
    "transformers": ["transformers", "torch"],
    "fastai": ["fastai", "fastcore", "torch"],
    "other": ["pytorch_optimizer", "MiniSom", "torch", "numpy"],
}


def written_out(call, library):
    """The call with every short name replaced by its full one."""

    def full(match):
        name = match[1]
        homes = [m for m in MODULES[library] if hasattr(importlib.import_module(m), name)]
        return f"{homes[0]}.{name}" if homes else name

    return re.sub(r"(?<![\w.'])([A-Za-z_]\w*)(?=\()", full, call)


def parts(node):
    """A call as {"class", "args", "kwargs"}, a literal as its value, anything else as its text."""
    if isinstance(node, ast.Subscript):
        return parts(node.value)
    if isinstance(node, ast.Call) and ast.unparse(node.func) != "dict":
        taken = {"class": ast.unparse(node.func).rpartition(".")[2]}
        args = [parts(a) for a in node.args if ast.unparse(a) not in ("opt", "[weight]")]
        if args:
            taken["args"] = args
        taken["kwargs"] = {k.arg: parts(k.value) for k in node.keywords}
        return taken
    if isinstance(node, ast.Call):
        return {k.arg: parts(k.value) for k in node.keywords}
    if isinstance(node, (ast.List, ast.Tuple)):
        return [parts(item) for item in node.elts]
    if isinstance(node, ast.Dict):
        pairs = [[parts(k), parts(v)] for k, v in zip(node.keys, node.values, strict=True)]
        return dict(pairs) if all(isinstance(k, str) for k, _ in pairs) else pairs
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)


def package_without_init(name):
    """Let a package's submodules be imported without its __init__, which asks for torchvision and more."""
    module = types.ModuleType(name)
    module.__path__ = [str(importlib.metadata.distribution(name).locate_file(name))]
    sys.modules[name] = module


def stand_in_fastai():
    """The few names that fastai's schedule module takes from the rest of fastai."""
    import functools
    import math
    import tempfile

    import fastcore.all as fastcore
    import numpy as np
    import torch

    class Learner:
        """Collects the schedules that a fit_... recipe makes."""

        moms = (0.95, 0.85, 0.95)

        def __init__(self, lr):
            self.lr, self.opt, self.scheds = lr, self, None
            self.hypers = [{"lr": lr}]

        def set_hyper(self, name, value):
            self.hypers[0][name] = value

        def fit(self, _, cbs, **__):
            self.scheds = cbs[0].scheds

        def fit_one_cycle(self):
            """Replaced as the schedule module is imported; fine_tune copies its signature."""

    class Callback:
        pass

    class Recorder:
        pass

    def tensor(x):
        """fastai's own rounds float64 to float32."""
        return torch.tensor(list(x), dtype=torch.float32)

    basics = types.ModuleType("fastai.basics")
    basics.__dict__.update({k: v for k, v in vars(fastcore).items() if not k.startswith("_")})
    basics.__dict__.update(functools=functools, math=math, tempfile=tempfile, np=np, torch=torch)
    basics.__dict__.update(tensor=tensor, Learner=Learner, Callback=Callback, Recorder=Recorder)
    tracker = types.ModuleType("fastai.callback.tracker")
    tracker.SaveModelCallback = Callback
    sys.modules.update({"fastai.basics": basics, "fastai.callback.tracker": tracker})


def prepare(library):
    """Import the library."""
    if library == "timm":
        package_without_init("timm")
    if library == "fastai":
        package_without_init("fastai")
        stand_in_fastai()
    for module in MODULES[library]:
        importlib.import_module(module)
    if library == "keras":
        sys.modules["keras"].config.set_floatx("float64")


def tabulate(row, library):
    """One entry of the JSON file."""
    way = REPORTED[library] if "reports" in row else READ[row["read"]] if "read" in row else USUAL[library]
    row = {"base": 0.1, "n": EVERYWHERE, "tolerance": 1e-12, **row}
    call = written_out(row["call"], library)
    taken = parts(ast.parse(call, mode="eval").body)
    entry = {"call": call, **(taken if isinstance(taken, dict) else {"members": taken}), "base": row["base"]}
    try:
        entry.update(way(row, call))
    except Exception as error:
        if "pitfall" not in row:
            raise
        entry.update(never_built(error))
    entry["tolerance"] = row["tolerance"]
    if "read" in row:
        entry["read"] = " ".join(way.__doc__.split())
    if library == "fastai":
        entry["updates"] = row.get("updates", 40)
    if row.get("pitfall"):
        entry["pitfall"] = True
    if "note" in row:
        entry["note"] = row["note"]
    return entry


def defaults(library):
    """What every class and function of the cases takes where nothing is said, by its own signature."""
    found = {}
    for row in CASES[library]:
        node = ast.parse(written_out(row["call"], library), mode="eval").body
        node = node.value if isinstance(node, ast.Subscript) else node
        if isinstance(node, ast.Call):
            function = ast.unparse(node.func)
            taken = inspect.signature(built(function, learn=learner(library))).parameters.values()
            found[function.rpartition(".")[2]] = {p.name: p.default for p in taken if is_plain(p.default)}
    return found


def learner(library):
    return sys.modules["fastai.basics"].Learner if library == "fastai" else None


def is_plain(value):
    return value is None or isinstance(value, (bool, int, float, str, list, tuple))


def file_text(library):
    """The whole file: one key a line, one list a line, floats by repr."""
    prepare(library)
    names = [row["name"] for row in CASES[library]]
    assert len(set(names)) == len(names), f"two cases of {library} have one name"
    head = {
        "made_by": "tests/golden/make_schedules.py",
        "versions": {name: importlib.metadata.version(name).partition("+")[0] for name in PACKAGES[library]},
    }
    cases = ",\n".join(block(f'"{row["name"]}": ', tabulate(row, library), "    ") for row in CASES[library])
    taken = block('"defaults": ', defaults(library), "  ")
    return block("", head)[:-2] + f',\n{taken},\n  "cases": {{\n{cases}\n  }}\n}}\n'


def block(name, entry, indent=""):
    """A JSON object with one key a line."""
    lines = (f"{indent}  {json.dumps(key)}: {json.dumps(value)}" for key, value in entry.items())
    return f"{indent}{name}{{\n" + ",\n".join(lines) + f"\n{indent}}}"


def main():
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file differs")
    parser.add_argument("libraries", nargs="*", metavar="LIBRARY", help=f"some of: {', '.join(CASES)}")
    options = parser.parse_args()
    unknown = set(options.libraries) - set(CASES)
    if unknown:
        parser.error(f"no such library: {', '.join(sorted(unknown))}")
    warnings.simplefilter("ignore")
    differing = []
    for library in options.libraries or CASES:
        path = HERE / f"schedules_{library}.json"
        text = file_text(library)
        if options.check:
            same = path.exists() and path.read_bytes() == text.encode()
            print(f"{path.name}: {'same' if same else 'DIFFERS'}")
            differing += [] if same else [path.name]
        else:
            path.write_bytes(text.encode())
            print(f"{path.name}: {len(CASES[library])} cases")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
