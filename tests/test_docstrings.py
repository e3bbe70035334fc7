"""The examples in docstrings run and give what they say."""

import doctest
import importlib
import pkgutil

import pytest

import optim
import problems
import schedules
import stepsize
import stepsize.core

MODULES = sorted(
    {
        info.name
        for package in (optim, problems, schedules, stepsize)
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
        if not info.name.endswith("__main__")
    }
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    module = importlib.import_module(name)
    failures = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).failed
    assert failures == 0


@pytest.mark.parametrize("name", ["optim", "problems", "schedules", "stepsize"])
def test_every_public_name_has_a_docstring(name):
    package = importlib.import_module(name)
    public = (
        package.__all__ if hasattr(package, "__all__") else [n for n in dir(package) if not n.startswith("_")]
    )
    missing = [n for n in public if callable(getattr(package, n)) and not getattr(package, n).__doc__]
    assert missing == []
