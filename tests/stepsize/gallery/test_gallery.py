"""The gallery: every number as its source has it, every figure drawn, the command, the films.

Each figure states its numbers with provenance and tolerance; here they are asserted, one test a figure. The
key ones are asserted once more directly, by other means, so that a figure that checks nothing would be seen.
"""

import functools
import json
import math

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

import stepsize as ss
from stepsize import gallery
from stepsize.cli.main import main
from stepsize.gallery import figure as figures
from stepsize.gallery.linear import matrix, radius

NAMES = list(gallery.catalogue())

# The rows of the list of textbook plots that the gallery promises, by their numbers there.
ROWS = {
    1: ["d2l-12.3-three-rates"],
    2: ["lecun-four-regimes", "d2l-12.6-scalar"],
    3: ["d2l-12.3-two-dimensions"],
    4: ["boyd-9.2-zigzag", "strang-momentum"],
    5: ["d2l-12.6-momentum"],
    6: ["geron-4-three-rates", "geron-4-paths"],
    7: ["goh-step-size"],
    8: ["goh-momentum-map"],
    9: ["d2l-12.7-adaptive"],
    10: ["d2l-12.4-stochastic"],
    11: ["bottou-noise-floor", "polyak-averaging"],
    12: ["d2l-12.11-schedules", "smith-cycles", "sgdr-restarts", "murphy-8-schedules"],
    13: ["d2l-12.3-local-minimum", "viz-two-wells"],
    14: ["d2l-12.3-newton", "beck-5-newton"],
    15: ["ruder-saddle"],
    16: ["beck-4-listings"],
    17: ["nocedal-6-rosenbrock"],
    18: ["boyd-9.3-exponentials"],
    19: ["shewchuk-conjugate-gradients"],
    20: ["kingma-step-sizes"],
    21: ["reddi-adam-fails"],
    22: ["wilson-generalisation"],
    23: ["nesterov-lower-bound", "drori-huber"],
    24: ["lessard-cycle"],
    25: ["cohen-edge-of-stability", "cohen-two-weights"],
    26: ["d2l-12.5-airfoil"],
    28: ["papazov-intrinsic-quantity"],
    29: ["silver-steps"],
    30: ["schaul-unit-tests"],
    32: ["geron-4-softmax"],
    34: ["boyd-9.6-scaling"],
    39: ["soudry-margin"],
    40: ["kingma-sparse-features"],
    42: ["goodfellow-4.6-canyon"],
    44: ["ruder-beale"],
    45: ["gradient-flow"],
}


@functools.cache
def computed(name):
    return gallery.find(name)()


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_what_its_source_says(name):
    numbers = list(computed(name).numbers)
    assert numbers, "a figure of the gallery shows numbers"
    assert all(number.provenance in figures.PROVENANCES for number in numbers)
    failures = [
        f"{n.what}: {n.value!r}, expected {n.expected!r} or {n.low}...{n.high}"
        for n in computed(name).failures
    ]
    assert failures == []


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_draws_without_a_warning(name):
    with ss.draw.style():
        canvas = FigureCanvasAgg(computed(name).picture)
        canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    assert pixels.min() < 100, "ink"
    assert pixels.max() == 255, "on white"
    ink = (pixels < 250).any(axis=-1)
    border = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    assert not border.any(), "nothing is cut off at the edge"


def test_every_promised_row_has_its_figures():
    assert sorted(ROWS) == [*range(1, 27), 28, 29, 30, 32, 34, 39, 40, 42, 44, 45]
    assert {name for names in ROWS.values() for name in names} <= set(NAMES)
    lessons = [name for name in NAMES if name.startswith(("lesson-", "kohonen-"))]
    assert len(lessons) == 8


def test_every_figure_says_where_it_is_from_and_what_it_teaches():
    for entry in gallery.catalogue().values():
        assert entry.source
        assert entry.place
        assert len(entry.teaches.split()) >= 6, entry.name


# Numbers themselves


