"""Record what libraries make of the corners of their schedules: no length, no warm-up, warm-up to the end.

    python tests/golden/make_corners.py

Writes `corners.json` beside this file, with versions: for each call its first values, as far as it goes, or
the error that the library raises at once. LR in a call is the rate for ours, and an optimizer with that rate
where the library wants one. Nothing of this repository is imported: the numbers must not depend on our code.
"""

import importlib.metadata
import json
import os
import warnings
from pathlib import Path

os.environ.update(KERAS_BACKEND="jax", JAX_ENABLE_X64="1", JAX_PLATFORMS="cpu", HF_HUB_OFFLINE="1")

UPDATES = 24
LENGTHS = [(0, 10), (10, 10), (9, 10), (12, 10), (0, 1), (1, 1), (0, 0)]

CALLS = {
    "transformers": [
        *(
            f"{name}(LR, {w}, {t}{more})"
            for w, t in LENGTHS
            for name, more in (
                ("get_linear_schedule_with_warmup", ""),
                ("get_cosine_schedule_with_warmup", ""),
                ("get_cosine_schedule_with_warmup", ", num_cycles=2"),
                ("get_cosine_with_hard_restarts_schedule_with_warmup", ""),
                ("get_cosine_with_hard_restarts_schedule_with_warmup", ", num_cycles=2"),
                ("get_polynomial_decay_schedule_with_warmup", ", power=2.0"),
                ("get_cosine_with_min_lr_schedule_with_warmup", ", min_lr=0.01"),
                ("get_cosine_with_min_lr_schedule_with_warmup_lr_rate", ", min_lr=0.01"),
                ("get_cosine_with_min_lr_schedule_with_warmup_lr_rate", ", min_lr=0.01, warmup_lr_rate=0.5"),
            )
        ),
        "get_cosine_schedule_with_warmup(LR, 2, 10, num_cycles=0)",
        "get_cosine_with_hard_restarts_schedule_with_warmup(LR, 2, 10, num_cycles=0)",
        "get_polynomial_decay_schedule_with_warmup(LR, 2, 10, power=0.0)",
        "get_polynomial_decay_schedule_with_warmup(LR, 2, 10, lr_end=0.2)",
        "get_constant_schedule_with_warmup(LR, 0)",
        "get_constant_schedule_with_warmup(LR, 1)",
        "get_inverse_sqrt_schedule(LR, 0)",
        "get_inverse_sqrt_schedule(LR, 5, timescale=0)",
        "get_inverse_sqrt_schedule(LR, 5, timescale=1)",
        "get_wsd_schedule(LR, 0, 5, num_stable_steps=5)",
        "get_wsd_schedule(LR, 5, 5, num_stable_steps=0)",
        "get_wsd_schedule(LR, 5, 0, num_stable_steps=5)",
        "get_wsd_schedule(LR, 0, 0, num_stable_steps=0)",
        "get_wsd_schedule(LR, 5, 0, num_stable_steps=5, min_lr_ratio=0.1)",
        "get_wsd_schedule(LR, 5, 5, num_training_steps=10)",
        "get_wsd_schedule(LR, 5, 10, num_training_steps=10)",
        "get_wsd_schedule(LR, 2, 3, num_training_steps=12, min_lr_ratio=0.1, decay_type='linear')",
    ],
    "optax": [
        *(
            f"warmup_cosine_decay_schedule({init}, {peak}, {w}, {t}{end})"
            for w, t in LENGTHS
            for init, peak, end in ((0.0, 0.1, ""), (0.1, 0.1, ""), (0.05, 0.1, ", 0.01"))
        ),
        "warmup_cosine_decay_schedule(0.1, 0.0, 3, 10)",
        "warmup_cosine_decay_schedule(0.1, 0.0, 3, 10, end_value=-3.0)",
        "warmup_constant_schedule(0.0, 0.1, 0)",
        "warmup_constant_schedule(0.1, 0.1, 5)",
        "warmup_exponential_decay_schedule(0.0, 0.1, 0, 5, 0.5)",
        "warmup_exponential_decay_schedule(0.0, 0.1, 3, 0, 0.5)",
        "warmup_exponential_decay_schedule(0.0, 0.1, 3, 5, 0.0)",
        "warmup_exponential_decay_schedule(0.0, 0.1, 3, 5, 1.0)",
        "cosine_decay_schedule(0.1, 0)",
        "cosine_decay_schedule(0.1, 1)",
        "cosine_decay_schedule(0.1, 5, 1.0)",
        "cosine_decay_schedule(0.1, 5, 0.1, 0.0)",
        "exponential_decay(0.1, 0, 0.5)",
        "exponential_decay(0.1, 5, 0.0)",
        "exponential_decay(0.1, 5, 1.0)",
        "exponential_decay(0.1, 5, 0.5, -3)",
        "exponential_decay(0.1, 5, 2.0, end_value=0.3)",
        "exponential_decay(0.1, 5, 0.5, 3, True, 0.03)",
        "linear_schedule(0.1, 0.0, 0)",
        "linear_schedule(0.1, 0.1, 5)",
        "linear_schedule(0.1, 0.0, 5, -3)",
        "polynomial_schedule(0.1, 0.0, 0, 5)",
        "polynomial_schedule(0.1, 0.0, 2, 0)",
        "polynomial_schedule(0.1, 0.0, 2, 5, -3)",
        "polynomial_schedule(0.1, 0.0, 0.5, 1)",
        "piecewise_constant_schedule(0.1)",
        "piecewise_constant_schedule(0.1, {0: 0.5})",
        "piecewise_constant_schedule(0.1, {1: 0.0})",
        "piecewise_interpolate_schedule('linear', 0.1, {0: 0.5, 5: 2.0})",
        "piecewise_interpolate_schedule('linear', 0.1, {5: -3.0})",
        "piecewise_interpolate_schedule('cosine', 0.1, {5: 0.0})",
        "linear_onecycle_schedule(10, 0.1)",
        "linear_onecycle_schedule(0, 0.1)",
        "linear_onecycle_schedule(10, 0.1, 0.0)",
        "linear_onecycle_schedule(10, 0.1, 0.5, 1.0)",
        "cosine_onecycle_schedule(0, 0.1)",
        "cosine_onecycle_schedule(10, 0.1, 0.0)",
        "cosine_onecycle_schedule(10, 0.1, 1.0)",
        "join_schedules([constant_schedule(0.1), constant_schedule(0.2)], [0])",
        "sgdr_schedule([dict(init_value=0.0, peak_value=0.1, warmup_steps=0, decay_steps=5)])",
    ],
    "torch": [
        "StepLR(LR, 1)",
        "StepLR(LR, 0)",
        "StepLR(LR, 3, gamma=0.0)",
        "MultiStepLR(LR, [])",
        "MultiStepLR(LR, [0, 3])",
        "MultiStepLR(LR, [3, 3])",
        "ConstantLR(LR, total_iters=1)",
        "ConstantLR(LR, factor=0.0, total_iters=3)",
        "ConstantLR(LR, factor=1.5)",
        "LinearLR(LR, total_iters=1)",
        "LinearLR(LR, 1.0, 1.0)",
        "LinearLR(LR, 0.0)",
        "LinearLR(LR, 1.1)",
        "LinearLR(LR, 0.5, 1.5)",
        "LinearLR(LR, 1.0, 0.0, total_iters=4)",
        "PolynomialLR(LR, 1)",
        "PolynomialLR(LR, 4, power=0.0)",
        "ExponentialLR(LR, 1.0)",
        "ExponentialLR(LR, 0.0)",
        "CosineAnnealingLR(LR, 1)",
        "CosineAnnealingLR(LR, 0)",
        "CosineAnnealingLR(LR, 4, eta_min=LR0)",
        "CosineAnnealingWarmRestarts(LR, 1)",
        "CosineAnnealingWarmRestarts(LR, 0)",
        "CosineAnnealingWarmRestarts(LR, 3, T_mult=0)",
        "CyclicLR(LR, 0.01, 0.1, 1)",
        "OneCycleLR(LR, 0.1, 10, pct_start=0.1)",
        "OneCycleLR(LR, 0.1, 10, pct_start=0.2)",
        "OneCycleLR(LR, 0.1, 10, pct_start=1.0)",
        "OneCycleLR(LR, 0.1, 10, pct_start=1.5)",
        "SWALR(LR, 0.05, anneal_epochs=0)",
        "SWALR(LR, 0.05, anneal_epochs=1)",
        "SWALR(LR, [0.05, 0.01])",
        "MultiplicativeLR(LR, 0.95)",
        "LambdaLR(LR, 0.95)",
    ],
    "keras": [
        "CosineDecay(0.1, 0)",
        "CosineDecay(0.1, 1)",
        "CosineDecay(0.1, 5, alpha=1.0)",
        "CosineDecay(0.0, 5, warmup_target=0.1, warmup_steps=0)",
        "CosineDecay(0.0, 5, warmup_target=0.1, warmup_steps=5)",
        "CosineDecay(0.1, 5, warmup_target=0.1, warmup_steps=3)",
        "CosineDecay(0.2, 5, warmup_target=0.1, warmup_steps=3)",
        "CosineDecayRestarts(0.1, 1)",
        "CosineDecayRestarts(0.1, 5, alpha=1.0)",
        "CosineDecayRestarts(0.1, 5, t_mul=1.0)",
        "CosineDecayRestarts(0.1, 5, m_mul=0.0)",
        "ExponentialDecay(0.1, 1, 0.5)",
        "ExponentialDecay(0.1, 5, 1.0)",
        "ExponentialDecay(0.1, 0, 0.5)",
        "ExponentialDecay(0.1, 5, 0.0)",
        "ExponentialDecay(0.1, 5, 0.0, staircase=True)",
        "InverseTimeDecay(0.1, 1, 0.0)",
        "InverseTimeDecay(0.1, 0, 0.5)",
        "PolynomialDecay(0.1, 1)",
        "PolynomialDecay(0.1, 5, power=0.0)",
        "PolynomialDecay(0.1, 5, end_learning_rate=0.1)",
        "PolynomialDecay(0.1, 0)",
        "PiecewiseConstantDecay([0], [0.1, 0.2])",
        "PiecewiseConstantDecay([3, 3], [0.1, 0.2, 0.3])",
        "PiecewiseConstantDecay([3], [0.1])",
    ],
}


