"""Each lesson's sentence is true of what it shows, as the library judges it."""

import json
import subprocess

import numpy as np
import pytest

import stepsize as ss
from stepsize.explorer.translation.symbolic_records import replaced
from tests import ROOT
from tests.stepsize.explorer.harness import library, needs_node, schedule_with, typed

pytestmark = needs_node
WORDS = ROOT / "stepsize" / "explorer" / "page" / "words.js"

# What the sentences say of the runs, one after another.
SAID = {
    "Too small, right, too large": ["still crawling", "settled, crossing", "diverged"],
    "A local minimum and the ball": ["stuck above the minimum", "settled, ringing"],
    "A decay that settles": ["bouncing", "settled, ringing"],
    "An ill-conditioned valley": ["settled", "settled, ringing", "settled"],
    "Adaptive methods": ["still crawling", "still crawling", "bouncing", "still crawling"],
    "Warm-up": ["diverged", "settled, ringing"],
}


@pytest.fixture(scope="module")
def lessons():
    reader = 'process.stdout.write(JSON.stringify(eval(require("fs").readFileSync(0, "utf8") + "; LESSONS")))'
    text = WORDS.read_text().replace("export const", "var")
    done = subprocess.run(["node", "-e", reader], input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return {lesson["name"]: lesson for lesson in json.loads(done.stdout)}


def runs_of(lesson):
    """Return the runs of a lesson, made by Python."""
    known, state = library(), lesson["state"]
    problem = next(place.problem for place in known.landscapes if place.name == state["p"])
    with np.errstate(all="ignore"):
        return [ss.minimize(problem, made(known, *told), state["x"], state["n"]) for told in state["o"]]


def made(known, name, values, schedules=None):
    rule = next(rule for rule in known.rules if rule.name == name)
    paths = {"/".join(p.path): p.path for p in rule.parameters}
    changes = typed(rule.optimizer, {paths[key]: value for key, value in values.items()})
    for key, (table_name, numbers) in (schedules or {}).items():
        table = next(t for t in known.timetables if t.name == table_name)
        heights = [numbers.get("/".join(p.path), p.value) for p in table.parameters]
        changes[paths[key]] = schedule_with(table, heights)
    return replaced(rule.optimizer, changes)


def test_every_lesson_is_judged_as_its_sentence_says(lessons):
    assert {*lessons} == {*SAID}
    for name, lesson in lessons.items():
        assert [ss.diagnose(run).verdict for run in runs_of(lesson)] == SAID[name], name


def test_the_rates_stand_where_the_first_lesson_says(lessons):
    below, near, above = (o[1]["lr"] for o in lessons["Too small, right, too large"]["state"]["o"])
    assert below < near < 2 / ss.Quadratic().L < above
    crossing = runs_of(lessons["Too small, right, too large"])[1]
    assert crossing.history.overshoot.all()


def test_momentum_is_sooner_than_the_best_plain_descent(lessons):
    settled = [ss.diagnose(run).settled for run in runs_of(lessons["An ill-conditioned valley"])]
    problem = ss.Quadratic()
    assert (problem.mu, problem.L) == (1.0, 20.0)
    best = ss.diagnose(ss.minimize(problem, ss.SGD(lr=2 / (problem.L + problem.mu)), [-5, -2], 200)).settled
    assert max(settled[1:]) < min(best, settled[0]) / 2


def test_plain_descent_explodes_at_the_rates_of_adaptive_methods(lessons):
    state = lessons["Adaptive methods"]["state"]
    assert state["o"][0][0] == "SGD"
    for _, values in state["o"][1:]:
        with np.errstate(all="ignore"):
            run = ss.minimize(ss.Rosenbrock(), ss.SGD(lr=values["lr"]), state["x"], state["n"])
        assert ss.diagnose(run).verdict == "diverged"


def test_both_runs_of_the_warm_up_have_the_same_peak(lessons):
    constant, warm = (run.optimizer.lr for run in runs_of(lessons["Warm-up"]))
    assert np.max(warm.table(300)) == pytest.approx(constant, rel=1e-12)
    assert warm.table(5).max() < constant / 10


def test_the_ball_ends_in_a_deepest_hollow(lessons):
    plain, ball = runs_of(lessons["A local minimum and the ball"])
    assert plain.optimizer.lr == ball.optimizer.lr
    minimum = ss.SixHumpCamel().minimum
    assert ball.fun - minimum < 1e-6 < plain.fun - minimum
