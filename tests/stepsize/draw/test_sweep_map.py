"""Pictures of sweeps show the data: colours, borders, marks and captions are checked, not looks."""

import matplotlib as mpl
import numpy as np
import pytest

import stepsize as ss
from stepsize import draw
from stepsize.draw.run import plane

BOWL = ss.Quadratic([1.0, 10.0])


def test_the_map_is_red_beyond_the_border_of_theory_and_nowhere_else():
    sweep = ss.sweep(BOWL, ss.Momentum, 400, lr=np.geomspace(0.01, 1, 40), momentum=np.linspace(0, 0.9, 10))
    ax = draw.map(sweep)
    (border,) = ax.get_lines()
    rates, momenta = border.get_data()
    np.testing.assert_allclose(rates, (2 + 2 * np.asarray(momenta)) / 10, rtol=1e-12)
    (mesh,) = ax.collections
    colors = mesh.get_facecolors() if mesh.get_array() is None else mesh.get_array()
    picture = np.asarray(colors).reshape(10, 40, -1)[..., :3]
    red = np.allclose(picture[:, -1], mpl.colors.to_rgb("#D55E00"), atol=0.01)
    assert red
    is_red = np.isclose(picture, mpl.colors.to_rgb("#D55E00"), atol=0.01).all(axis=-1)
    beyond = np.unique(sweep["lr"])[None, :] > 1.002 * np.asarray(rates)[:, None]
    assert np.array_equal(is_red, beyond)
    assert ax.get_xscale() == "log"
    assert ax.get_yscale() == "linear"


def test_a_map_needs_a_whole_grid_of_numbers():
    sweep = ss.sweep(BOWL, ss.Momentum, 10, samples=9, lr=[0.01, 0.02, 0.03], momentum=[0.0, 0.5, 0.9])
    with pytest.raises(ValueError, match="expected a whole grid"):
        draw.map(sweep)
    words = ss.sweep(BOWL, ss.Adagrad, 10, lr=[0.1, 0.2], eps_inside=[True, False])
    with pytest.raises(ValueError, match=r"eps_inside: .* expected a column of numbers"):
        draw.map(words, y="eps_inside")


def test_rate_by_batch_size_marks_the_best_rate_of_each_row():
    problems = [ss.AdditiveNoise(BOWL, sigma_g=sigma) for sigma in (0.1, 1.0, 10.0)]
    rates = np.geomspace(1e-3, 0.19, 12)
    sweep = ss.sweep(problems, ss.SGD, 60, lr=rates, seeds=3)
    ax = draw.errors(sweep, y="problem.sigma_g")
    chosen, rows = ax.get_lines()[-1].get_data()
    for sigma, rate in zip(rows, chosen, strict=True):
        mine = sweep["problem.sigma_g"] == sigma
        medians = [np.median(sweep["final"][mine & (sweep["lr"] == lr)]) for lr in rates]
        assert rate == rates[int(np.argmin(medians))]
    assert chosen[0] > chosen[-1], "more noise wants a smaller rate"


def test_sensitivity_declares_what_a_comparison_must():
    starts = np.random.default_rng(0).normal(size=(5, 2))
    rules = [ss.SGD, ss.RMSprop]
    sweep = ss.sweep(ss.Rosenbrock(), rules, 200, lr=np.geomspace(1e-4, 1e-2, 9), rho=[0.9, 0.99], x0=starts)
    ax = draw.sensitivity(sweep)
    said = " ".join(text.get_text() for text in ax.texts).replace("\n", " ")
    for fact in [
        "200 updates",
        "9 values of lr from 0.0001 to 0.01",
        "rho 0.9, 0.99",
        "5 starts",
        "Baselines: SGD",
    ]:
        assert fact in said
    curve = ax.get_lines()[0]
    for lr, shown in zip(*curve.get_data(), strict=True):
        mine = (sweep["optimizer"] == "SGD") & (sweep["lr"] == lr)
        assert shown == np.quantile(sweep["final"][mine], 0.5, method="nearest")
    with pytest.raises(ValueError, match="a baseline among the optimizers"):
        draw.sensitivity(ss.sweep(ss.Rosenbrock(), ss.RMSprop, 5, lr=[0.1, 0.2]))


