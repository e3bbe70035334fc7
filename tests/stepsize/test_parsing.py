"""Expressions are read by a parser, which knows names, numbers and calls, and nothing else."""

import re

import numpy as np
import pytest

import stepsize as ss
from optim import dialects
from schedules import dialects as schedule_dialects
from stepsize.core.record import Record
from stepsize.parsing import parse, parse_problem
from tests.instances import OPTIMIZERS, PROBLEMS, SCHEDULES, name_of


def is_plain(record):
    """Whether a record holds only numbers, words and records, whose text is an expression."""
    return all(
        is_plain(v) if isinstance(v, Record) else not callable(v) and np.size(v) <= 12
        for _, value in record.fields()
        for v in (value if isinstance(value, tuple) else [value])
    )


@pytest.mark.parametrize(
    "record", [r for r in [*OPTIMIZERS, *SCHEDULES, *PROBLEMS] if is_plain(r)], ids=name_of
)
def test_what_a_record_prints_reads_back_as_the_same(record):
    assert parse(repr(record)) == record


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("adam", ss.Adam()),
        ("SGD(2/(1+20))", ss.SGD(lr=2 / 21)),
        ("SGD(lr=-(-0.5))", ss.SGD(lr=0.5)),
        ("SGD(lr=10**-2)", ss.SGD(lr=0.01)),
        ("SGD(StepDecay(0.1, 0.5, 10) * 2)", ss.SGD(ss.StepDecay(0.1, 0.5, 10) * 2)),
        ("SGD(lr=0.1*Exponential(1, d=0.1) + 1e-3)", ss.SGD(ss.Exponential(1, 0.1) * 0.1 + 1e-3)),
        ("Momentum(0.1, momentum=Constant(0.5).then(0.9, at=5))", None),
        ("Quadratic([[3, 1], [1, 2]])", ss.Quadratic([[3, 1], [1, 2]])),
        ("SGD(lr=[0.1, 0.2])", ss.SGD(lr=[0.1, 0.2])),
    ],
)
def test_expressions(text, value):
    found = parse(text)
    if value is None:
        value = ss.Momentum(0.1, momentum=ss.Constant(0.5).then(0.9, at=5))
    assert found == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("torch.Adam(lr=0.1)", dialects.torch.Adam(lr=0.1)),
        ("torch.optim.SGD(lr=0.1, momentum=0.9)", dialects.torch.SGD(lr=0.1, momentum=0.9)),
        ("keras.Adam", dialects.keras.Adam()),
        ("optax.contrib.prodigy()", dialects.optax.contrib.prodigy()),
        (
            "torch.Adam(torch.optim.lr_scheduler.StepLR(0.1, step_size=30))",
            dialects.torch.Adam(lr=schedule_dialects.torch.StepLR(0.1, step_size=30)),
        ),
        ("wikipedia.step_based(0.1, d=0.5, r=10)", schedule_dialects.wikipedia.step_based(0.1, d=0.5, r=10)),
        (
            "torch.StepLR(0.1, step_size=30).warmup(5)",
            schedule_dialects.torch.StepLR(0.1, step_size=30).warmup(5),
        ),
    ],
)
def test_the_names_of_libraries(text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("torch.Adma(lr=0.1)", "got the unknown name 'torch.Adma', did you mean Ada"),
        ("torch.Adam(rate=0.1)", "torch.Adam: got the argument 'rate'"),
        ("torch.StepLR(0.1, size=3)", "got the parameter 'size' of torch.StepLR"),
        ("jax.Adam(0.1)", "got the unknown name 'jax'"),
    ],
)
def test_what_a_library_does_not_have_is_refused(text, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        parse(text)


@pytest.mark.parametrize(
    "text", ["breast-cancer", "breast_cancer", "BreastCancer", "BREASTCANCER", "BreastCancer()"]
)
def test_names_of_problems_in_any_dress(text):
    assert parse_problem(text) == ss.BreastCancer()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 +",
        "lambda: 1",
        "[x for x in range(3)]",
        "SGD.__init__",
        "SGD().lr",
        "SGD(**{})",
        "SGD(*[1])",
        "open('x')",
        "Adam().replace(lr=1)",
        "StepDecay(0.1, 0.5, 10).value(3)",
        "f'{1}'",
        "SGD(lr=2**100000)",
        "SGD(lr=1 if 1 else 2)",
        "'SGD'",
        "SGD(lr=1/0)",
        "(" * 500,
    ],
)
def test_everything_else_is_refused_in_one_sentence(text):
    with pytest.raises(ValueError, match=r"got .*") as caught:
        parse(text)
    assert "\n" not in str(caught.value)
