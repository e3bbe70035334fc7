"""Runs and states on disk, damaged in every way: ``python -m tests.robustness.damaged_archives 3000``."""

import io
import json
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

import stepsize as ss
from optim.state import State
from stepsize.core.archives import read_npz, write_npz
from tests.robustness.damage import Tally, damaged

BOWL = ss.Quadratic([1.0, 10.0])
RUNS = {
    "plain": lambda: ss.minimize(BOWL, ss.Adam(lr=0.1), steps=20),
    "search": lambda: ss.minimize(BOWL, ss.SGD(lr=ss.Armijo()), steps=8),
    "feedback": lambda: ss.minimize(BOWL, ss.SGD(lr=ss.Plateau(0.1)), steps=9),
    "batch": lambda: ss.minimize(BOWL, ss.Momentum(lr=np.array([[0.05], [0.1]])), np.ones((2, 2)), 10),
    "thinned": lambda: ss.minimize(BOWL, ss.PolyakRuppert(ss.SGD(lr=0.05)), steps=20, every=6),
    "diverged": lambda: ss.minimize(BOWL, ss.SGD(lr=1.0), steps=600, every=100),
}


def fuzz(count: int, seed: int, folder: Path) -> Tally:
    """Damage files of runs and states, load them, and count what becomes of it.

    A file that is damaged is refused with a ValueError of one sentence that names it, or holds all that was
    written.
    """
    rng, tally = np.random.default_rng(seed), Tally()
    whole = list(_written(folder))
    for i in range(count):
        name, load, data, same = whole[rng.integers(len(whole))]
        way = WAYS[rng.integers(len(WAYS))]
        file = folder / f"damaged-{i}.npz"
        must = way(data, rng, file)
        accepts = same if must is None else (lambda _: False)
        tally.judge(f"seed {seed}, {i}, {name}, {way.__name__}", file.name, lambda: load(file), accepts)  # noqa: B023
        file.unlink()
    return tally


def _written(folder):
    """Yield of each file its name, how to load it, its bytes, and what tells whether something is it."""
    for name, make in RUNS.items():
        run, file = make(), folder / f"{name}.npz"
        run.save(file)
        yield f"run {name}", ss.Run.load, file.read_bytes(), _same_as(run, run_parts)
        run.state.save(file)
        yield f"state {name}", State.load, file.read_bytes(), _same_as(run.state, state_parts)


def _same_as(original, parts):
    known = parts(original)
    return lambda found: parts(found) == known


def run_parts(run):
    """Return all that a run holds, as values that compare."""
    history = {name: _bits(value) for name, value in vars(run.history).items()}
    numbers = [run.nfev, run.njev, run.status, run.message, run.success, run.failure]
    records = run.problem, run.optimizer
    return history, numbers, records, _bits(run.jac), _bits(run.diverged), state_parts(run.state)


def state_parts(state):
    """Return all that a state holds, as values that compare."""
    return [(name, _bits(value)) for name, value in vars(state).items()]


