"""Every recorded schedule of seven libraries, update by update; golden/SCHEDULES.md says how."""

import inspect
import json
import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import optim
from schedules import (
    Constant,
    Cosine,
    Cycles,
    Feedback,
    InverseTime,
    Linear,
    Polynomial,
    Restarts,
    Schedule,
    dialects,
)
from schedules.dialects import (
    fastai,
    keras,
    minisom,
    optax,
    pytorch_optimizer,
    timm,
    torch,
    transformers,
    wikipedia,
)
from tests import GOLDEN

LIBRARIES = ("torch", "keras", "optax", "timm", "transformers", "fastai", "other")
RECORDED = {name: json.loads((GOLDEN / f"schedules_{name}.json").read_text()) for name in LIBRARIES}
CASES = {(library, name): case for library in LIBRARIES for name, case in RECORDED[library]["cases"].items()}
DEFAULTS = {library: RECORDED[library]["defaults"] for library in LIBRARIES}

# Pitfalls that are conventions, not faults: the dialects have them too, and the schedules themselves do not.
REPRODUCED = {
    ("torch", "CosineAnnealingLR-climbs-back"),
    ("torch", "CosineAnnealingLR-floor-climbs-back"),
    ("torch", "SequentialLR-cosine-climbs-back"),
    ("torch", "OneCycleLR-misses-peak"),
    ("torch", "LinearLR-first-value-lost"),
    ("keras", "LearningRateScheduler-compounds"),
    ("keras", "LearningRateScheduler-compounds-slow"),
    ("transformers", "cosine-climbs-back"),
    ("transformers", "cosine-with-min-lr-climbs-back"),
    ("transformers", "cosine-warmup-with-min-lr-climbs-back"),
    ("transformers", "GreedyLR-below-its-floor"),
}
ORDINARY = {key: case for key, case in CASES.items() if not case.get("pitfall") or key in REPRODUCED}
PITFALLS = {key: case for key, case in CASES.items() if case.get("pitfall") and key not in REPRODUCED}

# Arguments that say how a library prints, resumes or finds its metric.
NOT_OURS = ("moms",)


def pasted(library, case, momentum=False):
    """Make the call of a case with our dialects, as a user would."""
    base = case["base"]
    if "members" in case:
        return [pasted(library, {**m, "base": base}) for m in case["members"]]
    home = getattr(dialects, library, None)
    name, args, kwargs = case["class"], list(case.get("args", ())), dict(case["kwargs"])
    if library == "other":
        return pasted_other(case, name, kwargs)
    args = [argument(library, a, base) for a in args]
    kwargs = {k: argument(library, v, base) for k, v in kwargs.items() if k not in NOT_OURS}
    if library == "optax":
        for word in ("boundaries_and_scales",):
            if word in kwargs:
                kwargs[word] = {int(at): scale for at, scale in kwargs[word]}
        made = getattr(home, name)(*args, **kwargs)
        return made * base if isinstance(made, Feedback) else made
    if library == "fastai":
        made = getattr(home, f"{name}_momentum" if momentum else name)(
            *args, **kwargs, **moms(case, momentum)
        )
        return made if name == "LRFinder" else fastai.over(made, case["updates"])
    if library == "keras" and name == "LearningRateScheduler":
        return home.LearningRateScheduler(*args, **kwargs, optimizer=base)
    if library == "keras" and name != "ReduceLROnPlateau":
        return getattr(home, name)(*args, **kwargs)
    if name == "ChainedScheduler":
        return home.ChainedScheduler(*args, **kwargs, optimizer=base)
    if name in ("ASGD", "Adafactor"):
        return getattr(home, name)(**kwargs)
    if name == "get_scheduler":
        return home.get_scheduler(*args, base, **kwargs)
    if momentum:
        return getattr(home, f"{name}_momentum")(base, *args, **kwargs)
    return getattr(home, name)(base, *args, **kwargs)


