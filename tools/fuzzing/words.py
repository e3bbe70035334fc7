"""Pieces of which the fuzzers make their inputs: numbers, words and arguments, good ones and bad ones."""

import random
from typing import Any

from stepsize.core.record import Record, registered

__all__ = ["BAD_NUMBERS", "Maker", "mutated"]

BAD_NUMBERS = (
    *(
        "10**400",
        "((10**1000)**1000)**1000",
        "2**100000",
        "9**9**9**9",
        "1e999",
        "-1e999",
        "nan",
        "inf",
        "-inf",
    ),
    *("10**39", "10**-400", "0**-1", "(-8)**0.5", "1/0", "0/0", "1_0", "1j", "0x10", "1e", "True", "None"),
    *(
        "9" * 50,
        "9" * 5000,
        "-0",
        "1e-320",
        "2**53 + 1",
        "10**12",
        "10**18",
        "-10**18",
        "1.7e308 * 10",
        "e",
        "pi",
    ),
    *(
        "'a'*10**11",
        "[0.1]*10**8",
        "[0.1]*3",
        "[0.1]*-1",
        "[[1]*3]*3",
        "['a']*3",
        "[1]+[2]",
        "[]",
        "[[]]",
        "()",
    ),
    *("[nan]", "[1, [2]]", "{}", "b'x'", "...", "'x'", "''", "'a' 'b'", "f'{1}'", "x", "lambda: 1", "*[1]"),
)
_ATTACKS = (
    *("__import__('os').system('x')", "open('x')", "().__class__", "SGD.__init__", "SGD().lr", "eval('1')"),
    *("Adam().replace(lr=1)", "Adam().to_json()", "[x for x in [1]]", "(1).real", "Constant(1).describe()"),
    *(
        "Constant(1).__class__.__mro__",
        "exec('1')",
        "getattr(SGD, 'lr')",
        "print(1)",
        "SGD.demo",
        "1 if 1 else 2",
    ),
    *("Constant(1).value(3)", "torch.__class__", "optax.__dict__", "keras.entries", "(a := 1)", "SGD(**{})"),
    *(
        "lambda: 0",
        "not 1",
        "1 and 2",
        "1 < 2",
        "~1",
        "1 // 2",
        "1 % 2",
        "1 @ 2",
        "1 << 9",
        "await x",
        "yield",
    ),
)
_METHODS = {
    "then": ("{s}, at={n}", "{v}, at={v}"),
    "warmup": ("{n}", "{n}, start={f}", "{n}, shape={v}", "{v}, shift={v}"),
    "cooldown": ("{n}, at={n}", "{v}, at={v}, shape={v}, end={v}"),
    "floor": ("{f}", "{v}"),
    "cap": ("{f}", "{v}"),
    "delay": ("{n}", "{v}"),
    "skip": ("{n}", "{v}"),
    "repeat": ("{n}", "{v}"),
    "per_epoch": ("{n}", "{n}, smooth={v}", "{v}"),
}


