"""Texts in lines: as few as fit, and none much shorter than the others."""

import textwrap

__all__ = ["wrapped", "wrapped_items"]

_KEPT = "\u00a0"  # a blank at which no line ends


def wrapped(text: str, characters: int) -> list[str]:
    """Return a text in as few lines of so many characters as can be, and those as even as can be.

    Examples
    --------
    >>> wrapped("one two three four five six", 22)
    ['one two three', 'four five six']
    """
    lines = textwrap.wrap(text, characters)
    for narrower in range(len(text) // max(len(lines), 1), characters) if lines else ():
        even = textwrap.wrap(text, narrower, break_long_words=False)
        if len(even) <= len(lines) and max(map(len, even), default=0) <= characters:
            return even
    return lines


def wrapped_items(items: list[str], characters: int) -> list[str]:
    """Return items with a dot between them in lines, none broken that fits into a line.

    Examples
    --------
    >>> print(*wrapped_items(["one and two", "three", "four"], 20), sep="|")
    one and two|three \u00b7 four
    """
    kept = [item.replace(" ", _KEPT) if len(item) <= characters - 2 else item for item in items]
    lines = wrapped(f"{_KEPT}\u00b7 ".join(kept), characters)
    return [line.replace(_KEPT, " ").removesuffix(" \u00b7") for line in lines]
