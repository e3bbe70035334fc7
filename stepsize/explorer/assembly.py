"""The page put together: one HTML file of our own modules, which asks nobody for anything."""

import base64
import hashlib
import html
import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

from problems import LogisticRegression
from stepsize.core.record import Record
from stepsize.explorer.catalogue import Catalogue, facts_of
from stepsize.explorer.minifying import minified_script, minified_style
from stepsize.explorer.noise import SEEDS, streams
from stepsize.explorer.python_code import constructor, written
from stepsize.explorer.translation.javascript import quoted, squeezed
from stepsize.explorer.translation.logistic import two_features

__all__ = ["MODULES", "bundled", "data_of", "engine", "generated", "page"]

# In the order in which they are put together: nothing uses what stands below it before all are there.
ENGINE = (
    "numbers.js",
    "printing.js",
    "descent.js",
    "settling.js",
    "traces.js",
    "verdict.js",
    "reasons.js",
)
MODULES = (
    *ENGINE,
    "words.js",
    "letters.js",
    "state.js",
    "promise.js",
    "theory.js",
    "experiment.js",
    "python.js",
    "drawing.js",
    "contours.js",
    "plot.js",
    "surface.js",
    "panels.js",
    "fate.js",
    "equations.js",
    "controls.js",
    "driving.js",
    "cards.js",
    "lessons.js",
    "saving.js",
    "app.js",
    "show.js",
    "mapping.js",
    "transport.js",
    "changes.js",
    "handling.js",
    "page.js",
)


def generated(known: Catalogue) -> str:
    """Return the module that was written from the registry: rules, landscapes and schedules."""
    rules = "".join(f"{quoted(rule.name)}: {rule.source},\n" for rule in known.rules)
    places = "".join(f"{quoted(place.name)}: {place.source},\n" for place in known.landscapes)
    tables = "".join(f"{quoted(t.name)}: {t.source},\n" for t in known.timetables if t.source)
    return (
        f"export const RULES = {{\n{rules}}};\n"
        f"export const LANDSCAPES = {{\n{places}}};\n"
        f"export const TIMETABLES = {{\n{tables}}};\n"
    )


def data_of(known: Catalogue) -> dict[str, Any]:
    """Return what the page knows besides: names, numbers, ranges, facts, and what was left out."""
    return {
        "rules": [
            {
                "name": rule.name,
                "parameters": [
                    {
                        "path": "/".join(p.path),
                        "value": p.value,
                        "minimum": p.minimum,
                        "above": p.above,
                        "below": p.below,
                        "maximum": p.maximum,
                        "whole": p.whole,
                        "driven": p.schedulable,
                    }
                    for p in rule.parameters
                ],
                "slots": list(rule.slots),
                "separate": rule.separate,
                "exact": rule.exact,
                "rounded": rule.rounded,
                "memories": list(rule.memories),
                "lines": rule.lines,
                "python": constructor(rule.optimizer, [p.path for p in rule.parameters]),
            }
            for rule in known.rules
        ],
        "landscapes": [
            facts_of(place.problem)
            | {"name": place.name, "exact": place.exact, "data": place.data, "python": _told(place.problem)}
            for place in known.landscapes
        ],
        "timetables": [
            {
                "name": table.name,
                "parameters": [p._asdict() | {"path": "/".join(p.path)} for p in table.parameters],
                "fixed": table.fixed,
                "exact": table.exact,
                "table": table.table,
                "reason": table.reason,
                "python": _told(table.schedule, [p.path for p in table.parameters]),
            }
            for table in known.timetables
        ],
        "left": [[left.kind, left.name, left.reason] for left in known.left],
        "noise": {"seeds": list(known.seeds), "streams": [streams()[SEEDS.index(s)] for s in known.seeds]},
    }


