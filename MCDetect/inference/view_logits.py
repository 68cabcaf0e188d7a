"""Run a bundle's two networks over a prepared view, in memory that is there.

When a CUDA device runs out of memory the strips get smaller, and in the end the CPU does the work; each step is said
through :mod:`logging`, as a warning. The next view begins again with the chosen device and the highest strips: what one
crowded moment took is not given up for good.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
import numpy.typing as npt

from MCDetect.errors import DeviceError
from MCDetect.inference import logit_map
from MCDetect.inference.backends.choice import choose_backend
from MCDetect.inference.backends.precision import FP32, precision_on
from MCDetect.inference.backends.pytorch import TorchBackend
from MCDetect.inference.device import device_name, device_names
from MCDetect.inference.patches_at import patch_maxima

if TYPE_CHECKING:
    import torch

    from MCDetect.bundles.store import Bundle
    from MCDetect.inference.backends.interface import RunNetwork
    from MCDetect.networks.shallow_cnn import ShallowCNN

FloatImage = npt.NDArray[np.float32]
BoolImage = npt.NDArray[np.bool_]
Fraction = Callable[[float], None]

_Result = TypeVar("_Result")

_STRIP_HEIGHTS = (768, 256, 64)

_OUT_OF_MEMORY = (
    "out of memory",
    "allocate memory",  # PyTorch's CPU allocator, which has no exception of its own
    "not enough memory",  # the same on Windows
    "bad_alloc",  # the C++ library, from ONNX Runtime
    "bad allocation",  # the same on Windows
    "unable to find an engine",  # cuDNN, when none of its algorithms gets the memory that it works in
    "Unable to find a valid cuDNN algorithm",
    "STATUS_ALLOC_FAILED",  # cuBLAS, cuDNN
    "ALLOCATION_FAILED",  # cuDNN from 9 on
    "STATUS_NOT_INITIALIZED",  # both, when they begin on a GPU that is full
)
"""Texts of errors for lack of memory that are no exceptions of their own."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Compiled:
    """Both networks as a back end compiled them for a device, and what that is called."""

    name: str
    run_calcification_network: RunNetwork
    run_patch_features: RunNetwork


class NetworkRunner:
    """The two networks of a bundle, compiled for the chosen device and, once that was too full, for the CPU too."""

    def __init__(self, bundle: Bundle, device: torch.device, backend: str = "torch", precision: str = FP32) -> None:
        import torch

        from MCDetect.networks.folding import fold_batch_normalisation

        cpu = torch.device("cpu")
        self._calcification_network = fold_batch_normalisation(
            bundle.load_network("calcification_network", "model.pt", cpu)
        )
        self._patch_network = cast("ShallowCNN", bundle.load_network("patch_network", "patch_classifier.pt", cpu))
        self.patch_size: int = self._patch_network.patch_size
        self._output_weight = self._patch_network.output.weight.detach()[0].numpy()
        self._output_bias = float(self._patch_network.output.bias.detach()[0])
        self._device = device
        self._backend = choose_backend(backend, device, self._calcification_network, bundle.sha256, precision)
        self._compiled: dict[str, _Compiled] = {}
        self._begin_view()
        # Compiled now, so that what a back end lacks is told when it is loaded.
        self._with_fallback(lambda networks, height: None)

    @property
    def threads(self) -> int:
        """How many threads this process may use."""
        import torch

        return torch.get_num_threads()

    @property
    def device_name(self) -> str:
        """What the networks ran on in the last view, e.g. ``"cpu (OpenVINO, fp32)"``; before the first, will run on."""
        chosen = device_name(self._device, self._backend.title, self._backend.precision)
        return device_names(self._used or [chosen])

    def calcification_logits(
        self, normalised: FloatImage, mask: BoolImage, report: Fraction | None = None
    ) -> FloatImage:
        """Return the calcification logit of each pixel (see ``logit_map.calcification_logits``): a view begins."""
        self._begin_view()
        return self._with_fallback(
            lambda networks, height: logit_map.calcification_logits(
                networks.run_calcification_network, normalised, mask, strip_height=height, report=report
            )
        )

    def patch_logits(
        self, normalised: FloatImage, centres: npt.NDArray[np.intp], report: Fraction | None = None
    ) -> npt.NDArray[np.float32]:
        """Return the patch network's logit of the patches round some pixels of the view whose map was computed last.

        An image smaller than a patch is continued by zero, the mean of the normalised image. A pixel near the border is
        judged by the nearest patch that lies in the image.

        Parameters
        ----------
        normalised
            float32 (rows, columns).
        centres
            (n, 2): row and column of each pixel.
        report
            Called with the fraction done.

        Returns
        -------
        float32 array
            (n,).
        """
        padded = np.pad(normalised, [(0, max(0, self.patch_size - size)) for size in normalised.shape])
        last = np.array(padded.shape) - self.patch_size
        corners = [(int(row), int(column)) for row, column in np.clip(centres - self.patch_size // 2, 0, last)]
        maxima = self._with_fallback(
            lambda networks, height: patch_maxima(
                networks.run_patch_features, padded, corners, self.patch_size, largest=1024 * height, report=report
            )
        )
        logits: npt.NDArray[np.float32] = maxima @ self._output_weight + np.float32(self._output_bias)
        return logits

    def _begin_view(self) -> None:
        """Forget what was short of memory: a GPU that was full may have room again."""
        import torch

        devices = [self._device] if self._device.type == "cpu" else [self._device, torch.device("cpu")]
        self._attempts = [(device, height) for device in devices for height in _STRIP_HEIGHTS]
        self._used: dict[str, None] = {}

    def _networks_on(self, device: torch.device) -> _Compiled:
        """Return the networks for a device, compiled when they are first wanted there and kept."""
        if device.type not in self._compiled:
            backend = self._backend
            if device.type != self._device.type:
                backend = TorchBackend(device, precision_on(device, backend.precision))
            self._compiled[device.type] = _Compiled(
                device_name(device, backend.title, backend.precision),
                backend.compile(self._calcification_network),
                backend.compile(self._patch_network.features),
            )
        return self._compiled[device.type]

    def _with_fallback(self, run: Callable[[_Compiled, int], _Result]) -> _Result:
        while True:
            device, height = self._attempts[0]
            try:
                networks = self._networks_on(device)
                result = run(networks, height)
            except Exception as error:  # ONNX Runtime's errors are no RuntimeError
                if not _is_out_of_memory(error):
                    raise
                if len(self._attempts) == 1:
                    raise DeviceError(
                        "out-of-memory",
                        "There is not enough memory for this image, even in small strips.",
                        "Close other programs or use a computer with more memory.",
                    ) from error
                logger.debug("Out of memory: %s", str(error))
            else:
                self._used[networks.name] = None
                return result
            self._retreat()  # not before here: the error holds the tensors of the attempt

    def _retreat(self) -> None:
        """Take the next smaller strips, or else the CPU; other programs and other sizes get what a GPU kept ready."""
        import torch

        full, _ = self._attempts.pop(0)
        device, height = self._attempts[0]
        if device.type == full.type:
            logger.warning("Out of memory on %s: working in strips of %d rows.", device.type, height)
        else:
            logger.warning("Out of memory on the GPU even in small strips: working on the CPU.")
        if full.type == "cuda":
            torch.cuda.empty_cache()


def _is_out_of_memory(error: Exception) -> bool:
    import torch

    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(text in str(error) for text in _OUT_OF_MEMORY)
