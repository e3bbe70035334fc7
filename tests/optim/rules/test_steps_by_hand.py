"""Steps short enough to compute by hand, where a trajectory seldom comes: ties, zeros, edges."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from optim import (
    BFGS,
    EMA,
    L2,
    LBFGS,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    CenteredRMSprop,
    ClipByNorm,
    ClipByValue,
    ConjugateGradient,
    DAdaptAdam,
    DecoupledDecay,
    DiagonalNewton,
    GaussNewton,
    Lookahead,
    Nesterov1983,
    Newton,
    OptaxRpropOneStepLate,
    PolyakRuppert,
    Prodigy,
    RAdam,
    WithMomentum,
    Yogi,
    minimize,
)
from optim.hyperparameters import Hypers
from problems import Parabola, Problem, Quadratic, Rosenbrock
from tests.instances import OPTIMIZERS, name_of

GOLDEN_RATIO = (1 + math.sqrt(5)) / 2


def steps(opt, gradients, x=(0.0,)):
    """Return the points that a rule visits under gradients that are given."""
    x = np.array(x)
    state, rows = opt.init(x), []
    for g in gradients:
        x, state = opt.step(x, np.broadcast_to(np.asarray(g, float), x.shape), state)
        rows.append(x)
    return np.array(rows), state


@pytest.mark.parametrize("opt", OPTIMIZERS, ids=name_of)
@pytest.mark.parametrize("d", [1, 3, 5])
def test_the_slots_are_there_before_the_first_update(opt, d):
    """In x's dtype and rank, so that a run may be stopped and kept before it has begun."""
    x = np.ones(d, np.float32)
    slots = opt.init(x).slots
    assert all(slot.dtype == np.float32 and slot.ndim >= 1 for slot in slots)
    if not opt.requires:
        x_next, state = opt.step(x, x, opt.init(x))
        assert x_next.shape == (d,)
        assert [s.shape for s in state.slots] == [s.shape for s in slots]


ORDINARY = [opt for opt in OPTIMIZERS if not opt.requires]


@pytest.mark.parametrize("opt", [*ORDINARY, RAdam(wait=True), Yogi(initial=1.0)], ids=repr)
def test_silence_moves_nothing_out_of_bounds(opt):
    """Zero gradients before, between and after others."""
    rows, _ = steps(opt, [0, 0, 1, 0, -1, 0, 0], x=(0.5, -0.25))
    assert np.isfinite(rows).all()


WRAPPED = [
    L2(Adam(), 0.3),
    DecoupledDecay(Adam(), 0.3),
    ClipByNorm(AdamW(), 0.1),
    ClipByValue(AdamW(), 0.1),
    WithMomentum(Adam()),
    WithMomentum(AdamW(), 0.5, nesterov=True),
]


@pytest.mark.parametrize("opt", [o for o in ORDINARY if o.is_direction_rule] + WRAPPED, ids=repr)
def test_the_direction_times_the_rate_is_the_step(opt):
    """Line searches go along `direction`, everything else goes by `update`: one and the same rule."""
    opt = opt.replace(lr=0.1)
    x = np.array([1.0, -2.0, 0.5])
    hypers, slots = Hypers(opt, x), opt.init(x).slots
    for n in range(6):
        g = np.cos(np.array([1.0, 2.0, 3.0]) * (n + 1))
        d, after = opt.direction(x, g, slots, hypers.resolve(n))
        x_next, slots = opt.update(x, g, slots, hypers.resolve(n))
        np.testing.assert_allclose(x - 0.1 * d, x_next, rtol=1e-13)
        for ours, theirs in zip(after, slots, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-13)
        x = x_next