class Maker:
    """A source of expressions, by a seed."""

    def __init__(self, seed: int) -> None:
        import optim
        import problems
        import schedules
        from stepsize.parsing import library_names, load_registry

        load_registry()
        self.random = random.Random(seed)
        self.kinds: dict[str, list[type[Any]]] = {
            "optimizer": _of_packages(optim.Optimizer),
            "schedule": _of_packages(schedules.Schedule),
            "problem": _of_packages(problems.Problem),
            "any": _of_packages(Record),
        }
        self.libraries = [f"{lib}.{name}" for lib, known in library_names(False).items() for name in known]

    def pick(self, among: Any) -> Any:
        """Return one of several."""
        return self.random.choice(among)

    def chance(self, share: float) -> bool:
        """Whether something is to happen that does so now and then."""
        return self.random.random() < share

    def fraction(self) -> str:
        """Return a number such as a rate."""
        return f"{10 ** self.random.uniform(-5, 1):.3g}"

    def count(self) -> str:
        """Return a whole number."""
        return str(self.pick([0, 1, 2, 3, 5, 10, 30, 100, 1000, -1, 10**6]))

    def value(self, depth: int = 0) -> str:
        """Return anything that may stand for an argument."""
        choice = self.random.random()
        if choice < 0.3:
            return self.fraction()
        if choice < 0.45:
            return self.count()
        if choice < 0.7:
            return str(self.pick(BAD_NUMBERS))
        if choice < 0.73:
            return str(self.pick(_ATTACKS))
        if choice < 0.8:
            return f"[{', '.join(self.value(depth + 1) for _ in range(self.random.randrange(4)))}]"
        if choice < 0.85:
            return f"'{self.pick(['linear', 'cosine', '1-sqrt', 'relu', 'tanh', 'mse', 'x' * 300])}'"
        return self.expression(self.pick([*self.kinds]), depth + 1)

    def expression(self, kind: str, depth: int = 0) -> str:
        """Return an expression that is meant to be a record of a kind."""
        if depth > 3:
            return self.fraction()
        choice = self.random.random()
        if choice < 0.06:
            return str(self.pick(_ATTACKS))
        if choice < 0.25:
            return f"{self.pick(self.libraries)}({self._arguments([], depth)})"
        cls = self.pick(self.kinds[kind])
        made = self._demo(cls) if choice < 0.6 else f"{cls.__name__}({self._arguments(_names(cls), depth)})"
        if kind == "schedule":
            while self.chance(0.4):
                made = self._changed(made, depth)
        return made

    def _demo(self, cls: type[Any]) -> str:
        """Return a good instance, or one with an argument that is none."""
        from stepsize.parsing import demo_of

        demo = demo_of(cls)
        texts = {name: repr(list(v) if isinstance(v, tuple) else v) for name, v in demo.items()}
        if self.chance(0.5) and _names(cls):
            texts[self.pick(_names(cls))] = self.value(3)
        return f"{cls.__name__}({', '.join(f'{name}={text}' for name, text in texts.items())})"

    def _arguments(self, names: list[str], depth: int) -> str:
        count = self.random.randrange(4)
        words = [self.value(depth + 1) for _ in range(count)]
        known = [*names, "lr", "learning_rate", "steps", "momentum", "nonsense", "lr"]
        words += [f"{self.pick(known)}={self.value(depth + 1)}" for _ in range(self.random.randrange(3))]
        return ", ".join(words)

    def _changed(self, made: str, depth: int) -> str:
        if self.chance(0.3):
            other = self.value(depth + 1)
            return f"({made}) {self.pick('+-*/')} {other}" if self.chance(0.7) else f"{other} * ({made})"
        method = self.pick([*_METHODS])
        pattern = self.pick(_METHODS[method])
        inside = pattern
        for mark, fill in (
            ("{s}", self._inner),
            ("{n}", self.count),
            ("{f}", self.fraction),
            ("{v}", self.value),
        ):
            while mark in inside:
                inside = inside.replace(mark, fill(), 1)
        return f"{made}.{method}({inside})"

    def _inner(self) -> str:
        return self.expression("schedule", 3)

    def endless(self) -> str:
        """Return something too long, too deep or too large."""
        n = self.pick([40, 99, 101, 200, 1000, 5000, 50_000])
        return str(
            self.pick(
                [
                    "-" * n + "1",
                    "- " * n + "1",
                    "(" * n + "1" + ")" * n,
                    "[" * n + "]" * n,
                    "(" * n,
                    "Constant(0.1)" + ".floor(1e-4)" * n,
                    "Constant(0.1)" + ".cooldown(5, at=3)" * min(n, 45),
                    "Constant(0.1)" + ".warmup(5)" * min(n, 45),
                    " + ".join(["Constant(0.1)"] * n),
                    " * ".join(["0.5"] * n),
                    "**".join(["1"] * n),
                    "Lookahead(" * n + "SGD()" + ")" * n,
                    "SGD(lr=" * n + "1" + ")" * n,
                    "x" * n,
                    "SGD(" + "lr=0.1," * n + ")",
                    "SGD(lr='" + "x" * n + "')",
                    "Quadratic([" + "1," * n + "])",
                    f"[{'[1]*10**5,' * n}]",
                    f"SGD(lr=[0.1]*{n})",
                    f"Rosenbrock({10 ** self.random.randrange(1, 30)})",
                    f"DiagonalLinearNetwork({n}, {n * 10**6})",
                    f"DigitsMLP([{n * 10**5}, {n * 10**5}])",
                    f"Quadratic([1]*{n})",
                    ".a" * n,
                    "SGD" + "()" * n,
                    "not " * n + "1",
                    "1 if 1 else " * n + "1",
                    "lambda: " * n + "1",
                    "\x00" * n,
                    "\U0001d7d9" * n,
                ]
            )
        )


def _of_packages(kind: Any) -> list[type[Any]]:
    ours = ("optim", "schedules", "problems", "stepsize")
    return [cls for cls in registered(kind) if cls.__module__.split(".")[0] in ours]


def _names(cls: type[Any]) -> list[str]:
    return [*getattr(cls, "__dataclass_fields__", {})]


def mutated(text: str, source: random.Random) -> str:
    """Return a text with a few characters lost, doubled, changed or exchanged."""
    letters = list(text)
    for _ in range(source.randrange(1, 4)):
        if not letters:
            break
        at = source.randrange(len(letters))
        match source.randrange(5):
            case 0:
                del letters[at]
            case 1:
                letters.insert(at, letters[at])
            case 2:
                letters[at] = source.choice("()[]{},.=*+-/'\"0123456789eE_ \n\t\x00\\:;#@!~<>|&%$é\u0661")
            case 3:
                other = source.randrange(len(letters))
                letters[at], letters[other] = letters[other], letters[at]
            case _:
                del letters[at : at + source.randrange(1, 12)]
    return "".join(letters)