def argument(library, value, base):
    if isinstance(value, dict) and "class" in value:
        if library == "fastai":
            args = [argument(library, a, base) for a in value.get("args", ())]
            return getattr(fastai, value["class"])(*args, **value["kwargs"])
        return pasted(library, {**value, "base": base})
    if isinstance(value, str) and value.startswith("lambda"):
        return eval(value, {"math": math})
    if isinstance(value, str) and value.startswith("[0.1] * 10"):
        return [0.1] * 10
    if isinstance(value, str) and value.startswith("[fastai"):
        return [fastai.SchedNo(0.1, 0.1)] * 10
    if isinstance(value, list):
        return [argument(library, v, base) for v in value]
    return value


def moms(case, momentum):
    return {"moms": case["kwargs"]["moms"]} if momentum and "moms" in case["kwargs"] else {}


def pasted_other(case, name, kwargs):
    if name == "MiniSom":
        what = "sigma" if "sigma" in kwargs else "learning_rate"
        word = f"{'sigma_' if what == 'sigma' else ''}decay_function"
        return getattr(minisom, kwargs.get(word, "asymptotic_decay"))(case["base"], 40)
    if name == "REXScheduler":
        return pytorch_optimizer.REXScheduler(case["base"], **kwargs)
    return getattr(pytorch_optimizer, name)(**kwargs)


def reported(rule, reports):
    """The rates after each report, by the protocol of the loop."""

    class Report:
        x, g, problem = np.zeros(1), np.zeros(1), None

    carry, rates = rule.init(Report.x), []
    for n, metric in enumerate(reports):
        report = Report()
        report.n, report.f = n, metric
        rate, carry = rule.update(report, carry)
        rates.append(rate)
    return rates


def numbers(library, case):
    schedule = pasted(library, case)
    if "reports" in case:
        return reported(schedule, case["reports"])
    n = np.array(case["n"], dtype=int)
    if case.get("note", "").startswith("stepping the scheduler before the optimizer"):
        n = n + 1  # the first value is lost
    return schedule(n)


@pytest.mark.parametrize(("library", "name"), ORDINARY, ids=lambda part: part)
def test_the_anchor_gives_the_library_s_numbers(library, name):
    case = CASES[library, name]
    got = numbers(library, case)
    np.testing.assert_allclose(got, case["value"], rtol=1e-12, atol=case["tolerance"])


WITH_MOMENTUM = [key for key, case in ORDINARY.items() if "momentum" in case]


@pytest.mark.parametrize(("library", "name"), WITH_MOMENTUM, ids=lambda part: part)
def test_the_momentum_schedule_gives_the_library_s_numbers(library, name):
    case = CASES[library, name]
    if case["kwargs"].get("cycle_momentum") is False:
        assert set(case["momentum"]) == {0.9}, "the optimizer's own momentum stays"
        return
    got = pasted(library, case, momentum=True)(np.array(case["n"]))
    np.testing.assert_allclose(got, case["momentum"], rtol=1e-12, atol=case["tolerance"])


@pytest.mark.parametrize(("library", "name"), ORDINARY, ids=lambda part: part)
def test_an_anchor_is_an_ordinary_record(library, name):
    case = CASES[library, name]
    made = pasted(library, case)
    assert isinstance(made, Schedule | Feedback)
    if "lambda" not in json.dumps([case["kwargs"], case.get("args")]):
        assert type(made).from_json(made.to_json()) == made


def defaults_of(function):
    return {
        p.name: p.default
        for p in inspect.signature(function).parameters.values()
        if p.default is not inspect.Parameter.empty
    }


def one_form(value):
    return tuple(value) if isinstance(value, list) else value


HOMES = {"other": pytorch_optimizer}
FUNCTIONS = {
    (library, name): getattr(HOMES.get(library) or getattr(dialects, library), name)
    for library, names in DEFAULTS.items()
    for name in names
    if hasattr(HOMES.get(library) or getattr(dialects, library), name)
}


