"""Films of runs and races as files: animated GIF and PNG.

They are reached as `Run.animate` and `Race.animate`.
"""

import base64
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from optim import Run
from stepsize.analysis.diagnosis import diagnose, require_single_run
from stepsize.core.storage import IfExists, write_whole
from stepsize.core.validation import as_count, require
from stepsize.draw.film_frames import Film
from stepsize.draw.race import colors_of
from stepsize.draw.style import COLORS, as_dpi, as_size
from stepsize.draw.window import last_shown
from stepsize.experiments.labels import optimizer_label, rate_label
from stepsize.experiments.race import Race

__all__ = ["Animation", "animate", "film", "filmed"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False, repr=False)
class Animation:
    """A film: what `Run.animate` and `Race.animate` return.

    Attributes
    ----------
    data : bytes
        The file.
    kind : str
        "gif", or "png" for an animated PNG.
    frames : int
        How many pictures it was made of; of equal ones in a row a file keeps one.
    """

    data: bytes
    kind: str
    frames: int

    def save(self, path: str | os.PathLike[str], *, if_exists: IfExists = "replace") -> Path:
        """Write it to a file, whole or not at all, and return its path; the name ends as its kind.

        Where there is a file of that name, it is replaced, or FileExistsError is raised ("refuse"), or the
        next free name is taken ("number").
        """
        require(_kind(path) == self.kind, "path", str(path), f"a name that ends with .{self.kind}")
        return write_whole(path, self.data, if_exists=if_exists)

    def _repr_html_(self) -> str:
        coded = base64.b64encode(self.data).decode("ascii")
        return f'<img src="data:image/{self.kind};base64,{coded}" alt="a film of {self.frames} frames">'

    def __repr__(self) -> str:
        return f"Animation({self.kind}, {self.frames} frames, {len(self.data)} bytes)"


def film(
    what: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    window: Any = None,
    size: str | Sequence[float] | None = None,
    dpi: float = 100,
    frames: int = 120,
    seconds: float = 10.0,
) -> Animation:
    """Film a run or a race; `Run.animate` and `Race.animate` come here."""
    inches = as_size("size", size)
    flat = what.problem.dim <= 2
    if isinstance(what, Run):
        require_single_run(what)
        last = last_shown([diagnose(what)], what.nit)
        reel = Film({_name(what): what}, window, inches, last=last, landscape=flat)
    else:
        chosen = _chosen(what)
        colors = colors_of(what, [chosen]) if any(what.rate_words) else None
        last = last_shown([what.diagnoses[index] for index in chosen], what.steps)
        reel = Film(
            _named([what.runs[index] for index in chosen]),
            window,
            inches,
            COLORS if colors is None else [colors[index] for index in chosen],
            last,
            flat,
        )
    as_dpi("dpi", dpi, inches or reel.picture.get_size_inches())
    kind = "gif" if path is None else _kind(path)
    updates = _updates_shown(reel, frames, seconds)
    animation = Animation(_encoded(reel, updates, seconds, dpi, kind), kind, len(updates))
    if path is not None:
        animation.save(path)
    return animation


def animate(
    runs: dict[str, Run],
    targets: Sequence[str | os.PathLike[str]],
    *,
    window: Any = None,
    colors: Sequence[str] | None = None,
    size: str | Sequence[float] | None = None,
    dpi: float = 100,
    frames: int = 48,
    seconds: float = 6.0,
    if_exists: IfExists = "replace",
) -> list[Path]:
    """Write the runs as animations: GIF for a name that ends in .gif, animated PNG for .png or .apng.

    Early updates are shown one by one, later ones in growing strides, so that a long run keeps its lively
    beginning; the last frame stands for a second.

    Parameters
    ----------
    runs : dict of str to Run
        On one landscape.
    targets : sequence of paths
        All of them get the same frames.
    window : sequence of (low, high), optional
        The region to show.
    colors : sequence of str, optional
        One a run; those of the house, in order, where nothing is said.
    size, dpi : optional
        As in `Run.animate`.
    frames : int
        At most so many.
    seconds : float
        How long it takes, before the last frame.
    if_exists : {"replace", "refuse", "number"}
        As in `Animation.save`.

    Returns
    -------
    list of Path
    """
    reel = Film(runs, window, as_size("size", size), COLORS if colors is None else colors)
    updates = _updates_shown(reel, frames, seconds)
    return [
        Animation(_encoded(reel, updates, seconds, dpi, _kind(target)), _kind(target), len(updates)).save(
            target, if_exists=if_exists
        )
        for target in targets
    ]


def filmed(options: dict[str, Any]) -> dict[str, Any]:
    """Return what `draw.save` takes as what `animate` takes, whose default is fewer dots.

    >>> filmed({"size": None, "dpi": None}), filmed({"dpi": 50.0})
    ({'size': None}, {'dpi': 50.0})
    """
    return {word: value for word, value in options.items() if word != "dpi" or value is not None}


