"""Our optimizers equal the libraries' recorded runs, under the libraries' own names and arguments.

The trajectories in `golden/` were made by PyTorch 2.14, Keras 3.15 and Optax 0.2.8; its README says how. Each
case keeps the call that made it, and that very call, read with our `dialects` in the library's place, has to
give the same 50 updates under a changing rate. What a call alone does not say (clipping ahead of the update,
an average after it, a chain of Optax) stands in `COMPOSED`. Each rule has a negative control: the nearest
dialect of another library, which must differ.
"""

import json

import numpy as np
import pytest

import optim
from optim import dialects
from schedules import FromFunction
from tests import GOLDEN

FOLDER = GOLDEN
GOLDEN = {
    library: json.loads((FOLDER / f"{library}.json").read_text()) for library in ("torch", "keras", "optax")
}
FIRST = json.loads((FOLDER / "first_steps.json").read_text())

NAMES = {name: getattr(optim, name) for name in optim.__all__}
NAMES |= {name: getattr(dialects, name) for name in ("torch", "keras", "optax", "tf1", "d2l", "paper")}

# Cases whose call does not hold the whole rule; `h` are the case's own hyperparameters.
COMPOSED = {
    ("torch", "clip_norm"): "ClipByNorm(torch.SGD(lr), h['max_norm'], eps=1e-6)",
    ("torch", "clip_norm_momentum"): "ClipByNorm(torch.SGD(lr, momentum=0.9), h['max_norm'], eps=1e-6)",
    ("torch", "clip_value"): "ClipByValue(torch.SGD(lr), h['clip_value'])",
    ("torch", "swa"): "PolyakRuppert(torch.SGD(lr))",
    ("torch", "ema_weights"): "EMA(torch.SGD(lr), h['decay'])",
    ("optax", "sgd_l2"): "L2(optax.sgd(lr), h['weight_decay'])",
    ("optax", "sgd_momentum_l2"): "L2(optax.sgd(lr, momentum=0.9), h['weight_decay'])",
    ("optax", "sgd_momentum_decoupled"): "DecoupledDecay(optax.sgd(lr, momentum=0.9), h['weight_decay'])",
    ("optax", "adam_l2"): "L2(optax.adam(lr), h['weight_decay'])",
    ("optax", "clip_norm"): "ClipByNorm(optax.sgd(lr), h['max_norm'])",
    ("optax", "clip_norm_adam"): "ClipByNorm(optax.adam(lr), h['max_norm'])",
    ("optax", "clip_value"): "ClipByValue(optax.sgd(lr), h['max_delta'])",
    ("optax", "ema_weights"): "EMA(optax.sgd(lr), h['decay'], 'debiased')",
    ("optax", "ema_weights_raw"): "EMA(optax.sgd(lr), h['decay'], 'zero')",
    ("optax", "ema_weights_from_x0"): "EMA(optax.sgd(lr), 1 - h['step_size'], 'start')",
    ("optax", "ema_updates"): "Momentum(lr, h['decay'], dampening=h['decay'])",
    ("optax", "lookahead"): "Lookahead(optax.sgd(lr), h['sync_period'], h['slow_step_size'])",
    ("optax", "lookahead_momentum"): "Lookahead(optax.sgd(lr, 0.9), h['sync_period'], h['slow_step_size'])",
    (
        "optax",
        "lookahead_reset",
    ): "Lookahead(optax.sgd(lr, 0.9), h['sync_period'], h['slow_step_size'], True)",
    ("optax", "schedule_free_sgd_paper"): "optax.contrib.schedule_free_sgd(lr)",
    ("optax", "schedule_free_adamw_paper"): "optax.contrib.schedule_free_adamw(lr)",
    # Defects, under names that say so.
    ("optax", "rprop"): "optax.rprop_one_step_late(lr0)",
    ("optax", "schedule_free_sgd"): "optax.contrib.schedule_free_sgd_weights_one_ahead(lr)",
    ("optax", "schedule_free_sgd_warmup"): "optax.contrib.schedule_free_sgd_weights_one_ahead(lr, 10)",
    ("optax", "schedule_free_adamw"): "optax.contrib.schedule_free_adamw_weights_one_ahead(lr)",
}

NOT_OURS = {
    ("optax", "polyak"): "Polyak's step needs the value: it is a feedback step size, not a rule",
    ("optax", "polyak_scaling"): "Polyak's step again, and a defect: scaling divides the step",
}

WIDER = {
    ("optax", "schedule_free_sgd_warmup"): "Optax evaluates its own warmup in float32",
}

CASES = [(library, case) for library, data in GOLDEN.items() for case in data["cases"]]
OURS = [pair for pair in CASES if pair not in NOT_OURS]


def rates_of(library, case):
    return GOLDEN[library]["rates"][GOLDEN[library]["cases"][case]["rates"]]


