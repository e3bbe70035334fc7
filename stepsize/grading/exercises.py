"""The exercises of the ten lessons: what each function is compared with, and what may have been written."""

from optim import SGD, Adagrad, Adam, Momentum, Nesterov
from stepsize.grading import learning_exercises, quadratic_exercises, schedule_exercises, search_exercises
from stepsize.grading.exercise import Exercise, Part
from stepsize.grading.judges import OptimizerLike

__all__ = ["EXERCISES", "find_exercise"]

# The rules at the numbers of the lessons.
_DESCENT = OptimizerLike(SGD(lr=0.1))
_MOMENTUM = OptimizerLike(Momentum(lr=0.1, momentum=0.9))
_NESTEROV = OptimizerLike(Nesterov(lr=0.1, momentum=0.9))
_ADAGRAD = OptimizerLike(Adagrad(lr=0.1, eps=1e-8))
_ADAM = OptimizerLike(Adam(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8))

EXERCISES = {
    exercise.name: exercise
    for exercise in (
        Exercise("01-slope", (Part("slope", 5, quadratic_exercises.SLOPE), Part("step", 5, _DESCENT))),
        Exercise(
            "02-rates",
            (
                Part("largest_rate", 3, quadratic_exercises.LARGEST_RATE),
                Part("best_rate", 3, quadratic_exercises.BEST_RATE),
                Part("after", 4, quadratic_exercises.AFTER),
            ),
        ),
        Exercise(
            "03-valleys",
            (
                Part("gradient", 4, quadratic_exercises.GRADIENT),
                Part("condition_number", 3, quadratic_exercises.CONDITION_NUMBER),
                Part("updates", 3, quadratic_exercises.UPDATES),
            ),
        ),
        Exercise(
            "04-decay",
            (
                Part("time_based", 3, schedule_exercises.TIME_BASED),
                Part("step_decay", 4, schedule_exercises.STEP_DECAY),
                Part("exponential", 3, schedule_exercises.EXPONENTIAL),
            ),
        ),
        Exercise("05-momentum", (Part("momentum", 5, _MOMENTUM), Part("nesterov", 5, _NESTEROV))),
        Exercise(
            "06-noise",
            (
                Part("batch_gradient", 6, learning_exercises.BATCH_GRADIENT),
                Part("gain", 4, schedule_exercises.GAIN),
            ),
        ),
        Exercise("07-adaptive", (Part("adagrad", 4, _ADAGRAD), Part("adam", 6, _ADAM))),
        Exercise(
            "08-finder",
            (
                Part("ramp", 5, schedule_exercises.RAMP),
                Part("warmup_cosine", 5, schedule_exercises.WARMUP_COSINE),
            ),
        ),
        Exercise(
            "09-line-search",
            (
                Part("armijo", 6, search_exercises.ARMIJO),
                Part("strong_wolfe", 4, search_exercises.STRONG_WOLFE),
            ),
        ),
        Exercise(
            "10-network",
            (
                Part("backward", 7, learning_exercises.BACKWARD),
                Part("best_update", 3, learning_exercises.BEST_UPDATE),
            ),
        ),
    )
}


def find_exercise(name: str) -> Exercise:
    """Return the exercise of a name or of its number.

    Raises
    ------
    ValueError
        If there is none.
    """
    found = [task for task in EXERCISES.values() if name in (task.name, task.name[:2])]
    if not found:
        raise ValueError(f"exercise: got {name!r}, expected one of {', '.join(EXERCISES)}")
    return found[0]
