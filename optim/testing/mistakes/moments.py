"""Slips in averages, their correction, squares, roots and eps."""

from collections.abc import Iterator

from optim.testing.mistakes.substitutions import Slip

__all__ = ["MOMENTS"]

# The lines of averages: name, beta, and what enters; and of velocities.
_AVERAGE = r"^(\s+)({names}) = h\.(\w+) \* \2 \+ \(1 - h\.\3\) \* (.+)$"
_VELOCITY = r"^(\s+)({names}) = h\.momentum \* \2 ([+-]) (.+)$"


def _corrections() -> Iterator[Slip]:
    """Yield what goes wrong in 1 - beta^t."""
    groups = (
        ("bias correction", "(beta1|beta2|rho)"),
        ("bias correction of the mean", "(beta1)"),
        ("bias correction of the mean square", "(beta2)"),
    )
    for what, betas in groups:
        right = rf"1 - h\.{betas} \*\* h\.t"

        def slip(words: str, wrong: str, right: str = right) -> Slip:
            return Slip(words, ((right, wrong),))

        yield slip(
            f"with the {what} by 1 - beta, without the power t (a t that stays at 1 does the same)",
            r"1 - h.\1",
        )
        yield slip(f"with the power outside in the {what}: (1 - beta)^t", r"(1 - h.\1) ** h.t")
        yield slip(f"with beta t in place of beta^t in the {what}", r"1 - h.\1 * h.t")
        yield slip(f"with the {what} by beta^t in place of 1 - beta^t", r"h.\1 ** h.t")
        yield slip(f"with the {what} by 1 + beta^t in place of 1 - beta^t", r"1 + h.\1 ** h.t")
        yield slip(f"multiplied by the {what} in place of divided", r"1 / (1 - h.\1 ** h.t)")
        there = what.replace("bias correction", "").replace(" of ", " in the correction of ")
        yield slip(f"with t one too small{there}, counted from 0", r"1 - h.\1 ** (h.t - 1)")
        yield slip(f"with t one too large{there}, counted from 2", r"1 - h.\1 ** (h.t + 1)")
        yield slip(f"with t counted twice an update{there}", r"1 - h.\1 ** (2 * h.t)")
        yield slip(f"with the {what} made twice", r"(1 - h.\1 ** h.t) ** 2")
        yield slip(f"with a root of the {what}", r"sqrt(1 - h.\1 ** h.t)")
    first, second = r"1 - h\.beta1 \*\* h\.t", r"1 - h\.beta2 \*\* h\.t"
    yield Slip(
        "with beta1 and beta2 swapped in the bias correction",
        ((first, "1 - h.held ** h.t"), (second, "1 - h.beta1 ** h.t"), ("held", "beta2")),
    )
    yield Slip("with beta1 in both bias corrections", ((second, "1 - h.beta1 ** h.t"),))
    yield Slip("with beta2 in both bias corrections", ((first, "1 - h.beta2 ** h.t"),))
    yield Slip(
        "without the root of the correction of the mean square: (1 - beta2^t), not its root",
        ((second, "(1 - h.beta2 ** h.t) ** 2"),),
    )
    yield Slip(
        "with the two corrections in each other's place",
        (
            (first, "1 - h.held ** h.t"),
            (second, "(1 - h.beta1 ** h.t) ** 2"),
            (r"1 - h\.held", "sqrt(1 - h.beta2"),
            (r"(sqrt\(1 - h\.beta2 \*\* h\.t)", r"\1)"),
        ),
    )
    yield Slip("with the corrected averages kept as the averages", ((r"\(m, v\)\)$", "(m_hat, v_hat))"),))
    yield Slip("with the corrected mean kept as the mean", ((r"\(m, v\)\)$", "(m_hat, v))"),))
    yield Slip("with the corrected mean square kept as the mean square", ((r"\(m, v\)\)$", "(m, v_hat))"),))


