"""What goes wrong in rules that know layers: in their matrices, their norms, their factors."""

from collections.abc import Iterator

from optim.optimizer import Optimizer
from optim.testing.mistakes.substitutions import Slip
from optim.testing.roles import AnyRule

__all__ = ["LAYER_SLIPS", "layer_methods", "layer_numbers"]

# The methods of a rule with layers, besides its direction and update, that have a part of its arithmetic.
_METHODS: tuple[str, ...] = (
    "gathered",
    "looking_ahead",
    "norm",
    "scale",
    "orthogonal",
    "adam_step",
    "other_step",
)
_METHODS += ("rate", "share", "squares", "normalised", "over_root", "of_rank_one")

_QUINTIC, _CUBIC, _GENTLE = (3.4445, -4.775, 2.0315), (1.5, -0.5, 0.0), (2.0, -1.5, 0.5)


def layer_methods(optimizer: AnyRule) -> Iterator[tuple[type, str]]:
    """Yield what else of a rule may be mistaken, where it knows layers: class and method."""
    for cls in type(optimizer).__mro__:
        if hasattr(optimizer, "shapes") and issubclass(cls, Optimizer):
            yield from ((cls, name) for name in _METHODS if name in cls.__dict__)


def layer_numbers(optimizer: AnyRule) -> Iterator[tuple[str, Optimizer]]:
    """Yield rules with layers one of whose switches or counts is another one that people use."""
    if not hasattr(optimizer, "shapes"):
        return
    for name, words in (("nesterov", "Nesterov's look ahead"), ("relative", "a rate that falls by itself")):
        if isinstance(getattr(optimizer, name, None), bool):
            there = getattr(optimizer, name)
            yield f"{'without' if there else 'with'} {words}", optimizer.replace(**{name: not there})
    if isinstance(getattr(optimizer, "momentum", None), float):
        yield "with the weights of its momentum exchanged", optimizer.replace(momentum=1 - optimizer.momentum)
    for count in range(1, 13) if hasattr(optimizer, "iterations") else ():
        if count != optimizer.iterations:
            words = f"with {count} iterations in place of {optimizer.iterations}"
            yield words, optimizer.replace(iterations=count)
    for numbers in (_QUINTIC, _CUBIC, _GENTLE) if hasattr(optimizer, "coefficients") else ():
        if numbers != optimizer.coefficients:
            words = f"with the coefficients {numbers} of the iteration"
            yield words, optimizer.replace(coefficients=numbers)
            for count in (1, 3, 6, 8, 10, 12, 15, 20, 30):
                more = optimizer.replace(coefficients=numbers, iterations=count)
                yield f"{words}, and {count} of them", more
    for name, value, words in (("clip", 1e300, "without clipping its steps"), ("eps2", 1.0, "with eps2 = 1")):
        if isinstance(getattr(optimizer, name, None), float):
            yield words, optimizer.replace(**{name: value})


def _muon() -> Iterator[Slip]:
    """Yield what goes wrong between the momentum of a matrix and its step."""
    factor, ahead = r"self\.scale\(\*shape, h\)", r"self\.orthogonal\(self\.looking_ahead\(m, g, h\), h\)"
    iteration = r"orthogonalized\(unit, h\.coefficients, h\.iterations\)"
    for words, wrong in (
        ("without the factor of a matrix' shape", "1.0"),
        ("with rows and columns exchanged in its factor", "self.scale(*shape[::-1], h)"),
        ("without the root in its factor", "self.scale(*shape, h) ** 2"),
        ("with the root of the rows as its factor", "shape[0] ** 0.5"),
        ("with the root of the columns as its factor", "shape[1] ** 0.5"),
        ("with the root of the longer side as its factor", "max(shape) ** 0.5"),
        ("with 0.2 times the root of the longer side as its factor", "0.2 * max(shape) ** 0.5"),
        ("with the root of rows over columns as its factor, also below 1", "(shape[0] / shape[1]) ** 0.5"),
        ("with the root of columns over rows as its factor, also below 1", "(shape[1] / shape[0]) ** 0.5"),
    ):
        yield Slip(words, ((factor, wrong),))
    for words, wrong in (
        ("without the norm ahead of the iteration", "matrix"),
        ("with each row divided by its norm ahead of the iteration", _rowed(-1)),
        ("with each column divided by its norm ahead of the iteration", _rowed(-2)),
        (
            "with the largest entry in place of the norm",
            "matrix / abs(matrix).max(axis=(-2, -1), keepdims=True)",
        ),
        ("with the square of the norm", "matrix / self.norm(matrix, h) ** 2"),
        (
            "with the largest singular value in place of the norm",
            "matrix / np.linalg.norm(matrix, ord=2, axis=(-2, -1), keepdims=True)",
        ),
    ):
        yield Slip(words, ((r"matrix / self\.norm\(matrix, h\)", wrong),))
    yield Slip("without the iteration: the momentum over its norm", ((iteration, "unit"),))
    yield Slip("with the momentum times its factor, not made orthogonal", ((iteration, "matrix"),))
    yield Slip("with an exact orthogonal factor in place of the iteration", ((iteration, _polar()),))
    yield Slip("with the iteration on the transposed matrix, not turned back", ((iteration, _turned()),))
    yield Slip(
        "without momentum: the gradient itself is made orthogonal", ((ahead, "self.orthogonal(g, h)"),)
    )
    yield Slip(
        "with the gradient made orthogonal ahead of the momentum, not the momentum",
        (
            (r"self\.gathered\(m, g, h\)", "self.gathered(m, self.orthogonal(g, h), h)"),
            (ahead, "self.looking_ahead(m, self.orthogonal(g, h), h)"),
        ),
    )
    yield Slip("with the momentum alone, not made orthogonal", ((ahead, "self.looking_ahead(m, g, h)"),))
    average = r"h\.momentum \* m \+ \(1 - h\.momentum\) \* g"
    yield Slip("with gradients added up in its momentum, not averaged", ((average, "h.momentum * m + g"),))


