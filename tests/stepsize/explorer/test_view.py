"""What the explorer's picture shows: the runs, as far as they descend, where no domain says it."""

import json
import subprocess

import numpy as np
import pytest

import stepsize as ss
from tests import ROOT
from tests.stepsize.explorer.harness import NODE, needs_node

pytestmark = needs_node
PLOT = ROOT / "stepsize" / "explorer" / "page" / "plot.js"


def view_of(place, x0, runs, zoom=0):
    """Return the view of a picture of 400 x 300, as Node finds it."""
    made = [
        {
            "points": run.history.x.ravel().tolist(),
            "values": run.history.fun.tolist(),
            "run": {"nit": run.nit},
        }
        for run in runs
    ]
    given = json.dumps([place, list(x0), 400, 300, zoom, made])
    script = f'import {{ viewOf }} from "{PLOT.as_uri()}"; console.log(JSON.stringify(viewOf(...{given})))'
    words = [NODE, "--input-type=module", "-e", script]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    view = json.loads(done.stdout)
    return np.array([view["x"], view["y"]])


def holds(view, points):
    return bool(((points >= view[:, 0]) & (points <= view[:, 1])).all())


FAR = ss.Problem.of("exp(-x/8) + 0.05*x + y**2", x0=[-6.0, 1.0])


@pytest.mark.parametrize("minimizers", [None, [[20.0, -8.0]]])
def test_a_path_that_descends_stays_in_view(minimizers):
    bowl = ss.Problem.of("(x - 20)**2 + 3*(y + 8)**2", x0=[1.0, 1.0])
    runs = [ss.minimize(bowl, ss.Momentum(lr=0.02), steps=200), ss.minimize(bowl, ss.SGD(lr=0.05), steps=200)]
    place = {"dim": 2, "minimizers": minimizers}
    view = view_of(place, [1.0, 1.0], runs)
    assert all(holds(view, run.history.x) for run in runs)
    before = view_of(place, [1.0, 1.0], [])
    assert not all(holds(before, run.history.x) for run in runs)
    # A unit is equally long both ways.
    assert np.ptp(view[0]) / 400 == pytest.approx(np.ptp(view[1]) / 300)


def test_a_run_that_leaves_does_not_take_the_view_along():
    bowl = ss.Problem.of("x**2 + 3*y**2", x0=[-5.0, -2.0])
    lost = ss.minimize(bowl, ss.SGD(lr=0.5), steps=50)
    assert np.abs(lost.history.x).max() > 1e6
    place = {"dim": 2}
    assert view_of(place, [-5.0, -2.0], [lost]).tolist() == view_of(place, [-5.0, -2.0], []).tolist()


def test_a_view_moves_in_strides():
    views = {
        tuple(view_of({"dim": 2}, FAR.x0, [ss.minimize(FAR, ss.SGD(lr=lr), steps=300)]).ravel().tolist())
        for lr in np.linspace(0.2, 0.205, 6)
    }
    assert len(views) == 1


def test_a_domain_says_all():
    place = {"dim": 2, "domain": [[-2, -2], [2, 2]]}
    run = ss.minimize(FAR, ss.SGD(lr=1.0), steps=100)
    assert view_of(place, [-1.0, 1.0], [run]).tolist() == view_of(place, [-1.0, 1.0], []).tolist()
