"""The matrix of a rule, by matrices that can be written down."""

import numpy as np
import pytest

import stepsize as ss
from stepsize.gallery.linear import edge, matrix, radius

A, B = 0.3, 0.7


@pytest.mark.parametrize("lam", [0.5, 2.0, 9.0])
def test_the_matrix_of_momentum(lam):
    """From m+ = b m + lam x, x+ = x - a m+: the equations of Goh's article."""
    expected = [[1 - A * lam, -A * B], [lam, B]]
    assert matrix(ss.Momentum(lr=A, momentum=B), lam) == pytest.approx(np.array(expected))
    assert matrix(ss.SGD(lr=A), lam) == pytest.approx(np.array([[1 - A * lam]]))


def test_many_settings_at_a_time_are_each_alone():
    rates, lams = np.array([0.1, 0.5, 1.5]), np.array([1.0, 3.0, 0.2])
    many = ss.Momentum(lr=rates[:, None], momentum=np.full((3, 1), B))
    each = [ss.Momentum(lr=float(rate), momentum=B) for rate in rates]
    assert matrix(many, lams).shape == (3, 2, 2)
    assert matrix(many, lams) == pytest.approx(
        np.array([matrix(rule, lam) for rule, lam in zip(each, lams, strict=True)])
    )
    assert radius(many, lams) == pytest.approx(
        [radius(rule, lam) for rule, lam in zip(each, lams, strict=True)]
    )


def test_the_radius_is_the_larger_of_two_eigenvalues():
    """With a lam = 0.1 and b = 0.4 they solve z^2 - 1.3 z + 0.4 = 0: 0.8 and 0.5."""
    assert radius(ss.Momentum(lr=0.1, momentum=0.4), 1.0) == pytest.approx(0.8, abs=1e-12)
    assert type(radius(ss.SGD(lr=0.1), 1.0)) is float


@pytest.mark.parametrize(
    ("rule", "limit"),
    [
        (ss.SGD(), 2.0),
        (ss.Momentum(momentum=0.5), 3.0),
        (ss.Momentum(momentum=0.9), 3.8),
        (ss.Nesterov(momentum=0.5), 1.5),
        (ss.Nesterov(momentum=0.9), 3.8 / 2.8),
    ],
)
def test_the_edge_of_stability_is_that_of_the_theory(rule, limit):
    assert edge(rule) == pytest.approx(limit, abs=1e-9)
