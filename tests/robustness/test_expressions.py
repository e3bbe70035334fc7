"""What is typed is taken or refused, within bounds of length, depth, size and time; it does nothing else."""

import time

import pytest

import stepsize as ss
from stepsize.core.limits.expression_source import DEPTH, DIGITS, ITEMS, LENGTH
from stepsize.parsing import parse, parse_problem
from tests.robustness.refusals import fuzz, refusal
from tools.fuzzing.attempts import Attempt, attempt
from tools.fuzzing.expressions import Watch

ENDLESS = {
    "an integer beyond floats": "SGD(lr=10**400)",
    "powers of powers": "SGD(lr=((10**1000)**1000)**1000)",
    "a tower of powers": "SGD(lr=9**9**9**9)",
    "a word repeated": "SGD(lr='a'*10**11)",
    "a list repeated": "SGD(lr=[0.1]*10**8)",
    "a list repeated from the left": "SGD(lr=10**8*[0.1])",
    "a list of lists repeated": "SGD(lr=[[0.1]*10]*10)",
    "a list of words repeated": "SGD(lr=['a']*3)",
    "many lists repeated": "SGD(lr=[" + "[1]*10**5, " * 30 + "])",
    "a negative repetition before a large one": "SGD(lr=[[1]*-10**9, [1]*10**8])",
    "minus signs": "-" * 50_000 + "1",
    "minus signs that fit": "-" * 10_000 + "1",
    "minus signs with spaces": "- " * 5000 + "1",
    "parentheses": "(" * 5000 + "1" + ")" * 5000,
    "brackets": "[" * 200 + "]" * 200,
    "floors": "Constant(0.1)" + ".floor(1e-4)" * 200,
    "cooldowns": "Constant(0.1)" + ".cooldown(5, at=3)" * 200,
    "wrappers": "Lookahead(" * 150 + "SGD()" + ")" * 150,
    "terms": " + ".join(["Constant(0.1)"] * 3000),
    "digits": "SGD(lr=" + "9" * 5000 + ")",
    "more digits than a whole number has": "SGD(lr=" + "9" * (DIGITS + 1) + ")",
    "a name": "x" * 10_000,
    "a dotted name": "x" + ".a" * 5000,
    "NUL": "\x00" * 50,
    "no result": "SGD(lr=(-8)**0.5)",
    "no number": "SGD(lr=1/0)",
    "an empty list for two": "torch.Adam(0.1, [])",
    "a number for a table": "optax.adam(optax.piecewise_constant_schedule(1, 3))",
    "a number for a list": "torch.MultiStepLR(0.1, 30)",
    "an argument twice": "SGD(lr=0.1, lr=0.2)",
    "an argument twice, once by its place": "SGD(0.1, lr=0.2)",
    "a list for a number": "SLS(gamma=[])",
    "a record for a schedule": "Floor(Parabola(), 0.1)",
    "a word for a schedule": "Repeat('tanh', 10)",
    "a word for an angle": "Saddle(rotation='mse')",
    "a number for columns": "Iris(columns=3)",
    "an uneven list": "Rex([1, [2]], 20)",
    "an uneven list of widths": "DigitsMLP(hidden=[1, [2]])",
    "a condition beyond whole numbers": "Stretched(Parabola(), 10**39)",
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS.keys())
def test_what_would_not_end_is_refused_at_once(text):
    begin = time.process_time()
    said = refusal(parse, text, kind=ValueError)
    assert time.process_time() - begin < 2
    assert len(said) < 700
    assert text[:200] not in said or len(text) < 200, "long inputs are quoted shortened"


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("SGD(lr=[0.1]*3)", ss.SGD(lr=[0.1, 0.1, 0.1])),
        ("SGD(lr=[0.1, 0.2] + [0.3])", ss.SGD(lr=[0.1, 0.2, 0.3])),
        ("PerRun([Constant(0.1)]*2)", ss.PerRun([ss.Constant(0.1)] * 2)),
        ("SGD(lr=2**-3)", ss.SGD(lr=0.125)),
        ("SGD(lr=2**60/2**63)", ss.SGD(lr=0.125)),
        ("SGD(lr=" + "(" * 50 + "0.1" + ")" * 50 + ")", ss.SGD(lr=0.1)),
        ("SGD(lr=" + " + ".join(["0.5"] * 90) + ")", ss.SGD(lr=45.0)),
        ("Floor(0.1, 0.2)", ss.Constant(0.1).floor(0.2)),
    ],
)
def test_what_is_within_the_bounds_is_taken(text, made):
    assert parse(text) == made


