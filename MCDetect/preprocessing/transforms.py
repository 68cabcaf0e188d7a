"""The preprocessing steps as MONAI transforms, array and dictionary versions.

For MONAI pipelines (training on own data, bundles of others). Inference uses the functions behind them directly and
needs no MONAI import. Images are channel first, (1, rows, columns), as MONAI has them; the pixel spacing is
given when the transform is made.

=======================  ==========================================================================
``BreastMask(d)``        the breast, without labels, wedges and markers
``RemoveArtefacts(d)``   everything outside the breast set to the image's minimum (Leong et al. 2022)
``NetworkInput(d)``      what the networks see, as in inference: resampled, in multiples of the local noise
``NormaliseByLocalNoise(d)``  contrast in multiples of the local noise, pixels as they are
``ResampleToSpacing(d)`` to the networks' pixel spacing, where it is not near it already
=======================  ==========================================================================

Noise is measured with the step between grey values in mind, which is gone after resampling: ``NetworkInput`` is not
one of the others after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from monai.config import KeysCollection
from monai.transforms import MapTransform, Transform

from MCDetect.preprocessing import breast_mask as masks
from MCDetect.preprocessing.intensity import normalise_by_local_noise, scale_to_unit_range
from MCDetect.preprocessing.prepared import prepare_view
from MCDetect.preprocessing.resampling import resampled_shape, resize

Array = npt.NDArray[Any]


def _plane(image: Any) -> npt.NDArray[np.float32]:
    """Return the (rows, columns) of a channel-first image of one channel."""
    array = np.asarray(image)
    if array.ndim != 3 or array.shape[0] != 1:
        raise ValueError(f"a mammogram has the shape (1, rows, columns), got {array.shape}")
    plane: npt.NDArray[np.float32] = array[0].astype(np.float32, copy=False)
    return plane


class _SpacedTransform(Transform):  # type: ignore[misc]
    """A transform of an image whose pixel spacing is known when the transform is made."""

    def __init__(self, spacing_mm: tuple[float, float]) -> None:
        self.spacing_mm = spacing_mm


class _ResamplingTransform(_SpacedTransform):
    """A transform to another pixel spacing."""

    def __init__(self, spacing_mm: tuple[float, float], target_mm: float = 0.07) -> None:
        super().__init__(spacing_mm)
        self.target_mm = target_mm


class BreastMask(_SpacedTransform):
    """Return the breast as uint8 (1, rows, columns); see :func:`breast_mask.breast_mask`."""

    def __call__(self, image: Any) -> Array:
        """Return 1 in the breast, 0 elsewhere."""
        return masks.breast_mask(_plane(image), self.spacing_mm)[None].astype(np.uint8)


class RemoveArtefacts(_SpacedTransform):
    """Set everything outside the breast to the image's minimum; see :func:`breast_mask.remove_artefacts`."""

    def __call__(self, image: Any) -> Array:
        """Return the image without labels, wedges and markers, float32."""
        plane = _plane(image)
        return masks.remove_artefacts(plane, masks.breast_mask(plane, self.spacing_mm))[None]


class NormaliseByLocalNoise(_SpacedTransform):
    """Return contrast in multiples of the local noise; see :func:`intensity.normalise_by_local_noise`."""

    def __call__(self, image: Any) -> Array:
        """Return the normalised image, float32; the noise is measured inside the breast."""
        plane = _plane(image)
        unit, grey_step = scale_to_unit_range(plane)
        return normalise_by_local_noise(unit, masks.breast_mask(plane, self.spacing_mm), grey_step)[None]


class NetworkInput(_ResamplingTransform):
    """Return what the networks see of a view: :func:`prepared.prepare_view` with the breast mask of inference.

    Parameters
    ----------
    spacing_mm
        Present spacing (between rows, between columns).
    target_mm
        Spacing of the networks.
    """

    def __call__(self, image: Any) -> Array:
        """Return contrast in multiples of the local noise, float32; padding is taken for image."""
        plane = _plane(image)
        mask = masks.breast_mask(plane, self.spacing_mm)
        everywhere = np.ones(plane.shape, dtype=np.bool_)
        return prepare_view(plane, everywhere, mask, self.spacing_mm, self.target_mm).normalised[None]


class ResampleToSpacing(_ResamplingTransform):
    """Return the image at another pixel spacing; see :func:`resampling.resize`.

    Parameters
    ----------
    spacing_mm
        Present spacing (between rows, between columns).
    target_mm
        New spacing, both ways. As in inference, pixels 8 % smaller to a third larger stay as they are
        (:func:`resampling.resampled_shape`).
    """

    def __call__(self, image: Any) -> Array:
        """Return the resampled image, float32."""
        plane = _plane(image)
        rows, columns = plane.shape
        return resize(plane, resampled_shape((rows, columns), self.spacing_mm, self.target_mm))[None]


class _DictionaryTransform(MapTransform):  # type: ignore[misc]
    """Apply an array transform to every key."""

    transform: type[_SpacedTransform]

    def __init__(
        self, keys: KeysCollection, spacing_mm: tuple[float, float], allow_missing_keys: bool = False, **options: Any
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self._apply: Callable[[Any], Array] = self.transform(spacing_mm, **options)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Return ``data`` with the keys transformed."""
        result = dict(data)
        for key in self.key_iterator(result):
            result[key] = self._apply(result[key])
        return result


class BreastMaskd(_DictionaryTransform):
    """Dictionary version of :class:`BreastMask`."""

    transform = BreastMask


class RemoveArtefactsd(_DictionaryTransform):
    """Dictionary version of :class:`RemoveArtefacts`."""

    transform = RemoveArtefacts


class NormaliseByLocalNoised(_DictionaryTransform):
    """Dictionary version of :class:`NormaliseByLocalNoise`."""

    transform = NormaliseByLocalNoise


class NetworkInputd(_DictionaryTransform):
    """Dictionary version of :class:`NetworkInput`."""

    transform = NetworkInput


class ResampleToSpacingd(_DictionaryTransform):
    """Dictionary version of :class:`ResampleToSpacing`."""

    transform = ResampleToSpacing
