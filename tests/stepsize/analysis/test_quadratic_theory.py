"""What theory predicts, against printed numbers, theorems, and runs."""

import math

import numpy as np
import pytest
import scipy.linalg

import stepsize as ss
from stepsize.analysis import quadratic_theory

CONDITIONS = [2.0, 3.0, 10.0, 100.0, 1000.0, 1e4]
RULES = [ss.SGD, ss.Momentum, ss.Nesterov]


def steps_for(rate):
    """So many updates that only the slowest direction is left, and many ripples, but no more than needed."""
    return int(min(100 / -math.log(rate), max(4 / -math.log(rate), 20_000)))


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("rule", RULES)
def test_predicted_and_observed_contraction_agree_at_the_best_parameters(rule, condition):
    """To 1 %, although at the best momentum the error goes like k rate^k: a double root."""
    bowl = ss.Quadratic([1.0, condition], start=[1.0, 1.0])
    optimizer = ss.best_parameters(rule, condition, 1.0)
    prediction = ss.predict(bowl, optimizer)
    observed = ss.observed_rate(ss.minimize(bowl, optimizer, steps=steps_for(prediction.rate)))
    assert observed == pytest.approx(prediction.rate, rel=0.01)
    # The rate itself hides much when it is close to 1; so do its logarithms agree, to 2 %.
    assert math.log(observed) == pytest.approx(math.log(prediction.rate), rel=0.02)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_predicted_and_observed_contraction_agree_off_the_best(rule, condition, share):
    """At a share of the largest stable rate, with momentum 0.5: monotone, rippling and alternating runs."""
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    bowl = ss.Quadratic([1.0, math.sqrt(condition), condition], rotation=rotation, start=[1.0, -2.0, 0.5])
    optimizer = rule() if rule is ss.SGD else rule(momentum=0.5)
    optimizer = optimizer.replace(lr=share * ss.stability_limit(optimizer, condition))
    prediction = ss.predict(bowl, optimizer)
    observed = ss.observed_rate(ss.minimize(bowl, optimizer, steps=steps_for(prediction.rate)))
    assert observed == pytest.approx(prediction.rate, rel=0.01)
    assert math.log(observed) == pytest.approx(math.log(prediction.rate), rel=0.02)


@pytest.mark.parametrize("rule", RULES)
def test_just_below_the_limit_runs_converge_and_just_above_they_diverge(rule):
    bowl = ss.Quadratic([1.0, 10.0], start=[1.0, 1.0])
    optimizer = rule() if rule is ss.SGD else rule(momentum=0.5)
    limit = ss.stability_limit(optimizer, 10.0)
    for share, converges in ((0.99, True), (1.01, False)):
        trial = optimizer.replace(lr=share * limit)
        run = ss.minimize(bowl, trial, steps=3000)
        assert (ss.predict(bowl, trial).rate < 1) is converges
        assert (run.fun < 1e-6) is converges
        if not converges:
            assert ss.observed_rate(run) == pytest.approx(ss.predict(bowl, trial).rate, rel=1e-3)


def test_the_sentences():
    bowl = ss.Quadratic([1.0, 10.0])
    say = {opt: str(ss.predict(bowl, opt)) for opt in (ss.SGD(lr=0.21), ss.SGD(lr=0.2), ss.SGD(lr=2 / 11))}
    assert list(say.values()) == [
        "lr 0.21 > 2/L = 0.2: will diverge",
        "lr 0.2 = 2/L: will neither settle nor diverge",
        "predicted 0.818 a step, alternating",
    ]
    run = ss.minimize(bowl, ss.SGD(lr=2 / 11), steps=200)
    assert ss.predict(bowl, ss.SGD(lr=2 / 11)).against(run) == "predicted 0.818 a step, observed 0.818"
    heavy = str(ss.predict(bowl, ss.Momentum(lr=0.4, momentum=0.5)))
    assert heavy == "lr 0.4 > (2 + 2 beta)/L = 0.3: will diverge"
    near = str(ss.predict(ss.Rosenbrock(), ss.SGD(lr=1e-3)))
    assert near == "predicted 0.9996 a step near the minimizer, monotone"
    above = str(ss.predict(ss.Rosenbrock(), ss.SGD(lr=3e-3)))
    assert above == "lr 0.003 > 2/L = 0.001997: cannot settle at the minimizer"


