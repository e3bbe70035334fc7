"""What every registered line search promises."""

import json
import warnings

import numpy as np
import pytest

from optim import SGD, Adam, Evaluation, Momentum, State, minimize
from problems import AdditiveNoise, BreastCancer, MiniBatch, Parabola, Problem, Quadratic, Rosenbrock
from schedules import (
    PAL,
    Armijo,
    ExactSearch,
    ForwardBackward,
    GrippoLamparielloLucidi,
    HagerZhang,
    Line,
    MoreThuente,
    QuadraticApproximation,
    StrongWolfe,
)
from schedules.linesearch.base import STATUSES
from tests.instances import SEARCHES, name_of
from tests.schedules.linesearch.lines import parabola

searches = pytest.mark.parametrize("search", SEARCHES, ids=name_of)


def suited(search, problem, size=20):
    """The problem, sampled as the search wants it."""
    sampling = "dynamic" if "dynamic" in search.suits else "static"
    return MiniBatch(problem, size, sampling=sampling, rng=3)


@searches
@pytest.mark.parametrize("rule", [SGD, Momentum, Adam])
def test_it_descends_in_the_place_of_a_rate(search, rule):
    """150 updates on an ill-conditioned bowl leave less than 1 % of the loss, with any direction."""
    bowl = Quadratic([1.0, 20.0], start=[0.5, 0.2])
    run = minimize(bowl, rule(lr=search), steps=150)
    assert run.nit == 150
    assert run.fun < 0.01 * bowl.fun(np.array(bowl.x0))
    assert set(run.history.status.tolist()) <= set(STATUSES)
    assert run.history.n_trials.shape == run.history.lr.shape == (150,)


@searches
def test_inputs_are_never_written_to(search):
    x, d = np.array([-1.2, 1.0]), Rosenbrock().grad(np.array([-1.2, 1.0]))
    x.flags.writeable = d.flags.writeable = False
    line = Line(Rosenbrock(), x, d)
    line.start.g.flags.writeable = False
    first = search(line, None)
    carry = json.loads(json.dumps(first.carry, default=np.ndarray.tolist))
    again = search(Line(Rosenbrock(), x, d), None)
    assert again.alpha == first.alpha
    assert json.loads(json.dumps(again.carry, default=np.ndarray.tolist)) == carry


@searches
def test_it_counts_what_it_asked_for(search):
    """Every evaluation that the problem saw is in `run.nfev` and `run.njev`."""
    seen = {"f": 0, "g": 0}
    bowl = Quadratic([1.0, 20.0], start=[0.5, 0.2])

    class Counting:
        x0, minimum, varies, formula = bowl.x0, 0.0, False, "counted"

        def fun(self, x):
            seen["f"] += 1
            return bowl.fun(x)

        def grad(self, x):
            seen["g"] += 1
            return bowl.grad(x)

        def value_and_grad(self, x):
            return self.fun(x), self.grad(x)

        def hess(self, x):
            return bowl.hess(x)

    run = minimize(Counting(), SGD(lr=search), steps=12)
    assert (run.nfev, run.njev) == (seen["f"], seen["g"])


@searches
def test_a_direction_that_does_not_descend_gives_no_step(search):
    """All but the probabilistic search, which has a rule of its own for slopes that seem to rise."""
    bowl, x = Quadratic([1.0, 2.0]), np.array([1.0, 1.0])
    found = search(Line(bowl, x, -bowl.grad(x)), None)
    if search.variances:
        assert found.status == "uphill"
        assert 0 < found.alpha <= 0.01 * search.alpha0
    else:
        assert (found.alpha, found.status) == (0.0, "not_descent")


@searches
def test_at_a_stationary_point_nothing_breaks(search):
    bowl, x = Quadratic([1.0, 2.0], start=[0.0, 0.0]), np.zeros(2)
    run = minimize(bowl, SGD(lr=search), steps=3)
    assert np.array_equal(run.x, x)
    assert set(run.history.status.tolist()) <= {"flat", "not_descent", "converged"}


