"""Gradients right and wrong, by a complex step and by differences."""

import math
import warnings
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from optim.testing import check_gradient
from optim.testing import gradients as gradients_module


def problem(fun, grad, x0=(2.0, 5.0)):
    return SimpleNamespace(fun=fun, grad=grad, x0=x0)


def real(fun):
    """Return a function that refuses complex numbers, so that differences have to serve."""
    return lambda x: float(fun(x)) if np.isrealobj(x) else fun(x.tolist().real)


class TestGradients:
    """f = x^3 + y, whose gradient at (2, 5) is (12, 1), and its like."""

    def found(self, error=(0.0, 0.0), sign=1.0, twist=lambda fun: fun):
        def grad(x):
            return sign * np.array([3 * x[0] * x[0], 1.0]) + error

        return check_gradient(problem(twist(lambda x: sign * (x[0] * x[0] * x[0] + x[1])), grad), (2.0, 5.0))

    def test_a_right_gradient_by_a_complex_step(self):
        report = self.found()
        assert report.method == "complex step"
        assert report.error < 1e-15
        assert math.isnan(report.order)

    def test_a_right_gradient_by_differences(self):
        """The error of a central difference of x^3 is h^2 exactly, and two steps together take it away."""
        report = self.found(twist=real)
        assert report.method == "central differences"
        assert report.error < 1e-10
        assert report.order == pytest.approx(2, abs=1e-4)

    @pytest.mark.parametrize("sign", [1.0, -1.0])
    @pytest.mark.parametrize(("twist", "allowed"), [(lambda fun: fun, 1e-10), (real, 1e-6)])
    def test_the_error_allowed_is_relative_to_the_largest_component(self, twist, allowed, sign):
        """The gradient's largest component is 12, in either direction."""
        report = self.found((0.0, 12 * 0.98 * allowed), sign, twist)
        assert report.error == pytest.approx(0.98 * allowed, rel=0.01)
        with pytest.raises(AssertionError, match=r"grad: coordinate 1 at x = \[2.0, 5.0\] is "):
            self.found((0.0, -12 * 1.02 * allowed), sign, twist)

    def test_where_the_gradient_vanishes(self):
        """There the error is told apart from 0 at 1e-8."""
        flat = problem(lambda x: 0.0 * x[0], lambda x: 0.0 * x + (0.0, 5e-19))
        assert check_gradient(flat, (2.0, 5.0)).error == pytest.approx(5e-11, rel=1e-6)

    def test_every_point_has_a_size_of_its_own(self):
        """Wrong by 1e-6 where the gradient is 1; at the other point it is a million."""
        steep = problem(
            lambda x: x[0] * x[0] / 2 + 0 * x[1] + 0 * x[2],
            lambda x: np.array([x[0], 0.0, 1e-6 if x[0] == 1 else 0.0]),
        )
        points = np.array([[[1e6, 0.0, 0.0]], [[1.0, 0.0, 0.0]]])
        with pytest.raises(AssertionError) as caught:
            check_gradient(steep, points)
        assert str(caught.value) == (
            "grad: coordinate 2 at x = [1.0, 0.0, 0.0] is 1e-06, expected 0.0 by a complex step"
        )
        assert check_gradient(steep, points[:1]).error == 0

    @pytest.mark.parametrize("wrong", [math.nan, math.inf])
    def test_what_is_no_number_is_the_worst(self, wrong):
        with pytest.raises(
            AssertionError, match=r"coordinate 1 at x = .* is (nan|inf), expected 1.0 by a complex step"
        ):
            self.found((0.0, wrong))
        with pytest.raises(AssertionError, match=r"coordinate 1 at .* by central differences"):
            self.found((0.0, wrong), twist=real)

    def test_gradients_of_any_numbers(self):
        report = check_gradient(
            problem(lambda x: x[0] / 2 + 0 * x[1], lambda _: [Fraction(1, 2), 0]), (2.0, 5.0)
        )
        assert report.error < 1e-15

    def test_the_points(self):
        """The start and what the generator draws; the same for the same seed, 0 unless another is given."""
        at = []

        def grad(x):
            at.append(x.copy())
            return 2 * x

        bowl = problem(lambda x: (x * x).sum(), grad, (1.0, 2.0, 3.0))
        for rng, seed in ((0, 0), (7, 7), (np.random.default_rng(7), 7)):
            at.clear()
            check_gradient(bowl, rng=rng)
            drawn = np.random.default_rng(seed).normal(size=(5, 3))
            assert np.array_equal(np.array(at) - bowl.x0, (bowl.x0 + drawn) - bowl.x0)
        by_default, at[:] = at[:], []
        check_gradient(bowl)
        seed_zero, at[:] = at[:], []
        check_gradient(bowl, rng=0)
        assert np.array_equal(seed_zero, at)
        assert not np.array_equal(by_default, at)
        at.clear()
        check_gradient(bowl, np.arange(12.0).reshape(2, 2, 3))
        assert np.array_equal(at, np.arange(12.0).reshape(4, 3))

    @pytest.mark.parametrize(
        "fun",
        [
            lambda x: math.exp(x[0]) + x[1],
            lambda x: float(str(x[0])) + x[1],
            lambda x: np.hypot(x[0], 1.0) + x[1].real.item().hex() * 0 if x.dtype == complex else x[0] + x[1],
            lambda x: x.astype(float)[0] + x[1],
            lambda x: abs(x[0]) + abs(x[1]),
            # Their imaginary parts say nothing of the slope.
            lambda x: (x * x.conj()).sum(),
            lambda x: x[0] * x[0].real + x[1],
            # Their values are others for complex numbers, by a half and by a millionth.
            lambda x: x[0] * x[0] + x[1] + 0.5 * np.iscomplexobj(x),
            lambda x: x[0] * x[0] + x[1] + 1e-6 * np.iscomplexobj(x),
        ],
    )
    def test_functions_that_no_complex_step_serves(self, fun):
        h = 1e-6
        slopes = [
            (fun(np.array([2.0, 5.0]) + h * e) - fun(np.array([2.0, 5.0]) - h * e)) / (2 * h)
            for e in np.eye(2)
        ]
        report = check_gradient(problem(fun, lambda x: 0 * x + slopes), (2.0, 5.0))
        assert report.method == "central differences"

    def test_warnings_of_other_things_are_left_alone(self):
        def fun(x):
            warnings.warn("something else", RuntimeWarning, stacklevel=2)
            return x[0] * x[0] + x[1]

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            report = check_gradient(problem(fun, lambda x: np.array([2 * x[0], 1.0])), (2.0, 5.0))
        assert report.method == "complex step"

    def test_one_point_that_needs_differences_is_enough(self):
        def fun(x):
            return x[0] * x[0] if x[0].real > 0 else abs(x[0]) * abs(x[0])

        report = check_gradient(problem(fun, lambda x: np.array([2 * x[0]])), [[1.0], [-1.0]])
        assert report.method == "central differences"

    @pytest.mark.parametrize("slope", [3.0, -3.0])
    def test_when_a_rough_difference_confirms(self, slope):
        """In one dimension: |s - g| <= (|s| + |g|) / 1000, so that g may be off by two in a thousand."""

        def confirms(factor):
            agrees = gradients_module._agrees
            return agrees(lambda x: slope * x[0], np.array([2.0]), np.array([factor * slope]))

        assert [confirms(f) for f in (0.9975, 0.9985, 1.0, 1.0015, 1.0025)] == [
            False,
            True,
            True,
            True,
            False,
        ]

    def test_a_rough_difference_of_nothing(self):
        """Without a slope, 1e-11 passes for round-off and nothing larger."""
        agrees = gradients_module._agrees
        assert agrees(lambda x: 0.0 * x[0], np.array([2.0]), np.array([0.99e-11]))
        assert not agrees(lambda x: 0.0 * x[0], np.array([2.0]), np.array([-1.02e-11]))

    def test_the_rough_difference_is_near_and_always_in_one_direction(self):
        at = []

        def fun(x):
            at.append(x.copy())
            return (x * x * x).sum()

        x, gradient = np.array([1.0, 2.0]), np.array([3.0, 12.0])
        assert gradients_module._agrees(fun, x, gradient)
        assert gradients_module._agrees(fun, x, gradient)
        assert np.linalg.norm(np.array(at) - x, axis=1) == pytest.approx(1e-5)
        assert np.array_equal(at[:2], at[2:])

    def test_the_order_is_fitted(self):
        """The error at 0 is h^4 for x^5 and nothing for x^2; nothing is looked at beyond a tenth."""

        def order(fun):
            return check_gradient(problem(real(fun), lambda x: 0 * x), (0.0,)).order

        assert order(lambda x: x[0] ** 5) == pytest.approx(4, abs=1e-3)
        assert order(lambda x: x[0] * x[0]) == math.inf
        assert order(lambda x: x[0] ** 5 if abs(x[0]) < 0.11 else 7.0 * x[0]) == pytest.approx(4, abs=1e-3)
        assert math.isfinite(order(lambda x: x[0] ** 3 if abs(x[0]) > 0.05 else 0.0)), (
            "no error at three of four"
        )
        assert order(lambda x: 1e-6 * x[0] ** 3) == pytest.approx(2, abs=1e-3), "1e-8 at most: still an error"
