"""Schaul's prototypes, against the numbers of their source."""

import numpy as np
import pytest

import stepsize as ss


def piece(name):
    return ss.Prototype(name)


def test_prototypes_have_the_sources_numbers():
    """Kinks and floors at the normal scale, from the definitions of optimBench."""
    assert piece("abs").minimizers == ((0.5,),)
    assert piece("abs").minimum == 199.5
    assert piece("quad_bowl").minimum == 199.75
    assert piece("quad_bowl").hess(np.array([0.3])).item() == 2.0
    assert piece("relu").minimum == pytest.approx(199.585786, abs=5e-7)
    assert piece("gauss_bowl").minimum == pytest.approx(199.748746, abs=5e-7)
    assert piece("exponential").minimum == pytest.approx(199.855235, abs=5e-7)
    for name, slope in (("cliff", 10.0), ("ridge", -10.0)):
        x = np.array([[0.876640 - 1e-4], [0.876640 + 1e-4]])
        assert piece(name).grad(x).ravel().tolist() == [-1.0, slope]
        assert piece(name).fun(np.array([0.876640])) == pytest.approx(199.123360, abs=1e-5)
    assert piece("relu").grad(np.array([[0.414213], [0.414215]])).ravel().tolist() == [-1.0, 0.0]


CHAINS = [
    "quad_convex-line",
    "line-quad_bowl-line",
    "gauss_nonconvex-gauss_convex-gauss_bowl-gauss_convex-gauss_nonconvex",
    "laplace_nonconvex-laplace_convex-laplace_bowl-laplace_convex-laplace_nonconvex",
    "quad_convex-cliff-gauss_nonconvex",
    "gauss_nonconvex-relu-bend-exponential",
]


@pytest.mark.parametrize("pieces", CHAINS)
@pytest.mark.parametrize("scale", ["normal", "steep", "saddle", "flat"])
def test_pieces_join_in_value_and_slope(pieces, scale):
    problem = ss.Prototype(pieces, scale)
    count = pieces.count("-") + 1
    joints = np.arange(1, count) / count
    around = problem.curve(joints[:, None] + np.array([-1e-12, 1e-12]))
    size = 1 + np.abs(around.h) + np.abs(around.g)
    assert (np.abs(np.diff(around.f)) <= 1e-11 * size.max() + 1e-12 * np.abs(around.f).max()).all()
    assert (np.abs(np.diff(around.g)) <= 1e-11 * size.max()).all()
    start = problem.curve(np.array(0.0))
    assert start.f == pytest.approx({"flat": 2.0}.get(scale, 200.0))
    assert start.g == pytest.approx({"normal": -1.0, "steep": -10.0, "saddle": 1.0, "flat": -0.1}[scale])


def test_reference_runs_on_prototypes():
    """After 100 steps of the best of 34 rates: line 100, quad_bowl 199.75, abs 199.500734."""
    rates = np.geomspace(1e-10, 1, 34)[:, None]
    for name, value in (("line", 100.0), ("quad_bowl", 199.75), ("abs", 199.500734)):
        run = ss.minimize(ss.Prototype(name), ss.SGD(lr=rates), x0=[[0.0]] * 34, steps=100)
        assert run.history.fun[-1].min() == pytest.approx(value, abs=1e-6)


def test_norms_of_prototypes():
    both = [ss.Prototype("quad_bowl"), ss.Prototype("line", "flat")]
    x = np.array([0.25, 0.5])
    parts = np.array([199.8125, 1.95])
    for norm, order in (("L1", 1), ("L2", 2), ("Linf", np.inf)):
        problem = ss.PrototypeNorm(both, norm)
        assert problem.fun(x) == pytest.approx(np.linalg.norm(parts, order), rel=1e-14)
    with pytest.raises(ValueError, match="did you mean quad_bowl"):
        ss.Prototype("quad_bowel")


def test_a_bend_goes_on_as_the_ground_went_before_it_was_level():
    """A cliff turns slope -1 into 10; level pieces, and straight ones on them, do not make it forgotten."""
    for level in ("relu", "relu-line", "relu-line-line"):
        chain = ss.Prototype(f"cliff-{level}-bend")
        assert chain.grad(np.array([[0.999]])).item() == 10.0


def test_a_landscape_is_looked_at_over_three_times_its_length():
    for pieces in ("abs", "quad_convex-cliff-quad_bowl"):
        assert ss.Prototype(pieces).domain == (-1.0, 2.0)


BOWL, KINK = ss.Prototype("quad_bowl"), ss.Prototype("abs")  # lowest at 199.75 and at 199.5


@pytest.mark.parametrize(("norm", "isolated"), [("L1", True), ("L2", True), ("Linf", False)])
def test_of_a_maximum_the_smaller_part_may_move(norm, isolated):
    assert ss.PrototypeNorm([BOWL, KINK], norm).isolated is isolated
    assert ss.PrototypeNorm([BOWL, BOWL], norm).isolated


@pytest.mark.parametrize("norm", ["L1", "L2", "Linf"])
def test_a_norm_of_a_landscape_below_zero_has_no_known_minimum(norm):
    """The well whose flank is concave reaches far below 0, where its absolute value is 0 on a ring."""
    deep = ss.Prototype("laplace_nonconvex")
    assert deep.minimum < 0
    both = ss.PrototypeNorm([BOWL, deep], norm)
    assert both.minimum is None
    assert both.minimizers is None


def test_of_level_ground_the_end_stands_for_all():
    relu = ss.Prototype("relu")
    assert relu.minimizers == ((1.0,),)
    assert relu.isolated is False
    assert relu.fun(np.array([[0.5], [1.0]])).tolist() == [relu.minimum] * 2
