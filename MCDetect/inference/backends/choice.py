"""Which back end: the one asked for, or the fastest of those that are installed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from MCDetect.errors import DeviceError, UsageError
from MCDetect.inference.backends.interface import Backend
from MCDetect.inference.backends.memory import recall, remember
from MCDetect.inference.backends.precision import FP32, check_precision
from MCDetect.inference.backends.pytorch import TorchBackend
from MCDetect.inference.backends.trial import fastest
from MCDetect.installation import install_command

if TYPE_CHECKING:
    import torch
    from torch import nn

BACKENDS = ("auto", "torch", "onnxruntime", "openvino")

_EXTRAS = {"onnxruntime": ("onnxruntime", "onnx"), "openvino": ("openvino", "onnx")}
"""Packages that a back end needs besides PyTorch; the extra of MCDetect has the back end's name."""


def choose_backend(
    name: str, device: torch.device, network: nn.Module, bundle_sha256: str, precision: str = FP32
) -> Backend:
    """Return the back end for ``name``; ``"auto"`` is the fastest that is installed, measured once and remembered.

    Parameters
    ----------
    name
        One of ``BACKENDS``.
    device
        From ``device.choose_device``. With CUDA PyTorch does the work.
    network
        What a trial runs: the bundle's costly network, on the CPU.
    bundle_sha256
        The measurement holds for this bundle.
    precision
        One of ``precision.PRECISIONS``.

    Raises
    ------
    UsageError
        ``unknown-backend`` for another name; ``backend-needs-cpu`` for one that cannot use the device;
        ``unknown-precision``; ``backend-needs-fp32``.
    DeviceError
        ``no-backend`` when its packages are not installed; ``no-bf16``.
    """
    if name not in BACKENDS:
        raise UsageError("unknown-backend", f"There is no back end {name!r}.", f"Use one of {', '.join(BACKENDS)}.")
    check_precision(precision, device)
    reference = TorchBackend(device, precision)
    if name == "torch" or (name == "auto" and device.type != "cpu"):
        return reference
    if device.type != "cpu":
        raise UsageError(
            "backend-needs-cpu",
            f"The back end {name} works on the CPU only.",
            "Use --device cpu with it, or --backend torch.",
        )
    if name != "auto":
        missing = _missing(name)
        if missing:
            raise DeviceError(
                "no-backend",
                f"The back end {name} needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not "
                "installed.",
                f"Install it with: {install_command(name)}.",
            )
        makers = _makers(precision)
        if name not in makers:
            raise UsageError(
                "backend-needs-fp32",
                f"The back end {name} computes in fp32 only.",
                f"Use --precision fp32, or one of --backend torch and {' and '.join(makers)}.",
            )
        return makers[name]()
    candidates = {other: make for other, make in _makers(precision).items() if not _missing(other)}
    if not candidates:
        return reference
    remembered = recall(bundle_sha256, precision)
    if remembered == reference.name:
        return reference
    if remembered in candidates:
        return candidates[remembered]()
    chosen, seconds = fastest(reference, [make() for make in candidates.values()], network)
    remember(bundle_sha256, precision, chosen.name, seconds)
    return chosen


def _makers(precision: str) -> dict[str, Callable[[], Backend]]:
    from MCDetect.inference.backends.onnx_runtime import OnnxRuntimeBackend
    from MCDetect.inference.backends.open_vino import OpenVinoBackend

    makers: dict[str, Callable[[], Backend]] = {"openvino": partial(OpenVinoBackend, precision)}
    return makers if precision != FP32 else {"onnxruntime": OnnxRuntimeBackend, **makers}


def _missing(name: str) -> list[str]:
    return [package for package in _EXTRAS[name] if not _is_installed(package)]


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        return False
