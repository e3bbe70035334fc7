"""Record what PyTorch, Optax and Keras do with what is put around optimizers: clipping, averages, chains.

    python tests/golden/make_wrappers.py

Writes `wrappers.json` beside this file, with versions: for each call, as it is pasted here, the points of 30
updates on f = a^4/4 + a b + (1 + a^2) b^2 from (1.2, -0.8), and the answers, averages or slow points, where
the library has some. Nothing of this repository is imported: the numbers must not depend on our code.
"""

import importlib.metadata
import json
import os
from pathlib import Path

os.environ.update(KERAS_BACKEND="jax", JAX_ENABLE_X64="1", JAX_PLATFORMS="cpu")

START, UPDATES = (1.2, -0.8), 30


def gradient(a, b):
    return [a**3 + b + 2 * a * b * b, a + 2 * (1 + a * a) * b]


def torch_run(make, clip=None, average=None):
    """Return the points, and the averages where there are some."""
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.x = torch.nn.Parameter(torch.tensor(START, dtype=torch.float64))

    model = Model()
    optimizer, averaged = make(model.parameters()), average(model) if average else None
    points, answers = [], []
    for _ in range(UPDATES):
        model.x.grad = torch.tensor(gradient(*model.x.tolist()), dtype=torch.float64)
        if clip:
            clip(model.parameters())
        optimizer.step()
        points.append(model.x.tolist())
        if averaged:
            averaged.update_parameters(model)
            answers.append(averaged.module.x.tolist())
    return points, answers


def optax_run(transformation, lookahead=False):
    """Return the points, and with lookahead the slow ones."""
    import jax.numpy as jnp
    import optax

    x = jnp.array(START)
    params = optax.LookaheadParams.init_synced(x) if lookahead else x
    state = transformation.init(params)
    points, answers = [], []
    for _ in range(UPDATES):
        at = params.fast if lookahead else params
        g = jnp.array(gradient(*map(float, at)))
        updates, state = transformation.update(g, state, params)
        params = optax.apply_updates(params, updates)
        points.append([float(v) for v in (params.fast if lookahead else params)])
        if lookahead:
            answers.append([float(v) for v in params.slow])
    return points, answers


def keras_run(make):
    """Return the points, and the averages where there are some."""
    import keras
    import numpy as np

    keras.config.set_floatx("float64")
    x = keras.Variable(np.array(START), dtype="float64")
    optimizer = make()
    optimizer.build([x])
    points, answers = [], []
    for _ in range(UPDATES):
        g = np.array(gradient(*map(float, np.array(x.value))))
        optimizer.apply([keras.ops.convert_to_tensor(g, dtype="float64")], [x])
        points.append([float(v) for v in np.array(x.value)])
        if optimizer.use_ema:
            average = optimizer._model_variables_moving_average[0]
            answers.append([float(v) for v in np.array(average.value)])
    return points, answers


OPTAX = [
    "optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.1))",
    "optax.chain(optax.clip_by_global_norm(0.5), optax.sgd(0.1, momentum=0.9))",
    "optax.chain(optax.clip(0.5), optax.rmsprop(0.05))",
    "optax.chain(optax.clip(0.5), optax.clip_by_global_norm(0.6), optax.sgd(0.1))",
    "optax.chain(optax.add_decayed_weights(0.1), optax.sgd(0.1, momentum=0.9))",
    "optax.chain(optax.scale_by_adam(b1=0.8), optax.add_decayed_weights(0.1), optax.scale(-0.1))",
    "optax.chain(optax.scale_by_adam(), optax.scale_by_learning_rate(0.1))",
    "optax.chain(optax.scale_by_adam(nesterov=True), optax.scale(-0.1))",
    "optax.chain(optax.scale_by_amsgrad(), optax.scale(-0.1))",
    "optax.chain(optax.scale_by_belief(), optax.scale(-0.1))",
    "optax.chain(optax.scale_by_radam(), optax.scale(-0.1))",
    "optax.chain(optax.scale_by_lion(), optax.scale(-0.02))",
    "optax.chain(optax.scale_by_rms(), optax.scale(-0.05))",
    "optax.chain(optax.scale_by_rms(decay=0.8, eps=1e-6, eps_in_sqrt=False), optax.scale(-0.05))",
    "optax.chain(optax.scale_by_stddev(), optax.scale(-0.01))",
    "optax.chain(optax.scale_by_rss(), optax.scale(-0.1))",
    "optax.chain(optax.scale_by_adadelta(), optax.scale(-10.0))",
    "optax.chain(optax.scale_by_sign(), optax.scale(-0.02))",
    "optax.chain(optax.trace(0.9), optax.scale(-0.05))",
    "optax.chain(optax.trace(0.9, nesterov=True), optax.scale(-0.05))",
    "optax.chain(optax.ema(0.9, debias=False), optax.scale(-0.1))",
    "optax.chain(optax.scale_by_rms(), optax.trace(0.5), optax.scale(-0.02))",
    "optax.chain(optax.identity(), optax.clip(1.0), optax.scale(-0.1))",
    "optax.chain(optax.chain(optax.clip(1.0), optax.scale_by_adam()), optax.scale(2.0), optax.scale(-0.05))",
    "optax.chain(optax.sgd(0.1), optax.scale(0.5))",
    "optax.chain(optax.scale_by_adam(), optax.scale_by_schedule(optax.exponential_decay(0.1, 10, 0.5)),"
    " optax.scale(-1.0))",
    "optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(optax.cosine_decay_schedule(0.1, 20),"
    " weight_decay=0.1))",
    "optax.lookahead(optax.sgd(0.1), sync_period=5, slow_step_size=0.5)",
    "optax.lookahead(optax.sgd(0.05, momentum=0.9), sync_period=3, slow_step_size=0.8)",
]
KERAS = [
    "keras.optimizers.SGD(0.1, momentum=0.9, clipnorm=0.5)",
    "keras.optimizers.Adam(0.1, clipvalue=0.3)",
    "keras.optimizers.RMSprop(0.05, global_clipnorm=0.5)",
    "keras.optimizers.SGD(0.1, weight_decay=0.1, clipnorm=0.5)",
    "keras.optimizers.Adam(0.1, use_ema=True, ema_momentum=0.9)",
    "keras.optimizers.SGD(0.05, momentum=0.9, weight_decay=0.05, use_ema=True)",
]


