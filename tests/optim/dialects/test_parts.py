"""What stands around other libraries' optimizers, pasted: their own numbers, or one sentence."""

import json

import numpy as np
import pytest

import optim
import stepsize as ss
from optim import dialects
from stepsize.core.record import Record
from stepsize.parsing import parse
from tests import GOLDEN

FOUND = json.loads((GOLDEN / "wrappers.json").read_text("utf-8"))

# What the library itself computes in single precision.
TOLERANCE = {
    "get_swa_multi_avg_fn": 1e-7,  # the weight 1 / (n + 1), of a count that is a tensor
    "optax.exponential_decay": 1e-7,  # the exponent, of a count that is an int32
}


def gradient(x):
    a, b = x
    return np.array([a**3 + b + 2 * a * b * b, a + 2 * (1 + a * a) * b])


def run(optimizer, updates):
    x = np.array(FOUND["start"])
    state, points, answers = optimizer.init(x), [], []
    for _ in range(updates):
        x, state = optimizer.step(x, gradient(x), state)
        points.append(x)
        answers.append(optimizer.output(x, state.slots))
    return points, answers


@pytest.mark.parametrize("call", FOUND["cases"])
def test_the_librarys_call_gives_the_librarys_points(call):
    theirs = FOUND["cases"][call]
    optimizer = parse(call, optim.Optimizer)
    points, answers = run(optimizer, len(theirs["x"]))
    tolerance = next((t for words, t in TOLERANCE.items() if words in call), 1e-11)
    np.testing.assert_allclose(points, theirs["x"], rtol=tolerance, atol=1e-13)
    assert optimizer.has_separate_output == bool(theirs["answers"])
    if theirs["answers"]:
        np.testing.assert_allclose(answers, theirs["answers"], rtol=tolerance, atol=1e-13)


@pytest.mark.parametrize("call", FOUND["cases"])
def test_the_same_call_in_python_is_the_same_record(call):
    class Optax:
        """Optax' names: its optimizers and its schedules."""

        def __getattr__(self, name):
            from schedules.dialects import optax

            return getattr(optax, name) if name in optax.__all__ else getattr(dialects.optax, name)

    names = {"torch": dialects.torch, "keras": dialects.keras, "optax": Optax()}
    optimizer = eval(call, names)
    assert optimizer == parse(call, optim.Optimizer)
    assert Record.from_json(optimizer.to_json()) == optimizer


def test_what_it_becomes_can_be_read():
    torch, optax = dialects.torch, dialects.optax
    clipped = torch.nn.utils.clip_grad_norm_(torch.optim.SGD(lr=0.1), max_norm=1.0)
    assert clipped == optim.ClipByNorm(optim.SGD(0.1), 1.0, 1e-6)
    assert optax.chain(optax.clip(0.5), optax.adam(0.1)) == optim.ClipByValue(optim.Adam(0.1), 0.5)
    schedule = ss.Cosine(0.1, steps=10)
    assert optax.chain(optax.scale_by_adam(), optax.scale_by_learning_rate(schedule)).lr == schedule
    assert optax.lookahead(optax.sgd(0.1), 5, 0.5) == optim.Lookahead(optim.SGD(0.1))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "optax.chain(optax.scale_by_adam(), optax.clip(1.0), optax.scale(-0.1))",
            "got clipping after a rule",
        ),
        ("optax.chain(optax.adam(0.1), optax.sgd(0.1))", "got an optimizer after a rule, expected clipping"),
        (
            "optax.chain(optax.adam(0.1), optax.add_decayed_weights(0.1))",
            "got add_decayed_weights after a rule",
        ),
        (
            "optax.chain(optax.scale(0.5), optax.adam(0.1))",
            "got an optimizer after a scale, expected clipping",
        ),
        ("optax.chain(optax.scale_by_adam())", "expected a chain that ends in a rate"),
        (
            "optax.chain(optax.clip(1.0), optax.scale(0.1))",
            "got a scale of 0.1, with which Optax goes uphill",
        ),
        ("optax.chain(optax.clip(-1.0), optax.adam(0.1))", "max_delta: got -1.0, expected a number above 0"),
        ("optax.chain(optax.ema(0.9), optax.scale(-0.1))", "debias: got True, expected False"),
        ("optax.chain(3)", "optax.chain: got 3, expected Optax' transformations"),
        ("optax.chain(optax.clipp(1.0), optax.adam(0.1))", "did you mean clip"),
        (
            "optax.chain(optax.clip(), optax.adam(0.1))",
            "optax.clip: got other arguments .* expected max_delta",
        ),
        ("optax.scale_by_adam(beta1=0.5)", "got the argument 'beta1'; expected b1=0.9, b2=0.999"),
        (
            "optax.lookahead(optax.sgd(0.1), 5, 0.5, reset_state=True)",
            "reset_state: got True, expected False",
        ),
        ("torch.nn.utils.clip_grad_norm_(0.1, 1.0)", "got 0.1 first, expected the optimizer, in the place"),
        ("torch.nn.utils.clip_grad_norm_(torch.optim.SGD(lr=0.1), 1.0, norm_type=1.0)", "norm_type: got 1.0"),
        (
            "torch.optim.swa_utils.AveragedModel(torch.optim.SGD(), multi_avg_fn=3)",
            "multi_avg_fn: got 3, expected",
        ),
        (
            "keras.optimizers.SGD(0.1, clipnorm=1.0, clipvalue=0.5)",
            "clipnorm: got it and clipvalue, expected one",
        ),
    ],
)
def test_what_cannot_be_done_here_is_refused_in_one_sentence(text, sentence):
    with pytest.raises(ValueError, match=sentence) as refused:
        parse(text, optim.Optimizer)
    assert "\n" not in str(refused.value)


def test_a_name_that_is_an_optimizer_and_a_schedule():
    """Keras' SGD and PyTorch's ASGD: what is expected decides."""
    import schedules

    assert parse("keras.SGD(0.1, momentum=0.9)", optim.Optimizer) == optim.HeavyBall(0.1)
    assert isinstance(parse("torch.optim.ASGD(lr=0.1)", optim.Optimizer), optim.Optimizer)
    assert parse("keras.SGD(0.1, decay=0.5)", schedules.Schedule) == schedules.InverseTime(0.1, 0.5)


def test_the_command_line_races_them(capsys):
    from stepsize.cli.main import main

    chain = "optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.1))"
    assert not main(
        ["race", "rosenbrock", "--steps", "20", "--optimizer", chain, "--optimizer", "sgd(lr=0.001)"]
    )
    assert "ClipByNorm(Adam" in capsys.readouterr().out


def test_a_library_lists_them():
    for library in (dialects.torch, dialects.optax):
        assert set(library.parts) <= set(dir(library))
        for part in library.parts.values():
            assert part.says
            assert repr(part) == part.call


@pytest.mark.parametrize("name", ["get_ema_multi_avg_fn", "get_ema_avg_fn"])
def test_the_average_of_torch_forgets_a_thousandth_unless_told_otherwise(name):
    averages = getattr(dialects.torch, name)
    assert averages() == averages(decay=0.999)
    assert averages() != averages(decay=0.99)
    for decay in (0.0, 1.0):
        averages(decay=decay)
    with pytest.raises(ValueError, match=r"decay: got 1\.5, expected a number from 0 to 1"):
        averages(decay=1.5)
