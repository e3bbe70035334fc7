"""`import optim` loads no family of rules, and yet has the names of all."""

import importlib

import pytest

import optim


def test_every_rule_is_that_of_its_file_and_kept_once_it_was_asked_for(monkeypatch):
    for file, names in optim._HOMES.items():
        for name in names:
            monkeypatch.delitem(vars(optim), name, raising=False)
            rule = getattr(importlib.import_module(file), name)
            assert getattr(optim, name) is rule
            assert vars(optim)[name] is rule


def test_names_are_listed_before_they_are_loaded(monkeypatch):
    monkeypatch.delitem(vars(optim), "Yogi", raising=False)
    assert {"Yogi", "minimize", *optim.__all__} <= set(dir(optim))


def test_another_name_is_refused():
    with pytest.raises(
        AttributeError, match=r"^module 'optim' has no attribute 'Adamm', did you mean Adam\?$"
    ):
        _ = optim.Adamm