@pytest.mark.parametrize(("library", "name"), FUNCTIONS, ids=lambda part: part)
def test_the_defaults_are_the_library_s(library, name):
    """By the signature that its own run recorded."""
    theirs = DEFAULTS[library][name]
    for argument_name, default in defaults_of(FUNCTIONS[library, name]).items():
        if argument_name in theirs:
            assert one_form(theirs[argument_name]) == default, argument_name


@pytest.mark.parametrize(
    ("library", "name", "needed"),
    [
        ("torch", "ASGD", {}),
        ("timm", "PlateauLRScheduler", {"optimizer": 0.1}),
        ("other", "REXScheduler", {"optimizer": 0.1, "total_steps": 10}),
        ("other", "get_chebyshev_steps", {"num_epochs": 8}),
    ],
)
def test_the_shortest_call_is_the_one_with_every_default(library, name, needed):
    function, theirs = FUNCTIONS[library, name], DEFAULTS[library][name]
    said = {k: one_form(theirs[k]) for k in defaults_of(function) if k in theirs}
    assert len(said) >= 2
    assert function(**needed, **said) == function(**needed)


# A function of the user's own equals itself alone.
SAYABLE = [
    key
    for key, case in ORDINARY.items()
    if (key[0], case.get("class")) in FUNCTIONS and "lambda" not in case["call"]
]


@pytest.mark.parametrize(("library", "name"), SAYABLE, ids=lambda part: part)
def test_what_is_left_out_is_the_library_s_default(library, name):
    """Saying every default of the recorded signature changes nothing."""
    case = CASES[library, name]
    function = FUNCTIONS[library, case["class"]]
    theirs, takes = DEFAULTS[library][case["class"]], defaults_of(function)
    given = len(case.get("args", ()))
    ahead = list(inspect.signature(function).parameters)[: given + (library not in ("optax", "fastai"))]
    said = {k: one_form(v) for k, v in theirs.items() if k in takes and k not in ahead}
    full = {**case, "kwargs": {**said, **case["kwargs"]}}
    assert pasted(library, full) == pasted(library, case)


def test_every_case_has_a_test():
    assert len(CASES) > 300
    assert sum(len(case.get("n", ())) >= 60 for case in ORDINARY.values()) > 150
    assert set(CASES) == set(ORDINARY) | set(PITFALLS)
    unreached = {
        f"{library}.{name}"
        for library in (
            "torch",
            "keras",
            "optax",
            "timm",
            "transformers",
            "fastai",
            "minisom",
            "pytorch_optimizer",
        )
        for name in getattr(dialects, library).__all__
    } - {f"{library}.{case['class']}" for (library, _), case in CASES.items() if "class" in case}
    # Reached by way of another, or not a library's own name.
    assert unreached == {
        "torch.CyclicLR_momentum",
        "torch.OneCycleLR_momentum",
        "fastai.fit_one_cycle_momentum",
        "fastai.over",
        *(f"minisom.{name}" for name in minisom.__all__),
        *(f"pytorch_optimizer.{name}" for name in pytorch_optimizer.__all__),
    }


def test_the_page_counts_what_the_files_hold():
    page = (GOLDEN / "SCHEDULES.md").read_text()
    for library in LIBRARIES:
        cases = RECORDED[library]["cases"].values()
        pitfalls, feedback = (sum(word in case for case in cases) for word in ("pitfall", "reports"))
        row = next(line for line in page.splitlines() if f"`schedules_{library}.json` |" in line)
        assert row.endswith(f"| {len(cases)} | {pitfalls} | {feedback} |")


# What the libraries do that ours does not: section 6 of the survey, case by case.


def library_values(library, name):
    return np.array(CASES[library, name]["value"])


def ours(library, name):
    case = CASES[library, name]
    return numbers(library, case)


def refused(library, name, match):
    with pytest.raises((ValueError, TypeError), match=match):
        pasted(library, CASES[library, name])


