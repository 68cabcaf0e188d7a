"""Faults of a worker that are none of the examination it had: a GPU that is not there, or does not work any more.

After some errors of CUDA ("device-side assert triggered", "an illegal memory access") every further call of the same
process fails, whatever it computes. Only another process can go on then.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from MCDetect.errors import DeviceError, MCDetectError

DEVICE_FAILED = "device-failed"
"""The GPU worked and works no more: another process may do better on it."""

_OF_THE_IMAGE = "out-of-memory"  # what is too large for this computer is so for the next
_has_worked = threading.Event()


class WorkerFaultError(DeviceError):
    """A worker cannot compute, whatever it is given.

    Parameters
    ----------
    code, message, hint
        As of ``MCDetectError``.
    worker
        Its address as the scheduler knows it; empty outside of a worker.
    has_worked
        Whether its process has computed something before.
    """

    def __init__(self, code: str, message: str, hint: str = "", worker: str = "", *, has_worked: bool = False) -> None:
        super().__init__(code, message, hint)
        self.worker = worker
        self.has_worked = has_worked

    def __reduce__(self) -> tuple[Any, ...]:
        make = partial(type(self), has_worked=self.has_worked)
        return make, (self.code, self.message, self.hint, self.worker)


@contextmanager
def faults_told(device: str) -> Iterator[None]:
    """Raise what is a fault of this worker as that; what comes to its end is work that it has done.

    Parameters
    ----------
    device
        What was asked for: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.

    Raises
    ------
    WorkerFaultError
        With the code of the ``DeviceError``, or ``device-failed``.
    """
    try:
        yield
        _has_worked.set()
    except WorkerFaultError:
        raise
    except DeviceError as error:
        if error.code == _OF_THE_IMAGE:
            raise
        raise WorkerFaultError(
            error.code, error.message, error.hint, _address(), has_worked=_has_worked.is_set()
        ) from error
    except MCDetectError:
        raise
    except Exception:
        require_sound_device(device)
        raise


def require_sound_device(device: str) -> None:
    """Compute a little on the GPU, if there is one that is used, to see whether this process still can.

    Raises
    ------
    WorkerFaultError
        ``device-failed``.
    """
    import torch

    # After an error PyTorch may find no GPU any more that it uses already.
    used = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    if device not in ("auto", "cuda") or not (used or torch.cuda.is_available()):
        return
    try:
        torch.ones(1, device="cuda").add_(1)
        torch.cuda.synchronize()
    except torch.OutOfMemoryError:  # a full GPU works
        return
    except RuntimeError as error:
        reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise WorkerFaultError(
            DEVICE_FAILED,
            f"The GPU does not work any more ({reason}).",
            "Look at the driver's messages (dmesg, nvidia-smi).",
            _address(),
            has_worked=_has_worked.is_set(),
        ) from error


def _address() -> str:
    from distributed import get_worker

    try:
        return str(get_worker().contact_address)
    except ValueError:
        return ""
