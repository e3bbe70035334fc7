"""Threads: results in order, processors in turn, NumPy's settings inside and outside."""

import os
import threading

import numpy as np
import pytest

from optim.engines import threads as pool


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(threads):
    assert pool.each(lambda item: 10 * item, [3, 1, 2, 0], threads) == [30, 10, 20, 0]


@pytest.mark.parametrize("threads", [1, 2])
def test_overflow_is_silent_inside_a_worker_and_what_it_was_outside(threads):
    """Short rows are broadcast without a copy: the buffer inside is NumPy's smallest, 16 numbers."""
    outside = np.geterr(), np.getbufsize()
    inside = pool.each(lambda _: (np.geterr(), np.getbufsize()), range(3), threads)
    assert inside == [(dict.fromkeys(("divide", "over", "under", "invalid"), "ignore"), 16)] * 3
    assert (np.geterr(), np.getbufsize()) == outside


def test_as_many_threads_work_at_once_as_were_asked_for():
    """Each of three items waits for the two others."""
    barrier = threading.Barrier(3)
    places = pool.each(lambda _: barrier.wait(timeout=5), range(3), 3)
    assert sorted(places) == [0, 1, 2]


def test_no_more_threads_work_than_were_asked_for():
    """Where three have to meet, two wait in vain."""
    barrier = threading.Barrier(3)
    with pytest.raises(threading.BrokenBarrierError):
        pool.each(lambda _: barrier.wait(timeout=0.1), range(3), 2)


def test_one_thread_is_the_caller_and_is_not_pinned(monkeypatch):
    monkeypatch.setattr(pool, "_pinning", lambda: pytest.fail("pinned"))
    assert pool.each(lambda _: threading.current_thread(), [0], 1) == [threading.current_thread()]


def test_workers_stay_for_the_next_call():
    names = [{*pool.each(lambda _: threading.current_thread().name, range(9), 2)} for _ in range(3)]
    assert len(set.union(*names)) <= 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_of_the_process_has_workers_of_its_own():
    assert pool.each(abs, [-1], 2) == [1]
    child = os.fork()
    if not child:
        os._exit(pool.each(abs, [-3, -4], 2) != [3, 4])
    assert os.waitpid(child, 0)[1] == 0


def test_workers_take_the_processors_in_turn(monkeypatch):
    pinned = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {7, 2} if pid == 0 else set(), raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, cpus: pinned.append((pid, cpus)), raising=False)
    pin = pool._pinning()
    for _ in range(3):
        pin()
    assert pinned == [(0, {2}), (0, {7}), (0, {2})]
    pinned.clear()
    monkeypatch.setattr(pool, "_WORKERS", {})
    barrier = threading.Barrier(2)
    pool.each(lambda _: barrier.wait(timeout=5), range(2), 2)
    assert sorted(pinned, key=str) == [(0, {2}), (0, {7})]


def test_where_a_system_cannot_pin_threads_nobody_asks_it_to(monkeypatch):
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    monkeypatch.setattr(pool, "_WORKERS", {})
    assert pool._pinning() is None
    assert pool.each(abs, [-1], 2) == [1]


@pytest.mark.parametrize("threads", [0, -1])
def test_less_than_one_thread_is_refused(threads):
    with pytest.raises(ValueError, match=r"threads: got .*, expected a whole number of at least 1"):
        pool.each(abs, [], threads)
