"""What was generated gives Python's numbers, flags, verdicts and sentences, and a mutant of it does not."""

import itertools
import re
from fractions import Fraction
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.strategies import floats as floats_between
from hypothesis.strategies import integers

from optim import Optimizer, minimize
from optim.hyperparameters import Hyper, Hypers
from problems import AdditiveNoise, Problem
from stepsize.core.elementwise import sqrt
from stepsize.explorer.assembly import engine
from stepsize.explorer.catalogue import catalogue
from stepsize.explorer.noise import streams
from stepsize.explorer.translation.javascript import unpacked
from stepsize.explorer.translation.powers import (
    by_base,
    nearest_power,
    of_memories,
    of_pairs,
    slider_memories,
)
from tests.stepsize.explorer.harness import (
    UPDATES,
    Experiment,
    answers_of,
    compared,
    floats,
    learned,
    library,
    needs_node,
    rate_path,
    schedule_with,
)

pytestmark = needs_node


@pytest.fixture(scope="module")
def known():
    return library()


@pytest.fixture(scope="module")
def script(known):
    return engine(known)


def drawn(p, at_rate, random, whole_powers):
    """Return a value for a number of a rule, within what it may be."""
    name = p.path[-1]
    if name == "r" and whole_powers:  # an exponent of the count of updates
        return float(random.integers(0, 4))
    if name == "power" and whole_powers:  # of a coordinate's; NumPy takes further ones in a loop of its own
        return float(random.integers(0, 3))
    if at_rate:
        return p.value * 10 ** random.uniform(-1, 0.7)
    if p.whole:
        return float(max(1, round(p.value * random.uniform(0.4, 2.5))))
    if p.below == 1.0 or re.match(r"(momentum|beta|rho|decay|share)", name):
        return float(random.choice([random.uniform(0, 0.99), 1 - 10 ** random.uniform(-3, -1)]))
    value = (
        p.value * 10 ** random.uniform(-0.5, 0.5)
        if p.value > 0
        else random.choice([0.0, 0.0, random.uniform(0, 0.1)])
    )
    low, high = (-np.inf if p.minimum is None else p.minimum), (np.inf if p.maximum is None else p.maximum)
    return float(min(max(value, low), high))


def example(rule, place, random, rate=None, also=None):
    """Return an experiment with random numbers and a random start near the problem's."""
    numbers = [drawn(p, p.path == rate_path(rule), random, place.exact) for p in rule.parameters]
    x0 = [float(v + random.normal(0, 0.1) * max(abs(v), 0.5)) for v in place.problem.x0]
    with np.errstate(all="ignore"):
        if not np.isfinite(place.problem.fun(np.array(x0))):
            x0 = [float(v) for v in place.problem.x0]
    return Experiment(rule, place, numbers, x0, UPDATES, rate, also)


def numbers_for(table, random):
    """Return random numbers for a schedule: lengths that are whole, heights that are not."""
    numbers = []
    for p in table.parameters:
        value = p.value * random.uniform(0.5, 1.5)
        value = float(max(round(value), 1)) if p.whole else value
        low, high = (
            (-np.inf if p.minimum is None else p.minimum),
            (np.inf if p.maximum is None else p.maximum),
        )
        numbers.append(float(min(max(value, low), high)))
    return numbers


def examples(known, seed, exact):
    """Return every rule on every problem, with random numbers; many with a schedule, some with two.

    Those are exact in which neither problem nor rule takes a function that is rounded otherwise elsewhere.
    """
    random = np.random.default_rng(seed)
    tables = [t for t in known.timetables if t.exact]
    made = []
    by_name = sorted(known.rules, key=lambda rule: rule.name)  # the registry's order is that of imports
    for place in sorted(known.landscapes, key=lambda place: place.name):
        # The data of a regression are gone through at every update.
        rules = by_name[::6] if place.data else by_name
        rules = [rule for rule in rules if (place.exact and not rule.rounded) is exact]
        for k, rule in enumerate(rules):
            rate = also = None
            if exact and k % 3 == 0:
                table = tables[random.integers(len(tables))]
                rate = (table, numbers_for(table, random))
            fixed = (rate_path(rule), ("power",))  # an exponent of a coordinate's would not be whole
            free = [p.path for p in rule.parameters if p.schedulable and p.path not in fixed]
            if exact and free and k % 2 == 0:
                table = next(t for t in tables if t.name == "Linear")
                high, low = random.uniform(0.5, 0.99), random.uniform(0.0, 0.5)
                also = (free[random.integers(len(free))], table, [high, float(random.integers(50, 600)), low])
            for drivers in ((rate, also), (None, also), (rate, None), (None, None)):
                candidate = example(rule, place, random, *drivers)
                if is_allowed(candidate):
                    made.append(candidate)
                    break
    return made