def _name(run: Run) -> str:
    return f"{optimizer_label(run.optimizer)}, {rate_label(run.optimizer, run.problem)}"


def _chosen(race: Race) -> list[int]:
    """Return which runs of a race to film: all, or where colours do not suffice the best of each rule."""
    if len(race.runs) <= len(COLORS):
        return list(range(len(race.runs)))
    best: dict[str, tuple[Any, int]] = {}
    for index, (run, found) in enumerate(zip(race.runs, race.diagnoses, strict=True)):
        rank = (np.inf if found.settled is None else found.settled, found.error)
        rule = type(run.optimizer).__name__
        if rule not in best or rank < best[rule][0]:
            best[rule] = rank, index
    return [index for _, index in best.values()]


def _named(chosen: Sequence[Run]) -> dict[str, Run]:
    """Return runs by their names, equal ones numbered."""
    names: dict[str, Run] = {}
    for run in chosen:
        name, number = _name(run), 2
        while name in names:
            name, number = f"{_name(run)} ({number})", number + 1
        names[name] = run
    return names


def _kind(path: str | os.PathLike[str]) -> str:
    """Return what a file of that name is: gif or png."""
    ending = Path(path).suffix.lower()
    require(
        ending in (".gif", ".png", ".apng"), "path", str(path), "a name that ends with .gif, .png or .apng"
    )
    return "gif" if ending == ".gif" else "png"


def _updates_shown(reel: Film, frames: int, seconds: float) -> list[int]:
    as_count("frames", frames, 2)
    fine = isinstance(seconds, int | float) and 0 < seconds <= 3600
    require(fine, "seconds", seconds, "a number above 0 and at most 3600")
    return _strides(reel.last, frames)


def _palette(image: Any) -> Array:
    """Return up to 256 colours: the most frequent ones of an image as they are, and means of the others."""
    colors, counts = np.unique(np.asarray(image).reshape(-1, 3), axis=0, return_counts=True)
    if len(colors) <= 256:
        return colors
    frequent = colors[np.argsort(-counts, kind="stable")[:128]]
    means = np.array(image.quantize(128).getpalette(), np.uint8).reshape(-1, 3)
    return np.concatenate([frequent, means[:128]])


class _Nearest:
    """The nearest colours of a palette, looked up where known: Pillow's own way greys the white a little."""

    def __init__(self, palette: Array) -> None:
        self._palette = palette.astype(np.int64)
        self._place = np.zeros(1 << 24, np.uint8)
        self._known = np.zeros(1 << 24, bool)

    def indexed(self, image: Any) -> Any:
        """Return an image in the colours of the palette."""
        from PIL import Image

        pixels = np.asarray(image).astype(np.int32)
        packed = (pixels[..., 0] << 16) | (pixels[..., 1] << 8) | pixels[..., 2]
        self._learn(np.unique(packed[~self._known[packed]]))
        flat = Image.fromarray(self._place[packed])
        flat.putpalette(self._palette.astype(np.uint8).ravel().tolist())
        return flat

    def _learn(self, colors: Array) -> None:
        for part in np.array_split(colors, 1 + len(colors) // 500):
            differences = (
                np.stack([part >> 16, (part >> 8) & 255, part & 255], axis=1)[:, None] - self._palette
            )
            self._place[part] = np.square(differences).sum(axis=2).argmin(axis=1)
        self._known[colors] = True


def _encoded(reel: Film, updates: list[int], seconds: float, dpi: float, kind: str) -> bytes:
    """Return the bytes of the film."""
    from PIL import Image

    images = [Image.fromarray(reel.frame(k, dpi)) for k in updates]
    pause = max(int(1000 * seconds / len(images)), 40)
    options: dict[str, Any] = {"duration": [pause] * (len(images) - 1) + [1000], "loop": 0}
    if kind == "gif":
        # One palette for all frames: else colours would flicker.
        nearest = _Nearest(_palette(images[-1]))
        images = [nearest.indexed(image) for image in images]
        options["optimize"] = True
    written = io.BytesIO()
    images[0].save(written, format=kind.upper(), save_all=True, append_images=images[1:], **options)
    return written.getvalue()


def _strides(last: int, frames: int) -> list[int]:
    """Return the updates to show: 0, 1, 2, ... and then ever farther apart, the last one at the end.

    >>> _strides(5, 10)
    [0, 1, 2, 3, 4, 5]
    >>> _strides(1000, 8)[-1]
    1000
    """
    if last < frames:
        return list(range(last + 1))
    wide = np.geomspace(1, last + 1, frames * 4) - 1
    even = np.linspace(0, 1, frames)
    # Half way between equal strides and equal ratios.
    mixed = np.sqrt(np.interp(even, np.linspace(0, 1, len(wide)), wide) * even * last)
    return sorted({*np.round(mixed).astype(int).tolist(), 0, last})
