"""`stepsize gallery`: textbook figures, drawn and checked."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepsize.cli.arguments import Commands, add_command, add_output
from stepsize.cli.output import echo, new_folder, picture_options, print_json
from stepsize.core.progress import Progress

if TYPE_CHECKING:
    from stepsize.gallery.figure import CatalogueEntry

HELP = "textbook figures with their numbers: list, draw, check, animate"
EPILOG = """\
examples:
  stepsize gallery
      which chapter, which command: every figure with its source and what it teaches
  stepsize gallery d2l-12.3-three-rates goh-momentum-map --out figures
      two of them, as PNG and SVG
  stepsize gallery ruder-saddle --animate
      and the same as a film, GIF and animated PNG, rate and loss in step
  stepsize gallery --all --check
      compare every number with what its source prints or its theorem says; exit 1 on a miss

A name may be the beginning of one: 'd2l' stands for all figures of that book."""


def add(commands: Commands) -> None:
    """Describe the command to the parser."""
    parser = add_command(commands, "gallery", HELP, EPILOG)
    parser.add_argument("names", nargs="*", metavar="NAME", help="figures, or the beginning of their names")
    parser.add_argument("--all", action="store_true", help="every figure")
    parser.add_argument("--check", action="store_true", help="compare the numbers instead of drawing")
    parser.add_argument(
        "--animate", action="store_true", help="also write GIF and animated PNG of trajectories"
    )
    add_output(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List, draw or check."""
    entries = _chosen(args)
    if not entries:
        _list(args.json)
        return 0
    return _check(entries, args.json) if args.check else _draw(entries, args)


def _chosen(args: argparse.Namespace) -> "list[CatalogueEntry]":
    """Return the figures that the command line names; none without names, all with --all or --check alone."""
    from stepsize import gallery

    known = gallery.catalogue()
    if args.all and args.names:
        raise ValueError("--all: got it together with names, expected one or the other")
    if args.all or (args.check and not args.names):
        return list(known.values())
    if args.animate and not args.names:
        raise ValueError("--animate: got no figure, expected names, or --all")
    chosen: dict[str, CatalogueEntry] = {}
    plain = {_plain(name): name for name in known}
    for word in args.names:
        name: str = plain.get(_plain(word), word.lower().replace("_", "-"))
        matches = (
            [known[name]] if name in known else [e for n, e in known.items() if n.startswith(name + "-")]
        )
        for entry in matches or [gallery.find(name)]:
            chosen[entry.name] = entry
    return list(chosen.values())


def _plain(name: str) -> str:
    """Return a name without hyphens, underscores and capitals."""
    return name.replace("-", "").replace("_", "").lower()


def _list(as_json: bool) -> None:
    from stepsize import gallery

    entries = list(gallery.catalogue().values())
    if as_json:
        print_json([_about(entry) for entry in entries])
        return
    source = ""
    for entry in sorted(entries, key=lambda e: e.source):
        if entry.source != source:
            source = entry.source
            echo(f"\n{source}")
        echo(f"  {entry.name:30s} {entry.place}")
        echo(f"  {'':30s} {entry.teaches}")
    echo(
        f"\n{len(entries)} figures; next: stepsize gallery {entries[0].name}   or   stepsize gallery --check"
    )


def _about(entry: "CatalogueEntry") -> dict[str, Any]:
    return {word: getattr(entry, word) for word in ("name", "source", "place", "teaches", "remark")}


def _made(
    entries: "list[CatalogueEntry]", folder: Path | None, films: bool, sized: dict[str, Any]
) -> list[Any]:
    """Compute the figures, and draw them into a folder if there is one; on all cores where that pays."""
    import os

    progress = Progress(len(entries))
    jobs = [(entry.name, folder, films, sized) for entry in entries]
    made = []
    cores = min(os.cpu_count() or 1, len(jobs))
    if len(jobs) < 6 or cores < 2:
        for job in jobs:
            made.append(_make(job))
            progress.advance(job[0])
    else:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        from stepsize.experiments.sweep.executors import lost_workers_named

        context = multiprocessing.get_context("spawn")
        with (
            lost_workers_named("gallery", "figures that were drawn are there"),
            ProcessPoolExecutor(cores, context) as pool,
        ):
            for job, result in zip(jobs, pool.map(_make, jobs), strict=True):
                made.append(result)
                progress.advance(job[0])
    progress.close()
    return made


