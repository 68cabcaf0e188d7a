"""Run a bundle's two networks over a prepared view, in memory that is there.

When a CUDA device runs out of memory the strips get smaller, and in the end the CPU does the work; each step is said
once through :mod:`logging`, as a warning.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from MCDetect.errors import DeviceError
from MCDetect.inference import logit_map
from MCDetect.inference.backends.choice import choose_backend
from MCDetect.inference.backends.precision import FP32
from MCDetect.inference.backends.pytorch import TorchBackend
from MCDetect.inference.device import device_name
from MCDetect.inference.patches_at import patch_maxima

if TYPE_CHECKING:
    import torch

    from MCDetect.bundles.store import Bundle
    from MCDetect.inference.backends.interface import Backend
    from MCDetect.networks.shallow_cnn import ShallowCNN

FloatImage = npt.NDArray[np.float32]
BoolImage = npt.NDArray[np.bool_]
Fraction = Callable[[float], None]

_STRIP_HEIGHTS = (768, 256, 64)

logger = logging.getLogger(__name__)


class NetworkRunner:
    """The two networks of a bundle, and the device, back end and strip height they run with at present."""

    def __init__(self, bundle: Bundle, device: torch.device, backend: str = "torch", precision: str = FP32) -> None:
        import torch

        from MCDetect.networks.folding import fold_batch_normalisation

        self._heights = list(_STRIP_HEIGHTS)
        try:
            torch.zeros(1, device=device)  # the driver's own memory, a few hundred megabytes
            self.device = device
        except torch.OutOfMemoryError:
            self.device = torch.device("cpu")
            logger.warning("The GPU has no free memory: working on the CPU.")
        cpu = torch.device("cpu")
        self._calcification_network = fold_batch_normalisation(
            bundle.load_network("calcification_network", "model.pt", cpu)
        )
        self._patch_network = cast("ShallowCNN", bundle.load_network("patch_network", "patch_classifier.pt", cpu))
        self.patch_size: int = self._patch_network.patch_size
        self._output_weight = self._patch_network.output.weight.detach()[0].numpy()
        self._output_bias = float(self._patch_network.output.bias.detach()[0])
        self._use(choose_backend(backend, self.device, self._calcification_network, bundle.sha256, precision))

    @property
    def threads(self) -> int:
        """How many threads this process may use."""
        import torch

        return torch.get_num_threads()

    @property
    def device_name(self) -> str:
        """What the networks run on at present, e.g. ``"cpu (OpenVINO, fp32)"``."""
        return device_name(self.device, self._backend.title, self._backend.precision)

    def calcification_logits(
        self, normalised: FloatImage, mask: BoolImage, report: Fraction | None = None
    ) -> FloatImage:
        """Return the calcification logit of each pixel (see ``logit_map.calcification_logits``)."""
        return self._with_fallback(
            lambda height: logit_map.calcification_logits(
                self._run_calcification_network, normalised, mask, strip_height=height, report=report
            )
        )

    def patch_logits(
        self, normalised: FloatImage, centres: npt.NDArray[np.intp], report: Fraction | None = None
    ) -> npt.NDArray[np.float32]:
        """Return the patch network's logit of the patches round some pixels.

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
            lambda height: patch_maxima(
                self._run_patch_features, padded, corners, self.patch_size, largest=1024 * height, report=report
            )
        )
        logits: npt.NDArray[np.float32] = maxima @ self._output_weight + np.float32(self._output_bias)
        return logits

    def _use(self, backend: Backend) -> None:
        self._backend = backend
        self._run_calcification_network = backend.compile(self._calcification_network)
        self._run_patch_features = backend.compile(self._patch_network.features)

    def _with_fallback(self, run: Callable[[int], FloatImage]) -> FloatImage:
        import torch

        while True:
            try:
                return run(self._heights[0])
            except (torch.OutOfMemoryError, MemoryError) as error:
                self._retreat(error)
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise
                self._retreat(error)

    def _retreat(self, error: BaseException) -> None:
        """Take the next smaller strips, then the CPU, then give up."""
        import torch

        if len(self._heights) > 1:
            self._heights.pop(0)
            logger.warning("Out of memory on %s: working in strips of %d rows.", self.device.type, self._heights[0])
        elif self.device.type != "cpu":
            self.device = torch.device("cpu")
            self._heights = list(_STRIP_HEIGHTS)
            self._use(TorchBackend(self.device))
            logger.warning("Out of memory on the GPU even in small strips: working on the CPU.")
        else:
            raise DeviceError(
                "out-of-memory",
                "There is not enough memory for this image, even in small strips.",
                "Close other programs or use a computer with more memory.",
            ) from error


def _is_out_of_memory(error: RuntimeError) -> bool:
    """PyTorch's CPU and MPS allocators have no exception of their own, only these texts."""
    return "allocate memory" in str(error) or "out of memory" in str(error)
