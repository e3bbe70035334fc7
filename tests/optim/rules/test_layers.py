"""Rules that know layers, by theorems and by hand: singular values, ranks, quotients of norms."""

import math

import numpy as np
import pytest

from optim import (
    LAMB,
    LARS,
    SM3,
    Adafactor,
    Adagrad,
    Adam,
    ClipByNorm,
    ClipLayersByNorm,
    Fromage,
    Momentum,
    Muon,
    NovoGrad,
    minimize,
)
from optim.dialects import optax, torch
from optim.rules.layers.muon import QUINTIC, orthogonalized
from problems import Quadratic
from tests.optim.rules.by_hand import steps

RNG = np.random.default_rng(3)
LAYERED = [LAMB(), LARS(), NovoGrad(), Adafactor(), Muon(), SM3(), Fromage(), ClipLayersByNorm(Momentum())]


@pytest.mark.parametrize("shape", [(2, 2), (3, 5), (5, 3), (1, 4)])
def test_newton_schulz_keeps_the_singular_vectors(shape):
    """Each singular value goes through the polynomial five times; the vectors of the SVD stay."""
    U, s, Vt = np.linalg.svd(RNG.normal(size=shape), full_matrices=False)
    s /= np.linalg.norm(s)
    found = orthogonalized((U * s) @ Vt)
    a, b, c = QUINTIC
    for _ in range(5):
        s = a * s + b * s**3 + c * s**5
    np.testing.assert_allclose(found, (U * s) @ Vt, atol=1e-12)
    assert (s > 0.3).all()
    assert (s < 1.3).all()


def test_the_classic_cubic_converges_to_the_orthogonal_factor():
    """With 1.5 s - 0.5 s^3 it is Newton's iteration for the polar factor U V'."""
    M = RNG.normal(size=(4, 3))
    U, _, Vt = np.linalg.svd(M, full_matrices=False)
    np.testing.assert_allclose(
        orthogonalized(M / np.linalg.norm(M), (1.5, -0.5, 0.0), 60), U @ Vt, atol=1e-13
    )


def test_muon_moves_a_matrix_by_its_factor_and_the_rest_by_adam():
    """An orthogonal gradient stays one: its step is the same multiple of it in every entry."""
    g = np.array([0.6, 0.8, -0.8, 0.6, 5.0])
    rows, _ = steps(Muon(1.0, adam_ratio=0.5, adam_eps=0.0, shapes=((2, 2), (1,))), [g], x=np.zeros(5))
    np.testing.assert_allclose(rows[0, :4] / g[:4], rows[0, 0] / g[0], rtol=1e-6)
    assert rows[0, 4] == pytest.approx(-0.5, rel=1e-12)
    assert steps(Muon(adam_ratio=1.0, beta2=0.999, adam_eps=1e-8), [g], x=np.zeros(5))[0] == pytest.approx(
        steps(Adam(0.02), [g], x=np.zeros(5))[0], rel=1e-12
    )


def test_a_tall_matrix_steps_further_by_the_root_of_its_sides():
    g = RNG.normal(size=6)
    tall, flat = (steps(Muon(1.0, shapes=(s,)), [g], x=np.zeros(6))[0][0] for s in ((6, 1), (1, 6)))
    np.testing.assert_allclose(tall, math.sqrt(6) * flat, rtol=1e-12)


def test_adafactor_is_exact_where_the_squares_have_rank_one():
    a, b = np.array([1.0, -2.0, 3.0]), np.array([0.5, 4.0])
    g = np.outer(a, b).ravel()
    factored, _ = steps(Adafactor(shapes=((3, 2),)), [g, 2 * g, -g], x=np.ones(6))
    whole, _ = steps(Adafactor(), [g, 2 * g, -g], x=np.ones(6))
    np.testing.assert_allclose(factored, whole, rtol=1e-12)
    mixed, _ = steps(Adafactor(shapes=((3, 2),)), [g + 1.0], x=np.ones(6))
    assert np.abs(mixed - steps(Adafactor(), [g + 1.0], x=np.ones(6))[0]).max() > 1e-4


