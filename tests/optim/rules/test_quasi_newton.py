"""Directions that learn the curvature from gradients, against theorems, printed counts and SciPy."""

import numpy as np
import pytest
import scipy.optimize
from scipy.sparse.linalg import cg

from optim import (
    BFGS,
    L2,
    LBFGS,
    ClipByNorm,
    ConjugateGradient,
    Momentum,
    ScaleGradient,
    State,
    minimize,
)
from optim.rules.curvature.quasi_newton import _teaches
from problems import (
    AdditiveNoise,
    BreastCancer,
    LeastSquares,
    MiniBatch,
    Parabola,
    Problem,
    Quadratic,
    Rosenbrock,
)
from schedules import GOLSI, Armijo, ExactQuadratic, StrongWolfe
from tests.instances import name_of
from tests.optim.rules.by_hand import bowl, updates_until

BETAS = ("PR+", "FR", "HS", "DY", "HZ")


def test_bfgs_needs_34_updates_on_rosenbrock():
    """Nocedal and Wright 2006, section 6.1: 34, and 30 to 40 depending on the details of the search."""
    run = minimize(Rosenbrock(), BFGS(lr=StrongWolfe(c1=1e-4, c2=0.9)), steps=60)
    assert 30 <= updates_until(run, 1e-5) <= 40


def test_bfgs_with_exact_searches_is_conjugate_gradients_and_ends_with_the_inverse():
    """Nocedal and Wright, theorem 6.4; the iterates against SciPy's linear cg."""
    problem = Quadratic(bowl().H, minimizer=(1.0,) * 8, start=bowl().x0)
    run = minimize(problem, BFGS(lr=ExactQuadratic(), rescale=False), steps=9)
    iterates, b = [], problem.H @ np.ones(8)
    cg(problem.H, b, x0=np.array(problem.x0), rtol=0, maxiter=8, callback=lambda x: iterates.append(x.copy()))
    np.testing.assert_allclose(run.history.x[1:9], iterates, rtol=0, atol=1e-12)
    assert run.history.grad_norm[8] < 1e-11
    np.testing.assert_allclose(run.state.slots[0], np.linalg.inv(problem.H), rtol=0, atol=1e-11)


def test_bfgs_is_scipys_update_and_lbfgs_with_room_is_bfgs():
    """scipy.optimize.BFGS, SciPy's update strategy, fed the same pairs; no scaling anywhere."""
    problem = Rosenbrock(4)
    run = minimize(problem, BFGS(lr=StrongWolfe(), rescale=False), steps=12)
    theirs = scipy.optimize.BFGS(init_scale=1.0)
    theirs.initialize(4, "inv_hess")
    gradients = problem.grad(run.history.x)
    for s, y in zip(np.diff(run.history.x[:-1], axis=0), np.diff(gradients[:-1], axis=0), strict=True):
        theirs.update(s, y)
    np.testing.assert_allclose(run.state.slots[0], theirs.get_matrix(), rtol=1e-8)
    limited = minimize(problem, LBFGS(lr=StrongWolfe(), memory=12, rescale=False), steps=12)
    np.testing.assert_allclose(limited.history.x, run.history.x, rtol=0, atol=1e-9)


def test_scaling_multiplies_the_identity_once():
    """Nocedal and Wright, eq. 6.20: on a sphere of curvature 4 the first pair gives the exact H = I/4."""
    run = minimize(Quadratic([4.0, 4.0, 4.0]), BFGS(lr=0.1), steps=2)
    np.testing.assert_allclose(run.state.slots[0], np.eye(3) / 4, rtol=1e-12)
    np.testing.assert_allclose(run.history.x[2], 0.9 * run.history.x[1], rtol=1e-12)


@pytest.mark.parametrize("opt", [BFGS(lr=0.5), LBFGS(lr=0.5)], ids=name_of)
def test_negative_curvature_is_not_learned(opt):
    """On a saddle the pairs along the negative axis are skipped, so the direction still descends."""
    problem = Quadratic([1.0, -1.0], start=(0.0, 1.0))
    run = minimize(problem, opt, steps=3)
    np.testing.assert_allclose(run.history.x[:, 1], [1.0, 1.5, 2.25, 3.375])


