"""What was computed once and is kept: it would hide a mutant, and what it reaches, from all later tests."""

import gc

from tools.mutation.places import instances, keeping_functions, kept_names


class Kept:
    """The values of properties and functions that are kept in some packages, by all that there is now."""

    def __init__(self, packages: tuple[str, ...]) -> None:
        self.things = [(vars(thing), kept_names(type(thing))) for thing in instances(packages)]
        self.functions = keeping_functions(packages)

    def forget(self) -> None:
        """Drop them all."""
        for values, names in self.things:
            for name in names:
                values.pop(name, None)
        for function in self.functions:
            function.cache_clear()


def forget_all(packages: tuple[str, ...]) -> None:
    """Drop whatever is kept now."""
    Kept(packages).forget()
    gc.collect()