def test_what_theory_cannot_say_is_refused_in_a_sentence():
    bowl = ss.Quadratic()
    with pytest.raises(TypeError, match="expected SGD, Momentum or Nesterov"):
        ss.predict(bowl, ss.Adam())
    with pytest.raises(TypeError, match="expected a number that stays the same"):
        ss.predict(bowl, ss.SGD(lr=ss.Exponential(0.1, 0.1)))
    with pytest.raises(ValueError, match="expected one with a minimizer and a Hessian"):
        ss.predict(ss.Saddle(), ss.SGD())
    with pytest.raises(ValueError, match="expected one that the updates see as it is"):
        ss.predict(ss.MaskedGradient(bowl), ss.SGD())
    with pytest.raises(ValueError, match="got a batch"):
        ss.observed_rate(ss.minimize(bowl, ss.SGD(lr=0.01), x0=[[1.0, 1.0], [2.0, 2.0]], steps=3))


def test_a_piecewise_quadratic_is_no_quadratic():
    """Lessard's example has curvature 25 at its start, its mirror image and its minimizer, and cycles."""
    prediction = ss.predict(ss.LessardQuadratic(), ss.Momentum(lr=1 / 9, momentum=4 / 9))
    assert not prediction.everywhere
    assert prediction.rate == pytest.approx(2 / 3, abs=1e-7)


def test_a_direction_that_the_start_does_not_have_is_not_predicted():
    """From the steep axis only the steep factor is seen."""
    bowl = ss.Quadratic([1.0, 10.0], start=[0.0, 1.0])
    prediction = ss.predict(bowl, ss.SGD(lr=0.05))
    assert prediction.rate == pytest.approx(0.5)
    assert prediction.curvature == 10.0
    assert ss.predict(bowl, ss.SGD(lr=0.05), x0=[1.0, 1.0]).rate == pytest.approx(0.95)


def test_lecun_regimes():
    """LeCun et al. 1998, section 5: factors for rates of 0.5, 1, 1.5 and 2.5 times 1/lambda."""
    for share, factor in ((0.5, 0.5), (1.0, 0.0), (1.5, 0.5), (2.5, 1.5)):
        assert ss.contraction(ss.SGD(lr=share / 4.0), 4.0) == pytest.approx(factor, abs=1e-15)
    assert ss.regime(ss.SGD(lr=0.5 / 4), 4.0) == "monotone"
    assert ss.regime(ss.SGD(lr=1.5 / 4), 4.0) == "alternating"
    assert ss.regime(ss.SGD(lr=2.5 / 4), 4.0) == "divergent"


def test_goh_optimal_parameters():
    """Goh 2017: eigenvalues 0.01 ... 1; the rates 99/101 and 9/11, and the printed 1.980198."""
    assert ss.best_parameters(ss.SGD, 1.0, 0.01).lr == pytest.approx(1.980198, abs=5e-7)
    assert ss.contraction(ss.best_parameters(ss.SGD, 1.0, 0.01), 0.01) == pytest.approx(99 / 101, abs=1e-12)
    momentum = ss.best_parameters(ss.Momentum, 1.0, 0.01)
    assert momentum.lr == pytest.approx((2 / 1.1) ** 2, abs=1e-12)
    assert momentum.momentum == pytest.approx((9 / 11) ** 2, abs=1e-12)
    # A double root loses half of the digits.
    assert ss.contraction(momentum, np.array([0.01, 1.0])) == pytest.approx([9 / 11] * 2, abs=1e-6)


def test_goh_steps_until_the_loss_is_a_millionth():
    """Goh 2017, equal loss parts at the start: 336 steps of gradient descent, 55 with momentum."""
    lam = np.array([0.01, 0.1, 1.0])
    bowl = ss.Quadratic(lam, start=1 / np.sqrt(lam))
    for rule, steps in ((ss.SGD, 336), (ss.Momentum, 55)):
        run = ss.minimize(bowl, ss.best_parameters(rule, 1.0, 0.01), steps=400)
        assert run.settled(1e-6) == steps


