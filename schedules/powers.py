"""Powers that do not depend on how many are asked for."""

from typing import Any

import numpy as np

from stepsize.core.elementwise import is_symbol

__all__ = ["power"]


def power(base: Any, exponent: Any) -> Any:
    """Return base^exponent, element by element; an element has the same bits alone as among others.

    NumPy squares where one exponent serves all and is 2, and the operators of its scalars go to the C library
    where arrays may be served by a vector unit: between those ways the last bit differs on some processors. A
    plain number as the exponent serves all, however many there are. Otherwise each element has an exponent
    of its own, and another element stands beside it.

    Examples
    --------
    >>> power(0.5, np.array([0.0, 1.0, 3.0])).tolist()
    [1.0, 0.5, 0.125]
    """
    if type(exponent) in (int, float) or is_symbol(base) or is_symbol(exponent):
        return np.power(base, exponent)
    base, exponent = np.broadcast_arrays(base, exponent)
    powers = np.power(np.append(base, 1.0), np.append(exponent, 1.0))
    return powers[:-1].reshape(base.shape)[()]