def torch_rates(scheduler, optimizer):
    """Return the rate of every update, as far as the library goes."""
    rates = []
    for _ in range(UPDATES):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        try:
            scheduler.step()
        except (ValueError, ZeroDivisionError):
            break
    return rates


def recorded(library, call):
    """Return the first values of a call, or what the library says."""
    if library in ("torch", "transformers"):
        import torch

        parameter = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        optimizer = torch.optim.SGD([parameter], lr=0.1)
        if library == "torch":
            names = {**vars(torch.optim.lr_scheduler), "SWALR": torch.optim.swa_utils.SWALR}
        else:
            import transformers.optimization

            names = vars(transformers.optimization)
        more = ", cycle_momentum=False)" if "CyclicLR" in call or "OneCycleLR" in call else ")"
        call = call[:-1] + more
        return torch_rates(eval(call, {**names, "LR": optimizer, "LR0": 0.1}), optimizer)
    if library == "optax":
        import optax

        schedule = eval(call, dict(vars(optax)))
    else:
        import keras

        # Keras computes schedules in its default precision.
        keras.config.set_floatx("float64")
        schedule = eval(call, dict(vars(keras.optimizers.schedules)))
    return [float(schedule(n)) for n in range(UPDATES)]


def entry(library, call):
    try:
        values = recorded(library, call)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}".partition("\n")[0]}
    return {"values": [v if v == v and abs(v) != float("inf") else repr(v) for v in values]}


def main():
    warnings.simplefilter("ignore")
    packages = ("torch", "transformers", "optax", "jax", "keras")
    rows = [f'"versions": {json.dumps({p: importlib.metadata.version(p) for p in packages})}']
    for library, calls in CALLS.items():
        lines = (f"  {json.dumps(c)}: {json.dumps(entry(library, c), allow_nan=False)}" for c in calls)
        rows.append(f'"{library}": {{\n' + ",\n".join(lines) + "\n}")
    text = "{\n" + ",\n".join(rows) + "\n}\n"
    (Path(__file__).parent / "corners.json").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
