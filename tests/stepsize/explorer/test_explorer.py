"""What a page is made of, what it is refused, and how it is opened from Python and the command line."""

import base64
import gzip
import hashlib
import html
import json
import re
import subprocess
import sys

import numpy as np
import pytest

import stepsize as ss
from stepsize.cli.main import main
from stepsize.explorer.assembly import MODULES, data_of, engine
from stepsize.explorer.python_code import constructor
from stepsize.explorer.translation.javascript import unpacked
from tests import ROOT
from tests.stepsize.explorer.harness import Experiment, answers_of, is_library, library, needs_node, rate_path

PAGE = ROOT / "stepsize" / "explorer" / "page"


def data_in(page):
    packed = re.search(r'<script type="text/plain" id="data">([^<]*)</script>', page)[1]
    return json.loads(gzip.decompress(base64.b85decode(packed.replace(",", "<"))))


def policy_of(page):
    return html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])


def inline_of(page):
    """Return the scripts and the styles that stand in a page, or are unpacked in it."""
    data = data_in(page)
    packed = {kind: [data[kind]] if kind in data else [] for kind in ("script", "style")}
    return {
        kind: re.findall(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL) + bodies
        for kind, bodies in packed.items()
    }


@pytest.mark.parametrize(("everything", "scripts"), [(True, 1), (False, 2)])
def test_the_policy_lets_in_our_own_scripts_and_style_alone(everything, scripts):
    page = ss.explore(everything=everything).html()
    policy, inline = policy_of(page), inline_of(page)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert (len(inline["script"]), len(inline["style"])) == (scripts, 1)
    for kind, bodies in inline.items():
        digests = [base64.b64encode(hashlib.sha256(b.encode()).digest()).decode() for b in bodies]
        allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
        assert f"{kind}-src {allowed};" in policy


def test_a_page_is_no_larger_than_a_picture():
    # Rules that other tests define stay in their process, and a page offers every rule there is.
    fresh = "import stepsize as ss; print(len(ss.explore().html().encode()))"
    told = subprocess.run([sys.executable, "-c", fresh], capture_output=True, text=True, check=True)
    assert 100_000 < int(told.stdout) < 260_000
    assert len(ss.explore(everything=False).html().encode()) < 100_000
    run = ss.minimize(ss.Rosenbrock(), ss.Lookahead(ss.Adam(lr=0.1)), steps=50)
    assert len(run.explore().html().encode()) < 100_000


def test_a_small_page_has_every_rule_and_says_what_it_lacks():
    data = data_in(ss.explore(everything=False).html())
    assert len(data["rules"]) == len(data_in(ss.explore().html())["rules"])
    told = [row[:2] for row in data["left"]]
    assert ["problem", "all others"] in told
    assert ["noise", "on the gradient"] in told


@pytest.mark.parametrize("everything", [True, False])
def test_nothing_is_loaded_from_elsewhere(everything):
    page = ss.explore(everything=everything).html()
    page += "".join(data_in(page).get(kind, "") for kind in ("script", "style"))
    spaces = {"http://www.w3.org/2000/svg"}  # the name of a language, which nobody fetches
    assert set(re.findall(r"https?://[^\"'\s<)\\]+", re.sub(r'"Content-Sec[^>]*>', "", page))) <= spaces
    assert not re.search(r"\b(src|href)=[\"'](?!#)", page)
    assert "@import" not in page
    assert "url(" not in page


def test_every_module_is_in_the_page_and_its_script_is_one():
    on_disk = {path.name for path in PAGE.glob("*.js")}
    assert on_disk == {*MODULES, "unpacking.js"}
    (script,) = inline_of(ss.explore().html())["script"]
    assert not re.search(r"^(import|export) ", script, re.MULTILINE)


