"""Where people look first: help(), dir(), signatures, docstrings, sources, and the literal lists of names."""

import dataclasses
import inspect
import pydoc
import subprocess
import sys

import pytest

import optim
import problems
import schedules
import stepsize as ss
from optim.dialects import adafactor_variants, muon_variants, optax_variants, variants
from stepsize.core.record import Record, registered
from stepsize.parsing import load_registry
from tests import ROOT
from tools import public_names

HOMES = (problems, schedules, optim, ss)

load_registry()
CLASSES = [cls for cls in registered(Record) if cls.__module__.split(".")[0] in {h.__name__ for h in HOMES}]
BASES = [
    Record,
    problems.Problem,
    schedules.Schedule,
    schedules.Feedback,
    schedules.LineSearch,
    optim.Optimizer,
]


def test_the_lists_are_those_of_the_files():
    stale = [str(path.relative_to(ROOT)) for path in public_names.out_of_date()]
    assert not stale, f"{stale} are out of date: run python tools/public_names.py"


def test_a_name_that_two_files_have_is_refused():
    with pytest.raises(SystemExit, match=r"Line is public in a and in b; rename one"):
        public_names.refuse_doubles([{"a": ("Line",)}, {"b": ("Line", "Step")}])


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.__name__)
def test_every_public_name_is_there_once_and_means_one_thing(home):
    assert len(home.__all__) == len({*home.__all__})
    for name in home.__all__:
        assert getattr(ss, name) is getattr(home, name)


def test_a_star_brings_every_public_name():
    found = {}
    exec("from stepsize import *", found)
    assert {*ss.__all__} <= {*found}
    assert found["Adam"] is ss.Adam


VARIANTS = (variants, adafactor_variants, muon_variants, optax_variants)


def test_every_registered_class_is_public():
    for cls in CLASSES:
        if cls.__module__ not in {module.__name__ for module in VARIANTS}:
            assert getattr(ss, cls.__name__) is cls


@pytest.mark.parametrize("name", [name for module in VARIANTS for name in module.__all__])
def test_a_rule_that_reproduces_one_library_is_read_back_but_not_public(name):
    rule = next(getattr(module, name) for module in VARIANTS if hasattr(module, name))()
    assert name not in ss.__all__
    assert not hasattr(ss, name)
    assert ss.parse(repr(rule)) == ss.parse(name.lower()) == rule
    assert ss.Optimizer.from_dict(rule.to_dict()) == rule


def test_it_is_read_in_a_fresh_process():
    code = "import stepsize as ss; print(ss.parse('TorchASGD(t0=3)'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "TorchASGD(t0=3.0)\n"


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.__name__)
def test_completion_offers_the_public_names_and_no_others(home):
    assert {*home.__all__} <= {*dir(home)}
    if home in (ss, optim):
        assert all(name in home.__all__ or name.startswith("__") for name in dir(home))


@pytest.mark.parametrize("cls", [*BASES, *CLASSES], ids=lambda cls: cls.__name__)
def test_help_shows_a_class(cls):
    text = pydoc.render_doc(cls, renderer=pydoc.plaintext)
    assert inspect.getdoc(cls).partition("\n")[0] in text
    assert f"class {cls.__name__}" in text
    assert inspect.getsource(cls).startswith(("class ", "@"))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_the_signature_is_that_of_the_constructor(cls):
    names = [*inspect.signature(cls).parameters]
    assert names == [field.name for field in dataclasses.fields(cls)]
    wanted = {p.name for p in inspect.signature(cls).parameters.values() if p.default is p.empty}
    assert wanted <= {*cls.demo}, "a demo names what has no default"


def test_an_instance_that_is_called_shows_how():
    assert [*inspect.signature(ss.Constant(0.1)).parameters] == ["n"]
    assert [*inspect.signature(ss.Adam()).parameters][:2] == ["fun", "x0"]


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.__name__)
def test_help_shows_a_package(home):
    text = pydoc.render_doc(home, renderer=pydoc.plaintext)
    assert all(name in text for name in home.__all__)


CALLED = [name for name in ss.__all__ if callable(getattr(ss, name))]


@pytest.mark.parametrize("name", [name for name in CALLED if name not in ("Hyper", "Slots")])
def test_what_is_public_says_what_it_is(name):
    thing = getattr(ss, name)
    assert (thing.__doc__ or "").strip(), f"{name} has no docstring"
    if not isinstance(thing, type) or thing.__module__.split(".")[0] in {h.__name__ for h in HOMES}:
        inspect.getsource(thing)
        pydoc.render_doc(thing)
    if inspect.isclass(thing):
        for own, member in vars(thing).items():
            if not own.startswith("_") and inspect.isfunction(member):
                assert inspect.getdoc(getattr(thing, own)), f"{name}.{own} has no docstring"


def test_a_parameter_without_a_default_is_asked_for_although_a_base_names_it():
    class Demanding(ss.Optimizer, abstract=True):
        lr: ss.Hyper

        def direction(self, x, g, slots, h):
            return g, slots

    with pytest.raises(TypeError, match=r"^Demanding: got no 'lr', expected lr$"):
        Demanding()
    assert Demanding(0.1).at_default_rate() == Demanding(0.1)
    assert ss.Problem.of(sum, x0=[1.0]).formula == "sum"


def test_only_what_is_asked_for_is_loaded():
    code = "import sys, stepsize as ss; ss.Adam; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "optim.rules.adam" in loaded
    assert not {
        name
        for name in loaded
        if name.startswith(("problems", "schedules", "optim.rules.sign", "matplotlib"))
    }
