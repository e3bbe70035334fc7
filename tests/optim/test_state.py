"""A state on disk and in words: what a file says of it, and which state fits which rule and point."""

import re
from dataclasses import replace

import numpy as np
import pytest

from optim import SGD, Adafactor, Adam, Lookahead, Momentum, State, minimize
from optim.state import fitting, left_at, rate_that_remembers, rule_of, state_fits, state_header
from problems import Parabola, Quadratic, Rosenbrock
from schedules import Armijo, BoldDriver, Exponential, Plateau
from stepsize.core.archives import read_npz, write_npz

X = np.array([1.5, -0.25])
STATE = State(
    7,
    (np.array([1.0, 2.0]), np.array([3, 4])),
    {"best": 0.5, "seen": (1, "two", None, np.array([5.0])), "deep": {"flag": True}},
    X,
    "Adam",
    "Plateau",
    (2,),
)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state.npz"


def changed(file, header=None, arrays=None, *, without=()):
    """Write the file of `STATE` with some of its header and its arrays changed."""
    STATE.save(file)
    kept = read_npz(file, "State.save")
    told = {k: v for k, v in kept.header.items() if k not in ("columns", "version", "writer", *without)}
    columns = {k: v for k, v in kept.arrays.items() if k not in without}
    write_npz(file, told | (header or {}), columns | (arrays or {}))
    return file


def test_a_file_gives_back_every_field(file):
    STATE.save(file)
    back = State.load(file)
    assert (back.n, back.rule, back.rate, back.shape) == (7, "Adam", "Plateau", (2,))
    for one, other in zip((*STATE.slots, STATE.x), (*back.slots, back.x), strict=True):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)
    assert back.carry["best"] == 0.5
    assert back.carry["seen"][:3] == (1, "two", None)
    assert back.carry["seen"][3].tolist() == [5.0]
    assert back.carry["deep"] == {"flag": True}


def test_a_state_that_says_nothing_gives_that_back(file):
    State(3).save(file)
    assert vars(State.load(file)) == vars(State(3))


def test_the_parts_of_a_file_have_these_names():
    """Those of the files that earlier versions wrote, which can still be read."""
    arrays = {}
    header = state_header(STATE, arrays)
    assert sorted(arrays) == ["carry3", "point", "slot0", "slot1"]
    assert (header["n"], header["slots"], header["shape"]) == (7, 2, [2])
    assert (header["rule"], header["rate"]) == ("Adam", "Plateau")
    assert sorted(header) == ["carry", "n", "rate", "rule", "shape", "slots"]


def test_a_file_may_leave_out_whose_it_is(file):
    back = State.load(changed(file, without=("rule", "rate", "shape", "point")))
    assert (back.n, len(back.slots), back.x, back.rule, back.rate, back.shape) == (7, 2, *(None,) * 4)


@pytest.mark.parametrize(
    ("header", "arrays", "without", "words"),
    [
        ({"shape": [-1]}, {}, (), "its shape is [-1]"),
        ({"shape": [2.0]}, {}, (), "its shape is [2.0]"),
        ({"shape": [True]}, {}, (), "its shape is [True]"),
        ({"shape": ["2"]}, {}, (), "its shape is ['2']"),
        ({"shape": "(2,)"}, {}, (), "its shape is the str '(2,)'"),
        ({"shape": [3]}, {}, (), "its column point is an array of float64 of shape (2,), not of shape (3,)"),
        ({"n": -1}, {}, (), "its n is -1"),
        ({"rule": 3}, {}, (), "its rule is 3"),
        ({"rate": ["Plateau"]}, {}, (), "its rate is the list ['Plateau']"),
        ({"slots": 3}, {}, (), "it has no column slot2"),
        ({"slots": 5}, {}, (), "it has no columns for 5 slots"),
        ({"slots": 10**12}, {}, (), "it has no columns for 1000000000000 slots"),
        ({"slots": 1}, {}, (), "it has a column 'slot1', which is none of State.save"),
        ({"carry": {"tuple": []}}, {}, (), "its carry has the dict"),
        ({}, {"point": np.array([1, 2])}, (), "its column point is an array of int64 of shape (2,)"),
        ({}, {"slot1": np.array(["a", "b"])}, (), "its column slot1 is an array of <U1 of shape (2,)"),
        ({}, {"more": X}, (), "it has a column 'more', which is none of State.save"),
        ({}, {}, ("n",), "its header has no n"),
        ({}, {}, ("carry",), "its header has no carry"),
        ({}, {}, ("slots",), "its header has no slots"),
        ({}, {}, ("slot0",), "it has no column slot0"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(file, header, arrays, without, words):
    with pytest.raises(ValueError, match=re.escape(f"expected a file written by State.save; {words}")):
        State.load(changed(file, header, arrays, without=without))


def test_no_parameters_have_a_shape_too(file):
    State(0, (), None, np.zeros(0), "SGD", None, (0,)).save(file)
    assert State.load(file).shape == (0,)


def test_a_slot_may_be_of_any_kind_of_number(file):
    for slot in (np.array([True]), np.array([1], np.uint8), np.array([-1]), np.array([1j])):
        State(0, (slot,)).save(file)
        assert State.load(file).slots[0].dtype == slot.dtype


@pytest.mark.parametrize(
    ("lr", "name"),
    [
        (0.1, None),
        (Exponential(0.1, 0.9), None),
        (lambda n: 0.1 / (n + 1), None),
        (Plateau(0.1), "Plateau"),
        (Armijo(), "Armijo"),
        (0.5 * BoldDriver(0.1), "FeedbackProduct(BoldDriver, Constant)"),
    ],
)
def test_the_rate_that_remembers(lr, name):
    assert rate_that_remembers(SGD(lr=lr)) == name


def test_a_rule_is_named_with_the_rule_inside():
    assert rule_of(SGD()) == "SGD"
    assert rule_of(Lookahead(Lookahead(Adam()))) == "Lookahead(Lookahead(Adam))"


def test_where_a_state_was_left():
    assert left_at(STATE, Rosenbrock()) is X
    with pytest.raises(
        ValueError, match=r"^state: got that of 2 parameters, expected 3, as the problem has$"
    ):
        left_at(STATE, Rosenbrock(3))
    with pytest.raises(
        ValueError, match=r"^state: got that of 2 parameters, expected 1, as the problem has$"
    ):
        left_at(STATE, Parabola())
    batch = replace(STATE, x=np.ones((3, 2)), shape=(3, 2))
    assert left_at(batch, Rosenbrock()) is batch.x


ADAM = Adam().init(X)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"rule": "SGD"}, ValueError, "state: got that of SGD, expected that of Adam"),
        ({"slots": ADAM.slots[:1]}, ValueError, "state: got 1 slots, expected 2 for Adam("),
        ({"slots": (*ADAM.slots, X)}, ValueError, "state: got 3 slots, expected 2 for Adam("),
        ({"shape": (3,)}, ValueError, "state: got that of parameters of shape (3,), expected that of x, of"),
        ({"n": -1}, ValueError, "state.n: got -1, expected a whole number of at least 0"),
        ({"n": 1.5}, TypeError, "state.n: got 1.5, expected a whole number of at least 0"),
        ({"x": [1.0, 2.0]}, TypeError, "state.x: got the list [1.0, 2.0], expected an array of floats"),
        ({"x": np.array([1, 2])}, TypeError, "state.x: got an array of int64 of shape (2,), expected an arr"),
        (
            {"shape": None, "slots": (np.zeros(1), np.zeros(2))},
            ValueError,
            "state: got slots of shapes [(1,), (2,)], expected [(2,), (2,)] for x of shape (2,)",
        ),
    ],
)
def test_a_state_that_does_not_fit_is_refused(change, error, words):
    for use in (state_fits, lambda rule, state, x: fitting(state, rule, x)):
        with pytest.raises(error, match=re.escape(words)):
            use(Adam(), replace(ADAM, **change), X)


