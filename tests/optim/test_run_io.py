"""A run on disk, as a table, thinned, in a notebook and in a picture; what is measured on it."""

import csv
import tracemalloc

import numpy as np
import pytest
from matplotlib.figure import Figure

import stepsize as ss
from problems import Problem
from stepsize.draw.html import curves_svg

CASES = [
    (ss.Quadratic(), ss.Adam(lr=0.1)),
    (ss.Rosenbrock(), ss.PolyakRuppert(ss.SGD(lr=0.001))),
    (ss.MiniBatch(ss.BreastCancer(), size=32), ss.SGD(lr=0.1)),
    (ss.Rosenbrock(), ss.SGD(lr=ss.Armijo())),
    (ss.Quadratic(), ss.SGD(lr=[[0.01], [0.2]])),
    (ss.Quadratic(), ss.SGD(lr=1.0)),
]
COLUMNS = ("fun", "grad_norm", "lr", "overshoot")


@pytest.mark.parametrize(("problem", "rule"), CASES, ids=repr)
def test_what_is_saved_is_what_is_loaded(problem, rule, tmp_path):
    run = ss.minimize(problem, rule, steps=30, every=4)
    run.save(tmp_path / "run.npz")
    back = ss.Run.load(tmp_path / "run.npz")
    assert (back.problem, back.optimizer) == (problem, rule)
    for name in (*COLUMNS, "x", "n", "output", "output_fun"):
        one, other = (getattr(r.history, name) for r in (run, back))
        assert (one is None and other is None) or np.array_equal(one, other, equal_nan=True), name
    for name in ("nit", "nfev", "njev", "status", "message", "success"):
        assert getattr(run, name) == getattr(back, name), name
    assert np.array_equal(run.loss, back.loss, equal_nan=True)
    assert np.array_equal(run.diverged, back.diverged)
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"], "nothing half written stays behind"
    if not np.any(run.diverged):
        whole = ss.minimize(problem, rule, steps=40)
        rest = ss.minimize(problem, rule, back.last_x, 10, state=back.state)
        assert np.array_equal(rest.history.x[-1], whole.history.x[-1]), "and it goes on bit for bit"


def test_a_problem_of_ones_own_is_asked_for(tmp_path):
    custom = ss.Problem.of(lambda x: (x * x).sum(), lambda x: 2 * x, x0=[1.0], minimum=0.0)
    run = ss.minimize(custom, ss.SGD(lr=0.1), steps=5)
    run.save(tmp_path / "run.npz")
    with pytest.raises(ValueError, match="problem: got None, expected the problem itself"):
        ss.Run.load(tmp_path / "run.npz")
    assert ss.Run.load(tmp_path / "run.npz", problem=custom).fun == run.fun


def test_another_file_is_refused(tmp_path):
    ss.Adam().init(np.ones(2)).save(tmp_path / "state.npz")
    (tmp_path / "text.npz").write_text("no archive")
    for name in ("state.npz", "text.npz"):
        with pytest.raises(ValueError, match=r"expected a file written by Run\.save"):
            ss.Run.load(tmp_path / name)


def test_a_file_with_pickles_is_refused(tmp_path):
    np.savez(tmp_path / "evil.npz", header=np.array([object()], dtype=object))
    with pytest.raises(ValueError, match=r"expected a file written by Run\.save"):
        ss.Run.load(tmp_path / "evil.npz")


