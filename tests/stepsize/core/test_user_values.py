"""How a user's function is asked: with the vector, or with each of its numbers."""

import numpy as np

from stepsize.core.user_values import ask


def test_a_function_gets_the_vector_unless_it_spreads():
    x = np.array([3.0, 4.0])
    assert ask(lambda v: v.shape, x) == (2,)
    assert ask(lambda a, b: a * b, x, True) == 12.0
