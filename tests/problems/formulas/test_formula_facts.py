"""What a formula knows of itself: how it is shown, where it starts, its bottom, its kinks, its points."""

import numpy as np
import pytest

from problems import Formula


@pytest.mark.parametrize("length", [119, 120, 121, 200])
def test_a_long_formula_is_shown_by_its_beginning(length):
    text = ("x+" * length)[: length - 1 - (length % 2 == 0)] + (" x" if length % 2 == 0 else "x")
    assert len(text) == length
    shown = Formula(text).formula
    assert shown == (text if length <= 120 else text[:117] + "...")


def test_powers_and_spaces_are_shown_in_one_way():
    assert Formula("x**2  +\n y").formula == "x^2 + y"


@pytest.mark.parametrize(
    "kinked", ["abs(x)", "sign(x)", "max(x, y)", "min(x, 1)", "where(x > 0, x, y)", "sin(abs(x) + y)"]
)
def test_what_has_a_kink_anywhere_is_not_smooth(kinked):
    assert not Formula(kinked).smooth
    assert Formula("sin(x)*exp(y)/sqrt(x)").smooth


def test_the_start_is_the_first_that_is_finite_and_not_flat_or_the_first_that_is_finite():
    assert Formula("0*x + 0*y").x0 == (2.0, 1.0), "flat everywhere"
    assert Formula("x + y + z").x0 == (2.0, 1.0, 2.0)
    assert Formula("sqrt(1 - x) + y").x0 == (0.5, 0.25)
    assert Formula("(x - 2)^2 + sqrt(-y)").x0 is None
    assert Formula("max(x, 3) + 0*y").x0 == (2.0, 1.0), "flat at both"
    assert Formula("where(x > 1, sqrt(x - 2), x)").x0 == (0.5,), "its slope is infinite at 2"
    assert Formula("(x - 2)^2").x0 == (0.5,)
    assert Formula("x^2", 7).x0 == (7.0,)


@pytest.mark.parametrize(("start", "sentence"), [
    ([[1.0]], "x0: got .*, expected a number for each variable"),
    ([1.0, 2.0], "x0: got 2 numbers, expected 1, for x"),
    ([np.inf], "x0: got .*, expected finite numbers"),
])  # fmt: skip
def test_a_start_that_does_not_fit_is_refused(start, sentence):
    with pytest.raises(ValueError, match=sentence):
        Formula("x^2", start)
    with pytest.raises(ValueError, match="x0: got 1 number, expected 2, for x, y"):
        Formula("x + y", [1.0])


def test_the_bottom_of_a_bowl_is_exact_where_one_step_of_newton_is_not():
    """Of condition 10^8 and far from the origin: to the last digits, against fractions by hand."""
    bowl = Formula("(x + y - 3e6)^2*1e4 + (x - y + 1/8)^2*1e-4 + 2")
    np.testing.assert_allclose(bowl.minimizers, [[1.5e6 - 1 / 16, 1.5e6 + 1 / 16]], rtol=1e-12)
    assert bowl.minimum == pytest.approx(2.0, abs=1e-6)
    assert (bowl.L, bowl.mu) == (pytest.approx(4e4), pytest.approx(4e-4, rel=1e-7))


def test_a_bowl_whose_bottom_has_no_value_has_none():
    """x^2 - 2e200 x is lowest at 1e200, whose square is no number."""
    endless = Formula("x^2 - 2e200*x")
    assert (endless.L, endless.mu, endless.minimizers, endless.minimum) == (2.0, 2.0, None, None)


@pytest.mark.parametrize("text", ["(x + y)^2", "(x + 2y + 3z)^2", "1e8*(0.1x + 0.3y)^2 + 0*z"])
def test_a_trough_that_rounding_tilts_is_level(text):
    trough = Formula(text)
    assert 0 <= trough.mu <= 1e-15 * trough.L
    assert (trough.minimizers, trough.minimum) == (None, None)


def test_curvatures_along_the_axes_are_the_numbers_themselves_however_far_apart():
    bowl = Formula("1e300*x^2 + 1e-300*y^2")
    assert (bowl.L, bowl.mu, bowl.minimizers) == (2e300, 2e-300, ((0.0, 0.0),))


def test_slopes_and_curvatures_outside_of_the_real_numbers_come_without_a_warning():
    x = np.array([[0.0], [-1.0], [4.0]])
    np.testing.assert_array_equal(Formula("log(x)").grad(x), [[np.inf], [-1.0], [0.25]])
    np.testing.assert_array_equal(Formula("sqrt(x)").grad(x), [[np.inf], [np.nan], [0.25]])
    np.testing.assert_array_equal(Formula("log(x)").hess(x), [[[-np.inf]], [[-1.0]], [[-1 / 16]]])


def test_a_zero_of_a_minimizer_is_no_negative_zero():
    assert str(Formula("x^2 + 3 y^2").minimizers) == "((0.0, 0.0),)"


def test_complex_points_and_whole_ones_keep_their_kind():
    problem = Formula("x^2 y")
    assert problem.fun(np.array([1j, 2.0])) == -2
    assert problem.grad(np.array([1j, 2.0])).tolist() == [4j, -1]
    assert problem.hess(np.array([3, 2])).tolist() == [[4.0, 6.0], [6.0, 0.0]]
    assert problem.hess(np.array([[1j, 2.0]])).dtype.kind == "c"
    value, slope = problem.value_and_grad(np.array([[3, 2], [1, 1]], np.float32))
    assert (value.tolist(), slope.tolist()) == ([18.0, 1.0], [[12.0, 9.0], [2.0, 1.0]])
    assert value.dtype == slope.dtype == np.float32


def test_a_point_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"x: got 0 coordinates, expected 1, for x"):
        Formula("x^2").fun(np.float64(2.0))
    for x in (np.ones(3), np.ones((2, 1)), np.float64(1.0)):
        with pytest.raises(ValueError, match=r"x: got [013] coordinates, expected 2, for x, y"):
            Formula("x + y").value_and_grad(x)


class Symbol(np.lib.mixins.NDArrayOperatorsMixin):
    """What writes down the operations that it meets."""

    def __init__(self, text):
        self.text = text

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return Symbol(f"{ufunc.__name__}({', '.join(getattr(v, 'text', str(v)) for v in inputs)})")


def test_on_symbols_a_formula_writes_itself_down():
    problem, x, y = Formula("x*y + sin(x)"), Symbol("x"), Symbol("y")
    assert problem.fun([x, y]).text == "add(multiply(x, y), sin(x))"
    assert problem.fun([x, 2.0]).text == "add(multiply(x, 2.0), sin(x))"
    assert [part.text for part in problem.grad([x, y])] == ["add(y, cos(x))", "x"]
    assert problem.fun([0.0, 2.0]) == 0.0
    for call in (problem.fun, problem.grad):
        with pytest.raises(ValueError, match="x: got 1 coordinates, expected 2, for x, y"):
            call([x])