def _rowed(axis: int) -> str:
    return f"matrix / np.sqrt((matrix * matrix).sum(axis={axis}, keepdims=True))"


def _polar() -> str:
    return "(lambda usv: usv[0] @ usv[2])(np.linalg.svd(unit, full_matrices=False))"


def _turned() -> str:
    turned = "orthogonalized(unit.swapaxes(-2, -1), h.coefficients, h.iterations)"
    return f"{turned}.reshape(unit.shape)"


def _quotients() -> Iterator[Slip]:
    """Yield what goes wrong in one number a layer."""
    ratio = r"trust_ratio\(x, r, h\.shapes\) \* r"
    for words, wrong in (
        ("without the quotient of norms, which leaves Adam's step", "r"),
        ("with the quotient of norms upside down", "r / trust_ratio(x, r, h.shapes)"),
        ("with one quotient of norms for all layers", "trust_ratio(x, r, None) * r"),
        ("with the norm of the gradient in the quotient", "trust_ratio(x, g, h.shapes) * r"),
        ("with the norm of x alone, without the step's", f"{_where('ours')} * r"),
        ("with the step's norm alone, without that of x", f"{_where('1.0 / theirs')} * r"),
        (
            "with the weight decay outside the quotient",
            "(lambda d: trust_ratio(x, d, h.shapes) * d)(r - h.weight_decay * x) + h.weight_decay * x",
        ),
        ("with the quotient held at 10", "np.minimum(trust_ratio(x, r, h.shapes), 10.0) * r"),
        ("with the quotient held at 1", "np.minimum(trust_ratio(x, r, h.shapes), 1.0) * r"),
    ):
        yield Slip(words, ((ratio, wrong),))
    yield Slip("with one quotient of norms for all layers", ((r", h\.shapes\)", ", None)"),))
    trust = r"h\.trust \* size / np\.where\(still, 1\.0, slope \+ h\.eps\)"
    yield Slip("without the trust coefficient", ((trust, "size / np.where(still, 1.0, slope + h.eps)"),))
    yield Slip("without the norms: one rate for all layers", ((trust, "h.trust"),))
    yield Slip(
        "with the quotient of norms upside down", ((trust, "h.trust * slope / np.where(still, 1.0, size)"),)
    )
    yield Slip(
        "without the decay in its denominator",
        ((r"slope = slope \+ h\.weight_decay \* size", "slope = slope"),),
    )
    yield Slip(
        "without the root of its second moment", ((r"np\.sqrt\(v \+ h\.eps_root\)", "(v + h.eps_root)"),)
    )
    yield Slip("with the norm in place of its square", ((r"square = length \* length", "square = length"),))
    first = r"square if h\.t == 1 else (h\.beta2 \* v \+ \(1 - h\.beta2\) \* square)"
    yield Slip("with its second moment started at 0", ((first, r"\1"),))


def _where(quotient: str) -> str:
    """Return the text of a quotient of two norms that is 1 where one of them is 0."""
    norms = "per_layer(lengths, x, h.shapes), per_layer(lengths, r, h.shapes)"
    return f"(lambda ours, theirs: np.where((ours > 0) & (theirs > 0), {quotient}, 1.0))({norms})"


def _factors() -> Iterator[Slip]:
    """Yield what goes wrong in a second moment of rows and columns."""
    relative = r"np\.maximum\(h\.eps2, per_layer\(rms, x, h\.shapes\)\) \* u"
    yield Slip("with steps that do not grow with the layer", ((relative, "u"),))
    yield Slip(
        "with one size for all layers", ((relative, "np.maximum(h.eps2, per_layer(rms, x, None)) * u"),)
    )
    length = "per_layer(lambda p: np.linalg.norm(p, axis=-1, keepdims=True), x, h.shapes)"
    yield Slip(
        "with the norm of a layer in place of its root mean square",
        ((relative, f"np.maximum(h.eps2, {length}) * u"),),
    )
    clipped = r"u / np\.maximum\(1\.0, rms\(u\) / h\.clip\)"
    yield Slip("without clipping its steps", ((clipped, "u"),))
    yield Slip("with every step brought to the size of the clip", ((clipped, "u / (rms(u) / h.clip)"),))
    rank = r"quotient\(R, mean\) \* C"
    yield Slip("without the mean of all in its product of rows and columns", ((rank, "R * C"),))
    yield Slip("with the root of rows times columns", ((rank, "np.sqrt(R * C)"),))
    yield Slip("without the root of its second moment", ((r"np\.sqrt\(variance\)", "variance"),))
    yield Slip(
        "with a decay of 0.999 that does not depend on the count", ((r"h\.t \*\* \(?-h\.decay\)?", "0.001"),)
    )
    yield Slip("with eps left out of the squares", ((r"g \* g \+ h\.eps1", "g * g"),))


LAYER_SLIPS: tuple[Slip, ...] = (*_muon(), *_quotients(), *_factors())
