"""The conformance kit: it passes what is right, catches what is wrong, and says what it is instead."""

import json
import math
from importlib.resources import files

import numpy as np
import pytest

import problems
from optim import SGD, Adam, AdamW, DecoupledDecay, Momentum, Nesterov, RMSprop, SignSGD, dialects
from optim.testing import STREAMS, check_gradient, check_optimizer, compare_optimizer, load_vectors
from optim.testing.gradient_streams import LAYERS
from optim.testing.vectors import document
from tests.instances import OPTIMIZERS, PROBLEMS, name_of

LIBRARIES = ("torch", "keras", "optax", "tf1", "d2l", "paper")


class TestVectors:
    @pytest.mark.parametrize("library", dialects.LIBRARIES, ids=LIBRARIES)
    def test_making_them_again_gives_the_same_bytes(self, library):
        assert document(library) == files("optim.vectors").joinpath(f"{library.name}.json").read_text("utf-8")

    def test_there_are_hundreds_and_each_says_what_verified_it(self):
        vectors = [v for library in LIBRARIES for v in load_vectors(library)["vectors"]]
        assert len(vectors) >= 300
        assert len({v["name"] for v in vectors}) == len(vectors)
        assert all(v["verified_by"] for v in vectors)
        assert not [v["name"] for v in vectors if "differs" in v["verified_by"]]
        equal = [v for v in vectors if ": equal within" in v["verified_by"]]
        assert len(equal) >= 300, "run in the library itself"

    @pytest.mark.parametrize("library", LIBRARIES)
    def test_decimals_and_hexadecimals_agree_and_shapes_fit(self, library):
        document = load_vectors(library)
        for v in document["vectors"]:
            stream = document["streams"][v["stream"]]
            assert len(v["x"]) == len(v["x_hex"]) == len(stream["gradients"]) == len(v["rates"])
            for row, hexes in zip(v["x"], v["x_hex"], strict=True):
                for decimal, text in zip(row, hexes, strict=True):
                    a, b = float(decimal), float.fromhex(text)
                    assert a == b or (math.isnan(a) and math.isnan(b))

    def test_a_reader_who_knows_only_the_file_finds_adam_right(self):
        """Adam written from its paper, in plain Python, against every Adam vector of PyTorch."""
        document = load_vectors("torch")
        chosen = [
            v for v in document["vectors"] if v["call"] == "torch.Adam(lr=0.1)" and v["dtype"] == "float64"
        ]
        assert len(chosen) == len(STREAMS)
        for v in chosen:
            x = list(document["streams"][v["stream"]]["x0"])
            gradients = document["streams"][v["stream"]]["gradients"]
            m, s = [0.0] * len(x), [0.0] * len(x)
            moved = 0.0
            for t, (g, lr, expected) in enumerate(zip(gradients, v["rates"], v["x"], strict=True), 1):
                for i, gi in enumerate(g):
                    m[i] = 0.9 * m[i] + 0.1 * gi
                    s[i] = 0.999 * s[i] + 0.001 * gi * gi
                    m_hat, s_hat = m[i] / (1 - 0.9**t), s[i] / (1 - 0.999**t)
                    x[i] -= lr * m_hat / (math.sqrt(s_hat) + 1e-8)
                    moved = max(moved, abs(lr))
                    assert abs(x[i] - expected[i]) <= 1e-12 * max(moved, abs(expected[i]), 1e-30)

    def test_the_gradients_are_the_streams_of_the_kit(self):
        kept = json.loads(files("optim.vectors").joinpath("torch.json").read_text("utf-8"))["streams"]
        assert list(kept) == [s.name for s in (*STREAMS, *LAYERS)]
        assert [tuple(map(tuple, kept[s.name]["shapes"])) for s in LAYERS] == [s.shapes for s in LAYERS]


