"""The shape of each prototype is what its name and its source say, at every scale and slope."""

import math

import numpy as np
import pytest

from problems import Prototype, PrototypeNorm

SCALES = {"normal": -1.0, "steep": -10.0, "saddle": 1.0, "flat": -0.1}
START, END = np.array(0.0), np.array(1.0)
SHAPES = [
    *("line", "abs", "relu", "cliff", "ridge", "bend", "quad_bowl", "quad_convex", "exponential"),
    *(f"{family}_{part}" for family in ("gauss", "laplace") for part in ("bowl", "convex", "nonconvex")),
]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("shape", SHAPES)
def test_slope_and_curvature_are_those_of_the_values(shape, scale):
    problem, x = Prototype(shape, scale), np.linspace(0.03, 0.97, 40)
    h = 1e-6
    low, here, high = (problem.curve(x + step) for step in (-h, 0.0, h))
    smooth = np.abs(high.g - low.g - 2 * h * here.h) < 1e-3 * (1 + np.abs(here.g))  # but for a kink between
    assert smooth.sum() >= 39
    size = 1 + np.abs(here.g) + np.abs(here.h) + np.abs(here.f)
    assert (np.abs((high.f - low.f) / (2 * h) - here.g) / size)[smooth].max() < 1e-6
    assert (np.abs((high.g - low.g) / (2 * h) - here.h) / size)[smooth].max() < 1e-6


# The slope at the end over the slope at the start, where that is negative; where it is positive it is the
# inverse for bowls and wells, whose pieces are then run through from the bottom to the rim.
ENDS = {
    "line": 1.0,
    "abs": -1.0,
    "relu": 0.0,
    "cliff": -10.0,
    "ridge": 10.0,
    "quad_bowl": -1.0,
    "exponential": 1e-3,
}
WELLS = {
    "quad_convex": 0.1,
    # u exp(-u^2) at the end over that at the start: from 1/sqrt(2) widths to 0.1, from 4 widths to 1/sqrt(2).
    "gauss_convex": 0.1 * math.exp(-0.01) / (math.sqrt(0.5) * math.exp(-0.5)),
    "gauss_nonconvex": math.sqrt(0.5) * math.exp(-0.5) / (4 * math.exp(-16)),
    # exp(-u): from 1 width to 0.1, from 8 widths to 1.
    "laplace_convex": math.exp(0.9),
    "laplace_nonconvex": math.exp(7.0),
    "gauss_bowl": -1.0,
    "laplace_bowl": -1.0,
}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("shape", [*ENDS, *WELLS])
def test_a_piece_ends_at_the_slope_that_its_source_gives(shape, scale):
    problem = Prototype(shape, scale)
    first, last = problem.curve(START), problem.curve(END)
    assert first.g == pytest.approx(SCALES[scale], rel=1e-12)
    ratio = ENDS.get(shape, WELLS.get(shape))
    if shape in WELLS and scale == "saddle":
        ratio = 1 / ratio
    assert last.g == pytest.approx(ratio * first.g, rel=1e-9, abs=1e-15)
    assert first.f == pytest.approx({"flat": 2.0}.get(scale, 200.0), rel=1e-15)


@pytest.mark.parametrize("scale", SCALES)
def test_a_gaussian_well_bends_where_its_convex_part_begins(scale):
    """Run through from the rim, the curvature is 0 at the start; from the bottom, at the end."""
    at_bend = END if scale == "saddle" else START
    size = abs(SCALES[scale])
    assert Prototype("gauss_convex", scale).curve(at_bend).h == pytest.approx(0.0, abs=1e-12 * size)
    assert Prototype("gauss_nonconvex", scale).curve(END - at_bend).h == pytest.approx(0.0, abs=1e-6 * size)


@pytest.mark.parametrize("shape", ["quad_bowl", "gauss_bowl", "laplace_bowl"])
def test_a_bowl_ends_as_high_as_it_starts_and_is_lowest_in_the_middle(shape):
    problem = Prototype(shape)
    assert problem.curve(END).f == pytest.approx(200.0, rel=1e-14)
    assert problem.minimizers == ((pytest.approx(0.5, rel=1e-14),),)
    assert problem.curve(np.array(0.5)).f == pytest.approx(problem.minimum, rel=1e-14)
    assert problem.curve(np.array([0.4, 0.6])).f.min() > problem.minimum


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("shape", ["abs", "relu", "cliff", "ridge", "line"])
def test_the_two_lines_of_a_corner_are_equally_long(shape, scale):
    problem = Prototype(shape, scale)
    corner = np.array(problem._curves[0].at)
    heights = [float(problem.curve(x).f) for x in (START, corner, END)]
    lengths = np.hypot([corner, 1 - corner], np.diff(heights))
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-12)
    assert heights[1] == pytest.approx(heights[0] + SCALES[scale] * corner, rel=1e-14)


