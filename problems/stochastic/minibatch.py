"""Mini-batches: which examples of a finite sum an update uses, and the variance of their mean."""

from functools import cached_property, lru_cache
from typing import Any, ClassVar, Literal

import numpy as np

from problems.learning.finite_sum import Batch, FiniteSum, rows_of
from problems.learning.logistic import LogisticRegression
from problems.problem import Array
from problems.stochastic.estimate import Sampling, StochasticProblem, generator
from stepsize.core.display import counted
from stepsize.core.limits.ranges import PositiveInt
from stepsize.core.validation import describe_value, require

__all__ = ["MiniBatch"]

# Streams of random numbers that must not meet.
_EPOCH, _UPDATE, _LOAD = range(3)


class MiniBatch(StochasticProblem):
    r"""A finite sum of which each update uses a few examples.

    .. math:: f(x) = \frac1N \sum_{i=1}^N f_i(x), \qquad f_B(x) = \frac{1}{|B|} \sum_{i \in B} f_i(x)

    `fun`, `grad` and the facts (minimum, L, ...) are those of the whole sum, by which a run is judged. Update
    n uses ``at(n)``, the problem of its batch; the k-th evaluation along the line of update n
    uses ``sample(n, k)``. The batches follow from the seed, n and k alone: nothing counts, so a run that is
    stopped and resumed uses the same batches, and so do all runs of a sweep.

    Parameters
    ----------
    problem : FiniteSum
        A mean over examples, such as `LogisticRegression`.
    size : int
        Examples a batch.
    sampling : {"static", "dynamic", "full"}
        Whether one batch stays for all evaluations along the line of an update (static: the line is smooth,
        but biased), every evaluation has a fresh one (dynamic: unbiased, but the line is discontinuous
        everywhere), or every update uses the whole sum. Where each update evaluates once, static and dynamic
        are the same. The further evaluations of a dynamic line, of which nobody knows how many there will be,
        are drawn by themselves and are no part of an epoch.
    replacement : bool
        Whether a batch is drawn with replacement, independently of all others.
    shuffle : {"epoch", "slices", "update", "once", "never"}, optional
        How the order of the examples is found. "epoch", the default without replacement: a fresh permutation
        every epoch, each example once, the last batch smaller where `size` does not divide N. "slices":
        shuffled once into a ring, then contiguous slices of it that copy nothing, in a fresh order and from a
        fresh offset every epoch; the N mod size examples between the last and the first sit out that epoch.
        "update", the only one with replacement: every batch drawn by itself. "once": shuffled once, then the
        same order forever. "never": the order of the data.
    fpc : bool
        Whether the variances that `stats` of a batch gives are multiplied by 1 - size/N, the finite
        population correction for batches without replacement.
    rng : int, SeedSequence or Generator
        Source of randomness; a Generator gives one number, the seed.

    Raises
    ------
    TypeError, ValueError
        If the problem is no finite sum, the size is not from 1 to N or a word is unknown.

    References
    ----------
    Kafka and Wilke, "Traversing the noise of dynamic mini-batch sub-sampled loss functions", 2019 (static and
    dynamic). Mahsereci and Hennig, "Probabilistic line searches for stochastic optimization", JMLR 18 (2017)
    (the variances).

    Examples
    --------
    Two epochs of ten examples, three at a time:

    >>> from problems import LogisticRegression, two_gaussians
    >>> batches = MiniBatch(LogisticRegression(*two_gaussians(10)), size=3)
    >>> [batches.indices(n).tolist() for n in range(4)]
    [[1, 7, 9], [0, 6, 4], [5, 8, 2], [3]]
    >>> sorted(i for n in range(4, 8) for i in batches.indices(n).tolist())
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    >>> f, g, var_f, var_g = batches.at(0).stats(np.zeros(3))
    >>> round(float(f), 6), float(var_f), var_g.shape
    (0.693147, 0.0, (3,))
    """

    problem: FiniteSum
    size: PositiveInt
    sampling: Sampling = "static"
    replacement: bool = False
    shuffle: Literal["epoch", "slices", "update", "once", "never"] | None = None
    fpc: bool = False
    rng: Any = 0
    demo: ClassVar = {"problem": LogisticRegression(**LogisticRegression.demo), "size": 4}

    def check(self) -> None:
        """Validate that the problem is a finite sum of at least `size` examples, and the shuffling."""
        if isinstance(self.problem, type) or not hasattr(self.problem, "batch"):
            raise TypeError(
                f"problem: got {describe_value(self.problem)}, expected a finite sum such as BreastCancer()"
            )
        super().check()
        available = self.n_examples
        require(self.size <= available, "size", self.size, f"at most the {counted(available, 'example')}")
        if self.replacement:
            known = self.shuffle in (None, "update")
            require(known, "shuffle", self.shuffle, "None or 'update' for batches with replacement")

    @property
    def n_examples(self) -> int:
        """Number of examples of the whole sum, N."""
        return int(self.problem.n_examples)

    @property
    def gradient_source(self) -> str:
        return f"{self.sampling} mini-batches of {self.size}" if self.varies else "exact"

    @property
    def updates_per_epoch(self) -> int:
        """Updates in which N examples are used, the last batch of an epoch being smaller or left out."""
        if not self.varies:
            return 1
        whole, rest = divmod(self.n_examples, self.size)
        return whole if self._shuffle == "slices" else whole + (rest > 0)

    def indices(self, n: int, k: int = 0) -> Array:
        """Return which examples ``sample(n, k)`` holds."""
        if not self.varies:
            return np.arange(self.n_examples)
        which = self._pick(n, k if self.sampling == "dynamic" else 0)
        return which if isinstance(which, np.ndarray) else self._order[which]

    def at(self, n: int) -> Any:
        return self._draw(n, 0) if self.sampling != "full" else self.problem

    def _draw(self, n: int, k: int) -> Any:
        which = self._pick(n, k)
        source = self.problem if isinstance(which, np.ndarray) else self._in_order
        population = self.n_examples if self.fpc else None
        # With it what would be found when it is first asked for, which takes longer than to find it here.
        table, pulled = rows_of(source.train, which), source.is_penalised
        return Batch.trusted(
            problem=source, indices=which, population=population, train=table, is_penalised=pulled
        )

    def _pick(self, n: int, k: int) -> Any:
        """Return the indices of a batch, or a slice of the order of the examples."""
        shuffle, total, size, updates = self._plan
        if shuffle == "update" or k:
            random = generator(self.rng, _UPDATE, n, k)
            if shuffle == "slices":
                start = int(random.integers(total))
                return slice(start, start + size)
            return random.choice(total, size, replace=self.replacement, shuffle=False)
        epoch, j = divmod(n, updates)
        if shuffle == "epoch":
            return _permutation(self.rng, epoch, total)[j * size : (j + 1) * size]
        if shuffle == "slices":
            start = _starts(self.rng, epoch, total, size)[j]
            return slice(start, start + size)
        return slice(j * size, min((j + 1) * size, total))

    @cached_property
    def _plan(self) -> tuple[str, int, int, int]:
        """How the order is found, N, the size of a batch, and the updates of an epoch."""
        return self._shuffle, self.n_examples, self.size, self.updates_per_epoch

    @property
    def _shuffle(self) -> str:
        return self.shuffle or ("update" if self.replacement else "epoch")

    @cached_property
    def _order(self) -> Array:
        if self._shuffle == "never":
            return np.arange(self.n_examples)
        order = generator(self.rng, _LOAD).permutation(self.n_examples)
        # A ring: the first examples once more behind the last, so that a slice may start anywhere.
        return np.append(order, order[: self.size - 1]) if self._shuffle == "slices" else order

    @cached_property
    def _in_order(self) -> Any:
        """The problem with its examples in the order from which slices are taken: the one copy made."""
        return self.problem if self._shuffle == "never" else self.problem.batch(self._order)


@lru_cache(maxsize=2)
def _permutation(seed: int, epoch: int, count: int) -> Array:
    order = generator(seed, _EPOCH, epoch).permutation(count)
    order.flags.writeable = False
    return order


@lru_cache(maxsize=2)
def _starts(seed: int, epoch: int, count: int, size: int) -> Any:
    random = generator(seed, _EPOCH, epoch)
    return ((random.integers(count) + size * random.permutation(count // size)) % count).tolist()