def test_goh_map():
    """Stable iff lr lambda < 2 + 2 beta; complex between (1 -+ sqrt beta)^2, and there the rate is sqrt beta.

    (The article prints 2 sqrt beta: a factor 1/2 is dropped.)
    """
    for beta in (0.1, 0.5, 0.9):
        root = math.sqrt(beta)
        for u in np.linspace(0.01, 3.99, 200):
            optimizer = ss.Momentum(lr=float(u), momentum=beta)
            assert (ss.regime(optimizer, 1.0) != "divergent") == (u < 2 + 2 * beta)
            inside = (1 - root) ** 2 < u < (1 + root) ** 2
            assert (ss.regime(optimizer, 1.0) == "ripples") == inside
            if inside:
                assert ss.contraction(optimizer, 1.0) == pytest.approx(root, abs=1e-12)
        assert ss.contraction(ss.Momentum(lr=0.25, momentum=0.25), 1.0) == pytest.approx(0.5, abs=1e-7)


def test_d2l_momentum_spectral_radii():
    """Dive into Deep Learning 12.6.1, .1 x^2 + 2 y^2, lr 0.6: sqrt(.5) on both axes; .828106, .858945."""
    half = ss.contraction(ss.Momentum(lr=0.6, momentum=0.5), np.array([0.2, 4.0]))
    assert half == pytest.approx([math.sqrt(0.5)] * 2, abs=1e-12)
    quarter = ss.contraction(ss.Momentum(lr=0.6, momentum=0.25), np.array([0.2, 4.0]))
    assert sorted(quarter) == pytest.approx([0.828106, 0.858945], abs=5e-7)


def test_the_best_parameters_are_best():
    """No neighbour does better on the two extreme curvatures."""
    L, mu = 50.0, 1.0
    for rule in RULES:
        best = ss.best_parameters(rule, L, mu)
        rate = max(ss.contraction(best, np.array([mu, L])))
        for dlr in (-1e-3, 0.0, 1e-3):
            for dbeta in (-1e-3, 0.0, 1e-3) if rule is not ss.SGD else (0.0,):
                changes = {"lr": best.lr * (1 + dlr)}
                if rule is not ss.SGD:
                    changes["momentum"] = best.momentum * (1 + dbeta)
                other = max(ss.contraction(best.replace(**changes), np.linspace(mu, L, 200)))
                assert other >= rate - 1e-7


def test_nesterov_on_a_quadratic_is_momentum_with_less_of_it():
    """Sutskever et al. 2013, theorem 2.1: momentum beta (1 - lr lambda) along each eigenvector."""
    for lam in (0.1, 1.0, 5.0):
        nesterov = ss.contraction(ss.Nesterov(lr=0.1, momentum=0.9), lam)
        momentum = ss.contraction(ss.Momentum(lr=0.1, momentum=0.9 * (1 - 0.1 * lam)), lam)
        assert nesterov == pytest.approx(momentum, abs=1e-12)


def test_noise_floor_of_gradient_descent():
    """Bottou, Curtis and Nocedal: lr s^2/(lambda (2 - lr lambda)), .052632 for lambda = 1 and lr = .1."""
    floor = ss.noise_floor(ss.SGD(lr=0.1), [1.0, 4.0], [1.0, 2.0])
    assert floor.variance == pytest.approx([0.1 / 1.9, 0.4 / (4 * 1.6)], rel=1e-12)
    assert floor.gap == pytest.approx((0.1 / 1.9 + 4 * 0.4 / 6.4) / 2, rel=1e-12)


@pytest.mark.parametrize("optimizer", [ss.Momentum(lr=0.1, momentum=0.8), ss.Nesterov(lr=0.1, momentum=0.8)])
def test_noise_floor_with_memory_against_another_solver(optimizer):
    from stepsize.analysis.quadratic_theory import iteration_matrix

    A = iteration_matrix(optimizer, 2.0)
    reach = 1.8 if isinstance(optimizer, ss.Nesterov) else 1.0
    b = np.array([1.0, -0.1 * reach])
    S = scipy.linalg.solve_discrete_lyapunov(A, np.outer(b, b) * 0.09)
    assert ss.noise_floor(optimizer, 2.0, 0.3).variance[0] == pytest.approx(S[1, 1], rel=1e-10)


