"""The page in a real browser: pressed, dragged, stepped, linked, attacked and measured."""

import base64
import io
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from matplotlib.image import imread

import stepsize as ss
from optim import Optimizer
from optim.hyperparameters import Hyper
from stepsize.explorer import explore
from tests import ROOT
from tests.stepsize.explorer.harness import floats, library

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TOOLS = ROOT / "tools" / "explorer" / "node_modules" / "playwright-core"
SCRIPT = Path(__file__).with_name("browser.mjs")

if shutil.which("node") is None or CHROMIUM is None:
    pytestmark = pytest.mark.skip(reason="Node or Chromium is not installed")
elif not TOOLS.is_dir():
    pytestmark = pytest.mark.skip(reason="npm ci was not run in tools/explorer")

LESSONS = [
    "Too small, right, too large",
    "A local minimum and the ball",
    "A decay that settles",
    "An ill-conditioned valley",
    "Adaptive methods",
    "Warm-up",
]
SIZES = [{"width": 1280, "height": 800}, {"width": 1920, "height": 1080}, {"width": 390, "height": 844}]
NARROW = [{"width": 900, "height": 750}, {"width": 1100, "height": 750}]  # three columns with little room


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "explorer.html"
    return explore().save(path)


def done(scenario, page, **given):
    """Play a scenario and return what was found, which has no error in it."""
    given = {"page": str(page), "chromium": CHROMIUM, **given}
    made = subprocess.run(
        ["node", SCRIPT, scenario], input=json.dumps(given), capture_output=True, text=True, timeout=1800
    )
    assert made.returncode == 0, made.stderr[-3000:]
    told = json.loads(made.stdout)
    assert told["errors"] == []
    return told["findings"]


def test_one_request(page):
    assert done("requests", page) == {"count": 1}


def test_ahead_and_back_is_the_identical_page(page):
    for found in done("scrub", page, lessons=LESSONS):
        assert (found["moved"], found["markup"]) == (True, True), found["lesson"]
        before, after = (imread(io.BytesIO(base64.b64decode(p))) for p in found["pictures"])
        assert np.array_equal(before, after), found["lesson"]


def test_a_link_opens_the_same_experiment(page):
    for found in done("link", page, lessons=LESSONS):
        assert found == {"lesson": found["lesson"], "address": True, "runs": True, "hash": True}


def test_a_small_page_is_unpacked_and_asks_nobody(tmp_path):
    driven = ss.Adam(lr=0.02, beta1=ss.Linear(0.9, 50, end=0.5))
    run = ss.minimize(ss.Rosenbrock(), driven, x0=[-1.0, 1.0], steps=80)
    (found,) = done("opened", run.explore().save(tmp_path / "small.html"))["runs"]
    assert floats(found["x"]).tolist() == run.history.x.ravel().tolist()
    assert (found["verdict"], found["reason"]) == (ss.diagnose(run).verdict, ss.diagnose(run).reason)


# So many experiments are made; the acceptance of the page asks for 300.
EXPERIMENTS = int(os.environ.get("STEPSIZE_EXPERIMENTS", "100"))


def test_copied_python_gives_the_same_bits(page):
    known = library()
    given = {
        "problems": [place.name for place in known.landscapes if place.exact],
        "rules": [r.name for r in known.rules],
        "promised": [r.name for r in known.rules if r.exact],  # one card without it takes it from the page
        "schedules": [t.name for t in known.timetables if t.exact],
    }
    experiments = done("experiments", page, seed=11, count=EXPERIMENTS, **given)
    assert len({e["address"] for e in experiments}) > 0.9 * EXPERIMENTS
    promised, other = 0, []
    for experiment in experiments:
        names: dict[str, object] = {}
        with np.errstate(all="ignore"):
            text = experiment["python"].replace('print(run.optimizer, ss.diagnose(run), sep=": ")', "pass")
            exec(text, names)
            exact = experiment["promise"] == "Every number here has the same bits as in Python."
            promised += exact
            pairs = zip(names["runs"], experiment["runs"], strict=True)
            if not all(agrees(run, found, exact) for run, found in pairs):
                other.append(experiment["python"])
    assert other == []
    assert promised > 0.5 * EXPERIMENTS


def agrees(run, found, exact):
    """Whether a run is the page's: to the last bit where that is promised, else as it is judged."""
    told = ss.diagnose(run)
    flags = "".join("1" if o else "0" for o in run.history.overshoot)
    if (told.verdict, flags) != (found["verdict"], found["overshoot"]):
        return False
    same = np.array_equal(floats(found["x"]), run.history.x.ravel())
    same = same and np.array_equal(floats(found["f"]), run.history.fun)
    return (same and told.reason == found["reason"]) or not exact


def test_a_schedule_stays_within_what_a_number_may_be(page):
    told = done("ranges", page)
    assert told["rate"] == 0.1  # FTRL's own, as SGD's was 0
    assert told["found"] == [
        {"steps": 50, "driver": ["Linear"], "shown": "Linear", "title": None},
        {"steps": 50, "driver": ["Linear"], "shown": "Linear", "title": None},  # after 100 updates it is 0
        {"steps": 50, "driver": ["Exponential"], "shown": "Exponential", "title": None},
        {"steps": 300, "driver": ["Exponential"], "shown": "Exponential", "title": told["found"][3]["title"]},
    ]
    assert told["found"][3]["title"] == "lr: expected a number above 0"
    assert "FTRL" not in told["linked"]