def adam(mistake=None):
    """Adam as a student writes it, with one classic mistake or none."""

    def step(x, g, state, lr):
        beta1, beta2, eps = (0.999, 0.9, 1e-8) if mistake == "betas swapped" else (0.9, 0.999, 1e-8)
        zero, t0 = 0 * g, 1 if mistake == "t off by one" else 0
        begin = (g, g * g, t0) if mistake == "started at the first gradient" else (zero, zero, t0)
        m, v, t = begin if state is None else state
        t = t + 1
        m = beta1 * m + (1 - beta1) * (lr * g if mistake == "rate in the buffer" else g)
        v = beta2 * v + (1 - beta2) * (g if mistake == "v not squared" else g * g)
        m_hat, v_hat = (m, v) if mistake == "no bias correction" else (m / (1 - beta1**t), v / (1 - beta2**t))
        with np.errstate(invalid="ignore", divide="ignore"):
            if mistake == "eps inside":
                root = np.sqrt(v_hat + eps)
            elif mistake == "sign of eps":
                root = np.sqrt(v_hat) - eps
            elif mistake == "no root":
                root = v_hat + eps
            else:
                root = np.sqrt(v_hat) + eps
            return x - (1.0 if mistake == "rate in the buffer" else lr) * m_hat / root, (m, v, t)

    return step


def decayed(kind, mistake=None):
    """AdamW with its decay decoupled or, mistaken, as an L2 penalty; or with a mistake in its Adam."""
    rule = adam(mistake)

    def step(x, g, state, lr):
        moved, state = rule(x, g + 0.1 * x if kind == "l2" else g, state, lr)
        return moved if kind == "l2" else moved - lr * 0.1 * x, state

    return step


def momentum(divided):
    def step(x, g, state, lr):
        v = 0 * g if state is None else state
        v = (v / 0.9 if divided else 0.9 * v) + g
        return x - lr * v, v

    return step


def rmsprop(eps_outside):
    def step(x, g, state, lr):
        s = 0 * g if state is None else state
        s = 0.9 * s + 0.1 * g * g
        root = np.sqrt(s) + 1e-8 if eps_outside else np.sqrt(s + 1e-8)
        return x - lr * g / root, s

    return step


PAPER = dialects.paper.Adam(lr=0.1)
TEN = [
    (adam("no bias correction"), PAPER, "without bias correction"),
    (adam("eps inside"), PAPER, "with eps inside the root"),
    (rmsprop(eps_outside=True), RMSprop(lr=0.1), "with eps outside the root"),
    (adam("t off by one"), PAPER, "with t one too large, counted from 2"),
    (adam("betas swapped"), PAPER, "with beta1 and beta2 swapped"),
    (momentum(divided=True), Momentum(lr=0.1), "with the velocity divided by the momentum"),
    (adam("no root"), PAPER, "without the square root"),
    (adam("sign of eps"), PAPER, "with the sign of eps flipped"),
    (decayed("l2"), AdamW(lr=0.1, weight_decay=0.1), "with an L2 penalty"),
    (adam("rate in the buffer"), PAPER, "with the rate inside the buffer"),
    (adam("started at the first gradient"), PAPER, "with its averages started at the first gradient"),
    (adam("v not squared"), PAPER, "with the gradient not squared"),
]