@pytest.mark.parametrize(
    ("value", "passes"),
    [(1.0, True), (1.0 + 1e-7, True), (1.0 + 1e-5, False), (math.nan, False), (math.inf, False)],
)
def test_a_number_passes_within_its_tolerance_only(value, passes):
    assert figures.Number("n", value, "printed", expected=1.0, tolerance=1e-6).passes is passes


@pytest.mark.parametrize(
    ("value", "passes"), [(0.0, True), (1.0, True), (1.1, False), (-0.1, False), (math.nan, False)]
)
def test_a_band_holds_what_is_between_its_bounds(value, passes):
    assert figures.Number("n", value, "computed", low=0.0, high=1.0).passes is passes


def test_numbers_refuse_what_could_not_fail():
    numbers = figures.Numbers()
    with pytest.raises(TypeError, match="either a value or between"):
        numbers.printed("nothing to compare with", 1.0)
    with pytest.raises(ValueError, match=r"got shape \(2,\), expected \(3,\)"):
        numbers.printed("shapes", [1.0, 2.0], [1.0, 2.0, 3.0])


def test_an_unknown_figure_names_its_neighbour():
    with pytest.raises(ValueError, match="did you mean ruder-saddle"):
        gallery.find("rudder-saddle")


# The key numbers once more, by other means


def test_goh_three_eigenvalues_336_against_55_updates():
    lams = np.array([0.01, 0.1, 1.0])
    x, m = 1 / np.sqrt(lams), 0.0
    a, b = 400 / 121, 81 / 121  # (2 / 1.1)^2 and (0.9 / 1.1)^2
    count = 0
    while (lams * x * x).sum() / 3 >= 1e-6:
        m = b * m + lams * x
        x = x - a * m
        count += 1
    assert count == 55
    bowl = ss.Quadratic(lams, start=1 / np.sqrt(lams))
    run = ss.minimize(bowl, ss.SGD(lr=200 / 101), steps=336)
    assert run.history.fun[335] / run.history.fun[0] >= 1e-6 > run.history.fun[336] / run.history.fun[0]


@pytest.mark.parametrize("beta", [0.1, 0.5, 0.9])
def test_goh_the_oscillating_regime_shrinks_by_the_root_of_beta_and_not_by_twice_it(beta):
    """A run of 400 updates, not an eigenvalue: the envelope of its ripples."""
    run = ss.minimize(ss.Parabola(curvature=1.0, start=1.0), ss.Momentum(lr=1.0, momentum=beta), steps=400)
    x = np.abs(run.history.x[:, 0])
    observed = (x[300:400].max() / x[100:200].max()) ** (1 / 200)
    assert observed == pytest.approx(math.sqrt(beta), rel=0.01)


@pytest.mark.parametrize(("beta", "limit"), [(0.0, 2.0), (0.5, 3.0), (0.9, 3.8)])
def test_momentum_converges_up_to_two_plus_two_beta(beta, limit):
    inside, outside = (
        ss.minimize(
            ss.Parabola(curvature=1.0, start=1.0), ss.Momentum(lr=limit * s, momentum=beta), steps=4000
        )
        for s in (0.995, 1.005)
    )
    assert abs(inside.x[0]) < 1e-3 < 1e3 < abs(outside.x[0])


def test_the_matrix_of_a_rule_is_the_rule():
    rule = ss.Nesterov(lr=0.3, momentum=0.7)
    state, x = rule.init(np.array([1.0])), np.array([1.0])
    for _ in range(5):
        x, state = rule.step(x, 2.0 * x, state)
    power = np.linalg.matrix_power(matrix(rule, 2.0), 5)
    assert [x[0], state.slots[0][0]] == pytest.approx(power[:, 0])
    assert radius(ss.SGD(lr=0.3), 2.0) == pytest.approx(0.4)


