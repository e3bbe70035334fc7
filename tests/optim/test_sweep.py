"""The ends of sweeps, on runs of a few updates."""

import numpy as np
import pytest

from optim import SGD, Adam, minimize
from optim.engines.batched import RunBlock
from optim.engines.running_powers import RunningPower
from optim.sweep import _parts, sweep
from problems import Parabola, Problem
from schedules import PerRun, Piecewise
from stepsize.core.elementwise import join, parts
from tests.optim.engines.rules import Along, Answering, Copying, Fenced, Saddle, by_arrays


def halving(rates, **options):
    """Sweep f = x^2 from 8: a rate r multiplies x by 1 - 2 r."""
    options = {"x0": [8.0], "steps": 3, **options}
    return sweep(Parabola(), SGD(lr=np.array(rates)[:, None]), **options)


@pytest.mark.parametrize("check", [1, 2, 3, 50])
def test_the_ends_of_a_sweep_by_hand(check):
    ends = halving([0.25, 0.5, 1.0], check=check)
    assert ends.x.tolist() == [[1.0], [0.0], [-8.0]]
    assert ends.fun.tolist() == [1.0, 0.0, 64.0]
    assert ends.grad_norm.tolist() == [2.0, 0.0, 16.0]
    assert ends.nit.tolist() == [3, 3, 3]
    assert ends.diverged.tolist() == [False] * 3
    assert ends.diverged.dtype == bool
    assert ends.nit.dtype.kind == "i"


def test_a_sweep_of_no_updates_ends_where_it_began():
    ends = halving([0.25, 0.5], steps=0)
    assert ends.x.tolist() == [[8.0], [8.0]]
    assert ends.fun.tolist() == [64.0, 64.0]
    assert ends.grad_norm.tolist() == [16.0, 16.0]
    assert ends.nit.tolist() == [0, 0]
    assert not ends.diverged.any()


# With a rate of 0.5 + 0.5e100 an update multiplies x by -1e100: the square of the gradient, 16e100 after
# the first, overflows after the second.
WILD = 0.5 + 0.5e100


@pytest.mark.parametrize("check", [1, 2, 3, 50])
@pytest.mark.parametrize("elementwise", [True, False])
def test_a_run_that_diverges_keeps_its_last_finite_point(check, elementwise):
    """The others go on: one that diverges at the second update, one that never does, one at the sixth."""
    opt = (SGD if elementwise else Along)(lr=np.array([[WILD], [0.25], [0.5 + 0.5e30]]))
    ends = sweep(Parabola(), opt, x0=[8.0], steps=20, check=check)
    assert ends.nit.tolist() == [1, 20, 5]
    assert ends.diverged.tolist() == [True, False, True]
    np.testing.assert_allclose(ends.x, [[-8e100], [8 / 2**20], [-8e150]], rtol=1e-12)
    np.testing.assert_allclose(ends.fun, [64e200, 64 / 4**20, 64e300], rtol=1e-12)
    np.testing.assert_allclose(ends.grad_norm, [16e100, 16 / 2**20, 16e150], rtol=1e-12)


@pytest.mark.parametrize("elementwise", [True, False])
@pytest.mark.parametrize("steps", [1, 2])
def test_a_run_that_diverges_at_its_very_last_update_has_diverged(steps, elementwise):
    opt = (SGD if elementwise else Along)(lr=np.array([[WILD], [0.25]]))
    ends = sweep(Parabola(), opt, x0=[8.0], steps=steps)
    assert ends.diverged.tolist() == [steps == 2, False]
    assert ends.nit.tolist() == [1, steps]


class Plain(Problem, abstract=True):
    """f = x with a gradient of x: not true, but the one stays finite where the other's square does not."""

    components = True
    x0 = (8.0,)

    def fun(self, x):
        return x[..., 0]

    def grad(self, x):
        return join(*parts(x))


@pytest.mark.parametrize("elementwise", [True, False])
def test_a_run_whose_gradient_alone_is_lost_has_diverged(elementwise):
    """A rate of 1 + 1e100 multiplies x by -1e100: the third time it is inf."""
    opt = (SGD if elementwise else Along)(lr=np.array([[1.0 + 1e100], [0.5]]))
    ends = sweep(Plain(), opt, steps=4)
    assert ends.nit.tolist() == [3, 4]
    assert ends.diverged.tolist() == [True, False]
    np.testing.assert_allclose(ends.fun, [-8e300, 0.5], rtol=1e-12)


