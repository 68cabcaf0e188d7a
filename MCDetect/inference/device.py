"""Which processor the networks run on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from MCDetect.errors import DeviceError, UsageError
from MCDetect.inference.backends.precision import FP32, PRECISIONS
from MCDetect.installation import install_command

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cpu", "cuda", "mps")

_AND = " and "


def choose_device(name: str = "auto") -> torch.device:
    """Return the device for ``name``: ``"cpu"``, ``"cuda"``, ``"mps"``, or ``"auto"`` (CUDA where there is one).

    ``"auto"`` never takes MPS, the GPU of Apple's computers: nobody has measured there that it is faster and finds the
    same.

    Raises
    ------
    UsageError
        ``unknown-device`` for another name.
    DeviceError
        ``no-cuda`` or ``no-mps`` when that is asked for and cannot be used here; ``no-torch`` when PyTorch is not
        installed.
    """
    try:
        import torch
    except ModuleNotFoundError as error:
        raise DeviceError(
            "no-torch",
            "PyTorch, which runs the networks, is not installed.",
            f"Install it with: {install_command('inference')}.",
        ) from error

    if name not in DEVICES:
        raise UsageError("unknown-device", f"There is no device {name!r}.", f"Use one of {', '.join(DEVICES)}.")
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if name == "mps":
        if not torch.backends.mps.is_available():
            raise DeviceError(
                "no-mps",
                "The GPU of an Apple computer was asked for, but PyTorch finds none.",
                "Use --device cpu.",
            )
        return torch.device("mps")
    if not torch.cuda.is_available():
        raise DeviceError(
            "no-cuda",
            "A CUDA device was asked for, but PyTorch finds none on this computer.",
            "Use --device cpu, or install an NVIDIA driver and a CUDA build of PyTorch.",
        )
    return torch.device("cuda")


def device_name(device: torch.device, backend: str, precision: str) -> str:
    """Return what computed, for findings and reports, e.g. ``"cuda (NVIDIA H200, PyTorch, fp32)"``."""
    import torch

    model = [torch.cuda.get_device_name(device)] if device.type == "cuda" else []
    return f"{device.type} ({', '.join([*model, backend, precision])})"


def device_names(names: Iterable[str]) -> str:
    """Return one name of all that computed, each once; the least precise is last, so :func:`precision_of` tells it."""
    distinct = list(dict.fromkeys(names))
    if len(distinct) == 1:
        return distinct[0]
    each = dict.fromkeys(part for name in distinct for part in name.split(_AND))
    return _AND.join(sorted(each, key=lambda name: precision_of(name) != FP32))


def precision_of(name: str) -> str:
    """Return the precision that stands in a :func:`device_name`; fp32 where none does."""
    last = name.rstrip(")").rpartition(", ")[2]
    return last if last in PRECISIONS else FP32