def is_allowed(experiment):
    """Whether Python takes the numbers, and the schedules' at every update."""
    try:
        optimizer = experiment.optimizer()
        h = Hypers(optimizer, np.zeros(experiment.place.dim))
        for n in range(UPDATES):
            h.resolve(n)
    except (ValueError, TypeError):
        return False
    return True


def together(known, script, made, folder):
    """Run experiments both ways."""
    _, *answers = answers_of(script, [learned(made), *(e.task() for e in made)], folder)
    with np.errstate(all="ignore"):
        return [(e, run, compared(run, a)) for e, a in zip(made, answers, strict=True) for run in [e.run()]]


def test_bits_are_pythons_where_nothing_is_transcendental(known, script, tmp_path):
    made = examples(known, 20, exact=True)
    assert len(made) > 1000
    assert sum(e.rate is not None for e in made) > 200
    assert sum(e.also is not None for e in made) > 200
    results = together(known, script, made, tmp_path)
    other = [(e.rule.name, e.place.name, e.numbers, c.far) for e, _, c in results if not c.same_bits]
    assert other == []


def test_powers_of_every_slider_are_pythons(script, tmp_path):
    memories = slider_memories().tolist()
    told = by_base([of_memories((*memories,))])
    chosen = np.random.default_rng(3).choice(memories, 60).tolist() + [base for base, *_ in told[:60]]
    asked = [["power", base, t] for base in chosen for t in range(1, 1001) if base**t > 1e-280]
    _, found = answers_of(script, [{"learn": told}, {"print": asked}], tmp_path)
    assert found == [base**t for _, base, t in asked]


def test_powers_that_python_rounds_otherwise_are_found():
    """A C library whose cubes are a unit in the last place too large is noticed, every one of them."""

    class Biased(float):
        def __pow__(self, exponent):
            value = float.__pow__(self, exponent)
            return float(np.nextafter(value, 2.0)) if exponent == 3 else value

    bases = [Biased(v) for v in (0.25, 0.5, 0.75)]
    assert of_pairs((b, 3.0) for b in bases) == {b: {3.0: 1} for b in bases}
    assert of_pairs((b, 2.0) for b in bases) == {}


@settings(deadline=None)
@given(base=floats_between(1e-3, 0.9999), t=integers(1, 1000))
def test_the_nearest_power_is_the_nearest(base, t):
    exact = Fraction(base) ** t
    if exact > Fraction(1e-280):
        assert nearest_power(base, float(t)) == float(exact)


@pytest.fixture(scope="module")
def rounded(known, script, tmp_path_factory):
    """Return runs of problems and rules with exp, cube roots and the like."""
    return together(known, script, examples(known, 21, exact=False), tmp_path_factory.mktemp("rounded"))


def test_flags_verdicts_and_sentences_are_those_of_diagnose(known, script, rounded, tmp_path):
    for results in (together(known, script, examples(known, 23, exact=True), tmp_path), rounded):
        same = [c for _, _, c in results if c.same_bits]
        assert all(c.same_flags and c.same_verdict and c.same_sentence for c in same)
        assert np.mean([c.same_verdict or hangs_on_a_bit(e, run) for e, run, c in results]) >= 0.995
        assert np.mean([c.same_flags or hangs_on_a_bit(e, run) for e, run, c in results]) >= 0.995


def test_where_rounding_matters_the_path_is_the_same(rounded):
    """Beyond 1e-9 only runs may differ that a last bit elsewhere would move, too."""
    for experiment, run, found in rounded:
        if found.far > 1e-9:
            assert hangs_on_a_bit(experiment, run), (experiment.rule.name, experiment.place.name, found.far)


