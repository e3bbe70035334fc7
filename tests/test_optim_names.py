"""`import optim` loads no family of rules, and yet has the names of all."""

import importlib

import pytest

import optim


def test_every_rule_is_that_of_its_file():
    for file, names in optim._FAMILIES.items():
        for name in names:
            assert getattr(optim, name) is getattr(importlib.import_module(f"optim.{file}"), name)


def test_a_name_is_kept_once_it_was_asked_for(monkeypatch):
    monkeypatch.delitem(vars(optim), "Yogi", raising=False)
    assert optim.Yogi is vars(optim)["Yogi"]


def test_names_are_listed_before_they_are_loaded(monkeypatch):
    monkeypatch.delitem(vars(optim), "Yogi", raising=False)
    assert {"Yogi", "minimize", *optim.__all__} <= set(dir(optim))


def test_another_name_is_refused():
    with pytest.raises(AttributeError, match=r"^module 'optim' has no attribute 'Adamm'$"):
        _ = optim.Adamm