def test_a_corner_that_is_an_optimum_has_slope_0_and_another_its_right_one():
    corner = {shape: Prototype(shape)._curves[0].at for shape in ("abs", "relu", "ridge", "line", "bend")}
    slopes = {shape: Prototype(shape).grad(np.array([at])).item() for shape, at in corner.items()}
    assert slopes == {"abs": 0.0, "relu": 0.0, "ridge": -10.0, "line": -1.0, "bend": 0.0}


def test_a_bend_is_level_first_and_then_has_the_slope_before_the_last_level_piece():
    problem = Prototype("line-relu-bend", "steep")
    assert problem.curve(np.array([0.7, 0.99])).g.tolist() == [0.0, -10.0]
    alone = Prototype("bend")
    assert alone.curve(np.array([0.01, 0.99])).g.tolist() == [0.0, -1.0]


def test_a_well_on_level_ground_has_the_faintest_slope():
    problem = Prototype("relu-gauss_bowl", "flat")
    assert problem.curve(np.array(0.5 + 1e-9)).g == pytest.approx(-1e-7, rel=1e-6)


SMOOTH = {"line", "quad_bowl", "quad_convex", "exponential"} | set(SHAPES[9:]) - {"laplace_bowl"}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_said_of_a_single_piece_is_so(shape):
    """Its minimum on a fine grid far beyond its ends, whether others are as low nearby, and its kinks."""
    problem = Prototype(shape)
    assert problem.smooth == (shape in SMOOTH)
    grid = np.linspace(-300.0, 300.0, 600_001)
    with np.errstate(over="ignore"):
        low = grid[problem.curve(grid).f.argmin()]
        lowest = problem.curve(np.append(low + 1e-3 * np.linspace(-1, 1, 200_001), low)).f.min()
    if problem.minimum is None:
        assert lowest < 0
        return
    assert problem.minimum <= lowest * (1 + 1e-14 * np.sign(lowest))
    assert lowest == pytest.approx(problem.minimum, rel=1e-7)
    if problem.minimizers:
        near = problem.curve(problem.minimizers[0][0] + np.array([-1e-3, 1e-3])).f
        assert problem.isolated == (near > problem.minimum).all()


def test_several_pieces_have_no_stated_minimum_and_are_not_smooth():
    problem = Prototype("quad_convex-quad_bowl")
    assert (problem.minimum, problem.minimizers, problem.smooth) == (None, None, False)
    assert Prototype("quad_bowl", "saddle").minimum is None
    assert Prototype("quad_bowl", "saddle").minimizers is None
    assert [type(v) for v in problem.domain] == [float, float]


BOWL, KINK, FLOOR = Prototype("quad_bowl"), Prototype("abs"), Prototype("relu")
NORMS = [
    (PrototypeNorm((BOWL, KINK), "L1"), True),
    (PrototypeNorm((BOWL, KINK), "L2"), True),
    (PrototypeNorm((BOWL, KINK), "Linf"), False),
    (PrototypeNorm((BOWL, BOWL), "Linf"), True),
    (PrototypeNorm((BOWL, FLOOR), "L1"), False),
    (PrototypeNorm((KINK,), "Linf"), True),
]


@pytest.mark.parametrize(("problem", "isolated"), NORMS, ids=lambda v: getattr(v, "formula", None))
def test_the_minimizer_of_a_norm_stands_alone_or_is_said_not_to(problem, isolated):
    center = np.array(problem.minimizers[0])
    assert problem.fun(center) == pytest.approx(problem.minimum, rel=1e-14)
    steps = np.random.default_rng(0).normal(size=(400, problem.dim))
    steps[:100] *= np.arange(problem.dim) == 0
    steps[100:200] *= np.arange(problem.dim) == problem.dim - 1
    moved = steps[np.abs(steps).max(axis=1) > 0]
    moved = 1e-3 * moved / np.abs(moved).max(axis=1, keepdims=True)
    others = problem.fun(center + moved)
    assert (others > problem.minimum + 1e-9).all() == isolated
    assert problem.isolated == isolated


def test_a_norm_has_a_minimum_only_where_each_part_has_one_above_zero():
    below = Prototype("gauss_bowl", "steep")
    assert PrototypeNorm((BOWL, Prototype("line"))).minimum is None
    assert PrototypeNorm((BOWL, Prototype("line"))).minimizers is None
    assert (below.minimum >= 0) == (PrototypeNorm((BOWL, below)).minimum is not None)
    assert not PrototypeNorm((BOWL, BOWL), "Linf").smooth
    assert PrototypeNorm((BOWL, BOWL), "L2").smooth
    assert not PrototypeNorm((BOWL, KINK), "L2").smooth
    assert PrototypeNorm((BOWL, KINK), "Linf").formula == "Linf norm of quad_bowl, normal, abs, normal"