class TestMomentum:
    def test_nesterov_around_another_rule(self):
        """beta 1/2 and rate 1: m is 1 and 3/2, and the steps 1 + 1/2 and 1 + 3/4."""
        rows, _ = steps(WithMomentum(SGD(lr=1.0), momentum=0.5, nesterov=True), [1, 1])
        assert rows[:, 0].tolist() == [-1.5, -3.25]
        rows, _ = steps(WithMomentum(SGD(lr=1.0), momentum=0.5), [1, 1])
        assert rows[:, 0].tolist() == [-1.0, -2.5]

    def test_nesterovs_sequence_is_the_root_of_its_equation(self):
        """a^2 - a is the square of the one before, from 1: 1, the golden ratio, 2.194, 2.750."""
        state, a = Nesterov1983().init(np.zeros(1)), [1.0]
        for _ in range(30):
            _, state = Nesterov1983().step(np.zeros(1), np.ones(1), state)
            a.append(float(state.slots[-1].item()))
        assert a[1] == pytest.approx(GOLDEN_RATIO, rel=1e-15)
        assert a[2:4] == pytest.approx([2.1935, 2.7498], abs=5e-5)
        squares = np.square(a)
        np.testing.assert_allclose(squares[1:] - a[1:], squares[:-1], rtol=1e-13)

    def test_nesterovs_momentum_is_what_fista_prints(self):
        """(a_t - 1) / a_(t+1) is 0, 0.2817, 0.4340; at rate 1 under gradients of 1 the points follow from it:
        -1, then -2 - 0.2817, and 1.2817 further with 0.4340 of that again.
        """
        rows, _ = steps(Nesterov1983(lr=1.0), [1, 1, 1])
        assert rows[:, 0] == pytest.approx([-1.0, -2.2818, -3.2818 - 0.4340 * 1.2818], abs=2e-4)


class TestAdaptive:
    def test_a_variance_that_starts_at_one(self):
        """rho 1/2 and g = 1: m = 1/2, s = 1/2 + 1/2, so the root is that of 3/4."""
        rows, _ = steps(CenteredRMSprop(lr=1.0, rho=0.5, eps=0.0, initial=1.0), [1])
        assert rows[0, 0] == pytest.approx(-2 / math.sqrt(3), rel=1e-15)

    def test_what_optax_holds_back_is_let_go_by_a_zero(self):
        """0.1 is held after the first gradient; only a change of sign loses it, and a zero holds nothing."""
        rows, _ = steps(OptaxRpropOneStepLate(initial=0.1), [1, 0, 1, 0])
        assert rows[:, 0] == pytest.approx([0.0, -0.1, -0.1, -0.2], abs=1e-15)

    def test_yogi_counts_up_from_where_it_starts(self):
        """0.1 / (sqrt(0.001) + 0.001) without correction, 1 / 1.001 with it, or where m and v start at 1."""
        for opt, expected in (
            (Yogi(lr=1.0), 0.1 / (math.sqrt(0.001) + 0.001)),
            (Yogi(lr=1.0, debias=True), 1 / 1.001),
            (Yogi(lr=1.0, initial=1.0), 1 / 1.001),
        ):
            assert steps(opt, [1])[0][0, 0] == pytest.approx(-expected, rel=1e-12)


class TestWrappers:
    def test_a_wrapper_answers_what_its_rule_answers(self):
        opt = L2(PolyakRuppert(SGD(lr=1.0)), 0.0)
        x, state = steps(opt, [1, 1, 1])
        assert opt.output(x[-1], state.slots).tolist() == [-2.0]
        opt = WithMomentum(SGD(lr=1.0), 0.0)
        x, state = steps(opt, [1, 1, 1])
        assert opt.output(x[-1], state.slots).tolist() == [-3.0]

    def test_a_rule_and_its_rate_are_replaced_at_once(self):
        assert L2(SGD(lr=0.1)).replace(inner=Adam(), lr=0.3, weight_decay=0.2) == L2(Adam(lr=0.3), 0.2)

    def test_an_average_of_averages_averages_what_is_answered(self):
        """The points are -1, -2, -3, their means -1, -1.5, -2, and the mean of those -1.5."""
        opt = PolyakRuppert(PolyakRuppert(SGD(lr=1.0)))
        x, state = steps(opt, [1, 1, 1])
        assert opt.output(x[-1], state.slots) == pytest.approx([-1.5], rel=1e-15)

    def test_an_average_of_an_average_with_a_memory_of_its_own(self):
        """EMA with decay 1/2 from the first point: -1, -1.5, -2.25; their mean is -4.75/3."""
        opt = PolyakRuppert(EMA(SGD(lr=1.0), 0.5))
        x, state = steps(opt, [1, 1, 1])
        assert opt.output(x[-1], state.slots) == pytest.approx([-4.75 / 3], rel=1e-15)

    def test_lookahead_starts_its_rule_afresh(self):
        """Adagrad from a sum of 3: every update is the first one, 1 / sqrt(3 + 1), half of which is kept."""
        opt = Lookahead(Adagrad(lr=1.0, eps=0.0, initial=3.0), period=1, share=0.5, reset=True)
        rows, state = steps(opt, [1, 1, 1])
        assert rows[:, 0].tolist() == [-0.25, -0.5, -0.75]
        assert all(slot.shape == (1,) and slot.dtype == float for slot in state.slots)


