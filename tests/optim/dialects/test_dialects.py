"""The table of dialects: what it says about itself, and what it says to a wrong call."""

import inspect

import numpy as np
import pytest

import stepsize as ss
from optim import Optimizer, dialects, minimize
from optim.dialects import LIBRARIES, families, family, table
from problems import Rosenbrock
from stepsize.core.record import Record

USES = [pytest.param(entry, use, id=f"{entry.call} as {use.family}") for entry, use in table()]


@pytest.mark.parametrize(("entry", "use"), USES)
def test_every_use_builds_an_optimizer_that_runs(entry, use):
    optimizer = entry.at_rate(0.001, use)
    assert isinstance(optimizer, Optimizer)
    run = minimize(Rosenbrock(), optimizer, steps=3)
    assert run.nit == 3
    assert np.isfinite(run.history.x).all()


@pytest.mark.parametrize(("entry", "use"), USES)
def test_every_use_says_something_in_a_line_of_its_own(entry, use):
    assert 0 < len(use.says) <= 80
    others = [u.says for e, u in table() if u.family == use.family and e.library == entry.library]
    assert others.count(use.says) == 1


@pytest.mark.parametrize(("entry", "use"), USES)
def test_json_of_an_entry_brings_the_optimizer_back(entry, use):
    optimizer = entry.at_rate(0.001, use)
    assert Record.from_json(optimizer.to_json()) == optimizer


def test_entries_are_enumerable():
    assert len(table()) > 90
    assert [library.name for library in LIBRARIES] == ["torch", "keras", "optax", "tf1", "d2l", "paper"]
    assert families()[0] == "sgd"
    for entry, _ in table():
        assert entry.defaults
        assert entry.rate in ("lr", "learning_rate", "initial", "")
        assert entry.call.startswith(entry.library)


def test_every_rule_of_the_issue_has_its_family():
    wanted = """adamw, amsgrad, adamax, nadam, radam, yogi, adabelief, lion, rprop, prodigy, d-adaptation,
        sign sgd, centered rmsprop, rmsprop with momentum, schedule-free sgd, schedule-free adamw"""
    assert {name.strip() for name in wanted.split(",")} <= set(families())


def test_a_known_defect_says_where_to_find_it():
    """A defect is reproduced only under a name that says so, and the sound entry points there."""
    for entry in dialects.optax.entries.values():
        for word in ("ascending", "one_step_late", "weights_one_ahead"):
            if word in entry.defect:
                assert any(word in name for name in dialects.optax.entries)


def test_the_same_call_as_in_the_library_with_parameters_and_speed_switches():
    opt = dialects.torch.optim.Adam([object()], 0.1, betas=(0.5, 0.9), fused=True)
    assert opt == ss.Adam(lr=0.1, beta1=0.5, beta2=0.9)
    assert dialects.torch.SGD(iter([1]), lr=0.5) == ss.SGD(lr=0.5)
    assert dialects.keras.optimizers.Adam(name="mine").eps_hat
    assert ss.dialects.optax.sgd(0.1) == ss.SGD(lr=0.1)


def test_a_schedule_serves_as_the_rate():
    schedule = ss.Exponential(0.1, 0.01)
    assert dialects.torch.RMSprop(lr=schedule, momentum=0.9).lr == schedule


def test_keras_common_arguments_nest_in_its_order():
    opt = dialects.keras.SGD(0.1, weight_decay=0.5, clipnorm=1.0, use_ema=True, ema_momentum=0.5)
    assert opt == ss.EMA(ss.ClipByNorm(ss.DecoupledDecay(ss.SGD(0.1), 0.5), 1.0), 0.5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: dialects.torch.Adam(beta1=0.9),
            r"torch.Adam: got the argument 'beta1', did you mean betas\?",
        ),
        (
            lambda: dialects.keras.Adam(lr=0.1),
            r"keras.Adam: got the argument 'lr'; expected learning_rate, beta_1",
        ),
        (lambda: dialects.optax.adam(), "optax.adam: got no 'learning_rate', which has no default"),
        (lambda: dialects.optax.sgd(0.1, learning_rate=0.2), "got 'learning_rate' twice"),
        (lambda: dialects.d2l.sgd(0.1, 0.2), "got 2 arguments, expected at most lr"),
    ],
)
def test_a_wrong_argument_gets_one_sentence(call, words):
    with pytest.raises(TypeError, match=words):
        call()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: dialects.torch.SGD(nesterov=True), "nesterov: got True with momentum=0.0"),
        (
            lambda: dialects.keras.Ftrl(learning_rate_power=-0.3),
            "learning_rate_power: got -0.3, expected -0.5",
        ),
        (
            lambda: dialects.optax.adafactor(0.1, decay_offset=3),
            "decay_offset: got 3, expected a whole number",
        ),
        (lambda: family("adma"), "family: got 'adma', did you mean adam"),
    ],
)
def test_a_wrong_value_gets_one_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_an_unknown_class_gets_one_sentence():
    with pytest.raises(AttributeError, match=r"torch: got 'adam', did you mean Adam\?$"):
        _ = dialects.torch.adam
    with pytest.raises(AttributeError, match=r"optax: got 'contrib\.prodgy'"):
        _ = dialects.optax.contrib.prodgy


def test_defaults_say_what_has_none():
    assert dialects.optax.adam.defaults["learning_rate"] is inspect.Parameter.empty
    assert dialects.keras.AdamW.defaults["weight_decay"] == 0.004
    assert dialects.keras.Adam.defaults["weight_decay"] is None


def test_papers_and_libraries_part_where_the_table_says():
    """Numbers from hand: Keras' eps-hat and algorithm 1 at the first step, for a gradient of eps itself."""
    x, g = np.zeros(1), np.array([1e-7])

    def first(optimizer):
        return -float(optimizer.step(x, g, optimizer.init(x))[0][0])

    assert first(dialects.paper.Adam(1.0, eps=1e-7)) == pytest.approx(1 / 2)
    assert first(dialects.keras.Adam(1.0)) == pytest.approx(1 / (1 + 1 / np.sqrt(0.001)))


def test_the_papers_adamw_is_the_libraries_with_the_decay_over_the_rate():
    """With a constant rate the two conventions are one number apart (spec: wd_lib = wd_paper / alpha)."""
    paper = minimize(Rosenbrock(), dialects.paper.AdamW(0.01, weight_decay=0.002, base_lr=0.01), steps=50)
    library = minimize(Rosenbrock(), dialects.torch.AdamW(lr=0.01, weight_decay=0.2), steps=50)
    np.testing.assert_allclose(paper.history.x, library.history.x, rtol=1e-12)
