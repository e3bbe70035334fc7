"""The conformance kit: it passes what is right, catches what is wrong, and says what it is instead."""

import json
import math
from importlib.resources import files

import numpy as np
import pytest

import problems
from optim import SGD, AdamW, Momentum, Nesterov, RMSprop, dialects
from optim.testing import STREAMS, check_gradient, check_optimizer, compare_optimizer, load_vectors
from optim.testing.vectors import documents
from tests.instances import OPTIMIZERS, PROBLEMS, name_of

LIBRARIES = ("torch", "keras", "optax", "tf1", "d2l", "paper")


class TestVectors:
    def test_making_them_again_gives_the_same_bytes(self):
        for name, text in documents():
            assert files("optim.vectors").joinpath(name).read_text("utf-8") == text, name

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
        assert list(kept) == [s.name for s in STREAMS]


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


def decayed(kind):
    """AdamW with its decay decoupled or, mistaken, as an L2 penalty."""

    def step(x, g, state, lr):
        m, v, t = state or (0 * g, 0 * g, 0)
        t += 1
        gradient = g + 0.1 * x if kind == "l2" else g
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient * gradient
        d = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return x - lr * (d if kind == "l2" else d + 0.1 * x), (m, v, t)

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

    @pytest.mark.parametrize("optimizer", [o for o in OPTIMIZERS if not o.needs], ids=name_of)
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

    def test_a_rule_of_ones_own_needs_no_reference(self):
        assert check_optimizer(lambda x, g, state: (x - 0.1 * np.tanh(g), state)).ok


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: check_optimizer(3), TypeError, "step: got 3, expected a function"),
        (lambda: check_optimizer(lambda x: x), TypeError, "step: got a function of 1 arguments"),
        (lambda: check_optimizer(SGD(), like="Adam"), TypeError, "like: got the str 'Adam'"),
        (lambda: check_optimizer(SGD(), like=SGD(lr=[0.1, 0.2])), ValueError, "like: got the rate"),
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

    # Keras hands its own variables to NumPy in the way of NumPy 1.
    @pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
    def test_keras(self, monkeypatch):
        monkeypatch.setenv("KERAS_BACKEND", "jax")
        keras = pytest.importorskip("keras", reason="Keras is not installed; its recorded runs are tested")
        check_optimizer(keras.optimizers.Adam(learning_rate=0.1), like=dialects.keras.Adam(learning_rate=0.1))


# A complex step is one evaluation a parameter; the larger problems have their differences elsewhere.
SMALL = [p for p in PROBLEMS if not isinstance(p, problems.Custom) and p.dim <= 20]


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
