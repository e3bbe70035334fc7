"""The mutator of what runs at import: what it changes, what it leaves alone, and that a change is seen."""

import ast
import types

import pytest

from tools.mutation import hunt, judged, places
from tools.mutation.constants import mutants, mutated
from tools.mutation.serving import named, served_tests

SOURCE = '''
"""A module, 1."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    UNSEEN = 1
LIMIT = 3
LOW, HIGH = -0.5, 0.0
__all__ = ["Bowl"]


class Bowl:
    """A bowl of width 2."""

    source = "a book, page 7"
    demo = {"width": 2.0}
    width: float = 2.0
    wide = width > 1 and LIMIT == 3

    @property
    def area(self):
        """Width 2."""
        if self.width < 0:
            raise ValueError(0)
        return max(self.width, 0) * 2 if not self.wide else f"{1}"

    @property
    def name(self):
        return self._name

    def plain(self, scale=1):
        return scale + 1
'''

CHANGES = {
    "m.LIMIT__constant_1": "3 -> 4",
    "m.(LOW, HIGH)__constant_1": "-0.5 -> 0.5",
    "m.(LOW, HIGH)__constant_2": "0.5 -> 0.5005",
    "m.(LOW, HIGH)__constant_3": "0.0 -> 0.001",
    "m.Bowl.width__constant_1": "2.0 -> 2.002",
    "m.Bowl.wide__constant_1": "width > 1 and LIMIT == 3 -> width > 1 or LIMIT == 3",
    "m.Bowl.wide__constant_2": "width > 1 -> width >= 1",
    "m.Bowl.wide__constant_3": "1 -> 2",
    "m.Bowl.wide__constant_4": "LIMIT == 3 -> LIMIT != 3",
    "m.Bowl.wide__constant_5": "3 -> 4",
    "m.Bowl.area__constant_1": "self.width < 0 -> self.width <= 0",
    "m.Bowl.area__constant_2": "0 -> 1",
    "m.Bowl.area__constant_3": "not self.wide -> self.wide",
    "m.Bowl.area__constant_4": "max(self.width, 0) * 2 -> max(self.width, 0) / 2",
    "m.Bowl.area__constant_5": "max(self.width, 0) -> min(self.width, 0)",
    "m.Bowl.area__constant_6": "0 -> 1",
    "m.Bowl.area__constant_7": "2 -> 3",
    "m.Bowl.name__constant_1": "return self._name -> return None",
    "m.Bowl.plain__constant_1": "1 -> 2",
}


def test_every_number_sign_and_comparison_outside_of_plain_functions_is_changed():
    found = {m.name: f"{m.before} -> {m.after}" for m in mutants("m", SOURCE)}
    assert found == CHANGES


@pytest.mark.parametrize("index", range(len(CHANGES)))
def test_a_mutant_differs_in_its_change_alone(index):
    mutant = mutants("m", SOURCE)[index]
    before = ast.unparse(ast.parse(SOURCE)).splitlines()
    after = ast.unparse(mutated("m", SOURCE, index)).splitlines()
    assert len(before) == len(after)
    differing = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert len(differing) == 1
    assert mutant.before in differing[0][0]
    assert mutant.after in differing[0][1]


@pytest.fixture
def module(monkeypatch):
    module = types.ModuleType("m")
    exec(SOURCE, vars(module))
    monkeypatch.setitem(__import__("sys").modules, "m", module)
    return module


def test_a_patch_puts_the_changed_statement_in_its_place(module):
    bowl = module.Bowl()
    bowl.wide = False
    assert bowl.area == 4.0
    names = list(CHANGES)
    places.patch("m", SOURCE, names.index("m.Bowl.area__constant_7"), "m.Bowl.area")
    assert bowl.area == 6.0
    places.patch("m", SOURCE, names.index("m.(LOW, HIGH)__constant_1"), "m.(LOW, HIGH)")
    assert module.LOW == 0.5


def test_a_default_is_changed_in_the_function_that_others_have_taken(module):
    plain = module.Bowl.plain
    name = "m.Bowl.plain__constant_1"
    places.patch("m", SOURCE, list(CHANGES).index(name), "m.Bowl.plain")
    assert plain(None) == 3


def test_what_is_read_when_a_class_is_made_is_left_to_a_fresh_import(module):
    name = "m.Bowl.width__constant_1"
    with pytest.raises(LookupError):
        places.patch("m", SOURCE, list(CHANGES).index(name), "m.Bowl.width")


ENTRIES = """
class Entry:
    def __init__(self, build):
        self.build = build

LIBRARY = {"adam": Entry(lambda eps=1e-8: eps)}
"""


def test_what_is_inside_of_a_constant_is_changed_where_others_have_taken_it(monkeypatch):
    module = types.ModuleType("optim.m")
    monkeypatch.setitem(__import__("sys").modules, "optim.m", module)
    exec(ENTRIES, vars(module))
    entry = module.LIBRARY["adam"]
    places.patch("optim.m", ENTRIES, 0, "optim.m.LIBRARY")
    assert entry.build() == 1.001e-8


HEIR = """
class Bowl:
    @property
    def width(self):
        return 2

class Dish(Bowl):
    @property
    def width(self):
        return super().width + 1
"""


def test_a_changed_property_still_finds_what_it_inherits(monkeypatch):
    module = types.ModuleType("m")
    monkeypatch.setitem(__import__("sys").modules, "m", module)
    exec(HEIR, vars(module))
    dish = module.Dish()
    assert dish.width == 3
    names = [m.after for m in mutants("m", HEIR)]
    places.patch("m", HEIR, names.index("super().width - 1"), "m.Dish.width")
    assert dish.width == 1


