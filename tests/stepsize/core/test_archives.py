"""Arrays on disk; what becomes of damaged ones stands in tests/robustness."""

import sys

import numpy as np
import pytest

from stepsize.core.archives import read_npz, write_npz


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
