"""Everything in stepsize that writes a file, as functions of its path."""

from contextlib import redirect_stdout
from io import StringIO

import stepsize as ss
from stepsize.cli.main import main

BOWL = ss.Quadratic([1.0, 10.0])
RUN = ss.minimize(BOWL, ss.Adam(lr=0.1), steps=300)
SWEEP = ss.sweep(BOWL, ss.SGD, 20, lr=[0.001 * i for i in range(1, 301)])


def _picture(path):
    ss.draw.save(ss.draw.gap(RUN), path)


def _film(path):
    RUN.animate(path, frames=3, dpi=30)


WRITERS = {
    "picture.png": _picture,
    "picture.svg": _picture,
    "film.gif": _film,
    "film.apng": _film,
    "run.csv": RUN.to_csv,
    "sweep.csv": SWEEP.to_csv,
    "run.npz": RUN.save,
    "state.npz": ss.minimize(ss.Rosenbrock(500), ss.Adam(), steps=2).state.save,
}

# Commands that write one file into a folder.
COMMANDS = {
    "race": ["race", "parabola", "--optimizer", "SGD", "--lr", "0.2", "--steps", "30"],
    "film": ["race", "parabola", "--optimizer", "SGD", "--steps", "9", "--animate", "--dpi", "20"],
    "schedule": ["schedule", "StepDecay(0.1, 0.5, 10)"],
    "linesearch": ["linesearch", "quadratic", "--search", "Armijo", "--steps", "5"],
    "find-lr": ["find-lr", "parabola", "--optimizer", "SGD", "--steps", "20"],
    "gallery": ["gallery", "d2l-12.3-three-rates"],
    "dialects": ["dialects", "adam"],
}


def told_by(words):
    """Run a command; return its code and what it printed."""
    out = StringIO()
    with redirect_stdout(out):
        code = main(words)
    return code, out.getvalue()