@pytest.mark.parametrize("rule", [ss.SGD(lr=0.1), ss.Momentum(lr=0.05, momentum=0.7), ss.Nesterov(lr=0.05)])
def test_noise_floor_against_runs(rule):
    """The spread of 2000 runs after they have forgotten the start, within 3.5 standard deviations."""
    bowl = ss.Quadratic([1.0, 4.0], rotation=0.5, start=[0.0, 0.0])
    noisy = ss.AdditiveNoise(bowl, sigma_g=[0.5, 1.0], shared=False, rng=3)
    prediction = ss.predict(noisy, rule)
    end = ss.minimize(noisy, rule, x0=np.zeros((2000, 2)), steps=150).x
    gaps = bowl.fun(end)
    assert abs(gaps.mean() - prediction.floor.gap) < 3.5 * gaps.std() / math.sqrt(2000)
    squared = (end * end).sum(axis=1)
    assert abs(squared.mean() - prediction.floor.radius**2) < 3.5 * squared.std() / math.sqrt(2000)
    assert "down to noise at" in prediction.sentence


def test_observed_rate_needs_something_to_observe():
    bowl = ss.Parabola(curvature=2.0)
    assert ss.observed_rate(ss.minimize(bowl, ss.SGD(lr=0.5), steps=5)) == 0.0
    assert ss.observed_rate(ss.minimize(bowl, ss.SGD(lr=0.1), steps=3)) is None


def test_observed_rate_is_not_fooled_by_rounding():
    """A minimizer away from the origin: after 200 steps nothing but rounding is left, and is not fitted."""
    bowl = ss.Quadratic([1.0, 3.0], minimizer=[1e3, -2e3], start=[0.0, 0.0])
    run = ss.minimize(bowl, ss.SGD(lr=0.5), steps=3000)
    assert ss.observed_rate(run) == pytest.approx(0.5, rel=1e-6)


def test_observed_rate_by_the_gap_and_by_the_gradient():
    problem = ss.Problem.of(lambda x: x @ x, lambda x: 2 * x, x0=[3.0, 4.0], minimum=0.0)
    assert ss.observed_rate(ss.minimize(problem, ss.SGD(lr=0.1), steps=50)) == pytest.approx(0.8, rel=1e-9)
    unknown = ss.Problem.of(lambda x: x @ x, lambda x: 2 * x, x0=[3.0, 4.0])
    assert ss.observed_rate(ss.minimize(unknown, ss.SGD(lr=0.1), steps=50)) == pytest.approx(0.8, rel=1e-9)


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_steps_to_a_power_of_the_rate_are_its_exponent(rate):
    """Although the logarithms are rounded; a little less takes one step more."""
    for count in range(1, 150):
        assert ss.steps_to(rate, rate**count) == count
        assert ss.steps_to(rate, rate**count * (1 - 1e-9)) == count + 1
        assert ss.steps_to(rate, rate**count * (1 + 1e-9)) == count if rate**count < 0.99 else True


def test_steps_to_at_the_ends():
    assert ss.steps_to(0.0, 0.5) == 1.0
    assert ss.steps_to(0.5, 0.999999) == 1.0
    assert ss.steps_to(1.0, 0.5) == ss.steps_to(2.0, 0.5) == math.inf
    assert np.isfinite(ss.steps_to(1 - 1e-12, 0.5))


@pytest.mark.parametrize("curvature", [0.25, 1.0, 8.0])
def test_an_error_that_stays_as_large_as_it_is_does_not_converge(curvature):
    """At the limit itself the radius is 1: the error alternates, or stands, forever."""
    assert ss.regime(ss.SGD(lr=2 / curvature), curvature) == "divergent"
    assert ss.regime(ss.SGD(lr=0.999999 * 2 / curvature), curvature) == "alternating"
    assert ss.regime(ss.Momentum(lr=3 / curvature, momentum=0.5), curvature) == "divergent"
    assert ss.regime(ss.SGD(lr=1 / curvature), curvature) == "monotone", "it arrives in one step"
    assert ss.regime(ss.SGD(lr=1.000001 / curvature), curvature) == "alternating"


def test_steps_to():
    assert ss.steps_to(9 / 11, 1e-6) == math.ceil(math.log(1e-6) / math.log(9 / 11))
    run = ss.minimize(ss.Quadratic([1.0, 10.0], start=[1.0, 1.0]), ss.SGD(lr=2 / 11), steps=200)
    distance = np.linalg.norm(run.history.x, axis=1)
    assert np.argmax(distance <= 1e-6 * distance[0]) == ss.steps_to(9 / 11, 1e-6)