def _told(thing: Any, paths: list[tuple[str, ...]] | None = None) -> dict[str, Any]:
    """Return how Python makes a problem or a schedule; of what is a user's own, its name."""
    if isinstance(thing, LogisticRegression) and thing == two_features():
        return {"call": "ss.explorer.two_features", "from": "stepsize", "arguments": []}
    if isinstance(thing, Record):
        return constructor(thing, paths or [])
    return {"text": written(thing) if callable(thing) else f"{type(thing).__name__}()"}


def engine(known: Catalogue) -> str:
    """Return the modules that run and judge, as one script that leaves them in ``ENGINE``: for the tests."""
    names = "".join(f'import {{ {words} }} from "./{module}";\n' for module, words in _TESTED.items())
    last = f"{names}globalThis.ENGINE = {{ {', '.join(_TESTED.values())} }};\n"
    return bundled({**{name: _module(name) for name in ENGINE}, "tested.js": last}, generated(known))


_TESTED = {
    "generated.js": "RULES, LANDSCAPES, TIMETABLES",
    "numbers.js": "learnPowers, unpacked, power, exp, log, sin, cos, sinh, cosh, tanh, log1p",
    "printing.js": "general, fixed, scientific, shortest",
    "descent.js": "descend, numbersAt, stateBefore",
    "reasons.js": "diagnose",
}


def page(known: Catalogue, settings: dict[str, Any], powers: list[list[Any]], *, small: bool = False) -> str:
    """Return the whole page.

    Parameters
    ----------
    known : Catalogue
        What it can run.
    settings : dict
        The experiment that it opens with, as its address would have it.
    powers : list
        Powers that Python rounds otherwise, as `powers.by_base` gives them.
    small : bool
        Whether script and style are compressed with the data, so that its source is not text any more. A
        browser holds what is unpacked to the same policy.
    """
    script = minified_script(bundled({name: _module(name) for name in MODULES}, generated(known)))
    style = minified_style(_module("page.css"))
    data = data_of(known) | {"opens": settings, "powers": powers}
    unpacking = {name: _module(name) for name in ("letters.js", "unpacking.js")}
    first = minified_script(bundled(unpacking, "")) if small else script
    if small:
        data |= {"script": script, "style": style}
    policy = (
        f"default-src 'none'; script-src {' '.join(map(_hash, dict.fromkeys((first, script))))}; "
        f"style-src {_hash(style)}; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    parts = {
        "policy": html.escape(policy, quote=True).replace("&#x27;", "'"),
        "style": "" if small else f"<style>{style}</style>",
        "data": squeezed(data),
        "script": first,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _module("page.html"))


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@lru_cache
def _module(name: str) -> str:
    return (files("stepsize.explorer") / "page" / name).read_text("utf-8")


_IMPORT = re.compile(r"^import \{([^}]*)\} from \"\./(\w+\.js)\";\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function|const|let|class)", re.MULTILINE)


def bundled(modules: dict[str, str], written: str) -> str:
    """Return modules as one script: each in a function of its own, which returns what others import.

    What was written from the registry calls functions that `numbers.js` may swap, so the two share one scope.
    """
    texts = {name: text + (written if name == "numbers.js" else "") for name, text in modules.items()}
    asked: dict[str, set[str]] = {name: set() for name in texts}
    for text in texts.values():
        for names, module in _IMPORT.findall(text):
            asked[_home(module)].update(
                name.split(" as ")[0].strip() for name in names.split(",") if name.strip()
            )
    parts = []
    for name, text in texts.items():
        opens = _IMPORT.sub(
            lambda found: f"const {{{found[1].replace(' as ', ': ')}}} = {_scope(found[2])};\n", text
        )
        body = _EXPORT.sub("", opens)
        names = ", ".join(sorted(asked[name]))
        parts.append(f"const {_scope(name)} = (() => {{\n{body}return {{ {names} }};\n}})();\n")
    return "'use strict';\n(() => {\n" + "".join(parts) + "})();\n"


def _home(module: str) -> str:
    return "numbers.js" if module == "generated.js" else module


def _scope(module: str) -> str:
    return f"in_{_home(module).removesuffix('.js')}"
