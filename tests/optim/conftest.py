"""Where the compiler is installed, the tests of whole runs are made twice.

Once as they stand, and once with every run compiled that can be, however short: the same runs, bit for bit.
"""

import os

import pytest

import optim.engines
import optim.engines.large
import optim.sweep
from optim.engines.compiled.llvm import is_installed

COMPILED_TOO = frozenset(
    f"tests.optim.{name}"
    for name in (
        "rules.test_conformance",
        "test_divergence",
        "test_failure",
        "test_minimize",
        "test_minimize_by_hand",
        "test_resume",
        "test_run",
        "test_run_io",
        "test_scipy_adapter",
        "test_single_precision",
        "test_sweep",
        "test_user_rules",
        "test_values_beyond",
    )
)

# As it was before there were two: no word in brackets, where this pytest can leave it out.
AS_IT_STANDS = getattr(pytest, "HIDDEN_PARAM", "plain")


def pytest_generate_tests(metafunc):
    # With COMPILE=1 all of the suite is compiled.
    if metafunc.module.__name__ in COMPILED_TOO and is_installed() and os.environ.get("COMPILE") != "1":
        metafunc.fixturenames.insert(0, "compiled_where_it_can_be")
        ways = [pytest.param(False, id=AS_IT_STANDS), pytest.param(True, id="compiled")]
        metafunc.parametrize("compiled_where_it_can_be", ways, indirect=True)


@pytest.fixture
def compiled_where_it_can_be(request):
    compiles = getattr(request, "param", False)
    with pytest.MonkeyPatch.context() as patch:
        if compiles:
            patch.setattr(optim.engines, "PAYS", 0)
            patch.setattr(optim.sweep, "PAYS", 0)
            patch.setattr(optim.engines.large, "COMPILING_PAYS", 0)
        yield compiles