def test_adafactor_steps_relative_to_the_layer_and_falls_as_one_over_the_root():
    rows, _ = steps(Adafactor(0.5), [3.0] * 9, x=(8.0,))
    before = np.concatenate([[8.0], rows[:-1, 0]])
    share = 1 - rows[:, 0] / before
    np.testing.assert_allclose(share, [min(0.5, 1 / math.sqrt(t)) for t in range(1, 10)], rtol=1e-12)
    assert steps(Adafactor(0.5), [3.0], x=(0.0,))[0][0, 0] == pytest.approx(-0.5e-3, rel=1e-12)


def test_the_slots_of_adafactor_and_sm3_are_as_small_as_they_promise():
    x, shapes = np.ones(15 + 12 + 5), ((3, 5), (2, 2, 3), (5,))
    row, column = Adafactor(shapes=shapes).init(x).slots
    assert (row.size, column.size) == (3 + 4 + 5, 5 + 6)
    _, sums = SM3(shapes=shapes).init(x).slots
    assert sums.size == (3 + 5) + (2 + 2 + 3) + 5
    rule = optax.adafactor(0.1, min_dim_size_to_factor=3, shapes=shapes)
    assert [slot.size for slot in rule.init(x).slots[:2]] == [3 + 12 + 5, 5]


def test_sm3_of_a_vector_is_adagrad_and_of_a_matrix_never_steps_further():
    gradients = [RNG.normal(size=6) for _ in range(20)]
    ours, _ = steps(SM3(0.1, momentum=0.0), gradients, x=np.zeros(6))
    theirs, _ = steps(Adagrad(0.1, eps=0.0), gradients, x=np.zeros(6))
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    matrix, _ = steps(SM3(0.1, momentum=0.0, shapes=((2, 3),)), gradients, x=np.zeros(6))
    moved, most = (np.abs(np.diff(r, axis=0, prepend=np.zeros((1, 6)))) for r in (matrix, theirs))
    assert (moved <= most * (1 + 1e-12)).all()
    assert (moved < most * 0.99).any()


@pytest.mark.parametrize("rule", [LAMB(0.01, weight_decay=0.0), LARS(1.0, 0.0, 0.0, trust=0.01)], ids=repr)
def test_every_layer_moves_by_the_same_share_of_its_size(rule):
    x, g = np.array([3.0, 4.0, 100.0]), np.array([1e3, 0.0, 1e-3])
    rows, _ = steps(rule.replace(shapes=((2,), (1,))), [g], x=x)
    assert np.linalg.norm(rows[0, :2] - x[:2]) == pytest.approx(0.05, rel=1e-9)
    assert abs(rows[0, 2] - 100.0) == pytest.approx(1.0, rel=1e-3 if isinstance(rule, LAMB) else 1e-9)


def test_a_layer_of_zeros_moves_all_the_same():
    assert steps(LAMB(0.1, eps=0.0), [2.0])[0][0, 0] == pytest.approx(-0.1, rel=1e-12)
    assert steps(LARS(0.1), [2.0])[0][0, 0] == pytest.approx(-0.2, rel=1e-12)


def test_novograd_has_one_second_moment_a_layer():
    rule = NovoGrad(1.0, beta1=0.0, beta2=0.5, eps=0.0, shapes=((2,), (1,)))
    rows, state = steps(rule, [np.array([3.0, 4.0, 2.0]), np.array([0.0, 5.0, 0.0])], x=np.zeros(3))
    np.testing.assert_allclose(rows[0], [-0.6, -0.8, -1.0], rtol=1e-15)
    np.testing.assert_allclose(rows[1] - rows[0], [0.0, -1.0, 0.0], atol=1e-15)
    np.testing.assert_allclose(state.slots[1], [25.0, 25.0, 2.0], rtol=1e-15)