@pytest.mark.parametrize(("problem", "rule"), CASES, ids=repr)
@pytest.mark.parametrize("steps", [0, 1, 7, 600])
def test_thinning_drops_points_and_nothing_else(problem, rule, steps):
    if steps == 600 and isinstance(problem, ss.MiniBatch):
        steps = 40
    whole, thin = (ss.minimize(problem, rule, steps=steps, every=every) for every in (1, 10))
    for name in COLUMNS:
        one, other = (getattr(run.history, name) for run in (whole, thin))
        assert np.array_equal(one, other, equal_nan=True), name
    n = thin.history.n
    assert n[0] == 0
    assert n[-1] == thin.nit
    assert set(np.diff(n)[:-1].tolist()) <= {10}
    assert np.array_equal(whole.history.x[n], thin.history.x, equal_nan=True)
    known = n if isinstance(problem, ss.MiniBatch) else slice(None)
    np.testing.assert_allclose(whole.loss[known], thin.loss[known], rtol=1e-12)
    assert np.array_equal(whole.x, thin.x, equal_nan=True)
    if whole.history.x.ndim == 2:
        assert ss.diagnose(whole).verdict == ss.diagnose(thin).verdict
    assert (thin.best_fun >= whole.best_fun - 1e-12 * np.abs(whole.best_fun)).all()
    assert np.isin(thin.best_step, n).all()


def test_thinning_saves_memory():
    """Ten thousand updates of a thousand parameters: 80 MB of points, or one hundredth of it."""
    problem = ss.Quadratic(np.ones(1000))

    def peak(every):
        tracemalloc.start()
        run = ss.minimize(problem, ss.SGD(lr=0.1), steps=3000, every=every)
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return held, run

    whole, thin = peak(1), peak(100)
    assert whole[0] > 24e6
    assert thin[0] < 1e6


def test_thinning_needs_a_known_minimum_or_a_whole_problem():
    noisy = ss.AdditiveNoise(ss.Problem.of(lambda x: (x * x).sum(), lambda x: 2 * x, x0=[1.0]), sigma_g=0.1)
    with pytest.raises(ValueError, match="every: got 2 for estimates of a problem whose minimum is unknown"):
        ss.minimize(noisy, ss.SGD(lr=0.1), steps=3, every=2)
    with pytest.raises(ValueError, match="every: got 0"):
        ss.minimize(ss.Parabola(), ss.SGD(lr=0.1), steps=3, every=0)


