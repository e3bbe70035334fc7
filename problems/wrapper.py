"""Problems made of another problem, whose facts they hand on."""

from typing import Any

from problems.problem import Fact, Numbers, Problem
from stepsize.core.validation import describe_value

__all__: list[str] = []


class Forwarded(Fact):
    """A fact that is the wrapped problem's, unless the wrapper states its own."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        until_stated = getattr(Problem, self._name)
        return until_stated if instance is None else getattr(instance.problem, self._name, until_stated)


class ProblemWrapper(Problem, abstract=True):
    """A problem made of another one: it starts where that does, is drawn where that is, and is as smooth.

    Parameters
    ----------
    problem : Problem
        The other one.

    Raises
    ------
    TypeError
        If it is no problem.
    """

    problem: Problem

    x0 = Forwarded()
    domain = Forwarded()
    source = Forwarded()
    smooth = Forwarded()

    def check(self) -> None:
        """Validate that a problem is wrapped."""
        if not isinstance(self.problem, Problem):
            raise TypeError(
                f"problem: got {describe_value(self.problem)}, expected a problem such as Quadratic()"
            )

    @property
    def dim(self) -> int:
        return int(self.problem.dim)

    @property
    def has_hess(self) -> bool:
        return bool(self.problem.has_hess)


class SameFunction(ProblemWrapper, abstract=True):
    """A wrapper with the function and facts of the other problem; it differs in what each update uses."""

    minimizers = Forwarded()
    isolated = Forwarded()
    minimum = Forwarded()
    summed = Forwarded()
    L = Forwarded()
    mu = Forwarded()

    def fun(self, x: Numbers) -> Numbers:
        return self.problem.fun(x)

    def grad(self, x: Numbers) -> Numbers:
        return self.problem.grad(x)

    def value_and_grad(self, x: Numbers) -> tuple[Numbers, Numbers]:
        return self.problem.value_and_grad(x)

    def hess(self, x: Numbers) -> Numbers:
        return self.problem.hess(x)