def test_restarts_are_not_found_by_a_logarithm():
    """Cycles of 1, 3, 9, 27, 81 begin at 0, 1, 4, 13, 40, 121: at the peak."""
    for library, name in (("torch", "WarmRestarts-jump-logarithm"), ("timm", "CosineLRScheduler-logarithm")):
        n, theirs = CASES[library, name]["n"], library_values(library, name)
        assert theirs[n.index(121)] < 1e-9, "the library takes 121 for the end of the cycle before"
        mine = ours(library, name)
        assert mine[n.index(121)] == 0.1
        keep = [i for i, k in enumerate(n) if k != 121]
        np.testing.assert_allclose(mine[keep], theirs[keep], atol=1e-12)


@pytest.mark.parametrize("mode", ["cos", "linear"])
def test_one_cycle_holds_its_end(mode):
    case = CASES["torch", f"OneCycleLR-overshoot-{mode}"]
    mine = pasted("torch", case)
    theirs = library_values("torch", f"OneCycleLR-overshoot-{mode}")
    np.testing.assert_allclose(mine(np.arange(20)), theirs[:20], atol=1e-12)
    assert theirs[20] == pytest.approx(0.0125 if mode == "cos" else -0.0714, rel=1e-2)
    assert mine(20) == mine(10**6) == mine(19) == 1 / 25 / 1e4


@pytest.mark.parametrize(
    ("library", "name", "match"),
    [
        ("torch", "OneCycleLR-no-rise", "pct_start: got .* increasing order"),
        ("torch", "OneCycleLR-three-never-ends", "pct_start: got .* increasing order"),
        ("torch", "OneCycleLR-all-rise", "pct_start: got .* increasing order"),
        ("torch", "OneCycleLR-rise-of-one", "pct_start: got .* increasing order"),
        ("torch", "LinearLR-no-length", "total_iters: got 0"),
        ("torch", "PolynomialLR-no-length", "total_iters: got 0"),
        ("optax", "linear_onecycle_schedule-1", "transition_steps: got 1, expected enough that the peak"),
        ("optax", "reduce_on_plateau-patience-0", "patience: got 0, expected a whole number of at least 1"),
        (
            "keras",
            "ReduceLROnPlateau-unknown",
            "mode: got the str 'auto', expected 'min' or 'max', because",
        ),
        ("keras", "CosineDecay-warm-up-ignored", "warmup_steps: got 8, expected 0 where there is no"),
    ],
)
def test_what_would_go_wrong_later_is_refused_at_once(library, name, match):
    refused(library, name, match)


def test_a_factor_of_zero_is_no_trouble():
    assert CASES["torch", "ConstantLR-zero"]["raises"]["error"].startswith("ZeroDivisionError")
    assert torch.ConstantLR(0.1, factor=0.0, total_iters=3).table(5).tolist() == [0.0, 0.0, 0.0, 0.1, 0.1]


def test_chaining_is_a_product_and_never_negative():
    name = "ChainedScheduler-negative"
    assert library_values("torch", name).min() < -0.05
    mine = pasted("torch", CASES["torch", name])(np.arange(41))
    assert mine.min() > 0
    cosine, exponential = torch.CosineAnnealingLR(0.1, 20, 0.01), torch.ExponentialLR(0.1, 0.9)
    np.testing.assert_allclose(mine, cosine.table(41) * exponential.table(41) / 0.1, rtol=1e-13)


def test_chaining_does_not_depend_on_the_order():
    first = ours("torch", "ChainedScheduler-restarts-first")
    last = ours("torch", "ChainedScheduler-restarts-last")
    np.testing.assert_allclose(first, last, rtol=1e-13)
    theirs = [library_values("torch", f"ChainedScheduler-restarts-{w}") for w in ("first", "last")]
    assert np.abs(theirs[0] - theirs[1]).max() > 1e-3
    n = np.array(CASES["torch", "ChainedScheduler-restarts-last"]["n"])
    product = 0.05 * (1 + np.cos(np.pi * (n % 10) / 10)) * 0.9**n
    np.testing.assert_allclose(first, product, rtol=1e-9, atol=1e-17)


