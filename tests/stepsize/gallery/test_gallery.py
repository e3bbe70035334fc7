"""The gallery: every number as its source has it, every figure drawn, the command, the films.

Each figure states its numbers with provenance and tolerance; here they are asserted, one test a figure. The
key ones are asserted once more directly, by other means, so that a figure that checks nothing would be seen.
"""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

import stepsize as ss
from stepsize import gallery
from stepsize.draw.style import COLORS
from stepsize.gallery import figure as figures
from stepsize.gallery.linear import matrix, radius
from tests.stepsize.gallery.record import FILE, figure_of

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


@pytest.mark.parametrize("name", NAMES)
def test_a_film_has_the_colours_of_the_picture(name):
    """Each path that the picture draws whole has the colour that the film gives its run."""
    found = figure_of(name)
    runs, places = found.drawing.runs, found.drawing.colors
    assert places is None or len(places) == len(runs)
    places = range(len(COLORS)) if places is None else places
    colors = [COLORS[place] if isinstance(place, int) else place for place in places]
    filmed, drawn = [], []
    for run, color in zip(runs.values(), colors, strict=False):
        for line in [line for axes in found.picture.axes for line in axes.lines]:
            x, path = np.asarray(line.get_xdata()), run.history.x[:, 0]
            if 5 < len(x) <= len(path) and np.array_equal(x, path[: len(x)]) and np.ptp(x) > 0:
                filmed.append(to_hex(color))
                drawn.append(to_hex(line.get_color()))
    # A picture of several panels may have one colour twice, a film may not.
    if len({*drawn}) == len({*filmed}):
        assert filmed == drawn


@pytest.mark.parametrize("name", NAMES)
def test_the_minimum_that_a_film_measures_from_is_one(name):
    """A film marks the minimizers and draws the gap to the minimum."""
    for problem in {id(run.problem): run.problem for run in figure_of(name).drawing.runs.values()}.values():
        for point in np.array(problem.minimizers or ()):
            assert float(problem.fun(point)) == pytest.approx(problem.minimum, abs=1e-9)
            assert np.abs(problem.grad(point)).max() < 1e-6
            around = point + 0.5 * np.random.default_rng(0).standard_normal((50, len(point)))
            assert min(float(problem.fun(x)) for x in around) >= problem.minimum - 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_what_its_source_says(name):
    numbers = list(figure_of(name).numbers)
    assert numbers, "a figure of the gallery shows numbers"
    assert all(number.provenance in figures.PROVENANCES for number in numbers)
    failures = [
        f"{n.what}: {n.value!r}, expected {n.expected!r} or {n.low}...{n.high}"
        for n in figure_of(name).failures
    ]
    assert failures == []


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_draws_without_a_warning(name):
    with ss.draw.style():
        canvas = FigureCanvasAgg(figure_of(name).picture)
        canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    assert pixels.min() < 100, "ink"
    assert pixels.max() == 255, "on white"
    ink = (pixels < 250).any(axis=-1)
    border = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    assert not border.any(), "nothing is cut off at the edge"


@pytest.mark.parametrize("name", NAMES)
def test_hollow_points_are_explained_wherever_they_stand(name):
    """An update that overshot ends in an open circle; a picture that shows one says so."""
    picture = figure_of(name).picture
    FigureCanvasAgg(picture).draw()
    said = [text.get_text() for key in picture.legends for text in key.get_texts()]
    assert ("an update that overshot" in said) == any(map(_shows_a_hollow_point, picture.axes))


def _shows_a_hollow_point(ax):
    marked = [line for line in ax.lines if line.get_gid() == "overshot"]
    box = ax.get_window_extent()
    points = [ax.transData.transform(np.column_stack(line.get_data())) for line in marked]
    return any(box.x0 - 1 <= x <= box.x1 + 1 and box.y0 - 1 <= y <= box.y1 + 1 for p in points for x, y in p)


def test_the_updates_of_a_schedule_are_marked_where_they_are_few():
    """Thirty can be told apart, 12001 cannot."""
    for name, marker in (("d2l-12.11-schedules", "o"), ("smith-cycles", "None")):
        lines = [line for ax in figure_of(name).picture.axes for line in ax.lines]
        assert {line.get_marker() for line in lines} == {marker}


def test_drawing_does_not_measure_the_machine():
    """The same picture, to the last bar, whoever draws it."""
    entry = gallery.find("lesson-price-of-adaptivity")
    widths = [[bar.get_width() for ax in entry().picture.axes for bar in ax.patches] for _ in range(2)]
    assert widths[0] == widths[1]
    assert widths[0][7:] == [2, 5, 6, 7, 9, 16, 14]


def test_papazov_most_draws_agree_with_the_paper_by_the_closed_loop():
    """Four draws of seven: the distance grows with lambda; here for two of them, by a loop of five lines."""
    for draw, grows in ((0, False), (4, True)):
        net = ss.DiagonalLinearNetwork(rng=draw)
        ends = []
        for lam in (0.05, 5.0):
            x, v, beta = np.array(net.x0), 0.0, 1 - (0.01 / lam) ** 0.5
            for _ in range(round(200 / (lam * 0.01) ** 0.5)):
                v = beta * v + net.grad(x)
                x = x - 0.01 * v
            ends.append(np.linalg.norm(net.product(x) - net.sparse_vector))
        assert (ends[1] > ends[0]) == grows


def test_every_promised_row_has_its_figures():
    assert sorted(ROWS) == [*range(1, 27), 28, 29, 30, 32, 34, 39, 40, 42, 44, 45]
    assert {name for names in ROWS.values() for name in names} <= set(NAMES)
    lessons = [name for name in NAMES if name.startswith(("lesson-", "kohonen-"))]
    assert len(lessons) >= 8


def test_every_figure_says_where_it_is_from_and_what_it_teaches():
    for entry in gallery.catalogue().values():
        assert entry.source
        assert entry.place
        assert len(entry.teaches.split()) >= 6, entry.name


def test_the_order_of_the_catalogue_is_that_of_the_modules_whichever_is_imported_first():
    script = "import stepsize.gallery.wilson; from stepsize import gallery; print(*gallery.catalogue())"
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert said.stdout.split() == list(json.loads(FILE.read_text(encoding="utf-8"))) == NAMES


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