def test_gradient_descent_is_the_euler_scheme_of_gradient_flow():
    """The error halves with the step (ratios 2.008 and 2.004 for curvatures 1 and 10 at time 1)."""
    bowl = ss.Quadratic([1.0, 10.0], start=[1.0, 1.0])
    exact = np.exp([-1.0, -10.0])
    assert ss.gradient_flow(bowl, [0.0, 0.3, 1.0]).x[-1] == pytest.approx(exact, rel=1e-8)
    errors = []
    for steps in (50, 100, 200):
        end = ss.minimize(bowl, ss.SGD(lr=1 / steps), steps=steps).x
        errors.append(np.linalg.norm(end - exact))
    assert errors[0] / errors[1] == pytest.approx(2.008, abs=2e-3)
    assert errors[1] / errors[2] == pytest.approx(2.004, abs=2e-3)


def test_momentum_is_a_discretisation_of_the_ball_with_friction():
    """Papazov, Pesme and Flammarion 2024: with lambda fixed, four times finer a rate halves the error."""
    bowl = ss.Quadratic([1.0, 3.0], start=[1.0, 1.0])
    lam = 0.05
    end = ss.momentum_flow(bowl, lam, [0.0, 1.0]).x[-1]
    errors = []
    for j in range(3):
        lr = 3.2e-3 / 4**j
        beta = 1 - math.sqrt(lr / lam)
        assert ss.inertia(lr, beta) == pytest.approx(lam, rel=1e-12)
        assert ss.time_step(lr, beta) == pytest.approx(math.sqrt(lam * lr), rel=1e-12)
        steps = 1 / ss.time_step(lr, beta)
        run = ss.minimize(bowl, ss.Momentum(lr=lr, momentum=beta), steps=math.ceil(steps))
        a, b = run.history.x[math.floor(steps)], run.history.x[math.ceil(steps)]
        errors.append(np.linalg.norm(a + (b - a) * (steps - math.floor(steps)) - end))
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.1)
    assert errors[1] / errors[2] == pytest.approx(2.0, abs=0.1)


def test_gradient_flow_keeps_what_the_product_of_two_weights_keeps():
    """u^2 - v^2 is constant along the flow of (uv - 1)^2 / 2; sharpness ends at sqrt((9 - .01)^2 + 4)."""
    problem = ss.ScalarFactorization()
    flow = ss.gradient_flow(problem, np.linspace(0, 20, 50))
    assert np.ptp(flow.x[:, 0] ** 2 - flow.x[:, 1] ** 2) < 1e-8
    assert problem.sharpness(flow.x[-1]) == pytest.approx(math.sqrt(8.99**2 + 4), rel=1e-7)
    assert problem.sharpness(flow.x[-1]) == pytest.approx(9.209783, abs=1e-6)


def test_the_guarantee_of_gradient_descent_on_strongly_convex_problems():
    """Polyak 1987: every step shrinks the distance by max(|1 - lr mu|, |1 - lr L|) or more, from anywhere."""
    problem = ss.LogisticRegression(*ss.two_gaussians(80, 3, rng=2), l2=0.1, intercept=False)
    star = np.array(problem.minimizers[0])
    for share in (0.3, 1.0, 1.8):
        optimizer = ss.SGD(lr=share / problem.L)
        prediction = ss.predict(problem, optimizer)
        starts = np.random.default_rng(0).normal(size=(50, 3)) * 5
        path = ss.minimize(problem, optimizer, x0=starts, steps=30).history.x
        distance = np.linalg.norm(path - star, axis=-1)
        assert (distance[1:] <= prediction.guarantee * distance[:-1] + 1e-12).all()
        assert prediction.rate <= prediction.guarantee < 1
    assert ss.predict(problem, ss.SGD(lr=2.1 / problem.L)).guarantee is None
    assert ss.predict(problem, ss.Momentum(lr=0.1)).guarantee is None


def limits(curvature):
    """Each rule at the rate from which on it diverges, worked out in three ways that round differently."""
    for beta in (0.0, 0.3, 0.5, 0.9):
        for lr in ((2 + 2 * beta) / curvature, 2 / curvature + 2 * beta / curvature):
            yield ss.Momentum(lr=lr, momentum=beta) if beta else ss.SGD(lr=lr)
            yield ss.Nesterov(lr=lr / (1 + 2 * beta), momentum=beta)
    yield ss.SGD(lr=float(np.nextafter(2 / curvature, 9.0)))


