"""How a schedule's values are got out of each library.

A way is a function (row, call) -> a piece of the JSON entry: `row` is a line of `schedule_cases.py` with its
defaults filled in, `call` its call with all names written out. `make_schedules.py` has imported the library.
"""

import sys


def built(call, **names):
    """The object that the full call makes."""
    modules = {name: module for name, module in sys.modules.items() if "." not in name}
    return eval(call, {**modules, **names})


def error_text(error):
    """The error on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": ")


def never_built(error):
    """What is tabulated when the constructor already fails."""
    return {"n": [], "value": [], "raises": {"n": None, "error": error_text(error)}}


# Schedulers that act on an optimizer: torch, timm, transformers, pytorch_optimizer


def weight():
    import torch

    return torch.nn.Parameter(torch.ones(1, dtype=torch.float64))


def optimizer(base):
    import torch

    return torch.optim.SGD([weight()], lr=base, momentum=0.9)


def rate(opt):
    return float(opt.param_groups[0]["lr"])


def walk(opt, advance, ns, seen=rate, momentum=False):
    """What `seen(opt)` says before each update in `ns`; `advance(k)` leads to update k. Ends at an error."""
    values, momenta, raises = [], [], None
    for k in range(max(ns) + 1):
        if k > 0:
            try:
                advance(k)
            except Exception as error:
                raises = {"n": k, "error": error_text(error)}
                break
        values.append(seen(opt))
        momenta.append(float(opt.param_groups[0]["momentum"]))
    found = {"n": [n for n in ns if n < len(values)]}
    found["value"] = [values[n] for n in found["n"]]
    if momentum:
        found["momentum"] = [momenta[n] for n in found["n"]]
    if raises:
        found["raises"] = raises
    return found


def stepped(row, call):
    """One scheduler.step() after each optimizer.step(): the way of torch and transformers."""
    opt = optimizer(row["base"])
    schedule = built(call, opt=opt)

    def advance(_):
        opt.step()
        schedule.step()

    return walk(opt, advance, row["n"], momentum="momentum" in row)


def stepped_first(row, call):
    """scheduler.step() before optimizer.step()."""
    opt = optimizer(row["base"])
    schedule = built(call, opt=opt)
    schedule.step()
    return walk(opt, lambda _: schedule.step(), row["n"])


def jumped(row, call):
    """scheduler.step(n) straight to each n."""
    opt = optimizer(row["base"])
    schedule = built(call, opt=opt)
    return walk(opt, schedule.step, row["n"])


def read_by_get_lr(row, call):
    """scheduler.get_lr() from outside, before each update."""
    opt = optimizer(row["base"])
    schedule = built(call, opt=opt)

    def advance(_):
        opt.step()
        schedule.step()

    return walk(opt, advance, row["n"], seen=lambda _: float(schedule.get_lr()[0]))


def read_ahead(row, call):
    """get_lr() after construction and after each step(): the value of the index that was just counted."""
    opt = optimizer(row["base"])
    schedule = built(call, opt=opt)
    return walk(opt, lambda _: schedule.step(), row["n"], seen=lambda _: float(schedule.get_lr()))


def only_built(row, call):
    """The optimizer right after construction."""
    opt = optimizer(row["base"])
    built(call, opt=opt)
    return walk(opt, None, row["n"], momentum="momentum" in row)


def reported(row, call):
    """A feedback rule that steps on a metric: the rate after each report."""
    opt = optimizer(row["base"])
    rule = built(call, opt=opt)
    values = []
    for metric in row["reports"]:
        opt.step()
        rule.step(metric)
        values.append(rate(opt))
    return {"reports": row["reports"], "value": values}


def asgd(row, call):
    """The rate that torch's ASGD keeps in its state: update n uses what stands there before it."""
    import torch

    point = weight()
    opt = built(call, weight=point)
    point.grad = torch.zeros_like(point)
    used = [row["base"]]
    for _ in range(max(row["n"])):
        opt.step()
        used.append(float(opt.state[point]["eta"]))
    return {"n": row["n"], "value": [used[n] for n in row["n"]]}


def adafactor(row, call):
    """The relative step that Adafactor works out for its t-th update, t = n + 1."""
    opt = built(call, weight=weight())
    value = [float(opt._get_lr(opt.param_groups[0], {"step": n + 1, "RMS": 1.0})) for n in row["n"]]
    return {"n": row["n"], "value": value}


def told_the_time(row, call):
    """timm: step(n) before update n, the first one included."""
    opt = optimizer(row["base"])
    schedule = built(call, opt=opt)
    schedule.step(0)
    return walk(opt, schedule.step, row["n"])


