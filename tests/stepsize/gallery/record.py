"""What every figure of the gallery shows, on record; `python -m tests.stepsize.gallery.record` makes it anew.

A figure's own check says that its numbers are right, most within bands wide enough for what a source prints;
it does not say that the experiment is still the same. The record does: each number of the figure, what it is
compared with, and of each panel of the picture its words, its limits and, of lines, points, areas, bars and
maps, how many numbers there are and their mean sizes, of lines their colour. What depends on rounding is
left out: the script computes everything twice, the second time on fewer instructions of the processor, and
keeps what agrees.
"""

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection, PathCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.ticker import FixedFormatter

from stepsize import gallery

FILE = Path(__file__).parents[2] / "golden" / "gallery.json"
FEWER_INSTRUCTIONS = {
    "OPENBLAS_CORETYPE": "Prescott",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL",
}
# Smaller numbers count as 0: of a converged run rounding alone is left.
SMALL = 1e-9


@functools.cache
def figure_of(name: str) -> gallery.GalleryFigure:
    """Return a figure, computed once for all tests."""
    return gallery.find(name)()


def shown(figure: gallery.GalleryFigure) -> dict[str, Any]:
    """Return what a figure shows: its numbers, and the panels of its picture."""
    return {
        "numbers": [
            [number.what, number.to_dict()["value"], wanted(number), number.provenance, number.passes]
            for number in figure.numbers
        ],
        "panels": [list(panel(axes)) for axes in figure.picture.axes] + [keys_of(figure.picture)],
    }


def keys_of(picture: Any) -> list[Any]:
    """Return the words of the keys that stand beside the panels."""
    return [[text.get_text() for key in picture.legends for text in key.get_texts()]]


def wanted(number: gallery.Number) -> str:
    """Return what a number is compared with, in as many digits as anybody writes."""
    if number.expected is None:
        return f"{number.low:.6g} ... {number.high:.6g}"
    return f"{number.expected:.6g} within {number.tolerance:.6g}"


def panel(axes: Any) -> Iterator[Any]:
    """Yield what is written in a panel, its limits, and the colours and sizes of what is drawn there."""
    legend = axes.get_legend()
    texts = [*axes.texts, *(legend.get_texts() if legend else ())]
    titles = [axes.get_title(place) for place in ("left", "center", "right")]
    ticks = [axis.get_major_formatter() for axis in (axes.xaxis, axes.yaxis)]
    names = [word for tick in ticks if isinstance(tick, FixedFormatter) for word in tick.seq]
    words = [axes.get_xlabel(), axes.get_ylabel(), *names, *(text.get_text() for text in texts)]
    yield ["".join(titles), *words]
    yield [float(limit) for limit in (*axes.get_xlim(), *axes.get_ylim())]
    for line in axes.lines:
        yield [to_hex(line.get_color()), *sizes(*line.get_data())]
    for patch in axes.patches:
        yield sizes(*patch.get_patch_transform().transform_path(patch.get_path()).vertices.T)
    for collection in axes.collections:
        if isinstance(collection, PathCollection):
            yield sizes(*np.ma.getdata(collection.get_offsets()).T)
        elif isinstance(collection, QuadMesh):
            yield sizes(np.ma.filled(collection.get_array(), np.nan), *collection.get_coordinates().T)
        elif isinstance(collection, PolyCollection | LineCollection):
            paths = [path.vertices for path in collection.get_paths()]
            yield sizes(*np.concatenate(paths).T) if paths else []


def sizes(*columns: Any) -> list[float]:
    """Return of each column how many numbers are finite, and the mean of their signed logarithms.

    So every number counts, whatever its size: a thousandth more of each is a thousandth more of the mean.
    """
    found: list[float] = []
    for column in columns:
        values = np.ravel(np.asarray(column, float))
        finite = values[np.isfinite(values)]
        found += [len(finite), float(np.arcsinh(finite / SMALL).mean()) if len(finite) else 0.0]
    return found


def alike(one: Any, other: Any) -> bool:
    """Return whether two entries agree, numbers to a tenth of a millionth, or one of them is left out."""
    if one is None or other is None:
        return True
    if isinstance(one, float | int) and isinstance(other, float | int):
        return abs(one - other) <= 1e-7 * max(abs(one), abs(other), 1e-2)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)


def where_alike(one: Any, other: Any) -> Any:
    """Return an entry without the parts that depend on rounding."""
    if isinstance(one, dict):
        return {name: where_alike(one[name], other[name]) for name in one}
    if isinstance(one, list) and len(one) == len(other):
        return [where_alike(a, b) for a, b in zip(one, other, strict=True)]
    if not alike(one, other):
        return None
    return float(f"{one:.9g}") if isinstance(one, float) else one


def computed(environment: dict[str, str]) -> Any:
    """Return what all figures show, computed by another process."""
    command = [sys.executable, "-m", "tests.stepsize.gallery.record", "--print"]
    said = subprocess.run(command, env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE)
    return json.loads(said.stdout)


def main() -> None:
    """Write the record."""
    if "--print" in sys.argv:
        print(json.dumps({name: shown(figure_of(name)) for name in gallery.catalogue()}))
        return
    figures = where_alike(computed({}), computed(FEWER_INSTRUCTIONS))
    lines = [f'"{name}": {json.dumps(figure, ensure_ascii=False)}' for name, figure in figures.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
