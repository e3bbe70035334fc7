"""LLVM: text in its language becomes machine code in memory. Nothing else here knows of llvmlite.

No option is set that would let LLVM change a result: it may not reorder sums, fuse a product into a sum or
replace a division. What it may choose is in which registers the same operations are done.
"""

import ctypes
import platform
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import Any

from optim.engines.symbols import Untraceable

__all__ = ["MISSING", "address_of", "assembly", "compiled", "fuses", "is_installed"]

MISSING = "llvmlite is not installed; pip install 'stepsize[fast]'"

_POINTER, _WHOLE, _BYTE = ctypes.c_void_p, ctypes.c_int64, ctypes.c_char
_KINDS = {"p": _POINTER, "i": _WHOLE}


@cache
def is_installed() -> bool:
    """Whether the compiler is there; it is not loaded to find out."""
    return find_spec("llvmlite") is not None


@lru_cache(maxsize=64)
def compiled(text: str, name: str, arguments: str) -> Callable[..., int]:
    """Return a function of a text, compiled at the first call and kept.

    Parameters
    ----------
    text : str
        A module in LLVM's language.
    name : str
        The function, which returns a whole number.
    arguments : str
        The kind of each of its arguments: p is an address, i a whole number.

    Returns
    -------
    callable
        While it runs, other threads of Python do as well.

    Raises
    ------
    Untraceable
        If the compiler cannot be loaded, or does not know this processor.
    """
    try:
        import llvmlite.binding as llvm

        module, machine = _simplified(text)
        engine = llvm.create_mcjit_compiler(module, machine)
        engine.finalize_object()
    except (RuntimeError, ImportError, OSError) as error:
        first = str(error).strip().partition("\n")[0]
        raise Untraceable(f"LLVM failed here: {first}") from error
    kinds = [_KINDS[kind] for kind in arguments]
    function: Any = ctypes.CFUNCTYPE(_WHOLE, *kinds)(engine.get_function_address(name))
    function.engine = engine  # the code lives as long as it does
    return function  # type: ignore[no-any-return]  # ctypes does not say what it makes


def address_of(array: Any) -> int:
    """Return where the numbers of a contiguous array are: `array.ctypes.data` takes three times as long."""
    if array.flags.writeable and array.size:
        return ctypes.addressof(_BYTE.from_buffer(array))
    return int(array.ctypes.data)


def assembly(text: str) -> str:
    """Return what a text becomes on this processor, in assembly language."""
    module, machine = _simplified(text)
    return str(machine.emit_assembly(module))


@cache
def fuses() -> bool:
    """Whether this processor multiplies and adds with one rounding, where a text asks for it."""
    features = _processor()[1].split(",")
    return "+fma" in features or platform.machine().lower() in ("arm64", "aarch64")


def _simplified(text: str) -> tuple[Any, Any]:
    """Return the module of a text, its values in registers, and for which machine.

    The texts are straight lines within a loop or two; what else LLVM would try on them takes four times as
    long and makes them no faster.
    """
    import llvmlite.binding as llvm

    module, machine = llvm.parse_assembly(text), _machine()
    module.verify()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
    passes = llvm.create_new_function_pass_manager()
    passes.add_sroa_pass()
    passes.add_new_gvn_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    for function in module.functions:
        if not function.is_declaration:
            passes.run(function, builder)
    return module, machine


def _machine() -> Any:
    """Return a description of this processor; whatever is compiled for it takes possession of it."""
    import llvmlite.binding as llvm

    processor, features = _processor()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(cpu=processor, features=features, opt=2)


@cache
def _processor() -> tuple[str, str]:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
