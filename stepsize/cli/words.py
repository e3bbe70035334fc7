"""Numbers as they are typed: plain digits, and neither ``1_0`` nor those of other scripts."""

import argparse
import re

from stepsize.core.display import cut

__all__ = ["number", "read_number", "whole_number"]

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]{1,40}", re.ASCII)


def read_number(word: str) -> float | None:
    """Return the finite number that a word is, or None.

    Examples
    --------
    >>> read_number("-1.2e3"), read_number("1_0"), read_number("1e999")
    (-1200.0, None, None)
    """
    if not _NUMBER.fullmatch(word.strip()):
        return None
    found = float(word)
    return found if abs(found) < float("inf") else None


def number(word: str) -> float:
    """Return the number that an option's word is, for argparse."""
    found = read_number(word)
    if found is None:
        raise argparse.ArgumentTypeError(f"got {cut(word, 60)!r}, expected a number such as 0.5")
    return found


def whole_number(word: str) -> int:
    """Return the whole number that an option's word is, for argparse.

    Examples
    --------
    >>> whole_number("100")
    100
    """
    if not _WHOLE.fullmatch(word.strip()):
        raise argparse.ArgumentTypeError(f"got {cut(word, 60)!r}, expected a whole number such as 100")
    return int(word)
