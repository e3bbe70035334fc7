"""What PyTorch puts around optimizers: clipping and averages."""

from dataclasses import dataclass

from optim.dialects.entry import only
from optim.dialects.parts import Part, inner_of
from optim.hyperparameters import Hyper
from optim.optimizer import Optimizer
from optim.rules.averaging import EMA, PolyakRuppert
from optim.rules.gradients import ClipByNorm, ClipByValue
from stepsize.core.validation import as_number, describe_value, require

__all__ = ["torch_parts"]


def _clip_grad_norm_(optimizer: object, max_norm: Hyper, norm_type: float = 2.0) -> Optimizer:
    only("norm_type", norm_type, 2.0)
    return ClipByNorm(inner_of("torch.nn.utils.clip_grad_norm_", optimizer), max_norm, 1e-6)


def _clip_grad_value_(optimizer: object, clip_value: Hyper) -> Optimizer:
    return ClipByValue(inner_of("torch.nn.utils.clip_grad_value_", optimizer), clip_value)


@dataclass(frozen=True)
class _Average:
    """How PyTorch's AveragedModel averages: with a decay, or evenly."""

    decay: float | None = None


def _averaged_model(optimizer: object, avg_fn: object = None, multi_avg_fn: object = None) -> Optimizer:
    inner = inner_of("torch.optim.swa_utils.AveragedModel", optimizer)
    if avg_fn is not None and multi_avg_fn is not None:
        raise ValueError("multi_avg_fn: got it and an avg_fn, expected one of them, as PyTorch does")
    average = multi_avg_fn if avg_fn is None else avg_fn
    if average is None:
        return PolyakRuppert(inner)
    if not isinstance(average, _Average):
        given = "multi_avg_fn" if avg_fn is None else "avg_fn"
        raise TypeError(
            f"{given}: got {describe_value(average)}, expected "
            "torch.optim.swa_utils.get_ema_multi_avg_fn(0.999) or get_swa_multi_avg_fn()"
        )
    return PolyakRuppert(inner) if average.decay is None else EMA(inner, average.decay)


def _ema_fn(decay: float = 0.999) -> _Average:
    require(0 <= as_number("decay", decay) <= 1, "decay", decay, "a number from 0 to 1")
    return _Average(float(decay))


def torch_parts() -> tuple[Part, ...]:
    """Return what PyTorch has around its optimizers; the optimizer stands where the parameters do."""
    ignored = frozenset(("error_if_nonfinite", "foreach", "device", "use_buffers"))
    return tuple(
        Part(name, build, says, "torch", ignored)
        for name, build, says in (
            ("clip_grad_norm_", _clip_grad_norm_, "`ClipByNorm` with eps 1e-6, of the optimizer given first"),
            ("clip_grad_value_", _clip_grad_value_, "`ClipByValue` of the optimizer given first"),
            ("AveragedModel", _averaged_model, "`PolyakRuppert`, or with an EMA function `EMA`"),
            ("get_ema_multi_avg_fn", _ema_fn, "for `AveragedModel`: its decay"),
            ("get_ema_avg_fn", _ema_fn, "for `AveragedModel`: its decay"),
            ("get_swa_multi_avg_fn", lambda: _Average(), "for `AveragedModel`: all points count the same"),
            ("get_swa_avg_fn", lambda: _Average(), "for `AveragedModel`: all points count the same"),
        )
    )