def told_the_time_and_metric(row, call):
    """timm's plateau rule: step(epoch, metric)."""
    opt = optimizer(row["base"])
    rule = built(call, opt=opt)
    values = []
    for epoch, metric in enumerate(row["reports"], start=1):
        rule.step(epoch, metric)
        values.append(rate(opt))
    return {"reports": row["reports"], "value": values}


# Functions of the count: Keras, Optax, fastai, MiniSom


def tabulated(schedule, ns):
    return {"n": ns, "value": [float(schedule(n)) for n in ns]}


def called(row, call):
    return tabulated(built(call), row["n"])


def called_with_array(row, call):
    """One call with the array of all n."""
    import numpy as np

    return {"n": row["n"], "value": [float(v) for v in np.asarray(built(call)(np.array(row["n"])))]}


def table(row, call):
    """The n-th entry of the array that is returned."""
    values = built(call)
    return {"n": row["n"], "value": [float(values[n]) for n in row["n"]]}


def keras_model(base):
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(base), loss="mse", metrics=["accuracy"])
    model.evaluate(keras.ops.zeros((1, 1)), keras.ops.zeros((1, 1)), verbose=0)  # the metrics are made here
    return model


def keras_callback(row, call):
    """A Keras callback that sets the rate as an epoch begins."""
    model, callback = keras_model(row["base"]), built(call)
    callback.set_model(model)
    values = []
    for n in range(max(row["n"]) + 1):
        callback.on_epoch_begin(n)
        values.append(float(model.optimizer.learning_rate))
    return {"n": row["n"], "value": [values[n] for n in row["n"]]}


def keras_plateau(row, call):
    """A Keras callback that looks at a metric as an epoch ends."""
    model, callback = keras_model(row["base"]), built(call)
    callback.set_model(model)
    callback.on_train_begin()
    values = []
    for epoch, metric in enumerate(row["reports"]):
        callback.on_epoch_end(epoch, {callback.monitor: metric})
        values.append(float(model.optimizer.learning_rate))
    return {"reports": row["reports"], "value": values}


def keras_optimizer(row, call):
    """The rate that a Keras optimizer uses: minus the change of the weight under a gradient of one."""
    import keras

    point = keras.Variable(0.0)
    opt, values = built(call), []
    for _ in range(max(row["n"]) + 1):
        before = float(point)
        opt.apply([keras.ops.ones(())], [point])
        values.append(round(before - float(point), 12))
    return {"n": row["n"], "value": [values[n] for n in row["n"]]}


def optax_plateau(row, call):
    """base times the scale that the rule holds after each report."""
    import jax.numpy as jnp

    rule = built(call)
    state, values = rule.init(jnp.zeros(1)), []
    for metric in row["reports"]:
        _, state = rule.update(jnp.ones(1), state, value=metric)
        values.append(row["base"] * float(state.scale))
    return {"reports": row["reports"], "value": values}


def fastai_fraction(row, call):
    """fastai gives a schedule the fraction of training done: n / N."""
    learn = sys.modules["fastai.basics"].Learner(row["base"])
    made = built(call, learn=learn)
    scheds = learn.scheds or getattr(made, "scheds", None) or {"lr": made}
    updates = row.get("updates", 40)
    found = {"n": row["n"], "value": [scalar(scheds["lr"](n / updates)) for n in row["n"]]}
    if "momentum" in row:
        found["momentum"] = [scalar(scheds["mom"](n / updates)) for n in row["n"]]
    return found


def scalar(value):
    return float(value[0]) if getattr(value, "shape", ()) else float(value)


def som_rate(row, call):
    """The learning rate in iteration n of 40."""
    som = built(call)
    return tabulated(lambda n: som._learning_rate_decay_function(som._learning_rate, n, 40), row["n"])


def som_sigma(row, call):
    """The radius in iteration n of 40."""
    som = built(call)
    return tabulated(lambda n: som._sigma_decay_function(som._sigma, n, 40), row["n"])


# The usual way of each library, with and without reports; and the ways named by `read`.
USUAL = {
    "torch": stepped,
    "keras": called,
    "optax": called,
    "timm": told_the_time,
    "transformers": stepped,
    "fastai": fastai_fraction,
    "other": stepped,
}
REPORTED = {
    "torch": reported,
    "keras": keras_plateau,
    "optax": optax_plateau,
    "timm": told_the_time_and_metric,
    "transformers": reported,
}
READ = {
    "adafactor": adafactor,
    "ahead": read_ahead,
    "array": called_with_array,
    "asgd": asgd,
    "built": only_built,
    "callback": keras_callback,
    "get_lr": read_by_get_lr,
    "jump": jumped,
    "optimizer": keras_optimizer,
    "som rate": som_rate,
    "som sigma": som_sigma,
    "step first": stepped_first,
    "table": table,
}
