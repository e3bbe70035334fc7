"""The files of test vectors, and the command that writes them."""

import math

import numpy as np
import pytest

from optim import SGD
from optim.testing import Stream
from optim.testing import vectors as vectors_module
from optim.vectors import __main__ as command


class TestVectors:
    def test_the_command_writes_every_file(self, tmp_path, monkeypatch):
        monkeypatch.setattr(command, "files", {"optim.vectors": tmp_path}.__getitem__)
        monkeypatch.setattr(command, "documents", lambda: iter([("a.json", "é"), ("b.json", "{}\n")]))
        command.main()
        assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
            "a.json": "é".encode(),
            "b.json": b"{}\n",
        }

    def test_every_library_has_a_file(self, monkeypatch):
        monkeypatch.setattr(vectors_module, "document", lambda library: library.title)
        assert list(vectors_module.documents()) == [
            ("torch.json", "PyTorch 2.14"),
            ("keras.json", "Keras 3.15"),
            ("optax.json", "Optax 0.2.8"),
            ("tf1.json", "TensorFlow 1"),
            ("d2l.json", "Dive into Deep Learning"),
            ("paper.json", "the papers"),
        ]

    def test_nan_is_no_json(self):
        for document in ({"vectors": [[math.nan]]}, {"title": math.nan, "vectors": []}):
            with pytest.raises(ValueError, match="JSON"):
                vectors_module._text(document)

    def test_single_precision_rounds_after_every_operation(self):
        """0.1 in single precision, from 0.5 against gradients of 0.7 and -1.3."""
        stream = Stream("", (0.5,), ((0.7,), (-1.3,)), (1.0, 2.0))
        first, second = vectors_module._points(SGD(lr=0.1), stream, "float32")
        one = np.float32(0.5) - np.float32(0.1) * np.float32(0.7)
        assert first == [float(one)]
        assert second == [float(one - np.float32(0.2) * np.float32(-1.3))]
        assert vectors_module._points(SGD(lr=0.1), stream, "float64") == [
            [0.5 - 0.1 * 0.7],
            [0.43 + 0.2 * 1.3],
        ]