def built(library, case):
    """Return the optimizer that the case's call means here."""
    found, rates = GOLDEN[library]["cases"][case], rates_of(library, case)
    lr = rates[0] if len(set(rates)) == 1 else FromFunction(lambda n: rates[min(n, len(rates) - 1)])
    text = COMPOSED.get((library, case), found["call"])
    return eval(text, NAMES | {"x": None, "lr": lr, "lr0": rates[0], "h": found["hyper"]})


def trajectory(optimizer, library, case):
    """Run the rule on a^4/4 + a b + (1 + a^2) b^2, written as the generator writes its gradient."""
    x = np.array(GOLDEN[library]["x0"])
    state = optimizer.init(x)
    rows, answers = [x], [optimizer.output(x, state.slots)]
    for _ in rates_of(library, case):
        a, b = float(x[0]), float(x[1])
        g = np.array([a**3 + b + 2 * a * b**2, a + 2 * (1 + a**2) * b])
        x, state = optimizer.step(x, g, state)
        rows.append(x)
        answers.append(optimizer.output(x, state.slots))
    return np.array(rows), np.array(answers)


def apart(ours, theirs):
    theirs = np.array(theirs)
    return (np.abs(ours - theirs) / np.abs(theirs).max(axis=1, keepdims=True)).max()


def difference(optimizer, library, case):
    """Return how far the points and the answers part, relative to the larger coordinate."""
    found = GOLDEN[library]["cases"][case]
    rows, answers = trajectory(optimizer, library, case)
    if "answer" not in found:
        return apart(rows, found["x"])
    # The recording begins with x_0, whatever an average holds before the first update.
    return max(apart(rows, found["x"]), apart(answers[1:], found["answer"][1:]))


@pytest.mark.parametrize(("library", "case"), OURS, ids=map(" ".join, OURS))
def test_the_librarys_call_gives_the_librarys_trajectory(library, case):
    tolerance = 1e-12
    if (library, case) in WIDER:
        tolerance = GOLDEN[library]["cases"][case]["tolerance"]
    assert difference(built(library, case), library, case) <= tolerance


def test_what_is_not_ours_is_named():
    """Every recorded case is covered but for these few, and each exception is about a case that there is."""
    assert set(NOT_OURS) | set(COMPOSED) | set(WIDER) <= set(CASES)
    assert len(OURS) >= 170
    for library, case in NOT_OURS:
        with pytest.raises(AttributeError):
            built(library, case)


def test_the_defaults_are_the_librarys():
    """The recorded cases hold every number of their call, the installed library's defaults included."""
    compared = 0
    for library, case in OURS:
        if (library, case) in COMPOSED:
            continue
        found = GOLDEN[library]["cases"][case]
        name = found["call"].partition("(")[0].partition(".")[2]
        entry = eval(f"{library}.{name}", NAMES)
        for argument, default in entry.defaults.items():
            if argument in found["hyper"] and f"{argument}=" not in found["call"]:
                value = found["hyper"][argument]
                assert (tuple(value) if isinstance(value, list) else value) == default, (entry.call, argument)
                compared += 1
    assert compared > 400


FIRST_CALLS = [(library, call) for library, cases in FIRST["cases"].items() for call in cases]
FIRST_OTHERWISE = {
    "optax.adadelta(None)": "optax.adadelta_ascending()",
    "optax.rprop(lr)": "optax.rprop_one_step_late(lr)",
}


@pytest.mark.parametrize(("library", "call"), FIRST_CALLS, ids=map(" ".join, FIRST_CALLS))
def test_the_first_step_is_the_librarys(library, call):
    optimizer = eval(FIRST_OTHERWISE.get(call, call), NAMES | {"x": None, "lr": 1.0})
    x = np.zeros(1)
    for g, expected in zip(FIRST["gradients"], FIRST["cases"][library][call], strict=True):
        x_next, _ = optimizer.step(x, np.array([g]), optimizer.init(x))
        assert x[0] - x_next[0] == pytest.approx(expected, rel=1e-12, abs=0)


PLAIN = [
    ("SGD(lr)", "keras", "sgd"),
    ("Momentum(lr)", "torch", "sgd_momentum"),
    ("HeavyBall(lr)", "keras", "sgd_momentum"),
    ("Nesterov(lr)", "optax", "sgd_nesterov"),
    ("SutskeverNesterov(lr)", "keras", "sgd_nesterov"),
    ("Adagrad(lr)", "torch", "adagrad"),
    ("Adadelta(lr)", "torch", "adadelta_rho95"),
    ("RMSprop(lr)", "optax", "rmsprop"),
    ("Adam(lr)", "torch", "adam"),
    ("AdamW(lr)", "torch", "adamw"),
    ("AdamW(lr, weight_decay=0.1, decay='l2')", "torch", "adam_l2"),
    ("AdaMax(lr)", "torch", "adamax"),
    ("Nadam(lr)", "torch", "nadam"),
    ("RAdam(lr)", "optax", "radam_threshold_4"),
    ("Lion(lr)", "keras", "lion"),
    ("AdaBelief(lr)", "optax", "adabelief"),
    ("AMSGrad(lr, beta2=0.9)", "optax", "amsgrad_paper"),
    ("SignSGD(lr)", "optax", "sign_sgd"),
    ("Signum(lr)", "optax", "signum"),
    ("ScheduleFreeSGD(lr)", "optax", "schedule_free_sgd_paper"),
    ("ScheduleFreeAdamW(lr)", "optax", "schedule_free_adamw_paper"),
]