def test_rounding_decides_no_word_at_the_limit():
    """At lr lambda = 2 + 2 beta one root is -1 exactly, whatever the digits of lambda."""
    for k in range(1, 60, 3):
        curvature = 0.1 * k
        bowl = ss.Quadratic([curvature / 7, curvature], start=[1.0, 1.0])
        for optimizer in limits(curvature):
            assert ss.contraction(optimizer, curvature) == 1.0
            assert ss.regime(optimizer, curvature) == "divergent"
            prediction = ss.predict(bowl, optimizer)
            assert prediction.sentence.endswith("L: will neither settle nor diverge") or (
                prediction.sentence.endswith("L): will neither settle nor diverge")
            )
            assert prediction.steps_to(0.5) == math.inf
            just_below = optimizer.replace(lr=optimizer.lr * (1 - 1e-9))
            assert ss.contraction(just_below, curvature) < 1
            assert ss.predict(bowl, just_below).sentence.endswith(", alternating")
            just_above = optimizer.replace(lr=optimizer.lr * (1 + 1e-9))
            assert ss.contraction(just_above, curvature) > 1
            assert ss.predict(bowl, just_above).sentence.endswith("will diverge")


def test_rounding_decides_no_word_where_the_error_vanishes():
    """At lr lambda = 1 it arrives in one step: that is monotone, whatever the digits of lambda."""
    for k in range(1, 200):
        for ulps in (-4, -1, 0, 1, 4):
            lr = 1 / (0.1 * k) * (1 + ulps * np.finfo(float).eps)
            assert ss.regime(ss.SGD(lr=lr), 0.1 * k) == "monotone"


def test_a_rate_that_cannot_move_is_not_called_the_limit():
    bowl = ss.Quadratic([1.0, 10.0])
    for optimizer in (ss.SGD(lr=0.0), ss.SGD(lr=1e-18), ss.Momentum(lr=1e-18, momentum=0.5)):
        assert str(ss.predict(bowl, optimizer)) == f"lr {optimizer.lr:.4g}: will not move"
    idle = str(ss.predict(bowl, ss.Momentum(lr=0.1, momentum=1.0)))
    assert idle == "momentum 1 is no friction: will neither settle nor diverge"
    wild = str(ss.predict(bowl, ss.Momentum(lr=0.1, momentum=1.2)))
    assert wild == "momentum 1.2 is no friction: will diverge"
    beyond = str(ss.predict(bowl, ss.Momentum(lr=1.0, momentum=1.0)))
    assert beyond == "lr 1 > (2 + 2 beta)/L = 0.4: will diverge"
    ahead = str(ss.predict(bowl, ss.Nesterov(lr=0.2, momentum=0.5)))
    assert ahead == "lr 0.2 > (2 + 2 beta)/((1 + 2 beta) L) = 0.15: will diverge"


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("size", [1e-3, 0.5, 7.0, 1e5])
def test_the_best_parameters_go_with_the_units(rule, size):
    """The curvatures times c: the rate over c, the momentum and the factor as they were."""
    plain, other = ss.best_parameters(rule, 50.0, 2.0), ss.best_parameters(rule, 50.0 * size, 2.0 * size)
    assert other.lr * size == pytest.approx(plain.lr, rel=1e-12)
    assert getattr(other, "momentum", 0.0) == pytest.approx(getattr(plain, "momentum", 0.0), rel=1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_the_best_factors_are_the_printed_ones(rule):
    """Lessard, Recht and Packard 2016, proposition 1, for k = 25: 24/26, 4/6 and 1 - 2/sqrt(76)."""
    best = ss.best_parameters(rule, 100.0, 4.0)
    factor = {ss.SGD: 24 / 26, ss.Momentum: 4 / 6, ss.Nesterov: 1 - 2 / math.sqrt(76)}[rule]
    # Double roots lose half of the digits.
    assert max(ss.contraction(best, np.linspace(4.0, 100.0, 50))) == pytest.approx(factor, abs=1e-6)


@pytest.mark.parametrize("rule", RULES)
def test_a_round_bowl_is_solved_in_one_update(rule):
    best = ss.best_parameters(rule, 4.0, 4.0)
    assert best.lr == 0.25
    assert getattr(best, "momentum", 0.0) == 0.0
    assert ss.contraction(best, 4.0) == 0.0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ss.stability_limit(ss.SGD(), 0.0), "L: got 0.0, expected a positive number"),
        (lambda: ss.best_parameters(ss.SGD, 1.0, 0.0), "mu: got 0.0, expected a number above 0"),
        (lambda: ss.best_parameters(ss.SGD, 1.0, 1.5), "mu: got 1.5, expected .* at most L = 1"),
        (lambda: ss.steps_to(0.5, 0.0), "reduction: got 0.0, expected between 0 and 1"),
        (lambda: ss.steps_to(0.5, 1.0), "reduction: got 1.0, expected between 0 and 1"),
        (lambda: ss.steps_to(0.5, 1.5), "reduction: got 1.5, expected between 0 and 1"),
        (lambda: ss.steps_to(-0.5, 0.5), "rate: got -0.5, expected a number of at least 0"),
        (lambda: ss.noise_floor(ss.SGD(lr=1.0), [0.5, 2.0], 1.0), "expected a rate that is stable"),
        (lambda: ss.noise_floor(ss.SGD(lr=1.0), [0.5, 2.5], 1.0), "expected a rate that is stable"),
        (lambda: ss.noise_floor(ss.SGD(lr=1.0), [0.5, 0.0], 1.0), "expected a rate that is stable"),
    ],
)
def test_the_ends_of_what_theory_takes_are_refused_in_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_a_factor_is_a_float_and_many_are_an_array():
    assert type(ss.contraction(ss.SGD(lr=0.1), 4)) is float
    assert ss.contraction(ss.SGD(lr=0.1), [4, 5]).tolist() == pytest.approx([0.6, 0.5])
    many = ss.contraction(ss.Momentum(lr=0.1, momentum=0.5), np.ones((2, 3)))
    assert many.shape == (2, 3)