@pytest.mark.parametrize("rule", LAYERED, ids=repr)
def test_a_batch_with_layers_equals_single_runs_bit_for_bit(rule):
    rule = rule.replace(shapes=((2, 3), (2,)))
    problem, starts = Quadratic(np.linspace(1.0, 5.0, 8)), RNG.normal(size=(5, 8))
    batch = minimize(problem, rule, x0=starts, steps=10)
    for row, start in enumerate(starts):
        alone = minimize(problem, rule, x0=start, steps=10)
        np.testing.assert_allclose(batch.history.x[:, row], alone.history.x, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("rule", LAYERED, ids=repr)
def test_layers_do_not_mix(rule):
    """Side by side or each alone: every layer goes its own way."""
    shapes, gradients = ((2, 3), (4,)), [RNG.normal(size=10) for _ in range(6)]
    x = RNG.normal(size=10)
    together, _ = steps(rule.replace(shapes=shapes), gradients, x=x)
    for part, shape in ((slice(0, 6), (2, 3)), (slice(6, 10), (4,))):
        alone, _ = steps(rule.replace(shapes=(shape,)), [g[part] for g in gradients], x=x[part])
        np.testing.assert_allclose(together[:, part], alone, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: LAMB(shapes=3), TypeError, "shapes: got 3, expected the shape of every layer"),
        (lambda: LAMB(shapes=()), TypeError, "shapes: got"),
        (lambda: LAMB(shapes=((2, 0),)), ValueError, "shapes: got 0, expected a whole number of at least 1"),
        (lambda: LAMB(shapes=(2, 3)), TypeError, "shapes: got 2 for a layer, expected"),
        (
            lambda: Muon(shapes=((2, 2),)).init(np.ones(5)),
            ValueError,
            r"shapes: got \(\(2, 2\),\), which hold 4 numbers, expected shapes of the 5 parameters",
        ),
        (lambda: torch.Muon(shapes=((2, 2), (3,))), ValueError, "shapes: got .*, expected matrices alone"),
        (lambda: Muon(coefficients=(1.0, 2.0)), TypeError, "coefficients: got .*, expected three numbers"),
        (lambda: torch.Adafactor(d=0.5), ValueError, "d: got 0.5, expected a number of at least 1"),
    ],
)
def test_bad_layers_get_one_sentence(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_fromage_turns_a_layer_and_keeps_its_length():
    """Across each layer: (3, 4) and (0, 2) turn by arctan of the rate, whatever the gradient's size."""
    x, g = np.array([3.0, 4.0, 0.0, 2.0]), np.array([-4e3, 3e3, 1e-5, 0.0])
    rows, _ = steps(Fromage(0.5, shapes=((2,), (2,))), [g], x=x)
    for part in (slice(0, 2), slice(2, 4)):
        before, after = x[part], rows[0, part]
        assert np.linalg.norm(after) == pytest.approx(np.linalg.norm(before), rel=1e-12)
        angle = np.arccos(before @ after / (before @ before))
        assert angle == pytest.approx(np.arctan(0.5), rel=1e-12)


def test_fromage_leaves_zeros_to_gradient_descent():
    rows, _ = steps(Fromage(0.75), [2.0])
    assert rows[0, 0] == pytest.approx(-0.75 * 2.0 / 1.25, rel=1e-12)
    held, _ = steps(Fromage(0.75, min_norm=0.5), [2.0])
    assert held[0, 0] == pytest.approx(-0.75 * 0.5 / 1.25, rel=1e-12)


def test_clipping_by_layers_is_clipping_of_each_alone():
    gradients = [RNG.normal(size=10) * 3 for _ in range(6)]
    together, _ = steps(ClipLayersByNorm(Momentum(0.1), 0.7, ((2, 3), (4,))), gradients, x=np.zeros(10))
    for part in (slice(0, 6), slice(6, 10)):
        alone, _ = steps(ClipByNorm(Momentum(0.1), 0.7), [g[part] for g in gradients], x=np.zeros(10)[part])
        np.testing.assert_allclose(together[:, part], alone, rtol=1e-12)
    with pytest.raises(ValueError, match=r"shapes: got \(\(2,\),\), which hold 2 numbers, expected"):
        ClipLayersByNorm(Momentum(), shapes=((2,),)).init(np.zeros(3))
