"""Every registered class is a record: frozen, comparable, printable, and able to travel."""

import dataclasses
import pickle

import numpy as np
import pytest

from stepsize.core.limits.ranges import FiniteFloat
from stepsize.core.record import Record, lookup, registered
from tests.instances import FEEDBACK, OPTIMIZERS, PROBLEMS, SCHEDULES, SEARCHES, name_of

RECORDS = [*OPTIMIZERS, *SCHEDULES, *FEEDBACK, *SEARCHES, *PROBLEMS]


def test_every_registered_class_is_covered():
    """No concrete class escapes: the registry holds optimizers, schedules, problems and rates that answer."""
    covered = {type(record) for record in RECORDS}
    rest = [cls for cls in registered(Record) if cls not in covered and cls.__module__.startswith(HOMES)]
    assert [cls.__name__ for cls in rest] == []


HOMES = ("optim", "schedules", "problems")


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_is_frozen(record):
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.anything = 1


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_equality_and_hash_follow_the_parameters(record):
    twin = type(record)(**dict(record.fields()))
    assert twin == record
    assert hash(twin) == hash(record)
    assert record != object()


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_pickle_round_trip(record):
    assert pickle.loads(pickle.dumps(record)) == record


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_json_round_trip_or_a_sentence(record):
    if any(callable(v) and not isinstance(v, Record) for _, v in record.fields()):
        with pytest.raises(TypeError, match="which JSON cannot describe"):
            record.to_json()
    else:
        assert type(record).from_json(record.to_json()) == record


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_docstring_has_a_summary_line_and_an_example(record):
    doc = type(record).__doc__
    assert doc.strip().splitlines()[0].endswith(".")
    assert ">>>" in doc, "the example that is run as a test is missing"


def test_numbers_are_normalised_so_that_scalars_do_not_promote():
    from optim import SGD

    assert type(SGD(lr=np.float64(0.1)).lr) is float
    assert type(SGD(lr=np.float32(0.5)).lr) is float
    assert SGD(lr=1) == SGD(lr=1.0)
    assert SGD(lr=np.array(0.1)) == SGD(lr=0.1)


def test_a_duplicate_name_is_an_error_and_a_notebook_cell_run_twice_is_not():
    def define(module):
        return type("DuplicateProbe", (Record,), {"__module__": module, "__qualname__": "DuplicateProbe"})

    define("cell")
    again = define("cell")
    assert lookup("DuplicateProbe") is again
    with pytest.raises(TypeError, match="DuplicateProbe is registered already, by cell"):
        define("elsewhere")


def test_array_fields_are_copies_that_cannot_be_written():
    from problems import Quadratic

    H = np.diag([1.0, 2.0])
    bowl = Quadratic(H)
    H[0, 0] = 7.0
    assert bowl.hessian[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        bowl.hessian[0, 0] = 7.0


NUMBERS = [
    (record, field.name)
    for record in RECORDS
    for field in dataclasses.fields(record)
    if "float" in str(field.type) or "Hyper" in str(field.type)
]


@pytest.mark.parametrize("digits", [310, 400, 5000])
def test_whole_numbers_beyond_floats_are_refused_or_taken_in_every_field(digits):
    """Most are out of range, in one sentence; none is an error of Python's arithmetic."""
    refused = [
        str(error)
        for record, name in NUMBERS
        for value in (10**digits, -(10**digits))
        for error in [_refusal(record, name, value)]
        if error
    ]
    assert len(refused) > len(NUMBERS)
    assert [words for words in refused if "expected" not in words] == []


def _refusal(record, name, value):
    try:
        record.replace(**{name: value})
    except (TypeError, ValueError) as error:
        return error
    return None


class Scaled(Record, abstract=True):
    scale: float
    shift: FiniteFloat = 0.0


@pytest.mark.parametrize("sign", [1, -1])
def test_a_whole_number_stays_one_until_numpy_has_none_so_large(sign):
    """The largest of int64 is 2^63 - 1; behind it, NumPy would make objects of whole numbers."""
    for name in ("scale", "shift"):
        kept, made = (
            getattr(Scaled(**{"scale": 1.0, name: sign * value}), name) for value in (2**63 - 1, 2**63)
        )
        assert (type(kept), kept) == (int, sign * (2**63 - 1))
        assert (type(made), made) == (float, sign * 2.0**63)
