"""Test vectors that any language can read: rule, rates, start, gradients, and x after every update.

``python -m optim.vectors`` writes them anew, the same bytes each time; ``README.md`` beside them says
what stands in a file.
"""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import numpy as np

from optim.dialects import LIBRARIES, Dialect, Library, Use
from optim.optimizer import Optimizer
from optim.testing.adapters import trajectory, with_shapes
from optim.testing.gradient_streams import LAYERS, STREAMS, Stream

__all__ = ["SCHEMA", "document", "documents", "load_vectors"]

Json = dict[str, Any]

SCHEMA = 1
_RATE = 0.1
# The rules that everybody has are tried on every stream, the others on the ordinary two.
_CLASSICS = ("sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw")


def load_vectors(library: str) -> Json:
    """Return the vectors of a library: "torch", "keras", "optax", "tf1", "d2l" or "paper".

    Examples
    --------
    >>> vectors = load_vectors("torch")
    >>> vectors["schema"], vectors["vectors"][0]["call"]
    (1, 'torch.SGD(lr=0.1)')
    """
    text = files("optim.vectors").joinpath(f"{library}.json").read_text("utf-8")
    loaded: Json = json.loads(text)
    return loaded


def documents() -> Iterator[tuple[str, str]]:
    """Yield the name and text of every file."""
    for library in LIBRARIES:
        yield f"{library.name}.json", document(library)


def document(library: Library) -> str:
    """Return the text of a library's file."""
    verified = json.loads(files("optim.vectors").joinpath("verified.json").read_text("utf-8"))
    return _text(_document(library, verified))


def _document(library: Library, verified: dict[str, str]) -> Json:
    vectors = [
        _vector(library, dialect, use, stream, dtype, verified)
        for dialect in library.entries.values()
        for use in dialect.uses
        if _is_told_by_gradients(dialect.at_rate(_RATE, use))
        for stream, dtype in _asked(dialect, use)
    ]
    return {
        "schema": SCHEMA,
        "library": library.name,
        "title": library.title,
        "streams": {s.name: _stream(s) for s in (*STREAMS, *LAYERS)},
        "vectors": vectors,
    }


def _is_told_by_gradients(rule: Optimizer) -> bool:
    """Return whether a rule needs nothing but gradients, and draws no numbers of its own."""
    return not (rule.requires or rule.draws_noise)


def _stream(stream: Stream) -> Json:
    shapes = {"shapes": stream.shapes} if stream.shapes else {}
    return {"x0": stream.x0, "gradients": stream.gradients} | shapes


def _asked(dialect: Dialect, use: Use) -> Iterator[tuple[Stream, str]]:
    """Yield the streams that a rule is tried on; one without a rate that can change, on the steady ones."""
    fixed = not dialect.rate or use.family == "rprop"
    streams = [s for s in STREAMS if (use.family in _CLASSICS or not s.edge) and (s.steady or not fixed)]
    single = STREAMS[0] if fixed else STREAMS[1]
    if getattr(dialect.at_rate(_RATE, use), "matrices_only", False):
        streams = [s for s in LAYERS if all(len(shape) == 2 for shape in s.shapes)]
        single = streams[0]
    elif "shapes" in dialect.defaults:
        streams += LAYERS
    for stream in streams:
        yield stream, "float64"
    yield single, "float32"


def _vector(
    library: Library, dialect: Dialect, use: Use, stream: Stream, dtype: str, verified: dict[str, str]
) -> Json:
    optimizer = dialect.at_rate(_RATE, use) if dialect.rate else dialect(**use.arguments)
    arguments = ({dialect.rate: _RATE} if dialect.rate else {}) | dict(use.arguments)
    if stream.shapes:
        arguments |= {"shapes": stream.shapes}
        optimizer = with_shapes(optimizer, stream.shapes)
    call = f"{dialect.call}({', '.join(f'{k}={v!r}' for k, v in arguments.items())})"
    name = f"{call} | {stream.name} | {dtype}"
    points = _points(optimizer, stream, dtype)
    return {
        "name": name,
        "call": call,
        "family": use.family,
        "says": use.says,
        "defect": dialect.defect,
        "stream": stream.name,
        "rates": [(_RATE if dialect.rate else optimizer.lr) * r for r in stream.rates],
        "dtype": dtype,
        "tolerance": 1e-12 if dtype == "float64" else 1e-5,
        "verified_by": verified.get(name, library.evidence),
        "optimizer": optimizer.to_dict(),
        "x": [[v if np.isfinite(v) else repr(v) for v in row] for row in points],
        "x_hex": [[v.hex() for v in row] for row in points],
    }


def _points(optimizer: Optimizer, stream: Stream, dtype: str) -> list[list[float]]:
    """Return x after every update."""
    if dtype == "float64":
        return [[float(v) for v in row] for row in trajectory(optimizer, stream)[1:]]
    x = np.array(stream.x0, dtype=np.float32)
    state, rows = None, []
    for g, factor in zip(stream.gradients, stream.rates, strict=True):
        rule = optimizer.replace(lr=optimizer.lr * factor)
        state = rule.init(x) if state is None else state
        x, state = rule.step(x, np.array(g, dtype=np.float32), state)
        rows.append([float(v) for v in x])
    return rows


def _text(document: Json) -> str:
    """Return JSON with one vector a line."""
    head = {key: value for key, value in document.items() if key != "vectors"}
    lines = ",\n".join(json.dumps(v, allow_nan=False) for v in document["vectors"])
    return json.dumps(head, allow_nan=False)[:-1] + ', "vectors": [\n' + lines + "\n]}\n"