class TestDiagnosis:
    @pytest.mark.parametrize(
        ("step", "like"),
        [
            (adam(), PAPER),
            (decayed("decoupled"), AdamW(lr=0.1, weight_decay=0.1)),
            (momentum(divided=False), Momentum(lr=0.1)),
            (rmsprop(eps_outside=False), RMSprop(lr=0.1)),
        ],
    )
    def test_what_is_right_passes(self, step, like):
        assert check_optimizer(step, like).ok

    @pytest.mark.parametrize(("step", "like", "words"), TEN, ids=lambda v: v if isinstance(v, str) else "")
    def test_every_classic_mistake_is_caught_and_named(self, step, like, words):
        report = compare_optimizer(step, like)
        assert not report.ok
        assert words in report.instead[0], str(report)
        with pytest.raises(AssertionError, match=r"differs from .* first at step"):
            check_optimizer(step, like)

    @pytest.mark.parametrize(
        "like",
        [
            dialects.torch.AdamW(lr=0.1, weight_decay=0.1),
            dialects.optax.adamw(0.1, weight_decay=0.1),
        ],
        ids=repr,
    )
    @pytest.mark.parametrize(
        ("mistake", "words"),
        [
            ("no bias correction", "without bias correction"),
            ("sign of eps", "with the sign of eps flipped"),
            ("v not squared", "with the gradient not squared"),
        ],
    )
    def test_a_mistake_is_found_in_the_rule_that_another_builds_on(self, like, mistake, words):
        report = compare_optimizer(decayed("decoupled", mistake), like)
        assert words in report.instead[0], str(report)

    def test_an_average_for_a_velocity_is_a_classic_mistake(self):
        def step(x, g, state, lr):
            v = 0.9 * (0 * g if state is None else state) + 0.1 * g
            return x - lr * v, v

        report = compare_optimizer(step, dialects.torch.SGD(lr=0.1, momentum=0.9))
        assert report.instead == ("Momentum(lr=0.1) with the gradient damped by 1 - momentum",)

    def test_another_library_s_decay_is_recognised_at_the_decay_that_was_asked_for(self):
        """A rate outside and an L2 penalty, where Keras has it inside and the decay decoupled."""

        def step(x, g, state, lr):
            v = 0.9 * (0 * g if state is None else state) + g + 0.1 * x
            return x - lr * v, v

        report = compare_optimizer(
            step, dialects.keras.SGD(learning_rate=0.1, momentum=0.9, weight_decay=0.1)
        )
        assert report.instead[0].startswith("torch.SGD ("), str(report)
        assert report.instead[0].endswith("with the numbers of L2(Momentum(lr=0.1), weight_decay=0.1)")

    def test_a_class_that_lent_itself_to_a_mistake_is_as_before(self):
        before = Adam.direction
        compare_optimizer(adam("no bias correction"), PAPER)
        assert Adam.direction is before

    def test_keras_epsilon_is_recognised(self):
        def step(x, g, state, lr):
            m, v, t = state or (0 * g, 0 * g, 0)
            m, v, t = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g, t + 1
            return x - lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-7), (m, v, t)

        report = compare_optimizer(step, PAPER)
        assert any(text.startswith("keras.Adam") for text in report.instead), str(report)

    def test_the_rate_inside_the_velocity_is_keras_and_polyak(self):
        def step(x, g, state, lr):
            v = 0.9 * (0 * g if state is None else state) - lr * g
            return x + v, v

        report = compare_optimizer(step, dialects.torch.SGD(lr=0.1, momentum=0.9))
        assert any("keras.SGD" in text for text in report.instead), str(report)

    def test_where_it_first_differs_is_said_with_numbers(self):
        def step(x, g, state):
            n = (state or 0) + 1
            return x - 0.1 * g - (0.001 if n == 3 else 0.0), n

        report = compare_optimizer(step, SGD(lr=0.1))
        expected = 1 - 0.1 * (0.7 - 1.3 + 0.2)
        assert report.sentence.startswith(
            f'differs from SGD(lr=0.1) first at step 3 of the stream "wandering": gradient 0.2, x[0] = '
            f"{expected - 0.001!r}"[:96]
        )
        assert report.instead == ()
        assert "no known dialect" in str(report)
        assert "rate zero" not in report.streams, "a function without a rate is tried at steady rates only"

    @pytest.mark.parametrize("optimizer", [o for o in OPTIMIZERS if not o.requires], ids=name_of)
    def test_every_rule_of_ours_equals_itself(self, optimizer):
        assert compare_optimizer(optimizer, optimizer).difference == 0.0


class TestProperties:
    def test_memory_outside_the_state(self):
        kept = []

        def step(x, g, state):
            kept.append(1)
            return x - 0.1 * g * len(kept), None

        assert any("twice" in text for text in compare_optimizer(step).broken)

    def test_coordinates_by_place(self):
        def step(x, g, state):
            return x - 0.1 * g * np.arange(1, len(x) + 1), None

        assert any("coordinates by their place" in text for text in compare_optimizer(step).broken)

    def test_asymmetry(self):
        assert any(
            "symmetric" in t
            for t in compare_optimizer(lambda x, g, s: (x - 0.1 * np.maximum(g, 0), s)).broken
        )

    def test_writing_to_the_input(self):
        def step(x, g, state):
            x -= 0.1 * g
            return x, state

        assert any("writes to the arrays" in text for text in compare_optimizer(step).broken)

    def test_a_count_kept_outside_the_state_does_not_resume(self):
        count = [0]

        def step(x, g, state):
            count[0] = 0 if state is None else count[0] + 1
            return x - 0.1 / (1 + count[0]) * g, "begun"

        report = compare_optimizer(step)
        assert str(report) == (
            "step breaks what every rule must keep\n"
            "it does not resume: going on from a copy of its state gives other points"
        )

    def test_a_state_that_is_written_to_is_no_fault(self):
        def step(x, g, state):
            state = np.zeros_like(x) if state is None else state
            state *= 0.9
            state += g
            return x - 0.1 * state, state

        assert check_optimizer(step, like=Momentum(lr=0.1)).ok

    def test_leaving_zero_without_a_gradient(self):
        words = "it leaves 0 without a gradient: x is nan after 1 update"
        assert compare_optimizer(lambda x, g, s: (x - 0.1 * g / abs(g), s)).broken == (words,)
        shifted = compare_optimizer(lambda x, g, s: (x - 0.1 * (g - 1), s))
        assert "it leaves 0 without a gradient: x is 0.1 after 1 update" in shifted.broken

    def test_what_the_reference_lacks_too_is_no_fault(self):
        """Hinton's RMSprop divides by nothing but the root, and so 0 by 0."""
        paper = dialects.paper.RMSprop(lr=0.1)
        assert check_optimizer(paper, like=paper).ok
        assert compare_optimizer(paper).broken
        assert compare_optimizer(paper, like=RMSprop(lr=0.1)).broken

    def test_a_rule_of_ones_own_needs_no_reference(self):
        assert check_optimizer(lambda x, g, state: (x - 0.1 * np.tanh(g), state)).ok


