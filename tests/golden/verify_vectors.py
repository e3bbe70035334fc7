"""Run the test vectors' calls in PyTorch, Keras and Optax, and note which library each vector equals.

Run it where the libraries are installed (README.md says how), from the root of the repository:

    python -m tests.golden.verify_vectors && python -m optim.vectors

It writes `optim/vectors/verified.json`; the second command puts the words into the vectors. A vector that a
library contradicts is printed, and noted as what it is.
"""

import json
import re
from pathlib import Path

import numpy as np

from tests.golden import make_layers
from tests.golden.make_layers import DOUBLE, doubled
from tests.golden.make_optimizers import RUN, Case, versions

VECTORS = Path(__file__).parent.parent.parent / "optim" / "vectors"
TITLES = {"torch": "PyTorch", "keras": "Keras", "optax": "Optax"}
HOMES = {"torch": "torch.optim.", "keras": "keras.optimizers.", "optax": "optax."}
# Names that say a defect stand for the library's own, which has it.
OWN = {
    "adadelta_ascending": ("adadelta", {"learning_rate": "None"}),
    "rprop_one_step_late": ("rprop", {}),
    "contrib.schedule_free_sgd_weights_one_ahead": ("contrib.schedule_free_sgd", {}),
    "contrib.schedule_free_adamw_weights_one_ahead": ("contrib.schedule_free_adamw", {}),
}
# Entries that do what was meant where the library does not: its own run is no oracle.
MEANT = {
    "optax.adadelta",
    "optax.rprop",
    "optax.contrib.schedule_free_sgd",
    "optax.contrib.schedule_free_adamw",
}


def library_call(library, call):
    """Return the text that makes the library's optimizer, the rate being the name `lr`."""
    name, arguments = re.fullmatch(r"\w+\.([\w.]+)\((.*)\)", call).groups()
    name, changes = OWN.get(name, (name, {}))
    words = [w for w in arguments.split(", ") if w]
    for i, word in enumerate(words):
        key = word.partition("=")[0]
        if key in ("lr", "learning_rate"):
            words[i] = f"{key}=lr"
    words += [f"{key}={value}" for key, value in changes.items()]
    if library == "torch":
        words.insert(0, "[x]")
    return f"{HOMES[library]}{name}({', '.join(words)})"


def difference(expected, rows):
    """Return the largest difference, relative to the largest move so far."""
    a, b = np.array(rows, dtype=float), np.array(expected, dtype=float)
    moved = np.maximum.accumulate(np.abs(b - b[0]), axis=0)
    scale = np.maximum(moved, 1e-12 * np.abs(b))
    with np.errstate(all="ignore"):
        relative = np.where(scale > 0, np.abs(a - b) / scale, np.where(a == b, 0.0, np.inf))
    return float(np.where(a == b, 0.0, relative).max())


def words(title, version, by):
    for bound in (1e-15, 1e-14, 1e-12, 1e-10, 1e-9):
        if by <= bound:
            return f"{title} {version}: equal within {bound:g}"
    return f"{title} {version} differs by {by:.0e}"


def rows_of(library, vector, stream, steady):
    """Return the start and the library's own points, of one parameter or of one for each shape."""
    call = library_call(library, re.sub(r", shapes=\(.*\)\)$", ")", vector["call"]))
    double = DOUBLE.get(vector["call"].partition("(")[0], "")
    shapes = stream.get("shapes", ())
    layers = make_layers.Case("", call.replace("([x]", "(p"), 1.0, shapes, double=double, constant=steady)
    with doubled(layers):
        if layers.shapes:
            slopes = [np.array(row, dtype=float) for row in stream["gradients"]]
            rows = make_layers.RUN[library](layers, vector["rates"], stream["x0"], lambda _, n: slopes[n])
            return [stream["x0"], *(row.tolist() for row in rows)]
        gradients = iter(stream["gradients"])
        case = Case("", call, 1.0, constant=steady)
        return RUN[library](case, stream["x0"], vector["rates"], lambda *_: next(gradients))[0]


def in_double(call):
    """Return which part was done in double precision, where the library has it in less."""
    part = DOUBLE.get(call.partition("(")[0])
    return f", with {part}" if part else ""


def verify(library):
    document = json.loads((VECTORS / f"{library}.json").read_text("utf-8"))
    found = {}
    for vector in document["vectors"]:
        if vector["dtype"] != "float64" or vector["call"].partition("(")[0] in MEANT:
            continue
        stream = document["streams"][vector["stream"]]
        steady = len(set(vector["rates"])) == 1
        try:
            by = difference([stream["x0"], *vector["x"]], rows_of(library, vector, stream, steady))
        except (TypeError, ValueError) as error:  # a rate that changes, where the library wants a number
            print(f"{vector['name']}: not taken there: {' '.join(str(error).split())[:80]}")
            continue
        version = versions([library])[library].partition("+")[0]
        found[vector["name"]] = words(TITLES[library], version, by) + in_double(vector["call"])
        if by > 1e-9:
            print(f"{vector['name']}: {by:.1e}")
    return found


def main():
    found = {name: text for library in TITLES for name, text in verify(library).items()}
    (VECTORS / "verified.json").write_text(json.dumps(found, indent=0, sort_keys=True) + "\n", "utf-8")
    print(f"{len(found)} vectors verified")


if __name__ == "__main__":
    main()