def test_the_bounds_themselves():
    assert parse(f"SGD(lr={'9' * DIGITS}e-{DIGITS})").lr == pytest.approx(1.0)
    assert len(parse(f"SGD(lr=[0.1]*{ITEMS})").lr) == ITEMS
    assert f"at most {ITEMS}" in refusal(parse, f"SGD(lr=[0.1]*{ITEMS + 1})")
    assert f"at most {LENGTH}" in refusal(parse, "1" * (LENGTH + 1))
    assert f"at most {DEPTH}" in refusal(parse, "Constant(1)" + ".floor(1)" * (DEPTH // 2))
    assert parse("Constant(1)" + ".floor(1)" * (DEPTH // 2 - 1)).table(2).tolist() == [1.0, 1.0]


ATTACKS = [
    "__import__('os').system('touch x')",
    "().__class__.__bases__[0].__subclasses__()",
    "SGD.__init__.__globals__",
    "SGD().lr",
    "Adam().replace(lr=1)",
    "Adam().to_json()",
    "Constant(1).value(3)",
    "Constant(1).describe()",
    "Constant(1).__class__(2)",
    "torch.__class__",
    "torch.__init__.__globals__",
    "optax.__dict__",
    "keras.entries",
    "torch._modules",
    "open('/etc/passwd')",
    "eval('1')",
    "exec('1')",
    "getattr(SGD, 'lr')",
    "print(1)",
    "(lambda: 1)()",
    "[x for x in [1]]",
    "{1: 2}",
    "(a := 1)",
    "f'{SGD}'",
    "SGD(*[1])",
    "SGD(**{'lr': 1})",
    "SGD[0]",
    "Quadratic([1, 2])[0]",
    "await x",
    "SGD if 1 else Adam",
    "1 < 2",
    "not 1",
    "~1",
    "1 // 2",
    "1 @ 2",
]


@pytest.mark.parametrize("text", ATTACKS)
@pytest.mark.parametrize("read", [parse, parse_problem])
def test_nothing_beyond_the_registry_is_reached(text, read):
    refusal(read, text, kind=ValueError)
    refusal(read, f"SGD(lr={text})", kind=ValueError)


def test_the_watch_hears_what_a_text_may_not_do(tmp_path):
    watch = Watch.only()
    watch.watching = True
    try:
        (tmp_path / "written").write_text("x")
        exec("1")
    finally:
        watch.watching = False
    heard = [watch.seen.pop() for _ in range(len(watch.seen))]
    assert any(line.startswith("open") for line in heard)
    assert any(line.startswith("exec") for line in heard)


@pytest.mark.parametrize(
    "change", ["floor(1e-4)", "cooldown(5, at=3)", "warmup(5)", "then(0.1, at=3)", "per_epoch(2)"]
)
def test_deep_schedules_are_described_or_refused_in_no_time(change):
    whole = ss.Cosine(0.1, steps=50)
    for _ in range(200):
        whole = eval(f"whole.{change}", {"whole": whole})
    begin = time.process_time()
    said = attempt(whole.describe, 5.0)
    assert said.kind in ("fine", "refused"), said
    assert whole(3) >= 0
    assert time.process_time() - begin < 2


def test_the_harness_finds_what_it_looks_for():
    assert attempt(lambda: int("x"), 1.0).kind == "raw"
    assert attempt(lambda: {}["x"], 1.0).kind == "raw"
    assert attempt(lambda: time.sleep(5), 0.05).kind == "over time"
    assert attempt(lambda: parse("SGD(lr=-1)"), 1.0).kind == "refused"
    assert attempt(lambda: Attempt("no sentence", 0.0), 1.0).promised is False


def test_a_sample_of_the_fuzzed_expressions():
    assert "over time" not in fuzz("expressions", 2500, seed=11)
