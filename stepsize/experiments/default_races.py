"""The main job: seven optimizers on three problems, each at rates that settle and at rates that teach."""

from dataclasses import dataclass

__all__ = ["DEFAULT_RACES", "RaceSpec"]


@dataclass(frozen=True)
class RaceSpec:
    """One problem of the main job, with its entries as expressions, which is how a reader would type them."""

    name: str
    problem: str
    steps: int
    tol: float
    optimizers: tuple[str, ...]
    why: str


DEFAULT_RACES = (
    RaceSpec(
        name="bowl",
        problem="Quadratic",
        steps=300,
        tol=1e-8,
        optimizers=(
            "SGD(lr=0.01)",
            "SGD(lr=2/21)",
            "SGD(lr=0.105)",
            "Momentum(lr=0.05)",
            "Momentum(lr=0.195)",
            "Nesterov(lr=0.05)",
            "Nesterov(lr=0.08)",
            "Adagrad(lr=0.1)",
            "Adagrad(lr=2)",
            "Adadelta(lr=1)",
            "Adadelta(lr=60)",
            "Adadelta(lr=Exponential(60, 0.01))",
            "RMSprop(lr=0.3)",
            "RMSprop(lr=Exponential(0.3, 0.04))",
            "Adam(lr=0.02)",
            "Adam(lr=0.2)",
        ),
        why="the bowl bends 20 times more across than along: a rate is too large for the one direction long "
        "before it is large enough for the other",
    ),
    RaceSpec(
        name="rosenbrock",
        problem="Rosenbrock",
        steps=10_000,
        tol=1e-6,
        optimizers=(
            "SGD(lr=0.0005)",
            "SGD(lr=0.0019)",
            "SGD(lr=0.0022)",
            "SGD(lr=0.01)",
            "Momentum(lr=0.001)",
            "Nesterov(lr=0.001)",
            "Nesterov(lr=0.0022)",
            "Adagrad(lr=0.02)",
            "Adagrad(lr=0.5)",
            "Adadelta(lr=0.3)",
            "Adadelta(lr=Exponential(0.3, 0.0005))",
            "RMSprop(lr=0.002)",
            "RMSprop(lr=Exponential(0.002, 0.0005))",
            "Adam(lr=0.005)",
            "Adam(lr=0.2)",
            "Adam(lr=Exponential(0.2, 0.0005))",
        ),
        why="the valley is curved, so a rate that is fast along it is thrown against its walls",
    ),
    RaceSpec(
        name="breast-cancer",
        problem="BreastCancer",
        steps=2000,
        tol=1e-4,
        optimizers=(
            "SGD(lr=0.03)",
            "SGD(lr=3)",
            "SGD(lr=30)",
            "Momentum(lr=0.01)",
            "Momentum(lr=1)",
            "Nesterov(lr=1)",
            "Nesterov(lr=10)",
            "Adagrad(lr=1)",
            "Adagrad(lr=10)",
            "Adadelta(lr=10)",
            "RMSprop(lr=0.03)",
            "RMSprop(lr=Exponential(0.03, 0.005))",
            "Adam(lr=0.1)",
            "Adam(lr=1)",
            "Adam(lr=Exponential(1, 0.01))",
        ),
        why="2/L is for the largest curvature; this loss is flatter near its minimum, so larger rates settle "
        "too",
    ),
)
