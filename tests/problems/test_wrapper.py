"""Problems made of another problem hand on its facts, and refuse what is no problem."""

import numpy as np
import pytest

from problems import (
    AdditiveNoise,
    CauchyNoise,
    Drifting,
    Huber,
    Jumping,
    LogisticRegression,
    MaskedGradient,
    MiniBatch,
    MultiplicativeNoise,
    Problem,
    Quadratic,
    Rotated,
    Scaled,
    Shifted,
    Stretched,
    two_gaussians,
)

SAME_FUNCTION = (AdditiveNoise, CauchyNoise, Drifting, Jumping, MaskedGradient, MultiplicativeNoise)
FACTS = ("x0", "dim", "domain", "smooth", "minimizers", "minimum", "L", "mu", "has_hess")
BATCHED = LogisticRegression(*two_gaussians(6), l2=0.1)


@pytest.mark.parametrize("kind", SAME_FUNCTION)
@pytest.mark.parametrize("problem", [Huber(kink=0.5, curvature=3.0), Quadratic([2.0, 4.0])], ids=repr)
def test_facts_value_and_gradient_are_those_of_the_problem(kind, problem):
    wrapper = kind(problem)
    for name in FACTS:
        assert repr(getattr(wrapper, name)) == repr(getattr(problem, name)), name
    x = np.array([[0.3, -2.0], [1.0, 5.0]])[:, : problem.dim]
    assert np.array_equal(wrapper.fun(x), problem.fun(x))
    assert np.array_equal(wrapper.grad(x), problem.grad(x))


@pytest.mark.parametrize("kind", [Shifted, Rotated])
def test_a_transform_hands_on_what_it_does_not_change(kind):
    problem = Quadratic([2.0, 4.0])
    wrapper = kind(problem, 0.5)
    assert (wrapper.source, wrapper.smooth, wrapper.has_hess) == (problem.source, True, True)
    assert Shifted(Huber(), 1.0).smooth is False


@pytest.mark.parametrize(
    "part", [BATCHED.batch([0, 2]), AdditiveNoise(BATCHED).at(0), CauchyNoise(BATCHED).at(0)], ids=repr
)
def test_a_part_starts_where_the_whole_does_and_claims_none_of_its_minima(part):
    assert (part.x0, part.dim, part.source) == (BATCHED.x0, BATCHED.dim, BATCHED.source)
    assert (part.minimum, part.minimizers, part.L) == (None, None, None)


def test_only_exact_hessians_are_handed_on():
    assert BATCHED.batch([0, 2]).has_hess
    assert AdditiveNoise(BATCHED).at(0).has_hess
    assert not CauchyNoise(BATCHED).at(0).has_hess


@pytest.mark.parametrize("kind", [*SAME_FUNCTION, MiniBatch, Rotated, Scaled, Shifted, Stretched])
@pytest.mark.parametrize("other", [Quadratic, 3, None, np.sum])
def test_what_is_no_problem_is_refused(kind, other):
    needed = {MiniBatch: {"size": 2}, Shifted: {"by": 1.0}}.get(kind, {})
    with pytest.raises(TypeError, match=r"^problem: got .*, expected a (problem|finite sum) such as"):
        kind(other, **needed)


def test_a_wrapper_of_something_that_states_less_has_what_a_problem_has_until_it_is_stated():
    class Bare:
        x0 = (1.0,)

    bare = AdditiveNoise.trusted(problem=Bare())
    assert (bare.x0, bare.minimum, bare.smooth, bare.isolated, bare.source) == ((1.0,), None, True, True, "")
    for name in ("x0", "smooth", "isolated", "minimum", "source"):
        assert getattr(AdditiveNoise, name) == getattr(Problem, name)


def test_what_moves_is_sampled_where_it_is_at_that_update():
    moving = Drifting(Quadratic(), velocity=[1.0, 2.0])
    assert moving.sample(3).minimizers == moving.sample(3, 5).minimizers == ((3.0, 6.0),)
