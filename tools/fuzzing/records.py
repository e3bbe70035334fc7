"""JSON of records, whole and damaged: in its characters, its values and its names."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from stepsize.core.record import Record, registered
from tools.fuzzing.expressions import use
from tools.fuzzing.words import mutated

__all__ = ["cases"]

_ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        3,
        10**12,
        10**39,
        10**400,
        0.1,
        -0.5,
        1e308,
        5e-324,
        "",
        "x",
        "linear",
        "x" * 400,
    ),
    *(
        [],
        {},
        [1],
        [[1, 2], [3]],
        [None],
        ["a", 1],
        {"class": "SGD"},
        {"class": 3},
        {"class": "Sgd"},
        {"class": None},
    ),
    *({"float": "inf"}, {"float": "nan"}, {"float": "-inf"}, {"float": "1_0"}, {"float": 3}, {"float": []}),
    *(
        {"array": [0.1, 0.2], "dtype": "float64"},
        {"array": [1, 2], "dtype": "int64"},
        {"array": 3, "dtype": "float64"},
    ),
    *(
        {"array": [[1], [1, 2]], "dtype": "float32"},
        {"array": ["a"], "dtype": "O"},
        {"array": [], "dtype": "V10"},
    ),
    *(
        {"array": [10**30], "dtype": "int64"},
        {"array": [1e300], "dtype": "float32"},
        {"array": [0], "dtype": []},
    ),
    *({"class": "Constant", "lr": 0.1}, {"class": "Linear", "lr": 0.1, "steps": 5}, {"class": "Parabola"}),
    *(
        {"class": "Formula", "expression": "x^2"},
        {"class": "Custom"},
        {"class": "FromFunction", "function": "f"},
    ),
)


def cases(seed: int, count: int, _: Path | None = None) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield JSON texts and what reads each and uses the record."""
    source = random.Random(seed)
    whole = [text for text in map(_text, _records()) if text is not None and len(text) < 20_000]
    for i in range(count):
        text = _endless(source) if i % 50 == 0 else source.choice(whole)
        for _ in range(source.randrange(3)):
            text = _changed(text, source) if source.random() < 0.7 else mutated(text, source)
        yield text, lambda text=text: _read(text)


def _read(text: str) -> None:
    record = Record.from_json(text)
    use(record)
    try:
        again = record.to_json()
    except TypeError:  # it wraps a function
        return
    if Record.from_json(again) != record:
        raise AssertionError(f"{again} reads back as another record")


def _records() -> list[Any]:
    from stepsize.parsing import example_of, load_registry

    load_registry()
    return [example_of(cls) for cls in registered(Record) if _is_ours(cls)]


def _is_ours(cls: type[Any]) -> bool:
    return cls.__module__.split(".")[0] in ("optim", "schedules", "problems") and hasattr(cls, "demo")


def _text(record: Any) -> str | None:
    try:
        return str(record.to_json())
    except TypeError:
        return None


def _changed(text: str, source: random.Random) -> str:
    """Return the text with a value, a name or a class of it exchanged, if it is JSON still."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return text
    places = [*_places(data, 0)]
    if not places:
        return text
    inside, key = source.choice(places)
    match source.randrange(6):
        case 0 | 1 | 2:
            inside[key] = source.choice(_ODD)
        case 3:
            if isinstance(inside, dict):
                inside[source.choice(["lr", "class", "array", "float", "dtype", "", "__class__"])] = (
                    inside.pop(key)
                )
        case 4:
            del inside[key]
        case _:
            told = json.dumps({key: inside[key]})[1:-1] if isinstance(inside, dict) else ""
            return json.dumps(data).replace("{", f"{{{told}, ", 1) if told else text
    return json.dumps(data)


def _places(data: Any, depth: int) -> Iterator[tuple[Any, Any]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in list(items):
        yield data, key
        if depth < 5:
            yield from _places(value, depth + 1)


def _endless(source: random.Random) -> str:
    n = source.choice([50, 290, 400, 2000, 100_000])
    return source.choice(
        [
            "[" * n,
            "[" * n + "]" * n,
            '{"class":' * n,
            '{"class": "Floor", "least": 0, "body": ' * n + '{"class": "Constant", "lr": 1}' + "}" * n,
            '{"class": "SGD", "lr": ' + "9" * n + "}",
            '{"class": "SGD", "lr": -' + "9" * n + ".5e3}",
            '{"class": "SGD", "lr": 1e' + "9" * n + "}",
            '{"class": "SGD", ' + '"lr": 0.1, ' * n + '"lr": 0.1}',
            '{"class": "' + "S" * n + '"}',
            '"' + "x" * n,
            " " * n,
            '{"class": "Rosenbrock", "dim": 1' + "0" * min(n, 50) + "}",
            "\\u0000" * n,
            '{"class": "SGD", "lr": NaN}',
            "1",
            "null",
        ]
    )