POINTS = np.array([[0.2, 0.9], [0.6, 0.1], [0.45, 0.55]])
PARTS = [
    (BOWL, Prototype("line", "flat")),
    (Prototype("line", "steep"), Prototype("quad_convex")),
    (Prototype("line", "flat"), BOWL),
]


@pytest.mark.parametrize("norm", ["L1", "L2", "Linf"])
@pytest.mark.parametrize("parts", PARTS, ids=lambda v: ", ".join(p.formula for p in v))
def test_the_slope_and_the_curvature_of_a_norm_are_those_of_its_values(parts, norm):
    problem = PrototypeNorm(parts, norm)
    for x in POINTS * [1.0, 1.0]:
        steps = 1e-6 * np.eye(2)
        slope = [(problem.fun(x + h) - problem.fun(x - h)) / 2e-6 for h in steps]
        np.testing.assert_allclose(problem.grad(x), slope, rtol=1e-5, atol=3e-7 * problem.fun(x))
        bends = [(problem.grad(x + h) - problem.grad(x - h)) / 2e-6 for h in steps]
        np.testing.assert_allclose(problem.hess(x), bends, rtol=1e-5, atol=1e-7)
    assert np.array_equal(problem.grad(POINTS), [problem.grad(x) for x in POINTS])
    assert np.array_equal(problem.hess(POINTS), [problem.hess(x) for x in POINTS])


def test_of_a_maximum_only_the_largest_part_has_a_slope_and_of_equal_ones_the_first():
    largest = PrototypeNorm((Prototype("line", "flat"), BOWL), "Linf")
    assert largest.grad(np.array([0.3, 0.25])).tolist() == [0.0, -0.5]
    assert PrototypeNorm((BOWL, BOWL), "Linf").grad(np.array([0.25, 0.25])).tolist() == [-0.5, 0.0]
    below = PrototypeNorm((Prototype("line"), Prototype("line", "flat")), "Linf")
    x = np.array([500.0, 0.0])  # 200 - 500 is the larger in size, and below zero
    assert (below.fun(x), below.grad(x).tolist()) == (300.0, [1.0, 0.0])


@pytest.mark.parametrize("norm", ["L1", "L2", "Linf"])
def test_the_norm_of_one_prototype_is_its_size(norm):
    x = np.array([[0.25], [300.0]])
    assert np.array_equal(PrototypeNorm((Prototype("line"),), norm).fun(x), [199.75, 100.0])


def test_an_unknown_piece_is_refused_with_all_that_are_known():
    known = (
        "line, abs, relu, cliff, ridge, bend, quad_bowl, quad_convex, exponential, gauss_bowl, gauss_convex, "
    )
    with pytest.raises(
        ValueError, match=f"^pieces: got the str 'hill', expected one of {known}gauss_nonconvex"
    ):
        Prototype("line-hill")


@pytest.mark.parametrize("prototypes", [(), [], (BOWL, 3), 3, BOWL, (Prototype,)])
def test_a_norm_of_anything_else_than_prototypes_is_refused(prototypes):
    with pytest.raises(ValueError, match=r"prototypes: got .*, expected a list of Prototype records"):
        PrototypeNorm(prototypes)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("shape", [s for s in SHAPES if s not in ("line", "bend")])
def test_a_piece_that_does_not_start_at_0_is_the_same_piece_moved_and_drawn_together(shape, scale):
    """Behind a straight line the piece has half the length; it starts at the slope of the line."""
    first, second = Prototype(shape, scale), Prototype(f"line-{shape}", scale)
    x = np.linspace(0.01, 0.99, 25)
    alone, behind = first.curve(x), second.curve(0.5 + x / 2)
    np.testing.assert_allclose(behind.g, alone.g, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(behind.h, 2 * alone.h, rtol=1e-9, atol=1e-9)
    fall = SCALES[scale] / 2
    start = float(first.curve(START).f)
    np.testing.assert_allclose(behind.f, start + fall + (alone.f - start) / 2, rtol=1e-12)


def test_far_away_from_a_well_nothing_overflows_with_a_warning():
    for shape in SHAPES:
        for x in (-1e200, -40.0, 40.0, 1e200):
            with np.errstate(over="raise", under="raise", invalid="raise"):
                curve = Prototype(shape).curve(np.array([x, 0.5]))
            assert not np.isnan(curve.f).any()


def test_a_joint_belongs_to_the_piece_behind_it():
    assert Prototype("line-quad_bowl").curve(np.array(0.5)).h == pytest.approx(4.0, rel=1e-14)
    assert Prototype("line-ridge").curve(np.array([0.5])).g.tolist() == [-1.0]
    assert Prototype("abs-line").curve(np.array(0.5)).g == 1.0
    assert Prototype("relu-quad_bowl-line").curve(np.array([-5.0, 9.0])).g.tolist() == [-1.0, 0.0]
    assert (
        Prototype("laplace_bowl-line").curve(np.array([0.5])).g
        == Prototype("line-line").curve(np.array([0.5])).g * -1
    )
