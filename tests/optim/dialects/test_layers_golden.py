"""Our rules that know layers equal the libraries' recorded runs on matrices, a vector and a stack at once.

`golden/layers.json` was made by PyTorch 2.14, Keras 3.15 and Optax 0.2.8 (`tests/golden/make_layers.py`).
Every case keeps the library's call, which our `dialects` read with the shapes in the place of the parameters.
Where a library computes a part in single precision or less, a run with that part in double precision stands
beside the one that was released, so that the algorithm is held to 1e-12 all the same.
"""

import json

import numpy as np
import pytest

from optim import dialects
from schedules import FromFunction
from tests import GOLDEN

RECORD = json.loads((GOLDEN / "layers.json").read_text("utf-8"))
CASES = [(library, name) for library, cases in RECORD["cases"].items() for name in cases]
NAMES = {name: getattr(dialects, name) for name in ("torch", "keras", "optax")}
# Rules that look at no layer take no shapes.
PLAIN = ("Ftrl", "Adam", "SGD", "adan", "ademamix", "adopt", "madgrad", "sophia")


def case_of(library, name):
    found = RECORD["cases"][library][name]
    return found, tuple(map(tuple, found["shapes"]))


def built(library, name, **changes):
    """Return the optimizer that the case's call means here."""
    found, shapes = case_of(library, name)
    rates = found["rates"]
    lr = rates[0] if len(set(rates)) == 1 else FromFunction(lambda n: rates[min(n, len(rates) - 1)])
    call = found["call"].replace(", hessian_diagonal_fn=DIAGONAL", "").replace("(p, ", "(")
    if call.partition("(")[0].rpartition(".")[2] not in PLAIN:
        call = f"{call[:-1]}, shapes=shapes)"
    rule = eval(call, NAMES | {"lr": lr, "shapes": shapes})
    if "sophia" in name:
        changes["diagonal"] = "exact"
    return rule.replace(**changes) if changes else rule


def trajectory(rule, shapes, updates):
    """Run a rule under the recorded gradient: that of half a (x - b)^2, and a swing that knows n."""
    from optim.hyperparameters import Hypers

    d = sum(int(np.prod(shape)) for shape in shapes)
    i = np.arange(d, dtype=float)
    a, x = 0.5 + 0.4 * (np.arange(d) % 5), np.cos(2 * i) - 0.1 * i
    hypers, slots, rows = Hypers(rule, x), rule.init(x).slots, []
    hypers.provide(hess=np.diag(a))
    for n in range(updates):
        g = a * (x - np.sin(3 * i)) + 0.3 * np.cos(n + i)
        x, slots = rule.update(x, g, slots, hypers.resolve(n))
        rows.append(x)
    return np.array(rows)


def difference(rule, library, name):
    found, shapes = case_of(library, name)
    rows = trajectory(rule, shapes, max(RECORD["kept"]))[[n - 1 for n in RECORD["kept"]]]
    theirs = np.array(found["x"])
    return (np.abs(rows - theirs) / np.abs(theirs).max(axis=1, keepdims=True)).max()


@pytest.mark.parametrize(("library", "name"), CASES, ids=map(" ".join, CASES))
def test_the_librarys_call_gives_the_librarys_points(library, name):
    found, _ = case_of(library, name)
    assert difference(built(library, name), library, name) <= found["tolerance"]


def test_every_rule_with_layers_is_recorded_and_held_to_twelve_digits_somewhere():
    held = [(library, name) for library, name in CASES if case_of(library, name)[0]["tolerance"] < 1e-11]
    exact = {(library, name.partition("_")[0]) for library, name in held}
    wanted = {("torch", "adafactor"), ("torch", "muon"), ("keras", "lamb"), ("keras", "adafactor")}
    wanted |= {("keras", "muon"), ("keras", "ftrl"), ("optax", "lamb"), ("optax", "lars"), ("optax", "muon")}
    more = ("novograd", "sm3", "adan", "ademamix", "adopt", "madgrad", "sophia")
    wanted |= {("optax", name) for name in more}
    assert wanted <= exact
    assert len(CASES) >= 50