@pytest.mark.parametrize("step", [1e-4, 1.0, 1e4])
@pytest.mark.parametrize("change", [1e-4, 1.0, 1e4])
def test_a_pair_teaches_by_the_angle_between_step_and_change_alone(step, change):
    """Its cosine has to be above 1e-10, whatever the units of x and of f."""
    for cosine, teaches in ((1e-9, True), (1e-11, False), (-1e-9, False)):
        assert _teaches(np.array([step, 0.0]), np.array([cosine * change, change])) == teaches


@pytest.mark.parametrize("opt", [BFGS(lr=StrongWolfe()), LBFGS(lr=StrongWolfe())], ids=name_of)
def test_quasi_newton_finds_the_minimum_that_scipys_newton_found(opt):
    problem = BreastCancer()
    assert minimize(problem, opt, steps=250, tol=1e-12).success


@pytest.mark.parametrize("memory", [3, 6, 20])
def test_lbfgs_applies_scipys_inverse_hessian(memory):
    """scipy.optimize.LbfgsInvHessProduct on the same pairs, which have no scaling."""
    problem = Rosenbrock(6)
    run = minimize(problem, LBFGS(lr=StrongWolfe(), memory=memory, rescale=False), steps=9)
    state = State(10, (*run.state.slots[:2], run.last_x, problem.grad(run.last_x)))
    S, Y = (pairs[-9:] for pairs in state.slots[:2])
    S, Y = S[np.abs(S).any(axis=1)], Y[np.abs(S).any(axis=1)]
    x = run.last_x
    plain = LBFGS(lr=1.0, memory=memory, rescale=False)
    g = problem.grad(x)
    step = x - plain.step(x, g, state)[0]  # s = 0: nothing new is learned
    np.testing.assert_allclose(step, scipy.optimize.LbfgsInvHessProduct(S, Y) @ g, rtol=1e-10)
    assert len(S) == min(memory, 8)


def test_lbfgs_forgets_where_the_curvature_is_negative():
    """On Rosenbrock's function, three steps teach, and three of negative curvature make it forget them."""
    run = minimize(Rosenbrock(), LBFGS(lr=Armijo()), steps=60)
    assert np.linalg.norm(run.jac) < 1e-5
    s, y = np.diff(run.history.x, axis=0)[:9], np.diff(Rosenbrock().grad(run.history.x), axis=0)[:9]
    assert ((s * y).sum(axis=1) < 0).tolist() == [False] * 3 + [True] * 3 + [False] * 3


def test_lbfgs_learns_where_the_product_is_one():
    """f = x^2/2 from 2 at rate 1/2: s = y = -1, so H = 1 and half of x goes each time."""
    run = minimize(Parabola(curvature=1.0, start=2.0), LBFGS(lr=0.5), steps=3)
    assert run.history.x[:, 0].tolist() == [2.0, 1.0, 0.5, 0.25]


class DoubleWell(Problem, abstract=True):
    x0 = (0.1, 0.1)
    minimum = -0.5

    def fun(self, x):
        return (x**4 / 4 - x * x / 2).sum(axis=-1)

    def grad(self, x):
        return x**3 - x


@pytest.mark.parametrize("opt", [BFGS(lr=0.05), LBFGS(lr=0.05)], ids=name_of)
def test_in_a_batch_each_run_learns_for_itself(opt):
    """On x^4/4 - x^2/2 the first start has negative curvature ahead, and learns long after the other."""
    starts = np.array([[0.45, 0.3], [1.5, 1.2]])
    batch = minimize(DoubleWell(), opt, x0=starts, steps=40)
    assert (batch.x[0] > 0.6).all(), "where the curvature is positive"
    for row, start in enumerate(starts):
        alone = minimize(DoubleWell(), opt, x0=start, steps=40)
        assert np.array_equal(batch.history.x[:, row], alone.history.x)