def torch_cases():
    import torch
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, get_swa_multi_avg_fn

    utils = torch.nn.utils

    def momentum(parameters):
        return torch.optim.SGD(parameters, lr=0.1, momentum=0.9)

    def adam(parameters):
        return torch.optim.Adam(parameters, lr=0.1)

    rule, other = "torch.optim.SGD(lr=0.1, momentum=0.9)", "torch.optim.Adam(lr=0.1)"
    yield (
        f"torch.nn.utils.clip_grad_norm_({rule}, max_norm=1.0)",
        torch_run(momentum, lambda p: utils.clip_grad_norm_(p, max_norm=1.0)),
    )
    yield (
        f"torch.nn.utils.clip_grad_norm_({other}, 0.1)",
        torch_run(adam, lambda p: utils.clip_grad_norm_(p, 0.1)),
    )
    yield (
        f"torch.nn.utils.clip_grad_value_({other}, clip_value=0.5)",
        torch_run(adam, lambda p: utils.clip_grad_value_(p, clip_value=0.5)),
    )
    swa = "torch.optim.swa_utils"
    yield f"{swa}.AveragedModel({rule})", torch_run(momentum, average=AveragedModel)
    yield (
        f"{swa}.AveragedModel({other}, multi_avg_fn={swa}.get_ema_multi_avg_fn(0.9))",
        torch_run(adam, average=lambda m: AveragedModel(m, multi_avg_fn=get_ema_multi_avg_fn(0.9))),
    )
    yield (
        f"{swa}.AveragedModel({rule}, multi_avg_fn={swa}.get_ema_multi_avg_fn())",
        torch_run(momentum, average=lambda m: AveragedModel(m, multi_avg_fn=get_ema_multi_avg_fn())),
    )
    yield (
        f"{swa}.AveragedModel({other}, multi_avg_fn={swa}.get_swa_multi_avg_fn())",
        torch_run(adam, average=lambda m: AveragedModel(m, multi_avg_fn=get_swa_multi_avg_fn())),
    )


def main():
    import keras
    import optax

    cases = dict(torch_cases())
    cases |= {call: optax_run(eval(call, {"optax": optax}), "lookahead" in call) for call in OPTAX}
    keras.config.set_floatx("float64")
    cases |= {call: keras_run(lambda call=call: eval(call, {"keras": keras})) for call in KERAS}
    packages = ("torch", "optax", "jax", "keras", "numpy")
    found = {
        "versions": {p: importlib.metadata.version(p) for p in packages},
        "start": START,
        "cases": {call: {"x": x, "answers": answers} for call, (x, answers) in cases.items()},
    }
    lines = ",\n".join(f"  {json.dumps(call)}: {json.dumps(case)}" for call, case in found["cases"].items())
    head = json.dumps({k: v for k, v in found.items() if k != "cases"})[:-1]
    text = f'{head}, "cases": {{\n{lines}\n}}}}\n'
    (Path(__file__).parent / "wrappers.json").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
