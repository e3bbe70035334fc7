"""Counts, seeds and names at the ends of what they may be."""

import pytest

from stepsize.core.validation import LARGEST, LARGEST_SEED, as_count, as_seed, did_you_mean


def test_a_count_is_exact_as_a_float():
    """The next whole number is none of float64: 2^53 + 1 is rounded to 2^53."""
    assert float(LARGEST) == LARGEST
    assert float(LARGEST - 1) == LARGEST - 1
    assert float(LARGEST + 1) != LARGEST + 1
    assert as_count("steps", LARGEST) == LARGEST
    with pytest.raises(
        ValueError, match=f"^steps: got {LARGEST + 1}, expected a whole number of at most {LARGEST}$"
    ):
        as_count("steps", LARGEST + 1)


def test_a_seed_has_at_most_128_bits():
    assert LARGEST_SEED.bit_length() == LARGEST_SEED.bit_count() == 128
    assert as_seed("seed", LARGEST_SEED) == LARGEST_SEED
    with pytest.raises(ValueError, match=r"^seed: got .*, expected a whole number of at most"):
        as_seed("seed", LARGEST_SEED + 1)


def test_a_name_is_guessed_up_to_eighty_letters():
    for letters, guess in [(80, f", did you mean {'a' * 80}b?"), (81, "")]:
        assert did_you_mean("a" * letters, ["a" * letters + "b"]) == guess