@pytest.mark.parametrize("state", [3, None, {"n": 3}])
def test_what_is_no_state_is_refused(state):
    with pytest.raises(
        TypeError, match=r"^state: got .*, expected a state, as init, step and a run leave it$"
    ):
        state_fits(SGD(), state, X)
    with pytest.raises(TypeError, match=r"^state: got .*, expected the state of a run, run\.state$"):
        left_at(state, Rosenbrock())


def test_a_state_made_by_hand_may_say_less():
    state_fits(Adam(), State(4, ADAM.slots), X)
    state_fits(Adam(), replace(ADAM, rule=None, x=None), X)


def test_one_number_a_run_spreads_the_point():
    """Two rates make a batch of one start: its state fits that start, too."""
    rule = SGD(lr=[[0.1], [0.2]])
    state = minimize(Quadratic(), rule, steps=2).state
    assert state.shape == (2, 2)
    state_fits(rule, state, np.ones(2))
    with pytest.raises(ValueError, match=r"of shape \(2, 2\), expected that of x, of shape \(3, 2\)"):
        state_fits(SGD(), state, np.ones((3, 2)))


def test_slots_come_in_the_precision_of_x_and_counts_stay():
    slots = np.ones(2), np.array([1, 2])
    for dtype in (np.float32, np.float64):
        fits = fitting(State(1, slots), Adam(), np.ones(2, dtype))
        assert [s.dtype for s in fits.slots] == [dtype, np.int64]
    assert fits.slots[0] is slots[0]


@pytest.mark.parametrize(
    ("rate", "taken", "sentence"),
    [
        ("Plateau", Plateau(0.1), None),
        ("Plateau", 0.1, None),
        (None, Armijo(), None),
        (
            "Plateau",
            BoldDriver(0.1),
            "state: got what the rate Plateau remembers, expected that of BoldDriver",
        ),
    ],
)
def test_what_a_rate_remembers_is_for_that_rate(rate, taken, sentence):
    state = State(1, (), {"lr": 0.1}, X, "SGD", rate, (2,))
    if sentence is None:
        assert fitting(state, SGD(lr=taken), X).carry == {"lr": 0.1}
        return
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        fitting(state, SGD(lr=taken), X)
    assert fitting(replace(state, carry=None), SGD(lr=taken), X).n == 1


def test_layers_of_another_length_are_refused():
    state = Adafactor().init(np.ones(4))
    rule = Adafactor(shapes=((2, 2),))
    with pytest.raises(
        ValueError, match=r"^state: got \w+ of shape \(.*\), expected \(.*\) for the layers of "
    ):
        fitting(state, rule, np.ones(4))
    assert fitting(state, Adafactor(), np.ones(4)).n == 0
    assert fitting(Momentum().init(np.ones(4)), Momentum(), np.ones(4)).n == 0