def hangs_on_a_bit(experiment, run):
    """Whether last bits of the start or of the rate move a run of Python's."""
    starts = []
    for j, way, far in itertools.product(range(len(experiment.x0)), (-np.inf, np.inf), (1, 4)):
        x0 = [*experiment.x0]
        for _ in range(far):
            x0[j] = float(np.nextafter(x0[j], way))
        starts.append((run.optimizer, x0))
    rates = [float(np.nextafter(run.optimizer.lr, way)) for way in (0.0, np.inf)]
    starts += [(run.optimizer.replace(lr=lr), experiment.x0) for lr in rates]
    for optimizer, x0 in starts:
        with np.errstate(all="ignore"):
            other = minimize(experiment.place.problem, optimizer, x0, UPDATES)
            length = min(len(other.history.x), len(run.history.x))
            apart = np.abs(other.history.x[:length] - run.history.x[:length]).max()
        if apart > 1e-10 or other.nit != run.nit:
            return True
    return False


def test_noise_is_the_librarys_own_stream(known, script, tmp_path):
    random = np.random.default_rng(5)
    made = []
    for place in known.landscapes[:12]:
        noisy = AdditiveNoise(place.problem, sigma_g=0.3, rng=1)
        for rule in known.rules[::5]:
            e = example(rule, place, random)
            made.append((e, noisy))
    tasks = [e.task() | {"noise": {"table": streams()[1], "sigma": 0.3}} for e, _ in made]
    _, *answers = answers_of(script, [learned(e for e, _ in made), *tasks], tmp_path)
    for (e, noisy), answer in zip(made, answers, strict=True):
        with np.errstate(all="ignore"):
            run = minimize(noisy, e.optimizer(), e.x0, UPDATES)
            found = compared(run, answer)
        if e.place.exact and not e.rule.rounded:
            assert found.same_bits, (e.rule.name, e.place.name)
        if found.same_bits:
            assert found.same_flags
            assert found.same_verdict, (e.rule.name, e.place.name, answer)
            assert found.same_sentence


@pytest.mark.parametrize("seed", range(6))
def test_schedules_give_their_tables(known, script, tmp_path, seed):
    written = [t for t in known.timetables if t.source]
    assert len(written) >= 49
    tasks, expected = [], []
    for table in written:
        numbers = numbers_for(table, np.random.default_rng(seed))
        try:
            schedule = schedule_with(table, numbers)
        except ValueError:
            continue
        tasks.append({"timetable": table.name, "numbers": numbers, "steps": 300})
        expected.append((table, schedule.table(300)))
    for (table, values), text in zip(expected, answers_of(script, tasks, tmp_path), strict=True):
        found = floats(text)
        if table.exact:
            assert np.array_equal(found, values), table.name
        else:
            with np.errstate(all="ignore"):
                assert np.all(np.abs(found - values) <= 4 * np.spacing(np.abs(values).max())), table.name


def test_what_cannot_be_written_out_is_tabulated_with_a_reason(known):
    for table in (t for t in known.timetables if t.source is None):
        assert table.reason
        values = unpacked(table.table)
        assert np.array_equal(values, table.schedule.table(1000)[: len(values)])
        assert np.all(table.schedule.table(1000)[len(values) :] == values[-1])


class TurningMomentum(Optimizer):
    """A rule of a test: with a branch on the count, and a wrapper may stand around it."""

    slots: ClassVar = ("m",)
    lr: Hyper = 0.05
    beta: Hyper = 0.9
    turn: Hyper = 20.0

    def direction(self, x, g, slots, h):
        (m,) = slots
        m = h.beta * m + (1 - h.beta) * g
        if h.t > h.turn:
            return m / (sqrt(m * m) + 0.1), (m,)
        return m, (m,)


class Asks(Optimizer):
    """A rule that asks what it was given."""

    lr: Hyper = 0.1

    def direction(self, x, g, slots, h):
        return (g if isinstance(g, np.ndarray) else 2 * g), ()


