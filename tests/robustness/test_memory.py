"""What would not fit into memory is refused before it is allocated: how much it takes, how much there is."""

import re
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import stepsize as ss
from optim.recorder import history_bytes
from stepsize.core.limits import memory
from tests.robustness.refusals import ROOT, refusal

GIGA = 10**9


@pytest.fixture
def small(monkeypatch):
    """A machine on which 1 GB is free."""
    monkeypatch.setattr(memory, "available", lambda: GIGA)


BEYOND = {
    "steps of a run": lambda: ss.minimize(ss.Parabola(), ss.SGD(), steps=10**8),
    "steps of a batch": lambda: ss.minimize(ss.Parabola(), ss.SGD(lr=np.full((1000, 1), 0.1)), steps=10**5),
    "steps of many dimensions": lambda: ss.minimize(ss.Quadratic(np.ones(10_000)), ss.SGD(), steps=6500),
    "steps of which one in many is kept": lambda: ss.minimize(
        ss.Parabola(), ss.SGD(), steps=10**8, every=1000
    ),
    "steps of several runs together": lambda: ss.race(ss.Parabola(), [ss.SGD()] * 20, steps=10**6),
    "steps of a table": lambda: ss.Linear(0.1, steps=10).table(10**8),
    "a dimension": lambda: ss.Rosenbrock(10**8),
    "a dimension of Nesterov's": lambda: ss.NesterovQuadratic(10**8),
    "a matrix": lambda: ss.Quadratic(np.ones(20_000)).H,
    "a table of data": lambda: ss.DiagonalLinearNetwork(10**5, 10**5),
    "Gaussian points": lambda: ss.two_gaussians(10**7, 100),
    "Wilson's table": lambda: ss.WilsonConstruction(10**4, 10),
    "separable points": lambda: ss.SeparableLogistic(10**9),
    "layers": lambda: ss.DigitsMLP([10**4, 10**4]),
}


@pytest.mark.parametrize("call", BEYOND.values(), ids=BEYOND.keys())
def test_what_does_not_fit_is_refused_before_it_starts(call, small):
    begin = time.process_time()
    said = refusal(call, kind=ValueError)
    assert time.process_time() - begin < 0.5
    needed, free = re.search(
        r"needs about ([0-9.,]+) GB of memory where ([0-9.]+) GB are free", said
    ).groups()
    assert float(needed.replace(",", "")) >= 1
    assert free == "1"
    assert re.search(r", expected .*(fewer|smaller|narrower)", said)


def test_what_is_advised_would_help(small):
    """Of Parabola's updates 2 (8 + 33) bytes are kept, and 66 where its points are thinned."""
    others = {
        "every=N": lambda steps: ss.minimize(ss.Parabola(), ss.SGD(), steps=steps),
        "fewer runs at once": lambda steps: ss.race(ss.Parabola(), [ss.SGD()] * 20, steps=steps),
    }
    fits = {"every=N": (GIGA // 80, GIGA // 60), "fewer runs at once": (GIGA // 90, GIGA // 80)}
    for other, call in others.items():
        helps, does_not = fits[other]
        assert other in refusal(lambda call=call, steps=helps: call(steps), kind=ValueError)
        assert refusal(lambda call=call, steps=does_not: call(steps), kind=ValueError).endswith(
            "expected fewer"
        )


@pytest.mark.parametrize("steps", [GIGA // 80, GIGA // 60, 10**15])
def test_sweeps_and_commands_have_no_points_to_thin(steps, small, capsys):
    noisy = ss.MiniBatch(ss.BreastCancer(), 10)
    for problem, rule, rates in (
        (ss.Parabola(), ss.SGD(lr=ss.Armijo()), {}),
        (noisy, ss.SGD, {"lr": [0.1, 0.2]}),
    ):
        said = refusal(lambda p=problem, r=rule, v=rates: ss.sweep(p, r, steps, **v), kind=ValueError)
        assert said.endswith("are free, expected fewer")
    from stepsize.cli.main import main

    for words in (["linesearch", "parabola"], ["race", "parabola"], ["find-lr", "parabola"]):
        if words[0] != "find-lr" or steps == 10**15:
            assert main([*words, "--steps", str(steps)]) == 2
            assert capsys.readouterr().err.endswith("are free, expected fewer\n")


def test_what_fits_is_made(small):
    assert ss.minimize(ss.Parabola(), ss.SGD(0.1), steps=10**5).nit == 10**5
    assert ss.minimize(ss.Quadratic(np.ones(10_000)), ss.SGD(0.1), steps=6500, every=1000).nit == 6500
    assert len(ss.Linear(0.1, steps=10).table(10**6)) == 10**6
    assert ss.Rosenbrock(10**6).dim == 10**6


def test_where_the_system_says_nothing_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: None)
    assert ss.Rosenbrock(10**15).dim == 10**15


@pytest.mark.parametrize(
    ("steps", "every", "dim", "runs"), [(20_000, 1, 50, 1), (3000, 1, 4, 60), (20_000, 100, 20, 2)]
)
def test_the_estimate_is_what_a_run_takes(steps, every, dim, runs):
    """Held against what Python's own accounting finds at the peak."""
    import tracemalloc

    x0 = np.full((runs, dim), 0.5) if runs > 1 else np.full(dim, 0.5)
    problem = ss.Quadratic(np.linspace(1.0, 2.0, dim))
    tracemalloc.start()
    try:
        ss.minimize(problem, ss.SGD(0.1), x0, steps, every=every)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    estimate = history_bytes(steps, every, runs, dim, answers=False)
    assert 0.5 * estimate <= peak, "the estimate is a lower one, of the right size"


def test_there_is_some_memory():
    found = memory.available()
    assert found is None or 10**6 < found < 10**15


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory hold on Linux alone")
def test_a_limit_of_the_process_counts():
    script = """
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (3 * 10**9, 3 * 10**9))
        from stepsize.core.limits.memory import available
        from stepsize.cli.main import main
        assert available() < 3 * 10**9
        raise SystemExit(main(["race", "Rosenbrock(10**8)", "--steps", "5", "--no-picture"]))
    """
    words = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("stepsize: problem: dim: got 100000000, which needs about 6 GB of memory")
    assert done.stderr.count("\n") == 1