def test_a_curvature_that_is_none_is_refused_by_name():
    for bad in ("steep", None):
        with pytest.raises(
            (TypeError, ValueError), match=r"^curvature: got .*, expected a number or an array of them$"
        ):
            ss.contraction(ss.SGD(lr=0.1), bad)


def test_completion_shows_what_theory_knows():
    assert sorted(quadratic_theory.__all__) == dir(quadratic_theory)


def test_what_is_no_number_is_refused_by_its_name():
    with pytest.raises(TypeError, match=r"^lr: got .*, expected a number that stays the same$"):
        ss.contraction(ss.SGD(lr=ss.Exponential(0.1, 0.1)), 1.0)
    with pytest.raises(TypeError, match=r"^momentum: got .*, expected a number that stays the same$"):
        ss.contraction(ss.Momentum(lr=0.1, momentum=ss.Exponential(0.9, 0.1)), 1.0)


def test_a_floor_prints_its_numbers():
    assert repr(ss.noise_floor(ss.SGD(lr=0.5), 1, 2)).startswith("NoiseFloor(variance=[1.33")


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
def test_at_the_limit_an_error_neither_grows_nor_shrinks(beta):
    """One root is -1 whatever rounding makes of it; 1e-9 to either side of the limit it is not."""
    for curvature in (0.1, 0.3, 0.7, 1.0, 3.0, 7.0):
        limit = (2 + 2 * beta) / curvature
        factors = [
            ss.contraction(ss.Momentum(lr=limit * c, momentum=beta), curvature)
            for c in (1 - 1e-9, 1, 1 + 1e-9)
        ]
        assert factors[0] < 1 == factors[1] < factors[2]
        assert ss.regime(ss.Momentum(lr=limit, momentum=beta), curvature) == "divergent"


def test_what_overflows_grows():
    with np.errstate(all="ignore"):
        assert ss.contraction(ss.SGD(lr=1e120), [1.0, 1e200]).tolist() == [pytest.approx(1e120), math.inf]


@pytest.mark.parametrize(("excess", "word"), [(0.9995e-12, "monotone"), (1.0005e-12, "ripples")])
def test_critical_damping_ends_where_rounding_does(excess, word):
    """At beta = 1/4 and lr L = 1/4 + d the discriminant is 4 beta - (1 - d)^2 = 2 d - d^2."""
    assert quadratic_theory.regime(ss.Momentum(lr=0.25 + excess / 2, momentum=0.25), 1.0) == word


@pytest.mark.parametrize(("below", "word"), [(0.9995e-12, "monotone"), (1.0005e-12, "alternating")])
def test_the_rate_that_arrives_at_once_ends_where_rounding_does(below, word):
    """At lr L = 1 + d the factor of gradient descent is -d."""
    assert quadratic_theory.regime(ss.SGD(lr=1 + below), 1.0) == word