def _bits(value):
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, dict):
        return {key: _bits(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_bits(item) for item in value]
    return repr(value)


# --- ways to damage; each writes a file, and returns None if what was written may be read from it


def bytes_of_the_file(data, rng, file):
    """Flip, cut, move or overwrite bytes."""
    file.write_bytes(damaged(data, rng))


def bytes_of_a_part(data, rng, file):
    """Damage a part, and pack the archive so that its own checksums are right."""
    parts = _unpacked(data)
    name = list(parts)[rng.integers(len(parts))]
    parts[name] = damaged(parts[name], rng)
    _pack(parts, file)


def names_of_parts(data, rng, file):
    """Leave a part out, rename it, or swap two."""
    parts = _unpacked(data)
    one, other = (list(parts)[i] for i in rng.choice(len(parts), 2, replace=False))
    way = rng.integers(3)
    if way == 0:
        del parts[one]
    elif way == 1:
        parts["x" + one] = parts.pop(one)
    else:
        parts[one], parts[other] = parts[other], parts[one]
    _pack(parts, file)


def packing(data, rng, file):
    """Claim sizes that are not there, compress, or give a part twice."""
    parts = _unpacked(data)
    way = rng.integers(4)
    if way == 0:
        _pack(parts, file, zipfile.ZIP_DEFLATED)
        return True
    if way == 1:
        _pack(parts | {"bomb.npy": bytes(10**7)}, file, zipfile.ZIP_DEFLATED)
        return True
    if way == 2:
        name = next(n for n in parts if n != "header.npy")
        shape = tuple(int(10 ** rng.uniform(3, 18)) for _ in range(rng.integers(1, 4)))
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": shape})
        parts[name] = head.getvalue() + bytes(16)
        _pack(parts, file)
        return True
    whole = bytearray(data)
    for mark, place in ((b"PK\x03\x04", 18), (b"PK\x01\x02", 20)):
        at = whole.find(mark) + place
        whole[at : at + 8] = rng.bytes(8)
    file.write_bytes(bytes(whole))
    return None


def values_of_the_header(data, rng, file):
    """Put a value of another kind into the header, with a checksum that is right."""
    header, arrays = _opened(data, file)
    names = [("n",), ("slots",), ("rule",), ("rate",), ("shape",)]
    told = header.get("state", header)
    if told is not header:
        names += [
            ("success",),
            ("every",),
            ("failure",),
            ("state",),
            ("numbers",),
            ("problem",),
            ("optimizer",),
        ]
        names += [("numbers", word) for word in ("nfev", "njev", "status", "message")]
    path = names[rng.integers(len(names))]
    where = told if path[0] in told else header
    for word in path[:-1]:
        where = where[word]
    if path[-1] not in ("rule", "rate", "shape", "failure") and rng.integers(4) == 0:
        del where[path[-1]]
    else:
        others = [
            v for v in OTHER_VALUES if not (isinstance(v, str) and path[-1] in ("rule", "rate", "message"))
        ]
        where[path[-1]] = others[rng.integers(len(others))]
    write_npz(file, header, arrays)
    return True


OTHER_VALUES = ("x", 1.5, -1, 10**400, [["a"]], {"b": {}}, True + 0.25, ["x"])


def columns(data, rng, file):
    """Leave out a column that belongs there, or give it another kind or shape, with a right checksum."""
    header, arrays = _opened(data, file)
    names = [n for n in arrays if n not in OPTIONAL and n != "point"]
    name = names[rng.integers(len(names))] if names else None
    way = rng.integers(4) if names else 3
    if way == 0:
        del arrays[name]
    elif way == 1 and not name.startswith("carry"):
        arrays[name] = np.array(["a", "b"])
    elif way == 2 and name.startswith(("history", "jac", "diverged")):
        arrays[name] = np.zeros((*arrays[name].shape, 3), arrays[name].dtype)
    else:
        arrays["unknown"] = np.zeros(3)
    write_npz(file, header, arrays)
    return True


OPTIONAL = ("history/output", "history/output_fun", "history/status", "history/n_trials")


def deep_headers(data, rng, file):
    """Nest the header beyond every stack, or repeat a name in it."""
    parts = _unpacked(data)
    depth = int(10 ** rng.uniform(3.5, 5.5))
    header = np.load(io.BytesIO(parts["header.npy"])).tobytes().decode()
    deep = ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth, header[:-1] + ', "n": 1, "n": 2}')
    told = io.BytesIO()
    np.save(told, np.frombuffer(deep[rng.integers(3)].encode(), np.uint8))
    _pack(
        {name: part for name, part in parts.items() if name != "digest.npy"}
        | {"header.npy": told.getvalue()},
        file,
    )
    return True


WAYS = (
    *(bytes_of_the_file,) * 5,
    *(bytes_of_a_part,) * 2,
    names_of_parts,
    packing,
    values_of_the_header,
    columns,
    deep_headers,
)


def _opened(data, file):
    file.write_bytes(data)
    writer = json.loads(np.load(file)["header"].tobytes()).get("writer", "State.save")
    archive = read_npz(file, writer)
    return archive.header, dict(archive.arrays)


def _unpacked(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _pack(parts, file, how=zipfile.ZIP_STORED):
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)


def main() -> int:
    count, seed = ([int(word) for word in sys.argv[1:]] + [3000, 0][len(sys.argv) - 1 :])[:2]
    with tempfile.TemporaryDirectory() as folder:
        tally = fuzz(count, seed, Path(folder))
    print(f"damaged .npz files: {tally}")
    for mistake in tally.mistakes[:20]:
        print(" ", mistake)
    return bool(tally.mistakes)


if __name__ == "__main__":
    raise SystemExit(main())
