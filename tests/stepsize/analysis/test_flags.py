"""Flags are counted column by column, in bytes or not."""

import numpy as np
import pytest

from stepsize.analysis.flags import count


@pytest.mark.parametrize("columns", [1, 7, 8, 9])
@pytest.mark.parametrize("rows", [0, 1, 255, 256, 511])
def test_flags_are_counted_by_column(rows, columns):
    """Column k has its first k rows set, and the last column all."""
    flags = np.arange(rows)[:, None] < np.arange(columns)
    flags[:, -1] = True
    counts = count(flags)
    assert counts.tolist() == [min(k, rows) for k in range(columns - 1)] + [rows]
    assert counts.dtype == int