class TestTraits:
    """First steps, scale, coasting and decay, by closed forms."""

    @pytest.mark.parametrize(
        ("rule", "traits"),
        [
            (SGD(lr=0.1), (1, 1e-6, 1024, 0, 0)),
            (Momentum(lr=0.1), (1, 1e-6, 1024, sum(0.9**k for k in range(1, 9)), 0)),
            (Nesterov(lr=0.1), (1.9, 1.9e-6, 1024, sum(0.9**k for k in range(2, 10)) / 1.9, 0)),
            (SignSGD(lr=0.1), (1, 1, 1, 0, 0)),
            # The mean square of one gradient is a tenth of its square; eps stands beside it in the root.
            (RMSprop(lr=0.1), (10**0.5, 1e-6 / (1e-13 + 1e-8) ** 0.5, 1, 0, 0)),
            (dialects.torch.RMSprop(lr=0.1), (10, 1e-6 / (1e-7 + 1e-8), 1, 0, 0)),
            (AdamW(lr=0.1, weight_decay=0.2), (1, 1e-6 / (1e-6 + 1e-8), 1, None, 0.02)),
        ],
        ids=repr,
    )
    def test_they_are_measured(self, rule, traits):
        found = compare_optimizer(rule, lr=0.1).traits
        for value, expected in zip(found, traits, strict=True):
            assert expected is None or value == pytest.approx(expected, rel=1e-6, abs=1e-12)

    def test_they_are_told_where_they_differ(self):
        report = compare_optimizer(Momentum(lr=0.1), SGD(lr=0.1))
        assert report.otherwise == ("after one gradient it coasts 5.126 times its first step, expected 0",)
        assert str(report).endswith(report.otherwise[0])
        report = compare_optimizer(SGD(lr=0.1), dialects.torch.RMSprop(lr=0.1))
        assert report.otherwise == (
            "its first step for a gradient of 1 is 1 times the rate, expected 10",
            "its first step for a gradient of 1e-6 is 1e-06 times the rate, expected 9.091",
            "gradients 1024 times as large carry it 1024 times as far, expected 1",
        )
        decayed = compare_optimizer(DecoupledDecay(SGD(lr=0.1), 0.1), SGD(lr=0.1))
        assert decayed.otherwise[-1] == "an update without a gradient takes 0.01 of x away, expected 0"

    def test_a_difference_that_is_no_trait_is_not_told(self):
        report = compare_optimizer(SGD(lr=0.1001), SGD(lr=0.1), lr=0.1)
        assert report.otherwise == ()


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: check_optimizer(3), TypeError, "step: got 3, expected a function"),
        (lambda: check_optimizer(lambda x: x), TypeError, "step: got a function of 1 argument,"),
        (lambda: check_optimizer(SGD(), like="Adam"), TypeError, "like: got the str 'Adam'"),
        (lambda: check_optimizer(SGD(), like=SGD(lr=[0.1, 0.2])), ValueError, "like: got the rate"),
        (lambda: check_optimizer(SGD(), like=SGD(lr=0.0)), ValueError, "like: got the rate 0.0, expected"),
        (lambda: check_optimizer(SGD(), lr=0.0), ValueError, "lr: got 0.0, expected a rate above 0"),
        (lambda: check_optimizer(SGD(), lr="a"), TypeError, "lr: got the str 'a', expected a finite number"),
        (
            lambda: check_optimizer(lambda x, g, s: (x[:1] + 0 * g[:1], s), like=SGD()),
            ValueError,
            "step: got x of shape",
        ),
    ],
)
def test_bad_input_gets_one_sentence(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


class TestAdapters:
    """The libraries themselves, where they are installed; the golden files hold their runs for elsewhere."""

    def test_torch(self):
        torch = pytest.importorskip("torch", reason="PyTorch is not installed; its recorded runs are tested")
        from functools import partial

        check_optimizer(torch.optim.Adam, like=dialects.torch.Adam(lr=0.1))
        check_optimizer(partial(torch.optim.SGD, momentum=0.9), like=dialects.torch.SGD(lr=0.1, momentum=0.9))
        report = compare_optimizer(torch.optim.RMSprop, like=dialects.keras.RMSprop(learning_rate=0.1))
        assert any("torch.RMSprop" in text for text in report.instead)

    def test_optax(self):
        optax = pytest.importorskip("optax", reason="Optax is not installed; its recorded runs are tested")
        check_optimizer(optax.adam(0.1), like=dialects.optax.adam(0.1))
        decayed = dialects.optax.adamw(0.1, weight_decay=0.5)
        check_optimizer(optax.adamw(0.1, weight_decay=0.5), like=decayed)

    # Keras hands its own variables to NumPy in the way of NumPy 1.
    @pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
    def test_keras(self, monkeypatch):
        monkeypatch.setenv("KERAS_BACKEND", "jax")
        keras = pytest.importorskip("keras", reason="Keras is not installed; its recorded runs are tested")
        check_optimizer(keras.optimizers.Adam(learning_rate=0.1), like=dialects.keras.Adam(learning_rate=0.1))


# A complex step is one evaluation a parameter; the larger problems have their differences elsewhere.
SMALL = [p for p in PROBLEMS if not isinstance(p, problems.FunctionProblem) and p.dim <= 20]


class TestGradients:
    @pytest.mark.parametrize("problem", SMALL, ids=name_of)
    def test_every_problem_passes(self, problem):
        found = check_gradient(problem)
        assert found.error <= (1e-10 if found.method == "complex step" else 1e-6)

    @pytest.mark.parametrize("wrong", [lambda g: -g, lambda g: g * 1.001, lambda g: g + 1e-4])
    def test_a_wrong_gradient_is_caught_with_its_coordinate(self, wrong):
        class Mistaken:
            x0 = (-1.2, 1.0)
            fun = staticmethod(problems.Rosenbrock().fun)

            @staticmethod
            def grad(x):
                g = problems.Rosenbrock().grad(x)
                return np.concatenate([g[..., :1], wrong(g[..., 1:])], axis=-1)

        with pytest.raises(
            AssertionError, match=r"grad: coordinate 1 at x = .* expected .* by a complex step"
        ):
            check_gradient(Mistaken())

    def test_differences_serve_where_complex_numbers_do_not(self):
        class Rounded:
            x0 = (0.3, 0.7)

            @staticmethod
            def fun(x):
                return float(np.abs(x).sum() + (x * x * x).sum())

            @staticmethod
            def grad(x):
                return np.sign(x) + 3 * x * x

        found = check_gradient(Rounded(), np.array([[0.3, 0.7], [1.5, -2.0]]))
        assert found.method == "central differences"
        assert found.order == pytest.approx(2, abs=0.1), "the error of a central difference falls as h^2"


def test_nesterov_and_momentum_are_told_apart():
    assert not compare_optimizer(Nesterov(lr=0.1), Momentum(lr=0.1)).ok


@pytest.mark.parametrize(("off", "passes"), [(0.9995e-9, True), (1.0005e-9, False)])
def test_a_billionth_passes(off, passes):
    """Where every step is too long by one share, so is every move from the start."""

    def step(x, g, state, lr):
        return x - lr * (1 + off) * g, state

    assert compare_optimizer(step, like=SGD(lr=0.1)).ok is passes
    if passes:
        assert check_optimizer(step, like=SGD(lr=0.1)).difference == pytest.approx(off, rel=1e-4)
        return
    with pytest.raises(AssertionError, match="differs from SGD"):
        check_optimizer(step, like=SGD(lr=0.1))
