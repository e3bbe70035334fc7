"""What each rule, search and feedback is: elementwise, a direction, in need of curvature, its own output.

A trait decides which engine runs a rule and whether a line search may choose its rate; one that slips costs
time or refuses what works, and changes no number that another test would see. The sets are by hand.
"""

import pytest

import optim
import schedules
from stepsize.core.record import registered
from stepsize.parsing import example_of, load_registry

load_registry()
RULES = {c.__name__: c for c in registered(optim.Optimizer) if c.__module__.startswith("optim")}

ADAFACTORS = {"Adafactor", "TorchAdafactor", "OptaxAdafactor"}
MUONS = {"Muon", "TorchMuon", "KerasMuon", "OptaxMuon"}
SCHEDULE_FREE = {name for name in RULES if "ScheduleFree" in name}
AVERAGES = {"PolyakRuppert", "EMA", "SWA", "Lookahead"}
SECOND_ORDER = {"Newton", "DampedNewton", "DiagonalNewton", "Sophia"}
QUASI_NEWTON = {"BFGS", "LBFGS", "ConjugateGradient"}
FREE = {"Prodigy", "DAdaptAdam"}

# Norms of layers or of all, matrices, scalar products: what one coordinate does depends on the others.
MIXING = ADAFACTORS | MUONS | SECOND_ORDER | QUASI_NEWTON | FREE
MIXING |= {"GaussNewton", "LAMB", "LARS", "NovoGrad", "SM3", "ClipByNorm", "ClipLayersByNorm"}
MIXING |= {"Fromage", "AnnealedNoise", "Accumulate"}

# The step is not the rate times something that does not depend on the rate.
NO_DIRECTION = ADAFACTORS | SCHEDULE_FREE | AVERAGES | FREE
NO_DIRECTION |= {"Adan", "MADGRAD", "FTRL", "LARS", "HeavyBall", "SutskeverNesterov", "Nesterov1983"}
NO_DIRECTION |= {"Accumulate", "TorchASGD", "COCOB", "Fromage"}

# The point to report is not where the gradient is taken.
OUTPUT = SCHEDULE_FREE | AVERAGES | {"Nesterov1983", "TorchASGD"}

REQUIRES = dict.fromkeys(SECOND_ORDER, ("hess",)) | {"GaussNewton": ("residuals", "jacobian")}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_what_its_mathematics_says(name):
    rule = example_of(RULES[name])
    assert rule.elementwise == (name not in MIXING)
    assert rule.is_direction_rule == (name not in NO_DIRECTION)
    assert rule.has_separate_output == (name in OUTPUT)
    assert rule.compares_gradients == (name in QUASI_NEWTON)
    assert rule.requires == REQUIRES.get(name, ())
    assert rule.batched is True
    assert rule.inner_period == (2 if name == "Accumulate" else 1)


def test_what_the_arguments_say_of_a_rule():
    assert optim.Adan(decay="decoupled").is_direction_rule
    assert optim.Adafactor(relative=False).is_direction_rule
    assert {name for name, cls in RULES.items() if getattr(cls, "matrices_only", False)} == {"TorchMuon"}
    assert optim.Accumulate(optim.SGD(), period=5).inner_period == 5


@pytest.mark.parametrize("inner", [optim.SGD(), optim.Nesterov1983(), optim.LBFGS(), optim.Newton()])
@pytest.mark.parametrize("wrap", [optim.L2, optim.ClipByValue, optim.DecoupledDecay, optim.ScaleGradient])
def test_a_wrapper_is_what_the_rule_inside_is(wrap, inner):
    whole = wrap(inner)
    for trait in ("elementwise", "requires", "compares_gradients", "has_separate_output", "batched"):
        assert getattr(whole, trait) == getattr(inner, trait)


def test_what_a_conjugate_gradient_asks_of_a_search():
    """Nocedal and Wright, p. 124: c2 below 1/2 for descent, and the first step from the last slope."""
    assert optim.ConjugateGradient().suggests == {"c2": 0.2, "first": "slope"}
    assert {name for name, cls in RULES.items() if cls.suggests} == {"ConjugateGradient"}


OF_RATES = [example_of(c) for kind in (schedules.LineSearch, schedules.Feedback) for c in registered(kind)]
ANY_SAMPLING = {"GOLSI", "GOLSMax", "GOLSBack", "GOLSB", "PAL", "QuadraticApproximation"}


@pytest.mark.parametrize("rate", OF_RATES, ids=lambda rate: type(rate).__name__)
def test_a_search_or_feedback_follows_one_run(rate):
    assert rate.batched is False
    name = type(rate).__name__
    if rate.kind == "search":
        assert rate.variances == (name == "ProbabilisticLineSearch")
    else:
        assert rate.kind == "feedback"
        assert rate.can_roll_back == (name == "BoldDriver")


def test_a_product_rolls_back_if_its_rule_does():
    ramp = schedules.Constant(0.5)
    assert schedules.FeedbackProduct(schedules.BoldDriver(), ramp).can_roll_back is True
    assert schedules.FeedbackProduct(schedules.AdGD(), ramp).can_roll_back is False


BASES = {
    *("Optimizer", "Wrapper", "Averaging", "Layered", "_Comparing", "_RateFree"),
    *("Schedule", "LineSearch", "GradientOnly", "WolfeSearch", "Feedback"),
}


def test_what_others_build_on_is_no_rule_itself():
    kinds = (optim.Optimizer, schedules.Schedule, schedules.LineSearch, schedules.Feedback)
    assert not BASES & {cls.__name__ for kind in kinds for cls in registered(kind)}