def test_a_class_of_ones_own_appears_by_itself(tmp_path):
    from optim import Lookahead
    from schedules import InverseTime

    bowl = Problem.of("x**2 + 3*y**2 + x*y", x0=[-5, -2])
    wrapped = Lookahead(TurningMomentum(lr=0.1))
    own = catalogue([bowl], [wrapped])
    rule = own.rules[0]
    names = [r.name for r in own.rules]
    assert "TurningMomentum" in names
    assert {r.reason for r in own.left if r.name == "Asks"} != set()
    made = [
        Experiment(r, own.landscapes[0], [p.value for p in r.parameters], [-5.0, -2.0], UPDATES)
        for r in (rule, own.rules[names.index("TurningMomentum")])
    ]
    table = next(t for t in own.timetables if type(t.schedule) is InverseTime)
    made.append(
        Experiment(made[1].rule, made[1].place, made[1].numbers, [-5.0, -2.0], UPDATES, (table, [0.3, 0.05]))
    )
    for _, _, found in together(own, engine(own), made, tmp_path):
        assert found == type(found)(True, 0.0, True, True, True)


def test_mutants_are_noticed(known, script, tmp_path):
    """Change each operator in the updates of eight rules, one at a time."""
    place = next(p for p in known.landscapes if p.name == "Rosenbrock")
    chosen = {
        "SGD": 1e-3,
        "Momentum": 1e-3,
        "Nesterov": 1e-3,
        "Adam": 0.05,
        "RMSprop": 0.01,
        "Adagrad": 0.2,
        "AMSGrad": 0.05,
        "Adadelta": 1.0,
    }
    rules = [r for r in known.rules if r.name in chosen]
    made = []
    for r in rules:
        numbers = [
            chosen[r.name] if p.path[-1] == "lr" else 0.05 if p.path[-1] == "dampening" else p.value
            for p in r.parameters
        ]
        made.append(Experiment(r, place, numbers, [-1.2, 1.0], UPDATES))
    assert all(c.same_bits for *_, c in together(known, script, made, tmp_path))
    places = []
    for e in made:
        begin = script.index(f'"{e.rule.name}": {e.rule.source}')
        first, last = script.index("update(", begin), script.index("if (told)", begin)
        places += [
            (e, m.start() + first)
            for m in re.finditer(r"(?<= )[-+*/](?= )", script[first:last])
            # To add 0, as to the larger of two numbers, and to subtract it differ for -0 alone.
            if not re.match(r"[-+] 0\b(?!\.)", script[m.start() + first :])
            and "* d + j" not in script[m.start() + first - 1 : m.start() + first + 8]
            and "d + j" not in script[m.start() + first - 2 : m.start() + first + 6]
        ]
    assert len(places) >= 30
    for e, at in places:
        other = {"+": "-", "-": "+", "*": "/", "/": "*"}[script[at]]
        mutant = script[:at] + other + script[at + 1 :]
        assert not together(known, mutant, [e], tmp_path)[0][2].same_bits, script[at - 30 : at + 20]


def test_printing_is_pythons(script, tmp_path):
    random = np.random.default_rng(1)
    values = [
        0.0,
        0.5,
        1.5,
        2.5,
        12.5,
        0.125,
        99.5,
        100.0,
        1e-5,
        123456.0,
        1e22,
        5e-324,
        0.25,
        2.675,
        1e15,
        9.995,
        0.000125,
    ]
    values += (10 ** random.uniform(-12, 12, 300)).tolist() + (random.integers(0, 2000, 200) / 16).tolist()
    asked, expected = [], []
    for v in values:
        for digits in (1, 2, 3, 6):
            asked.append(["general", v, digits])
            expected.append(f"{v:.{digits}g}")
        for digits in (0, 1, 2, 4):
            asked += [["fixed", v, digits], ["scientific", v, digits]]
            expected += [f"{v:.{digits}f}", f"{v:.{digits}e}"]
        asked.append(["shortest", v, 0])
        expected.append(repr(float(v)))
    (found,) = answers_of(script, [{"print": asked}], tmp_path)
    assert [(a, f, e) for a, f, e in zip(asked, found, expected, strict=True) if f != e] == []