@pytest.mark.parametrize("sampling", ["static", "dynamic"])
def test_pairs_are_formed_on_one_mini_batch_at_both_ends(sampling):
    batches = MiniBatch(BreastCancer(l2=0.1), 50, sampling)
    run = minimize(batches, LBFGS(lr=0.1), steps=3)
    S, Y, *_ = run.state.slots
    for n in (1, 2):
        seen, (old, new) = batches.at(n), run.history.x[n - 1 : n + 1]
        np.testing.assert_array_equal(S[n - 3], new - old)
        np.testing.assert_array_equal(Y[n - 3], seen.grad(new) - seen.grad(old))
    assert (run.nfev, run.njev) == (4, 6)  # one more gradient an update, from the second on


def batches(l2=0.0):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 3))
    return MiniBatch(LeastSquares(X, X @ np.ones(3) + rng.normal(size=60), intercept=False, l2=l2), 10)


@pytest.mark.parametrize("opt", [BFGS(lr=0.2), LBFGS(lr=0.2), ConjugateGradient(lr=0.05)], ids=name_of)
def test_inside_a_wrapper_a_rule_compares_the_gradients_that_it_sees_of_one_mini_batch(opt):
    """A penalty by the wrapper is a penalty of the problem; a clip that never clips is none."""
    penalised = minimize(batches(l2=0.5), opt, steps=12).history.x
    np.testing.assert_allclose(minimize(batches(), L2(opt, 0.5), steps=12).history.x, penalised, rtol=1e-9)
    plain = minimize(batches(), opt, steps=12)
    clipped = minimize(batches(), ClipByNorm(opt, 1e300), steps=12)
    assert np.array_equal(clipped.history.x, plain.history.x)
    assert clipped.njev == plain.njev
    twice = minimize(batches(), ScaleGradient(ScaleGradient(opt, -1.0), -1.0), steps=12)
    assert np.array_equal(twice.history.x, plain.history.x)


def noisy_bowl(**kwargs):
    return AdditiveNoise(bowl(4), sigma_f=0.1, sigma_g=0.5, **kwargs)


@pytest.mark.parametrize("opt", [BFGS, LBFGS], ids=lambda c: c.__name__)
def test_under_a_dynamic_search_the_earlier_gradient_is_asked_of_the_draw_that_was_accepted(opt):
    """Additive noise of one draw cancels in y, so that y = H s exactly; of two draws it would not."""
    problem = noisy_bowl()
    run = minimize(problem, opt(lr=GOLSI()), steps=12)
    if opt is LBFGS:
        S, Y, *_ = run.state.slots
        assert np.abs(S[-5:]).any(axis=1).all()
        scale = np.abs(S[-5:]).max(axis=1, keepdims=True)
        np.testing.assert_allclose(Y[-5:] / scale, S[-5:] @ problem.problem.H / scale, rtol=0, atol=1e-3)
    else:
        s = run.history.x[-2] - run.history.x[-3]  # the last pair: H y = s, with y = (Hessian) s
        np.testing.assert_allclose(run.state.slots[0] @ (problem.problem.H @ s), s, rtol=1e-9)


@pytest.mark.parametrize("opt", [BFGS(lr=GOLSI()), LBFGS(lr=GOLSI()), Momentum(lr=GOLSI())], ids=name_of)
def test_stop_and_resume_under_dynamic_sampling_changes_no_bit(opt, tmp_path):
    whole = minimize(noisy_bowl(), opt, steps=20)
    first = minimize(noisy_bowl(), opt, steps=9)
    first.state.save(tmp_path / "state.npz")
    rest = minimize(noisy_bowl(), opt, first.last_x, 11, state=State.load(tmp_path / "state.npz"))
    assert np.array_equal(np.concatenate([first.history.x, rest.history.x[1:]]), whole.history.x)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LBFGS(memory=0), "memory: got 0, expected a whole number of at least 1"),
    ],
)
def test_bad_parameters_get_one_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()