OTHERWISE = [
    ("SGD(lr)", "torch", "sgd_momentum", "memory"),
    ("Momentum(lr)", "keras", "sgd_momentum", "the rate inside the velocity"),
    ("HeavyBall(lr)", "torch", "sgd_momentum", "the rate outside the velocity"),
    ("Momentum(lr, dampening=0.9)", "torch", "sgd_dampening", "the first gradient is not damped"),
    ("Nesterov(lr)", "keras", "sgd_nesterov", "the rate inside the velocity"),
    ("SutskeverNesterov(lr)", "torch", "sgd_nesterov", "the rate outside the velocity"),
    ("Nesterov1983(lr)", "torch", "sgd_nesterov", "a momentum of its own"),
    ("Adagrad(lr, eps=1e-7)", "keras", "adagrad", "the sum starts at 0.1"),
    ("Adagrad(lr, eps=1e-3)", "keras", "adagrad_eps", "eps inside the root"),
    ("Adadelta(lr, rho=0.9)", "torch", "adadelta_rho95", "another memory"),
    ("RMSprop(lr)", "torch", "rmsprop_alpha9", "eps outside the root"),
    ("RMSprop(lr)", "optax", "rmsprop_tf1", "the mean square starts at 1"),
    ("torch.RMSprop(lr, alpha=0.9, momentum=0.9)", "keras", "rmsprop_momentum", "the rate inside"),
    ("torch.RMSprop(lr, alpha=0.9, eps=1e-3, centered=True)", "keras", "rmsprop_centered", "eps inside"),
    ("Adam(lr, eps=1e-3)", "keras", "adam_eps", "eps before the correction"),
    ("torch.Adam(lr=lr, weight_decay=0.1)", "keras", "adam_decay", "decoupled"),
    ("AdamW(lr, weight_decay=0.1, decay='paper', base_lr=0.1)", "torch", "adamw", "another decay"),
    ("torch.Adam(lr=lr, amsgrad=True)", "optax", "amsgrad", "corrected ahead of the maximum"),
    ("AMSGrad(lr)", "torch", "amsgrad", "corrected"),
    ("AdaMax(lr, beta2=0.9, eps=1e-3)", "keras", "adamax_eps", "eps at the division"),
    ("Nadam(lr)", "keras", "nadam", "the 250 is lost"),
    ("Nadam(lr)", "optax", "nadam", "no warmup of the momentum"),
    ("RAdam(lr)", "torch", "radam", "the threshold"),
    ("RAdam(lr, threshold=5.0)", "torch", "radam", "eps before the correction"),
    ("paper.RAdamAuthorsPackage(lr)", "torch", "radam", "it waits"),
    ("Lion(lr)", "keras", "lion_decay", "decay"),
    ("Yogi(lr)", "optax", "yogi", "corrected"),
    ("Yogi(lr, debias=True)", "optax", "yogi", "the moments start at 1e-6"),
    ("AdaBelief(lr)", "optax", "adam", "deviation, not size"),
    ("optax.rprop(lr0)", "optax", "rprop", "as it was meant"),
    ("ScheduleFreeSGD(lr)", "optax", "schedule_free_sgd", "weights one update ahead"),
    ("ScheduleFreeAdamW(lr)", "keras", "schedule_free_adamw", "every update counts the same"),
    ("Prodigy(lr, d0=1e-3)", "optax", "prodigy_d0", "the correction in the rate"),
    ("DAdaptAdam(lr, d0=1e-3, weight_decay=0.1)", "optax", "dadapt_adamw_d0", "the correction in the rate"),
    ("ClipByNorm(torch.SGD(lr), 0.3)", "torch", "clip_norm", "1e-6 beside the norm"),
    ("EMA(SGD(lr), 0.9)", "optax", "ema_weights", "starts at 0, debiased"),
    ("EMA(SGD(lr), 0.9, 'start')", "torch", "ema_weights", "starts at the first point"),
    ("PolyakRuppert(SGD(lr), True)", "torch", "swa", "the start does not count"),
]


def ours(text, library, case):
    rates = rates_of(library, case)
    lr = FromFunction(lambda n: rates[min(n, len(rates) - 1)])
    return eval(text, NAMES | {"lr": lr, "lr0": rates[0]})


@pytest.mark.parametrize(("text", "library", "case"), PLAIN)
def test_the_class_itself_equals_the_library_that_shares_its_formula(text, library, case):
    assert difference(ours(text, library, case), library, case) < 1e-12


@pytest.mark.parametrize(("text", "library", "case", "because"), OTHERWISE)
def test_differs_from_the_other_dialect(text, library, case, because):
    assert difference(ours(text, library, case), library, case) > 1e-9, because
