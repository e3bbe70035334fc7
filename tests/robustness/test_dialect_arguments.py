"""Every argument of every library's optimizers is taken or refused in one sentence, whatever it is given."""

import inspect

import numpy as np
import pytest

import optim
import schedules
from optim import dialects
from problems import Quadratic
from tools.fuzzing.attempts import attempt

VALUES = [
    "mse",
    None,
    [],
    (0.1, 0.2),
    np.array([0.1, 0.2]),
    np.array("x"),
    optim.BFGS(),
    schedules.Armijo(),
    schedules.Polyak(),
    schedules.Constant(0.1),
    True,
    10**400,
    -(10**400),
    float("nan"),
    1j,
    dict,
    ((2, 1),),
]
ENTRIES = [entry for library in dialects.LIBRARIES for entry in library.entries.values()]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.call)
def test_an_argument_of_any_kind_is_taken_or_refused(entry):
    needed = {name: 0.1 for name, default in entry.defaults.items() if default is inspect.Parameter.empty}
    problem = Quadratic([1.0, 20.0])
    broken = []
    for name in entry.defaults:
        for value in VALUES:
            found = attempt(
                lambda given=needed | {name: value}: optim.minimize(problem, entry(**given), steps=2), 10.0
            )
            if not found.promised:
                broken.append((name, value, found))
    assert broken == []


def test_a_text_for_a_number_is_named():
    with pytest.raises(TypeError, match=r"^beta_2_decay: got the str 'mse', expected a number$"):
        dialects.keras.Adafactor(100, "mse")
    with pytest.raises(TypeError, match=r"^amsgrad: got an array of float64 .*, expected True or False$"):
        dialects.torch.Adam(amsgrad=np.array([0.1, 0.2]))