def solved(opt, **known):
    """Return the direction of a rule that is told H, or J and r."""
    g = np.asarray(known.pop("g"), float)
    known = {name: np.asarray(value, float) for name, value in known.items()}
    with np.errstate(all="ignore"):
        return opt.direction(g, g, (), SimpleNamespace(damping=0.0, eps=1e-8, t=1, **known))[0]


class TestNewton:
    def test_the_bare_method_solves_a_singular_system_by_least_squares(self):
        d = solved(Newton(repair=None), hess=[[1, 1], [1, 1]], g=[2, 2])
        np.testing.assert_allclose(d, [1, 1], rtol=1e-14)

    def test_the_bare_method_keeps_what_least_squares_would_drop(self):
        assert solved(Newton(repair=None), hess=[[1, 0], [0, 1e-20]], g=[1, 1e-20]).tolist() == [1, 1]

    @pytest.mark.parametrize("repair", ["cholesky", "absolute"])
    def test_where_there_is_no_curvature_the_step_is_the_gradient(self, repair):
        assert solved(Newton(repair=repair), hess=np.zeros((2, 2)), g=[3, -4]).tolist() == [3, -4]

    def test_the_shift_is_doubled_from_a_thousandth_of_the_norm(self):
        """Eigenvalues 1 and -1: the norm is sqrt 2, and 0.001 sqrt 2 is above 1 after ten doublings."""
        tau = 1.024 * math.sqrt(2)
        d = solved(Newton(), hess=[[0, 1], [1, 0]], g=[1, 0])
        np.testing.assert_allclose(d, [tau / (tau**2 - 1), -1 / (tau**2 - 1)], rtol=1e-12)

    def test_absolute_values_below_one_are_not_lifted(self):
        assert solved(Newton(repair="absolute"), hess=[[-0.5, 0], [0, 0.25]], g=[1, 1]).tolist() == [2, 4]

    def test_an_eigenvalue_of_zero_becomes_the_round_off_of_the_largest(self):
        """Two dimensions, largest 1e4: 2 * 2^-52 * 1e4."""
        d = solved(Newton(repair="absolute"), hess=[[1e4, 0], [0, 0]], g=[0, 1])
        np.testing.assert_allclose(d, [0, 2.0**51 / 1e4], rtol=1e-14)

    @pytest.mark.parametrize(
        ("opt", "known"),
        [
            (Newton(), {"hess": [[math.inf, 0], [0, 1]]}),
            (GaussNewton(), {"jacobian": [[1, 0], [0, math.nan], [1, 1]], "residuals": [1, 1, 1]}),
            (GaussNewton(), {"jacobian": [[1, 0], [0, 1], [1, 1]], "residuals": [1, math.inf, 1]}),
        ],
    )
    def test_what_is_not_finite_gives_no_direction(self, opt, known):
        d = solved(opt, g=[1, 1], **known)
        assert d.shape == (2,)
        assert np.isnan(d).all()


class TestDiagonal:
    def test_signs_follow_from_the_seed(self):
        def end(rng):
            return minimize(Rosenbrock(), DiagonalNewton(lr=0.1, diagonal="hutchinson", rng=rng), steps=5).x

        assert np.array_equal(end(3), end(3))
        assert not np.array_equal(end(3), end(4))

    @pytest.mark.parametrize("diagonal", ["exact", "differences", "hutchinson"])
    def test_a_batch_equals_single_runs(self, diagonal):
        opt = DiagonalNewton(lr=0.1, diagonal=diagonal)
        starts = np.array([[-1.2, 1.0], [100.0, 2.0], [0.5, -30.0]])
        batch = minimize(Rosenbrock(), opt, x0=starts, steps=5)
        for row, start in enumerate(starts):
            alone = minimize(Rosenbrock(), opt, x0=start, steps=5)
            assert np.array_equal(batch.history.x[:, row], alone.history.x)

    @pytest.mark.parametrize("diagonal", ["differences", "hutchinson"])
    def test_differences_are_as_wide_as_x_is_large(self, diagonal):
        """At 1e9 a distance of 6e-6 would vanish in x's own round-off."""
        opt = DiagonalNewton(diagonal=diagonal)
        x = minimize(Quadratic([1.0, 4.0], start=[1e9, 2e9]), opt, steps=1).x
        assert np.abs(x).max() < 10.0


