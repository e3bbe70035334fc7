"""What theory says of a run, and what the run shows: each part against numbers worked out by hand."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

import stepsize as ss
from stepsize.analysis.prediction import _distance, _guarantee, _is_quadratic, _short, _slope, _why_not

EPS = float(np.finfo(float).eps)


@pytest.mark.parametrize(
    ("factor", "text"),
    [
        (0.0, "0"),
        (0.5, "0.5"),
        (0.81818, "0.818"),
        (0.98765, "0.988"),
        (0.98999, "0.99"),
        (0.99123, "0.9912"),
        (0.9996, "0.9996"),
        (0.999987654, "0.999988"),
        (0.9999999, "0.9999999"),
        (1.0, "1"),
        (1.1, "1.1"),
        (1.00456, "1.0046"),
        (1.000000123, "1.00000012"),
        (10.0, "10"),
        (100.25, "100.25"),
        (10000.75, "10000.75"),
        (10001.0, "1e+04"),
        (10001.5, "1e+04"),
    ],
)
def test_a_factor_has_as_many_digits_as_tell_it_from_one(factor, text):
    assert _short(factor) == text


# --- the slope of an error


@pytest.mark.parametrize("rate", [0.3, 0.9, 0.999, 1.1])
def test_a_double_root_is_told_from_a_single_one(rate):
    """rate^k and k rate^k have the same factor in the long run."""
    k = np.arange(20, 60)
    for y in (3.0 + k * math.log(rate), 3.0 + k * math.log(rate) + np.log(k)):
        assert _slope(k, y) == pytest.approx(math.log(rate), abs=1e-12)


@pytest.mark.parametrize(
    ("power", "double"), [(0.0, False), (0.6, False), (0.7, True), (1.0, True), (1.5, True)]
)
def test_it_is_a_double_root_if_that_fits_twice_as_well(power, double):
    """Of k^a rate^k what is left over is a times, or 1 - a times, the bend of log k: equal at a = 2/3."""
    k = np.arange(20, 60)
    y = -0.5 * k + power * np.log(k)
    bend = np.linalg.lstsq(np.column_stack([k, np.ones(len(k))]), np.log(k), rcond=None)[0][0]
    assert _slope(k, y) == pytest.approx(-0.5 + (power - double) * bend, abs=1e-12)


def test_eight_points_are_needed():
    bowl = ss.Parabola(curvature=2.0)
    assert ss.observed_rate(ss.minimize(bowl, ss.SGD(lr=0.1), steps=7)) == pytest.approx(0.8)
    assert ss.observed_rate(ss.minimize(bowl, ss.SGD(lr=0.1), steps=6)) is None
    growing = ss.minimize(bowl, ss.SGD(lr=1.1), steps=7)
    assert ss.observed_rate(growing) == pytest.approx(1.2)
    assert ss.observed_rate(ss.minimize(bowl, ss.SGD(lr=1.1), steps=6)) is None
    told = ss.predict(bowl, ss.SGD(lr=0.1))
    assert (
        told.against(ss.minimize(bowl, ss.SGD(lr=0.1), steps=6)) == "predicted 0.8 a step, nothing to measure"
    )
    assert told.factors(ss.minimize(bowl, ss.SGD(lr=0.1), steps=6)) == ("0.8", "-")
    assert told.factors(ss.minimize(bowl, ss.SGD(lr=0.1), steps=7)) == ("0.8", "0.8")


def a_run(error, minimum=None, minimizers=None, **history):
    """A run of which only the error is known."""
    problem = SimpleNamespace(minimizers=minimizers, minimum=minimum)
    facts = {"x": np.zeros((len(error), 1)), "every": 1, "output": None} | history
    return SimpleNamespace(problem=problem, error=np.asarray(error, float), history=SimpleNamespace(**facts))


def test_the_distance_is_taken_where_there_is_one_minimizer():
    x = np.array([[4.0, 6.0], [1.0, 5.0], [1.0, 2.0]])
    found, floor = _distance(a_run([9.0, 9.0, 9.0], minimum=7.0, minimizers=((1.0, -2.0),), x=x))
    assert found.tolist() == [math.hypot(3.0, 8.0), 7.0, 4.0]
    assert floor == pytest.approx(1e3 * EPS * 2.0)
    # The answer of an averaging rule is where it counts.
    answer = np.array([[1.0, -2.0], [2.0, -2.0], [1.0, 0.0]])
    found, _ = _distance(a_run([9.0] * 3, minimum=7.0, minimizers=((1.0, -2.0),), x=x, output=answer))
    assert found.tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("change", [{"every": 2}, {"minimizers": ((1.0,), (2.0,))}, {"minimizers": None}])
def test_otherwise_it_is_the_root_of_the_gap(change):
    found, floor = _distance(a_run([9.0, 4.0, -1.0], **{"minimum": -7.0, "minimizers": ((0.0,),)} | change))
    assert found.tolist() == [3.0, 2.0, 0.0]
    assert floor == pytest.approx(math.sqrt(1e3 * EPS * 7.0))
    assert 0 < _distance(a_run([9.0], **{"minimum": 0.0} | change))[1] < 1e-140


def test_and_otherwise_the_norm_of_the_gradient():
    found, floor = _distance(a_run([9.0, 4.0, 1.0]))
    assert found.tolist() == [9.0, 4.0, 1.0]
    assert 0 < floor < 1e-280


def test_rounding_is_not_fitted_whatever_hides_it():
    """The gap to a minimum of 1000 is lost at 1e-13: the factor of the rest is 0.5."""
    high = ss.Problem.of(lambda x: x @ x + 1000.0, lambda x: 2 * x, x0=[3.0, 4.0], minimum=1000.0)
    assert ss.observed_rate(ss.minimize(high, ss.SGD(lr=0.25), steps=300)) == pytest.approx(0.5, rel=1e-3)


def test_ripples_are_replaced_by_their_envelope():
    """sqrt(beta) a step, although the error itself goes up and down."""
    bowl = ss.Quadratic([1.0], start=[1.0])
    for beta in (0.5, 0.8, 0.95):
        run = ss.minimize(bowl, ss.Momentum(lr=0.3, momentum=beta), steps=400)
        assert (np.diff(np.abs(run.history.x[:50, 0])) > 0).any()
        assert ss.observed_rate(run) == pytest.approx(math.sqrt(beta), rel=0.01)
    growing = ss.minimize(bowl, ss.Momentum(lr=3.5, momentum=0.5), steps=200)
    radius = max(abs(np.roots([1.0, -(1.5 - 3.5), 0.5])))
    assert ss.observed_rate(growing) == pytest.approx(radius, rel=1e-3)


def test_an_arrival_is_told_from_a_decay_that_underflows():
    arrived = ss.minimize(ss.Parabola(), ss.SGD(lr=0.5), steps=20)
    assert ss.observed_rate(arrived) == 0.0
    # 0.1 a step, down to 0 by underflow after some 320 of them.
    faded = ss.minimize(ss.Quadratic([1.0], start=[1.0]), ss.SGD(lr=0.9), steps=400)
    assert faded.x[0] == 0.0
    assert ss.observed_rate(faded) == pytest.approx(0.1, rel=1e-3)


def test_the_later_half_counts():
    """Two modes: 0.5 a step has gone by the middle, 0.9 is left."""
    bowl = ss.Quadratic([1.0, 5.0], start=[1e-4, 1.0])
    run = ss.minimize(bowl, ss.SGD(lr=0.1), steps=60)
    assert ss.observed_rate(run) == pytest.approx(0.9, rel=1e-3)


# --- predictions


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
def test_what_is_flat_and_what_is_moving_is_told_in_any_units(size):
    flat = ss.Quadratic([1e-13 * size, 3.0 * size, 10.0 * size], start=[1.0, 1.0, 1.0])
    told = ss.predict(flat, ss.SGD(lr=0.1 / size))
    assert told.rate == pytest.approx(0.7)
    assert told.curvature == pytest.approx(3.0 * size)
    for scale in (1e-18, 1.0, 1e13):
        bowl = ss.Quadratic([1.0, 10.0])
        assert ss.predict(bowl, ss.SGD(lr=0.05), x0=[1e-2 * scale, scale]).rate == pytest.approx(0.95)
        assert ss.predict(bowl, ss.SGD(lr=0.05), x0=[1e-16 * scale, scale]).rate == pytest.approx(0.5)


def test_a_start_at_the_minimizer_is_judged_by_every_direction():
    told = ss.predict(ss.Quadratic([1.0, 10.0]), ss.SGD(lr=0.05), x0=[0.0, 0.0])
    assert (told.rate, told.curvature, told.limit) == (pytest.approx(0.95), 1.0, pytest.approx(0.2))


def test_of_two_equally_slow_directions_the_steepest_speaks():
    """At 2/(L + mu) both shrink by 9/11, and the steep one rings."""
    told = ss.predict(ss.Quadratic([1.0, 10.0]), ss.SGD(lr=2 / 11))
    assert (told.curvature, told.regime) == (10.0, "alternating")
    below = ss.predict(ss.Quadratic([1.0, 10.0]), ss.SGD(lr=2 / 11 * (1 - 1e-6)))
    assert (below.curvature, below.regime) == (1.0, "monotone")


def test_the_limit_is_that_of_the_directions_that_move():
    told = ss.predict(ss.Quadratic([1.0, 10.0], start=[1.0, 0.0]), ss.SGD(lr=0.5))
    assert (told.limit, told.rate) == (2.0, 0.5)


def test_without_curvature_nothing_is_predicted():
    with pytest.raises(ValueError, match="expected a problem with positive curvature"):
        ss.predict(ss.Quadratic([0.0, 0.0]), ss.SGD())


def test_a_hessian_that_changes_is_no_quadratic():
    assert _is_quadratic(ss.Quadratic([1.0, 10.0]))
    assert _is_quadratic(ss.Quadratic([1.0, 10.0], rotation=0.3, minimizer=[5.0, 6.0]))
    assert not _is_quadratic(ss.Rosenbrock())
    assert not _is_quadratic(ss.LessardQuadratic())
    assert not _is_quadratic(ss.Problem.of(lambda x: x @ x, lambda x: 2 * x, x0=[1.0], minimum=0.0))


def test_from_L_and_mu_alone_the_slower_of_the_two_is_predicted():
    class Known(ss.Problem, abstract=True):
        L, mu, minimum, x0 = 10.0, 1.0, 0.0, (1.0, 1.0)

        def fun(self, x):
            return 0.5 * (x * x * np.array([1.0, 10.0])).sum(axis=-1)

        def grad(self, x):
            return x * np.array([1.0, 10.0])

    told = ss.predict(Known(), ss.SGD(lr=0.15))
    assert (told.rate, told.curvature, told.limit) == (pytest.approx(0.85), 1.0, pytest.approx(0.2))
    assert told.guarantee == pytest.approx(0.85)
    assert told.floor is None
    assert told.everywhere is False
    assert told.sentence == "predicted 0.85 a step near the minimizer, monotone"
    for name, value in (("mu", 0.0), ("mu", None), ("L", None)):
        with pytest.raises(ValueError, match="or with L and mu above 0"):
            ss.predict(type("Less", (Known,), {name: value}, abstract=True)(), ss.SGD(lr=0.15))


@pytest.mark.parametrize(("lr", "factor"), [(0.05, 0.95), (0.19, 0.9), (0.2, None), (0.25, None)])
def test_the_guarantee_is_polyaks(lr, factor):
    """max(|1 - lr mu|, |1 - lr L|) with mu = 1 and L = 10, where that is below 1."""
    told = ss.predict(ss.Quadratic([1.0, 10.0]), ss.SGD(lr=lr)).guarantee
    assert told == (factor if factor is None else pytest.approx(factor))


def test_the_noise_is_turned_into_the_directions_of_the_bowl():
    """Turned by 30 degrees, noise of 1 and 2 has variances 1.75 and 3.25 along the eigenvectors."""
    bowl = ss.Quadratic([1.0, 4.0], rotation=math.pi / 6)
    told = ss.predict(ss.AdditiveNoise(bowl, sigma_g=[1.0, 2.0]), ss.SGD(lr=0.1))
    spread = np.array([0.75 + 0.25 * 4, 0.25 + 0.75 * 4])
    variance = 0.1 * spread / (np.array([1.0, 4.0]) * (2 - 0.1 * np.array([1.0, 4.0])))
    assert sorted(told.floor.variance) == pytest.approx(sorted(variance))
    assert told.sentence == (
        f"predicted 0.9 a step, monotone, down to noise at {math.sqrt(variance.sum()):.3g} from the minimizer"
    )
    assert ss.predict(ss.AdditiveNoise(bowl, sigma_g=1.0), ss.SGD(lr=0.6)).floor is None, "it diverges"
    assert ss.predict(ss.AdditiveNoise(bowl, sigma_g=0.0), ss.SGD(lr=0.1)).floor is None, "no noise"


# --- the corners of what is observed


def descended(factors):
    """A run of the parabola x^2 whose error is multiplied by these factors."""
    rates = [0.5 * (1 - factor) for factor in factors]
    return ss.minimize(ss.Parabola(), ss.SGD(lr=ss.FromFunction(lambda n: rates[n])), steps=len(rates))


def test_an_arrival_is_told_whenever_it_comes():
    assert ss.observed_rate(descended([0.0])) == 0.0
    assert ss.observed_rate(descended([0.5, 0.0])) == 0.0
    assert ss.observed_rate(descended([0.5, 0.0, 0.5])) == 0.0
    assert ss.observed_rate(descended([0.8] * 6 + [0.0])) == 0.0
    assert ss.observed_rate(descended([0.8] * 7 + [0.0])) == pytest.approx(0.8), "eight points to fit"
    assert ss.observed_rate(ss.minimize(ss.Parabola(), ss.SGD(lr=0.5), x0=[0.0], steps=0)) is None


def test_the_line_is_fitted_to_the_later_half_and_to_its_last_point():
    factors = [0.5, 0.5, 0.5, 0.5, 0.9, 0.8, 0.3]
    logs = np.log(np.cumprod([1.0, *factors]))[4:]
    known = np.exp(np.polyfit(np.arange(4, 8), logs, 1)[0])
    assert ss.observed_rate(descended(factors)) == pytest.approx(known, rel=1e-9)


def test_a_run_that_comes_back_at_its_last_step_has_not_grown():
    assert ss.observed_rate(descended([-1.2] * 9 + [1e-3])) < 1
    assert ss.observed_rate(descended([0.8] * 9 + [-1e3])) > 1


def with_hessians(H):
    """Return a problem whose Hessian at the first, second and third place that is asked for is this one."""
    places = iter(H)
    return SimpleNamespace(has_hess=True, smooth=True, x0=(1.0, 1.0), hess=lambda _: next(places))


@pytest.mark.parametrize("odd", [0, 1, 2])
def test_a_hessian_that_differs_at_one_place_of_three_is_no_quadratic(odd):
    H = np.array([np.eye(2)] * 3)
    assert _is_quadratic(with_hessians(H))
    H[odd, 0, 1] = 1e-9
    assert not _is_quadratic(with_hessians(H))
    H[odd, 0, 1] = 1e-13
    assert _is_quadratic(with_hessians(H))


def test_away_from_a_quadratic_the_start_says_nothing_of_the_directions_at_the_end():
    problem = ss.Rosenbrock()
    star = np.array(problem.minimizers[0])
    steep = np.linalg.eigh(problem.hess(star))[1][:, 1]
    told = ss.predict(problem, ss.SGD(lr=1e-3), x0=star + steep)
    assert told.rate == ss.predict(problem, ss.SGD(lr=1e-3)).rate


def test_an_error_that_vanishes_at_once_is_predicted():
    told = ss.predict(ss.Parabola(), ss.SGD(lr=0.5))
    assert (told.rate, told.regime, told.steps_to(1e-9)) == (0.0, "monotone", 1.0)
    assert str(told) == "predicted 0 a step, monotone"


def test_noise_at_the_limit_has_no_floor():
    noisy = ss.AdditiveNoise(ss.Quadratic([1.0, 4.0]), sigma_g=1.0)
    told = ss.predict(noisy, ss.SGD(lr=0.5))
    assert told.floor is None
    assert str(told) == "lr 0.5 = 2/L: will neither settle nor diverge"


def test_bounds_of_which_one_is_unknown_are_no_guarantee():
    class Half(ss.Problem, abstract=True):
        minimum, minimizers, x0, mu = 0.0, ((0.0, 0.0),), (1.0, 1.0), None
        L = 10.0

        def fun(self, x):
            return 0.5 * (x * x * np.array([1.0, 10.0])).sum(axis=-1)

        def grad(self, x):
            return x * np.array([1.0, 10.0])

        def hess(self, x):
            return np.broadcast_to(np.diag([1.0, 10.0]), (*x.shape, 2))

    told = ss.predict(Half(), ss.SGD(lr=0.05))
    assert (told.rate, told.guarantee) == (pytest.approx(0.95), None)

    class NoHessian(Half, abstract=True):
        mu, hess = 1.0, ss.Problem.hess

    told = ss.predict(NoHessian(), ss.SGD(lr=0.05))
    assert (told.rate, told.everywhere) == (pytest.approx(0.95), False)


# --- sentences, and the corners of what they rest on


def test_the_observation_stands_beside_the_prediction():
    bowl = ss.Parabola(curvature=2.0)
    told = ss.predict(bowl, ss.SGD(lr=0.1))
    assert told.against(ss.minimize(bowl, ss.SGD(lr=0.1), steps=9)) == "predicted 0.8 a step, observed 0.8"


@pytest.mark.parametrize(
    ("problem", "rule", "sentence"),
    [
        (ss.Quadratic([1.0, 10.0]), ss.SGD(lr=0.21), "lr 0.21 > 2/L = 0.2: will diverge"),
        (ss.Quadratic([1.0, 10.0]), ss.SGD(lr=0.2), "lr 0.2 = 2/L: will neither settle nor diverge"),
        (ss.Quadratic([1.0, 10.0]), ss.SGD(lr=0.0), "lr 0: will not move"),
        (
            ss.Quadratic([1.0, 10.0]),
            ss.Momentum(lr=0.35, momentum=0.5),
            "lr 0.35 > (2 + 2 beta)/L = 0.3: will diverge",
        ),
        (
            ss.Quadratic([1.0, 10.0]),
            ss.Nesterov(lr=0.2, momentum=0.5),
            "lr 0.2 > (2 + 2 beta)/((1 + 2 beta) L) = 0.15: will diverge",
        ),
        (ss.Rosenbrock(), ss.SGD(lr=0.01), "lr 0.01 > 2/L = 0.001997: cannot settle at the minimizer"),
    ],
)
def test_a_sentence_says_why_a_run_will_not_settle(problem, rule, sentence):
    assert ss.predict(problem, rule).sentence == sentence


@pytest.mark.parametrize(
    ("lr", "beta", "sentence"),
    [
        (0.2 * (1 + 1e-13), 0.0, "lr 0.2 = 2/L: will neither settle nor diverge"),
        (0.2 * (1 + 1e-10), 0.0, "lr 0.2 > 2/L = 0.2: will diverge"),
        (0.1, 1.0, "momentum 1 is no friction: will neither settle nor diverge"),
        (0.1, 1.5, "momentum 1.5 is no friction: will diverge"),
        (0.1, 2.0, "momentum 2 is no friction: will diverge"),
    ],
)
def test_a_limit_is_told_to_rounding_and_friction_from_none(lr, beta, sentence):
    assert _why_not(lr, beta, 0.2, "2/L", True) == sentence


def test_a_guarantee_is_for_gradient_descent_and_needs_both_bounds():
    bowl = ss.Quadratic([1.0, 10.0])
    assert ss.predict(bowl, ss.Momentum(lr=0.1, momentum=0.5)).guarantee is None
    assert _guarantee(SimpleNamespace(L=None, mu=1.0), ss.SGD(lr=0.1)) is None
    assert _guarantee(SimpleNamespace(L=10.0, mu=0.0), ss.SGD(lr=0.1)) is None
    assert _guarantee(SimpleNamespace(L=10.0, mu=1.0), ss.SGD(lr=0.1)) == pytest.approx(0.9)


def test_a_run_that_ends_where_it_began_has_not_grown():
    """From 1 to 2, and back in its last step: its envelope falls."""
    assert ss.observed_rate(descended([-2.0, *[-1.0] * 7, 0.5])) < 0.95


def test_an_error_of_the_size_of_rounding_is_rounding():
    """At a minimizer of 1 that is a thousand eps: the run rests there, at a rate of 0."""
    bowl = ss.Quadratic([1.0], minimizer=[1.0])
    assert ss.observed_rate(ss.minimize(bowl, ss.SGD(lr=0.0), x0=[1 + 1000 * EPS], steps=20)) is None
    above = ss.minimize(bowl, ss.SGD(lr=0.0), x0=[1 + 1001 * EPS], steps=20)
    assert ss.observed_rate(above) == pytest.approx(1.0)


def test_the_distance_to_a_minimizer_that_drifts_is_none():
    run = a_run([9.0, 4.0], minimum=0.0, minimizers=((0.0,),))
    run.problem.drifts = True
    assert _distance(run)[0].tolist() == [3.0, 2.0]
    run.problem.drifts = False
    assert _distance(run)[0].tolist() == [0.0, 0.0]
    assert _distance(a_run([9.0, 9.0], minimizers=((1.0,),)))[1] == pytest.approx(1e3 * EPS, rel=1e-9, abs=0)


def test_the_distance_to_one_minimizer_of_a_valley_is_none():
    run = a_run([9.0, 4.0], minimum=0.0, minimizers=((0.0,),))
    run.problem.isolated = False
    assert _distance(run)[0].tolist() == [3.0, 2.0]
    run.problem.isolated = True
    assert _distance(run)[0].tolist() == [0.0, 0.0]


def test_a_hessian_is_compared_at_three_places_in_units_of_the_start():
    seen = []

    def hess(x):
        seen.append(x.tolist())
        return np.eye(2)

    assert _is_quadratic(SimpleNamespace(has_hess=True, smooth=True, x0=(1.0, -3.0), hess=hess))
    assert seen == [[1.0, -3.0], [2.0, -1.0], [-2.0, -9.0]]


@pytest.mark.parametrize(("change", "same"), [(1e-9, False), (1e-13, True)])
def test_a_hessian_is_compared_to_rounding(change, same):
    H = np.array([np.eye(2)] * 3)
    H[1, 0, 0] += change
    assert _is_quadratic(with_hessians(H)) is same


def test_a_start_is_off_by_its_distance_from_the_minimizer():
    bowl = ss.Quadratic([1.0, 10.0], minimizer=[5.0, 6.0])
    assert ss.predict(bowl, ss.SGD(lr=0.05), x0=[5.0, 7.0]).rate == pytest.approx(0.5)
    assert ss.predict(bowl, ss.SGD(lr=0.05), x0=[-5.0, 6.0]).rate == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("factor", "words"), [(math.inf, "inf"), (1e200, "1e+200"), (20001.0, "2e+04"), (10000.0, "10000")]
)
def test_a_factor_far_above_one_is_told_in_three_digits(factor, words):
    assert _short(factor) == words