DECORATED = """
def twice(function):
    def call(x):
        return 2 * function(x)
    return call

@twice
def add(x):
    return x + 1
"""


def test_a_decorated_function_that_others_have_taken_does_what_is_changed(monkeypatch):
    module = types.ModuleType("m")
    monkeypatch.setitem(__import__("sys").modules, "m", module)
    exec(DECORATED, vars(module))
    add = module.add
    names = [m.after for m in mutants("m", DECORATED)]
    places.patch("m", DECORATED, names.index("x - 1"), "m.add")
    assert add(5) == 8


RECORDS = """
from stepsize.core.limits.parameters import number
from stepsize.core.record import Record

class Cone(Record, abstract=True):
    slope: float = number(1.0, above=0)

class Tent(Cone, abstract=True):
    poles: int = 1

class Tower(Cone, abstract=True):
    slope: float = number(5.0, above=4)
"""


@pytest.mark.parametrize(
    ("index", "slope", "refused"),
    [(1, 1.001, 0.0), (2, 1.0, 1.0)],  # the first mutant is of the class's keyword
)
def test_a_field_of_a_record_is_changed_for_its_heirs_too(monkeypatch, index, slope, refused):
    module = types.ModuleType("m")
    monkeypatch.setitem(__import__("sys").modules, "m", module)
    exec(RECORDS, vars(module))
    assert module.Tent().slope == 1.0
    places.patch("m", RECORDS, index, "m.Cone.slope")
    if index == 1:
        assert module.Cone().slope == module.Tent().slope == slope
    for cls in (module.Cone, module.Tent):
        with pytest.raises(ValueError, match="slope"):
            cls(slope=refused)
    assert module.Tower().slope == 5.0


FIGURE = """
@figure
def zigzag(numbers):
    numbers.printed("what", a, 0.5, 1e-3)
    numbers.theorem("what", a, 0.25, within=1e-3)
    numbers.computed("what", a, between=(0.125, 1.0))
    def run():
        return 2
    def draw():
        return 3
    return Drawing(draw, {}, [(4, 5)])
"""


def test_of_a_figure_its_numbers_are_changed_and_neither_its_tolerances_nor_its_drawing():
    assert [m.before for m in mutants("m", FIGURE)] == ["0.5", "0.25", "2"]


def test_what_stands_in_a_function_inside_is_named_by_it():
    assert [m.name for m in mutants("m", FIGURE)][-1] == "m.zigzag:run__constant_1"


def test_what_a_module_took_from_another_is_changed_with_it(monkeypatch):
    one, other = types.ModuleType("problems.one"), types.ModuleType("problems.other")
    for module in (one, other):
        monkeypatch.setitem(__import__("sys").modules, module.__name__, module)
    one.LIMIT = other.LIMIT = 1234.5
    places.patch("problems.one", "LIMIT = 1234.5", 0, "problems.one.LIMIT")
    assert one.LIMIT == other.LIMIT == 1235.7345


def test_a_module_is_served_by_all_patterns_that_name_it():
    table = {"problems.*": ["a"], "problems.landscapes.*": ["b", "c"], "optim.*": ["d"]}
    assert served_tests("problems.landscapes.bowls", table) == ["a", "b", "c"]
    assert served_tests("stepsize.parsing", table) == []


SHEET = """
WIDTH = 2

def helped(x=3):
    return x

@figure("waves", "ours")
def waves(numbers):
    numbers.theorem("what", a, 4)

@figure("wells", "ours")
def wells(numbers):
    numbers.theorem("what", a, 5)
"""


def test_a_test_of_each_figure_is_asked_for_as_a_whole_where_no_figure_is_named():
    assert named("test.py::test_it[{name}]") == ["test.py::test_it"]
    assert named("test.py::test_that") == ["test.py::test_that"]


def test_a_figure_is_served_by_its_own_check_and_what_several_share_by_theirs(monkeypatch, tmp_path):
    (tmp_path / "problems").mkdir()
    (tmp_path / "problems" / "sheet.py").write_text(SHEET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hunt, "serving", lambda: {"problems.*": ["test.py::test_it[{name}]"]})
    served = {mutant.change: mutant.tests for mutant in hunt.every_mutant([])}
    waves, wells = "test.py::test_it[waves]", "test.py::test_it[wells]"
    assert served == {
        "2 -> 3": [waves, wells],
        "3 -> 4": [waves, wells],
        "4 -> 5": [waves],
        "5 -> 6": [wells],
    }


def test_a_number_is_judged_in_the_line_that_an_entry_names():
    entry = {"mutant": "m.waves__*", "change": "^4 -> ", "line": "steps=4", "reason": "it is at rest"}
    assert (
        judged.reason("m.waves__constant_1", "4 -> 5", [entry], "minimize(bowl, steps=4)") == "it is at rest"
    )
    assert judged.reason("m.waves__constant_2", "4 -> 5", [entry], "width = 4") == ""
    assert judged.reason("m.wells__constant_1", "4 -> 5", [entry], "minimize(bowl, steps=4)") == ""
    anywhere = {name: entry[name] for name in ("mutant", "change", "reason")}
    assert judged.reason("m.waves__constant_2", "4 -> 5", [anywhere], "width = 4") == "it is at rest"