@pytest.mark.parametrize(
    "name", ["SequentialLR-of-chained", "SequentialLR-nested-first", "SequentialLR-nested-last"]
)
def test_sequences_nest(name):
    """Each member, however it is made, is followed from its milestone on and starts at its own 0."""
    case = CASES["torch", name]
    members = [argument("torch", m, case["base"]) for m in case["kwargs"]["schedulers"]]
    if name == "SequentialLR-of-chained":
        members[0] = torch.ChainedScheduler(
            [argument("torch", m, 0.1) for m in case["kwargs"]["schedulers"][0]["args"][0]], optimizer=0.1
        )
    at = case["kwargs"]["milestones"][0]
    whole = torch.SequentialLR(0.1, members, [at]).table(60)
    assert np.array_equal(whole[:at], members[0].table(at))
    assert np.array_equal(whole[at:], members[1].table(60 - at))
    reached = len(case["value"])
    assert reached < 60 or np.abs(whole - np.array(case["value"])[:60]).max() > 1e-3, "the library's differs"


def test_reading_a_rate_does_not_change_it():
    theirs = library_values("torch", "StepLR-get-lr")
    assert theirs[10] == pytest.approx(0.025), "the factor shows twice at a drop"
    assert torch.StepLR(0.1, 10, 0.5)(10) == 0.05


def test_constructing_has_no_effect():
    optimizer = optim.Momentum(lr=0.5, momentum=0.3)
    before = optimizer.to_json()
    torch.LinearLR(optimizer, start_factor=0.1)
    torch.LinearLR(optimizer, start_factor=0.1)
    torch.OneCycleLR(optimizer, max_lr=1.0, total_steps=20)
    assert optimizer.to_json() == before
    assert library_values("torch", "LinearLR-built-twice")[0] == pytest.approx(0.001)
    assert library_values("torch", "OneCycleLR-built")[0] == pytest.approx(0.04)


@pytest.mark.parametrize(
    ("library", "name"),
    [("torch", "ReduceLROnPlateau-negative-metric"), ("optax", "reduce_on_plateau-negative-metric")],
)
def test_plateaus_of_negative_metrics_are_seen(library, name):
    """Each report is worse than the one before: ours drops as soon as patience says, the library later."""
    case = CASES[library, name]
    rule = pasted(library, case)
    mine = reported(rule, case["reports"])
    patience = 2
    assert mine[patience] == pytest.approx(0.05)
    assert case["value"][patience] == 0.1


def test_integer_rates_are_rates():
    case = CASES["keras", "ExponentialDecay-integer"]
    assert case["value"][10] == 0.0
    assert keras.ExponentialDecay(1, decay_steps=10, decay_rate=0.5)(10) == pytest.approx(0.5)


def test_legacy_decay_is_not_ignored():
    assert set(library_values("keras", "SGD-decay-ignored")) == {0.1}
    assert keras.SGD(learning_rate=0.1, decay=0.1)(10) == pytest.approx(0.05)


def test_compounding_is_the_one_earlier_recursion():
    """Dividing the rate handed over is e[n] = e[n-1] / (1 + d n), not 1 / (1 + d n)."""
    theirs = library_values("keras", "LearningRateScheduler-compounds")
    np.testing.assert_allclose(theirs[:4], [0.1, 0.05, 0.1 / 6, 0.1 / 24], rtol=1e-6)
    meant = keras.LearningRateScheduler(lambda epoch: 0.1 / (1 + epoch))
    np.testing.assert_allclose(meant.table(4), [0.1, 0.05, 0.1 / 3, 0.025], rtol=1e-12)


def test_arrays_are_answered_element_by_element():
    case = CASES["optax", "piecewise_interpolate_schedule-array"]
    mine = pasted("optax", case)
    assert np.abs(mine(np.array(case["n"])) - np.array(case["value"])).max() > 0.01
    assert mine(np.array(case["n"])).tolist() == [mine(int(n)) for n in case["n"]]