def _averages() -> Iterator[Slip]:
    """Yield what goes wrong in beta m + (1 - beta) g."""
    groups = (
        ("its averages", "m|v|s|delta"),
        ("the mean", "m"),
        ("the mean square", "v|s"),
        ("the average of updates", "delta"),
    )
    for what, names in groups:
        line = _AVERAGE.format(names=names)

        def slip(words: str, wrong: str, line: str = line) -> Slip:
            return Slip(words, ((line, rf"\1\2 = {wrong}"),))

        factor = "factors" if "averages" in what else "factor"
        yield slip(f"without the {factor} 1 - beta in {what}", r"h.\3 * \2 + \4")
        yield slip(f"with beta and 1 - beta in each other's place in {what}", r"(1 - h.\3) * \2 + h.\3 * \4")
        yield slip(f"with beta in place of 1 - beta in {what}", r"h.\3 * \2 + h.\3 * \4")
        yield slip(f"with 1 - beta in place of beta in {what}", r"(1 - h.\3) * \2 + (1 - h.\3) * \4")
        yield slip(f"with the old value kept whole in {what}, not beta times it", r"\2 + (1 - h.\3) * \4")
        yield slip(f"with a sum in place of an average in {what}", r"\2 + \4")
        yield slip(f"with a minus in {what}", r"h.\3 * \2 - (1 - h.\3) * \4")
        yield slip(f"with the old value subtracted in {what}", r"-h.\3 * \2 + (1 - h.\3) * \4")
        yield slip(f"that forgets {what}: only the newest value enters", r"(1 - h.\3) * \4")
        yield slip(f"with the newest value in place of {what}", r"\4")
        yield slip(f"with the newest value added after the factor beta in {what}", r"h.\3 * (\2 + \4)")
        yield slip(f"with the square of the factor 1 - beta in {what}", r"h.\3 * \2 + (1 - h.\3) ** 2 * \4")
    for name, wrong in (("m", "beta2"), ("v", "beta1")):
        what = "mean" if name == "m" else "mean square"
        own = "beta1" if name == "m" else "beta2"
        yield Slip(
            f"with 1 - {wrong} in the {what}, where 1 - {own} belongs",
            ((rf"^(\s+{name} = h\.{own} \* {name} \+ )\(1 - h\.{own}\)", rf"\1(1 - h.{wrong})"),),
        )
        yield Slip(
            f"with {wrong} in the {what}, where {own} belongs",
            ((rf"^(\s+{name} = )h\.{own} \* {name}", rf"\1h.{wrong} * {name}"),),
        )
    yield Slip(
        "with 1 - beta1 and 1 - beta2 in each other's place",
        (
            (r"^(\s+m = .*)\(1 - h\.beta1\)", r"\1(1 - h.beta2)"),
            (r"^(\s+v = .*)\(1 - h\.beta2\)", r"\1(1 - h.beta1)"),
        ),
    )


def _late() -> Iterator[Slip]:
    """Yield uses of a value from before the update, and of what is stored."""
    for what, names in (
        ("its state", "m|v|s|delta"),
        ("the mean", "m"),
        ("the mean square", "v|s"),
    ):
        stored = rf"\b({names})\b(?=[^()]*\)\)$)"
        yield Slip(
            f"with {what} one update late: the step is made before the new gradient enters",
            ((rf"^(\s+)({names}) = (?!h\.momentum)(.+)$", r"\1\2_new = \3"), (stored, r"\1_new")),
        )
    velocity = _VELOCITY.format(names="m|v")
    yield Slip(
        "with the velocity one late: the step is made before the new gradient enters",
        (
            (velocity, r"\1new = h.momentum * \2 \3 \4"),
            (r"^(\s+return .*)\((m|v),\)\)$", r"\1(new,))"),
        ),
    )
    yield Slip("that remembers the last gradient alone, not the velocity", ((r"\(m,\)\)$", "(g,))"),))
    yield Slip("that remembers the last gradient alone, not the velocity", ((r"\(v,\)\)$", "(-h.lr * g,))"),))
    yield Slip("with the root kept as the sum of squares", ((r"\(s,\)\)$", "(sqrt(s),))"),))
    yield Slip("with the root kept as the mean square", ((r"\(m, v\)\)$", "(m, sqrt(v)))"),))
    yield Slip("with the root kept as the sum of squares", ((r"\(s,\)\)$", "(root,))"),))