class TestLearning:
    def test_lbfgs_learns_where_the_product_is_one(self):
        """f = x^2/2 from 2 at rate 1/2: s = y = -1, so H = 1 and half of x goes each time."""
        run = minimize(Parabola(curvature=1.0, start=2.0), LBFGS(lr=0.5), steps=3)
        assert run.history.x[:, 0].tolist() == [2.0, 1.0, 0.5, 0.25]

    def test_conjugate_gradients_restart_by_powells_rule(self):
        """From (2, 1) on diag(1, 2): g0 = (2, 2), g1 = (3/2, 1); g1.g0 = 5 against nu times 13/4."""
        bowl = Quadratic([1.0, 2.0], start=[2.0, 1.0])
        for nu, expected in ((2.0, [0.921875, 0.046875]), (1.5, [1.125, 0.25])):
            opt = ConjugateGradient(lr=0.25, beta="FR", restart=100, nu=nu)
            assert minimize(bowl, opt, steps=2).x.tolist() == expected

    def test_conjugate_gradients_restart_on_powells_limit(self):
        """From 2 on x^2/2 at rate 1/2: g0 = 2, g1 = 1, and 2 is nu = 2 times 1."""
        opt = ConjugateGradient(lr=0.5, beta="FR", restart=100, nu=2.0)
        assert minimize(Parabola(curvature=1.0, start=2.0), opt, steps=2).x.tolist() == [0.5]
        opt = opt.replace(nu=2.5)
        assert minimize(Parabola(curvature=1.0, start=2.0), opt, steps=2).x.tolist() == [0.25]

    @pytest.mark.parametrize("descent", [0.0, 0.5])
    def test_conjugate_gradients_restart_where_the_direction_vanishes(self, descent):
        """From 1 on x^2 at rate 1: g = 2 and -2, so beta = 1 and p = 2 - 2; it must not stay at -1."""
        opt = ConjugateGradient(lr=1.0, beta="FR", restart=100, nu=math.inf, descent=descent)
        assert minimize(Parabola(curvature=2.0, start=1.0), opt, steps=2).history.x[:, 0].tolist() == [
            1,
            -1,
            1,
        ]

    def test_hager_and_zhangs_lower_bound(self):
        """In one dimension beta is the ratio of the gradients, -50, cut at -1 / (10 * 0.01) = -10."""
        opt = ConjugateGradient(lr=51.0, beta="HZ", restart=100, nu=math.inf)
        run = minimize(Parabola(curvature=1.0, start=10.0), opt, steps=2)
        np.testing.assert_allclose(run.history.x[:, 0], [10, -500, -500 + 51 * 600], rtol=1e-13)

    def test_hager_and_zhangs_lower_bound_near_the_minimum(self):
        """Gradients 0.005 and -250, a ratio of -50000, cut at -1 / 0.005^2 = -40000."""
        opt = ConjugateGradient(lr=50001.0, beta="HZ", restart=100, nu=math.inf)
        run = minimize(Parabola(curvature=1.0, start=0.005), opt, steps=2)
        assert run.x[0] == pytest.approx(-250 + 50001 * 450, rel=1e-12)

    @pytest.mark.parametrize("opt", [BFGS(lr=0.05), LBFGS(lr=0.05)], ids=name_of)
    def test_in_a_batch_each_run_learns_for_itself(self, opt):
        """On x^4/4 - x^2/2 the first start has negative curvature ahead, and learns long after the other."""
        starts = np.array([[0.45, 0.3], [1.5, 1.2]])
        batch = minimize(DoubleWell(), opt, x0=starts, steps=40)
        assert (batch.x[0] > 0.6).all(), "where the curvature is positive"
        for row, start in enumerate(starts):
            alone = minimize(DoubleWell(), opt, x0=start, steps=40)
            assert np.array_equal(batch.history.x[:, row], alone.history.x)


class DoubleWell(Problem, abstract=True):
    x0 = (0.1, 0.1)
    minimum = -0.5

    def fun(self, x):
        return (x**4 / 4 - x * x / 2).sum(axis=-1)

    def grad(self, x):
        return x**3 - x


@pytest.mark.parametrize("opt", [Prodigy(d0=0.01), DAdaptAdam(d0=0.01)], ids=name_of)
def test_each_run_of_a_batch_estimates_its_own_distance(opt):
    starts = np.array([[3.0, 1.0], [-0.5, 20.0]])
    batch = minimize(Quadratic([1.0, 4.0]), opt, x0=starts, steps=30)
    for row, start in enumerate(starts):
        alone = minimize(Quadratic([1.0, 4.0]), opt, x0=start, steps=30)
        assert np.abs(alone.history.x[-1] - start).max() > 0.5, "the estimate has grown"
        assert np.array_equal(batch.history.x[:, row], alone.history.x)