@searches
def test_a_point_without_a_finite_value_is_never_accepted(search):
    """f = x - log(x) ends at x = 0; beyond, value and slope are nan."""

    def fun(x):
        with np.errstate(all="ignore"):
            return float(x[0] - np.log(x[0])) if x[0] > 0 else np.nan

    def grad(x):
        return 1 - 1 / x if x[0] > 0 else np.full(1, np.nan)

    edge = Problem.of(fun, grad, x0=[4.0], hess=lambda x: 1 / (x * x)[:, None])
    for first in (1.0, 10.0, 1e6):
        start = {"alpha": first, "mean": first, "f": 2.0, "slope": -1.0, "values": [3.0]}
        start |= {"x": np.array([5.0]), "g": np.array([0.8])}
        line = Line(edge, np.array([4.0]), np.array([0.75]))
        found = search(line, start)
        assert np.isfinite(fun(line.point(found.alpha))) or _not_looked_at(line, found)


def _not_looked_at(line, found):
    """A parabola's step goes where nobody looked, within its bounds."""
    return found.alpha not in [trial.alpha for trial in line.trials]


@searches
def test_a_wall_of_nan_gives_no_step(search):
    """The value is finite at the start only."""
    x0 = np.array([1.0, 2.0])

    def fun(x):
        return 1.0 if np.array_equal(x, x0) else np.nan

    def grad(x):
        return np.array([1.0, 1.0]) if np.array_equal(x, x0) else np.full(2, np.nan)

    wall = Problem.of(fun, grad, x0=x0, hess=lambda x: np.eye(len(x)))
    found = search(Line(wall, x0, np.array([1.0, 1.0])), None)
    assert (found.alpha, found.status) == (0.0, "nonfinite")


@searches
def test_stop_and_resume_through_a_file_changes_no_bit(search, tmp_path):
    """On a landscape, and with mini-batches, where the evaluation handed over is part of the state."""
    bowl = Quadratic([1.0, 7.0, 20.0], start=[0.5, 0.2, -0.3])
    for problem in (bowl, suited(search, BreastCancer()), AdditiveNoise(bowl, 0.1, 0.1, suited_word(search))):
        opt = Momentum(lr=search, momentum=0.5)
        whole = minimize(problem, opt, steps=20)
        first = minimize(problem, opt, steps=9)
        first.state.save(tmp_path / "state.npz")
        rest = minimize(problem, opt, first.last_x, 11, state=State.load(tmp_path / "state.npz"))
        joined = np.concatenate([first.history.x, rest.history.x[1:]])
        assert np.array_equal(joined, whole.history.x), repr(problem)
        assert first.history.status.tolist() + rest.history.status.tolist() == whole.history.status.tolist()


def suited_word(search):
    return "dynamic" if "dynamic" in search.suits else "static"


@searches
def test_the_other_sampling_is_warned_of_once(search):
    problem = BreastCancer()
    for sampling in ("static", "dynamic"):
        sampled = MiniBatch(problem, 50, sampling=sampling)
        if sampling in search.suits:
            minimize(sampled, SGD(lr=search), steps=2)  # a warning would be an error here
        else:
            with pytest.warns(
                UserWarning, match=f"{type(search).__name__} assumes .* got '{sampling}'"
            ) as told:
                minimize(sampled, SGD(lr=search), steps=2)
            assert len(told) == 1
            assert told[0].filename == __file__


@searches
def test_a_static_batch_hands_nothing_over_and_a_dynamic_one_does(search):
    """The gradient of update n + 1 comes from its own batch when batches are static."""
    whole = BreastCancer()
    sampled = MiniBatch(whole, 30, sampling=suited_word(search), rng=5)
    run = minimize(sampled, SGD(lr=search), steps=4)
    own = [sampled.at(n).fun(x) for n, x in enumerate(run.history.x)]
    handed_over = run.nfev == 1 + run.history.n_trials.sum()
    if sampled.sampling == "static":
        assert not handed_over
    if handed_over:
        assert run.history.fun[0] == own[0]
        assert not np.isclose(run.history.fun[1:], own[1:]).any()
    else:
        np.testing.assert_allclose(run.history.fun, own, rtol=1e-14)


@searches
def test_bad_constants_get_one_sentence(search):
    for name, value in search.fields():
        if isinstance(value, float) and not isinstance(value, bool):
            with pytest.raises((TypeError, ValueError), match=rf"^{name}: got .* expected"):
                search.replace(**{name: float("nan")})
            with pytest.raises((TypeError, ValueError), match=rf"^{name}: got .* expected"):
                search.replace(**{name: -1.0})
        if isinstance(value, str):
            with pytest.raises((TypeError, ValueError), match=rf"^{name}: got .* expected"):
                search.replace(**{name: "nonsense"})


@searches
def test_whole_numbers_become_floats(search):
    for name, value in search.fields():
        if name in ("alpha0", "max_length", "s_max"):
            assert type(search.replace(**{name: 2}).__dict__[name]) is type(value) is float