class Quoting(Optimizer):
    """A class whose name is harmless and whose words are not: </script><script>hacked=1</script>."""

    demo: ClassVar = {"word": "</script><script>window.hacked=1</script>"}
    lr: Hyper = 0.1
    word: str = "</script><img src=x onerror=hacked=1>"

    def direction(self, x, g, slots, h):
        return g, ()


def test_nothing_hostile_is_executed(page, tmp_path):
    evil = type("Evil</script><img src=x onerror=hacked=1>", (Quoting,), {"__module__": __name__})
    own = tmp_path / "own.html"
    explore(ss.Problem.of("x**2 + y**2"), [evil(lr=0.2)]).save(own)
    addresses = [
        "#p=<img src=x onerror=hacked=1>",
        "#p=Quadratic&x=-5,-2&n=300&t=0&c=0&z=0,0&o=SGD:javascript:alert(1)",
        "#p=Quadratic&x=1e999,-2&n=300&t=0&c=0&z=0,0&o=SGD:0.1",
        "#p=__proto__&x=0,0&n=1&t=0&c=0&z=0,0&o=constructor:1",
        "#p=Quadratic&x=-5,-2&n=300&t=0&c=0&z=0,0&o=toString:0.1;__proto__:1",
        "#%E0%A4%A&&&=&o=;;;:::",
        "#p=Quadratic&x=-5,-2&n=99999999&t=0&c=0&z=0,0&o=SGD:0.1",
        "#p=Quadratic&x=-5,-2&n=300&t=0&c=0&z=0,7&o=SGD:0.1",
        "#p=Quadratic&x=-5,-2&n=300&t=0&c=0&z=0,0&o=SGD:-1",
        "#" + "&".join(f"o{i}=<script>hacked=1</script>" for i in range(2000)),
    ]
    tries = [{"path": str(page), "hash": a} for a in addresses] + [{"path": str(own), "hash": ""}]
    found = done("hostile", page, tries=tries)
    assert [f["hacked"] for f in found] == [False] * len(tries)
    assert [f["elements"] for f in found] == [0] * len(tries)
    assert {f["problem"] for f in found[:-1]} == {"Quadratic"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page, scheme):
    looks = [size | {"scheme": scheme, "lesson": LESSONS[k]} for k, size in enumerate(SIZES)]
    looks.append(SIZES[0] | {"scheme": scheme, "map": True})
    for found in done("access", page, looks=looks):
        assert found["violations"] == [], found["look"]
        assert found["small"] == []
        assert found["unnamed"] == 0


def test_no_boxes_overlap(page):
    looks = [size | {"lesson": lesson} for size in SIZES for lesson in LESSONS]
    looks += [size | {"more": 3} for size in SIZES + NARROW]
    for found in done("overlaps", page, looks=looks):
        assert found["pairs"] == [], found["look"]
        assert found["sideways"] <= 0, found["look"]


def test_it_lives_in_a_sandboxed_frame(page, tmp_path):
    frame = tmp_path / "frame.html"
    frame.write_text(ss.minimize(ss.Rosenbrock(), ss.Adam(lr=0.1), steps=100).explore()._repr_html_())
    assert 'sandbox="allow-scripts allow-downloads"' in frame.read_text()
    assert done("frame", page, frame=str(frame)) == {"requests": 0, "where": "26 / 100", "verdicts": 1}


def test_the_keyboard_alone_is_enough(page):
    found = done("keyboard", page)
    wanted = {
        "problem",
        "steps",
        "lesson",
        "mission",
        "copy-python",
        "start",
        "scrub",
        "play",
        "equations",
        "view-map",
    }
    assert wanted <= set(found["reached"])
    assert found["moved"]
    assert found["stepped"] == "41 / 300"
    assert found["mapped"]


def test_pictures_are_slides(page):
    found = done("pictures", page)
    assert (found["png"]["width"], found["png"]["height"]) == (1920, 1080)
    assert found["svg"]["begins"].startswith("<svg")
    assert {f["name"] for f in found.values()} == {"stepsize.svg", "stepsize.png"}


MISSIONS = {
    "Settle within 25 updates, and never overshoot": "#p=Parabola&x=10&n=60&t=0&c=0&z=0,0&o=SGD:0.4",
    "Leave the local minimum": "#p=TwoWells&x=1.5,1.5&n=300&t=0&c=0&z=0,0&o=Momentum:0.02,0.9,0",
    "Beat 2/(L + mu)": "#p=Quadratic&x=-5,-2&n=300&t=0&c=0&z=0,0&o=Momentum:0.1,0.4,0",
    "Tame the noise": "#p=Quadratic&x=-5,-2&n=300&t=0&c=0&z=1,0&o=SGD:0.05:0:Exponential:0.09,0.02:1",
}


def test_missions_can_be_done(page):
    given = [{"mission": name, "address": address} for name, address in MISSIONS.items()]
    for found in done("missions", page, missions=given):
        assert found["before"].startswith("Not yet"), found
        assert found["after"].startswith("✓ Done"), found


def test_every_text_is_in_the_table():
    words = (ROOT / "stepsize" / "explorer" / "page" / "words.js").read_text()
    asked = re.findall(
        r'data-word="(\w+)"', (ROOT / "stepsize" / "explorer" / "page" / "page.html").read_text()
    )
    assert asked
    assert all(f"  {word}: " in words for word in asked)
