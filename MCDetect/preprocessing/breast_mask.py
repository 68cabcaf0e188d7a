"""Where the breast is: Otsu's threshold and morphology, without labels, wedges, markers and scan borders.

After Leong et al. 2022 (artefact removal by Otsu's threshold and morphological opening, then the largest component),
with two changes: the threshold is moved from Otsu's towards the grey value of air, since air, fat and gland are three
modes of the histogram and Otsu's two classes often part fat from gland; and metal markers on the skin are cut out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from MCDetect.preprocessing.block_means import block_means
from MCDetect.preprocessing.padding import padding_is_air
from MCDetect.preprocessing.skin_markers import skin_markers

BoolImage = npt.NDArray[np.bool_]

_COARSE_MM = 0.6  # the mask is made at this pixel size: fine enough for a skin line, fast for any mammogram
_OPENING_MM = 3.0  # radius; letters, lead markers and scan borders are thinner than twice this
_CLOSING_MM = 3.0
_AIR_FRACTION = 0.02  # below this share of dark pixels there is no air in the picture
_DARKEST_PERCENT = 1.0  # of the field: dark labels and dead pixels are smaller, air is larger
_AIR_FLATNESS = 0.15  # spread of air over spread of tissue; under 0.05 in full views, over 0.2 in crops of tissue


def breast_mask(
    pixels: npt.NDArray[np.float32],
    spacing_mm: tuple[float, float],
    valid: BoolImage | None = None,
) -> BoolImage:
    """Return the pixels that show the breast (with the pectoral muscle).

    Parameters
    ----------
    pixels
        (rows, columns), bright is attenuating.
    spacing_mm
        Pixel spacing (between rows, between columns) in mm.
    valid
        False where there is padding.

    Returns
    -------
    bool array
        (rows, columns). All False for an image without contrast; all valid pixels where no air is in the picture
        (a magnified region, a crop).
    """
    rows, columns = pixels.shape
    steps = (_step(spacing_mm[0], rows), _step(spacing_mm[1], columns))
    usable = pixels if valid is None or valid.all() else _without_padding(pixels, valid)
    coarse = block_means(usable, steps)
    if coarse.max() <= coarse.min():
        return np.zeros(pixels.shape, dtype=np.bool_)
    air, threshold = _air_and_threshold(coarse)
    tissue_values = coarse > threshold
    if not _has_air(coarse, tissue_values):
        return np.ones(pixels.shape, dtype=np.bool_) if valid is None else valid.copy()
    tissue = sitk.GetImageFromArray(tissue_values.astype(np.uint8))
    tissue.SetSpacing((spacing_mm[1] * steps[1], spacing_mm[0] * steps[0]))
    cleaned = _largest_component(_open(tissue, _OPENING_MM))
    cleaned = sitk.BinaryFillhole(_close(cleaned, _CLOSING_MM))
    mask = sitk.GetArrayFromImage(cleaned).astype(np.bool_)
    full = np.repeat(np.repeat(mask, steps[0], axis=0), steps[1], axis=1)[:rows, :columns]
    full &= ~skin_markers(usable, full, spacing_mm, air)
    return full if valid is None else full & valid


def breast_area_mm2(mask: BoolImage, spacing_mm: tuple[float, float]) -> float:
    """Return the area of ``mask`` in mm²."""
    return float(np.count_nonzero(mask)) * spacing_mm[0] * spacing_mm[1]


def remove_artefacts(pixels: npt.NDArray[np.float32], mask: BoolImage) -> npt.NDArray[np.float32]:
    """Return a copy of ``pixels`` with everything outside the breast set to the image's minimum.

    Leong et al. 2022, section on the removal of artefacts: labels, wedges and markers lie in the air.
    """
    return np.where(mask, pixels, pixels.min()).astype(np.float32, copy=False)


def _without_padding(pixels: npt.NDArray[np.float32], valid: BoolImage) -> npt.NDArray[np.float32]:
    """Return the pixels with padding as dark as what is darkest, or as air where there is air in the picture.

    Beside a field that holds air, padding darker than that air would be taken for it, and the air for tissue.
    """
    if not valid.any():
        return np.zeros_like(pixels)
    darkest = pixels[valid].min() if padding_is_air(valid) else np.percentile(pixels[valid], _DARKEST_PERCENT)
    return np.where(valid, pixels, np.float32(darkest)).astype(np.float32, copy=False)


def _air_and_threshold(coarse: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Return the grey value of air and the one between air and fat.

    Otsu's threshold parts dark from bright, but it may lie between fat and gland. Air is the tallest and narrowest
    peak of the dark part; a tenth of the way from that peak to Otsu's threshold is above air and below any fat.
    """
    picture = sitk.GetImageFromArray(coarse)
    otsu = sitk.OtsuThresholdImageFilter()
    otsu.SetNumberOfHistogramBins(256)
    otsu.Execute(picture)
    threshold = float(otsu.GetThreshold())
    dark = coarse[coarse <= threshold]
    counts, edges = np.histogram(dark, bins=128)
    peak = int(counts.argmax())
    air = float(edges[peak] + edges[peak + 1]) / 2
    below = dark[dark <= edges[peak + 1]]
    width = 1.4826 * float(np.median(np.abs(below - air)))
    return air, air + max(4 * width, 0.1 * (threshold - air))


def _has_air(coarse: npt.NDArray[np.float32], tissue: BoolImage) -> bool:
    """Air is flat: its grey values spread far less than those of tissue. A dark region of tissue is not air."""
    air_values, tissue_values = coarse[~tissue], coarse[tissue]
    if air_values.size < _AIR_FRACTION * coarse.size or tissue_values.size == 0:
        return False
    air_spread = float(np.subtract(*np.percentile(air_values, (75, 25))))
    tissue_spread = float(np.subtract(*np.percentile(tissue_values, (90, 10))))
    return air_spread < _AIR_FLATNESS * tissue_spread


def _step(spacing_mm: float, size: int) -> int:
    return int(np.clip(round(_COARSE_MM / spacing_mm), 1, max(1, size // 16)))


def _radius(picture: sitk.Image, radius_mm: float) -> list[int]:
    return [max(1, round(radius_mm / spacing)) for spacing in picture.GetSpacing()]


def _open(picture: sitk.Image, radius_mm: float) -> sitk.Image:
    # Beyond the border counts as air, so that the bright frame of a film scan is thin and vanishes. It costs the
    # breast no more than its acute corners at the chest wall.
    radius = _radius(picture, radius_mm)
    eroded = sitk.BinaryErode(picture, radius, sitk.sitkBall, 0.0, 1.0, False)
    return sitk.BinaryDilate(eroded, radius, sitk.sitkBall)


def _close(picture: sitk.Image, radius_mm: float) -> sitk.Image:
    return sitk.BinaryMorphologicalClosing(picture, _radius(picture, radius_mm))


def _largest_component(picture: sitk.Image) -> sitk.Image:
    return sitk.RelabelComponent(sitk.ConnectedComponent(picture)) == 1