def test_fractions_need_not_add_up_to_the_last_bit():
    for name in ("combine_scheds-ten-tenths", "combine_scheds-seven-two-one"):
        assert CASES["fastai", name]["raises"]["n"] is None
        assert np.isfinite(pasted("fastai", CASES["fastai", name]).table(40)).all()


def test_a_restart_is_not_an_update_late():
    name = "fit_sgdr-restart-late"
    mine, theirs = ours("fastai", name), library_values("fastai", name)
    late = np.flatnonzero(np.abs(mine - theirs) > 1e-6)
    assert late.tolist() == [15]
    assert mine[15] == pytest.approx(0.1)
    assert theirs[15] == pytest.approx(0.0, abs=1e-6)


def test_update_0_is_not_parked_at_the_minimum():
    assert library_values("other", "REXScheduler-parks")[0] == 0.0
    assert ours("other", "REXScheduler-parks")[0] == 0.1


def test_a_line_to_zero_does_not_go_below():
    assert library_values("other", "MiniSom-linear-below-zero").min() < 0
    assert ours("other", "MiniSom-linear-below-zero").min() == 0.0


def test_the_value_at_0_is_the_schedule_s():
    assert library_values("timm", "TanhLRScheduler-built")[0] == 0.1
    assert ours("timm", "TanhLRScheduler-built")[0] == pytest.approx(
        0.1 * 0.5 * (1 - math.tanh(-4)), rel=1e-12
    )


def test_every_pitfall_has_a_test():
    """Each is named in this file, or all of its kind are, so that a new one cannot slip in untested."""
    text = Path(__file__).read_text()
    for library, name in PITFALLS:
        assert name in text or name.rpartition("-")[0] + "-{" in text, f"{library}: {name}"


def test_wikipedia_s_three():
    """By its own recursion and formulas: e[n+1] = e[n] / (1 + d n), d^floor((1 + n) / r), exp(-d n)."""
    assert wikipedia.time_based(1.0, 0.5).table(4) == pytest.approx([1.0, 1.0, 2 / 3, 1 / 3], rel=1e-15)
    assert wikipedia.step_based(1.0, 0.5, 3).table(6).tolist() == [1.0, 1.0, 0.5, 0.5, 0.5, 0.25]
    assert wikipedia.exponential(2.0, math.log(2)).table(3) == pytest.approx([2.0, 1.0, 0.5], rel=1e-15)


@pytest.mark.parametrize(
    ("made", "plain"),
    [
        (keras.SGD, InverseTime(0.01, 0.0)),  # Keras 2: learning_rate=0.01, decay=0
        (lambda: keras.CosineDecay(0.5, 8, warmup_target=0.1), Cosine(0.1, 8, 0.0)),
        (lambda: keras.CosineDecayRestarts(0.1, 10), Restarts(0.1, 10, 2.0, 1.0, 0.0)),
        (lambda: keras.CosineDecayRestarts(0.1, 10, 1.0, 1.0, 0.5), Restarts(0.1, 10, 1.0, 1.0, 0.05)),
        (lambda: keras.CosineDecayRestarts(0.1, 10, 1.0, 0.5), Restarts(0.1, 10, 1.0, 0.5, 0.0)),
        (lambda: timm.CosineLRScheduler(0.1, 10, cycle_limit=3), Restarts(0.1, 10, 1.0, 1.0, 0.0, 3)),
        (
            lambda: timm.PolyLRScheduler(0.1, 10, cycle_limit=3),
            Cycles(Polynomial(1.0, 10, 0.5) * 0.1, 10, 1.0, 1.0, 3),
        ),
        (lambda: optax.linear_schedule(0.1, 0.0, 40), Linear(0.1, 40, 0.0)),
        (lambda: optax.warmup_constant_schedule(0.5, 0.1, 0), Constant(0.5)),  # as it is there
        (lambda: transformers.get_constant_schedule_with_warmup(0.1, 0), Constant(0.1)),
    ],
)
def test_what_is_simple_comes_as_the_simple_schedule(made, plain):
    assert made() == plain