def test_a_search_refuses_what_it_cannot_serve():
    from schedules import Armijo

    with pytest.raises(TypeError, match="only lr accepts a feedback rate or a line search"):
        Momentum(momentum=Armijo())
    with pytest.raises(TypeError, match="which does not support batched runs"):
        minimize(Rosenbrock(), SGD(lr=Armijo()), x0=np.zeros((3, 2)))
    opt = SGD(lr=Armijo())
    with pytest.raises(TypeError, match="a gradient alone cannot give; use minimize"):
        opt.step(np.zeros(2), np.ones(2), opt.init(np.zeros(2)))


def test_the_default_filter_shows_the_warning_once_a_place():
    from schedules import Armijo

    sampled = MiniBatch(BreastCancer(), 50, sampling="dynamic")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        for _ in range(3):
            minimize(sampled, SGD(lr=Armijo()), steps=3)
    assert len(told) == 1


DETERMINISTIC = [s for s in SEARCHES if not s.variances]


@pytest.mark.parametrize("search", DETERMINISTIC, ids=name_of)
def test_uphill_and_level_are_told_apart(search):
    """However small the slope is: 1e-3 here."""
    up = search(parabola(1.0, d=-1e-3), None)
    level = search(parabola(0.0, d=1.0), None)
    assert up.alpha == 0.0
    assert level.alpha <= 1e-8, "a search for a change of sign takes its shortest step"
    assert up.status == "not_descent"
    assert level.status in ("flat", "not_descent", "degenerate")
    assert search(parabola(1.0, d=1e-3), None).alpha > 0


@pytest.mark.parametrize("search", DETERMINISTIC, ids=name_of)
@pytest.mark.parametrize("ahead", [lambda: parabola(1.0, d=-1.0), lambda: parabola(0.0, d=1.0)])
def test_a_line_without_a_way_down_does_not_wipe_the_memory(search, ahead):
    """The next search carries on from the last good one."""
    carry = search(parabola(), None).carry
    kept = search(ahead(), carry).carry
    assert (kept is None) == (carry is None)


TELLING = [
    StrongWolfe,
    MoreThuente,
    Armijo,
    ForwardBackward,
    ExactSearch,
    HagerZhang,
    GrippoLamparielloLucidi,
    PAL,
    QuadraticApproximation,
]


@pytest.mark.parametrize("kind", TELLING)
def test_a_level_start_is_flat_and_a_rising_one_no_descent(kind):
    assert kind()(parabola(0.0, d=1.0), None).status == "flat"
    assert kind()(parabola(1.0, d=-1e-3), None).status == "not_descent"


class TestHandingOver:
    """What the next update starts from."""

    @pytest.mark.parametrize("search", DETERMINISTIC, ids=name_of)
    def test_the_evaluation_is_that_of_the_point(self, search):
        line = parabola(1.5, d=0.75)
        found = search(line, None)
        if found.e is not None:
            x = 1.5 - found.alpha * 0.75
            assert found.e.f == pytest.approx(x * x / 2, rel=1e-14)
            np.testing.assert_allclose(found.e.g, [x], rtol=1e-14)
        assert found.n_f <= line.n_f
        assert found.n_f + found.n_g >= 1

    def test_what_is_known_is_not_asked_again(self):
        known = Evaluation(f=2.0, g=np.array([2.0]))
        line = Line(Parabola(curvature=1.0), np.array([2.0]), np.array([2.0]), known)
        assert (line.phi0, line.slope0, line.n_f, line.n_g) == (2.0, -4.0, 0, 0)
        found = line.accept(line.both(0.5), "converged", None)
        assert (found.n_f, found.n_g) == (1, 1)
        line.value(0.25)
        completed = line.accept(line.trials[-1], "converged", None)
        assert (completed.n_f, completed.n_g) == (2, 2)
        assert completed.e.g.tolist() == [1.5]
        assert completed.e.slope == -3.0
        line.slope(0.75)
        completed = line.accept(line.trials[-1], "converged", None)
        assert (completed.n_f, completed.n_g) == (3, 3)
        assert (completed.e.f, completed.e.slope) == (0.125, -1.0)


def test_the_start_of_a_line_is_its_evaluation_number_0_and_the_next_number_1():
    line = Line(Quadratic([2.0]), np.array([1.0]), np.array([2.0]))
    assert line.start.number == 0
    line.both(0.25)
    assert line.trials[-1].number == 1
