"""One cycle, by hand."""

import numpy as np
import pytest

from schedules import (
    Cyclic,
    OneCycle,
)


class TestOneCycle:
    def test_two_lines(self):
        """1/25 to 1 in 3 of 10 updates, then to a ten-thousandth of the start in the other 7."""
        values = OneCycle(1.0, 10, shape="linear").table(12)
        expected = np.interp(range(12), [0, 3, 10], [0.04, 1.0, 4e-6])
        np.testing.assert_allclose(values, expected, rtol=1e-12)

    @pytest.mark.parametrize(("rise", "top"), [(0.3, 3), (0.4, 4)])
    def test_three_lines(self, rise, top):
        values = OneCycle(1.0, 10, rise=rise, shape="linear", three_phase=True).table(12)
        expected = np.interp(range(12), [0, top, 2 * top, 10], [0.04, 1.0, 0.04, 4e-6])
        np.testing.assert_allclose(values, expected, rtol=1e-12)

    def test_it_is_a_cosine_by_default(self):
        """A third of the way up a cosine has covered (1 - cos 60 degrees) / 2, a quarter."""
        assert OneCycle(1.0, 20)(2) == pytest.approx(0.04 + 0.96 / 4, rel=1e-14)

    def test_the_top_is_inside(self):
        assert OneCycle(1.0, 2, rise=0.1)(np.arange(3)) == pytest.approx([0.04, 1.0, 4e-6])
        assert OneCycle(1.0, 4, rise=0.9)(3) == 1.0
        assert OneCycle(1.0, 3, rise=0.1)(1) == 1.0
        assert OneCycle(1.0, 3, rise=0.5, three_phase=True)([2, 3]) == pytest.approx([1.0, 4e-6])

    def test_momentum_goes_the_other_way(self):
        """fastai's and PyTorch's 0.95 and 0.85; PyTorch's 0.9 and 0.8 for the triangle."""
        assert OneCycle(1.0, 10).momentum()([0, 3, 10]) == pytest.approx([0.95, 0.85, 0.95])
        three = OneCycle(1.0, 10, three_phase=True).momentum()
        assert three([0, 3, 6, 8, 10]) == pytest.approx([0.95, 0.85, 0.95, 0.95, 0.95])
        assert Cyclic(0.1, up=5).momentum()([0, 5, 10]) == pytest.approx([0.9, 0.8, 0.9])
