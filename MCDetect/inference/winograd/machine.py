"""LLVM: what the processor can do, and machine code for it."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from llvmlite import ir


@dataclass(frozen=True)
class Lanes:
    """How the processor multiplies: numbers a register, and how many registers it has."""

    width: int
    registers: int


def is_available() -> bool:
    """Tell whether llvmlite is installed."""
    return find_spec("llvmlite") is not None


@cache
def lanes() -> Lanes:
    """Return the widest registers of this processor."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return Lanes(16, 32)
    if features.get("avx2") and features.get("fma"):
        return Lanes(8, 16)
    return Lanes(4, 32 if features.get("neon") else 16)


class Program:
    """A compiled module; it keeps the code in memory as long as it lives.

    Parameters
    ----------
    module
        What to compile. It is written as the processor should do it: LLVM's passes over the program take a second and
        gain nothing, so they are left out.
    """

    def __init__(self, module: ir.Module) -> None:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        parsed = llvm.parse_assembly(str(module))
        parsed.verify()
        # LLVM takes half of AVX-512's registers if it is not told otherwise.
        features = f"{llvm.get_host_cpu_features().flatten()},-prefer-256-bit"
        target = llvm.Target.from_triple(llvm.get_process_triple())
        machine = target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=3)
        self._engine: Any = llvm.create_mcjit_compiler(parsed, machine)
        self._engine.finalize_object()

    def function(self, name: str, *arguments: type[Any]) -> Callable[..., None]:
        """Return a function of the module that returns nothing; while it runs other threads go on."""
        return ctypes.CFUNCTYPE(None, *arguments)(self._engine.get_function_address(name))