@pytest.mark.parametrize("elementwise", [True, False])
def test_a_sweep_of_which_all_runs_diverge_is_over(elementwise):
    opt = (SGD if elementwise else Along)(lr=np.array([[WILD], [0.5 + 0.5e30]]))
    ends = sweep(Parabola(), opt, x0=[8.0], steps=1000)
    assert ends.nit.tolist() == [1, 5]
    assert ends.diverged.all()


@pytest.mark.parametrize("elementwise", [True, False])
def test_the_answer_of_a_sweep_is_the_rule_s_own(elementwise):
    opt = Answering(lr=np.array([[0.25], [0.5]]))
    if not elementwise:
        opt = AnsweringAlong(lr=np.array([[0.25], [0.5]]))
    ends = sweep(Parabola(), opt, x0=[8.0], steps=1)
    # The first gradient is 16, at 8.
    assert ends.x.tolist() == [[4.0 + 16.0], [0.0 + 16.0]]
    assert ends.fun.tolist() == [400.0, 256.0]  # there
    assert ends.grad_norm.tolist() == [8.0, 0.0]  # where it was taken


class AnsweringAlong(Answering, abstract=True):
    elementwise = False


def test_a_fenced_problem_is_swept_within_its_fence():
    """Rate 1/2 on x^2 - x y leads from (8, 4) to (2, 8), and its fence is the unit square."""
    ends = sweep(Fenced(), SGD(lr=np.array([[0.5], [0.0]])), steps=1)
    assert ends.x.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_a_rule_that_proves_untraceable_on_the_way_is_swept_from_the_start():
    ends = sweep(Saddle(), Copying(lr=np.array([[0.5], [0.25]]), calm=3), x0=[8.0, 4.0], steps=5)
    for row, lr in enumerate((0.5, 0.25)):
        points, *_ = by_arrays(SGD(lr=lr), Saddle(), 0, np.array([8.0, 4.0]), (), 5)
        assert np.array_equal(ends.x[row], points[-1])


class Starting(SGD, abstract=True):
    """A rule whose memory begins with what it is told at the start: x times the first rate."""

    slots = ("m",)

    def start(self, x, h):
        return (x * h.lr,)

    def direction(self, x, g, slots, h):
        return slots[0], slots


def test_the_memory_of_a_sweep_begins_as_the_rule_says():
    """x = 8 - 0.5 (0.5 * 8), then 6 - 0.25 (0.5 * 8)."""
    opt = Starting(lr=PerRun([Piecewise([1], [0.5, 0.25]), 0.0]))
    assert sweep(Parabola(), opt, x0=[8.0], steps=1).x.tolist() == [[6.0], [8.0]]
    assert sweep(Parabola(), opt, x0=[8.0], steps=2).x.tolist() == [[5.0], [8.0]]


def test_powers_of_a_run_s_own_number_are_multiplied_up_in_a_sweep_and_not_in_a_run(monkeypatch):
    asked = []

    class Watched(RunningPower):
        def __call__(self, base, t):
            asked.append(t)
            return super().__call__(base, t)

    monkeypatch.setattr("optim.engines.running_powers.RunningPower", Watched)
    opt = Adam(lr=0.1, beta2=np.array([[0.9], [0.8]]))
    minimize(Parabola(), opt, steps=3, engine="traced")
    assert asked == []
    sweep(Parabola(), opt, steps=3, engine="traced")
    assert set(asked) == {1, 2, 3}


@pytest.mark.parametrize(("steps", "checks"), [(50, 1), (51, 2), (100, 2), (101, 3)])
def test_a_sweep_looks_every_fifty_updates(steps, checks, monkeypatch):
    asked = []
    plain = RunBlock.finite
    monkeypatch.setattr(RunBlock, "finite", lambda block: asked.append(1) or plain(block))
    sweep(Parabola(), SGD(lr=np.array([[0.1]])), steps=steps, engine="traced")
    assert len(asked) == checks