def test_columns_that_make_no_picture_are_one_sentence():
    sweep = ss.sweep(BOWL, [ss.SGD, ss.Momentum], 10, lr=[0.01, 0.02], momentum=[0.0, 0.5])
    with pytest.raises(
        ValueError, match=r"sweep: got the list \['SGD'\], expected optimizers that have momentum"
    ):
        draw.sensitivity(sweep, x="momentum")
    with pytest.raises(ValueError, match="y: got the str 'fnal', expected 'final' or 'best'"):
        draw.sensitivity(sweep, y="fnal")
    with pytest.raises(TypeError, match=r"sweep: got Quadratic\(.*\), expected what sweep returns"):
        draw.map(BOWL)
    with pytest.raises(ValueError, match=r"column: got 'problem.size', expected one of optimizer, lr, "):
        draw.errors(sweep)


def test_the_border_follows_the_curvature_of_several_problems():
    bowls = [ss.Quadratic([1.0, curvature]) for curvature in (2.0, 8.0, 20.0)]
    ax = draw.map(ss.sweep(bowls, ss.SGD, 50, lr=np.geomspace(0.01, 2, 30)), y="problem.L")
    (border,) = ax.get_lines()
    rates, curvatures = border.get_data()
    np.testing.assert_allclose(np.multiply(rates, curvatures), 2.0, rtol=1e-12)
    assert border.get_label() == "theory: 2/L"


def test_even_rates_stand_on_an_even_axis_and_cells_around_their_values():
    for values, scale in ((np.linspace(0.001, 0.3, 40), "linear"), (np.geomspace(0.001, 0.3, 40), "log")):
        ax = draw.map(ss.sweep(BOWL, ss.Momentum, 20, lr=values, momentum=[0.0, 0.5, 0.9]))
        assert ax.get_xscale() == scale
        edges = ax.collections[0].get_coordinates()[0, :, 0]
        assert ((edges[:-1] < values) & (values < edges[1:])).all()


def test_a_picture_is_saved_from_its_axes_and_nothing_is_left_half_written(tmp_path):
    ax = draw.gap(ss.minimize(BOWL, ss.SGD(lr=0.1), steps=5))
    for kind in ("png", "svg", "pdf"):
        first, second = (draw.save(ax, tmp_path / f"{name}.{kind}").read_bytes() for name in "ab")
        assert first == second, "the same bytes each time"
    with pytest.raises(
        ValueError, match=r"target: got .*, expected a name that ends with .png, .svg or .pdf"
    ):
        draw.save(ax, tmp_path / "a.gif")
    assert len(list(tmp_path.iterdir())) == 6


def test_the_finders_picture_has_its_numbers():
    found = ss.find_lr(BOWL, ss.SGD, 40)
    ax = draw.found_rate(found, counts=(50, 100))
    labels = " ".join(text.get_text() for text in ax.get_legend().get_texts())
    for word in ("best 0.1", "edge 0.2", "2/L = 0.2", "2/(L+mu) = 0.182", "torch-lr-finder", "fastai valley"):
        assert word in labels
    ax.figure.canvas.draw()


def test_the_projection_keeps_a_plane_whole_and_says_what_it_hides():
    flat = ss.minimize(ss.Quadratic([1.0, 5.0, 9.0], start=[1.0, 2.0, 0.0]), ss.SGD(lr=0.05), steps=40)
    seen = plane(flat)
    assert sum(seen.shares) == pytest.approx(1.0, abs=1e-12)
    assert np.abs(seen.off_plane).max() < 1e-12
    distances = np.linalg.norm(flat.history.x - flat.history.x[-1], axis=1)
    np.testing.assert_allclose(np.linalg.norm(seen.points, axis=1), distances, atol=1e-12)
    run = ss.minimize(ss.BreastCancer(), ss.Adam(lr=0.1), steps=60)
    seen = plane(run)
    centered = run.history.x - run.history.x[-1]
    _, sizes, _ = np.linalg.svd(centered)
    np.testing.assert_allclose(seen.shares, (sizes**2 / (sizes**2).sum())[:2], rtol=1e-9)
    hidden = run.history.fun[0] - run.problem.fun(seen.center + seen.points[0] @ seen.axes)
    assert seen.off_plane[0] == pytest.approx(hidden)
    title = draw.projection(run).get_title(loc="left")
    assert f"{100 * sum(seen.shares):.1f} % of the path" in title
    assert f"{abs(hidden):.2g} at the start" in title
