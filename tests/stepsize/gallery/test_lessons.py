"""What our own lessons compute with: recursions, counts by hand, nets that are regular."""

import numpy as np
import pytest

import stepsize as ss
from stepsize.gallery import (
    lessons,
    lessons_adaptive,
    lessons_overfitting,
)


@pytest.mark.parametrize(("examples", "size"), [(10, 3), (64, 16), (5, 1)])
def test_the_expected_loss_after_some_examples_by_its_recursion(examples, size):
    """E <- (1 - a)^2 E + a^2/B, once a batch, from 1; the loss is half of it."""
    value, a = 1.0, 0.3
    for _ in range(examples // size):
        value = (1 - a) ** 2 * value + a * a / size
    assert lessons._after(examples, np.array([a, 0.0]), size) == pytest.approx([value / 2, 0.5])


def test_operations_of_an_update_as_one_counts_them():
    """x - lr g has two; momentum's v = m v + (1 - dampening) g has three more."""
    assert lessons_adaptive._operations_of_a_step(ss.SGD()) == 2
    assert lessons_adaptive._operations_of_a_step(ss.Momentum()) == 5
    assert lessons_adaptive._operations_of_a_step(ss.SGD()) == 2, "counted anew"


def test_what_counts_operations_still_computes_them():
    x = np.array([1.0, 2.0, 3.0]).view(lessons_adaptive._Counted)
    lessons_adaptive._Counted.made = 0
    assert (2 * x + 1).tolist() == [3.0, 5.0, 7.0]
    assert np.add.reduce(x, keepdims=True).tolist() == [6.0]
    assert lessons_adaptive._Counted.made == 3


def regular_net():
    return np.stack(np.meshgrid(np.arange(10) / 10, np.arange(10) / 10, indexing="ij"), axis=-1)


def test_the_distance_and_the_stretch_of_a_regular_net():
    W = regular_net()
    assert lessons_adaptive._stretch(W) == pytest.approx(0.1)
    points = np.array([[0.03, 0.0], [0.9, 0.94], [-0.3, -0.4]])
    assert lessons_adaptive._distance(points, W) == pytest.approx((0.03 + 0.04 + 0.5) / 3)
    for place, edge in (((0, 0), [-0.4, 0.0]), ((9, 9), [0.9, 1.3])):
        torn = regular_net()
        torn[place] = edge
        assert lessons_adaptive._stretch(torn) == pytest.approx(0.5), place


def unfolded(rate, reach, times):
    return lessons_adaptive._unfold(lambda n: np.full(len(n), rate), lambda n: np.full(len(n), reach), times)


def test_a_net_that_is_drawn_as_one_goes_to_the_point():
    """A bell wider than the net and a rate of 1 put every unit on the point: the net shrinks to it."""
    nets = unfolded(1.0, 1e9, (0, 1, 3))
    assert list(nets) == [0, 1, 3]
    assert np.ptp(nets[0], axis=(0, 1)).min() > 0.02
    assert nets[0].mean(axis=(0, 1)) == pytest.approx([0.5, 0.5], abs=0.01)
    for n in (1, 3):
        assert np.ptp(nets[n], axis=(0, 1)) == pytest.approx([0.0, 0.0], abs=1e-12)
        assert ((nets[n][0, 0] > 0) & (nets[n][0, 0] < 1)).all()


def test_without_a_reach_the_winner_alone_is_drawn():
    nets = unfolded(0.5, 1e-3, (0, 1))
    moved = np.argwhere((nets[0] != nets[1]).any(axis=-1))
    assert len(moved) == 1
    i, j = moved[0]
    point = 2 * nets[1][i, j] - nets[0][i, j]  # half of the way
    away = np.linalg.norm(point - nets[0], axis=-1)
    assert away[i, j] == away.min()


def test_the_neighbours_are_drawn_by_a_bell():
    """exp(-d^2/(2 r^2)) of the winner's share, d the distance in the net, here with r = 1."""
    nets = unfolded(0.5, 1.0, (0, 1))
    alone = unfolded(0.5, 1e-3, (0, 1))
    (i, j), *_ = np.argwhere((alone[0] != alone[1]).any(axis=-1))
    point = 2 * alone[1][i, j] - nets[0][i, j]
    shares = np.linalg.norm(nets[1] - nets[0], axis=-1) / np.linalg.norm(point - nets[0], axis=-1)
    a, b = np.mgrid[:10, :10]
    assert shares == pytest.approx(0.5 * np.exp(-((a - i) ** 2 + (b - j) ** 2) / 2), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_that_share_of_the_digits_is_labelled_wrong_and_none_of_those_held_out(share):
    wrong, right = (lessons_overfitting.digits_with_wrong_labels(s) for s in (share, 0.0))
    assert (wrong.train[1] != right.train[1]).sum() == round(200 * share)
    assert len(wrong.train[1]) == 200
    assert (wrong.test[1] == right.test[1]).all()
    assert len(wrong.test[1]) == 600
    assert set(np.unique(wrong.train[1])) <= set(range(10))


def test_the_network_has_as_many_hidden_units_as_one_asks_for():
    """64 pixels, h units, 10 digits: (64 + 1) h + (h + 1) 10 weights."""
    assert lessons_overfitting.digits_with_wrong_labels(0.2).dim == 65 * 32 + 33 * 10
    assert lessons_overfitting.digits_with_wrong_labels(0.2, hidden=3).dim == 65 * 3 + 4 * 10
