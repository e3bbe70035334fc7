"""Each bound of what may be typed, and of what JSON may hold, from both sides."""

import pytest

from stepsize.core.limits import memory
from stepsize.core.limits.expression_source import Source
from stepsize.core.limits.json_records import described, loaded
from stepsize.core.limits.memory import refuse_beyond_memory
from stepsize.parsing import parse


@pytest.mark.parametrize(
    ("taken", "refused", "words"),
    [
        ("x" * 20_000, "x" * 20_001, "20001 characters, expected at most 20000"),
        ("[" * 100 + "]" * 100, "[" * 101 + "]" * 101, "at most 100 one inside the other"),
        ("-" * 99 + "1", "-" * 100 + "1", "at most 100 one inside the other"),
    ],
)
def test_a_text_is_long_and_deep_up_to_a_bound(taken, refused, words):
    assert Source(taken).tree() is not None
    with pytest.raises(ValueError, match=words):
        Source(refused).tree()


@pytest.mark.parametrize(
    ("taken", "refused", "words"),
    [
        ("1/2.0**1000", "1/2.0**1001", "got the power 1001 in .*, expected one of at most 1000"),
        ("9" * 40, "9" * 41, "expected one of at most 40 digits"),
        ("PerRun([0.1]*100000)", "PerRun([0.1]*100001)", "at most 100000 items in all"),
    ],
)
def test_arithmetic_is_done_up_to_a_bound(taken, refused, words):
    whole = "{}" if "PerRun" in taken else "Constant({})"
    assert parse(whole.format(taken)) is not None
    with pytest.raises(ValueError, match=words):
        parse(whole.format(refused))


def test_eighty_letters_of_a_text_are_quoted():
    assert Source("x" * 80).shown == repr("x" * 80)
    assert Source("x" * 81).shown == repr("x" * 77 + "...")


def test_a_whole_number_of_json_has_forty_digits_at_most():
    assert loaded("9" * 40) == 10**40 - 1
    with pytest.raises(ValueError, match="got a whole number of 41 digits, expected at most 40"):
        loaded("9" * 41)


def test_json_is_three_hundred_levels_deep_at_most():
    def nested(levels):
        return [nested(levels - 1)] if levels else 1.0

    assert described(nested(300), {}) is not None
    with pytest.raises(ValueError, match="expected at most 300 levels"):
        described(nested(301), {})


@pytest.mark.parametrize(("needed", "refused"), [(2**26 - 1, False), (2**26, True)])
def test_what_is_small_is_allocated_and_not_asked_about(needed, refused, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 0)
    if refused:
        with pytest.raises(ValueError, match=r"^steps: got 7, which needs about 0.07 GB"):
            refuse_beyond_memory("steps", 7, needed, "fewer")
    else:
        refuse_beyond_memory("steps", 7, needed, "fewer")
