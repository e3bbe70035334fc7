"""JSON of records that somebody else wrote: read to the same record, or refused in one sentence."""

import json

import numpy as np
import pytest

import stepsize as ss
from stepsize.core.record import Record
from tests.robustness.refusals import fuzz, refusal

WRONG = {
    "a number of 1000 digits": '{"class": "SGD", "lr": ' + "9" * 1000 + "}",
    "a number of 10000 digits": '{"class": "SGD", "lr": ' + "9" * 10_000 + "}",
    "a float that overflows": '{"class": "SGD", "lr": 1e999}',
    "a name twice": '{"class": "SGD", "lr": 0.1, "lr": 0.2}',
    "the class twice": '{"class": "SGD", "class": "Adam"}',
    "a name twice, inside": '{"class": "SGD", "lr": {"class": "Linear", "lr": 0.1, "steps": 5, "steps": 6}}',
    "lists in lists": "[" * 100_000,
    "lists in lists that end": "[" * 900 + "]" * 900,
    "records in records": '{"class": "Floor", "least": 0, "body": ' * 400 + "1" + "}" * 400,
    "no JSON": '{"class": "SGD", ',
    "nothing": "",
    "a number": "3",
    "a list": '["SGD"]',
    "no class": '{"lr": 0.1}',
    "a class of another name": '{"class": "Sgd2"}',
    "a class that is a list": '{"class": ["SGD"]}',
    "a class that is none": '{"class": null, "lr": 0.1}',
    "a parameter of another name": '{"class": "SGD", "rate": 0.1}',
    "NaN": '{"class": "SGD", "lr": NaN}',
    "an array of objects": '{"class": "SGD", "lr": {"array": ["a"], "dtype": "O"}}',
    "an array without a list": '{"class": "SGD", "lr": {"array": 3, "dtype": "float64"}}',
    "an array of uneven rows": '{"class": "SGD", "lr": {"array": [[1], [1, 2]], "dtype": "float64"}}',
    "an array that is too large": '{"class": "SGD", "lr": {"array": [' + "9" * 39 + '], "dtype": "int64"}}',
    "an array with more": '{"class": "SGD", "lr": {"array": [1], "dtype": "float64", "x": 1}}',
    "a float that is a word": '{"class": "SGD", "lr": {"float": "1_0"}}',
    "a problem for a schedule": '{"class": "Floor", "least": 0, "body": {"class": "Parabola"}}',
    "a dimension beyond memory": '{"class": "Rosenbrock", "dim": 1000000000000}',
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_what_describes_no_record_is_refused(text):
    refusal(Record.from_json, text)


def test_what_is_no_text_is_refused():
    assert "expected a text" in refusal(Record.from_json, 3, kind=TypeError)
    assert "UTF-8" in refusal(Record.from_json, b"\xff\xff{}", kind=ValueError)


def test_another_kind_of_record_is_refused_by_name():
    said = refusal(ss.Optimizer.from_json, ss.Parabola().to_json(), kind=TypeError)
    assert said == "JSON: got the class Parabola, expected Optimizer"


@pytest.mark.parametrize(
    "record",
    [
        ss.SGD(lr=np.array([[0.1], [0.2]])),
        ss.SGD(lr=np.array([[0.1]], np.float32)),
        ss.Formula("x^2 + y^2"),
        ss.Constant(0.1).then(0.2, at=3).floor(0.01),
    ],
    ids=repr,
)
def test_what_a_record_wrote_is_read(record):
    assert type(record).from_json(record.to_json()) == record
    assert Record.from_json(json.dumps(json.loads(record.to_json()), indent=3)) == record


def test_a_sample_of_the_fuzzed_records():
    fuzz("records", 2500, seed=12)