def test_csv_and_pandas_hold_the_history_to_the_last_bit(tmp_path):
    run = ss.minimize(ss.Quadratic(), ss.Momentum(lr=ss.Exponential(0.1, 0.1)), steps=20)
    run.to_csv(tmp_path / "run.csv")
    with (tmp_path / "run.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 21
    assert [float(row["x2"]) for row in rows] == run.history.x[:, 1].tolist()
    assert [float(row["lr"]) for row in rows[1:]] == run.history.lr.tolist()
    assert [row["overshoot"] == "True" for row in rows[1:]] == run.history.overshoot.tolist()
    assert rows[0]["lr"] == "nan"
    pytest.importorskip("pandas", reason="pandas is an optional extra")
    frame = run.to_pandas()
    assert list(frame.columns) == ["update", "x1", "x2", "fun", "error", "grad_norm", "lr", "overshoot"]
    assert frame["error"].tolist() == run.error.tolist()


def test_a_batch_and_a_rate_a_coordinate_as_tables():
    batch = ss.minimize(ss.Quadratic(), ss.SGD(lr=[[0.01], [0.02]]), steps=3)
    pytest.importorskip("pandas", reason="pandas is an optional extra")
    frame = batch.to_pandas()
    assert frame["run"].tolist() == [0] * 4 + [1] * 4
    assert frame["update"].tolist() == [0, 1, 2, 3] * 2
    assert frame["x1"].tolist() == batch.history.x[:, 0, 0].tolist() + batch.history.x[:, 1, 0].tolist()
    assert frame["lr"].tolist()[1:4] == [0.01] * 3
    assert frame["lr"].tolist()[5:] == [0.02] * 3
    diagonal = ss.minimize(ss.Quadratic(), ss.SGD(lr=[0.5, 0.05]), steps=2).to_pandas()
    assert diagonal["lr1"].tolist()[1:] == [0.5, 0.5]
    assert diagonal["lr2"].tolist()[1:] == [0.05, 0.05]


@pytest.mark.parametrize(("problem", "rule"), CASES, ids=repr)
def test_a_notebook_shows_a_table_and_a_curve(problem, rule):
    shown = ss.minimize(problem, rule, steps=30)._repr_html_()
    assert shown.startswith("<table>")
    assert shown.count("<svg") == shown.count("</svg>") == 1
    assert "<polyline" in shown
    assert "nan" not in shown
    assert "http" not in shown.replace("http://www.w3.org/2000/svg", ""), "nothing from outside"


def test_the_curve_of_an_error_is_drawn_where_it_is():
    drawn = curves_svg(np.geomspace(1, 1e-4, 5)[:, None], "gap")
    points = drawn.split("points='")[1].split("'")[0].split()
    heights = [float(point.split(",")[1]) for point in points]
    np.testing.assert_allclose(np.diff(heights), np.diff(heights)[0], atol=0.2)
    assert curves_svg(np.zeros((3, 1)), "gap") == ""


def test_plot_is_a_figure_of_any_single_run():
    for problem in (ss.Parabola(), ss.Quadratic(), ss.BreastCancer()):
        assert isinstance(ss.minimize(problem, ss.SGD(lr=0.01), steps=20).plot(), Figure)
    thin = ss.minimize(ss.Quadratic(), ss.SGD(lr=0.01), steps=50, every=7).plot()
    assert isinstance(thin, Figure)
    with pytest.raises(ValueError, match="expected a single run, not a batch"):
        ss.minimize(ss.Parabola(), ss.SGD(lr=[[0.1]]), steps=2).plot()


# --- what is measured


class Wavy(Problem, abstract=True):
    """cos(x1) + 3 x2^2 + x1 x2: its Hessian is known, but it does not tell."""

    x0 = (0.3, -0.2)

    def fun(self, x):
        a, b = x[..., 0], x[..., 1]
        return np.cos(a) + 3 * b * b + a * b

    def grad(self, x):
        a, b = x[..., 0], x[..., 1]
        return np.stack([-np.sin(a) + b, 6 * b + a], axis=-1)


def test_sharpness_without_a_hessian_is_that_of_the_hessian():
    run = ss.minimize(Wavy(), ss.SGD(lr=0.1), steps=10)
    measured = ss.sharpness(run, points=4)
    for k, value in zip(measured.at, measured.largest, strict=True):
        H = np.array([[-np.cos(run.history.x[k, 0]), 1.0], [1.0, 6.0]])
        assert value == pytest.approx(np.linalg.eigvalsh(H)[-1], rel=1e-6)
    assert measured.limit.tolist() == [20.0] * 4
    assert measured.share_above == 0.0


def test_sharpness_at_the_edge_tells_growth():
    """On a quadratic the run grows exactly if the sharpness is above 2/lr."""
    for lr, above in ((0.099, 0.0), (0.101, 1.0)):
        run = ss.minimize(ss.Quadratic(), ss.SGD(lr=lr), steps=400, every=50)
        assert ss.sharpness(run).share_above == above
        assert (run.fun > run.history.fun[0]) == bool(above)


def test_the_noise_scale_is_trace_over_square():
    problem = ss.BreastCancer(l2=0.0)
    x = np.linspace(-0.1, 0.1, problem.dim)
    A, s = problem.train
    each = (-s / (1 + np.exp(s * (A @ x))))[:, None] * A
    g = each.mean(axis=0)
    assert ss.noise_scale(problem, x) == pytest.approx(
        ((each - g) ** 2).mean(axis=0).sum() / (g @ g), rel=1e-9
    )
    assert ss.noise_scale(ss.MiniBatch(problem, size=8), x) == ss.noise_scale(problem, x)
    with pytest.raises(TypeError, match=r"problem: got .* expected a mean over examples"):
        ss.noise_scale(ss.Rosenbrock(), [0.0, 0.0])