def test_lessard_the_cycle_is_a_fixed_point_of_three_updates():
    p = np.array([792, -2208, 2592]) / 1225
    problem = ss.LessardQuadratic()
    for i in range(3):
        before, now, after = p[i - 1], p[i], p[(i + 1) % 3]
        g = problem.grad(np.array([now]))[0]
        assert after == pytest.approx(now - g / 9 + 4 / 9 * (now - before), abs=1e-12)


def test_reddi_theorem_1_through_the_loop():
    """C = 3: Adam with beta1 = 0 is back at the worst point at every third update."""
    run = ss.minimize(
        ss.OnlineCounterexample(large=3.0, period=3),
        ss.RMSprop(lr=ss.Power(0.5 * math.sqrt(0.9), 0.5), rho=0.1, eps=0.0),
        steps=300,
    )
    assert np.all(run.history.x[::3, 0] == 1.0)
    assert run.history.x.min() < 1.0


def test_wilson_least_norm_solution_is_that_of_linear_algebra():
    problem = ss.WilsonConstruction(14, 6)
    X, y = problem.train
    run = ss.minimize(problem, ss.SGD(lr=1 / problem.L), x0=np.zeros(problem.dim), steps=3000)
    assert run.x == pytest.approx(np.linalg.pinv(X) @ y, abs=1e-10)


def test_silver_worst_case_by_running_it():
    """The printed 0.184215 = 10 * 0.0184215, from the loop on Huber functions of many kinks."""
    kinks = np.linspace(0.03, 0.05, 81)
    gaps = [
        ss.minimize(ss.Huber(kink=k, curvature=10.0, start=1.0), ss.SGD(lr=ss.Silver(L=10.0)), steps=7).fun
        for k in kinks
    ]
    assert max(gaps) == pytest.approx(0.184215, abs=2e-5)
    assert max(gaps) < 10 / (4 * 7 + 2), "better than any constant step"


def test_geron_regression_ends_at_the_normal_equation():
    random = np.random.RandomState(42)
    X = 2 * random.rand(100, 1)
    y = 4 + 3 * X + random.randn(100, 1)
    theta, *_ = np.linalg.lstsq(np.column_stack([np.ones(100), X]), y, rcond=None)
    assert theta.ravel() == pytest.approx([4.21509616, 2.77011339], abs=5.1e-9)


def test_beck_rosenbrock_takes_6890_updates_by_a_loop_of_ten_lines():
    def f(x, y):
        return 100 * (y - x * x) ** 2 + (1 - x) ** 2

    x, y, count = 2.0, 5.0, 0
    while True:
        g, h = -400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)
        if not math.hypot(g, h) > 1e-5:
            break
        t = 2.0
        while f(x, y) - f(x - t * g, y - t * h) < 0.25 * t * (g * g + h * h):
            t *= 0.5
        x, y, count = x - t * g, y - t * h, count + 1
    assert count == 6890


def test_airfoil_floor_by_linear_algebra():
    X, y = ss.Airfoil().train
    residual = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    assert residual @ residual / 3000 == pytest.approx(0.241688, abs=5.1e-7)


# The command


