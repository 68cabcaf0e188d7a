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
from MCDetect.inference import dense_patches, logit_map

if TYPE_CHECKING:
    import torch

    from MCDetect.bundles.store import Bundle
    from MCDetect.networks.shallow_cnn import ShallowCNN

FloatImage = npt.NDArray[np.float32]
BoolImage = npt.NDArray[np.bool_]
Fraction = Callable[[float], None]

_STRIP_HEIGHTS = (768, 256, 64)

logger = logging.getLogger(__name__)


class NetworkRunner:
    """The two networks of a bundle, and the device and strip height they run with at present."""

    def __init__(self, bundle: Bundle, device: torch.device) -> None:
        import torch

        from MCDetect.networks.folding import fold_batch_normalisation

        self._heights = list(_STRIP_HEIGHTS)
        try:
            torch.zeros(1, device=device)  # the driver's own memory, a few hundred megabytes
            self.device = device
        except torch.OutOfMemoryError:
            self.device = torch.device("cpu")
            logger.warning("The GPU has no free memory: working on the CPU.")
        self._calcification_network = fold_batch_normalisation(
            bundle.load_network("calcification_network", "model.pt", self.device)
        ).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._patch_network = cast(
            "ShallowCNN", bundle.load_network("patch_network", "patch_classifier.pt", self.device)
        )
        self.patch_size: int = self._patch_network.patch_size

    def calcification_logits(
        self, normalised: FloatImage, mask: BoolImage, report: Fraction | None = None
    ) -> FloatImage:
        """Return the calcification logit of each pixel (see ``logit_map.calcification_logits``)."""
        return self._with_fallback(
            lambda height: logit_map.calcification_logits(
                self._calcification_network, normalised, mask, device=self.device, strip_height=height, report=report
            )
        )

    def patch_logits(self, normalised: FloatImage, mask: BoolImage, report: Fraction | None = None) -> FloatImage:
        """Return the patch network's logit of each patch (see ``dense_patches.dense_patch_logits``).

        An image smaller than a patch is continued by zero, the mean of the normalised image. Patches whose centre lies
        outside ``mask`` need not be computed.
        """
        missing = [(0, max(0, self.patch_size - size)) for size in normalised.shape]
        padded, inside = np.pad(normalised, missing), np.pad(mask, missing)
        half = self.patch_size // 2
        last = [size - self.patch_size for size in padded.shape]
        # A pixel near the border is judged by the nearest whole patch: shift the mask like the patches' corners.
        rows, columns = (np.clip(np.arange(size) - half, 0, end) for size, end in zip(padded.shape, last, strict=True))
        wanted = np.zeros((last[0] + 1, last[1] + 1), dtype=np.bool_)
        at = np.nonzero(inside)
        wanted[rows[at[0]], columns[at[1]]] = True
        return self._with_fallback(
            lambda height: dense_patches.dense_patch_logits(
                self._patch_network,
                padded,
                wanted,
                device=self.device,
                patch_size=self.patch_size,
                strip_height=height,
                report=report,
            )
        )

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
            self._calcification_network = self._calcification_network.to(self.device)
            self._patch_network = self._patch_network.to(self.device)
            logger.warning("Out of memory on the GPU even in small strips: working on the CPU.")
        else:
            raise DeviceError(
                "out-of-memory",
                "There is not enough memory for this image, even in small strips.",
                "Close other programs or use a computer with more memory.",
            ) from error


def _is_out_of_memory(error: RuntimeError) -> bool:
    """PyTorch's CPU allocator has no exception of its own, only this text."""
    return "allocate memory" in str(error)