def test_sweeps_make_a_thousand_updates_on_one_thread_unless_told_otherwise(monkeypatch):
    threads = []

    def each(work, items, count):
        threads.append(count)
        return [work(item) for item in items]

    monkeypatch.setattr("optim.sweep.each", each)
    opt = SGD(lr=np.array([[0.1]]))
    assert sweep(Parabola(), opt).nit.tolist() == [1000]
    assert threads == [1]


@pytest.mark.parametrize("block", [1, 2, 3, 100])
@pytest.mark.parametrize("threads", [1, 2])
def test_blocks_of_a_sweep_are_put_together(block, threads, monkeypatch):
    monkeypatch.setattr("optim.sweep.BLOCK_RUNS", block)
    starts = np.array([[8.0], [4.0], [2.0], [16.0], [1.0]])
    ends = sweep(Parabola(), SGD(lr=np.array([[0.25]] * 4 + [[0.5]])), x0=starts, steps=2, threads=threads)
    assert ends.x.ravel().tolist() == [2.0, 1.0, 0.5, 4.0, 0.0]


@pytest.mark.parametrize(
    ("runs", "width", "stops"), [(7, 3, [3, 6, 7]), (6, 3, [3, 6]), (2, 0, [1, 2]), (2, 9, [2])]
)
def test_runs_are_cut_into_parts_of_one_width(runs, width, stops):
    parts = _parts(runs, width)
    assert [part.stop for part in parts] == stops
    assert [part.start for part in parts] == [0, *stops[:-1]]


@pytest.mark.parametrize(("history", "parts"), [(8, [2, 1, 2]), (1, [1] * 5), (100, [3, 2])])
def test_a_rule_without_a_trace_is_swept_by_histories_that_memory_holds(history, parts, monkeypatch):
    """In tiles of three and two runs; three updates are a history of four numbers a run."""
    monkeypatch.setattr("optim.sweep.BLOCK_RUNS", 3)
    monkeypatch.setattr("optim.sweep.HISTORY", history)
    seen = []

    def watched(problem, opt, x, steps, engine):
        seen.append(len(x))
        return minimize(problem, opt, x, steps, engine=engine)

    monkeypatch.setattr("optim.sweep.minimize", watched)
    ends = sweep(Parabola(), Along(lr=np.array([[0.25], [0.5], [1.0], [0.0], [WILD]])), x0=[8.0], steps=3)
    assert seen == parts
    assert ends.x.ravel().tolist() == [1.0, 0.0, -8.0, 8.0, -8e100]


def test_sweeps_refuse_what_makes_no_batch():
    with pytest.raises(ValueError, match=r"x0: got one run of shape \(1,\), expected a batch"):
        sweep(Parabola(), SGD(lr=0.1))
    with pytest.raises(ValueError, match="steps: got -1, expected a whole number of at least 0"):
        sweep(Parabola(), SGD(lr=np.array([[0.1]])), steps=-1)
    with pytest.raises(ValueError, match="threads: got 0, expected a whole number of at least 1"):
        sweep(Parabola(), SGD(lr=np.array([[0.1]])), threads=0)


def test_a_sweep_looks_at_least_at_every_update():
    with pytest.raises(ValueError, match="check: got 0, expected a whole number of at least 1"):
        halving([0.1], check=0)


def test_a_sweep_refuses_a_start_that_is_not_finite():
    with pytest.raises(ValueError, match="expected a start with a finite value"):
        sweep(Parabola(), SGD(lr=np.array([[0.1]])), x0=[1e200])


def test_a_run_that_is_lost_reports_what_it_would_alone():
    """It answers x plus its slot, at the last update before values overflow."""
    rates = [0.1, 3.0, 10.0, 1e150]
    together = sweep(Parabola(), Answering(lr=np.array(rates)[:, None]), steps=800)
    assert together.diverged.tolist() == [False, True, True, True]
    for i, rate in enumerate(rates):
        alone = minimize(Parabola(), Answering(lr=rate), steps=800, engine="array")
        assert (together.nit[i], together.fun[i]) == (alone.nit, alone.fun)
        assert np.array_equal(together.x[i], alone.x)
