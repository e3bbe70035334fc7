"""Build the site: ``python -m tools.docs``; it is then in ``build/site``, and ``index.html`` opens it."""

import argparse
import os
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tools.docs.places import HERE, SITE, SOURCE

MISSING = "tools.docs: Sphinx or one of its extensions is missing; pip install '.[docs]' brings them"


def main(arguments: list[str]) -> int:
    """Write the sources of all pages, and have Sphinx make the site of them."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.docs", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--out", type=Path, default=SITE, help="the folder of the site (build/site)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes that draw")
    options = parser.parse_args(arguments)
    try:
        import latex2mathml
        import myst_nb
        import numpydoc
        import sphinx.cmd.build as sphinx

        del latex2mathml, myst_nb, numpydoc
    except ImportError:
        print(MISSING, file=sys.stderr)
        return 2
    os.environ.setdefault("MPLBACKEND", "Agg")
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.rmtree(options.out, ignore_errors=True)
    write_sources(SOURCE, options.jobs)
    words = ["-W", "--keep-going", "-q", "-b", "html", "-c", str(HERE), "-d", str(SOURCE.parent / "doctrees")]
    failed = sphinx.build_main([*words, "-E", str(SOURCE), str(options.out)])
    if failed:
        return int(failed)
    from tools.docs.explorers import write_explorer

    write_explorer(options.out)
    files = [path for path in options.out.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    print(f"{options.out / 'index.html'}: {len(files)} files, {size / 1e6:.1f} MB")
    return 0


def write_sources(target: Path, jobs: int) -> None:
    """Write everything that Sphinx reads: pictures, guides, reference, gallery, and the pages around them."""
    import stepsize as ss
    from stepsize import gallery
    from tools.docs.course import build_lesson, write_course
    from tools.docs.figures import draw_figure, write_gallery
    from tools.docs.front import write_front
    from tools.docs.guides import write_guides
    from tools.docs.pictures import draw_picture
    from tools.docs.reference import write_reference
    from tools.lessons import lessons

    figures, names = list(gallery.catalogue()), list(ss.__all__)
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        numbers = pool.map(partial(draw_figure, folder=target / "pictures" / "gallery"), figures)
        drawn = pool.map(partial(draw_picture, folder=target / "pictures"), names)
        taught = pool.map(partial(build_lesson, target=target), [lesson.name for lesson in lessons()])
        write_guides(target)
        pictures = {name: picture for name, picture in zip(names, drawn, strict=True) if picture}
        write_gallery(target / "gallery", dict(zip(figures, numbers, strict=True)))
        list(taught)
    write_reference(target / "reference", pictures)
    write_course(target)
    write_front(target)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