@needs_node
def test_the_script_is_one_that_a_browser_reads(tmp_path):
    (script,) = inline_of(ss.explore().html())["script"]
    (tmp_path / "page.js").write_text(script)
    done = subprocess.run(["node", "--check", tmp_path / "page.js"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_is_left_out_is_told_with_its_reason():
    known = library()
    told = {name: reason for _, name, reason in data_of(known)["left"]}
    assert told["BFGS"] == "it looks across the coordinates"
    assert told["Newton"] == (
        "it looks across the coordinates, and it needs the matrix of second derivatives beyond the gradient"
    )
    assert told["MiniBatch"] == "its gradient is drawn anew at every update, by Python's generator"
    assert told["Wood"] == "it has 4 coordinates"
    assert all(reason for reason in told.values())
    assert not [reason for reason in told.values() if reason.startswith(("it fails", "no example"))]
    names = (
        {r.name for r in known.rules}
        | {p.name for p in known.landscapes}
        | {t.name for t in known.timetables}
    )
    from stepsize.core.record import registered

    skipped = {"Constant", "FromFunction", "Recursion", "FunctionProblem", "Formula"}  # a user brings them
    for kind in (ss.Optimizer, ss.Problem, ss.Schedule):
        ours = {cls.__name__ for cls in registered(kind) if is_library(cls)}
        assert ours - skipped <= names | {*told}


def test_every_rule_shows_its_lines_on_every_branch():
    rules = library().rules
    assert len(rules) >= 40
    assert all("x" in [line["name"] for line in lines] for rule in rules for lines in rule.lines)


@needs_node
def test_the_lines_of_an_update_end_at_the_next_point(tmp_path):
    known = library()
    place = next(p for p in known.landscapes if p.name == "Quadratic")
    made = []
    for rule in known.rules:
        numbers = [0.05 if p.path == rate_path(rule) else p.value for p in rule.parameters]
        made += [(Experiment(rule, place, numbers, [-5.0, -2.0], 12), n) for n in (0, 4, 9)]
    tasks = [e.task() | {"explain": n} for e, n in made]
    for (e, n), rows in zip(made, answers_of(engine(known), tasks, tmp_path), strict=True):
        line = [line for line in e.rule.lines[int(rows[0][0])] if line["name"] == "x"][-1]
        k = int(re.fullmatch(r"\{=?(\d+)\}", line["value"])[1])
        assert [row[k] for row in rows] == e.run().history.x[n + 1].tolist(), e.rule.name


def test_a_page_opens_with_what_was_asked():
    page = ss.explore(
        "x**2 + 3*y**2",
        [ss.Adam(lr=0.02), ss.SGD(lr=ss.Exponential(0.3, 0.02)), ss.Momentum(lr=lambda n: 0.1 / (1 + n))],
        x0=[-5, -2],
        steps=120,
    )
    data = data_in(page.html())
    assert data["opens"]["x"] == [-5.0, -2.0]
    assert data["opens"]["n"] == 120
    (adam, values), (sgd, _, rate), (_, _, own) = data["opens"]["o"]
    assert (adam, values["lr"]) == ("Adam", 0.02)
    assert (sgd, rate) == ("SGD", {"lr": ["Exponential", {"lr": 0.3, "d": 0.02}]})
    table = next(t for t in data["timetables"] if t["name"] == own["lr"][0])
    assert table["reason"] == "it is a function of your own"
    assert data["landscapes"][0]["formula"] == "x^2 + 3*y^2"


def test_whatever_a_schedule_drives_is_opened():
    driven = ss.Adam(lr=0.02, beta1=ss.Linear(0.9, 50, end=0.5), eps=lambda n: 1e-8 * (1 + n))
    wrapped = ss.Lookahead(ss.Momentum(lr=0.1, momentum=ss.SutskeverMomentum(0.9)), share=ss.Linear(0.9, 80))
    data = data_in(ss.explore(ss.Parabola(), [driven, wrapped], steps=60).html())
    (_, _, first), (_, _, second) = data["opens"]["o"]
    assert first["beta1"] == ["Linear", {"lr": 0.9, "steps": 50.0, "end": 0.5}]
    assert set(first) == {"beta1", "eps"}
    assert {path: name for path, (name, _) in second.items()} == {
        "inner/momentum": "SutskeverMomentum",
        "share": "Linear",
    }
    (table,) = (t for t in data["timetables"] if t["name"] == first["eps"][0])
    values = unpacked(table["table"])
    assert values.tolist() == [1e-8 * (1 + n) for n in range(60)]


class Bowl:
    """A problem that knows nothing of this library."""

    x0 = (1.0, 2.0)

    def fun(self, x):
        return x[..., 0] * x[..., 0] + 3 * x[..., 1] * x[..., 1]

    def grad(self, x):
        return np.array([2 * x[0], 6 * x[1]])


def test_functions_and_objects_of_ones_own_are_explored():
    def valley(a, b):
        return a * a + 3 * b * b

    def slope(a, b):
        return [2 * a, 6 * b]

    for own, name in ((Bowl(), "Bowl"), (ss.Problem.of(valley, slope, x0=[1.0, 2.0]), "valley")):
        data = data_in(ss.explore(own, ss.SGD(lr=0.1), everything=False).html())
        (place,) = data["landscapes"]
        assert place["exact"]
        assert name in json.dumps(place["python"])
    with pytest.raises(ValueError, match="finite differences"):
        ss.explore(ss.Problem.of(lambda x: (x * x).sum(), x0=[1.0, 2.0]), ss.SGD(lr=0.1))


def test_the_page_knows_which_rules_have_functions_that_are_rounded():
    rules = {rule["name"]: rule for rule in data_in(ss.explore().html())["rules"]}
    assert (rules["MADGRAD"]["rounded"], rules["MADGRAD"]["exact"]) == (True, False)  # a cube root
    assert (rules["Adam"]["rounded"], rules["Adam"]["exact"]) == (False, True)
    assert (rules["Nadam"]["rounded"], rules["Nadam"]["exact"]) == (False, False)  # powers of other numbers


def test_a_run_and_a_race_open_as_they_were_made():
    run = ss.minimize(ss.Rosenbrock(), ss.Lookahead(ss.Adam(lr=0.1)), x0=[0.5, 0.25], steps=80)
    opens = data_in(run.explore().html())["opens"]
    assert (opens["p"], opens["x"], opens["n"]) == ("Rosenbrock", [0.5, 0.25], 80)
    assert opens["o"][0][1]["inner/lr"] == 0.1
    race = ss.race(ss.Parabola(), [ss.SGD(lr=0.1), ss.SGD(lr=1.1)], 40)
    assert [o[1]["lr"] for o in data_in(race.explore().html())["opens"]["o"]] == [0.1, 1.1]
    noisy = ss.minimize(ss.AdditiveNoise(ss.Quadratic(), sigma_g=0.5, rng=2), ss.SGD(lr=0.05), steps=50)
    assert data_in(noisy.explore().html())["opens"]["z"] == [0.5, 2]


def test_a_notebook_shows_it_in_a_sandboxed_frame():
    shown = ss.explore(ss.Parabola(), everything=False)._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert 'sandbox="allow-scripts allow-downloads"' in shown
    assert "allow-same-origin" not in shown
    assert html.unescape(re.search(r'srcdoc="([^"]*)"', shown)[1]).startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("ask", "kind", "sentence"),
    [
        (lambda: ss.explore(ss.Wood()), ValueError, "which a page cannot run: it has 4 coordinates"),
        (lambda: ss.explore(optimizers=ss.BFGS()), ValueError, "it looks across the coordinates"),
        (
            lambda: ss.explore(optimizers=ss.SGD(lr=ss.Armijo())),
            ValueError,
            "lr: got .*, which answers to the run",
        ),
        (lambda: ss.explore(optimizers=ss.SGD(lr=np.array([0.1, 0.2]))), ValueError, "array"),
        (lambda: ss.explore("x**"), ValueError, "formula: got"),
        (lambda: ss.explore(ss.Rosenbrock), TypeError, "problem: got the class Rosenbrock"),
        (lambda: ss.explore(optimizers="SGD"), TypeError, "optimizers: got the str 'SGD'"),
        (lambda: ss.explore(optimizers=[ss.SGD()] * 7), ValueError, "optimizers: got 7, expected at most 6"),
        (lambda: ss.explore(x0=[1.0]), ValueError, "x0: got 1 number"),
        (lambda: ss.explore("log(x)", x0=[-1.0]), ValueError, "x0: got .*, where fun is nan"),
        (lambda: ss.explore(steps=0), ValueError, "steps: got 0"),
        (
            lambda: ss.explore(everything="no"),
            TypeError,
            "everything: got the str 'no', expected True or False",
        ),
        (lambda: ss.explore(steps=1001), ValueError, "steps: got 1001, expected at most 1000"),
        (
            lambda: ss.explore(ss.AdditiveNoise(ss.Quadratic(), rng=9)),
            ValueError,
            "problem: got .*seeds 0, 1, 2",
        ),
        (
            lambda: ss.minimize(ss.Quadratic(), ss.SGD(), x0=np.ones((3, 2)), steps=2).explore(),
            ValueError,
            "batch",
        ),
    ],
)
def test_what_cannot_run_in_a_page_is_refused_in_one_sentence(ask, kind, sentence):
    with pytest.raises(kind, match=sentence) as told:
        ask()
    assert "\n" not in str(told.value)


def test_python_of_a_page_makes_what_the_page_has():
    """What the page writes for each problem and schedule is read back to the same record."""
    known = library()
    data = data_of(known)

    def text(told):
        if "text" in told:
            return told["text"]
        words = [(name, text(argument)) for name, argument in told["arguments"] if "place" not in argument]
        return f"{told['call']}({', '.join(f'{name}={word}' for name, word in words)})"

    for told, place in zip(data["landscapes"], known.landscapes, strict=True):
        assert eval(text(told["python"]), {"ss": ss}) == place.problem
    for table in known.timetables:
        assert eval(text(constructor(table.schedule, [])), {"ss": ss}) == table.schedule


def test_the_command_writes_a_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert (
        main(
            [
                "explore",
                "x**2 + 3*y**2",
                "--x0",
                "-5,-2",
                "--optimizer",
                "Momentum(lr=0.1)",
                "--out",
                "b.html",
            ]
        )
        == 0
    )
    assert "written: b.html" in capsys.readouterr().out
    opens = data_in((tmp_path / "b.html").read_text())["opens"]
    assert (opens["x"], opens["o"][0][0]) == ([-5.0, -2.0], "Momentum")
    assert main(["explore", "--steps", "50"]) == 0
    assert main(["explore"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.html", "explorer-2.html", "explorer.html"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["wood"], "it has 4 coordinates"),
        (["--x0", "1,2"], "--x0: got it without a problem"),
        (["parabola", "--out", "there/b.html"], "--out"),
        (["parabola", "--steps", "0"], "steps: got 0"),
        (["parabola", "--optimizer", "Nonsense"], "--optimizer"),
    ],
)
def test_bad_words_get_one_sentence(words, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["explore", *words]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1


def test_the_command_opens_the_page_itself(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.chdir(tmp_path)
    assert main(["explore", "parabola", "--out", "p.html", "--open"]) == 0
    assert opened == [(tmp_path / "p.html").as_uri()]
