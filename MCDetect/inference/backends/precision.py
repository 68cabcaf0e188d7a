"""In what precision networks are computed, and whether this computer has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from MCDetect.errors import DeviceError, UsageError

if TYPE_CHECKING:
    import torch

FP32, BF16 = "fp32", "bf16"
PRECISIONS = (FP32, BF16)
"""fp32 unless another is asked for; bf16 rounds weights and intermediate results to 8 significant bits."""

_AMPERE = (8, 0)
_PROCESSOR_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""Of Intel and AMD, of Intel, and of ARM, as the kernel of Linux names them."""


def check_precision(precision: str, device: torch.device) -> None:
    """Check that a precision exists and that the device computes in it.

    Raises
    ------
    UsageError
        ``unknown-precision``.
    DeviceError
        ``no-bf16`` when the device would have to imitate it, which is slower than fp32.
    """
    if precision not in PRECISIONS:
        raise UsageError(
            "unknown-precision", f"There is no precision {precision!r}.", f"Use one of {', '.join(PRECISIONS)}."
        )
    if precision == BF16 and not has_bf16(device):
        raise DeviceError(
            "no-bf16",
            f"The precision bf16 was asked for, but this {'GPU' if device.type != 'cpu' else 'processor'} has none.",
            "Use --precision fp32.",
        )


def has_bf16(device: torch.device) -> bool:
    """Tell whether a device computes in bf16 rather than imitate it."""
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= _AMPERE
    if device.type != "cpu":
        return False
    return not _PROCESSOR_FLAGS.isdisjoint(processor_flags())


def precision_on(device: torch.device, wanted: str) -> str:
    """Return the precision that was asked for where a device computes in it, else fp32."""
    return FP32 if wanted == BF16 and not has_bf16(device) else wanted


def processor_flags() -> frozenset[str]:
    """Return what this processor can do, in the words of Linux; empty where it cannot be learned."""
    import torch

    known: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # older releases of PyTorch lack it
    if known:
        return frozenset(name for name, has in known.items() if has is True)
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line.split() for line in lines if line.startswith(("flags", "Features"))), []))