def test_the_command_lists_which_chapter_which_command(capsys):
    assert main(["gallery"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in NAMES)
    assert main(["gallery", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in listed] == NAMES
    assert sum(bool(entry["remark"]) for entry in listed) >= 11


def test_the_command_draws_png_and_svg_and_never_over_a_file(tmp_path, capsys):
    for _ in range(2):
        assert main(["gallery", "d2l-12.3-three-rates", "--out", str(tmp_path)]) == 0
    files = sorted(path.name for path in tmp_path.iterdir())
    stem = "d2l-12.3-three-rates"
    assert files == [f"{stem}-2.png", f"{stem}-2.svg", f"{stem}.png", f"{stem}.svg"]
    first, second = (tmp_path / f"{stem}{n}.svg" for n in ("", "-2"))
    assert first.read_bytes() == second.read_bytes(), "the same bytes each time"
    assert "<text" in first.read_text(), "text stays text"


def test_the_command_checks_and_prints_the_table(capsys):
    assert main(["gallery", "d2l-12.3", "--check"]) == 0
    text = capsys.readouterr().out
    assert "0.060466" in text
    assert "printed" in text
    assert "theorem" in text
    assert "all as expected" in text
    assert main(["gallery", "d2l-12.6", "--check", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["missed"] == 0
    assert {figure["name"] for figure in report["figures"]} == {"d2l-12.6-momentum", "d2l-12.6-scalar"}


def test_a_miss_is_exit_1(monkeypatch, capsys):
    def wrong():
        numbers = figures.Numbers()
        numbers.printed("two and two", 2 + 2, 5.0)
        numbers.theorem("no number", math.nan, 0.0)
        return figures.GalleryFigure(numbers, lambda: None)

    entry = figures.CatalogueEntry("wrong", "nobody", "nowhere", "nothing", "", wrong)
    monkeypatch.setitem(figures._CATALOGUE, "wrong", entry)
    assert main(["gallery", "wrong", "--check"]) == 1
    text = capsys.readouterr().out
    assert "MISS" in text
    assert "2 missed" in text
    assert main(["gallery", "wrong", "--check", "--json"]) == 1
    assert [n["ok"] for n in json.loads(capsys.readouterr().out)["figures"][0]["numbers"]] == [False, False]


def test_checking_needs_no_drawing(monkeypatch):
    def refuse():
        raise AssertionError("drawn")

    entry = gallery.find("goh-step-size")
    assert figures.GalleryFigure(entry().numbers, refuse).failures == []


def test_checking_several_figures_on_two_processes_gives_the_same(capsys):
    names = [name for name in NAMES if name.startswith(("d2l-12.3", "d2l-12.6", "murphy"))]
    assert len(names) >= 6
    assert main(["gallery", *names, "--check", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    for figure in report["figures"]:
        assert figure["numbers"] == [number.to_dict() for number in computed(figure["name"]).numbers]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["gallery", "nobody-knows"], "got 'nobody-knows', expected the name of a figure"),
        (["gallery", "--all", "smith-cycles"], "expected one or the other"),
        (["gallery", "--animate"], "got no figure"),
    ],
)
def test_bad_words_get_one_sentence(words, sentence, capsys):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error


# Films


def test_a_film_moves_point_error_and_rate_in_step(tmp_path, capsys):
    assert main(["gallery", "viz-two-wells", "--animate", "--out", str(tmp_path)]) == 0
    sizes = set()
    for kind in ("gif", "apng"):
        with Image.open(tmp_path / f"viz-two-wells-film.{kind}") as film:
            assert film.n_frames == 48
            sizes.add(film.size)
            film.seek(0)
            first = np.asarray(film.convert("RGB")).astype(int)
            film.seek(film.n_frames - 1)
            last = np.asarray(film.convert("RGB")).astype(int)
        assert (np.abs(first - last).sum(axis=-1) > 60).mean() > 0.001, "something moved"
    assert len(sizes) == 1


def test_the_film_of_a_schedule_shows_its_rate():
    from stepsize.draw.film_frames import Film

    run = ss.minimize(ss.Quadratic(), ss.SGD(lr=ss.Exponential(0.09, d=0.1)), steps=60)
    film = Film({"decay": run}, [(-6.0, 1.0), (-3.0, 3.0)])
    film.set(30)
    (mark, lr), (line, _, error) = film._rates[0], film._errors[0]
    assert mark.get_xdata()[0] == 30
    assert mark.get_ydata()[0] == lr[30]
    assert line.get_ydata()[-1] == error[30]
    assert film._paths[0][1].get_xdata()[0] == run.history.x[30, 0]


def test_a_film_of_many_dimensions_is_refused():
    from stepsize.draw.film_frames import Film

    run = ss.minimize(ss.Quadratic([1.0, 2.0, 3.0]), ss.SGD(lr=0.1), steps=3)
    with pytest.raises(ValueError, match="got 3 dimensions, expected 1 or 2"):
        Film({"run": run})
