"""Names that people bring from other libraries: each message points to ours, which is there."""

import inspect
import re

import pytest

import optim
import problems
import schedules
import stepsize as ss
from stepsize.core import aliases
from stepsize.core.record import Record, registered
from tests.instances import OPTIMIZERS, SCHEDULES, name_of


def message(call, kind=TypeError):
    with pytest.raises(kind) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("call", "pointer"),
    [
        (lambda: ss.SGD(momentum=0.9), "Momentum(lr=..., momentum=...)"),
        (lambda: ss.SGD(nesterov=True), "Nesterov(lr=..., momentum=...)"),
        (lambda: ss.Adam(learning_rate=0.1), "for learning_rate write lr"),
        (lambda: ss.Adam(betas=(0.9, 0.99)), "for betas write beta1, beta2"),
        (lambda: ss.Adam(beta_1=0.9), "for beta_1 write beta1"),
        (lambda: ss.Adam(epsilon=1e-7), "for epsilon write eps"),
        (lambda: ss.Adam(alpha=0.1), "for alpha write lr"),
        (lambda: ss.RMSprop(alpha=0.99), "for alpha write rho"),
        (lambda: ss.Adam(rho=0.9), "for rho write beta2"),
        (lambda: ss.Adam(amsgrad=True), "AMSGrad(...)"),
        (lambda: ss.Adam(weight_decay=0.1), "AdamW(..., weight_decay=...), or L2(Adam(...)"),
        (lambda: ss.RMSprop(weight_decay=0.1), "DecoupledDecay(RMSprop(...), weight_decay=...)"),
        (lambda: ss.RMSprop(momentum=0.9), "WithMomentum(RMSprop(...), momentum=...)"),
        (lambda: ss.Adam(decay=0.1), "Adam(lr=InverseTime(lr, d=...))"),
        (lambda: ss.Adam(clipnorm=1.0), "ClipByNorm(Adam(...), max_norm=...)"),
        (lambda: ss.Adam(bta1=0.9), "did you mean beta1?"),
        (lambda: ss.StepDecay(0.1, gamma=0.1, step_size=3), "schedules.dialects"),
        (lambda: ss.Cosine(0.1, step=3), "did you mean steps?"),
        (lambda: ss.Quadratic([1, 2], hesian=3), "did you mean hessian?"),
        (lambda: ss.Armijo(c_1=1e-4), "did you mean c1?"),
    ],
)
def test_a_parameter_of_another_library_gets_a_pointer(call, pointer):
    assert pointer in message(call)


@pytest.mark.parametrize("record", [*OPTIMIZERS, *SCHEDULES], ids=name_of)
def test_an_unknown_parameter_is_named_beside_those_there_are(record):
    cls = type(record)
    said = message(lambda: cls(nonsense_=1))
    assert said.startswith(f"{cls.__name__}: got 'nonsense_', expected ")
    assert all(name in said for name in inspect.signature(cls).parameters)


def test_what_a_pointer_writes_can_be_written():
    """Every class named is there and has the parameters that are written beside it."""
    texts = [*aliases._ELSEWHERE.values(), *aliases._OF_CLASSES.values()]
    for text in texts:
        for name, inside in re.findall(r"(\w+)\(([^()]*(?:\([^()]*\)[^()]*)*)\)", text.format("SGD")):
            known = inspect.signature(getattr(ss, name)).parameters
            assert {*re.findall(r"(\w+)=", re.sub(r"\([^()]*\)", "", inside))} <= {*known}, text


def test_what_a_pointer_renames_to_is_a_parameter_of_some_rule():
    fields = {p for cls in registered(optim.Optimizer) for p in inspect.signature(cls).parameters}
    ours = {name for names in aliases._RULE_PARAMETERS.values() for name in names}
    assert {part for name in ours for part in name.split(", ")} <= fields


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("AdamOptimizer", "Adam"),
        ("GradientDescent", "SGD"),
        ("RMSProp", "RMSprop"),
        ("AdaGrad", "Adagrad"),
        ("StepLR", "StepDecay"),
        ("CosineAnnealingLR", "Cosine"),
        ("ReduceLROnPlateau", "Plateau"),
        ("minimise", "minimize"),
        ("lr_find", "find_lr"),
        ("Rosenbrok", "Rosenbrock"),
    ],
)
def test_an_attribute_of_another_library_gets_a_pointer(name, ours):
    said = message(lambda: getattr(ss, name), AttributeError)
    assert said.startswith(f"module 'stepsize' has no attribute {name!r}, did you mean {ours}")


@pytest.mark.parametrize("home", [optim, schedules, problems, ss.draw], ids=lambda home: home.__name__)
def test_every_package_says_what_was_meant(home):
    name = next(name for name in home.__all__ if len(name) > 5)
    said = message(lambda: getattr(home, name + "s"), AttributeError)
    assert said == f"module {home.__name__!r} has no attribute {name + 's'!r}, did you mean {name}?"


def test_a_name_like_nothing_gets_no_guess():
    assert message(lambda: ss.qqqqq, AttributeError) == "module 'stepsize' has no attribute 'qqqqq'"
    assert message(lambda: ss._private, AttributeError) == "module 'stepsize' has no attribute '_private'"


def test_what_an_alias_names_is_there():
    for alias, ours in aliases._NAMES.items():
        assert alias == alias.lower()
        for word in re.findall(r"schedules\.dialects\.\w+\.\w+|[A-Z]\w+(?=$|,|\.of| or)", ours):
            thing = schedules if word.startswith("schedules.") else ss
            for part in word.removeprefix("schedules.").split("."):
                if part == "dialects":
                    from schedules import dialects

                    thing = dialects
                else:
                    thing = getattr(thing, part)
            assert callable(thing)
        if ours.isidentifier():
            assert hasattr(ss, ours)


def test_the_command_line_has_the_pointers_too():
    said = message(lambda: ss.parse("SGD(lr=0.1, momentum=0.9)"), ValueError)
    assert "but it has lr; for momentum write Momentum(lr=..., momentum=...)" in said


def test_a_record_of_a_user_gets_them():
    class Mine(Record, abstract=True):
        rate_of_change: float = 0.1

    assert "did you mean rate_of_change?" in message(lambda: Mine(rate_of_chnge=1))
