"""Slips in velocities, the look ahead, Adagrad's sum, Adadelta's updates and weight decay."""

from collections.abc import Iterator

from optim.testing.mistakes.substitutions import Slip

__all__ = ["STEPS"]

# The lines of velocities and of sums: name, sign, and what enters.
_VELOCITY = r"^(\s+)({names}) = h\.momentum \* \2 ([+-]) (.+)$"
_SUM = r"^(\s+)(s) = s \+ (.+)$"


def _velocities() -> Iterator[Slip]:
    """Yield what goes wrong in a velocity, the rate outside or inside."""
    line = _VELOCITY.format(names="m|v")

    def slip(words: str, wrong: str) -> Slip:
        return Slip(words, ((line, rf"\1\2 = {wrong}"),))

    yield slip("with the gradient damped by 1 - momentum", r"h.momentum * \2 \3 (1 - h.momentum) * \4")
    yield slip(
        "with the gradient damped twice: (1 - momentum)^2", r"h.momentum * \2 \3 (1 - h.momentum) ** 2 * \4"
    )
    yield slip("with the momentum on the gradient as well", r"h.momentum * (\2 \3 \4)")
    yield slip("with the momentum on the gradient in place of the velocity", r"\2 \3 h.momentum * \4")
    yield slip("with the sign of the old velocity flipped", r"-h.momentum * \2 \3 \4")
    yield slip("with the velocity divided by the momentum in place of multiplied", r"\2 / h.momentum \3 \4")
    yield slip("with the old velocity kept whole: the momentum is missing", r"\2 \3 \4")
    yield slip("with 1 - momentum in place of the momentum", r"(1 - h.momentum) * \2 \3 \4")
    yield slip(
        "with momentum and 1 - momentum in each other's place",
        r"(1 - h.momentum) * \2 \3 h.momentum * \4",
    )
    start = r"2 * h.momentum * g if h.t == 1 else h.momentum * m + g"
    for entering in ("g", r"share \* g"):
        yield Slip(
            "with its velocity started as the gradient's own array, which the update then writes to",
            ((rf"^(\s+m = )h\.momentum \* m \+ {entering}$", rf"\g<1>{start}"),),
        )
    yield slip("with the momentum squared", r"h.momentum * h.momentum * \2 \3 \4")
    yield slip("that forgets its velocity: only the newest gradient enters", r"\3 \4")
    yield slip("that forgets its velocity, damped by 1 - momentum", r"\3 (1 - h.momentum) * \4")
    inside = r"^(\s+)v = h\.momentum \* v - h\.lr \* g$"
    for words, wrong in (
        ("with a first velocity that lacks the rate", "-g if h.t == 1 else h.momentum * v - h.lr * g"),
        (
            "with a first velocity that lacks the rate and the minus",
            "g if h.t == 1 else h.momentum * v - h.lr * g",
        ),
        ("with a first velocity that lacks the minus", "h.lr * g if h.t == 1 else h.momentum * v - h.lr * g"),
        (
            "with a velocity that starts at the first gradient, without the rate",
            "(-h.momentum * g if h.t == 1 else h.momentum * v) - h.lr * g",
        ),
        ("with the rate and the momentum in each other's place", "h.lr * v - h.momentum * g"),
        ("with the rate on the old velocity as well", "h.lr * (h.momentum * v - g)"),
        ("with the rate on the old velocity, not on the gradient", "h.lr * h.momentum * v - g"),
        ("with the rate missing in the velocity", "h.momentum * v - g"),
        ("with the rate twice in the velocity", "h.momentum * v - h.lr * h.lr * g"),
        ("with the sign of the gradient flipped in the velocity", "h.momentum * v + h.lr * g"),
    ):
        yield Slip(words, ((inside, rf"\1v = {wrong}"),))


def _look_ahead() -> Iterator[Slip]:
    """Yield what goes wrong in Nesterov's look ahead, the rate outside or inside the velocity."""
    places = (
        ("without the look ahead: plain momentum, whose gradient is taken at the wrong point", "m", "v"),
        ("with the look ahead alone: the gradient is missing", "h.momentum * m", "h.momentum * v"),
        ("with the sign of the look ahead flipped", "g - h.momentum * m", "-h.momentum * v - h.lr * g"),
        (
            "with the velocity in place of the gradient in the look ahead",
            "m + h.momentum * m",
            "v + h.momentum * v",
        ),
        ("with the look ahead not multiplied by the momentum", "g + m", "v - h.lr * g"),
        (
            "with the velocity added besides the look ahead",
            "g + h.momentum * m + m",
            "h.momentum * v - h.lr * g + v",
        ),
        (
            "with gradient and velocity in each other's place in the look ahead",
            "m + h.momentum * g",
            "v - h.momentum * h.lr * g",
        ),
        (
            "with the new velocity where the one before belongs in the look ahead",
            "(1 + h.momentum) * g + h.momentum * h.momentum * m",
            "h.momentum * h.momentum * v - (1 + h.momentum) * h.lr * g",
        ),
    )
    for words, outside, inside in places:
        yield Slip(words, ((r"^(\s+)return \(g \+ h\.momentum \* m, ", rf"\1return ({outside}, "),))
        yield Slip(
            words, ((r"^(\s+)return \(x \+ h\.momentum \* v - h\.lr \* g, ", rf"\1return (x + ({inside}), "),)
        )
    # x - mu v_old + (1 + mu) v, with its first sign flipped or its second factor lost.
    keep = (r"^(\s+)(v = h\.momentum \* v - h\.lr \* g)$", r"\1old = v\n\1\2")
    back = r"^(\s+)return \(x \+ h\.momentum \* v - h\.lr \* g, "
    yield Slip(
        "with the sign of the velocity before flipped in the look ahead",
        (keep, (back, r"\1return (x + h.momentum * old + (1 + h.momentum) * v, ")),
    )
    yield Slip(
        "with signs flipped in the look ahead: x + mu v_before - (1 + mu) v",
        (keep, (back, r"\1return (x + h.momentum * old - (1 + h.momentum) * v, ")),
    )