def test_an_accuracy_rises_whatever_it_is_called():
    for monitor in ("acc", "val_acc", "accuracy", "val_binary_accuracy"):
        assert keras.ReduceLROnPlateau(0.1, monitor).maximize
    assert not keras.ReduceLROnPlateau(0.1, "loss").maximize


def test_one_cycle_counts_epochs_of_one_update():
    assert torch.OneCycleLR(0.1, 1.0, epochs=1, steps_per_epoch=20) == torch.OneCycleLR(0.1, 1.0, 20)
    assert torch.OneCycleLR(0.1, 1.0, epochs=20, steps_per_epoch=1) == torch.OneCycleLR(0.1, 1.0, 20)


# The rate that an anchor finds


def test_an_optimizer_gives_its_rate():
    class Torch:
        param_groups = ({"lr": 0.01, "initial_lr": 0.2},)

    class TorchBeforeAnySchedule:
        param_groups = ({"lr": 0.01},)

    class Keras:
        learning_rate = 0.3

    assert torch.StepLR(optim.SGD(lr=0.5), 10).lr == 0.5
    assert torch.StepLR(Torch(), 10).lr == 0.2
    assert torch.StepLR(TorchBeforeAnySchedule(), 10).lr == 0.01
    assert torch.StepLR(Keras(), 10).lr == 0.3
    with pytest.raises(TypeError, match=r"optimizer: got .* expected a rate, or an optimizer whose rate"):
        torch.StepLR("0.1", 10)
    with pytest.raises(TypeError, match=r"optimizer: got .* expected a rate, or an optimizer whose rate"):
        torch.StepLR(optim.SGD(lr=torch.StepLR(0.1, 10)), 10)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: torch.CyclicLR(0.1, 0.1, 1.0, mode="square"), "mode: got the str 'square', expected one of"),
        (
            lambda: torch.SequentialLR(0.1, [torch.StepLR(0.1, 3)] * 2, []),
            "milestones: got .* expected 1 update",
        ),
        (lambda: torch.ChainedScheduler([torch.StepLR(0.1, 3)]), "optimizer: got None, expected the rate"),
        (lambda: torch.ReduceLROnPlateau(0.1, mode="up"), "mode: got the str 'up', expected min or max"),
        (lambda: torch.OneCycleLR(0.1, 1.0, 10, anneal_strategy="log"), "anneal_strategy: got"),
        (lambda: torch.OneCycleLR(0.1, 1.0), "epochs: got None"),
        (lambda: torch.OneCycleLR(0.1, 1.0, 0), "total_steps: got 0"),
        (lambda: torch.OneCycleLR(0.1, 1.0, epochs=0, steps_per_epoch=9), "epochs: got 0"),
        (lambda: torch.OneCycleLR(0.1, 1.0, epochs=9, steps_per_epoch=0), "steps_per_epoch: got 0"),
        (lambda: optax.join_schedules([optax.constant_schedule(1.0)], [3]), "boundaries: got .* expected 0"),
        (lambda: timm.create_scheduler_v2(0.1, sched="steps"), "sched: got 'steps', expected one of cosine"),
        (lambda: timm.WSDLRScheduler(0.1, 9, 3, stable_fn="sqrt"), "stable_fn: got the str 'sqrt', expected"),
        (lambda: transformers.GreedyLR(0.1, mode="up"), "mode: got the str 'up', expected min or max"),
        (lambda: transformers.GreedyLR(0.1, threshold_mode="r"), "threshold_mode: got the str 'r', expected"),
        (lambda: transformers.get_scheduler("cosin", 0.1), "name: got 'cosin', did you mean cosine"),
        (partial(transformers.get_cosine_with_min_lr_schedule_with_warmup, 0.1, 1, 9), "min_lr: got None"),
    ],
)
def test_bad_arguments_are_told_so(call, match):
    with pytest.raises((ValueError, TypeError), match=match):
        call()
