"""One calcification as contrast in an image: pixels, attenuation and blur."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.simulation.clusters import ClusterMember

FloatImage = npt.NDArray[np.float32]

_LINEAR_BELOW = 0.5  # attenuation exponents per mm under this are taken as 0: contrast proportional to thickness


@dataclass(frozen=True)
class Stamp:
    """The blurred contrast of one calcification where it lies in the image.

    Attributes
    ----------
    window
        Rows and columns of the image.
    contrast
        float32: what is added there, before any gain.
    """

    window: tuple[slice, slice]
    contrast: FloatImage

    @classmethod
    def of(
        cls,
        member: ClusterMember,
        place: tuple[float, float],
        shape: tuple[int, int],
        *,
        blur: float,
        exponent: float,
    ) -> Stamp | None:
        """Return the stamp of ``member`` at ``place``, or None if nothing of it is in the image.

        Parameters
        ----------
        member
            Its own place in a cluster does not count.
        place
            Row and column in the image, sub-pixel.
        shape
            (rows, columns) of the image.
        blur
            Sigma in pixels.
        exponent
            Attenuation per mm: thick calcium stops adding contrast. Under 0.5 contrast is proportional to thickness.
        """
        top, left, thickness = member.calcification.at(*place)
        reach = int(np.ceil(3 * blur)) + 1
        contrast = np.pad(thickness, reach)
        if exponent > _LINEAR_BELOW:  # attenuation: thick calcium stops adding contrast
            contrast = (1 - np.exp(-np.float32(exponent) * contrast)) / np.float32(exponent)
        contrast = ndimage.gaussian_filter(contrast, blur, truncate=3.0)
        top, left = top - reach, left - reach
        contrast = contrast[max(0, -top) : shape[0] - top, max(0, -left) : shape[1] - left]
        if contrast.size == 0 or contrast.max() <= 0:
            return None
        first_row, first_column = max(0, top), max(0, left)
        window = (
            slice(first_row, first_row + contrast.shape[0]),
            slice(first_column, first_column + contrast.shape[1]),
        )
        return cls(window, contrast)
