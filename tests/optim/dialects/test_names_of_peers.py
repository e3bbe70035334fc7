"""Every optimizer of PyTorch, Keras and Optax has an entry, or a sentence that says why it has none.

`golden/names.json` was recorded from the libraries (`python -m tests.golden.make_names`).
"""

import json

import pytest

from optim import dialects
from tests import GOLDEN

RECORD = json.loads((GOLDEN / "names.json").read_text("utf-8"))
NAMES = [(library, name) for library in ("torch", "keras", "optax") for name in RECORD[library]]
# Functions of Optax' contrib that judge a state, and make no optimizer.
NO_OPTIMIZER = {"contrib.schedule_free_eval_params"}


@pytest.mark.parametrize(("library", "name"), NAMES)
def test_an_optimizer_of_a_library_is_spoken_or_refused_with_a_reason(library, name):
    here = getattr(dialects, library)
    if name in here.entries:
        assert getattr(here, name) is here.entries[name]
        assert name not in here.elsewhere
    elif name not in NO_OPTIMIZER:
        with pytest.raises(
            AttributeError, match=rf"^{library}: got '{name}', which has no entry: \w.{{20,}}"
        ):
            getattr(here, name)


def test_how_many_are_spoken():
    spoken = {
        library: (
            sum(name in getattr(dialects, library).entries for name in RECORD[library]),
            len(RECORD[library]),
        )
        for library in ("torch", "keras", "optax")
    }
    assert spoken == {"torch": (13, 15), "keras": (14, 16), "optax": (41, 58)}


@pytest.mark.parametrize("library", ["torch", "keras", "optax"])
def test_nothing_is_refused_that_the_library_has_not(library):
    assert {*getattr(dialects, library).elsewhere} <= {*RECORD[library]}