def _make(job: tuple[str, Path | None, bool, dict[str, Any]]) -> tuple[list[Any], list[Path]]:
    """Return the numbers of one figure, and the files that were written."""
    from stepsize import gallery

    name, folder, films, sized = job
    figure = gallery.find(name)()
    files: list[Path] = []
    if folder is not None:
        from stepsize import draw

        files = [
            draw.save(figure.picture, folder / f"{name}.{kind}", if_exists="number", **sized)
            for kind in ("png", "svg")
        ]
        if films and figure.drawing.runs:
            from stepsize.draw.animation import animate, filmed
            from stepsize.draw.style import COLORS

            targets = [folder / f"{name}-film.{kind}" for kind in ("gif", "apng")]
            runs, window, places = figure.drawing.runs, figure.drawing.window, figure.drawing.colors
            places = range(len(COLORS)) if places is None else places
            colors = [COLORS[place] if isinstance(place, int) else place for place in places]
            files += animate(runs, targets, window=window, colors=colors, if_exists="number", **filmed(sized))
    return list(figure.numbers), files


def _check(entries: "list[CatalogueEntry]", as_json: bool) -> int:
    checked = [
        (entry, numbers) for entry, (numbers, _) in zip(entries, _made(entries, None, False, {}), strict=True)
    ]
    numbers = [number for _, column in checked for number in column]
    missed = sum(not number.passes for number in numbers)
    if as_json:
        figures = [_about(entry) | {"numbers": [n.to_dict() for n in column]} for entry, column in checked]
        print_json({"figures": figures, "numbers": len(numbers), "missed": missed})
        return int(missed > 0)
    for entry, column in checked:
        echo(f"{entry.name}   {entry.source}, {entry.place}")
        for line in _table(column):
            echo(line)
        if entry.remark:
            echo(f"  remark: {entry.remark}")
        echo()
    kinds = {kind: sum(n.provenance == kind for n in numbers) for kind in _PROVENANCES}
    by = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    from stepsize.core.display import counted

    echo(f"{counted(len(numbers), 'number')} of {counted(len(checked), 'figure')}: {by}")
    echo("all as expected" if not missed else f"{missed} missed")
    return int(missed > 0)


_PROVENANCES = ("printed", "from memory", "theorem", "computed")


def _table(numbers: Any) -> list[str]:
    """Return one line a number: verdict, value, expectation, tolerance, provenance, what it is."""
    lines = []
    for number in numbers:
        if number.expected is None:
            wanted, within = f"{number.low:.6g} ... {number.high:.6g}", ""
        else:
            wanted, within = (
                f"{number.expected:.9g}",
                f"{number.tolerance:.1g}" if number.tolerance else "exact",
            )
        verdict = "ok  " if number.passes else "MISS"
        cells = f"{number.value:>16.9g}  {wanted:>22s}  {within:>7s}  {number.provenance:11s}"
        lines.append(f"  {verdict} {cells}  {number.what}")
    return lines


def _draw(entries: "list[CatalogueEntry]", args: argparse.Namespace) -> int:
    sized = picture_options(args)
    folder = new_folder(args.out)
    report, missed = [], 0
    for entry, (numbers, files) in zip(entries, _made(entries, folder, args.animate, sized), strict=True):
        failures = [number for number in numbers if not number.passes]
        missed += len(failures)
        for number in failures:
            print(f"stepsize: {entry.name}: {number.what} is {number.value!r}", file=sys.stderr)
        report.append(_about(entry) | {"files": [str(file) for file in files], "numbers": len(numbers)})
        if not args.json:
            echo(f"{entry.name:30s} {' '.join(file.name for file in files)}")
            if entry.remark:
                echo(f"{'':30s} remark: {entry.remark}")
    if args.json:
        print_json({"figures": report, "missed": missed})
    else:
        echo(f"figures in {folder}: {len(entries)}; their numbers: stepsize gallery --check")
    return int(missed > 0)
