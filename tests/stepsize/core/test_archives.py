"""Arrays on disk; what becomes of damaged ones stands in tests/robustness."""

import sys

import numpy as np
import pytest

from stepsize.core.archives import Archive, read_npz, write_npz


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3).T,
        np.float32([1.5, np.nan, -np.inf]),
        np.array([[True, False]]),
        np.zeros((0, 3)),
        np.array(2.5),
        np.array(["converged", "Ω"]),
        np.arange(3, dtype=">i4" if sys.byteorder == "little" else "<i4"),
        np.array([1 + 2j]),
    ],
    ids=lambda a: f"{a.dtype}{a.shape}",
)
def test_arrays_of_every_kind_come_back(array, tmp_path):
    write_npz(tmp_path / "a.npz", {"writer": "test"}, {"a": array})
    back = read_npz(tmp_path / "a.npz", "test").arrays["a"]
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert back.flags.writeable


@pytest.mark.parametrize(("letter", "known"), [(0x10FFFF, True), (0x110000, False)])
def test_letters_are_those_of_unicode_up_to_its_last(letter, known, tmp_path):
    """No string of Python's has a letter behind U+10FFFF, but the bytes of a file may."""
    target, text = tmp_path / "a.npz", np.array(["a"])
    text.view(np.uint32)[:] = letter
    write_npz(target, {"writer": "test"}, {"a": text})
    if known:
        assert read_npz(target, "test").arrays["a"].item() == "\U0010ffff"
    else:
        with pytest.raises(ValueError, match="its column a is damaged"):
            read_npz(target, "test")


def test_a_count_may_be_nothing_and_no_less():
    archive = Archive("a.npz", "test", {"none": 0, "debt": -1, "most": 2**63 - 1, "more": 2**63}, {})
    assert archive.count("none") == 0
    assert archive.count("most") == 2**63 - 1
    for name in ("debt", "more"):
        with pytest.raises(ValueError, match=f"its {name} is "):
            archive.count(name)