def _sums() -> Iterator[Slip]:
    """Yield what goes wrong in Adagrad's sum."""
    yield Slip("that forgets to sum: only the newest square enters", ((_SUM, r"\1\2 = \3"),))
    yield Slip(
        "with the mean of the squares in place of their sum",
        ((_SUM, r"\1s = (s + \3)"), (r"sqrt\(s\b", "sqrt(s / h.t")),
    )
    yield Slip(
        "with the gradients summed, and the sum squared",
        ((_SUM, r"\1s = s + g"), (r"sqrt\(s\b", "sqrt(s * s")),
    )
    yield Slip(
        "with the absolute values summed, and no root", ((_SUM, r"\1s = s + abs(g)"), (r"sqrt\(s\)", "s"))
    )
    yield Slip("with a minus in the sum", ((_SUM, r"\1s = s - \3"),))
    for rho in (0.9, 0.95, 0.99, 0.999):
        yield Slip(
            f"with a fading average in place of the sum (rho = {rho:g}), as RMSprop",
            ((_SUM, rf"\1s = {rho} * s + (1 - {rho}) * (\3)"),),
        )
        yield Slip(
            f"with a fading sum in place of the sum (rho = {rho:g})", ((_SUM, rf"\1s = {rho} * s + \3"),)
        )


def _updates() -> Iterator[Slip]:
    """Yield what goes wrong in Adadelta's average of updates."""
    yield Slip("with gradients averaged in place of updates", ((r"\(d \* d\)", "(g * g)"),))
    yield Slip("with the update not squared in the average of updates", ((r"\(d \* d\)", "abs(d)"),))
    yield Slip("with the update times the gradient in the average of updates", ((r"\(d \* d\)", "(d * g)"),))
    yield Slip("with the update not squared in the average of updates", ((r"\(d \* d\)", "d"),))
    yield Slip("with the rate in the memory of updates", ((r"\(d \* d\)", "(h.lr * d * (h.lr * d))"),))
    yield Slip(
        "with the new average of updates used in the step, where the one before belongs",
        ((r"^(\s+)return \(d, ", r"\1d = sqrt(delta + h.eps) / sqrt(s + h.eps) * g\n\1return (d, "),),
    )
    quotient = r"sqrt\(delta \+ h\.eps\) / sqrt\(s \+ h\.eps\) \* g"
    for words, wrong in (
        ("with the quotient upside down", "sqrt(s + h.eps) / sqrt(delta + h.eps) * g"),
        ("without the gradients' root in the quotient", "sqrt(delta + h.eps) * g"),
        ("without the updates' root in the quotient, as RMSprop", "g / sqrt(s + h.eps)"),
        ("without eps in the numerator: it never moves", "sqrt(delta) / sqrt(s + h.eps) * g"),
        ("without eps in the denominator", "sqrt(delta + h.eps) / sqrt(s) * g"),
        ("with eps outside the roots", "(sqrt(delta) + h.eps) / (sqrt(s) + h.eps) * g"),
        ("with eps outside the root in the denominator", "sqrt(delta + h.eps) / (sqrt(s) + h.eps) * g"),
        ("with eps outside the root in the numerator", "(sqrt(delta) + h.eps) / sqrt(s + h.eps) * g"),
        (
            "with eps outside the root in the denominator, and none in the numerator",
            "sqrt(delta) / (sqrt(s) + h.eps) * g",
        ),
        ("without the roots", "(delta + h.eps) / (s + h.eps) * g"),
        ("without the root in the numerator", "(delta + h.eps) / sqrt(s + h.eps) * g"),
        ("without the root in the denominator", "sqrt(delta + h.eps) / (s + h.eps) * g"),
        ("with the gradient missing", "sqrt(delta + h.eps) / sqrt(s + h.eps)"),
    ):
        yield Slip(words, ((quotient, wrong),))
    yield Slip(
        "with the average of updates made before the step",
        (
            (rf"^(\s+)d = {quotient}$", r"\1pass"),
            (
                r"^(\s+)delta = .*$",
                r"\1d = sqrt(delta + h.eps) / sqrt(s + h.eps) * g"
                r"\n\1delta = h.rho * delta + (1 - h.rho) * (d * d)"
                r"\n\1d = sqrt(delta + h.eps) / sqrt(s + h.eps) * g",
            ),
        ),
    )


def _decays() -> Iterator[Slip]:
    """Yield what goes wrong in weight decay."""
    term = r" \+ (h\.weight_decay|share) \* x"
    yield Slip("with the sign of the weight decay flipped", ((term, r" - \1 * x"),))
    yield Slip("without its weight decay", ((term, ""),))
    yield Slip("with twice its weight decay", ((term, r" + 2 * \1 * x"),))
    yield Slip("with half its weight decay", ((term, r" + 0.5 * \1 * x"),))
    yield Slip("with the rate twice in its weight decay", ((term, r" + h.lr * \1 * x"),))
    yield Slip("without the rate in its weight decay", ((term, r" + \1 / h.lr * x"),))
    yield Slip(
        "with the weight decay of the point after the step",
        ((r"d \+ (h\.weight_decay|share) \* x", r"d + \1 * (x - h.lr * d)"),),
    )


STEPS: tuple[Slip, ...] = (
    *_velocities(),
    *_look_ahead(),
    *_sums(),
    *_updates(),
    *_decays(),
)
