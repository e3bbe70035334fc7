"""Steps block by block: shares, places and bits."""

import numpy as np
import pytest

from optim import SGD, Adam, Adan, Lookahead, Momentum, Optimistic
from optim.engines import large, threads
from optim.hyperparameters import Hypers
from optim.state import State
from stepsize.core.elementwise import where
from tests.instances import name_of
from tests.optim.engines.rules import INF, Along, Copying, Remembering, resolved


@pytest.fixture(autouse=True)
def _in_blocks(monkeypatch):
    """Whatever the suite runs with: this file is about the blocks."""
    monkeypatch.setattr(large, "COMPILING_PAYS", float("inf"))


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of 8 numbers; the list has the ranges that each thread was given."""
    shares = []
    plain = threads.each

    def each(work, items, threads):
        shares.append((list(items), threads))
        return plain(work, items, threads)

    monkeypatch.setattr(large, "BLOCK", 8)
    monkeypatch.setattr(large, "each", each)
    return shares


@pytest.mark.parametrize(
    ("size", "threads", "shares"),
    [
        (37, 1, [range(0, 37, 8)]),
        (37, 2, [range(0, 24, 8), range(24, 37, 8)]),
        (37, 3, [range(0, 16, 8), range(16, 32, 8), range(32, 37, 8)]),
        (16, 2, [range(0, 8, 8), range(8, 16, 8)]),
        (5, 2, [range(0, 5, 8)]),
    ],
)
@pytest.mark.parametrize("overwrite", [False, True])
def test_threads_share_the_blocks_and_the_bits_are_the_rule_s(size, threads, shares, overwrite, small_blocks):
    rng = np.random.default_rng(5)
    opt = Adam(lr=rng.uniform(0.1, 0.2, size), eps=0.5)
    x, g = rng.normal(size=(2, size))
    state = State(3, tuple(rng.uniform(1.0, 2.0, (2, size))), {"kept": 1})
    kept, old = x.copy(), tuple(s.copy() for s in state.slots)
    expected, slots = opt.update(x, g, state.slots, Hypers(opt, x).resolve(3))
    new, after = large.step(opt, x, g, state, threads=threads, overwrite=overwrite)
    assert small_blocks == [(shares, threads)]
    assert np.array_equal(new, expected)
    assert (after.n, after.carry) == (4, {"kept": 1})
    for k in range(2):
        assert np.array_equal(after.slots[k], slots[k])
        assert (after.slots[k] is state.slots[k]) == overwrite
    assert (new is x) == overwrite
    assert overwrite or (np.array_equal(x, kept) and np.array_equal(old, state.slots))


def test_one_thread_that_leaves_its_arguments_alone_is_the_default(small_blocks):
    x = np.ones(5)
    new, _ = large.step(SGD(lr=0.5), x, np.ones(5), State(0))
    assert small_blocks[0][1] == 1
    assert x.tolist() == [1.0] * 5
    assert new.tolist() == [0.5] * 5
    x = np.ones(5)
    new, slots = large.update(SGD(), x, np.ones(5), (), lambda: resolved(SGD(lr=0.5), 1))
    assert (x.tolist(), new.tolist(), slots) == ([1.0] * 5, [0.5] * 5, ())
    assert small_blocks[1][1] == 1


class Shifting(SGD, abstract=True):
    """Gradient descent that keeps the last two gradients."""

    slots = ("last", "before")

    def direction(self, x, g, slots, h):
        return g, (g, slots[0])


def test_memory_may_be_shifted_in_place(small_blocks):
    """The old first slot is read before the new one takes its place."""
    x, g, last, before = np.arange(40.0).reshape(4, 10)
    large.step(Shifting(lr=0.5), x, g, State(0, (last, before)), overwrite=True)
    assert x.tolist() == [k - 0.5 * (10 + k) for k in range(10)]
    assert last.tolist() == list(range(10, 20))
    assert before.tolist() == list(range(20, 30))


@pytest.mark.parametrize("locked", ["x", "slot"])
def test_what_may_not_be_written_to_is_not_overwritten(locked, small_blocks):
    x, m = np.ones(9), np.ones(9)
    (x if locked == "x" else m).flags.writeable = False
    new, after = large.step(Momentum(lr=0.5, momentum=0.5), x, np.ones(9), State(0, (m,)), overwrite=True)
    assert len(small_blocks) == 1
    assert x.tolist() == m.tolist() == [1.0] * 9
    assert new.tolist() == [0.25] * 9
    assert after.slots[0].tolist() == [1.5] * 9


def test_the_gradient_is_never_written_to(small_blocks):
    g = np.ones(9)
    g.flags.writeable = False
    x = np.ones(9)
    large.step(Adam(lr=0.5, eps=0.0), x, g, Adam().init(x), overwrite=True)
    assert len(small_blocks) == 1
    np.testing.assert_allclose(x, 0.5)


LONG = np.linspace(1.0, 2.0, 12)


@pytest.mark.parametrize(
    ("opt", "x", "g", "slots"),
    [
        (Along(lr=0.5), LONG, LONG, ()),
        (Copying(lr=0.5), LONG, LONG, ()),
        (SGD(lr=0.5), np.repeat(LONG, 2)[::2], LONG, ()),
        (SGD(lr=0.5), LONG, np.repeat(LONG, 2)[::2], ()),
        (Remembering(lr=0.5), LONG, LONG, (np.repeat(LONG, 2)[::2],)),
        (SGD(lr=np.full((3, 1), 0.5)), LONG.reshape(3, 4), LONG.reshape(3, 4), ()),
        (SGD(lr=np.full((1, 4), 0.5)), LONG.reshape(3, 4), LONG.reshape(3, 4), ()),
        (SGD(lr=np.full((2, 1), 0.5)), LONG.reshape(2, 6), LONG.reshape(2, 6), ()),
    ],
)
def test_what_does_not_fit_into_blocks_is_updated_as_it_stands(opt, x, g, slots, small_blocks):
    assert large.update(opt, x, g, slots, lambda: resolved(opt, 1, x)) is None
    new, after = large.step(opt, x, g, State(0, slots))
    assert small_blocks == []
    np.testing.assert_allclose(new, 0.5 * x, rtol=1e-6)
    assert [slot.tolist() for slot in after.slots] == [slot.tolist() for slot in slots]


def test_a_slot_of_another_shape_does_not_fit_into_blocks():
    opt = Remembering(lr=0.5)
    assert large.update(opt, LONG, LONG, (LONG[:1],), lambda: resolved(opt, 1, LONG)) is None


def test_a_gradient_is_taken_in_the_precision_of_x(small_blocks):
    x = LONG.astype(np.float32)
    new, _ = large.step(SGD(lr=0.5), x, LONG, State(0, ()))
    assert new.dtype == np.float32
    np.testing.assert_allclose(new, 0.5 * x, rtol=1e-6)


def test_a_step_that_leaves_the_finite_numbers_is_no_error(small_blocks):
    x = np.array([1e308, -1e308])
    for opt in (SGD(lr=1e3), Along(lr=1e3)):
        new, _ = large.step(opt, x, -x, State(0))
        assert new.tolist() == [INF, -INF]


class Flagged(SGD, abstract=True):
    """Gradient descent, backwards at first: a choice whose condition is one flag for all."""

    def direction(self, x, g, slots, h):
        return where(h.t > 1, g, -g), ()


@pytest.mark.parametrize(
    "opt", [Adam(lr=0.1), Flagged(lr=0.1), Momentum(lr=np.full((1, 1), 0.1))], ids=name_of
)
def test_a_step_in_single_precision_has_the_bits_of_single_precision(opt, small_blocks):
    x = np.random.default_rng(8).normal(size=(5, 40)).astype(np.float32)
    for n in (0, 1):
        slots = tuple(np.sqrt(abs(x) + s) for s in opt.init(x).slots)
        expected, old = opt.update(x, x * x, slots, Hypers(opt, x).resolve(n))
        new, after = large.step(opt, x, x * x, State(n, slots))
        assert new.dtype == np.float32
        assert np.array_equal(new, expected)
        assert all(np.array_equal(a, b) for a, b in zip(after.slots, old, strict=True))
    assert len(small_blocks) == 2


@pytest.mark.parametrize("shape", [(3, 4), (2, 2, 3), (1,), (2,), (12,)])
def test_a_parameter_of_any_shape_is_one_row_of_blocks(shape, small_blocks):
    x = np.arange(float(np.prod(shape))).reshape(shape)
    new, _ = large.step(SGD(lr=np.full(shape, 0.25)), x, np.ones(shape), State(0))
    assert len(small_blocks) == 1
    assert new.tolist() == (x - 0.25).tolist()


@pytest.mark.parametrize("engine", ["auto", "array"])
@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("size", [17, 300_000])
@pytest.mark.parametrize(
    "opt",
    [Lookahead(Momentum(lr=0.1), reset=True), Lookahead(Adam(), 2), Adan(), Optimistic(SGD(lr=0.1))],
    ids=["Lookahead, reset", "Lookahead", "Adan", "Optimistic"],
)
def test_arrays_that_a_rule_hands_on_are_shared_with_nobody(opt, size, overwrite, engine):
    """A slot may be the new x, or the gradient, whose memory the caller uses again for the next."""
    rng, buffer = np.random.default_rng(0), np.empty((size, 2))[:, 0]
    x = y = rng.normal(size=size)
    x, ours, theirs = x.copy(), opt.init(x), opt.init(y)
    for k in range(7):
        g = rng.normal(size=size)
        given = g if k % 3 else buffer
        given[:] = g
        x, ours = large.step(opt, x, given, ours, overwrite=overwrite, engine=engine)
        y, theirs = opt.step(y, g, theirs)
        assert x.tobytes() == y.tobytes()
        assert not any(np.shares_memory(slot, other) for slot in ours.slots for other in (x, given))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threads": 0}, "threads: got 0, expected a whole number of at least 1"),
        ({"threads": 1.5}, "threads: got 1.5, expected a whole number"),
        ({"state": None}, "state: got None, expected a state"),
        ({"state": Adam().init(np.ones(3))}, "state: got that of .*Adam, expected that of .*Momentum"),
        ({"state": Momentum().init(np.ones(4))}, r"state: got that of parameters of shape \(4,\)"),
    ],
    ids=["no thread", "one and a half", "no state", "another rule's", "another shape"],
)
def test_what_does_not_fit_is_said_in_one_sentence(change, message):
    given = {"state": Momentum().init(np.ones(3)), "threads": 1} | change
    with pytest.raises((TypeError, ValueError), match=message):
        large.step(Momentum(lr=0.1), np.ones(3), np.ones(3), given["state"], threads=given["threads"])