def test_the_defaults_are_the_librarys():
    compared = 0
    for library, name in CASES:
        found, _ = case_of(library, name)
        entry = eval(found["call"].partition("(")[0], NAMES)
        for argument, default in entry.defaults.items():
            if argument in found["hyper"] and f"{argument}=" not in found["call"]:
                value = found["hyper"][argument]
                assert (tuple(value) if isinstance(value, list) else value) == default, (entry.call, argument)
                compared += 1
    assert compared > 200


# The nearest rule that is another one, which the recorded run must tell apart.
OTHERWISE = [
    ("keras", "adafactor", {"relative": False}, "the rate falls as one over the root of t"),
    ("keras", "adafactor", {"shapes": ((29,),)}, "matrices are factored"),
    ("keras", "adafactor", {"shapes": ((2, 3), (4, 2), (3,), (4, 3))}, "each matrix of a stack by itself"),
    ("keras", "adafactor", {"clip": 0.5}, "steps are clipped"),
    ("keras", "lamb", {"shapes": None}, "each layer has its own quotient"),
    ("keras", "lamb_decay", {"first": False}, "the decay comes first"),
    ("keras", "ftrl_numbers", {"first": False}, "the decay comes first"),
    ("keras", "muon", {"nesterov": False}, "it looks ahead"),
    ("keras", "muon", {"shapes": ((3, 2), (4, 2), (3,), (2, 2, 3))}, "rows and columns"),
    ("keras", "muon", {"rms": None}, "scaled by the longer side"),
    ("torch", "muon", {"adjust": "match_rms_adamw"}, "another scale"),
    ("torch", "muon", {"iterations": 4}, "five iterations"),
    ("torch", "adafactor", {"eps1": 0.5}, "held above eps squared"),
    ("optax", "lars_numbers", {"norm": "parts"}, "the norm of the sum"),
    ("optax", "lars_numbers", {"nesterov": False}, "it looks ahead"),
    ("optax", "novograd", {"beta2": 0.98}, "another memory"),
    ("optax", "sm3", {"shapes": None}, "one accumulator a row and a column"),
    ("optax", "adafactor_factored", {"min_size": 128}, "small matrices are factored"),
    ("optax", "muon", {"nesterov": False}, "it looks ahead"),
    ("optax", "adan", {"ahead": "beta2"}, "the authors' factor"),
    ("optax", "adan_numbers", {"decay": "proximal"}, "decoupled"),
    ("optax", "ademamix", {"alpha": 6.0}, "another mixture"),
    ("optax", "adopt", {"clip": False}, "clipped"),
    ("optax", "adopt_numbers", {"nesterov": False}, "it looks ahead"),
    ("optax", "madgrad", {"eps_in_rate": False}, "eps in the rate"),
    ("optax", "sophia_numbers", {"before": False}, "the curvature before"),
    ("optax", "sophia_numbers", {"debias": False}, "m is corrected"),
    ("optax", "sophia_numbers", {"every": 2}, "every third update"),
]


@pytest.mark.parametrize(("library", "name", "changes", "because"), OTHERWISE)
def test_differs_from_the_other_rule(library, name, changes, because):
    found, _ = case_of(library, name)
    apart = difference(built(library, name, **changes), library, name)
    assert apart > max(1e-9, 10 * found["tolerance"]), because


@pytest.mark.parametrize("family", ["muon", "adafactor"])
def test_three_libraries_mean_three_rules(family):
    """Two steps of one matrix end in three places; the Adafactors of PyTorch and Keras part by their eps."""
    torch, keras, optax = dialects.torch, dialects.keras, dialects.optax
    calls = {
        "muon": [torch.Muon(0.1, 0.0), keras.Muon(0.1, weight_decay=0), optax.contrib.muon(0.1)],
        "adafactor": [torch.Adafactor(0.1), keras.Adafactor(0.1), optax.adafactor(0.1)],
    }[family]
    small = 1e-15 if family == "adafactor" else 1.0
    x, ends = np.array([1.0, 2.0, 3.0, -1.0, 0.5, 2.0]), []
    for rule in calls:
        rule = rule.replace(shapes=((2, 3),))
        at, state = rule.step(x, small * np.array([1.0, -2.0, 0.5, 3.0, 1.0, -1.0]), rule.init(x))
        ends.append(rule.step(at, small * np.array([0.3, 1.0, -2.0, 0.1, 0.7, 1.0]), state)[0])
    apart = [np.abs(p - q).max() for k, p in enumerate(ends) for q in ends[:k]]
    assert min(apart) > 1e-4
