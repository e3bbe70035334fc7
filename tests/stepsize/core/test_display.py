"""How much of a value is shown: each limit from both sides."""

import numpy as np
import pytest

from stepsize.core.display import assembled, shown


class Long:
    """Something whose text has so many letters."""

    def __init__(self, letters):
        self.letters = letters

    def __repr__(self):
        return "x" * self.letters


def test_a_text_of_three_hundred_letters_is_shown_and_a_longer_one_cut_to_sixty():
    assert shown(Long(300)) == "x" * 300
    assert shown(Long(301)) == "x" * 57 + "..."


def test_twelve_items_are_shown_and_of_more_the_ends():
    twelve = list(range(12))
    assert shown(twelve) == "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]"
    assert shown([*twelve, 12]) == "[0, 1, 2, ..., 12]"
    assert shown(np.arange(12)) == shown(twelve)
    assert shown(np.arange(13)) == "<array 13>"
    assert shown(dict.fromkeys("abcdefghijkl")).count(",") == 11
    assert shown(dict.fromkeys("abcdefghijklm")) == "{'a', 'b', 'c', ..., 'm'}"


@pytest.mark.parametrize("letters", [297, 298])
def test_what_is_assembled_has_three_hundred_letters_at_most(letters):
    """Three of them are the name and its parentheses."""
    whole = assembled("f", ["x" * letters])
    assert len(whole) <= 300
    assert ("..." in whole) == (letters > 297)