def _squares() -> Iterator[Slip]:
    """Yield what goes wrong in g * g and in the root."""
    yield Slip("with the rate inside the square", ((r"\(?g \* g\)?", "(h.lr * g * (h.lr * g))"),))
    yield Slip(
        "with absolute values averaged, and no root",
        ((r"\(?g \* g\)?", "abs(g)"), (r"sqrt\((v_hat|s_hat|s)\)", r"\1")),
    )
    yield Slip("with 2 g in place of g^2", ((r"\(?g \* g\)?", "2 * g"),))
    for words, total in (("the sum", "sum"), ("the mean", "mean"), ("the largest", "max")):
        yield Slip(
            f"with one second moment for all coordinates, {words} of their squares",
            ((r"\(?g \* g\)?", f"(g * g).{total}()"),),
        )
    yield Slip(
        "with one second moment for all coordinates, the norm of the gradient, not squared",
        ((r"\(?g \* g\)?", "sqrt((g * g).sum())"),),
    )
    yield Slip(
        "with the factor 1 - beta squared together with the gradient",
        ((r"\(1 - h\.(\w+)\) \* \(g \* g\)", r"((1 - h.\1) * g) * ((1 - h.\1) * g)"),),
    )
    yield Slip("with the mean squared in place of the gradient", ((r"^(\s+v = .*)\(g \* g\)", r"\1(m * m)"),))
    yield Slip("with the gradient squared in place, before the mean uses it", ((r"\* g$", "* (g * g)"),))
    yield Slip(
        "with the gradient multiplied in place by 1 - beta1, before its square is taken",
        ((r"^(\s+v = .*)\(g \* g\)", r"\1((1 - h.beta1) * g * ((1 - h.beta1) * g))"),),
    )
    yield Slip(
        "without the square root",
        ((r"sqrt\((v_hat|s_hat|s)\)", r"\1"), (r"sqrt\((\w+ \+ h\.eps)\)", r"(\1)")),
    )
    yield Slip(
        "with a cube root in place of the square root", ((r"sqrt\((v_hat|s_hat|s)\)", r"\1 ** (1 / 3)"),)
    )
    yield Slip(
        "multiplied by the root in place of divided",
        ((r"m_hat / ", "m_hat * "), (r"g / root", "g * root")),
    )
    yield Slip("with the gradient in place of its mean", ((r"\(m_hat / ", "(g / "),))
    yield Slip(
        "with the mean over the root of the mean, not of the mean square",
        ((r"sqrt\(v_hat\)", "sqrt(abs(m_hat))"),),
    )
    yield Slip(
        "with the gradient missing: a step of one over the root",
        ((r"\(m_hat / ", "(1 / "), (r"\(g / root", "(1 / root")),
    )


def _epsilons() -> Iterator[Slip]:
    """Yield what goes wrong with eps."""
    outside = r"sqrt\((v_hat|s_hat|s)\) \+ (h\.eps|eps)"
    inside = r"sqrt\((s_hat|s|delta) \+ h\.eps\)"
    yield Slip(
        "with eps inside the root, before the correction",
        ((r"sqrt\(v_hat\) \+ eps", "sqrt(v_hat + h.eps / (1 - h.beta2 ** h.t))"),),
    )
    yield Slip("with eps outside the root", ((inside, r"(sqrt(\1) + h.eps)"),))
    yield Slip("with the square of eps inside the root", ((outside, r"sqrt(\1 + \2 * \2)"),))
    yield Slip(
        "with the larger of the root and eps in place of their sum", ((outside, r"np.maximum(sqrt(\1), \2)"),)
    )
    yield Slip("with eps multiplied in place of added", ((outside, r"sqrt(\1) * \2"),))
    yield Slip(
        "with eps outside the quotient: a bracket is missing",
        (
            (r"m_hat / \(sqrt\(v_hat\) \+ eps\)", "m_hat / sqrt(v_hat) + eps"),
            (r"g / root", "g / sqrt(s) + h.eps"),
        ),
    )
    for sign, words in (("+", "added to x's step"), ("-", "subtracted from x's step")):
        yield Slip(
            f"with eps {words}, outside the quotient: a bracket is missing",
            (
                (r"m_hat / \(sqrt\(v_hat\) \+ eps\)", f"m_hat / sqrt(v_hat) {sign} eps / h.lr"),
                (r"g / root", f"g / sqrt(s) {sign} h.eps / h.lr"),
            ),
        )
    yield Slip("with eps in the numerator too", ((r"\(m_hat / ", "((m_hat + eps) / "),))


def _shared() -> Iterator[Slip]:
    """Yield the averages that are one array under two names."""
    words = "with its two averages in one array: m = v = zeros makes one, and each writes over the other"
    yield Slip(words, ((r"^(\s+)(m = h\..*)$", r"\1\2\n\1v = m"), (r"^(\s+)(v = h\..*)$", r"\1\2\n\1m = v")))
    yield Slip(
        words.replace("m = v", "s = delta"),
        ((r"^(\s+)(s = h\..*)$", r"\1\2\n\1delta = s"), (r"^(\s+)(delta = h\..*)$", r"\1\2\n\1s = delta")),
    )


MOMENTS: tuple[Slip, ...] = (
    *_corrections(),
    *_averages(),
    *_late(),
    *_squares(),
    *_epsilons(),
    *_shared(),
)
